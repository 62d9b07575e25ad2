"""Answers of a server that is broken, or that means harm: over HTTPS, to a dyndns2 update, to a GET whose answer is
JSON, and to each step of a walk through a REST API."""

import gzip
import json
import re

import pytest

from harness.daemon import account
from harness.expect import HOME, is_current, until
from harness.sections import Providers
from harness.server import Reply, good
from harness.services import Cloudflare, Njalla, Service, nobody
from harness.topology import WAN0

VPN = "vpn.example.org"
SERVICES = {service.name: service for service in (Service, Njalla, Cloudflare)}
PLACES = [f"{name} {step}" for name, service in SERVICES.items() for step in service.steps]
LARGE = 10_000_000
DEEP = 100_000

UNKNOWN = r"http: status 200: .*: this answer is not known"
SILENT = r"http: status 200: no words"


def raw(head, body=b"", status="200 OK"):
    """An answer byte for byte."""
    return Reply(raw=b"HTTP/1.1 " + status.encode() + b"\r\n" + head + b"\r\n" + body)


# What is wrong, made of a good answer, and what the record says about it.

ANYWHERE = {
    "ten-megabytes": (lambda good: Reply(body=good + b" " * LARGE), "http: the answer is too large"),
    "deep-array": (lambda good: Reply(body=b"[" * DEEP + b"]" * DEEP), UNKNOWN),
    "deep-object": (lambda good: Reply(body=b'{"a":' * DEEP + b"1" + b"}" * DEEP), UNKNOWN),
    "invalid-utf-8": (lambda good: Reply(body=b"\xff\xfe" + good), UNKNOWN),
    "invalid-utf-8-in-a-string": (lambda good: Reply(body=b'{"success": true, "status": 200, "x": "\xc3\x28"}'),
                                  UNKNOWN),
    "nul-at-the-start": (lambda good: Reply(body=b"\0" + good), SILENT),
    "nul-in-the-first-word": (lambda good: Reply(body=good[:3] + b"\0" + good[3:]), UNKNOWN),
    "same-member-twice": (lambda good: Reply(body=b'{"success": true, "success": true, "status": 200, "status": 200}'),
                          UNKNOWN),
    "empty": (lambda good: Reply(body=b""), SILENT),
    "blank": (lambda good: Reply(body=b" \r\n\t\r\n"), SILENT),
    "html": (lambda good: Reply(body="<!DOCTYPE html><html><h1>good</h1> success true 200 OK</html>",
                                headers={"Content-Type": "text/html"}), UNKNOWN),
    "status-204": (lambda good: raw(b"", status="204 No Content"), "http: status 204: no words"),
    "chunk-without-a-length": (lambda good: raw(b"Transfer-Encoding: chunked\r\n", b"zzz\r\n" + good), "http: .*chunk"),
    "chunk-beyond-numbers": (lambda good: raw(b"Transfer-Encoding: chunked\r\n", b"f" * 17 + b"\r\n" + good),
                             "http: .*chunk"),
    "chunk-cut-off": (lambda good: raw(b"Transfer-Encoding: chunked\r\n", b"fff\r\n" + good), "http: .*closed"),
    "length-too-long": (lambda good: raw(b"Content-Length: 100000\r\n", good), "http: .*closed"),
    "length-too-short": (lambda good: raw(b"Content-Length: 2\r\n", good), UNKNOWN),
    "length-is-a-word": (lambda good: raw(b"Content-Length: many\r\n", good), "http: .*Content-Length"),
    "length-is-negative": (lambda good: raw(b"Content-Length: -1\r\n", good), "http: .*Content-Length"),
    "header-of-a-megabyte": (lambda good: raw(b"X-Large: " + b"a" * 1_000_000 + b"\r\n", good), "http: .*[Ll]arge"),
    "many-headers": (lambda good: raw(b"X-Many: a\r\n" * 100_000, good), "http: .*[Ll]arge"),
    "many-interim-answers": (lambda good: Reply(raw=b"HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n" * 50_000),
                             "http: .*[Ll]arge"),
    "gzip": (lambda good: Reply(body=gzip.compress(good), headers={"Content-Encoding": "gzip"}), UNKNOWN),
    "no-head": (lambda good: Reply(raw=good + b"\r\n"), "http: .*HTTP/0.9"),
    "no-answer": (lambda good: Reply(raw=b""), "http: Empty reply"),
    "redirect": (lambda good: Reply(status=302, body=b"", headers={"Location": "https://192.0.2.53:9/"}),
                 "http: status 302"),
}
# The connection broke: the network's fault, which is tried again soon. All else waits as after a fault of the server.
BROKEN = ("chunk-cut-off", "length-too-long", "no-answer")

