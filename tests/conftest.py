"""A cache of the tests' own, labs that are built once, and the number of compilations of a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".pytest_cache" / "user-cache"
os.environ["XDG_CACHE_HOME"] = str(CACHE)
os.environ["LOCALAPPDATA"] = str(CACHE)

import compilations
from labs import *  # noqa: F403

LABS = ("peru", "andes", "example_laplace", "example", "example_prior")
"""Fixtures that take long: tests that need one run in one worker, the first in this order deciding."""

PAGES = ("test_docs", "test_examples")
"""Files whose tests calibrate the same cases as readers do, so that one worker should run them all."""

told = dict.fromkeys(compilations.counts, 0)
"""What the workers counted."""


def pytest_configure(config):
    if not config.getoption("numprocesses", None):  # of several processes, the workers alone compile
        from contraflow.model import keep_compiled_code

        keep_compiled_code()
        compilations.start_counting()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share a lab, or else a file, make up a group that runs in one worker; large ones start."""
    for item in items:
        file = item.path.stem
        lab = next((lab for lab in LABS if lab in item.fixturenames), None)
        item.add_marker(pytest.mark.xdist_group("pages" if file in PAGES else lab or file))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["compilations"] = compilations.counts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    for name, count in getattr(node, "workeroutput", {}).get("compilations", {}).items():
        told[name] += count


def pytest_terminal_summary(terminalreporter, config):
    counts = told if config.getoption("numprocesses", None) else compilations.counts
    compiled, recalled = counts[compilations.COMPILED], counts[compilations.RECALLED]
    terminalreporter.write_line(f"XLA compiled {compiled} programs and read {recalled} from the cache.")
