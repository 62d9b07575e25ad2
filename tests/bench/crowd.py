"""Much that is not the uplink's: a gateway full of links and routes, addresses that come and go
elsewhere, and the hosts of a LAN."""
import itertools
import socket
import subprocess
import time

from stage import (BUILD, NLM_F_CREATE, NLM_F_EXCL, RTM_DELADDR, RTM_NEWADDR, Fault, Link,
                   wait_for)

RATE = 10_000
EVENTS_IN_ROUND = 200


# Row 9

def _links(count):
    for number in range(count // 2):
        ends = f"crowd{2 * number}", f"crowd{2 * number + 1}"
        yield "link add {} type veth peer name {}".format(*ends)
        for end in ends:
            yield f"link set {end} up"


def _addresses(links, count):
    """Of both families, spread over the links."""
    for number, link in zip(range(count), itertools.cycle(links)):
        if number % 2 and count > 1:
            yield f"addr add fd00::{number:x}/128 dev {link} nodad"
        else:
            yield f"addr add 172.16.{number >> 8}.{number & 255}/32 dev {link}"


def _routes(count):
    for number in range(count):
        yield f"route add blackhole 10.{number >> 16}.{number >> 8 & 255}.{number & 255}/32"


def among(stage, daemon, links, addresses, routes):
    """A daemon that follows the default route, and so much else beside it; its record is current.

    The private address keeps the default route when the public one goes. Two addresses on the
    uplink, and auto: it takes two lookups in the table of routes to choose.
    """
    gateway = stage.net.gateway
    gateway.sysctl(**{"net/ipv6/conf/default/addr_gen_mode": 1})  # no events of their own
    gateway.ip("addr add 192.168.0.2/32 dev wan0", "route add default dev wan0")
    names = ["wan1"] if links == 1 else [f"crowd{number}" for number in range(links)]
    batch = gateway.popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, text=True)
    with batch.stdin as commands:
        for command in itertools.chain(_links(links), _addresses(names, addresses),
                                       _routes(routes)):
            print(command, file=commands)
    if batch.wait():
        raise Fault("ip -batch failed")
    stage.gain()
    process = daemon(stage, interface="auto", settle="0ms")
    process.until("-> current")
    process.rest(4)
    return process


def event_ns(stage, process):
    """CPU time of one event of the uplink that changes nothing: the kernel is read, and that is
    all. The next one comes when the process sleeps again."""
    before = process.cpu_ns()
    for number in range(EVENTS_IN_ROUND):
        slept, _ = process.switches()
        stage.link.refresh(stage.address, 3600 + number)
        wait_for(lambda before=slept: process.switches()[0] > before, "the event's end")
    return (process.cpu_ns() - before) / EVENTS_IN_ROUND


# Row 10

def _sockets(stage):
    """The netlink sockets of the gateway: the port number and the losses of each."""
    def read():
        with open("/proc/thread-self/net/netlink", encoding="ascii") as file:
            return [line.split() for line in file][1:]

    return [(int(words[2]), int(words[8])) for words in stage.net.gateway.call(read)]


def monitor(stage):
    """`ip monitor address`, which reads the same."""
    process = stage.start("sh", "-c", "exec ip monitor address >/dev/null")
    wait_for(lambda: process.pid in (port for port, _ in _sockets(stage)), "ip monitor listening")
    return process


class Storm:
    """An address that comes and goes on wan1, one change after the other at an even pace."""

    def __init__(self, stage, count=RATE):
        self.stage, self.count, self.link = stage, count, Link(stage.net.gateway, "wan1")
        stage.net.gateway.ip("addr add 172.16.0.1/32 dev wan1")
        address = "172.16.0.2"
        self.messages = [
            self.link.message(kind, flags, address, peer=address)
            for kind, flags in ((RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL), (RTM_DELADDR, 0))]

    def blow(self):
        """All the changes; returns how many there were in a second."""
        send, start = self.link.socket.send, time.monotonic_ns()
        for number in range(self.count):
            early = start + number * 1_000_000_000 // RATE - time.monotonic_ns()
            if early > 0:
                time.sleep(early / 1e9)
            send(self.messages[number % 2])
        took = time.monotonic_ns() - start
        try:
            self.link.socket.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return self.count * 1e9 / took
        raise Fault("netlink: the kernel refused a change")

    def lost(self):
        """Notifications that came to a full socket in the gateway, whoever's."""
        return sum(losses for _, losses in _sockets(self.stage))


# Row 11

class Lan:
    """A thousand hosts behind a prefix that changes, and lan, which computes their addresses."""

    def __init__(self, stage, count):
        self.gateway, file = stage.net.gateway, stage.folder / "hosts"
        file.write_text("".join(
            f"host{number}.example.org " + (f"::{number:x}:1" if number % 2 else
                                f"02:00:5e:00:{number >> 8:02x}:{number & 255:02x}") + "\n"
            for number in range(count)))
        options = stage.configure(None, hosts_file=file, interface="wan1", family="ipv6")
        self.process = stage.start(BUILD / "lan", options[1])
        self.process.until("ready")
        self.prefixes = (f"2001:db8:2:{number:x}::1/64" for number in itertools.count(1))
        self.prefix = None

    def renumber(self):
        """The next prefix comes and the old one goes; returns what lan says."""
        old, self.prefix = self.prefix, next(self.prefixes)
        commands = [f"addr add {self.prefix} dev wan1 nodad"]
        self.gateway.ip(*commands, *([f"addr del {old} dev wan1"] if old else []))
        line = self.process.out.next(20)
        if not line:
            raise Fault(f"lan says nothing:{self.process.tail()}")
        ours, theirs = line.split()
        return int(ours), int(theirs)
