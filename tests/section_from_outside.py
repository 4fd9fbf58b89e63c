"""A section of the report that belongs to no package: what a user writes, with public names only."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content, Section
from contraflow.results import tables

TEMPLATE = """\
<p class="text">Tonnes that leave {{ home }} in the baseline, by mode. The heaviest: {{ heaviest }}.</p>
<figure><div class="fig" data-fig="modes-of-export"></div></figure>
"""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A bar for each mode of export; None where nothing is exported."""
    tonnes = tables.by_mode(report.base)["before"].sort_values()
    if not tonnes.sum():
        return None
    labels = [names.get(str(mode), str(mode)) for mode in tonnes.index]
    drawing = Drawing({"height": 240})
    drawing.add("bar", orientation="h", x=tonnes.tolist(), y=labels)
    return Content(data={"heaviest": labels[-1]}, drawings={"modes-of-export": drawing})


SECTION = Section(id="modes-of-export", title="Exports & modes", label="Modes", template=TEMPLATE, make=make)
