"""Faults of a configuration: each is one line FILE:LINE: what is wrong."""

import re

import pytest

from harness.daemon import PROGRAM

CA = "ca-file = \"{ca}\"\n"
PROVIDER = """provider dyndns2 {{
    server   = "https://192.0.2.53:8443"
    username = alice
    password = "s3cret"
    hostname = home.example.org
}}
"""
GOOD = (CA + PROVIDER).format


def section(title="dyndns2", leave_out=None, **keys):
    """A provider section, one key a line: 1 is the opening, then server, username, ..."""
    values = {"server": '"https://192.0.2.53:8443"', "username": "alice", "password": '"s3cret"',
              "hostname": "home.example.org", **{k.replace("_", "-"): v for k, v in keys.items()}}
    values.pop(leave_out, None)
    return f"provider {title} {{\n" + "".join(
        f"    {key} = {value}\n" for key, value in values.items()) + "}\n"


class Checker:
    def __init__(self, lab):
        self.lab = lab
        self.path = lab.dir / "wanddns.conf"

    def write(self, text, mode=0o600):
        self.path.write_text(text)
        self.path.chmod(mode)

    def run(self, *argv, command="check"):
        return self.lab.wanddns(command, "-c", self.path, *argv)

    def faults(self, text):
        """[(line, what is wrong)] of a text that must be faulty."""
        self.write(text)
        done = self.run()
        assert done.returncode == 2, done
        lines = (done.stdout + done.stderr).splitlines()
        faults = [re.fullmatch(re.escape(str(self.path)) + r":(?:(\d+):)? (.+)", line) for line in lines]
        assert faults and all(faults), lines
        return [(int(fault[1] or 0), fault[2]) for fault in faults]


@pytest.fixture
def checker(lab):
    return Checker(lab)


def test_good_configuration_is_good(checker):
    """check: exit 0 for a configuration without a fault."""
    checker.write(GOOD(ca=checker.lab.authority.ca_file))
    done = checker.run()
    assert done.returncode == 0, done
    assert not re.search(r"conf:\d+:", done.stdout + done.stderr)


def test_every_key_and_service_is_known(checker):
    """All keys of the manual, and the four services that are shipped."""
    checker.write(f"""# a comment
interface  = auto   // another
family     = both   /* and
                       a third */
settle     = 250ms
settle-max = 1m
state-dir  = "{checker.lab.dir}/state"
ca-file    = '{checker.lab.authority.ca_file}'
""" + section() + section("no-ip", interface="ppp0", family="ipv4") + section("dyn:office")
        + section("changeip", hostname='{ a.example.org, "*.example.org" }', leave_out="server"))
    done = checker.run()
    assert done.returncode == 0, done


