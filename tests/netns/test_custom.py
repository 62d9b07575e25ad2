"""Provider custom: a service without a definition, by its URL and by what its good answers say."""

import re
from urllib.parse import unquote

import pytest

from harness.daemon import account
from harness.expect import HOME, is_current
from harness.quick import QUICK, start, write_config
from harness.server import Reply
from harness.topology import WAN0

VPN = "vpn.example.org"
SECRET = "p&ss w=rd/?#%41+ü"


@pytest.fixture(autouse=True)
def online(lab):
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "OK"


def section(lab, path="/set?name={hostname}&addr={ip}", hostname=HOME, *, title="custom", username=None, password=None,
            server=None, **keys):
    """A provider section with this path behind the server."""
    url = (server or lab.server).url + path
    return account(None, hostname, title=title, url=url, username=username, password=password, **keys)


# What is sent

def test_url_is_asked_for_as_it_was_written(lab):
    """Name and address stand where the URL has them, in its path and in its query; all else is as it was written."""
    daemon = start(lab, section(lab, "/v1/{hostname}/set/{ip}?n={hostname}&a={ip}&fixed=a-b_c&flag"))
    is_current(daemon, "203.0.113.7")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert [(request.method, request.target) for request in lab.server.requests] == [
        ("GET", f"/v1/{HOME}/set/203.0.113.{host}?n={HOME}&a=203.0.113.{host}&fixed=a-b_c&flag") for host in (7, 9)]


