"""An interactive shell with the completion of contrib/completion, as somebody types into it."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

from .daemon import PROGRAM, environment

FOLDER = Path(__file__).resolve().parents[3] / "contrib" / "completion"
# A shell may show nothing while more is typed already: what it offers goes into a pipe, and a line at the end.
CAPTURE = {
    "bash": r"""
_wanddns_and_tell() { _wanddns "$@"; printf '%s\n' "${COMPREPLY[@]}" "= done" >>$OFFERED; }
complete -F _wanddns_and_tell wanddns
""",
    "zsh": r"""
compadd() {
    if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
        local -a hits
        builtin compadd -A hits "$@"
        print -rl -- $hits >>$OFFERED
    fi
    builtin compadd "$@"
}
_complete_and_tell() { _main_complete; print -r -- "= done" >>$OFFERED }
zle -C complete-and-tell complete-word _complete_and_tell
bindkey '^I' complete-and-tell
"""}

# argv, and what is said first
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], [f"source {FOLDER}/wanddns; source $CAPTURE"]),
    "zsh": (["zsh", "-f", "-i"], [f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -D; source $CAPTURE"]),
}


def program(folder):
    """A PATH where wanddns is the program under test."""
    link = Path(folder, "bin", "wanddns")
    link.parent.mkdir()
    link.symlink_to(PROGRAM)
    return f"{link.parent}:/usr/sbin:/usr/bin:/sbin:/bin"


class Fish:
    """The same of fish, which tells its offers without a terminal."""

    def __init__(self, folder, cwd):
        self._cwd = cwd
        self._env = {**environment(), "PATH": program(folder), "HOME": str(folder)}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def offered(self, line):
        done = subprocess.run(["fish", "-N", "-c", 'source $argv[1]; complete -C "$argv[2]"',
                               FOLDER / "wanddns.fish", line], capture_output=True, text=True, timeout=60, cwd=self._cwd,
                              env=self._env, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stderr) == (0, ""), done
        return {line.partition("\t")[0] for line in done.stdout.splitlines()}


def shell(name, folder, cwd="/"):
    return Fish(folder, cwd) if name == "fish" else Shell(name, folder, cwd)


class Shell:
    """offered(LINE): the words that TAB behind this line brings up."""

    def __init__(self, name, folder, cwd):
        argv, first = SHELLS[name]
        path, offered, capture = program(folder), Path(folder, "offered"), Path(folder, "capture")
        os.mkfifo(offered)
        capture.write_text(CAPTURE[name])
        env = {**environment(), "PATH": path, "TERM": "dumb", "HOME": str(folder), "OFFERED": str(offered),
               "CAPTURE": str(capture)}
        self._offered = os.open(offered, os.O_RDWR | os.O_CLOEXEC)
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd,
                                         start_new_session=True)
        os.close(slave)
        self._type("".join(line + "\n" for line in (*first, 'echo "= done" >>$OFFERED')))
        self._told()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        os.close(self._master)
        os.close(self._offered)

    def _type(self, text):
        os.write(self._master, text.encode())

    def _told(self, timeout=30):
        """What comes into the pipe; what the shell shows is only taken from it."""
        text, shown, limit = "", "", time.monotonic() + timeout
        while not text.endswith("= done\n"):
            left = limit - time.monotonic()
            ready = select.select([self._offered, self._master], [], [], max(left, 0))[0]
            assert ready, f"nothing was offered: {shown!r}"
            if self._master in ready:
                shown += os.read(self._master, 65536).decode(errors="replace")
            if self._offered in ready:
                text += os.read(self._offered, 65536).decode()
        return text.removesuffix("= done\n").split("\n")

    def offered(self, line):
        self._type(line + "\t")
        told = self._told()
        self._type("\x15")  # Ctrl-U: the line itself is not run
        return {word for word in told if word}
