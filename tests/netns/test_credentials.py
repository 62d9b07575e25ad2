"""password = credential:NAME, env:NAME, file:PATH: a password that stands elsewhere."""

import pytest

from harness.daemon import account
from harness.expect import is_current
from harness.quick import start, write_config
from harness.topology import WAN0

SECRET, GIVEN = "s3cret of the vault", "s3cret of the environment"


@pytest.fixture
def vault(lab):
    """As systemd makes it (systemd.exec(5), LoadCredential=)."""
    folder = lab.dir / "vault"
    folder.mkdir(mode=0o500)
    (folder / "no-ip").write_text(SECRET + "\n")
    (folder / "no-ip").chmod(0o400)
    return folder


def given(vault):
    """The command with what a supervisor puts into its environment."""
    return lambda argv: ["env", f"CREDENTIALS_DIRECTORY={vault}", f"DDNS_PASSWORD={GIVEN}", *argv]


@pytest.mark.parametrize("kind, secret", [("credential:no-ip", SECRET), ("env:DDNS_PASSWORD", GIVEN),
                                          ("file:{vault}/no-ip", SECRET)])
def test_password_stands_elsewhere(lab, vault, kind, secret):
    """The server gets the password, and the log has neither it nor a word of warning."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, password=kind.format(vault=vault)), family="ipv4"),
                        wrap=given(vault))
    is_current(daemon, "203.0.113.7")
    request, = lab.server.requests
    assert request.login == ("alice", secret)
    assert secret not in daemon.err.text and not daemon.log("^<4>")


def test_configuration_without_a_secret_may_be_read(lab, vault):
    """Where the password stands elsewhere everybody may read the configuration; where it stands here that is told."""
    for password, warned in ("env:DDNS_PASSWORD", False), (SECRET, True):
        config = write_config(lab, account(lab.server, password=password))
        config.chmod(0o644)
        done = lab.wanddns("check", "-c", config, wrap=given(vault))
        assert done.returncode == 0
        assert ("everybody can read it" in done.stderr) == warned


def test_reload_reads_a_credential_anew(lab, vault):
    """HUP: the password that is in the file now is used from now on."""
    lab.net.online(WAN0, v4=7)
    daemon = start(lab, account(lab.server, password=f"file:{vault}/no-ip"))
    is_current(daemon, "203.0.113.7")
    (vault / "no-ip").chmod(0o600)
    (vault / "no-ip").write_text("an0ther\n")
    daemon.hup()
    daemon.wait_log("reloaded: ")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    assert lab.server.requests[-1].login == ("alice", "an0ther")


@pytest.mark.parametrize("password, why", [
    ("credential:nowhere", "credential: in $CREDENTIALS_DIRECTORY: No such file or directory"),
    ("credential:../x", "credential: this is no name of a file"),
    ("env:NOWHERE", "env: there is no such variable in the environment"),
    ("file:nowhere", "file: the path does not begin with /"),
    ("file:/nowhere", "/nowhere: No such file or directory")])
def test_fault_names_line_and_cause(lab, vault, password, why):
    """check: FILE:LINE, and what is wrong with the place."""
    config = write_config(lab, account(lab.server, password=password))
    line = 1 + next(number for number, text in enumerate(config.read_text().splitlines()) if "password" in text)
    done = lab.wanddns("check", "-c", config, wrap=given(vault))
    assert done.returncode == 2
    assert done.stderr == f"{config}:{line}: password: {why}\n"
