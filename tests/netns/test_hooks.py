"""on-change: programs that hear what became of a record; and the examples of contrib/hooks."""

import email
import shutil
import socket
import subprocess
import threading
from email import policy
from pathlib import Path

import pytest

from harness.daemon import account
from harness.expect import HOME, at_rest, is_current, until
from harness.patience import patient
from harness.program import Program, is_running
from harness.quick import QUICK, start, write_config
from harness.sections import Providers, Unprivileged, custom, provider, record
from harness.server import good
from harness.topology import WAN0, WAN1

VPN = "vpn.example.org"
HOOKS = Path(__file__).parents[2] / "contrib" / "hooks"


@pytest.fixture
def hook(lab):
    lab.net.online(WAN0, v4=7)
    return Program(lab.dir / "hook")


def heard(hook):
    return [(call.told("EVENT"), call.told("NAME"), call.told("OLD"), call.told("NEW")) for call in hook.calls]


# What is told

def test_publishing_and_a_change_are_told(lab, hook):
    """The first address, then another one: all about it in the environment, nothing on standard input."""
    daemon = start(lab, account(lab.server, title="dyndns2:office"), on_change=hook.path)
    is_current(daemon, "203.0.113.7")
    hook.wait_for(1)
    lab.net.replace4(7, 9)
    first, second = hook.wait_for(2)
    told = {"EVENT": "changed", "NAME": HOME, "TYPE": "A", "OLD": "203.0.113.7", "NEW": "203.0.113.9",
            "STATE": "current", "ERROR": "", "ACCOUNT": "dyndns2:office"}
    assert {name: value for name, value in second.environment.items() if name != "PATH"} == \
        {"WANDDNS_" + name: value for name, value in told.items()}
    assert second.environment["PATH"] and second.input == ""
    assert (first.told("EVENT"), first.told("OLD"), first.told("NEW")) == ("current", "", "203.0.113.7")
    assert not daemon.log("<4>")


def test_nothing_secret_is_told(lab, hook):
    """Neither the password nor a descriptor of ours, in whatever words the provider refuses."""
    lab.server.answer = lambda request: "badauth for s3cret"
    daemon = start(lab, on_change=hook.path)
    call, = hook.wait_for(1)
    assert call.told("EVENT") == "refused" and "badauth" in call.told("ERROR")
    assert "s3cret" not in str(call.environment)
    assert [int(number) for number in call.descriptors] == [0, 1, 2]
    daemon.stop()


def test_attempts_are_not_told_but_their_end_is(lab, hook):
    """waiting -> updating -> waiting says nothing; then it is recovered, once."""
    lab.server.stop()
    daemon = start(lab, on_change=hook.path)
    daemon.wait_log("updating -> waiting", count=3, timeout=20)
    lab.server.start()
    daemon.usr1()
    is_current(daemon, "203.0.113.7")
    hook.wait_for(1)
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    hook.wait_for(2)
    assert heard(hook) == [("recovered", HOME, "", "203.0.113.7"), ("changed", HOME, "203.0.113.7", "203.0.113.9")]


def test_refusal_and_its_end_are_told_once(lab, hook):
    """Refused; refused once more at the operator's word; recovered."""
    daemon = start(lab, on_change=hook.path)
    hook.wait_for(1)
    lab.server.answer = lambda request: "nohost"
    lab.net.replace4(7, 9)
    daemon.wait_log("updating -> refused")
    daemon.usr1()
    daemon.wait_log("updating -> refused", count=2)
    lab.server.answer = good
    daemon.usr1()
    hook.wait_for(3)
    assert heard(hook) == [("current", HOME, "", "203.0.113.7"), ("refused", HOME, "203.0.113.7", "203.0.113.9"),
                           ("recovered", HOME, "203.0.113.7", "203.0.113.9")]
    assert "nohost" in hook.calls[1].told("ERROR") and hook.calls[1].told("STATE") == "refused"


def test_what_is_published_again_is_not_told(lab, hook):
    """The operator's word and a restart change nothing, so nobody hears of them."""
    daemon = start(lab, on_change=hook.path)
    hook.wait_for(1)
    mark = daemon.mark()
    daemon.usr1()
    is_current(daemon, "203.0.113.7", after=mark)
    daemon.stop()
    daemon = start(lab, on_change=hook.path)
    is_current(daemon, "203.0.113.7")
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    hook.wait_for(2)
    assert heard(hook)[1:] == [("changed", HOME, "203.0.113.7", "203.0.113.9")]


