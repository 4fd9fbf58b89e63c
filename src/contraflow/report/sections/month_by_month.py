"""Questions month by month: fan charts of simulated runs, and what figures do over the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
import xarray as xr

from contraflow._language import N_, _, ngettext
from contraflow._numbers import DASH, fixed, percent, share, significant, to
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.search_allocation import ABOUT
from contraflow.report.data import ReportData
from contraflow.report.draw import fans
from contraflow.report.section import Content
from contraflow.report.sections.headline import unit
from contraflow.report.shown_table import ShownTable
from contraflow.results import figures, trajectory_tables
from contraflow.results.view import MONTHS_PER_YEAR
from contraflow.text.names import Names

IN_REPORT = (
    "exports",
    "exports by air",
    "exports on foot",
    "local price",
    "hectares at home",
    "seized at home",
)
"""Figures of the fan charts."""


def make(report: ReportData, names: Names) -> Content | None:
    """Charts and a table for each question that is simulated; none where none is."""
    if not report.simulations:
        return None
    drawings, panels = {}, []
    for one in report.simulations:
        shown = trajectory_tables.had(one.data, one.without, names=IN_REPORT)
        drawings[one.question.id] = fans.fans(one.data, shown, one.changes, one.without)
        panels.append(
            {
                "title": one.question.title,
                "about": about(one.data),
                "changes": words_of_changes(one.data, one.changes),
                "text": last_year(one.data, one.without, names),
                "figure": one.question.id,
                "caption": caption(against=True),
                "table": table(one.data, names),
            }
        )
    return Content(data={"panels": panels, "made": _(MADE)}, drawings=drawings)


def last_year(data: xr.Dataset, without: xr.Dataset, names: Names) -> str:
    """How the ways out and what they carry stand in the last year, against the runs without the policy."""
    contrast = trajectory_tables.contrast(without, data)
    last = max(contrast.index.get_level_values("year"))
    found = []
    for figure in ("exports by air", "exports on foot", "exports", "hectares at home", "local price"):
        if (figure, last) in contrast.index:
            row = contrast.loc[(figure, last)]
            if np.isfinite(row["ratio"]):
                change, low, high = (percent(row[end] - 1) for end in ("ratio", "ratio_5", "ratio_95"))
                found.append(f"{figures.label(figure, names)}: {change} ({to(low, high)})")
    if not found:
        return ""
    return _("In year {year}, against the same random draws without the policy: {changes}.").format(
        year=last, changes="; ".join(found)
    )


def caption(against: bool) -> str:
    """What lines and bands of fan charts are."""
    text = _(
        "Line: median of the runs, by years. Bands: half and nine tenths of them. Means of three months."
    )
    dashed = _("Dashed: the same random draws without the policy.")
    return f"{text} {dashed}" if against else text


def table(data: xr.Dataset, names: Names) -> ShownTable:
    """How figures move over the years."""
    return ShownTable(
        caption=_("How figures move: medians over the runs, at yearly rates"),
        heads=(
            _("Figure"), _("Before"), _("First year"), _("Last year"), _("90% of runs"), _("Half way after"),
            _("Back after"),
        ),
        rows=tuple(
            _row(str(name), row, names)
            for name, row in trajectory_tables.summary(data).to_dict("index").items()
        ),
        figures=(1, 2, 3, 4, 5, 6),
    )  # fmt: skip


def about(data: xr.Dataset) -> str:
    """How long, how many, and what the state does, in words."""
    sizes = data.sizes
    return _(
        "{years} years, {clans} clans, {runs} runs, each with its own draw of what is uncertain and its own "
        "random events. The state searches {how}."
    ).format(
        years=(sizes["month"] - trajectory_tables.before(data)) // MONTHS_PER_YEAR,
        clans=fixed(data.attrs["clans"], 0),
        runs=sizes["replicate"],
        how=_(ABOUT[SearchStrategy(data.attrs["search_strategy"])]),
    )


def words_of_changes(data: xr.Dataset, changes: Sequence[tuple[int, str]]) -> str:
    """What changes when."""
    if not changes:
        return _("Nothing changes but by chance.")
    start = trajectory_tables.before(data)
    first = int(data.attrs["first"])

    def when(month: int) -> str:
        year, rest = divmod(month - start, MONTHS_PER_YEAR)
        if first > 1:
            return f"{first + year}" if rest == 0 else f"{first + year}-{rest + 1:02d}"
        return _("Month {number}").format(number=month - start + 1)

    listed = "; ".join(f"{when(month)}: {text}" for month, text in changes[:12])
    if len(changes) > 12:
        return _("Dotted lines: changes of policy. {listed} and so on.").format(listed=listed)
    return _("Dotted lines: changes of policy. {listed}.").format(listed=listed)


MADE = N_(
    "Clans buy where they are at home, choose among the ways that they know by the rule of the model, on "
    "what they believe of each way's losses, and send whole consignments, of which some are lost by chance. "
    "They learn, grow, fail, are arrested and replaced; households change crops slowly; prices move to where "
    "what is planned would clear. How clans behave is assumed, within ranges that each run draws from: no "
    "source measures it."
)
"""How runs are made, in words."""


def _row(name: str, row: Mapping[Any, Any], names: Names) -> tuple[str, ...]:
    part = row["unit"] == "share"

    def shown(value: float) -> str:
        return share(value) if part else significant(value)

    def months(value: float, never: str) -> str:
        if isnan(value):
            return DASH
        return (
            never
            if value == 0
            else ngettext("{number} month", "{number} months", value).format(number=fixed(value, 0))
        )

    shown_name = figures.label(name, names)
    return (
        shown_name if part else f"{shown_name}, {unit(row['unit'])}",
        shown(row["before"]),
        shown(row["first"]),
        shown(row["last"]),
        to(shown(row["last_5"]), shown(row["last_95"])),
        months(row["lag_months"], DASH),
        months(row["recovery_months"], _("never away")),
    )
