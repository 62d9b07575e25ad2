"""An address that only the outside knows: asked of a service or of a program, and never guessed from the kernel."""

import re
import time
from pathlib import Path

import pytest

from harness.carrier import INNER, LINK, Carrier, echo, echo_json
from harness.control import ask, of_kind
from harness.daemon import account, with_etc
from harness.expect import HOME, at_rest, is_current, sent, until
from harness.program import is_running
from harness.sections import Providers, provider, record
from harness.server import Reply
from harness.topology import SERVER4, SERVER6, WAN0, WAN1

QUICK = {"settle": "20ms"}


@pytest.fixture
def carrier(lab):
    with Carrier(lab) as carrier:
        yield carrier


def asking(lab, source, **keys):
    """A configuration of one A record whose address this source knows."""
    return lab.config(account(lab.server, source=source, **keys), family="ipv4", **QUICK)


def goes_idle(daemon, reason):
    return daemon.wait_log(rf" A: (\w+ -> )?idle \({reason}: ")


def script(lab, text, name="address"):
    """A program of a user's, to be named in exec:."""
    path = Path(lab.dir, name)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


# Behind the carrier's NAT

def test_carrier_nat_without_a_source_is_idle(lab, carrier):
    """The kernel knows only the carrier's inner address: nothing is sent, the reason says what it is."""
    daemon = lab.daemon(lab.config(family="ipv4"))
    goes_idle(daemon, "carrier-nat")
    carrier.gateway.ip(f"addr add 203.0.113.7/24 dev {LINK}")
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.7"]


def test_address_outside_of_the_carrier_nat_is_published(lab, carrier):
    """With a service as source the carrier's outer address is published, and the question costs one request."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]
    assert [request.peer for request in service.requests] == ["203.0.113.200"]
    assert lab.server.requests[0].peer == "203.0.113.200"


def test_new_uplink_address_is_asked_about_at_once(lab, carrier):
    """Another inner and another outer address: asked within seconds, not at the next check, and published."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    is_current(daemon, "203.0.113.200")
    carrier.translate_to("203.0.113.201")
    begin = time.monotonic()
    carrier.replace(7, 8)
    is_current(daemon, "203.0.113.201")
    assert service.requests[-1].time - begin < 5
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200", "203.0.113.201"]
    assert len(service.requests) == 2


def test_new_uplink_address_with_the_same_outer_one_is_no_update(lab, carrier):
    """Only the inner address changes: the service is asked, the provider is not."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    is_current(daemon, "203.0.113.200")
    carrier.replace(7, 8)
    service.wait_for(2)
    carrier.translate_to("203.0.113.201")
    carrier.replace(8, 9)
    is_current(daemon, "203.0.113.201")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200", "203.0.113.201"]


def test_nothing_that_concerns_the_uplink_asks_the_service(lab, carrier):
    """Events that leave the uplink as it is cost the service nothing."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    is_current(daemon, "203.0.113.200")
    for number in range(3):
        mark = daemon.mark()
        lab.gateway.ip(f"addr add {INNER}.10{number}/24 dev {LINK}")
        at_rest(daemon, mark)
    daemon.stop()
    assert len(service.requests) == 1


def test_restart_with_the_same_outer_address_is_no_update(lab, carrier):
    """The daemon asks again when it starts, and sends nothing when the answer is what was published."""
    service = lab.another_server(answer=echo)
    for _ in range(2):
        daemon = lab.daemon(asking(lab, service.url + "/"))
        is_current(daemon, "203.0.113.200")
        daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]
    assert len(service.requests) == 2


def test_named_service_answers_in_json(lab, carrier):
    """echo:NAME is a definition: its URL is asked, and the address is a member of the JSON object."""
    service = lab.another_server(answer=echo_json)
    providers = Providers(lab)
    providers.add("mirror", f'title = "a mirror"\nserver = "{service.url}"\n'
                            'step address {\n url = "{server}/v1/whoami"\n get = "ip=client.ip"\n}\n')
    daemon = lab.daemon(asking(lab, "echo:mirror"), wrap=providers.wrap)
    is_current(daemon, "203.0.113.200")
    assert [request.target for request in service.requests] == ["/v1/whoami"]


def test_each_family_is_asked_over_itself(lab):
    """One service of two addresses: the A is what it sees over IPv4, the AAAA what it sees over IPv6."""
    lab.net.online(WAN0, v4=7, v6=7)
    service = lab.another_server(answer=echo)
    hosts = lab.dir / "hosts"
    hosts.write_text(f"{SERVER4} ddns.example.net\n{SERVER6} ddns.example.net\n")
    daemon = lab.daemon(lab.config(account(lab.server, source=service.url_for("ddns.example.net") + "/"), **QUICK),
                        wrap=lambda argv: with_etc(argv, {"hosts": hosts}))
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    daemon.stop()
    assert sorted(request.peer for request in service.requests) == ["2001:db8:1::7", "203.0.113.7"]


