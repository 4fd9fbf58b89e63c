"""The baseline's cards and the answers to the questions, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from contraflow._numbers import amount, probability, rounded, signed
from contraflow.case.naming import lower
from contraflow.report.data import ReportData
from contraflow.results import tables
from contraflow.results.draws import left_out
from contraflow.text import answer_sentences
from contraflow.text.names import plain
from contraflow.text.sentences import article, is_open

COLUMNS = {
    "exports": "exports",
    "exports by air": "of it by air",
    "hectares at home": "coca standing",
    "leaf price": "leaf, a kg",
    "valley price": "paste, a kg",
    "leaf sales": "leaf sales",
    "armed groups' income": "armed groups",
    "seized at home": "seized",
    "arrests at home": "arrests",
    "state spending": "state spends",
    "delivered": "sold, all producers",
}
"""Columns of the table of questions, by row of the headline figures."""
UNITS = {"t/yr": "t", "ha": "ha", "M$/yr": "M$", "persons/yr": "", "USD/kg": "$"}


def questions(report: ReportData, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each question with its measures, its answer in words and its tables."""
    measures = report.case.measures
    told = []
    for question, base, after in report.pairs:
        levels = [
            f"{measures[m].name}: {v:,g} {measures[m].unit}" if m in measures else f"{m}: {v:g}"
            for m, v in question.policy.items()
        ]
        told.append(
            {
                "title": question.title,
                "levels": levels,
                "told": answer_sentences.tell(base, after, names),
                "figures": _figure_rows(base, after, names) if report.draws > 1 else [],
                "zones": _zones(base, after, names),
                "left_out": left_out(after),
            }
        )
    return told


NAMED = {
    "delivered": "sold, all producers",
    "hectares": "coca standing, all producers",
    "seized": "seized, all producers",
    "arrests": "arrests, all producers",
}
"""Headline figures that are not those of the home country alone."""


def _figure_rows(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """All headline figures before and after, with ranges and probabilities."""
    form, _, place = tables.price_spot(base).partition("@")
    price = f"price of {lower(names.get(form, form))} in {article(names.get(place, place))}"
    count = base.sizes["draw"]
    rows = []
    for key, row in plain(tables.headline(base, after)).items():
        if not max(abs(row["before_95"]), abs(row["after_95"])):
            continue
        likely = {
            way: probability(row[f"p_{way}_5pct"], count).replace("above ", ">").replace("below ", "<")
            for way in ("falls", "rises")
        }
        cells = [
            {"value": say(row[name]), "range": f"{say(row[f'{name}_5'])} to {say(row[f'{name}_95'])}"}
            for name, say in (("before", _figure), ("after", _figure), ("change", signed))
        ]
        sign = 0 if is_open(row) else int(np.sign(row["change"]))
        label = NAMED.get(key, price if key == "valley price" else key)
        rows.append(likely | {"label": label, "unit": row["unit"], "cells": cells, "sign": sign})
    return rows


def _figure(value: float) -> str:
    return amount(rounded(value))


def _zones(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table of what is grown and made where."""
    frame = tables.by_zone(base, after).reset_index()
    units = {"coca": "ha"}
    return [
        {
            "what": names.get(row["what"], row["what"]),
            "place": names.get(row["place"], row["place"]),
            "unit": units.get(row["what"], "t pure"),
            **{str(c): row[c] for c in row if str(c).startswith(("before", "after", "change"))},
            "open": is_open({str(k): v for k, v in row.items()}),
        }
        for row in frame.to_dict("records")
        if max(row["before"], row["after"]) > 0.05
    ]


def headlines(base: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The cards: label, figure, unit before and after it, and what it means."""
    every = plain(tables.headline(base))
    rows = {k: float(r["before"]) for k, r in every.items()}
    home = names.get(tables.home_country(base), "the country")
    form, _, place = tables.price_spot(base).partition("@")
    good = names.get(form, form)
    by_air = rows["exports by air"] / rows["exports"] if rows["exports"] else 0.0

    def card(label: str, key: str, unit: str, note: str) -> dict[str, Any]:
        sign, after = ("$", unit[1:]) if unit.startswith("$") else ("", unit)
        value = amount(rounded(rows[key]))
        ends = [amount(rounded(every[key][e])) for e in ("before_5", "before_95") if e in every[key]]
        span = f"{ends[0]} to {ends[1]}" if ends else ""
        return {"label": label, "value": f"{sign}{value}", "unit": after, "note": note, "range": span}

    cards = [
        card(f"Leaves {home}", "exports", "t", f"of pure cocaine a year, {by_air:.0%} of it by air"),
        card("Coca standing", "hectares at home", "ha", f"{_eradicated(rows)} more are eradicated"),
        card("Leaf at the farm gate", "leaf price", "$ a kg", f"${rows['leaf sales']:,.0f} million a year"),
        card(
            "In the valley",
            "valley price",
            "$ a kg",
            f"{good[:1].lower()}{good[1:]}, {names.get(place, place)}",
        ),
        card(f"Seized in {home}", "seized at home", "t", "and on the ways that start there"),
        card("Arrests there", "arrests at home", "", "expected, a year"),
        card("Armed groups take", "armed groups' income", "$ million", "a year in levies and escort"),
        card("Sold worldwide", "delivered", "t", "from all producers, rivals too"),
    ]
    return [c for c in cards if c["value"] not in ("0", "$0")]


def _eradicated(rows: Mapping[str, float]) -> str:
    return amount(rounded(rows["eradicated at home"])) if rows["eradicated at home"] else "none"


def comparison(report: ReportData) -> dict[str, Any]:
    """The table of questions against headline figures."""
    rows = []
    base = plain(tables.headline(report.base))
    shown = [k for k in COLUMNS if base[k]["before"] and (report.draws == 1 or k != "leaf sales")]
    for question, before, after in report.pairs:
        frame = plain(tables.headline(before, after))
        cells = [
            {
                "value": frame[k]["after"],
                "ratio": frame[k]["ratio"] - 1.0,
                "range": _range_of_change(frame[k]),
                "open": is_open(frame[k]),
            }
            for k in shown
        ]
        rows.append({"title": question.title, "cells": cells})
    columns = [
        {"label": COLUMNS[k], "unit": UNITS[base[k]["unit"]], "value": base[k]["before"]} for k in shown
    ]
    return {"columns": columns, "rows": rows}


def _range_of_change(row: Mapping[str, Any]) -> str:
    """The 90 % interval of a change as a part of what was there: ``−22 to −2%``; empty without one."""
    ends = [row.get(f"ratio_{end}", np.nan) - 1.0 for end in ("5", "95")]
    if not np.isfinite(ends).all():
        return ""
    low, high = (f"{end:+,.0%}".replace("-", "−") if abs(end) >= 0.005 else "0%" for end in ends)
    if low == high:
        return "" if low == "0%" else low
    return f"{low.removesuffix('%')} to {high}"


def titles(report: ReportData) -> dict[str, Any]:
    """Titles of the map by view; after and difference have one for each question."""
    asked = [question.title for question, _ in report.answers]
    return {
        "before": "Before: the baseline",
        "after": [f"After: {title}" for title in asked],
        "difference": [f"What changes: {title}" for title in asked],
    }