FAULTS = {
    # name: (text, line, words that the message has)
    "unknown-key": ("intreface = wan0\n" + section(), 1, ["intreface", "interface"]),
    "unknown-key-in-section": (section(usernane="bob"), 6, ["usernane", "username"]),
    "missing-username": ("\n" + section(leave_out="username"), 2, ["username"]),
    "missing-password": ("\n" + section(leave_out="password"), 2, ["password"]),
    "missing-hostname": ("\n\n" + section(leave_out="hostname"), 3, ["hostname"]),
    "missing-server": ("\n\n" + section(leave_out="server"), 3, ["server"]),
    "bad-duration": ("settle = 5parsecs\n" + section(), 1, ["settle", "5parsecs"]),
    "negative-duration": ("settle = -1s\n" + section(), 1, ["settle", "-1s"]),
    "duration-without-unit": ("settle-max = 5\n" + section(), 1, ["settle-max", "'5'"]),
    "settle-above-maximum": ("settle = 3s\n" + section(), 1, ["settle"]),
    "bad-family": ("family = ipv5\n" + section(), 1, ["ipv5", "ipv4"]),
    "bad-interface": ("interface = a-name-of-more-than-15\n" + section(), 1, ["interface"]),
    "bad-hostname": (section(hostname="home_.-x..org"), 5, ["home_.-x..org"]),
    "short-hostname": (section(hostname="home"), 5, ["home"]),
    "hostname-with-space": (section(hostname='"home example.org"'), 5, ["home example.org"]),
    "hostname-twice": (section(hostname="{ a.example.org,\n A.example.org }"), 6, ["a.example.org"]),
    "hostname-twice-in-many": (section(hostname="{ A.example.org, B.example.org,\n a.example.org }"), 6,
                               ["a.example.org"]),
    "second-of-a-list": (section(hostname='{ a.example.org,\n "b!.example.org" }'), 6, ["b!"]),
    "empty-list": (section(hostname="{ }"), None, ["hostname"]),
    "unknown-provider": (section() + section("noip"), 7, ["noip", "no-ip"]),
    "unknown-provider-far": (section("nothing-like-it"), 1, ["nothing-like-it"]),
    "provider-with-path": (section('"../dyndns2"'), 1, ["../dyndns2"]),
    "same-title-twice": (section() + section(), None, ["dyndns2"]),
    "unquoted-star": (section(hostname="*.example.org"), 5, ["*", "quote"]),
    "unquoted-star-interface": ("interface = ppp*\n" + section(), 1, ["*", "quote"]),
    "unquoted-plus": (section(username="a+b"), 3, ["+", "quote"]),
    "unquoted-url": (section(server="https://192.0.2.53"), 2, ["quote"]),
    "environment": (section(password='"${HOME}"'), 4, ["${"]),
    "unclosed-quote": (section(password='"abc'), 4, ["quote"]),
    "unclosed-section": ("\nprovider dyndns2 {\n username = bob\n", 2, ["}"]),
    "unclosed-comment": ("/* never\n" + section(), 1, ["*/"]),
    "too-many-braces": (section() + "}\n", 7, []),
    "server-with-login": (section(server='"https://a:b@192.0.2.53"'), 2, ["server"]),
    "server-of-ftp": (section(server='"ftp://192.0.2.53"'), 2, ["ftp"]),
    "username-with-colon": (section(username='"a:b"'), 3, ["username", "colon"]),
    "empty-password": (section(password='""'), 4, ["password", "empty"]),
    "two-passwords": (section(password_file="/dev/null"), 6, ["password"]),
    "password-file-missing": (section(leave_out="password", password_file="/nonexistent/x"), 5,
                              ["/nonexistent/x", "No such file"]),
    "ca-file-missing": ('ca-file = "/nonexistent/ca.pem"\n' + section(), 1,
                        ["/nonexistent/ca.pem", "No such file"]),
    "relative-path": ("state-dir = state\n" + section(), 1, ["state"]),
    "no-provider": ("settle = 1s\n", None, ["provider"]),
    "empty-file": ("", None, ["provider"]),
    "binary-file": ("settle = \x01\n" + section(), 1, []),
    "key-twice": ("settle = 1s\nsettle = 2s\n" + section(), 2, ["settle", "1"]),
    "no-assignment": ("settle 1s\n" + section(), 1, []),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_one_line_with_file_and_line(checker, name):
    """Each fault is one line that names the place and what is wrong there."""
    text, line, words = FAULTS[name]
    found = checker.faults(text)
    assert len(found) == 1, found
    if line is not None:
        assert found[0][0] == line, found
    for word in words:
        assert word in found[0][1], found
    assert "s3cret" not in found[0][1]


def test_check_lists_every_fault_of_meaning(checker):
    """check does not stop at the first fault."""
    found = checker.faults("family = ipv5\nsettle = soon\n" + section(hostname="x")
                           + section("noip"))
    assert sorted(line for line, _ in found) == [1, 2, 7, 9]


@pytest.mark.parametrize("command", ["run", "once"])
def test_run_and_once_refuse_a_faulty_configuration(checker, command):
    """run and once end with 2 and the same line."""
    checker.write("family = ipv5\n" + section())
    done = checker.run("--state-dir", checker.lab.dir / "state", command=command)
    assert done.returncode == 2
    assert f"{checker.path}:1: " in done.stderr


@pytest.mark.parametrize("command", ["run", "once", "check"])
def test_missing_configuration_is_named(checker, command):
    """A file that is not there: exit 2, and the line names it."""
    done = checker.run(command=command)
    assert done.returncode == 2
    assert str(checker.path) in done.stdout + done.stderr
    assert "No such file" in done.stdout + done.stderr


def with_password_file(checker, mode):
    path = checker.lab.dir / "password"
    path.write_text("s3cret\n")
    path.chmod(mode)
    checker.write(section(leave_out="password", password_file=f'"{path}"'))
    return path, checker.run()


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_password_file_for_the_owner_or_group_is_fine(checker, mode):
    """A password file that not everybody can read is no matter."""
    _, done = with_password_file(checker, mode)
    assert done.returncode == 0
    assert (done.stdout + done.stderr).count("\n") == 1


def test_password_file_that_others_can_read_is_warned_about(checker):
    """Mode 0644: a warning, and the program goes on."""
    path, done = with_password_file(checker, 0o644)
    assert done.returncode == 0
    assert str(path) in done.stdout + done.stderr
    assert "read" in done.stdout + done.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o660])
def test_password_file_that_others_can_write_is_refused(checker, mode):
    """Group or others can write: exit 2."""
    path, done = with_password_file(checker, mode)
    assert done.returncode == 2
    assert re.search(rf"{re.escape(str(checker.path))}:5: .*{re.escape(str(path))}",
                     done.stdout + done.stderr)


def test_configuration_with_a_password_that_others_can_read_is_warned_about(checker):
    """The same for a configuration that holds a password."""
    checker.write(section(), 0o644)
    done = checker.run()
    assert done.returncode == 0
    assert str(checker.path) in done.stdout + done.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_configuration_that_others_can_write_is_refused(checker, mode):
    """Who can write the configuration can send passwords anywhere."""
    checker.write(section(), mode)
    done = checker.run()
    assert done.returncode == 2
    assert str(checker.path) in done.stdout + done.stderr


def test_definition_of_ones_own_is_used(checker):
    """A definition in the directory of the environment variable needs no compiler."""
    folder = checker.lab.dir / "providers"
    folder.mkdir()
    checker.write(section("home-made"))
    assert checker.run().returncode == 2
    (folder / "home-made.conf").write_text("""
title  = "one of our own"
server = "https://192.0.2.53:8443"
needs  = { username, password }
step update {
    url   = "{server}/set"
    query = { "host={hostname}", "to={ip}" }
    auth  = basic
}
status 200 { verdict = done }
""")
    done = checker.lab.gateway.run(
        ["env", f"WANDDNS_PROVIDERS={folder}", PROGRAM, "check", "-c", str(checker.path)],
        check=False)
    assert done.returncode == 0, done
