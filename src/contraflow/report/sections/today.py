"""The baseline in a few figures, and on the map."""

from __future__ import annotations

from typing import Any

import numpy as np

from contraflow._language import _
from contraflow._numbers import money, share, significant, to
from contraflow.report.data import ReportData
from contraflow.report.draw.map import draw_map
from contraflow.report.section import Content
from contraflow.report.sections.headline import label, unit
from contraflow.results import tables
from contraflow.text.names import Names, plain

CARDS = (
    "exports", "hectares at home", "farm-gate price", "local price", "seized at home", "arrests at home",
    "armed groups' income", "delivered",
)  # fmt: skip
"""Headline figures of the cards, those that the economy has."""


def make(report: ReportData, names: Names) -> Content:
    """The cards and the map of the baseline."""
    return Content(
        data={"cards": cards(report, names)},
        drawings={"map": draw_map(report.base, report.case.places, names=names, backdrop=False)},
    )


def cards(report: ReportData, names: Names) -> list[dict[str, Any]]:
    """The cards: label, figure, unit, interval, and a note on it."""
    every = plain(tables.headline(report.base))
    made = []
    for key in CARDS:
        row = every.get(key)
        if row is None or not np.isfinite(row["before"]) or significant(row["before"]) == "0":
            continue
        ends = [significant(row[end]) for end in ("before_5", "before_95") if end in row]
        made.append(
            {
                "label": label(key, report.base, names),
                "value": significant(row["before"]),
                "unit": unit(row["unit"]),
                "range": to(*ends) if ends else "",
                "note": _note(key, every, names),
            }
        )
    return made


def _note(key: str, every: dict[str, dict[str, Any]], names: Names) -> str:
    """What belongs beside a figure."""
    known = {k: float(row["before"]) for k, row in every.items()}
    if key == "exports":
        air = known.get("exports by air", 0.0)
        text = _("of pure {substance}, at the border").format(substance=names.substance)
        by_air = _("{part} of it by air").format(part=share(air / known[key]))
        return f"{text}; {by_air}" if air > 0 else text
    if key == "hectares at home":
        gone = known.get("eradicated at home", 0.0)
        return _("{hectares} more are eradicated").format(hectares=significant(gone)) if gone > 0 else ""
    if key == "farm-gate price":
        return (
            _("sales of {money} a year").format(money=money(known["farm-gate sales"]))
            if known.get("farm-gate sales")
            else ""
        )
    if key == "delivered":
        return _("from all producers, rivals too")
    if key == "seized at home":
        return _("and on the ways that start there")
    return ""
