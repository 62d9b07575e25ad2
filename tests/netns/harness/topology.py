"""A gateway with two uplinks, and the internet behind both.

    gateway                        internet
    wan0  203.0.113.0/24 ........ isp0  203.0.113.1   2001:db8:1::1
    wan1  198.51.100.0/24 ....... isp1  198.51.100.1  2001:db8:2::1
                                  lo    192.0.2.53    2001:db8:53::53  (servers)

The whole prefixes are on-link at the ISP's ends, so an answer finds the gateway
at whichever address of them it has. The gateway starts without an address.
"""

from dataclasses import dataclass

from .netns import Namespace

SERVER4 = "192.0.2.53"
SERVER6 = "2001:db8:53::53"
PORT = 8443


@dataclass(frozen=True)
class Uplink:
    link: str  # in the gateway
    peer: str  # in the internet
    net4: str  # "203.0.113", a /24
    net6: str  # "2001:db8:1", a /48

    @property
    def router4(self):
        return self.net4 + ".1"

    @property
    def router6(self):
        return self.net6 + "::1"


WAN0 = Uplink("wan0", "isp0", "203.0.113", "2001:db8:1")
WAN1 = Uplink("wan1", "isp1", "198.51.100", "2001:db8:2")

GATEWAY_SYSCTL = {
    # Two addresses of one subnet: the second survives the removal of the first.
    "net/ipv4/conf/all/promote_secondaries": 1,
    "net/ipv6/conf/default/accept_dad": 0,
    "net/ipv6/conf/default/accept_ra": 0,
}
INTERNET_SYSCTL = {
    "net/ipv6/conf/default/accept_dad": 0,
    "net/ipv6/conf/default/accept_ra": 0,
    "net/ipv6/conf/all/forwarding": 1,
    "net/ipv4/ip_forward": 1,
}


class TwoUplinks:
    def __init__(self):
        self.gateway = self.internet = None
        try:
            self.gateway = Namespace("gateway")
            self.internet = Namespace("internet")
            self._wire()
        except BaseException:
            self.close()
            raise

    def close(self):
        for namespace in (self.gateway, self.internet):
            if namespace:
                namespace.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _wire(self):
        self.gateway.sysctl(**GATEWAY_SYSCTL)
        self.internet.sysctl(**INTERNET_SYSCTL)
        self.gateway.ip("link set lo up", *(self.cable(u) for u in (WAN0, WAN1)),
                        "link set wan0 up", "link set wan1 up")
        self.internet.ip("link set lo up",
                         f"addr add {SERVER4}/32 dev lo",
                         f"addr add {SERVER6}/128 dev lo nodad",
                         *self.isp_end(WAN0), *self.isp_end(WAN1))

    def cable(self, uplink):
        """The command, for the gateway, that makes an uplink's pair of links."""
        return f"link add {uplink.link} type veth peer name {uplink.peer} netns {self.internet.path}"

    @staticmethod
    def isp_end(uplink):
        """The commands, for the internet, that bring up the ISP's end of an uplink."""
        return (f"link set {uplink.peer} up",
                f"addr add {uplink.router4}/24 dev {uplink.peer}",
                f"addr add {uplink.router6}/48 dev {uplink.peer} nodad")

    def online(self, uplink=WAN0, *, v4=None, v6=None, metric=100):
        """Give the gateway addresses on an uplink and default routes through it.

        v4 and v6 are the host parts: online(WAN0, v4=7) is 203.0.113.7.
        """
        commands = []
        if v4 is not None:
            commands += [f"addr add {uplink.net4}.{v4}/24 dev {uplink.link}",
                         f"route add default via {uplink.router4} dev {uplink.link} metric {metric}"]
        if v6 is not None:
            commands += [f"addr add {uplink.net6}::{v6}/64 dev {uplink.link} nodad",
                         f"route add default via {uplink.router6} dev {uplink.link} metric {metric}"]
        self.gateway.ip(*commands)

    def replace4(self, old, new, uplink=WAN0, metric=100):
        """The IPv4 address as a DHCP client replaces it: delete, add, default route."""
        self.gateway.ip(
            f"addr del {uplink.net4}.{old}/24 dev {uplink.link}",
            f"addr add {uplink.net4}.{new}/24 dev {uplink.link}",
            f"route replace default via {uplink.router4} dev {uplink.link} metric {metric}")
