"""How often it was right: episodes of history, each foreseen from the others, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from contraflow._numbers import significant
from contraflow.case.behaviour import BEHAVIOUR, row_id, taken_from
from contraflow.history import left_out
from contraflow.history.left_out_episodes import NEW, RIVALS
from contraflow.report.data import ReportData
from contraflow.report.draw.how_often_right import draw_how_often_right
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """The record of the rule on left-out episodes; none where the case takes nothing from episodes."""
    case = report.case
    taken = taken_from(case.parameters, case.info.learned)
    if not taken:
        return None
    found = left_out()
    seen, scores = found.observations, found.comparison()
    missed = {who: np.abs(seen["observed"] - seen[f"{who} 0.5"]) for who in (NEW, *RIVALS)}
    inside = seen["observed"].between(seen[f"{NEW} 0.05"], seen[f"{NEW} 0.95"])
    return Content(
        data={
            "figures": len(seen),
            "episodes": int(seen["title"].nunique()),
            "inside": int(inside.sum()),
            "missed": {who: significant(float(np.exp(m.median()))) for who, m in missed.items()},
            "rivals": [
                {
                    "name": who,
                    "crps": significant(float(scores.loc[who, "crps"])),
                    "lead": significant(float(scores.loc[who, "crps lead"])),
                    "error": significant(float(scores.loc[who, "crps error"])),
                }
                for who in (NEW, *RIVALS)
            ],
            "model": NEW,
            "numbers": [_number(report, name) for name in taken],
        },
        drawings={"how-often-right": draw_how_often_right(seen)},
    )


def _number(report: ReportData, name: str) -> dict[str, str]:
    row, number = report.case.parameters[row_id(name)], BEHAVIOUR[name]
    low, value, high = (significant(x / number.factor) for x in (row.low, row.value, row.high))
    unit = "months" if number.unit == "month" else ""
    return {"name": number.meaning, "value": f"{value} {unit}".strip(), "interval": f"{low} to {high}"}
