"""Proxies in front of a server that break what goes through them, for as many connections as they are told."""

import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from select import select

from .topology import SERVER4

UP, DOWN = "up", "down"  # from the client to the server, and back
RESET, CLOSE, STALL, HALF_CLOSE, DRIP = "reset", "close", "stall", "half-close", "drip"
BLOCK = 65536
PAUSE = 1.0  # seconds from one byte to the next that drips


@dataclass(frozen=True)
class Fault:
    """When so many bytes have passed this way the connection is reset, closed, or held open without a further byte;
    or it is half closed: nothing more goes this way, but the other way does; or further bytes this way drip. With
    `instead` no server is asked: the client is sent this, whatever it says."""

    how: str = RESET
    way: str = DOWN
    after: int = 0
    instead: bytes | None = None


def alert(code, level=2):
    """A TLS alert in clear, as a server may send it in place of its first answer (RFC 8446 section 6)."""
    return bytes([21, 3, 3, 0, 2, level, code])


class Proxy:
    """with Proxy(lab, port) as proxy: listens on a port of the internet, in front of the lab's server or another.

    .faults: one for each connection to come, None for none; when there are no more, connections pass. .passed counts
    what went by, for each connection: [{"up": 850, "down": 1900}, ...].
    """

    def __init__(self, lab, port, server=None, faults=()):
        self.port, self._server = port, server or lab.server
        self.faults, self.passed = deque(faults), []
        self._namespace = lab.internet
        self._threads, self._open = [], set()
        self._wake, self._end = socket.socketpair()
        self._listener = None
        self.listen()

    @property
    def url(self):
        return f"https://{SERVER4}:{self.port}"

    @property
    def is_open(self):
        return self._listener is not None

    def listen(self):
        """Again, after refuse()."""
        self._listener = self._namespace.call(socket.create_server, (SERVER4, self.port), backlog=64)
        self._spawn(self._accept, self._listener)

    def refuse(self):
        """Nobody listens from now on."""
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.refuse()
        self._end.close()
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # who is gone with its address takes no more bytes for many minutes
        for thread in self._threads:
            thread.join()
        self._wake.close()

    def _spawn(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            passed = {UP: 0, DOWN: 0}
            self.passed.append(passed)
            self._spawn(self._serve, client, passed, self.faults.popleft() if self.faults else None)

    def _serve(self, client, passed, fault):
        server = None
        self._open.add(client)
        try:
            if fault and fault.instead is not None:
                self._ready(client)
                client.recv(BLOCK)
                client.sendall(fault.instead)
                self._close_kindly(client)
                return
            server = self._namespace.call(socket.create_connection, (SERVER4, self._server.port))
            self._open.add(server)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._relay(client, server, passed, fault)
        except OSError:
            pass
        finally:
            self._open -= {client, server}
            client.close()
            if server:
                server.close()

    def _ready(self, *ends, timeout=None):
        """Those that have something to read; none when the proxy is to end, or after the timeout."""
        ready = select([*ends, self._wake], [], [], timeout)[0]
        return [] if self._wake in ready else ready

    def _hold(self, client):
        """Until it goes away."""
        while self._ready(client) and client.recv(BLOCK):
            pass

    def _close_kindly(self, client):
        """What is not read would turn the end into a reset."""
        client.shutdown(socket.SHUT_WR)
        self._hold(client)

    def _relay(self, client, server, passed, fault):
        """Until both ways have ended, or the fault says so."""
        ways = {client: (server, UP), server: (client, DOWN)}
        speaking = {client, server}
        while speaking:
            if fault and passed[fault.way] >= fault.after and fault.how in (RESET, CLOSE, STALL):
                self._strike(client, server, fault.how)
                return
            ready = self._ready(*speaking)
            if not ready:
                return
            for source in ready:
                target, way = ways[source]
                if not self._pass(source, target, way, passed, fault if fault and fault.way == way else None):
                    speaking.discard(source)

    def _pass(self, source, target, way, passed, fault):
        """One portion; False when no more goes this way."""
        left = fault.after - passed[way] if fault else BLOCK
        if left <= 0 and fault.how == DRIP:
            self._ready(timeout=PAUSE)
        data = source.recv(max(left, 1) if fault else BLOCK) if left > 0 or fault.how == DRIP else b""
        if data:
            target.sendall(data)
            passed[way] += len(data)
            return True
        target.shutdown(socket.SHUT_WR)
        return False

    def _strike(self, client, server, how):
        if how == STALL:
            self._hold(client)
        elif how == CLOSE:
            self._close_kindly(client)
        else:
            for end in (client, server):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
