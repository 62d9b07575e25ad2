"""An address comes, goes and changes: what is sent, and what is not."""

import threading
import time

import pytest

from harness.expect import at_rest, is_current, publishes_next, sent, start_ipv4
from harness.topology import WAN0


def test_start_with_an_address_is_one_update(lab):
    """A daemon that starts on a gateway with an address publishes it, once."""
    daemon = start_ipv4(lab)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])
    assert daemon.log(r"home\.example\.org A: idle -> updating \(203\.0\.113\.7\)")


def test_start_without_an_address_publishes_when_it_comes(lab):
    """A daemon that starts before the uplink publishes the address when it comes."""
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"auto ipv4: no address \(no-route: ")
    lab.net.online(WAN0, v4=7)
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7"]


def test_address_deleted_then_added_is_one_update(lab):
    """A DHCP client's replacement (delete, add, default route) is one update."""
    daemon = start_ipv4(lab)
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "203.0.113.9"]


@pytest.mark.parametrize("new", ["203.0.113.9/24", "203.0.113.200/25"],
                         ids=["same-subnet", "other-subnet"])
def test_address_added_then_deleted_is_one_update(lab, new):
    """A replacement the other way round publishes the final address only, once."""
    daemon = start_ipv4(lab)
    lab.gateway.ip(f"addr add {new} dev wan0", "addr del 203.0.113.7/24 dev wan0")
    address = new.partition("/")[0]
    is_current(daemon, address)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", address]


def test_second_address_beside_the_first_is_no_update(lab):
    """A further address on the link changes nothing while the first stays."""
    daemon = start_ipv4(lab)
    mark = daemon.mark()
    lab.gateway.ip("addr add 203.0.113.99/24 dev wan0")
    at_rest(daemon, mark)
    lab.gateway.ip("addr del 203.0.113.99/24 dev wan0")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_ten_changes_inside_the_quiet_time_are_one_update(lab):
    """Ten replacements inside settle are one update with the last address."""
    daemon = start_ipv4(lab, settle="400ms")
    begin = time.monotonic()
    lab.gateway.ip(*(command for host in range(10, 20) for command in (
        f"addr add 203.0.113.{host}/24 dev wan0",
        f"addr del 203.0.113.{host - 1 if host > 10 else 7}/24 dev wan0")))
    end = time.monotonic()
    is_current(daemon, "203.0.113.19")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "203.0.113.19"]
    arrival = lab.server.requests[1].time
    assert arrival - begin >= 0.4
    assert arrival - end < 3


def test_flap_that_never_rests_is_published_within_settle_max(lab):
    """An address that changes more often than settle is published all the same."""
    daemon = start_ipv4(lab, settle="300ms", settle_max="1s")
    stop = threading.Event()

    def flap():
        old, new = 7, 8
        while not stop.is_set():
            lab.gateway.ip(f"addr add 203.0.113.{new}/24 dev wan0",
                           f"addr del 203.0.113.{old}/24 dev wan0")
            old, new = new, 8 + (new - 7) % 100
            stop.wait(0.02)

    thread = threading.Thread(target=flap)
    begin = time.monotonic()
    thread.start()
    try:
        second = lab.server.wait_for(2)[1]
    finally:
        stop.set()
        thread.join()
    assert second.time - begin >= 0.3
    daemon.stop()


def test_same_address_with_new_lifetimes_is_no_update(lab):
    """A renewed lease (the same address announced again) sends nothing."""
    daemon = start_ipv4(lab)
    for lifetime in (600, 1200):
        mark = daemon.mark()
        lab.gateway.ip(f"addr change 203.0.113.7/24 dev wan0 valid_lft {lifetime}"
                       f" preferred_lft {lifetime}")
        at_rest(daemon, mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


@pytest.mark.parametrize("interface, reason", [("auto", "no-route"), ("wan0", "no-address")])
def test_address_lost_is_no_update_and_the_record_says_why(lab, interface, reason):
    """Losing the address publishes nothing; the log names the reason."""
    daemon = start_ipv4(lab, interface=interface)
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    daemon.wait_log(rf"home\.example\.org A: current -> idle \({reason}: ")
    daemon.wait_log(rf"{interface} ipv4: no address \({reason}: ")
    mark = daemon.mark()
    lab.gateway.ip("addr add 203.0.113.7/24 dev wan0",
                   "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "203.0.113.7", after=mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


@pytest.mark.parametrize("address, reason", [
    ("192.168.7.2", "private"), ("100.64.7.2", "carrier-nat"), ("169.254.7.2", "link-local"),
    ("198.18.7.2", "special")])
def test_address_that_nobody_can_reach_is_not_published(lab, address, reason):
    """Private and other special addresses are not published; the reason is named."""
    lab.gateway.ip(f"addr add {address}/24 dev wan0", "route add default dev wan0")
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(rf"auto ipv4: no address \({reason}: ")
    lab.gateway.ip(f"addr del {address}/24 dev wan0")
    lab.net.online(WAN0, v4=7)
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7"]


def test_restart_is_no_update(lab):
    """What was published is remembered: a restarted daemon sends nothing."""
    start_ipv4(lab).stop()
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_restart_after_a_change_is_one_update(lab):
    """A change while the daemon was away is published at its start."""
    start_ipv4(lab).stop()
    lab.net.replace4(7, 9)
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.9")
    publishes_next(lab, daemon, 9, 10, ["203.0.113.7", "203.0.113.9", "203.0.113.10"])


def test_link_down_and_up_with_the_same_address_is_no_update(lab):
    """A link that went down and comes back as it was sends nothing."""
    daemon = start_ipv4(lab)
    lab.gateway.ip("link set wan0 down")
    daemon.wait_log("home.example.org A: current -> idle")
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 up", "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "203.0.113.7", after=mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_link_down_and_up_inside_the_quiet_time_is_no_update(lab):
    """A link that is back before the daemon looks sends nothing."""
    daemon = start_ipv4(lab)
    mark = daemon.mark()
    lab.gateway.ip("link set wan0 down", "link set wan0 up",
                   "route add default via 203.0.113.1 dev wan0 metric 100")
    at_rest(daemon, mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_carrier_lost_and_back_is_no_update(lab):
    """A cable that was pulled and put back sends nothing; meanwhile the reason is link-down."""
    daemon = start_ipv4(lab)
    lab.internet.ip("link set isp0 down")
    daemon.wait_log(r"home.example.org A: current -> idle \(link-down: ")
    mark = daemon.mark()
    lab.internet.ip("link set isp0 up")
    is_current(daemon, "203.0.113.7", after=mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])
