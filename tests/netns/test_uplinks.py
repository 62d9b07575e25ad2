"""Which uplink: auto goes where the kernel's routes go, a list where the first fit interface is. In both families."""

import time

import pytest

from harness.expect import at_rest, sent
from harness.family import IPV4, IPV6, both_families
from harness.topology import WAN0, WAN1

QUICK = {"settle": "20ms"}


def start(lab, family, *, uplink=WAN0, **keys):
    """A daemon whose record has the address of this uplink."""
    daemon = lab.daemon(family.config(lab, **keys))
    family.is_current(daemon, family.at(uplink))
    return daemon


def moves_to(lab, daemon, family, uplink, *commands, host=7):
    """After these ip commands in the gateway the record has the address of the uplink."""
    mark = daemon.mark()
    lab.gateway.ip(*commands)
    family.is_current(daemon, family.at(uplink, host), after=mark)


def ends_with(lab, daemon, family, *uplinks):
    """These requests in all, each with the address of an uplink."""
    daemon.stop()
    assert sent(lab.server) == [family.at(uplink) for uplink in uplinks]


# The default route

@both_families
def test_metric_that_rises_moves_auto_and_back(lab, family):
    """A default route whose metric rises above the other's gives way to it: two updates there and back."""
    family.online(lab, WAN0, metric=100)
    family.online(lab, WAN1, metric=200)
    daemon = start(lab, family)
    moves_to(lab, daemon, family, WAN1, f"route replace {family.route(WAN0, 300)}",
             f"route del {family.route(WAN0, 100)}")
    moves_to(lab, daemon, family, WAN0, f"route replace {family.route(WAN0, 100)}",
             f"route del {family.route(WAN0, 300)}")
    ends_with(lab, daemon, family, WAN0, WAN1, WAN0)


@both_families
@pytest.mark.parametrize("verb", ["replace", "change"])
def test_default_route_that_is_replaced_in_place_moves_auto(lab, family, verb):
    """The one default route is given another gateway: no route was deleted, and it is a move."""
    family.online(lab, WAN0)
    lab.gateway.ip(f"addr add {family.address(WAN1)} dev wan1")
    daemon = start(lab, family)
    moves_to(lab, daemon, family, WAN1, f"route {verb} {family.route(WAN1)}")
    moves_to(lab, daemon, family, WAN0, f"route {verb} {family.route(WAN0)}")
    ends_with(lab, daemon, family, WAN0, WAN1, WAN0)


def test_default_route_put_before_one_of_the_same_metric_moves_auto(lab):
    """Of two IPv4 default routes with one metric the first counts, as it does for the kernel."""
    IPV4.online(lab, WAN0)
    lab.gateway.ip(f"addr add {IPV4.address(WAN1)} dev wan1")
    daemon = start(lab, IPV4)
    moves_to(lab, daemon, IPV4, WAN1, f"route prepend {IPV4.route(WAN1)}")
    moves_to(lab, daemon, IPV4, WAN0, f"route del {IPV4.route(WAN1)}")
    ends_with(lab, daemon, IPV4, WAN0, WAN1, WAN0)


def test_lost_default_route_of_ipv6_moves_auto_and_back(lab):
    """A default route that goes and comes moves IPv6 as it moves IPv4."""
    IPV6.online(lab, WAN0)
    IPV6.online(lab, WAN1, metric=200)
    daemon = start(lab, IPV6)
    moves_to(lab, daemon, IPV6, WAN1, f"route del {IPV6.route(WAN0)}")
    moves_to(lab, daemon, IPV6, WAN0, f"route add {IPV6.route(WAN0)}")
    ends_with(lab, daemon, IPV6, WAN0, WAN1, WAN0)


@both_families
@pytest.mark.parametrize("kind", ["unreachable", "blackhole", "prohibit"])
def test_default_route_to_nowhere_is_no_route(lab, family, kind):
    """A better default route that leads nowhere leaves nothing to publish; when it is gone, nothing need be sent."""
    family.online(lab, WAN0)
    daemon = start(lab, family)
    lab.gateway.ip(f"route add {kind} {family.default} metric 50")
    family.goes_idle(daemon, "no-route")
    moves_to(lab, daemon, family, WAN0, f"route del {kind} {family.default} metric 50")
    ends_with(lab, daemon, family, WAN0)


