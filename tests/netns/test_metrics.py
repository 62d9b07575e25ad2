"""What is counted: OpenMetrics over the socket, a file for node_exporter, and a real Prometheus that reads both."""

import http.server
import json
import re
import threading
import urllib.parse

from prometheus_client import parser as plain
from prometheus_client.openmetrics import parser as openmetrics

from harness.daemon import account
from harness.expect import HOME, at_rest, is_current, start_ipv4, until
from harness.server import Reply
from harness.topology import WAN0

VPN = "vpn.example.org"


def fetch(lab, daemon):
    done = lab.wanddns("metrics", "--control", daemon.control)
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def samples(text):
    """{"wanddns_requests_total": {(("account", "dyndns2"),): 1.0}}; what OpenMetrics does not allow fails."""
    found = {}
    for family in openmetrics.text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def key(**labels):
    return tuple(sorted(labels.items()))


def test_metrics_are_openmetrics(lab):
    """Each family with its type and help, units at the end of the names, and the values that are to be there."""
    lab.server.answer = lambda request: "nohost" if request.hostnames == [VPN] else f"good {request.query['myip']}"
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server), account(lab.server, VPN, title="dyndns2:b"),
                                   account("https://192.0.2.53:1", "c.example.org", title="dyndns2:c"), family="ipv4"))
    is_current(daemon, "203.0.113.7")
    daemon.wait_log("refused")
    daemon.wait_log("-> waiting", count=2)
    text = fetch(lab, daemon)
    families = {family.name: family for family in openmetrics.text_string_to_metric_families(text)}
    assert all(family.documentation.endswith(".") for family in families.values())
    assert {name: family.type for name, family in families.items()} == {
        "wanddns_build": "info", "wanddns_uplink_address": "info", "wanddns_record_state": "gauge",
        "wanddns_record_published_timestamp_seconds": "gauge", "wanddns_record_state_timestamp_seconds": "gauge",
        "wanddns_record_changed_timestamp_seconds": "gauge",
        "wanddns_requests": "counter", "wanddns_answers": "counter", "wanddns_retries": "counter",
        "wanddns_publish_seconds": "histogram", "wanddns_event_overruns": "counter"}
    assert families["wanddns_publish_seconds"].unit == "seconds"
    found = samples(text)
    home, refused = {"name": HOME, "type": "A", "account": "dyndns2"}, {"account": "dyndns2:b", "verdict": "refused"}
    states = {label[-2][1]: value for label, value in found["wanddns_record_state"].items() if ("name", HOME) in label}
    assert states == {"idle": 0, "updating": 0, "current": 1, "waiting": 0, "refused": 0}
    assert found["wanddns_record_published_timestamp_seconds"].keys() == {key(**home)}
    assert found["wanddns_record_changed_timestamp_seconds"] == found["wanddns_record_published_timestamp_seconds"]
    assert found["wanddns_answers_total"][key(**refused)] == 1
    assert found["wanddns_answers_total"][key(account="dyndns2:c", verdict="unreachable")] >= 2
    assert found["wanddns_retries_total"][key(account="dyndns2:c")] >= 1
    assert found["wanddns_requests_total"][key(account="dyndns2")] == 1
    assert found["wanddns_uplink_address_info"][
        key(source="auto", interface="wan0", family="ipv4", address="203.0.113.7")] == 1
    assert found["wanddns_publish_seconds_count"][()] == found["wanddns_publish_seconds_bucket"][key(le="+Inf")] == 1
    assert found["wanddns_publish_seconds_bucket"][key(le="600.0")] == 1
    assert 0 < found["wanddns_publish_seconds_sum"][()] < 60
    assert "s3cret" not in text


def start_with_file(lab, **keys):
    path = lab.dir / "metrics" / "wanddns.prom"
    path.parent.mkdir()
    daemon = start_ipv4(lab, metrics_file=path, **keys)
    until(lambda: path.exists() and 'state="current"} 1' in path.read_text())
    return daemon, path


def test_metrics_file_is_for_the_textfile_collector(lab):
    """promtool finds no fault in it, the old text format tells all types, and the samples are those of the socket."""
    daemon, path = start_with_file(lab)
    until(lambda: samples_of_file(path) == samples(fetch(lab, daemon)))
    text = path.read_text()
    done = lab.gateway.run(["promtool", "check", "metrics"], input=text, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    types = {family.type for family in plain.text_string_to_metric_families(text)}
    assert types == {"gauge", "counter", "histogram"}
    assert path.stat().st_mode & 0o777 == 0o644
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_rules_that_look_alike_are_one_sample(lab):
    """Sources that differ in what has no label: no two samples have the same labels."""
    provider = account(lab.server, HOME).removesuffix("}\n")
    alike = "".join(f"    record {name} {{\n        interface = wan0\n        {key}\n    }}\n" for name, key in (
        ("a.example.org", "bind = yes"), ("b.example.org", "failback-delay = 5s"), ("c.example.org", "bind = no")))
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(provider + alike + "}\n", family="ipv4"))
    daemon.wait_log("-> current", count=4)
    names = [line.rpartition(" ")[0] for line in fetch(lab, daemon).splitlines() if not line.startswith("#")]
    assert len(names) == len(set(names))
    assert sum("uplink_address" in name and 'source="wan0"' in name for name in names) == 1


