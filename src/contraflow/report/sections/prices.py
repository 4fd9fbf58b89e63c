"""What a kilogram costs along the chain that earns most, and what the rise at each step is made of."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.report.data import ReportData
from contraflow.report.draw.ladder import draw_ladder_parts, draw_ladder_steps
from contraflow.report.section import Content
from contraflow.results import tables


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """Two charts of the baseline."""
    ladder = tables.price_ladder(report.base)
    return Content(
        drawings={
            "ladder": draw_ladder_steps(ladder, names),
            "ladder-parts": draw_ladder_parts(ladder, names),
        }
    )
