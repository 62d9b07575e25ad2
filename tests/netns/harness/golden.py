"""Texts that are kept in tests/golden, as a person is to read them.

GOLDEN=write writes what is there now in their place, to be looked at before it is committed.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "golden"


def expected(name, text):
    """What text is to be."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    return path.read_text()
