"""Manners of HTTP/2 servers, right and wrong: what becomes of an answer at each moment."""

import struct

from .http2 import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, HTTP_1_1_REQUIRED,
                    INITIAL_WINDOW_SIZE, INTERNAL_ERROR, MAX_CONCURRENT_STREAMS, NO_ERROR, PING, PROTOCOL_ERROR,
                    PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, WINDOW_UPDATE, Manner, well)


def steps(*parts):
    """An answer of several parts, each a function of the connection, the stream and the request."""

    def answer(connection, stream, request):
        for part in parts:
            part(connection, stream, request)

    return answer


def goaway(last, code=NO_ERROR):
    """last is 0, or a function of our stream."""
    return lambda connection, stream, _: connection.goaway(last(stream) if callable(last) else last, code)


def ours(stream):
    return stream


def reset(code):
    return lambda connection, stream, _: connection.reset(stream, code)


def close(connection, *_):
    connection.close()


def head(connection, stream, _):
    connection.headers(stream)


def half(connection, stream, _):
    connection.data(stream, b"good 203.0", flags=0)


def frame(*args, **kwargs):
    """A frame on our stream: kind, flags, payload."""
    return lambda connection, stream, _: connection.frame(args[0], args[1], stream, *args[2:], **kwargs)


def times(count, part):
    return lambda *args: [part(*args) for _ in range(count)] and None


def greet(part, ends=False):
    """As the first thing, before any request."""
    return lambda connection: part(connection, 0, None) or ends


def silence(*_):
    pass


CODES = {"no-error": NO_ERROR, "protocol": PROTOCOL_ERROR, "internal": INTERNAL_ERROR, "refused": REFUSED_STREAM,
         "cancel": CANCEL, "calm": ENHANCE_YOUR_CALM, "http-1-1": HTTP_1_1_REQUIRED, "unknown": 99}
WHOLE = {  # the answer counts
    "answer-then-goaway": Manner(steps(well, goaway(ours))),
    "goaway-ours-then-answer": Manner(steps(goaway(ours), well)),
    "goaway-in-the-middle": Manner(steps(lambda c, s, _: c.headers(s, {"content-length": "5"}), goaway(ours),
                                         lambda c, s, _: c.data(s, b"good\n"))),
    "answer-then-reset": Manner(steps(well, reset(NO_ERROR))),
    "answer-then-close": Manner(steps(well, close)),
    "half-then-reset": Manner(steps(head, half, reset(NO_ERROR))),  # libcurl takes that for an end
    "no-more-streams": Manner(settings={MAX_CONCURRENT_STREAMS: 0}),
    "unknown-frame": Manner(steps(frame(0xEE, 0, b"what"), well)),
    "interim-answers": Manner(steps(times(20, lambda c, s, _: c.headers(s, status="103")), well)),
    "pings": Manner(steps(times(5, lambda c, *_: c.frame(PING, 0, 0, b"12345678")), well)),
    "settings-again": Manner(steps(times(5, lambda c, *_: c.settings({})), well)),
    "empty-data": Manner(steps(head, times(20, frame(DATA, 0)), lambda c, s, _: c.data(s, b"good"))),
}
BROKEN = {
    "goaway-first": Manner(greet=greet(steps(goaway(0), close))),
    "goaway-first-in-anger": Manner(greet=greet(steps(goaway(0, ENHANCE_YOUR_CALM), close))),
    "close-first": Manner(greet=greet(close)),
    "rubbish-first": Manner(greet=greet(lambda c, *_: c.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ends=True)),
    "settings-that-are-wrong": Manner(settings={INITIAL_WINDOW_SIZE: 0xFFFFFFFF}),
    "frame-too-long": Manner(steps(head, lambda c, s, _: c.frame(DATA, 0, s, b"x" * 20000, length=0xFFFFFF), close)),
    "goaway-0": Manner(steps(goaway(0), close)),
    "goaway-0-and-open": Manner(goaway(0)),
    "goaway-ours-and-close": Manner(steps(goaway(ours), close)),
    "goaway-in-anger": Manner(steps(goaway(ours, INTERNAL_ERROR), close)),
    "goaway-after-head": Manner(steps(head, goaway(0), close)),
    "goaway-after-half": Manner(steps(head, half, goaway(ours, INTERNAL_ERROR), close)),
    "close-after-head": Manner(steps(head, close)),
    "close-after-half": Manner(steps(head, half, close)),
    "length-that-is-wrong": Manner(steps(lambda c, s, _: c.headers(s, {"content-length": "100"}),
                                         lambda c, s, _: c.data(s, b"good"))),
    "data-before-head": Manner(lambda c, s, _: c.data(s, b"good")),
    "no-status": Manner(lambda c, s, _: c.frame(HEADERS, END_HEADERS | END_STREAM, s, b"\x40\x01a\x01b")),
    "hpack-rubbish": Manner(frame(HEADERS, END_HEADERS, b"\xff" * 50)),
    "head-interrupted": Manner(steps(frame(HEADERS, 0, b"\x88"), lambda c, *_: c.frame(PING, 0, 0, b"12345678"))),
    "continuation-flood": Manner(steps(frame(HEADERS, 0, b"\x88"),
                                       times(3000, frame(CONTINUATION, 0, b"\x40\x01a\x7f\x00" + b"b" * 127)), close)),
    "head-of-a-megabyte": Manner(steps(frame(HEADERS, 0, b"\x88"),
                                       times(70, frame(CONTINUATION, 0, b"\x40\x01a\x7f\x80\x7d" + b"b" * 16127)),
                                       close)),
    "empty-data-flood": Manner(steps(head, times(20000, frame(DATA, 0)), close)),
    "push": Manner(steps(frame(PUSH_PROMISE, END_HEADERS, struct.pack(">I", 2) + b"\x82\x86\x84"), well)),
    "stream-of-nobody": Manner(steps(lambda c, s, _: c.headers(s + 100), close)),
    "window-of-nothing": Manner(steps(lambda c, s, _: c.frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), close)),
    "window-overflow": Manner(steps(*[lambda c, s, _: c.frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff")] * 2, close)),
    "reset-of-the-wrong-length": Manner(steps(frame(RST_STREAM, 0, b"\0"), close)),
    "interim-answers-without-end": Manner(steps(times(20000, lambda c, s, _: c.headers(s, status="103")), close)),
    **{f"reset-{name}": Manner(reset(code)) for name, code in CODES.items()},
    **{f"reset-after-head-{name}": Manner(steps(head, reset(code))) for name, code in CODES.items()},
    **{f"reset-after-half-{name}": Manner(steps(head, half, reset(code))) for name, code in CODES.items() if code},
}
FLOODED = {  # a client gives up, or is fast enough to hear the answer behind it
    "settings-flood": Manner(greet=greet(times(20000, lambda c, *_: c.settings({})))),
    "ping-flood": Manner(greet=greet(times(20000, lambda c, *_: c.frame(PING, 0, 0, b"12345678")))),
}
SILENT = {  # until the timeout, or another address
    "silence": Manner(silence), "silence-after-head": Manner(head), "silence-after-half": Manner(steps(head, half)),
    "head-without-end": Manner(frame(HEADERS, 0, b"\x88")),
}
