"""Signals, one pass, dry run, state and what stands on the disk."""

import contextlib
import json
import os
import re
import signal
import time

import pytest

from harness.daemon import account, state_text
from harness.expect import HOME, answers_late, at_rest, is_current, publishes_next, sent, start_ipv4, until
from harness.server import Reply, good
from harness.topology import WAN0, WAN1

VPN = "vpn.example.org"


def write_config(lab, text, name="wanddns.conf"):
    path = lab.dir / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def once(lab, config, *argv, **kwargs):
    state = lab.dir / "state"
    state.mkdir(exist_ok=True)
    return lab.wanddns("once", "-c", config, "--state-dir", state, *argv, **kwargs)


# Signals

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end_is_clean(lab, number):
    """TERM and INT end with status 0, soon, and with a last line."""
    daemon = start_ipv4(lab)
    begin = time.monotonic()
    daemon.signal(number)
    assert daemon.wait() == 0
    assert time.monotonic() - begin < 0.5
    assert daemon.err.lines[-1].text == "<6>stopped"


def test_end_with_a_request_under_way_is_clean(lab):
    """TERM cancels what is under way, and the next start sends it again."""
    lab.server.answer = lambda request: Reply(hang=True)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    first, = lab.server.wait_for(1)
    begin = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begin < 0.5
    lab.server.wait_until(lambda: first.gone)
    lab.server.answer = good
    is_current(lab.daemon(lab.config(family="ipv4")), "203.0.113.7")
    assert sent(lab.server) == ["203.0.113.7"] * 2


