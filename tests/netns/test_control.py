"""The control socket, by clients that keep the protocol and by those that do not."""

import re
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness.carrier import Carrier, echo
from harness.control import SCHEMA, Connection, ask, of_kind, request
from harness.daemon import PROGRAM, account, as_nobody
from harness.expect import HOME, answers_late, is_current, sent, start_ipv4, until
from harness.sections import Providers
from harness.server import Reply, good
from harness.topology import WAN0

VPN = "vpn.example.org"
MANY = [f"n{number:04}.example.org" for number in range(1000)]
OK = {"line": "end", "ok": True}


def start_two(lab, **keys):
    """Two names at one login, published."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4", **keys))
    is_current(daemon, "203.0.113.7", name=VPN)
    return daemon


def start_many(lab):
    """A thousand names, perhaps not all published yet."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, MANY), family="ipv4"), level="info")
    daemon.wait_log("updating -> current")
    return daemon


def end_of(lines, fault, error):
    assert lines[-1] == {"line": "end", "ok": False, "fault": fault, "error": error}


def records(lines):
    return {(line["name"], line["type"]): line for line in of_kind(lines, "record")}


# What it says

def test_status_tells_uplinks_accounts_and_records(lab):
    """First the daemon, then each uplink, each login and each record, then the end."""
    daemon = start_two(lab)
    lines = ask(daemon, "status")
    assert [line["line"] for line in lines] == ["status", "uplink", "account", "record", "record", "end"]
    head, uplink, login, home = lines[:4]
    assert head["pid"] == daemon.pid and head["record_count"] == 2 and head["state"] == "ok"
    assert head["configuration"] == str(daemon.config)
    assert uplink["addresses"] == ["203.0.113.7"] and uplink["interface"] == "wan0" and uplink["source"] == "auto"
    assert login["requests"] == 1 and login["records"] == 2
    assert home["name"] == HOME and home["state"] == "current" and home["well"] and home["published"] == ["203.0.113.7"]


