"""The package of OpenWrt: what its init script makes of /etc/config/wanddns, in busybox's shell."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ACCOUNT = """
config provider 'home'
	option service 'no-ip'
	option username 'alice'
	option password 'secret'
	list hostname 'home.example.org'
"""


class Router:
    """A folder in the place of the root of a router, and a user that every machine has in the place of wanddns."""

    user = "daemon"

    def __init__(self, contrib, wanddns, folder):
        self.folder, self.wanddns = folder, wanddns
        self.uci = folder / "uci"
        self.config = folder / "var" / "etc" / "wanddns.conf"
        self.state = folder / "state"
        script = (contrib / "openwrt/files/wanddns.init").read_text()
        for path, here in {"/var/": f"{folder}/var/", "/usr/sbin/wanddns": wanddns.program,
                           "\nuser=wanddns\n": f"\nuser={self.user}\n"}.items():
            assert path in script
            script = script.replace(path, here)
        self.script = folder / "wanddns.init"
        self.script.write_text(script)

    def start(self, text):
        """/etc/init.d/wanddns start; hands back what it told procd and the log."""
        self.uci.write_text(text)
        done = subprocess.run(
            ["busybox", "ash", "-u", "-c", '. "$1"; . "$2"; set +u; start_service; service_triggers', "ash",
             str(HERE / "openwrt.sh"), str(self.script)], text=True, capture_output=True,
            env={"UCI": str(self.uci), "PATH": "/usr/bin:/bin", "WANDDNS_PROVIDERS": self.wanddns.providers})
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout.splitlines()

    def translated(self, text):
        """The configuration, which the program must have found good, without what is the same in all of them."""
        lines = self.start(text)
        assert "procd open" in lines, lines
        comment, user, rest = self.config.read_text().split("\n", 2)
        assert comment.startswith("# Made from ") and user == f"user = {self.user}"
        return rest


@pytest.fixture
def router(contrib, wanddns):
    with tempfile.TemporaryDirectory() as folder:  # those of pytest are closed to the user
        Path(folder).chmod(0o755)
        yield Router(contrib, wanddns, Path(folder))


def test_what_is_shipped_starts_nothing(router, contrib):
    """A fresh package is quiet: its provider is not enabled."""
    lines = router.start((contrib / "openwrt/files/wanddns.config").read_text().replace("/etc/", f"{router.folder}/"))
    assert not [line for line in lines if line.startswith(("procd open", "log:"))], lines
    assert lines[-1] == "procd reload-trigger wanddns"
    assert not router.config.exists()


def test_what_is_shipped_is_good_once_enabled(router, contrib):
    """Its example needs no more than enabled, comments included."""
    text = (contrib / "openwrt/files/wanddns.config").read_text().replace("/etc/", f"{router.folder}/")
    text = text.replace("option enabled '0'", "option enabled '1'").replace("\n#\t", "\n\t").replace("#config", "config")
    assert "record 'nas.example.org' {" in router.translated(text)


def test_sections_become_sections(router):
    """Options are keys, lists are lists, records go into their provider."""
    assert router.translated(f"""
config wanddns 'global'
	option state_dir '{router.state}'
	list interface 'wan0'
	list interface 'pppoe-wan'
	option failback_delay '1m'

config provider 'office'
	option service 'cloudflare'
	option password 'token'
	option zone 'example.org'
	option bind '1'
	option temporary 'off'
	list options 'proxied=true'
	list hostname 'www.example.org'
	list hostname 'vpn.example.org'

config record
	option provider 'home'
	option name 'nas.example.org'
	option interface 'br-lan'
	option suffix '::1234:5678'
	option prefix_length '60'

config record 'tv'
	option provider 'office'
	option name 'tv.example.org'
	option interface 'br-lan'
	option mac '02:00:5e:00:53:01'
{ACCOUNT}""") == f"""\
state-dir = '{router.state}'
interface = {{ 'wan0', 'pppoe-wan' }}
failback-delay = '1m'
provider 'cloudflare:office' {{
    password = 'token'
    zone = 'example.org'
    bind = 'yes'
    temporary = 'no'
    options = {{ 'proxied=true' }}
    hostname = {{ 'www.example.org', 'vpn.example.org' }}
    record 'tv.example.org' {{
        interface = 'br-lan'
        mac = '02:00:5e:00:53:01'
    }}
}}
provider 'no-ip:home' {{
    username = 'alice'
    password = 'secret'
    hostname = {{ 'home.example.org' }}
    record 'nas.example.org' {{
        interface = 'br-lan'
        suffix = '::1234:5678'
        prefix-length = '60'
    }}
}}
"""


@pytest.mark.parametrize("word", ["a'b", 'a"b', "a\\b", "a\\'b", "a\\\\b", "${HOME}", "a b  c", "$(id)`id`", "}#//*", "*",
                                  "%s", "-n", "$1", "'", "é"])
def test_words_arrive_as_they_are(router, wanddns, word):
    """Whatever stands in an option, the program means just that."""
    quoted = word.replace("'", "'\\''")
    program, told = router.folder / "program", router.folder / "told"
    program.write_text(f"#!/bin/sh\nexec cat >{told}\n")
    program.chmod(0o755)
    told.touch()
    shutil.chown(told, router.user)
    router.translated(f"""
