"""The manual pages say what there is, all of it and nothing else; their examples work."""

import json
import re
import subprocess

import pytest

from harness.daemon import PROGRAM, environment
from harness.manual import PAGES, TOP, Page, made, on_this_machine, page
from harness.server import Reply
from harness.topology import WAN0

WANDDNS, CONF, DEFINITIONS = page("wanddns.8"), page("wanddns.conf.5"), page("wanddns-providers.5")
FILES = sorted(path for path in (TOP / "src" / "providers").glob("*.conf"))


def source(name):
    return (TOP / name).read_text()


def table(name, begin, end="\n};\n"):
    """A table of a source, from the line that has this to its end."""
    text = source(name)
    start = text.index(begin)
    return text[start:text.index(end, start)]


def keys(text):
    """Of a schema of tree.h."""
    return re.findall(r'"([a-z0-9-]+)", TREE_', text)


def fields(name):
    """Of a table of loader.c, whose rows begin with the key."""
    return re.findall(r'\{"([a-z0-9-]+)", [A-Z_]+, ', table("src/loader.c", f"{name}[] = ", "};\n"))


def strings(name, begin):
    return re.findall(r'"([^"]+)"', table(name, begin, "};\n"))


def same(code, told):
    """Each once, and no other."""
    assert sorted(told) == sorted(code) and len(set(told)) == len(told)
    assert told, "nothing was found at all"


# The form

@pytest.mark.parametrize("name", [path.name for path in PAGES])
def test_page_has_no_fault(tmp_path, name):
    """mandoc -T lint has nothing to say, of the page that the build makes; but what else is installed is not ours."""
    path = tmp_path / name
    path.write_text(made(name, *FILES))
    done = subprocess.run(["mandoc", "-T", "lint", path], capture_output=True, text=True, timeout=60)
    said = [line for line in (done.stdout + done.stderr).splitlines()
            if not re.search("referenced manual not found|outdated mandoc.db", line)]
    assert said == []
    shown = subprocess.run(["mandoc", "-T", "ascii", path], capture_output=True, text=True, timeout=60, check=True)
    assert len(shown.stdout) > 4000


def test_pages_refer_to_pages_that_there_are():
    """Each of ours that is referred to is there, under its section; all are reached from wanddns(8), and lead to it."""
    ours = {path.name for path in PAGES}
    for path in PAGES:
        told = {f"{name}.{section}" for name, section in re.findall(r"^\.Xr (wanddns\S*) (\d)", path.read_text(), re.M)}
        assert told == ours - {path.name} if path.name == "wanddns.8" else told <= ours and "wanddns.8" in told, path.name


def test_page_has_the_paths_of_the_build():
    """Where it is configured for other folders the pages name those."""
    for path in PAGES:
        assert "/etc/wanddns" not in made(path.name, *FILES, sysconfdir="/opt/e").replace("/opt/e/wanddns", ""), path
    assert "/opt/e/wanddns/wanddns.conf" in made("wanddns.8", sysconfdir="/opt/e")


# wanddns(8)

OPTIONS = {name: (letter, argument == "required") for name, argument, letter in re.findall(
    r'\{"([a-z-]+)", (required|no)_argument, NULL, \'(.)\'\}', table("src/main.c", "long_options[] ="))}
SHORT = set(re.search(r'getopt_long\(argc, argv, ":?([a-zA-Z:]+)"', source("src/main.c"))[1]) - {":"}


def test_options_are_those_of_the_program():
    """Long and short, with a value or without."""
    told = {}
    for line in WANDDNS.parts["DESCRIPTION"]:
        match = re.match(r"\.It (?:Fl (\w)(?: Ar \w+)? , )?Fl -([a-z-]+)( Ar \w+)?$", line)
        if match:
            told[match[2]] = (match[1], bool(match[3]))
    assert told == {name: (letter if letter in SHORT else None, value) for name, (letter, value) in OPTIONS.items()}


