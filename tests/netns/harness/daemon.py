"""The program under test: the daemon, and its commands that end by themselves."""

import contextlib
import json
import os
import platform
import re
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .patience import patient
from .secrets import Secrets

TOP = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("WANDDNS") or str(TOP / "build" / "wanddns")
PROVIDERS = os.environ.get("WANDDNS_PROVIDERS") or str(TOP / "src" / "providers")
SANITIZER = re.compile(r"ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error:|"
                       r"SUMMARY: \w*Sanitizer")
EPOLL_WAITS = ("232", "281") if platform.machine() == "x86_64" else ("22",)  # and epoll_pwait(2), which arm64 has alone
SANITIZED_OPTIONS = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")


def environment():
    """Little, so that no proxy and no locale of this machine has a say."""
    keep = {name: os.environ[name] for name in SANITIZED_OPTIONS if name in os.environ}
    return {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C",
            "WANDDNS_PROVIDERS": PROVIDERS, **keep}


def no_sanitizer_report(text):
    found = SANITIZER.search(text)
    assert not found, "sanitizer report:\n" + text[max(0, found.start() - 200):]


def as_nobody(argv):
    """The command, run by a user who may do nothing and owns nothing."""
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *argv]


def with_etc(argv, files):
    """The command, with files of its own in place of some of /etc: {"hosts": Path}."""
    script = "".join(f'mount --bind "{path}" "/etc/{name}" && ' for name, path in files.items())
    return ["unshare", "--mount", "sh", "-c", script + 'exec "$@"', "sh", *argv]


def with_syslog(argv, folder, socket):
    """The command, with a /dev of its own where log is this socket. folder is an empty one."""
    script = (f'mount -t tmpfs none "{folder}" && cd "{folder}" && '
              "for name in null random urandom log; do : >$name; done && "
              "for name in null random urandom; do mount --bind /dev/$name $name; done && "
              f'mount --bind "{socket}" log && mount --rbind "{folder}" /dev && cd / && exec "$@"')
    return ["unshare", "--mount", "sh", "-c", script, "sh", *argv]


# Configuration texts

def _value(value):
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(_value(item) for item in value) + " }"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lines(keys, indent=""):
    return "".join(f"{indent}{key.replace('_', '-')} = {_value(value)}\n"
                   for key, value in keys.items() if value is not None)


def account(server, hostname="home.example.org", *, title="dyndns2", **keys):
    """One provider section. server is a Server or a URL; password_file=... and the like
    become keys; None leaves a key out."""
    url = server if server is None or isinstance(server, str) else server.url
    values = {"server": url, "username": "alice", "password": "s3cret", "hostname": hostname, **keys}
    if "password_file" in keys:
        del values["password"]
    return f"provider {title} {{\n{_lines(values, '    ')}}}\n"


def configuration(*accounts, **keys):
    return _lines(keys) + "".join(accounts)


# Commands that end by themselves

def wanddns(namespace, *argv, wrap=lambda argv: argv, timeout=60, **kwargs):
    """Run the program to its end. .returncode, .stdout, .stderr; a sanitizer report fails, and so does a secret of the
    configuration in its output."""
    argv = [str(word) for word in argv]
    done = namespace.run(wrap([PROGRAM, *argv]), check=False, env=environment(),
                         timeout=patient(timeout), cwd="/", stdin=subprocess.DEVNULL, **kwargs)
    output = (done.stdout or "") + (done.stderr or "")
    no_sanitizer_report(output)
    if "-c" in argv[:-1]:
        secrets = Secrets()
        secrets.add_file(argv[argv.index("-c") + 1])
        secrets.are_not_in("what the command says", output)
    return done


CHANGE = re.compile(r" \[(\d+) \+(\d+) ms\]$")


@dataclass
class Line:
    """At -l debug a line of the log ends in its change, which is no part of the text: (number, milliseconds)."""

    time: float
    text: str
    match: re.Match | None = None
    change: tuple | None = None

    @classmethod
    def read(cls, text):
        change = CHANGE.search(text)
        return cls(time.monotonic(), CHANGE.sub("", text), None, change and tuple(map(int, change.groups())))


