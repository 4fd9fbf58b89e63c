"""Courses in time as people read them: the page of a simulation, and the report's section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from contraflow.case.case import Case
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.search_allocation import ABOUT
from contraflow.report.data import FollowedQuestion
from contraflow.report.draw import fans
from contraflow.report.draw.drawing import Drawing
from contraflow.report.jinja import embed, environment
from contraflow.results import trajectory_tables
from contraflow.results.figures import run_figure
from contraflow.results.view import MONTHS_PER_YEAR
from contraflow.text.names import shown_names
from contraflow.text.numbers import amount, percent, rounded

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

IN_REPORT = (
    "exports",
    "exports by air",
    "exports on foot",
    "valley price",
    "hectares at home",
    "seized at home",
)
"""Those of the report."""


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
        _figure("fans", "Month by month", words_of_changes(data, changes),
                fans.fans(data, SHOWN, changes, against), caption(against is not None)),
        _figure("modes", "Ways out of the country", "What one way loses and another gains, all on one scale.",
                fans.modes(data, changes), "Tonnes of pure substance a year, at the rate of the month."),
        _figure("map", "Year by year on the map", "Draw the slider to step through the years.",
                fans.stepped_map(years, case.places, names),
                "Width of a line: square root of its tonnes, means over the courses. Lines are straight "
                "connections between places, not routes."),
    ]  # fmt: skip
    return environment().get_template("simulation.html.j2").render(
        title=str(data.attrs["title"]),
        case=case.info.title,
        about=about(data),
        figures=drawn,
        rows=rows(data),
        made=f"{MADE} Seed {data.attrs['seed']}, case {data.attrs['case']} "
        f"({str(data.attrs['fingerprint'])[:12]}).",
        version=data.attrs["version"],
        plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
    )  # fmt: skip


class TimeSection(NamedTuple):
    """What the report says of questions that are followed in time: drawings by name, and a panel for each."""

    drawings: dict[str, Drawing]
    panels: list[dict[str, Any]]


def section(courses: Sequence[FollowedQuestion]) -> TimeSection | None:
    """The report's section on courses in time, None where no question is followed."""
    if not courses:
        return None
    drawings, panels = {}, []
    for number, one in enumerate(courses):
        drawings[f"course-{number}"] = fans.fans(one.data, IN_REPORT, one.changes, one.calm)
        panels.append(
            {
                "title": one.question.title,
                "about": about(one.data),
                "changes": words_of_changes(one.data, one.changes),
                "told": told(one.data, one.calm),
                "figure": f"course-{number}",
                "caption": caption(against=True),
                "rows": rows(one.data),
            }
        )
    return TimeSection(drawings, panels)


def told(data: xr.Dataset, calm: xr.Dataset) -> str:
    """How the ways out and what they carry stand after the last year, against the same luck without."""
    beside = trajectory_tables.contrast(calm, data)
    last = max(beside.index.get_level_values("year"))
    found = []
    for figure in ("exports by air", "exports on foot", "exports", "hectares at home", "valley price"):
        if (figure, last) in beside.index:
            row = beside.loc[(figure, last)]
            if np.isfinite(row["ratio"]):
                change, low, high = (percent(row[end] - 1) for end in ("ratio", "ratio_5", "ratio_95"))
                found.append(f"{run_figure(figure).label.lower()} {change} ({low} to {high})")
    return f"In year {last}, against the same luck without the policy: {'; '.join(found)}." if found else ""


def caption(against: bool) -> str:
    """What lines and bands of fan charts are."""
    return (
        "Line: median of the courses, by years. Bands: half and nine tenths of them. Means of three months."
        + (" Dashed: the same luck without the policy." if against else "")
    )


def rows(data: xr.Dataset) -> list[dict[str, str]]:
    """How figures move, ready to be shown."""
    return [_row(str(name), row) for name, row in trajectory_tables.summary(data).to_dict("index").items()]


def _figure(name: str, title: str, text: str, drawing: Drawing, caption: str) -> dict[str, Any]:
    return {"id": name, "title": title, "text": text, "caption": caption, "json": embed(drawing.json())}


def about(data: xr.Dataset) -> str:
    """How long, how many, and what the state does, in words."""
    sizes = data.sizes
    years = (sizes["month"] - trajectory_tables.before(data)) // MONTHS_PER_YEAR
    return (
        f"{years} years, {data.attrs['clans']:,} clans, {sizes['replicate']} courses, each with its own draw "
        "of what is uncertain and its own luck. "
        f"The state searches {ABOUT[SearchStrategy(data.attrs['search_strategy'])]}."
    )


def words_of_changes(data: xr.Dataset, changes: Sequence[tuple[int, str]]) -> str:
    """What changes when."""
    if not changes:
        return "Nothing changes but by chance."
    start = trajectory_tables.before(data)
    first = int(data.attrs["first"])

    def when(month: int) -> str:
        year, rest = divmod(month - start, MONTHS_PER_YEAR)
        if first > 1:
            return f"{first + year}" if rest == 0 else f"{first + year}-{rest + 1:02d}"
        return f"Month {month - start + 1}"

    said = "; ".join(f"{when(month)}: {text}" for month, text in changes[:12])
    return f"Dotted lines: changes of policy. {said}{' and so on.' if len(changes) > 12 else '.'}"


MADE = (
    "Clans buy where they are at home, choose among the ways that they know by the rule of the model, on "
    "what they believe of each way's losses, and send whole consignments, of which some are lost by chance. "
    "They learn, grow, fail, are arrested and replaced; households change crops slowly; prices move to where "
    "what is planned would clear. How clans behave is assumed, within ranges that each course draws from: no "
    "source measures it."
)
"""How courses are made, in words."""


def _row(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    share = row["unit"] == "share"

    def shown(value: float) -> str:
        return f"{amount(rounded(100 * value))} %" if share else amount(rounded(value))

    def months(value: float) -> str:
        return "–" if isnan(value) else "never away" if value == 0 else f"{value:.0f} months"

    unit = "" if share else f", {fans.UNITS.get(row['unit'], row['unit'])}"
    return {
        "name": run_figure(name).label + unit,
        "before": shown(row["before"]),
        "first": shown(row["first"]),
        "last": shown(row["last"]),
        "interval": f"{shown(row['last_5'])} to {shown(row['last_95'])}",
        "lag": months(row["lag_months"]).replace("never away", "–"),
        "recovery": months(row["recovery_months"]),
    }