@pytest.mark.parametrize("answers, status, published", [(True, 0, ["203.0.113.200"]), (False, 1, [])])
def test_once_waits_for_the_source(lab, carrier, answers, status, published):
    """once ends when the source has answered and the record is sent, or with 1 when it does not answer."""
    service = lab.another_server(answer=echo)
    if not answers:
        service.stop()
    config = lab.dir / "wanddns.conf"
    config.write_text(asking(lab, service.url + "/"))
    config.chmod(0o600)
    done = lab.wanddns("once", "-c", config, "--state-dir", lab.dir / "state")
    assert done.returncode == status, done
    assert sent(lab.server) == published


def test_reload_with_another_source_uses_it_at_once(lab, carrier):
    """SIGHUP from the kernel to a service and back: each time what the new source says."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(lab.config(family="ipv4"))
    goes_idle(daemon, "carrier-nat")
    daemon.write_config(asking(lab, service.url + "/"))
    daemon.hup()
    is_current(daemon, "203.0.113.200")
    mark = daemon.mark()
    daemon.write_config(lab.config(family="ipv4"))
    daemon.hup()
    daemon.wait_log(r"A: current -> idle \(carrier-nat: ", after=mark)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]
    assert len(service.requests) == 1


# Answers

def test_two_services_that_agree(lab, carrier):
    """Both are asked once, and what they agree on is published."""
    one, two = lab.another_server(answer=echo), lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, [one.url + "/", two.url + "/"]))
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert len(one.requests) == len(two.requests) == 1


def test_two_services_that_do_not_agree_are_no_answer(lab, carrier):
    """Two services that name two addresses: idle, the log has both; when they agree again it is published."""
    one, two = lab.another_server(answer=echo), lab.another_server(answer=lambda request: "198.51.100.66")
    daemon = lab.daemon(asking(lab, [one.url + "/", two.url + "/"]))
    goes_idle(daemon, "disagree")
    assert daemon.log(r"disagree: .*203\.0\.113\.200 the first, 198\.51\.100\.66 the second")
    two.answer = echo
    carrier.replace(7, 8)
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]


ANSWERS = {
    "html": ("<html><body>203.0.113.200</body></html>", "bad-answer"),
    "empty": ("", "bad-answer"),
    "two": ("203.0.113.200 203.0.113.201\n", "bad-answer"),
    "other-family": ("2001:db8:1::7\n", "bad-answer"),
    "private": ("192.168.1.7\n", "private"),
    "carrier-nat": ("100.64.0.7\n", "carrier-nat"),
    "status": (Reply(status=503, body="203.0.113.200"), "bad-answer"),
    "redirect": (Reply(status=302, body="203.0.113.200", headers={"Location": "/there"}), "bad-answer"),
    "garbled": (Reply(raw=b"203.0.113.200\r\n\r\n"), "bad-answer"),
}


@pytest.mark.parametrize("answer, reason", ANSWERS.values(), ids=ANSWERS)
def test_answer_that_is_not_the_address_is_not_published(lab, carrier, answer, reason):
    """Anything but one public address of the family is no answer: idle, nothing sent, until it is one."""
    service = lab.another_server(answer=lambda request: answer)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    goes_idle(daemon, reason)
    assert len(service.requests) == 1
    service.answer = echo
    carrier.replace(7, 8)
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]
    assert len(service.requests) == 2


def test_bad_answer_after_a_good_one_keeps_what_is_published(lab, carrier):
    """The service goes mad: the record is idle, nothing is sent, and with the old address back nothing need be."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    is_current(daemon, "203.0.113.200")
    service.answer = lambda request: "<html>"
    carrier.replace(7, 8)
    goes_idle(daemon, "bad-answer")
    service.answer = echo
    mark = daemon.mark()
    carrier.replace(8, 9)
    is_current(daemon, "203.0.113.200", after=mark)
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]


# Nobody answers

def test_service_that_is_down_is_asked_again_soon(lab, carrier):
    """No answer at all: source-silent with the cause, asked again on the short ladder, and published. Who did answer,
    only badly, is not asked again meanwhile."""
    service, other = lab.another_server(answer=echo), lab.another_server(answer=lambda request: "<html>")
    service.stop()
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, source=service.url + "/"),
                                            record("www.example.org", source=other.url + "/")), family="ipv4", **QUICK))
    daemon.wait_log(rf"{HOME} A: idle \(source-silent: .*connect")
    daemon.wait_log(r"www.example.org A: idle \(bad-answer: ")
    daemon.wait_log("ask: .*source-silent", count=2)
    service.start()
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.200"]
    assert len(service.requests) == len(other.requests) == 1


