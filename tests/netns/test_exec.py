"""Provider exec: a program of the user's publishes; what it is told, where it is told it, and what it may answer."""

import os
import re
import time

import pytest

from harness.daemon import account
from harness.expect import HOME, is_current, until
from harness.program import Program, is_running
from harness.quick import QUICK, start, write_config
from harness.topology import WAN0, WAN1

VPN = "vpn.example.org"
USER, SECRET = "alice-of-the-exec", "s3cret with blanks & ümlauts: '\""


@pytest.fixture
def program(lab):
    lab.net.online(WAN0, v4=7)
    return Program(lab.dir / "program")


# What it is told

def test_environment_has_all_about_the_record(lab, program):
    """Name, type, address, zone and TTL; the second time also the address before. Nothing else but PATH."""
    daemon = start(lab, program.section(zone="example.org", ttl=90))
    is_current(daemon, "203.0.113.7")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    first, second = program.calls
    told = {"WANDDNS_NAME": HOME, "WANDDNS_TYPE": "A", "WANDDNS_ADDRESS": "203.0.113.9",
            "WANDDNS_OLD_ADDRESS": "203.0.113.7", "WANDDNS_ZONE": "example.org", "WANDDNS_TTL": "90"}
    assert {name: value for name, value in second.environment.items() if name != "PATH"} == told
    assert second.environment["PATH"]
    assert (first.told("ADDRESS"), first.told("OLD_ADDRESS")) == ("203.0.113.7", "")


def test_what_the_configuration_does_not_have_is_empty(lab, program):
    """Without zone, ttl and login: no value of them, and an input of two empty lines."""
    daemon = start(lab, program.section())
    is_current(daemon, "203.0.113.7")
    call, = program.calls
    assert [call.told(name) for name in ("ZONE", "TTL", "OLD_ADDRESS")] == ["", "", ""]
    assert call.input == "\n\n"


def test_credentials_are_on_standard_input_and_nowhere_else(lab, program):
    """User name and password are two lines of input; its arguments, environment, our log and our state have neither,
    and no other descriptor of ours is open in it."""
    daemon = start(lab, program.section(username=USER, password=SECRET))
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    call, = program.calls
    assert call.input == f"{USER}\n{SECRET}\n"
    assert call.argv == [str(program.path)]
    state = (daemon.state_dir / "state.json").read_text()
    for secret in (USER, SECRET, "s3cret"):
        assert secret not in str(call.environment) + daemon.err.text + daemon.out.text + state
    assert call.descriptors == ["0", "1", "2"]


def test_each_record_has_a_run_of_its_own(lab, program):
    """Two names with A and AAAA each are four runs, and at another IPv4 address two more."""
    lab.net.online(WAN0, v6=7)
    daemon = start(lab, program.section([HOME, VPN]), family="both")
    daemon.wait_log("updating -> current", count=4)
    lab.net.replace4(7, 9)
    daemon.wait_log("updating -> current", count=6)
    daemon.stop()
    told = [(call.told("NAME"), call.told("TYPE"), call.told("ADDRESS")) for call in program.calls]
    assert sorted(told[:4]) == sorted((name, rtype, address) for name in (HOME, VPN)
                                      for rtype, address in (("A", "203.0.113.7"), ("AAAA", "2001:db8:1::7")))
    assert sorted(told[4:]) == [(HOME, "A", "203.0.113.9"), (VPN, "A", "203.0.113.9")]


def test_several_addresses_are_a_list(lab, program):
    """interface = { all, ... }: all addresses of the family, with commas between them."""
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = start(lab, program.section(interface=["all", "wan0", "wan1"]))
    daemon.wait_log("updating -> current")
    assert sorted(program.calls[0].told("ADDRESS").split(",")) == ["198.51.100.7", "203.0.113.7"]


def test_no_more_than_four_run_at_once(lab, program):
    """Twelve names: twelve runs, of which never more than four are under way."""
    program.answers(sleep=0.1)
    daemon = start(lab, program.section([f"h{number}.example.org" for number in range(12)]))
    daemon.wait_log("updating -> current", count=12, timeout=60)
    calls = program.calls
    assert len({call.told("NAME") for call in calls}) == len(calls) == 12
    assert max(sum(other.begin <= call.begin < other.end for other in calls) for call in calls) <= 4


