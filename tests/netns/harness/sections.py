"""Provider sections with records in them, and providers that a test makes up."""

import shutil
from pathlib import Path

from . import daemon as program
from .daemon import account


def record(name, **keys):
    """One section `record` with these keys; _ in them is -."""
    return f'    record "{name}" {{\n{program._lines(keys, "        ")}    }}\n'


def provider(server, *records, hostname=None, **keys):
    """One provider section with these records in it; keys as of account()."""
    return account(server, hostname, **keys).removesuffix("}\n") + "".join(records) + "}\n"


class Providers:
    """A folder with the definitions that are shipped and some more: lab.daemon(..., wrap=providers.wrap)."""

    def __init__(self, lab):
        self.dir = Path(lab.dir, "providers")
        shutil.copytree(program.PROVIDERS, self.dir)

    def add(self, name, text):
        Path(self.dir, name + ".conf").write_text(text)

    def wrap(self, argv):
        return ["env", f"WANDDNS_PROVIDERS={self.dir}", *argv]


def custom(query, *, more="", path="update"):
    """The definition of a provider that answers good, with these pairs in the query."""
    pairs = ", ".join(f'"{pair}"' for pair in query)
    return (f'title = "a provider of a test"\nneeds = {{ username, password }}\n{more}'
            f'step update {{\n url = "{{server}}/{path}"\n query = {{ {pairs} }}\n auth = basic\n}}\n'
            "word good { verdict = done }\nword nohost { verdict = refused }\nword later { verdict = again }\n")


class Unprivileged:
    """The daemon as a user who may do nothing: lab.daemon(..., **Unprivileged(lab).daemon)."""

    def __init__(self, lab):
        self.folder = lab.open_folder()
        self.program = shutil.copy(program.PROGRAM, self.folder / "wanddns")
        self.providers = shutil.copytree(program.PROVIDERS, self.folder / "providers")
        self.ca_file = shutil.copy(lab.authority.ca_file, self.folder / "ca.pem")
        self.home = self.folder / "daemon"

    def _wrap(self, argv):
        for path in (self.home, *self.home.iterdir()):
            shutil.chown(path, 65534, 65534)
        return program.as_nobody(["env", f"WANDDNS_PROVIDERS={self.providers}", str(self.program), *argv[1:]])

    @property
    def daemon(self):
        return {"home": self.home, "wrap": self._wrap}
