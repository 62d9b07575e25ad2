"""Network namespaces, and code that runs inside them.

A namespace has no name in the file system. It lives by a descriptor of this
process, so it is gone when the process is, however that ended. Another program
enters it by path: nsenter --net=/proc/PID/fd/N.
"""

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _new_namespace():
    _checked(_libc.unshare(CLONE_NEWNET))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def in_thread(function, *args, **kwargs):
    """Run a function in a thread of its own; hand back what it returned or raised."""
    outcome = {}

    def body():
        try:
            outcome["value"] = function(*args, **kwargs)
        except BaseException as error:  # handed on, not handled
            outcome["error"] = error

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


class Namespace:
    def __init__(self, label):
        self.label = label
        self.fd = in_thread(_new_namespace)
        self.path = f"/proc/{os.getpid()}/fd/{self.fd}"

    def __repr__(self):
        return f"<Namespace {self.label} {self.path}>"

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def call(self, function, *args, **kwargs):
        """Call a function inside. A socket or a process that it makes stays inside."""

        def inside():
            _checked(_libc.setns(self.fd, CLONE_NEWNET))
            return function(*args, **kwargs)

        return in_thread(inside)

    def popen(self, argv, **kwargs):
        return self.call(subprocess.Popen, argv, **kwargs)

    def run(self, argv, *, check=True, timeout=240, **kwargs):
        """Run a command to its end; the text it printed is in .stdout and .stderr."""
        kwargs.setdefault("capture_output", True)
        done = self.call(subprocess.run, argv, text=True, timeout=timeout, **kwargs)
        if check and done.returncode != 0:
            raise RuntimeError(f"{argv} in {self.label}: {done.returncode}: {done.stderr}")
        return done

    def ip(self, *commands, check=True):
        """Run ip commands, all by one process: ns.ip("link set wan0 up", "route add ...")."""
        argv = ["ip", "-batch", "-"] if check else ["ip", "-force", "-batch", "-"]
        return self.run(argv, check=check, input="\n".join(commands) + "\n").stdout

    def nft(self, ruleset):
        return self.run(["nft", "-f", "-"], input=ruleset).stdout

    def sysctl(self, **values):
        """ns.sysctl(**{"net/ipv6/conf/default/accept_dad": 0})"""
        self.call(_write_sysctls, values)

    def iproute(self):
        """A pyroute2.IPRoute bound to this namespace: changes cost no new process."""
        from pyroute2 import IPRoute

        return self.call(IPRoute)


def _write_sysctls(values):
    for key, value in values.items():
        with open("/proc/sys/" + key, "w") as file:
            file.write(str(value))