def commands():
    """{command: its options, long} as the program takes them."""
    text = source("src/main.c")
    groups = dict(re.findall(r"\b(OF_\w+) = ([^,}]+)", text))
    names = dict(re.findall(r'\{(OPTION_\w+), +"--([a-z-]+)"\}', text))
    found = {}
    for name, row in re.findall(r'^    \{"([a-z-]+)", ((?:run_|NULL)[^"]*)', table("src/main.c", "commands[] ="), re.M):
        for group, members in groups.items():
            row = row.replace(group, members)
        found[name] = {names[word] for word in re.findall(r"OPTION_\w+", row)}
    return found


def test_commands_are_those_of_the_program():
    """Each in a paragraph, and with its options in the synopsis."""
    told = {}
    for line in WANDDNS.parts["SYNOPSIS"]:
        command = re.match(r"\.Cm (\S+)", line)
        option = re.match(r"\.Op Fl (?:-([a-z-]+)|(\w))", line)
        if command:
            told[command[1]] = set()
        elif option:
            name = option[1] or next(name for name, (letter, _) in OPTIONS.items() if letter == option[2])
            told[list(told)[-1]].add(name)
    real = commands()
    assert len(real) >= 6
    # The level of the log goes with each; it is named where there is a log.
    assert {name: options - {"log-level"} for name, options in told.items()} == real
    same(real, WANDDNS.items("DESCRIPTION", "Cm"))


