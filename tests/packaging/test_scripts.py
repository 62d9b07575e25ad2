"""Every script of contrib and of the tests: shellcheck finds nothing, the shell that runs it can read it."""

import subprocess

import pytest

from conftest import TOP

# Files that other programs read into a shell, and the shell that it is.
READ_INTO = {
    "contrib/alpine/APKBUILD": "ash",
    "contrib/alpine/wanddns.initd": "ash",
    "contrib/arch/PKGBUILD": "bash",
    "contrib/openwrt/files/wanddns.init": "ash",
    "tests/packaging/openwrt.sh": "ash",
}
# What they set for the program that reads them, and have from it.
FOREIGN = {"contrib/alpine/APKBUILD": "SC2034,SC2154", "contrib/alpine/wanddns.initd": "SC2034",
           "contrib/arch/PKGBUILD": "SC2034,SC2154,SC2164"}


def shell_of(path):
    with open(path, "rb") as file:
        first = file.readline().decode(errors="replace")
    if not first.startswith("#!"):
        return None
    return {"#!/bin/sh": "sh", "#!/usr/bin/env bash": "bash"}.get(first.strip())


SCRIPTS = dict(READ_INTO)
for folder in ("contrib", "tests"):
    for found in sorted((TOP / folder).rglob("*")):
        if found.is_file() and (shell := shell_of(found)):
            SCRIPTS.setdefault(str(found.relative_to(TOP)), shell)


def test_all_scripts_are_found():
    assert {"contrib/build", "contrib/release", "tests/run", "contrib/debian/postrm",
            "contrib/openwrt/files/wanddns.defaults", "contrib/alpine/wanddns.pre-install"} <= set(SCRIPTS)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_shellcheck_finds_nothing(name):
    shell = {"ash": "dash"}.get(SCRIPTS[name], SCRIPTS[name])
    done = subprocess.run(["shellcheck", "-s", shell, "-e", FOREIGN.get(name, "SC1091"), TOP / name],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_its_shell_can_read_it(name):
    """That of busybox, for a script of sh and for what runs on Alpine and OpenWrt."""
    shell = ["bash"] if SCRIPTS[name] == "bash" else ["busybox", "ash"]
    done = subprocess.run([*shell, "-n", TOP / name], text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
