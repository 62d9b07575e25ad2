"""The commands that ask the running daemon, as a person and as a script see them."""

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import daemon as program
from harness.control import is_document
from harness.daemon import account, as_nobody, configuration
from harness.expect import HOME, answers_late, is_current, start_ipv4, until
from harness.sections import Providers
from harness.server import Reply, good
from harness.topology import WAN0

VPN = "vpn.example.org"
MANY = [f"n{number:03}.example.org" for number in range(100)]
ALL = (["status"], ["status", "--json"], ["explain"], ["update"], ["follow"], ["reload"], ["log-level", "info"],
       ["metrics"])
GOOD, BAD, WRONG, NOBODY = range(4)


def run(lab, daemon, *argv, **kwargs):
    return lab.wanddns(*argv, "--control", daemon if isinstance(daemon, str) else daemon.control, **kwargs)


def show(lab, daemon, *argv, expect=0, **kwargs):
    """What stands on a terminal at the end."""
    terminal = lab.terminal(*argv, "--control", daemon.control, expect=expect, **kwargs)
    terminal.end(expect)
    return terminal


def start_two(lab, answer=good, **keys):
    lab.server.answer = answer
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4", **keys))
    daemon.wait_log(rf"{VPN} A: updating ->")
    return daemon


def half_refused(request):
    return "\n".join("nohost" if name == VPN else f"good {request.query['myip']}" for name in request.hostnames)


# status

def test_status_is_a_health_check(lab):
    """0 when all is well, 1 when something is not, and --quiet says nothing about it."""
    daemon = start_two(lab)
    well = run(lab, daemon, "status")
    assert well.returncode == GOOD and well.stderr == "" and "All 2 records are well." in well.stdout
    lab.server.answer = half_refused
    assert run(lab, daemon, "update").returncode == BAD
    bad = run(lab, daemon, "status")
    assert bad.returncode == BAD and "1 of 2 records is not well." in bad.stdout
    assert run(lab, daemon, "status", HOME).returncode == GOOD
    assert run(lab, daemon, "status", VPN).returncode == BAD
    for hosts, status in ((), BAD), ((HOME,), GOOD), ((VPN,), BAD), (("nobody.example.org",), WRONG):
        quiet = run(lab, daemon, "status", "--quiet", *hosts)
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (status, "", "")
    faulty = lab.dir / "faulty.conf"
    faulty.write_text("intreface = wan0\n")
    quiet = lab.wanddns("status", "--quiet", "-c", faulty)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (WRONG, "", "")


def test_status_counts_a_state_that_cannot_be_written(lab):
    """A full disk is no good health, though every record is published."""
    daemon = start_ipv4(lab)
    daemon.state_dir.rename(daemon.home / "aside")  # in which it may be writing
    daemon.state_dir.write_text("in the way")
    lab.net.replace4(7, 9)
    daemon.wait_log("the state cannot be written")
    done = run(lab, daemon, "status")
    assert done.returncode == BAD
    assert re.search("The state cannot be written: (Not a|No such file or) directory", " ".join(done.stdout.split()))
    daemon.state_dir.unlink()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_status_fits_the_terminal(lab, width):
    """No line is longer; at 80 columns and more each record has a row of the table."""
    daemon = start_two(lab, half_refused)
    terminal = show(lab, daemon, "status", expect=BAD, width=width)
    assert max(map(len, terminal.screen)) <= width
    text = "\n".join(terminal.screen)
    assert "nohost" in text and HOME in text
    if width >= 80:
        assert re.search(rf"^{HOME} +A +current +203\.0\.113\.7 +\d+ s +[\d-]+$", text, re.M)
    else:
        assert f"{HOME} A\n  current 203.0.113.7, since" in text


@pytest.mark.parametrize("env, coloured", [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)])
def test_colours_only_where_they_are_wanted(lab, env, coloured):
    """On a terminal, unless NO_COLOR is set or TERM is dumb; never into a pipe."""
    daemon = start_two(lab, half_refused)
    for command, status in (["status"], BAD), (["explain"], GOOD), (["update"], BAD):
        terminal = show(lab, daemon, *command, expect=status, env=env)
        assert ("\x1b[31m" in terminal.raw) == (coloured and command != ["explain"]), command
        assert ("\x1b[" in terminal.raw) == coloured
        assert "\x1b" not in run(lab, daemon, *command).stdout


