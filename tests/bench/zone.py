"""Row 14: a zone of the Cloudflare API, served by nginx over HTTP/2, which answers everything well
and forgets it at once. Its log tells what was asked, and when it was answered."""
import time
from pathlib import Path

from harness.daemon import PROVIDERS, account
from harness.topology import PORT, SERVER4
from stage import LOGIN, Fault, wait_for

API = f"https://{SERVER4}:{PORT + 1}/client/v4"
RECORDS = "/client/v4/zones/zone/dns_records"
DEFINITION = """like = cloudflare
title = "Cloudflare without its budget"
budget = "1000000/1s"
"""
CONFIGURATION = """daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ }}
http {{
    log_format bench '$msec $request_method $request_uri $connection';
    access_log access.log bench;
    log_not_found off;
    client_body_temp_path body;
    keepalive_requests 1000000;
    default_type application/json;
    server {{
        listen {port} ssl http2;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        location = /client/v4/zones {{
            return 200 '{{"success":true,"result":[{{"id":"zone","name":"example.org"}}]}}';
        }}
        # There is no such file, but the body has been read by then, for a mirror that is none.
        # `return` alone would answer before, and reset the stream: libcurl 7.88 fails then.
        location {records} {{
            if ($request_method = GET) {{ return 200 '{{"success":true,"result":[]}}'; }}
            mirror /mirror;
            error_page 404 405 =200 @written;
        }}
        location = /mirror {{ internal; return 204; }}
        location @written {{ return 200 '{{"success":true,"result":{{"id":"$request_id"}}}}'; }}
    }}
}}
"""


class Answer:
    """A line of the log: when, on the monotonic clock, but in whole milliseconds."""

    def __init__(self, line, offset):
        seconds, self.method, self.target, self.connection = line.split()
        self.answered = int(float(seconds) * 1000) * 1_000_000 - offset


class Zone:
    def __init__(self, stage):
        self.stage, self.folder, self.seen = stage, stage.folder / "zone", 0
        self.folder.mkdir()
        # Its worker may be another user.
        for folder in (stage.folder, self.folder):
            folder.chmod(0o755)
        file, self.log = self.folder / "nginx.conf", self.folder / "access.log"
        certificate, key = stage.authority.good.chain
        file.write_text(CONFIGURATION.format(port=PORT + 1, certificate=certificate, key=key,
                                             records=RECORDS))
        self.server = stage.serve("nginx", "-p", self.folder, "-c", file, "-e", "stderr")
        wait_for(lambda: self._listens() or self.server.child.poll() is not None, "nginx listening")
        if self.server.child.poll() is not None:
            raise Fault(f"nginx ended:{self.server.tail()}")

    def _listens(self):
        lines = Path(f"/proc/{self.server.pid}/net/tcp").read_text().splitlines()[1:]
        return any(f":{PORT + 1:04X} " in line and line.split()[3] == "0A" for line in lines)

    def section(self, names):
        """The provider's section; the definitions are the shipped ones and one more."""
        folder = self.folder / "providers"
        folder.mkdir()
        for file in Path(PROVIDERS).glob("*.conf"):
            (folder / file.name).symlink_to(file)
        (folder / "unlimited.conf").write_text(DEFINITION)
        self.stage.environment["WANDDNS_PROVIDERS"] = str(folder)
        return account(API, names, title="unlimited", username=None, password=LOGIN[1])

    def answers(self):
        """Those since the last call."""
        offset = time.time_ns() - time.monotonic_ns()
        lines = self.log.read_text().splitlines()
        found, self.seen = lines[self.seen:], len(lines)
        return [Answer(line, offset) for line in found]

    def curl(self, address, answers, concurrency):
        """The command for the same requests by curl."""
        words = f'''silent
cacert = "{self.stage.authority.ca_file}"
header = "Authorization: Bearer {LOGIN[1]}"
header = "Content-Type: application/json"
data = "{{\\"content\\":\\"{address}\\"}}"
output = "/dev/null"
'''
        file = self.folder / "requests"
        base = API.removesuffix("/client/v4")
        file.write_text("next\n".join(
            f'{words}request = "{answer.method}"\nurl = "{base}{answer.target}"\n'
            for answer in answers))
        return ["curl", "--parallel", "--parallel-max", concurrency, "--config", file]
