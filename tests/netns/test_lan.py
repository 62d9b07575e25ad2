"""Hosts behind the gateway: the prefix of a LAN link, with the host's own part behind it, also when that moves."""

import ipaddress
import json

import pytest

from harness.expect import HOME, at_rest, is_current, until
from harness.lan import HOST_MAC, LAN, Lan
from harness.sections import Providers, custom, provider, record

A, B = "2001:db8:100:", "2001:db8:200:"  # prefixes; ":1" behind one is the gateway
NAS, CAM, TV = "nas.example.org", "cam.example.org", "tv.example.org"
NAS_MAC = "02:00:5e:00:53:02"
QUICK = {"settle": "20ms"}


@pytest.fixture
def lan(lab):
    with Lan(lab) as lan:
        yield lan


def asked(lab):
    """What each request was for: [("nas.example.org", "2001:db8:100::5")]."""
    return [(request.query["hostname"], request.query["myip"]) for request in lab.server.requests]


def is_at(daemon, name, address, **kwargs):
    return is_current(daemon, address, name=name, rtype="AAAA", **kwargs)


def goes_idle(daemon, name, reason, after=0):
    return daemon.wait_log(rf"{name} AAAA: (\w+ -> )?idle \({reason}: ", after=after)


def hosts_file(lab, text):
    path = lab.dir / "hosts"
    path.write_text(text)
    path.chmod(0o644)
    return path


# Which address

def test_host_by_suffix_by_mac_and_by_hosts_file(lab, lan):
    """The three ways to name a host give the prefix of the LAN with the host's part behind it."""
    lan.add(A)
    path = hosts_file(lab, f"# the hosts of the house\n\n{TV}  ::a:b  # a suffix\n")
    daemon = lab.daemon(lab.config(provider(
        lab.server, record(NAS, suffix="::1:2"), record(CAM, mac=HOST_MAC), hosts_file=path, interface=LAN)))
    is_at(daemon, NAS, "2001:db8:100::1:2")
    is_at(daemon, CAM, "2001:db8:100::5eff:fe00:5301")
    is_at(daemon, TV, "2001:db8:100::a:b")
    daemon.stop()
    assert sorted(asked(lab)) == sorted([(NAS, "2001:db8:100::1:2"), (CAM, "2001:db8:100::5eff:fe00:5301"),
                                         (TV, "2001:db8:100::a:b")])


def test_host_by_mac_has_the_host_part_that_its_kernel_makes(lab, lan):
    """What stands behind the prefix for a MAC is what the host's own kernel makes of it."""
    def link_local():
        entries = json.loads(lan.host.run(["ip", "-j", "-6", "addr", "show", "dev", "eth0"]).stdout)
        return [info["local"] for entry in entries for info in entry.get("addr_info", ()) if "local" in info]

    own, = until(link_local)
    lan.add(A)
    daemon = lab.daemon(lab.config(provider(lab.server, record(CAM, mac=HOST_MAC), interface=LAN)))
    host_part = int(ipaddress.ip_address(own)) % 2 ** 64
    is_at(daemon, CAM, str(ipaddress.ip_network(A + ":/64")[host_part]))


@pytest.mark.parametrize("address, keys, host, published", [
    (f"{A}42::1/64", {"prefix_length": 56}, {"suffix": "::12:0:0:0:5"}, "2001:db8:100:12::5"),
    (f"{A}42::1/60", {}, {"suffix": "::3:0:0:0:5"}, "2001:db8:100:43::5"),
    (f"{A}42::1/60", {}, {"mac": HOST_MAC}, "2001:db8:100:42:0:5eff:fe00:5301"),
    (f"{A}42::1/128", {"prefix_length": 64}, {"suffix": "::5"}, "2001:db8:100:42::5"),
    (f"{A}42::1/64", {"prefix_length": 96}, {"suffix": "::5"}, "2001:db8:100:42::5"),
], ids=["key-56", "kernel-60", "kernel-60-mac", "key-64-over-128", "key-96"])
def test_length_of_the_prefix_is_the_kernels_or_that_of_the_key(lab, lan, address, keys, host, published):
    """As many bits as the kernel says, or prefix-length, are the prefix; a MAC keeps the subnet's number."""
    lab.gateway.ip(f"addr add {address} dev {LAN} nodad")
    daemon = lab.daemon(lab.config(provider(lab.server, record(NAS, **host), interface=LAN, **keys)))
    is_at(daemon, NAS, published)
    daemon.stop()
    assert asked(lab) == [(NAS, published)]


