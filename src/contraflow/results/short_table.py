"""Headline figures in few columns, as text that fits a notebook and a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from contraflow._language import _, ngettext
from contraflow._numbers import cell, probability, signed, to

UNSEEN = 1e-9
"""A figure below this, in its unit, on both sides is left out: there is none."""


def short_table(frame: pd.DataFrame, draws: int, value: str = "figure") -> pd.DataFrame:
    """A table of figures, or of their changes, in few columns of text.

    Parameters
    ----------
    frame
        Table with ``unit`` and, by the stem ``value`` or as ``before``, ``after`` and ``change``, figures
        with their intervals.
    draws
        Number of draws, beyond which no probability is told.
    value
        Column of the figures where there is one side.

    Returns
    -------
    pandas.DataFrame
        Indexed as ``frame``, without rows that are zero throughout: ``unit`` and, of one side, ``median`` and
        ``90% interval``; of two, ``before``, ``after``, ``change`` with its 90 % interval, and ``likely``,
        the more probable direction of a change by more than 5 %.
    """
    compared = "change" in frame
    shown = ("before", "after") if compared else (value,)
    sizes = frame[list(shown)].abs().to_numpy(dtype=float).max(axis=1, initial=0.0)
    kept = frame[(sizes > UNSEEN) & np.isfinite(sizes)]
    rows = [_row(dict(row), draws, shown) for row in kept.to_dict("records")]
    result = pd.DataFrame(rows, index=kept.index)
    result.attrs |= frame.attrs
    return result


def notes(frame: pd.DataFrame) -> list[str]:
    """What is to be known about a table: its draws, those left out, changed numbers and beliefs."""
    draws, lost = int(frame.attrs.get("draws", 1)), int(frame.attrs.get("left_out", 0))
    said = [
        _("Medians of {draws} draws; 90% intervals.").format(draws=draws)
        if draws > 1
        else _("A single best fit: no uncertainty is shown.")
    ]
    if lost:
        text = ngettext(
            "{lost} of {every} draws has no equilibrium and is left out.",
            "{lost} of {every} draws have no equilibrium and are left out.",
            lost,
        )
        said.append(text.format(lost=lost, every=draws + lost))
    return [*said, *own_notes(frame.attrs)]


def own_notes(attributes: Mapping[Any, Any]) -> list[str]:
    """What is to be known about results of a lab that a user has made their own, from their attributes."""
    said = []
    if numbers := attributes.get("numbers_in_words"):
        said.append(_("Numbers changed: {numbers}.").format(numbers=numbers))
    if sides := attributes.get("believes_in_words"):
        said.append(_("Believed: {sides}.").format(sides=sides))
    return said


def _row(row: Mapping[Any, Any], draws: int, shown: Sequence[str]) -> dict[str, str]:
    cells = {"unit": str(row["unit"])}
    if len(shown) == 1:
        (name,) = shown
        cells["median"] = cell(float(row[name]))
        if f"{name}_5" in row:
            cells["90% interval"] = to(cell(float(row[f"{name}_5"])), cell(float(row[f"{name}_95"])))
        return cells
    cells |= {name: cell(float(row[name])) for name in shown}
    cells["change"] = signed(float(row["change"]))
    if "change_5" in row:
        low, high = signed(float(row["change_5"])), signed(float(row["change_95"]))
        cells["change"] += f" ({to(low, high)})"
    if "p_falls_5pct" in row and draws > 1:
        falls, rises = float(row["p_falls_5pct"]), float(row["p_rises_5pct"])
        text = _("falls: {chance}") if falls >= rises else _("rises: {chance}")
        cells["likely"] = text.format(chance=probability(max(falls, rises), draws))
    return cells
