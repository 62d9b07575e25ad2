"""A whole life of the daemon with all kinds of work in it: it starts, its address changes, it is reloaded with one
name more, it ends. Whatever of that fails, in the end all is right."""

import re
import socket
import time
from contextlib import contextmanager

from .daemon import Daemon, Process, account, no_sanitizer_report, with_etc
from .expect import HOME, until
from .server import Reply, good
from .topology import WAN0

NAMED = "named.example.org"  # at a server that is looked up by its name
PROGRAM = "program.example.org"  # written, and its address told, by programs
LATER = "later.example.org"  # from the reload on
SERVER_NAME = "ddns.example.net"
ALL = (HOME, NAMED, PROGRAM)
ADDRESSES = ("203.0.113.7", "203.0.113.9")  # in turn
PATIENCE = 20  # seconds, for what takes a few hundredths
A_CAUSE = re.compile(r"(resolve|connect|tls|http|program|provider): \S.*; next attempt in [\d.]+ s$")
OUT_OF_MEMORY = "wanddns: out of memory"


def _strict(request):
    """Who does not log in right is refused."""
    return good(request) if request.login == ("alice", "s3cret") and request.method == "GET" else Reply(401, "")


def _script(path, text):
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


class Ended(Exception):
    """The daemon ended by itself."""


