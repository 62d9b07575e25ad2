"""What a supervisor is told: the protocol of sd_notify(3), and the watchdog."""

import signal
import threading
import time

import pytest

from harness.expect import HOME, is_current, start_ipv4
from harness.supervisor import Supervisor
from harness.topology import WAN0


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path / "notify")
    yield supervisor
    supervisor.close()


def start(lab, supervisor, **kwargs):
    return start_ipv4(lab, daemon={"wrap": supervisor.wrap, **kwargs})


def test_ready_comes_after_the_first_read(lab, supervisor):
    """When READY is told, the kernel has been read: the address is in the log already."""
    lab.net.online(WAN0, v4=7)
    log = lab.dir / "log"
    lab.daemon(lab.config(family="ipv4"), wait=False,
               wrap=lambda argv: ["sh", "-c", f'exec "$@" 2>"{log}"', "sh", *supervisor.wrap(argv)])
    supervisor.wait("READY", "1")
    assert "auto ipv4: 203.0.113.7 on wan0" in log.read_text()


def test_ready_does_not_wait_for_an_address(lab, supervisor):
    """Without an uplink the daemon is ready too: nothing is left to start."""
    lab.daemon(lab.config(family="ipv4"), wrap=supervisor.wrap)
    supervisor.wait("READY", "1")
    supervisor.wait("STATUS", "1 record: 1 idle")


def test_start_that_fails_is_not_ready(lab, supervisor):
    """A second daemon on the same state ends, and never says that it is ready."""
    daemon = start_ipv4(lab)
    second = lab.daemon(lab.config(family="ipv4"), wait=False, wrap=supervisor.wrap, expect=1)
    assert second.wait() == 1
    assert second.state_dir == daemon.state_dir
    assert not supervisor.found("READY")


def test_status_follows_the_records(lab, supervisor):
    """STATUS says how many records are in which state."""
    daemon = start(lab, supervisor)
    supervisor.wait("STATUS", "1 record: 1 current")
    lab.server.answer = lambda request: "nohost"
    lab.net.replace4(7, 9)
    supervisor.wait("STATUS", "1 record: 1 refused")
    assert len(supervisor.found("READY")) == 1
    daemon.stop()


def reload(daemon, supervisor, config, expected):
    mark = supervisor.mark()
    before = time.monotonic()
    daemon.write_config(config)
    daemon.hup()
    daemon.wait_log(expected)
    told = supervisor.wait("RELOADING", "1", after=mark)
    assert before * 1e6 <= int(told["MONOTONIC_USEC"]) <= time.monotonic() * 1e6
    supervisor.wait("READY", "1", after=mark)
    kinds = [key for _, fields in supervisor.messages[mark:] for key in fields if key in ("RELOADING", "READY")]
    assert kinds == ["RELOADING", "READY"]


def test_reload_is_told(lab, supervisor):
    """HUP: RELOADING with MONOTONIC_USEC, then READY."""
    daemon = start(lab, supervisor)
    supervisor.wait("READY")
    reload(daemon, supervisor, lab.config(family="both"), "reloaded: 2 records")
    supervisor.wait("STATUS", "2 records: 1 idle, 1 current")


def test_reload_that_fails_is_told_too(lab, supervisor):
    """HUP with a broken file: the daemon goes on, and says so."""
    daemon = start(lab, supervisor)
    supervisor.wait("READY")
    reload(daemon, supervisor, "rubbish", "not reloaded: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_is_told(lab, supervisor, number):
    """TERM and INT: STOPPING, before the end."""
    daemon = start(lab, supervisor)
    supervisor.wait("READY")
    assert not supervisor.found("STOPPING")
    daemon.signal(number)
    assert daemon.wait() == 0
    supervisor.wait("STOPPING", "1")


def test_supervisor_that_goes_away_harms_nobody(lab, tmp_path):
    """Nobody listens any more: one line in the log, and the daemon goes on."""
    supervisor = Supervisor(tmp_path / "notify")
    daemon = start(lab, supervisor)
    supervisor.wait("STATUS", "1 record: 1 current")
    supervisor.close()
    for old, new in (7, 9), (9, 8):
        mark = daemon.mark()
        lab.server.answer = lambda request: "nohost"
        lab.net.replace4(old, new)
        daemon.wait_log(f"{HOME} A: updating -> refused", after=mark)
        lab.server.answer = lambda request: "good " + request.query["myip"]
        daemon.usr1()
        is_current(daemon, f"203.0.113.{new}", after=mark)
    daemon.hup()
    daemon.wait_log("reloaded: ")
    assert len(daemon.log("<4>the supervisor cannot be told")) == 1


@pytest.fixture
def watching(tmp_path):
    supervisor = Supervisor(tmp_path / "watchdog", watchdog=2)
    yield supervisor
    supervisor.close()


def test_watchdog_fires_when_the_loop_hangs(lab, watching):
    """WATCHDOG comes in half the time while the loop turns; when it hangs it does not, and the supervisor kills it."""
    daemon = start(lab, watching, expect=-signal.SIGKILL)
    watching.wait("WATCHDOG", "1")
    guard = threading.Thread(target=watching.guard, args=(daemon,))
    guard.start()
    watching.wait("WATCHDOG", "1", count=3)
    assert daemon.popen.poll() is None
    times = [when for when, fields in watching.messages if "WATCHDOG" in fields]
    assert all(0.9 < later - earlier for earlier, later in zip(times, times[1:]))
    daemon.signal(signal.SIGSTOP)
    guard.join(10)
    assert daemon.wait() == -signal.SIGKILL


def test_watchdog_of_another_process_is_left_alone(lab, supervisor):
    """WATCHDOG_PID of another process: nothing is said, and nobody wakes up."""
    daemon = start_ipv4(lab, daemon={"wrap": lambda argv: [
        "env", f"NOTIFY_SOCKET={supervisor.path}", "WATCHDOG_PID=1", "WATCHDOG_USEC=20000", *argv]})
    supervisor.wait("STATUS", "1 record: 1 current")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    assert not supervisor.found("WATCHDOG")
