"""Mass from where it grows to where it is sold, before and after."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.report.data import ReportData
from contraflow.report.draw.sankey import draw_sankey
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A diagram of the baseline, and one of each answer; none where nothing comes from the home country."""
    drawn = {"sankey-before": draw_sankey(report.base, names)}
    for i, (_, _, after) in enumerate(report.pairs):
        drawn[f"sankey-after-{i}"] = draw_sankey(after, names)
    drawings = {name: drawing for name, drawing in drawn.items() if drawing is not None}
    return Content(drawings=drawings) if "sankey-before" in drawings else None
