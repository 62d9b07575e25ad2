"""A Debian with a real systemd, in a container with the network of a namespace."""

import os
import signal
import subprocess
from pathlib import Path

from harness.expect import until

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("WANDDNS_PACKAGING_CACHE") or "/var/tmp/wanddns-packaging")
ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root",
               "DEBIAN_FRONTEND=noninteractive"]
# Its own filter of system calls has landlock(7) since systemd 255 only, and none of mlock(2) without CAP_IPC_LOCK.
NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--resolv-conf=off", "--console=pipe",
          "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self @memlock"]
POWER_OFF = signal.SIGRTMIN + 4  # systemd(1)


class Failed(Exception):
    pass


def run(argv, **kwargs):
    """Run a command to its end; what it printed, if that went well."""
    done = subprocess.run([str(word) for word in argv], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **kwargs)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}: exit status {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout


class Root:
    """The tree of a fresh Debian."""

    def __init__(self, path, *packages):
        self.path = Path(path)
        run([HERE / "make-root", self.path, *packages])

    def run(self, *argv):
        """Run a command in it, without systemd, in the network of this machine."""
        return run([*NSPAWN, "-D", self.path, *ENVIRONMENT, *argv])

    def run_with_namespaces(self, *argv):
        """Run a command in it that may make network namespaces; its own network has only lo."""
        return run([*NSPAWN, "-D", self.path, "--private-network", "--capability=all", *ENVIRONMENT, *argv],
                   env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"})

    def add(self, *files):
        """Copy files to /srv in it."""
        run(["cp", *files, self.path / "srv"])


class Machine:
    """with Machine(root, namespace) as machine: booted; powered off in the end."""

    def __init__(self, root, namespace):
        self.root = root
        self._nspawn = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *NSPAWN, "-D", root.path, f"--network-namespace-path={namespace.path}", "--boot"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._init = None

    def __enter__(self):
        try:
            until(self._is_up, 60, "the start of systemd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _is_up(self):
        if self._nspawn.poll() is not None:
            raise Failed("systemd-nspawn: " + self._nspawn.stderr.read())
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        self._init = int(children[0]) if children else None
        return self._init and self.status("systemctl", "is-system-running").strip() in ("running", "degraded")

    def __exit__(self, *_):
        if self._init and self._nspawn.poll() is None:
            os.kill(self._init, POWER_OFF)
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:  # nspawn alone would leave what runs in it
            os.kill(self._init or self._nspawn.pid, signal.SIGKILL)
            self._nspawn.wait()
        self._nspawn.stderr.close()

    def _inside(self, argv):
        return ["nsenter", "-t", self._init, "--all", *ENVIRONMENT, *argv]

    def run(self, *argv):
        return run(self._inside(argv))

    def status(self, *argv):
        """What a command printed, however it ended."""
        return subprocess.run([str(word) for word in self._inside(argv)], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout

    def show(self, name):
        """A property of the service."""
        return self.run("systemctl", "show", "--property", name, "--value", "wanddns.service").strip()

    def file(self, path):
        return self.root.path / path.lstrip("/")
