"""What sources state, beside what the model gives for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from contraflow._language import _
from contraflow._numbers import cell
from contraflow.report.data import ReportData
from contraflow.report.draw.claims import SCALE, WORDS, draw_claims_chart, tension_colour, tension_word
from contraflow.report.section import Content
from contraflow.results.view import KG_PER_TONNE

FIGURES = ("low", "value", "high", "model")


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """The chart and table of claims that were fitted or held back, and those that are context."""
    rows = _rows(report)
    shown = [row for row in rows if row["use"] != "predict"]
    return Content(
        data={
            "claims": [row for row in shown if row["known"]],
            "context": [row for row in rows if not row["known"]],
            "tally": _tally(shown),
        },
        drawings={"claims": draw_claims_chart(report.claims[report.claims["use"] != "predict"], case=report.case)},
    )


def _tally(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many fitted and checked claims fit, are strained or contradict, with their colours."""
    known = [c for c in claims if c["known"]]
    return [
        {
            "word": word,
            "colour": f"var(--{colour})",
            "limit": _(text).partition("(")[2].rstrip(")"),
            "fitted": sum(c["word"] == word and c["use"] == "fit" for c in known),
            "checked": sum(c["word"] == word and c["use"] != "fit" for c in known),
        }
        for word, (_limit, colour, text) in zip(WORDS, SCALE, strict=True)
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
            "colour": f"var(--{tension_colour(row['residual'])})" if known else "var(--faint)",
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
        text = f"{cell(ends[0])} – {cell(ends[1])}"
        return text if middle is None else f"{cell(middle)} ({text})"
    return cell(middle if middle is not None else (ends[0] if ends else None))
