"""Faults of a configuration: each is one line FILE:LINE: what is wrong."""

import pathlib
import re

import pytest

from harness.daemon import PROGRAM
from harness.manual import on_this_machine

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

    def run(self, *argv, command="check", **kwargs):
        return self.lab.wanddns(command, "-c", self.path, *argv, **kwargs)

    def faults(self, text):
        """[(line, what is wrong)] of a text that must be faulty."""
        self.write(text)
        done = self.run()
        assert done.returncode == 2, done
        lines = done.stderr.splitlines()
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
    "empty-list": (section(hostname="{ }"), 5, ["an empty list"]),
    "unknown-provider": (section() + section("no-op"), 7, ["no-op", "no-ip"]),
    "unknown-provider-far": (section("nothing-like-it"), 1, ["nothing-like-it"]),
    "provider-with-path": (section('"../dyndns2"'), 1, ["../dyndns2"]),
    "same-title-twice": (section() + section(), None, ["dyndns2:LABEL"]),
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
                           + section("no-op"))
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


# Where an address is looked for: the keys of the place, and the sections `record`

def with_record(*lines, name="nas.example.org", **keys):
    """A provider section with a record in it, whose keys are in lines 7, 8, ... (the opening is line 6)."""
    return section(**keys).removesuffix("}\n") + f"    record {name} {{\n" + "".join(
        f"        {line}\n" for line in lines) + "    }\n}\n"


