"""The daemon dies at any moment, as a power cut or kill -9 would end it: what the disk says is true or called doubtful,
the next daemon reads it and ends with the record published, and no request is made that is not needed."""

import os
import threading
import time

import pytest

from harness.daemon import PROGRAM as OURSELVES
from harness.daemon import Daemon, account
from harness.expect import HOME, is_current, until
from harness.failing import ENDS, ENDS_HALFWAY
from harness.program import Program
from harness.seed import dice, thorough
from harness.server import good
from harness.topology import WAN0

OURS = "/" + os.path.basename(OURSELVES)
WWW = "www.example.org"
NAMES = (HOME, WWW)


class Ledger:
    """The server's side: what each name has, and how many requests changed nothing.

    It deals with connections in their order: what comes over one after a later one was heard is lost. Each daemon has a
    password of its own, and what is still on its way from one that is dead when the next one starts is lost, too.
    """

    def __init__(self):
        self.published, self.heard, self.redundant, self.daemon = {}, {}, 0, 0
        self.lock = threading.Lock()

    def answer(self, request):
        name, = request.hostnames
        with self.lock:
            if request.login[1] == str(self.daemon) and request.connection >= self.heard.get(name, 0):
                self.redundant += self.published.get(name) == request.query["myip"]
                self.published[name], self.heard[name] = request.query["myip"], request.connection
        return good(request)

    def next(self):
        with self.lock:
            self.daemon += 1
            return str(self.daemon)


class Scene:
    """Daemons in one home, one after the other; an account for each name, the second over plain HTTP, the quicker."""

    def __init__(self, lab):
        self.lab, self.host, self.doubts = lab, 7, 0
        self.plain = lab.another_server(leaf=None)
        self.ledger = Ledger()
        lab.server.answer = self.plain.answer = self.ledger.answer
        self.home = lab.dir / "home"
        self.wrap, self.daemon = lambda argv: argv, None
        lab.net.online(WAN0, v4=7)

    @property
    def address(self):
        return f"203.0.113.{self.host}"

    def start(self):
        """What the one before left must be whole, and true: what is not doubtful is what the server has. So often as
        something is, a request may turn out to be redundant."""
        password = self.ledger.next()
        config = self.lab.config(account(self.lab.server, password=password),
                                 account(self.plain, WWW, title="dyndns2:www", password=password),
                                 family="ipv4", settle="5ms")
        known = self.remembered()
        for name in NAMES:
            if name not in known or known[name].get("doubtful"):
                self.doubts += 1
            else:
                assert known[name].get("address") == self.ledger.published.get(name), f"{name}\n{known}\n{self.ledger.published}\n{self.log}"
        self.daemon = Daemon(self.lab.gateway, self.home, config, wrap=self.wrap, wait=False)
        return self.daemon

    @property
    def log(self):
        return self.daemon.err.text

    def remembered(self):
        """By name; {} when there is no file yet. One that cannot be read is an error."""
        if not self.daemon or not (self.daemon.state_dir / "state.json").exists():
            return {}
        return {name: record for (name, _), record in self.daemon.state().items()}

    def is_published(self):
        return self.ledger.published == dict.fromkeys(NAMES, self.address)

    def move(self):
        old, self.host = self.host, 16 - self.host
        self.lab.net.replace4(old, self.host)

    def is_known(self):
        """The disk says what the server has."""
        return self.ledger.published == {name: record.get("address") for name, record in self.remembered().items()
                                         if not record.get("doubtful")}

    def ends_well(self):
        """One more daemon, which nothing happens to."""
        self.wrap = lambda argv: argv
        daemon = self.start()
        for name in NAMES:
            is_current(daemon, self.address, name=name)
        assert self.is_published()
        daemon.stop()
        assert self.is_known()
        assert not daemon.log("damaged|makes no sense|set aside"), self.log
        assert self.ledger.redundant <= self.doubts


@pytest.fixture
def scene(lab):
    return Scene(lab)


@pytest.mark.parametrize("function, how", [
    ("write", ENDS), ("write", ENDS_HALFWAY), ("fsync", ENDS), ("rename", ENDS), ("unlink", ENDS), ("open", ENDS),
    ("close", ENDS), ("mkdir", ENDS), ("flock", ENDS)],
    ids=lambda value: value if isinstance(value, str) else "half" if value == ENDS_HALFWAY else "before")
