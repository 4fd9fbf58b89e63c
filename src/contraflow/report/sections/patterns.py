"""How the economy is known to react, put to the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from contraflow._language import N_, _
from contraflow._numbers import cell, share, span
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note, with_range
from contraflow.text.names import Names

VERDICTS = {"no": N_("does not hold"), "yes": N_("holds"), "waits": N_("needs time")}
"""Verdicts in the order of the table, in words."""

EXPECTED = {"rise": N_("rises"), "fall": N_("falls"), "same": N_("stays"), "range": N_("within a range")}
"""What is documented, in words."""


def make(report: ReportData, names: Names) -> Content | None:
    """The table of patterns; none where none were run."""
    if report.patterns is None or report.patterns.empty:
        return None
    rows = _rows(report, report.patterns)
    verdicts = [row["verdict"] for row in rows]
    drawn = report.draws > 1
    return Content(
        data={
            "table": _table(rows, drawn),
            "hold": verdicts.count("yes"),
            "run": len(verdicts) - verdicts.count("waits"),
        }
    )


def _table(rows: list[dict[str, Any]], drawn: bool) -> ShownTable:
    heads = (_("What is documented"), _("Verdict"), _("Expected"), _("Model, with over without"))
    shown = []
    for row in rows:
        about = with_note(row["statement"], row["title"])
        if row["diagnosis"]:
            reason = _("Most likely reason: {reason}").format(reason=row["diagnosis"])
            about += Markup("<br><small>{}</small>").format(reason)
        waits = row["verdict"] == "waits"
        verdict = _(VERDICTS[row["verdict"]])
        cells = (
            about,
            with_range(verdict, "", "rise" if row["verdict"] == "no" else ""),
            _(EXPECTED.get(str(row["expected"]), str(row["expected"]))),
            "" if waits else with_range(f"×{cell(row['ratio'])}", row["range"]),
        )
        shown.append((*cells, row["chance"]) if drawn else cells)
    return ShownTable(
        caption=_("Documented behaviour beside the model; what does not hold comes first"),
        heads=(*heads, _("Probability")) if drawn else heads,
        rows=tuple(shown),
        figures=(3, 4),
        ids=tuple(f"pattern-{row['pattern']}" for row in rows) if "pattern" in rows[0] else (),
    )


def _rows(report: ReportData, patterns: pd.DataFrame) -> list[dict[str, Any]]:
    """Documented behaviour, what fails first and what waits last."""
    rows = [{str(k): v for k, v in r.items()} for r in patterns.to_dict("records")]
    for row in rows:
        waits = row["holds"] is None or pd.isna(row["holds"])
        row.setdefault("diagnosis", "")
        row["verdict"] = "waits" if waits else "yes" if row["holds"] else "no"
        row["range"] = "" if waits or "ratio_5" not in row else span(row["ratio_5"], row["ratio_95"])
        chance = row.get("probability", np.nan)
        row["chance"] = "" if waits or pd.isna(chance) else share(chance)
        source = report.case.sources.get(str(row.get("source", "")))
        row["title"] = source.title if source else ""
    return sorted(rows, key=lambda r: list(VERDICTS).index(r["verdict"]))
