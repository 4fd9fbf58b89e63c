"""How the figures come about, what they cannot say, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.report.data import ReportData
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """Only text."""
    return Content()
