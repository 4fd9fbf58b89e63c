"""Every number of the model: its range, what calibration made of it, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contraflow.case.roles import roles
from contraflow.case.table import Role
from contraflow.report.data import ReportData, ledger_table
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """Tables of numbers by the part that they play."""
    return Content(data={"groups": groups(report)})


def groups(report: ReportData) -> list[dict[str, Any]]:
    """Groups of the ledger by the part that a number plays: its rows, how many of them assumptions."""
    frame = ledger_table(report.case) if report.ledger is None else report.ledger
    frame = frame.rename(columns={"calibrated": "fitted"})
    if "parameter" in frame:
        frame = frame.set_index("parameter")
    role_of = roles(report.case)
    found: dict[Role, list[dict[str, Any]]] = {role: [] for role in Role if role is not Role.WEIGHT}
    for key, row in frame.iterrows():
        role = role_of[str(key)]
        if role is not Role.WEIGHT:
            found[role].append(_row(report, str(key), row))
    return [
        {"title": role.value, "rows": rows, "assumed": sum(r["origin"] == "assumption" for r in rows)}
        for role, rows in found.items()
        if rows
    ]


def _row(report: ReportData, key: str, row: pd.Series[Any]) -> dict[str, Any]:
    """A row of the ledger, with the places of the value and the fit along the range from 0 to 100."""
    cells = {str(k): v for k, v in row.items()} | {"id": key}
    cells["unit"] = "" if cells["unit"] == "dimensionless" else cells["unit"]
    log = report.case.parameters[key].scale == "log" and row["low"] > 0
    ends = np.log([row["low"], row["high"]]) if log else np.array([row["low"], row["high"]], float)
    for name in ("value", "fitted"):
        number = float(row[name]) if name in row and pd.notna(row[name]) else np.nan
        spot = np.log(number) if log and number > 0 else number
        wide = ends[1] - ends[0]
        at = float(np.clip((spot - ends[0]) / wide, 0, 1) * 100) if wide > 0 else 50.0
        cells[f"{name}_at"] = None if not np.isfinite(number) else round(at, 1)
    return cells
