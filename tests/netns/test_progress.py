"""once with many records: one line on a terminal, a line for each elsewhere."""

import re
import signal

import pytest

from harness.daemon import account
from harness.expect import answers_late
from harness.quick import write_config
from harness.topology import WAN0

MANY = [f"n{number:03}.example.org" for number in range(100)]
LINE = re.compile(r"\r(\d+) of 100 done, (\d+) left, (\d+) failed\x1b\[K")


def once(lab, names=MANY, **kwargs):
    """once on a terminal; argv: more arguments."""
    state = lab.dir / "state"
    state.mkdir(exist_ok=True)
    config = write_config(lab, account(lab.server, names))
    return lab.terminal("once", "-c", config, "--state-dir", state, *kwargs.pop("argv", ()), **kwargs)


def told(terminal):
    """(done, left, failed) as it was shown, in order."""
    return [tuple(map(int, counts)) for counts in LINE.findall(terminal.raw)]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_progress_is_one_line_and_gone_at_the_end(lab, width):
    """From nothing to all, never back; what is left on the screen is the result."""
    lab.net.online(WAN0, v4=7)
    terminal = once(lab, width=width)
    terminal.end(0)
    counts = told(terminal)
    assert counts[0] == (0, 100, 0) and counts[-1] == (100, 0, 0)
    assert counts == sorted(counts) and all(sum(row) == 100 for row in counts)
    assert len(counts) >= 3  # 100 names are more requests than run at once
    screen = [line for line in terminal.screen if line]
    assert len(screen) == 1 and screen[0].endswith(" 100 of 100 records are current")


def test_failures_stand_above_it(lab):
    """A record that is refused: its line stays on the screen, the progress counts it."""
    lab.net.online(WAN0, v4=7)
    lab.server.answer = lambda request: "\n".join(
        "nohost" if name == MANY[30] else f"good {request.query['myip']}" for name in request.hostnames)
    terminal = once(lab, width=200, expect=1)
    terminal.end(1)
    assert told(terminal)[-1] == (99, 0, 1)
    screen = [line for line in terminal.screen if line]
    assert len(screen) == 2
    assert f"{MANY[30]} A: updating -> refused" in terminal.raw
    assert screen[1].endswith(" 99 of 100 records are current")


def test_progress_is_there_while_it_waits(lab):
    """While the server thinks the screen has the line, and Ctrl-C takes it away."""
    lab.net.online(WAN0, v4=7)
    go_on = answers_late(lab.server)
    terminal = once(lab, expect=1)
    terminal.wait(LINE.pattern)
    lab.server.wait_for(1)
    assert terminal.screen[-1] == "0 of 100 done, 100 left, 0 failed"
    terminal.popen.send_signal(signal.SIGINT)
    terminal.end(1)
    assert not any(terminal.screen)
    go_on.set()


def test_narrow_terminal(lab):
    """Of 20 columns 19 are used: nothing wraps."""
    lab.net.online(WAN0, v4=7)
    go_on = answers_late(lab.server)
    terminal = once(lab, width=20)
    terminal.wait(r"\r0 of 100 done, 100 \x1b\[K")
    go_on.set()
    terminal.end(0)
    assert len([line for line in terminal.screen if line]) == 2  # the result, which the terminal wraps


def test_level_that_was_asked_for_is_shown_beside_it(lab):
    """-l info: a line for each record, too."""
    lab.net.online(WAN0, v4=7)
    terminal = once(lab, argv=["-l", "info"])
    terminal.end(0)
    assert told(terminal)[-1] == (100, 0, 0)
    assert sum("updating -> current" in line for line in terminal.screen) == 100
    assert not any("left" in line for line in terminal.screen)


@pytest.mark.parametrize("kind", ["few", "dumb", "dry"])
def test_plain_lines_where_there_is_no_progress(lab, kind):
    """Few records, a terminal that understands nothing, a dry run: a line for each."""
    lab.net.online(WAN0, v4=7)
    names = MANY[:10] if kind == "few" else MANY
    terminal = once(lab, names, env={"TERM": "dumb"} if kind == "dumb" else None,
                    argv=["--dry-run"] if kind == "dry" else [])
    terminal.end(0)
    assert "left" not in terminal.raw
    assert terminal.raw.count("updating -> current") == len(names)


def test_plain_lines_without_a_terminal(lab):
    """Into a pipe: a line for each, and no carriage return."""
    lab.net.online(WAN0, v4=7)
    state = lab.dir / "state"
    state.mkdir()
    done = lab.wanddns("once", "-c", write_config(lab, account(lab.server, MANY)), "--state-dir", state)
    assert done.returncode == 0
    assert done.stderr.count("updating -> current") == 100
    assert "\r" not in done.stderr and "left" not in done.stderr