GOOD = {"dyndns2": b"good 203.0.113.9", "njalla": b'{"status": 200, "message": "record updated"}',
        "cloudflare": b'{"success": true, "errors": [], "result": []}'}

# Members of another type than the definition looks for.
STATUSES = ("[]", "{}", "null", "[200]", '{"status": 200}', "200.5", "true", '"\\u0000200"', "9" * 400)
WHOLES = ("200", "null", '"200"', "[200]", "true", '[{"status": 200}]')
SUCCESSES = ("[]", "{}", "null", "1", "[true]", '{"success": true}')


def njalla_types():
    return ({f"status {value[:20]}": Reply(body=f'{{"status": {value}}}') for value in STATUSES} |
            {f"whole {value}": Reply(body=value) for value in WHOLES})


def cloudflare_types():
    return {f"success {value}": Reply(body=f'{{"success": {value}, "errors": [{{}}], "result": []}}')
            for value in SUCCESSES}


class Scene:
    """A gateway whose record is published at 203.0.113.7 and now has 203.0.113.9, a server that spoils a step, and a
    second one that does not, with a record of its own."""

    def __init__(self, lab, service, step=None, spoiled=None):
        self.lab, self.service = lab, SERVICES[service]()
        self.other = lab.another_server()
        self.section = self.service.section(lab.server) + account(self.other, VPN, title="dyndns2:other")
        lab.server.answer = self.service.answer
        lab.net.online(WAN0, v4=7)
        self.daemon = self.start()
        for name in (HOME, VPN):
            is_current(self.daemon, "203.0.113.7", name=name)
        self.daemon.stop()
        assert self.service.address == "203.0.113.7"
        self.asked = len(lab.server.requests)
        if spoiled:
            self.service.spoil = (step, spoiled)
        lab.net.replace4(7, 9)
        self.daemon = self.start()

    def start(self):
        return self.lab.daemon(self.lab.config(self.section, family="ipv4"))

    @property
    def requests(self):
        """Those of the second daemon."""
        return self.lab.server.requests[self.asked:]

    def fails(self, state, text):
        """The record is in this state for this reason, and says so with its stage; nothing else suffers. Returns the
        seconds to wait, or None."""
        line = self.daemon.wait_log(rf"{re.escape(HOME)} A: updating -> (\w+) \((.*)\)$", timeout=20)
        assert (line.match[1], bool(re.match(text, line.match[2], re.S))) == (state, True), line.text
        steps = len(self.service.steps) > 1
        assert bool(re.search(r"\(step \w+\);", line.match[2])) == steps, line.text
        assert line.text.isprintable()
        is_current(self.daemon, "203.0.113.9", name=VPN)
        until(lambda: self.daemon.state()[VPN, "A"].get("address") == "203.0.113.9")
        assert self.daemon.state()[HOME, "A"].get("address") != "203.0.113.9"
        wait = re.search(r"next attempt in ([\d.]+) s", line.match[2])
        return float(wait[1]) if wait else None

    def recovers(self):
        """The next good answer is taken."""
        self.service.spoil = None
        mark = self.daemon.mark()
        self.daemon.usr1()
        is_current(self.daemon, "203.0.113.9", after=mark)
        self.daemon.stop()
        assert self.service.address == "203.0.113.9"
        assert self.daemon.state()[HOME, "A"]["address"] == "203.0.113.9"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", ANYWHERE)
def test_hostile_answer_is_a_fault_of_the_server(lab, place, fault):
    """What is no answer of the service ends in a wait and a word on the stage; the next good answer is taken."""
    service, step = place.split()
    spoil, text = ANYWHERE[fault]
    scene = Scene(lab, service, step, spoil(GOOD[service]))
    wait = scene.fails("waiting", text)
    assert wait < 30 if fault in BROKEN else wait >= 30
    scene.recovers()