def test_withdrawal_runs_it_with_an_empty_address(lab, program):
    """when-lost = withdraw: a run without an address and with the one that was published; none for other names."""
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = start(lab, program.section(interface="wan0"), program.section(VPN, title="exec:other", interface="wan1"),
                   when_lost="withdraw", withdraw_after="1s")
    daemon.wait_log("updating -> current", count=2)
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    daemon.wait_log(rf"{HOME} A: updating -> idle \(withdrawn\)")
    daemon.stop()
    last = program.calls[-1]
    assert "WANDDNS_ADDRESS" in last.environment
    assert [last.told(name) for name in ("NAME", "TYPE", "ADDRESS", "OLD_ADDRESS")] == [HOME, "A", "", "203.0.113.7"]
    assert len(program.calls) == 3


# What it answers

CURRENT, WAITING, REFUSED = r"current \(203\.0\.113\.7; ", r"waiting \(", r"refused \("
ANSWERS = {
    "silent": ("", 0, CURRENT + "done"),
    "words": ("all is well\n", 0, CURRENT + "all is well"),
    "unchanged": ("unchanged\n", 0, CURRENT + "unchanged"),
    "again": ("again the zone is locked\n", 0, WAITING + ".*the zone is locked"),
    "refused": ("refused no such name\n", 0, REFUSED + ".*no such name"),
    "refused-account": ("refused-account who are you\n", 0, REFUSED + ".*who are you"),
    "status": ("", 3, WAITING + ".*ended with status 3"),
    "status-and-words": ("the disk is full\n", 1, WAITING + ".*the disk is full"),
    "status-and-unchanged": ("unchanged\n", 1, WAITING),
    "status-and-refused": ("refused no such name\n", 1, REFUSED + ".*no such name"),
    "status-and-refused-account": ("refused-account who are you\n", 1, REFUSED + ".*who are you"),
    "second-line": ("written\nrefused\n", 0, CURRENT + "written"),
    "not-the-first-word": ("not refused\n", 0, CURRENT + "not refused"),
    "longer-word": ("refusedly\n", 0, CURRENT + "refusedly"),
    "json": ('{"ok": true}\n', 0, CURRENT),
    "signal": ("", -9, WAITING + ".*was killed by signal 9"),
    "too-much": ("x" * 5000, 0, WAITING + ".*"),
}


@pytest.mark.parametrize("text, status, state", ANSWERS.values(), ids=ANSWERS)
def test_exit_status_and_first_line_are_the_answer(lab, program, text, status, state):
    """Status 0 is done, any other is again; the first word of the first line may say otherwise."""
    program.answers(text, status)
    daemon = start(lab, program.section())
    daemon.wait_log(rf"{HOME} A: updating -> {state}")
    daemon.stop()
    assert len(program.calls) == 1


def test_refused_name_is_let_alone_and_others_are_not(lab, program):
    """refused is of this record: another address brings no run for it; the other section goes on."""
    other = Program(lab.dir / "other")
    program.answers("refused no such name\n")
    daemon = start(lab, program.section(), other.section(VPN, title="exec:other"))
    daemon.wait_log(rf"{HOME} A: updating -> refused")
    is_current(daemon, "203.0.113.7", name=VPN)
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", name=VPN)
    program.answers()
    daemon.usr1()
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert [call.told("ADDRESS") for call in program.calls] == ["203.0.113.7", "203.0.113.9"]


def test_refused_account_ends_all_runs_until_another_program_is_named(lab, program):
    """refused-account is of the whole section: its names are not run for again, until its program is another one."""
    other = Program(lab.dir / "other")
    names = [f"h{number}.example.org" for number in range(8)]
    program.answers("refused-account the token has expired\n")
    daemon = start(lab, program.section(names))
    daemon.wait_log(r"exec: no more requests: .*the token has expired")
    daemon.wait_log(r"\w+ -> refused \(.*the token has expired", count=8)
    runs = len(program.calls)
    lab.net.replace4(7, 9)
    daemon.wait_log(r"203\.0\.113\.9 on wan0")
    daemon.write_config(lab.config(other.section(names), family="ipv4", **QUICK))
    daemon.hup()
    daemon.wait_log("updating -> current", count=8)
    daemon.stop()
    assert len(program.calls) == runs <= 4
    assert {call.told("ADDRESS") for call in other.calls} == {"203.0.113.9"}


@pytest.mark.parametrize("text, code, status", [("", 0, 0), ("", 1, 1), ("refused\n", 0, 1)])
def test_once_waits_for_the_program(lab, program, text, code, status):
    """once ends when the program has, with 0 if the record is published and 1 if not."""
    program.answers(text, code, sleep=0.3)
    done = lab.wanddns("once", "-c", write_config(lab, program.section()), "--state-dir", lab.dir / "state")
    assert done.returncode == status, done
    assert len(program.calls) == 1


