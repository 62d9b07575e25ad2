"""The control socket of a daemon, spoken to without the program's own client."""

import functools
import json
import socket
from pathlib import Path

import jsonschema

from .patience import patient

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schema" / "status.json").read_text())


def _strict(schema):
    """The same, without members that it does not know."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if schema.get("type") == "object" else {}
    return {key: _strict(part) for key, part in schema.items()} | more


@functools.cache
def _validator(kind):
    schema = _strict(SCHEMA)
    if kind:
        schema = {"$schema": schema["$schema"], "$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def is_line(line):
    """It is as the schema says, with no member that is not in it."""
    members = dict(line)
    _validator(members.pop("line")).validate(members)
    return line


def is_document(document):
    """The same of what status --json prints."""
    _validator(None).validate(document)
    return document


class Connection:
    """A client. What it hears must be as the schema says."""

    def __init__(self, daemon, text=b"", timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patient(timeout))
        self.socket.connect(str(daemon.control))
        self._heard = b""
        self.send(text)

    def send(self, text):
        """All of it, or as much as the daemon wants to hear."""
        try:
            self.socket.sendall(text)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def close(self):
        self.socket.close()

    def line(self):
        """The next line; None at the end."""
        while b"\n" not in self._heard:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:  # it did not want to hear all that was sent
                part = b""
            if not part:
                assert not self._heard
                return None
            self._heard += part
        line, self._heard = self._heard.split(b"\n", 1)
        return is_line(json.loads(line))

    def lines(self):
        """All of them, to the end."""
        return list(iter(self.line, None))


def request(command, *hosts, **members):
    """The line that asks for it."""
    return (json.dumps({"version": 1, "command": command, **({"hosts": hosts} if hosts else {}), **members})
            + "\n").encode()


def ask(daemon, command, *hosts, **members):
    """The lines of the answer. The last one is its end."""
    connection = Connection(daemon, request(command, *hosts, **members))
    try:
        return connection.lines()
    finally:
        connection.close()


def of_kind(lines, kind):
    return [line for line in lines if line["line"] == kind]
