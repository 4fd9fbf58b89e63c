"""Labs that are built once, a cache of the tests' own, quick compilation, and how much was compiled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import compilations
from labs import *  # noqa: F403

CACHE = Path(__file__).parents[1] / ".pytest_cache" / "user-cache"
os.environ["XDG_CACHE_HOME"] = str(CACHE)
os.environ["LOCALAPPDATA"] = str(CACHE)
os.environ["CONTRAFLOW_LANGUAGE"] = "en"

LARGE = ("peru", "andes")
"""Fixtures of large cases; tests that need one are slow."""

TOGETHER = {
    "test_influence": "influence",
    **dict.fromkeys(("test_docs", "test_examples"), "pages"),
    **dict.fromkeys(("test_bad_input", "test_cli", "test_network", "test_policy", "test_posterior",
                     "test_verify"), "example"),
    **dict.fromkeys(("test_dynamics", "test_economies", "test_intervals"), "example_prior"),
}  # fmt: skip
"""Files that share labs, or calibrate the same cases as readers do, run in one worker, and start first."""

APART = r"(?<=\[)(opium|synthetic|gold|timber)\b"
"""Parameters whose tests share a lab with each other, and none with those of the others of their file."""

QUICKLY_COMPILED = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
"""Tests compile many networks and run each a few times: this takes a quarter of the usual time."""

told = dict.fromkeys(compilations.counts, 0)
"""What the workers counted."""


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
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


def pytest_itemcollected(item):
    if any(lab in item.fixturenames for lab in LARGE):
        item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(items):
    order = list(dict.fromkeys(TOGETHER.values()))
    items.sort(key=lambda item: order.index(TOGETHER[f]) if (f := item.path.stem) in TOGETHER else len(order))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = Path(super()._split_scope(nodeid)).stem
            own = re.search(APART, nodeid)
            return f"{file} {own[0]}" if own else TOGETHER.get(file, file)

    return Together(config, log)


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
