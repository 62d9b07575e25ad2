"""wanddns watch: the addresses of the machine, without configuration and without root."""

import itertools
import json
import shutil

import pytest

from harness.daemon import PROGRAM, as_nobody
from harness.expect import until
from harness.topology import WAN0, WAN1


@pytest.fixture
def program(lab):
    """A copy of the program where any user can run it."""
    return shutil.copy(PROGRAM, lab.open_folder() / "wanddns")


def watch(lab, program, *argv):
    return lab.process(as_nobody([str(program), "watch", *argv]))


def test_watch_prints_addresses_and_changes(lab, program):
    """One line per family at the start, then one for each change; no root, no configuration."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program)
    process.out.wait(r"ipv4 203\.0\.113\.7 on wan0 \(auto\)")
    process.out.wait(r"ipv6 none \(no-route: ")
    lab.net.replace4(7, 9)
    process.out.wait(r"ipv4 203\.0\.113\.9 on wan0")
    lab.net.online(WAN1, v6=8)
    process.out.wait(r"ipv6 2001:db8:2::8 on wan1")
    lab.gateway.ip("route del default dev wan0")
    process.out.wait(r"ipv4 none \(no-route: ")
    process.stop()
    assert len(process.out.lines) == 5


def test_watch_of_one_interface(lab, program):
    """-i names the interface, which need not be there yet."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program, "-i", "wan9")
    process.out.wait(r"ipv4 none \(no-interface: ")
    lab.gateway.ip("link set wan1 name wan9", "addr add 198.51.100.8/24 dev wan9",
                   "link set wan9 up")
    process.out.wait(r"ipv4 198\.51\.100\.8 on wan9")