@pytest.mark.parametrize("fault", njalla_types())
def test_member_of_another_type_is_not_success(lab, fault):
    """Where a number is looked for, nothing else passes for it."""
    scene = Scene(lab, "njalla", "update", njalla_types()[fault])
    assert scene.fails("waiting", UNKNOWN) >= 30
    scene.recovers()


@pytest.mark.parametrize("step", Cloudflare.steps)
@pytest.mark.parametrize("fault", cloudflare_types())
def test_member_of_another_type_is_not_success_in_a_step(lab, step, fault):
    """Where true is looked for, nothing else passes for it, and no later step is made."""
    scene = Scene(lab, "cloudflare", step, cloudflare_types()[fault])
    assert scene.fails("waiting", UNKNOWN) >= 30
    assert scene.service.step_of(scene.requests[-1]) == step
    scene.recovers()


@pytest.mark.parametrize("step", ["zone", "record"])
@pytest.mark.parametrize("result", ["1", '"x"', "true"])
def test_listing_that_is_no_list_is_not_an_empty_one(lab, step, result):
    """A text, a number or true in place of a listing does not mean that there is nothing: no record is made."""
    scene = Scene(lab, "cloudflare", step, Reply(body=f'{{"success": true, "errors": [], "result": {result}}}'))
    assert scene.fails("waiting", "provider: ") >= 30
    assert scene.service.step_of(scene.requests[-1]) == step
    scene.recovers()


@pytest.mark.parametrize("record", [
    {"id": {}, "content": {}}, {"id": [], "content": []}, {"id": {"id": "r1"}, "content": "192.0.2.1"},
], ids=json.dumps)
def test_record_whose_id_is_no_text_is_not_made_a_second_time(lab, record):
    """An object or an array in place of an id does not mean that there is no record: none is made beside it."""
    listed = {"type": "A", "name": HOME, **record}
    scene = Scene(lab, "cloudflare", "record",
                  Reply(body=json.dumps({"success": True, "errors": [], "result": [listed]})))
    scene.daemon.wait_log(rf"{re.escape(HOME)} A: updating -> (waiting|refused) \(")
    assert [request.method for request in scene.requests] == ["GET", "GET"]
    scene.recovers()


@pytest.mark.parametrize("result", [
    "null", "[]", "{}", "[null]", "[1]", '["x"]', "[[]]", '[{"id": 1, "name": 2, "type": 3}]',
    '[{"id": {}, "name": {}, "type": []}]', '{"a": null, "b": "home.example.org"}'])
def test_zone_that_is_not_listed_is_refused(lab, result):
    """Elements that are no zones are none, whatever they are."""
    scene = Scene(lab, "cloudflare", "zone", Reply(body=f'{{"success": true, "errors": [], "result": {result}}}'))
    assert scene.fails("refused", "the token sees no zone") is None
    scene.recovers()


def test_hostile_id_stays_in_its_place_of_the_url(lab):
    """What a server calls an id is escaped: no path, query or header is made of it."""
    nasty = "../..?x=y#z\r\nX-Evil: 1"
    scene = Scene(lab, "cloudflare", "zone", Reply(body=json.dumps(
        {"success": True, "errors": [], "result": [{"id": nasty, "name": "example.org"}]})))
    is_current(scene.daemon, "203.0.113.9")
    for request in scene.requests[1:]:
        assert request.path.startswith("/client/v4/zones/..%2F..%3Fx%3Dy%23z%0D%0AX-Evil:%201/dns_records"), request
        assert "x-evil" not in request.headers


@pytest.mark.parametrize("answer", ["{}", "null", "[]", '{"id": null}', '{"id": {}}'])
def test_created_record_whose_id_is_not_told_is_published(lab, answer):
    """What was written is written, whatever the answer does not say."""
    scene = Scene(lab, "cloudflare")
    is_current(scene.daemon, "203.0.113.9")
    scene.daemon.stop()
    scene.service.absent = True
    scene.service.spoil = ("create", Reply(body=f'{{"success": true, "errors": [], "result": {answer}}}'))
    lab.net.replace4(9, 7)
    scene.daemon = scene.start()
    is_current(scene.daemon, "203.0.113.7")
    assert [request.method for request in lab.server.requests].count("POST") == 1


