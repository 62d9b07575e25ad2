"""Where the bench plays: the gateway and the internet of the test harness, a server, and the
processes that are measured."""
import contextlib
import itertools
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
import urllib.parse
from pathlib import Path

from harness.daemon import account, configuration, environment
from harness.topology import PORT, SERVER4, WAN0, TwoUplinks

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("WANDDNS_BENCH_BUILD", TOP / "build-bench"))
URL = f"https://{SERVER4}:{PORT}"
LOGIN = ("bench", "not-a-secret")
WAIT_S = 20

NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x100, 0x200, 0x400
RTM_NEWADDR, RTM_DELADDR = 20, 21
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO = 1, 2, 6
FOR_EVER = 0xffffffff


class Fault(Exception):
    """The bench cannot go on."""


def wait_for(condition, what, timeout=WAIT_S):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise Fault(f"{what}: not within {timeout} s")
        time.sleep(0.002)


class Link:
    """A point-to-point link whose peer is the server. Its address comes and goes with one netlink
    message each, built before the clock is read; the route to the server comes with it."""

    def __init__(self, namespace, name):
        self.socket = namespace.call(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW,
                                     socket.NETLINK_ROUTE)
        self.socket.bind((0, 0))
        self.index = namespace.call(socket.if_nametoindex, name)

    def message(self, kind, flags, address, *attributes, peer=SERVER4):
        """What says something of an IPv4 address on the link."""
        payload = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, self.index)
        values = [(IFA_LOCAL, socket.inet_aton(address)), (IFA_ADDRESS, socket.inet_aton(peer))]
        for attribute, value in (*values, *attributes):
            payload += struct.pack("=HH", 4 + len(value), attribute) + value
        return struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload

    def _send(self, message):
        before = time.monotonic_ns()
        self.socket.send(message)
        error, = struct.unpack_from("=i", self.socket.recv(4096), 16)
        if error:
            raise Fault(f"netlink: {os.strerror(-error)}")
        return before

    def change(self, address, there):
        """Adds or removes the address; returns the moment before."""
        kind, flags = RTM_DELADDR, NLM_F_ACK
        if there:
            kind, flags = RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
        return self._send(self.message(kind, flags, address))

    def refresh(self, address, preferred_s):
        """Changes nothing but the preferred lifetime, as each renewed lease does."""
        lifetimes = (IFA_CACHEINFO, struct.pack("=IIII", preferred_s, FOR_EVER, 0, 0))
        self._send(self.message(RTM_NEWADDR, NLM_F_ACK | NLM_F_REPLACE, address, lifetimes))


class Output:
    """The lines that a process prints into a pipe, each waited for."""

    def __init__(self, stream):
        self.descriptor, self.pending = stream.fileno(), b""

    def next(self, timeout):
        """The next line, or None when none came in time."""
        end = time.monotonic() + timeout
        while b"\n" not in self.pending:
            if not select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]:
                return None
            part = os.read(self.descriptor, 65536)
            if not part:
                return None
            self.pending += part
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()


class Request:
    def __init__(self, line):
        received, answered, self.client, self.target = line.split(" ", 3)
        self.received, self.answered = int(received), int(answered)

    def names(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.target).query)
        return query["hostname"][0].split(",")


