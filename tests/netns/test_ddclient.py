"""The requests of ddclient and those of wanddns, side by side, for the services that speak dyndns2 or nearly so.

Where they are not equal, a comment in the definition says why."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.daemon import PROVIDERS, account
from harness.expect import HOME, is_current
from harness.server import good
from harness.topology import PORT, SERVER4, WAN0

VPN = "vpn.example.org"
LOGIN = ("alice@example.org", "s3cr:t%/@")
SYSTEM = ("dyndns2", "Older clients send system=")
GENERIC = re.compile(r"/nic/update\?system=\w+&hostname=[\w.,-]+&myip=[\d.]+")


@dataclass(frozen=True)
class Case:
    """A provider of wanddns, how ddclient is told of it, and how they may differ."""

    provider: str
    protocol: str = "dyndns2"
    names: tuple = (HOME,)
    more: str = ""  # of ddclient's section
    keys: dict = field(default_factory=dict)  # of ours, in place of the login
    answer: str | None = None  # in place of "good ADDRESS"
    login: tuple = LOGIN  # of ddclient
    host: str | None = None  # ddclient's word for the name
    path: str = ""  # of our server
    only_ddclient: tuple = ()  # pairs of the query that only ddclient sends
    other_target: str | None = None  # ddclient's target as a whole, which is another one
    why: tuple = ()  # (definition, words of a comment in it) for a difference


CASES = {
    "generic": Case("dyndns2", only_ddclient=("system",), why=SYSTEM),
    "generic-two-names": Case("dyndns2", names=(HOME, VPN), only_ddclient=("system",), why=SYSTEM),
    "dyn": Case("dyn", only_ddclient=("system",), why=SYSTEM),
    "dyn-two-names": Case("dyn", names=(HOME, VPN), only_ddclient=("system",), why=SYSTEM),
    "dyn-static": Case("dyn", more="static=yes, ", only_ddclient=("system",), why=SYSTEM),
    "dyn-custom": Case("dyn", more="custom=yes, ", only_ddclient=("system",), why=SYSTEM),
    "dyndns1": Case("dyn", "dyndns1",
                    answer="good 203.0.113.7\nreturn code: NOERROR\nerror code: NOERROR\n<TITLE>x</TITLE>\n",
                    other_target=r"/nic/dyndns\?action=edit&started=1&hostname=YES&host_id=[\w.]+&myip=[\d.]+",
                    why=("dyn", "the path /nic/update at this server only")),
    "noip": Case("no-ip", "noip", only_ddclient=("system",), why=("no-ip", "ddclient sends system=noip")),
    "noip-two-names": Case("no-ip", "noip", names=(HOME, VPN), only_ddclient=("system",),
                           why=("no-ip", "ddclient sends system=noip")),
    "ovh": Case("ovh", "ovh"),
    "ovh-two-names": Case("ovh", "ovh", names=(HOME, VPN)),
    "nsupdate-info": Case("nsupdate-info", keys={"username": None}, login=(HOME, LOGIN[1]),
                          only_ddclient=("system",), why=SYSTEM),
    "loopia": Case("loopia", more="script=/XDynDNSServer/XDynDNS.php, ",
                   other_target=r"/XDynDNSServer/XDynDNS.php\?system=dyndns&hostname=[\w.]+&myip=[\d.]+",
                   why=("loopia", "Older clients use https://dns.loopia.se/XDynDNSServer/XDynDNS.php")),
    "myonlineportal": Case("myonlineportal", other_target=GENERIC.pattern,
                           why=("myonlineportal", "ddclient sends /nic/update and myip")),
    "changeip": Case("changeip", "changeip", answer="200 Successful Update\n"),
    "changeip-two-names": Case("changeip", "changeip", names=(HOME, VPN), answer="200 Successful Update\n"),
    "easydns": Case("easydns", "easydns", answer="NOERROR\n", only_ddclient=("wildcard",),
                    why=("easydns", "ddclient sends wildcard=OFF")),
    "dslreports": Case("dslreports", "dslreports1", keys={"options": "host-id=1234567"}, host="1234567",
                       answer="return code: NOERROR\nerror code: NOERROR\n<TITLE>done</TITLE>\n"),
    # One GET as well, with the login in the query.
    "1984": Case("1984", "1984", keys={"username": None, "password": "a1b2c3"}, login=("unused", "a1b2c3"), path="/1.0",
                 answer='{"ok": true, "msg": "ok", "ip": "203.0.113.7", "lookup": "home.example.org"}\n'),
    "namecheap": Case("namecheap", "namecheap", keys={"username": None, "password": "a1b2c3", "zone": "example.org"},
                      login=("example.org", "a1b2c3"),
                      answer="<interface-response><ErrCount>0</ErrCount><IP>203.0.113.7</IP></interface-response>\n"),
    "sitelutions": Case("sitelutions", "sitelutions", host="1234567", answer="success\n", login=("alice", "a1b2c3"),
                        keys={"username": "alice", "password": "a1b2c3", "options": "record-id=1234567"}),
}
# What ddclient knows besides: the service is gone.
GONE = {"googledomains", "woima"}
# myip, but a password in the query, to a server that is gone; the service has an API now.
OTHER = {"dnsexit": "The old RemoteUpdate.sv"}


def answer_of(case):
    return good if case.answer is None else lambda request: case.answer


def by_ddclient(lab, case):
    """The requests that ddclient makes."""
    folder = Path(lab.dir, "ddclient")
    folder.mkdir()
    configuration = folder / "conf"
    configuration.touch(mode=0o600)
    user, password = case.login
    configuration.write_text(
        f"use=if, if=wan0\nssl=yes\nssl_ca_file={lab.authority.ca_file}\n"
        f"protocol={case.protocol}, server={SERVER4}:{PORT}, {case.more}login='{user}', password='{password}' "
        f"{case.host or ','.join(case.names)}\n")
    return requests_of(lab, lambda: ran(lab.gateway.run(
        ["ddclient", "-daemon=0", "-verbose", "-file", str(configuration), "-cache", str(folder / "cache")],
        check=False, timeout=20)))


def ran(done):
    assert "SUCCESS:" in done.stdout + done.stderr, done


def by_wanddns(lab, case):
    """The requests that wanddns makes."""
    user, password = LOGIN
    section = account(lab.server.url + case.path, case.names, title=case.provider,
                      **{"username": user, "password": password, **case.keys})

    def publish():
        daemon = lab.daemon(lab.config(section, family="ipv4"))
        for name in case.names:
            is_current(daemon, "203.0.113.7", name=name)
        daemon.stop()

    return requests_of(lab, publish)


def requests_of(lab, act):
    before = len(lab.server.requests)
    act()
    return lab.server.requests[before:]


def essence(request, without=()):
    """What the server sees: the method, the path, the query as a set, and the login."""
    pairs = frozenset((key, frozenset(value.split(","))) for key, value in
                      parse_qsl(urlsplit(request.target).query, keep_blank_values=True) if key not in without)
    return request.method, request.path, pairs, request.headers.get("authorization"), request.body


@pytest.mark.parametrize("name", CASES)
def test_request_is_that_of_ddclient(lab, name):
    """The same section leads to the same requests, but for what a comment in the definition tells."""
    case = CASES[name]
    lab.net.online(WAN0, v4=7)
    lab.server.answer = answer_of(case)
    ours, theirs = by_wanddns(lab, case), by_ddclient(lab, case)
    assert ours and theirs
    if case.other_target:
        assert all(re.fullmatch(case.other_target, request.target) for request in theirs), theirs
        assert Counter(map(essence, ours)) != Counter(map(essence, theirs))
        assert {request.headers["authorization"] for request in ours} == {
            request.headers["authorization"] for request in theirs}
    else:
        assert Counter(map(essence, ours)) == Counter(essence(request, case.only_ddclient) for request in theirs)


def comments_of(provider):
    text = Path(PROVIDERS, provider + ".conf").read_text()
    return " ".join(re.findall(r"#\s*(.*)", text))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.only_ddclient or case.other_target])
def test_difference_is_told_in_the_definition(name):
    """A comment says where and why a definition does not do as ddclient does."""
    provider, words = CASES[name].why
    assert words in comments_of(provider)


def test_every_service_of_ddclient_with_myip_is_here(lab):
    """No protocol of ddclient that sends myip is forgotten."""
    source = Path(lab.gateway.run(["sh", "-c", "command -v ddclient"]).stdout.strip()).read_text(errors="replace")
    bodies = re.findall(r"^sub nic_(\w+)_update \{(.*?)^\}", source, re.M | re.S)
    known = {name for name, body in bodies if "myip=" in body}
    assert "dyndns2" in known
    assert known - GONE - set(OTHER) <= {case.protocol for case in CASES.values()}
    for provider, words in OTHER.items():
        assert words in comments_of(provider)