def test_each_family_and_each_name_is_a_request_of_its_own(lab):
    """A and AAAA of two names are four requests, each with one name and one address, and none with both."""
    lab.net.online(WAN0, v6=7)
    daemon = start(lab, section(lab, "/set?name={hostname}&addr={ip}&type={type}&four={ip4}&six={ip6}",
                                hostname=[HOME, VPN]), family="both")
    daemon.wait_log("updating -> current", count=4)
    daemon.stop()
    v4, v6 = "203.0.113.7", "2001:db8:1::7"
    expected = [query for name in (HOME, VPN) for query in (
        {"name": name, "addr": v4, "type": "A", "four": v4}, {"name": name, "addr": v6, "type": "AAAA", "six": v6})]
    assert sorted((request.query for request in lab.server.requests), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("path, login, sent", [
    ("/set?a={ip}", {"username": "alice", "password": SECRET}, ("alice", SECRET)),
    ("/set?a={ip}&u={username}", {"username": "alice", "password": SECRET}, ("alice", SECRET)),
    ("/set?a={ip}&u={username}&p={password}", {"username": "alice", "password": SECRET}, None),
    ("/set?a={ip}&p={password}", {"password": SECRET}, None),
    ("/set?a={ip}", {}, None),
], ids=["neither-in-url", "username-in-url", "both-in-url", "token-in-url", "none"])
def test_login_is_sent_by_basic_when_the_password_is_not_in_the_url(lab, path, login, sent):
    """With {password} in the URL it is there and in no header; without, it goes by Basic, if there is one."""
    daemon = start(lab, section(lab, path, **login))
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    request, = lab.server.requests
    assert request.login == sent
    assert (request.headers.get("authorization") is None) == (sent is None)
    assert request.query.get("p") == (SECRET if "{password}" in path else None)
    assert request.query.get("u") == ("alice" if "{username}" in path else None)


def test_credentials_in_the_url_arrive_whole_and_are_in_no_log(lab):
    """In the path and in the query every character arrives as it is, and neither log nor state nor a dry run has it,
    also when the server repeats it."""
    lab.server.answer = lambda request: f"OK {SECRET} for {request.target}"
    path = "/{username}/{password}/set?name={hostname}&a={ip}&p={password}"
    one = section(lab, path, username="al ice", password=SECRET)
    daemon = start(lab, one)
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    dry = lab.wanddns("once", "-c", write_config(lab, one), "--dry-run", "--state-dir", lab.dir / "state")
    request, = lab.server.requests
    coded = "p%26ss%20w%3Drd%2F%3F%23%2541%2B%C3%BC"
    user, password, _ = request.path.removeprefix("/").split("/")
    assert (unquote(user), unquote(password), request.query["p"]) == ("al ice", SECRET, SECRET)
    told = (daemon.err.text + daemon.out.text + (daemon.state_dir / "state.json").read_text() + dry.stdout + dry.stderr)
    for secret in (SECRET, coded, "p&ss", "p%26ss", "%2541"):
        assert secret not in told, secret


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_method_is_that_of_the_configuration(lab, method):
    """method = POST and others; without a body, which is said by its length."""
    daemon = start(lab, section(lab, method=method))
    is_current(daemon, "203.0.113.7")
    request, = lab.server.requests
    assert request.method == method
    assert request.headers.get("content-length", "0") == "0"


# What is answered

CURRENT, WAITING, REFUSED = r"current \(203\.0\.113\.7; ", r"waiting \(", r"refused \("
ANSWERS = {
    "none-named": (None, Reply(body="any words"), CURRENT + "any words"),
    "none-named-and-empty": (None, Reply(status=204, body=""), CURRENT),
    "none-named-and-500": (None, Reply(status=500, body="any words"), WAITING),
    "none-named-and-404": (None, Reply(status=404, body="any words"), WAITING),
    "named": ("OK", Reply(body="OK"), CURRENT),
    "named-in-the-middle": ("all is well", Reply(body="<p>\nso all is well.\n</p>"), CURRENT),
    "named-second": (["OK", "no change"], Reply(body="no change"), CURRENT),
    "named-other-case": ("OK", Reply(body="ok"), WAITING),
    "named-but-another": ("OK", Reply(body="something broke"), WAITING + ".*something broke.*not known"),
    "named-but-empty": ("OK", Reply(body=""), WAITING),
    "named-with-500": ("OK", Reply(status=500, body="OK"), WAITING),
    "named-in-json": ('"success":true', Reply(body='{"success":true}'), CURRENT),
    "badauth": (None, Reply(body="badauth"), REFUSED + ".*user name or the password"),
    "badauth-named": ("OK", Reply(body="badauth"), REFUSED + ".*user name or the password"),
    "nohost": ("OK", Reply(body="nohost"), REFUSED + ".*no such name"),
    "911": ("OK", Reply(body="911"), WAITING + ".*next attempt in 1[89]"),
    "401": ("OK", Reply(status=401, body="OK"), REFUSED + ".*user name or the password"),
    "403": (None, Reply(status=403, body="no"), REFUSED + ".*forbids"),
    "429": (None, Reply(status=429, body="slow"), WAITING + ".*next attempt in 3"),
    "redirect": (None, Reply(status=302, body="", headers={"Location": "/elsewhere"}), WAITING),
    "another-address": (None, Reply(body="good 203.0.113.66"), REFUSED + ".*203.0.113.66"),
}


@pytest.mark.parametrize("answer, reply, state", ANSWERS.values(), ids=ANSWERS)
def test_answer_is_good_when_it_has_one_of_the_texts(lab, answer, reply, state):
    """Without `answer` each 2xx is success; with it the text must be there. Words of trouble are understood."""
    lab.server.answer = lambda request: reply
    daemon = start(lab, section(lab, username="alice", password="s3cret", answer=answer))
    daemon.wait_log(rf"{HOME} A: updating -> {state}")
    daemon.stop()
    assert len(lab.server.requests) == 1


def test_sections_do_not_know_each_other(lab):
    """Two services, each with its own URL, method, login and answer; what is good for one is not for the other."""
    other = lab.another_server(answer=lambda request: "DONE")
    daemon = start(lab, section(lab, answer="OK", username="alice", password="s3cret"),
                   section(lab, "/x?{ip}", VPN, title="custom:b", server=other, method="POST", answer="DONE"))
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "203.0.113.7", name=VPN)
    lab.server.answer = lambda request: "DONE"
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", name=VPN)
    daemon.wait_log(rf"{HOME} A: updating -> waiting \(.*DONE")
    daemon.stop()
    assert {(request.method, request.path, request.login) for request in lab.server.requests} == {
        ("GET", "/set", ("alice", "s3cret"))}
    assert [(request.method, request.target, request.login) for request in other.requests] == [
        ("POST", f"/x?203.0.113.{host}", None) for host in (7, 9)]


@pytest.mark.parametrize("body, code", [("OK", 0), ("broken", 1), ("nohost", 1)])
def test_once_says_by_its_status_whether_all_is_published(lab, body, code):
    """0 when the answer is good, else 1."""
    lab.server.answer = lambda request: body
    done = lab.wanddns("once", "-c", write_config(lab, section(lab, answer="OK")), "--state-dir", lab.dir / "state")
    assert done.returncode == code, done


