"""Flows on the map: before, after, and what changes."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.report.data import ReportData
from contraflow.report.draw.map import draw_map
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """A map of the baseline, and two of each question."""
    places = report.case.places
    drawings = {"map-before": draw_map(report.base, places, names=names, backdrop=False)}
    for i, (_, base, after) in enumerate(report.pairs):
        for view in ("after", "difference"):
            drawings[f"map-{view}-{i}"] = draw_map(base, places, after, view, names=names, backdrop=False)
    asked = [question.title for question in report.questions]
    titles = {
        "before": "Before: the baseline",
        "after": [f"After: {title}" for title in asked],
        "difference": [f"What changes: {title}" for title in asked],
    }
    return Content(data={"titles": titles}, drawings=drawings)
