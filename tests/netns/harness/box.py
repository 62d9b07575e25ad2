"""A daemon that root starts and that becomes another user, with an /etc of its own."""

import os
import re
import shutil
from pathlib import Path

from .daemon import PROVIDERS

# What the C library and the TLS library may look for. The rest of the machine's /etc is no business of a test.
TAKEN = ("ld.so.cache", "nsswitch.conf", "host.conf", "localtime")
RESOLVER = "nameserver 192.0.2.98\noptions timeout:1 attempts:1\n"  # nobody is there


class Box:
    """lab.daemon(box.config(...), **box.daemon): the daemon becomes box.NAME, who has two groups and owns nothing."""

    NAME, UID, GID, MORE_GID = "wanddns", 4711, 4711, 4712

    def __init__(self, lab):
        self.lab, self.dir = lab, lab.open_folder()
        self.home = self.dir / "daemon"
        self.providers = shutil.copytree(PROVIDERS, self.dir / "providers")
        self.ca_file = self.file("trust/ca.pem", Path(lab.authority.ca_file).read_text(), mode=0o644)
        self.etc = self.dir / "etc"
        self.etc.mkdir()
        for name in TAKEN:
            if Path("/etc", name).exists():
                shutil.copy(Path("/etc", name), self.etc)
        self.put("passwd", f"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
                           f"{self.NAME}:x:{self.UID}:{self.GID}::/:/bin/sh\n")
        self.put("group", f"root:x:0:\n{self.NAME}:x:{self.GID}:\nmore:x:{self.MORE_GID}:{self.NAME}\n")
        self.put("hosts", "")
        self.put("resolv.conf", RESOLVER)

    def put(self, name, text):
        """A file of /etc, which takes the place of the one before as editors and DHCP clients do it."""
        draft = self.etc / (name + ".new")
        draft.write_text(text)
        draft.replace(self.etc / name)

    def file(self, name, text, *, mode=0o640):
        """A file below the folder, for the user to read and for root to write; renamed to its place."""
        path = self.dir / name
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(path.name + ".new")
        draft.write_text(text)
        self.share(draft, mode)
        draft.replace(path)
        return path

    def share(self, path, mode=0o640):
        os.chown(path, 0, self.GID)
        path.chmod(mode)

    def config(self, *accounts, **keys):
        return self.lab.config(*accounts, **{"family": "ipv4", "settle": "20ms", "user": self.NAME,
                                             "ca_file": self.ca_file, **keys})

    def inside(self, argv):
        """The command, with this /etc and these definitions."""
        return ["unshare", "--mount", "sh", "-c", f'mount --bind "{self.etc}" /etc && exec "$@"', "sh",
                "env", f"WANDDNS_PROVIDERS={self.providers}", *argv]

    def _wrap(self, argv):
        self.share(self.home / "wanddns.conf")
        return self.inside(argv)

    @property
    def daemon(self):
        return {"home": self.home, "wrap": self._wrap}

    def reload(self, daemon, text, expected="^<6>reloaded: "):
        """Replace the configuration and say so; hands back the line that is expected."""
        mark = daemon.mark()
        self.file("daemon/wanddns.conf", text)
        daemon.hup()
        return daemon.wait_log(expected, after=mark)


def status_of(pid):
    """What the kernel tells about a process: {"Uid": ["0", ...], "CapEff": ["0000000000000000"], ...}."""
    text = Path(f"/proc/{pid}/status").read_text()
    return {key: values.split() for key, values in re.findall(r"^(\w+):\s*(.*)$", text, re.M)}
