"""The baseline's cards, each answer in short, and all answers in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from contraflow._numbers import fixed, share, signed_span, significant
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.results import tables
from contraflow.results.view import home_country, price_spot
from contraflow.text.names import plain
from contraflow.text.sentences import is_open

COLUMNS = {
    "exports": "exports",
    "exports by air": "of it by air",
    "hectares at home": "coca standing",
    "farm-gate price": "leaf, a kg",
    "local price": "paste, a kg",
    "farm-gate sales": "farm-gate sales",
    "armed groups' income": "armed groups",
    "seized at home": "seized",
    "arrests at home": "arrests",
    "state spending": "state spends",
    "delivered": "sold, all producers",
}
"""Columns of the table of questions, by row of the headline figures."""
UNITS = {"t/yr": "t", "ha": "ha", "M$/yr": "M$", "persons/yr": "", "USD/kg": "$"}


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """Cards, sentences and the table of comparison."""
    return Content(
        data={
            "cards": cards(report.base, names),
            "answers": [
                {"title": question.title, "first": words.short[0], "then": words.short[1:]}
                for question, words in zip(report.questions, report.sentences, strict=True)
            ],
            "comparison": comparison(report),
        }
    )


def cards(base: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The cards: label, figure, unit before and after it, and what it means."""
    every = plain(tables.headline(base))
    rows = {k: float(r["before"]) for k, r in every.items()}
    home = names.get(home_country(base), "the country")
    form, _, place = price_spot(base).partition("@")
    good = names.get(form, form)
    by_air = rows["exports by air"] / rows["exports"] if rows["exports"] else 0.0

    def card(label: str, key: str, unit: str, note: str) -> dict[str, Any]:
        sign, after = ("$", unit[1:]) if unit.startswith("$") else ("", unit)
        value = significant(rows[key])
        ends = [significant(every[key][e]) for e in ("before_5", "before_95") if e in every[key]]
        span = f"{ends[0]} to {ends[1]}" if ends else ""
        return {"label": label, "value": f"{sign}{value}", "unit": after, "note": note, "range": span}

    found = [
        card(f"Leaves {home}", "exports", "t", f"of pure cocaine a year, {share(by_air)} of it by air"),
        card("Coca standing", "hectares at home", "ha", f"{_eradicated(rows)} more are eradicated"),
        card(
            "Leaf at the farm gate",
            "farm-gate price",
            "$ a kg",
            f"${fixed(rows['farm-gate sales'], 0)} million a year",
        ),
        card(
            "In the valley",
            "local price",
            "$ a kg",
            f"{good[:1].lower()}{good[1:]}, {names.get(place, place)}",
        ),
        card(f"Seized in {home}", "seized at home", "t", "and on the ways that start there"),
        card("Arrests there", "arrests at home", "", "expected, a year"),
        card("Armed groups take", "armed groups' income", "$ million", "a year in levies and escort"),
        card("Sold worldwide", "delivered", "t", "from all producers, rivals too"),
    ]
    return [c for c in found if c["value"] not in ("0", "$0")]


def _eradicated(rows: Mapping[str, float]) -> str:
    gone = rows.get("eradicated at home", 0.0)
    return significant(gone) if gone else "none"


def comparison(report: ReportData) -> dict[str, Any]:
    """The table of questions against headline figures."""
    rows = []
    base = plain(tables.headline(report.base))
    shown = [k for k in COLUMNS if base[k]["before"] and (report.draws == 1 or k != "farm-gate sales")]
    for question, before, after in report.pairs:
        frame = plain(tables.headline(before, after))
        cells = [
            {
                "value": frame[k]["after"],
                "ratio": frame[k]["ratio"] - 1.0,
                "range": range_of_change(frame[k]),
                "open": is_open(frame[k]),
            }
            for k in shown
        ]
        rows.append({"title": question.title, "cells": cells})
    columns = [
        {"label": COLUMNS[k], "unit": UNITS[base[k]["unit"]], "value": base[k]["before"]} for k in shown
    ]
    return {"columns": columns, "rows": rows}


def range_of_change(row: Mapping[str, Any]) -> str:
    """The 90 % interval of a change as a part of what was there: ``−22 to −2%``; empty without one."""
    ends = [row.get(f"ratio_{end}", np.nan) - 1.0 for end in ("5", "95")]
    if not np.isfinite(ends).all():
        return ""
    text = signed_span(*ends)
    return "" if text == share(0.0) else text