def test_status_as_json_is_one_document(lab):
    """As the schema says, with the same exit status."""
    daemon = start_two(lab, half_refused)
    done = run(lab, daemon, "status", "--json")
    assert done.returncode == BAD
    document = is_document(json.loads(done.stdout))
    assert document["version"] == 1 and not document["well"]
    assert {record["name"]: record["state"] for record in document["records"]} == {HOME: "current", VPN: "refused"}
    one = is_document(json.loads(run(lab, daemon, "status", "--json", HOME).stdout))
    assert one["well"] and len(one["records"]) == 1


def test_a_thousand_in_one_trouble_are_told_once(lab):
    """The table has them all; what is wrong stands below it in one paragraph."""
    names = [f"n{number:04}.example.org" for number in range(1000)]
    lab.server.answer = lambda request: "badauth"
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, names), family="ipv4"), level="info")
    daemon.wait_log("no more requests: provider: badauth")
    done = run(lab, daemon, "status")
    assert done.returncode == BAD and done.stdout.count("\n") < 1020
    assert done.stdout.count("badauth") == 1 and "n0000.example.org A and 999 more (dyndns2): provider:" in done.stdout
    assert "1000 of 1000 records are not well." in done.stdout


# Where there is none

def test_no_daemon(lab):
    """One clear line and exit status 3, for each command; --quiet has not even that."""
    path = str(lab.dir / "control")
    for command in ALL:
        done = run(lab, path, *command)
        assert done.returncode == NOBODY and done.stdout == ""
        assert done.stderr == (f"wanddns: no daemon runs here: there is no {path} "
                               "(another socket is named by --control)\n")
    assert run(lab, path, "status", "--quiet").stderr == ""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    done = run(lab, path, "status")
    assert done.returncode == NOBODY
    assert done.stderr == f"wanddns: no daemon runs here: nobody listens at {path} any more\n"


def test_another_user_is_refused(lab):
    """Who may ask is said in the line, and the exit status is that of no answer."""
    folder = lab.open_folder()
    copy = shutil.copy(program.PROGRAM, folder / "wanddns")
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4", control_group="games"), home=folder / "daemon")
    daemon.home.chmod(0o755)
    is_current(daemon, "203.0.113.7")
    done = lab.gateway.run(as_nobody([str(copy), "status", "--control", str(daemon.control)]), check=False,
                           env=program.environment())
    assert done.returncode == NOBODY
    assert done.stderr == (f"wanddns: {daemon.control}: permission denied: "
                           "only root and members of the group games may ask\n")


def test_a_daemon_that_hangs(lab):
    """No command waits for ever: it says so after ten seconds, or after twenty where silence may be right."""
    daemon = start_two(lab)
    follower = lab.process([program.PROGRAM, "follow", "--control", str(daemon.control)], expect=None)
    until(lambda: daemon.log("control: follow"))
    daemon.signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.signal, signal.SIGCONT)
        commands = [lab.process([program.PROGRAM, *command, "--control", str(daemon.control)], expect=None)
                    for command in ALL]
        for process in (*commands, follower):
            assert process.wait(40) == NOBODY
            assert process.err.text == (f"wanddns: {daemon.control}: the daemon says nothing for 10 s: it hangs, or the "
                                        "machine is very busy")


def test_a_daemon_that_is_busy(lab):
    """A pause is no end: each command gets its answer when the daemon goes on."""
    daemon = start_two(lab)
    daemon.signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.signal, signal.SIGCONT)
        commands = [lab.process([program.PROGRAM, *command, "--control", str(daemon.control)], expect=None)
                    for command in ALL if command != ["follow"]]
        until(lambda: all(process.asleep() for process in commands))
    assert [process.wait(20) for process in commands] == [GOOD] * len(commands)


class Other:
    """Somebody else at the socket, who answers each request with these bytes."""

    def __init__(self, path, answer):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen()
        self.answer = answer
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