def test_exit_statuses():
    """Those of --help."""
    told = WANDDNS.items("EXIT STATUS", ".It")
    said = re.search(r"Exit status: (.*?)\.", subprocess.run(
        [PROGRAM, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout, re.S)[1]
    assert told == re.findall(r"\b\d\b", said)


def test_reasons_and_states():
    """The words of logs and JSON for why an address is not published, and for how a record is."""
    same(re.findall(r'= \{"([a-z-]+)"', table("src/reason.c", "} reasons[] =")),
         WANDDNS.items("Which address is published", "Sy"))
    same(strings("src/life.c", "state_words[] ="), WANDDNS.items("The states of a record", "Sy"))


def test_signals():
    """Those that are caught."""
    told = re.findall(r"SIG[A-Z0-9]+", "\n".join(line for line in WANDDNS.parts["Signals"] if line.startswith(".It")))
    same(re.findall(r"\{(SIG\w+), on_", source("src/daemon.c")), told)


def test_environment():
    """Each variable that is read, or handed to a program, and no other; proxies are libcurl's."""
    text = "".join(path.read_text() for path in (TOP / "src").glob("*.c"))
    code = set(re.findall(r'getenv\("(\w+)"\)', text)) | set(re.findall(r"\b(WANDDNS_[A-Z_]+)[\"=]", text))
    code |= {"WANDDNS_" + name for name in re.findall(r'variable\("(\w+)"', source("src/hook.c"))}
    code -= {name for name in code if name.endswith("_H")}
    told = set()
    for one in (WANDDNS, CONF, DEFINITIONS):
        for line in re.findall(r"^\.(?:It )?Ev (.*)$", one.text, re.M):
            told |= {word.lstrip("$") for word in line.split() if re.fullmatch(r"\$?[A-Z][A-Z_]+", word)}
    assert told - {"HTTPS_PROXY", "NO_PROXY"} == code


# wanddns.conf(5)

PLACE = keys(table("include/place.h", "#define PLACE_KEYS", "\n\n"))
NAMES = keys(table("include/names.h", "#define NAMES_KEYS", "\n\n"))


@pytest.mark.parametrize("title, code", [
    ("KEYS AT THE TOP", keys(table("src/config.c", "config_keys[] ="))),
    ("KEYS OF A PROVIDER", keys(table("src/login.c", "login_keys[] =")) + NAMES),
    ("KEYS OF A RECORD", keys(table("src/names.c", "names_record_keys[] ="))),
    ("WHERE ADDRESSES COME FROM", PLACE)], ids=["top", "provider", "record", "place"])
def test_keys_of_the_configuration(title, code):
    """Each key that is known at a level stands under its head."""
    same(code, CONF.items(title, "Ic"))


def test_each_level_takes_the_keys_of_a_place():
    """As the page says."""
    for name, begin in (("config", "config_keys"), ("login", "login_keys"), ("names", "names_record_keys")):
        assert "PLACE_KEYS," in table(f"src/{name}.c", f"{begin}[] ="), name


def test_events_of_on_change():
    """The words of WANDDNS_EVENT."""
    code = set(re.findall(r'(?:return|\?|:) "(\w+)"', table("src/hook.c", "judge(struct hooks", "\n}\n")))
    same(code, [word for word in CONF.items("Programs that hear of changes", "Li")])


CONFIGURATIONS = [text for text in CONF.literals() if "provider " in text and not text.startswith("#")]


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=lambda text: re.search(r"provider (\S+)", text)[1])
def test_configuration_of_the_page_is_good(tmp_path, text):
    """Each whole configuration in it passes check."""
    assert len(CONFIGURATIONS) >= 7
    text, more = on_this_machine(text, tmp_path)
    path = tmp_path / "wanddns.conf"
    path.write_text(text)
    path.chmod(0o600)
    done = subprocess.run([PROGRAM, "check", "-c", path], capture_output=True, text=True, timeout=60,
                          env={**environment(), **more})
    assert (done.returncode, done.stderr) == (0, "")


# wanddns-providers(5)

SECTIONS = ["step", "set", "sign"]


@pytest.mark.parametrize("title, code", [
    ("KEYS AT THE TOP", fields("top_fields")), ("KEYS OF A STEP", fields("step_fields")),
    ("Keys of set", fields("macro_fields")), ("Keys of sign", fields("sign_fields")),
    ("RULES", keys(table("include/answer.h", "#define ANSWER_KEYS", "\n\n")) +
     keys(table("src/answer.c", "answer_rule_keys[] =")))], ids=["top", "step", "set", "sign", "rules"])
def test_keys_of_a_definition(title, code):
    """Each key stands under its head."""
    same(code, DEFINITIONS.items(title, "Ic"))
    assert title != "KEYS AT THE TOP" or set(SECTIONS) < set(code)


def test_verdicts():
    """Each verdict has a paragraph."""
    same(strings("src/answer.c", "verdict_words[] ="), DEFINITIONS.items("RULES", "Cm"))


def test_placeholders():
    """Each that proof.c knows."""
    code = [name for begin in ("known[] =", "of_body[] =", "of_sign[] =") for name in strings("src/proof.c", begin)]
    told = [name for line in DEFINITIONS.parts["Placeholders"] if line.startswith(".It")
            for name in re.findall(r"\{([a-z0-9-]+)\}", line)]
    same(code, told)


def run(*argv):
    return subprocess.run([PROGRAM, *argv], capture_output=True, text=True, timeout=60, env=environment(), check=True)


def listed():
    """{name: its paragraph, as words} of the made page."""
    text = "\n".join(Page(made("wanddns-providers.5", *FILES)).parts["PROVIDERS"])
    return {name: re.sub(r"\n\.L[ik] |\n", " ", body).strip()
            for name, body in re.findall(r"^\.It Cm (\S+)\n(.*?)(?=^\.It|^\.El)", text, re.M | re.S)}


def test_list_of_providers_is_that_of_the_program():
    """Name, title, site, and whether it is untested or an echo service; in the same order."""
    told = listed()
    lines = run("providers").stdout.splitlines()
    assert list(told) == [line.split()[0] for line in lines]
    for line in lines:
        name, rest = line.split(maxsplit=1)
        site = re.search(r"https?://\S+$", rest)
        title = re.sub(r" {2,}.*| untested .*| echo service .*", "", rest)
        assert told[name].startswith(f"{title}, {site[0]} ." if site else f"{title}."), name
        assert ("Untested." in told[name]) == (" untested " in rest), name
        assert ("An address echo service." in told[name]) == (" echo service " in rest), name


def test_list_of_providers_has_needs_and_options():
    """What each needs and may have is what `providers NAME` tells."""
    for name, text in listed().items():
        said = {}
        for line in run("providers", name).stdout.partition("\nprovider ")[0].splitlines():
            key = line[:12].strip() or key
            said.setdefault(key, []).append(line[12:])
        for key, head in ("needs", "Needs"), ("options", "Options:"):
            found = re.search(rf"{head} (.*?) \.", text)
            assert (found[1].split(" , ") if found else []) == said.get(key, []), (name, key)


# The worked example, played

EXAMPLE = DEFINITIONS.literals()[0]


class Api:
    """The API that the page describes, with one zone."""

    def __init__(self, records):
        self.records = records

    def __call__(self, request):
        if request.headers.get("x-token") != "t0ken":
            return Reply(status=401, body='{"error": {"message": "who are you?"}}')
        if request.path == "/v1/zones":
            return Reply(body=json.dumps({"zones": [{"id": "z1", "name": "example.org"}]}))
        found = re.fullmatch(r"/v1/zones/z1/records(?:/(\w+))?", request.path)
        if request.method == "GET":
            return Reply(body=json.dumps({"records": [{"id": key, **value} for key, value in self.records.items()]}))
        if request.method == "POST":
            self.records["r9"] = json.loads(request.body)
            return Reply(status=201, body='{"id": "r9"}')
        self.records[found[1]].update(json.loads(request.body))
        return Reply(body="{}")


@pytest.fixture
def example(lab):
    """Runs a command with the example as a definition beside the shipped ones."""
    folder = lab.dir / "definitions"
    folder.mkdir()
    for path in FILES:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "example.conf").write_text(EXAMPLE)
    conf = lab.dir / "wanddns.conf"
    conf.write_text(f'ca-file = "{lab.authority.ca_file}"\nfamily = ipv4\nprovider example {{\n'
                    f'    server = "{lab.server.url}/v1"\n    password = "t0ken"\n    hostname = home.example.org\n}}\n')
    conf.chmod(0o600)
    lab.net.online(WAN0, v4=7)

    def call(*argv):
        return lab.wanddns(*argv, wrap=lambda command: ["env", f"WANDDNS_PROVIDERS={folder}", *command])
    call.conf, call.file = conf, folder / "example.conf"
    return call


