"""What sources state, beside what the model gives for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from contraflow._language import N_, _
from contraflow._numbers import DASH, cell, fixed
from contraflow.report.data import ReportData
from contraflow.report.draw.claims import draw_claims_chart, tension_word
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note
from contraflow.results.view import KG_PER_TONNE
from contraflow.text.names import Names

FIGURES = ("low", "value", "high", "model")

USES = {"fit": N_("fitted"), "check": N_("held back"), "predict": N_("predicted")}
"""Uses of claims, in words."""

BOUNDS = {"at least": N_("at least {figure}"), "up to": N_("up to {figure}")}
"""Claims that state a bound, in words."""


def make(report: ReportData, names: Names) -> Content:
    """The chart and table of claims that were fitted or held back, and those that are context."""
    rows = _rows(report)
    known = [row for row in rows if row["known"] and row["use"] != "predict"]
    context = [row for row in rows if not row["known"]]
    return Content(
        data={
            "claims": _table(known) if known else None,
            "context": _context(context) if context else None,
            "tally": _tally(known),
        },
        drawings={"worst": draw_claims_chart(report.claims[report.claims["use"] != "predict"])},
    )


def _table(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("Claims beside the model, those that it contradicts most first"),
        heads=(_("Claim"), _("Source says"), _("Model"), _("Unit"), _("Verdict"), _("Use"), _("Source and grade")),
        rows=tuple(
            (
                with_note(row["statement"], row["year"]),
                _stated(row),
                cell(row["model"]),
                row["unit"],
                with_note(row["word"], fixed(row["residual"], 1, sign=True)),
                _(USES.get(row["use"], row["use"])),
                with_note(row["title"], row["grade"]),
            )
            for row in rows
        ),
        figures=(1, 2),
        ids=tuple(f"claim-{row['claim']}" for row in rows),
    )


def _context(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("Claims that are context: reported, but not observed by the model"),
        heads=(_("Claim"), _("Source says"), _("Unit"), _("Source and grade")),
        rows=tuple(
            (
                with_note(row["statement"], row["year"]),
                _stated(row),
                row["unit"],
                with_note(row["title"], row["grade"]),
            )
            for row in rows
        ),
        figures=(1,),
        ids=tuple(f"claim-{row['claim']}" for row in rows),
    )


def _stated(row: Mapping[str, Any]) -> str:
    bound = BOUNDS.get(row["bound"])
    return str(row["range"]) if bound is None else _(bound).format(figure=row["range"])


def _tally(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many fitted and checked claims there are by verdict."""
    return [
        {
            "word": word,
            "fitted": sum(r["word"] == word and r["use"] == "fit" for r in rows),
            "held": sum(r["word"] == word and r["use"] != "fit" for r in rows),
        }
        for word in dict.fromkeys(r["word"] for r in sorted(rows, key=lambda r: abs(r["residual"])))
    ]


def _rows(report: ReportData) -> list[dict[str, Any]]:
    """Claims for the table, those that the model contradicts most first."""
    frame = report.claims.sort_values(by="residual", key=lambda z: -z.abs(), kind="stable")
    rows = []
    for found in frame.to_dict("records"):
        row = _in_tonnes({str(k): v for k, v in found.items()})
        known = bool(np.isfinite(row["residual"]))
        source = report.case.sources.get(str(row["source"]))
        row |= {
            "known": known,
            "word": tension_word(row["residual"]) if known else "",
            "title": source.title if source else row["source"],
            "range": _range(row["low"], row["value"], row["high"]),
            "year": row["year"] if isinstance(row["year"], str) else "",
            "unit": "" if row["unit"] == "dimensionless" else row["unit"],
        }
        rows.append(row)
    return rows


def _in_tonnes(row: dict[str, Any]) -> dict[str, Any]:
    """A claim in kg a year in t a year where its figures are large."""
    numbers = {c: float("nan") if row[c] is None else float(row[c]) for c in FIGURES}
    if str(row["unit"]).startswith("kg/y") and any(abs(v) > 1e4 for v in numbers.values()):
        numbers = {c: v / KG_PER_TONNE for c, v in numbers.items()}
        return row | numbers | {"unit": "t" + str(row["unit"])[2:]}
    return row | numbers


def _range(low: Any, value: Any, high: Any) -> str:
    ends = [float(v) for v in (low, high) if v is not None and np.isfinite(v)]
    middle = float(value) if value is not None and np.isfinite(value) else None
    if len(ends) == 2 and ends[0] != ends[1]:
        text = f"{cell(ends[0])} {DASH} {cell(ends[1])}"
        return text if middle is None else f"{cell(middle)} ({text})"
    return cell(middle if middle is not None else (ends[0] if ends else None))