def test_default_route_whose_lifetime_runs_out_moves_auto(lab):
    """An IPv6 default route that nobody renews: when the kernel clears it away, auto is on the other uplink."""
    lab.gateway.sysctl(**{"net/ipv6/route/gc_interval": 1})  # seconds; 30 is the kernel's default
    IPV6.online(lab, WAN1, metric=200)
    daemon = start(lab, IPV6, uplink=WAN1)
    mark = daemon.mark()
    moves_to(lab, daemon, IPV6, WAN0, f"addr add {IPV6.address(WAN0)} dev wan0",
             f"route add {IPV6.route(WAN0)} expires 2")
    IPV6.is_current(daemon, IPV6.at(WAN1), after=mark)
    ends_with(lab, daemon, IPV6, WAN1, WAN0, WAN1)


# Policy routing

@both_families
def test_rule_for_other_traffic_moves_nothing(lab, family):
    """Rules that do not catch what the gateway itself sends to the Internet leave auto where it is."""
    family.online(lab, WAN0)
    family.online(lab, WAN1, metric=200)
    lab.gateway.ip(f"route add {family.default} {family.via(WAN1)} table 77")
    daemon = start(lab, family, **QUICK)
    server = "192.0.2.53/32" if family is IPV4 else "2001:db8:53::53/128"
    for selector in (f"from {family.at(WAN0)}", f"from {family.at(WAN1)}", "iif wan1", "fwmark 7", "tos 0x10",
                     "ipproto udp dport 53", f"to {server}"):
        mark = daemon.mark()
        family.rule(lab, f"add {selector} lookup 77 priority 100")
        at_rest(daemon, mark)
    mark = daemon.mark()
    family.rule(lab, "add lookup 77 priority 101")
    family.is_current(daemon, family.at(WAN1), after=mark)
    ends_with(lab, daemon, family, WAN0, WAN1)


@both_families
def test_table_of_a_rule_moves_auto(lab, family):
    """A change in the table that a rule leads to is a move, and so is the end of the rule."""
    family.online(lab, WAN0)
    lab.gateway.ip(f"addr add {family.address(WAN1)} dev wan1",
                   f"route add {family.default} {family.via(WAN0)} table 77")
    family.rule(lab, "add lookup 77 priority 100")
    daemon = start(lab, family)
    moves_to(lab, daemon, family, WAN1, f"route replace {family.default} {family.via(WAN1)} table 77")
    moves_to(lab, daemon, family, WAN0, f"route del {family.default} table 77")
    moves_to(lab, daemon, family, WAN1, f"route add {family.default} {family.via(WAN1)} table 77")
    mark = daemon.mark()
    family.rule(lab, "del lookup 77 priority 100")
    family.is_current(daemon, family.at(WAN0), after=mark)
    ends_with(lab, daemon, family, WAN0, WAN1, WAN0, WAN1, WAN0)


@both_families
def test_rule_to_nowhere_is_no_route(lab, family):
    """A rule that forbids the way is the end of the route, and its removal brings it back."""
    family.online(lab, WAN0)
    daemon = start(lab, family)
    family.rule(lab, "add prohibit priority 100")
    family.goes_idle(daemon, "no-route")
    mark = daemon.mark()
    family.rule(lab, "del prohibit priority 100")
    family.is_current(daemon, family.at(WAN0), after=mark)
    ends_with(lab, daemon, family, WAN0)


@both_families
def test_vpn_by_rules_is_not_published(lab, family):
    """wg-quick's rules send all to a tunnel with a private address: that is not published, nor anything after it."""
    private, reason = ("10.8.0.2/32", "private") if family is IPV4 else ("fd00:8::2/128 nodad", "ula")
    family.online(lab, WAN0)
    daemon = start(lab, family)
    lab.gateway.ip(f"addr add {private} dev wan1", f"route add {family.default} dev wan1 table 51820")
    family.rule(lab, "add not fwmark 51820 lookup 51820 priority 101")
    family.rule(lab, "add lookup main suppress_prefixlength 0 priority 100")
    family.goes_idle(daemon, reason)
    mark = daemon.mark()
    family.rule(lab, "del not fwmark 51820 lookup 51820 priority 101")
    family.is_current(daemon, family.at(WAN0), after=mark)
    ends_with(lab, daemon, family, WAN0)