def test_killed_at_each_step_of_writing(scene, failing, function, how):
    """In front of each call that a write of the state is made of, and in the middle of the write itself."""
    nth = 0
    while True:
        nth += 1
        scene.wrap = failing.wrap
        failing.arm(function, nth, error=how, caller=OURS)
        daemon = scene.start()
        until(lambda: failing.failed or scene.is_published(), what="the update")
        if not failing.failed:
            scene.move()
            until(lambda: failing.failed or scene.is_published(), what="the update")
        if not failing.failed:
            daemon.popen.terminate()
        daemon.wait()
        if not failing.failed:
            break
        scene.ends_well()
    assert nth > 1


def test_killed_at_random_moments(scene):
    """Some hundred times, while the address changes: each daemon finds what the one before left."""
    random = dice()
    for _ in range(1000 if thorough() else 150):
        daemon = scene.start()
        if random.random() < 0.7:
            daemon.wait_log("started")
            if random.random() < 0.5:
                scene.move()
        time.sleep(random.choice((0, 0.02, 0.05, 0.1)) * random.random())  # it is to be any moment
        daemon.kill()
    scene.ends_well()


@pytest.mark.parametrize("name", NAMES)
def test_killed_when_the_server_has_the_request(scene, name):
    """Before the answer is read: the next daemon does not take the address before for published, also if it is back."""
    daemon = scene.start()
    until(lambda: scene.is_published() and scene.is_known(), what="the update")

    def deadly(request):
        reply = scene.ledger.answer(request)
        if request.hostnames == [name]:
            daemon.popen.kill()
        return reply

    scene.lab.server.answer = scene.plain.answer = deadly
    scene.move()
    daemon.wait()
    scene.lab.server.answer = scene.plain.answer = scene.ledger.answer
    scene.move()
    scene.ends_well()


def test_killed_by_the_program_that_publishes(lab):
    """The same where a program publishes, which may have done it before anything else happens."""
    published, deadly, program = (lab.dir / name for name in ("published", "deadly", "program"))
    program.write_text(f'#!/bin/sh\necho "$WANDDNS_ADDRESS" >{published}\n[ ! -e {deadly} ] || kill -9 $PPID\n')
    program.chmod(0o755)
    config = lab.config(account(None, title="exec", program=program, username=None, password=None), family="ipv4",
                        settle="5ms")
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(config, expect=None)
    is_current(daemon, "203.0.113.7")
    until(lambda: daemon.state()[HOME, "A"].get("address") and not daemon.state()[HOME, "A"].get("doubtful"))
    deadly.touch()
    lab.net.replace4(7, 9)
    daemon.wait()
    deadly.unlink()
    lab.net.replace4(9, 7)
    is_current(lab.daemon(config), "203.0.113.7")
    assert published.read_text() == "203.0.113.7\n"


def test_killed_in_the_middle_of_a_reload(lab, failing):
    """A reload that lifts a refusal and runs a program at once writes what is known of all sections, and not only of those
    that it has come to: it is killed when it writes for the second time."""
    names = [f"h{number}.example.org" for number in range(3)]
    programs = [Program(lab.dir / name) for name in names]
    lab.net.online(WAN0, v4=7)

    def config(**keys):
        sections = [program.section(name, title=f"exec:{name[:2]}", **(keys if name == names[0] else {}))
                    for program, name in zip(programs, names)]
        return lab.config(*sections, family="ipv4", settle="5ms")

    for program in programs[:2]:
        program.answers("refused no such name\n")
    daemon = lab.daemon(config(), wrap=failing.wrap, expect=None)
    daemon.wait_log("-> refused", count=2)
    is_current(daemon, "203.0.113.7", name=names[2])
    until(lambda: daemon.state()[names[2], "A"].get("address") and not daemon.state()[names[2], "A"].get("doubtful"))
    daemon.write_config(config(interface="wan0"))
    failing.arm("rename", 2, error=ENDS, caller=OURS)
    daemon.hup()
    daemon.wait()
    known = {name: record for (name, _), record in daemon.state().items()}
    assert sorted(known) == names
    assert known[names[0]].get("doubtful") and not known[names[0]].get("refused")
    assert known[names[1]].get("refused") and known[names[2]]["address"] == "203.0.113.7"
