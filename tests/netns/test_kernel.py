"""The event socket: storms of events, and events that must not wake the daemon."""

import signal
import time
from pathlib import Path

from harness.expect import is_current, publishes_next, sent, start_ipv4, until

ROUTES = 200_000


def rests(lab, daemon, seconds=0.5):
    """Wait until the daemon closed its connections and slept for a while without a wake-up."""
    lab.server.wait_until(lambda: lab.server.open_connections == 0)
    seen = [daemon.switches()[0], time.monotonic()]

    def rested():
        now = daemon.switches()[0]
        if now != seen[0]:
            seen[:] = now, time.monotonic()
        return daemon.asleep() and time.monotonic() - seen[1] > seconds

    until(rested, 30, "the daemon's rest")


def test_full_table_coming_and_going_is_no_wake_up(lab):
    """200,000 routes are added and deleted, and the daemon does not wake once."""
    daemon = start_ipv4(lab)
    prefixes = [f"{20 + n // 65536}.{n // 256 % 256}.{n % 256}.0/24" for n in range(ROUTES)]
    rests(lab, daemon)
    switches, cpu = daemon.switches()[0], daemon.cpu_seconds()
    lab.gateway.ip(*(f"route add {prefix} via 203.0.113.1 dev wan0" for prefix in prefixes))
    assert len(lab.gateway.ip("route show").splitlines()) > ROUTES
    lab.gateway.ip(*(f"route del {prefix}" for prefix in prefixes))
    assert daemon.switches()[0] == switches
    assert daemon.cpu_seconds() - cpu <= 0.01
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_full_table_of_ipv6_is_no_wake_up(lab):
    """The same, in small, for IPv6 routes and for routes of other tables."""
    daemon = start_ipv4(lab)
    lab.gateway.ip("addr add 2001:db8:1::7/64 dev wan0 nodad")
    prefixes = [f"2001:db8:{n + 256:x}::/48" for n in range(2000)]
    rests(lab, daemon)
    switches = daemon.switches()[0]
    lab.gateway.ip(*(f"route add {prefix} via 2001:db8:1::1 dev wan0" for prefix in prefixes),
                   *(f"route add {n}.0.0.0/8 via 203.0.113.1 dev wan0 table 7" for n in range(1, 200)),
                   *(f"route del {prefix}" for prefix in prefixes))
    assert daemon.switches()[0] == switches


def netlink_drops(lab):
    """The events that the kernel could not deliver to sockets in the gateway."""
    lines = lab.gateway.call(Path("/proc/thread-self/net/netlink").read_text).splitlines()
    names = lines[0].split()
    rows = (dict(zip(names, line.split())) for line in lines[1:])
    return sum(int(row["Drops"]) for row in rows if row["Pid"] != "0")  # 0 is the kernel


def test_overrun_of_the_event_socket_is_right_in_the_end(lab):
    """A storm that overflows the socket of a stopped daemon ends with the final address."""
    daemon = start_ipv4(lab)
    daemon.signal(signal.SIGSTOP)
    try:
        storm = [command for host in range(10, 250) for command in (
            f"addr add 203.0.113.{host}/24 dev wan0", f"addr del 203.0.113.{host}/24 dev wan0")]

        def overflowed():
            lab.gateway.ip(*storm * 5)
            return netlink_drops(lab) > 0

        until(overflowed, 60, "an overflow of the event socket")
        lab.gateway.ip("addr add 203.0.113.254/24 dev wan0", "addr del 203.0.113.7/24 dev wan0")
    finally:
        daemon.signal(signal.SIGCONT)
    is_current(daemon, "203.0.113.254")
    daemon.wait_log("overrun")
    publishes_next(lab, daemon, 254, 9, ["203.0.113.7", "203.0.113.254", "203.0.113.9"])


def test_storm_on_a_running_daemon_is_right_in_the_end(lab):
    """Thousands of changes on the followed link end with the last address."""
    daemon = start_ipv4(lab)
    lab.gateway.ip(*(command for _ in range(10) for host in range(10, 250) for command in (
        f"addr add 203.0.113.{host}/24 dev wan0", f"addr del 203.0.113.{host}/24 dev wan0")),
        "addr add 203.0.113.254/24 dev wan0", "addr del 203.0.113.7/24 dev wan0")
    is_current(daemon, "203.0.113.254")
    daemon.stop()
    assert sent(lab.server)[-1] == "203.0.113.254"


def test_address_events_of_other_links_send_nothing(lab):
    """Addresses that come and go on a link that nobody follows change nothing."""
    daemon = start_ipv4(lab)
    lab.gateway.ip(*(f"addr add 10.9.{n}.1/24 dev wan1" for n in range(200)))
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])
