"""The rows of the table: what is measured, beside whom, and the bar. README says it in words."""
import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import ask
import crowd
import peers
import zone
from harness.daemon import PROVIDERS, account, configuration, environment
from harness.topology import WAN0, WAN1
from stage import BUILD, LOGIN, TOP, URL, Fault

NAMES_IN_REQUEST = 20
# Longer than wanddns keeps the connections of a burst.
IDLE_S = 4


class Figure:
    """One line of the table. good is None where nothing is demanded."""

    def __init__(self, row, what, *, theirs="", ours="", ratio="", bar="printed", good=None):
        verdict = {None: "", True: "ok", False: "OVER"}[good]
        self.cells = (str(row), what, theirs, ours, ratio, bar, verdict)
        self.good = good


def us(ns):
    return f"{ns / 1e3:.1f} us"


def ms(ns):
    return f"{ns / 1e6:.2f} ms"


def spread(values):
    """The median, with the middle half around it."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle / 1e6:.2f} ms ({low / 1e6:.2f}-{high / 1e6:.2f})"


def ratio_of(ours, theirs):
    return statistics.median(ours) / statistics.median(theirs)


# Who is measured

def floor(stage):
    process = stage.start(BUILD / "floor", "wan0", URL + "/nic/update",
                          stage.authority.ca_file, ":".join(LOGIN))
    process.until("ready")
    return process


def hosts(count):
    return [f"host{number}.example.org" for number in range(count)]


def daemon(stage, count=1, level="info", **keys):
    options = [*stage.configure(hosts(count), **keys), *ask.options(stage)]
    process = stage.start(BUILD / "wanddns", "--log-level", level, *options, "run")
    process.until("started")
    return process


def curl(stage, *more):
    return ["curl", "--silent", "--cacert", stage.authority.ca_file, "--user", ":".join(LOGIN),
            *more]


def whole(stage, command):
    """How long a command takes from start to end, with as little around it as can be."""
    words = [str(word) for word in command]
    silence = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]

    def timed():
        before = time.monotonic_ns()
        pid = os.posix_spawnp(words[0], words, environment(), file_actions=silence)
        status = os.waitpid(pid, 0)[1]
        return time.monotonic_ns() - before, status

    took, status = stage.net.gateway.call(timed)
    if status:
        raise Fault(f"{' '.join(words)}: ended with {os.waitstatus_to_exitcode(status)}")
    return took


def lag(stage, process, rest_s):
    """From just before an address is asked for until its request is at the server.

    Before it the connection of the round before ends, the old address goes away, and
    everybody comes to rest.
    """
    time.sleep(rest_s)
    stage.lose()
    time.sleep(rest_s)
    address, before = stage.gain()
    return stage.request(address, process).received - before


def lags(pairs, count, rest_s):
    """The lags of several (stage, process), who take turns so that they can be compared.
    One round before is not counted."""
    rounds = [[lag(stage, process, rest_s) for stage, process in pairs] for _ in range(count + 1)]
    return list(zip(*rounds[1:]))


# The rows. Each gets a function that makes a stage, and the command line.

def row1(new_stage, args):
    """address added -> request, settle 0"""
    with new_stage() as one, new_stage() as two:
        pairs = [(one, floor(one)), (two, daemon(two, settle="0ms"))]
        theirs, ours = lags(pairs, args.repeat or 50, 0.1)
    ratio = ratio_of(ours, theirs)
    yield Figure(1, "address added -> request, settle 0", theirs="floor " + spread(theirs),
                 ours=spread(ours), ratio=f"{ratio:.2f} x", bar="<= 1.25 x", good=ratio <= 1.25)


def row2(new_stage, args):
    """the same with the default settle time"""
    with new_stage() as stage:
        # The rest is longer than the settle time: the loss of the old address is settled.
        ours, = lags([(stage, daemon(stage))], args.repeat or 50, 0.25)
    beyond = statistics.median(ours) / 1e6 - 100
    yield Figure(2, "the same, default settle", theirs="settle 100 ms", ours=spread(ours),
                 ratio=f"{beyond:+.2f} ms", bar="<= +5 ms", good=beyond <= 5)


def row3(new_stage, args):
    """the clients that people run now"""
    with new_stage() as one, new_stage() as two:
        pairs = [(one, daemon(one)), (two, daemon(two, settle="0ms"))]
        settled, ours = lags(pairs, 5, 0.25)
    text = f"{ms(statistics.median(settled))}, settle 0: {ms(statistics.median(ours))}"
    for peer in (peers.Inadyn, peers.Ddclient):
        mean_ns = peer.period_s / 2 * 1e9
        yield Figure(3, f"{peer.name}, default period {peer.period_s} s", ours=text,
                     theirs=f"{mean_ns / 1e9:.0f} s mean (computed)",
                     ratio=f"{ratio_of(settled, [mean_ns]):.4f} x")
        with new_stage() as stage:
            hook = peer(stage)
            theirs = [hook.lag() for _ in range(5)]
        yield Figure(3, f"{peer.name}, hook on ip monitor", theirs=spread(theirs), ours=text,
                     ratio=", ".join(f"{ratio_of(mine, theirs):.2f} x" for mine in (settled, ours)))


def row4(new_stage, args):
    """idle"""
    seconds = 10 if args.quick else 60
    with new_stage() as stage:
        stage.gain()
        process = daemon(stage)
        process.until("-> current")
        process.rest(IDLE_S)
        before = process.switches()
        time.sleep(seconds)
        woken = [after - count for after, count in zip(process.switches(), before)]
    yield Figure(4, f"idle for {seconds} s: context switches", ours=f"{woken[0]} + {woken[1]}",
                 bar="0", good=sum(woken) == 0)


def row5(new_stage, args):
    """a full table comes, and the default route moves meanwhile"""
    routes = 50_000 if args.quick else 500_000
    with new_stage() as stage:
        stage.net.online(WAN0, v4=7)
        stage.net.gateway.ip(f"addr add {WAN1.net4}.7/24 dev wan1")
        process = daemon(stage, level="debug", interface="auto")
        process.until("-> current")
        process.rest(IDLE_S)
        used = process.cpu_ns()
        moved = full_table(stage, routes)
        delay = stage.request(f"{WAN1.net4}.7", process).received - moved
        process.until("-> current", 2)
        process.rest(IDLE_S)
        used, overruns = process.cpu_ns() - used, process.says("overrun")
    yield Figure(5, f"{routes} routes: CPU of the daemon", ours=ms(used), bar="<= 10 ms",
                 good=used <= 10e6)
    yield Figure(5, "  overruns of the event socket", ours=str(overruns), bar="0",
                 good=overruns == 0)
    yield Figure(5, "  default route moved -> request", theirs="settle-max 2 s", ours=ms(delay),
                 bar="<= 2 s", good=delay <= 2e9)


def full_table(stage, routes):
    """Adds routes, and moves the default route in their midst; returns the moment before that."""
    batch = stage.net.gateway.popen(["ip", "-batch", "-"], stdin=subprocess.PIPE)
    for number in range(routes):
        if number == routes // 2:
            moved = time.monotonic_ns()
            stage.net.gateway.ip(
                f"route replace default via {WAN1.router4} dev wan1 metric 100")
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        batch.stdin.write(f"route add blackhole {address}/32\n".encode())
    batch.stdin.close()
    if batch.wait():
        raise Fault("ip -batch failed")
    return moved


def row6(new_stage, args):
    """private memory"""
    def one_request(stage):
        process = floor(stage)
        lag(stage, process, 0.1)
        process.rest(0.5)
        return process

    def published(stage, count):
        process = daemon(stage, count)
        stage.gain()
        process.until("-> current", count)
        process.rest(IDLE_S)
        return process

    def size(times, start, *more):
        found = []
        for _ in range(times):
            with new_stage() as stage:
                own_libraries(stage)
                found.append(start(stage, *more).private_kib())
        return sorted(found)[times // 2]

    # How much of a file the kernel maps around a page that is touched hangs on where the file
    # happens to lie: 50 KiB more or less. So several are measured.
    sizes = [size(15, one_request), size(5, published, 1), size(5, published, 1000)]
    (least, _), (one, _), (many, _) = sizes
    floor_text, one_text, many_text = (f"{size} KiB ({dirty})" for size, dirty in sizes)
    each = (many - one) * 1024 / 999
    yield Figure(6, "private memory, 1 record", theirs=f"floor {floor_text}", ours=one_text,
                 ratio=f"{one - least:+} KiB", bar="<= +640 KiB", good=one - least <= 640)
    yield Figure(6, "private memory, 1000 records", theirs=f"1 record {one_text}", ours=many_text,
                 ratio=f"{each:+.0f} B/record", bar="<= 1024 B/record", good=each <= 1024)


def own_libraries(stage):
    """Pages of a library are private only to a process that has it alone, and others come and go:
    who is measured gets copies, save of what the server has open and everybody shares."""
    folder = stage.folder / "lib"
    folder.mkdir()
    shared = Path(f"/proc/{stage.server.pid}/maps").read_text()
    needed = subprocess.run(["ldd", BUILD / "wanddns"], capture_output=True, text=True, check=True)
    for library in re.findall(r"=> (/\S+)", needed.stdout):
        if str(Path(library).resolve()) not in shared:
            shutil.copy(library, folder)
    # Pages that wait to be written would count as dirty.
    os.sync()
    stage.environment["LD_LIBRARY_PATH"] = folder


def row7(new_stage, args):
    """a thousand names of one account"""
    count, ours, theirs, numbers = 1000, [], [], set()
    expected = count // NAMES_IN_REQUEST
    with new_stage() as stage:
        process = daemon(stage, count, settle="0ms")
        for turn in range(1, (args.repeat or 10) + 2):
            stage.lose()
            process.rest(0.5)
            address, before = stage.gain()
            requests = []
            while sum(len(request.names()) for request in requests) < count:
                requests.append(stage.request(address, process))
            # What is sent twice would come now.
            process.until("-> current", turn * count)
            process.rest(0.5)
            requests += stage.requests(address)
            numbers.add(len(requests))
            ours.append(max(request.answered for request in requests) - before)
            theirs.append(curl_parallel(stage, address, requests))
    ratio = ratio_of(ours[1:], theirs[1:])
    yield Figure(7, f"{count} records: change -> last answer", ours=spread(ours[1:]),
                 theirs="curl --parallel " + spread(theirs[1:]), ratio=f"{ratio:.2f} x",
                 bar="<= 1.3 x", good=ratio <= 1.3)
    yield Figure(7, "  requests", theirs=str(expected), ours=", ".join(map(str, sorted(numbers))),
                 bar=str(expected), good=numbers == {expected})


def concurrency():
    """How many requests of a login are under way at once."""
    header = (TOP / "include/account.h").read_text()
    return re.search(r"ACCOUNT_CONCURRENCY = (\d+)", header)[1]


def curl_parallel(stage, address, requests):
    """The same requests by curl, from its start until the last is answered."""
    urls = stage.folder / "urls"
    urls.write_text("".join(f'url = "{URL}{request.target}"\n' for request in requests))
    before = time.monotonic_ns()
    whole(stage, curl(stage, "--parallel", "--parallel-max", concurrency(), "--config", urls))
    return max(stage.request(address, stage.server).answered for _ in requests) - before


def row8(new_stage, args):
    """one pass"""
    ours, theirs = [], []
    with new_stage() as stage:
        address, _ = stage.gain()
        for _ in range((args.repeat or 20) + 1):
            ours.append(whole(stage, [BUILD / "wanddns", *stage.configure(hosts(1)), "once"]))
            target = stage.request(address, stage.server).target
            theirs.append(whole(stage, curl(stage, URL + target)))
            stage.request(address, stage.server)
    ratio = ratio_of(ours[1:], theirs[1:])
    yield Figure(8, "wanddns once, whole process", theirs="curl " + spread(theirs[1:]),
                 ours=spread(ours[1:]), ratio=f"{ratio:.2f} x", bar="<= 1.5 x", good=ratio <= 1.5)


def row9(new_stage, args):
    """one event where there is much else"""
    rounds, routes = args.repeat or 20, 50_000 if args.quick else 500_000
    with new_stage() as one, new_stage() as two:
        pairs = [(one, crowd.among(one, daemon, 1, 1, 1)),
                 (two, crowd.among(two, daemon, 1000, 10_000, routes))]
        costs = [], []
        for turn in range(rounds + 1):
            for number in (0, 1) if turn % 2 else (1, 0):
                costs[number].append(crowd.event_ns(*pairs[number]))
        theirs, ours = (part[1:] for part in costs)
        alone, among = lags(pairs, rounds, 0.1)
    ratio = ratio_of(ours, theirs)
    yield Figure(9, "CPU of an event, 1000 links, 10000 addr.", theirs="1 of each " +
                 us(statistics.median(theirs)), ours=us(statistics.median(ours)),
                 ratio=f"{ratio:.2f} x", bar="<= 1.2 x", good=ratio <= 1.2)
    yield Figure(9, f"  and {routes} routes: address -> request", theirs="1 of each " +
                 spread(alone), ours=spread(among), ratio=f"{ratio_of(among, alone):.2f} x")


def row10(new_stage, args):
    """a storm of addresses on an interface that is not followed"""
    ours, theirs, rates = [], [], []
    with new_stage() as stage:
        stage.gain()
        process = daemon(stage)
        process.until("-> current")
        storm, peer = crowd.Storm(stage), crowd.monitor(stage)
        for _ in range((args.repeat or 10) + 1):
            for who in (process, peer):
                who.rest(0.5)
            before = process.cpu_ns(), peer.cpu_ns()
            rates.append(storm.blow())
            for who in (process, peer):
                who.rest(0.5)
            ours.append((process.cpu_ns() - before[0]) / storm.count)
            theirs.append((peer.cpu_ns() - before[1]) / storm.count)
        lost = storm.lost()
    ratio = ratio_of(ours[1:], theirs[1:])
    yield Figure(10, f"{statistics.median(rates[1:]):.0f} addr./s elsewhere: CPU of each",
                 theirs="ip monitor " + us(statistics.median(theirs[1:])),
                 ours=us(statistics.median(ours[1:])), ratio=f"{ratio:.2f} x", bar="<= 1.0 x",
                 good=ratio <= 1)
    yield Figure(10, "  notifications lost by either", ours=str(lost), bar="0", good=lost == 0)


def row11(new_stage, args):
    """a new prefix for a thousand hosts of the LAN"""
    with new_stage() as stage:
        lan = crowd.Lan(stage, 1000)
        figures = [lan.renumber() for _ in range(2 * (args.repeat or 20) + 2)][2:]
    logged, quiet = figures[0::2], figures[1::2]
    silent, aloud = ([ours for ours, _ in part] for part in (quiet, logged))
    least = [theirs for _, theirs in figures]
    typical = statistics.median(silent)
    yield Figure(11, "new prefix, 1000 hosts: CPU", theirs="reading and joining " + spread(least),
                 ours=spread(silent), ratio=f"{ratio_of(silent, least):.1f} x", bar="<= 5 ms",
                 good=typical <= 5e6)
    yield Figure(11, "  and their lines in the log", ours=spread(aloud),
                 ratio=f"{(statistics.median(aloud) - typical) / 1e6:+.2f} ms")


PROVIDERS_OF_ROW12 = """alidns cloudflare desec digitalocean duckdns dyndns2 dynu dynv6 freedns
    gandi godaddy hetzner-cloud ionos linode loopia namecheap netlify ovh porkbun vultr""".split()


def cost(mode, *files):
    """The lines that build-bench/cost prints."""
    done = subprocess.run([BUILD / "cost", mode, *files], capture_output=True, text=True,
                          check=False, env=environment())
    if done.returncode:
        raise Fault(f"cost {mode} ended with {done.returncode}: {done.stderr}")
    return [line.split() for line in done.stdout.splitlines()]


def written(name, *sections):
    """A configuration that nothing is requested by."""
    file = BUILD / "stages" / name
    file.touch(mode=0o600)
    file.write_text(configuration(*sections, family="ipv4"))
    return file


def definition_files(name):
    """The file of a definition, and those that it builds on."""
    file = Path(PROVIDERS) / f"{name}.conf"
    base = re.search(r"^like\s*=\s*([\w-]+)", file.read_text(), re.M)
    return [file, *(definition_files(base[1]) if base else [])]


def row12(_new_stage, args):
    """reading a configuration with twenty providers"""
    names = PROVIDERS_OF_ROW12
    file = written("twenty.conf", *(account(URL, title=name, zone="example.org") for name in names))
    files = [file] + [part for name in names for part in definition_files(name)]
    ours, theirs = [], []
    for _ in range((args.repeat or 20) + 1):
        ours.append(int(cost("config", file)[0][0]))
        theirs.append(int(cost("floor", *files)[0][0]))
    typical, size = statistics.median(ours[1:]), sum(part.stat().st_size for part in files)
    yield Figure(12, f"configuration with {len(names)} providers: CPU",
                 theirs=f"libConfuse, {size / 1024:.0f} KiB {spread(theirs[1:])}",
                 ours=spread(ours[1:]), ratio=f"{ratio_of(ours[1:], theirs[1:]):.1f} x",
                 bar="<= 10 ms", good=typical <= 10e6)


def row13(_new_stage, args):
    """expanding one request"""
    file = written("requests.conf", account(None, title="cloudflare", zone="example.org"),
                   account(URL, hosts(NAMES_IN_REQUEST)),
                   account(None, title="alidns", zone="example.org"))
    rounds = [cost("request", file) for _ in range(args.repeat or 5)]
    for lines in zip(*rounds):
        name, count, _ = lines[0]
        typical = statistics.median(int(line[2]) for line in lines)
        yield Figure(13, f"request of {name}, {count} name{'s' * (count != '1')}: CPU",
                     ours=us(typical), bar="<= 20 us", good=typical <= 20e3)


def row14(new_stage, args):
    """a thousand records of a zone with ids"""
    count, ours, theirs, numbers = 1000, [], [], set()
    with new_stage() as stage:
        server = zone.Zone(stage)
        process = daemon(stage, count, settle="0ms", section=server.section(hosts(count)))
        for turn in range(1, (args.repeat or 10) + 3):
            stage.lose()
            process.rest(0.5)
            address, before = stage.gain()
            # Nothing is read meanwhile: the last answer is found in the server's log.
            process.rest(0.5)
            process.until("-> current", turn * count)
            answers = server.answers()
            if turn == 1: # the ids are learned
                continue
            numbers.add((len(answers), *{answer.method for answer in answers}))
            ours.append(answers[-1].answered - before)
            before = time.monotonic_ns()
            whole(stage, server.curl(address, answers, concurrency()))
            theirs.append(server.answers()[-1].answered - before)
    ratio = ratio_of(ours[1:], theirs[1:])
    yield Figure(14, f"{count} records with ids: change -> last answer", ours=spread(ours[1:]),
                 theirs="curl --parallel, HTTP/2 " + spread(theirs[1:]), ratio=f"{ratio:.2f} x",
                 bar="<= 1.3 x", good=ratio <= 1.3)
    expected = f"{count} PATCH"
    sent = ", ".join(" ".join(map(str, number)) for number in sorted(numbers))
    yield Figure(14, "  requests", theirs=expected, ours=sent, bar=expected, good=sent == expected)


def row15(new_stage, args):
    """a status of a thousand records"""
    with new_stage() as stage:
        process = daemon(stage, 1000, settle="0ms")
        stage.gain()
        process.until("-> current", 1000)
        process.rest(IDLE_S)
        (_, before), asked = process.private_kib(), [ask.status(stage, process) for _ in range(args.repeat or 100)]
        process.rest(0.5)
        left = process.private_kib()[1] - before
        ours = [whole(stage, [BUILD / "wanddns", *ask.options(stage), "status"]) for _ in range(20)]
    took, cpu = zip(*asked)
    yield Figure(15, "status of 1000 records: CPU of the daemon", ours=spread(cpu), bar="<= 10 ms",
                 good=statistics.median(cpu) <= 10e6)
    yield Figure(15, "  until the last line is there", ours=spread(took))
    yield Figure(15, "  wanddns status, whole process", ours=spread(ours))
    yield Figure(15, "  dirty memory that 100 of them leave", ours=f"{left:+} KiB", bar="<= +128 KiB", good=left <= 128)


ALL = {"1": row1, "2": row2, "3": row3, "4": row4, "5": row5, "6": row6, "7": row7, "8": row8,
       "9": row9, "10": row10, "11": row11, "12": row12, "13": row13, "14": row14, "15": row15}