@pytest.mark.parametrize("answer, text", [
    (b'{"line":"end","ok":false,"fault":"version","error":"this daemon speaks version 0 of the protocol"}\n',
     "this daemon speaks version 0 of the protocol"),
    (b'{"line":"end","ok":false,"fault":"busy","error":"too many are asking at once"}\n', "too many are asking at once"),
    (b"220 mail.example.org ESMTP\r\n", "{path}: who answers there does not speak the protocol of wanddns"),
    (b'{"line":"status","version":1}\n{"line":"rec', "{path}: the daemon ended before it had answered"),
    (b"", "{path}: the daemon ended before it had answered"),
], ids=["version", "busy", "rubbish", "half", "nothing"])
def test_others_at_the_socket(lab, answer, text):
    """A daemon of another version, one that ends, a program that is something else: one line, exit status 3."""
    path = str(lab.dir / "control")
    with Other(path, answer):
        for command in ALL:
            done = run(lab, path, *command)
            said = "{path}: the daemon has ended" if command == ["follow"] and b"status" in answer else text
            assert (done.returncode, done.stderr) == (NOBODY, f"wanddns: {said.format(path=path)}\n"), command


def test_lines_of_a_later_version_do_not_disturb(lab):
    """Kinds and members that are not known are left alone."""
    path = str(lab.dir / "control")
    answer = (b'{"line":"status","version":1,"state":"ok","weather":"fine"}\n{"line":"moon","phase":3}\n'
              b'{"line":"record","name":"a.example.org","type":"HTTPS","state":"current","well":true}\n'
              b'{"line":"end","ok":true}\n')
    with Other(path, answer):
        for command in ALL:
            assert run(lab, path, *command).returncode == GOOD, command


# Which socket

def test_socket_of_the_configuration(lab):
    """-c FILE: its key control counts; --control stands before it; a file that cannot be read is a fault."""
    daemon = start_ipv4(lab)
    config = lab.dir / "other.conf"
    config.write_text(configuration(account(lab.server, password="env:NOT_SET_HERE"), control=daemon.control))
    config.chmod(0o600)
    assert lab.wanddns("status", "-c", config).returncode == GOOD
    nowhere = lab.dir / "nowhere"
    assert lab.wanddns("status", "-c", config, "--control", nowhere).returncode == NOBODY
    done = lab.wanddns("status", "-c", nowhere)
    assert done.returncode == WRONG and done.stderr.startswith(f"{nowhere}: ")


@pytest.mark.parametrize("argv, text", [
    (["log-level"], "log-level: which level?"),
    (["log-level", "loud"], "no log level: loud"),
    (["log-level", "warnin"], "no log level: warnin: did you mean 'warning'?"),
    (["log-level", "info", "debug"], "too many arguments: debug"),
    (["reload", "now"], "too many arguments: now"),
    (["update", "--json"], "--json does not go with update"),
    (["follow", "--quiet"], "--quiet does not go with follow"),
    (["statsu"], "there is no command statsu: did you mean 'status'?"),
])
def test_usage(lab, argv, text):
    """What is wrong with the command line is said before anybody is asked."""
    done = lab.wanddns(*argv)
    assert done.returncode == WRONG and done.stdout == ""
    assert done.stderr == f"wanddns: {text} (wanddns --help tells more)\n"


def test_unknown_host(lab):
    """The one that was meant is named; the exit status is that of a wrong command line."""
    daemon = start_ipv4(lab)
    for command in "status", "explain", "update", "follow":
        done = run(lab, daemon, command, "hmoe.example.org")
        assert (done.returncode, done.stdout) == (WRONG, "")
        assert done.stderr == f"wanddns: no record is called hmoe.example.org: did you mean {HOME}?\n"


# update

def test_update_tells_what_happens(lab):
    """A line for each transition, the result at the end, and what is wrong with those that are not current."""
    daemon = start_two(lab)
    done = run(lab, daemon, "update")
    assert done.returncode == GOOD and done.stderr == ""
    assert re.fullmatch(rf"(\d\d:\d\d:\d\d (?:{HOME}|{VPN}) A: updating -> current \(203\.0\.113\.7; good 203.*\)\n){{2}}"
                        r"all 2 records are current\n", done.stdout)
    lab.server.answer = half_refused
    done = run(lab, daemon, "update")
    assert done.returncode == BAD and done.stderr == "wanddns: 1 of 2 records is not current\n"
    assert f"{VPN} A: updating -> refused" in done.stdout
    assert "There is no further attempt." in done.stdout


def test_update_unlocks_what_was_refused(lab):
    """Only the name that is asked for is sent."""
    daemon = start_two(lab, half_refused)
    lab.server.answer = good
    requests = len(lab.server.requests)
    assert run(lab, daemon, "update", VPN).returncode == GOOD
    assert [request.hostnames for request in lab.server.requests[requests:]] == [[VPN]]
    assert run(lab, daemon, "status", "-q").returncode == GOOD


