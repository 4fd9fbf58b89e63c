"""How an economy adjusts, in words: when an answer holds, what moves first and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import isfinite
from typing import Any

import pandas as pd

from contraflow._numbers import share
from contraflow.policy.horizon import LONG_RUN, in_words
from contraflow.text.names import plain
from contraflow.text.sentences import listed

PACES = (
    "How fast growers, buyers, traders and carriers adapt comes from other episodes of history or from "
    "assumed ranges, not from claims: which way figures move is firmer than how far they are at a given time."
)
"""How far sizes at a time can be trusted."""

STILL_ADJUSTING = "People still keep mostly to the ways, buyers and fields that they know."
"""What an answer before the long run holds."""

CALLED = {
    "hectares at home": "standing coca",
    "farm-gate price": "the price of leaf",
    "local price": "the price in the valley",
    "seized at home": "seizures at home",
    "delivered": "sales of all producers",
}
"""Figures within a sentence; the others by their names."""

CAME_BACK = 0.5
"""Part of its largest change below which a figure has come back."""

TURNED = -0.05
"""Part of its largest change below which a figure's change has turned into the opposite."""


def when(horizon: str) -> str:
    """A horizon within a sentence.

    Examples
    --------
    >>> when("long run"), when("1 year")
    ('in the long run', 'after 1 year')
    """
    return f"in the {LONG_RUN}" if horizon == LONG_RUN else f"after {horizon}"


def tell_path(summary: pd.DataFrame, years: float) -> tuple[str, ...]:
    """What moves first and last on the way, and what comes back.

    Parameters
    ----------
    summary
        By figure, ``half_years``, when half of the largest change is reached, and ``kept``, the part of that
        change which is left at the end; NaN for a figure that does not move.
    years
        Length of the path.

    Returns
    -------
    tuple of str
        Sentences.
    """
    rows = [(name, row) for name, row in plain(summary).items() if isfinite(float(row["half_years"]))]
    if not rows:
        return ("None of these figures moves by more than 1%.",)
    return _order(rows), _return(rows, years)


Rows = Sequence[tuple[str, Mapping[str, Any]]]


def _order(rows: Rows) -> str:
    """Which figures are half way first, and which last."""
    ordered = sorted(rows, key=lambda item: float(item[1]["half_years"]))
    groups = [
        (time, [called(name) for name, _ in group])
        for time, group in groupby(ordered, key=lambda item: float(item[1]["half_years"]))
    ]
    (time, first), *later = groups
    text = f"Half of the largest change is there after {in_words(time)} for {listed(first)}"
    if later:
        time, last = later[-1]
        text += f"; last to follow, after {in_words(time)}: {listed(last)}"
    return f"{text}."


def _return(rows: Rows, years: float) -> str:
    """Which figures come back by the end, and how much of their largest change is left."""
    turned = [called(name) for name, row in rows if float(row["kept"]) < TURNED]
    back = [
        f"{called(name)} ({share(max(float(row['kept']), 0.0))})"
        for name, row in rows
        if TURNED <= float(row["kept"]) < CAME_BACK
    ]
    end = f"after {in_words(years)}"
    if not turned and not back:
        return f"{end[:1].upper()}{end[1:]} more than half of each of these changes is left."
    text = ""
    if back:
        text = f"Of the largest change, less than half is left {end} for {listed(back)}"
    if turned:
        start = (
            f"{text}; it has turned into the opposite"
            if back
            else f"The change has turned into the opposite {end}"
        )
        text = f"{start} for {listed(turned)}"
    return f"{text}."


def called(name: str) -> str:
    """A figure's name within a sentence."""
    return CALLED.get(name, name)