def test_service_with_a_false_certificate_is_not_believed(lab, carrier):
    """An answer over TLS that cannot be checked is none."""
    service = lab.another_server(leaf="self_signed", answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/"))
    goes_idle(daemon, "source-silent")
    assert daemon.log("source-silent: .*tls")
    service.wait_until(lambda: service.tls_failures)
    assert service.requests == []


def test_failing_source_never_falls_back_to_the_kernels_address(lab):
    """Both uplinks have public addresses and the source does not answer: none of them is published."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=7, metric=200)
    service = lab.another_server(answer=lambda request: "no idea")
    silent = lab.another_server()
    silent.stop()
    daemon = lab.daemon(lab.config(provider(
        lab.server, record(HOME, source=service.url + "/"),
        record("vpn.example.org", source=silent.url + "/", interface=["wan0", "wan1"]),
        record("tv.example.org", source=f"exec:{script(lab, 'exit 3')}")), family="ipv4", **QUICK))
    daemon.wait_log("home.example.org A: idle .bad-answer")
    daemon.wait_log("vpn.example.org A: idle .source-silent")
    daemon.wait_log("tv.example.org A: idle .source-silent: .*ended with status 3")
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    service.wait_for(2)
    service.answer = lambda request: "198.51.100.66"
    lab.gateway.ip("addr add 203.0.113.9/24 dev wan0", "route add default via 203.0.113.1 dev wan0 metric 100")
    is_current(daemon, "198.51.100.66")
    daemon.stop()
    assert sent(lab.server) == ["198.51.100.66"]


# By which interface

@pytest.mark.parametrize("bind, seen", [("yes", "198.51.100.7"), ("no", "203.0.113.7")])
def test_question_of_a_bound_record_leaves_by_its_interface(lab, bind, seen):
    """With bind = yes the service sees the interface of the record, not the default route's."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=7, metric=200)
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/", interface="wan1", bind=bind))
    is_current(daemon, seen)
    daemon.stop()
    assert [request.peer for request in service.requests] == [seen]
    assert [request.peer for request in lab.server.requests] == [seen]


# Programs

def test_program_of_ones_own_prints_the_address(lab, carrier):
    """exec: what the program prints is published; it is told the family and the interface."""
    path = script(lab, f'echo "$WANDDNS_FAMILY $WANDDNS_INTERFACE" >> {lab.dir}/told\necho " 203.0.113.77 "\n')
    daemon = lab.daemon(asking(lab, f"exec:{path}"))
    is_current(daemon, "203.0.113.77")
    daemon.stop()
    assert (lab.dir / "told").read_text() == f"ipv4 {LINK}\n"


def test_program_is_run_again_when_the_uplink_changes(lab, carrier):
    """Another address on the uplink: the program is run at once, and what it prints now is published."""
    (lab.dir / "address.txt").write_text("203.0.113.77\n")
    daemon = lab.daemon(asking(lab, f"exec:{script(lab, f'cat {lab.dir}/address.txt')}"))
    is_current(daemon, "203.0.113.77")
    (lab.dir / "address.txt").write_text("203.0.113.78\n")
    carrier.replace(7, 8)
    is_current(daemon, "203.0.113.78")


def test_program_needs_no_uplink(lab):
    """A program may know the address though the kernel has no route at all; sending waits for one."""
    path = script(lab, f'echo "<$WANDDNS_INTERFACE>" >> {lab.dir}/told\necho 203.0.113.77\n')
    daemon = lab.daemon(asking(lab, f"exec:{path}"))
    daemon.wait_log(r" A: updating -> waiting \(connect: ")
    assert (lab.dir / "told").read_text() == "<>\n"
    lab.net.online(WAN0, v4=7)
    is_current(daemon, "203.0.113.77")


PROGRAMS = {
    "fails": ("echo 203.0.113.77; exit 7", "source-silent: .*ended with status 7"),
    "killed": ("kill -9 $$", "source-silent: .*was killed by signal 9"),
    "html": ("echo '<html>203.0.113.77</html>'", "bad-answer: .*'<html>"),
    "nothing": ("true", "bad-answer: "),
    "two": ("echo 203.0.113.77; echo 203.0.113.78", "bad-answer: "),
    "too-much": ("while :; do echo 203.0.113.77; done", "source-silent: .*wrote more than"),
    "private": ("echo 10.1.2.3", "private: .*10.1.2.3"),
    "other-family": ("echo 2001:db8::1", "bad-answer: "),
    "only-stderr": ("echo 203.0.113.77 >&2", "bad-answer: "),
}


@pytest.mark.parametrize("text, reason", PROGRAMS.values(), ids=PROGRAMS)
def test_program_that_does_not_print_the_address_is_not_believed(lab, text, reason):
    """A program that fails, or prints anything but one public address: idle with the reason, nothing sent."""
    lab.net.online(WAN0, v4=7)
    path = script(lab, text + "\n")
    daemon = lab.daemon(asking(lab, f"exec:{path}"))
    daemon.wait_log(rf"{HOME} A: idle \({reason}")
    script(lab, "echo 203.0.113.99\n")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.99")
    daemon.stop()
    assert sent(lab.server) == ["203.0.113.99"]


def test_program_that_hangs_does_not_hold_the_daemon(lab):
    """The end of the daemon is the end of a program that hangs, and of what it started; nobody waits for it."""
    lab.net.online(WAN0, v4=7)
    path = script(lab, f"sleep 60 &\necho $$ $! > {lab.dir}/new && mv {lab.dir}/new {lab.dir}/pids\nwait\n")
    daemon = lab.daemon(lab.config(account(lab.server, source=f"exec:{path}"),
                                   account(lab.server, "vpn.example.org", title="dyndns2:other"), family="ipv4"))
    is_current(daemon, "203.0.113.7", name="vpn.example.org")
    until((lab.dir / "pids").exists)
    pids = (lab.dir / "pids").read_text().split()
    assert all(is_running(pid) for pid in pids)
    begin = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begin < 3
    until(lambda: not any(is_running(pid) for pid in pids))
    assert sent(lab.server) == ["203.0.113.7"]


def test_reload_ends_a_program_that_hangs(lab):
    """SIGHUP to another source: the program is ended, and nobody waits for its 30 seconds."""
    lab.net.online(WAN0, v4=7)
    path = script(lab, f"echo $$ > {lab.dir}/new && mv {lab.dir}/new {lab.dir}/pids\nexec sleep 60\n")
    daemon = lab.daemon(asking(lab, f"exec:{path}"))
    until((lab.dir / "pids").exists)
    pid = (lab.dir / "pids").read_text().strip()
    assert is_running(pid)
    daemon.write_config(lab.config(family="ipv4"))
    daemon.hup()
    is_current(daemon, "203.0.113.7")
    until(lambda: not is_running(pid))


def test_program_that_hangs_is_ended_when_the_uplink_changes(lab):
    """The answer about the old uplink is of no use: the program is ended and run anew."""
    lab.net.online(WAN0, v4=7)
    path = script(lab, f"test -e {lab.dir}/go && exec echo 203.0.113.99\necho $$ > {lab.dir}/new\n"
                       f"mv {lab.dir}/new {lab.dir}/pids\nexec sleep 60\n")
    daemon = lab.daemon(asking(lab, f"exec:{path}"))
    until((lab.dir / "pids").exists)
    pid = (lab.dir / "pids").read_text().strip()
    (lab.dir / "go").touch()
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.99")
    until(lambda: not is_running(pid))


# A fixed address

def test_static_address_is_published_whatever_the_machine_has(lab):
    """static: is published once, in its family only, and changes of the uplink send nothing."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, source="static:198.51.100.99"),
                                            record("vpn.example.org", family="ipv4")), **QUICK))
    is_current(daemon, "198.51.100.99")
    is_current(daemon, "203.0.113.7", name="vpn.example.org")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", name="vpn.example.org")
    daemon.stop()
    assert sorted(sent(lab.server)) == ["198.51.100.99", "203.0.113.7", "203.0.113.9"]


# What asks again

@pytest.mark.parametrize("interface", ["auto", LINK])
def test_route_that_comes_back_asks_at_once(lab, carrier, interface):
    """Without a route there is nobody to ask; the moment that it is back the service is asked, not when a retry is due."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/", interface=interface))
    is_current(daemon, "203.0.113.200")
    route = lab.gateway.ip("route show default").splitlines()[0].strip()
    lab.gateway.ip("route del default")
    goes_idle(daemon, "no-route")
    mark = daemon.mark()
    begin = time.monotonic()
    lab.gateway.ip(f"route add {route}")
    daemon.wait_log(r"A: idle -> current \(203\.0\.113\.200; published before\)", after=mark)
    assert service.requests[-1].time - begin < 5
    daemon.stop()
    assert len(service.requests) == 2 and sent(lab.server) == ["203.0.113.200"]


