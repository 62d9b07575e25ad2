"""What becomes of a record when its interface comes, goes, or is another; and which of the addresses on it counts."""

import pytest

from harness.expect import at_rest, is_current, sent
from harness.family import IPV4, both_families
from harness.netns import Namespace
from harness.topology import WAN0, WAN1
from harness.tun import Line

OLD, NEW = "203.0.113.7", "203.0.113.9"


def start(lab, family=IPV4, address=OLD, **keys):
    """A daemon whose record is published."""
    daemon = lab.daemon(family.config(lab, **keys))
    family.is_current(daemon, address)
    return daemon


def becomes(lab, daemon, family, address, *commands):
    """After these ip commands in the gateway the record has this address."""
    mark = daemon.mark()
    lab.gateway.ip(*commands)
    family.is_current(daemon, address, after=mark)


def ends_with(lab, daemon, *addresses):
    """These requests in all."""
    daemon.stop()
    assert sent(lab.server) == list(addresses)


# Interfaces that come and go

@both_families
def test_interface_that_is_made_anew_has_another_index_and_the_same_record(lab, family):
    """An uplink is deleted and made again, with another index and in the end another address, in auto as by name."""
    family.online(lab, WAN0)
    daemon = start(lab, family, family.at(WAN0))
    lab.gateway.ip("link del wan0")
    family.goes_idle(daemon, "no-route")
    lab.gateway.ip("link add other0 type bridge", lab.net.cable(WAN0), "link set wan0 up")
    lab.internet.ip(*lab.net.isp_end(WAN0))
    mark = daemon.mark()
    family.online(lab, WAN0)
    family.is_current(daemon, family.at(WAN0), after=mark)
    becomes(lab, daemon, family, family.at(WAN0, 9), f"addr add {family.address(WAN0, 9)} dev wan0",
            f"addr del {family.address(WAN0).split()[0]} dev wan0", f"route replace {family.route(WAN0)}")
    ends_with(lab, daemon, family.at(WAN0), family.at(WAN0, 9))


@both_families
def test_interfaces_that_swap_names_swap_records(lab, family):
    """The configured name counts and not the index: two uplinks swap names, and the record has the other's address."""
    family.online(lab, WAN0)
    family.online(lab, WAN1, metric=200)
    lab.gateway.sysctl(**{"net/ipv6/conf/all/keep_addr_on_down": 1})
    daemon = start(lab, family, family.at(WAN0), interface="wan0")
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 down", "link set wan1 down", "link set wan0 name swap",
                   "link set wan1 name wan0", "link set swap name wan1", "link set wan0 up", "link set wan1 up",
                   f"route add {family.default} via "
                   f"{WAN1.router4 if family is IPV4 else WAN1.router6} dev wan0 metric 100")
    family.is_current(daemon, family.at(WAN1), after=mark)
    ends_with(lab, daemon, family.at(WAN0), family.at(WAN1))


@both_families
def test_rename_of_the_uplink_of_auto_is_no_update(lab, family):
    """auto does not care for names: the uplink is called otherwise, the record stays, and follows it still."""
    lab.gateway.sysctl(**{"net/ipv6/conf/all/keep_addr_on_down": 1})
    family.online(lab, WAN0)
    daemon = start(lab, family, family.at(WAN0))
    router = WAN0.router4 if family is IPV4 else WAN0.router6
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 down", "link set wan0 name fibre", "link set fibre up",
                   f"route add {family.default} via {router} dev fibre")
    daemon.wait_log(rf"auto {family}: {family.at(WAN0)} on fibre", after=mark)
    becomes(lab, daemon, family, family.at(WAN0, 9), f"addr add {family.address(WAN0, 9)} dev fibre",
            f"addr del {family.address(WAN0).split()[0]} dev fibre",
            f"route replace {family.default} via {router} dev fibre")
    ends_with(lab, daemon, family.at(WAN0), family.at(WAN0, 9))


