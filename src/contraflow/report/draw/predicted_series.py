"""Predicted and observed: series of later years beside what the model foresaw and the naive forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import significant
from contraflow._quantiles import ENDS
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry, joined
from contraflow.report.draw.panels import YearPanel, from_zero
from contraflow.text.series_names import divisor, middle, title, unit, where

FEWEST = 3
"""Observations that a series needs to be drawn; shorter ones stand in the table only."""

FITTED, LATER = ("circle", "f-ink s-paper"), ("diamond", "f-rise s-paper")
"""Shapes and classes of observations that were fitted, and of later ones."""


def draw_predictions(
    frame: pd.DataFrame, names: Mapping[str, str], baseline: tuple[int, int]
) -> Drawing | None:
    """One small panel per series: observed before and after, the model in steps, the naive forecast.

    Panels of one quantity share their axis, so that countries can be compared; the years of the baseline
    are shaded.

    Parameters
    ----------
    frame
        Claims year by year, as from ``Lab.predictions(fitted=True)``.
    names
        Names of forms, places and countries, by id.
    baseline
        First and last year of the baseline.

    Returns
    -------
    Drawing
        The panels; the table has every claim of the series drawn. None where no series has enough claims.
    """
    panels = [rows for _series, rows in frame.groupby("series", sort=False) if len(rows) >= FEWEST]
    if not panels:
        return None
    kinds = list(dict.fromkeys(_what(rows) for rows in panels))
    panels.sort(key=lambda rows: kinds.index(_what(rows)))
    years = np.array([middle(y) for y in frame["year"]])
    first, last = float(years.min()) - 0.9, float(years.max()) + 0.9
    facets = []
    for rows in panels:
        same = [p for p in panels if _what(p) == _what(rows)]
        columns = [c for c in ("stated", "model", "naive", "model_95") if c in rows]
        scale = from_zero(*(p[columns].to_numpy(float) / divisor(p) for p in same))
        facets.append(_facet(YearPanel(first, last, scale, top=30.0), rows, names, baseline))
    return Drawing(
        alt=_alt(panels, names),
        facets=tuple(facets),
        table=_table(panels, names),
        key=tuple(_key(pd.concat(panels))),
        kind="panels",
    )


def _facet(
    panel: YearPanel, rows: pd.DataFrame, names: Mapping[str, str], baseline: tuple[int, int]
) -> Facet:
    head = rows.iloc[0].to_dict()
    scale = divisor(rows)
    years = [middle(y) for y in rows["year"]]
    predicted = (rows["model"] / scale).tolist()
    begin, end = (
        panel.x(min(max(y, panel.first), panel.last)) for y in (baseline[0] - 0.5, baseline[1] + 0.5)
    )
    parts = [
        svg.rect(
            begin, panel.top, max(0.0, end - begin), panel.height - panel.top - panel.bottom, "f-wide90"
        ),
        panel.axes(unit(head)),
    ]
    ends = [min(years) - 0.5, max(years) + 0.5]
    parts.append(panel.line(ends, [head["naive"] / scale] * 2, "s-ink", 1.3, "4 3"))
    if {f"model{e}" for e in ENDS} <= set(rows):
        for row in rows[rows["use"] == "predict"].to_dict("records"):
            x = round(panel.x(middle(row["year"])), 1)
            for low, high, width in (("_5", "_95", 1.4), ("_25", "_75", 4.5)):
                y1, y2 = (panel.y(row[f"model{e}"] / scale) for e in (low, high))
                parts.append(svg.line(x, y1, x, y2, "s-accent", width))
    parts.append(panel.line(*_steps(years, predicted), "s-accent", 2.4))
    for row in rows.to_dict("records"):
        shape, class_ = LATER if row["use"] == "predict" else FITTED
        observed, foreseen = (significant(row[c] / scale) for c in ("stated", "model"))
        words = _("{year}: observed {observed} {unit}, model {model}").format(
            year=row["year"], observed=observed, unit=unit(row), model=foreseen
        )
        x, y = panel.x(middle(row["year"])), panel.y(row["stated"] / scale)
        parts.append(svg.mark(round(x, 1), round(y, 1), shape, 4.6, class_, words, 1.0))
    words = _("{where}: {what}").format(where=where(head, names), what=title(head, names))
    return Facet(body=joined(parts), width=panel.width, height=panel.height, title=words)


def _steps(years: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """Values as steps that change halfway between years, from half a year before to half a year after."""
    when, level = [years[0] - 0.5], [values[0]]
    for (a, b), pair in zip(pairwise(years), pairwise(values), strict=True):
        when += [(a + b) / 2, (a + b) / 2]
        level += pair
    return [*when, years[-1] + 0.5], [*level, values[-1]]


def _key(rows: pd.DataFrame) -> Iterator[KeyEntry]:
    used = set(rows["use"])
    for use, (shape, class_), words in (
        ("fit", FITTED, _("observed, fitted")),
        ("predict", LATER, _("observed later")),
    ):
        if use in used:
            yield KeyEntry(mark=svg.mark(9, 6, shape, 4.6, class_, width=1.0), words=words)
    yield KeyEntry(mark=svg.line(0, 6, 18, 6, "s-accent", 2.4), words=_("model"))
    if {f"model{e}" for e in ENDS} <= set(rows):
        bars = svg.line(9, 0, 9, 12, "s-accent", 1.4) + svg.line(9, 3, 9, 9, "s-accent", 4.5)
        yield KeyEntry(mark=Markup(bars), words=_("its 50% and 90% interval"))
    dashed = svg.element("path", d="M0 6H18", class_="none s-ink", stroke_width=1.3, stroke_dasharray="4 3")
    yield KeyEntry(mark=dashed, words=_("if nothing changed"))
    yield KeyEntry(mark=svg.rect(0, 0, 18, 12, "f-wide90"), words=_("years of the baseline"))


def _what(rows: pd.DataFrame) -> tuple[str, str, str]:
    first = rows.iloc[0]
    return str(first["quantity"]), str(first["form"]), str(first["basis"])


def _table(panels: list[pd.DataFrame], names: Mapping[str, str]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for panel in panels:
        columns = [c for c in ("stated", "model", *(f"model{e}" for e in ENDS), "naive") if c in panel]
        for row in panel.to_dict("records"):
            told: dict[str, Any] = {
                "where": where(row, names),
                "what": title(row, names),
                "year": row["year"],
            }
            told |= {"use": row["use"], "unit": unit(row)}
            rows.append(told | {c: row[c] / divisor(row) for c in columns})
    return pd.DataFrame(rows)


def _alt(panels: list[pd.DataFrame], names: Mapping[str, str]) -> str:
    told = []
    for rows in panels:
        head, last, scale = rows.iloc[0].to_dict(), rows.iloc[-1].to_dict(), divisor(rows)
        words = _(
            "{what}, {where}: observed {first} {unit} in {start} and {last} in {end}; the model has {begin} "
            "and {model}, no change would have been {naive}."
        )
        told.append(
            words.format(
                what=title(head, names),
                where=where(head, names),
                unit=unit(head),
                start=head["year"],
                end=last["year"],
                first=significant(head["stated"] / scale),
                last=significant(last["stated"] / scale),
                begin=significant(head["model"] / scale),
                model=significant(last["model"] / scale),
                naive=significant(last["naive"] / scale),
            )
        )
    return " ".join(told)