@pytest.mark.parametrize("length, host", [(128, {"suffix": "::5"}), (128, {"mac": HOST_MAC}),
                                          (64, {"suffix": "::12:0:0:0:5"}), (65, {"mac": HOST_MAC})])
def test_host_part_that_does_not_fit_is_idle_with_a_hint(lab, lan, length, host):
    """Where the kernel's prefix leaves no room nothing is sent; the log has its length, and the key that helps."""
    lan.add(A, length)
    daemon = lab.daemon(lab.config(provider(lab.server, record(NAS, **host), interface=LAN)))
    goes_idle(daemon, NAS, "no-room")
    assert daemon.log(rf"no-room: .* prefix of {LAN}: it is {length} bits long; prefix-length may say another")
    lan.remove(A, length)
    lan.add(B, 56)
    daemon.wait_log(rf"{NAS} AAAA: updating -> current")
    daemon.stop()
    assert len(lab.server.requests) == 1


@pytest.mark.parametrize("how", ["hostname-and-record", "hostname-and-hosts-file"])
def test_name_with_the_a_of_the_gateway_and_the_aaaa_of_a_host(lab, lan, how):
    """One name in two places: its A is the uplink's and its AAAA the host's, each with a life of its own."""
    lan.add(A)
    host = record(NAS, interface=LAN, suffix="::5")
    section = {
        "hostname-and-record": lambda: provider(lab.server, host, hostname=NAS, interface="wan0"),
        "hostname-and-hosts-file": lambda: provider(lab.server, hostname=NAS, interface=[LAN, "wan0"],
                                                    hosts_file=hosts_file(lab, f"{NAS} ::5\n")),
    }[how]()
    lab.gateway.ip(f"addr add 192.168.1.1/24 dev {LAN}")
    daemon = lab.daemon(lab.config(section, **QUICK))
    is_current(daemon, "203.0.113.7", name=NAS)
    is_at(daemon, NAS, "2001:db8:100::5")
    lab.net.replace4(7, 9)
    is_current(daemon, "203.0.113.9", name=NAS)
    lan.add(B)
    lan.remove(A)
    is_at(daemon, NAS, "2001:db8:200::5")
    daemon.stop()
    assert asked(lab) == [(NAS, "203.0.113.7,2001:db8:100::5"), (NAS, "203.0.113.9"), (NAS, "2001:db8:200::5")]


# The prefix moves

def hundred_hosts():
    """The text of a hosts-file, and what is behind the prefix for each name."""
    lines, parts = [], {}
    for number in range(1, 51):
        lines += [f"s{number}.example.org ::{number:x}:5", f"m{number}.example.org 02:00:5e:00:53:{number:02x}"]
        parts[f"s{number}.example.org"] = f":{number:x}:5"
        parts[f"m{number}.example.org"] = f":5eff:fe00:53{number:02x}"
    return "\n".join(lines) + "\n", parts


def test_hundred_hosts_move_with_the_prefix(lab, lan):
    """A new prefix beside the old one, which is deprecated and then removed: a request for each host, and no more."""
    text, parts = hundred_hosts()
    lan.add(A)
    daemon = lab.daemon(lab.config(provider(lab.server, hosts_file=hosts_file(lab, text), interface=LAN), **QUICK))
    daemon.wait_log("updating -> current", count=100, timeout=30)
    mark = daemon.mark()
    lan.add(B)
    at_rest(daemon, mark)
    assert len(lab.server.requests) == 100
    mark = daemon.mark()
    lan.deprecate(A)
    daemon.wait_log("updating -> current", count=100, after=mark, timeout=30)
    mark = daemon.mark()
    lan.remove(A)
    at_rest(daemon, mark)
    daemon.stop()
    assert sorted(asked(lab)[:100]) == sorted((name, A + part) for name, part in parts.items())
    assert sorted(asked(lab)[100:]) == sorted((name, B + part) for name, part in parts.items())


