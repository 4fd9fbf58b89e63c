"""Questions month by month: fan charts of simulated runs, and what figures do over the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
import xarray as xr

from contraflow._numbers import fixed, percent, significant
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.search_allocation import ABOUT
from contraflow.report.data import ReportData
from contraflow.report.draw import fans
from contraflow.report.section import Content
from contraflow.results import trajectory_tables
from contraflow.results.figures import run_figure
from contraflow.results.view import MONTHS_PER_YEAR

IN_REPORT = (
    "exports",
    "exports by air",
    "exports on foot",
    "local price",
    "hectares at home",
    "seized at home",
)
"""Figures of the fan charts."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A panel for each question that is simulated; none where none is."""
    if not report.simulations:
        return None
    drawings, panels = {}, []
    for number, one in enumerate(report.simulations):
        shown = trajectory_tables.had(one.data, one.without, names=IN_REPORT)
        drawings[f"simulation-{number}"] = fans.fans(one.data, shown, one.changes, one.without)
        panels.append(
            {
                "title": one.question.title,
                "about": about(one.data),
                "changes": words_of_changes(one.data, one.changes),
                "text": last_year(one.data, one.without),
                "figure": f"simulation-{number}",
                "caption": caption(against=True),
                "rows": rows(one.data),
            }
        )
    return Content(data={"panels": panels, "made": MADE}, drawings=drawings)


def last_year(data: xr.Dataset, without: xr.Dataset) -> str:
    """How the ways out and what they carry stand in the last year, against the runs without the policy."""
    contrast = trajectory_tables.contrast(without, data)
    last = max(contrast.index.get_level_values("year"))
    found = []
    for figure in ("exports by air", "exports on foot", "exports", "hectares at home", "local price"):
        if (figure, last) in contrast.index:
            row = contrast.loc[(figure, last)]
            if np.isfinite(row["ratio"]):
                change, low, high = (percent(row[end] - 1) for end in ("ratio", "ratio_5", "ratio_95"))
                found.append(f"{run_figure(figure).label.lower()} {change} ({low} to {high})")
    if not found:
        return ""
    return f"In year {last}, against the same random draws without the policy: {'; '.join(found)}."


def caption(against: bool) -> str:
    """What lines and bands of fan charts are."""
    return (
        "Line: median of the runs, by years. Bands: half and nine tenths of them. Means of three months."
        + (" Dashed: the same random draws without the policy." if against else "")
    )


def rows(data: xr.Dataset) -> list[dict[str, str]]:
    """How figures move, ready to be shown."""
    return [_row(str(name), row) for name, row in trajectory_tables.summary(data).to_dict("index").items()]


def about(data: xr.Dataset) -> str:
    """How long, how many, and what the state does, in words."""
    sizes = data.sizes
    years = (sizes["month"] - trajectory_tables.before(data)) // MONTHS_PER_YEAR
    return (
        f"{years} years, {fixed(data.attrs['clans'], 0)} clans, {sizes['replicate']} runs, each with its own "
        "draw of what is uncertain and its own random events. "
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

    listed = "; ".join(f"{when(month)}: {text}" for month, text in changes[:12])
    return f"Dotted lines: changes of policy. {listed}{' and so on.' if len(changes) > 12 else '.'}"


MADE = (
    "Clans buy where they are at home, choose among the ways that they know by the rule of the model, on "
    "what they believe of each way's losses, and send whole consignments, of which some are lost by chance. "
    "They learn, grow, fail, are arrested and replaced; households change crops slowly; prices move to where "
    "what is planned would clear. How clans behave is assumed, within ranges that each run draws from: no "
    "source measures it."
)
"""How runs are made, in words."""


def _row(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    share = row["unit"] == "share"

    def shown(value: float) -> str:
        return f"{significant(100 * value)} %" if share else significant(value)

    def months(value: float) -> str:
        return "–" if isnan(value) else "never away" if value == 0 else f"{fixed(value, 0)} months"

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