@both_families
def test_uplink_that_moves_into_a_bridge_is_no_update(lab, family):
    """A link becomes the port of a bridge, which takes over address and route: auto finds the same address there."""
    family.online(lab, WAN0)
    daemon = start(lab, family, family.at(WAN0))
    router = WAN0.router4 if family is IPV4 else WAN0.router6
    lab.gateway.ip("link add br0 type bridge", "link set br0 up", "link set wan0 master br0",
                   f"route del {family.route(WAN0)}", f"addr del {family.address(WAN0).split()[0]} dev wan0",
                   f"addr add {family.address(WAN0)} dev br0", f"route add {family.default} via {router} dev br0")
    daemon.wait_log(rf"auto {family}: {family.at(WAN0)} on br0")
    becomes(lab, daemon, family, family.at(WAN0, 9), f"addr add {family.address(WAN0, 9)} dev br0",
            f"addr del {family.address(WAN0).split()[0]} dev br0",
            f"route replace {family.default} via {router} dev br0")
    ends_with(lab, daemon, family.at(WAN0), family.at(WAN0, 9))


@both_families
def test_bridge_is_waited_for_and_lives_by_its_port(lab, family):
    """interface = br0: published when the bridge is there with its port, link-down when the port is out, and back."""
    family.online(lab, WAN0)
    daemon = lab.daemon(family.config(lab, interface="br0"))
    daemon.wait_log(rf"br0 {family}: no address \(no-interface: ")
    router = WAN0.router4 if family is IPV4 else WAN0.router6
    lab.gateway.ip("link add br0 type bridge", "link set br0 up", f"route del {family.route(WAN0)}",
                   f"addr del {family.address(WAN0).split()[0]} dev wan0", f"addr add {family.address(WAN0)} dev br0",
                   "link set wan0 master br0", f"route add {family.default} via {router} dev br0")
    family.is_current(daemon, family.at(WAN0))
    lab.gateway.ip("link set wan0 nomaster")
    family.goes_idle(daemon, "link-down")
    becomes(lab, daemon, family, family.at(WAN0), "link set wan0 master br0")
    ends_with(lab, daemon, family.at(WAN0))


@pytest.mark.parametrize("interface, reason", [("wan0", "no-interface"), ("auto", "no-route")])
def test_interface_that_moves_to_another_namespace_and_back(lab, interface, reason):
    """A link that is given to a container is gone; when it is back, its address is the published one still."""
    IPV4.online(lab, WAN0)
    daemon = start(lab, interface=interface)
    container = Namespace("container")
    try:
        lab.gateway.ip(f"link set wan0 netns {container.path}")
        IPV4.goes_idle(daemon, reason)
        container.ip("link set wan0 up", f"addr add {NEW}/24 dev wan0")
        container.ip(f"link set wan0 netns {lab.gateway.path}")
    finally:
        container.close()
    lab.gateway.ip("link set wan0 up")
    mark = daemon.mark()
    IPV4.online(lab, WAN0)
    is_current(daemon, OLD, after=mark)
    becomes(lab, daemon, IPV4, NEW, f"addr add {NEW}/24 dev wan0", f"addr del {OLD}/24 dev wan0")
    ends_with(lab, daemon, OLD, NEW)


def test_link_that_is_dormant_is_down(lab):
    """A link that waits for its authentication (RFC 2863: dormant) carries nothing yet."""
    IPV4.online(lab, WAN0)
    daemon = start(lab, interface="wan0")
    lab.gateway.ip("link set wan0 mode dormant", "link set wan0 state dormant")
    IPV4.goes_idle(daemon, "link-down")
    becomes(lab, daemon, IPV4, OLD, "link set wan0 mode default", "link set wan0 state up")
    ends_with(lab, daemon, OLD)


# Point-to-point lines

def dial(lab, name="ppp0", local=OLD, peer="203.0.113.1"):
    """A line with its default route, as a PPP daemon leaves it."""
    line = Line(lab, name, local, peer)
    lab.gateway.ip(f"route replace default dev {name} metric 50")
    return line


