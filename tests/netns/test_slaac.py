"""IPv6 addresses that the ISP's router advertises (SLAAC), by a real radvd: a gateway as it is on a home line."""

import ipaddress
import json
import time

import pytest

from harness.expect import at_rest, sent, until
from harness.family import IPV6
from harness.radvd import Radvd, interface
from harness.topology import WAN0

OLD, NEW = "2001:db8:1::/64", "2001:db8:1:1::/64"
PUBLISHED = r"AAAA: updating -> current \(([0-9a-f:]+);"


@pytest.fixture
def radvd(lab, tmp_path):
    """radvd in the internet, and a gateway that forwards and listens to it on both uplinks."""
    lab.gateway.sysctl(**{"net/ipv6/conf/all/forwarding": 1,
                          **{f"net/ipv6/conf/{link}/accept_ra": 2 for link in ("wan0", "wan1")}})
    with Radvd(lab.internet, tmp_path) as radvd:
        yield radvd


def detect_duplicates(lab):
    """As the kernel does it if nobody says otherwise."""
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/accept_dad": 1})


def addresses(lab, prefix, link="wan0"):
    """What ip(8) says of the addresses of a prefix on a link: [{"local": ..., "tentative": True, ...}]."""
    entries = json.loads(lab.gateway.run(["ip", "-j", "-6", "addr", "show", "dev", link]).stdout)
    return [info for entry in entries for info in entry.get("addr_info", ())
            if "local" in info and ipaddress.ip_address(info["local"]) in ipaddress.ip_network(prefix)]


def stable(lab, prefix, link="wan0"):
    """The one address of a prefix that the gateway has made for itself, temporary ones aside."""
    found, = [info["local"] for info in addresses(lab, prefix, link) if not info.get("temporary")]
    return found


def with_host_part(prefix, address):
    """The address of another prefix of 64 bits with the same host part."""
    host = int(ipaddress.ip_address(address)) % 2 ** 64
    return str(ipaddress.ip_network(prefix)[host])


def start(lab, radvd, *interfaces, **keys):
    """A daemon whose record has the advertised address."""
    daemon = lab.daemon(IPV6.config(lab, **keys))
    daemon.wait_log("no address")
    radvd.advertise(*interfaces)
    daemon.wait_log(PUBLISHED)
    return daemon


def publishes(daemon, mark):
    """Wait until something is published; the address."""
    return daemon.wait_log(PUBLISHED, after=mark).match[1]


def ends_with(lab, daemon, *published):
    """These requests in all."""
    daemon.stop()
    assert sent(lab.server) == list(published)


# From the advertisement to the record

@pytest.mark.parametrize("interface_key", ["auto", "wan0"])
def test_advertised_address_is_published_when_it_is_usable_and_not_before(lab, radvd, interface_key):
    """An advertisement makes a tentative address; it is published when it has passed duplicate address detection."""
    detect_duplicates(lab)
    daemon = lab.daemon(IPV6.config(lab, interface=interface_key))
    daemon.wait_log("no address")
    radvd.advertise(interface("isp0", (OLD, 300)))
    daemon.wait_log(rf"{interface_key} ipv6: no address \(tentative: ")
    last_tentative = 0

    def usable():
        nonlocal last_tentative
        now = time.monotonic()
        info, = addresses(lab, OLD)
        last_tentative = now if info.get("tentative") else last_tentative
        return not info.get("tentative")

    until(usable)
    address = stable(lab, OLD)
    IPV6.is_current(daemon, address)
    assert 0 < last_tentative < lab.server.requests[0].time
    ends_with(lab, daemon, address)


