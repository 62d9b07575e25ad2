"""The first hour of somebody who has just installed it: no step needs more than what the step before said."""

import re
from pathlib import Path

import pytest

from harness.manual import on_this_machine
from harness.topology import WAN0

SHIPPED = Path(__file__).parents[2] / "contrib" / "wanddns.conf"


@pytest.fixture
def conf(lab):
    """The configuration as packages install it, but for the user that they make."""
    path = lab.dir / "wanddns.conf"
    path.write_text(SHIPPED.read_text().replace("\nuser = wanddns\n", "\n"))
    path.chmod(0o640)
    return path


def commands_in(text):
    """[[word, ...]] of the lines `wanddns WORD ...` of a text."""
    found = re.findall(r"^#? {4,}wanddns (.*?)(?: {2,}.*)?$", text, re.M)
    return [line.split() for line in found]


# The untouched configuration

def test_untouched_configuration_says_what_to_write(lab, conf):
    """check: one fault, and what to do next, with the path of this very file."""
    done = lab.wanddns("check", "-c", conf)
    assert done.returncode == 2
    assert re.fullmatch(re.escape(str(conf)) + r": there is no section such as: provider NAME .*\n", done.stderr)
    assert f"Put that section into {conf}," in done.stdout
    assert all(len(line) <= 90 for line in done.stdout.replace(str(conf), "").splitlines())


def test_missing_configuration_says_what_to_write(lab):
    """The same where there is no file at all."""
    path = lab.dir / "none.conf"
    done = lab.wanddns("check", "-c", path)
    assert (done.returncode, done.stderr) == (2, f"{path}: No such file or directory\n")
    assert f"Put that section into {path}," in done.stdout


@pytest.mark.parametrize("text", ["settle = soon\nprovider duckdns {\n}\n", "intreface = auto\n", "provider duckdns {\n"],
                         ids=["faulty-section", "unknown-key", "unclosed"])
def test_configuration_that_was_begun_has_faults_only(lab, conf, text):
    """Who is at work hears what is wrong, and nothing else."""
    conf.write_text(text)
    done = lab.wanddns("check", "-c", conf)
    assert (done.returncode, done.stdout) == (2, "")


def test_each_command_that_is_advised_is_one(lab, conf):
    """What the guide and the shipped configuration tell to type is understood, and each names the same ones."""
    guide = commands_in(lab.wanddns("check", "-c", conf).stdout)
    shipped = commands_in(SHIPPED.read_text())
    assert {words[0] for words in shipped} | {"once"} == {words[0] for words in guide} and len(shipped) >= 4
    for words in guide + shipped:
        argv = [{"WORD": "cloudf", "NAME": "cloudflare"}.get(word, word) for word in words]
        done = lab.wanddns(*argv, *(["-c", conf] if argv[0] in ("check", "once") else []))
        assert "wanddns --help" not in done.stderr, (argv, done)


def test_shipped_configuration_is_good_once_it_is_uncommented(lab, conf):
    """Each key that stands there as a comment may be taken as it is."""
    text, _ = on_this_machine(re.sub(r"^#(?=\w|}|    \w)", "", SHIPPED.read_text(), flags=re.M), lab.dir)
    assert all(re.search(rf"^ *{key} ", text, re.M) for key in ("provider", "family", "password", "hostname"))
    conf.write_text(text)
    done = lab.wanddns("check", "-c", conf)
    assert (done.returncode, done.stderr) == (0, ""), text


def test_way_from_nothing_to_a_published_name(lab, conf):
    """Find the service, paste its section, fill it in as check says, look, send."""
    lab.net.online(WAN0, v4=7)
    found = lab.wanddns("providers", "No-IP")
    assert found.returncode == 0
    name = next(line.split()[0] for line in found.stdout.splitlines() if line.startswith("no-ip "))
    section = lab.wanddns("providers", name).stdout.partition("\nprovider ")[2]
    secret = lab.dir / "no-ip.password"
    text = "provider " + section.replace("/etc/wanddns/no-ip.password", str(secret)).replace('"..."', "alice")
    conf.write_text(conf.read_text() + text)
    done = lab.wanddns("check", "-c", conf)
    assert done.returncode == 2 and done.stderr.endswith(f"password-file: {secret}: No such file or directory\n")
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    assert lab.wanddns("check", "-c", conf).returncode == 0
    conf.write_text(f'ca-file = "{lab.authority.ca_file}"\nfamily = ipv4\n' + conf.read_text().replace(
        "\n    username ", f'\n    server = "{lab.server.url}"\n    username '))
    done = lab.wanddns("once", "--dry-run", "-c", conf)
    assert re.search(r"^GET \S+hostname=home.example.org&", done.stdout, re.M) and not lab.server.requests
    done = lab.wanddns("once", "-c", conf, "--state-dir", lab.dir / "state")
    assert done.returncode == 0 and len(lab.server.requests) == 1


# Which service?

@pytest.mark.parametrize("word, first, count", [
    ("strat", "strato", 1), ("CLOUDF", "cloudflare", 1), ("Amazon", "route53", 1), ("afraid", "freedns", 2),
    ("powerdns.com", "powerdns", 1)], ids=lambda value: str(value))
