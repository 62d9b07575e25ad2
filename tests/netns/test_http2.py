"""Servers of HTTP/2 that end streams and connections at each moment, or do not keep to the protocol. Where the answer
is whole it counts; otherwise the record waits, with the stage and the cause, and is published when the server is well."""

import re

import pytest

from harness.daemon import account
from harness.expect import is_current, until
from harness.http2 import (HTTP_1_1_REQUIRED, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, REFUSED_STREAM, Http2Server, Manner,
                           well)
from harness.manners import BROKEN, FLOODED, SILENT, WHOLE, reset
from harness.sections import Providers, custom
from harness.topology import WAN0

PORT = 11000
A_CAUSE = r"(connect|tls|http): \S.*; next attempt in ([\d.]+) s"


class Servers:
    """A server of each manner, and one daemon with an account at each."""

    def __init__(self, lab, manners):
        self.lab = lab
        self.servers = {name: Http2Server(lab, PORT + number, manner)
                        for number, (name, manner) in enumerate(manners.items())}
        lab.net.online(WAN0, v4=7)
        self.daemon = lab.daemon(lab.config(
            *(account(server.url, self.host(name), title=f"dyndns2:{name}") for name, server in self.servers.items()),
            family="ipv4", settle="20ms"))

    @staticmethod
    def host(name):
        return f"{name}.example.org"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.__exit__()

    def outcome(self, name):
        """("waiting", cause, seconds), ("current", "", 0), or None."""
        lines = self.daemon.log(rf"^<\d>{re.escape(self.host(name))} A: updating -> (\w+) \((.*)\)$")
        if not lines:
            return None
        state, text = lines[0].match.groups()
        cause = re.match(A_CAUSE + "$", text)
        return (state, cause[0], float(cause[2])) if cause else (state, text, 0)

    def are_well_and_told(self, host):
        """From now on the servers answer: the address of that host is published at each, with no more requests than
        attempts, and five repetitions of one that was refused."""
        for server in self.servers.values():
            server.manner = Manner()
        mark = self.daemon.mark()
        self.lab.net.replace4(7, host)
        address = f"203.0.113.{host}"
        self.daemon.wait_log(f"auto ipv4: {address}", after=mark)
        self.daemon.usr1()
        for name, server in self.servers.items():
            is_current(self.daemon, address, name=self.host(name), after=mark)
            attempts = len(self.daemon.log(f"{re.escape(self.host(name))} A: .*-> updating"))
            assert len(server.requests) <= attempts * (6 if "refused" in name else 1), name
            assert server.youngest.query["myip"] == address, name


def test_answer_that_is_whole_counts(lab):
    """Whatever is said beside it, about other streams or the end of the connection."""
    with Servers(lab, WHOLE) as servers:
        for name, server in servers.servers.items():
            is_current(servers.daemon, "203.0.113.7", name=servers.host(name))
            assert len(server.requests) == 1, name
        assert not servers.daemon.log("-> waiting")


def test_server_that_wants_http_1_is_asked_by_it(lab):
    """HTTP_1_1_REQUIRED is answered in the same attempt."""
    lab.net.online(WAN0, v4=7)
    with Http2Server(lab, PORT, Manner(reset(HTTP_1_1_REQUIRED)), protocols=("h2", "http/1.1")) as server:
        is_current(lab.daemon(lab.config(account(server.url), family="ipv4")), "203.0.113.7")
        assert len(server.requests) == 1


def test_answer_that_is_not_whole_is_waited_for(lab):
    """One clear line and a next attempt; a silent server holds its request, until the address changes."""
    with Servers(lab, {**BROKEN, **SILENT}) as servers:
        for name in BROKEN:
            outcome = until(lambda: servers.outcome(name), 60, f"an outcome of {name}")
            assert outcome[0] == "waiting" and outcome[2], (name, outcome)
        assert {name: outcome for name in SILENT if (outcome := servers.outcome(name))} == {}
        servers.are_well_and_told(9)