class Process:
    """A process in a namespace, which leads a session of its own. Its error output goes to a file:
    reading it meanwhile would take a CPU from those who are measured."""

    def __init__(self, namespace, command, log, variables):
        self.name, self.log = Path(str(command[0])).name, log
        with open(log, "wb") as errors:
            self.child = namespace.popen([str(word) for word in command], env=variables,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=errors, start_new_session=True)
        self.pid, self.out = self.child.pid, Output(self.child.stdout)

    def stop(self):
        """Ends the process, and the whole session that it leads."""
        if self.child.poll() is None:
            self.child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.child.wait()

    # What it says

    def text(self):
        return self.log.read_text(errors="replace")

    def says(self, text):
        return self.text().count(text)

    def tail(self):
        return "".join(f"\n  {line}" for line in self.text().splitlines()[-8:])

    def until(self, text, times=1):
        """Waits until the log has a text so many times."""
        def there():
            if self.child.poll() is not None:
                raise Fault(f"{self.name} ended with {self.child.returncode}:{self.tail()}")
            return self.says(text) >= times
        wait_for(there, f"{self.name} saying '{text}'")

    # What the kernel says about it

    def _of_threads(self, file):
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            yield (task / file).read_text()

    def cpu_ns(self):
        """Time on a CPU; /proc/PID/stat counts in ticks of 10 ms, too coarse for us."""
        return sum(int(text.split()[0]) for text in self._of_threads("schedstat"))

    def switches(self):
        """Voluntary and involuntary context switches."""
        counts = {"voluntary_ctxt_switches": 0, "nonvoluntary_ctxt_switches": 0}
        for text in self._of_threads("status"):
            for line in text.splitlines():
                key, _, value = line.partition(":")
                if key in counts:
                    counts[key] += int(value)
        return tuple(counts.values())

    def private_kib(self):
        """Private memory (USS), and the dirty part of it."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
        size = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return size["Private_Clean"] + size["Private_Dirty"], size["Private_Dirty"]

    def rest(self, seconds):
        """Waits until the process has used no CPU for so long."""
        used, since = self.cpu_ns(), time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(seconds / 10)
            if used != self.cpu_ns():
                used, since = self.cpu_ns(), time.monotonic()


class Stage:
    """A gateway without an address, the server, and all that must be gone in the end."""

    def __init__(self, folder, authority):
        self.folder, self.authority = folder, authority
        self.processes, self.address, self.environment = [], None, environment()
        self.fresh = itertools.cycle(f"{WAN0.net4}.{host}" for host in range(2, 255))

    def __enter__(self):
        self.folder.mkdir(parents=True)
        with contextlib.ExitStack() as stack:
            self.net = stack.enter_context(TwoUplinks())
            stack.callback(self._close_gateway)
            self.link = Link(self.net.gateway, "wan0")
            stack.callback(self.link.socket.close)
            stack.callback(self._stop_all)
            self._serve()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def _stop_all(self):
        for process in reversed(self.processes):
            process.stop()

    def _close_gateway(self):
        """Routes by the hundred thousand take the kernel a while to throw away. When the other
        end of the link is gone it is done, and the next row is not disturbed."""
        self.net.gateway.close()
        with contextlib.suppress(Fault):
            wait_for(lambda: WAN0.peer not in self.net.internet.ip("link show"), "its end", 5)

    def _serve(self):
        program = Path(__file__).with_name("server.py")
        self.server = self._start(self.net.internet, "/usr/bin/python3", program, PORT,
                                  *self.authority.good.chain)
        if self.server.out.next(WAIT_S) != "ready":
            raise Fault(f"the server is not ready:{self.server.tail()}")

    def _start(self, namespace, *command):
        log = self.folder / f"{len(self.processes)}-{Path(str(command[0])).name}.log"
        self.processes.append(Process(namespace, command, log, self.environment))
        return self.processes[-1]

    def start(self, *command):
        """Starts a command in the gateway; the end of the stage is its end."""
        return self._start(self.net.gateway, *command)

    def serve(self, *command):
        """The same beside the server."""
        return self._start(self.net.internet, *command)

    def lose(self):
        if self.address:
            self.link.change(self.address, there=False)
            self.address = None

    def gain(self):
        """wan0 gets a new address; returns it and the moment before it was asked for."""
        self.address = next(self.fresh)
        return self.address, self.link.change(self.address, there=True)

    def configure(self, names, hosts_file=None, section=None, **keys):
        """Writes a configuration and an empty state; returns the program's options for both.
        section is the provider's, if it is not the server's."""
        file, state = self.folder / "wanddns.conf", self.folder / "state"
        keys = {"interface": "wan0", "family": "ipv4", "ca_file": self.authority.ca_file, **keys}
        section = section or account(URL, names, username=LOGIN[0], password=LOGIN[1],
                                     hosts_file=hosts_file)
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(mode=0o700)
        file.touch(mode=0o600)
        file.write_text(configuration(section, **keys))
        return ["--config", file, "--state-dir", state]

    def request(self, client, process):
        """The next request that comes from a client, which is that process."""
        end = time.monotonic() + WAIT_S
        while (line := self.server.out.next(max(0, end - time.monotonic()))) is not None:
            request = Request(line)
            if request.client == client:
                return request
        raise Fault(f"{process.name}: no request of {client} within {WAIT_S} s:{process.tail()}")

    def requests(self, client):
        """The requests of a client that wait to be looked at."""
        found = []
        while (line := self.server.out.next(0)) is not None:
            found.append(Request(line))
        return [request for request in found if request.client == client]