def test_hosts_choose_records_and_what_belongs_to_them(lab):
    """Of others nothing is told: no record, no login, no uplink."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(
        account(lab.server, [HOME, "both.example.org"], family="ipv4"),
        account(lab.server.url6, VPN, title="dyndns2:b", family="ipv6", interface="wan0")))
    is_current(daemon, "2001:db8:1::7", name=VPN, rtype="AAAA")
    for command in ("status", "explain"):
        lines = ask(daemon, command, "VPN.Example.org.")
        assert list(records(lines)) == [(VPN, "AAAA")] and lines[0]["record_count"] == 1
        assert [line["name"] for line in of_kind(lines, "account")] == ["dyndns2:b"]
        assert [(line["source"], line["family"]) for line in of_kind(lines, "uplink")] == [("wan0", "ipv6")]
    assert len(records(ask(daemon, "status", VPN, HOME))) == 2
    end_of(ask(daemon, "status", HOME, "hom.example.org"), "request",
           "no record is called hom.example.org: did you mean home.example.org?")
    end_of(ask(daemon, "update", "nothing.like.it"), "request", "no record is called nothing.like.it")
    daemon.stop()
    assert len(lab.server.requests) == 2  # nothing was forced


def test_explain_tells_candidates_history_and_what_is_remembered(lab):
    """Each candidate with its reason, the last ten transitions, names of what is remembered and never what it is."""
    providers = Providers(lab)
    providers.add("rememberer", 'title = "of a test"\nneeds = { username, password }\n'
                  'step zone {\n url = "{server}/zone"\n get = { "zone-id=id" }\n keep = zone\n}\n'
                  'step record {\n url = "{server}/record"\n query = "name={hostname}"\n'
                  ' get = { "record-id=id" }\n keep = record\n}\n'
                  'step update {\n url = "{server}/update"\n query = { "hostname={hostname}", "myip={ip}",'
                  ' "z={zone-id}", "r={record-id}" }\n auth = basic\n word good { verdict = done }\n}\n')
    lab.server.answer = lambda request: (good(request) if request.path == "/update"
                                         else '{"id": "id-that-is-not-told"}')
    lab.net.online(WAN0, v4=7)
    lab.gateway.ip("addr add 192.168.1.2/24 dev wan0")
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN], title="rememberer", zone="example.org"),
                                   family="ipv4"), wrap=providers.wrap)
    is_current(daemon, "203.0.113.7", name=VPN)
    for _ in range(6):
        assert ask(daemon, "update", VPN)[-1] == OK
    lines = ask(daemon, "explain", VPN)
    assert {(line["address"], line["reason"]) for line in of_kind(lines, "candidate")} == {
        ("203.0.113.7", "chosen"), ("192.168.1.2", "private")}
    history = of_kind(lines, "history")
    assert len(history) == 10 and [line["to"] for line in history] == ["updating", "current"] * 5
    assert {line["name"] for line in history} == {VPN}
    assert [(line["of"], line["value"]) for line in of_kind(lines, "remembered")] == [
        (f"record {VPN} A", "record-id"), ("zone example.org", "zone-id")]
    for command in ("explain", "status", "metrics"):
        text = str(ask(daemon, command))
        assert "id-that-is-not-told" not in text and "s3cret" not in text


def test_budget_and_refresh_are_told(lab):
    """When the login may ask again, what of its budget is used, and when a record is sent without a change."""
    providers = Providers(lab)
    providers.add("sparing", 'like = dyndns2\ntitle = "of a test"\ngap = 1h\nbudget = "48/24h"\nrefresh = 28d\n')
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, HOME, title="sparing"), family="ipv4"), wrap=providers.wrap)
    is_current(daemon, "203.0.113.7")
    lines = ask(daemon, "status")
    login, = of_kind(lines, "account")
    assert login["budget"]["limit"] == 48 and login["budget"]["period_s"] == 86400 and login["budget"]["used"] >= 0.9
    now = time.time()
    parse = lambda text: time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone  # noqa: E731
    assert 3500 < parse(login["next_at"]) - now <= 3601
    assert 25 * 86400 < parse(records(lines)[HOME, "A"]["refresh_at"]) - now < 31 * 86400


def test_every_member_is_in_the_manual():
    """wanddns-control(7) names each kind of line, and each of its members."""
    manual = Path(__file__).resolve().parents[2] / "contrib" / "man" / "wanddns-control.7"
    named = set(re.findall(r"[\w-]+", "\n".join(re.findall(r"^\.(?:It )?Cm (.*)$", manual.read_text(), re.M))))
    for kind, schema in SCHEMA["$defs"].items():
        members = schema.get("properties") or schema.get("oneOf", [{}])[-1].get("properties", {})
        assert kind in ("time", "address") or {kind, *members} <= named, kind
    assert set(SCHEMA["properties"]) <= named


# Following

def test_follow_tells_transitions_as_they_happen(lab):
    """At once a line that it is there; then each transition, of the hosts that were asked for."""
    daemon = start_two(lab)
    all_of_it, of_vpn = (Connection(daemon, request("follow", *hosts)) for hosts in ((), (VPN,)))
    assert all_of_it.line()["line"] == of_vpn.line()["line"] == "status"
    lab.net.replace4(7, 9)
    told = [all_of_it.line() for _ in range(4)]
    assert {(line["name"], line["from"], line["to"]) for line in told} == {
        (name, *step) for name in (HOME, VPN) for step in (("current", "updating"), ("updating", "current"))}
    assert all(line["old"] == ["203.0.113.7"] and line["new"] == ["203.0.113.9"] for line in told)
    assert [of_vpn.line()["name"] for _ in range(2)] == [VPN] * 2
    of_vpn.send(b"\n")
    assert of_vpn.line() == {"line": "alive"}  # and nothing of the others came before
    of_vpn.send(request("update"))
    assert of_vpn.line() == {"line": "alive"}  # one request is all that there is
    for connection in (all_of_it, of_vpn):
        connection.close()
    until(lambda: clients(lab, daemon) == 0)


def clients(lab, daemon):
    """How many connections the daemon has at its socket; the one that it listens with stands there, too."""
    return lab.gateway.run(["cat", "/proc/net/unix"]).stdout.count(f" {daemon.control}\n") - 1


# Updates

def test_update_forces_tells_and_ends_by_the_result(lab):
    """What is published already is sent again; each transition comes, and then the end."""
    daemon = start_two(lab)
    lines = ask(daemon, "update", HOME)
    assert [line["line"] for line in lines] == ["status", "uplink", "account", "record", "transition", "end"]
    assert lines[3]["state"] == "updating" and lines[4]["to"] == "current" and lines[-1] == OK
    assert sent(lab.server) == ["203.0.113.7"] * 2
    daemon.wait_log(rf"<6>control: update {HOME}, by uid 0, pid \d+$")
    assert ask(daemon, "update")[-1] == OK
    assert sent(lab.server) == ["203.0.113.7"] * 3


def test_update_that_fails_says_so(lab):
    """A record that is refused again, or cannot be sent, is no good end."""
    daemon = start_two(lab)
    lab.server.answer = lambda request: "nohost\n" * len(request.hostnames)
    lines = ask(daemon, "update", HOME)
    end_of(lines, "result", "1 of 1 record is not current")
    assert of_kind(lines, "transition")[-1]["to"] == "refused"
    lab.gateway.ip("link set wan0 down")
    daemon.wait_log(f"{VPN} A: .* idle")
    end_of(ask(daemon, "update", VPN), "result", "1 of 1 record is not current")


def test_update_of_one_name_tries_a_refused_login_with_all(lab):
    """It is the login that was refused: the word of the operator lifts that for all its names."""
    lab.server.answer = lambda request: "badauth"
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4"))
    daemon.wait_log(rf"{VPN} A: \w+ -> refused")
    lab.server.answer = good
    assert ask(daemon, "update", VPN)[-1] == OK
    assert {line["state"] for line in of_kind(ask(daemon, "status"), "record")} == {"current"}


def test_update_asks_the_outside_too_and_waits_for_it(lab):
    """A record whose address only an echo service knows is not done before that has answered."""
    with Carrier(lab) as carrier:
        go_on = threading.Event()
        go_on.set()
        service = lab.another_server(answer=lambda request: go_on.wait(20) and Reply(body=echo(request), close=True))
        daemon = lab.daemon(lab.config(account(lab.server, source=service.url + "/"), family="ipv4"))
        is_current(daemon, "203.0.113.200")
        carrier.translate_to("203.0.113.201")
        go_on.clear()
        mark = daemon.mark()
        connection = Connection(daemon, request("update", HOME))
        is_current(daemon, "203.0.113.200", after=mark)
        service.wait_for(2)
        go_on.set()
        lines = connection.lines()
        assert lines[-1] == OK and of_kind(lines, "transition")[-1]["new"] == ["203.0.113.201"]


def test_update_does_not_wait_for_what_is_tried_again(lab):
    """A record that failed has had its answer, though it is being sent once more when the last one has his."""
    go_on, answers = threading.Event(), []

    def answer(request):
        if request.hostnames == [HOME]:
            go_on.wait(20)
            return good(request)
        answers.append(request)
        cut = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        return cut if len(answers) == 2 else Reply(hang=True) if len(answers) > 2 else good(request)

    lab.net.online(WAN0, v4=7)
    go_on.set()
    lab.server.answer = answer
    daemon = lab.daemon(lab.config(account(lab.server), account(lab.server, VPN, title="dyndns2:b"), family="ipv4"))
    is_current(daemon, "203.0.113.7", name=VPN)
    is_current(daemon, "203.0.113.7")
    go_on.clear()
    connection = Connection(daemon, request("update"))
    until(lambda: len(answers) == 3)
    go_on.set()
    end_of(connection.lines(), "result", "1 of 2 records is not current")


@pytest.mark.parametrize("hosts, why", [
    ([HOME], "1 of 1 record is no longer in the configuration"),
    ([], "1 of 2 records is no longer in the configuration"),
    (["gone.example.org", HOME], "2 of 2 records are no longer in the configuration"),
])
def test_update_of_what_a_reload_takes_away_fails(lab, hosts, why):
    """What is gone meanwhile is not current."""
    lab.net.online(WAN0, v4=7)
    names = [VPN, *(hosts or [HOME])]
    daemon = lab.daemon(lab.config(account(lab.server, names), family="ipv4"))
    daemon.wait_log("updating -> current", count=len(names))
    go_on = answers_late(lab.server)
    connection = Connection(daemon, request("update", *hosts))
    lab.server.wait_for(2)
    daemon.write_config(lab.config(account(lab.server, VPN), family="ipv4"))
    daemon.hup()
    daemon.wait_log("reloaded: ")
    go_on.set()
    end_of(connection.lines(), "result", why)


def test_update_goes_on_when_its_client_is_gone(lab):
    """Who asked for it does not carry it."""
    daemon = start_two(lab)
    go_on = answers_late(lab.server)
    connection = Connection(daemon, request("update", HOME))
    lab.server.wait_for(2)
    mark = daemon.mark()
    connection.close()
    go_on.set()
    is_current(daemon, "203.0.113.7", after=mark)


def test_update_of_thousands_is_no_burden(lab):
    """The report and all transitions reach a client, though they are more than a socket holds."""
    daemon = start_many(lab)
    lines = ask(daemon, "update")
    assert lines[-1] == OK
    assert len(of_kind(lines, "record")) == 1000
    last = {line["name"]: line["to"] for line in of_kind(lines, "transition")}
    assert set(last.values()) == {"current"}


# Steering

def test_reload_by_the_socket(lab):
    """It is answered when it is done; a fault is told with file and line, and nothing changes."""
    daemon = start_ipv4(lab)
    assert ask(daemon, "reload")[-1] == OK
    daemon.wait_log("<6>control: reload, by uid 0")
    daemon.wait_log("<6>reloaded: 1 record, 1 account$")
    text = daemon.config.read_text()
    daemon.write_config(text.replace("family", "famly"))
    end, = ask(daemon, "reload")
    assert end["fault"] == "configuration" and end["error"].startswith(f"{daemon.config}:2: ")
    assert "famly" in end["error"]
    assert records(ask(daemon, "status"))[HOME, "A"]["state"] == "current"


def test_log_level_by_the_socket(lab):
    """From then on the log has what was asked for."""
    daemon = start_ipv4(lab, daemon={"level": "info"})
    assert ask(daemon, "log-level", level="debug") == [OK]
    ask(daemon, "status")
    daemon.wait_log("<7>control: status, by uid 0")
    assert ask(daemon, "log-level", level="error") == [OK]
    daemon.wait_log("<6>control: log-level", count=2)
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    lab.server.wait_for(2)
    until(lambda: records(ask(daemon, "status"))[HOME, "A"]["published"] == ["203.0.113.9"])
    assert len(daemon.err.lines) == mark
    end_of(ask(daemon, "log-level", level="loud"), "request", "level is error, warning, info or debug")


# Clients that do harm

@pytest.mark.parametrize("text, error", [
    (b"hello\n", "a request is a line with one JSON object"),
    (b"\n", "a request is a line with one JSON object"),
    (b"\x00\xff\xfe\n", "a request is a line with one JSON object"),
    (b'{"version": 1}\n', "there is no such command"),
    (b'{"version": 1, "command": "update", "hosts": "all"}\n', "hosts is a list of names"),
    (b"[" * 60000 + b"\n", "a request is a line with one JSON object"),
    (b"x" * 1024 * 1024, "the request is too long"),
    (b'{"version": 1, "command": "' + b"x" * 1024 * 1024 + b'"}\n', "the request is too long"),
], ids=["text", "nothing", "bytes", "no-command", "no-list", "deep", "1MB", "1MB-line"])
def test_rubbish_is_answered_by_a_fault(lab, text, error):
    """The fault says what is wrong, the connection ends, and the daemon is as before."""
    daemon = start_ipv4(lab)
    end_of([Connection(daemon, text).line()], "request", error)
    assert ask(daemon, "status")[-1] == OK


def test_another_version_is_told_which_one_is_spoken(lab):
    """Whatever else stands in the request."""
    daemon = start_ipv4(lab)
    lines = Connection(daemon, b'{"version": 2, "command": "dance"}\n').lines()
    end_of(lines, "version", "this daemon speaks version 1 of the protocol")


def test_clients_that_vanish(lab):
    """Half a line, no line, an answer that nobody reads: the daemon forgets them."""
    daemon = start_two(lab)
    for text in (b"", b'{"version": 1, "comm', request("status"), request("follow"), request("metrics"),
                 request("update", HOME), request("status") * 50):
        connection = Connection(daemon, text)
        connection.close()
    until(lambda: clients(lab, daemon) == 0)
    assert ask(daemon, "status")[-1] == OK


def test_who_closes_his_side(lab):
    """An answer that has an end comes whole, as to `echo REQUEST | socat`; following ends."""
    daemon = start_two(lab)
    for command, last in ("status", OK), ("explain", OK), ("metrics", OK), ("reload", OK), ("follow", None):
        connection = Connection(daemon, request(command))
        connection.socket.shutdown(socket.SHUT_WR)
        lines = connection.lines()
        assert lines[-1] == last if last else lines in ([], lines[:1])
    until(lambda: clients(lab, daemon) == 0)


def test_a_hundred_clients_of_which_half_stall(lab):
    """Those that ask are answered at once, an address change is published meanwhile, and the others are sent away."""
    daemon = start_two(lab)
    stalled = [Connection(daemon, [b"", b'{"version": 1, "comm'][number % 2]) for number in range(50)]
    asking = [Connection(daemon, request("status")) for _ in range(50)]
    begin = time.monotonic()
    assert all(connection.lines()[-1] == OK for connection in asking)
    assert time.monotonic() - begin < 5
    mark = daemon.mark()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", after=mark)
    for connection in stalled:
        end_of(connection.lines(), "request", "no request came in 10 s")
    until(lambda: clients(lab, daemon) == 0)


def test_one_too_many_is_turned_away(lab):
    """Who comes when 128 are there hears that; when one of them goes there is room again."""
    daemon = start_ipv4(lab)
    there = [Connection(daemon, request("follow")) for _ in range(128)]
    assert all(connection.line() for connection in there)
    end_of(Connection(daemon, request("status")).lines(), "busy", "too many are asking at once")
    there.pop().close()
    until(lambda: ask(daemon, "status")[-1] == OK)


def test_who_reads_nothing_is_forgotten(lab):
    """A status that nobody takes holds no other client up, and is given up after ten seconds."""
    daemon = start_many(lab)
    assert ask(daemon, "update")[-1] == OK
    deaf = Connection(daemon)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.send(request("status"))
    assert len(ask(daemon, "status")) > 1000
    until(lambda: clients(lab, daemon) == 0, 20)
    deaf.close()


def test_no_descriptor_left(lab):
    """Without one the daemon does not spin; when there is one again it answers."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(family="ipv4"), wrap=lambda argv: ["prlimit", "--nofile=32:32", *argv])
    is_current(daemon, "203.0.113.7")
    many = [Connection(daemon, request("follow")) for _ in range(32)]
    daemon.wait_log("<4>.*/control: Too many open files")
    used = daemon.cpu_seconds()
    late = Connection(daemon, request("status"))
    time.sleep(2)  # what is shown is that nothing happens
    assert daemon.cpu_seconds() - used < 0.5
    for connection in many:
        connection.close()
    assert late.lines()[-1] == OK


