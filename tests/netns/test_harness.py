"""The harness itself: without this, a test that passes would prove nothing."""

import pytest

from harness.server import Reply
from harness.topology import WAN0, WAN1

CURL = ["curl", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*"]


def curl(lab, *argv, **kwargs):
    return lab.gateway.run([*CURL, "--cacert", str(lab.authority.ca_file), *argv], **kwargs)


@pytest.mark.parametrize("uplink", [WAN0, WAN1], ids=lambda uplink: uplink.link)
def test_server_is_reached_through_either_uplink_with_both_families(lab, uplink):
    """A request arrives from the address that the gateway has on the uplink."""
    lab.net.online(uplink, v4=7, v6=7)
    target = "/nic/update?hostname=a.example.org&myip=1.2.3.4"
    for base in (lab.server.url, lab.server.url6):
        assert curl(lab, "--user", "u:p", base + target).stdout == "good 1.2.3.4\n"
    first, second = lab.server.wait_for(2)
    assert (first.peer, second.peer) == (uplink.net4 + ".7", uplink.net6 + "::7")
    assert first.login == ("u", "p")
    assert first.path == "/nic/update"
    assert first.hostnames == ["a.example.org"] and first.addresses == ["1.2.3.4"]


def test_replaced_address_and_moved_route_reach_the_server(lab):
    """Changes that the tests make on the gateway are seen in the peer address."""
    lab.net.online(WAN0, v4=7)
    lab.net.online(WAN1, v4=8, metric=200)
    lab.net.replace4(7, 9)
    curl(lab, lab.server.url)
    lab.gateway.ip("route del default dev wan0")
    curl(lab, lab.server.url)
    assert [request.peer for request in lab.server.requests] == ["203.0.113.9", "198.51.100.8"]


@pytest.mark.parametrize("leaf, text", [("expired", "expired"), ("early", "not yet valid"),
                                        ("wrong_name", "no alternative certificate subject name"),
                                        ("self_signed", "self-signed")])
def test_bad_certificate_is_bad(lab, leaf, text):
    """curl agrees that each bad certificate is bad for its own reason."""
    lab.net.online(WAN0, v4=7)
    server = lab.another_server(leaf=leaf)
    done = curl(lab, server.url, check=False)
    assert done.returncode == 60
    assert text in done.stderr
    assert not server.requests


@pytest.mark.parametrize("reply, code", [(Reply(raw=b"\x00\xff rubbish\r\n"), 1),
                                         (Reply(raw=b""), 52), (Reply(hang=True), 28),
                                         (Reply(drip=0.05), 28), (Reply(delay=9), 28)],
                         ids=["rubbish", "closed", "hang", "drip", "delay"])
def test_bad_answer_is_bad(lab, reply, code):
    """Each way to answer badly looks to curl as it should."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: reply
    assert curl(lab, "--max-time", "0.5", lab.server.url, check=False).returncode == code
    request, = lab.server.requests
    if code == 28:
        lab.server.wait_until(lambda: request.gone)


def test_server_stops_and_starts_on_its_port(lab):
    """A stopped server refuses connections, and one started again answers."""
    lab.net.online(WAN0, v4=7)
    assert curl(lab, lab.server.url).returncode == 0
    lab.server.stop()
    assert curl(lab, lab.server.url, check=False).returncode == 7
    lab.server.start()
    assert curl(lab, lab.server.url).returncode == 0