PLACE_FAULTS = {
    # name: (text, line, the whole message)
    "interface-with-slash": (
        "interface = wan/0\n" + section(), 1,
        "interface: 'wan/0' is neither auto nor a name of at most 15 characters"),
    "interface-too-long": (
        section(interface="a-name-of-sixtee"), 6,
        "interface: 'a-name-of-sixtee' is neither auto nor a name of at most 15 characters"),
    "interface-in-record": (
        with_record('interface = "wan 0"'), 7,
        "interface: 'wan 0' is neither auto nor a name of at most 15 characters"),
    "second-interface-of-a-list": (
        "interface = { wan0,\n wan/1 }\n" + section(), 2,
        "interface: 'wan/1' is neither auto nor a name of at most 15 characters"),
    "auto-in-a-list": (
        "interface = { wan0, auto }\n" + section(), 1, "interface: auto stands alone, not in a list"),
    "nine-interfaces": (
        "interface = { a, b, c, d, e, f, g, h, i }\n" + section(), 1, "interface: more than 8 in a list"),
    "all-of-nothing": (
        with_record("interface = wan0", leave_out="hostname", interface="all"), 5,
        "interface: all of which? such as { all, wan0, wan1 }"),
    "all-with-dyndns2": (
        "\n" + section(interface="{ all, wan0, wan1 }"), 2,
        "provider dyndns2: interface = { all, ... }: it takes one address of a family for a name"),
    "withdraw-with-dyndns2": (
        "when-lost = withdraw\n" + section(), 2,
        "provider dyndns2: when-lost = withdraw: it cannot delete a record"),
    "withdraw-in-record-with-dyndns2": (
        with_record("when-lost = withdraw"), 6, "provider dyndns2: when-lost = withdraw: it cannot delete a record"),
    "when-lost-unknown": (
        "when-lost = delete\n" + section(), 1, "when-lost: 'delete' is neither keep nor withdraw"),
    "withdraw-after-without-withdraw": (
        "withdraw-after = 2h\n" + section(), 1, "withdraw-after: only goes with when-lost = withdraw"),
    "source-of-http": (
        section(source='"http://192.0.2.53/"'), 6,
        "source: over plain http everybody on the way can change the address: https"),
    "source-unknown": (
        section(source='"upnp"'), 6,
        "source: 'upnp' is not kernel, static:ADDRESS, exec:/PROGRAM, echo:NAME or https://..."),
    "source-kernel-in-a-list": (
        section(source='{ kernel, "https://192.0.2.53/" }'), 6, "source: 'kernel' stands alone, not in a list"),
    "three-services": (
        section(source='{ "https://a.example.net/", "https://b.example.net/",\n "https://c.example.net/" }'), 7,
        "source: more than 2 services"),
    "echo-of-an-update-provider": (
        section(source='"echo:no-ip"'), 6, "source: no-ip is no address echo service"),
    "echo-unknown": (section(source='"echo:nothing-like-it"'), 6, "there is no provider 'nothing-like-it' (wanddns providers lists them)"),
    "exec-relative": (section(source='"exec:bin/address"'), 6, "source: 'bin/address' does not begin with /"),
    "exec-missing": (section(source='"exec:/nonexistent/x"'), 6, "source: /nonexistent/x cannot be run"),
    "exec-with-arguments": (
        section(source='"exec:/bin/echo 203.0.113.7"'), 6, "source: /bin/echo 203.0.113.7 cannot be run"),
    "static-without-address": (section(source='"static:here"'), 6, "source: 'here' is no address of a host"),
    "static-private": (
        section(source='"static:192.168.1.1"'), 6,
        "source: 192.168.1.1 is not reachable from the Internet; allow-private = yes lets it through"),
    "static-of-the-other-family": (
        with_record('source = "static:203.0.113.7"', "family = ipv6"), 8, "family: this source gives ipv4 only"),
    "static-of-both": (
        section(source='"static:2001:db8::7"', family="both"), 7, "family: this source gives ipv6 only"),
    "check-interval-too-short": (
        section(source='"https://192.0.2.53/"', check_interval="1m"), 7,
        "check-interval: less than 10m: echo services are asked no more often"),
    "check-interval-of-a-program": (
        section(source='"exec:/bin/true"', check_interval="9s"), 7, "check-interval: less than 10s"),
    "bind-to-all": (
        with_record("interface = wan0", leave_out="hostname", interface="{ all, wan0 }", bind="yes"), 6,
        "bind: with interface = { all, ... } there is no one interface to bind to"),
    "bind-to-all-at-the-top": (
        "interface = { all, wan0 }\nbind = yes\n" + section(interface="wan0", bind="no"), 2,
        "bind: with interface = { all, ... } there is no one interface to bind to"),
    "flag-that-is-none": ("bind = maybe\n" + section(), 1, "bind: 'maybe' is neither yes nor no"),
    "prefer-no-prefix": (
        "prefer = wan0\n" + section(), 1, "prefer: 'wan0' is no prefix, such as 2001:db8::/32"),
    "match-with-host-bits": (
        'match = "203.0.113.7/24"\n' + section(), 1,
        "match: '203.0.113.7/24' is no prefix, such as 2001:db8::/32"),
    "five-prefixes": (
        "match = { 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32,\n 2001:db8::/33 }\n" + section(), 2,
        "match: more than 4 in a list"),
    "prefix-length-of-a-host": (
        section(prefix_length="128"), 6, "prefix-length: '128' is no number from 1 to 127"),
    # record
    "record-unknown-key": (with_record("sufix = ::5"), 7, "unknown key 'sufix': did you mean 'suffix'?"),
    "record-key-of-a-provider": (with_record("username = bob"), 7,
                                 "unknown key 'username': it belongs in a section 'provider'"),
    "suffix-outside-of-record": (section(suffix="::5"), 6, "unknown key 'suffix': it belongs in a section 'record'"),
    "suffix-that-is-none": (
        with_record("suffix = 5"), 7, "suffix: '5' is no IPv6 host part, such as ::1234:5678"),
    "suffix-of-ipv4": (
        with_record("suffix = 0.0.0.5"), 7, "suffix: '0.0.0.5' is no IPv6 host part, such as ::1234:5678"),
    "suffix-of-nothing": (with_record('suffix = "::"'), 7, "suffix: '::' is the address of the network itself"),
    "suffix-too-long": (
        with_record("prefix-length = 64", 'suffix = "::1:0:0:0:5"'), 8,
        "suffix: '::1:0:0:0:5' is longer than a prefix of 64 bits leaves room for"),
    "mac-too-short": (
        with_record('mac = "02:00:5e:00:53"'), 7, "mac: '02:00:5e:00:53' is no MAC, such as 02:00:5e:00:53:01"),
    "mac-of-other-letters": (
        with_record('mac = "02:00:5e:00:53:0g"'), 7, "mac: '02:00:5e:00:53:0g' is no MAC, such as 02:00:5e:00:53:01"),
    "mac-of-a-group": (
        with_record('mac = "33:33:00:00:00:01"'), 7,
        "mac: '33:33:00:00:00:01' is the MAC of a group, not of a host"),
    "mac-behind-a-long-prefix": (
        with_record("prefix-length = 80", 'mac = "02:00:5e:00:53:01"'), 8,
        "mac: '02:00:5e:00:53:01' is longer than a prefix of 80 bits leaves room for"),
    "suffix-and-mac": (
        with_record('suffix = "::5"', 'mac = "02:00:5e:00:53:01"'), 8, "mac: there is a suffix in line 7 already"),
    "suffix-of-family-ipv4": (
        with_record('suffix = "::5"', "family = ipv4"), 8, "family: a suffix gives ipv6 only"),
    "mac-of-both-families": (
        with_record("family = both", 'mac = "02:00:5e:00:53:01"'), 7, "family: a MAC gives ipv6 only"),
    "suffix-with-source": (
        with_record('suffix = "::5"', 'source = "https://192.0.2.53/"'), 8,
        "source: a host part goes with the address of an interface"),
    "suffix-with-bind": (
        with_record('suffix = "::5"', "bind = yes"), 8,
        "bind: a host part does not go with the address of an uplink"),
    "record-of-a-bad-name": (
        with_record(name="nas"), 6, "record: 'nas' is no whole name, such as home.example.org"),
    "record-twice": (
        with_record().removesuffix("}\n") + "    record nas.example.org { }\n}\n", 8,
        "there is a section 'nas.example.org' already"),
    "hosts-file-missing": (
        section(hosts_file='"/nonexistent/hosts"'), 6, "hosts-file: /nonexistent/hosts: No such file or directory"),
    "hosts-file-relative": (section(hosts_file="hosts"), 6, "hosts-file: hosts does not begin with /"),
}


