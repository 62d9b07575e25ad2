"""when-lost = withdraw: a record whose address is gone for long is deleted at the provider, and no other record is."""

import re
import time

import pytest

from harness.expect import HOME, is_current
from harness.sections import Providers, custom, provider, record
from harness.server import Reply, good
from harness.topology import WAN0, WAN1

DELETE = """step delete {
    url   = "{server}/delete"
    query = { "hostname={hostname}", "type={type}" }
    auth  = basic
}
"""
AFTER = 2  # seconds


class Withdrawing:
    """Records of wan0 at a provider that can delete; wan1 is a way there that stays."""

    def __init__(self, lab):
        self.lab, self.server = lab, lab.server
        self.providers = Providers(lab)
        self.providers.add("home-made", custom(["hostname={hostname}", "ip={ip}"], more=DELETE + "names = 20\n"))
        lab.net.online(WAN0, v4=7)
        lab.net.online(WAN1, v4=7, metric=200)

    def start(self, *records, when_lost="withdraw", withdraw_after=f"{AFTER}s", family="ipv4", **keys):
        section = provider(self.server, *(records or [record(HOME)]), title="home-made", interface="wan0", **keys)
        return self.lab.daemon(self.lab.config(section, family=family, when_lost=when_lost, settle="20ms",
                                               withdraw_after=withdraw_after), wrap=self.providers.wrap)

    def lose(self, host=7):
        """The address goes; when that was."""
        moment = time.monotonic()
        self.lab.gateway.ip(f"addr del 203.0.113.{host}/24 dev wan0")
        return moment

    def regain(self, host=7):
        self.lab.net.online(WAN0, v4=host)

    @property
    def deletions(self):
        return [request for request in self.server.requests if request.path == "/delete"]

    @property
    def asked(self):
        """What was asked for, in order: ["203.0.113.7", "delete A", ...]."""
        return [r.query["ip"] if r.path == "/update" else "delete " + r.query["type"] for r in self.server.requests]


@pytest.fixture
def withdrawing(lab):
    return Withdrawing(lab)


def is_withdrawn(daemon, *, name=HOME, rtype="A", after=0):
    return daemon.wait_log(rf"{name} {rtype}: updating -> idle \(withdrawn\)", after=after)


def goes_idle(daemon, reason="no-address", after=0):
    return daemon.wait_log(rf"{HOME} A: (\w+ -> )?idle \({reason}: ", after=after)


def test_record_is_deleted_when_its_address_was_lost_for_long(withdrawing):
    """Not before withdraw-after one request deletes it; then it is idle, and published when an address is back."""
    daemon = withdrawing.start()
    is_current(daemon, "203.0.113.7")
    lost = withdrawing.lose()
    is_withdrawn(daemon)
    assert AFTER <= withdrawing.deletions[0].time - lost < AFTER + 5
    assert withdrawing.deletions[0].hostnames == [HOME]
    assert withdrawing.deletions[0].login == ("alice", "s3cret")
    withdrawing.regain(9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "203.0.113.9"]


def test_same_address_after_the_deletion_is_published_again(withdrawing):
    """What was deleted is not taken for published: the old address, when it comes back, is an update."""
    daemon = withdrawing.start(withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    withdrawing.lose()
    is_withdrawn(daemon)
    mark = daemon.mark()
    withdrawing.regain()
    is_current(daemon, "203.0.113.7", after=mark)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "203.0.113.7"]


def test_shorter_losses_delete_nothing_and_do_not_add_up(withdrawing):
    """Each loss begins anew: the deletion comes withdraw-after the last loss, however many there were before."""
    daemon = withdrawing.start()
    is_current(daemon, "203.0.113.7")
    for _ in range(5):
        mark = daemon.mark()
        withdrawing.lose()
        goes_idle(daemon, after=mark)
        withdrawing.regain()
        is_current(daemon, "203.0.113.7", after=mark)
    lost = withdrawing.lose()
    is_withdrawn(daemon)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A"]
    assert withdrawing.deletions[0].time - lost >= AFTER


