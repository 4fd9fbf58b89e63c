"""What sources state, beside what the model gives for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from contraflow._language import N_, _
from contraflow._numbers import fixed
from contraflow.report.data import ReportData
from contraflow.report.draw.claims import LABELS, draw_claims_chart, stated, tension_word
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note
from contraflow.text.conflict_sentences import scale_of
from contraflow.text.names import Names

USES = {"fit": N_("fitted"), "check": N_("held back"), "predict": N_("predicted")}
"""Uses of claims, in words."""


def make(report: ReportData, names: Names) -> Content:
    """The chart and table of claims that were fitted or held back, and those that are context."""
    rows = _rows(report)
    known = [row for row in rows if row["known"] and row["use"] != "predict"]
    context = [row for row in rows if not row["known"]]
    chart = report.claims[report.claims["use"] != "predict"]
    return Content(
        data={
            "claims": _table(known) if known else None,
            "context": _context(context) if context else None,
            "tally": _tally(known),
        },
        drawings={"worst": draw_claims_chart(chart, case=report.case) if known else None},
    )


def _table(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("Claims beside the model, those that it contradicts most first"),
        heads=(_("Claim"), _("Source says"), _("Model"), _("Verdict"), _("Use"), _("Source and grade")),
        rows=tuple(
            (
                with_note(row["statement"], row["year"]),
                row["stated"],
                row["modelled"],
                with_note(
                    _(LABELS[row["word"]]),
                    _("{number} s.d.").format(number=fixed(row["residual"], 1, sign=True)),
                ),
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
        heads=(_("Claim"), _("Source says"), _("Source and grade")),
        rows=tuple(
            (with_note(row["statement"], row["year"]), row["stated"], with_note(row["title"], row["grade"]))
            for row in rows
        ),
        figures=(1,),
        ids=tuple(f"claim-{row['claim']}" for row in rows),
    )


def _tally(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many fitted and checked claims there are by verdict, the best first."""
    words = dict.fromkeys(r["word"] for r in sorted(rows, key=lambda r: abs(r["residual"])))
    return [
        {
            "word": _(LABELS[word]),
            "fitted": sum(r["word"] == word and r["use"] == "fit" for r in rows),
            "held": sum(r["word"] == word and r["use"] != "fit" for r in rows),
        }
        for word in words
    ]


def _rows(report: ReportData) -> list[dict[str, Any]]:
    """Claims for the table, those that the model contradicts most first."""
    frame = report.claims.sort_values(by="residual", key=lambda z: -z.abs(), kind="stable")
    rows = []
    for found in frame.to_dict("records"):
        row = {str(k): v for k, v in found.items()}
        known = bool(np.isfinite(row["residual"]))
        source = report.case.sources.get(str(row["source"]))
        rows.append(
            row
            | {
                "known": known,
                "word": tension_word(row["residual"]) if known else "",
                "title": source.title if source else row["source"],
                "stated": stated(row, report.case),
                "modelled": scale_of(row["quantity"], row["unit"], row["model"]).text(row["model"])
                if known
                else "",
                "year": row["year"] if isinstance(row["year"], str) else "",
            }
        )
    return rows
