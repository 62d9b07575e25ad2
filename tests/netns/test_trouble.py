"""The world misbehaves: servers, resolvers, certificates. Nothing of it stops the daemon."""

import select
import signal
import socket
import time

import pytest

from harness.daemon import account, with_etc
from harness.expect import HOME, answers_late, is_current, sent, start_ipv4, until
from harness.lab import Lab
from harness.server import Reply, good
from harness.topology import WAN0, WAN1

NAMED = "ddns.example.net"  # in the certificates, and in no DNS
SIGNAL_BUDGET = 0.5  # the promise is 0.2 s; a sanitizer's exit and a busy machine take their part


def test_provider_dead_then_alive_is_published_without_a_restart(lab):
    """A server that is down is tried again until it is up."""
    lab.server.stop()
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"^<4>home\.example\.org A: updating -> waiting "
                    r"\(connect: .*Connection refused.*next attempt in", count=1)
    daemon.wait_log(r"updating -> waiting \(connect: ", count=2)
    lab.server.start()
    is_current(daemon, "203.0.113.7", timeout=20)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7"]


def test_waits_grow(lab):
    """Attempts at a dead server are about 1, then 2, then 5 seconds apart."""
    lab.server.stop()
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log("-> waiting", count=3, timeout=20)
    waits = [float(line.match[1]) for line in daemon.log(r"next attempt in ([\d.]+) s")]
    for wait, nominal in zip(waits, (1, 2, 5)):
        assert nominal * 0.85 <= wait <= nominal * 1.15
    times = [line.time for line in daemon.log("-> waiting")]
    assert times[1] - times[0] >= 0.85 and times[2] - times[1] >= 1.7


def test_new_address_cuts_the_wait_short(lab):
    """A wait for the network ends when the address changes."""
    lab.server.stop()
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log("-> waiting", count=3, timeout=20)
    lab.server.start()
    begin = time.monotonic()
    lab.net.replace4(7, 9)
    lab.server.wait_for(1)
    assert sent(lab.server) == ["203.0.113.9"]
    assert lab.server.requests[0].time - begin < 3  # the wait was for 5


def test_new_way_to_the_internet_cuts_the_wait_short(lab):
    """A wait for the network ends when another uplink comes, also for a record that does not use it."""
    lab.gateway.ip("addr add 203.0.113.7/24 dev wan0")
    daemon = lab.daemon(lab.config(
        account(lab.server, interface="wan0"),
        account(lab.server, "b.example.org", title="dyndns2:b"), family="ipv4"))
    daemon.wait_log("home.example.org A: updating -> waiting", count=3, timeout=20)
    begin = time.monotonic()
    lab.net.online(WAN1, v4=8)
    is_current(daemon, "203.0.113.7")
    request, = [request for request in lab.server.requests if request.hostnames == [HOME]]
    assert request.time - begin < 3  # the wait was for 5


@pytest.mark.parametrize("family, gateway",
                         [("ipv4", "203.0.113.9"), ("ipv6", "2001:db8:1::9"), ("ipv4", "inet6 fe80::9")])
def test_another_gateway_cuts_the_wait_short(lab, family, gateway):
    """A wait for the network ends when another machine on the same link leads to the Internet."""
    lab.server.stop()
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(family=family))
    daemon.wait_log("-> waiting", count=3, timeout=20)
    mark = daemon.mark()
    begin = time.monotonic()
    lab.gateway.ip(f"route replace default via {gateway} dev wan0 metric 100")
    daemon.wait_log("another way out: what waits", after=mark)
    daemon.wait_log("waiting -> updating", after=mark)
    assert time.monotonic() - begin < 3  # the wait was for 5


def test_no_way_to_the_server_is_retried(lab):
    """A gateway whose packets lead nowhere tries again when the way is back."""
    lab.net.online(WAN0, v4=7)
    lab.gateway.ip("route add unreachable 192.0.2.53")
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"updating -> waiting \(connect: ")
    lab.gateway.ip("route del unreachable 192.0.2.53")
    is_current(daemon, "203.0.113.7", timeout=20)


