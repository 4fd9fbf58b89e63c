"""The examples run, without warnings, and print what they promise."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_prints(example, capsys):
    runpy.run_path(str(example), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.count("\n") >= 4


def test_two_routes_by_hand_is_the_model(capsys):
    space = runpy.run_path(str(ROOT / "examples" / "two_routes.py"))
    capsys.readouterr()
    assert float(space["power"].sum()) ** (1 / space["theta"]) == pytest.approx(space["price"], rel=1e-12)


def test_readme_shows_what_the_first_example_prints(capsys):
    runpy.run_path(str(ROOT / "examples" / "first_answer.py"), run_name="__main__")
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
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