def test_default_route_that_is_not_taken_from_the_advertisement_is_waited_for(lab, radvd):
    """With accept_ra_defrtr off there is an address and no route: auto waits for the administrator's."""
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/accept_ra_defrtr": 0})
    daemon = lab.daemon(IPV6.config(lab))
    daemon.wait_log(r"auto ipv6: no address \(no-route: ")
    radvd.advertise(interface("isp0", (OLD, 300)))
    until(lambda: addresses(lab, OLD))
    lab.gateway.ip(f"route add {IPV6.route(WAN0)}")
    address = stable(lab, OLD)
    IPV6.is_current(daemon, address)
    ends_with(lab, daemon, address)


def test_unique_local_prefix_beside_the_global_one_is_passed_over(lab, radvd):
    """A router that advertises a unique local prefix alone gets nothing published; the global prefix beside it does."""
    daemon = lab.daemon(IPV6.config(lab))
    daemon.wait_log("no address")
    radvd.advertise(interface("isp0", ("fd00:1::/64", 300)))
    daemon.wait_log(r"auto ipv6: no address \(ula: ")
    radvd.advertise(interface("isp0", ("fd00:1::/64", 300), (OLD, 300)))
    published = publishes(daemon, 0)
    assert published == stable(lab, OLD)
    ends_with(lab, daemon, published)


# Prefixes that change

def test_prefix_that_is_replaced_is_one_update_and_the_old_never_comes_back(lab, radvd):
    """Renumbering: the old prefix gets lifetime 0 beside the new one. Advertisements that repeat it send nothing."""
    daemon = start(lab, radvd, interface("isp0", (OLD, 300)), settle="20ms")
    for _ in range(3):
        mark = daemon.mark()
        radvd.again()
        at_rest(daemon, mark)
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (OLD, 0), (NEW, 300)))
    assert publishes(daemon, mark) == stable(lab, NEW)
    for _ in range(3):
        mark = daemon.mark()
        radvd.again()
        at_rest(daemon, mark)
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (NEW, 300)))
    at_rest(daemon, mark)
    ends_with(lab, daemon, stable(lab, OLD), stable(lab, NEW))


def test_prefix_that_is_advertised_no_more_gives_way_when_its_lifetime_is_over(lab, radvd):
    """A router that forgot the old prefix: it stays while the kernel prefers it, then the new one is published."""
    daemon = start(lab, radvd, interface("isp0", (OLD, 2)))
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (NEW, 300)))
    published = publishes(daemon, mark)
    assert addresses(lab, OLD)[0]["deprecated"]
    assert published == stable(lab, NEW)
    ends_with(lab, daemon, stable(lab, OLD), stable(lab, NEW))


def test_lifetime_that_runs_out_is_the_kernels_own_event(lab, radvd):
    """The router dies: when the preferred lifetime is over, the record goes idle, and nothing else has happened."""
    daemon = start(lab, radvd, interface("isp0", (OLD, 2)))
    radvd.die()
    IPV6.goes_idle(daemon, "deprecated")
    info, = addresses(lab, OLD)
    assert info["deprecated"]
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (OLD, 300)))
    IPV6.is_current(daemon, info["local"], after=mark)
    ends_with(lab, daemon, info["local"])


# How the host part is made

def test_temporary_addresses_are_never_published(lab, radvd):
    """With privacy extensions on and preferred, the stable address is published, of the next prefix too."""
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/use_tempaddr": 2})
    daemon = start(lab, radvd, interface("isp0", (OLD, 3000, 6000)))
    assert until(lambda: [info for info in addresses(lab, OLD) if info.get("temporary")])
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (OLD, 0, 6000), (NEW, 3000, 6000)))
    published = publishes(daemon, mark)
    assert until(lambda: [info for info in addresses(lab, NEW) if info.get("temporary")])
    assert published == stable(lab, NEW)
    ends_with(lab, daemon, stable(lab, OLD), stable(lab, NEW))


def stable_privacy(lab):
    """Host parts that follow from a secret (RFC 7217) and not from the hardware address."""
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/stable_secret": "2001:db8::42"})
    assert lab.gateway.run(["cat", "/proc/sys/net/ipv6/conf/wan0/addr_gen_mode"]).stdout.strip() == "2"


