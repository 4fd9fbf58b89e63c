"""How the economy is known to react, put to the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contraflow._numbers import span
from contraflow.report.data import ReportData
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """The table of patterns; none where none were run."""
    if report.patterns is None or report.patterns.empty:
        return None
    rows = _rows(report, report.patterns)
    verdicts = [row["verdict"] for row in rows]
    return Content(
        data={
            "patterns": rows,
            "hold": verdicts.count("yes"),
            "run": len(verdicts) - verdicts.count("waits"),
        }
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
        row["chance"] = "" if waits or pd.isna(chance) else f"{chance:.0%}"
        source = report.case.sources.get(str(row.get("source", "")))
        row["title"] = source.title if source else ""
    return sorted(rows, key=lambda r: ("no", "yes", "waits").index(r["verdict"]))