@pytest.mark.parametrize("interface", ["auto", "ppp0", "ppp*"])
def test_own_end_of_a_point_to_point_line_is_published(lab, interface):
    """Of the two addresses of a line the own one counts, never the peer's; the request goes over the line."""
    with dial(lab):
        daemon = start(lab, interface=interface)
        assert lab.server.requests[0].peer == OLD
        becomes(lab, daemon, IPV4, NEW, f"addr add {NEW} peer 203.0.113.1 dev ppp0", f"addr del {OLD} dev ppp0",
                "route replace default dev ppp0 metric 50")
        ends_with(lab, daemon, OLD, NEW)


def test_pattern_follows_the_line_whatever_its_number(lab):
    """ppp0 hangs up and ppp1 is dialled, with another index and address; one more beside it changes nothing."""
    with dial(lab):
        daemon = start(lab, interface="ppp*")
    IPV4.goes_idle(daemon, "no-interface")
    with dial(lab, "ppp1", NEW):
        is_current(daemon, NEW)
        mark = daemon.mark()
        with dial(lab, "ppp2", "203.0.113.77", "203.0.113.2"):
            at_rest(daemon, mark)
            lab.gateway.ip("route replace default dev ppp1 metric 50")
            mark = daemon.mark()
        at_rest(daemon, mark)
        ends_with(lab, daemon, OLD, NEW)


def test_line_before_another_uplink_is_failover_and_failback(lab):
    """interface = { ppp*, wan1 }: the line counts while it is there, wan1 when it has hung up."""
    IPV4.online(lab, WAN1, metric=200)
    daemon = start(lab, address="198.51.100.7", interface=["ppp*", "wan1"])
    with dial(lab):
        is_current(daemon, OLD)
        mark = daemon.mark()
    is_current(daemon, "198.51.100.7", after=mark)
    with dial(lab, "ppp7", NEW):
        is_current(daemon, NEW)
        ends_with(lab, daemon, "198.51.100.7", OLD, "198.51.100.7", NEW)


# Several addresses on a link

def test_label_makes_no_difference(lab):
    """An address with a label is one of the link that it is on."""
    lab.gateway.ip(f"addr add {OLD}/24 dev wan0 label wan0:1", "route add default via 203.0.113.1 dev wan0")
    daemon = start(lab, interface="wan0")
    becomes(lab, daemon, IPV4, NEW, f"addr add {NEW}/24 dev wan0 label wan0:2", f"addr del {OLD}/24 dev wan0")
    ends_with(lab, daemon, OLD, NEW)


@pytest.mark.parametrize("interface", ["auto", "wan0"])
def test_single_address_without_a_subnet_is_published(lab, interface):
    """A /32 with a router outside of it, as hosting providers give it."""
    lab.gateway.ip(f"addr add {OLD}/32 dev wan0", "route add default via 203.0.113.1 dev wan0 onlink")
    daemon = start(lab, interface=interface)
    becomes(lab, daemon, IPV4, NEW, f"addr add {NEW}/32 dev wan0", f"addr del {OLD}/32 dev wan0")
    ends_with(lab, daemon, OLD, NEW)


def test_primary_address_comes_before_the_secondaries(lab):
    """Of three addresses of a subnet the first counts, also if it is not the lowest; without it, its successor."""
    lab.gateway.ip(*(f"addr add 203.0.113.{host}/24 dev wan0" for host in (50, 40, 60)),
                   "route add default via 203.0.113.1 dev wan0")
    daemon = start(lab, address="203.0.113.50")
    becomes(lab, daemon, IPV4, "203.0.113.40", "addr del 203.0.113.50/24 dev wan0",
            "route replace default via 203.0.113.1 dev wan0")
    mark = daemon.mark()
    lab.gateway.ip("addr del 203.0.113.60/24 dev wan0")
    at_rest(daemon, mark)
    ends_with(lab, daemon, "203.0.113.50", "203.0.113.40")


