"""The harness itself: without this, a test that passes would prove nothing."""

import pytest

from harness.daemon import Daemon, account
from harness.expect import until
from harness.secrets import Secrets
from harness.server import Reply
from harness.topology import WAN0, WAN1

CURL = ["curl", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*"]


def curl(lab, *argv, **kwargs):
    return lab.gateway.run([*CURL, "--cacert", str(lab.authority.ca_file), *argv], **kwargs)


@pytest.mark.parametrize("uplink", [WAN0, WAN1], ids=lambda uplink: uplink.link)
def test_server_is_reached_through_either_uplink_with_both_families(lab, uplink):
    """A request arrives from the address that the gateway has on the uplink."""
    lab.net.online(uplink, v4=7, v6=7)
    target = "/nic/update?hostname=a.example.org&myip=1.2.3.4"
    for base in (lab.server.url, lab.server.url6):
        assert curl(lab, "--user", "u:p", base + target).stdout == "good 1.2.3.4\n"
    first, second = lab.server.wait_for(2)
    assert (first.peer, second.peer) == (uplink.net4 + ".7", uplink.net6 + "::7")
    assert first.login == ("u", "p")
    assert first.path == "/nic/update"
    assert first.hostnames == ["a.example.org"] and first.addresses == ["1.2.3.4"]


def test_replaced_address_and_moved_route_reach_the_server(lab):
    """Changes that the tests make on the gateway are seen in the peer address."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    lab.net.replace4(7, 9)
    curl(lab, lab.server.url)
    lab.gateway.ip("route del default dev wan0")
    curl(lab, lab.server.url)
    assert [request.peer for request in lab.server.requests] == ["203.0.113.9", "198.51.100.8"]


@pytest.mark.parametrize("leaf, text", [("expired", "expired"), ("early", "not yet valid"),
                                        ("wrong_name", "no alternative certificate subject name"),
                                        ("self_signed", "self-signed")])
def test_bad_certificate_is_bad(lab, leaf, text):
    """curl agrees that each bad certificate is bad for its own reason."""
    lab.net.online(WAN0, v4=7)
    server = lab.another_server(leaf=leaf)
    done = curl(lab, server.url, check=False)
    assert done.returncode == 60
    assert text in done.stderr
    assert not server.requests


@pytest.mark.parametrize("reply, code", [(Reply(raw=b"\x00\xff rubbish\r\n"), 1),
                                         (Reply(raw=b""), 52), (Reply(hang=True), 28),
                                         (Reply(drip=0.05), 28), (Reply(delay=9), 28)],
                         ids=["rubbish", "closed", "hang", "drip", "delay"])
def test_bad_answer_is_bad(lab, reply, code):
    """Each way to answer badly looks to curl as it should."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: reply
    assert curl(lab, "--max-time", "0.5", lab.server.url, check=False).returncode == code
    request, = lab.server.requests
    if code == 28:
        lab.server.wait_until(lambda: request.gone)


def test_server_stops_and_starts_on_its_port(lab):
    """A stopped server refuses connections, and one started again answers."""
    lab.net.online(WAN0, v4=7)
    assert curl(lab, lab.server.url).returncode == 0
    lab.server.stop()
    assert curl(lab, lab.server.url, check=False).returncode == 7
    lab.server.start()
    assert curl(lab, lab.server.url).returncode == 0


MARKED = "p4ss/w\"rd"
LEAKS = {  # how it comes out: a wrapper around the program, or what is written into its state folder
    "log": (["sh", "-c", 'echo "so it is p4ss/w\\"rd" >&2; exec "$@"', "sh"], None, "the log"),
    "output": (["sh", "-c", 'echo "so it is p4ss/w\\"rd"; exec "$@"', "sh"], None, "its output"),
    "log-escaped": (["sh", "-c", 'echo "GET /?p=p4ss%2Fw%22rd" >&2; exec "$@"', "sh"], None, "the log"),
    "log-login": (["sh", "-c", 'echo "Basic YWxpY2U6cDRzcy93InJk" >&2; exec "$@"', "sh"], None, "the log"),
    "log-option": (["sh", "-c", 'echo "with an-opt1on" >&2; exec "$@"', "sh"], None, "the log"),
    "environment": (["env", "PASSWORD=" + MARKED], None, "environ"),
    "state": (["env"], ("notes/other.json", '{"p": "p4ss/w\\"rd"}'), "other.json"),
    "name": (["env"], ("an-opt1on", ""), "a name in"),
}


@pytest.mark.parametrize("wrapper, file, place", LEAKS.values(), ids=LEAKS)
def test_a_secret_that_comes_out_is_found(lab, wrapper, file, place):
    """Wherever it stands, and in whatever form, the end of the daemon says where."""
    config = lab.config(account(lab.server, title="cloudflare", password=MARKED, zone="example.org",
                                options=["zone-id=an-opt1on"]))
    daemon = Daemon(lab.gateway, lab.dir / "daemon", config, wrap=lambda argv: [*wrapper, *argv])
    if file:
        path = daemon.state_dir / file[0]
        path.parent.mkdir(exist_ok=True)
        path.write_text(file[1])
    with pytest.raises(AssertionError, match=place):
        daemon.stop()
    assert daemon.popen.poll() == 0


def test_a_secret_in_the_status_is_found(lab):
    """The name of a record is told to everybody who asks."""
    daemon = Daemon(lab.gateway, lab.dir / "daemon", lab.config(account(lab.server, "s3cret.example.org"), interface="wan1"),
                    level="error", wait=False)
    until(lambda: "s3cret" in daemon.tells("explain"))
    with pytest.raises(AssertionError, match="the answer to explain"):
        daemon.stop()


def test_a_secret_among_the_arguments_is_found(lab):
    """They are there for everybody to see."""
    daemon = Daemon(lab.gateway, lab.dir / "s3cret", lab.config())
    with pytest.raises(AssertionError, match="cmdline"):
        daemon.stop()


def test_secrets_are_read_out_of_any_configuration(lab):
    """With quotes of either kind and without, by key and by file, one option and several."""
    (lab.dir / "file").write_text("by-file\nsecond line\n")
    secrets = Secrets("username = alice\npassword = 'it\\'s mine'\n", 'password="a\\"b\\\\c d"', "password =  plain-1 ",
                      f"password-file = {lab.dir}/file", "options = { 'one=option-1',\n \"two=option-2\" }",
                      'options = "three=option=3"', "password = short", "options = proxied=1")
    assert {"it's mine", 'a"b\\c d', "plain-1", "by-file", "option-1", "option-2", "option=3"} <= secrets.forms.keys()
    assert not {"short", "1", "second line"} & secrets.forms.keys()
