"""The examples run, without warnings, and print what they promise."""

from __future__ import annotations

import io
import re
import runpy
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SLOW = ("claims_against_model", "own_case")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@cache
def ran(name: str) -> tuple[dict[str, Any], str]:
    """What an example leaves behind and prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        space = runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    return space, printed.getvalue()


@pytest.mark.parametrize(
    "name",
    [pytest.param(p.stem, marks=[pytest.mark.slow] if p.stem in SLOW else []) for p in EXAMPLES],
)
def test_example_runs_and_prints(name):
    assert ran(name)[1].count("\n") >= 4


def test_two_routes_by_hand_is_the_model():
    space, _ = ran("two_routes")
    assert float(space["power"].sum()) ** (1 / space["theta"]) == pytest.approx(space["price"], rel=1e-12)


def test_readme_shows_what_the_first_example_prints():
    printed = [line.split() for line in ran("first_answer")[1].splitlines()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    for line in shown[1].splitlines():
        assert line.split() in printed, f"the example no longer prints: {line}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short_and_in_cells(example):
    text = example.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert text.count("\n# %%") >= 3