def test_usr1_asks_at_once(lab, carrier):
    """SIGUSR1: a service that answered badly is asked again now, not at the next check."""
    service = lab.another_server(answer=lambda request: Reply(body="<html>"))
    daemon = lab.daemon(asking(lab, service.url + "/"))
    goes_idle(daemon, "bad-answer")
    service.answer = echo
    daemon.usr1()
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert len(service.requests) == 2


def test_service_that_does_not_answer_in_time_is_not_asked_again_soon(lab, carrier):
    """It got the question and closed: it is asked again at the next check, not after a second."""
    service = lab.another_server(answer=lambda request: Reply(raw=b"", close=True))
    daemon = lab.daemon(asking(lab, service.url + "/"))
    goes_idle(daemon, "source-silent")
    service.answer = echo
    carrier.replace(7, 8)
    is_current(daemon, "203.0.113.200")
    daemon.stop()
    assert len(service.requests) == 2


# What status and explain tell of it

def test_status_tells_services_apart(lab, carrier):
    """Two uplinks with two services are two lines for people, too; keys of the URLs are not told."""
    services = [lab.another_server(answer=echo) for _ in range(2)]
    names = HOME, "vpn.example.org"
    daemon = lab.daemon(lab.config(provider(lab.server, *(
        record(name, source=f"{service.url}/geheim?token=geheim") for name, service in zip(names, services))),
        family="ipv4", **QUICK))
    for name in names:
        is_current(daemon, "203.0.113.200", name=name)
    uplinks = of_kind(ask(daemon, "status"), "uplink")
    assert sorted(uplink["asked"] for uplink in uplinks) == sorted([service.url] for service in services)
    text = lab.wanddns("status", "--control", daemon.control).stdout
    for service in services:
        assert text.count(f"echo {service.url} ipv4: 203.0.113.200 on {LINK}") == 1
    assert "geheim" not in text



