"""How an economy adjusts, in words: when an answer holds, what moves first and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import isfinite
from typing import Any

import pandas as pd

from contraflow._language import N_, _
from contraflow._numbers import share
from contraflow.text.figure_words import figure_in_words, time_in_words
from contraflow.text.names import Names, plain
from contraflow.text.sentences import listed

PACES = N_(
    "How fast growers, buyers, traders and carriers adapt comes from other episodes of history or from "
    "assumed ranges, not from claims: which way figures move is firmer than how far they are at a given time."
)
"""How far sizes at a time can be trusted."""

STILL_ADJUSTING = N_("People still keep mostly to the ways, buyers and fields that they know.")
"""What an answer before the long run holds."""

CAME_BACK = 0.5
"""Part of its largest change below which a figure has come back."""

TURNED = -0.05
"""Part of its largest change below which a figure's change has turned into the opposite."""

Rows = Sequence[tuple[str, Mapping[str, Any]]]


def tell_path(summary: pd.DataFrame, years: float, names: Names | None = None) -> tuple[str, ...]:
    """What moves first and last on the way, and what comes back.

    Parameters
    ----------
    summary
        By figure, ``half_years``, when half of the largest change is reached, and ``kept``, the part of that
        change which is left at the end; NaN for a figure that does not move.
    years
        Length of the path.
    names
        The case's own words. None: general ones.

    Returns
    -------
    tuple of str
        Sentences.
    """
    rows = [
        (figure_in_words(name, names), row)
        for name, row in plain(summary).items()
        if isfinite(float(row["half_years"]))
    ]
    if not rows:
        return (_("None of these figures moves by more than {least}.").format(least=share(0.01)),)
    return _order(rows), _return(rows, years)


def _order(rows: Rows) -> str:
    """Which figures are half way first, and which last."""
    ordered = sorted(rows, key=lambda item: float(item[1]["half_years"]))
    groups = [
        (time_in_words(time), listed([name for name, _row in group]))
        for time, group in groupby(ordered, key=lambda item: float(item[1]["half_years"]))
    ]
    (time, first), *later = groups
    if not later:
        return _("Half of the largest change is there after {time} for {figures}.").format(
            time=time, figures=first
        )
    last_time, last = later[-1]
    return _(
        "Half of the largest change is there after {time} for {figures}; last to follow, after {last_time}: "
        "{last}."
    ).format(time=time, figures=first, last_time=last_time, last=last)


def _return(rows: Rows, years: float) -> str:
    """Which figures come back by the end, and how much of their largest change is left."""
    turned = listed([name for name, row in rows if float(row["kept"]) < TURNED])
    back = listed(
        [
            _("{figure} ({share})").format(figure=name, share=share(max(float(row["kept"]), 0.0)))
            for name, row in rows
            if TURNED <= float(row["kept"]) < CAME_BACK
        ]
    )
    if back and turned:
        template = _(
            "Of the largest change, less than half is left after {time} for {back}; it has turned into the "
            "opposite for {turned}."
        )
    elif back:
        template = _("Of the largest change, less than half is left after {time} for {back}.")
    elif turned:
        template = _("The change has turned into the opposite after {time} for {turned}.")
    else:
        template = _("After {time} more than half of each of these changes is left.")
    return template.format(time=time_in_words(years), back=back, turned=turned)
