"""bind = yes: the requests of a record leave by the interface that it is about, or not at all."""

import pytest

from harness.expect import HOME, is_current, sent
from harness.family import IPV4, IPV6, both_families
from harness.sections import Unprivileged, provider, record
from harness.topology import WAN0, WAN1

VPN = "vpn.example.org"
QUICK = {"settle": "20ms"}


@pytest.fixture
def lab(lab):
    """A provider that answers no question about its own address on a link where it is not (RFC 826): without a route,
    Linux takes everything to be on the link that a socket is bound to."""
    lab.internet.sysctl(**{"net/ipv4/conf/isp0/arp_ignore": 1, "net/ipv4/conf/isp1/arp_ignore": 1})
    lab.gateway.sysctl(**{"net/ipv4/neigh/wan1/mcast_solicit": 1})
    return lab


def two_uplinks(lab, family):
    family.online(lab, WAN0)
    family.online(lab, WAN1, metric=200)


def config(lab, family, *records):
    server = lab.server.url if family is IPV4 else lab.server.url6
    return lab.config(provider(server, *records), family=family.name, **QUICK)


def bound(name=HOME, uplink=WAN1):
    return record(name, interface=uplink.link, bind="yes")


def routes(lab):
    """[(peer, hostnames)] of each request."""
    return [(request.peer, request.hostnames) for request in lab.server.requests]


@both_families
def test_bound_record_is_sent_from_its_own_uplink(lab, family):
    """The default route is by wan0; the request about wan1 arrives from wan1's address, and the next one too."""
    two_uplinks(lab, family)
    daemon = lab.daemon(config(lab, family, bound()))
    family.is_current(daemon, family.at(WAN1))
    lab.gateway.ip(f"addr add {family.address(WAN1, 8)} dev wan1", f"addr del {family.address(WAN1)} dev wan1",
                   f"route replace {family.route(WAN1, 200)}")
    family.is_current(daemon, family.at(WAN1, 8))
    daemon.stop()
    assert routes(lab) == [(family.at(WAN1), [HOME]), (family.at(WAN1, 8), [HOME])]


@both_families
def test_record_that_is_not_bound_is_sent_by_the_default_route(lab, family):
    """Without bind the kernel's routes decide, whatever interface the address is of."""
    two_uplinks(lab, family)
    daemon = lab.daemon(config(lab, family, record(HOME, interface="wan1")))
    family.is_current(daemon, family.at(WAN1))
    assert routes(lab) == [(family.at(WAN0), [HOME])]


@both_families
def test_bound_record_without_a_route_fails_and_takes_no_other_way(lab, family):
    """wan1 has an address and no route: the update fails at connecting, nothing is sent by wan0; a route cures it."""
    family.online(lab, WAN0)
    lab.gateway.ip(f"addr add {family.address(WAN1)} dev wan1")
    daemon = lab.daemon(config(lab, family, bound()))
    daemon.wait_log(r"updating -> waiting \(connect: ")
    assert lab.server.connections == 0
    lab.gateway.ip(f"route add {family.route(WAN1, 200)}")
    family.is_current(daemon, family.at(WAN1))
    daemon.stop()
    assert routes(lab) == [(family.at(WAN1), [HOME])]


@both_families
def test_bound_record_whose_link_goes_down_waits_for_it(lab, family):
    """wan1 goes down: the record is idle and nothing leaves by wan0; what changed meanwhile leaves by wan1."""
    two_uplinks(lab, family)
    daemon = lab.daemon(config(lab, family, bound()))
    family.is_current(daemon, family.at(WAN1))
    lab.gateway.ip("link set wan1 down")
    family.goes_idle(daemon, "link-down")
    lab.gateway.ip("addr flush dev wan1 scope global", f"addr add {family.address(WAN1, 8)} dev wan1",
                   "link set wan1 up", f"route add {family.route(WAN1, 200)}")
    family.is_current(daemon, family.at(WAN1, 8))
    daemon.stop()
    assert routes(lab) == [(family.at(WAN1), [HOME]), (family.at(WAN1, 8), [HOME])]


