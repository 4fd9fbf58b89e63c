"""What a kilogram costs along the chain that earns most, and what the rise at each step is made of."""

from __future__ import annotations

from contraflow.report.data import ReportData
from contraflow.report.draw.ladder import draw_ladder_parts, draw_ladder_steps
from contraflow.report.section import Content
from contraflow.results import tables
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content | None:
    """Two charts of the baseline; none where no chain from home reaches a market."""
    ladder = tables.price_ladder(report.base)
    if ladder.empty:
        return None
    return Content(
        drawings={"steps": draw_ladder_steps(ladder, names), "parts": draw_ladder_parts(ladder, names)}
    )