def test_deletion_is_told(lab, hook):
    """when-lost = withdraw: the record that is deleted."""
    lab.net.online(WAN1, v4=7, metric=200)
    providers = Providers(lab)
    providers.add("home-made", custom(["hostname={hostname}", "ip={ip}"], more="""step delete {
    url   = "{server}/delete"
    query = "hostname={hostname}"
}
"""))
    section = provider(lab.server, record(HOME), title="home-made", interface="wan0")
    daemon = lab.daemon(lab.config(section, family="ipv4", when_lost="withdraw", withdraw_after="1s",
                                   on_change=hook.path, **QUICK), wrap=providers.wrap)
    is_current(daemon, "203.0.113.7")
    hook.wait_for(1)
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    call = hook.wait_for(2)[1]
    assert (call.told("EVENT"), call.told("OLD"), call.told("NEW"), call.told("STATE")) == \
        ("withdrawn", "203.0.113.7", "", "idle")


# Who is told

def test_innermost_program_is_told(lab, hook):
    """A provider's own program, a record's own, and none."""
    other = Program(lab.dir / "other")
    nobody = f"record nobody.example.org {{ on-change = none }}\n record own.example.org {{ on-change = \"{other.path}\" }}"
    section = account(lab.server).rstrip()[:-1] + nobody + "\n}\n"
    daemon = start(lab, section, account(lab.server, VPN, title="dyndns2:vpn", on_change=other.path),
                   on_change=hook.path)
    for name in HOME, VPN, "nobody.example.org", "own.example.org":
        is_current(daemon, "203.0.113.7", name=name)
    other.wait_for(2)
    hook.wait_for(1)
    daemon.stop()
    assert [call[1] for call in heard(hook)] == [HOME]
    assert sorted(call[1] for call in heard(other)) == ["own.example.org", VPN]


def test_reload_takes_another_program(lab, hook):
    """HUP: another on-change holds from then on, and says nothing by itself."""
    other = Program(lab.dir / "other")
    daemon = start(lab, on_change=hook.path)
    hook.wait_for(1)
    daemon.write_config(daemon.config.read_text().replace(str(hook.path), str(other.path)))
    daemon.hup()
    daemon.wait_log("reloaded: ")
    lab.net.replace4(7, 9)
    other.wait_for(1)
    daemon.stop()
    assert heard(other) == [("changed", HOME, "203.0.113.7", "203.0.113.9")]
    assert len(hook.calls) == 1


# In whose way it is

def test_program_that_hangs_is_in_nobodys_way(lab, hook):
    """Updates go on; at the end it is killed, with what it started, and that is logged."""
    hook.answers(hang=True)
    daemon = start(lab, account(lab.server, [HOME, VPN]), on_change=hook.path)
    hook.wait_for(2)
    for old, new in (7, 9), (9, 8):
        mark = daemon.mark()
        lab.net.replace4(old, new)
        is_current(daemon, f"203.0.113.{new}", after=mark)
    calls = hook.wait_for(2)
    daemon.stop()
    assert daemon.log("<4>on-change: ended before all were told: 2 ran, 2 waited")
    until(lambda: not any(is_running(pid) for call in calls for pid in call.pids), what="the end of all programs")


def test_of_many_records_four_are_told_at_once(lab, hook):
    """Twelve records: every one is told, at most four programs run at a time."""
    hook.answers(sleep=0.1)
    names = [f"n{number}.example.org" for number in range(12)]
    daemon = start(lab, account(lab.server, names), on_change=hook.path)
    hook.wait_for(12)
    daemon.wait_log(r"<7>on-change: .*: current: .* heard it", count=12)
    calls = hook.calls
    assert sorted(call.told("NAME") for call in calls) == sorted(names)
    most = max(sum(other.begin <= call.begin < other.end for other in calls) for call in calls)
    assert 2 <= most <= 4


def test_failure_is_logged_with_the_last_line(lab, hook):
    """A program that fails: one line, with the last one that it wrote."""
    hook.answers(text="first\nlast words\n", status=3)
    daemon = start(lab, on_change=hook.path)
    daemon.wait_log(rf"<4>on-change: dyndns2: {HOME} A: current: {hook.path} ended with status 3: last words")
    daemon.stop()


