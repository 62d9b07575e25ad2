"""How long a test waits for what it knows to come. $WANDDNS_PATIENCE times as long where the program is slow (valgrind)."""

import os

FACTOR = float(os.environ.get("WANDDNS_PATIENCE") or 1)


def patient(seconds):
    return seconds * FACTOR
