"""The picture of each answer, the table of all its figures, and its figures on the way to the long run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import N_, _, locale
from contraflow._numbers import percent, probability, signed, significant, to
from contraflow.case.naming import lower
from contraflow.report.data import FollowedQuestion, ReportData
from contraflow.report.draw.relative_changes import draw_headline, range_in_percent
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, look_of, with_range
from contraflow.results import figures, tables
from contraflow.results.draws import left_out
from contraflow.results.view import price_spot
from contraflow.text.adjustment_sentences import PACES, tell_path
from contraflow.text.evidence_sentences import requirements
from contraflow.text.figure_words import after_in_words, policy_in_words
from contraflow.text.names import Names, plain
from contraflow.text.sentences import EDGE, capital, is_open

SHOWN = (
    "exports", "exports by air", "hectares at home", "farm-gate price", "local price", "growers' income",
    "armed groups' income", "seized at home", "arrests at home", "delivered",
)  # fmt: skip
"""Figures of an answer's picture, those that the economy has."""

HORIZONS = (1.0, 5.0)
"""Years after which figures are shown beside the long run."""

UNITS = {
    "t/yr": N_("t pure a year"), "ha": N_("ha"), "M$/yr": N_("$ million a year"),
    "persons/yr": N_("people a year"), "USD/kg": N_("$ a kg"),
}  # fmt: skip
"""Units of headline figures as they are shown."""


def make(report: ReportData, names: Names, number: int) -> Content:
    """The picture and the tables of one answer."""
    question, base, after = report.pairs[number]
    followed = {path.question.id: path for path in report.paths}
    way = on_the_way(followed.get(question.id), base, after, names)
    return Content(
        data={
            "words": report.sentences[number],
            "levels": policy_in_words(report.case.in_language(locale()), question.policy),
            "lacks": requirements(report.case, report.requirements[question.id], question.policy)
            if question.id in report.requirements
            else [],
            "way": way,
            "paths": bool(report.paths),
            "paces": _(PACES),
            "every": every_figure(base, after, names) if report.draws > 1 else None,
            "left_out": left_out(after),
        },
        drawings={"changes": draw_headline(headline_rows(base, after, names, SHOWN), question.title)},
    )


def headline_rows(
    base: xr.Dataset, after: xr.Dataset | None, names: Names, chosen: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Label with unit and row of the headline table, of those chosen figures that the economy has."""
    rows = plain(tables.headline(base, after))
    return [
        (f"{label(key, base, names)}, {unit(rows[key]['unit'])}", rows[key])
        for key in chosen
        if key in rows and np.isfinite(rows[key]["before"]) and rows[key]["before"]
    ]


def label(figure: str, base: xr.Dataset, names: Names) -> str:
    """A headline figure as it is shown; the local price with the good and the place that it is of."""
    if figure == "local price":
        form, _sep, place = price_spot(base).partition("@")
        return _("Price of {good}, {place}").format(
            good=lower(names.get(form, form)), place=names.get(place, place)
        )
    return figures.label(figure, names)


def unit(own: str) -> str:
    """A unit as it is shown."""
    return _(UNITS.get(own, own))


def change_cell(row: Mapping[str, Any]) -> Any:
    """A change as a part of what was there, with its 90 % interval below and the colour of its sign."""
    change = float(row["ratio"]) - 1.0
    if not np.isfinite(change):
        return ""
    ends = [float(row[f"ratio_{end}"]) - 1.0 for end in ("5", "95") if f"ratio_{end}" in row]
    unclear = bool(ends) and ends[0] < -EDGE and ends[1] > EDGE
    return with_range(percent(change), range_in_percent(row), look_of(change, EDGE, unclear=unclear))


def on_the_way(
    path: FollowedQuestion | None, base: xr.Dataset, after: xr.Dataset, names: Names
) -> dict[str, Any] | None:
    """Changes of figures at the horizons and in the long run; None for a question that is not followed."""
    if path is None:
        return None
    settled = plain(tables.headline(base, after))
    last = float(path.table.index.get_level_values("years").max())
    times = [time for time in HORIZONS if time <= last + 1e-9]
    rows = []
    for figure, moved in plain(path.summary).items():
        if not moved["before"] or figure not in settled:
            continue
        steps = pd.DataFrame(path.table.loc[figure])
        places = [int(np.searchsorted(steps.index.to_numpy(), time - 1e-9)) for time in times]
        contrasts = [*(plain(steps.iloc[[place]].reset_index(drop=True))["0"] for place in places)]
        shown = f"{label(figure, base, names)}, {unit(moved['unit'])}"
        rows.append(
            (
                shown,
                significant(moved["before"]),
                *(change_cell(row) for row in (*contrasts, settled[figure])),
            )
        )
    heads = [capital(after_in_words(time)) for time in times]
    table = ShownTable(
        caption=_("Changes against the baseline after years and in the long run"),
        heads=(_("Figure"), _("Before"), *heads, _("In the long run")),
        rows=tuple(rows),
        figures=tuple(range(1, len(heads) + 3)),
    )
    draws = int(path.table.attrs.get("draws", base.sizes["draw"]))
    return {"table": table, "text": " ".join(tell_path(path.summary, last, names)), "draws": draws}


def every_figure(base: xr.Dataset, after: xr.Dataset, names: Names) -> ShownTable:
    """All headline figures before and after, with ranges and probabilities."""
    count = base.sizes["draw"]
    rows = []
    for key, row in plain(tables.headline(base, after)).items():
        if not max(abs(row["before_95"]), abs(row["after_95"])):
            continue
        look = look_of(float(row["change"]), 0.0, unclear=is_open(row))
        cells = [
            with_range(
                say(row[name]),
                to(say(row[f"{name}_5"]), say(row[f"{name}_95"])),
                look if name == "change" else "",
            )
            for name, say in (("before", significant), ("after", significant), ("change", signed))
        ]
        likely = [probability(row[f"p_{way}_5pct"], count) for way in ("falls", "rises")]
        rows.append((f"{label(key, base, names)}, {unit(row['unit'])}", *cells, *likely))
    return ShownTable(
        caption=_("All figures before and after, in the long run, with probabilities"),
        heads=(
            _("Figure"),
            _("Before"),
            _("After"),
            _("Change"),
            _("Falls by over 5%"),
            _("Rises by over 5%"),
        ),
        rows=tuple(rows),
        figures=(1, 2, 3, 4, 5),
    )