def test_watch_json_is_one_object_a_line(lab, program):
    """--json: objects with time, family, interface, address and reason."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program, "--json")
    process.out.wait('"ipv6"')
    mark = process.out.mark()
    lab.net.replace4(7, 9)
    process.out.wait("203.0.113.9", after=mark)
    process.stop()
    objects = [json.loads(line.text) for line in process.out.lines]
    assert all("time" in entry for entry in objects)
    assert [(entry["family"], entry.get("address"), entry.get("interface"), entry["reason"])
            for entry in objects] == [
        ("ipv4", "203.0.113.7", "wan0", "chosen"), ("ipv6", None, None, "no-route"),
        ("ipv4", "203.0.113.9", "wan0", "chosen")]


# -v: the candidates, each with its reason

def below(process, heading):
    """What stands below the last line that begins so, once it is there: {"203.0.113.7 on wan0": "chosen"}."""
    def found():
        lines = [line.text for line in process.out.lines]
        starts = [number for number, line in enumerate(lines) if line.startswith(heading)]
        rest = lines[starts[-1] + 1:] if starts else []
        return [line.strip() for line in itertools.takewhile(lambda line: line.startswith("    "), rest)]

    return dict(line.split(": ")[:2] for line in until(found, what=f"candidates below {heading!r}"))


def in_json(process, family):
    """The candidates of the last object of a family: {"203.0.113.7 on wan0": "chosen"}."""
    objects = [json.loads(line.text) for line in list(process.out.lines)]
    last, = [entry for entry in objects if entry["family"] == family][-1:]
    return {f"{one['address'] or 'nothing'} on {one['interface']}": one["reason"] for one in last["candidates"]}


def detect_duplicates(lab, link="wan0"):
    lab.gateway.sysctl(**{f"net/ipv6/conf/{link}/accept_dad": 1})


IPV4_CANDIDATES = {"203.0.113.7 on wan0": "chosen", "203.0.113.9 on wan0": "other", "192.168.7.2 on wan0": "private",
                   "100.64.7.2 on wan0": "carrier-nat", "169.254.7.2 on wan0": "link-local",
                   "203.0.113.77 on wan0": "deprecated", "198.51.100.99 on wan0": "not-global"}


def many_addresses(lab):
    lab.net.online(WAN0, v4=7)
    lab.gateway.ip(*(f"addr add {address} dev wan0" for address in (
        "203.0.113.9/24", "192.168.7.2/24", "100.64.7.2/24", "169.254.7.2/16 scope link",
        "203.0.113.77/24 preferred_lft 0 valid_lft 600", "198.51.100.99/24 scope link")))


def test_watch_v_names_each_address_with_its_reason(lab, program):
    """-v: below each line every address of the link, with the reason why it is published or not."""
    many_addresses(lab)
    process = watch(lab, program, "-v")
    process.out.wait("ipv6 none")
    assert below(process, "ipv4 203.0.113.7 on wan0 (auto)") == IPV4_CANDIDATES
    process.stop()
    assert len(process.out.lines) == 2 + len(IPV4_CANDIDATES)


def test_watch_v_json_has_the_candidates(lab, program):
    """-v --json: the same in "candidates", which is not there without -v."""
    many_addresses(lab)
    process = watch(lab, program, "-v", "--json")
    process.out.wait('"ipv6"')
    assert in_json(process, "ipv4") == IPV4_CANDIDATES
    assert in_json(process, "ipv6") == {}
    plain = watch(lab, program, "--json")
    plain.out.wait('"ipv6"')
    assert all("candidates" not in json.loads(line.text) for line in plain.out.lines)


def test_watch_v_says_what_is_wrong_with_ipv6_addresses(lab, program):
    """A duplicate, a temporary, a unique local, a link-local and a deprecated address, each by its name."""
    lab.net.online(WAN0, v6=7)
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/use_tempaddr": 2})
    lab.internet.ip("addr add 2001:db8:1::66/128 dev isp0 nodad")
    detect_duplicates(lab)
    lab.gateway.ip("addr add 2001:db8:1:1::7/64 dev wan0 nodad mngtmpaddr valid_lft 6000 preferred_lft 3000",
                   "addr add fd00:7::7/64 dev wan0 nodad", "addr add 2001:db8:1::66/64 dev wan0",
                   "addr add 2001:db8:1::8/64 dev wan0 nodad preferred_lft 0 valid_lft 600")
    until(lambda: "dadfailed" in lab.gateway.run(["ip", "addr", "show", "dev", "wan0"]).stdout)
    until(lambda: lab.gateway.run(["ip", "-o", "addr", "show", "dev", "wan0", "temporary", "-tentative"]).stdout)
    process = watch(lab, program, "-v", "--json")
    process.out.wait('"ipv6"')
    found = in_json(process, "ipv6")
    expected = {"2001:db8:1::7 on wan0": "chosen", "2001:db8:1:1::7 on wan0": "other", "fd00:7::7 on wan0": "ula",
                "2001:db8:1::66 on wan0": "dad-failed", "2001:db8:1::8 on wan0": "deprecated"}
    assert {address: reason for address, reason in found.items() if address in expected} == expected
    rest = {address: reason for address, reason in found.items() if address not in expected}
    assert sorted(rest.values()) == ["link-local", "temporary"]


def test_watch_v_tells_of_a_candidate_that_changes(lab, program):
    """A tentative address is seen as that; when it is not chosen either, the line comes again with the new reason."""
    lab.net.online(WAN0, v6=7)
    detect_duplicates(lab)
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/dad_transmits": 2})
    process = watch(lab, program, "-v")
    process.out.wait("2001:db8:1::7 on wan0: chosen")
    lab.gateway.ip("addr add 2001:db8:1::8/64 dev wan0")
    process.out.wait("2001:db8:1::8 on wan0: tentative")
    process.out.wait("2001:db8:1::8 on wan0: other")
    assert len(process.out.find(r"^(\S+ )?ipv6 2001:db8:1::7 on wan0")) == 3


def test_watch_v_of_a_pattern_looks_at_each_link(lab, program):
    """-i with a pattern: a link that is down is a candidate that has nothing, and stands beside the chosen one."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=7, metric=200)
    lab.gateway.ip("link set wan0 down")
    process = watch(lab, program, "-v", "-i", "wan*")
    process.out.wait("198.51.100.7 on wan1: chosen")
    process.out.wait("nothing on wan0: link-down")
    mark = process.out.mark()
    lab.gateway.ip("link set wan0 up")
    process.out.wait("198.51.100.7 on wan1: other", after=mark)
    process.out.wait("203.0.113.7 on wan0: chosen", after=mark)


def test_watch_v_of_a_link_without_an_address(lab, program):
    """The uplink is there and has nothing: that is the candidate."""
    process = watch(lab, program, "-v", "-i", "wan0")
    process.out.wait(r"ipv4 none \(no-address: ")
    process.out.wait("nothing on wan0: no-address")