# Several ways at once

def other(uplink):
    return WAN1 if uplink is WAN0 else WAN0


def start_multipath(lab, family, *commands, **keys):
    """Addresses on both uplinks, the default route by these commands: the daemon, and the uplink that it chose."""
    lab.gateway.ip(*(f"addr add {family.address(uplink)} dev {uplink.link}" for uplink in (WAN0, WAN1)), *commands)
    daemon = lab.daemon(family.config(lab, **keys))
    line = daemon.wait_log(rf"{family.rtype}: updating -> current")
    return daemon, WAN0 if f"({family.at(WAN0)};" in line.text else WAN1


def multipath(family, *uplinks):
    return f"{family.default} metric 50 " + " ".join(f"nexthop {family.via(uplink)}" for uplink in uplinks)


@both_families
def test_multipath_does_not_flip_while_its_ways_stay(lab, family):
    """Of a default route with two ways one is chosen, and twenty events that do not touch it move nothing."""
    daemon, first = start_multipath(lab, family, f"route add {multipath(family, WAN0, WAN1)}", **QUICK)
    link = first.link
    third = "224.0.0.0/3" if family is IPV4 else "e000::/3"
    for command in (*(f"link set {name} alias {word}" for name in ("lo", "wan0", "wan1") for word in ("one", "two")),
                    f"addr add {family.address(first, 99)} dev {link}",
                    f"addr add 192.168.7.1/24 dev {link}", f"addr del 192.168.7.1/24 dev {link}",
                    f"addr del {family.address(first, 99).split()[0]} dev {link}",
                    f"link set {other(first).link} mtu 1400", f"link set {link} mtu 1400",
                    "link add br9 type bridge", "link set br9 up", "link del br9",
                    f"route add {third} {family.via(other(first))}", f"route del {third}",
                    f"route add {family.default} {family.via(other(first))} metric 60",
                    f"route del {family.default} {family.via(other(first))} metric 60",
                    f"route add {family.default} {family.via(other(first))} table 77"):
        mark = daemon.mark()
        lab.gateway.ip(command)
        at_rest(daemon, mark)
    moves_to(lab, daemon, family, other(first), f"route replace {multipath(family, other(first))}")
    ends_with(lab, daemon, family, first, other(first))


@both_families
@pytest.mark.parametrize("way", ["route", "link", "carrier"])
def test_multipath_that_loses_a_way_takes_the_other(lab, family, way):
    """The chosen way of two is taken out of the route, or its link goes down, or its carrier."""
    lab.gateway.sysctl(**{f"net/ipv{family.number}/conf/{link}/ignore_routes_with_linkdown": 1
                          for link in ("all", "wan0", "wan1")})
    daemon, first = start_multipath(lab, family, f"route add {multipath(family, WAN0, WAN1)}")
    mark = daemon.mark()
    if way == "route":
        lab.gateway.ip(f"route replace {multipath(family, other(first))}")
    elif way == "link":
        lab.gateway.ip(f"link set {first.link} down")
    else:
        lab.internet.ip(f"link set {first.peer} down")
    family.is_current(daemon, family.at(other(first)), after=mark)
    ends_with(lab, daemon, family, first, other(first))


# Nexthop objects

@pytest.fixture(params=[0, 1], ids=["compat-0", "compat-1"])
def compat(lab, request):
    """With 0 the kernel tells of a changed nexthop by the nexthop alone, with 1 (its default) also by its routes."""
    lab.gateway.sysctl(**{"net/ipv4/nexthop_compat_mode": request.param})


@pytest.mark.usefixtures("compat")
@both_families
def test_nexthop_that_leads_nowhere_is_no_route(lab, family):
    """A nexthop object becomes a blackhole, then another uplink, then the first again."""
    daemon, _ = start_multipath(lab, family, f"nexthop add id 1 {family.via(WAN0)}",
                                f"route add {family.default} nhid 1 metric 50")
    lab.gateway.run(["ip", f"-{family.number}", "nexthop", "replace", "id", "1", "blackhole"])
    family.goes_idle(daemon, "no-route")
    moves_to(lab, daemon, family, WAN1, f"nexthop replace id 1 {family.via(WAN1)}")
    moves_to(lab, daemon, family, WAN0, f"nexthop replace id 1 {family.via(WAN0)}")
    ends_with(lab, daemon, family, WAN0, WAN1, WAN0)


