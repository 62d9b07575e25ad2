"""wanddns import: the configurations of inadyn and ddclient become ours, and publish."""

import re
import subprocess

import pytest

from harness.daemon import PROGRAM, TOP, environment, no_sanitizer_report, with_etc
from harness.expect import HOME, is_current
from harness.topology import WAN0

FOLDER = TOP / "tests" / "import"
FILES = sorted(path.stem for path in FOLDER.glob("*.conf"))


def run(*argv, cwd=FOLDER, wrap=lambda argv: argv, **kwargs):
    done = subprocess.run(wrap([PROGRAM, *map(str, argv)]), cwd=cwd, env=environment(), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False, **kwargs)
    no_sanitizer_report(done.stdout + done.stderr)
    return done


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def users(tmp_path):
    """users("wanddns") is a wrap: the command in a machine that has root and these users, 4711 of group 4712."""
    def wrap(*names):
        files = {"passwd": "root:x:0:0::/:/bin/sh\n" + "".join(f"{name}:x:4711:4712::/:/bin/sh\n" for name in names),
                 "group": "root:x:0:\n" + "".join(f"{name}:x:4712:\n" for name in names)}
        etc = {name: write(tmp_path / name, text, 0o644) for name, text in files.items()}
        return lambda argv: with_etc(argv, etc)

    return wrap


# What comes out of the files in tests/import

@pytest.mark.parametrize("name", FILES)
def test_example_becomes_what_is_expected(name):
    """Files in the form of each client's own documentation, and of its oddities: the result, to the letter."""
    done = run("import", f"{name}.conf")
    text = f"{done.stdout}---- standard error, and status {done.returncode}\n{done.stderr}"
    assert text == (FOLDER / f"{name}.expected").read_text()


@pytest.mark.parametrize("name", FILES)
def test_result_is_good_when_the_status_says_so(name, tmp_path):
    """Status 0: wanddns check has nothing against it. Status 1: what is told is what check says, and no syntax."""
    done = run("import", f"{name}.conf")
    checked = run("check", "-c", write(tmp_path / "wanddns.conf", done.stdout))
    faults = re.findall(r"^the result:(\d+: .*)$", done.stderr, re.M)
    assert [line.split(":", 1)[1] for line in checked.stderr.splitlines()
            if re.match(r".*wanddns\.conf:\d+: (?!plain http)", line)] == faults
    assert (checked.returncode == 0) == (not faults)
    assert done.returncode == (0 if "left out" not in done.stdout and not faults else 1)


SECRET = re.compile(r"(?:password|login|username|apikey|dynurl)\s*=\s*(?:\"(.*?)\"|'(.*?)'|([^\s,\\]+))")


@pytest.mark.parametrize("name", FILES)
def test_no_secret_stands_in_a_comment(name):
    """What is left out is shown without the values of passwords and logins."""
    notes = " ".join(re.findall(rf"^\s*# {name}\.conf:.*", run("import", f"{name}.conf").stdout, re.M))
    secrets = {"".join(found) for found in SECRET.findall((FOLDER / f"{name}.conf").read_text())} - {HOME}
    shown = [secret for secret in secrets if len(secret) > 1 and re.search(rf"= {re.escape(secret)}\b", notes)]
    assert secrets and not shown


# --output

def test_output_is_ready_to_run(tmp_path, users):
    """--output DIR: a configuration without secrets, a file of mode 0600 for each password, and check is content."""
    theirs = write(tmp_path / "inadyn.conf", "provider no-ip.com { username = a password = s3cret hostname = h.example.org }")
    done = run("import", theirs, "--output", "new", cwd=tmp_path, wrap=users())
    assert (done.returncode, done.stderr) == (0, "")
    conf, secret = tmp_path / "new" / "wanddns.conf", tmp_path / "new" / "no-ip.password"
    assert [path.stat().st_mode & 0o7777 for path in (conf, secret, conf.parent)] == [0o600, 0o600, 0o700]
    assert secret.read_text() == "s3cret\n" and "s3cret" not in conf.read_text() + done.stdout
    assert f'password-file  = "{secret}"' in conf.read_text()
    assert run("check", "-c", conf).returncode == 0


