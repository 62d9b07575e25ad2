"""The demonstration of contrib/quickstart shows what it says, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

DEMO = Path(__file__).with_name("demo.py")
ROWS = [
    ("(wanddns starts, and asks)", "203.0.113.7,2001:db8:1::7"),
    ("wan0 gets 203.0.113.9", "203.0.113.9"),
    ("wan0 loses the default route", "198.51.100.7,2001:db8:2::7"),
    ("wan0 gets the default route", "203.0.113.9,2001:db8:1::7"),
    ("wan0 gets 2001:db8:1:2::7", "2001:db8:1:2::7"),
]


@pytest.fixture
def start(tmp_path):
    """Start the demonstration in a session of its own, by which all that it starts can be told."""
    with ExitStack() as stack:
        def start(**environment):
            demo = stack.enter_context(subprocess.Popen(
                [sys.executable, DEMO], env={**os.environ, "TMPDIR": str(tmp_path), **environment},
                text=True, start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE))
            stack.callback(demo.kill)
            return demo
        yield start


def processes(demo):
    """What the demonstration started and still runs: {pid: its network namespace}."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == demo.pid:
                found[directory.name] = os.readlink(directory / "ns/net")
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def leaves_nothing(demo, directory):
    """A namespace without a name is gone with the last process that has it."""
    assert processes(demo) == {}
    assert list(directory.iterdir()) == []


def test_shows_each_step(start, tmp_path):
    """One update for each change, with the right addresses, after the settle time."""
    demo = start()
    out, err = demo.communicate(timeout=60)
    assert (demo.returncode, err) == (0, ""), out
    rows = re.findall(r"^(.+?) {2,}gw\.example\.org (\S+) +(\d+) ms$", out, re.M)
    assert [(said, got) for said, got, _ in rows] == ROWS
    # The monitor hears the event at about the time that wanddns does: hence a little below 100.
    assert all(90 <= int(after) < 2000 for _, _, after in rows[1:]), out
    assert "build/wanddns check" in out
    assert max(map(len, out.splitlines())) <= 80 + len(str(tmp_path))
    leaves_nothing(demo, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_leaves_nothing(start, tmp_path, number):
    """A signal in the middle ends it, with all that it started."""
    demo = start()
    while not demo.stdout.readline().startswith(ROWS[0][0]):
        assert demo.poll() is None
    namespaces = set(processes(demo).values()) - {os.readlink("/proc/self/ns/net")}
    assert len(namespaces) == 1  # the gateway's; the server behind it is a part of the demonstration
    demo.send_signal(number)
    _, err = demo.communicate(timeout=60)
    assert (demo.returncode, err) == (128 + number, "\nInterrupted; nothing is left behind.\n")
    leaves_nothing(demo, tmp_path)
    assert namespaces.pop() not in Path("/proc/self/mountinfo").read_text()


def test_tells_what_went_wrong(start, tmp_path):
    """With a program that does not do it, the demonstration fails and says where."""
    demo = start(WANDDNS="/bin/false")
    _, err = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "(wanddns starts, and asks): wanddns ended" in err
    leaves_nothing(demo, tmp_path)