# once

def once(lab, hook, *argv):
    state = lab.dir / "state"
    state.mkdir(exist_ok=True)
    return lab.wanddns("once", "-c", write_config(lab, on_change=hook.path), "--state-dir", state, *argv)


def test_once_waits_for_the_program(lab, hook):
    """once ends when all are told, and its exit status is that of the records."""
    hook.answers(sleep=0.3, status=1)
    done = once(lab, hook)
    assert done.returncode == 0
    call, = hook.calls
    assert call.end and call.told("EVENT") == "current"
    assert "ended with status 1" in done.stderr


def test_dry_run_tells_nobody(lab, hook):
    """once --dry-run: nothing changes, so nobody hears of it."""
    assert once(lab, hook, "--dry-run").returncode == 0
    assert not hook.calls


def test_no_program_costs_nothing(lab, hook):
    """Without on-change no process is started."""
    daemon = start(lab)
    is_current(daemon, "203.0.113.7")
    mark = daemon.mark()
    lab.gateway.ip("addr add 198.51.100.99/24 dev wan0")
    at_rest(daemon, mark)
    assert not daemon.log("on-change") and not hook.calls


# contrib/hooks

FAKE = """#!/bin/sh
for argument; do printf '<%s>\\n' "$argument"; done >"{folder}/$(basename "$0").argv"
"""


@pytest.fixture
def fakes(lab):
    """curl and logger that note what they are told, before all others in PATH."""
    folder = lab.dir / "fakes"
    folder.mkdir()
    for name in "curl", "logger":
        (folder / name).write_text(FAKE.format(folder=folder))
        (folder / name).chmod(0o755)
    return folder


def facts(event, **more):
    environment = {"NAME": HOME, "TYPE": "A", "OLD": "203.0.113.7", "NEW": "203.0.113.9", "STATE": "current",
                   "ACCOUNT": "no-ip:office", "ERROR": "", "EVENT": event, **more}
    return {"WANDDNS_" + key: value for key, value in environment.items()}