def test_prefix_that_goes_before_the_next_comes_sends_only_the_next(lab, lan):
    """Between two prefixes the hosts are idle and nothing is sent, whatever else comes and goes on the link."""
    lan.add(A)
    daemon = lab.daemon(lab.config(provider(lab.server, record(NAS, suffix="::5"), record(CAM, mac=HOST_MAC),
                                            interface=LAN), **QUICK))
    is_at(daemon, NAS, "2001:db8:100::5")
    is_at(daemon, CAM, "2001:db8:100::5eff:fe00:5301")
    lan.remove(A)
    goes_idle(daemon, NAS, "link-local")
    lab.gateway.ip(f"addr add fd00:1::1/64 dev {LAN} nodad")
    goes_idle(daemon, CAM, "ula")
    lan.add(B)
    is_at(daemon, NAS, "2001:db8:200::5")
    is_at(daemon, CAM, "2001:db8:200::5eff:fe00:5301")
    daemon.stop()
    assert sorted(asked(lab)[2:]) == sorted([(NAS, "2001:db8:200::5"), (CAM, "2001:db8:200::5eff:fe00:5301")])
    assert len(lab.server.requests) == 4


def test_prefix_that_was_published_stays_beside_another_over_a_restart(lab, lan):
    """Of two prefixes as good the published one stays: when the other comes, and at the next start."""
    config = lab.config(provider(lab.server, record(NAS, suffix="::5"), interface=LAN), **QUICK)
    lan.add(B)
    daemon = lab.daemon(config)
    is_at(daemon, NAS, "2001:db8:200::5")
    mark = daemon.mark()
    lan.add(A)
    at_rest(daemon, mark)
    daemon.stop()
    lan.remove(B)
    lan.add(B)  # the kernel now lists it in the other order
    daemon = lab.daemon(config)
    is_at(daemon, NAS, "2001:db8:200::5")
    lan.deprecate(B)
    is_at(daemon, NAS, "2001:db8:100::5")
    daemon.stop()
    assert asked(lab) == [(NAS, "2001:db8:200::5"), (NAS, "2001:db8:100::5")]


def test_another_address_of_the_gateway_in_the_prefix_is_no_update(lab, lan):
    """The hosts do not care which address the gateway has in the prefix."""
    lan.add(A)
    daemon = lab.daemon(lab.config(provider(lab.server, record(NAS, suffix="::5"), interface=LAN), **QUICK))
    is_at(daemon, NAS, "2001:db8:100::5")
    lab.gateway.ip(f"addr add {A}:2/64 dev {LAN} nodad", f"addr del {A}:1/64 dev {LAN}")
    daemon.wait_log(rf"{LAN} ipv6: 2001:db8:100::2 on {LAN}")
    lan.add(B)
    lab.gateway.ip(f"addr del {A}:2/64 dev {LAN}")
    is_at(daemon, NAS, "2001:db8:200::5")
    daemon.stop()
    assert asked(lab) == [(NAS, "2001:db8:100::5"), (NAS, "2001:db8:200::5")]


# Providers that want the prefix

