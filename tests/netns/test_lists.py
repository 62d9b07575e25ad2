"""Interfaces in a list, the delay before the first takes over again, all at once; which of several addresses."""

import time

import pytest

from harness.expect import HOME, is_current, sent, until
from harness.family import both_families
from harness.sections import Providers, custom, provider, record
from harness.topology import WAN0, WAN1

DELAY = 2  # seconds
LIST = ["wan0", "wan1"]
QUICK = {"settle": "20ms"}
FIRST, SECOND = "203.0.113.7", "198.51.100.7"


def two_uplinks(lab, **host):
    lab.net.online(WAN0, **(host or {"v4": 7}))
    lab.net.online(WAN1, metric=200, **(host or {"v4": 7}))


def lose(lab, uplink=WAN0):
    """The uplink's address goes, and its routes with it; when that was."""
    moment = time.monotonic()
    lab.gateway.ip(f"addr del {uplink.net4}.7/24 dev {uplink.link}")
    return moment


def regain(lab, uplink=WAN0):
    moment = time.monotonic()
    lab.net.online(uplink, v4=7)
    return moment


# failback-delay

def preferring(lab, **keys):
    """A daemon whose record prefers wan0, and has it."""
    two_uplinks(lab)
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, interface=LIST, **keys)), family="ipv4",
                                   failback_delay=f"{DELAY}s", **QUICK))
    is_current(daemon, FIRST)
    return daemon


def test_failover_is_at_once_and_failback_after_the_delay(lab):
    """The second takes over when the first is lost; the first has to be fit for failback-delay before it is back."""
    daemon = preferring(lab)
    lost = lose(lab)
    is_current(daemon, SECOND)
    mark = daemon.mark()
    back = regain(lab)
    is_current(daemon, FIRST, after=mark)
    daemon.stop()
    assert sent(lab.server) == [FIRST, SECOND, FIRST]
    failover, failback = (request.time for request in lab.server.requests[1:])
    assert failover - lost < DELAY
    assert DELAY <= failback - back < DELAY + 5


def test_flapping_first_uplink_does_not_win(lab):
    """Each time it is gone its time begins anew: the second stays until the first was fit all of the delay."""
    daemon = preferring(lab)
    lose(lab)
    is_current(daemon, SECOND)
    for _ in range(6):
        mark = daemon.mark()
        regain(lab)
        daemon.wait_log(r"on wan1; one ahead of it is fit again", after=mark)
        mark = daemon.mark()
        lose(lab)
        daemon.wait_log(r"ipv4: 198\.51\.100\.7 on wan1$", after=mark)
    mark = daemon.mark()
    back = regain(lab)
    is_current(daemon, FIRST, after=mark)
    daemon.stop()
    assert sent(lab.server) == [FIRST, SECOND, FIRST]
    assert lab.server.requests[2].time - back >= DELAY


def test_failover_during_the_delay_goes_back_at_once(lab):
    """The second is lost while the first proves itself: the first is better than none, and has it at once."""
    daemon = preferring(lab, failback_delay="1h")
    lose(lab)
    is_current(daemon, SECOND)
    mark = daemon.mark()
    regain(lab)
    daemon.wait_log(r"on wan1; one ahead of it is fit again", after=mark)
    mark = daemon.mark()
    lose(lab, WAN1)
    is_current(daemon, FIRST, after=mark)
    daemon.stop()
    assert sent(lab.server) == [FIRST, SECOND, FIRST]


def test_new_address_of_the_second_is_published_during_the_delay(lab):
    """The delay holds the interface, not the address: what changes on the second is published meanwhile."""
    daemon = preferring(lab)
    lose(lab)
    is_current(daemon, SECOND)
    back = regain(lab)
    lab.net.replace4(7, 9, WAN1, metric=200)
    is_current(daemon, "198.51.100.9")
    mark = daemon.mark()
    is_current(daemon, FIRST, after=mark)
    daemon.stop()
    assert sent(lab.server) == [FIRST, SECOND, "198.51.100.9", FIRST]
    assert lab.server.requests[3].time - back >= DELAY


def test_start_of_the_daemon_needs_no_delay(lab):
    """At the start the first that is fit counts, though another one was published before."""
    two_uplinks(lab)
    lose(lab)
    config = lab.config(provider(lab.server, record(HOME, interface=LIST)), family="ipv4", failback_delay="1h", **QUICK)
    daemon = lab.daemon(config)
    is_current(daemon, SECOND)
    daemon.stop()
    regain(lab)
    is_current(lab.daemon(config), FIRST)


def test_without_a_delay_the_first_is_back_at_once(lab):
    """failback-delay is 0 if nobody says otherwise, and a record's own counts before the one at the top."""
    daemon = preferring(lab, failback_delay="0s")
    lose(lab)
    is_current(daemon, SECOND)
    mark = daemon.mark()
    regain(lab)
    is_current(daemon, FIRST, after=mark)
    assert not daemon.log("one ahead of it is fit again")


