"""Every number of the model: its range, what calibration made of it, and what it rests on."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from contraflow._language import N_, _
from contraflow._numbers import cell
from contraflow.case.roles import roles
from contraflow.case.table import Role
from contraflow.report.data import ReportData, ledger_table
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable
from contraflow.text.names import Names

UNITS = {"year": N_("years"), "month": N_("months"), "person": N_("people")}
"""Units of numbers that are words."""

ASSUMED = N_("assumption")
"""Origin of a number that rests on no claim."""


def make(report: ReportData, names: Names) -> Content:
    """Tables of numbers by the part that they play."""
    return Content(data={"groups": groups(report)})


def groups(report: ReportData) -> list[dict[str, Any]]:
    """Groups of the ledger by the part that a number plays: title, numbers, assumptions among them, table."""
    frame = ledger_table(report.case) if report.ledger is None else report.ledger
    frame = frame.rename(columns={"calibrated": "fitted"})
    if "parameter" in frame:
        frame = frame.set_index("parameter")
    role_of = roles(report.case)
    shown: set[str] = set()
    if len(report.claims):
        known = (report.claims["use"] != "predict") | report.claims["residual"].isna()
        shown = set(report.claims.loc[known, "claim"])
    if report.predictions is not None:
        shown |= set(report.predictions["claim"])
    found: dict[Role, list[tuple[str, dict[str, Any]]]] = {
        role: [] for role in Role if role is not Role.WEIGHT
    }
    for key, row in frame.iterrows():
        role = role_of[str(key)]
        if role is not Role.WEIGHT:
            found[role].append((str(key), {str(k): v for k, v in row.items()}))
    return [
        {
            "title": _(role.value),
            "numbers": len(rows),
            "assumed": sum(row["origin"] == ASSUMED for _key, row in rows),
            "table": _table(_(role.value), rows, shown),
        }
        for role, rows in found.items()
        if rows
    ]


def _table(title: str, rows: list[tuple[str, dict[str, Any]]], claims: Container[str]) -> ShownTable:
    return ShownTable(
        caption=title,
        heads=(_("Number"), _("Low"), _("Value"), _("High"), _("Fitted"), _("Unit"), _("Origin and reason")),
        rows=tuple(
            (
                row["meaning"],
                cell(row["low"]),
                cell(row["value"]),
                cell(row["high"]),
                "" if pd.isna(row.get("fitted", float("nan"))) else cell(row["fitted"]),
                "" if row["unit"] == "dimensionless" else _(UNITS.get(row["unit"], row["unit"])),
                _origin(row, claims),
            )
            for _key, row in rows
        ),
        figures=(1, 2, 3, 4),
        ids=tuple(f"number-{key}" for key, _row in rows),
    )


def _origin(row: dict[str, Any], claims: Container[str]) -> Markup:
    """Assumption or the claims, each a link where the page has it, and the reason."""
    if row["origin"] == ASSUMED:
        origin = Markup('<b class="assumed">{}</b>').format(_(ASSUMED))
    else:
        origin = Markup(", ").join(
            Markup('<a href="#claim-{}">{}</a>').format(one, one) if one in claims else escape(_(one))
            for one in re.split(r"[,;]\s*", str(row["origin"]))
        )
    return origin + Markup(". <small>{}</small>").format(row["reason"])