def test_restart_while_the_address_is_lost_does_not_delete_at_once(withdrawing):
    """A daemon that starts without an address waits withdraw-after; one that has deleted does not do it again."""
    daemon = withdrawing.start()
    is_current(daemon, "203.0.113.7")
    withdrawing.lose()
    goes_idle(daemon)
    daemon.stop()
    began = time.monotonic()
    daemon = withdrawing.start()
    is_withdrawn(daemon)
    daemon.stop()
    assert withdrawing.deletions[0].time - began >= AFTER
    daemon = withdrawing.start(withdraw_after="1s")
    daemon.wait_log("A: idle .no-address: ")
    withdrawing.lab.gateway.ip("addr add 192.168.7.2/24 dev wan0")
    daemon.wait_log("A: idle .private: ")
    withdrawing.regain(9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "203.0.113.9"]


def test_record_that_was_never_published_is_not_deleted(withdrawing):
    """Somebody else may have made it: what this program did not publish it does not delete."""
    daemon = withdrawing.start(record("one.example.org"), record(HOME, interface="wan9"), withdraw_after="1s")
    is_current(daemon, "203.0.113.7", name="one.example.org")
    withdrawing.lose()
    is_withdrawn(daemon, name="one.example.org")
    daemon.stop()
    assert [request.hostnames for request in withdrawing.deletions] == [["one.example.org"]]