def test_output_never_overwrites(tmp_path):
    """What is there already stays as it is, and one line says that nothing was written."""
    theirs = write(tmp_path / "inadyn.conf", "provider no-ip.com { username = a password = b hostname = h.example.org }")
    folder = tmp_path / "etc"
    folder.mkdir()
    write(folder / "wanddns.conf", "mine\n")
    done = run("import", theirs, "--output", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"wanddns: {folder}/wanddns.conf: is there already: nothing is written\n"
    assert (folder / "wanddns.conf").read_text() == "mine\n"
    assert [path.name for path in folder.iterdir()] == ["wanddns.conf"]


THEIRS = "provider no-ip.com { username = a password = s3cret hostname = h.example.org }"


def test_output_is_for_the_service(tmp_path, users):
    """By root, where there is a user wanddns: root's the configuration, which he reads, and names him; his the password.
    What the package has laid there without a provider makes room, and is kept."""
    theirs = write(tmp_path / "inadyn.conf", THEIRS)
    folder = tmp_path / "new"
    for _ in range(2):
        done = run("import", theirs, "--output", folder, wrap=users("wanddns"))
        assert done.returncode == 0, done.stderr
        assert [(path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o7777)
                for path in (folder, folder / "wanddns.conf", folder / "no-ip.password")] == [
                    (0, 4712, 0o750), (0, 4712, 0o640), (4711, 4712, 0o600)]
        assert re.search(r"^user += wanddns$", (folder / "wanddns.conf").read_text(), re.M)
        (folder / "no-ip.password").unlink()
        packaged = (TOP / "contrib" / "wanddns.conf").read_text()
        (folder / "wanddns.conf").write_text(packaged)
    assert "is kept as" in done.stdout and (folder / "wanddns.conf.old").read_text() == packaged
    done = run("import", theirs, "--output", folder, wrap=users("wanddns"))
    assert done.returncode == 2 and "is there already" in done.stderr
    assert (folder / "wanddns.conf").read_text() == packaged


@pytest.mark.parametrize("argv, message", [
    (["import"], "import: of which file?"),
    (["import", "a", "b"], "too many arguments: b"),
    (["import", "--output", "", "a"], "an empty --output"),
    (["check", "--output", "x"], "--output does not go with check"),
    (["import", "--dry-run", "a"], "--dry-run does not go with import"),
    (["import", "/nonexistent/inadyn.conf"], "/nonexistent/inadyn.conf: No such file or directory"),
])
def test_usage_is_one_line(argv, message):
    """What is wrong with the command line, or with the file, is one line, and status 2."""
    done = run(*argv)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1


# What was imported publishes

INADYN = """# as in inadyn.conf(5)
allow-ipv6    = false
iface         = wan0
period        = 300
ca-trust-file = "{ca}"

custom example {{
    username    = alice
    password    = s3cret
    ddns-server = {server}
    ddns-path   = "/nic/update?hostname=%h&myip=%i"
    hostname    = home.example.org
}}
"""
DDCLIENT = """# as in the sample of ddclient
daemon=300
ssl=yes
ssl_ca_file={ca}
use=if, if=wan0

server={server},	\\
protocol=dyndns2,	\\
login=alice,		\\
password=s3cret		\\
home.example.org
"""


@pytest.mark.parametrize("text", [INADYN, DDCLIENT], ids=["inadyn", "ddclient"])
def test_imported_configuration_publishes(lab, users, text):
    """The example of each client, with another server: imported into a folder, the daemon publishes with it, and follows
    the next change."""
    theirs = write(lab.dir / "theirs.conf", text.format(ca=lab.authority.ca_file, server=lab.server.url.split("://")[1]))
    done = lab.wanddns("import", theirs, "--output", lab.dir / "ours", wrap=users())
    assert done.returncode == 0, done
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon((lab.dir / "ours" / "wanddns.conf").read_text())
    is_current(daemon, "203.0.113.7")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert [(request.path, request.query, request.login) for request in lab.server.requests] == [
        ("/nic/update", {"hostname": HOME, "myip": f"203.0.113.{host}"}, ("alice", "s3cret")) for host in (7, 9)]
