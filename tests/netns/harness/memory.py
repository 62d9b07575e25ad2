"""The memory of a process, looked through as root."""

import re
from dataclasses import dataclass
from pathlib import Path

HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")
HUGE = 1 << 32  # the shadow of AddressSanitizer, which has nothing of the program
PART = 12  # bytes that are looked for: of a text every second one of them has one whole


@dataclass
class Place:
    mapping: str
    flags: set  # of the mapping: smaps of proc(5)
    around: bytes

    @property
    def is_locked(self):
        """In memory that is neither swapped out nor in a core file, nor seen by a child."""
        return {"lo", "dd", "wf"} <= self.flags

    def __str__(self):
        return f"{self.mapping}: {self.around!r}"


def _mappings(pid):
    """(begin, end, name, flags) of each that can be written and was."""
    head = rss = None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if match := HEAD.fullmatch(line):
            head = match
        elif line.startswith("Rss:"):
            rss = int(line.split()[1])
        elif line.startswith("VmFlags:") and "w" in head[3] and rss:
            yield int(head[1], 16), int(head[2], 16), head[4] or "(anonymous)", set(line.split()[1:])


def _find_all(content, part):
    at = -1
    while (at := content.find(part, at + 1)) >= 0:
        yield at


def find(pid, *texts):
    """The places of a text, and of what is left of it: any piece of 2 * PART bytes is found."""
    places = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for begin, end, name, flags in _mappings(pid):
            if end - begin >= HUGE:
                continue
            memory.seek(begin)
            content = memory.read(end - begin)
            for whole in map(str.encode, texts):
                starts = {place - at for at in range(0, len(whole) - PART + 1, PART)
                          for place in _find_all(content, whole[at:at + PART])}
                places += [Place(name, flags, content[max(0, at - 40):at + len(whole) + 40]) for at in sorted(starts)]
    return places


def outside(pid, *texts):
    """Those that are not in locked memory."""
    return [place for place in find(pid, *texts) if not place.is_locked]