# All of them

@pytest.fixture
def many(lab):
    """A provider that takes several addresses for a name."""
    providers = Providers(lab)
    providers.add("many", custom(["hostname={hostname}", "myip={ip}"],
                                 more="values = many\nfamilies = both\nnames = 20\n"))
    return providers


def all_of(lab, many, *, links=("wan0", "wan1"), **keys):
    return lab.daemon(lab.config(provider(lab.server, record(HOME, interface=["all", *links]), title="many"),
                                 **{"family": "ipv4", **QUICK, **keys}), wrap=many.wrap)


def test_addresses_of_all_interfaces_are_in_one_request(lab, many):
    """{ all, wan0, wan1 }: both addresses in one request; a cable is pulled, the other alone; back, both again."""
    lab.gateway.sysctl(**{"net/ipv4/conf/all/ignore_routes_with_linkdown": 1})
    two_uplinks(lab)
    daemon = all_of(lab, many)
    is_current(daemon, f"{SECOND},{FIRST}")
    lab.internet.ip("link set isp0 down")
    is_current(daemon, SECOND)
    mark = daemon.mark()
    lab.internet.ip("link set isp0 up")
    is_current(daemon, f"{SECOND},{FIRST}", after=mark)
    daemon.stop()
    assert sent(lab.server) == [f"{SECOND},{FIRST}", SECOND, f"{SECOND},{FIRST}"]
    assert daemon.state()[HOME, "A"]["address"] == f"{SECOND},{FIRST}"


def test_all_interfaces_in_another_order_are_the_same(lab, many):
    """The set counts, not its order: nothing is sent when the list is turned round, nor after a restart."""
    two_uplinks(lab)
    daemon = all_of(lab, many)
    is_current(daemon, f"{SECOND},{FIRST}")
    daemon.stop()
    daemon = all_of(lab, many, links=["wan1", "wan0"])
    is_current(daemon, f"{SECOND},{FIRST}")
    lab.net.replace4(7, 9)
    is_current(daemon, f"{SECOND},203.0.113.9")
    daemon.stop()
    assert sent(lab.server)[-1] == f"{SECOND},203.0.113.9"
    assert len(lab.server.requests) == 2


def test_all_interfaces_by_a_pattern_and_both_families(lab, many):
    """{ all, wan* } is each link of that name, also one that comes later; A and AAAA have sets of their own."""
    two_uplinks(lab, v4=7, v6=7)
    daemon = all_of(lab, many, links=["wan*"], family="both")
    is_current(daemon, f"{SECOND},{FIRST}")
    is_current(daemon, "2001:db8:1::7,2001:db8:2::7", rtype="AAAA")
    lab.gateway.ip("link add wan2 type veth peer name isp2", "link set isp2 up", "link set wan2 up",
                   "addr add 192.0.2.7/32 dev wan2")
    is_current(daemon, f"192.0.2.7,{SECOND},{FIRST}")
    daemon.stop()
    assert sent(lab.server) == [f"{SECOND},{FIRST},2001:db8:1::7,2001:db8:2::7", f"192.0.2.7,{SECOND},{FIRST}"]


def test_all_interfaces_lost_is_idle_and_nothing_is_sent(lab, many):
    """The last of them is lost: idle with a reason, what is published stays."""
    two_uplinks(lab)
    daemon = all_of(lab, many)
    is_current(daemon, f"{SECOND},{FIRST}")
    lab.gateway.ip("link set wan0 down", "link set wan1 down")
    daemon.wait_log(r"A: current -> idle \(link-down: ")
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 up", "link set wan1 up", "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, f"{SECOND},{FIRST}", after=mark)
    daemon.stop()
    assert sent(lab.server)[0] == sent(lab.server)[-1] == f"{SECOND},{FIRST}"


# Each record its own

def test_each_record_looks_at_its_own_interface(lab):
    """Three records of one login: by auto, by wan1, by a list; each follows its own and no other is sent."""
    two_uplinks(lab)
    daemon = lab.daemon(lab.config(provider(
        lab.server, record("vpn.example.org", interface="wan1"),
        record("www.example.org", interface=["wan9", "wan1"]), hostname=HOME), family="ipv4", **QUICK))
    is_current(daemon, FIRST)
    is_current(daemon, SECOND, name="vpn.example.org")
    is_current(daemon, SECOND, name="www.example.org")
    lab.net.replace4(7, 9, WAN1, metric=200)
    is_current(daemon, "198.51.100.9", name="vpn.example.org")
    is_current(daemon, "198.51.100.9", name="www.example.org")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert sorted((r.hostnames, r.query["myip"]) for r in lab.server.requests) == sorted([
        ([HOME], FIRST), (["vpn.example.org", "www.example.org"], SECOND),
        (["vpn.example.org", "www.example.org"], "198.51.100.9"), ([HOME], "203.0.113.9")])