class Output:
    """The lines of one pipe, read by a thread, each with the time it came."""

    def __init__(self, pipe):
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for text in self._pipe:
            with self.changed:
                self.lines.append(Line.read(text.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def join(self):
        self._thread.join()
        self._pipe.close()

    @property
    def text(self):
        return "\n".join(line.text for line in list(self.lines))

    def mark(self):
        """A place in the output: wait(..., after=mark) looks only at what came later."""
        return len(self.lines)

    def find(self, pattern, after=0):
        """All lines since a mark in which the pattern occurs."""
        hits = []
        for line in self.lines[after:]:
            if match := re.search(pattern, line.text):
                hits.append(Line(line.time, line.text, match, line.change))
        return hits

    def wait(self, pattern, timeout=10, after=0, count=1):
        """Wait until the pattern occurred in so many lines; hands back the last of them."""
        with self.changed:
            self.changed.wait_for(
                lambda: self.ended or len(self.find(pattern, after)) >= count, patient(timeout))
            hits = self.find(pattern, after)
        if len(hits) < count:
            raise AssertionError(f"{count} times {pattern!r} not within {timeout} s"
                                 f"{' (the output ended)' if self.ended else ''}:\n{self.text}")
        return hits[count - 1]


class Process:
    """A running command with its output."""

    def __init__(self, namespace, argv, *, env=None):
        self.popen = namespace.popen(argv, env=env or environment(), cwd="/", text=True,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
        self.out, self.err = Output(self.popen.stdout), Output(self.popen.stderr)

    @property
    def pid(self):
        return self.popen.pid

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=10):
        """Wait for the end of the process and of its output; its exit status."""
        status = self.popen.wait(patient(timeout))
        self.out.join()
        self.err.join()
        return status

    def stop(self, expect=0):
        """TERM, if it still runs; the exit status must be the expected one."""
        if self.popen.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.wait()
            raise AssertionError("did not end after TERM:\n" + self.err.text) from None
        no_sanitizer_report(self.out.text + "\n" + self.err.text)
        if expect is not None:
            assert status == expect, f"exit status {status}, not {expect}:\n{self.err.text}"
        return status

    # What the kernel says about it

    def switches(self):
        """(voluntary, involuntary) context switches so far."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return tuple(int(re.search(rf"^{kind}_ctxt_switches:\s+(\d+)", text, re.M)[1])
                     for kind in ("voluntary", "nonvoluntary"))

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        """(connections over TCP, which are kept for a while; all others): how many it has of each."""
        rows = [row.split() for table in ("tcp", "tcp6")
                for row in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]]
        tcp = {f"socket:[{row[9]}]" for row in rows}
        links = [link for path in Path(f"/proc/{self.pid}/fd").iterdir() if (link := self._link(path))]
        return sum(link in tcp for link in links), sum(link not in tcp for link in links)

    @staticmethod
    def _link(path):
        try:
            return os.readlink(path)
        except FileNotFoundError:
            return None

    def asleep(self):
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"

    def writes_its_log(self):
        """It is the program already, and sleeps in a call with standard error: nobody reads that."""
        if Path(f"/proc/{self.pid}/comm").read_text() != "wanddns\n":
            return False
        return Path(f"/proc/{self.pid}/syscall").read_text().split()[1:2] == ["0x2"]

    def waits_for_ever(self):
        """It sleeps in epoll_wait(2) without a limit: no timer runs."""
        fields = Path(f"/proc/{self.pid}/syscall").read_text().split()
        return len(fields) > 5 and fields[0] in EPOLL_WAITS and fields[4] in ("0xffffffffffffffff", "0xffffffff")


def entry_sum(entry):
    """The checksum of an entry of state.json: FNV-1a over its JSON, sorted and without blanks."""
    total = 14695981039346656037
    for byte in json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode():
        total = (total ^ byte) * 1099511628211 % 2**64
    return f"{total:016x}"


def state_text(entries):
    """A state.json of these entries, with their sums where they are objects."""
    lines = [json.dumps({**entry, "sum": entry_sum(entry)} if isinstance(entry, dict) else entry)
             for entry in entries]
    return '{"version": 2, "boot": "", "entries": [\n' + ",\n".join(lines) + "\n]}\n"


class Daemon(Process):
    """wanddns run, at -l debug unless told otherwise. home holds wanddns.conf and state/.

    argv and wrap: more arguments, and a command to run it by (see as_nobody, with_etc).

    When it is stopped, no secret of any of its configurations may stand in its log, its state, its arguments, its
    environment or what it answers: each test is a test of that.
    """

    def __init__(self, namespace, home, config, *, argv=(), wrap=lambda argv: argv,
                 level="debug", wait=True):
        self.home = Path(home)
        self.config = self.home / "wanddns.conf"
        self.state_dir = self.home / "state"
        self.control = self.home / "control"
        self.secrets = Secrets()
        self.home.mkdir(parents=True, exist_ok=True)
        self.state_dir.mkdir(exist_ok=True)
        self.write_config(config)
        command = [PROGRAM, "run", "-c", str(self.config), "--state-dir", str(self.state_dir),
                   "--control", str(self.control), "-l", level, *argv]
        super().__init__(namespace, wrap(command))
        if wait:
            self.wait_log(r"wanddns \S+ started")

    def write_config(self, text):
        self.secrets.add(text)
        self.config.write_text(text)
        self.config.chmod(0o600)

    def wait_log(self, pattern, timeout=10, after=0, count=1):
        return self.err.wait(pattern, timeout, after, count)

    def mark(self):
        return self.err.mark()

    def log(self, pattern, after=0):
        return self.err.find(pattern, after)

    def state(self):
        """The remembered records: {("home.example.org", "A"): {...}}."""
        whole = json.loads((self.state_dir / "state.json").read_text())
        assert whole["version"] == 2
        return {(entry["name"], entry["type"]): entry for entry in whole["entries"] if "name" in entry}

    def usr1(self):
        self.signal(signal.SIGUSR1)

    def hup(self):
        self.signal(signal.SIGHUP)

    def tells(self, command):
        """What the control socket answers: lines of JSON, or nothing when nobody does."""
        answer = b""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(patient(5))
            client.connect(str(self.control))
            client.sendall(json.dumps({"version": 1, "command": command}).encode() + b"\n")
            while part := client.recv(65536):
                answer += part
        return answer.decode()

    def keeps_secrets(self):
        """What it has written and tells, and what the kernel tells of it, has no secret of its configurations."""
        self.secrets.add_file(self.config)
        if self.popen.poll() is None:
            self.secrets.are_not_told_of(self.pid)
            for command in "explain", "metrics":
                self.secrets.are_not_in(f"the answer to {command}", self.tells(command))
        self.secrets.are_not_in("the log", self.err.text)
        self.secrets.are_not_in("its output", self.out.text)
        self.secrets.are_not_in_files(self.state_dir)

    def stop(self, expect=0):
        try:
            self.keeps_secrets()
        finally:
            status = super().stop(expect)
        self.keeps_secrets()
        return status

    def kill(self):
        """As a power cut would end it."""
        self.popen.kill()
        self.wait()
        self.keeps_secrets()
