"""The program that the tests try things with: $WANDDNS, or build/wanddns."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def wanddns():
    """Run a command of the program to its end."""
    program = os.environ.get("WANDDNS") or str(TOP / "build" / "wanddns")
    providers = os.environ.get("WANDDNS_PROVIDERS") or str(TOP / "src" / "providers")

    def run(*argv):
        return subprocess.run([program, *map(str, argv)], text=True, capture_output=True,
                              env={**os.environ, "WANDDNS_PROVIDERS": providers})

    run.program, run.providers = program, providers
    return run


@pytest.fixture(scope="session")
def contrib():
    return TOP / "contrib"