class SwallowingResolver:
    """An address that takes DNS queries and never answers."""

    def __init__(self, lab):
        lab.internet.ip("addr add 192.0.2.99/32 dev lo")
        self.socket = lab.internet.call(self._bind)
        self.resolv_conf = lab.dir / "resolv.conf"
        self.resolv_conf.write_text("nameserver 192.0.2.99\n")

    @staticmethod
    def _bind():
        swallow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        swallow.bind(("192.0.2.99", 53))
        swallow.settimeout(10)
        return swallow

    def forget_queries(self):
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(4096)

    def wait_for_query(self):
        self.socket.recv(4096)


@pytest.fixture
def resolver(lab):
    """A dead resolver for a daemon in the lab."""
    lab.net.online(WAN0, v4=7)
    resolver = SwallowingResolver(lab)
    yield resolver
    resolver.socket.close()


def start_without_dns(lab, resolver, **kwargs):
    resolver.forget_queries()  # of the daemon before
    daemon = lab.daemon(lab.config(account(lab.server.url_for(NAMED)), family="ipv4"),
                        wrap=lambda argv: with_etc(argv, {"resolv.conf": resolver.resolv_conf}),
                        **kwargs)
    resolver.wait_for_query()
    return daemon


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_resolver_dead_end_signals_are_answered(lab, resolver, number):
    """TERM and INT end the daemon within 0.2 s while a name is looked up in vain: the quickest of three, as the machine
    is busy with other tests."""
    times = []
    for _ in range(3):
        daemon = start_without_dns(lab, resolver)
        begin = time.monotonic()
        daemon.signal(number)
        assert daemon.wait() == 0
        times.append(time.monotonic() - begin)
        assert daemon.log(r"^<6>stopped$")
    assert min(times) < SIGNAL_BUDGET, times


def test_resolver_dead_reload_is_answered(lab, resolver):
    """HUP is answered within 0.2 s while a name is looked up in vain: the quickest of three."""
    daemon = start_without_dns(lab, resolver)
    times = []
    for _ in range(3):
        mark, begin = daemon.mark(), time.monotonic()
        daemon.hup()
        times.append(daemon.wait_log("reloaded", after=mark).time - begin)
    assert min(times) < SIGNAL_BUDGET, times


def test_resolver_dead_is_bounded_and_named(lab, resolver):
    """A lookup in vain ends at the connect timeout and is retried; the text says resolve."""
    daemon = start_without_dns(lab, resolver)
    daemon.wait_log(r"updating -> waiting \(resolve: .*next attempt in", timeout=20)
    resolver.wait_for_query()


def test_name_in_etc_hosts_is_found(lab):
    """The server's name is looked up as the system does it."""
    hosts = lab.dir / "hosts"
    hosts.write_text(f"192.0.2.53 {NAMED}\n")
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server.url_for(NAMED)), family="ipv4"),
                        wrap=lambda argv: with_etc(argv, {"hosts": hosts}))
    is_current(daemon, "203.0.113.7")


def hang_first(request_log):
    """An answer function that hangs on the first request and is good on all others."""

    def answer(request):
        request_log.append(request)
        return Reply(hang=True) if len(request_log) == 1 else good(request)

    return answer


def test_address_changing_while_a_request_hangs_sends_the_new_one_at_once(lab):
    """A request in flight for an address that is gone does not hold up the new one."""
    lab.server.answer = hang_first([])
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    lab.server.wait_for(1)
    begin = time.monotonic()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "203.0.113.9"]
    assert lab.server.requests[1].time - begin < 3
    assert lab.server.requests[1].peer == "203.0.113.9"


def test_superseded_request_is_cancelled(lab):
    """The request that hangs is given up, which its server sees."""
    lab.server.answer = hang_first([])
    lab.net.online(WAN1, v4=8, metric=200)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    first, = lab.server.wait_for(1)
    lab.gateway.ip("route del default dev wan0")
    is_current(daemon, "198.51.100.8")
    lab.server.wait_until(lambda: first.gone)
    assert first.answered is None
    assert sent(lab.server) == ["203.0.113.7", "198.51.100.8"]


def test_address_back_while_a_request_for_another_hangs(lab):
    """There and back while the server hangs ends with the address that is there."""
    daemon = start_ipv4(lab)
    lab.server.answer = hang_first([])
    lab.net.replace4(7, 9)
    lab.server.wait_for(2)
    mark = daemon.mark()
    lab.net.replace4(9, 7)
    is_current(daemon, "203.0.113.7", after=mark)
    daemon.stop()
    assert daemon.state()[HOME, "A"]["address"] == "203.0.113.7"