def test_flood_does_no_harm(lab):
    with Servers(lab, FLOODED) as servers:
        for name in FLOODED:
            until(lambda: servers.outcome(name), 60, f"an outcome of {name}")
        servers.are_well_and_told(9)


def test_connection_that_failed_is_not_used_again(lab):
    """The server ends one stream and says no more on that connection: the next attempt has one of its own."""
    lab.net.online(WAN0, v4=7)
    with Http2Server(lab, PORT, Manner(reset(INTERNAL_ERROR))) as server:
        daemon = lab.daemon(lab.config(account(server.url), family="ipv4"))
        daemon.wait_log("A: updating -> waiting")
        server.manner = Manner()
        daemon.usr1()
        is_current(daemon, "203.0.113.7")
        assert server.connections == 2


TWO_STEPS = """title = "a service that looks first"
needs = { username, password }
step look   { url = "{server}/look"  get = { "id=id" }  must = "there is no id"  status 200 { verdict = done } }
step update { url = "{server}/update/{id}"  method = PUT  form = { "myip={ip}" } }
word good { verdict = done }
"""


def test_window_that_never_opens_holds_a_body(lab):
    """The server takes the head of a PUT and not a byte of its body: another address is sent at once all the same."""
    def answer(connection, stream, request):
        connection.headers(stream)
        connection.data(stream, b'{"id": "1"}' if request.path == "/look" else b"good")

    providers = Providers(lab)
    providers.add("careful", TWO_STEPS)
    lab.net.online(WAN0, v4=7)
    with Http2Server(lab, PORT, Manner(answer, settings={INITIAL_WINDOW_SIZE: 0})) as server:
        daemon = lab.daemon(lab.config(account(server.url, title="careful"), family="ipv4"), wrap=providers.wrap)
        until(lambda: len(server.requests) == 2, what="the head")
        server.manner = Manner(answer)
        lab.net.replace4(7, 9)
        is_current(daemon, "203.0.113.9")
        assert [(request.method, bytes(request.body)) for request in server.requests if request.method == "PUT"] == [
            ("PUT", b""), ("PUT", b"myip=203.0.113.9")]


NAMES = [f"h{number}.example.org" for number in range(5)]


@pytest.mark.parametrize("worst", [
    lambda connection, stream: connection.reset(stream, INTERNAL_ERROR),
    lambda connection, stream: connection.reset(stream, REFUSED_STREAM),
    lambda connection, stream: connection.goaway(stream - 2),
], ids=["reset", "refused", "goaway"])
def test_end_of_one_stream_is_not_that_of_the_others(lab, worst):
    """Four requests on a connection that was there, one of which the server ends: the others are answered, and that one
    is made again."""
    streams = {}

    def answer(connection, stream, request):
        streams[stream] = request
        if len(streams) == 4:
            for other in sorted(streams)[:-1]:
                well(connection, other, streams[other])
            worst(connection, max(streams))
            server.manner = Manner()

    providers = Providers(lab)
    providers.add("single", custom(["hostname={hostname}", "myip={ip}"]))
    lab.net.online(WAN0, v4=7)
    with Http2Server(lab, PORT) as server:
        daemon = lab.daemon(lab.config(account(server.url, NAMES[0], title="single"), family="ipv4"),
                            wrap=providers.wrap)
        is_current(daemon, "203.0.113.7", name=NAMES[0])
        server.manner = Manner(answer)
        daemon.write_config(lab.config(account(server.url, NAMES, title="single"), family="ipv4"))
        daemon.hup()
        until(lambda: len(streams) == 4, what="four streams")
        last, = streams[max(streams)].hostnames
        for name in set(NAMES) - {last}:
            is_current(daemon, "203.0.113.7", name=name)
        if until(lambda: daemon.log(rf"{re.escape(last)} A: updating -> (current|waiting)"))[0].match[1] == "waiting":
            daemon.usr1()
        is_current(daemon, "203.0.113.7", name=last)
