"""Row 15: a client of the control socket."""
import socket
import time

from stage import Fault

REQUEST = b'{"version":1,"command":"status"}\n'


def options(stage):
    """Each stage has a socket of its own."""
    return ["--control", stage.folder / "control"]


def status(stage, process):
    """How long until the last line of a status is here, and what CPU time the daemon took for it."""
    with socket.socket(socket.AF_UNIX) as connection:
        used, before = process.cpu_ns(), time.monotonic_ns()
        connection.connect(str(stage.folder / "control"))
        connection.sendall(REQUEST)
        heard = bytearray()
        while part := connection.recv(1 << 20):
            heard += part
        took = time.monotonic_ns() - before
    if not heard.endswith(b'{"line":"end","ok":true}\n'):
        raise Fault(f"no status came to its end: {bytes(heard[-200:])}")
    return took, process.cpu_ns() - used