def samples_of_file(path):
    found = {}
    for family in plain.text_string_to_metric_families(path.read_text()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_metrics_file_is_written_only_when_something_changed(lab):
    """An event that changes nothing leaves the file alone; a change replaces it whole."""
    daemon, path = start_with_file(lab)
    until(lambda: samples_of_file(path) == samples(fetch(lab, daemon)))
    before = path.stat().st_ino
    mark = daemon.mark()
    lab.gateway.ip("addr add 10.1.1.1/24 dev wan0", "addr del 10.1.1.1/24 dev wan0")
    at_rest(daemon, mark)
    until(daemon.waits_for_ever)  # it has looked whether it has to write
    assert path.stat().st_ino == before
    lab.net.replace4(7, 9)
    until(lambda: "203.0.113.9" in path.read_text())
    assert path.stat().st_ino != before


def test_metrics_file_that_cannot_be_written(lab):
    """It is said once, and all else goes on; when nothing is in the way any more the file is there."""
    path = lab.dir / "metrics" / "wanddns.prom"
    path.mkdir(parents=True)
    daemon = start_ipv4(lab, metrics_file=path)
    daemon.wait_log(f"<4>metrics-file: {path}: (Is a directory|Permission denied)")
    path.rmdir()
    lab.net.replace4(7, 9)
    until(path.exists)
    assert len(daemon.log("metrics-file")) == 1


class Exporter(http.server.ThreadingHTTPServer):
    """Gives away what a function says, as OpenMetrics or as the old text format."""

    def __init__(self, namespace, path, fetch_open):
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = (fetch_open() if self.path == "/open" else path.read_text()).encode()
                kind = ("application/openmetrics-text; version=1.0.0" if self.path == "/open"
                        else "text/plain; version=0.0.4")
                self.send_response(200)
                self.send_header("Content-Type", kind + "; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                exporter.asked += 1

        self.asked = 0
        namespace.call(super().__init__, ("127.0.0.1", 9099), Handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


def query(namespace, expression):
    """{labels: value} of an instant query."""
    url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    done = namespace.run(["curl", "--silent", url], check=False)
    try:
        rows = json.loads(done.stdout)["data"]["result"]
    except ValueError:  # it is not ready
        return {}
    return {tuple(sorted(row["metric"].items())): float(row["value"][1]) for row in rows}


def test_prometheus_reads_both(lab):
    """A real one scrapes the socket's text as OpenMetrics and the file as the old format: the same, and no fault."""
    daemon, path = start_with_file(lab)
    lab.gateway.ip("link set lo up")
    exporter = Exporter(lab.gateway, path, lambda: fetch(lab, daemon))
    lab._stack.callback(exporter.stop)
    config = lab.dir / "prometheus.yml"
    config.write_text("global: { scrape_interval: 3s, scrape_timeout: 3s }\nscrape_configs:\n" + "".join(
        f"- job_name: {job}\n  metrics_path: /{job}\n  static_configs: [{{ targets: ['127.0.0.1:9099'] }}]\n"
        for job in ("open", "file")))
    lab.process(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={lab.dir / 'tsdb'}",
                 "--web.listen-address=127.0.0.1:9090", "--log.level=warn"], expect=None)
    until(lambda: sum(query(lab.gateway, "up").values()) == 2, 60)
    for job in "open", "file":
        state, = query(lab.gateway, f'wanddns_record_state{{job="{job}"}} == 1').items()
        assert dict(state[0])["state"] == "current" and dict(state[0])["name"] == HOME
        assert list(query(lab.gateway, f'wanddns_requests_total{{job="{job}"}}').values()) == [1]
        slow, = query(lab.gateway, f'histogram_quantile(0.9, wanddns_publish_seconds_bucket{{job="{job}"}})').values()
        assert 0 < slow < 60
    done = lab.gateway.run(["curl", "--silent", "http://127.0.0.1:9090/api/v1/metadata?metric=wanddns_requests_total"])
    assert re.search('"type":"counter"', done.stdout), done.stdout


def test_metrics_of_a_thousand_records(lab):
    """They are more than one line of the protocol, and nothing is lost where lines meet."""
    names = [f"n{number:04}.example.org" for number in range(1000)]
    lab.server.answer = lambda request: Reply(body="nohost\n" * len(request.hostnames))
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, names), family="ipv4"), level="info")
    daemon.wait_log("-> refused", count=1000, timeout=30)
    found = samples(fetch(lab, daemon))
    assert len(found["wanddns_record_state"]) == 5000
    assert sum(found["wanddns_record_state"].values()) == 1000
