"""A few minutes of everything at once: WANDDNS_SOAK_S says how many seconds, 150 if it does not.

Of a program without sanitizers, as these keep memory of their own: part soak of tests/run builds it.
"""

import itertools
import os
import random
import signal
import threading
import time
from pathlib import Path

from harness.daemon import PROVIDERS, account
from harness.expect import until
from harness.server import Reply, good
from harness.topology import WAN0

SECONDS = float(os.environ.get("WANDDNS_SOAK_S", "150"))
CHANGES_PER_S = 50
BUDGET, PERIOD_S = 60, 60
NAMES = [f"host{number}.example.org" for number in range(12)]
ROOM_KIB = 512


def definitions(folder):
    """Those that are shipped, and one of ours with a gap and a budget that are felt."""
    folder.mkdir()
    for path in Path(PROVIDERS).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "soak.conf").write_text(
        'like = dyndns2\ntitle = Soak\nserver = "https://192.0.2.53"\nnames = 4\ngap = 20ms\n'
        f'budget = "{BUDGET}/{PERIOD_S}s"\n')
    return folder


class Flapping:
    """Changes the address so many times a second, until it is stopped at its last address."""

    def __init__(self, lab):
        self.lab, self.host, self.count = lab, 7, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        for host in itertools.cycle(range(8, 200)):
            if self._stop.wait(1 / CHANGES_PER_S):
                return
            self.lab.net.replace4(self.host, host)
            self.host, self.count = host, self.count + 1

    def stop(self):
        self._stop.set()
        self._thread.join()
        return f"203.0.113.{self.host}"


def memory_kib(pid):
    """What is the process's own."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def fewest_descriptors(daemon, seconds):
    """The least number in so many seconds: what libcurl opens beside a connection is there for a moment only."""
    pause, end = threading.Event(), time.monotonic() + seconds
    fewest = daemon.descriptors()[1]
    while not pause.wait(0.02) and time.monotonic() < end:
        fewest = min(fewest, daemon.descriptors()[1])
    return fewest


def least(samples):
    """Of memory and of descriptors: what is there for a moment only does not count."""
    return tuple(min(column) for column in list(zip(*samples))[1:])


def troubled(seed):
    """Answers of which one in three is none, or bad."""
    dice = random.Random(seed)

    def answer(request):
        if dice.random() * 3 >= 1:
            return good(request)
        return dice.choice([Reply(raw=b""), Reply(raw=b"HTTP/1.1 200 OK\r\nContent-"), Reply(status=500, body="911"),
                            Reply(delay=0.3), Reply(raw=b"")])

    return answer


def most_in_a_span(requests):
    """The most requests that came within one period of the budget."""
    times = sorted(request.time for request in requests)
    first, most = 0, 0
    for last, when in enumerate(times):
        while times[first] <= when - PERIOD_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_soak(lab):
    """50 address changes a second, a server that fails one answer in three, reloads, kills and restarts: memory and
    descriptors are flat, the budget is kept, and in the end the last address is published."""
    seed = random.randrange(2**32)
    print("seed", seed)
    folder = definitions(lab.dir / "definitions")
    config = lab.config(account(lab.server, NAMES, title="soak"), family="ipv4")

    def start(**kwargs):
        return lab.daemon(config, level="info", wrap=lambda argv: [
            "env", f"WANDDNS_PROVIDERS={folder}", *argv], **kwargs)

    lab.net.online(WAN0, v4=7)
    lab.server.answer = troubled(seed)
    begin, kills, samples = time.monotonic(), 0, []
    daemon = start(expect=-signal.SIGKILL)
    flapping = Flapping(lab)
    try:
        for step in itertools.count(1):
            # The pace of the test itself, not a wait for something.
            descriptors = fewest_descriptors(daemon, SECONDS / 30)
            if time.monotonic() - begin >= SECONDS:
                break
            if step % 3 == 0:
                daemon.hup()
            if step % 5 == 0:
                daemon.usr1()
            if step in (8, 15):  # killed in the middle of things, and once more; the rest is for one process
                daemon.kill()
                kills += 1
                daemon = start(expect=-signal.SIGKILL if step == 8 else 0)
            samples.append((step, memory_kib(daemon.pid), descriptors))
    finally:
        last = flapping.stop()
    lab.server.answer = good
    daemon.usr1()
    until(lambda: all(record.get("address") == last for record in daemon.state().values()), 60,
          f"{last} published")
    assert len(daemon.state()) == len(NAMES)
    assert flapping.count > SECONDS * CHANGES_PER_S / 4  # as fast as this machine lets it
    print("samples", samples)
    (first_kib, first_count), (last_kib, last_count) = least(samples[18:22]), least(samples[-4:])
    assert last_kib - first_kib < ROOM_KIB, samples
    assert last_count <= first_count, samples
    # A request that a kill cut short is not in the state file yet; USR1 ends a gap, but no budget.
    assert most_in_a_span(lab.server.requests) <= BUDGET + 4 * kills
