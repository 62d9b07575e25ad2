"""Calls of the program to the C library that fail when a test says so: tests/faults/failing.c, loaded before the
program."""

import errno
import mmap
import os
import shlex
import struct
import subprocess
from pathlib import Path

from .daemon import TOP

SOURCE = TOP / "tests" / "faults" / "failing.c"
PLAN = struct.Struct("=32s32sIIIIiII")  # struct plan of failing.c
ALWAYS = 0xFFFFFFFF
ENDS, ENDS_HALFWAY = -1000, -1001  # in place of an error: the process is killed; after half a write
EAI_AGAIN, EAI_MEMORY = -3, -10  # of glibc and musl


def build(folder):
    """Compiles the library; its path."""
    library = Path(folder, "failing.so")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    subprocess.run([*compiler, "-std=gnu11", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", SOURCE, "-o",
                    library, "-ldl"], check=True)
    return library


class Failing:
    """failing = Failing(library, path of a plan); lab.daemon(..., wrap=failing.wrap); failing.arm("socket", 3)."""

    def __init__(self, library, path):
        self.library, self.path = library, Path(path)
        self.path.write_bytes(bytes(PLAN.size))
        with open(self.path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), PLAN.size)

    def close(self):
        self._map.close()

    def wrap(self, argv):
        """It comes before the library of the sanitizer, whose malloc() could not be made to fail otherwise."""
        options = os.environ.get("ASAN_OPTIONS", "")
        return ["env", f"ASAN_OPTIONS={options}:verify_asan_link_order=0", f"FAILING_PLAN={self.path}",
                f"LD_PRELOAD={self.library}", *argv]

    def arm(self, function, nth=0, *, last=None, chance=0, seed=0, error=errno.EIO, caller=""):
        """From now on calls nth to last (that one alone without last) of a function fail, and each with so many
        chances in 1000; without either they are only counted."""
        self.disarm()
        plan = PLAN.pack(b"", caller.encode(), nth, last or nth, chance, seed, error, 0, 0)
        self._map[32:] = plan[32:]
        self._map[:32] = function.encode().ljust(32, b"\0")

    def disarm(self):
        self._map[:32] = bytes(32)

    @property
    def calls(self):
        return PLAN.unpack(self._map[:])[-2]

    @property
    def failed(self):
        """How many calls failed since arm()."""
        return PLAN.unpack(self._map[:])[-1]
