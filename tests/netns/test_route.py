"""Which interface: auto follows the kernel's routes, a name waits for its interface."""

import pytest

from harness.daemon import account
from harness.expect import is_current, publishes_next, sent, start_ipv4
from harness.topology import WAN0, WAN1


def link(lab, name, address, *, rename=None):
    """Make one more link to the internet, under this name or renamed to it after."""
    first = rename or name
    lab.gateway.ip(f"link add {first} type veth peer name isp9 netns {lab.internet.path}")
    lab.internet.ip("link set isp9 up")
    lab.gateway.ip(f"link set {first} up", f"addr add {address} dev {first}")


def ifindex(lab, name):
    return lab.gateway.ip(f"link show dev {name}").partition(":")[0]


def test_default_route_moving_to_another_uplink_and_back_is_two_updates(lab):
    """auto follows the default route, there and back, with one update each."""
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = start_ipv4(lab)
    lab.gateway.ip("route del default dev wan0")
    is_current(daemon, "198.51.100.7")
    mark = daemon.mark()
    lab.gateway.ip("route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "203.0.113.7", after=mark)
    publishes_next(lab, daemon, 7, 9,
                   ["203.0.113.7", "198.51.100.7", "203.0.113.7", "203.0.113.9"])


def test_requests_leave_from_the_new_address(lab):
    """After a move each request comes from the address that it publishes."""
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = start_ipv4(lab)
    lab.gateway.ip("route del default dev wan0")
    is_current(daemon, "198.51.100.7")
    assert [request.peer for request in lab.server.requests] == ["203.0.113.7", "198.51.100.7"]


@pytest.mark.parametrize("family, rtype, old, new", [
    ("ipv4", "A", "203.0.113.7", "198.51.100.7"),
    ("ipv6", "AAAA", "2001:db8:1::7", "2001:db8:2::7")], ids=["ipv4", "ipv6"])
def test_policy_rule_moves_auto(lab, family, rtype, old, new):
    """A routing rule that sends the Internet another way counts as a move."""
    lab.net.online(WAN0, v4=7, v6=7)
    lab.net.online(WAN1, v4=7, v6=7, metric=200)
    router = WAN1.router4 if family == "ipv4" else WAN1.router6
    lab.gateway.ip(f"route add default via {router} dev wan1 table 77")
    daemon = lab.daemon(lab.config(family=family))
    is_current(daemon, old, rtype=rtype)
    lab.gateway.run(["ip", f"-{family[-1]}", "rule", "add", "lookup", "77", "priority", "100"])
    is_current(daemon, new, rtype=rtype)
    daemon.stop()
    assert sent(lab.server) == [old, new]


def test_split_default_route_moves_auto(lab):
    """The two halves of a default route, as VPN clients set them, count as one."""
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = start_ipv4(lab)
    lab.gateway.ip("route add 0.0.0.0/1 via 198.51.100.1 dev wan1",
                   "route add 128.0.0.0/1 via 198.51.100.1 dev wan1")
    is_current(daemon, "198.51.100.7")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "198.51.100.7"]