def test_prefix_and_its_length_are_in_the_request(lab, lan):
    """{prefix} and {prefix-length} are those of the link or of the key; for an A that pair is left out."""
    providers = Providers(lab)
    providers.add("prefixed", custom(["hostname={hostname}", "ip={ip}", "ipv6prefix={prefix}/{prefix-length}"]))
    lan.add(A + "42:")
    daemon = lab.daemon(lab.config(
        provider(lab.server, record(HOME, interface="wan0", family="ipv4"), record(NAS, suffix="::5"),
                 record(CAM, family="ipv6", prefix_length=48), title="prefixed", interface=LAN), **QUICK),
        wrap=providers.wrap)
    daemon.wait_log("updating -> current", count=3)
    lan.add(B + "42:")
    lan.remove(A + "42:")
    daemon.wait_log("updating -> current", count=5)
    daemon.stop()
    queries = [(r.query["hostname"], r.query["ip"], r.query.get("ipv6prefix")) for r in lab.server.requests]
    assert sorted(queries[:3], key=str) == sorted([
        (HOME, "203.0.113.7", None), (NAS, "2001:db8:100:42::5", "2001:db8:100:42::/64"),
        (CAM, "2001:db8:100:42::1", "2001:db8:100::/48")], key=str)
    assert sorted(queries[3:]) == sorted([(NAS, "2001:db8:200:42::5", "2001:db8:200:42::/64"),
                                          (CAM, "2001:db8:200:42::1", "2001:db8:200::/48")])


def test_provider_that_is_told_the_prefix_only(lab, lan):
    """Where a request says the prefix and no address, each zone is told of the new prefix when it moves."""
    providers = Providers(lab)
    providers.add("zones", custom(["hostname={hostname}", "ipv6prefix={prefix}/{prefix-length}"], more="names = 20\n"))
    lan.add(A)
    daemon = lab.daemon(lab.config(provider(lab.server, hostname=["a.example.org", "b.example.org"], title="zones",
                                            family="ipv6", interface=LAN), **QUICK), wrap=providers.wrap)
    daemon.wait_log("updating -> current", count=2)
    lan.add(B)
    lan.remove(A)
    daemon.wait_log("updating -> current", count=4)
    daemon.stop()
    assert [(r.hostnames, r.query["ipv6prefix"]) for r in lab.server.requests] == [
        (["a.example.org", "b.example.org"], "2001:db8:100::/64"),
        (["a.example.org", "b.example.org"], "2001:db8:200::/64")]


# The hosts-file

def test_hosts_file_is_read_anew_and_a_broken_line_harms_no_other(lab, lan):
    """SIGHUP reads it: a new host is published, a broken line is named by file and line, others stay as they were."""
    lan.add(A)
    path = hosts_file(lab, f"{NAS} ::5\n{TV} ::6\n")
    daemon = lab.daemon(lab.config(provider(lab.server, hosts_file=path, interface=LAN), **QUICK))
    daemon.wait_log("updating -> current", count=2)
    mark = daemon.mark()
    hosts_file(lab, f"{NAS} ::5\n{TV} ::6:zz\n\n{CAM} {NAS_MAC}\n{NAS} ::7\nlonely.example.org\n")
    daemon.hup()
    is_at(daemon, CAM, "2001:db8:100::5eff:fe00:5302")
    for line in ("2: '::6:zz' ", f"5: '{NAS}' ", "6: 'lonely.example.org' "):
        assert len(daemon.log(f"{path}:{line}", after=mark)) == 1
    assert len(daemon.log(f"{path}:", after=mark)) == 3
    lan.add(B)
    lan.remove(A)
    is_at(daemon, CAM, "2001:db8:200::5eff:fe00:5302")
    is_at(daemon, NAS, "2001:db8:200::5")
    daemon.stop()
    assert asked(lab)[2] == (CAM, "2001:db8:100::5eff:fe00:5302")
    assert sorted(asked(lab)[3:]) == sorted([(NAS, "2001:db8:200::5"), (CAM, "2001:db8:200::5eff:fe00:5302")])


def test_hosts_file_that_is_gone_at_a_reload_changes_nothing(lab, lan):
    """A reload with a hosts-file that is not there is refused as a whole, and the hosts stay published."""
    lan.add(A)
    path = hosts_file(lab, f"{NAS} ::5\n")
    daemon = lab.daemon(lab.config(provider(lab.server, hosts_file=path, interface=LAN), **QUICK))
    is_at(daemon, NAS, "2001:db8:100::5")
    path.unlink()
    daemon.hup()
    daemon.wait_log(rf"not reloaded: .*hosts-file: {path}: No such file")
    lan.add(B)
    lan.remove(A)
    is_at(daemon, NAS, "2001:db8:200::5")