@pytest.mark.parametrize("change", ["url", "method", "answer"])
def test_reload_with_another_url_method_or_answer_is_used(lab, change):
    """SIGHUP with one of the three changed: the next request is made, and judged, by the new one."""
    keys = {"path": "/old?{ip}", "method": "GET", "answer": "OK"}
    daemon = start(lab, section(lab, **keys))
    is_current(daemon, "203.0.113.7")
    keys.update({"url": {"path": "/new?{ip}"}, "method": {"method": "PUT"}, "answer": {"answer": "FINE"}}[change])
    lab.server.answer = lambda request: keys["answer"]
    daemon.write_config(lab.config(section(lab, **keys), family="ipv4", **QUICK))
    daemon.hup()
    daemon.wait_log("reloaded")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    last = lab.server.requests[-1]
    assert (last.method, last.target) == (keys["method"], keys["path"].replace("{ip}", "203.0.113.9"))


def test_url_that_was_refused_is_tried_again_when_it_is_another_one(lab):
    """The server forbids one URL: nothing more is asked there. SIGHUP with the right URL: it is asked at once."""
    lab.server.answer = lambda request: Reply(status=200 if request.path == "/right" else 403, body="")
    daemon = start(lab, section(lab, "/wrong?{ip}"))
    daemon.wait_log(r"custom: no more requests")
    daemon.write_config(lab.config(section(lab, "/right?{ip}"), family="ipv4", **QUICK))
    daemon.hup()
    is_current(daemon, "203.0.113.7")
    assert [request.path for request in lab.server.requests] == ["/wrong", "/right"]


# Faults of the configuration

def plain(lab, **keys):
    return account(None, title="custom", **{"username": None, "password": None, **keys})


FAULTS = {
    "no-url": ({}, "provider custom: there is no url"),
    "no-scheme": ({"url": "192.0.2.53/set?a={ip}"}, "url: '192.0.2.53/set"),
    "no-host": ({"url": "https:///set?a={ip}"}, "url: 'https:///set"),
    "another-scheme": ({"url": "ftp://192.0.2.53/set?a={ip}"}, "'ftp://192.0.2.53"),
    "placeholder-for-host": ({"url": "https://{hostname}/set?a={ip}"}, "url: 'https://{hostname}/set"),
    "login-in-the-host": ({"url": "https://me:pw@192.0.2.53/set?a={ip}"}, "a user name and a password have keys"),
    "unknown-placeholder": ({"url": "https://192.0.2.53/set?a={adress}"}, "url: unknown placeholder {adress}"),
    "password-that-is-not-there": ({"url": "https://192.0.2.53/?p={password}&a={ip}"}, "url: there is no password"),
    "username-that-is-not-there": ({"url": "https://192.0.2.53/?u={username}&a={ip}"}, "url: there is no username"),
    "blank": ({"url": "https://192.0.2.53/set it?a={ip}"}, "url: "),
    "method": ({"url": "https://192.0.2.53/?a={ip}", "method": "get it"}, "method: "),
    "withdraw": ({"url": "https://192.0.2.53/?a={ip}", "when_lost": "withdraw"},
                 "provider custom: when-lost = withdraw: it cannot delete a record"),
    "empty-answer": ({"url": "https://192.0.2.53/?a={ip}", "answer": ""}, "answer: an empty text fits everything"),
    "fragment": ({"url": "https://192.0.2.53/?a={ip}#there"}, "url: "),
    "ttl": ({"url": "https://192.0.2.53/?a={ip}", "ttl": 0}, "ttl: '0' is no number of seconds"),
}


@pytest.mark.parametrize("keys, message", FAULTS.values(), ids=FAULTS)
def test_fault_of_a_section_is_one_line(lab, keys, message):
    """check tells it in one line of the file, with status 2."""
    path = write_config(lab, plain(lab, **keys))
    done = lab.wanddns("check", "-c", path)
    assert done.returncode == 2, done
    line, = (done.stdout + done.stderr).splitlines()
    assert re.match(rf"{path}:\d+: ", line) and message in line, line


@pytest.mark.parametrize("key", ["url", "method", "answer"])
def test_keys_of_custom_belong_to_it(lab, key):
    """In another provider's section they are faults."""
    done = lab.wanddns("check", "-c", write_config(lab, account(lab.server, **{key: "https://192.0.2.53/"})))
    assert done.returncode == 2, done
    assert f"{key}: the provider dyndns2 takes none" in done.stdout + done.stderr


def test_plain_http_is_warned_of(lab):
    """A URL of plain http to another machine is a warning of check, not a fault."""
    done = lab.wanddns("check", "-c", write_config(lab, plain(lab, url="http://192.0.2.53/?a={ip}")))
    assert done.returncode == 0, done
    assert "plain http" in done.stdout + done.stderr