def test_named_interface_missing_at_start_appears_later(lab):
    """A daemon waits for its interface and publishes when it is there."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4", interface="wan9"))
    daemon.wait_log(r"wan9 ipv4: no address \(no-interface: ")
    link(lab, "wan9", "198.51.100.77/32")
    is_current(daemon, "198.51.100.77")
    daemon.stop()
    assert sent(lab.server) == ["198.51.100.77"]


@pytest.mark.parametrize("address, expected", [
    ("198.51.100.77", ["198.51.100.77"]),
    ("198.51.100.78", ["198.51.100.77", "198.51.100.78"])], ids=["same-address", "new-address"])
def test_named_interface_with_a_new_ifindex_is_found(lab, address, expected):
    """An interface that goes and comes back under the same name is the same interface."""
    lab.net.online(WAN0, v4=7)
    link(lab, "wan9", "198.51.100.77/32")
    before = ifindex(lab, "wan9")
    daemon = lab.daemon(lab.config(family="ipv4", interface="wan9"))
    is_current(daemon, "198.51.100.77")
    lab.gateway.ip("link del wan9")
    daemon.wait_log(r"A: current -> idle \(no-interface: ")
    mark = daemon.mark()
    link(lab, "wan9", address + "/32")
    assert ifindex(lab, "wan9") != before
    is_current(daemon, address, after=mark)
    lab.gateway.ip("addr add 198.51.100.99/32 dev wan9", f"addr del {address}/32 dev wan9")
    is_current(daemon, "198.51.100.99")
    daemon.stop()
    assert sent(lab.server) == [*expected, "198.51.100.99"]


def test_named_interface_replaced_inside_the_quiet_time_is_found(lab):
    """A new interface under the name is followed even if its absence was never seen."""
    lab.net.online(WAN0, v4=7)
    link(lab, "wan9", "198.51.100.77/32")
    daemon = lab.daemon(lab.config(family="ipv4", interface="wan9", settle="300ms"))
    is_current(daemon, "198.51.100.77")
    mark = daemon.mark()
    lab.gateway.ip("link del wan9",
                   f"link add wan9 type veth peer name isp9 netns {lab.internet.path}",
                   "link set wan9 up", "addr add 198.51.100.77/32 dev wan9")
    lab.internet.ip("link set isp9 up")
    daemon.wait_log("settled: nothing changed|-> current", after=mark)
    lab.gateway.ip("addr add 198.51.100.99/32 dev wan9", "addr del 198.51.100.77/32 dev wan9")
    is_current(daemon, "198.51.100.99")
    daemon.stop()
    assert sent(lab.server) == ["198.51.100.77", "198.51.100.99"]


def test_interface_renamed_to_the_named_one_is_found(lab):
    """An interface that takes the name that is waited for is found by it."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4", interface="wan9"))
    daemon.wait_log("no-interface: ")
    link(lab, "wan9", "198.51.100.77/32", rename="eth9")
    lab.gateway.ip("link set eth9 down", "link set eth9 name wan9", "link set wan9 up")
    is_current(daemon, "198.51.100.77")
    lab.gateway.ip("link set wan9 down", "link set wan9 name eth9", "link set eth9 up")
    daemon.wait_log(r"A: current -> idle \(no-interface: ")
    daemon.stop()
    assert sent(lab.server) == ["198.51.100.77"]


@pytest.mark.parametrize("compat", [0, 1])
def test_nexthop_object_that_is_replaced_moves_auto(lab, compat):
    """The default route goes by a nexthop object: replacing the object is a move, announced with routes or without."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    lab.gateway.sysctl(**{"net/ipv4/nexthop_compat_mode": compat})
    lab.gateway.ip("nexthop add id 1 via 203.0.113.1 dev wan0", "route add default nhid 1 metric 50")
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    lab.gateway.ip("nexthop replace id 1 via 198.51.100.1 dev wan1")
    is_current(daemon, "198.51.100.8")


def test_list_of_interfaces_fails_over_and_back(lab):
    """The first of the list that is up and has an address counts, whatever the default route says; both moves publish."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    daemon = lab.daemon(lab.config(account(lab.server, interface=["wan0", "wan1"]), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    lab.gateway.ip("link set wan0 down")
    is_current(daemon, "198.51.100.8")
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 up", "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "203.0.113.7", after=mark)
    mark = daemon.mark()
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    is_current(daemon, "198.51.100.8", after=mark)
    mark = daemon.mark()
    lab.gateway.ip("addr add 203.0.113.9/24 dev wan0")
    is_current(daemon, "203.0.113.9", after=mark)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "198.51.100.8", "203.0.113.7", "198.51.100.8", "203.0.113.9"]


def test_pattern_finds_an_interface_that_comes_later(lab):
    """A pattern in quotes matches names, also of interfaces that do not exist yet."""
    lab.net.online(WAN1, v4=8)
    daemon = lab.daemon(lab.config(account(lab.server, interface="up*"), family="ipv4"))
    daemon.wait_log(r"up\* ipv4: no address \(no-interface: there is no interface up\*\)")
    lab.gateway.ip("link set wan0 down", "link set wan0 name uplink0", "link set uplink0 up",
                   "addr add 203.0.113.7/24 dev uplink0")
    is_current(daemon, "203.0.113.7")
