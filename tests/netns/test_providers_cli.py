"""wanddns providers and wanddns check: what an operator is told of the services, and of definitions."""

import re
from pathlib import Path

import pytest

from harness.daemon import PROGRAM, PROVIDERS, account
from harness.expect import HOME, is_current
from harness.sections import Providers
from harness.topology import WAN0

FOLDER = Path(PROVIDERS)
FILES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.conf")) if path.stem != "aliases"}
ALIASES = dict(re.findall(r'"([^"=]+)=([^"]+)"', (FOLDER / "aliases.conf").read_text()))


def value_of(name, key):
    """Of a definition, or of the one that it is like; None without."""
    found = re.search(rf"^{key}\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s#]+)", FILES[name], re.M)
    like = re.search(r"^like\s*=\s*(\S+)", FILES[name], re.M)
    if found:
        return found[1].strip("\"'")
    return value_of(like[1], key) if like else None


def has_step(name, step):
    like = re.search(r"^like\s*=\s*(\S+)", FILES[name], re.M)
    return bool(re.search(rf"^step {step}\b", FILES[name], re.M)) or bool(like and has_step(like[1], step))


ECHO = [name for name in FILES if has_step(name, "address")]
BASES = [name for name in FILES if not re.search(r"^\s*step ", FILES[name], re.M) and not value_of(name, "like")]
SERVICES = [name for name in FILES if name not in (*ECHO, *BASES)]


# The list

def test_list_shows_each_service_with_its_title_and_site(lab):
    """providers: one line for each definition, in order of the alphabet; what others only build on is no service."""
    done = lab.wanddns("providers")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert list(lines) == sorted(SERVICES + ECHO) and len(done.stdout.splitlines()) == len(lines)
    assert "rest" in BASES and len(SERVICES) > 100
    for name, line in lines.items():
        title, site = value_of(name, "title"), value_of(name, "site")
        assert line.split(maxsplit=1)[1].startswith(title), line
        assert site is None or line.endswith(" " + site), line


def test_list_marks_what_is_untested(lab):
    """A definition that rests on little is marked, and no other one."""
    lines = {line.split()[0]: line for line in lab.wanddns("providers").stdout.splitlines()}
    marked = {name for name, line in lines.items() if " untested " in line.replace(value_of(name, "title"), "")}
    assert marked == {name for name in SERVICES if value_of(name, "maturity") == "untested"}
    assert 0 < len(marked) < len(SERVICES) / 2
    assert {name for name, line in lines.items() if " echo service " in line} == set(ECHO)


def test_site_is_missing_only_where_there_is_none():
    """Every service but one's own has a home page."""
    assert {name for name in SERVICES if not value_of(name, "site")} == {"custom", "exec"}


@pytest.mark.parametrize("name", ["untested", "documented"])
def test_one_service_tells_how_far_it_can_be_trusted(lab, name):
    """providers NAME says untested, too."""
    wanted = name == "untested"
    some = next(one for one in SERVICES if (value_of(one, "maturity") == "untested") == wanted)
    assert bool(re.search(r"^maturity +untested$", lab.wanddns("providers", some).stdout, re.M)) == wanted


def filled_in(lab, example):
    """The section as the operator completes it: the files are there, and each ... is a word."""
    secret = lab.dir / "password"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    example = re.sub(r"/etc/wanddns/\S+\.password", str(secret), example)
    for gap, word in (("/usr/local/sbin/...", "/bin/true"), ("https://...", "https://ddns.example.net"),
                      ("...", "word")):
        example = example.replace(gap, word)
    return example


def example_of(lab, name):
    done = lab.wanddns("providers", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"^name +{re.escape(name)}$", done.stdout, re.M)
    return done.stdout[done.stdout.index("\nprovider "):]


def check(lab, text, **kwargs):
    path = lab.dir / "wanddns.conf"
    path.write_text(text)
    path.chmod(0o600)
    return lab.wanddns("check", "-c", path, **kwargs)


