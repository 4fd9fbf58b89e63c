"""Labs that are built once, a cache of the tests' own, quick compilation, and how much was compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import compilations
from labs import *  # noqa: F403

CACHE = Path(__file__).parents[1] / ".pytest_cache" / "user-cache"
os.environ["XDG_CACHE_HOME"] = str(CACHE)
os.environ["LOCALAPPDATA"] = str(CACHE)

LARGE = ("peru", "andes")
LABS = (*LARGE, "example_laplace", "example", "example_prior")
"""Fixtures that take long. Tests that need one run in one worker; the first in this order decides."""

PAGES = ("test_docs", "test_examples")
"""Files whose tests calibrate what readers calibrate, so that one worker should run them all."""

QUICKLY_COMPILED = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
"""Tests compile many small networks and run each a few times: this takes a quarter of the usual time.
Slow tests run what users run."""

told = dict.fromkeys(compilations.counts, 0)
"""What the workers counted."""


def pytest_configure(config):
    if not hasattr(config, "workerinput") and config.option.markexpr == "not slow":
        _compile_quickly()
    if not config.getoption("numprocesses", None):  # of several processes, the workers alone compile
        from contraflow.model import keep_compiled_code

        keep_compiled_code()
        compilations.start_counting()


def _compile_quickly():
    """Give XLA the options for this run, unless it was given some or does not know these."""
    if "XLA_FLAGS" in os.environ:
        return
    env = os.environ | {"XLA_FLAGS": QUICKLY_COMPILED}
    tried = subprocess.run(
        [sys.executable, "-c", "import jax; jax.numpy.zeros(1)"], capture_output=True, check=False, env=env
    )
    if tried.returncode == 0:
        os.environ["XLA_FLAGS"] = QUICKLY_COMPILED


def group_of(item):
    """Tests that share a lab, or else a file, make up a group that runs in one worker."""
    file = item.path.stem
    lab = next((lab for lab in LABS if lab in item.fixturenames), None)
    return "pages" if file in PAGES else lab or file


def pytest_itemcollected(item):
    group = group_of(item)
    item.add_marker(pytest.mark.xdist_group(group))
    if group in LARGE:
        item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(items):
    """Groups with labs take longest, so they start first."""
    first = {name: number for number, name in enumerate((*LABS, "pages"))}
    items.sort(key=lambda item: first.get(group_of(item), len(first)))


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