def test_update_says_why_it_waits(lab):
    """A record without an address at once; a login that may ask nothing now when nothing has happened for ten seconds."""
    lab.net.online(WAN0, v4=7)
    providers = Providers(lab)
    providers.add("sparing", 'like = dyndns2\ntitle = "of a test"\ngap = 1h\nnames = 1\n')
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN], title="sparing"), family="both"),
                        wrap=providers.wrap)
    is_current(daemon, "203.0.113.7")
    update = lab.process([program.PROGRAM, "update", HOME, VPN, "--control", str(daemon.control)], expect=None)
    update.out.wait(rf"^{HOME} AAAA: nothing to be sent \(no-route: ")
    update.out.wait(r"^sparing: the provider takes no more requests before \d", 20)
    status = run(lab, daemon, "status")
    assert re.search(rf"^({HOME}|{VPN}) +A +updating .* \d+ s +60 min$", status.stdout, re.M)
    update.signal(signal.SIGINT)
    assert update.wait() == -signal.SIGINT


LINE = re.compile(r"\r(\d+) of 100 done, (\d+) left, (\d+) failed\x1b\[K")


def start_many(lab):
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, MANY), family="ipv4"), level="info")
    daemon.wait_log("updating -> current", count=100)
    return daemon


def test_update_of_many_is_one_line_on_a_terminal(lab):
    """From nothing to all; what fails stands above it; without a terminal there is a line for each."""
    daemon = start_many(lab)
    lab.server.answer = lambda request: "\n".join(
        "nohost" if name == MANY[30] else f"good {request.query['myip']}" for name in request.hostnames)
    terminal = show(lab, daemon, "update", expect=BAD, width=200)
    counts = [tuple(map(int, row)) for row in LINE.findall(terminal.raw)]
    assert counts[0] == (0, 100, 0) and counts[-1] == (99, 0, 1) and counts == sorted(
        counts, key=lambda row: -row[1])
    screen = [line for line in terminal.screen if line]
    assert f"{MANY[30]} A: updating -> refused" in screen[0]
    assert screen[1] == "wanddns: 1 of 100 records is not current"
    assert not any("left" in line or "-> current" in line for line in screen)
    plain = run(lab, daemon, "update")
    assert plain.stdout.count("updating -> current") == 99 and "left" not in plain.stdout + plain.stderr


def test_interrupted_update_goes_on_in_the_daemon(lab):
    """Ctrl-C ends the client, with a word on that, as one expects of a signal; what it asked for is done."""
    daemon = start_many(lab)
    go_on = answers_late(lab.server)
    mark = daemon.mark()
    terminal = lab.terminal("update", "--control", daemon.control, expect=-signal.SIGINT, width=200)
    terminal.wait(LINE.pattern)
    terminal.popen.send_signal(signal.SIGINT)
    terminal.end(-signal.SIGINT)
    assert [line for line in terminal.screen if line] == [
        "wanddns: interrupted; the daemon goes on with it, and wanddns status tells how far it is"]
    go_on.set()
    daemon.wait_log("updating -> current", after=mark, count=100)


# explain, follow and the rest

def test_explain_says_why(lab):
    """The state with its reason, the candidates, what became of it, the login."""
    daemon = start_two(lab, half_refused)
    lab.gateway.ip("addr add 192.168.1.2/24 dev wan0")
    lab.gateway.ip("addr add 203.0.113.8/24 dev wan0")
    text = " ".join(run(lab, daemon, "explain", VPN).stdout.split())
    for part in (f"{VPN} A at dyndns2: refused since ", "provider: nohost: there is no such name in this account.",
                 " 203.0.113.7 on wan0: chosen 192.168.1.2 on wan0: private: it is a private address"
                 " 203.0.113.8 on wan0: other: it is fit, but not the first: secondary What became", "idle -> updating",
                 "updating -> refused: provider: nohost",
                 f"The account dyndns2 at {lab.server.url}: 1 request since the daemon began; the provider may be"):
        assert part in text
    assert HOME not in text
    assert run(lab, daemon, "explain").stdout.count("The account dyndns2 at") == 2


