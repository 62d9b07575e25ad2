"""Passwords and tokens in the memory of the daemon: in few pages that are locked, and nowhere else when it is at rest."""

import base64
import resource
import secrets
from pathlib import Path

import pytest

from harness import memory
from harness.daemon import account, as_nobody
from harness.expect import answers_late, is_current, until
from harness.quick import QUICK, start
from harness.sections import Providers, Unprivileged
from harness.services import Cloudflare
from harness.topology import WAN0


@pytest.fixture
def nobody(lab):
    return Unprivileged(lab)


@pytest.fixture(autouse=True)
def online(lab):
    lab.net.online(WAN0, v4=7)


def marked():
    """A text that is nowhere by chance."""
    return secrets.token_hex(20)


def basic(password):
    """The same as it is sent by Basic."""
    return base64.b64encode(f"alice:{password}".encode()).decode()


def is_only_locked(daemon, text, *others):
    """The text is once in memory, in a locked page, and what else is named is nowhere but there. Waits for the daemon
    to be at rest, when libcurl has given back what it had."""
    def outside():
        return [str(place) for place in memory.outside(daemon.pid, text, *others)]
    try:
        until(lambda: not outside(), 30)
    except AssertionError:
        raise AssertionError("\n".join(outside())) from None
    assert len(memory.find(daemon.pid, text)) == 1


def with_definitions(lab, providers, password):
    """The daemon, with this password at a provider that is made up."""
    return lab.daemon(lab.config(account(lab.server, title="made", password=password), family="ipv4", **QUICK),
                      wrap=providers.wrap)


GOOD = "word good { verdict = done }\n"
DEFINITIONS = {  # ways that a password takes out of the program
    "url": 'step update {\n url = "{server}/set/{password}"\n query = { "p={password}", "ip={ip}" }\n}\n',
    "header": 'step update {\n url = "{server}/set"\n headers = { "X-Key: {password}", "X-IP: {ip}" }\n}\n',
    "form": 'step update {\n url = "{server}/set"\n form = { "p={password}", "ip={ip}" }\n}\n',
    "json": 'step update {\n url = "{server}/set"\n json = \'{"p": "{password}", "a": ["{ip}"]}\'\n}\n',
    "bearer": 'auth = bearer\nstep update {\n url = "{server}/set"\n query = "ip={ip}"\n}\n',
    "sigv4": 'auth = "sigv4 aws:amz:eu-west-1:route53"\nstep update {\n url = "{server}/set"\n query = "ip={ip}"\n}\n',
    "signed": 'sign s { hmac = sha256  key = "{password}"  data = "{password}{ip}" }\n'
              'sign t { hmac = sha256  key = "hex:{s}"  data = "{ip}" }\n'
              'step update {\n url = "{server}/set"\n query = { "ip={ip}", "t={t}" }\n}\n',
}


@pytest.mark.parametrize("way", DEFINITIONS)
def test_password_is_in_locked_memory_only(lab, way):
    """However it is sent: when all is done it is once in memory, in a locked page that no core file has."""
    lab.server.answer = lambda request: "good"
    providers, password = Providers(lab), marked()
    providers.add("made", "title = x\nneeds = { username, password }\n" + DEFINITIONS[way] + GOOD)
    daemon = with_definitions(lab, providers, password)
    is_current(daemon, "203.0.113.7")
    is_only_locked(daemon, password)