def outcome(lab, daemon, name=HOME):
    """The one candidate of a record, and what it is for people, without the blanks: a long path is broken."""
    one, = of_kind(ask(daemon, "explain", name), "candidate")
    text = lab.wanddns("explain", name, "--control", daemon.control).stdout
    return one, "".join(re.split("What became|Nothing has become", text.split("looked at:")[1])[0].split())


def test_explain_tells_the_answer_and_who_gave_it(lab, carrier):
    """The address of the service is the one that was chosen, not that of the uplink; keys of its URL are not told."""
    service = lab.another_server(answer=echo)
    daemon = lab.daemon(asking(lab, service.url + "/geheim?token=geheim"))
    is_current(daemon, "203.0.113.200")
    one, text = outcome(lab, daemon)
    assert one["interface"] is None and one["asked"] == [service.url] and one["reason"] == "chosen"
    assert text == f"203.0.113.200from{service.url}:chosen"
    service.answer = lambda request: Reply(body="<html>")
    daemon.usr1()
    goes_idle(daemon, "bad-answer")
    one, text = outcome(lab, daemon)
    assert one["address"] is None and one["reason"] == "bad-answer"
    assert text.startswith(f"nothingfrom{service.url}:bad-answer:theanswerofthesourceisnot")


def test_explain_tells_of_a_program_and_of_a_fixed_address(lab):
    """Neither stands on the uplink, whose address is another one."""
    lab.net.online(WAN0, v4=7)
    program = script(lab, "exit 3\n")
    daemon = lab.daemon(lab.config(provider(lab.server, record(HOME, source=f"exec:{program}"),
                                            record("vpn.example.org", source="static:198.51.100.99")),
                                   family="ipv4", **QUICK))
    is_current(daemon, "198.51.100.99", name="vpn.example.org")
    goes_idle(daemon, "source-silent")
    one, text = outcome(lab, daemon)
    assert one["asked"] == [str(program)]
    assert text.startswith(f"nothingfrom{program}:source-silent:thesourcegivesnoanswer:{program}")
    one, text = outcome(lab, daemon, "vpn.example.org")
    assert (one["interface"], one["asked"]) == (None, []) and text == "198.51.100.99fromtheconfiguration:chosen"


def test_key_in_the_query_of_a_service_stays_out_of_the_log(lab, carrier):
    """source = https://...?token=...: what fails is told without the query."""
    service = lab.another_server(answer=lambda request: Reply(body="<html>"))
    daemon = lab.daemon(asking(lab, service.url + "/?token=geheim"))
    goes_idle(daemon, "bad-answer")
    daemon.stop()
    assert "geheim" not in daemon.err.text
    assert service.requests[0].query["token"] == "geheim"