def test_bound_record_of_a_link_that_is_made_anew_follows_it(lab):
    """The interface is deleted and made again under its name and with its address: bound to what it is now."""
    two_uplinks(lab, IPV4)
    daemon = lab.daemon(config(lab, IPV4, bound()))
    IPV4.is_current(daemon, IPV4.at(WAN1))
    lab.gateway.ip("link del wan1", lab.net.cable(WAN1))
    lab.internet.ip(*lab.net.isp_end(WAN1))
    lab.gateway.ip(f"addr add {IPV4.address(WAN1, 8)} dev wan1", "link set wan1 up",
                   f"route add {IPV4.route(WAN1, 200)}")
    IPV4.is_current(daemon, IPV4.at(WAN1, 8))
    daemon.stop()
    assert routes(lab) == [(IPV4.at(WAN1), [HOME]), (IPV4.at(WAN1, 8), [HOME])]


def test_records_of_two_uplinks_go_each_by_its_own(lab):
    """One login, four names, two uplinks: two requests, each with the names of its uplink and from there."""
    two_uplinks(lab, IPV4)
    names = {WAN0: [HOME, "www.example.org"], WAN1: [VPN, "mail.example.org"]}
    daemon = lab.daemon(config(lab, IPV4, *(bound(name, uplink) for pair in zip(*names.values())
                                            for name, uplink in zip(pair, names))))
    daemon.wait_log("updating -> current", count=4)
    daemon.stop()
    assert sorted(routes(lab)) == sorted((IPV4.at(uplink), names[uplink]) for uplink in names)


def test_bound_and_free_record_with_one_address_share_no_request(lab):
    """The same address, one record bound and one not: the one that is not leaves by the default route."""
    two_uplinks(lab, IPV4)
    daemon = lab.daemon(config(lab, IPV4, bound(), record(VPN, interface="wan1")))
    daemon.wait_log("updating -> current", count=2)
    daemon.stop()
    assert sent(lab.server) == [IPV4.at(WAN1)] * 2
    assert sorted(routes(lab)) == sorted([(IPV4.at(WAN1), [HOME]), (IPV4.at(WAN0), [VPN])])


def test_both_families_of_a_bound_record_may_share_a_request(lab):
    """A and AAAA of one uplink leave together, by it."""
    for family in (IPV4, IPV6):
        two_uplinks(lab, family)
    daemon = lab.daemon(lab.config(provider(lab.server, bound()), **QUICK))
    is_current(daemon, IPV4.at(WAN1))
    is_current(daemon, IPV6.at(WAN1), rtype="AAAA")
    daemon.stop()
    assert [(r.peer, r.addresses) for r in lab.server.requests] == [
        (IPV4.at(WAN1), [IPV4.at(WAN1), IPV6.at(WAN1)])]


def test_bound_record_follows_failover(lab):
    """A list of interfaces: after a failover the request leaves by the second, after the failback by the first."""
    two_uplinks(lab, IPV4)
    daemon = lab.daemon(config(lab, IPV4, record(HOME, interface=["wan1", "wan0"], bind="yes")))
    IPV4.is_current(daemon, IPV4.at(WAN1))
    lab.internet.ip("link set isp1 down")
    IPV4.is_current(daemon, IPV4.at(WAN0))
    mark = daemon.mark()
    lab.internet.ip("link set isp1 up")
    IPV4.is_current(daemon, IPV4.at(WAN1), after=mark)
    daemon.stop()
    assert [(r.peer, r.query["myip"]) for r in lab.server.requests] == [
        (IPV4.at(uplink), IPV4.at(uplink)) for uplink in (WAN1, WAN0, WAN1)]


def test_unprivileged_user_may_bind(lab):
    """SO_BINDTODEVICE needs no privilege (Linux 5.7): as nobody the request leaves by wan1 all the same."""
    two_uplinks(lab, IPV4)
    nobody = Unprivileged(lab)
    daemon = lab.daemon(lab.config(provider(lab.server, bound()), family="ipv4", ca_file=nobody.ca_file),
                        **nobody.daemon)
    IPV4.is_current(daemon, IPV4.at(WAN1))
    daemon.stop()
    assert routes(lab) == [(IPV4.at(WAN1), [HOME])]
