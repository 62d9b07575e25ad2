"""A real provider: PowerDNS Authoritative of the distribution, written by its HTTP API and asked by DNS."""

import pytest

from harness.expect import HOME, at_rest, is_current
from harness.lan import LAN, Lan
from harness.pdns import KEY, OTHERS, ZONE, PowerDns, section
from harness.sections import record
from harness.topology import WAN0, WAN1

A, B = "2001:db8:100:", "2001:db8:200:"  # prefixes of the LAN
QUICK = {"settle": "20ms"}
TOLD = r"[^()]*the API key is wrong \(api-key in pdns\.conf\)"


@pytest.fixture
def pdns(lab):
    with PowerDns(lab) as pdns:
        yield pdns


def write_config(lab, *sections, **keys):
    path = lab.dir / "wanddns.conf"
    path.write_text(lab.config(*sections, **{**QUICK, **keys}))
    path.chmod(0o600)
    return path


def once(lab, path):
    return lab.wanddns("once", "-c", path, "--state-dir", lab.dir / "state")


def ours(ttl, *addresses):
    """An rrset as we write it."""
    return ttl, [(address, False) for address in sorted(addresses)], "[]"


# Addresses

def test_change_of_the_kernels_address_is_answered_by_dns(lab, pdns):
    """A and AAAA of the uplink, the first ones and the next ones, are what dig is told; each change is one PATCH."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(section(hostname=HOME), **QUICK))
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    assert (pdns.dig(HOME, "A"), pdns.dig(HOME, "AAAA")) == (["203.0.113.7"], ["2001:db8:1::7"])
    assert len(pdns.patches(1)) == 1
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    assert (pdns.dig(HOME, "A"), pdns.dig(HOME, "AAAA")) == (["203.0.113.9"], ["2001:db8:1::7"])
    lab.gateway.ip("addr add 2001:db8:1::9/64 dev wan0 nodad", "addr del 2001:db8:1::7/64 dev wan0",
                   "route replace default via 2001:db8:1::1 dev wan0 metric 100")
    is_current(daemon, "2001:db8:1::9", rtype="AAAA")
    assert (pdns.dig(HOME, "A"), pdns.dig(HOME, "AAAA")) == (["203.0.113.9"], ["2001:db8:1::9"])
    daemon.stop()
    assert pdns.patches(3) == [(ZONE + ".", 204)] * 3


def test_every_other_rrset_stays_as_it_was(lab, pdns):
    """The zone before and after differs in our A and AAAA alone, also beside other types of the same name."""
    before = pdns.zone()
    assert len(before) == len(OTHERS) + 2
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(section(hostname=HOME), **QUICK))
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "2001:db8:1::7", rtype="AAAA")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert pdns.zone() == {**before, (HOME, "A"): ours(300, "203.0.113.9"), (HOME, "AAAA"): ours(300, "2001:db8:1::7")}


def test_rrset_that_was_there_is_replaced_with_the_ttl_of_the_configuration(lab, pdns):
    """What stood under our name and type is gone, and the TTL is ttl's."""
    pdns.api("PATCH", f"/{ZONE}.", {"rrsets": [{
        "name": HOME + ".", "type": "A", "ttl": 9999, "changetype": "REPLACE",
        "records": [{"content": "192.0.2.200", "disabled": False}, {"content": "192.0.2.201", "disabled": False}]}]})
    assert pdns.dig(HOME, "A") == ["192.0.2.200", "192.0.2.201"]
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(section(hostname=HOME, ttl=77), family="ipv4", **QUICK))
    is_current(daemon, "203.0.113.7")
    assert pdns.dig(HOME, "A") == ["203.0.113.7"]
    assert pdns.zone()[HOME, "A"] == ours(77, "203.0.113.7")


def test_apex_and_wildcard_are_names_like_others(lab, pdns):
    """The zone's own name and *.home are written, and beside them nothing is lost."""
    before = pdns.zone()
    lab.net.online(WAN0, v6=7)
    daemon = lab.daemon(lab.config(section(hostname=[ZONE, "*." + HOME]), family="ipv6", **QUICK))
    is_current(daemon, "2001:db8:1::7", name=ZONE, rtype="AAAA")
    is_current(daemon, "2001:db8:1::7", name="*." + HOME, rtype="AAAA")
    assert pdns.dig(ZONE, "AAAA") == pdns.dig("anything." + HOME, "AAAA") == ["2001:db8:1::7"]
    assert pdns.zone() == {**before, (ZONE, "AAAA"): ours(300, "2001:db8:1::7"),
                           ("*." + HOME, "AAAA"): ours(300, "2001:db8:1::7")}


# Many

HOSTS = {f"h{number}.{ZONE}": f":{number:x}:5" for number in range(1, 121)}
NAMES = [f"w{number}.{ZONE}" for number in range(1, 41)]


def many(lab, hosts, names):
    """Hosts behind the prefix of the LAN, by a hosts-file, and names with A and AAAA of the uplink."""
    path = lab.dir / "hosts"
    path.write_text("".join(f"{name} :{host}\n" for name, host in hosts.items()))
    path.chmod(0o644)
    return section(*(record(name, interface="wan0") for name in names), interface=LAN, hosts_file=path)


