"""What else leaves the country beside the case's own goods, by way out."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contraflow._language import _
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.report.sections._panels import Panel, capital, draw_rows, outcomes, panels_content, shifts
from contraflow.results import side_economies
from contraflow.results.view import KG_PER_TONNE, home_country
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import listed

NOTE = "Weight of the product as it is carried, a year; worth is the price where it crosses the border."

KG_IN_TONNES = 1e4
"""Goods of which more than this leaves by one way are drawn in tonnes."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Charts of each substance for each question; none where nothing else leaves."""
    base = report.base
    every = side_economies.goods(base, by="form")
    if every.empty:
        return None
    home = names.get(home_country(base), "")
    substances = _substances(report, list(map(str, every.index)))
    intro = (
        f"What else leaves {home}, in the same network: in the baseline "
        f"{words.goods(every, names, home)}. None of it is in the figures of cocaine."
    )
    panels: list[Panel] = []
    drawings: dict[str, Drawing] = {}
    for end, base, after in outcomes(report):
        by_form = side_economies.goods(base, after, by="form")
        by_route = side_economies.goods(base, after, by="route")
        figures, shown = [], []
        for substance, forms in substances.items():
            rows = by_route[by_route.index.get_level_values("form").isin(forms)]
            if after is None or shifts(rows):
                name = f"goods-{substance}{end}"
                drawings[name] = _draw_ways(rows, names, len(forms) > 1)
                figures.append((capital(substance), name))
                shown += forms
        by_form = by_form[by_form.index.isin(shown)]
        text = "" if after is None else words.goods(by_form, names, home) if figures else _(words.STILL)
        panels.append(Panel(text, tuple(figures)))
    return panels_content(panels, drawings, intro, NOTE, title=capital(listed(list(substances))))


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
    return draw_rows(frame, "t a year" if heavy else "kg a year")
