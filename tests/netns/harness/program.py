"""A program of a user's, for provider exec: it notes all that it is told, and answers as a test says."""

import json
from dataclasses import dataclass
from pathlib import Path

from .daemon import account
from .expect import until

# Its environment is read from the kernel: Python adds to its own.
_TEXT = """#!/usr/bin/python3 -I
import json, os, pathlib, subprocess, sys, time

def note(kind, value):
    path = folder / f"{kind}-{os.getpid()}"
    (folder / "new").mkdir(exist_ok=True)
    draft = folder / "new" / path.name
    draft.write_text(json.dumps(value))
    draft.rename(path)

def texts(path):
    return pathlib.Path(path).read_bytes().decode().split("\\0")[:-1]

begin = time.monotonic()
folder = pathlib.Path(sys.argv[0]).parent
answer = json.loads((folder / "answer").read_text())
children = [subprocess.Popen(["sleep", "1000"]).pid] if answer["hang"] else []
note("call", {"begin": begin, "pids": [os.getpid(), *children], "argv": texts("/proc/self/cmdline")[2:],
              "environment": dict(pair.split("=", 1) for pair in texts("/proc/self/environ")),
              "input": sys.stdin.read(), "descriptors": sorted(os.listdir("/proc/self/fd"))[:-1]})
time.sleep(1000 if answer["hang"] else answer["sleep"])
sys.stdout.write(answer["text"])
sys.stderr.write("nobody reads this\\n")
sys.stdout.flush()
if answer["status"] < 0:
    os.kill(os.getpid(), -answer["status"])
note("end", time.monotonic())
os._exit(answer["status"])
"""


@dataclass
class Call:
    begin: float  # time.monotonic()
    pids: list  # its own, and that of what it started
    argv: list
    environment: dict
    input: str
    descriptors: list
    end: float | None = None

    def told(self, name):
        """The value of WANDDNS_NAME; "" also when it is not there."""
        return self.environment.get("WANDDNS_" + name, "")


class Program:
    """program = Program(folder); program.path is its file."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.path = self.folder / "publish"
        self.path.write_text(_TEXT)
        self.path.chmod(0o755)
        self.answers()

    def answers(self, text="", status=0, hang=False, sleep=0):
        """From now on it writes this and ends so; a negative status is a signal."""
        draft = self.folder / "draft"
        draft.write_text(json.dumps({"text": text, "status": status, "hang": hang, "sleep": sleep}))
        draft.rename(self.folder / "answer")

    @property
    def calls(self):
        """All so far, in their order."""
        calls = []
        for path in self.folder.glob("call-*"):
            end = self.folder / path.name.replace("call", "end")
            ended = json.loads(end.read_text()) if end.exists() else None
            calls.append(Call(**json.loads(path.read_text()), end=ended))
        return sorted(calls, key=lambda call: call.begin)

    def wait_for(self, count):
        until(lambda: len(list(self.folder.glob("call-*"))) >= count, what=f"call {count} of the program")
        return self.calls

    def section(self, hostname="home.example.org", *, title="exec", username=None, password=None, **keys):
        """A provider section that runs it."""
        return account(None, hostname, title=title, program=self.path, username=username, password=password, **keys)


def is_running(pid):
    """Not when it is dead and only waits for its parent to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