@pytest.mark.parametrize("before", [0, 6000, 20000], ids=["first", "after-6-kB", "after-20-kB"])
@pytest.mark.parametrize("key", ["password", "password-file"])
def test_password_does_not_stay_where_it_was_read(lab, key, before):
    """Wherever it stands in the configuration, or in a file of its own. While the request is under way libcurl has
    copies of what is sent by Basic, which is how we know that we look well."""
    go_on, password = answers_late(lab.server), marked()
    value = password
    if key == "password-file":
        value = lab.dir / "password"
        value.write_text(password + "\n")
        value.chmod(0o600)
    section = account(lab.server, **{key.replace("-", "_"): value})
    filling = "# nothing but a comment to fill the file\n" * (before // 41)
    daemon = lab.daemon(lab.config(family="ipv4", **QUICK).split("provider")[0] + filling + section)
    lab.server.wait_for(1)
    assert memory.outside(daemon.pid, basic(password))
    go_on.set()
    is_current(daemon, "203.0.113.7")
    is_only_locked(daemon, password, basic(password))


def test_old_password_is_nowhere_after_a_reload(lab):
    """Neither is that of a configuration that was refused."""
    old, new, refused = marked(), marked(), marked()
    daemon = start(lab, account(lab.server, password=old))
    is_current(daemon, "203.0.113.7")
    daemon.write_config(lab.config(account(lab.server, password=new), family="ipv4", **QUICK))
    daemon.hup()
    daemon.wait_log("reloaded")
    daemon.write_config(lab.config(account(lab.server, password=refused, ttl="x"), family="ipv4", **QUICK))
    daemon.hup()
    daemon.wait_log("ttl: 'x' is no number")
    is_only_locked(daemon, new, old, basic(old), basic(new), refused)
    assert not memory.find(daemon.pid, old) and not memory.find(daemon.pid, refused)


LOGIN = """title = x
needs = { username, password }
step login {
    url = "{server}/login"
    json = '{"user": "{username}", "password": "{password}"}'
    get = "token=%s"
    keep = account
    status 200 { verdict = done }
}
step update {
    url = "{server}/update"
    form = { "ip={ip}", "host={hostname}" }
    headers = "X-Token: {token}"
}
""" + GOOD


@pytest.mark.parametrize("form, spec", [('{"data": {"id": 7, "token": "%s"}}', "data.token"),
                                        ("hello, token=%s it is", "/token=([^ ]*)/")], ids=["json", "text"])
def test_token_of_an_answer_is_in_locked_memory_only(lab, form, spec):
    """What a login gave, and what is remembered of it."""
    token, password = marked(), marked()
    lab.server.answer = lambda request: form % token if request.path == "/login" else "good"
    providers = Providers(lab)
    providers.add("made", LOGIN % spec)
    daemon = with_definitions(lab, providers, password)
    daemon.secrets.mark(token, "token")
    is_current(daemon, "203.0.113.7")
    assert [request.headers.get("x-token") for request in lab.server.requests] == [None, token]
    is_only_locked(daemon, token, password)
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    assert lab.server.requests[2].headers["x-token"] == token


def test_token_that_nobody_understands_is_not_told(lab):
    """The words of an answer that is not known go into the log, but not what was to be taken out of it."""
    token = marked()
    lab.server.answer = lambda request: '{"data": {"token": "%s"}}' % token
    providers = Providers(lab)
    providers.add("made", (LOGIN % "data.token").replace("    status 200 { verdict = done }\n", ""))
    daemon = with_definitions(lab, providers, marked())
    daemon.secrets.mark(token, "token")
    daemon.wait_log(r'updating -> waiting \(.*"token": "{token}".*this answer is not known')


def test_ids_of_a_zone_are_in_locked_memory_only(lab):
    """What is found in listings is a secret, too."""
    service, zone, record = Cloudflare(), marked(), marked()
    serve = service.serve
    service.serve = lambda step, request: serve(step, request).replace("z1", zone).replace("r1", record)
    lab.server.answer = service.answer
    password = marked()
    daemon = start(lab, service.section(lab.server, password=password))
    is_current(daemon, "203.0.113.7")
    assert lab.server.requests[-1].path.endswith(f"/zones/{zone}/dns_records/{record}")
    is_only_locked(daemon, password, zone, record)
    assert all(memory.find(daemon.pid, text) for text in (zone, record))


# The pages themselves

def locked_kib(daemon):
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(status.split("VmLck:")[1].split()[0])


def test_one_page_is_locked_for_many_logins(lab):
    """Twenty accounts need no more than one: private memory is dear."""
    daemon = start(lab, *(account(lab.server, f"home{i}.example.org", title=f"dyndns2:n{i}", password=marked())
                          for i in range(20)))
    daemon.wait_log("updating -> current", count=20)
    assert locked_kib(daemon) == resource.getpagesize() // 1024


def test_works_where_nothing_may_be_locked(lab, nobody):
    """Without a privilege and with RLIMIT_MEMLOCK at 0 the log says so once, and everything else is as ever."""
    password, how = marked(), nobody.daemon
    wrap = how.pop("wrap")
    daemon = lab.daemon(lab.config(account(lab.server, password=password), family="ipv4", ca_file=nobody.ca_file),
                        wrap=lambda argv: ["prlimit", "--memlock=0", *wrap(argv)], **how)
    is_current(daemon, "203.0.113.7")
    assert len(daemon.log(r"cannot be locked in memory \(RLIMIT_MEMLOCK\)")) == 1
    assert locked_kib(daemon) == 0
    until(lambda: len(memory.find(daemon.pid, password)) == 1, 30)
    place, = memory.find(daemon.pid, password)
    assert {"dd", "wf"} <= place.flags


def test_nobody_else_looks_in(lab, nobody):
    """No core file, and other processes of the same user are kept out."""
    daemon = lab.daemon(lab.config(account(lab.server, password=marked()), family="ipv4", ca_file=nobody.ca_file),
                        **nobody.daemon)
    is_current(daemon, "203.0.113.7")
    limits = Path(f"/proc/{daemon.pid}/limits").read_text()
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]
    done = lab.gateway.run(as_nobody(["cat", f"/proc/{daemon.pid}/environ"]), check=False)
    assert done.returncode and "Permission denied" in done.stderr
