"""IPv4 and IPv6 in the same words, for what must hold for both."""

from dataclasses import dataclass

import pytest

from .daemon import account
from .expect import is_current


@dataclass(frozen=True)
class Family:
    name: str  # "ipv4"
    rtype: str  # "A"
    default: str  # "0.0.0.0/0"

    def __str__(self):
        return self.name

    @property
    def number(self):
        return self.name[-1]

    def at(self, uplink, host=7):
        """The address with this host part on an uplink."""
        return f"{uplink.net4}.{host}" if self is IPV4 else f"{uplink.net6}::{host}"

    def address(self, uplink, host=7):
        """The same as ip(8) wants it after `addr add`."""
        return f"{self.at(uplink, host)}/24" if self is IPV4 else f"{self.at(uplink, host)}/64 nodad"

    def via(self, uplink):
        """The way by an uplink, as ip(8) wants it after `route add DESTINATION` and in a nexthop."""
        return f"via {uplink.router4 if self is IPV4 else uplink.router6} dev {uplink.link}"

    def route(self, uplink, metric=100):
        """The default route by an uplink, as ip(8) wants it after `route add`."""
        return f"{self.default} {self.via(uplink)} metric {metric}"

    def online(self, lab, uplink, *, host=7, metric=100):
        """Address and default route in this family."""
        lab.gateway.ip(f"addr add {self.address(uplink, host)} dev {uplink.link}",
                       f"route add {self.route(uplink, metric)}")

    def rule(self, lab, text):
        """ip rule TEXT in this family."""
        lab.gateway.run(["ip", f"-{self.number}", "rule", *text.split()])

    def config(self, lab, *, interface="auto", **keys):
        """One record at the server, which is asked over this family."""
        url = lab.server.url if self is IPV4 else lab.server.url6
        return lab.config(account(url, interface=interface), family=self.name, **keys)

    def is_current(self, daemon, address, **kwargs):
        return is_current(daemon, address, rtype=self.rtype, **kwargs)

    def goes_idle(self, daemon, reason, after=0, timeout=10):
        """Wait until the record has nothing to publish, for this reason."""
        return daemon.wait_log(rf" {self.rtype}: \w+ -> idle \({reason}: ", timeout, after)


IPV4 = Family("ipv4", "A", "0.0.0.0/0")
IPV6 = Family("ipv6", "AAAA", "::/0")
both_families = pytest.mark.parametrize("family", [IPV4, IPV6], ids=str)
