"""The clients that people run now, each run once for every new address by a loop around
`ip monitor`."""
import pathlib
import shutil

from harness.topology import PORT, SERVER4
from stage import LOGIN, WAIT_S, Fault, wait_for

NAME = "home.example.org"


class Hook:
    """A peer that is run for each address that wan0 gets."""

    def __init__(self, stage):
        if not shutil.which(self.name):
            raise Fault(f"{self.name} is not installed; contrib/packages bench installs it")
        self.stage = stage
        self.folder = stage.folder / self.name
        self.cache = self.folder / "cache"
        self.folder.mkdir()
        self.configuration = self.folder / "conf"
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(self.text(stage.authority.ca_file))
        self.process = stage.start(
            "/bin/sh", "-c",
            "ip -o -4 monitor address dev wan0 | while read -r line; do"
            f" case $line in Deleted*) ;; *) {self.command()} >&2; echo ran ;; esac; done")
        # The loop hears nothing until ip has bound its socket to the group of IPv4 addresses.
        wait_for(self._listening, "ip monitor")

    def _listening(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/net/netlink").read_text().splitlines()[1:]
        return any(int(line.split()[3], 16) for line in lines)

    def lag(self):
        self.stage.lose()
        # What it remembers is thrown away: ddclient would not send twice within 30 s.
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cache.mkdir()
        address, before = self.stage.gain()
        request = self.stage.request(address, self.process)
        if self.process.out.next(WAIT_S) != "ran":
            raise Fault(f"{self.name} does not end:{self.process.tail()}")
        return request.received - before


class Inadyn(Hook):
    name = "inadyn"
    # Of the program itself (its manual says "approx. 1 minute").
    period_s = 120

    def command(self):
        return (f"inadyn --once --foreground --no-pidfile --config {self.configuration}"
                f" --cache-dir {self.cache}")

    @staticmethod
    def text(ca):
        return f"""iface = wan0
allow-ipv6 = false
ca-trust-file = {ca}
custom bench {{
    ssl = true
    username = {LOGIN[0]}
    password = {LOGIN[1]}
    hostname = {NAME}
    ddns-server = "{SERVER4}:{PORT}"
    ddns-path = "/nic/update?hostname=%h&myip=%i"
}}
"""


class Ddclient(Hook):
    name = "ddclient"
    # Of the service that the distribution runs.
    period_s = 300

    def command(self):
        return f"ddclient -daemon=0 -file {self.configuration} -cache {self.cache}/cache"

    @staticmethod
    def text(ca):
        return f"""use=if, if=wan0
ssl=yes
ssl_ca_file={ca}
protocol=dyndns2, server={SERVER4}:{PORT}, login={LOGIN[0]}, password={LOGIN[1]} {NAME}
"""
