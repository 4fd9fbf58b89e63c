"""The top of the page: one question answered, how sure that is, and on what it rests."""

from __future__ import annotations

from typing import Any

import numpy as np

from contraflow._language import _
from contraflow._numbers import probability, significant
from contraflow.case.behaviour import taken_from
from contraflow.case.roles import roles
from contraflow.case.table import Role
from contraflow.history import left_out
from contraflow.history.left_out_episodes import NEW, NOTHING, RIVALS
from contraflow.report.data import ReportData
from contraflow.report.draw.headline import draw_headline
from contraflow.report.sections.headline import headline_rows
from contraflow.results import tables
from contraflow.text.names import plain

FIGURES = ("exports", "exports by air", "hectares at home", "valley price", "growers' income")
"""Headline figures of the first picture, those that the economy has."""


def front(report: ReportData) -> dict[str, Any]:
    """What the first screen shows; of a report without questions, the baseline only."""
    made: dict[str, Any] = {"record": track_record(report), "evidence": evidence(report), "question": None}
    if not report.answers:
        return made
    question, base, after = report.pairs[0]
    first, *more = report.sentences[0].short
    return made | {
        "question": question,
        "first": first,
        "more": more,
        "drawing": draw_headline(headline_rows(base, after, report.names, FIGURES), question.title),
        "sure": sure(report),
    }


def sure(report: ReportData) -> str:
    """How probable a notable change of exports is, over the draws of the first answer."""
    if report.draws == 1:
        return _("This is the best fit alone; it carries no interval.")
    _question, base, after = report.pairs[0]
    row = plain(tables.headline(base, after)).get("exports")
    if row is None:
        return ""
    falls, rises = float(row["p_falls_5pct"]), float(row["p_rises_5pct"])
    draws = int(base.sizes["draw"])
    if falls >= rises:
        text = _("Probability that exports fall by more than 5%: {chance}.")
    else:
        text = _("Probability that exports rise by more than 5%: {chance}.")
    return text.format(chance=probability(max(falls, rises), draws))


def evidence(report: ReportData) -> dict[str, int]:
    """Numbers of claims that were fitted, of sources, and of the model's numbers and those assumed."""
    case = report.case
    role_of = roles(case)
    counted = [i for i in case.parameters if role_of[i] is not Role.WEIGHT]
    fitted = report.claims[report.claims["use"] == "fit"]
    return {
        "claims": len(fitted),
        "sources": int(fitted["source"].nunique()),
        "numbers": len(counted),
        "assumed": sum(not case.parameters[i].claims for i in counted),
    }


def track_record(report: ReportData) -> dict[str, Any] | None:
    """How the rule of behaviour foresaw episodes of history; None where the case takes nothing from them."""
    if not taken_from(report.case.parameters, report.case.info.learned):
        return None
    seen = left_out().observations
    missed = {
        who: significant(float(np.exp(np.abs(seen["observed"] - seen[f"{who} 0.5"]).median())))
        for who in (NEW, *RIVALS)
    }
    inside = seen["observed"].between(seen[f"{NEW} 0.05"], seen[f"{NEW} 0.95"])
    return {
        "figures": len(seen),
        "episodes": int(seen["title"].nunique()),
        "inside": int(inside.sum()),
        "model": missed[NEW],
        "unchanged": missed[NOTHING],
    }