@pytest.mark.usefixtures("compat")
@both_families
@pytest.mark.parametrize("way", ["member-deleted", "member-replaced", "group-replaced", "link"])
def test_nexthop_group_that_loses_a_way_takes_the_other(lab, family, way):
    """One of two nexthops of a group is chosen; when it is gone by any of these ways, the other is."""
    daemon, first = start_multipath(
        lab, family, f"nexthop add id 1 {family.via(WAN0)}", f"nexthop add id 2 {family.via(WAN1)}",
        "nexthop add id 10 group 1/2", f"route add {family.default} nhid 10 metric 50")
    chosen, rest = (1, 2) if first is WAN0 else (2, 1)
    moves_to(lab, daemon, family, other(first), {
        "member-deleted": f"nexthop del id {chosen}",
        "member-replaced": f"nexthop replace id {chosen} {family.via(other(first))}",
        "group-replaced": f"nexthop replace id 10 group {rest}",
        "link": f"link set {first.link} down"}[way])
    ends_with(lab, daemon, family, first, other(first))


# A router with many routes

def test_default_route_moves_among_many(lab):
    """Thirty thousand routes more make a move of the default route no slower to notice and no more requests."""
    IPV4.online(lab, WAN0)
    IPV4.online(lab, WAN1, metric=200)
    lab.gateway.ip(*(f"route add {20 + n // 65536}.{n // 256 % 256}.{n % 256}.0/24 via 203.0.113.1 dev wan0"
                     for n in range(30_000)))
    daemon = start(lab, IPV4)
    moves_to(lab, daemon, IPV4, WAN1, f"route del {IPV4.route(WAN0)}")
    moves_to(lab, daemon, IPV4, WAN0, f"route add {IPV4.route(WAN0)}")
    ends_with(lab, daemon, IPV4, WAN0, WAN1, WAN0)


def test_link_that_takes_many_routes_with_it_moves_auto(lab):
    """A link goes down and ten thousand IPv6 routes with it, each announced: auto is on the other uplink."""
    IPV6.online(lab, WAN0)
    IPV6.online(lab, WAN1, metric=200)
    lab.gateway.ip(*(f"route add 2001:db8:{n + 256:x}::/48 {IPV6.via(WAN0)}" for n in range(10_000)))
    daemon = start(lab, IPV6)
    moves_to(lab, daemon, IPV6, WAN1, "link set wan0 down")
    ends_with(lab, daemon, IPV6, WAN0, WAN1)


# A list of interfaces

def heed_carriers(lab):
    """The kernel takes no route by a link without a carrier; the ISP's addresses outlive its link's downs."""
    lab.gateway.sysctl(**{f"net/ipv{number}/conf/{link}/ignore_routes_with_linkdown": 1
                          for number in (4, 6) for link in ("all", "wan0", "wan1")})
    lab.internet.sysctl(**{"net/ipv6/conf/all/keep_addr_on_down": 1})


@both_families
@pytest.mark.parametrize("interface", ["auto", ["wan0", "wan1"]], ids=["auto", "list"])
def test_carrier_that_goes_and_comes_is_failover_and_failback(lab, family, interface):
    """The cable of the first uplink is pulled and put back: the other's address, then its own again."""
    heed_carriers(lab)
    family.online(lab, WAN0)
    family.online(lab, WAN1, metric=200)
    daemon = start(lab, family, interface=interface)
    mark = daemon.mark()
    lab.internet.ip("link set isp0 down")
    family.is_current(daemon, family.at(WAN1), after=mark)
    mark = daemon.mark()
    lab.internet.ip("link set isp0 up")
    family.is_current(daemon, family.at(WAN0), after=mark)
    ends_with(lab, daemon, family, WAN0, WAN1, WAN0)


