"""The user that root becomes, the walls around files, and a daemon that works behind both."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from harness.box import Box, status_of
from harness.daemon import account, as_nobody
from harness.expect import HOME, is_current
from harness.program import Program
from harness.sections import Unprivileged
from harness.topology import WAN0

VPN = "vpn.example.org"
NAMED = "ddns.example.net"
NONE = ["0000000000000000"]
KEPT_OUT = "Permission denied, though not by its mode: the sandbox"


@pytest.fixture
def box(lab):
    lab.net.online(WAN0, v4=7)
    return Box(lab)


def published(lab, box, *accounts, **keys):
    daemon = lab.daemon(box.config(*accounts, **keys), **box.daemon)
    is_current(daemon, "203.0.113.7")
    return daemon


def once(lab, box, *argv, **keys):
    box.home.mkdir(exist_ok=True)
    config = box.file("daemon/wanddns.conf", box.config(**keys))
    return lab.wanddns(*argv, "-c", config, wrap=box.inside)


def is_unprivileged(pid):
    """No thread of it has a capability or can get one."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        status = status_of(thread)
        assert status["NoNewPrivs"] == ["1"]
        assert [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [NONE] * 4
    return status


# The user

def test_root_becomes_the_user(lab, box):
    """The user with his groups and no others, no capability in any set, no new privileges; it publishes over TLS, looks
    names up in a thread, and its state is his."""
    box.put("hosts", f"192.0.2.53 {NAMED}\n")
    daemon = published(lab, box, account(lab.server.url_for(NAMED)))
    status = is_unprivileged(daemon.pid)
    assert status["Uid"] == [str(box.UID)] * 4 and status["Gid"] == [str(box.GID)] * 4
    assert sorted(status["Groups"]) == [str(box.GID), str(box.MORE_GID)]
    assert status["CapBnd"] == NONE
    line = daemon.wait_log("sandbox: ").text
    assert re.fullmatch(r"<7>sandbox: user 4711, groups 4711 4712, no new privileges, no core files, Landlock \d+", line)
    daemon.stop()
    for path in (daemon.state_dir, *daemon.state_dir.iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (box.UID, box.GID), path
    assert daemon.state()[HOME, "A"]["address"] == "203.0.113.7"


def test_socket_goes_to_its_group(lab, box):
    """control-group needs no membership of the user's: root has put him into it."""
    box.put("group", (box.etc / "group").read_text() + "ops:x:4713:\n")
    control = box.dir / "run" / "control"
    daemon = lab.daemon(box.config(control_group="ops"), **{**box.daemon, "argv": ["--control", str(control)]})
    is_current(daemon, "203.0.113.7")
    assert control.stat().st_gid == 4713
    assert sorted(is_unprivileged(daemon.pid)["Groups"]) == [str(box.GID), str(box.MORE_GID), "4713"]
    assert not daemon.log("<4>control-group")


def test_check_by_root_reads_as_the_user(lab, box):
    """Root may read everything. check warns of each file that the user cannot read."""
    password = box.file("secret/password", "s3cret\n")
    path = box.file("wanddns.conf", box.config(account("https://192.0.2.53", password_file=password)))
    done = lab.wanddns("check", "-c", path, wrap=box.inside)
    assert (done.returncode, done.stderr) == (0, "")
    for shut in path, password:
        shut.chmod(0o600)
    done = lab.wanddns("check", "-c", path, wrap=box.inside)
    assert (done.returncode, done.stderr) == (0, "".join(
        f"{file}: the daemon cannot read it again: Permission denied\n" for file in (path, password)))


def test_nobody_looks_into_it(lab, box):
    """No core file, and its memory is closed to other processes of its user: the passwords are there."""
    daemon = published(lab, box)
    assert re.search(r"^Max core file size\s+0\s+0\s", open(f"/proc/{daemon.pid}/limits").read(), re.M)
    for name in ("environ", "mem", "maps"):
        assert os.stat(f"/proc/{daemon.pid}/{name}").st_uid == 0
    look = ["setpriv", "--reuid", str(box.UID), "--regid", str(box.GID), "--clear-groups",
            "cat", f"/proc/{daemon.pid}/environ"]
    assert "Permission denied" in subprocess.run(look, capture_output=True, text=True).stderr


def test_once_becomes_the_user_too(lab, box):
    """once, which makes the state folder itself, leaves it to the user, and a second pass has nothing to send. It has no
    socket, so it does not miss the folder of one."""
    state = box.dir / "var" / "state"
    for _ in range(2):
        done = once(lab, box, "once", state_dir=state, control=box.dir / "none" / "control")
        assert done.returncode == 0, done.stderr
        assert "root" not in done.stderr and "not given" not in done.stderr
    assert len(lab.server.requests) == 1
    assert {path.stat().st_uid for path in (state, *state.iterdir())} == {box.UID}
    assert state.parent.stat().st_uid == 0


def test_dry_run_stays_who_it_is(lab, box):
    """--dry-run changes nobody and gives nothing away."""
    state = box.dir / "state"
    state.mkdir()
    done = once(lab, box, "once", "--dry-run", "-l", "debug", state_dir=state)
    assert done.returncode == 0 and "sandbox: " not in done.stderr
    assert state.stat().st_uid == 0


def test_state_of_root_is_given_to_the_user(lab, box):
    """What was published while root ran it is known when the user takes over."""
    daemon = published(lab, box, user=None)
    assert daemon.log("^<6>this runs as root, which it does not need: set user = NAME")
    daemon.stop()
    assert (daemon.state_dir / "state.json").stat().st_uid == 0
    published(lab, box).stop()
    assert (daemon.state_dir / "state.json").stat().st_uid == box.UID
    assert len(lab.server.requests) == 1


def test_folder_that_is_not_ours_is_not_given_away(lab, box):
    """A folder with other files in it stays root's, and the daemon says so and goes on."""
    (box.home / "state").mkdir(parents=True)
    (box.home / "state" / "ledger").touch()
    daemon = published(lab, box)
    daemon.wait_log(r"^<4>\S+/state: it is not given to 'wanddns': there is something else in it$")
    daemon.wait_log("/state: Permission denied: what is published will be forgotten")
    daemon.stop()
    assert (box.home / "state").stat().st_uid == 0 and (box.home / "state" / "ledger").stat().st_uid == 0


@pytest.mark.parametrize("user, fault", [("root", "'root' is root: name one who may do less"),
                                         ("wandns", "there is no user 'wandns' on this machine")])
def test_user_that_cannot_be(lab, box, user, fault):
    """check, once and run name the file and the line."""
    for command in ("check", "once", "run"):
        done = once(lab, box, command, user=user)
        assert done.returncode == 2
        assert re.search(rf"/wanddns\.conf:\d+: user: {fault}$", done.stderr, re.M)


def test_another_user_needs_root(lab, box):
    """Who is not root cannot become another user, and does not go on as the wrong one; as himself he may."""
    own = box.dir / "own"
    own.mkdir()
    nobody = Unprivileged(lab)
    for user in (box.NAME, "nobody"):
        box.home.mkdir(exist_ok=True)
        config = box.file("daemon/wanddns.conf", box.config(user=user, state_dir=own / "state"), mode=0o644)
        os.chown(own, 65534, 65534)
        done = lab.wanddns("once", "-c", config,
                           wrap=lambda words: box.inside(as_nobody([str(nobody.program), *words[1:]])))
        if user == "nobody":
            assert done.returncode == 0, done.stderr
        else:
            assert done.returncode == 1
            assert "user: only root can become 'wanddns', and this is user 65534: leave the key out" in done.stderr
    assert len(lab.server.requests) == 1


def test_unprivileged_start(lab):
    """Started as nobody, without any capability, it publishes, reloads, and has the same walls."""
    lab.net.online(WAN0, v4=7)
    nobody = Unprivileged(lab)
    daemon = lab.daemon(lab.config(family="ipv4", ca_file=nobody.ca_file), **nobody.daemon)
    is_current(daemon, "203.0.113.7")
    assert is_unprivileged(daemon.pid)["Uid"] == ["65534"] * 4
    daemon.wait_log(r"sandbox: user 65534, groups 65534, .*, Landlock \d+$")
    assert not daemon.log("root")
    elsewhere = lab.open_folder()
    shutil.copy(nobody.ca_file, elsewhere)
    mark = daemon.mark()
    daemon.config.write_text(lab.config(family="ipv4", ca_file=elsewhere / "ca.pem"))
    daemon.hup()
    daemon.wait_log(rf"not reloaded: \S+:\d+: ca-file: {elsewhere}/ca.pem: {KEPT_OUT}", after=mark)


# Reloading

def test_reload_reads_what_was_replaced(lab, box):
    """HUP: a new configuration and a new password, both renamed to their place and readable by the group only."""
    secret = box.file("secrets/password", "first\n")
    section = account(lab.server, password_file=secret)
    daemon = published(lab, box, section)
    box.file("secrets/password", "second\n")
    box.reload(daemon, box.config(account(lab.server, [HOME, VPN], password_file=secret)))
    is_current(daemon, "203.0.113.7", name=VPN)
    assert [request.login for request in lab.server.requests[:2]] == [("alice", "first"), ("alice", "second")]


def test_reload_reads_a_new_file_in_a_known_folder(lab, box):
    """HUP: a file that was not named before is read when its folder was; so is a new definition."""
    first = box.file("secrets/first", "first\n")
    daemon = published(lab, box, account(lab.server, password_file=first))
    second = box.file("secrets/second", "second\n")
    hosts = box.file("daemon/hosts", f"{VPN} ::80\n")
    (box.providers / "mine.conf").write_text('like = dyndns2\ntitle = "Mine"\n')
    box.reload(daemon, box.config(account(lab.server, password_file=second),
                                  account(lab.server, VPN, title="mine"),
                                  account(lab.server, None, title="dyndns2:hosts", hosts_file=hosts, family="ipv6")))
    is_current(daemon, "203.0.113.7", name=VPN)
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    assert ("alice", "second") in [request.login for request in lab.server.requests]


def reload_fails(lab, box, daemon, config, fault):
    """The fault is told, and the daemon goes on with the configuration that it has."""
    box.reload(daemon, config, rf"^<3>not reloaded: {fault}")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)


@pytest.mark.parametrize("user", [None, Box.NAME], ids=["root", "user"])
@pytest.mark.parametrize("key", ["password-file", "hosts-file", "ca-file"])
def test_reload_with_a_file_outside(lab, box, key, user):
    """HUP: a file in a folder that was not named at the start is behind the wall, for root too; the fault names it and
    says why, and the next start lets it in."""
    daemon = published(lab, box, user=user)
    path = box.file("elsewhere/file", {"password-file": "s3cret\n", "hosts-file": f"{VPN} ::80\n",
                                       "ca-file": box.ca_file.read_text()}[key])
    more = {"password-file": {"password_file": path}, "hosts-file": {"hosts_file": path, "family": "both"},
            "ca-file": {}}[key]
    config = box.config(account(lab.server, **more), user=user, **({"ca_file": path} if key == "ca-file" else {}))
    reload_fails(lab, box, daemon, config, rf"\S+/wanddns\.conf:\d+: {key}: {path}: {KEPT_OUT}")
    daemon.stop()
    box.reload(lab.daemon(config, **box.daemon), config)


def test_definition_that_is_a_link(lab, box):
    """A definition may be a link to elsewhere, from the start on; one that is linked later is behind the wall."""
    for name in ("early", "late"):
        box.file(f"{name}/{name}.conf", f'like = dyndns2\ntitle = "{name}"\n', mode=0o644)
    (box.providers / "early.conf").symlink_to(box.dir / "early" / "early.conf")
    daemon = published(lab, box)
    (box.providers / "late.conf").symlink_to("../late/late.conf")
    box.reload(daemon, box.config(account(lab.server, title="early")))
    reload_fails(lab, box, daemon, box.config(account(lab.server, title="late")),
                 rf"{box.providers}/late\.conf: {KEPT_OUT}")


def test_what_the_user_cannot_read_is_told_at_the_start(lab, box):
    """A configuration for root alone is read once; the daemon says at the start that it will not be read again."""
    daemon = lab.daemon(box.config(), home=box.home, wrap=box.inside)
    is_current(daemon, "203.0.113.7")
    daemon.wait_log(r"^<4>\S+/wanddns\.conf: the daemon cannot read it again: Permission denied$")
    daemon.hup()
    daemon.wait_log(r"not reloaded: \S+/wanddns\.conf: Permission denied$")


def test_new_user_takes_a_restart(lab, box):
    """HUP: another user cannot be had, and it is said when he can."""
    daemon = published(lab, box)
    box.reload(daemon, box.config(user="nobody"), "^<4>user: a change takes effect with the next start$")
    daemon.wait_log("reloaded")
    assert status_of(daemon.pid)["Uid"] == [str(box.UID)] * 4


# What libraries read late

def test_hosts_that_is_replaced_is_read(lab, box):
    """A name that /etc/hosts gets after the start, by renaming, is found."""
    daemon = lab.daemon(box.config(account(lab.server.url_for(NAMED))), **box.daemon)
    daemon.wait_log(r"-> waiting \(resolve: ", timeout=20)
    box.put("hosts", f"192.0.2.53 {NAMED}\n")
    is_current(daemon, "203.0.113.7", timeout=20)


@pytest.fixture
def resolver(lab):
    """A socket where queries come in at 192.0.2.99."""
    lab.internet.ip("addr add 192.0.2.99/32 dev lo")
    with lab.internet.call(socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("192.0.2.99", 53))
        taken.settimeout(20)
        yield taken


@pytest.mark.parametrize("how", ["renamed", "late-folder"])
def test_new_resolver_is_asked(lab, box, resolver, how):
    """/etc/resolv.conf as a DHCP client writes it, by renaming, or as a link to what a resolver makes in a folder that
    was not there at the start: the new server is asked."""
    run = box.dir / "run"
    run.mkdir()
    if how == "late-folder":
        (box.etc / "resolv.conf").unlink()
        (box.etc / "resolv.conf").symlink_to(run / "resolve" / "stub.conf")
    daemon = lab.daemon(box.config(account(lab.server.url_for(NAMED))), **box.daemon)
    daemon.wait_log(r"-> waiting \(resolve: ", timeout=20)
    mark = daemon.mark()
    if how == "late-folder":
        box.file("run/resolve/stub.conf", "nameserver 192.0.2.99\n", mode=0o644)
    else:
        box.put("resolv.conf", "nameserver 192.0.2.99\n")
    daemon.wait_log(r"/etc/resolv\.conf has changed: what waits for the network is tried now", after=mark)
    assert b"\x04ddns\x07example\x03net" in resolver.recv(4096)


def test_trust_store_of_the_system_is_read(lab, box):
    """Without ca-file the certificates of the system count, as libcurl finds them behind the walls."""
    store = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
    assert store.startswith("/etc/"), store
    path = box.etc / store.removeprefix("/etc/")
    path.parent.mkdir(parents=True)
    shutil.copy(box.ca_file, path)
    published(lab, box, ca_file=None)


# Programs

def test_programs_do_without_the_wall(lab, box):
    """Where the configuration names a program it runs as the user, and is not kept from its files."""
    program = Program(box.dir / "program")
    os.chown(program.folder, box.UID, box.GID)
    daemon = published(lab, box, program.section())
    daemon.wait_log(rf"^<6>Landlock is not used: {program.path} would have to live behind the same walls$")
    daemon.wait_log(r"sandbox: user 4711, .*, no Landlock \(programs\)$")
    assert is_unprivileged(daemon.pid)["Uid"] == [str(box.UID)] * 4
    assert (program.folder / f"call-{program.calls[0].pids[0]}").stat().st_uid == box.UID


def test_first_program_takes_a_restart(lab, box):
    """HUP: the first program is named when the wall stands: it is said that it cannot run, and after a restart it
    does."""
    program = Program(box.dir / "program")
    os.chown(program.folder, box.UID, box.GID)
    daemon = published(lab, box)
    config = box.config(account(lab.server), program.section(VPN))
    box.reload(daemon, config, rf"^<4>{program.path}: programs cannot be run before the next start")
    daemon.wait_log(rf"{VPN} A: updating -> waiting \(.*Permission denied")
    daemon.stop()
    assert program.calls == []
    daemon = lab.daemon(config, **box.daemon)
    daemon.usr1()  # the wait that was owed outlives the restart
    is_current(daemon, "203.0.113.7", name=VPN)
    assert len(program.calls) == 1