class Life:
    """What many daemons have in common, one after the other. wrap is how the next one is run."""

    def __init__(self, lab):
        self.lab, self.host, self.count = lab, 7, 0
        lab.net.online(WAN0, v4=7)
        self.plain = lab.another_server(leaf=None)
        lab.server.answer = self.plain.answer = _strict
        self.hosts = lab.dir / "hosts"
        self.hosts.write_text(f"192.0.2.53 {SERVER_NAME}\n")
        self.told = lab.dir / "told"
        self.told.write_text(self.address + "\n")
        self.asked = _script(lab.dir / "asked", f"exec cat {self.told}")
        self.published_by = _script(lab.dir / "publish", "echo done")
        self.asks = True  # a program for an address; after five changes that is done once a minute
        self.talks = True
        self.wrap = lambda argv: argv
        self.daemon = None

    @property
    def address(self):
        return f"203.0.113.{self.host}"

    @property
    def requests(self):
        return len(self.lab.server.requests) + len(self.plain.requests)

    def config(self, later=False):
        return self.lab.config(
            account(self.lab.server, [HOME, LATER] if later else HOME),
            account(self.plain.url_for(SERVER_NAME), NAMED, title="dyndns2:named", interface="wan*", bind="yes"),
            account(None, PROGRAM, title="exec", program=self.published_by, username=None, password=None,
                    source=f"exec:{self.asked}" if self.asks else None, interface="wan0"),
            family="ipv4", settle="10ms")

    def move(self):
        """Another address."""
        old, self.host = self.host, 16 - self.host
        self.told.write_text(self.address + "\n")
        self.lab.net.replace4(old, self.host)

    # What the log says

    def states(self):
        """{"home.example.org": ("waiting", "connect: ...; next attempt in 1.0 s")}"""
        found = {}
        for line in list(self.daemon.err.lines):
            if match := re.match(r"<\d>(\S+) A: (?:\w+ -> )?(\w+) \((.*)\)$", line.text):
                found[match[1]] = match.groups()[1:]
        return found

    @property
    def is_up(self):
        """It has looked at the kernel: its start is over."""
        return bool(self.daemon.log(r"^<6>\S+ ipv4: "))

    def complains(self):
        return [line.text for line in list(self.daemon.err.lines) if re.match("<3>", line.text)]

    # Its parts

    @contextmanager
    def born(self, home=None):
        """The daemon, in a home of its own unless one is given."""
        self.count += 1
        self.daemon = Daemon(self.lab.gateway, home or self.lab.dir / f"daemon-{self.count}", self.config(), wait=False,
                             wrap=lambda argv: with_etc(self.wrap(argv), {"hosts": self.hosts}))
        try:
            yield self.daemon
        finally:
            if self.daemon.popen.poll() is None:
                self.daemon.kill()

    def becomes_current(self, names=ALL):
        """All names are published with the address of now. What waits has said why, and is tried again at SIGUSR1. How
        often that was needed."""
        forced, deadline = 0, time.monotonic() + PATIENCE
        while True:
            if self.daemon.popen.poll() is not None:
                self.daemon.err.join()
                raise Ended(self.daemon.err.text)
            found = self.states()
            now = [found.get(name, ("", "")) for name in names]
            if all(state == "current" and note.startswith(self.address + ";") for state, note in now):
                return forced
            waits = [note for state, note in now if state == "waiting"]
            if waits and not any(state == "updating" for state, _ in now):
                assert all(A_CAUSE.match(note) for note in waits), waits
                mark = self.daemon.mark()
                self.daemon.usr1()
                self.daemon.wait_log("-> updating", after=mark)
                forced += 1
            assert time.monotonic() < deadline, f"stuck: {now}, not at {self.address}\n{self.daemon.err.text}"
            time.sleep(0.003)

    def reload(self):
        """With one name more. A reload that fails says so, changes nothing, and the next one is good."""
        self.daemon.write_config(self.config(later=True))
        for _ in range(2):
            mark = self.daemon.mark()
            self.daemon.hup()
            line = until(lambda: self.daemon.log("reloaded: ", after=mark) or self.daemon.popen.poll() is not None,
                         PATIENCE, "a reload")
            if line is True:
                raise Ended(self.daemon.err.text)
            if line[0].text.startswith("<6>"):
                return
            assert re.match(r"<3>not reloaded: \S+: \S", line[0].text), line[0].text
        raise AssertionError("not reloaded twice:\n" + self.daemon.err.text)

    def tells(self):
        """Its socket answers, where it has one; if not the first time, then the next."""
        if not self.daemon.log("will not reach this daemon"):
            until(self._answers, PATIENCE, "an answer at the socket")

    def _answers(self):
        text = b""
        if self.daemon.popen.poll() is not None:
            raise Ended(self.daemon.err.text)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.daemon.control))
                connection.sendall(b'{"version": 1, "command": "status"}\n')
                while more := connection.recv(65536):
                    text += more
            except OSError:
                pass
        return b'"line":"end"' in text

    def end(self, names=(*ALL, LATER)):
        """TERM; what is on the disk is the truth, or the log says why it is older."""
        if Process.stop(self.daemon, None):  # and nothing is asked before, as Daemon.stop() does
            raise Ended(self.daemon.err.text)
        self.daemon.keeps_secrets()
        remembered = {name: record.get("address") for (name, _), record in self.daemon.state().items()}
        if not self.daemon.log("the state cannot be written: "):
            assert remembered == dict.fromkeys(names, self.address), self.daemon.err.text

    def lived(self):
        """A whole life. False when it ended at its start, with a line that says why, or for want of memory."""
        before = self.requests
        with self.born() as daemon:
            try:
                forced = self.becomes_current()
                self.move()
                forced += self.becomes_current()
                if self.talks:
                    self.tells()
                self.reload()
                forced += self.becomes_current([*ALL, LATER])
                self.end()
            except Ended:
                self._ended(daemon.wait())
                return False
        # Two and two of the changes, one of the reload, and perhaps that once more, by libcurl, over a new connection
        # when the one that was there broke; when it was forced what failed, and all four.
        assert self.requests - before <= 6 + 6 * forced, daemon.err.text
        return True

    def lived_again(self):
        """One more in the same home: it finds what the one before knew."""
        if (self.daemon.state_dir / "state.json").exists():
            assert {record.get("address") for record in self.daemon.state().values()} <= {*ADDRESSES, None}
        with self.born(self.daemon.home):
            self.becomes_current()
            self.end(ALL)
            assert not self.daemon.log("damaged|makes no sense")

    def _ended(self, status):
        text = self.daemon.err.text
        no_sanitizer_report(text)
        self.daemon.keeps_secrets()
        if OUT_OF_MEMORY in text.split("\n"):
            assert status == 1, (status, text)
            self.lived_again()
        else:
            assert not self.is_up, f"ended with status {status}:\n{text}"
            assert status in (1, 2) and self.complains(), (status, text)
