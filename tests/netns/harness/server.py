"""A dyndns2 server that does as it is told, and remembers what it was asked.

It runs in threads of this process; its listening socket is made inside a
namespace. Every time is time.monotonic().
"""

import base64
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from .patience import patient
from .topology import PORT, SERVER4, SERVER6

MAX_HEAD = 65536


@dataclass
class Reply:
    """How to answer one request. The fields are looked at from top to bottom."""

    status: int = 200
    body: bytes | str = "good"
    headers: dict = field(default_factory=dict)
    raw: bytes | None = None  # send these bytes in place of a response, then close
    delay: float = 0  # seconds before the first byte
    hang: bool = False  # send nothing; end when the client goes away
    drip: float = 0  # seconds between one byte and the next
    close: bool = False  # close after the response


@dataclass
class Request:
    time: float  # its first byte was here
    method: str
    target: str
    headers: dict  # names in lower case
    peer: str
    peer_port: int
    local: str
    connection: int = 0  # the how manieth that was accepted, from 1
    read: float = 0.0  # it was read whole
    body: bytes = b""
    answered: float | None = None  # the last byte of the answer was handed to the kernel
    gone: float | None = None  # the client went away before the answer was complete

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        """{"myip": "203.0.113.7", ...}; the last one counts."""
        pairs = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {key: values[-1] for key, values in pairs.items()}

    @property
    def hostnames(self):
        return self.query.get("hostname", "").split(",")

    @property
    def addresses(self):
        return self.query.get("myip", "").split(",")

    @property
    def login(self):
        """(user, password) of Basic authentication, or None."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = base64.b64decode(coded).decode().partition(":")
        return user, password


def good(request):
    """The answer of a dyndns2 server that is content: a line for each name."""
    shown = request.query.get("myip") or request.query.get("ip", "")
    return Reply(body="".join(f"good {shown}\n" for _ in request.hostnames))


def _plain(address):
    return address.removeprefix("::ffff:")


class Server:
    """answer: a function of the Request that gives a Reply, or a text for status 200.
    It may be replaced at any time; so may .leaf, for connections to come."""

    def __init__(self, namespace, leaf=None, *, port=PORT, answer=good):
        self.namespace, self.leaf, self.port, self.answer = namespace, leaf, port, answer
        self.requests = []
        self.connections = 0  # accepted
        self.tls_failures = []  # (time, text)
        self.changed = threading.Condition()
        self._listener = None
        self._threads = []
        self._open = set()
        self._stopping = threading.Event()

    # Where it is

    @property
    def url(self):
        return f"{self._scheme}://{SERVER4}:{self.port}"

    @property
    def url6(self):
        return f"{self._scheme}://[{SERVER6}]:{self.port}"

    def url_for(self, name):
        return f"{self._scheme}://{name}:{self.port}"

    @property
    def _scheme(self):
        return "https" if self.leaf else "http"

    # Start and stop

    def start(self):
        assert self._listener is None
        self._stopping.clear()
        self._listener = self.namespace.call(self._listen)
        self._spawn(self._accept, self._listener)
        return self

    def stop(self):
        """Close everything; connections that are open are cut. May be started again."""
        if self._listener is None:
            return
        self._stopping.set()
        with self.changed:
            _shut(self._listener)
            for connection in self._open:
                _shut(connection)
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._listener, self._threads = None, []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _listen(self):
        listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", self.port))
        listener.listen(128)
        return listener

    def _spawn(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    # What happened

    def wait_for(self, wanted, timeout=10):
        """Wait until so many requests came, or a function of the list holds.

        Hands back the list of all requests so far.
        """
        holds = wanted if callable(wanted) else lambda requests: len(requests) >= wanted
        with self.changed:
            if not self.changed.wait_for(lambda: holds(self.requests), patient(timeout)):
                raise AssertionError(f"not within {timeout} s; the server got {self.summary()}, "
                                     f"{self.connections} connections, "
                                     f"TLS failures {self.tls_failures}")
            return list(self.requests)

    def wait_until(self, condition, timeout=10):
        """Wait for anything that the server changes: wait_until(lambda: request.gone)."""
        return self.wait_for(lambda _: condition(), timeout)

    @property
    def open_connections(self):
        return len(self._open)

    def summary(self):
        return [request.target for request in self.requests]

    def _note(self, change):
        with self.changed:
            change()
            self.changed.notify_all()

    # Connections

    def _accept(self, listener):
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            self._note(lambda: self._count(connection))
            self._spawn(self._serve, connection, peer, self.connections)

    def _count(self, connection):
        self.connections += 1
        self._open.add(connection)
        if self._stopping.is_set():
            _shut(connection)

    def _serve(self, connection, peer, number):
        stream = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            local = connection.getsockname()
            stream = self._handshake(connection)
            while request := _read_request(stream, peer, local):
                request.connection = number
                self._note(lambda: self.requests.append(request))
                if not self._respond(stream, connection, request):
                    return
        except OSError as error:
            if stream is connection and self.leaf:
                self._note(lambda: self.tls_failures.append((time.monotonic(), str(error))))
        finally:
            self._note(lambda: self._open.difference_update({connection, stream}))
            stream.close()
            connection.close()

    def _handshake(self, connection):
        if not self.leaf:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.leaf.chain)
        context.set_alpn_protocols(["http/1.1"])
        stream = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        # wrap_socket() took the descriptor over; stop() must find its new owner.
        with self.changed:
            self._open.discard(connection)
            self._open.add(stream)
            if self._stopping.is_set():
                _shut(stream)
        try:
            stream.do_handshake()
        except OSError as error:
            self._note(lambda: self.tls_failures.append((time.monotonic(), str(error))))
            self._note(lambda: self._open.discard(stream))
            stream.close()
            raise
        return stream

    # Answers

    def _respond(self, stream, connection, request):
        """True when the connection serves another request."""
        reply = self.answer(request)
        if not isinstance(reply, Reply):
            reply = Reply(body=reply)
        complete = False
        try:
            complete = self._send(stream, reply)
        finally:
            moment = time.monotonic()
            field_name = "answered" if complete else "gone"
            self._note(lambda: setattr(request, field_name, moment))
        wish = request.headers.get("connection", "").lower()
        return complete and reply.raw is None and not reply.close and wish != "close"

    def _send(self, stream, reply):
        """True when the answer went out whole."""
        data = reply.raw if reply.raw is not None else _response(reply)
        if reply.hang:
            _wait_readable(stream, None)
            return False
        if reply.delay and _wait_readable(stream, reply.delay):
            return False
        if not reply.drip:
            stream.sendall(data)
            return True
        for byte in data:
            stream.sendall(bytes([byte]))
            if _wait_readable(stream, reply.drip):
                return False
        return True


def _wait_readable(stream, timeout):
    """A client that waits for an answer says nothing: something to read means it left."""
    return bool(select.select([stream], [], [], timeout)[0])


def _shut(connection):
    try:
        # Not the TLS way: that would send, and could block.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass


def _response(reply):
    body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    headers = {"Content-Type": "text/plain", "Content-Length": len(body), **reply.headers}
    if reply.close:
        headers["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} Status\r\n{head}\r\n".encode() + body


def _read_request(stream, peer, local):
    """The next request, or None when the client is through."""
    head, arrived = b"", None
    while b"\r\n\r\n" not in head:
        data = stream.recv(MAX_HEAD)
        arrived = arrived or time.monotonic()
        head += data
        if not data or len(head) > MAX_HEAD:
            return None
    head, _, body = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    while len(body) < int(headers.get("content-length", 0)):
        data = stream.recv(MAX_HEAD)
        if not data:
            return None
        body += data
    return Request(arrived, method, target, headers, _plain(peer[0]), peer[1], _plain(local[0]),
                   read=time.monotonic(), body=body)
