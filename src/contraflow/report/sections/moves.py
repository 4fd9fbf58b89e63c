"""What moves where: before and after by way out, by place and by zone, and the map of the difference."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from contraflow._language import _
from contraflow._numbers import cell, row_span
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.draw.map import draw_map
from contraflow.report.section import Content
from contraflow.report.sections._panels import moved
from contraflow.report.shown_table import ShownTable, look_of, with_range
from contraflow.results import tables
from contraflow.text.names import Names
from contraflow.text.sentences import is_open, is_still

LEAST = 0.05
"""A zone that grows or makes less than this, before and after, has no row in the table."""


STILL = 0.01
"""A row of the table whose whole interval lies within this share of what was there is left out."""

MOST = 7
"""Rows of a chart: a page holds some hundred charts."""


def make(report: ReportData, names: Names, number: int) -> Content:
    """Charts of one answer and its map."""
    _question, base, after = report.pairs[number]
    shown = draw_map(base, report.case.places, after, "difference", names=names, backdrop=False)
    return Content(
        data={"zones": zone_table(base, after, names)},
        drawings={**charts(base, after, names), "map": shown},
    )


def charts(base: xr.Dataset, after: xr.Dataset, names: Names) -> dict[str, Drawing | None]:
    """What moves by way out (``mode``), by place (``route``) and by ``zone``; None where nothing does."""
    pure = _("t of pure {substance} a year").format(substance=names.substance)
    places = tables.by_zone(base, after)
    grown = "crop" in places.index.get_level_values("what")
    hectares = _("hectares of {crop}").format(crop=names.crop)
    return {
        "mode": _draw(tables.by_mode(base, after), pure, names),
        "route": _draw(tables.by_route(base, after), pure, names),
        "zone": _draw(pd.DataFrame(places.loc["crop"]), hectares, names) if grown else None,
    }


def _draw(frame: pd.DataFrame, unit: str, names: Names) -> Drawing | None:
    """What moves by more than can be overlooked; None where nothing does."""
    rows = moved(frame)
    return draw_dumbbells(rows, unit, names, MOST) if len(rows) else None


def zone_table(base: xr.Dataset, after: xr.Dataset, names: Names) -> ShownTable | None:
    """What is grown and made where, before and after, as far as it changes; None where nothing does."""
    rows = []
    for row in tables.by_zone(base, after).reset_index().to_dict("records"):
        if max(row["before"], row["after"]) <= LEAST:
            continue
        own = {str(k): v for k, v in row.items()}
        if is_still(own, STILL):
            continue
        grown = row["what"] == "crop"
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
        caption=_("Grown and made, place by place, where it changes"),
        heads=(_("Where and what"), _("Before"), _("After"), _("Change"), _("Unit")),
        rows=tuple(rows),
        figures=(1, 2, 3),
    )