def faults(lab, text, **kwargs):
    """[(line, what is wrong)] of a configuration."""
    done = check(lab, text, **kwargs)
    assert done.returncode == 2, done
    found = [re.fullmatch(re.escape(str(lab.dir / "wanddns.conf")) + r":(\d+): (.*)", line)
             for line in done.stderr.splitlines()]
    assert found and all(found), done.stderr
    return [(int(fault[1]), fault[2]) for fault in found]


@pytest.mark.parametrize("name", SERVICES)
def test_example_of_each_service_passes_check(lab, name):
    """What providers NAME prints is a configuration, once its ... are filled in; only plain http is warned about."""
    example = filled_in(lab, example_of(lab, name))
    done = check(lab, example)
    plain = re.search(r'^server\s*=\s*"http://(?!127\.)', FILES[name], re.M)
    assert (done.returncode, bool(re.fullmatch(r"\S+: plain http: .*\n", done.stderr))) == (0, bool(plain)), done
    assert plain or not done.stderr
    assert "1 name at 1 provider" in done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_example_says_all_that_is_needed_and_no_more(lab, name):
    """Each key of the example is one that check wants, or decides on the address."""
    example = filled_in(lab, example_of(lab, name))
    lines = example.strip("\n").splitlines()
    for number, line in enumerate(lines):
        if number in (0, len(lines) - 1) or line.split()[0] == "family":
            continue
        faults(lab, "\n".join(lines[:number] + lines[number + 1:]) + "\n")


@pytest.mark.parametrize("name", ECHO)
def test_echo_service_tells_how_it_is_used(lab, name):
    """providers NAME of an echo service prints the line of the configuration."""
    done = lab.wanddns("providers", name)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"source = echo:{name}")


