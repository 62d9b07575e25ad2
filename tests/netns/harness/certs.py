"""Certificates for the servers, made with openssl(1) in a directory of the session."""

import datetime
import subprocess
from pathlib import Path

from .topology import SERVER4, SERVER6

DAY = datetime.timedelta(days=1)
RIGHT_NAMES = f"IP:{SERVER4},IP:{SERVER6},DNS:ddns.example.net,IP:127.0.0.1"
WRONG_NAMES = "IP:192.0.2.99,DNS:other.example.net"

CA_CONFIG = """
[ca]
default_ca = test
[test]
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
"""


def _openssl(*argv):
    subprocess.run(["openssl", *argv], check=True, capture_output=True, text=True)


def _new_key(path):
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path)


class Leaf:
    """One server certificate: paths for ssl.SSLContext.load_cert_chain(*leaf.chain)."""

    def __init__(self, directory, name):
        self.cert = Path(directory, name + ".pem")
        self.key = Path(directory, name + ".key")
        self.chain = (self.cert, self.key)


class Authority:
    """.ca_file is what the daemon trusts; good, expired, early, wrong_name and
    self_signed are leaf certificates."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.ca_file = self.dir / "ca.pem"
        self.dir.mkdir(parents=True, exist_ok=True)
        (self.dir / "index.txt").touch()
        (self.dir / "ca.conf").write_text(CA_CONFIG.format(dir=self.dir))
        self._sign_itself("ca", "-addext", "basicConstraints=critical,CA:TRUE",
                          "-addext", "keyUsage=critical,keyCertSign")
        now = datetime.datetime.utcnow()
        self.good = self._leaf("good", RIGHT_NAMES, now - DAY, now + 30 * DAY)
        self.expired = self._leaf("expired", RIGHT_NAMES, now - 3 * DAY, now - DAY)
        self.early = self._leaf("early", RIGHT_NAMES, now + 10 * DAY, now + 30 * DAY)
        self.wrong_name = self._leaf("wrong-name", WRONG_NAMES, now - DAY, now + 30 * DAY)
        self.self_signed = self._sign_itself("self-signed", "-addext",
                                             "subjectAltName=" + RIGHT_NAMES)

    def _sign_itself(self, name, *more):
        leaf = Leaf(self.dir, name)
        _openssl("req", "-x509", *_new_key(leaf.key), "-out", str(leaf.cert),
                 "-days", "30", "-subj", f"/CN=wanddns test {name}", *more)
        return leaf

    def _leaf(self, name, alt_names, start, end):
        leaf = Leaf(self.dir, name)
        request = self.dir / (name + ".csr")
        _openssl("req", *_new_key(leaf.key), "-out", str(request),
                 "-subj", f"/CN=wanddns test {name}", "-addext", "subjectAltName=" + alt_names)
        _openssl("ca", "-batch", "-notext", "-config", str(self.dir / "ca.conf"),
                 "-cert", str(self.ca_file), "-keyfile", str(self.dir / "ca.key"),
                 "-startdate", f"{start:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}",
                 "-in", str(request), "-out", str(leaf.cert))
        return leaf