def test_usr1_sends_now(lab):
    """USR1 sends what is published already, once."""
    daemon = start_ipv4(lab)
    mark = daemon.mark()
    daemon.usr1()
    is_current(daemon, "203.0.113.7", after=mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.7", "203.0.113.9"])


@pytest.mark.parametrize("number, done", [(signal.SIGHUP, b"reloaded: 1 record"), (signal.SIGUSR1, b"sending now")])
def test_signal_while_it_starts_is_kept(lab, number, done):
    """HUP and USR1 before the loop runs: done as soon as it does. Here the first line of the log is what takes so long,
    as nobody reads it."""
    lab.net.online(WAN0, v4=7)
    log = lab.dir / "log"
    os.mkfifo(log)
    end = os.open(log, os.O_RDWR | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(end, b"#" * 4096)
    daemon = lab.daemon(lab.config(family="ipv4"), wait=False,
                        wrap=lambda argv: ["sh", "-c", f'exec "$@" 2>"{log}"', "sh", *argv])
    until(daemon.writes_its_log)
    daemon.signal(number)
    text = bytearray()
    until(lambda: _read_more(end, text) or done in text)
    assert text.index(b" started: ") < text.index(done)
    lab.server.wait_for(1)
    os.close(end)


def _read_more(end, text):
    with contextlib.suppress(BlockingIOError):
        text += os.read(end, 65536)


def test_usr1_ends_a_refusal(lab):
    """USR1 tries again what the provider refused for good."""
    lab.server.answer = lambda request: "nohost"
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log(r"A: updating -> refused \(provider: nohost")
    lab.server.answer = good
    daemon.usr1()
    is_current(daemon, "203.0.113.7")


def test_usr1_ends_a_wait(lab):
    """USR1 does not wait for the next attempt."""
    lab.server.stop()
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    daemon.wait_log("-> waiting", count=3, timeout=20)
    lab.server.start()
    begin = time.monotonic()
    daemon.usr1()
    lab.server.wait_for(1)
    assert lab.server.requests[0].time - begin < 3


def reload(daemon, text, expected="^<6>reloaded: "):
    mark = daemon.mark()
    daemon.write_config(text)
    daemon.hup()
    return daemon.wait_log(expected, after=mark)


def test_reload_keeps_a_record_that_did_not_change_and_adds_a_new_one(lab):
    """HUP: the new record is published, the old one sends nothing."""
    daemon = start_ipv4(lab)
    mark = daemon.mark()
    reload(daemon, lab.config(account(lab.server, [HOME, VPN]), family="ipv4"))
    is_current(daemon, "203.0.113.7", name=VPN)
    assert not daemon.log(re.escape(HOME) + " A: .*-> updating", after=mark)
    assert [request.hostnames for request in lab.server.requests] == [[HOME], [VPN]]


def test_reload_without_a_change_sends_nothing(lab):
    """HUP with the same file changes nothing."""
    daemon = start_ipv4(lab)
    reload(daemon, lab.config(family="ipv4"))
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_reload_removes_a_record(lab):
    """HUP: a record that is no longer there gets no updates any more."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4"))
    is_current(daemon, "203.0.113.7", name=VPN)
    reload(daemon, lab.config(account(lab.server, [HOME]), family="ipv4"))
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert [sorted(request.hostnames) for request in lab.server.requests] == [[HOME, VPN], [HOME]]
    assert set(daemon.state()) == {(HOME, "A")}


def test_reload_with_a_new_family_and_interface(lab):
    """HUP: a family that is added is published, beside the other."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    reload(daemon, lab.config(family="both", interface="wan0"))
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "2001:db8:1::7"]


def test_reload_with_a_new_password_ends_a_refusal(lab):
    """HUP: a login that was refused is tried with the new password."""
    lab.server.answer = lambda request: (
        "badauth" if request.login[1] == "wrong" else "good 203.0.113.7")
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, password="wrong"), family="ipv4"))
    daemon.wait_log(r"-> refused \(")
    reload(daemon, lab.config(account(lab.server, password="right"), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    assert [request.login[1] for request in lab.server.requests] == ["wrong", "right"]


def test_reload_with_a_new_server_publishes_there(lab):
    """HUP: records of an account that moved are published at the new server."""
    daemon = start_ipv4(lab)
    other = lab.another_server()
    reload(daemon, lab.config(account(other), family="ipv4"))
    other.wait_for(1)
    assert sent(other) == ["203.0.113.7"]


def test_reload_while_a_request_hangs(lab):
    """HUP with the same file while a request is under way neither loses nor doubles it."""
    go_on = answers_late(lab.server)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    lab.server.wait_for(1)
    reload(daemon, lab.config(family="ipv4"))
    go_on.set()
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


@pytest.mark.parametrize("hostname, password", [
    (HOME, "s3cret"), (VPN, "s3cret"), ([HOME, VPN], "an0ther"), ([VPN, "new.example.org"], "s3cret")],
    ids=["second-removed", "first-removed", "new-password", "one-of-two-replaced"])
def test_reload_that_changes_an_account_while_its_request_hangs(lab, hostname, password):
    """HUP while a request for two names is under way: what is configured then is published."""
    lab.server.answer = lambda request: (
        Reply(hang=True) if request.hostnames == [HOME, VPN] and request.login[1] == "s3cret"
        else good(request))
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4"))
    first, = lab.server.wait_for(1)
    reload(daemon, lab.config(account(lab.server, hostname, password=password), family="ipv4"))
    names = [hostname] if isinstance(hostname, str) else hostname
    for name in names:
        is_current(daemon, "203.0.113.7", name=name)
    lab.server.wait_until(lambda: first.gone)
    daemon.stop()
    assert set(daemon.state()) == {(name, "A") for name in names}
    assert sorted(lab.server.requests[-1].hostnames) == sorted(names)


def test_reload_with_another_interface_while_a_request_hangs(lab):
    """HUP: a request for an address that is not wanted any more is given up."""
    lab.server.answer = lambda request: (
        Reply(hang=True) if request.addresses == ["203.0.113.7"] else good(request))
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    daemon = lab.daemon(lab.config(family="ipv4", interface="wan0"))
    first, = lab.server.wait_for(1)
    reload(daemon, lab.config(family="ipv4", interface="wan1"))
    is_current(daemon, "198.51.100.8")
    lab.server.wait_until(lambda: first.gone)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7", "198.51.100.8"]


def test_usr1_while_a_request_is_under_way_does_not_double_it(lab):
    """USR1 asks for what is being done already."""
    go_on = answers_late(lab.server)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    lab.server.wait_for(1)
    daemon.usr1()
    daemon.wait_log("sending now")
    go_on.set()
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_bad_new_file_changes_nothing_and_says_so(lab):
    """HUP with a faulty file: the fault is named with its line and the daemon goes on as before."""
    daemon = start_ipv4(lab)
    reload(daemon, lab.config(account(lab.server, "bad name!"), family="ipv4"),
           rf"not reloaded: {re.escape(str(daemon.config))}:\d+: .*bad name!")
    reload(daemon, "settle = 5 parsecs {", rf"not reloaded: {re.escape(str(daemon.config))}:1: ")
    mark = daemon.mark()
    daemon.config.unlink()
    daemon.hup()
    daemon.wait_log(r"not reloaded: ", after=mark)
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_storm_of_signals_does_no_harm(lab):
    """A hundred HUPs and USR1s in a row leave a daemon that works."""
    daemon = start_ipv4(lab)
    for _ in range(100):
        daemon.hup()
        daemon.usr1()
    daemon.wait_log("reloaded")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)


# One pass

def test_once_publishes_and_a_second_one_sends_nothing(lab):
    """once: exit 0 when every record is current; the second pass has nothing to send."""
    lab.net.online(WAN0, v4=7)
    config = write_config(lab, lab.config(family="ipv4"))
    for _ in range(2):
        done = once(lab, config)
        assert done.returncode == 0, done.stderr
    assert sent(lab.server) == ["203.0.113.7"]
    lab.net.replace4(7, 9)
    assert once(lab, config).returncode == 0
    assert sent(lab.server) == ["203.0.113.7", "203.0.113.9"]


@pytest.mark.parametrize("answer", ["nohost", "badauth", "911", "rubbish"])
def test_once_fails_when_a_record_is_not_current(lab, answer):
    """once: exit 1 after one attempt that did not succeed."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: answer
    done = once(lab, write_config(lab, lab.config(family="ipv4")))
    assert done.returncode == 1
    assert answer in done.stderr
    assert len(lab.server.requests) == 1


def test_once_fails_when_the_server_is_down(lab):
    """once: exit 1, soon, when nobody answers."""
    lab.net.online(WAN0, v4=7)
    lab.server.stop()
    begin = time.monotonic()
    done = once(lab, write_config(lab, lab.config(family="ipv4")))
    assert done.returncode == 1
    assert "Connection refused" in done.stderr
    assert time.monotonic() - begin < 5


def test_once_without_an_address_fails_and_says_why(lab):
    """once: exit 1 when there is nothing to publish, with the reason."""
    done = once(lab, write_config(lab, lab.config(family="ipv4")))
    assert done.returncode == 1
    assert "no-route" in done.stderr


def test_once_after_the_daemon_sends_nothing(lab):
    """once and the daemon share what is remembered."""
    start_ipv4(lab).stop()
    config = write_config(lab, lab.config(family="ipv4"))
    done = lab.wanddns("once", "-c", config, "--state-dir", lab.dir / "daemon" / "state")
    assert done.returncode == 0
    assert sent(lab.server) == ["203.0.113.7"]


# Dry run

DRY = (r"GET https://192\.0\.2\.53:8443/nic/update\?hostname=home\.example\.org"
       r"&myip=203\.0\.113\.7 \(basic \{username\}:\{password\}\)")


def test_dry_run_shows_the_request_and_sends_nothing(lab):
    """once --dry-run: the request is printed without the secret; no packet, no state."""
    lab.net.online(WAN0, v4=7)
    config = write_config(lab, lab.config(account(lab.server, password="MARKED-Zq"), family="ipv4"))
    for option in ("--dry-run", "-n"):
        done = once(lab, config, option, "-l", "debug")
        assert done.returncode == 0, done.stderr
        assert re.search("^" + DRY + "$", done.stdout, re.M)
        assert "MARKED" not in done.stdout + done.stderr
    assert lab.server.connections == 0
    assert not (lab.dir / "state" / "state.json").exists()


def test_daemon_in_dry_run_follows_changes_and_sends_nothing(lab):
    """run --dry-run: each change is printed as the request it would be."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"), argv=["--dry-run"])
    daemon.out.wait(DRY)
    lab.net.replace4(7, 9)
    daemon.out.wait(r"myip=203\.0\.113\.9")
    daemon.stop()
    assert lab.server.connections == 0
    assert not (daemon.state_dir / "state.json").exists()


