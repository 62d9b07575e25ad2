"""Calls to the C library that fail, one after the other: for want of descriptors, of buffers, of memory, of room on the
disk. Nothing of it ends a daemon that has started, and no record is stuck.

Each test lives a whole life of the daemon again and again, each time with another call of one function that fails,
until a life had no such call any more."""

import errno
import os
import resource
import time
from errno import (EACCES, EADDRNOTAVAIL, EAGAIN, ECONNREFUSED, ECONNRESET, EIO, EMFILE, ENOBUFS, ENOLCK, ENOMEM,
                   ENOSPC)

import pytest

from harness.daemon import PROGRAM as OURSELVES
from harness.expect import until
from harness.failing import EAI_AGAIN, EAI_MEMORY
from harness.life import ALL, Life
from harness.seed import dice, thorough

OURS = "/" + os.path.basename(OURSELVES)

# What the manual of each names; other callers' calls of read, write and getsockopt are to themselves, and cannot fail.
CALLS = [
    ("socket", EMFILE), ("socket", ENOBUFS), ("connect", EADDRNOTAVAIL), ("connect", ECONNREFUSED), ("bind", ENOMEM),
    ("setsockopt", ENOMEM), ("getsockopt", ENOBUFS), ("send", ENOBUFS), ("sendto", ENOBUFS), ("sendto", ENOMEM),
    ("recv", ENOMEM), ("recv", ECONNRESET), ("recvmsg", ENOBUFS), ("recvmsg", ENOMEM),
    ("epoll_create1", EMFILE), ("epoll_ctl", ENOSPC), ("epoll_ctl", ENOMEM), ("timerfd_create", EMFILE),
    ("pipe2", EMFILE), ("socketpair", EMFILE), ("memfd_create", EMFILE), ("fcntl", EMFILE),
    ("open", EMFILE), ("open", EACCES), ("opendir", EMFILE), ("fopen64", EMFILE), ("fstat", EIO), ("read", EIO),
    ("write", ENOSPC), ("close", EIO), ("fsync", EIO), ("rename", ENOSPC), ("unlink", EACCES), ("mkdir", ENOSPC),
    ("flock", ENOLCK), ("getrandom", EAGAIN), ("if_nameindex", ENOBUFS), ("if_indextoname", EMFILE),
    ("accept4", EMFILE), ("inotify_init1", EMFILE), ("inotify_add_watch", ENOSPC),
    ("getaddrinfo", EAI_AGAIN), ("getaddrinfo", EAI_MEMORY), ("pthread_create", EAGAIN),
    ("posix_spawn", EAGAIN), ("posix_spawn", ENOMEM), ("syscall", EMFILE),
]
FROM = {"read": OURS, "write": OURS, "close": OURS, "fcntl": OURS}


def _name(value):
    if isinstance(value, str):
        return value.strip("/")
    return {EAI_AGAIN: "EAI_AGAIN", EAI_MEMORY: "EAI_MEMORY"}.get(value) or errno.errorcode.get(value, str(value))


@pytest.fixture
def life(lab, failing):
    life = Life(lab)
    life.wrap = failing.wrap
    return life


def sweep(life, failing, function, **plan):
    """A life for each call of the function; for some of them where there are many."""
    failing.arm(function, **plan)
    assert life.lived(), life.daemon.err.text
    step = 1 if thorough() else max(1, failing.calls // 16)
    nth = 1 + dice().randrange(step)
    while True:
        failing.arm(function, nth, **plan)
        life.lived()
        if not failing.failed:
            assert nth > step, f"{function} was never called"
            return
        nth += step


@pytest.mark.parametrize("function, error", CALLS, ids=_name)
def test_call_that_fails_stops_nothing(life, failing, function, error):
    """At the start it is one clear line and an exit status; later the daemon goes on, and in the end all is right."""
    sweep(life, failing, function, error=error, caller=FROM.get(function, ""))


@pytest.mark.parametrize("function, caller", [
    ("malloc", OURS), ("calloc", OURS), ("realloc", OURS), ("malloc", "libevent"), ("calloc", "libevent"),
    ("realloc", "libevent"), ("malloc", "libcurl"), ("calloc", "libcurl"), ("calloc", "libmnl")], ids=_name)
def test_no_memory_ends_it_with_one_line(life, failing, function, caller):
    """By design; or the library that had none fails, and is tried again. The state on the disk is whole either way, and
    the next daemon goes on with it."""
    life.talks = False  # the sockets of libevent 2.1 do not live through it (bufferevent_setwatermark())
    sweep(life, failing, function, error=ENOMEM, caller=caller)


def test_request_is_never_sent_in_part_for_want_of_memory(life, failing):
    """What libcurl has no memory to keep of a request (its login, say) is not left out: it could be refused for good.
    These are the copies of the first two requests; later ones are of libcurl's own."""
    for nth in range(1, 30):
        failing.arm("strdup", nth, error=ENOMEM, caller="libcurl")
        life.lived()
        assert failing.failed


def test_descriptors_run_out(life):
    """At whatever step of its work none is left: when there are some again all is right."""
    life.asks = False
    with life.born() as daemon:
        life.becomes_current()
        for limit in range(3, 30):
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, 1024))
            mark = daemon.mark()
            life.move()
            has_noticed(daemon, mark)
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (1024, 1024))
            life.becomes_current()
        assert daemon.log("Too many open files")
        life.end(ALL)


def has_noticed(daemon, mark):
    """The change has come to something; or not, while the kernel cannot even be read."""
    deadline = time.monotonic() + 0.5
    while not daemon.log("-> (waiting|current)|reloaded: |nothing changed", after=mark) and time.monotonic() < deadline:
        time.sleep(0.005)


def test_calls_fail_at_random(life, failing):
    """A long life in which now this and now that call fails, while addresses come and the configuration is read anew:
    nothing is lost of memory and descriptors, and in the end all is right."""
    random, life.asks = dice(), False
    later = [(function, error) for function, error in CALLS if function not in ("epoll_create1", "bind", "flock")]
    with life.born() as daemon:
        life.becomes_current()
        until(lambda: not daemon.descriptors()[0], what="the end of a burst")
        before = daemon.descriptors()
        for _ in range(400 if thorough() else 40):
            function, error = random.choice(later)
            chance = random.choice((0, 20, 200, 500))
            failing.arm(function, random.randrange(1, 6), error=error, caller=FROM.get(function, ""), chance=chance,
                        seed=random.randrange(1000))
            mark = daemon.mark()
            if random.random() < 0.2:
                daemon.hup()
            else:
                life.move()
            has_noticed(daemon, mark)
        failing.disarm()
        life.becomes_current()
        until(lambda: daemon.descriptors() == before, what="the end of a burst, with nothing left of it")
        life.end(ALL)


def test_log_that_cannot_be_written_is_no_trouble(life):
    """Standard error is full: the daemon works on without a word."""
    life.wrap = lambda argv: ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", *argv]
    with life.born() as daemon:
        for _ in range(3):
            until(lambda: is_published(life, daemon), what=life.address)
            life.move()
        daemon.stop()
        assert daemon.err.text == ""


def is_published(life, daemon):
    """As the disk says."""
    if not (daemon.state_dir / "state.json").exists():
        return False
    found = daemon.state()
    return len(found) == len(ALL) and {record.get("address") for record in found.values()} == {life.address}
