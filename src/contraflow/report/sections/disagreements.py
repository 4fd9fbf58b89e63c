"""Where the sources disagree: each side's figure against the band of all evidence, in small charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.text import conflict_sentences
from contraflow.text.conflict_sentences import DisplayScale

COLOURS = ("#2f8f8b", "#7f9a3c", "#c58a1c", "#b4532f", "#8c2a1c")
"""Of what believing a side costs, from nothing to the impossible."""

TICKS = 4
"""About as many ticks as an axis has."""

NEAR_NOUGHT = 0.45
"""Smallest figure, as a part of the largest, below which the axis begins at 0."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Disagreements with their charts, and how surprising each claim is; none where they were not weighed."""
    tension = report.tension
    if tension is None:
        return None
    groups = conflict_sentences.group_rows(report.case, tension)
    return Content(
        data={
            "groups": [group | {"chart": draw(group)} for group in groups],
            "unweighed": conflict_sentences.unweighed(report.case, tension),
            "claims": conflict_sentences.claim_rows(report.case, tension, None),
            "outline": conflict_sentences.outline(tension),
            "checks": tension.checks.to_dict("records"),
            "colours": COLOURS,
        }
    )


def draw(group: dict[str, Any]) -> dict[str, Any]:
    """A group's chart: ticks, the band of the posterior, and each side's line, bar and dot.

    Places and widths are in per cent of the width of the chart.
    """
    everything = group["predicted"]
    figures = [everything, *(s["figure"] for s in group["sides"] if s["figure"] is not None)]
    low, high = min(min(f) for f in figures), max(max(f) for f in figures)
    start = 0.0 if low < NEAR_NOUGHT * high else low - 0.08 * (high - low)
    end = high + 0.06 * (high - start)

    def place(value: float) -> float:
        return float(round(100 * (value - start) / (end - start), 2))

    def between(a: float, b: float) -> tuple[float, float]:
        return place(a), round(max(place(b) - place(a), 0.4), 2)

    scale: DisplayScale = group["scale"]
    return {
        "ticks": [(place(v), scale.text(v)) for v in ticks(start, end, scale)],
        "wide": between(everything[0], everything[-1]),
        "half": between(everything[1], everything[3]),
        "middle": place(everything[2]),
        "sides": [
            None
            if s["figure"] is None
            else {
                "wide": between(s["figure"][0], s["figure"][-1]),
                "half": between(s["figure"][1], s["figure"][3]),
                "middle": place(s["figure"][2]),
                "colour": COLOURS[s["level"]],
            }
            for s in group["sides"]
        ],
    }


def ticks(start: float, end: float, scale: DisplayScale) -> list[float]:
    """Round figures between the ends of an axis, in inside units."""
    low, high = start * scale.factor, end * scale.factor
    step = (high - low) / TICKS
    power = 10.0 ** float(np.floor(np.log10(step)))
    step = power * next(n for n in (1.0, 2.0, 2.5, 5.0, 10.0) if n * power >= 0.8 * step)
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [float(n * step / scale.factor) for n in range(first, last + 1)]