def test_follow(lab):
    """Transitions as they happen, for people and as JSON, until the daemon ends."""
    daemon = start_two(lab)
    people, programs = (lab.process([program.PROGRAM, "follow", *more, "--control", str(daemon.control)], expect=None)
                        for more in ([], ["--json", VPN]))
    daemon.wait_log("control: follow", count=2)
    lab.net.replace4(7, 9)
    people.out.wait(rf"^\d\d:\d\d:\d\d {HOME} A: current -> updating \(203\.0\.113\.7 -> 203\.0\.113\.9\)$")
    people.out.wait(rf"{VPN} A: updating -> current \(203\.0\.113\.7 -> 203\.0\.113\.9; good 203\.0\.113\.9\)$")
    programs.out.wait('"to":"current"')
    daemon.stop()
    assert people.wait() == programs.wait() == NOBODY
    told = [json.loads(line.text) for line in programs.out.lines]
    assert [(line["line"], line["name"], line["to"]) for line in told] == [
        ("transition", VPN, "updating"), ("transition", VPN, "current")]
    assert people.err.text == f"wanddns: {daemon.control}: the daemon has ended"


def test_reload_and_log_level(lab):
    """They say nothing when it went well; a fault of the configuration is said with its place, exit status 2."""
    daemon = start_ipv4(lab)
    for command in ["reload"], ["log-level", "debug"]:
        done = run(lab, daemon, *command)
        assert (done.returncode, done.stdout, done.stderr) == (GOOD, "", "")
    daemon.write_config("nonsense = yes\n")
    done = run(lab, daemon, "reload")
    assert done.returncode == WRONG and done.stderr.startswith(f"wanddns: {daemon.config}:1: ")


def to_full_disk(lab, *argv):
    """What a command says whose standard output cannot be written."""
    with open("/dev/full", "w") as full:
        done = lab.gateway.call(subprocess.run, [program.PROGRAM, *map(str, argv)], stdout=full, stderr=subprocess.PIPE,
                                text=True, env=program.environment(), check=False, timeout=60, cwd="/")
    *before, last = done.stderr.splitlines()
    assert last in ("wanddns: standard output: No space left on device",
                    "wanddns: standard output: not all of it could be written"), done
    return done.returncode, before


@pytest.mark.parametrize("argv", [
    "--help", "--version", "check -c {config}", "check -v -c {config}", "check {definition}", "providers", "providers no-ip",
    "import {inadyn}", "import {inadyn} --output {folder}", "watch", "watch --json", "once --dry-run -c {config}"])
def test_what_cannot_be_printed_is_no_success(lab, argv):
    """A full disk behind standard output is told, by every command, and one that goes on ends."""
    lab.net.online(WAN0, v4=7)
    folder = lab.open_folder()
    config, inadyn = folder / "wanddns.conf", folder / "inadyn.conf"
    config.write_text(lab.config(family="ipv4"))
    config.chmod(0o600)
    inadyn.write_text("provider no-ip.com {\n username = a\n password = b\n hostname = home.example.org\n}\n")
    words = argv.format(config=config, inadyn=inadyn, folder=folder / "out",
                        definition=f"{program.PROVIDERS}/dyndns2.conf").split()
    status, before = to_full_disk(lab, *words)
    assert status == BAD and not [line for line in before if "standard output" in line]


@pytest.mark.parametrize("argv", ["status", "status --json", "explain", "metrics", "update"])
def test_what_the_daemon_says_cannot_be_printed(lab, argv):
    """The same of what it was asked for; all at once or in parts (metrics)."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, MANY), family="ipv4"))
    daemon.wait_log("updating -> current", count=len(MANY))
    assert to_full_disk(lab, *argv.split(), "--control", daemon.control) == (BAD, [])


@pytest.mark.parametrize("argv", ["follow", "follow --json"])
def test_who_cannot_print_does_not_follow(lab, argv):
    """It ends at the first line that cannot be written."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"))
    is_current(daemon, "203.0.113.7")
    told = []
    client = threading.Thread(target=lambda: told.append(to_full_disk(lab, *argv.split(), "--control", daemon.control)))
    client.start()
    daemon.wait_log("control: follow")
    lab.net.replace4(7, 9)
    client.join()
    assert told == [(BAD, [])]


def test_while_a_request_hangs(lab):
    """A server that says nothing keeps no command from its answer."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: Reply(hang=True)
    daemon = lab.daemon(lab.config(family="ipv4"))
    lab.server.wait_for(1)
    for command in ["status"], ["explain"], ["metrics"], ["reload"]:
        begin = time.monotonic()
        assert run(lab, daemon, *command).returncode == GOOD
        assert time.monotonic() - begin < 5  # the request is given up after 30
