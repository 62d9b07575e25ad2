"""A terminal, and what a person sees on it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

from .daemon import environment, no_sanitizer_report
from .patience import patient


class Terminal:
    """A command that has a terminal of this width for all three descriptors."""

    def __init__(self, namespace, argv, *, width=80, env=None):
        self._end, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.width = width
        self.raw = ""
        self.changed = threading.Condition()
        self.ended = False
        self.popen = namespace.popen(argv, env={**environment(), "TERM": "xterm", "TZ": "UTC", **(env or {})},
                                     cwd="/", stdin=other, stdout=other, stderr=other, start_new_session=True)
        os.close(other)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                got = os.read(self._end, 65536)
            except OSError:  # EIO: nobody has the other end any more
                got = b""
            with self.changed:
                self.raw += got.decode("utf-8", "replace")
                self.ended = not got
                self.changed.notify_all()
            if not got:
                return

    def wait(self, pattern, timeout=20):
        """Wait until the pattern occurs in what was written, escape sequences and all."""
        deadline = time.monotonic() + patient(timeout)
        with self.changed:
            while not (match := re.search(pattern, self.raw)):
                if self.ended or not self.changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"{pattern!r} not within {timeout} s:\n{self.raw!r}")
        return match

    def stop(self, expect=0, timeout=20):
        """TERM, if it still runs; the exit status must be the expected one."""
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.end(expect, timeout)

    def end(self, expect=0, timeout=20):
        """Wait for its own end."""
        try:
            status = self.popen.wait(patient(timeout))
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"did not end:\n{self.raw!r}") from None
        self._thread.join()
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
        no_sanitizer_report(self.raw)
        assert status == expect, f"exit status {status}, not {expect}:\n{self.raw!r}"

    @property
    def screen(self):
        """The lines as they stand there now, without colours."""
        return screen_of(self.raw, self.width)


def screen_of(raw, width):
    """What a terminal makes of it: CR, LF, erasing to the end of the line, wrapping at the edge."""
    lines, row, column = [[]], 0, 0
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", raw, re.S):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
        elif token == "\x1b[K":
            del lines[row][column:]
        elif not token.startswith("\x1b"):
            if column == width:
                row, column = row + 1, 0
            while len(lines) <= row:
                lines.append([])
            line = lines[row]
            line.extend(" " * (column - len(line)))
            line[column:column + 1] = token
            column += 1
        while len(lines) <= row:
            lines.append([])
    return ["".join(line).rstrip() for line in lines]