def test_secondaries_that_go_with_their_primary_leave_no_address(lab):
    """Where the kernel does not promote secondaries, the end of the primary is the end of all; nothing is sent."""
    lab.gateway.sysctl(**{"net/ipv4/conf/all/promote_secondaries": 0, "net/ipv4/conf/wan0/promote_secondaries": 0})
    IPV4.online(lab, WAN0)
    lab.gateway.ip(f"addr add {NEW}/24 dev wan0", "addr add 203.0.113.10/24 dev wan0")
    daemon = start(lab, interface="wan0")
    lab.gateway.ip(f"addr del {OLD}/24 dev wan0")
    IPV4.goes_idle(daemon, "no-address")
    mark = daemon.mark()
    IPV4.online(lab, WAN0, host=9)
    is_current(daemon, NEW, after=mark)
    ends_with(lab, daemon, OLD, NEW)


def test_private_address_beside_a_public_one_is_passed_over(lab):
    """A modem's management address on the uplink is never the one, first in the list or last."""
    lab.gateway.ip("addr add 192.168.100.2/24 dev wan0")
    IPV4.online(lab, WAN0)
    daemon = start(lab, interface="wan0")
    mark = daemon.mark()
    lab.gateway.ip(f"addr del {OLD}/24 dev wan0")
    IPV4.goes_idle(daemon, "private", after=mark)
    becomes(lab, daemon, IPV4, NEW, f"addr add {NEW}/24 dev wan0")
    ends_with(lab, daemon, OLD, NEW)


def test_address_of_a_narrow_scope_is_not_published(lab):
    """An address that the administrator keeps to the link (scope link) is not for the Internet."""
    lab.gateway.ip(f"addr add {OLD}/24 dev wan0 scope link", "route add default via 203.0.113.1 dev wan0")
    daemon = lab.daemon(IPV4.config(lab, interface="wan0"))
    daemon.wait_log(r"wan0 ipv4: no address \(not-global: ")
    lab.gateway.ip(f"addr add {NEW}/32 dev wan0")
    is_current(daemon, NEW)
    ends_with(lab, daemon, NEW)


# IPv4 lifetimes

def test_deprecated_ipv4_address_gives_way(lab):
    """A primary address whose preferred lifetime is set to 0 is left for a secondary; alone it is not published."""
    IPV4.online(lab, WAN0)
    lab.gateway.ip(f"addr add {NEW}/24 dev wan0")
    daemon = start(lab)
    becomes(lab, daemon, IPV4, NEW, f"addr change {OLD}/24 dev wan0 preferred_lft 0 valid_lft 600")
    lab.gateway.ip(f"addr del {NEW}/24 dev wan0")
    IPV4.goes_idle(daemon, "deprecated")
    becomes(lab, daemon, IPV4, OLD, f"addr change {OLD}/24 dev wan0 preferred_lft 600 valid_lft 600")
    ends_with(lab, daemon, OLD, NEW, OLD)


def test_ipv4_lease_that_runs_out_is_noticed(lab):
    """A lease that nobody renews: the kernel's own events end it, first as deprecated, then as gone."""
    IPV4.online(lab, WAN1, metric=200)
    daemon = start(lab, address="198.51.100.7", interface=["wan0", "wan1"])
    mark = daemon.mark()
    lab.gateway.ip(f"addr add {OLD}/24 dev wan0 valid_lft 3 preferred_lft 2")
    is_current(daemon, OLD)
    is_current(daemon, "198.51.100.7", after=mark)
    lab.gateway.ip("addr del 198.51.100.7/24 dev wan1")
    IPV4.goes_idle(daemon, "deprecated", after=mark)
    daemon.wait_log(r"wan0,wan1 ipv4: no address \(no-address: wan0 ", after=mark)
    ends_with(lab, daemon, "198.51.100.7", OLD, "198.51.100.7")
