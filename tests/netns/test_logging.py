"""The log: a change by its number, what is said again, syslog, a terminal."""

import re
import socket
import time

from harness.daemon import with_syslog
from harness.expect import HOME, at_rest, is_current, start_ipv4, until
from harness.quick import start, write_config
from harness.topology import WAN0


def test_change_can_be_followed_by_its_number(lab):
    """At -l debug the lines from the event to the published address carry one number, and the time since the event."""
    daemon = start_ipv4(lab)
    mark, begin = daemon.mark(), time.monotonic()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    event = daemon.wait_log(r"event: ", after=mark)
    number, since = event.change
    assert since <= (event.time - begin) * 1000  # it is counted from the event, not from an earlier moment
    steps = [r"event: reading in", r"settled: \d+ ms after the first event", r"auto ipv4: 203\.0\.113\.9 on wan0",
             rf"{HOME} A: current -> updating", r"dyndns2: batch: 1, the first is " + HOME, r"step update: request: ",
             r"step update: answer: ", rf"{HOME} A: updating -> current"]
    times, place = [], mark
    for step in steps:
        line = daemon.wait_log(step, after=place)
        assert line.change[0] == number
        place = [entry.time for entry in daemon.err.lines].index(line.time)
        times.append(line.change[1])
    assert times == sorted(times)
    assert times[1] >= 100  # it settled


def test_next_change_has_another_number(lab):
    """What comes after a rest has the next number; a line between two changes has none."""
    daemon = start_ipv4(lab)
    lines = []
    for address in 9, 8:
        mark = daemon.mark()
        lab.net.replace4({9: 7, 8: 9}[address], address)
        is_current(daemon, f"203.0.113.{address}", after=mark)
        lines.append(daemon.wait_log(r"updating -> current", after=mark))
    assert lines[1].change[0] > lines[0].change[0] > 1  # the start is one
    daemon.stop()
    last = daemon.err.lines[-1]
    assert (last.text, last.change) == ("<6>stopped", None)


def test_log_without_debug_has_no_numbers(lab):
    """Lines of the level info are as they always were."""
    daemon = start_ipv4(lab, daemon={"level": "info"})
    assert not any(line.change for line in daemon.err.lines)


def test_storm_of_events_is_a_line_and_a_number(lab):
    """A line that says what the one before said is counted, and told with the next one."""
    lab.net.online(WAN0, v4=7)
    daemon = start(lab, settle="500ms", settle_max="1h")
    is_current(daemon, "203.0.113.7")
    mark = daemon.mark()
    for last in range(20, 40):
        lab.gateway.ip(f"addr add 198.51.100.{last}/24 dev wan0")
    at_rest(daemon, mark)
    assert len(daemon.log(r"event: reading in 500 ms$", after=mark)) == 1
    assert len(daemon.log(r"event: reading in 500 ms \(repeated (\d+ times|once)\)", after=mark)) == 1


class Syslog:
    """Stands in for the system's: what was sent to /dev/log."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.lines = []

    def read(self):
        while True:
            try:
                self.lines.append(self.socket.recv(65536).decode().rstrip("\0"))
            except BlockingIOError:
                return self.lines

    def wait(self, pattern):
        def found():
            return [line for line in self.read() if re.search(pattern, line)]

        return until(found, what=f"{pattern!r} in syslog")[0]


def test_syslog(lab, tmp_path):
    """--syslog: the severity of each line and facility daemon, and nothing on standard error."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "nohost"
    system, folder = Syslog(tmp_path / "log"), tmp_path / "dev"
    folder.mkdir()
    daemon = lab.daemon(lab.config(family="ipv4"), argv=["--syslog"], wait=False,
                        wrap=lambda argv: with_syslog(argv, folder, system.path))
    assert re.match(r"<30>\w{3} .\d \d\d:\d\d:\d\d wanddns\[\d+\]: wanddns ", system.wait("started: 1 record, 1 account$"))
    assert system.wait(rf"{HOME} A: updating -> refused").startswith("<28>")
    assert system.wait("step update: request: ").startswith("<31>")
    daemon.stop()
    assert system.wait(r"wanddns\[\d+\]: stopped$").startswith("<30>")
    assert not daemon.err.lines and not daemon.out.lines


def test_syslog_goes_with_run_only(lab):
    """once --syslog is wrong usage."""
    done = lab.wanddns("once", "--syslog")
    assert done.returncode == 2
    assert "--syslog does not go with once" in done.stderr


def run_on_terminal(lab, **kwargs):
    state = lab.dir / "state"
    state.mkdir()
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "nohost"
    terminal = lab.terminal("run", "-c", write_config(lab), "--state-dir", state, **kwargs)
    terminal.wait("updating -> refused")
    terminal.stop()
    return terminal


def test_terminal_has_time_and_colour(lab):
    """On a terminal each line has the time, and what is wrong has a colour."""
    terminal = run_on_terminal(lab)
    assert re.search(rf"\x1b\[33m\d\d:\d\d:\d\d {HOME} A: updating -> refused [^\n]*\x1b\[0m\r\n", terminal.raw)
    assert re.search(r"(?m)^\d\d:\d\d:\d\d wanddns \S+ started", terminal.raw)
    assert "<6>" not in terminal.raw


def test_terminal_without_colour(lab):
    """NO_COLOR is honoured (https://no-color.org)."""
    terminal = run_on_terminal(lab, env={"NO_COLOR": "1"})
    assert "\x1b" not in terminal.raw
    assert re.search(rf"(?m)^\d\d:\d\d:\d\d {HOME} A: updating -> refused", terminal.raw)
