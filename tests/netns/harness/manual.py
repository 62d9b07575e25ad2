"""The manual pages: what stands in them, read from their source."""

import re
import shlex
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
FOLDER = TOP / "contrib" / "man"
PAGES = sorted(path for path in FOLDER.iterdir() if re.search(r"\.[1-9]$", path.name))


def made(name, *definitions, sysconfdir="/etc"):
    """The page as the build makes it."""
    return subprocess.run(["sh", FOLDER / "make-page", FOLDER / name, sysconfdir, "/var", "/run", "/usr/share/wanddns",
                           *definitions], capture_output=True, text=True, timeout=60, check=True).stdout


class Page:
    """items(SECTION): the heads of its list items, each a list of words, without the macros between them."""

    def __init__(self, text):
        self.text = text
        self.parts = {}
        title = ""
        for line in text.splitlines():
            head = re.match(r"\.S[hs] (.*)", line)
            if head:
                title = head[1]
            self.parts.setdefault(title, []).append(line)

    def items(self, title, macro):
        """What stands behind this macro in the heads of the items."""
        found = []
        for line in self.parts[title]:
            if line.startswith(".It "):
                words = shlex.split(line.replace("'", "").replace("\\(dq", "").replace("\\&", ""))
                found += [words[i + 1] for i in range(len(words) - 1) if words[i] == macro]
        return found

    def literals(self):
        """The texts of .Bd -literal, as a reader sees them."""
        return [text.replace("\\e", "\\") for text in
                re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", self.text, re.M | re.S)]


def page(name):
    return Page((FOLDER / name).read_text())


def on_this_machine(text, folder):
    """A configuration of the manual or of contrib/examples, with what this machine does not have: files, programs, users.
    The environment that it needs comes with it: (text, {NAME: value})."""
    secret = Path(folder, "secret")
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    hosts = Path(folder, "hosts")
    hosts.write_text("nas.example.org ::1234:5678\n")
    hosts.chmod(0o644)
    for name in re.findall(r"credential:([\w.-]+)", text):
        Path(folder, name).write_text("s3cret\n")
        Path(folder, name).chmod(0o600)
    text = re.sub(r"^( *password-file\s*=\s*)/\S+", rf"\g<1>{secret}", text, flags=re.M)
    text = re.sub(r"^( *hosts-file\s*=\s*)/\S+", rf"\g<1>{hosts}", text, flags=re.M)
    text = re.sub(r"^( *(?:program|on-change)\s*=\s*)/\S+", r"\g<1>/bin/true", text, flags=re.M)
    text = re.sub(r"exec:/[\w./-]+", "exec:/bin/true", text)
    text = re.sub(r"^user\s*=.*\n", "", text, flags=re.M)  # who could not read what root has made here
    text = re.sub(r"^(control-group\s*=\s*)\w+", r"\g<1>root", text, flags=re.M)
    return text, {"CREDENTIALS_DIRECTORY": str(folder)}
