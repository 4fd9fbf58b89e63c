"""Shared fixtures: one calibrated lab per case, caches of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".pytest_cache" / "user-cache"
os.environ["XDG_CACHE_HOME"] = str(CACHE)
os.environ["LOCALAPPDATA"] = str(CACHE)


@pytest.fixture(scope="session")
def example():
    """The shipped example at its best fit."""
    import contraflow

    return contraflow.load("example").calibrate(method="best")


@pytest.fixture(scope="session")
def peru():
    """The Peru case at its best fit."""
    import contraflow

    return contraflow.load("peru").calibrate(method="best")