def test_dry_run_shows_what_would_be_run_and_runs_nothing(lab, program):
    """--dry-run prints the program and what it would be told, without user name and password."""
    path = write_config(lab, program.section(username=USER, password=SECRET, zone="example.org", ttl=90))
    done = lab.wanddns("once", "-c", path, "--state-dir", lab.dir / "state", "--dry-run")
    assert done.returncode == 0, done
    for part in (str(program.path), f"WANDDNS_NAME={HOME}", "WANDDNS_ADDRESS=203.0.113.7", "WANDDNS_TTL=90"):
        assert part in done.stdout
    assert USER not in done.stdout + done.stderr and "s3cret" not in done.stdout + done.stderr
    assert program.calls == []


# It hangs. That it is killed after a minute is shown by tests/unit/test_program.c, where a minute takes no time.

def test_program_that_hangs_holds_up_nobody_else(lab, program):
    """While it hangs other sections publish; the end of the daemon ends it, and what it started."""
    program.answers(hang=True)
    other = Program(lab.dir / "other")
    daemon = start(lab, program.section(), other.section(VPN, title="exec:other"))
    is_current(daemon, "203.0.113.7", name=VPN)
    call, = program.wait_for(1)
    assert len(call.pids) == 2 and all(is_running(pid) for pid in call.pids)
    begin = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begin < 5
    until(lambda: not any(is_running(pid) for pid in call.pids))


def test_program_that_hangs_is_ended_by_another_address(lab, program):
    """The run for the old address is killed with what it started, and the next is told the new address."""
    program.answers(hang=True)
    daemon = start(lab, program.section())
    call, = program.wait_for(1)
    program.answers()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    until(lambda: not any(is_running(pid) for pid in call.pids))
    daemon.stop()
    assert [call.told("ADDRESS") for call in program.calls] == ["203.0.113.7", "203.0.113.9"]


# Faults of the configuration

def no_file(path):
    path.unlink()
    return f"{path} cannot be run"


def no_permission(path):
    path.chmod(0o644)
    return f"{path} cannot be run"


def a_folder(path):
    path.unlink()
    path.mkdir()
    return f"{path} cannot be run"


def writable_by_all(path):
    path.chmod(0o777)
    return f"others can write {path}"


def writable_by_the_group(path):
    path.chmod(0o775)
    return f"others can write {path}"


def of_another_user(path):
    os.chown(path, 65534, 65534)
    return f"others can write {path}"


@pytest.mark.parametrize("spoil", [no_file, no_permission, a_folder, writable_by_all, writable_by_the_group,
                                   of_another_user])
def test_program_that_cannot_be_trusted_or_run_is_a_fault(lab, program, spoil):
    """check says in one line what is wrong with the program, and the daemon does not start; nothing is run."""
    reason = spoil(program.path)
    path = write_config(lab, program.section())
    for command in ("check", "once"):
        done = lab.wanddns(command, "-c", path)
        assert done.returncode == 2, done
        line, = [line for line in (done.stdout + done.stderr).splitlines() if f"{path}:" in line]
        assert re.search(rf"{path}:\d+: program: {reason}", line), line
    assert program.calls == []


FAULTS = {
    "none": ({"program": None}, "provider exec: there is no program"),
    "relative": ({"program": "bin/publish"}, "program: 'bin/publish' does not begin with /"),
    "ttl": ({"ttl": "0"}, "ttl: '0' is no number of seconds"),
    "server": ({"server": "https://192.0.2.53"}, "server: a program has none"),
    "url": ({"url": "https://192.0.2.53/"}, "url: the provider exec "),
}


@pytest.mark.parametrize("keys, message", FAULTS.values(), ids=FAULTS)
def test_fault_of_a_section_is_one_line(lab, program, keys, message):
    """What provider exec lacks or does not know is told by check in one line."""
    path = write_config(lab, account(**{"server": None, "title": "exec", "program": program.path, "username": None,
                                        "password": None, **keys}))
    done = lab.wanddns("check", "-c", path)
    assert done.returncode == 2, done
    line, = (done.stdout + done.stderr).splitlines()
    assert f": {message}" in line


def test_program_belongs_to_provider_exec(lab, program):
    """The key program in another provider's section is a fault."""
    done = lab.wanddns("check", "-c", write_config(lab, account(lab.server, program=program.path)))
    assert done.returncode == 2, done
    assert "program: the provider dyndns2 runs none" in done.stdout + done.stderr
