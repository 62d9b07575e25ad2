"""IPv6 addresses, which are born tentative and die slowly."""

import json
import time

from harness.daemon import account
from harness.expect import HOME, is_current, sent, start_ipv6, until
from harness.topology import WAN0


def addresses(lab):
    """{"2001:db8:1::7": [flags]} of wan0, as the kernel says."""
    *_, link = json.loads(lab.gateway.run(["ip", "-j", "-6", "addr", "show", "dev", "wan0",
                                        "scope", "global"]).stdout)
    return {entry["local"]: entry for entry in link["addr_info"] if "local" in entry}


def test_tentative_address_is_published_when_it_is_usable_and_not_before(lab):
    """While duplicate address detection runs, nothing is sent; then at once."""
    lab.net.online(WAN0, v4=7)
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/accept_dad": 1,
                          "net/ipv6/conf/wan0/dad_transmits": 2})
    daemon = lab.daemon(lab.config(family="ipv6", interface="wan0"))
    daemon.wait_log("no address")
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0",
                   "route add default via 2001:db8:1::1 dev wan0")
    daemon.wait_log(r"wan0 ipv6: no address \(tentative: ")
    last_tentative = 0

    def usable():
        nonlocal last_tentative
        now = time.monotonic()
        tentative = addresses(lab)["2001:db8:1::7"].get("tentative")
        last_tentative = now if tentative else last_tentative
        return not tentative

    until(usable, 15)
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7"]
    assert last_tentative < lab.server.requests[0].time < last_tentative + 5


def test_duplicate_address_is_not_published(lab):
    """An address that another host has is not published, and the log says so."""
    lab.net.online(WAN0, v4=7)
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/accept_dad": 1})
    lab.internet.ip("addr add 2001:db8:1::7/128 dev isp0 nodad")
    daemon = lab.daemon(lab.config(family="ipv6", interface="wan0"))
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0")
    daemon.wait_log(r"wan0 ipv6: no address \(dad-failed: ", timeout=15)
    lab.gateway.ip("addr add 2001:db8:1::9/64 dev wan0 nodad")
    is_current(daemon, "2001:db8:1::9", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::9"]


def test_new_prefix_while_the_old_is_deprecated_publishes_the_new(lab):
    """A renumbering publishes the address of the new prefix while the old still lives."""
    daemon = start_ipv6(lab)
    lab.gateway.ip("addr change 2001:db8:1::7/64 dev wan0 preferred_lft 0 valid_lft 600",
                   "addr add 2001:db8:1:1::7/64 dev wan0 nodad")
    is_current(daemon, "2001:db8:1:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7", "2001:db8:1:1::7"]
    assert addresses(lab)["2001:db8:1::7"]["deprecated"]


def test_preferred_address_is_published_wherever_it_stands_in_the_list(lab):
    """The kernel lists the youngest address first: it may be the one that is deprecated."""
    lab.gateway.ip("addr add 2001:db8:1:1::7/64 dev wan0 nodad preferred_lft 0 valid_lft 600")
    daemon = start_ipv6(lab)
    lab.gateway.ip("addr change 2001:db8:1:1::7/64 dev wan0 preferred_lft 600 valid_lft 600",
                   "addr change 2001:db8:1::7/64 dev wan0 preferred_lft 0 valid_lft 600")
    is_current(daemon, "2001:db8:1:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7", "2001:db8:1:1::7"]


def test_deprecated_address_alone_is_no_update(lab):
    """When only a deprecated address is left, nothing is sent and the reason is named."""
    daemon = start_ipv6(lab)
    lab.gateway.ip("addr change 2001:db8:1::7/64 dev wan0 preferred_lft 0 valid_lft 600")
    daemon.wait_log(r"AAAA: current -> idle \(deprecated: ")
    mark = daemon.mark()
    lab.gateway.ip("addr change 2001:db8:1::7/64 dev wan0 preferred_lft 600 valid_lft 600")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA", after=mark)
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7"]


def test_preferred_lifetime_that_runs_out_is_noticed(lab):
    """The kernel tells of the end of a preferred lifetime, and the other address is published."""
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0 nodad preferred_lft 2 valid_lft 600")
    daemon = lab.daemon(lab.config(family="ipv6", interface="wan0"))
    lab.net.online(WAN0, v4=7)
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.wait_log(r"AAAA: current -> idle \(deprecated: ", timeout=20)
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7"]


def test_temporary_address_is_not_published(lab):
    """An address of the privacy extensions beside a stable one is never the one."""
    lab.gateway.sysctl(**{"net/ipv6/conf/wan0/use_tempaddr": 2})
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0 nodad mngtmpaddr"
                   " valid_lft 6000 preferred_lft 3000",
                   "route add default via 2001:db8:1::1 dev wan0")
    assert until(lambda: [a for a in addresses(lab).values() if a.get("temporary")])
    daemon = lab.daemon(lab.config(account(lab.server.url6), family="ipv6"))
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7"]


def test_ula_and_link_local_are_not_published(lab):
    """Addresses that are not global are not published."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv6", interface="wan0"))
    daemon.wait_log(r"wan0 ipv6: no address \(link-local: ")
    lab.gateway.ip("addr add fd00:1::7/64 dev wan0 nodad")
    daemon.wait_log(r"wan0 ipv6: no address \(ula: ")
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0 nodad")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["2001:db8:1::7"]


def test_families_live_apart(lab):
    """A change in one family sends that family only."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config())
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    lab.gateway.ip("addr add 2001:db8:1::9/64 dev wan0 nodad",
                   "addr del 2001:db8:1::7/64 dev wan0")
    is_current(daemon, "2001:db8:1::9", rtype="AAAA")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7,2001:db8:1::7", "2001:db8:1::9", "203.0.113.9"]
    assert all(request.hostnames == [HOME] for request in lab.server.requests)


def test_second_address_that_is_as_good_changes_nothing(lab):
    """Nothing flips between equals: not when another address comes, and not at the next start."""
    daemon = start_ipv6(lab)
    mark = daemon.mark()
    lab.gateway.ip("addr add 2001:db8:1::3/64 dev wan0 nodad", "addr add 2001:db8:1::9/64 dev wan0 nodad")
    daemon.wait_log("settled: nothing changed", after=mark)
    daemon.stop()
    daemon = lab.daemon(lab.config(account(lab.server.url6), family="ipv6"))
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    assert sent(lab.server) == ["2001:db8:1::7"]
