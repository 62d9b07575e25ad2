"""What is left to chance, and can be had once more: WANDDNS_SEED=N in the environment."""

import os
import random


def dice():
    """A generator, whose seed is shown when the test fails."""
    seed = int(os.environ.get("WANDDNS_SEED") or random.randrange(1_000_000))
    print(f"WANDDNS_SEED={seed}")
    return random.Random(seed)


def thorough():
    """Is it to be every call and every byte, where a test is content with some of thousands? WANDDNS_THOROUGH=1"""
    return bool(os.environ.get("WANDDNS_THOROUGH"))