config provider 'home'
	option service 'exec'
	option program '{program}'
	option username '{quoted}'
	option password '{quoted}'
	option family 'ipv4'
	option source 'static:203.0.113.7'
	list hostname 'home.example.org'
""")
    done = wanddns("-c", router.config, "--state-dir", router.folder / "none", "once")
    assert done.returncode == 0, done
    assert told.read_text() == f"{word}\n{word}\n"


def test_accounts_that_are_not_enabled_are_left_out(router):
    text = router.translated(ACCOUNT + ACCOUNT.replace("'home'\n", "'other'\n\toption enabled '0'\n"))
    assert "no-ip:home" in text and "other" not in text


RECORD = """
config record 'nas'
	option provider 'home'
	option name 'nas.example.org'
	option interface 'br-lan'
	option suffix '::1'
"""


def test_records_that_are_not_enabled_are_left_out(router):
    assert "nas.example.org" in router.translated(ACCOUNT + RECORD)
    assert "nas.example.org" not in router.translated(ACCOUNT + RECORD + "\toption enabled '0'\n")


def test_a_record_of_no_provider_is_told(router):
    """A slip in its name does not make it vanish without a word."""
    lines = router.start(ACCOUNT + RECORD.replace("'home'", "'hmoe'"))
    assert "procd open" in lines
    assert "log: /etc/config/wanddns: record nas: there is no provider 'hmoe'" in lines
    assert not [line for line in router.start(ACCOUNT + RECORD) if line.startswith("log:")]


def test_all_of_it_can_be_switched_off(router):
    router.start(ACCOUNT)
    assert "procd open" not in router.start("config wanddns 'global'\n\toption enabled '0'\n" + ACCOUNT)
    assert not router.config.exists()


def test_a_fault_is_told_and_starts_nothing(router):
    lines = router.start(ACCOUNT.replace("username", "usernane"))
    assert [line for line in lines if line.startswith("log: ") and "usernane" in line and "username" in line], lines
    assert "procd open" not in lines


def test_a_fault_leaves_what_runs(router):
    """A reload with a fault keeps the configuration that runs; one without it brings the new one."""
    router.start(ACCOUNT)
    before = router.config.read_text()
    lines = router.start(ACCOUNT.replace("username", "usernane"))
    assert "procd open" in lines and router.config.read_text() == before
    router.start(ACCOUNT.replace("alice", "bob"))
    assert "bob" in router.config.read_text()


def test_the_last_account_gone_stops_it(router):
    router.start(ACCOUNT)
    assert "procd open" not in router.start("config wanddns 'global'\n")
    assert not router.config.exists()


def test_it_runs_as_its_user_and_reloads_by_signal(router):
    """And logs by itself, for procd knows no severity of a line; what a crash leaves on standard error is logged, too."""
    lines = router.start(ACCOUNT)
    assert {f"procd user {router.user}", f"procd group {router.user}", "procd no_new_privs 1", "procd reload_signal HUP",
            f"procd file {router.config}", f"procd command {router.wanddns.program} run --syslog -c {router.config}",
            "procd respawn", "procd stderr 1"} <= set(lines)
    assert router.config.stat().st_mode & 0o777 == 0o640
    assert f"chgrp {router.user} {router.config}.new" in lines
    assert (router.config.stat().st_uid, router.config.group()) == (0, router.user)
    assert not [line for line in lines if line.startswith("log:")]


def test_what_the_user_cannot_read_is_told(router):
    """It starts, as root found all to be good; but the next reload would fail."""
    secret = router.folder / "password"
    secret.write_text("secret\n")
    secret.chmod(0o600)
    lines = router.start(ACCOUNT.replace("option password 'secret'", f"option password_file '{secret}'"))
    assert "procd open" in lines
    assert f"log: {secret}: the daemon cannot read it again: Permission denied" in lines