# Nobody pays for it

def test_no_timer_when_nobody_asks(lab):
    """After all kinds of clients, and while somebody follows, the daemon sleeps without a limit."""
    daemon = start_two(lab)
    for command in ("status", "explain", "update", "reload", "metrics"):
        ask(daemon, command)
    until(daemon.waits_for_ever)
    follower = Connection(daemon, request("follow"))
    assert follower.line()
    until(daemon.waits_for_ever)
    follower.close()
    until(daemon.waits_for_ever)


def test_status_while_the_network_is_dead(lab):
    """While a request hangs and the way is gone, a status takes no 50 ms."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: Reply(hang=True)
    daemon = lab.daemon(lab.config(account(lab.server, [HOME, VPN]), family="ipv4"))
    lab.server.wait_for(1)
    lab.gateway.ip("route add blackhole 192.0.2.53")
    times = []
    for _ in range(10):
        begin = time.monotonic()
        assert records(ask(daemon, "status"))[HOME, "A"]["state"] == "updating"
        times.append(time.monotonic() - begin)
    assert min(times) < 0.05, times


# The file

def test_socket_is_for_root_and_its_group(lab):
    """Mode 0660, of the group that control-group names; another user is refused."""
    group = subprocess.run(["getent", "group", "games"], capture_output=True, text=True, check=True).stdout.split(":")
    daemon = start_ipv4(lab, daemon={"home": lab.open_folder() / "daemon"}, control_group="games")
    daemon.home.chmod(0o755)
    status = daemon.control.stat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_gid == int(group[2])
    script = f"import socket; socket.socket(socket.AF_UNIX).connect({str(daemon.control)!r})"
    refused = lab.gateway.run(as_nobody(["/usr/bin/python3", "-c", script]), check=False)
    assert "PermissionError" in refused.stderr
    member = ["setpriv", "--reuid", "65534", "--regid", "65534", "--groups", group[2], "/usr/bin/python3", "-c", script]
    lab.gateway.run(member)


def test_socket_goes_with_the_daemon(lab):
    """Nothing is left behind by a stop."""
    daemon = start_ipv4(lab)
    assert daemon.control.exists()
    daemon.stop()
    assert not daemon.control.exists()


def test_socket_of_a_crash_is_replaced(lab):
    """After kill -9 the next daemon takes the path over."""
    daemon = start_ipv4(lab, daemon={"expect": -9})
    daemon.kill()
    assert daemon.control.is_socket()
    again = lab.daemon(lab.config(family="ipv4"))
    is_current(again, "203.0.113.7")
    assert ask(again, "status")[0]["pid"] == again.pid


def test_second_daemon_does_not_take_the_socket(lab):
    """It says so, and works without one; the first one goes on answering."""
    first = start_ipv4(lab)
    second = lab.daemon(lab.config(account(lab.server, VPN), family="ipv4"), home=lab.dir / "second",
                        argv=["--control", str(first.control)])
    second.wait_log("<4>.*/control: Address already in use: status and other commands will not reach this daemon")
    is_current(second, "203.0.113.7", name=VPN)
    second.stop()
    assert ask(first, "status")[0]["pid"] == first.pid


def test_file_that_is_no_socket_is_left_alone(lab):
    """A path that somebody else uses is not overwritten."""
    home = lab.dir / "daemon"
    home.mkdir()
    (home / "control").write_text("mine")
    daemon = start_ipv4(lab)
    assert daemon.log("<4>.*/control: Address already in use")
    daemon.stop()
    assert (home / "control").read_text() == "mine"


def test_socket_as_the_configuration_says(lab):
    """control names the path, and a missing folder is made."""
    path = lab.dir / "run" / "control"
    lab.net.online(WAN0, v4=7)
    state = lab.dir / "state"
    state.mkdir()
    config = lab.dir / "wanddns.conf"
    config.write_text(lab.config(family="ipv4", control=path))
    config.chmod(0o600)
    process = lab.process([*map(str, (PROGRAM, "run", "-c", config, "--state-dir", state))])
    process.err.wait("wanddns .* started")
    process.control = path
    assert ask(process, "status")[-1] == OK