# State

def test_state_is_as_promised(lab):
    """state.json names each record with its address, and is the owner's alone to write."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config())
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    state = daemon.state()
    assert {key: record["address"] for key, record in state.items()} == {
        (HOME, "A"): "203.0.113.7", (HOME, "AAAA"): "2001:db8:1::7"}
    assert {record["account"] for record in state.values()} == {"dyndns2"}
    assert os.stat(daemon.state_dir / "state.json").st_mode & 0o022 == 0
    assert sorted(path.name for path in daemon.state_dir.iterdir()) in (
        ["lock", "state.json"], ["state.json"])
    assert "s3cret" not in (daemon.state_dir / "state.json").read_text()


def remembers(daemon, address):
    """Wait until the address stands on the disk."""
    file = daemon.state_dir / "state.json"
    until(lambda: file.exists() and daemon.state()[HOME, "A"].get("address") == address)


def test_power_cut_after_an_update_is_no_update(lab):
    """What was published is on the disk at once: a killed daemon remembers it."""
    daemon = start_ipv4(lab, daemon={"expect": -signal.SIGKILL})
    remembers(daemon, "203.0.113.7")
    daemon.kill()
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_state_is_written_only_after_a_change(lab):
    """Events that change nothing leave the file alone."""
    daemon = start_ipv4(lab)
    file = daemon.state_dir / "state.json"
    remembers(daemon, "203.0.113.7")
    before = os.stat(file)
    mark = daemon.mark()
    lab.gateway.ip("addr change 203.0.113.7/24 dev wan0 valid_lft 600 preferred_lft 600")
    at_rest(daemon, mark)
    after = os.stat(file)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


DAMAGED = {
    "cut": b'{"version":1,"records":[{"acc', "empty": b"", "text": b"hello", "array": b"[]",
    "zeros": b"\0" * 100, "deep": b"[" * 100_000, "number": b"7",
    "huge-number": b'{"version":1e999}', "later-version": b'{"version":3,"records":[]}',
    "binary": b"\xff\xfe\x00\x01",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_state_is_set_aside_and_costs_one_update(lab, kind):
    """A state file that is no state is kept aside, with a warning; at most one update follows."""
    start_ipv4(lab).stop()
    file = lab.dir / "daemon" / "state" / "state.json"
    data = DAMAGED[kind]
    file.write_bytes(data)
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    assert daemon.log(r"^<4>.*state\.json")
    assert file.with_name("state.json.damaged").read_bytes() == data
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.7", "203.0.113.9"])
    assert daemon.state()[HOME, "A"]["address"] == "203.0.113.9"


def faulty_entries(record):
    """Records that each have one fault, for a file that is otherwise in order."""
    return [{**record, "address": "999.1.1.1"}, {**record, "address": 7}, {**record, "type": "MX"},
            {**record, "name": None}, {**record, "address": "2001:db8::1"},
            {key: value for key, value in record.items() if key != "account"}, "text", None, []]


@pytest.mark.parametrize("number", range(9))
def test_state_entry_with_a_fault_costs_one_update(lab, number):
    """A faulty entry is not believed."""
    start_ipv4(lab).stop()
    file = lab.dir / "daemon" / "state" / "state.json"
    entries = [{key: value for key, value in entry.items() if key != "sum"}
               for entry in json.loads(file.read_text())["entries"]]
    file.write_text(state_text([faulty_entries(entry)[number] if "name" in entry else entry
                                for entry in entries]))
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.7", "203.0.113.9"])


def test_state_of_a_record_that_is_gone_is_dropped(lab):
    """The file holds what is configured, not what once was."""
    start_ipv4(lab).stop()
    daemon = lab.daemon(lab.config(account(lab.server, VPN), family="ipv4"))
    is_current(daemon, "203.0.113.7", name=VPN)
    daemon.stop()
    assert set(daemon.state()) == {(VPN, "A")}


def test_second_daemon_on_the_same_state_is_refused(lab):
    """Two daemons on one state directory would undo each other: the second does not start."""
    daemon = start_ipv4(lab)
    done = lab.wanddns("run", "-c", daemon.config, "--state-dir", daemon.state_dir)
    assert done.returncode == 1
    assert str(daemon.state_dir) in done.stderr
    done = lab.wanddns("once", "-c", daemon.config, "--state-dir", daemon.state_dir)
    assert done.returncode == 1
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_lock_dies_with_its_daemon(lab):
    """A lock that a killed daemon left behind holds nobody up."""
    start_ipv4(lab, daemon={"expect": -signal.SIGKILL}).kill()
    is_current(lab.daemon(lab.config(family="ipv4")), "203.0.113.7")


def test_state_directory_that_cannot_be_written_is_told_at_the_start(lab):
    """A daemon that cannot remember says so at once, and publishes all the same."""
    lab.net.online(WAN0, v4=7)
    blocked = lab.dir / "file"
    blocked.write_text("")
    daemon = lab.daemon(lab.config(family="ipv4"), argv=["--state-dir", str(blocked / "state")])
    assert daemon.log(rf"^<4>{re.escape(str(blocked))}/state: ")
    is_current(daemon, "203.0.113.7")
    publishes_next(lab, daemon, 7, 9, ["203.0.113.7", "203.0.113.9"])


def test_missing_state_directory_is_made(lab):
    """The state directory need not be there."""
    lab.net.online(WAN0, v4=7)
    config = write_config(lab, lab.config(family="ipv4", state_dir=lab.dir / "made"))
    done = lab.wanddns("once", "-c", config)
    assert done.returncode == 0, done.stderr
    assert (lab.dir / "made" / "state.json").exists()


# Words of the program

def test_log_is_plain_on_a_terminal(lab):
    """Without a terminal each line has a level for journald; on one it has none."""
    lab.net.online(WAN0, v4=7)
    config = write_config(lab, lab.config(family="ipv4"))
    done = once(lab, config)
    assert done.stderr and all(re.match(r"<[3467]>", line) for line in done.stderr.splitlines())
    here, there = os.openpty()
    try:
        done = once(lab, config, capture_output=False, stdout=there, stderr=there)
        shown = os.read(here, 65536).decode()
    finally:
        os.close(here)
        os.close(there)
    assert shown and not re.search(r"<\d>", shown)


def test_help_and_version(lab):
    """--help and --version print to standard output and end with 0."""
    done = lab.wanddns("--help")
    assert done.returncode == 0
    for word in ("run", "once", "watch", "check", "--config", "--state-dir", "--log-level",
                 "--dry-run"):
        assert word in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    done = lab.wanddns("-V")
    assert done.returncode == 0
    assert re.match(r"wanddns \d+\.\d+", done.stdout)


@pytest.mark.parametrize("argv", [[], ["frobnicate"], ["run", "--frobnicate"], ["run", "extra"],
                                  ["run", "-l", "loud"], ["run", "-c"]], ids=" ".join)
def test_wrong_usage_ends_with_2(lab, argv):
    """Wrong usage: exit 2 and a line on standard error."""
    done = lab.wanddns(*argv)
    assert done.returncode == 2
    assert done.stderr and not done.stdout


def test_first_line_counts_records_and_accounts(lab):
    """The daemon's first line says what it is and how much it has to do."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config())
    line = daemon.wait_log(r"^<6>wanddns (\S+) started: 2 records, 1 account$")
    assert line.match[1][0].isdigit()


