"""How the figures come about, what they cannot say, and what they are for."""

from __future__ import annotations

from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content:
    """Only text."""
    return Content()