def has_all(pdns, before, v4, v6, prefix):
    """The zone has these addresses for all names and hosts, and all else is as it was."""
    expected = dict(before)
    for name in NAMES:
        expected[name, "A"], expected[name, "AAAA"] = ours(300, v4), ours(300, v6)
    expected.update({(name, "AAAA"): ours(300, prefix + host) for name, host in HOSTS.items()})
    return pdns.zone() == expected


def test_two_hundred_records_are_one_request(lab, pdns):
    """120 hosts behind a prefix and A and AAAA of 40 names, each with its own address: one PATCH; and when the
    prefix moves, one PATCH of 120."""
    before = pdns.zone()
    with Lan(lab) as lan:
        lab.net.online(WAN0, v6=7)
        lan.add(A)
        daemon = lab.daemon(lab.config(many(lab, HOSTS, NAMES), **QUICK))
        daemon.wait_log(r"updating -> current", count=200, timeout=60)
        assert pdns.patches(1) == [(ZONE + ".", 204)]
        assert has_all(pdns, before, "203.0.113.7", "2001:db8:1::7", A)
        assert pdns.dig(f"h77.{ZONE}", "AAAA") == ["2001:db8:100::4d:5"]
        mark = daemon.mark()
        lan.add(B)
        at_rest(daemon, mark)
        lan.remove(A)
        daemon.wait_log(r"updating -> current", count=120, after=mark, timeout=60)
        daemon.stop()
        assert pdns.patches(2) == [(ZONE + ".", 204)] * 2
        assert has_all(pdns, before, "203.0.113.7", "2001:db8:1::7", B)


def test_one_record_more_is_a_second_request(lab, pdns):
    """201 records: one PATCH of 200, and one of 1, which waits for the answer to the first: a server with SQLite
    answers 500 to one of two PATCHes at once."""
    with Lan(lab) as lan:
        lab.net.online(WAN0, v6=7)
        lan.add(A)
        pdns.pause()
        daemon = lab.daemon(lab.config(many(lab, {**HOSTS, f"h121.{ZONE}": ":79:5"}, NAMES), **QUICK))
        daemon.wait_log("step update: request: PATCH")
        mark = daemon.mark()
        lab.gateway.ip("addr add 203.0.113.99/24 dev wan0")
        at_rest(daemon, mark)
        assert len(daemon.log("step update: request: PATCH")) == 1
        pdns.resume()
        daemon.wait_log(r"updating -> current", count=201, timeout=60)
        daemon.stop()
        assert pdns.patches(2) == [(ZONE + ".", 204)] * 2
        assert pdns.zone()[f"h121.{ZONE}", "AAAA"] == ours(300, "2001:db8:100::79:5")


# Trouble

def test_wrong_key_refuses_the_account_and_the_right_one_is_used_at_once(lab, pdns):
    """A wrong key costs one request, whatever changes; the log says what to do; a right one, by SIGHUP, is
    used without more ado. Neither stands in the log."""
    before = pdns.zone()
    secret = lab.dir / "key"
    secret.write_text("wr0ng-k3y\n")
    secret.chmod(0o600)
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(section(hostname=[HOME, "vpn." + ZONE], password=None, password_file=secret),
                                   family="ipv4", **QUICK))
    daemon.wait_log(rf"{HOME} A: updating -> refused \({TOLD}")
    daemon.wait_log(rf"powerdns: no more requests: {TOLD}")
    lab.net.replace4(7, 8)
    lab.net.replace4(8, 9)
    daemon.wait_log(r"203\.0\.113\.9 on wan0")
    assert pdns.zone() == before
    assert pdns.patches(1) == [(ZONE + ".", 401)]
    secret.write_text(KEY + "\n")
    daemon.hup()
    is_current(daemon, "203.0.113.9")
    is_current(daemon, "203.0.113.9", name="vpn." + ZONE)
    assert pdns.dig(HOME, "A") == ["203.0.113.9"]
    assert pdns.patches(2) == [(ZONE + ".", 401), (ZONE + ".", 204)]
    assert KEY not in daemon.err.text and "wr0ng" not in daemon.err.text


def test_unknown_zone_is_refused_and_another_section_is_not(lab, pdns):
    """A zone that the server does not have: the name is refused, and says so; names of a zone that is there are not."""
    lab.net.online(WAN0, v4=7)
    nowhere = "home.example.net"
    daemon = lab.daemon(lab.config(
        section(hostname=nowhere, zone="example.net").replace("powerdns", "powerdns:other"),
        section(hostname=HOME), family="ipv4", **QUICK))
    daemon.wait_log(rf"{nowhere} A: updating -> refused \([^()]*the server has no such zone")
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert sorted(pdns.patches(2)) == [("example.net.", 404), (ZONE + ".", 204)]


