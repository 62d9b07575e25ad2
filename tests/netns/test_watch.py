"""wanddns watch: the addresses of the machine, without configuration and without root."""

import json
import shutil

import pytest

from harness.daemon import PROGRAM, as_nobody
from harness.topology import WAN0, WAN1


@pytest.fixture
def program(tmp_path_factory):
    """A copy of the program where any user can run it."""
    folder = tmp_path_factory.mktemp("bin")
    for directory in (folder, folder.parent, folder.parent.parent):
        directory.chmod(0o755)
    return shutil.copy(PROGRAM, folder / "wanddns")


def watch(lab, program, *argv):
    return lab.process(as_nobody([str(program), "watch", *argv]))


def test_watch_prints_addresses_and_changes(lab, program):
    """One line per family at the start, then one for each change; no root, no configuration."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program)
    process.out.wait(r"ipv4 203\.0\.113\.7 on wan0 \(auto\)")
    process.out.wait(r"ipv6 none \(no-route: ")
    lab.net.replace4(7, 9)
    process.out.wait(r"ipv4 203\.0\.113\.9 on wan0")
    lab.net.online(WAN1, v6=8)
    process.out.wait(r"ipv6 2001:db8:2::8 on wan1")
    lab.gateway.ip("route del default dev wan0")
    process.out.wait(r"ipv4 none \(no-route: ")
    process.stop()
    assert len(process.out.lines) == 5


def test_watch_of_one_interface(lab, program):
    """-i names the interface, which need not be there yet."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program, "-i", "wan9")
    process.out.wait(r"ipv4 none \(no-interface: ")
    lab.gateway.ip("link set wan1 name wan9", "addr add 198.51.100.8/24 dev wan9",
                   "link set wan9 up")
    process.out.wait(r"ipv4 198\.51\.100\.8 on wan9")


def test_watch_json_is_one_object_a_line(lab, program):
    """--json: objects with time, family, interface, address and reason."""
    lab.net.online(WAN0, v4=7)
    process = watch(lab, program, "--json")
    process.out.wait('"ipv6"')
    mark = process.out.mark()
    lab.net.replace4(7, 9)
    process.out.wait("203.0.113.9", after=mark)
    process.stop()
    objects = [json.loads(line.text) for line in process.out.lines]
    assert all("time" in entry for entry in objects)
    assert [(entry["family"], entry.get("address"), entry.get("interface"), entry["reason"])
            for entry in objects] == [
        ("ipv4", "203.0.113.7", "wan0", "chosen"), ("ipv6", None, None, "no-route"),
        ("ipv4", "203.0.113.9", "wan0", "chosen")]
