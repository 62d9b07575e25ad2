"""A point-to-point line from the gateway to the internet, as PPP and VPNs make them: a tun device at each end, and a
thread that carries the packets. A tun device is there and has a carrier as long as somebody holds it open."""

import fcntl
import os
import select
import struct
import threading

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET = 65536


def _open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Line:
    """with Line(lab, "ppp0", "203.0.113.7", "203.0.113.1"): the device is there and up, with this address and peer."""

    def __init__(self, lab, name, local, peer):
        self.name = name
        self._ends = lab.gateway.call(_open_tun, name), lab.internet.call(_open_tun, "line-" + name)
        self._stop, self._stopped = os.pipe()
        lab.internet.ip(f"link set line-{name} up", f"addr add {peer} peer {local} dev line-{name}")
        lab.gateway.ip(f"link set {name} up", f"addr add {local} peer {peer} dev {name}")
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def hang_up(self):
        """The device goes, with its address and its routes."""
        if self._ends:
            os.close(self._stopped)
            self._thread.join()
            for fd in (*self._ends, self._stop):
                os.close(fd)
            self._ends = None

    def _carry(self):
        """Until the pipe says stop. A packet that a device does not take (it is down) is lost, as on a real line."""
        here, there = self._ends
        while True:
            ready, _, _ = select.select([here, there, self._stop], [], [])
            if self._stop in ready:
                return
            for fd in ready:
                try:
                    os.write(there if fd == here else here, os.read(fd, PACKET))
                except OSError:
                    pass