@both_families
def test_list_skips_an_interface_whose_address_is_not_fit(lab, family):
    """First of the list is who has an address that can be published: not a private one, not a deprecated one."""
    private = "192.168.7.2/24" if family is IPV4 else "fd00:7::2/64 nodad"
    family.online(lab, WAN1, metric=200)
    lab.gateway.ip(f"addr add {private} dev wan0")
    daemon = start(lab, family, uplink=WAN1, interface=["wan0", "wan1"])
    moves_to(lab, daemon, family, WAN0, f"addr add {family.address(WAN0)} dev wan0")
    address = family.address(WAN0).split()[0]
    moves_to(lab, daemon, family, WAN1, f"addr change {address} dev wan0 preferred_lft 0 valid_lft 600")
    moves_to(lab, daemon, family, WAN0, f"addr change {address} dev wan0 preferred_lft 600 valid_lft 600")
    moves_to(lab, daemon, family, WAN1, f"addr del {address} dev wan0")
    ends_with(lab, daemon, family, WAN1, WAN0, WAN1, WAN0, WAN1)


@both_families
def test_list_does_not_follow_the_default_route(lab, family):
    """The order of the list counts, not the metrics: a default route that moves sends nothing."""
    family.online(lab, WAN0, metric=200)
    family.online(lab, WAN1)
    daemon = start(lab, family, interface=["wan0", "wan1"])
    mark = daemon.mark()
    lab.gateway.ip(f"route del {family.route(WAN1)}")
    at_rest(daemon, mark)
    mark = daemon.mark()
    lab.gateway.ip(f"route add {family.route(WAN1)}", f"route del {family.route(WAN0, 200)}")
    at_rest(daemon, mark)
    moves_to(lab, daemon, family, WAN1, f"addr del {family.address(WAN0).split()[0]} dev wan0")
    ends_with(lab, daemon, family, WAN0, WAN1)


def test_list_with_nothing_fit_names_what_came_nearest(lab):
    """When no interface of the list will do, the reason is of the one that came nearest."""
    lab.gateway.ip("link set wan0 down", "addr add 192.168.7.2/24 dev wan1")
    daemon = lab.daemon(IPV4.config(lab, interface=["wan9", "wan0", "wan1"]))
    daemon.wait_log(r"wan9,wan0,wan1 ipv4: no address \(private: wan1 ")
    lab.gateway.ip("addr del 192.168.7.2/24 dev wan1")
    daemon.wait_log(r"wan9,wan0,wan1 ipv4: no address \(no-address: wan1 ")
    IPV4.online(lab, WAN1)
    IPV4.is_current(daemon, IPV4.at(WAN1))
    ends_with(lab, daemon, IPV4, WAN1)


# Flapping

STEPS = 24  # downs and ups
PACE = 0.04


@pytest.mark.parametrize("family, interface, side, last", [
    (IPV4, "auto", "own", "up"), (IPV6, "auto", "own", "down"),
    (IPV4, ["wan0", "wan1"], "peer", "down"), (IPV6, ["wan0", "wan1"], "peer", "up")],
    ids=["ipv4-auto-ends-up", "ipv6-auto-ends-down", "ipv4-carrier-ends-down", "ipv6-carrier-ends-up"])
def test_flapping_uplink_is_few_requests_and_right_in_the_end(lab, family, interface, side, last):
    """Down and up a dozen times, quicker than settle: about one request each settle-max, and the last is right."""
    heed_carriers(lab)
    lab.gateway.sysctl(**{"net/ipv6/conf/all/keep_addr_on_down": 1})
    family.online(lab, WAN0)
    family.online(lab, WAN1, metric=200)
    daemon = start(lab, family, interface=interface, settle="300ms", settle_max="1s")
    begin = time.monotonic()
    for step in range(STEPS + (last == "down")):
        state = "up" if step % 2 else "down"
        if side == "peer":
            lab.internet.ip(f"link set isp0 {state}")
        elif state == "down":
            lab.gateway.ip("link set wan0 down")
        else:
            lab.gateway.ip("link set wan0 up", f"route replace {family.route(WAN0)}")
        time.sleep(PACE)
    bound = 4 + time.monotonic() - begin
    final = WAN0 if last == "up" else WAN1
    lab.server.wait_for(lambda _: sent(lab.server)[-1] == family.at(final))
    moves_to(lab, daemon, family, final, f"addr add {family.address(final, 9)} dev {final.link}",
             f"addr del {family.address(final).split()[0]} dev {final.link}", host=9)
    daemon.stop()
    assert sent(lab.server)[-1] == family.at(final, 9)
    assert len(lab.server.requests) <= bound < STEPS / 2
