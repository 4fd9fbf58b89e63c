"""What else leaves the country beside the case's own goods, by way out."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from contraflow._language import N_, _
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.report.sections._panels import capital, draw_rows, panel, shifts
from contraflow.results import side_economies
from contraflow.results.view import KG_PER_TONNE
from contraflow.text import side_economy_sentences as words
from contraflow.text.names import Names
from contraflow.text.sentences import listed

NOTE = N_("Weight of the product as it is carried, a year; worth is the price where it crosses the border.")

KG_IN_TONNES = 1e4
"""Goods of which more than this leaves by one way are drawn in tonnes."""


def make(report: ReportData, names: Names, number: int) -> Content | None:
    """What one answer changes; none where nothing else leaves, or hardly changes."""
    _question, base, after = report.pairs[number]
    figures, shown = _figures(report, names, base, after)
    if not figures:
        return None
    rows = side_economies.goods(base, after, by="form")
    text = words.goods(rows[rows.index.isin(shown)], names, names.home)
    return panel(text, figures, _(NOTE))


def make_today(report: ReportData, names: Names) -> Content | None:
    """The baseline; none where nothing else leaves."""
    every = side_economies.goods(report.base, by="form")
    if every.empty:
        return None
    intro = _(
        "What else leaves {home}, in the same network: {goods}. None of it is in the figures of {substance}."
    )
    substances = _substances(report, list(map(str, every.index)))
    figures, _shown = _figures(report, names, report.base, None)
    return panel(
        "",
        figures,
        _(NOTE),
        intro=intro.format(
            home=names.home, goods=words.goods(every, names, names.home), substance=names.substance
        ),
        title=capital(listed([_substance(one, names) for one in substances])),
    )


def _figures(
    report: ReportData, names: Names, base: xr.Dataset, after: xr.Dataset | None
) -> tuple[list[tuple[str, str, Drawing]], list[str]]:
    """Charts of each substance, and the forms that they show."""
    by_route = side_economies.goods(base, after, by="route")
    if by_route.empty:
        return [], []
    forms_there = list(dict.fromkeys(map(str, by_route.index.get_level_values("form"))))
    figures, shown = [], []
    for substance, forms in _substances(report, forms_there).items():
        rows = by_route[by_route.index.get_level_values("form").isin(forms)]
        if after is None or shifts(rows):
            drawing = _draw_ways(rows, names, len(forms) > 1)
            figures.append((substance, capital(_substance(substance, names)), drawing))
            shown += forms
    return figures, shown


def _substance(substance: str, names: Names) -> str:
    """A substance, or a form without one, in words."""
    return names.get(substance, substance)


def _substances(report: ReportData, forms: list[str]) -> dict[str, list[str]]:
    """Forms by the substance that they contain; without one, each by itself."""
    found: dict[str, list[str]] = {}
    for form in forms:
        row = report.case.forms.get(form)
        found.setdefault((row.substance if row else "") or form, []).append(form)
    return found


def _draw_ways(rows: pd.DataFrame, names: Mapping[str, str], several: bool) -> Drawing:
    """Before and after by way out; the good is named where there are several."""
    columns = [c for c in rows if not str(c).startswith(("value", "share", "ratio"))]
    heavy = float(rows[[c for c in ("before", "after") if c in rows]].to_numpy().max()) > KG_IN_TONNES
    frame = rows[columns] / (KG_PER_TONNE if heavy else 1.0)
    labels = []
    for form, start, end in rows.index:
        way = f"{names.get(start, start)} → {names.get(end, end)}"
        what = words.good(form, names)
        labels.append(f"{capital(what)}, {way}" if several else way)
    frame.index = pd.Index(labels)
    return draw_rows(frame, _("t gross a year") if heavy else _("kg gross a year"))
