"""A real router advertisement daemon (radvd) at the ISP's end of an uplink."""

import signal

from .daemon import Process


def interface(link, *prefixes, **options):
    """The section of radvd.conf for one link. A prefix is (text, preferred seconds[, valid seconds])."""
    options = {"AdvDefaultLifetime": 600, **options}
    lines = [f"{key} {value};" for key, value in options.items()]
    for text, preferred, *valid in prefixes:
        lifetimes = f"AdvPreferredLifetime {preferred}; AdvValidLifetime {valid[0] if valid else 1200};"
        lines.append(f"prefix {text} {{ {lifetimes} }};")
    # The least that radvd takes; it also advertises at once when it starts and after each HUP.
    lines = ["AdvSendAdvert on;", "MinRtrAdvInterval 3;", "MaxRtrAdvInterval 4;", *lines]
    return f"interface {link} {{\n    " + "\n    ".join(lines) + "\n};\n"


class Radvd:
    """with Radvd(lab.internet, directory) as radvd: radvd.advertise(interface(...), ...)"""

    def __init__(self, namespace, directory):
        self.namespace = namespace
        self.config = directory / "radvd.conf"
        self.pid_file = directory / "radvd.pid"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def advertise(self, *interfaces):
        """From now on advertise this, the first time at once."""
        self.config.write_text("".join(interfaces))
        if self.process:
            self.again()
            return
        self.process = Process(self.namespace, [
            "radvd", "--nodaemon", "--config", self.config, "--pidfile", self.pid_file,
            "--logmethod", "stderr", "--debug", "4"])
        self.process.err.wait("polling for")

    def again(self):
        """Read the configuration, and advertise at once."""
        mark = self.process.err.mark()
        self.process.signal(signal.SIGHUP)
        self.process.err.wait("resuming normal operation", after=mark)

    def stop(self):
        """Leave; the last advertisement says that this is no router any more."""
        if self.process:
            self.process.stop()
            self.process = None

    def die(self):
        """End without a last advertisement."""
        self.process.popen.kill()
        self.process.wait()
        self.process = None
