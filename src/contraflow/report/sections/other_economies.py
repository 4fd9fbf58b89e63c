"""The report's sections on the economies beside the case's own; none for a case that has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from contraflow.case.naming import lower
from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.results import side_economies, tables
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import drawn, is_open, largest_change, listed, span

KG_IN_TONNES = 1e4
"""Goods of which more than this leaves by one way are drawn in tonnes."""


@dataclass(frozen=True)
class Panel:
    """What a section shows of one question, or of the baseline: ``figures`` are (title, name) pairs."""

    told: str
    figures: tuple[tuple[str, str], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class EconomySection:
    """A section: one panel for each question, or a single one of the baseline; ``note`` stands below.

    ``bars`` says that its figures are bars, two of which fit side by side.
    """

    id: str
    title: str
    short: str
    intro: str
    note: str
    panels: list[Panel] = field(default_factory=list)
    drawings: dict[str, Drawing] = field(default_factory=dict)
    bars: bool = False


def sections(report: ReportData, names: Mapping[str, str]) -> list[EconomySection]:
    """The sections that this report has: those of its rows in which something changes, or the baseline."""
    made = [
        section
        for make in (_livelihoods, _goods, _supplies)
        for section in [make(report, names)]
        if section is not None
    ]
    return [s for s in made if any(panel.figures for panel in s.panels)]


def _outcomes(report: ReportData) -> list[tuple[str, xr.Dataset, xr.Dataset | None]]:
    """End of the figures' names, baseline and outcome of each panel."""
    pairs = [(f"-{i}", base, after) for i, (_, base, after) in enumerate(report.pairs)]
    return [*pairs] or [("", report.base, None)]


def _livelihoods(report: ReportData, names: Mapping[str, str]) -> EconomySection | None:
    base = report.base
    table = side_economies.livelihoods(base)
    if len(table) < 3:
        return None
    home = names.get(tables.home_country(base), "")
    section = EconomySection(
        "livelihoods",
        "What households live from",
        "Livelihoods",
        f"The labour of households in the zones of {home}, by what they do with it. In the baseline: "
        f"{words.living(table, names)}.",
        "A labour-hectare is the work that tends one hectare for a year. As many carry as transports hire.",
    )
    for end, base, after in _outcomes(report):
        found = side_economies.livelihoods(base, after)
        if after is not None and not _noticed(found):
            section.panels.append(Panel(words.STILL))
            continue
        name = f"livelihoods{end}"
        section.drawings[name] = _draw(_in_per_cent(found, names), "% of labour")
        told = ""
        if after is not None:
            told = " ".join((words.livelihoods(found, names), words.pay(base, after, names))).rstrip()
        section.panels.append(Panel(told, (("", name),), _pay(base, after, names)))
    return section


def _noticed(table: pd.DataFrame) -> bool:
    """Whether any activity changes by a share of its own and of all labour that is worth a chart."""
    change = largest_change(table)
    own, whole = words.NOTICED * table["before"], words.TRACE * table["before"].sum()
    return bool(((change > own) & (change > whole)).any())


