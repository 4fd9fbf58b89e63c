"""Figures at central values are those of the table that is kept with the code."""

import importlib.util
import sys
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_example_at_central_values_gives_the_figures_of_the_table(monkeypatch):
    """To what other processors round; the tool itself asks for a billionth."""
    spec = importlib.util.spec_from_file_location("headline_figures", ROOT / "tools" / "headline_figures.py")
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, tool)
    spec.loader.exec_module(tool)
    kept = {row.key: row.value for row in tool.read(tool.TABLE)}
    rows = list(takewhile(lambda row: "month by month" not in row.what, tool.central_rows("example")))
    assert len(rows) > 30
    for row in rows:
        assert row.value == pytest.approx(kept[row.key], rel=1e-6, abs=1e-9), row.key
