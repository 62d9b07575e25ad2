"""What is in a request, and what is sent together."""

import base64
import re

import pytest

from harness.daemon import account
from harness.expect import HOME, is_current, sent
from harness.server import Reply
from harness.topology import WAN0, WAN1


def both_current(daemon, name=HOME, v4="203.0.113.7", v6="2001:db8:1::7"):
    is_current(daemon, v4, name=name)
    is_current(daemon, v6, name=name, rtype="AAAA")


def test_request_is_as_dyndns2_wants_it(lab):
    """GET /nic/update with hostname and myip, Basic authentication and a User-Agent."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(
        account(lab.server, username="alice@example.org", password='p"w\\ \u00e4:%&'), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    request, = lab.server.requests
    assert (request.method, request.path) == ("GET", "/nic/update")
    assert request.query == {"hostname": HOME, "myip": "203.0.113.7"}
    assert request.login == ("alice@example.org", 'p"w\\ \u00e4:%&')
    assert request.headers["host"] == "192.0.2.53:8443"


def test_user_agent_is_as_no_ip_prescribes(lab):
    """The User-Agent is "Company Program/System-Version contact", with an address of mail."""
    lab.net.online(WAN0, v4=7)
    is_current(lab.daemon(lab.config(family="ipv4")), "203.0.113.7")
    request, = lab.server.requests
    assert re.fullmatch(r"\S+ wanddns/\S+-\d\S* \S+@\S+", request.headers["user-agent"])


def test_both_families_of_a_name_go_in_one_request(lab):
    """A and AAAA that are due together are one request."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config())
    both_current(daemon)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7,2001:db8:1::7"]


def test_both_families_that_change_together_go_in_one_request(lab):
    """A move of both families to another uplink is one request."""
    lab.net.online(WAN0, v4=7, v6=7)
    lab.net.online(WAN1, v4=8, v6=8, metric=200)
    daemon = lab.daemon(lab.config())
    both_current(daemon)
    lab.gateway.ip("route del default dev wan0", "route del default via 2001:db8:1::1 dev wan0")
    both_current(daemon, v4="198.51.100.8", v6="2001:db8:2::8")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7,2001:db8:1::7", "198.51.100.8,2001:db8:2::8"]


def test_names_of_one_account_go_in_one_request(lab):
    """Two names that are due with the same address are one request."""
    lab.net.online(WAN0, v4=7)
    names = [HOME, "vpn.example.org"]
    daemon = lab.daemon(lab.config(account(lab.server, names), family="ipv4"))
    for name in names:
        is_current(daemon, "203.0.113.7", name=name)
    daemon.stop()
    request, = lab.server.requests
    assert sorted(request.hostnames) == sorted(names)


def test_25_names_go_in_two_requests(lab):
    """No request has more than 20 names, and none has fewer than it could."""
    lab.net.online(WAN0, v4=7, v6=7)
    names = [f"h{number}.example.org" for number in range(25)]
    daemon = lab.daemon(lab.config(account(lab.server, names)))
    for name in names:
        both_current(daemon, name=name)
    daemon.stop()
    requests = lab.server.requests
    assert sorted(len(request.hostnames) for request in requests) == [5, 20]
    assert sorted(name for request in requests for name in request.hostnames) == sorted(names)
    assert sent(lab.server) == ["203.0.113.7,2001:db8:1::7"] * 2


def test_each_name_has_its_own_answer(lab):
    """Of two names in one request one is refused, and only that one."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "".join(
        "nohost\n" if name.startswith("vpn") else f"good {request.query['myip']}\n"
        for name in request.hostnames)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, "vpn.example.org"]), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    daemon.wait_log(r"vpn\.example\.org A: updating -> refused \(provider: nohost")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    daemon.stop()
    assert lab.server.requests[1].hostnames == [HOME]


def test_two_accounts_of_one_provider_have_their_own_requests(lab):
    """Names of two logins never share a request."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(
        account(lab.server, "a.example.org", title="dyndns2:a", username="anna"),
        account(lab.server, "b.example.org", title="dyndns2:b", username="bert"), family="ipv4"))
    for name in ("a.example.org", "b.example.org"):
        is_current(daemon, "203.0.113.7", name=name)
    daemon.stop()
    assert sorted((request.login[0], *request.hostnames) for request in lab.server.requests) == [
        ("anna", "a.example.org"), ("bert", "b.example.org")]


