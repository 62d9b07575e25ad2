"""What status says of each thing that can go wrong, compared with tests/golden/errors.txt."""

import re
import textwrap

import pytest

from harness.daemon import account, with_etc
from harness.expect import until
from harness.golden import expected
from harness.server import Reply
from harness.topology import WAN0

# What a server answers, by the first label of the name.
ANSWERS = {
    "badauth": "badauth",
    "status-401": Reply(401, "Authorization required"),
    "status-403": Reply(403, "Forbidden"),
    "nohost": "nohost",
    "yours": "!yours",
    "notfqdn": "notfqdn",
    "numhost": "numhost",
    "badagent": "badagent",
    "badsys": "badsys",
    "abuse": "abuse",
    "donator": "!donator",
    "good-127": "good 127.0.0.1",
    "good-other": "good 198.51.100.99",
    "nochg-thrice": "nochg",
    "nine-one-one": "911",
    "dnserr": "dnserr",
    "status-500": Reply(500, "Internal error"),
    "status-503": Reply(503, "Back soon", headers={"Retry-After": "1800"}),
    "status-429": Reply(429, "Slow down", headers={"Retry-After": "3600"}),
    "unknown": "What do you want?",
    "closed": Reply(raw=b""),
    "garbled": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
}
SOURCES = {
    "no-interface": {"interface": "ppp7"},
    "link-down": {"interface": "down0"},
    "no-address": {"interface": "empty0"},
    "private": {"interface": "lan0"},
    "carrier-nat": {"interface": "cgn0"},
    "no-match": {"match": "198.51.100.0/24"},
    "silent-source": {"source": "https://192.0.2.53:1/"},
}
REFUSED_AFTER = {"nochg-thrice": 3}


def answer(request):
    label = request.hostnames[0].partition(".")[0]
    reply = ANSWERS[label]
    return reply() if callable(reply) else reply


@pytest.fixture
def troubled(lab):
    """A daemon with an account for each trouble."""
    lab.net.online(WAN0, v4=7)
    lab.gateway.ip("link set lo up", *(command for link in ("down", "empty", "lan", "cgn") for command in (
        f"link add {link}0 type veth peer name {link}1", f"link set {link}1 up", f"link set {link}0 up")),
        "addr add 192.168.1.1/24 dev lan0", "addr add 100.64.0.7/24 dev cgn0", "link set down0 down")
    resolv_conf = lab.dir / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\n")
    lab.server.answer = answer

    def section(label, server=lab.server, **keys):
        return account(server, f"{label}.example.org", title=f"dyndns2:{label}", **keys)

    leaves = [section(f"tls-{leaf.replace('_', '-')}", lab.another_server(leaf=leaf))
              for leaf in ("expired", "early", "wrong_name", "self_signed")]
    sections = [section("resolve", lab.server.url_for("ddns.example.net")), section("connect", "https://192.0.2.53:1"),
                *leaves, *map(section, ANSWERS), *(section(label, **keys) for label, keys in SOURCES.items())]
    daemon = lab.daemon(lab.config(*sections, family="ipv4", settle="20ms"),
                        wrap=lambda argv: with_etc(argv, {"resolv.conf": resolv_conf}))
    for number in range(1, 3):  # nochg only counts where it follows nochg
        daemon.wait_log(r"nochg-thrice\.example\.org A: updating -> current", count=number)
        assert lab.wanddns("update", "nochg-thrice.example.org", "--control", daemon.control).returncode == number - 1
    return daemon


def paragraphs(lab, daemon):
    """What status says of the records that are not well, without what differs each time."""
    terminal = lab.terminal("status", "--control", daemon.control, width=2000, expect=1)
    terminal.end(1)
    text = "\n".join(terminal.screen).split("\n\n")[2]
    text = re.sub(r"\b(in|to) \d+ (s|min)\b", r"\1 N \2", text)
    text = re.sub(r":\d{4,5}\b", ":PORT", text)
    return "\n".join(textwrap.fill(line, 80, subsequent_indent="    ", break_on_hyphens=False)
                     for line in text.splitlines()) + "\n"


def test_status_says_in_plain_words_what_is_wrong(lab, troubled):
    """For each kind of error: how far it came, the provider's words, what they mean, what happens next, what to do."""
    told = []

    def is_as_expected():
        told[:] = [paragraphs(lab, troubled)]
        return told[0] == expected("errors.txt", told[0])

    try:
        until(is_as_expected, 20)
    except AssertionError:
        assert told[0] == expected("errors.txt", told[0])
