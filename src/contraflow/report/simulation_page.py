"""The page of a simulation: one HTML file that opens anywhere, offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from contraflow.case.case import Case
from contraflow.report.draw import fans
from contraflow.report.draw.drawing import Drawing
from contraflow.report.jinja import embed, environment
from contraflow.report.sections import month_by_month
from contraflow.results import trajectory_tables
from contraflow.text.names import shown_names

SHOWN = (
    "exports",
    "exports by air",
    "hectares at home",
    "local price",
    "seized at home",
    "growers' income",
    "active places",
    "clans",
)
"""Figures of the fan charts."""


def render(
    case: Case,
    data: xr.Dataset,
    changes: Sequence[tuple[int, str]],
    years: Mapping[int, xr.Dataset],
    against: xr.Dataset | None = None,
) -> str:
    """The whole page as text. ``years`` are outcomes by year, for the map; ``against`` a run without."""
    from plotly.offline import get_plotlyjs

    names = shown_names(case)
    both = (data,) if against is None else (data, against)
    shown = trajectory_tables.had(*both, names=SHOWN)
    drawn = [
        _figure("fans", "Month by month", month_by_month.words_of_changes(data, changes),
                fans.fans(data, shown, changes, against), month_by_month.caption(against is not None)),
        *([_figure("modes", "Ways out of the country",
                   "What one way loses and another gains, all on one scale.",
                   fans.modes(data, changes), "Tonnes of pure substance a year, at the rate of the month.")]
          if "exports" in shown else []),
        _figure("map", "Year by year on the map", "Draw the slider to step through the years.",
                fans.stepped_map(years, case.places, names),
                "Width of a line: square root of its tonnes, means over the runs. Lines are straight "
                "connections between places, not routes."),
    ]  # fmt: skip
    return environment().get_template("simulation.html.j2").render(
        title=str(data.attrs["title"]),
        case=case.info.title,
        about=month_by_month.about(data),
        figures=drawn,
        rows=month_by_month.rows(data),
        made=f"{month_by_month.MADE} Seed {data.attrs['seed']}, case {data.attrs['case']} "
        f"({str(data.attrs['fingerprint'])[:12]}).",
        version=data.attrs["version"],
        plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
    )  # fmt: skip


def _figure(name: str, title: str, text: str, drawing: Drawing, caption: str) -> dict[str, Any]:
    return {"id": name, "title": title, "text": text, "caption": caption, "json": embed(drawing.json())}
