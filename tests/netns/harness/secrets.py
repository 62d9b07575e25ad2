"""Where the secrets of a configuration may not stand: what the program writes, and what the kernel tells of it."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

VALUE = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'{}(),=#]+"""
KEY = re.compile(rf"\b(username|password|password-file|options)\s*=\s*(\{{(?:[^}}\"']|{VALUE})*\}}|{VALUE})", re.S)

ELSEWHERE = ("env:", "credential:")  # a password that the environment gives; a test may mark it
SHORTEST = {"password": 6, "options": 8}  # what is shorter may be any word


def _text(value):
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.S) if value[0] in "\"'" else value


def _values(text):
    """(key, value) of each login in a configuration."""
    for key, value in KEY.findall(text):
        for one in re.findall(VALUE, value, re.S) if value[0] == "{" else [value]:
            yield key, _text(one)


def _from_file(path):
    try:
        return Path(path).read_text(errors="replace").split("\n")[0]
    except OSError:
        return ""


class Secrets:
    """Those of all configurations that it was shown, each in the forms in which it is sent."""

    def __init__(self, *texts):
        self.forms = {}  # form -> what it is
        for text in texts:
            self.add(text)

    def add(self, text):
        """What a configuration has: its passwords and options."""
        found = list(_values(text))
        users = {value for key, value in found if key == "username"}
        for key, value in found:
            if key == "password-file" or (key == "password" and value.startswith("file:")):
                key, value = "password", _from_file(value.removeprefix("file:"))
            if key == "options":
                value = value.partition("=")[2]
            if key == "password" and value.startswith(ELSEWHERE):
                continue
            if key != "username" and len(value) >= SHORTEST[key]:
                self.mark(value, key)
            for user in users if key == "password" else ():
                self.forms[base64.b64encode(f"{user}:{value}".encode()).decode()] = f"the login of {user}"

    def mark(self, secret, what):
        for form in (secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], escape(secret)):
            self.forms[form] = f"{what} {secret!r}"

    def add_file(self, path):
        """The same of a configuration in a file, if it is one."""
        try:
            self.add(Path(path).read_text(errors="replace"))
        except OSError:
            pass

    def are_not_in(self, where, text):
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        for form, what in self.forms.items():
            at = text.find(form)
            assert at < 0, f"{what} stands in {where}: ...{text[max(0, at - 200):at + len(form) + 100]!r}"

    def are_not_in_files(self, folder):
        """Names of files included."""
        for path in sorted(Path(folder).rglob("*")):
            self.are_not_in(f"a name in {folder}", str(path.relative_to(folder)))
            if path.is_file() and not path.is_symlink():
                self.are_not_in(path, path.read_bytes())

    def are_not_told_of(self, pid):
        """By the kernel, to whoever may look: arguments, which is everybody, and environment."""
        for name in ("cmdline", "environ"):
            path = Path(f"/proc/{pid}/{name}")
            self.are_not_in(path, path.read_bytes().replace(b"\0", b"\n"))
