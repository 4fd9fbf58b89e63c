"""The page of a simulation: one HTML file that opens anywhere, offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import xarray as xr

from contraflow.case.case import Case
from contraflow.case.schema import Conduct
from contraflow.policy.conduct import ABOUT
from contraflow.report import fans
from contraflow.report.contents import shown_names
from contraflow.report.drawing import Drawing
from contraflow.report.html import embed, environment
from contraflow.report.style import amount, rounded
from contraflow.results import course

SHOWN = (
    "exports",
    "exports by air",
    "hectares at home",
    "valley price",
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
    drawn = [
        _figure(
            "fans",
            "Month by month",
            _changes(data, changes),
            fans.fans(data, SHOWN, changes, against),
            "Line: median of the courses. Bands: half and nine tenths of them. Means of three months."
            + (" Dashed: the same luck without the policy." if against is not None else ""),
        ),
        _figure(
            "modes",
            "Ways out of the country",
            "What one way loses and another gains, all on one scale.",
            fans.modes(data, changes),
            "Tonnes of pure substance a year, at the rate of the month.",
        ),
        _figure(
            "map",
            "Year by year on the map",
            "Draw the slider to step through the years.",
            fans.stepped_map(years, case.places, names),
            "Width of a line: square root of its tonnes, means over the courses. Lines are straight "
            "connections between places, not routes.",
        ),
    ]
    return environment().get_template("simulation.html.j2").render(
        title=str(data.attrs["title"]),
        case=case.info.title,
        about=_about(data),
        figures=drawn,
        rows=[_row(str(name), row) for name, row in course.summary(data).to_dict("index").items()],
        made=_made(data),
        version=data.attrs["version"],
        plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
    )  # fmt: skip


def _figure(name: str, title: str, text: str, drawing: Drawing, caption: str) -> dict[str, Any]:
    return {"id": name, "title": title, "text": text, "caption": caption, "json": embed(drawing.json())}


def _about(data: xr.Dataset) -> str:
    sizes = data.sizes
    years = (sizes["month"] - course.before(data)) // course.YEAR
    return (
        f"{years} years, {data.attrs['clans']:,} clans, {sizes['replicate']} courses, each with its own draw "
        f"of "
        f"what is uncertain and its own luck. The state searches {ABOUT[Conduct(data.attrs['conduct'])]}."
    )


def _changes(data: xr.Dataset, changes: Sequence[tuple[int, str]]) -> str:
    if not changes:
        return "Nothing changes but by chance."
    start = course.before(data)
    first = int(data.attrs["first"])

    def when(month: int) -> str:
        year, rest = divmod(month - start, course.YEAR)
        if first > 1:
            return f"{first + year}" if rest == 0 else f"{first + year}-{rest + 1:02d}"
        return f"Month {month - start + 1}"

    told = "; ".join(f"{when(month)}: {text}" for month, text in changes[:12])
    return f"Dotted lines: changes of policy. {told}{' and so on.' if len(changes) > 12 else '.'}"


def _made(data: xr.Dataset) -> str:
    return (
        "Clans buy where they are at home, choose among the ways that they know by the rule of the model, on "
        "what "
        "they believe of each way's losses, and send whole consignments, of which some are lost by chance. "
        "They "
        "learn, grow, fail, are arrested and replaced; households change crops slowly; prices move to where "
        "what is "
        "planned would clear. How clans behave is assumed, within ranges that each course draws from: no "
        "source "
        f"measures it. Seed {data.attrs['seed']}, case {data.attrs['case']} "
        f"({str(data.attrs['fingerprint'])[:12]})."
    )


def _row(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    share = row["unit"] == "share"

    def shown(value: float) -> str:
        return f"{amount(rounded(100 * value))} %" if share else amount(rounded(value))

    def months(value: float) -> str:
        return "–" if isnan(value) else "never away" if value == 0 else f"{value:.0f} months"

    unit = "" if share else f", {fans.UNITS.get(row['unit'], row['unit'])}"
    return {
        "name": fans.TITLES.get(name, name) + unit,
        "before": shown(row["before"]),
        "first": shown(row["first"]),
        "last": shown(row["last"]),
        "interval": f"{shown(row['last_5'])} to {shown(row['last_95'])}",
        "lag": months(row["lag_months"]).replace("never away", "–"),
        "recovery": months(row["recovery_months"]),
    }