@pytest.mark.parametrize("name", PLACE_FAULTS)
def test_fault_of_a_place_is_one_line_with_file_and_line(checker, name):
    """A fault of where an address is looked for: one line that names the place and says what would be right."""
    text, line, message = PLACE_FAULTS[name]
    assert checker.faults(text) == [(line, message)]


def test_place_that_is_good_is_good(checker):
    """All keys of a place and of a record, at the top, in a provider and in records: no fault and nothing to say."""
    hosts = checker.lab.dir / "hosts"
    hosts.write_text("tv.example.org ::7  # a suffix\ncam.example.org 02-00-5e-00-53-01\n")
    hosts.chmod(0o644)
    checker.write("""
interface      = { wan0, "ppp*" }
failback-delay = 30s
prefer         = { 203.0.113.0/24, "2001:db8::/32" }
match          = "2000::/3"
temporary      = yes
allow-private  = no
when-lost      = keep
prefix-length  = 56
""" + with_record('suffix = "::12:0:0:0:5"', "interface = br-lan", hosts_file=f'"{hosts}"', bind="yes",
                  source='{ "https://a.example.net/", "https://b.example.net/ip" }', check_interval="10m"))
    done = checker.run()
    assert done.returncode == 0, done
    assert (done.stdout + done.stderr).count("\n") == 1


@pytest.mark.parametrize("name", ["ipify", "ident-me", "icanhazip"])
def test_echo_service_that_is_shipped_is_known(checker, name):
    """source = echo:NAME for each service that comes with the program; none of them is a provider to update."""
    checker.write(section(source=f'"echo:{name}"'))
    done = checker.run()
    assert done.returncode == 0, done
    found = checker.faults(section(name))
    assert found == [(1, f"provider {name}: this is an address echo service, for: source = echo:{name}")]


@pytest.mark.parametrize("mode, keys, message", [
    (0o644, {"family": "ipv4"}, "hosts-file: gives ipv6 only, and this section is ipv4"),
    (0o666, {}, "hosts-file: others can write {}: chmod go-w")], ids=["family-ipv4", "writable"])
def test_fault_of_a_hosts_file_is_one_line_with_file_and_line(checker, mode, keys, message):
    """A hosts-file in a section that has no IPv6, or that others can write."""
    hosts = checker.lab.dir / "hosts"
    hosts.write_text("tv.example.org ::7\n")
    hosts.chmod(mode)
    assert checker.faults(section(hosts_file=f'"{hosts}"', **keys)) == [(6, message.format(hosts))]


def test_broken_line_of_a_hosts_file_is_a_warning_with_file_and_line(checker):
    """A broken line is named and left out; the configuration is good."""
    hosts = checker.lab.dir / "hosts"
    hosts.write_text("tv.example.org ::7\ncam.example.org 02:00:5e:00:53\nTV.example.org ::9\n")
    hosts.chmod(0o644)
    checker.write(section(hosts_file=f'"{hosts}"'))
    done = checker.run()
    assert done.returncode == 0, done
    text = done.stdout + done.stderr
    assert f"{hosts}:2: '02:00:5e:00:53' " in text and f"{hosts}:3: 'tv.example.org' " in text
    assert f"{hosts}:1:" not in text


EXAMPLES = pathlib.Path(__file__).parents[2] / "contrib" / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.conf")), ids=lambda path: path.stem)
def test_example_is_good(checker, path):
    """Each example of contrib/ is a configuration without a fault or a warning, and begins with what it is for."""
    text, env = on_this_machine(path.read_text(), checker.lab.dir)
    checker.write(text)
    done = checker.run(wrap=lambda argv: ["env", *(f"{name}={value}" for name, value in env.items()), *argv])
    assert (done.returncode, done.stderr) == (0, "")
    assert text.startswith("# ") and len(text.splitlines()) <= 30
    assert (done.stdout + done.stderr).splitlines()[0].startswith(f"{checker.path}: good"), done


def test_there_are_examples():
    """They were not moved away from under the test above."""
    assert len(list(EXAMPLES.glob("*.conf"))) >= 13