@pytest.mark.parametrize("name, meant", [("clodflare", "cloudflare"), ("no-op", "no-ip"), ("../dyndns2", "dyndns2")])
def test_unknown_service_is_told_with_what_was_meant(lab, name, meant):
    """providers of a name that is none: exit 2, and the nearest one."""
    done = lab.wanddns("providers", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"wanddns: there is no provider '{name}': did you mean '{meant}'?\n"


def test_alias_file_is_no_service(lab):
    """aliases.conf stands beside the definitions, and is none."""
    done = lab.wanddns("providers", "aliases")
    assert done.returncode == 2 and "there is no provider 'aliases'" in done.stderr


# Aliases

def test_alias_never_hides_a_service():
    """What is an alias is no name of a definition, and leads to one."""
    assert not set(ALIASES) & set(FILES)
    assert set(ALIASES.values()) <= set(SERVICES)
    assert len(ALIASES) > 200


def test_each_alias_leads_to_its_service(lab):
    """The names that other clients have for a service are known."""
    for alias, name in ALIASES.items():
        done = lab.wanddns("providers", alias)
        assert done.returncode == 0 and re.search(rf"^name +{re.escape(name)}$", done.stdout, re.M), (alias, done)


@pytest.mark.parametrize("title", ["default@no-ip.com", '"default@no-ip.com"', '"default@no-ip.com:office"',
                                   "no-ip.com", "noip"])
def test_section_may_have_the_name_of_an_alias(lab, title):
    """provider ALIAS: the requests are those of the service."""
    lab.net.online(WAN0, v4=7)
    section = account(lab.server, title=title)
    is_current(lab.daemon(lab.config(section, family="ipv4")), "203.0.113.7")
    request, = lab.server.requests
    assert (request.path, request.query) == ("/nic/update", {"hostname": HOME, "myip": "203.0.113.7"})


# check FILE: a definition

GOOD = """title  = "a service of a test"
site   = "https://ddns.example.net/"
server = "https://ddns.example.net"
needs  = { username, password }
auth   = basic
ttl    = 300
step update {
    url   = "{server}/update"
    query = { "name={hostname}", "ip={ip}" }
}
word OK { verdict = done }
"""
TOKEN = """title  = "a service of a test"
server = "https://ddns.example.net"
needs  = password
options = { "place=https://a.example.net" }
step find {
    url  = "{server}/find"
    list = "result"
    get  = { "id=id", "current=content" }
}
step update {
    url  = "{server}/records/{id}"
    json = '{"content": "{ip}", "key": "{password}"}'
}
"""


def changed(old, new, text=GOOD):
    assert old in text
    return text.replace(old, new)


# name: (text, line, what is said)
FAULTS = {
    "unknown-key": (changed("site ", "sitee "), 2, r"unknown key 'sitee'.*did you mean 'site'"),
    "unknown-key-of-a-step": (changed("query =", "querry ="), 9, "unknown key 'querry'"),
    "key-twice": (GOOD + "ttl = 60\n", 12, "ttl"),
    "step-twice": (GOOD + 'step update { url = "{server}/" }\n', 12, "update"),
    "unclosed": (changed("}\nword", "\nword"), 7, "}"),
    "no-title": (changed('title  = "a service of a test"', ""), 1, "there is no title"),
    "like-nothing": ("like = dyndsn2\n" + GOOD, 1, "there is no provider 'dyndsn2': did you mean 'dyndns2'"),
    "placeholder": (changed("{ip}", "{ipp}"), 9, r"query: .*\{ipp\}"),
    "placeholder-of-a-later-step": (changed("/find", "/find/{ttl}{id}", TOKEN).replace("step update", "step update2")
                                    .replace("step find", "step update").replace("update2", "find2"), 6, r"\{id\}"),
    "placeholder-of-a-signature": (changed("{ip}", "{query}"), 9, r"\{query\}"),
    "pair": (changed('"ip={ip}"', '"ip"'), 9, "query: 'ip' is not of the form name=value"),
    "header": (changed("auth ", 'headers = "X-Key {password}"\nauth '), 5,
               "'X-Key {password}' is not of the form Name: value"),
    "url-elsewhere": (changed("{server}/update", "https://elsewhere.example.net/"), 8,
                      r"url: does not begin with \{server\}"),
    "no-url": (changed('url   = "{server}/update"', ""), 7, "step update: there is no url"),
    "auth": (changed("= basic", "= digest"), 5, "auth: 'digest' is not none, basic, bearer"),
    "auth-without-a-password": (changed("username, password", "username"), 5, "password must be among the needs"),
    "verdict": (changed("= done", "= dnoe"), 11, "verdict: 'dnoe' is not done, unchanged"),
    "no-verdict": (changed("verdict = done", 'means = "x"'), 11, "word 'OK' has no verdict"),
    "after-with-done": (changed("verdict = done", "verdict = done  after = 5m"), 11,
                        "after: only goes with the verdict again"),
    "after": (changed("verdict = done", "verdict = again  after = soon"), 11, "after: 'soon' is no duration"),
    "status": (GOOD + "status 99 { verdict = again }\n", 12, "status: '99' is no HTTP status"),
    "status-range": (GOOD + 'status "599-500" { verdict = again }\n', 12, "status: '599-500' is no HTTP status"),
    "rule-never-reached": (GOOD + "word ok { verdict = again }\n", 12, "word 'ok' is never reached"),
    "empty-rule": (GOOD + 'text "" { verdict = again }\n', 12, "text: its title is empty"),
    "ttl-is-no-number": (changed("= 300", "= long"), 6, "ttl: 'long' is no number"),
    "ttl-range": (changed("= 300", "= 300\nttl-min = 600"), 1, "ttl is not between"),
    "ttl-range-reversed": (changed("ttl    = 300", "ttl-min = 600\nttl-max = 60"), 1, "ttl-min is above ttl-max"),
    "families": (changed("auth ", "families = all\nauth "), 5, "families: 'all' is not one, both or both-required"),
    "only": (changed("auth ", "only = ipv5\nauth "), 5, "only: 'ipv5' is not ipv4 or ipv6"),
    "gap": (changed("auth ", "gap = often\nauth "), 5, "gap: 'often' is no duration"),
    "budget": (changed("auth ", "budget = 48\nauth "), 5, "budget: '48' is not such as 48/24h"),
    "names": (changed("auth ", "names = 0\nauth "), 5, "names: '0' is no number"),
    "need": (changed("username, password", 'username, password, "Key"'), 4, "needs: 'Key' is no name"),
    "redirects-with-a-header": (changed("auth ", 'headers = "X-Key: {password}"\nredirects = 2\nauth '), 1,
                                "redirects: "),
    "redirects-with-a-body": (changed("title ", "redirects = 2\ntitle ", TOKEN), 1, "redirects: "),
    "json": (changed('"{ip}", "key"', '"{ip}" "key"', TOKEN), 12, "json: this is no JSON"),
    "two-bodies": (changed("json =", "form = \"a=b\"\n    json =", TOKEN), 10,
                   "more than one of form, json, xml and body"),
    "get": (changed('"id=id"', '"id"', TOKEN), 8, "get: 'id' is not of the form name=value"),
    "path": (changed('"id=id"', '"id=a..b"', TOKEN), 8, "get: this is no path into JSON"),
    "regex": (changed('"id=id"', "'id=/([a-z/'", TOKEN), 8, "get: this is no extended regular expression"),
    "regex-without-a-group": (changed('"id=id"', "'id=/[a-z]+/'", TOKEN), 8, r"get: .* no \( \)"),
    "when-of-nothing": (changed("json =", "when = idd\n    json =", TOKEN), 12, "when: .*'idd'"),
    "match-without-a-list": (changed('list = "result"', 'match = "name={hostname}"', TOKEN), 5,
                             "match and suffix need a list"),
    "keep-without-a-get": (changed('get  = { "id=id", "current=content" }', "keep = record", TOKEN)
                           .replace("/records/{id}", "/records"), 5, "nothing to keep"),
    "repeat-without-an-end": (changed('list = "result"', 'status 202 { verdict = repeat }', TOKEN), 5,
                              "the verdict repeat needs every, and times"),
    "in": (changed("list =", "in = never\n    list =", TOKEN), 7, "in: 'never' is not update, delete or both"),
    "sign": (GOOD + 'sign code { digest = crc32  data = "{ip}" }\n', 12,
             "sign: 'crc32' is not md5, sha1, sha256 or sha512"),
    "sign-without-a-key": (GOOD + 'sign code { hmac = sha256  data = "{ip}" }\n', 12,
                           "sign code: either digest and data"),
    "set": (GOOD + 'set both { value = "a"  ipv4 = "b" }\n', 12, "set both: either value, or ipv4 and ipv6"),
}


def check_file(lab, text, name="mine.conf", **kwargs):
    path = lab.dir / name
    path.write_text(text)
    return path, lab.wanddns("check", path, **kwargs)


@pytest.mark.parametrize("text, steps", [(GOOD, "1 step"), (TOKEN, "2 steps"), ('like = no-ip\nttl = 60\n', "1 step")])
def test_good_definition_is_good(lab, text, steps):
    """check FILE: exit 0, and what was read."""
    path, done = check_file(lab, text)
    assert (done.returncode, done.stdout, done.stderr) == (
        0, f"{path}: good, the definition of mine with {steps}\n", "")


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_definition_is_one_line_with_file_and_line(lab, fault):
    """check FILE: exit 2, and FILE:LINE: what is wrong, for each fault."""
    text, line, said = FAULTS[fault]
    path, done = check_file(lab, text)
    assert (done.returncode, done.stdout) == (2, ""), done
    first, *rest = done.stderr.splitlines()
    found = re.fullmatch(re.escape(str(path)) + r":(\d+): (.*)", first)
    assert found and (int(found[1]), bool(re.search(said, found[2]))) == (line, True), done.stderr
    assert all(one.startswith(f"{path}:") or one.startswith("(") for one in rest), done.stderr


def test_all_faults_of_a_definition_are_told(lab):
    """Not only the first, and each of them once."""
    _, done = check_file(lab, changed("= basic", "= digest").replace("{ip}", "{ipp}").replace("{server}/", "/"))
    assert sorted(re.findall(r"conf:(\d+): (\w+):", done.stderr)) == [("5", "auth"), ("8", "url"), ("9", "query")]


def test_fault_of_a_definition_that_is_built_on_names_its_own_file(lab):
    """The file that is wrong is told, not the one that is like it."""
    providers = Providers(lab)
    providers.add("base", changed("= basic", "= digest"))
    _, done = check_file(lab, "like = base\n", wrap=providers.wrap)
    assert done.returncode == 2
    assert re.search(rf"^{re.escape(str(providers.dir))}/base\.conf:5: auth: ", done.stderr, re.M)


def test_definitions_do_not_build_on_each_other_in_a_circle(lab):
    """like in a circle is a fault, and ends."""
    providers = Providers(lab)
    providers.add("one", "like = two\n")
    providers.add("two", "like = one\n")
    for name in ("one", "two"):
        done = lab.wanddns("check", providers.dir / f"{name}.conf", wrap=providers.wrap)
        assert done.returncode == 2
        assert "like: too many definitions build on each other" in done.stderr


def test_configuration_in_place_of_a_definition_is_told_apart(lab):
    """check with a configuration where a definition goes says how a configuration is checked."""
    path, done = check_file(lab, lab.config(), "wanddns.conf")
    assert done.returncode == 2
    assert re.match(re.escape(str(path)) + r":\d+: unknown key", done.stderr)
    assert "a configuration is checked by: wanddns -c FILE check" in done.stderr


def test_file_that_cannot_be_read_is_told_plainly(lab):
    """Nothing is said about definitions where there is no file."""
    for path in (lab.dir / "nothing.conf", lab.dir):
        done = lab.wanddns("check", path)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
        assert done.stderr.startswith(f"{path}: ")


@pytest.mark.parametrize("name", FILES)
def test_definition_that_is_shipped_passes_check(lab, name):
    """check FILE of each of ours: exit 0 and nothing to say."""
    done = lab.wanddns("check", FOLDER / f"{name}.conf")
    assert (done.returncode, done.stderr) == (0, "")


# The folders, one before the other

class Folders:
    """The three folders that definitions are looked for in, each a folder of the test: $WANDDNS_PROVIDERS, that of the
    system's configuration, and that of the package, where the shipped ones are."""

    def __init__(self, lab):
        self.first = lab.dir / "first"
        self.first.mkdir()
        self.mounts = []
        data = Path(PROGRAM).read_bytes()
        system, package = sorted({path.decode() for path in re.findall(rb"\0(/[\w./-]+/wanddns/providers)(?=\0)", data)},
                                 key=lambda path: "/share/" in path)
        self.system, self.package = self._cover(lab, "system", Path(system)), self._cover(lab, "package", Path(package))
        for path in FOLDER.glob("*.conf"):
            (self.package / path.name).write_bytes(path.read_bytes())

    def _cover(self, lab, name, path):
        """A folder of the test takes the place of what there is of this path."""
        there = next(parent for parent in path.parents if parent.exists())
        cover = lab.dir / name
        folder = cover / path.relative_to(there)
        folder.mkdir(parents=True)
        self.mounts.append((cover, there))
        return folder

    def wrap(self, argv):
        script = "".join(f'mount --bind "{cover}" "{there}" && ' for cover, there in self.mounts)
        return ["env", f"WANDDNS_PROVIDERS={self.first}", "unshare", "--mount", "sh", "-c", script + 'exec "$@"', "sh",
                *argv]


@pytest.fixture
def folders(lab):
    return Folders(lab)


def told(lab, folders, name="no-ip"):
    """What providers NAME tells: {"title": ..., ...}."""
    done = lab.wanddns("providers", name, wrap=folders.wrap)
    assert done.returncode == 0, done
    return dict(re.findall(r"^(\w+) {2,}(\S.*)$", done.stdout.partition("\nprovider")[0], re.M))


def test_folders_stand_in_order(lab, folders):
    """$WANDDNS_PROVIDERS, then the system's folder, then the package's: the first that has the name counts."""
    assert told(lab, folders)["title"] == "No-IP"
    (folders.system / "no-ip.conf").write_text(changed("a service of a test", "the system's"))
    assert told(lab, folders)["title"] == "the system's"
    (folders.first / "no-ip.conf").write_text(changed("a service of a test", "one's own"))
    assert told(lab, folders)["title"] == "one's own"
    lines = [line for line in lab.wanddns("providers", wrap=folders.wrap).stdout.splitlines()
             if line.startswith("no-ip ")]
    assert len(lines) == 1 and "one's own" in lines[0]


def test_service_of_ones_own_stands_beside_the_shipped_ones(lab, folders):
    """A definition of a new name is listed, may build on a shipped one, and may be used."""
    (folders.system / "office.conf").write_text(
        'like = dyndns2\ntitle = "the office"\nserver = "https://ddns.example.net"\n')
    assert told(lab, folders, "office")["server"] == "https://ddns.example.net"
    listed = lab.wanddns("providers", wrap=folders.wrap).stdout.splitlines()
    assert sum(line.startswith("office ") for line in listed) == 1
    assert len(listed) == len(SERVICES) + len(ECHO) + 1


def test_like_itself_extends_the_one_behind(lab, folders):
    """like = its own name: the definition of the next folder, through all of them."""
    (folders.system / "no-ip.conf").write_text("like = no-ip\ngap = 10m\nttl = 60\n")
    assert {key: told(lab, folders)[key] for key in ("title", "gap", "ttl")} == {
        "title": "No-IP", "gap": "10 minutes", "ttl": "60 seconds"}
    (folders.first / "no-ip.conf").write_text('like = no-ip\nttl = 120\nserver = "https://mine.example.net"\n')
    assert {key: told(lab, folders)[key] for key in ("title", "gap", "ttl", "server")} == {
        "title": "No-IP", "gap": "10 minutes", "ttl": "120 seconds", "server": "https://mine.example.net"}


def test_like_itself_with_nothing_behind_is_a_fault(lab, folders):
    """A definition cannot build on itself."""
    (folders.first / "lonely.conf").write_text("like = lonely\n")
    done = lab.wanddns("providers", "lonely", wrap=folders.wrap)
    assert done.returncode == 2
    assert re.match(rf"{re.escape(str(folders.first))}/lonely\.conf:1: there is no provider 'lonely'", done.stderr)


def test_faulty_override_is_not_passed_over(lab, folders):
    """The one of the first folder is used or refused, never skipped for the shipped one; others are listed still."""
    (folders.first / "no-ip.conf").write_text("like = no-ip\nauth = digest\n")
    fault = f"{folders.first}/no-ip.conf:2: auth: "
    done = check(lab, account("https://192.0.2.53", title="no-ip"), wrap=folders.wrap)
    assert done.returncode == 2 and fault in done.stderr
    listed = lab.wanddns("providers", wrap=folders.wrap)
    assert fault in listed.stderr
    assert len(listed.stdout.splitlines()) == len(SERVICES) + len(ECHO) - 1


def test_alias_of_ones_own(lab, folders):
    """An alias file in an earlier folder adds to the shipped one."""
    (folders.system / "aliases.conf").write_text('alias = "my-isp=no-ip"\n')
    assert told(lab, folders, "my-isp")["name"] == "no-ip"
    assert told(lab, folders, "default@no-ip.com")["name"] == "no-ip"


def test_extension_of_a_shipped_definition_is_used(lab, folders):
    """A parameter and a word that the operator added go into requests and verdicts; what was there stays."""
    (folders.system / "no-ip.conf").write_text(
        'like = no-ip\nstep update { query = { "hostname={hostname}", "myip={ip}", "offline=NO" } }\n'
        'word perfect { verdict = done }\n')
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "perfect" if len(lab.server.requests) == 1 else "nohost"
    daemon = lab.daemon(lab.config(account(lab.server, title="no-ip"), family="ipv4"), wrap=folders.wrap)
    is_current(daemon, "203.0.113.7")
    request, = lab.server.requests
    assert request.path == "/nic/update"
    assert request.query == {"hostname": HOME, "myip": "203.0.113.7", "offline": "NO"}
    daemon.usr1()
    daemon.wait_log(r"updating -> refused \(provider: nohost: there is no such name")


# What a section says beside what the definition wants

def section(title, **keys):
    """Line 1 is the opening; server, password and hostname follow unless told otherwise."""
    values = {"password": '"s3cret"', "hostname": "home.example.org", **keys}
    return f"provider {title} {{\n" + "".join(f"    {k} = {v}\n" for k, v in values.items() if v is not None) + "}\n"


@pytest.mark.parametrize("zone", ["example.org", "Example.ORG.", "home.example.org", '"example.org"'])
def test_zone_that_holds_the_name_is_good(lab, zone):
    """In capitals, with a dot at the end, or the name itself."""
    assert check(lab, section("cloudflare", zone=zone)).returncode == 0


# (section, line of the fault, what is said)
SECTION_FAULTS = {
    "name-not-in-zone": (section("cloudflare", zone="example.net"), 1,
                         "'home.example.org' is not in the zone example.net"),
    "zone-ends-alike": (section("cloudflare", hostname="homeexample.org", zone="example.org"), 1,
                        "'homeexample.org' is not in the zone example.org"),
    "one-of-two-names": (section("cloudflare", hostname='{ a.example.org, "b.example.net" }', zone="example.org"), 1,
                         "'b.example.net' is not in the zone example.org"),
    "zone-is-no-zone": (section("cloudflare", zone="org"), 4, "zone: 'org' is no zone"),
    "zone-is-missing": (section("gandi"), 1, "there is no zone"),
    "ttl-too-short": (section("gandi", zone="example.org", ttl=299), 5,
                      "ttl: the provider gandi takes 300 to 2592000 seconds"),
    "ttl-too-long": (section("gandi", zone="example.org", ttl=2592001), 5,
                     "ttl: the provider gandi takes 300 to 2592000"),
    "ttl-is-no-number": (section("gandi", zone="example.org", ttl="long"), 5, "ttl: 'long' is no number of seconds"),
    "ttl-where-there-is-none": (section("duckdns", ttl=300), 4, "ttl: the provider duckdns takes none"),
    "option-unknown": (section("cloudflare", options='"proxy=true"'), 4,
                       r"knows no 'proxy' \(wanddns providers cloudflare\)"),
    "option-where-there-is-none": (section("duckdns", options='"a=b"'), 4,
                                   r"knows no 'a' \(wanddns providers duckdns\)"),
    "option-without-a-value": (section("cloudflare", options="proxied"), 4,
                              "options: 'proxied' is not of the form name=value"),
    "option-is-a-key-of-its-own": (section("cloudflare", options='"password=x"'), 4, "knows no 'password'"),
    "option-missing": (section("dslreports", username="a"), 1, "there is no option 'host-id'"),
    "option-twice": (section("cloudflare", options='{ "proxied=true", "proxied=false" }'), 4, "proxied"),
    "only-ipv4": (section("dnsomatic", username="a", family="ipv6"), 1, "it has only records of ipv4"),
    "only-ipv4-of-a-record": (section("dnsomatic", username="a", hostname=None).removesuffix("}\n") +
                              '    record "home.example.org" {\n        family = ipv6\n    }\n}\n', 4,
                              "it has only records of ipv4"),
    "two-names-of-a-login-for-one": (section("njalla", hostname="{ a.example.org, b.example.org }"), 1,
                                     "each hostname needs a section of its own"),
    "server-missing": (section("dyndns2", username="a"), 1, "there is no server"),
    "base-is-no-service": (section("rest"), 1, "others build on it, it is no provider itself"),
    "url-of-another": (section("duckdns", url='"https://a.example.net/"'), 4, "url: the provider duckdns "),
    "program-of-another": (section("duckdns", program="/bin/true"), 4, "program: the provider duckdns "),
}


@pytest.mark.parametrize("fault", SECTION_FAULTS)
def test_fault_of_a_section_is_told_with_its_line(lab, fault):
    """check: what the definition does not go with is FILE:LINE: and a word on it."""
    text, line, said = SECTION_FAULTS[fault]
    found = faults(lab, text)
    assert len(found) == 1 and re.search(said, found[0][1]), found
    assert found[0][0] == line, found


@pytest.mark.parametrize("ttl", ["300", "5m", "2592000", "10800"])
def test_ttl_in_the_range_is_good(lab, ttl):
    """In seconds or as a duration, the limits included."""
    assert check(lab, section("gandi", zone="example.org", ttl=ttl)).returncode == 0


def test_service_of_one_family_leaves_the_other_alone(lab):
    """only = ipv4 with both families wanted: A is published, AAAA is not, and nothing is refused."""
    lab.net.online(WAN0, v4=7, v6=7)
    daemon = lab.daemon(lab.config(account(lab.server, title="dnsomatic")))
    is_current(daemon, "203.0.113.7")
    daemon.stop()
    assert set(daemon.state()) == {(HOME, "A")}
    request, = lab.server.requests
    assert request.query["myip"] == "203.0.113.7"


# Names in Unicode

@pytest.mark.parametrize("name, ascii_name", [
    ("m\u00fcnchen.example.org", "xn--mnchen-3ya.example.org"),
    ("M\u00dcNCHEN.example.org.", "xn--mnchen-3ya.example.org"),
    ("\u4f8b\u3048.example.org", "xn--r8jz45g.example.org"),
    ("xn--mnchen-3ya.example.org", "xn--mnchen-3ya.example.org"),
    ("*.m\u00fcnchen.example.org", "*.xn--mnchen-3ya.example.org")])
def test_international_name_is_sent_as_a_labels(lab, name, ascii_name):
    """A name in Unicode is the one of its A-labels, in requests, in the log and in state.json, whatever the locale."""
    lab.net.online(WAN0, v4=7)
    daemon = lab.daemon(lab.config(account(lab.server, name), family="ipv4"))
    is_current(daemon, "203.0.113.7", name=ascii_name)
    daemon.stop()
    request, = lab.server.requests
    assert request.hostnames == [ascii_name]
    assert set(daemon.state()) == {(ascii_name, "A")}


def test_international_name_in_both_forms_is_one_name(lab):
    """The same name, in Unicode and in A-labels, stands there twice."""
    text = section("duckdns", hostname='{ "m\u00fcnchen.example.org", "xn--mnchen-3ya.example.org" }')
    (line, said), = faults(lab, text)
    assert line == 3 and "a second time" in said


def test_international_name_is_in_its_international_zone(lab):
    """The zone may be written in Unicode as well."""
    text = section("cloudflare", hostname='"home.m\u00fcnchen.example"', zone='"m\u00fcnchen.example"')
    done = check(lab, text)
    assert done.returncode == 0, done


@pytest.mark.parametrize("name", ["\u00fc" * 60 + ".example.org", "a\u0338\u2025.example.org", "\ufffd.example.org"])
def test_international_name_that_is_none_is_a_fault(lab, name):
    """What has no A-labels is told with its line."""
    (line, said), = faults(lab, section("duckdns", hostname=f'"{name}"'))
    assert line == 3 and said.startswith("hostname: ")