def test_slow_answer_is_not_restarted_by_another_uplink(lab):
    """An address that comes and goes elsewhere does not send a request again that is under way."""
    go_on = answers_late(lab.server)
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    other = lab.another_server()
    daemon = lab.daemon(lab.config(
        account(lab.server, interface="wan0"),
        account(other, "b.example.org", title="dyndns2:b", interface="wan1"), family="ipv4"))
    lab.server.wait_for(1)
    is_current(daemon, "198.51.100.8", name="b.example.org")
    lab.net.replace4(8, 9, WAN1, metric=200)
    is_current(daemon, "198.51.100.9", name="b.example.org")
    go_on.set()
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7"]


def test_connections_die_with_the_address(lab):
    """After a change no request uses a connection made before it."""
    daemon = start_ipv4(lab)
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    assert lab.server.connections == 2
    assert [request.peer for request in lab.server.requests] == ["203.0.113.7", "203.0.113.9"]


def test_unplugged_server_connection_dies_with_the_address(lab):
    """The old connection is dead without a word: the new request does not wait for it."""
    lab.net.online(WAN1, v4=8, metric=200)
    daemon = start_ipv4(lab)
    lab.internet.ip("link set isp0 down")
    lab.gateway.ip("route del default dev wan0")
    begin = time.monotonic()
    is_current(daemon, "198.51.100.8")
    assert lab.server.requests[1].time - begin < 3


@pytest.mark.parametrize("leaf, text", [
    ("self_signed", "not trusted"), ("expired", "has expired"), ("early", "is not yet valid"),
    ("wrong_name", "is for another name")], ids=["not-trusted", "expired", "early", "other-name"])
def test_bad_certificate_is_refused_with_a_text_that_says_why(lab, leaf, text):
    """A server whose certificate is not in order gets no login; the log says which fault it is."""
    lab.net.online(WAN0, v4=7)
    server = lab.another_server(leaf=leaf)
    daemon = lab.daemon(lab.config(account(server), family="ipv4"))
    daemon.wait_log(rf"^<4>home\.example\.org A: updating -> waiting \(tls: .*{text}.*next attempt in")
    assert not server.requests
    server.leaf = lab.authority.good
    is_current(daemon, "203.0.113.7", timeout=20)


