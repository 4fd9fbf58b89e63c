"""Mass from where it is made to where it is sold, in the baseline."""

from __future__ import annotations

from contraflow.report.data import ReportData
from contraflow.report.draw.sankey import draw_sankey
from contraflow.report.section import Content
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content | None:
    """A diagram of the baseline; none where nothing comes from the home country."""
    drawing = draw_sankey(report.base, names)
    return None if drawing is None else Content(drawings={"flows": drawing})
