"""PowerDNS Authoritative as the distribution ships it: a name server with an HTTP API, and a zone that others have
records in, too. It runs in the gateway, where an operator who has his own would have it, and answers on loopback."""

import glob
import http.client
import json
import re
import shutil
import signal
import sqlite3
import tempfile
from pathlib import Path

from .daemon import Process
from .expect import until
from .sections import provider

KEY = "k3y-of-the-API"
ZONE = "example.org"
SCHEMA = ("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql", "/usr/share/doc/p*dns*/schema.sqlite3.sql")
# One name's address and text, a round robin, another name's alias, a record that is turned off: all are others'.
OTHERS = [
    ("example.org.", "NS", 86400, ["ns1.example.org.", "ns2.example.org."]),
    ("example.org.", "A", 3600, ["192.0.2.80"]),
    ("example.org.", "MX", 3600, ["10 mail.example.org.", "20 mail2.example.org."]),
    ("example.org.", "TXT", 300, ['"v=spf1 mx -all"', '"a note of an operator"']),
    ("ns1.example.org.", "A", 3600, ["192.0.2.1"]),
    ("mail.example.org.", "AAAA", 3600, ["2001:db8:77::25"]),
    ("www.example.org.", "A", 60, ["192.0.2.81", "192.0.2.82", "192.0.2.83"]),
    ("ftp.example.org.", "CNAME", 3600, ["www.example.org."]),
    ("_sip._udp.example.org.", "SRV", 3600, ["0 5 5060 mail.example.org."]),
    ("home.example.org.", "TXT", 120, ['"beside the address that is ours"']),
    ("home.example.org.", "CAA", 120, ['0 issue "ca.example.net"']),
    ("sub.home.example.org.", "A", 120, ["192.0.2.84"]),
    ("xhome.example.org.", "A", 120, ["192.0.2.85"]),
]


def _schema():
    found = [path for pattern in SCHEMA for path in sorted(glob.glob(pattern))]
    assert found, f"the schema of PowerDNS for SQLite is in none of {SCHEMA}: is its documentation installed?"
    return Path(found[0]).read_text()


class PowerDns:
    """with PowerDns(lab) as pdns: it runs, and has the zone example.org with OTHERS in it."""

    def __init__(self, lab):
        self.namespace = lab.gateway
        # Not among the test's files: the path of its control socket must be short.
        self.dir = Path(tempfile.mkdtemp(prefix="pdns"))
        self._database = self.dir / "zones.sqlite"
        self._process, self._logs = None, []
        with sqlite3.connect(self._database) as database:
            database.executescript(_schema())
        (self.dir / "pdns.conf").write_text(
            f"launch=gsqlite3\ngsqlite3-database={self._database}\nsocket-dir={self.dir}\n"
            f"local-address=127.0.0.1\nwebserver=yes\nwebserver-loglevel=normal\napi=yes\napi-key={KEY}\n"
            "loglevel=6\ndisable-syslog=yes\nsecurity-poll-suffix=\ndaemon=no\nguardian=no\n")

    def __enter__(self):
        try:
            self.start()
            self.create_zone()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.dir)

    def start(self):
        """Start it, with what was in its zones before, and wait until it answers by DNS and by HTTP."""
        program = shutil.which("pdns_server", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        assert program, "pdns_server is not installed (contrib/packages test)"
        self._process = Process(self.namespace, [program, f"--config-dir={self.dir}"])
        self._logs.append(self._process)
        until(self._answers, timeout=30, what="an answer of PowerDNS")

    def stop(self):
        if self._process:
            self.resume()
            self._process.stop(expect=None)
        self._process = None

    def pause(self):
        """It takes connections and says nothing, until resume()."""
        self._process.signal(signal.SIGSTOP)

    def resume(self):
        self._process.signal(signal.SIGCONT)

    def _answers(self):
        assert self._process.popen.poll() is None, "PowerDNS has ended:\n" + self.log
        try:
            self.api("GET", "")
        except OSError:
            return False
        return "ready to distribute questions" in self.log

    @property
    def log(self):
        return "\n".join(process.out.text + "\n" + process.err.text for process in self._logs)

    # Its API, as another client than ours

    def api(self, method, path, body=None):
        """The answer to a request about zones, from JSON."""
        status, text = self.namespace.call(self._ask, method, path, body)
        assert status < 300, (method, path, status, text)
        return json.loads(text) if text else None

    @staticmethod
    def _ask(method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", 8081, timeout=30)
        try:
            connection.request(method, "/api/v1/servers/localhost/zones" + path, body and json.dumps(body),
                               {"X-API-Key": KEY, "User-Agent": "test"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def create_zone(self, name=ZONE):
        rrsets = [{"name": owner, "type": rtype, "ttl": ttl, "records": [{"content": text} for text in contents]}
                  for owner, rtype, ttl, contents in OTHERS]
        rrsets.append({"name": f"off.{name}.", "type": "A", "ttl": 60,
                       "records": [{"content": "192.0.2.86", "disabled": True}],
                       "comments": [{"content": "for the fair", "account": "bob", "modified_at": 1700000000}]})
        self.api("POST", "", {"name": name + ".", "kind": "Native", "rrsets": rrsets})

    def zone(self, name=ZONE):
        """The whole zone: {(name, type): all else of the rrset}. The SOA stands there without its serial number, which
        every change of a zone raises."""
        rrsets = {}
        for rrset in self.api("GET", f"/{name}.")["rrsets"]:
            contents = sorted((record["content"], record["disabled"]) for record in rrset["records"])
            if rrset["type"] == "SOA":
                contents = [(re.sub(r"^(\S+ \S+) \d+", r"\1", text), off) for text, off in contents]
            rrsets[rrset["name"].rstrip("."), rrset["type"]] = (rrset["ttl"], contents, str(rrset["comments"]))
        return rrsets

    # What it says

    def patches(self, expected=0):
        """Each request that was to change a zone, as its log has them: [(path, status)]. The log has a request when
        the answer is out, so as many as are expected are waited for; there may be more."""
        def noted():
            found = re.findall(r'\[webserver\] \S+ \S+ "(\S+) (\S+) HTTP/[\d.]+" (\d+) ', self.log)
            return [(path.removeprefix("/api/v1/servers/localhost/zones/"), int(status))
                    for method, path, status in found if method not in ("GET", "POST")]

        until(lambda: len(noted()) >= expected, what=f"request {expected} in the log of PowerDNS")
        return noted()

    def dig(self, name, rtype):
        """What anybody is told who asks it by DNS."""
        answer = self.namespace.run(["dig", "@127.0.0.1", "+short", "+norecurse", name, rtype]).stdout
        return sorted(answer.splitlines())


def section(*records, password=KEY, zone=ZONE, **keys):
    """A provider section for it; its server is that of the definition."""
    return provider(None, *records, title="powerdns", username=None, password=password, zone=zone, **keys)
