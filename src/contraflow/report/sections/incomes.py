"""Who earns what, in two charts, since buyers earn tens of times what all others do."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.results import tables

RENAMED = {"Traders' rent": "Traders on all ways, beyond the usual margin"}


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """Charts of the baseline, or of each question."""
    if not report.answers:
        return Content(drawings=_draw("", tables.incomes(report.base)))
    drawings: dict[str, Drawing] = {}
    for i, (_, base, after) in enumerate(report.pairs):
        drawings |= _draw(f"-{i}", tables.incomes(base, after))
    return Content(drawings=drawings)


def _draw(end: str, frame: pd.DataFrame) -> dict[str, Drawing]:
    rows = frame.assign(name=frame["name"].replace(RENAMED))
    far = (rows["kind"] == "buyers") | (rows["kind"].isin(("clans",)) & frame["name"].isin(RENAMED))
    chosen = {"incomes-near": rows[~far], "incomes-far": rows[far]}
    return {f"{name}{end}": bars.draw_income_bars(part) for name, part in chosen.items() if len(part)}
