"""Everything a test needs, in one object that stops what it started."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from . import daemon as program
from .server import Server
from .terminal import Terminal
from .topology import PORT, TwoUplinks


class Lab:
    """with Lab(authority, directory) as lab: lab.net, lab.gateway, lab.internet, lab.server
    (running), lab.daemon(...), lab.more_server(...), lab.wanddns(...)."""

    def __init__(self, authority, directory):
        self.authority = authority
        self.dir = Path(directory)
        self._stack = ExitStack()
        self._ports = PORT
        try:
            self.net = self._stack.enter_context(TwoUplinks())
            self.gateway, self.internet = self.net.gateway, self.net.internet
            self.server = self.another_server(port=PORT)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def another_server(self, *, leaf="good", port=None, **kwargs):
        """Start one more server; leaf names a certificate, None is plain HTTP."""
        if port is None:
            self._ports += 1
            port = self._ports
        leaf = leaf and getattr(self.authority, leaf)
        return self._stack.enter_context(Server(self.internet, leaf, port=port, **kwargs))

    def open_folder(self):
        """A folder where every user comes by; those of pytest are closed to others."""
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        folder.chmod(0o755)
        return folder

    def config(self, *accounts, **keys):
        """A configuration that trusts our authority; without accounts, one for the server."""
        accounts = accounts or (program.account(self.server),)
        return program.configuration(*accounts, **{"ca_file": self.authority.ca_file, **keys})

    def daemon(self, config=None, *, home=None, expect=0, **kwargs):
        """Start the daemon. At the end it is stopped and must have left with this status."""
        daemon = program.Daemon(self.gateway, home or self.dir / "daemon",
                                self.config() if config is None else config, **kwargs)
        self._stack.callback(daemon.stop, expect)
        return daemon

    def wanddns(self, *argv, **kwargs):
        """Run a command of the program to its end, in the gateway."""
        return program.wanddns(self.gateway, *argv, **kwargs)

    def process(self, argv, *, expect=0, **kwargs):
        """Start any command in the gateway, stopped at the end."""
        process = program.Process(self.gateway, argv, **kwargs)
        self._stack.callback(process.stop, expect)
        return process

    def terminal(self, *argv, expect=0, **kwargs):
        """Start a command of the program on a terminal, in the gateway; stopped at the end."""
        terminal = Terminal(self.gateway, [program.PROGRAM, *map(str, argv)], **kwargs)
        self._stack.callback(terminal.stop, expect)
        return terminal
