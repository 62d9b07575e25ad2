"""The profile of AppArmor: its parser takes it, and it has room for what the unit needs."""

import re
import subprocess

import pytest


@pytest.fixture
def profile(contrib):
    return contrib / "apparmor" / "wanddns"


def test_it_is_good(profile):
    """Parsed and compiled, without a kernel that would load it."""
    done = subprocess.run(["apparmor_parser", "-Q", "-K", "-T", profile], text=True, capture_output=True)
    assert done.returncode == 0 and "rror" not in done.stderr.replace("interface file missing", ""), done


def test_the_unit_names_it(profile, contrib):
    """By name and not by path, and where there is none the service starts all the same."""
    name = re.search(r"^profile (\S+) ", profile.read_text(), re.M)[1]
    assert f"\nAppArmorProfile=-{name}\n" in (contrib / "systemd/wanddns.service").read_text()


def test_a_fault_is_found(profile, tmp_path):
    """That the parser looks at all."""
    faulty = tmp_path / "wanddns"
    faulty.write_text(profile.read_text().replace("network netlink raw,", "network netlnik raw,"))
    assert subprocess.run(["apparmor_parser", "-Q", "-K", "-T", faulty], capture_output=True).returncode != 0


def test_what_its_comments_and_the_page_allow_is_good(profile, contrib, tmp_path):
    """The lines for local/wanddns, in its place: among them one for a password-file elsewhere, as README.Debian has it."""
    text = profile.read_text()
    lines = re.findall(r"^  #   (\S.*,)$", text, re.M)
    page = re.search(r"\(password-file, hosts-file,\nca-file\).*?^    (/.*? r,)$", (contrib / "debian/README.Debian").read_text(),
                     re.M | re.S)
    assert page and page[1] in lines and len(lines) >= 4
    copy = tmp_path / "wanddns"
    copy.write_text(text.replace("  include if exists <local/wanddns>\n", "".join(f"  {line}\n" for line in lines)))
    assert "include if exists" not in copy.read_text()
    done = subprocess.run(["apparmor_parser", "-Q", "-K", "-T", copy], text=True, capture_output=True)
    assert done.returncode == 0, done
