"""The way to the server breaks: at each byte of a handshake, a request and an answer, in each way in which a connection
can break; and at random, while addresses change. Each break is one clear line and a next attempt; when it is over the
record is published, and the server has not been asked more often than that takes."""

import re
import time
from contextlib import ExitStack

import pytest

from harness.daemon import account
from harness.expect import is_current, until
from harness.faults import CLOSE, DOWN, DRIP, HALF_CLOSE, RESET, STALL, UP, Fault, Proxy, alert
from harness.http2 import Http2Server, Manner
from harness.manners import BROKEN, SILENT, WHOLE
from harness.seed import dice, thorough
from harness.server import Reply, good
from harness.topology import WAN0

FIRST_PORT = 10000
CROWD = 100  # accounts, each behind a proxy of its own
AT_ONCE = 30  # fewer than the requests that the daemon has under way at once
A_CAUSE = r"(resolve|connect|tls|http): \S.*; next attempt in ([\d.]+) s"


class Crowd:
    """with Crowd(lab, faults) as people: one daemon with an account behind a proxy for each fault, which it has in
    store for the first connection; and with an account at each of the servers besides."""

    def __init__(self, lab, faults, servers=()):
        self.lab, self.host = lab, 7
        self._stack = ExitStack()
        self.proxies = [self._stack.enter_context(Proxy(lab, FIRST_PORT + number, faults=[fault]))
                        for number, fault in enumerate(faults)]
        places = [*self.proxies, *servers]
        self.names = [f"f{number}.example.org" for number in range(len(places))]
        self._before = len(lab.server.requests)
        lab.net.online(WAN0, v4=7)
        self.daemon = lab.daemon(lab.config(
            *(account(place.url, name, title=f"dyndns2:{name}") for name, place in zip(self.names, places)),
            family="ipv4", settle="20ms"), home=lab.dir / f"daemon-{self._before}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._stack:
            self.daemon.stop()
        self.lab.gateway.ip("addr flush dev wan0")

    @property
    def address(self):
        return f"203.0.113.{self.host}"

    def move(self):
        old, self.host = self.host, 16 - self.host
        self.lab.net.replace4(old, self.host)

    def all_current(self, after=0, timeout=60):
        for name in self.names:
            is_current(self.daemon, self.address, name=name, after=after, timeout=timeout)

    def failures(self, name):
        """The lines that say that an attempt failed, with the stage and the wait."""
        return self.daemon.log(rf"^<4>{re.escape(name)} A: updating -> waiting \({A_CAUSE}\)$")

    def requests(self, name):
        return [request for request in self.lab.server.requests[self._before:] if request.hostnames == [name]]


def whole_connection(lab):
    """What a connection that nothing happens to is long: {"up": 850, "down": 1900}."""
    lab.net.online(WAN0, v4=7)
    with Proxy(lab, FIRST_PORT - 1) as proxy:
        daemon = lab.daemon(lab.config(account(proxy.url), family="ipv4"), home=lab.dir / "first")
        is_current(daemon, "203.0.113.7")
        daemon.stop()
    lab.gateway.ip("addr flush dev wan0")
    return proxy.passed[0]


def places(length, crowd=CROWD):
    """Numbers of bytes from none to all: a crowd of them, or each in crowds."""
    if thorough():
        return [range(first, min(first + crowd, length + 1)) for first in range(0, length + 1, crowd)]
    step = length // crowd + 1
    return [range(dice().randrange(step), length + 1, step)]


@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize("how", [RESET, CLOSE, HALF_CLOSE])
def test_connection_that_breaks_at_any_byte_is_made_once_more(lab, how, way):
    """In the handshake, the request or the answer: the network's fault, which is tried again after a second."""
    failed = 0
    for after in places(whole_connection(lab)[way]):
        with Crowd(lab, [Fault(how, way, count) for count in after]) as people:
            people.all_current()
            for name in people.names:
                failures = people.failures(name)
                assert len(failures) <= 1 and all(float(line.match[2]) < 1.5 for line in failures)
                assert 1 <= len(people.requests(name)) <= 1 + len(failures)
                failed += len(failures)
    assert failed


@pytest.mark.parametrize("way", [UP, DOWN])
def test_connection_that_stalls_at_any_byte_is_left_with_its_address(lab, way):
    """No further byte comes or goes: another address does not wait for the timeout, and is published at once."""
    for after in places(whole_connection(lab)[way], AT_ONCE):
        with Crowd(lab, [Fault(STALL, way, count) for count in after]) as people:
            for name, proxy, count in zip(people.names, people.proxies, after):
                until(lambda: proxy.passed and proxy.passed[0][way] >= count
                      or people.daemon.log(f"{name} A: .*-> current"), 30, "the stop")
            mark = people.daemon.mark()
            people.move()
            people.all_current(after=mark)
            assert not people.daemon.log("-> waiting", after=mark)
            assert all(len(people.requests(name)) <= 2 for name in people.names)


ALERTS = [Fault(instead=alert(code, level)) for level in (1, 2)
          for code in (0, 10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109, 110, 112, 113,
                       115, 116, 120, 255)]
NO_TLS = [Fault(instead=data) for data in (
    b"", b"\0", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x03",
    b"\x16\x03\x03\xff\xff" + b"x" * 70000, b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", b"\x17\x03\x03\x00\x05hello",
    b"\xff" * 5, bytes(range(256)) * 100)]


@pytest.mark.parametrize("faults", [ALERTS, NO_TLS], ids=["alert", "rubbish"])
def test_answer_that_is_no_handshake_is_trouble_of_tls(lab, faults):
    """Each alert and what is not even TLS: nothing is sent, and it is tried again after a second."""
    with Crowd(lab, faults) as people:
        people.all_current()
        for name, fault in zip(people.names, faults):
            failure, = people.failures(name)
            assert (failure.match[1], float(failure.match[2]) < 1.5) == ("tls", True), (fault, failure.text)
            assert len(people.requests(name)) == 1
            assert not re.search("OpenSSL|error:", failure.text), failure.text


def test_what_takes_too_long_is_given_up(lab):
    """A byte a second in the handshake, in the request or in the answer, or none at all: ten seconds for a connection,
    thirty for all of it."""
    whole = whole_connection(lab)
    slow = {"handshake-down": Fault(DRIP, DOWN), "handshake-up": Fault(DRIP, UP), "nothing": Fault(STALL, DOWN),
            "request": Fault(DRIP, UP, whole[UP] - 200), "answer": Fault(DRIP, DOWN, whole[DOWN] - 100), "lost": None}
    # What is sent to the last one never arrives.
    lab.internet.nft("table ip lost { chain in { type filter hook input priority 0\n"
                     f"tcp dport {FIRST_PORT + len(slow) - 1} drop\n}}\n}}\n")
    with Crowd(lab, slow.values()) as people:
        began, stages = time.monotonic(), {}
        for name, kind in zip(people.names, slow):
            line = people.daemon.wait_log(rf"{re.escape(name)} A: updating -> waiting \({A_CAUSE}", timeout=40)
            stages[kind] = line.match[1], line.time - began > 20
        assert stages == {"handshake-down": ("tls", False), "handshake-up": ("tls", False), "nothing": ("tls", False),
                          "lost": ("connect", False), "request": ("http", True), "answer": ("http", True)}
        lab.internet.nft("delete table ip lost\n")
        mark = people.daemon.mark()
        people.daemon.usr1()
        people.all_current(after=mark)


# At random

BAD_ANSWERS = [Reply(raw=raw) for raw in (
    b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ngood", b"rubbish\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ngood ",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz", b"\x00\xff" * 500)] + [Reply(500, "oops"), Reply(503, "", headers={"Retry-After": "soon"}), Reply(200, ""), "911"]


class Mischief:
    """A server, proxies in front of it, and servers of HTTP/2, that do wrong at random."""

    def __init__(self, lab, random, whole, servers):
        self.lab, self.random, self.whole, self.servers = lab, random, whole, servers
        self.published, self.heard, self.requests, self.spoilt = {}, {}, 0, 0
        lab.server.answer = self.answer

    def answer(self, request):
        self.requests += 1
        name, = request.hostnames
        if self.spoilt > 0:
            self.spoilt -= 1
            return self.random.choice(BAD_ANSWERS)
        if request.connection >= self.heard.get(name, 0):  # and not one that was given up for a later one
            self.published[name], self.heard[name] = request.query["myip"], request.connection
        return good(request)

    def fault(self):
        how, way = self.random.choice([RESET, CLOSE, HALF_CLOSE, STALL]), self.random.choice([UP, DOWN])
        if self.random.random() < 0.2:
            return Fault(instead=self.random.choice([*ALERTS, *NO_TLS]).instead)
        return Fault(how, way, self.random.randrange(self.whole[way] + 1))

    def plot(self, proxies):
        """For the next connections."""
        self.spoilt = self.random.choice((0, 0, 1, 2))
        self.lab.server.leaf = getattr(self.lab.authority, self.random.choice(
            ["good", "good", "good", "good", "expired", "early", "wrong_name", "self_signed"]))
        for proxy in proxies:
            proxy.faults.extend(self.fault() for _ in range(self.random.choice((0, 0, 1, 1, 2))))
            if self.random.random() < 0.1:
                proxy.refuse()
            elif not proxy.is_open:
                proxy.listen()
        for server in self.servers:
            server.manner = self.random.choice([Manner(), *WHOLE.values(), *BROKEN.values(), *SILENT.values()])

    def repent(self, proxies):
        self.spoilt, self.lab.server.leaf = 0, self.lab.authority.good
        for server in self.servers:
            server.manner = Manner()
        for proxy in proxies:
            proxy.faults.clear()
            if not proxy.is_open:
                proxy.listen()


def test_faults_at_random_while_the_address_changes(lab):
    """Some dozen times another address, with this and that broken on the way of each account: in the end each name has
    the last address, nothing is lost of descriptors, and no more was asked than changes and attempts account for."""
    whole, random = whole_connection(lab), dice()
    with Http2Server(lab, FIRST_PORT + 8) as one, Http2Server(lab, FIRST_PORT + 9) as other:
        with Crowd(lab, [None] * 8, [one, other]) as people:
            everything_at_once(random, Mischief(lab, random, whole, [one, other]), people)


def everything_at_once(random, mischief, people):
    daemon = people.daemon
    people.all_current()
    until(lambda: not daemon.descriptors()[0], what="the end of a burst")
    before = daemon.descriptors()
    rounds = 400 if thorough() else 40
    for _ in range(rounds):
        mischief.plot(people.proxies)
        mark = daemon.mark()
        if random.random() < 0.9:
            people.move()
        else:
            daemon.usr1()
        daemon_says(daemon, mark, patience=random.random() * 0.6)
    mischief.repent(people.proxies)
    mark = daemon.mark()
    people.move()
    # It may have been there and back before the daemon looked.
    daemon.wait_log(rf"auto ipv4: {people.address} on|settled: nothing changed", after=mark)
    daemon.usr1()
    people.all_current(after=mark)
    expected = dict.fromkeys(people.names[:8], people.address)
    until(lambda: mischief.published == expected, what="the last address of each")
    assert {server.requests[-1].query["myip"] for server in mischief.servers} == {people.address}
    until(lambda: daemon.descriptors() == before, what="the end of a burst, with nothing left of it")
    sent, failed, redone = (len(daemon.log(line)) for line in ("request: GET", "-> waiting", "updating -> updating"))
    assert failed > rounds / 4
    assert sent <= 10 * (rounds + 2) + failed + redone
    assert mischief.requests <= sent + 8  # libcurl itself repeats what a connection took that was used before


def daemon_says(daemon, mark, patience):
    """What becomes of it, but not longer than that: the next thing happens in the middle of it."""
    deadline = time.monotonic() + patience
    while len(daemon.log(r"-> (waiting|current)", after=mark)) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