def _in_per_cent(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Shares of labour in per cent, in columns as the charts take them."""
    shares = {c.removeprefix("share_"): 100 * table[c] for c in map(str, table) if c.startswith("share_")}
    return pd.DataFrame(shares).rename(index=lambda form: words.activity(str(form), names))


def _pay(base: xr.Dataset, after: xr.Dataset | None, names: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Rows of the table of what work earns: a labour-hectare by zone, then the pay of hired work."""
    rows = []
    for by in ("income", "hire"):
        frame = side_economies.livelihoods(base, after, by=by)
        for key, row in frame.iterrows():
            place = str(key).partition("@")[2] or str(key)
            what = (
                "a labour-hectare, dollars a year" if by == "income" else "pay of carriers, 1 in the baseline"
            )
            then = float(row["after"]) if "after" in row else None
            before = float(row["before"])
            ratio = None if then is None else float(row["ratio"]) - 1.0
            cells = {str(k): v for k, v in row.items()}
            rows.append(
                {
                    "place": names.get(place, place),
                    "what": what,
                    "before": before,
                    "after": then,
                    "ratio": ratio,
                    "range": span(cells) if drawn(cells) else "",
                    "open": is_open(cells),
                }
            )
    return tuple(rows)


def _goods(report: ReportData, names: Mapping[str, str]) -> EconomySection | None:
    base = report.base
    every = side_economies.goods(base, by="form")
    if every.empty:
        return None
    home = names.get(tables.home_country(base), "")
    substances = _substances(report, list(map(str, every.index)))
    title = listed(list(substances))
    section = EconomySection(
        "goods",
        f"{title[:1].upper()}{title[1:]}",
        f"{title[:1].upper()}{title[1:]}",
        f"What else leaves {home}, in the same network: in the baseline "
        f"{words.goods(every, names, home)}. None of it is in the figures of cocaine.",
        "Weight of the product as it is carried, a year; worth is the price where it crosses the border.",
    )
    for end, base, after in _outcomes(report):
        by_form = side_economies.goods(base, after, by="form")
        by_route = side_economies.goods(base, after, by="route")
        figures, drawn = [], []
        for substance, forms in substances.items():
            rows = by_route[by_route.index.get_level_values("form").isin(forms)]
            if after is None or _shifts(rows):
                name = f"goods-{substance}{end}"
                section.drawings[name] = _draw_ways(rows, names, len(forms) > 1)
                figures.append((f"{substance[:1].upper()}{substance[1:]}", name))
                drawn += forms
        by_form = by_form[by_form.index.isin(drawn)]
        told = "" if after is None else words.goods(by_form, names, home) if figures else words.STILL
        section.panels.append(Panel(told, tuple(figures)))
    return section


def _substances(report: ReportData, forms: list[str]) -> dict[str, list[str]]:
    """Forms by the substance that they contain; without one, each by itself."""
    found: dict[str, list[str]] = {}
    for form in forms:
        row = report.case.forms.get(form)
        found.setdefault((row.substance if row else "") or form, []).append(form)
    return found


def _shifts(rows: pd.DataFrame) -> bool:
    """Whether a change can be seen in a chart of these rows."""
    largest = float(rows[["before", "after"]].to_numpy().max())
    return bool(largest_change(rows).max() > words.NOTICED * largest)


def _draw_ways(rows: pd.DataFrame, names: Mapping[str, str], several: bool) -> Drawing:
    """Before and after by way out; the good is named where there are several."""
    columns = [c for c in rows if not str(c).startswith(("value", "share", "ratio"))]
    heavy = float(rows[[c for c in ("before", "after") if c in rows]].to_numpy().max()) > KG_IN_TONNES
    frame = rows[columns] / (tables.KG_PER_TONNE if heavy else 1.0)
    labels = []
    for form, start, end in rows.index:
        way = f"{names.get(start, start)} → {names.get(end, end)}"
        what = words.good(form, names)
        labels.append(f"{what[:1].upper()}{what[1:]}, {way}" if several else way)
    frame.index = pd.Index(labels)
    return _draw(frame, "t a year" if heavy else "kg a year")


def _supplies(report: ReportData, names: Mapping[str, str]) -> EconomySection | None:
    base = report.base
    every = side_economies.supplies(base)
    if every.empty:
        return None
    inputs = {i: row.name for i, row in report.case.inputs.items()}
    kinds = list(dict.fromkeys(str(key).partition("-")[0] for key in every.index.get_level_values("input")))
    title = listed(kinds)
    section = EconomySection(
        "supplies",
        f"{title[:1].upper()}{title[1:]}: who supplies",
        f"{title[:1].upper()}{title[1:]}",
        f"What the trade buys, and from whom, in all countries of the case. The baseline: "
        f"{lower(words.supplies(side_economies.bought(base), inputs))}",
        "Who is controlled loses buyers to the others and charges those who stay for the risk.",
        bars=True,
    )
    for end, base, after in _outcomes(report):
        found = side_economies.supplies(base, after)
        figures = []
        for key, rows in found.groupby(level=0, sort=False):
            if after is None or _shifts(rows):
                name = f"supplies-{key}{end}"
                section.drawings[name] = bars.draw_income_bars(rows)
                figures.append((inputs.get(str(key), str(key)), name))
        told = (
            ""
            if after is None
            else words.supplies(side_economies.bought(base, after), inputs)
            if figures
            else words.STILL
        )
        section.panels.append(Panel(told, tuple(figures)))
    return section


def _draw(frame: pd.DataFrame, unit: str) -> Drawing:
    """Dots before and after, or bars where there is only a before."""
    if "after" in frame:
        return draw_dumbbells(frame, unit, {str(label): str(label) for label in frame.index})
    rows = frame.assign(name=frame.index).sort_values("before", kind="stable")
    return bars.draw_bars(rows, unit)
