"""Who earns what, in two charts, since buyers earn tens of times what all others do."""

from __future__ import annotations

import pandas as pd

from contraflow._language import N_, _
from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.report.sections._panels import moved
from contraflow.results import tables
from contraflow.text.names import Names

RENAMED = {
    "Traders' rent": N_("Traders on all ways, beyond the usual margin"),
    "Not attributed": N_("Not attributed"),
}
"""Names of incomes that are no actor's, as they are shown."""

MOST = 7
"""Rows of a chart; others are added up."""


def make(report: ReportData, names: Names, number: int) -> Content | None:
    """Charts of one answer; none where hardly anybody's income changes."""
    _question, base, after = report.pairs[number]
    rows = moved(tables.incomes(base, after))
    return Content(drawings=_draw(rows, names)) if len(rows) else None


def make_today(report: ReportData, names: Names) -> Content:
    """Charts of the baseline."""
    return Content(drawings=_draw(tables.incomes(report.base), names))


def _draw(frame: pd.DataFrame, names: Names) -> dict[str, Drawing | None]:
    own = frame["name"]
    shown = [names.actors.get(str(actor), str(name)) for actor, name in zip(frame.index, own, strict=True)]
    rows = frame.assign(name=[_(RENAMED[name]) if name in RENAMED else name for name in shown])
    far = (rows["kind"] == "buyers") | (rows["kind"].isin(("clans",)) & own.isin(RENAMED))
    chosen = {"near": rows[~far], "far": rows[far]}
    return {name: bars.draw_income_bars(part, MOST) if len(part) else None for name, part in chosen.items()}