def test_stable_privacy_address_is_published_and_the_same_after_the_link_was_down(lab, radvd):
    """addr_gen_mode 2: the address is stable, so a link that was down and its first advertisement send nothing."""
    stable_privacy(lab)
    daemon = start(lab, radvd, interface("isp0", (OLD, 300)))
    info, = addresses(lab, OLD)
    assert info["stable-privacy"]
    lab.gateway.ip("link set wan0 down")
    IPV6.goes_idle(daemon, "no-route")
    assert not addresses(lab, OLD)
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 up")
    radvd.again()
    IPV6.is_current(daemon, info["local"], after=mark)
    ends_with(lab, daemon, info["local"])


# Duplicates

def test_advertised_address_that_another_host_has_is_not_published(lab, radvd):
    """The kernel drops such an address. When the other host has left, the next advertisement brings it back."""
    detect_duplicates(lab)
    link_local, = addresses(lab, "fe80::/10")
    address = with_host_part(OLD, link_local["local"])
    lab.internet.ip(f"addr add {address}/128 dev isp0 nodad")
    daemon = lab.daemon(IPV6.config(lab))
    daemon.wait_log("no address")
    radvd.advertise(interface("isp0", (OLD, 300)))
    daemon.wait_log(r"auto ipv6: no address \(link-local: ")
    assert not addresses(lab, OLD) and not lab.server.requests
    lab.internet.ip(f"addr del {address}/128 dev isp0")
    radvd.again()
    IPV6.is_current(daemon, address)
    ends_with(lab, daemon, address)


def test_stable_privacy_address_that_another_host_has_is_replaced_by_the_next(lab, radvd):
    """With addr_gen_mode 2 the kernel itself tries another address after a duplicate: that one is published."""
    stable_privacy(lab)
    radvd.advertise(interface("isp0", (OLD, 300)))
    first = until(lambda: addresses(lab, OLD))[0]["local"]
    lab.gateway.ip(f"addr del {first}/64 dev wan0")
    lab.internet.ip(f"addr add {first}/128 dev isp0 nodad")
    detect_duplicates(lab)
    daemon = lab.daemon(IPV6.config(lab))
    daemon.wait_log("no address")
    radvd.again()
    published = publishes(daemon, 0)
    # The next advertisement makes the kernel try the first one again, beside it.
    assert published != first and published in [info["local"] for info in addresses(lab, OLD)]
    ends_with(lab, daemon, published)


# Two routers

def test_preference_of_the_routers_moves_auto(lab, radvd):
    """Of two uplinks with advertised default routes auto takes the preferred one, also when the preference changes."""
    def both(preference, **options):
        return (interface("isp0", (OLD, 300), AdvDefaultPreference="medium"),
                interface("isp1", ("2001:db8:2::/64", 300), AdvDefaultPreference=preference, **options))

    daemon = start(lab, radvd, *both("low"))
    published = []
    for options in ({"preference": "high"}, {"preference": "high", "AdvDefaultLifetime": 0}):
        mark = daemon.mark()
        radvd.advertise(*both(**options))
        published.append(publishes(daemon, mark))
    wan0, wan1 = stable(lab, OLD), stable(lab, "2001:db8:2::/64", "wan1")
    assert published == [wan1, wan0]
    ends_with(lab, daemon, wan0, wan1, wan0)


def test_router_that_leaves_is_no_route(lab, radvd):
    """A router that stops says so in its last advertisement: no route is left, and nothing is sent when it is back."""
    daemon = start(lab, radvd, interface("isp0", (OLD, 300)))
    radvd.stop()
    IPV6.goes_idle(daemon, "no-route")
    address = stable(lab, OLD)
    mark = daemon.mark()
    radvd.advertise(interface("isp0", (OLD, 300)))
    IPV6.is_current(daemon, address, after=mark)
    ends_with(lab, daemon, address)