def test_deletion_that_does_not_arrive_is_tried_again(withdrawing):
    """The provider cannot be reached: the deletion waits on the short ladder, and is made when it can."""
    daemon = withdrawing.start(withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    withdrawing.server.stop()
    withdrawing.lose()
    daemon.wait_log(r"A: updating -> waiting \(connect: ")
    withdrawing.server.start()
    is_withdrawn(daemon)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A"]


@pytest.mark.parametrize("answer, state", [("later", "waiting"), (Reply(status=503), "waiting"),
                                           ("nohost", "idle")], ids=["later", "503", "refused"])
def test_deletion_that_fails_is_repeated_by_the_operator_or_the_clock(withdrawing, answer, state):
    """The provider says later: the record waits. It says no: that is given up. SIGUSR1 tries at once, and an address that
    comes is sent as ever."""
    daemon = withdrawing.start(withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    withdrawing.server.answer = lambda request: answer
    withdrawing.lose()
    line = daemon.wait_log(rf"A: updating -> {state} \((.*)\)").match[1]
    assert re.search(r"next attempt in (5|60)", line) if state == "waiting" else "it cannot be deleted: " in line
    withdrawing.server.answer = good
    mark = daemon.mark()
    daemon.usr1()
    daemon.wait_log(r"A: updating -> idle \(withdrawn\)", after=mark)
    withdrawing.regain(9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "delete A", "203.0.113.9"]


def test_address_that_comes_back_while_the_deletion_is_under_way(withdrawing):
    """The answer to the deletion does not come: the address that is back is published, whatever became of it."""
    daemon = withdrawing.start(withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    withdrawing.server.answer = lambda request: Reply(hang=True) if request.path == "/delete" else good(request)
    withdrawing.lose()
    withdrawing.server.wait_for(2)
    mark = daemon.mark()
    withdrawing.regain()
    is_current(daemon, "203.0.113.7", after=mark)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "203.0.113.7"]


def test_lost_records_share_a_deletion_and_the_others_stay(withdrawing):
    """Two names of wan0 are deleted by one request; a third, of wan1, is left alone."""
    daemon = withdrawing.start(record(HOME), record("www.example.org"), record("vpn.example.org", interface="wan1"),
                               withdraw_after="1s")
    daemon.wait_log("updating -> current", count=3)
    withdrawing.lose()
    is_withdrawn(daemon)
    is_withdrawn(daemon, name="www.example.org")
    daemon.stop()
    assert [request.hostnames for request in withdrawing.deletions] == [[HOME, "www.example.org"]]


@pytest.mark.parametrize("families", ["one", "both"])
def test_each_type_that_is_lost_is_deleted(withdrawing, families):
    """A and AAAA both lost: the provider hears of both types, also where updates carry both in one request."""
    withdrawing.providers.add("home-made", custom(["hostname={hostname}", "ip={ip}"],
                                                  more=DELETE + f"families = {families}\n"))
    withdrawing.lab.net.online(WAN0, v6=7)
    daemon = withdrawing.start(family="both", withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    withdrawing.lab.gateway.ip("addr flush dev wan0 scope global")
    is_withdrawn(daemon)
    is_withdrawn(daemon, rtype="AAAA")
    daemon.stop()
    assert sorted(request.query["type"] for request in withdrawing.deletions) == ["A", "AAAA"]


def test_one_type_that_is_lost_is_deleted_alone(withdrawing):
    """The AAAA is lost, the A stays: only type AAAA is deleted."""
    withdrawing.lab.net.online(WAN0, v6=7)
    daemon = withdrawing.start(family="both", withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    withdrawing.lab.gateway.ip("addr del 2001:db8:1::7/64 dev wan0")
    is_withdrawn(daemon, rtype="AAAA")
    withdrawing.lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert withdrawing.asked[2:] == ["delete AAAA", "203.0.113.9"]


def test_keep_deletes_nothing(withdrawing):
    """when-lost = keep in the record, withdraw elsewhere: what is lost for as long stays published."""
    daemon = withdrawing.start(record(HOME, when_lost="keep"), record("www.example.org"), withdraw_after="1s")
    daemon.wait_log("updating -> current", count=2)
    withdrawing.lose()
    goes_idle(daemon)
    is_withdrawn(daemon, name="www.example.org")
    mark = daemon.mark()
    withdrawing.regain()
    is_current(daemon, "203.0.113.7", after=mark)
    is_current(daemon, "203.0.113.7", name="www.example.org", after=mark)
    daemon.stop()
    assert [(request.path, request.hostnames) for request in withdrawing.server.requests] == [
        ("/update", [HOME, "www.example.org"]), ("/delete", ["www.example.org"]), ("/update", ["www.example.org"])]


def test_source_that_is_silent_is_no_loss(withdrawing):
    """While the source does not say the address, it is not known to be lost: no deletion, though others are deleted."""
    service = withdrawing.lab.another_server(answer=lambda request: "203.0.113.99")
    daemon = withdrawing.start(record(HOME, source=service.url + "/"), record("vpn.example.org", interface="wan1"),
                               withdraw_after="1s")
    is_current(daemon, "203.0.113.99")
    is_current(daemon, "198.51.100.7", name="vpn.example.org")
    service.answer = lambda request: "no idea"
    withdrawing.lab.net.replace4(7, 9)
    goes_idle(daemon, "bad-answer")
    withdrawing.lab.gateway.ip("link set wan1 down")
    is_withdrawn(daemon, name="vpn.example.org")
    daemon.stop()
    assert [request.hostnames for request in withdrawing.deletions] == [["vpn.example.org"]]


def test_uplink_of_a_source_that_is_lost_is_a_loss(withdrawing):
    """No uplink to ask by: the address outside is as lost as one of the kernel's."""
    service = withdrawing.lab.another_server(answer=lambda request: "203.0.113.99")
    daemon = withdrawing.start(record(HOME, source=service.url + "/"), withdraw_after="1s")
    is_current(daemon, "203.0.113.99")
    withdrawing.lose()
    is_withdrawn(daemon)
    mark = daemon.mark()
    withdrawing.regain()
    is_current(daemon, "203.0.113.99", after=mark)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.99", "delete A", "203.0.113.99"]


def test_deletion_that_a_restart_cut_short_is_sent_again(withdrawing):
    """Killed while the deletion is under way: nobody knows what became of it, so the next daemon deletes again."""
    daemon = withdrawing.start(withdraw_after="1s")
    is_current(daemon, "203.0.113.7")
    withdrawing.server.answer = lambda request: Reply(hang=True) if request.path == "/delete" else good(request)
    withdrawing.lose()
    withdrawing.server.wait_for(2)
    daemon.stop()
    withdrawing.server.answer = good
    daemon = withdrawing.start(withdraw_after="1s")
    is_withdrawn(daemon)
    daemon.stop()
    assert withdrawing.asked == ["203.0.113.7", "delete A", "delete A"]