def test_inner_keys_count_before_outer_ones(lab):
    """interface and family at the top, in the provider and in the record: the innermost counts."""
    two_uplinks(lab, v4=7, v6=7)
    outer = provider(lab.server, hostname="a.example.org")
    inner = provider(lab.server, record("c.example.org", interface="wan0"), hostname="b.example.org",
                     title="dyndns2:inner", interface="wan1", family="ipv4")
    daemon = lab.daemon(lab.config(outer, inner, interface="wan0", family="ipv6", **QUICK))
    is_current(daemon, "2001:db8:1::7", name="a.example.org", rtype="AAAA")
    is_current(daemon, SECOND, name="b.example.org")
    is_current(daemon, FIRST, name="c.example.org")
    daemon.stop()
    assert sorted(sent(lab.server)) == sorted(["2001:db8:1::7", SECOND, FIRST])


# Which of several addresses

@both_families
def test_private_address_is_published_where_it_is_allowed(lab, family):
    """allow-private = yes publishes what the Internet does not reach; a public address comes before it."""
    private, length = ("192.168.7.7", 24) if family.name == "ipv4" else ("fd00:7::7", 64)
    lab.net.online(WAN1, v4=7, v6=7)
    lab.gateway.ip(f"addr add {private}/{length} dev wan0")
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, allow_private="yes"),
                                            record("www.example.org"), interface="wan0"),
                                   family=family.name, **QUICK))
    family.is_current(daemon, private)
    daemon.wait_log(rf"www.example.org {family.rtype}: idle \((private|ula): ")
    lab.gateway.ip(f"addr add {family.address(WAN0, 8)} dev wan0")
    family.is_current(daemon, family.at(WAN0, 8))
    daemon.stop()
    assert sent(lab.server) == [private, family.at(WAN0, 8)]


def test_temporary_address_is_published_where_it_is_wanted(lab):
    """temporary = yes takes an address of the privacy extensions, where match asks for it; without it that is none."""
    lab.net.online(WAN1, v4=7)
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/use_tempaddr": 2})
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0 nodad mngtmpaddr valid_lft 6000 preferred_lft 3000")
    shown = until(lambda: lab.gateway.run(["ip", "-o", "-6", "addr", "show", "dev", "wan0", "temporary"]).stdout)
    temporary = shown.split()[3].partition("/")[0]
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, temporary="yes"), record("www.example.org"),
                                            interface="wan0", match=temporary), family="ipv6", **QUICK))
    is_current(daemon, temporary, rtype="AAAA")
    daemon.wait_log(r"www.example.org AAAA: idle \(temporary: ")
    daemon.stop()
    assert sent(lab.server) == [temporary]


@both_families
def test_address_in_a_preferred_prefix_comes_first(lab, family):
    """prefer decides between addresses of a link, and what is in none of its prefixes is still better than nothing."""
    other = ("203.0.113.130/32", "203.0.113.128/25") if family.name == "ipv4" else ("2001:db8:1:8::1/64 nodad",
                                                                                     "2001:db8:1:8::/61")
    family.online(lab, WAN0)
    daemon = lab.daemon(family.config(lab, prefer=["192.0.2.0/24", other[1]], **QUICK))
    family.is_current(daemon, family.at(WAN0))
    mark = daemon.mark()
    lab.gateway.ip(f"addr add {other[0]} dev wan0")
    family.is_current(daemon, other[0].partition("/")[0])
    lab.gateway.ip(f"addr del {other[0].partition(' ')[0]} dev wan0")
    family.is_current(daemon, family.at(WAN0), after=mark)


@both_families
def test_address_that_matches_no_prefix_is_none(lab, family):
    """match lets nothing else through: no-match until an address of the prefix is there, on whichever interface."""
    two_uplinks(lab, v4=7, v6=7)
    prefix = f"{WAN1.net4}.0/24" if family.name == "ipv4" else f"{WAN1.net6}::/48"
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, interface="wan0"),
                                            record("www.example.org", interface=LIST)),
                                   family=family.name, match=prefix, **QUICK))
    daemon.wait_log(rf"{HOME} {family.rtype}: idle \(no-match: ")
    family.is_current(daemon, family.at(WAN1), name="www.example.org")
    daemon.stop()
    assert sent(lab.server) == [family.at(WAN1)]


def test_match_of_one_family_leaves_the_other_free(lab):
    """A prefix of IPv6 in match says nothing about IPv4."""
    two_uplinks(lab, v4=7, v6=7)
    daemon = lab.daemon(lab.config(match="2001:db8:2::/48", interface="wan0", **QUICK))
    is_current(daemon, FIRST)
    daemon.wait_log(rf"{HOME} AAAA: idle \(no-match: ")
    daemon.stop()
    assert sent(lab.server) == [FIRST]
