"""A carrier that translates addresses: a namespace between the gateway and the internet, with nftables in it.

    gateway               carrier                              internet
    wwan0  100.64.0.7 ... in  100.64.0.1   out 203.0.113.130 ... cgn0  203.0.113.129

What the gateway sends arrives as from .outer, in 203.0.113.128/25.
"""

from .netns import Namespace

LINK = "wwan0"
INNER = "100.64.0"


class Carrier:
    """with Carrier(lab) as carrier: the gateway has 100.64.0.7 and a default route by wwan0."""

    def __init__(self, lab):
        self.gateway, self.outer = lab.gateway, None
        self.carrier = Namespace("carrier")
        self.carrier.sysctl(**{"net/ipv4/ip_forward": 1})
        self.gateway.ip(f"link add {LINK} type veth peer name in netns {self.carrier.path}", f"link set {LINK} up")
        lab.internet.ip(f"link add cgn0 type veth peer name out netns {self.carrier.path}", "link set cgn0 up",
                        "addr add 203.0.113.129/25 dev cgn0")
        self.carrier.ip("link set in up", "link set out up", f"addr add {INNER}.1/24 dev in",
                        "addr add 203.0.113.130/25 dev out", "route add default via 203.0.113.129")
        self.translate_to("203.0.113.200")
        self.online(7)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.carrier.close()

    def translate_to(self, outer):
        """From now on the gateway is this address outside; connections that are open keep the old one."""
        change = [f"addr add {outer}/32 dev out"]
        if self.outer:
            change.append(f"addr del {self.outer}/32 dev out")
        self.carrier.ip(*change)
        self.carrier.nft("table ip nat\ndelete table ip nat\ntable ip nat { chain out {\n"
                         f"type nat hook postrouting priority 100\noifname out snat to {outer}\n}}\n}}\n")
        self.outer = outer

    def online(self, host, metric=100):
        self.gateway.ip(f"addr add {INNER}.{host}/24 dev {LINK}",
                        f"route replace default via {INNER}.1 dev {LINK} metric {metric}")

    def replace(self, old, new):
        """Another address inside, as the carrier gives with each connection."""
        self.gateway.ip(f"addr del {INNER}.{old}/24 dev {LINK}")
        self.online(new)


def echo(request):
    """The answer of an address echo service, as text."""
    return request.peer + "\n"


def echo_json(request):
    return '{"client": {"ip": "' + request.peer + '"}, "port": 1}'