def test_account_with_an_interface_of_its_own(lab):
    """Two accounts publish two uplinks."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    daemon = lab.daemon(lab.config(
        account(lab.server, "a.example.org", title="dyndns2:a", interface="wan0"),
        account(lab.server, "b.example.org", title="dyndns2:b", interface="wan1"), family="ipv4"))
    is_current(daemon, "203.0.113.7", name="a.example.org")
    is_current(daemon, "198.51.100.8", name="b.example.org")


@pytest.mark.parametrize("service", ["no-ip", "dyn"])
def test_services_that_speak_dyndns2(lab, service):
    """The definitions no-ip and dyn publish both families in one dyndns2 request."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(account(lab.server, title=service)))
    both_current(daemon)
    daemon.stop()
    request, = lab.server.requests
    assert request.path == "/nic/update" and request.login == ("alice", "s3cret")
    assert request.query == {"hostname": HOME, "myip": "203.0.113.7,2001:db8:1::7"}


def test_changeip_sends_one_name_and_one_address_at_a_time(lab):
    """The definition changeip sends ip= for each family and wants "Successful" in the answer."""
    lab.net.online(WAN0, v4=7, v6=7)
    lab.server.answer = lambda request: "200 Successful Update"
    names = [HOME, "vpn.example.org"]
    daemon = lab.daemon(lab.config(account(lab.server, names, title="changeip")))
    for name in names:
        both_current(daemon, name=name)
    daemon.stop()
    assert sorted((r.path, r.query["hostname"], r.query["ip"]) for r in lab.server.requests) == [
        ("/nic/update", name, address) for name in sorted(names)
        for address in ("2001:db8:1::7", "203.0.113.7")]


def test_changeip_without_the_word_is_no_success(lab):
    """An answer of status 200 that does not say so publishes nothing."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "all is well"
    daemon = lab.daemon(lab.config(account(lab.server, title="changeip"), family="ipv4"))
    daemon.wait_log(r"A: updating -> waiting \(")
    assert not daemon.log("-> current")


def test_nochg_is_success(lab):
    """The answer nochg means that the name already has the address."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "nochg 203.0.113.7"
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"updating -> current \(203\.0\.113\.7; nochg")


def test_plain_http_is_sent_and_warned_of(lab):
    """A server that the user wrote with http:// is used, with a warning."""
    lab.net.online(WAN0, v4=7)
    server = lab.another_server(leaf=None)
    daemon = lab.daemon(lab.config(account(server), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    assert daemon.log(r"^<4>.*http")
    assert len(server.requests) == 1


def test_redirect_is_not_followed(lab):
    """A redirect is an answer like any other that is not understood: the login goes nowhere."""
    lab.net.online(WAN0, v4=7)
    other = lab.another_server()
    lab.server.answer = lambda request: Reply(302, "", {"Location": other.url + "/nic/update"})
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"A: updating -> (waiting|refused) \(")
    assert other.connections == 0


@pytest.mark.parametrize("level", ["debug", "info"])
def test_secrets_are_never_in_the_log(lab, level):
    """No level of the log shows a password, also not as it travels."""
    secrets = {"alice": "MARKED-inline-Zq", "bert": "MARKED-file-Zq"}
    path = lab.dir / "password"
    path.write_text(secrets["bert"] + "\n")
    path.chmod(0o600)
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: (
        "badauth" if request.login[0] == "bert" else "good 203.0.113.7")
    daemon = lab.daemon(lab.config(
        account(lab.server, title="dyndns2:a", password=secrets["alice"]),
        account(lab.server, "b.example.org", title="dyndns2:b", username="bert",
                password_file=path), family="ipv4"), level=level)
    is_current(daemon, "203.0.113.7")
    daemon.wait_log("b.example.org A: updating -> refused")
    daemon.usr1()
    lab.server.wait_for(3)
    mark = daemon.mark()
    daemon.hup()
    daemon.wait_log("reloaded", after=mark)
    daemon.stop()
    assert {request.login for request in lab.server.requests} == set(secrets.items())
    shown = daemon.err.text + daemon.out.text
    assert "MARKED" not in shown
    for login in secrets.items():
        assert base64.b64encode(":".join(login).encode()).decode().rstrip("=")[8:] not in shown