def test_create_is_not_sent_twice_when_the_connection_breaks(lab):
    """A POST that the server may have acted on is not repeated within the request (RFC 9110 section 9.2.2)."""
    scene = Scene(lab, "cloudflare")
    is_current(scene.daemon, "203.0.113.9")
    scene.daemon.stop()
    scene.service.absent = True
    scene.service.spoil = ("create", Reply(raw=b""))
    lab.net.replace4(9, 7)
    scene.daemon = scene.start()
    scene.daemon.wait_log(rf"{re.escape(HOME)} A: updating -> waiting \(http: Empty reply")
    assert [request.method for request in lab.server.requests].count("POST") == 1


def test_our_record_among_others_is_found_after_a_fault_and_a_restart(lab):
    """state.json keeps the address that was published last, through a fault of the server and a restart."""
    scene = Scene(lab, "cloudflare", "update", Reply(status=503, body=""))
    scene.fails("waiting", "http: status 503")
    scene.daemon.stop()
    scene.service.spoil = None
    scene.service.others = [{"id": "r2", "type": "A", "name": HOME, "content": "192.0.2.77"}]
    daemon = scene.start()
    daemon.wait_log(r"idle -> waiting")  # which it is owed over the restart, too
    daemon.usr1()
    is_current(daemon, "203.0.113.9")
    assert scene.requests[-1].path.endswith("/r1")


# Words

@pytest.mark.parametrize("service, body, text", [
    ("dyndns2", "nohost \x1b[31mred\x07\r\ngood", r"provider: nohost \\x1b\[31mred"),
    ("dyndns2", "nohost alice s3cret YWxpY2U6czNjcmV0", r"provider: nohost (?!.*(s3cret|YWxpY2U6))"),
    ("njalla", '{"status": 500, "message": "a\\u001b[31mb\\n<3>c"}', r"provider: a\\x1b\[31mb(\\x0a<3>c)?:"),
    ("njalla", '{"status": 500, "message": "key s3cret is bad"}', r"provider: key (?!.*s3cret).*is bad"),
    ("njalla", '{"status": 500, "message": "' + "long " * 5000 + '"}', r"provider: (long ){20}(?!.{300})"),
])
def test_hostile_words_are_tamed(lab, service, body, text):
    """What the server says is shown on one line, printable, short, and without the secrets it repeats."""
    scene = Scene(lab, service, "update", Reply(body=body))
    scene.fails("refused", text)
    scene.recovers()


# Redirects

def publish_by(lab, definition, **keys):
    """A daemon with a definition of the test's own."""
    providers = Providers(lab)
    providers.add("redirected", definition)
    lab.net.online(WAN0, v4=7)
    return lab.daemon(lab.config(account(lab.server, title="redirected", **keys), family="ipv4"), wrap=providers.wrap)


def redirecting(**places):
    """A definition that follows two redirects; its login goes by Basic authentication unless told otherwise."""
    query = places.get("query", '"hostname={hostname}", "myip={ip}"')
    return (f'title = "a service that redirects"\nneeds = {{ username, password }}\n'
            f'auth = {places.get("auth", "basic")}\nredirects = 2\n'
            f'step update {{ url = "{{server}}/update"  query = {{ {query} }} }}\nword good {{ verdict = done }}\n')


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("service", SERVICES)
def test_redirect_is_not_followed(lab, service, status):
    """No shipped definition of these follows a redirect: the other host is not asked at all."""
    elsewhere = lab.another_server(answer=nobody)
    step = SERVICES[service].steps[-1]
    scene = Scene(lab, service, step, Reply(status=status, body="", headers={"Location": elsewhere.url + "/update"}))
    assert scene.fails("waiting", f"http: status {status}") >= 30
    scene.recovers()
    assert elsewhere.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_login_does_not_follow_to_another_host(lab, status):
    """With redirects allowed the other host gets what is in the Location, and neither login nor the first URL."""
    elsewhere = lab.another_server(answer=lambda request: "good 203.0.113.7")
    lab.server.answer = lambda request: Reply(status=status, body="",
                                              headers={"Location": elsewhere.url + "/moved?a=b"})
    is_current(publish_by(lab, redirecting()), "203.0.113.7")
    first, = lab.server.requests
    assert first.login == ("alice", "s3cret")
    second, = elsewhere.requests
    assert (second.method, second.target, second.body) == ("GET", "/moved?a=b", b"")
    assert not {"authorization", "cookie", "referer"} & set(second.headers)