def tell(fakes, name, event, **more):
    """What the hook of contrib makes of it: the arguments of what it calls."""
    done = subprocess.run([HOOKS / name], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                          env={"PATH": f"{fakes}:/usr/sbin:/usr/bin:/sbin:/bin", **facts(event, **more)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    tool, = (path.stem for path in fakes.glob("*.argv"))
    return tool, [line[1:-1] for line in (fakes / f"{tool}.argv").read_text().splitlines()]


class MailServer:
    """Takes mails in the gateway, on loopback, as that of its machine does: (sender, receivers, text)."""

    def __init__(self, namespace):
        self.mails, self.changed = [], threading.Condition()
        self._listener = namespace.call(socket.create_server, ("127.0.0.1", 25))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        sender, receivers = None, []
        say("220 gateway")
        while line := stream.readline().decode().strip():
            word, _, rest = line.partition(":")
            if word == "MAIL FROM":
                sender = rest
            elif word == "RCPT TO":
                receivers.append(rest)
            elif word == "DATA":
                say("354 go on")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += stream.readline()
                with self.changed:
                    self.mails.append((sender, receivers, data[:-3].replace(b"\r\n..", b"\r\n.")))
                    self.changed.notify_all()
            say("221 bye" if word == "QUIT" else "250 good")

    def wait(self):
        """The first mail."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.mails, patient(10))
        return self.mails[0]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def mail_server(lab):
    server = MailServer(lab.gateway)
    yield server
    server.close()


def mailed(lab, server, event, **more):
    """The mail that the hook of contrib sends."""
    server.mails.clear()
    done = lab.gateway.run([HOOKS / "mail"], check=False, stdin=subprocess.DEVNULL,
                           env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **facts(event, **more)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    sender, receivers, data = server.wait()
    assert b"\n" not in data.replace(b"\r\n", b"")  # which servers refuse (RFC 5321, 2.3.8)
    mail = email.message_from_bytes(data, policy=policy.default)
    assert sender.startswith("<wanddns@") and receivers == ["<root@localhost>"] and mail["To"] == "root@localhost"
    assert mail["From"].addresses[0].addr_spec == sender.strip("<>") and mail["Date"].datetime.tzinfo
    assert not mail.defects and not any(value.defects for value in mail.values())
    return mail["Subject"], mail.get_content().replace("\r\n", "\n")


def test_mail(lab, mail_server):
    """A mail with the fact in its subject, and all about it below."""
    subject, text = mailed(lab, mail_server, "changed")
    assert subject == f"[wanddns] {HOME} A is 203.0.113.9"
    assert "no-ip:office" in text and "203.0.113.7" in text and "error" not in text
    subject, text = mailed(lab, mail_server, "refused", STATE="refused", ERROR="provider: nohost $(rm) `x` \"y\" \u00e9\n.\n")
    assert subject == f"[wanddns] {HOME} A was refused"
    assert "error      provider: nohost $(rm) `x` \"y\" \u00e9\n.\n" in text


def test_mail_is_sent_by_the_daemons_user(lab, mail_server):
    """By one that may become nobody else, which a sendmail with another user or group of its own could not do."""
    lab.net.online(WAN0, v4=7)
    nobody = Unprivileged(lab)
    copy = shutil.copy(HOOKS / "mail", nobody.folder / "mail")
    daemon = lab.daemon(lab.config(family="ipv4", ca_file=nobody.ca_file, on_change=copy, **QUICK), **nobody.daemon)
    _, _, data = mail_server.wait()
    assert f"Subject: [wanddns] {HOME} A is 203.0.113.7\r\n".encode() in data
    daemon.wait_log(rf"<7>on-change: dyndns2: {HOME} A: current: .*/mail heard it")


def test_mail_that_nobody_takes_is_told(lab):
    """No server, no mail: why is in the log."""
    lab.net.online(WAN0, v4=7)
    copy = shutil.copy(HOOKS / "mail", lab.dir / "mail")
    daemon = lab.daemon(lab.config(family="ipv4", on_change=copy, **QUICK))
    daemon.wait_log(rf"<4>on-change: dyndns2: {HOME} A: current: .*/mail ended with status 7: curl: .*connect")


def test_webhook(fakes):
    """A request to the topic, in a time that fits into that of the hook."""
    tool, argv = tell(fakes, "webhook", "refused", STATE="refused", ERROR="provider: nohost")
    assert tool == "curl" and argv[0] == "-q" and argv[-1].startswith("https://ntfy.sh/")
    assert argv[argv.index("--data-raw") + 1] == f"{HOME} A was refused by no-ip:office: provider: nohost"
    assert "Priority: high" in argv and int(argv[argv.index("--max-time") + 1]) < 30
    _, argv = tell(fakes, "webhook", "current", OLD="")
    assert argv[argv.index("--data-raw") + 1] == f"{HOME} A is 203.0.113.9"
    assert "Priority: default" in argv


def test_syslog(fakes):
    """A line of words with values, and a severity."""
    for event, severity in ("refused", "err"), ("recovered", "warning"), ("changed", "notice"):
        tool, argv = tell(fakes, "syslog", event)
        assert tool == "logger" and argv[:5] == ["-t", "wanddns-change", "-p", f"daemon.{severity}", "--"]
        assert " ".join(argv[5:]) == (f"event={event} name={HOME} type=A old=203.0.113.7 new=203.0.113.9 "
                                      "account=no-ip:office")


@pytest.mark.parametrize("name", ["webhook", "syslog"])
def test_example_is_told_by_the_daemon(lab, fakes, name):
    """The example as it is, as on-change: it runs, and nothing of it fails."""
    lab.net.online(WAN0, v4=7)
    copy = shutil.copy(HOOKS / name, lab.dir / name)
    daemon = lab.daemon(lab.config(family="ipv4", on_change=copy, **QUICK), wrap=lambda argv: [
        "env", f"PATH={fakes}:/usr/sbin:/usr/bin:/sbin:/bin", *argv])
    daemon.wait_log(rf"<7>on-change: dyndns2: {HOME} A: current: .*/{name} heard it")
    assert [path for path in fakes.glob("*.argv")]


@pytest.mark.parametrize("path", sorted(HOOKS.iterdir()), ids=lambda path: path.name)
def test_examples_keep_the_rules_of_the_shell(path):
    """shellcheck has nothing to say, and each can be run."""
    done = subprocess.run(["shellcheck", path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    assert path.stat().st_mode & 0o111
