"""A disk that takes nothing: the daemon goes on, says so once, and writes when it can."""

import subprocess
from contextlib import contextmanager

import pytest

from harness.expect import is_current, start_ipv4, until

LIMIT = 64 * 1024
CANNOT, CAN = "the state cannot be written", "the state can be written again"


@contextmanager
def disk(path, options=f"size={LIMIT}"):
    """A small one there; hands back what remounts it."""
    path.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], check=True)
    try:
        yield lambda how: subprocess.run(["mount", "-o", f"remount,{how}", path], check=True)
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def start(lab, folder):
    return start_ipv4(lab, daemon={"argv": ["--state-dir", str(folder)]})


def moves(lab, daemon, *ends):
    """All are published, whatever the disk does."""
    for old, new in zip(ends, ends[1:]):
        lab.net.replace4(old, new)
        is_current(daemon, f"203.0.113.{new}")


def is_written(daemon, folder, address):
    """Told once, and nothing else is left there."""
    daemon.wait_log(CAN)
    until(lambda: address in (folder / "state.json").read_text())
    assert len(daemon.log(CANNOT)) == len(daemon.log(CAN)) == 1
    assert not list(folder.glob("state.json?*"))
    daemon.stop()


def test_full_disk(lab):
    folder = lab.dir / "disk"
    with disk(folder):
        daemon = start(lab, folder)
        until((folder / "state.json").exists)
        before = (folder / "state.json").read_text()
        with pytest.raises(OSError), open(folder / "ballast", "wb", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 4096)
        moves(lab, daemon, 7, 8, 9, 10)
        daemon.wait_log(CANNOT)
        assert (folder / "state.json").read_text() == before
        (folder / "ballast").unlink()
        moves(lab, daemon, 10, 11)
        is_written(daemon, folder, "203.0.113.11")


def test_disk_that_is_read_only_at_the_start(lab):
    folder = lab.dir / "disk"
    with disk(folder, "ro") as remount:
        daemon = start(lab, folder)
        moves(lab, daemon, 7, 8, 9)
        daemon.wait_log(CANNOT)
        remount("rw")
        moves(lab, daemon, 9, 10)
        is_written(daemon, folder, "203.0.113.10")