def test_authority_that_nobody_trusts_is_refused(lab):
    """Without ca-file the system's trust store counts, and it does not hold our authority."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4", ca_file=None))
    daemon.wait_log(r"updating -> waiting \(tls: .*not trusted")
    assert not lab.server.requests


# Servers that answer badly: one daemon with an account at each, and one at a good server.

BAD = {
    "slow": Reply(body="good 203.0.113.7" * 100, drip=0.4),
    "garbage": Reply(raw=b"\x00\x01\xfe rubbish\r\n\r\n"),
    "nonsense": Reply(body="<html>\x00 what? %s%n</html>"),
    "huge": Reply(body=b"good 203.0.113.7\n" + b"x" * 10_000_000),
    "endless-head": Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X-Filler: yes\r\n" * 400_000),
    "cut": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood 203"),
    "closed": Reply(raw=b""),
    "silent": Reply(hang=True),
    "error-500": Reply(500, "oops"),
    "empty": Reply(200, ""),
}


class BadServers:
    def __init__(self, lab):
        self.lab = lab
        self.servers = {kind: lab.another_server(answer=lambda _, reply=reply: reply)
                        for kind, reply in BAD.items()}
        self.mute = lab.internet.call(socket.create_server, ("192.0.2.53", 9443))
        lab.net.online(WAN0, v4=7)
        self.begin = time.monotonic()
        self.daemon = lab.daemon(lab.config(
            account("https://192.0.2.53:9443", "mute.example.org", title="dyndns2:mute"),
            *(account(server, f"{kind}.example.org", title=f"dyndns2:{kind}")
              for kind, server in self.servers.items()),
            account(lab.server), family="ipv4"))


@pytest.fixture(scope="module")
def bad(authority, tmp_path_factory):
    """One daemon with an account at each bad server, and at a good one."""
    with Lab(authority, tmp_path_factory.mktemp("bad")) as lab:
        bad = BadServers(lab)
        yield bad
        bad.mute.close()


def test_bad_servers_do_no_harm_to_a_good_one(bad):
    """The record at the good server is published while all others are in trouble."""
    is_current(bad.daemon, "203.0.113.7")
    assert bad.lab.server.requests[0].time - bad.begin < 5


@pytest.mark.parametrize("kind", [*BAD, "mute"])
def test_bad_answer_is_bounded_and_retried(bad, kind):
    """Each bad answer ends in time, publishes nothing, and is tried again."""
    line = bad.daemon.wait_log(rf"^<4>{kind}\.example\.org A: updating -> waiting \((\w+): .*"
                               r"next attempt in", timeout=45)
    assert line.time - bad.begin < 40
    assert not bad.daemon.log(rf"{kind}\.example\.org A: .*-> current")
    if kind == "mute":
        return  # it was not even given a request
    request = bad.servers[kind].requests[0]
    until(lambda: request.answered or request.gone, 10, "an end of the request")
    if kind in ("slow", "silent", "huge", "endless-head"):
        assert request.gone and not request.answered


def test_good_answers_after_bad_ones_are_published(bad):
    """When the servers come to their senses, the next attempt at each succeeds."""
    for kind in BAD:
        bad.daemon.wait_log(rf"{kind}\.example\.org A: updating -> waiting", timeout=45)
    for server in bad.servers.values():
        server.answer = good
    bad.daemon.usr1()
    for kind in BAD:
        is_current(bad.daemon, "203.0.113.7", name=f"{kind}.example.org")


@pytest.mark.parametrize("reply", [Reply(body="badauth"), Reply(401, ""), Reply(403, "go away")],
                         ids=["badauth", "401", "403"])
def test_account_whose_login_is_refused_does_not_hold_up_the_other(lab, reply):
    """Of two accounts one is refused: the other is updated, and the refused one sends no more."""
    lab.server.answer = lambda request: reply if request.login[0] == "mallory" else good(request)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(
        account(lab.server, ["x.example.org", "y.example.org"], title="dyndns2:x",
                username="mallory"),
        account(lab.server), family="ipv4"))
    for name in ("x", "y"):
        daemon.wait_log(rf"{name}\.example\.org A: \w+ -> refused \(")
    is_current(daemon, "203.0.113.7")
    for old, new in ((7, 9), (9, 10)):
        lab.net.replace4(old, new)
        is_current(daemon, f"203.0.113.{new}")
    daemon.stop()
    users = [request.login[0] for request in lab.server.requests]
    assert sorted(users) == ["alice"] * 3 + ["mallory"]


def test_refused_login_ends_all_requests_of_the_account(lab):
    """With one name a request, a refusal of the login stops those that were not sent yet."""
    lab.server.answer = lambda request: Reply(401, "")
    lab.net.online(WAN0, v4=7)
    names = [f"h{number}.example.org" for number in range(12)]
    daemon = lab.daemon(lab.config(account(lab.server, names, title="changeip"), family="ipv4"))
    for name in names:
        daemon.wait_log(rf"{name} A: \w+ -> refused \(")
    daemon.stop()
    assert len(lab.server.requests) < len(names)


def test_refused_login_is_remembered_over_a_restart(lab):
    """A restart does not try a login again that was refused; a new password does."""
    lab.server.answer = lambda request: (
        "badauth" if request.login[1] == "old" else "good 203.0.113.7")
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, password="old"), family="ipv4"))
    daemon.wait_log(r"A: updating -> refused \(")
    daemon.stop()
    daemon = lab.daemon(lab.config(account(lab.server, password="old"), family="ipv4"))
    daemon.wait_log("auto ipv4: 203.0.113.7 on wan0")
    daemon.stop()
    daemon = lab.daemon(lab.config(account(lab.server, password="new"), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert [request.login[1] for request in lab.server.requests] == ["old", "new"]


def test_911_waits_and_is_no_refusal(lab):
    """The answer 911 is trouble of the provider: no-ip is not asked again for half an hour."""
    lab.server.answer = lambda request: "911"
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, title="no-ip"), family="ipv4"))
    line = daemon.wait_log(r"A: updating -> waiting \(provider: 911.*next attempt in ([\d.]+) s\)")
    assert 1800 <= float(line.match[1]) <= 2000