# What the state is good for when things end badly

def test_killed_while_a_request_is_under_way(lab):
    """After kill -9 the old address, when it is back, is sent: nobody knows what the server did with the new one."""
    daemon = start_ipv4(lab, daemon={"expect": -signal.SIGKILL})

    remembers(daemon, "203.0.113.7")
    lab.server.answer = lambda request: Reply(hang=True)
    lab.net.replace4(7, 9)
    lab.server.wait_for(2)
    until(lambda: daemon.state()[HOME, "A"].get("doubtful"), what="the doubt in the state")
    daemon.kill()
    lab.server.answer = good
    lab.net.replace4(9, 7)
    is_current(lab.daemon(lab.config(family="ipv4")), "203.0.113.7")
    assert sent(lab.server) == ["203.0.113.7", "203.0.113.9", "203.0.113.7"]


def test_state_that_is_the_same_is_not_written_again(lab):
    """An address that goes and comes back, a reload and a restart leave the file as it is."""
    daemon = start_ipv4(lab)
    file = daemon.state_dir / "state.json"
    daemon.stop()
    before = file.stat()
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    daemon.wait_log(r"current -> idle")
    mark = daemon.mark()
    lab.gateway.ip("addr add 203.0.113.7/24 dev wan0", "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "203.0.113.7", after=mark)
    daemon.hup()
    daemon.wait_log(r"reloaded")
    daemon.stop()
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_once_that_is_ended_early_has_failed(lab):
    """TERM while the server hangs: exit status 1, for nothing is current."""
    lab.server.answer = lambda request: Reply(hang=True)
    lab.net.online(WAN0, v4=7)
    config = write_config(lab, lab.config(family="ipv4"))
    state = lab.dir / "state"
    process = lab.process([os.environ.get("WANDDNS", "build/wanddns"), "once", "-c", str(config),
                           "--state-dir", str(state)], expect=1)
    lab.server.wait_for(1)
    process.signal(signal.SIGTERM)
    assert process.wait() == 1


def test_dry_run_leaves_a_damaged_state_where_it_is(lab):
    """--dry-run only looks."""
    lab.net.online(WAN0, v4=7)
    state = lab.dir / "state"
    state.mkdir()
    (state / "state.json").write_text("no json")
    done = once(lab, write_config(lab, lab.config(family="ipv4")), "--dry-run")
    assert done.returncode == 0
    assert "it is not used" in done.stderr
    assert [path.name for path in state.iterdir()] == ["state.json"]


def test_forced_update_is_not_forgotten_when_the_server_is_down(lab):
    """USR1 with the server down is sent when it is back."""
    daemon = start_ipv4(lab)
    lab.server.stop()
    mark = daemon.mark()
    daemon.usr1()
    daemon.wait_log(r"updating -> waiting", after=mark)
    lab.server.start()
    is_current(daemon, "203.0.113.7", after=mark)
    assert sent(lab.server) == ["203.0.113.7"] * 2


@pytest.mark.parametrize("text", ["password = my topsecret", "server = 'https://alice:topsecret@192.0.2.53'",
                                  'password = "top\\secret"'])
def test_fault_does_not_show_a_secret(lab, text):
    """What may be a part of a password is not repeated in the fault."""
    config = write_config(lab, "provider no-ip {\n username = a\n " + text + "\n hostname = a.example.org\n}\n")
    done = lab.wanddns("check", "-c", config)
    assert done.returncode == 2
    assert re.search(rf"^{re.escape(str(config))}:3: ", done.stderr, re.M)
    assert "secret" not in done.stderr