def once(example, lab):
    done = example("once", "-c", example.conf, "--state-dir", lab.dir / "state")
    return done.returncode, [(request.method, request.path) for request in lab.server.requests]


def test_worked_example_is_a_definition(example):
    """check calls it good, and providers prints a section for it."""
    done = example("check", example.file)
    assert (done.returncode, done.stderr) == (0, "") and "with 5 steps" in done.stdout
    assert "\nprovider example {\n    password-file" in example("providers", "example").stdout


def test_worked_example_changes_a_record(example, lab):
    """It finds the zone and the record, and writes the address into it; a record of another name stays."""
    api = lab.server.answer = Api({"r1": {"type": "A", "name": "home.example.org", "value": "192.0.2.1"},
                                   "r2": {"type": "A", "name": "www.example.org", "value": "192.0.2.2"}})
    assert once(example, lab) == (0, [("GET", "/v1/zones"), ("GET", "/v1/zones/z1/records"),
                                      ("PUT", "/v1/zones/z1/records/r1")])
    assert [record["value"] for record in api.records.values()] == ["203.0.113.7", "192.0.2.2"]


def test_worked_example_makes_a_record(example, lab):
    """Where there is none it is made, with the TTL of the definition."""
    api = lab.server.answer = Api({})
    status, requests = once(example, lab)
    assert (status, requests[-1]) == (0, ("POST", "/v1/zones/z1/records"))
    assert api.records == {"r9": {"type": "A", "name": "home.example.org", "value": "203.0.113.7", "ttl": 300}}


def test_worked_example_understands_trouble(example, lab):
    """The rule of the example, the words of the service, and the rules that it took over."""
    lab.server.answer = lambda request: Reply(status=409, body='{"error": {"code": "locked", "message": "busy"}}')
    done = example("once", "-c", example.conf, "--state-dir", lab.dir / "state")
    assert done.returncode == 1 and "busy: another change is under way" in done.stderr
    lab.server.answer = lambda request: Reply(status=401, body='{"error": {"message": "who?"}}')
    done = example("once", "-c", example.conf, "--state-dir", lab.dir / "another")
    assert done.returncode == 1 and "who?: the API token is wrong or has expired" in done.stderr
