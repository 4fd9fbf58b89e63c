"""Predicted and observed: series of later years beside what the model foresaw and the naive forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contraflow._language import _
from contraflow._numbers import cell, fixed, share
from contraflow.case.statements import BREAK
from contraflow.report.data import ReportData
from contraflow.report.draw.predicted_series import draw_predictions
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note
from contraflow.text.names import Names
from contraflow.text.series_names import divisor, title, unit, where


def make(report: ReportData, names: Names) -> Content | None:
    """Predicted claims and their errors; none where the case has none."""
    if report.predictions is None or report.errors is None or report.predictions.empty:
        return None
    errors = error_rows(report.errors, names)
    hindcast = report.hindcast
    return Content(
        data={
            "wins": sum(e["wins"] for e in errors),
            "series": len(errors),
            "errors": _errors(errors),
            "every": _every(prediction_rows(report.predictions, names)),
            "words": [] if hindcast is None else hindcast.words(),
            "coverage": None if hindcast is None else _coverage(hindcast.summary),
        },
        drawings={"series": draw_predictions(report.predictions, names, report.case.info.baseline)},
    )


def _errors(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("How far off, series by series"),
        heads=(_("What and where"), _("Years"), _("Model off by"), _("Naive off by"), _("Model nearer in")),
        rows=tuple(
            (
                f"{e['what']}, {e['where']}",
                e["years"],
                e["model"],
                e["naive"],
                _("{part} of {all}").format(part=e["nearer"], all=e["claims"]),
            )
            for e in rows
        ),
        figures=(2, 3, 4),
    )


def _every(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("All predictions, year by year"),
        heads=(
            _("What and where"), _("Year"), _("Observed"), _("Model"), _("If nothing changed"), _("Unit"),
            _("Model is"), _("Naive is"),
        ),
        rows=tuple(
            (
                f"{p['what']}, {p['where']}",
                with_note(p["year"], _("other method") if p["break"] else ""),
                cell(p["stated"]),
                cell(p["model"]),
                cell(p["naive"]),
                p["unit"],
                p["model_off"],
                p["naive_off"],
            )
            for p in rows
        ),
        figures=(2, 3, 4, 6, 7),
        ids=tuple(f"claim-{p['claim']}" for p in rows),
    )  # fmt: skip


def _coverage(summary: pd.DataFrame) -> ShownTable:
    """Coverage and scores, by quantity and over all."""
    rows = []
    for row in summary.to_dict("records"):
        error = "" if not np.isfinite(row["error"]) else f" ± {fixed(row['error'], 2)}"
        ends = (share(row[c]) for c in ("inside_50", "inside_90", "naive_inside_50", "naive_inside_90"))
        score = f"{fixed(row['difference'], 2, sign=True)}{error}"
        rows.append((_(row["quantity"]), fixed(row["claims"], 0), *ends, score))
    return ShownTable(
        caption=_("How sure it was of itself"),
        heads=(
            _("Quantity"), _("Claims"), _("In 50%"), _("In 90%"), _("Naive in 50%"), _("Naive in 90%"),
            _("Log score against naive"),
        ),
        rows=tuple(rows),
        figures=(1, 2, 3, 4, 5, 6),
    )  # fmt: skip


def prediction_rows(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table: one per predicted claim, with errors as factors."""
    later = frame[frame["use"] == "predict"]
    return [
        {
            "claim": row["claim"],
            "what": title(row, names),
            "where": where(row, names),
            "unit": unit(row),
            "year": row["year"],
            "break": str(row["note"]).startswith(BREAK),
            **{c: row[c] / divisor(row) for c in ("stated", "model", "naive")},
            "model_off": factor(row["log_error"]),
            "naive_off": factor(row["naive_log_error"]),
            "nearer": abs(row["log_error"]) < abs(row["naive_log_error"]),
        }
        for row in later.to_dict("records")
    ]


def error_rows(errors: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the summary: typical error of the model and of the naive forecast, as factors."""
    return [
        {
            "what": title(row, names),
            "where": where(row, names),
            "years": row["first"] if row["first"] == row["last"] else f"{row['first']}–{row['last']}",
            "claims": row["claims"],
            "model": f"×{fixed(np.exp(row['model']), 2)}",
            "naive": f"×{fixed(np.exp(row['naive']), 2)}",
            "nearer": round(row["better"] * row["claims"]),
            "wins": row["model"] < row["naive"],
        }
        for row in errors.to_dict("records")
    ]


def factor(log_error: float) -> str:
    """A log error as a factor and its side: ``×1.4 high``."""
    if not np.isfinite(log_error):
        return ""
    size = f"×{fixed(np.exp(abs(log_error)), 2)}"
    if size == f"×{fixed(1.0, 2)}":
        return size
    return (_("{factor} high") if log_error > 0 else _("{factor} low")).format(factor=size)
