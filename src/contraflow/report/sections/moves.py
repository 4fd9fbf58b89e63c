"""What moves where: before and after by way out, by place and by zone, and the map of the difference."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from contraflow._language import _
from contraflow._numbers import cell, row_span
from contraflow.report.data import ReportData
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.draw.map import draw_map
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, look_of, with_range
from contraflow.results import tables
from contraflow.text.names import Names
from contraflow.text.sentences import is_open

LEAST = 0.05
"""A zone that grows or makes less than this, before and after, has no row in the table."""


MOST = 8
"""Rows of a chart: a page holds some hundred charts."""


def make(report: ReportData, names: Names, number: int) -> Content:
    """Charts of one answer and its map."""
    _question, base, after = report.pairs[number]
    pure = _("t of pure {substance} a year").format(substance=names.substance)
    places = tables.by_zone(base, after)
    grown = "coca" in places.index.get_level_values("what")
    zones = pd.DataFrame(places.loc["coca"]) if grown else None
    return Content(
        data={"zones": zone_table(base, after, names)},
        drawings={
            "mode": draw_dumbbells(tables.by_mode(base, after), pure, names, MOST),
            "route": draw_dumbbells(tables.by_route(base, after), pure, names, MOST),
            "zone": None if zones is None else draw_dumbbells(
                zones, _("hectares of {crop}").format(crop=names.crop), names, MOST
            ),
            "map": draw_map(base, report.case.places, after, "difference", names=names, backdrop=False),
        },
    )  # fmt: skip


def zone_table(base: xr.Dataset, after: xr.Dataset, names: Names) -> ShownTable | None:
    """What is grown and made where, before and after; None where nothing is."""
    rows = []
    for row in tables.by_zone(base, after).reset_index().to_dict("records"):
        if max(row["before"], row["after"]) <= LEAST:
            continue
        own = {str(k): v for k, v in row.items()}
        grown = row["what"] == "coca"
        unit = _("ha") if grown else _("t pure")
        what = names.crop if grown else names.get(row["what"], row["what"])
        look = look_of(row["change"], 0.0, unclear=is_open(own))
        cells = [
            with_range(cell(row[c]), row_span(own, c), look if c == "change" else "")
            for c in ("before", "after", "change")
        ]
        rows.append((f"{names.get(row['place'], row['place'])}: {what}", *cells, unit))
    if not rows:
        return None
    return ShownTable(
        caption=_("Grown and made, place by place, in the long run"),
        heads=(_("Where and what"), _("Before"), _("After"), _("Change"), _("Unit")),
        rows=tuple(rows),
        figures=(1, 2, 3),
    )
