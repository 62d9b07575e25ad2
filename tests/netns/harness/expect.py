"""What several tests say in the same words."""

import re
import threading
import time

from .daemon import account
from .patience import patient
from .server import good
from .topology import WAN0

HOME = "home.example.org"


def until(condition, timeout=10, what="the condition"):
    """Wait for something that nobody announces: look again and again. Hands back what it gave."""
    deadline = time.monotonic() + patient(timeout)
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout} s"
        time.sleep(0.005)
    return result


def answers_late(server):
    """From now on the server answers only when the event is set that is handed back."""
    go_on = threading.Event()

    def late(request):
        go_on.wait(20)
        return good(request)

    server.answer = late
    return go_on


def sent(server):
    """The addresses of each request, in the order of arrival: ["203.0.113.7", ...]."""
    return [request.query.get("myip") for request in server.requests]


def is_current(daemon, address, *, name=HOME, rtype="A", after=0, timeout=10):
    """Wait for the log line that says that the record is published."""
    return daemon.wait_log(rf"{re.escape(name)} {rtype}: \w+ -> current \({re.escape(address)}[;)]",
                           timeout, after)


def at_rest(daemon, after):
    """Wait until the daemon looked at the kernel and found nothing new."""
    return daemon.wait_log("settled: nothing changed", after=after)


def start_ipv4(lab, *, daemon=None, **keys):
    """A gateway at 203.0.113.7 and a daemon whose record is published."""
    lab.net.online(WAN0, v4=7)
    running = lab.daemon(lab.config(family="ipv4", **keys), **(daemon or {}))
    is_current(running, "203.0.113.7")
    return running


def start_ipv6(lab, **keys):
    """A gateway at 2001:db8:1::7 and a daemon whose record is published."""
    lab.net.online(WAN0, v6=7)
    running = lab.daemon(lab.config(account(lab.server.url6), family="ipv6", **keys))
    is_current(running, "2001:db8:1::7", rtype="AAAA")
    return running


def publishes_next(lab, daemon, old, new, published):
    """Replace the address by one more, and expect these requests in all and no other.

    So it is shown that nothing was sent before, without waiting for something to not happen.
    """
    mark = daemon.mark()
    lab.net.replace4(old, new)
    is_current(daemon, f"203.0.113.{new}", after=mark)
    daemon.stop()
    assert sent(lab.server) == published
