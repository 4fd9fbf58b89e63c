"""A section of the report that belongs to no package: what a user writes, with public names only."""

from __future__ import annotations

from contraflow.report.data import ReportData
from contraflow.report.draw.bars import draw_bars
from contraflow.report.section import Content, Section
from contraflow.results import tables
from contraflow.text.names import Names

TEMPLATE = """\
<p class="text">Tonnes that leave {{ names.home }} in the baseline, by mode. The heaviest: {{ heaviest }}.</p>
{{ figure("bars", "By mode") }}
"""


def make(report: ReportData, names: Names) -> Content | None:
    """A bar for each mode of export; None where nothing is exported."""
    rows = tables.by_mode(report.base)
    if not rows["before"].sum():
        return None
    rows = rows.assign(name=[names.get(str(mode), str(mode)) for mode in rows.index])
    heaviest = rows.sort_values("before")["name"].iloc[-1]
    return Content(data={"heaviest": heaviest}, drawings={"bars": draw_bars(rows, "t pure a year")})


SECTION = Section(
    chapter="today", id="modes-of-export", title="Exports & modes", template=TEMPLATE, make=make
)
