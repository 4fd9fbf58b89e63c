"""Predicted and observed: later claims beside what the model foresaw and the naive forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contraflow._numbers import fixed, share
from contraflow.report.data import ReportData
from contraflow.report.draw.predicted_series import draw_predictions
from contraflow.report.section import Content
from contraflow.text.series_names import divisor, title, unit, where


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Predicted claims and their errors; none where the case has none."""
    if report.predictions is None or report.errors is None or report.predictions.empty:
        return None
    errors = error_rows(report.errors, names)
    hindcast = report.hindcast
    drawn = draw_predictions(report.predictions, names, report.case.info.baseline)
    return Content(
        data={
            "rows": prediction_rows(report.predictions, names),
            "errors": errors,
            "wins": sum(e["wins"] for e in errors),
            "words": [] if hindcast is None else hindcast.words(),
            "coverage": [] if hindcast is None else coverage_rows(hindcast.summary),
        },
        drawings={} if drawn is None else {"predictions": drawn},
    )


def prediction_rows(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table: one per predicted claim, with errors as factors."""
    later = frame[frame["use"] == "predict"]
    return [
        {
            "what": title(row, names),
            "where": where(row, names),
            "unit": unit(row),
            "year": row["year"],
            "break": str(row["note"]).startswith("Break"),
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


def coverage_rows(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of coverage and scores, by quantity and over all."""
    rows = []
    for row in summary.to_dict("records"):
        error = "" if not np.isfinite(row["error"]) else f" ± {fixed(row['error'], 2)}"
        ends = {c: share(row[c]) for c in ("inside_50", "inside_90", "naive_inside_50", "naive_inside_90")}
        score = f"{fixed(row['difference'], 2, sign=True)}{error}"
        counts = {"claims": row["claims"], "series": row["series"]}
        rows.append({"what": row["quantity"]} | counts | ends | {"score": score})
    return rows


def factor(log_error: float) -> str:
    """A log error as a factor and its side: ``×1.4 high``."""
    if not np.isfinite(log_error):
        return ""
    size = f"×{fixed(np.exp(abs(log_error)), 2)}"
    return "×1.00" if size == "×1.00" else f"{size} {'high' if log_error > 0 else 'low'}"
