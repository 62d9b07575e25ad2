"""A LAN behind the gateway: a bridge with one host on it, whose prefix is delegated and changes."""

from .netns import Namespace
from .topology import WAN0

LAN = "br-lan"
HOST_MAC = "02:00:5e:00:53:01"


class Lan:
    """with Lan(lab) as lan: the gateway has 203.0.113.7 on wan0 and br-lan, whose first port leads to lan.host."""

    def __init__(self, lab):
        self.gateway = lab.gateway
        self.host = Namespace("host")
        lab.net.online(WAN0, v4=7)
        self.gateway.ip(f"link add {LAN} type bridge",
                        f"link add lan0 type veth peer name eth0 address {HOST_MAC} netns {self.host.path}",
                        f"link set lan0 master {LAN}", "link set lan0 up", f"link set {LAN} up")
        self.host.ip("link set eth0 up")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.host.close()

    def add(self, prefix, length=64, how=""):
        """The gateway's own address in a prefix, ::1 behind "2001:db8:100:"."""
        self.gateway.ip(f"addr add {prefix}:1/{length} dev {LAN} nodad {how}")

    def remove(self, prefix, length=64):
        self.gateway.ip(f"addr del {prefix}:1/{length} dev {LAN}")

    def deprecate(self, prefix, length=64):
        self.gateway.ip(f"addr change {prefix}:1/{length} dev {LAN} preferred_lft 0 valid_lft 600")