def test_word_finds_services(lab, word, first, count):
    """providers WORD, where it is no name: those that have it in their name, title or site, capitals or not."""
    every = lab.wanddns("providers").stdout.splitlines()
    done = lab.wanddns("providers", word)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split()[0] == first and len(lines) == count
    assert lines == [line for line in every if word.lower() in line.lower()]


def test_name_and_alias_come_before_words(lab):
    """A name that is part of others, and an alias, are the one service."""
    for word in ("cloudns", "noip"):
        assert lab.wanddns("providers", word).stdout.startswith("name "), word


def test_word_that_nothing_has(lab):
    """Exit 2, and where the list is."""
    done = lab.wanddns("providers", "google-domains")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "wanddns: there is no provider 'google-domains' (wanddns providers lists them)\n"


def test_list_tells_a_person_how_to_go_on(lab):
    """On a terminal only: a last line that says what to do with the list."""
    terminal = lab.terminal("providers", "strat")
    terminal.wait(r"wanddns providers NAME tells what one of them needs")
    assert "NAME" not in lab.wanddns("providers", "strat").stdout


# check -v

def test_check_lists_the_names(lab, conf):
    """check -v: a line for each name with its types and section, above the verdict."""
    conf.write_text("""
provider duckdns:office {
    password = "x"
    hostname = { a.duckdns.org, b.duckdns.org }
    record b.duckdns.org {
        interface = br-lan
        suffix    = "::1"
    }
}
""")
    done = lab.wanddns("check", "-v", "-c", conf)
    assert (done.returncode, done.stderr) == (0, "")
    *names, verdict = done.stdout.splitlines()
    assert sorted(line.split() for line in names) == [
        ["a.duckdns.org", "A", "AAAA", "duckdns:office"], ["b.duckdns.org", "A", "duckdns:office"],
        ["b.duckdns.org", "AAAA", "duckdns:office"]]
    assert verdict.startswith(f"{conf}: good, ")
    assert lab.wanddns("check", "-c", conf).stdout == verdict + "\n"


# A slip

# what is typed: what is said
SLIPS = {
    ("chek",): "there is no command chek: did you mean 'check'?",
    ("--confg", "x", "check"): "there is no option --confg: did you mean 'config'?",
    ("--confg=x", "check"): "there is no option --confg: did you mean 'config'?",
    ("check", "--stat-dir"): "there is no option --stat-dir: did you mean 'state-dir'?",
    ("--nothing-like-it", "check"): "there is no option --nothing-like-it",
    ("--c", "check"): "there is no option --c",
    ("-x", "check"): "there is no option -x",
    ("check", "-nx"): "there is no option -x",
    ("check", "-c"): "there must be a value behind -c",
    ("check", "--config"): "there must be a value behind --config",
    ("watch", "--json=yes"): "this option has no value: --json=yes",
    ("-l", "debgu", "check"): "no log level: debgu: did you mean 'debug'?",
    ("-l", "loud", "check"): "no log level: loud",
    ("check", "-n"): "--dry-run does not go with check",
}


@pytest.mark.parametrize("argv", SLIPS, ids=" ".join)
def test_slip_on_the_command_line(lab, argv):
    """One line that says what is wrong, with the word that was meant; exit 2."""
    done = lab.wanddns(*argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"wanddns: {SLIPS[argv]} (wanddns --help tells more)\n"


# line: (text, what is said)
WRITTEN = {
    "top": ("intreface = wan0\n", 1, "unknown key 'intreface': did you mean 'interface'?"),
    "provider": ("provider duckdns {\n    paswsord = x\n}\n", 2, "unknown key 'paswsord': did you mean 'password'?"),
    "record": ("provider duckdns {\n    record a.example.org {\n        sufix = x\n    }\n}\n", 3,
               "unknown key 'sufix': did you mean 'suffix'?"),
    "name": ("provider clodflare {\n    password = x\n    hostname = a.example.org\n}\n", 1,
             "there is no provider 'clodflare': did you mean 'cloudflare'?"),
    "option": ('provider cloudflare {\n    password = x\n    hostname = a.example.org\n    options = "proxid=true"\n}\n',
               4, "options: the provider cloudflare knows no 'proxid': did you mean 'proxied'? "
               "(wanddns providers cloudflare)"),
    "other-word": ("provider cloudflare {\n    token = x\n}\n", 2, "unknown key 'token': did you mean 'password'?"),
    "wrong-place": ("hostname = a.example.org\n", 1, "unknown key 'hostname': it belongs in a section 'provider'"),
    "wrong-section": ("provider duckdns {\n    state-dir = /var\n}\n", 2,
                      "unknown key 'state-dir': it belongs at the top, outside of the sections"),
    "no-braces": ("interface = wan0, wan1\n", 1, "unexpected comma: several values stand in braces, as in { a, b }"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_slip_in_the_configuration(lab, conf, name):
    """At each level the word that was meant, or where it belongs."""
    text, line, said = WRITTEN[name]
    conf.write_text(text)
    done = lab.wanddns("check", "-c", conf)
    assert (done.returncode, done.stderr) == (2, f"{conf}:{line}: {said}\n")
