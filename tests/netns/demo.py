#!/usr/bin/python3
"""The main job, shown: what the kernel says, what reaches the server, and the time between.

contrib/quickstart runs it; test_demo.py holds it to what it shows. $WANDDNS
names the program. Needs root, for the network namespaces.
"""

import signal
import sys
import tempfile
import time

from harness.certs import Authority
from harness.lab import Lab
from harness.topology import SERVER4, WAN0, WAN1

HOST = "gw.example.org"
CONFIG = """\
interface = auto
family    = both
ca-file   = "{ca_file}"

provider dyndns2 {{
    server   = "{server}"
    username = alice
    password = "s3cret"
    hostname = {host}
}}
"""
INTRODUCTION = f"""\
A gateway with two uplinks, in a network namespace of its own:

    wan0  203.0.113.7   2001:db8:1::7   the default route
    wan1  198.51.100.7  2001:db8:2::7   in reserve

Behind both, in another namespace, a DDNS server: https://{SERVER4}:8443
On the gateway runs wanddns, with this configuration:
"""
AFTERWARDS = """\
Of each time 100 ms are the rest that a change needs before it counts, so that
ten changes in a row are one update (settle = 100ms, the default).

To run it for real, begin with the configuration in README:

    export WANDDNS_PROVIDERS=src/providers          until it is installed
    build/wanddns check -c wanddns.conf             is it right?
    build/wanddns once -c wanddns.conf --dry-run    what would be sent?
    sudo -E build/wanddns run -c wanddns.conf       the daemon, in the foreground

And the addresses of this machine, as they change:

    contrib/quickstart --watch
"""
ROW = "{:<28}  {:<41}  {:>6}"


def start(net):
    """Nothing is told: the daemon asks."""


def new_address(net):
    """As a DHCP client does it: the old one goes, and with it the route; the new ones come."""
    net.replace4(7, 9)


def to_second_uplink(net):
    net.gateway.ip(f"route del default via {WAN0.router4} dev wan0 metric 100",
                   f"route del default via {WAN0.router6} dev wan0 metric 100")


def to_first_uplink(net):
    net.gateway.ip(f"route add default via {WAN0.router4} dev wan0 metric 100",
                   f"route add default via {WAN0.router6} dev wan0 metric 100")


def new_prefix(net):
    """As the kernel does it when the router announces another prefix: the old is deprecated."""
    net.gateway.ip("addr change 2001:db8:1::7/64 dev wan0 preferred_lft 0",
                   "addr add 2001:db8:1:2::7/64 dev wan0 nodad")


# What is done, what `ip monitor` shows of it, how that reads here, what the server gets.
STEPS = (
    (start, None, "(wanddns starts, and asks)", ("203.0.113.7", "2001:db8:1::7")),
    (new_address, r"^\d+: wan0 +inet 203\.0\.113\.9/", "wan0 gets 203.0.113.9",
     ("203.0.113.9",)),
    (to_second_uplink, r"^Deleted default via .* dev wan0", "wan0 loses the default route",
     ("198.51.100.7", "2001:db8:2::7")),
    (to_first_uplink, r"^default via .* dev wan0", "wan0 gets the default route",
     ("203.0.113.9", "2001:db8:1::7")),
    (new_prefix, r"^\d+: wan0 +inet6 2001:db8:1:2::7/", "wan0 gets 2001:db8:1:2::7",
     ("2001:db8:1:2::7",)),
)


class Wrong(Exception):
    """What was shown is not what should have happened."""


class Interruption:
    """A signal is only noted: whatever is being started or stopped has to be done with first."""

    def __init__(self):
        self.number = 0
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number, _frame):
        self.number = number


def wait_for(condition, changed, trouble, timeout=10):
    """Wait on a threading.Condition; trouble() is asked too, for a reason to stop waiting."""
    end = time.monotonic() + timeout
    with changed:
        while not (result := condition()):
            if why := trouble():
                raise Wrong(why)
            if time.monotonic() > end:
                raise Wrong(f"nothing within {timeout} s")
            changed.wait(0.1)
    return result


def listen(lab):
    """Start a netlink monitor on the gateway; it listens once it has seen something."""
    monitor = lab.process(["ip", "-o", "monitor", "link", "address", "route"], expect=None)
    end = time.monotonic() + 10
    while not monitor.out.mark():
        if time.monotonic() > end:
            raise Wrong("ip monitor shows nothing")
        lab.gateway.ip("link set lo alias listening")
    return monitor.out


def show(lab, interruption):
    lab.net.online(WAN0, v4=7, v6=7, metric=100)
    lab.net.online(WAN1, v4=7, v6=7, metric=200)
    config = CONFIG.format(ca_file=lab.authority.ca_file, server=lab.server.url, host=HOST)
    print(INTRODUCTION)
    print("".join(f"    {line}".rstrip() + "\n" for line in config.splitlines()))
    print(ROW.format("the kernel said", "the server got", "after"))
    kernel = listen(lab)
    began = time.monotonic()
    daemon = lab.daemon(config, wait=False, expect=None)

    def trouble():
        if interruption.number:
            return "interrupted"
        return daemon.popen.poll() is not None and "wanddns ended"

    records = 0
    try:
        for number, (act, pattern, said, addresses) in enumerate(STEPS):
            mark = kernel.mark()
            act(lab.net)
            request = wait_for(lambda: lab.server.requests[number:], lab.server.changed, trouble)[0]
            if pattern:
                event = wait_for(lambda: kernel.find(pattern, mark), kernel.changed, trouble)[0]
                began = event.time
            print(ROW.format(said, f"{','.join(request.hostnames)} {','.join(request.addresses)}",
                             f"{(request.time - began) * 1000:.0f} ms"), flush=True)
            if (request.hostnames, tuple(request.addresses)) != ([HOST], addresses):
                raise Wrong(f"the server should have got {HOST} {','.join(addresses)}")
            # The answer is to be known before the next change, or that would replace this one.
            records += len(addresses)
            wait_for(lambda: len(daemon.log("updating -> current")) == records,
                     daemon.err.changed, trouble)
        daemon.stop(expect=0)
        if len(lab.server.requests) != len(STEPS):
            raise Wrong(f"not {len(STEPS)} updates, but {lab.server.summary()}")
    except (AssertionError, Wrong) as wrong:
        raise Wrong(f"{said}: {wrong}\n\nThe log of wanddns:\n{daemon.err.text}") from None


def main():
    interruption = Interruption()
    try:
        with (tempfile.TemporaryDirectory(prefix="wanddns-demo-") as directory,
              Lab(Authority(directory + "/certs"), directory) as lab):
            show(lab, interruption)
    except Exception as error:  # whatever it was, all is cleaned up by now
        if not interruption.number:
            print(f"\nThe demonstration failed: {error}", file=sys.stderr)
            return 1
    if interruption.number:
        print("\nInterrupted; nothing is left behind.", file=sys.stderr)
        return 128 + interruption.number
    print("\n" + AFTERWARDS, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
