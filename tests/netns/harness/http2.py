"""A small HTTP/2 server over TLS (RFC 9113) that says frame by frame what it is told to say, right or wrong."""

import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field

import hpack

from .server import Request
from .topology import SERVER4

DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
ACK = END_STREAM = 1
END_HEADERS = 4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED = (
    0, 1, 2, 7, 8, 11, 13)
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4  # settings
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Gone(Exception):
    """The connection is at its end."""


def well(connection, stream, request):
    """The answer of a dyndns2 server that is content."""
    body = f"good {request.query.get('myip')}\n".encode()
    connection.headers(stream, {"content-length": str(len(body))})
    connection.data(stream, body)


@dataclass
class Manner:
    """How a server behaves. greet(connection) comes in front of its first SETTINGS, or, when it returns something true,
    in place of all. answer(connection, stream, request) comes when a request is there."""

    answer: object = well
    greet: object = None
    settings: dict = field(default_factory=dict)


class Connection:
    """What a manner may say. .number is the how manieth it is that was accepted, from 1."""

    def __init__(self, stream, peer, number):
        self.peer, self.number = peer, number
        self._stream, self._encoder, self._decoder = stream, hpack.Encoder(), hpack.Decoder()

    def raw(self, data):
        self._stream.sendall(data)

    def frame(self, kind, flags, stream, payload=b"", length=None):
        length = len(payload) if length is None else length
        self.raw(struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload)

    def settings(self, values):
        self.frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in values.items()))

    def headers(self, stream, fields=None, status="200", flags=END_HEADERS):
        block = self._encoder.encode([(":status", status), *(fields or {}).items()])
        self.frame(HEADERS, flags, stream, block)

    def data(self, stream, body, flags=END_STREAM):
        self.frame(DATA, flags, stream, body)

    def reset(self, stream, code):
        self.frame(RST_STREAM, 0, stream, struct.pack(">I", code))

    def goaway(self, last, code=NO_ERROR):
        self.frame(GOAWAY, 0, 0, struct.pack(">II", last, code))

    def close(self):
        raise Gone

    def read_exactly(self, length):
        data = b""
        while len(data) < length:
            more = self._stream.recv(length - len(data))
            if not more:
                raise Gone
            data += more
        return data

    def read_frame(self):
        head = self.read_exactly(9)
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self.read_exactly(int.from_bytes(head[:3], "big"))

    def decode(self, block):
        return dict(self._decoder.decode(block))


class Http2Server:
    """with Http2Server(lab, port, manner) as server: .manner may be replaced at any time, for connections to come and
    for requests. .requests are those whose head arrived, .connections is how many were accepted."""

    def __init__(self, lab, port, manner=None, protocols=("h2",)):
        self.port, self.manner = port, manner or Manner()
        self.requests, self.connections = [], 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*lab.authority.good.chain)
        self._context.set_alpn_protocols(list(protocols))
        self._threads, self._open = [], set()
        self._listener = lab.internet.call(socket.create_server, (SERVER4, port), backlog=64)
        self._spawn(self._accept)

    @property
    def url(self):
        return f"https://{SERVER4}:{self.port}"

    @property
    def youngest(self):
        """The request that was made last. One of an older connection, which the client gave up, may be read later."""
        return sorted(self.requests, key=lambda request: request.connection)[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for connection in list(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads[1:]:
            thread.join()

    def _spawn(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            stream = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._open.add(stream)
            self.connections += 1
            self._spawn(self._serve, stream, peer, self.connections)

    def _serve(self, stream, peer, number):
        try:
            stream.do_handshake()
            if stream.selected_alpn_protocol() == "http/1.1":
                stream.recv(65536)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood")
            else:
                self._talk(Connection(stream, peer, number))
            stream.settimeout(10)
            stream.unwrap()  # also reads what is still there, which would turn the end into a reset
        except OSError:
            pass
        finally:
            self._open.discard(stream)
            stream.close()

    def _talk(self, connection):
        try:
            self._converse(connection)
        except Gone:
            pass

    def _converse(self, connection):
        manner = self.manner
        connection.read_exactly(len(PREFACE))
        if manner.greet and manner.greet(connection):
            return
        connection.settings(manner.settings)
        heads = {}
        while True:
            kind, flags, stream, payload = connection.read_frame()
            if kind in (SETTINGS, PING) and not flags & ACK:
                connection.frame(kind, ACK, 0, payload if kind == PING else b"")
            elif kind == HEADERS:
                priority = 5 if flags & 0x20 else 0
                head = connection.decode(payload[priority:])
                heads[stream] = Request(0, head[":method"], head[":path"], head, *connection.peer[:2], "",
                                         connection.number)
                self.requests.append(heads[stream])
            elif kind == DATA:
                heads[stream].body += payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.manner.answer(connection, stream, heads.pop(stream))
