"""The unit and its companions, as far as systemd can judge them without running."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

# Nothing else may be opened (systemd.exec(5), RestrictAddressFamilies=).
FAMILIES = {"AF_NETLINK", "AF_INET", "AF_INET6", "AF_UNIX"}


def run(*argv):
    return subprocess.run([str(word) for word in argv], text=True, capture_output=True)


@pytest.fixture
def unit(contrib):
    return contrib / "systemd" / "wanddns.service"


def value(unit, key):
    """What a key has in the unit; nothing where it is a comment."""
    return [line.split("=", 1)[1] for line in unit.read_text().splitlines() if line.startswith(key + "=")]


def test_the_unit_is_good(unit, wanddns, tmp_path):
    """systemd-analyze verify, with the program that is built in the place of the one that is installed."""
    copy = tmp_path / unit.name
    text = unit.read_text()
    assert "ExecStart=/usr/sbin/wanddns run\n" in text
    copy.write_text(text.replace("/usr/sbin/wanddns", wanddns.program))
    done = run("systemd-analyze", "verify", "--man=no", copy)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_exposure_is_low(unit):
    """systemd-analyze security: at most 1.5 of 10."""
    text = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit).stdout
    assert float(re.search(r"exposure level for wanddns.service: ([\d.]+)", text)[1]) <= 1.5, text


def test_the_unit_promises_what_it_should(unit):
    assert value(unit, "Type") == ["notify"] and value(unit, "WatchdogSec") and value(unit, "Restart") == ["on-failure"]
    assert value(unit, "CapabilityBoundingSet") == [""] and value(unit, "User") == ["wanddns"]
    assert set(value(unit, "RestrictAddressFamilies")[0].split()) == FAMILIES
    assert value(unit, "StateDirectory") == value(unit, "RuntimeDirectory") == ["wanddns"]
    assert value(unit, "After") == ["network-pre.target"] and not value(unit, "Wants") and not value(unit, "Requires")


def test_walls_of_the_programs_own_may_be_raised(unit):
    """The filter of system calls lets landlock(7) through, whatever the release of systemd."""
    allowed = [word for line in value(unit, "SystemCallFilter") if not line.startswith("~") for word in line.split()]
    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed)
    denied = run("systemd-analyze", "syscall-filter", "@privileged", "@resources").stdout
    assert "landlock" not in denied and "chroot" in denied


def calls_of(word):
    """The system calls of a word of the filter."""
    if not word.startswith("@"):
        return {word}
    text = run("systemd-analyze", "syscall-filter", word).stdout
    return set().union(*(calls_of(name) for name in re.findall(r"^    (@?[a-z_][\w-]*)$", text, re.M)))


def allowed_calls(unit):
    """What the filter lets through after all its lines: a list of what is allowed, by the first (systemd.exec(5))."""
    allowed = calls_of("@default")
    for line in value(unit, "SystemCallFilter"):
        for word in line.lstrip("~").split():
            allowed = allowed - calls_of(word) if line.startswith("~") else allowed | calls_of(word)
    return allowed


def test_the_filter_allows_what_the_program_calls(unit, wanddns):
    """By the functions of the C library that it uses. Not what only root does, nor setrlimit(2), whose work LimitCORE= has
    done; syscall(3) and syslog(3) are no system calls of that name."""
    used = set(re.findall(r" U (\w+)", run("nm", "-D", wanddns.program).stdout)) - {"syscall", "syslog"}
    called, allowed = used & calls_of("@known"), allowed_calls(unit)
    assert {"openat", "chown", "fchown", "prctl", "setresuid"} <= called
    assert called - allowed <= {"setgroups", "setresgid", "setresuid", "setrlimit"}
    assert value(unit, "LimitCORE") == ["0"]
    assert not allowed & {"setresuid", "setgroups", "chroot", "ptrace", "mount"}


def may_start(unit, path, by=()):
    """Whether the condition of the unit holds for that file in the place of the configuration."""
    condition, = value(unit, "ExecCondition")
    script = re.fullmatch("sh -c '(.*)'", condition)[1].replace("/etc/wanddns/wanddns.conf", str(path))
    return run(*by, "sh", "-c", script).returncode == 0


@pytest.mark.parametrize("text, starts", [
    ("", False), ("# provider no-ip {\n", False), ("  #provider no-ip {\n", False), ("interface = wan0\n", False),
    ("provider no-ip {\n", True), ("\n\t provider custom {", True), ('include("more.conf")\n', True),
])
def test_it_starts_when_there_is_a_provider(unit, tmp_path, text, starts):
    path = tmp_path / "wanddns.conf"
    assert not may_start(unit, path)
    path.write_text(text)
    assert may_start(unit, path) == starts


def test_it_starts_and_fails_when_the_configuration_cannot_be_read(unit):
    """It does not stay silent: the program says what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wanddns.conf"
        path.write_text("# nothing\n")
        Path(folder).chmod(0o755)
        path.chmod(0o600)
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        assert may_start(unit, path, nobody) and not may_start(unit, path)


def test_what_is_shipped_starts_nothing_and_needs_only_its_comments_gone(contrib, unit, wanddns, tmp_path):
    """The untouched configuration has no provider; without the marks before its keys it is good."""
    shipped = contrib / "wanddns.conf"
    assert not may_start(unit, shipped)
    text = shipped.read_text().replace("user = wanddns\n", "")
    path = tmp_path / "wanddns.conf"
    path.write_text(text)
    path.chmod(0o600)
    done = wanddns("check", "-c", path)
    assert done.returncode == 2 and "provider" in done.stderr
    keys, provider = text.split("#provider ")
    path.write_text(re.sub(r"^#(?=\w)", "", keys, flags=re.M) + "provider " + provider.replace("\n#", "\n"))
    done = wanddns("check", "-c", path)
    assert done.returncode == 0 and "2 names at 1 provider" in done.stdout, done


def test_user_and_folders_are_made(contrib, tmp_path):
    """sysusers.d and tmpfiles.d in a root of their own: who owns what, with which mode."""
    for folder, name in (("sysusers.d", "sysusers.conf"), ("tmpfiles.d", "tmpfiles.conf")):
        (tmp_path / "usr/lib" / folder).mkdir(parents=True)
        (tmp_path / "usr/lib" / folder / "wanddns.conf").write_text((contrib / "systemd" / name).read_text())
    (tmp_path / "etc/wanddns").mkdir(parents=True)
    config = tmp_path / "etc/wanddns/wanddns.conf"
    config.write_text("")
    for program in (("systemd-sysusers",), ("systemd-tmpfiles", "--create")):
        done = run(*program, f"--root={tmp_path}", "wanddns.conf")
        assert (done.returncode, done.stdout) == (0, "") and "rror" not in done.stderr, done
    user = re.search(r"^wanddns:[^:]*:(\d+):(\d+):", (tmp_path / "etc/passwd").read_text(), re.M)
    state = tmp_path / "var/lib/wanddns"
    assert (config.stat().st_uid, config.stat().st_gid, oct(config.stat().st_mode)) == (0, int(user[2]), "0o100640")
    assert (state.stat().st_uid, state.stat().st_gid, oct(state.stat().st_mode)) == (int(user[1]), int(user[2]), "0o40700")