def test_password_in_the_query_does_not_follow_to_another_host(lab):
    """The query of the first URL is not given on."""
    elsewhere = lab.another_server(answer=lambda request: "good 203.0.113.7")
    lab.server.answer = lambda request: Reply(status=302, body="", headers={"Location": elsewhere.url + "/moved"})
    definition = redirecting(auth="none", query='"host={hostname}", "key={password}", "ip={ip}"')
    is_current(publish_by(lab, definition), "203.0.113.7")
    assert lab.server.requests[0].query["key"] == "s3cret"
    second, = elsewhere.requests
    assert "s3cret" not in second.target + str(second.headers)


def test_redirect_within_the_host_keeps_the_login(lab):
    """The same server, another path: the request is made there."""
    lab.server.answer = lambda request: (
        Reply(status=302, body="", headers={"Location": "/new"}) if request.path == "/update" else "good 203.0.113.7")
    is_current(publish_by(lab, redirecting()), "203.0.113.7")
    assert [(request.path, request.login) for request in lab.server.requests] == [
        ("/update", ("alice", "s3cret")), ("/new", ("alice", "s3cret"))]


@pytest.mark.parametrize("location", ["http://192.0.2.53:8500/", "ftp://192.0.2.53:8500/", "file:///etc/passwd",
                                      "gopher://192.0.2.53:8500/_x", "javascript:1"])
def test_redirect_leaves_https_never(lab, location):
    """A redirect to http or to anything else is not followed, even where redirects are."""
    plain = lab.another_server(leaf=None, port=8500, answer=lambda request: "good 203.0.113.7")
    lab.server.answer = lambda request: Reply(status=302, body="", headers={"Location": location})
    daemon = publish_by(lab, redirecting())
    daemon.wait_log(rf"{re.escape(HOME)} A: updating -> waiting \(http: ")
    assert plain.connections == 0
    lab.server.answer = good
    mark = daemon.mark()
    daemon.usr1()
    is_current(daemon, "203.0.113.7", after=mark)


def test_redirects_without_end_come_to_an_end(lab):
    """No more than two are followed; then the record waits."""
    lab.server.answer = lambda request: Reply(status=302, body="", headers={"Location": request.path + "x"})
    daemon = publish_by(lab, redirecting())
    daemon.wait_log(rf"{re.escape(HOME)} A: updating -> waiting \(http: .*redirects")
    assert [request.path for request in lab.server.requests] == ["/update", "/updatex", "/updatexx"]


# Waits, cookies, challenges

DAY = 24 * 3600


@pytest.mark.parametrize("wait", ["99999999", "-5", "soon", "Fri, 31 Dec 9999 23:59:59 GMT", "18446744073709551617",
                                  "9" * 1000, "Thu, 01 Jan 1970 00:00:00 GMT", ""])
@pytest.mark.parametrize("status", [200, 429, 503])
def test_hostile_wait_is_bounded(lab, status, wait):
    """What a server asks to wait for counts up to a day; what is no time does not count."""
    scene = Scene(lab, "dyndns2", "update", Reply(status=status, body="911", headers={"Retry-After": wait}))
    assert 30 <= scene.fails("waiting", "(provider|http): .*911") <= 1.2 * DAY
    scene.recovers()


@pytest.mark.parametrize("status", [200, 401, 407])
def test_cookie_and_challenge_are_not_answered(lab, status):
    """No cookie comes back, and a challenge for another kind of login brings no second request."""
    challenge = {"Set-Cookie": "a=b; path=/", "WWW-Authenticate": 'Digest realm="x", nonce="y", qop="auth"',
                 "Proxy-Authenticate": "NTLM"}
    scene = Scene(lab, "dyndns2", "update", Reply(status=status, body="", headers=challenge))
    scene.fails("refused" if status == 401 else "waiting", f"http: status {status}")
    assert len(scene.requests) == 1
    scene.recovers()
    assert not any({"cookie", "proxy-authorization"} & set(request.headers) for request in scene.requests)
    assert {request.login for request in scene.requests} == {("alice", "s3cret")}
