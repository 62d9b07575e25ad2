"""Completion in bash, zsh and fish: what TAB offers is what the program takes there."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.daemon import PROGRAM, environment
from harness.shell import FOLDER, shell

CONFIGURATION = """
provider duckdns {
    password = "x"
    hostname = { home.example.org, "*.alice.example.org" }
    record nas.example.org {
        interface = br-lan
        suffix    = "::1"
    }
}
"""


def run(*argv):
    return subprocess.run([PROGRAM, *argv], capture_output=True, text=True, timeout=60, env=environment(),
                          check=True).stdout


HELP = run("--help")
COMMANDS = re.findall(r"^  ([a-z-]+) ", HELP.partition("\n\n")[2].partition("\n\n")[0], re.M)
OPTIONS = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", HELP, re.M)


@pytest.fixture(params=["bash", "zsh", "fish"])
def there(request, tmp_path):
    """A shell in a folder with a configuration, a faulty one, and a folder."""
    folder = tmp_path / "here"
    for path in folder, folder / "sub", tmp_path / "home":
        path.mkdir()
    for name, text in (("wanddns.conf", CONFIGURATION), ("faulty.conf", "provider {\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    with shell(request.param, tmp_path / "home", folder) as one:
        yield one


def offers(there, line, *wanted, no=()):
    """TAB behind the line brings up all of these; a * stands for what comes before it."""
    offered = {word.rstrip("/") for word in there.offered(line)}
    for word in wanted:
        assert word in offered or any(one.endswith("/" + word) or one.endswith("=" + word) for one in offered), \
            (line, word, offered)
    assert not offered & set(no), (line, offered)


def test_commands_and_options(there):
    """Each of --help; behind a command only those that go with it."""
    assert len(COMMANDS) >= 6 and len(OPTIONS) >= 12
    offers(there, "wanddns ", *COMMANDS)
    offers(there, "wanddns ch", "check", no=COMMANDS[:1])
    offers(there, "wanddns --", *OPTIONS)
    offers(there, "wanddns watch --", "--json", "--interface", "--verbose", "--help",
           no=["--dry-run", "--syslog", "--output"])
    offers(there, "wanddns once --", "--dry-run", "--config", no=["--json", "--interface", "--syslog"])
    offers(there, "wanddns -c wanddns.conf --log-level debug on", "once", no=COMMANDS[:1])
    offers(there, "wanddns watch ", no=COMMANDS[:2])


def taken(command):
    """The options that the program takes there; another word is too much for most, and no host for the others."""
    found = set()
    for option, value in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)( [A-Z]+)?", HELP, re.M):
        argv = [PROGRAM, option, *(["x"] if value else []), command, "x", "x"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=environment())
        if f"{option} does not go with {command}" not in done.stderr:
            found.add(option)
    return found


def test_options_of_each_command(there):
    """Those that it takes, and no other."""
    for command in COMMANDS:
        offered = {word for word in there.offered(f"wanddns {command} --") if word.startswith("--")}
        assert {word.rstrip("=") for word in offered} == taken(command), command


def test_values_of_options(there):
    """Files, folders, levels, interfaces; of a list of interfaces the last one."""
    links = [name for name in os.listdir("/sys/class/net")]
    assert "lo" in links
    offers(there, "wanddns -c w", "wanddns.conf")
    offers(there, "wanddns check --config=w", "wanddns.conf")
    offers(there, "wanddns import --output s", "sub")
    offers(there, "wanddns -l ", "error", "warning", "info", "debug")
    offers(there, "wanddns watch -i ", "auto", *links)
    offered = there.offered("wanddns watch -i wan7,")
    assert offered & {"lo", "wan7,lo"}, offered


def test_what_stands_behind_a_command(there):
    """A definition or another client's file, a service by its name."""
    offers(there, "wanddns check f", "faulty.conf")
    offers(there, "wanddns import w", "wanddns.conf")
    services = {line.split()[0] for line in run("providers").splitlines()}
    offers(there, "wanddns log-level de", "debug")
    offers(there, "wanddns providers clou", *(name for name in services if name.startswith("clou")),
           no=[name for name in services if not name.startswith("clou")])


@pytest.mark.parametrize("line", ["wanddns -c wanddns.conf status ", "wanddns explain --config wanddns.conf ",
                                  "wanddns --config=wanddns.conf status "])
def test_names_of_the_configuration(there, line):
    """The hosts of the configuration that is named, those of records too."""
    offers(there, line, "home.example.org", "nas.example.org", no=["wanddns.conf:", "good,"])


def test_faulty_configuration_is_silent(there):
    """Nothing is offered, and no fault disturbs the line."""
    offers(there, "wanddns -c faulty.conf update ", no=["faulty.conf:1:", "missing"])


def test_bash_keeps_the_rules():
    """shellcheck has nothing to say."""
    done = subprocess.run(["shellcheck", FOLDER / "wanddns"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_bash_expands_nothing(tmp_path):
    """What a name holds is no command."""
    program = tmp_path / "wanddns"
    program.write_text('#!/bin/sh\n[ "$1" = providers ] && echo \'$(touch${IFS}ran)`touch${IFS}ran` title\' || '
                       "echo '  providers [NAME] x'\n")
    program.chmod(0o755)
    script = (f"source {FOLDER}/wanddns; COMP_WORDS=({program} providers ''); COMP_CWORD=2; _wanddns {program}; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True)
    assert done.stdout == "$(touch${IFS}ran)`touch${IFS}ran`\n" and not Path(tmp_path, "ran").exists()
