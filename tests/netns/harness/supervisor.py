"""Who starts the daemon: the supervisor's end of sd_notify(3)."""

import socket
import threading
import time

from .patience import patient


class Supervisor:
    """Listens at a path; .wrap(argv) is the command with the variables that systemd sets."""

    def __init__(self, path, watchdog=None):
        self.path, self.watchdog = path, watchdog
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.messages = []  # (time, {"READY": "1"})
        self.changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while message := self.socket.recv(65536).decode():
            fields = dict(line.split("=", 1) for line in message.splitlines())
            with self.changed:
                self.messages.append((time.monotonic(), fields))
                self.changed.notify_all()

    def wrap(self, argv):
        variables = f'NOTIFY_SOCKET="{self.path}" '
        if self.watchdog:
            variables += f"WATCHDOG_PID=$$ WATCHDOG_USEC={int(self.watchdog * 1e6)} "
        return ["sh", "-c", variables + 'exec "$@"', "sh", *argv]

    def mark(self):
        return len(self.messages)

    def found(self, key, value=None, after=0):
        return [fields for _, fields in self.messages[after:]
                if key in fields and value in (None, fields[key])]

    def wait(self, key, value=None, after=0, count=1, timeout=10):
        """Wait for so many messages with this field since a mark; the last of them."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.found(key, value, after)) >= count, patient(timeout))
            found = self.found(key, value, after)
        assert len(found) >= count, f"{count} times {key}={value} not within {timeout} s: {self.messages}"
        return found[count - 1]

    def guard(self, process):
        """As systemd does: kill the process when it was silent for longer than the watchdog allows."""
        def silent():
            return time.monotonic() - max(when for when, fields in self.messages if "WATCHDOG" in fields)

        while silent() < self.watchdog:
            with self.changed:
                self.changed.wait(self.watchdog - silent() + 0.001)
            if process.popen.poll() is not None:
                return
        process.popen.kill()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self._thread.join()
        self.socket.close()
