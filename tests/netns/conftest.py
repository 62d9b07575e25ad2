"""Fixtures. What a test starts through them is stopped when it ends, however it ends."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("harness")

from harness.certs import Authority  # noqa: E402
from harness.failing import Failing, build  # noqa: E402
from harness.lab import Lab  # noqa: E402


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The certificates of this run."""
    return Authority(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def lab(authority, tmp_path):
    """Two uplinks, a server, and what a test starts with them."""
    with Lab(authority, tmp_path) as lab:
        yield lab


@pytest.fixture(scope="session")
def failing_library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("failing"))


@pytest.fixture
def failing(failing_library, tmp_path):
    """Calls to the C library that fail on demand."""
    failing = Failing(failing_library, tmp_path / "plan")
    yield failing
    failing.close()