def test_zone_or_server_id_that_was_put_right_is_used_at_once(lab, pdns):
    """A refusal for a zone or an option that was wrong ends when SIGHUP brings another one."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(section(hostname=HOME, zone=HOME),
                                   family="ipv4", **QUICK))
    daemon.wait_log(rf"{HOME} A: updating -> refused \([^()]*the server has no such zone")
    daemon.write_config(lab.config(section(hostname=HOME, options="server-id=elsewhere"), family="ipv4", **QUICK))
    daemon.hup()
    daemon.wait_log(rf"{HOME} A: updating -> refused", count=2)
    daemon.write_config(lab.config(section(hostname=HOME), family="ipv4", **QUICK))
    daemon.hup()
    is_current(daemon, "203.0.113.7")
    assert pdns.dig(HOME, "A") == ["203.0.113.7"]


def test_name_that_the_server_refuses_harms_no_other(lab, pdns):
    """One name has a CNAME already, so that the server refuses its A (422): it is refused, with the server's words; the
    other names of the section are published."""
    before = pdns.zone()
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(section(hostname=[HOME, "ftp." + ZONE, "vpn." + ZONE]), family="ipv4", **QUICK))
    daemon.wait_log(rf"ftp\.{ZONE} A: \w+ -> refused \(.*ftp\.{ZONE}.*onflict")
    is_current(daemon, "203.0.113.7")
    is_current(daemon, "203.0.113.7", name="vpn." + ZONE)
    assert pdns.zone() == {**before, **{(name, "A"): ours(300, "203.0.113.7") for name in (HOME, "vpn." + ZONE)}}


def test_stopped_server_is_waited_for(lab, pdns):
    """While it is down the record waits; some time after it is back it is current, with nobody's help."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(section(hostname=HOME), family="ipv4", **QUICK))
    is_current(daemon, "203.0.113.7")
    before = pdns.zone()
    pdns.stop()
    lab.net.replace4(7, 9)
    daemon.wait_log(rf"{HOME} A: updating -> waiting \(connect: .*next attempt in")
    pdns.start()
    is_current(daemon, "203.0.113.9", timeout=60)
    assert pdns.dig(HOME, "A") == ["203.0.113.9"]
    assert pdns.zone() == {**before, (HOME, "A"): ours(300, "203.0.113.9")}


# The end of an address

def test_withdrawal_deletes_our_rrset_and_no_other(lab, pdns):
    """when-lost = withdraw: the A of the uplink that is gone is deleted; its AAAA, the other names and all that others
    have stay; when an address is back so is the record."""
    before = pdns.zone()
    lab.net.online(WAN0, v4=7, v6=7)
    lab.net.online(WAN1, v4=7, metric=200)
    daemon = lab.daemon(lab.config(
        section(record(HOME, interface="wan0"), record("vpn." + ZONE, interface="wan1", family="ipv4")),
        when_lost="withdraw", withdraw_after="1s", **QUICK))
    daemon.wait_log("updating -> current", count=3)
    published = {**before, (HOME, "AAAA"): ours(300, "2001:db8:1::7"), ("vpn." + ZONE, "A"): ours(300, "198.51.100.7")}
    assert pdns.zone() == {**published, (HOME, "A"): ours(300, "203.0.113.7")}
    lab.gateway.ip("addr del 203.0.113.7/24 dev wan0")
    daemon.wait_log(rf"{HOME} A: updating -> idle \(withdrawn\)")
    assert pdns.dig(HOME, "A") == []
    assert pdns.zone() == published
    lab.net.online(WAN0, v4=9)
    is_current(daemon, "203.0.113.9")
    daemon.stop()
    assert pdns.zone() == {**published, (HOME, "A"): ours(300, "203.0.113.9")}
    assert [status for _, status in pdns.patches(3)] == [204, 204, 204]


# One pass

@pytest.mark.parametrize("trouble, status", [("none", 0), ("stopped", 1), ("key", 1), ("zone", 1)])
def test_once_says_by_its_status_whether_all_is_published(lab, pdns, trouble, status):
    """0 when dig is told the address; 1 when the server is down, the key is wrong, or there is no such zone."""
    keys = {"key": {"password": "wr0ng-k3y"}, "zone": {"zone": "example.net", "hostname": "home.example.net"}}
    lab.net.online(WAN0, v4=7)
    if trouble == "stopped":
        pdns.stop()
    done = once(lab, write_config(lab, section(**{"hostname": HOME, **keys.get(trouble, {})}), family="ipv4"))
    assert done.returncode == status, done
    if trouble == "stopped":
        pdns.start()
    assert pdns.dig(HOME, "A") == (["203.0.113.7"] if status == 0 else [])
    assert KEY not in done.stdout + done.stderr


def test_once_again_asks_nothing(lab, pdns):
    """A second pass with the same address is status 0 and no request."""
    lab.net.online(WAN0, v4=7)
    path = write_config(lab, section(hostname=HOME), family="ipv4")
    assert [once(lab, path).returncode for _ in range(2)] == [0, 0]
    assert pdns.patches(1) == [(ZONE + ".", 204)]
