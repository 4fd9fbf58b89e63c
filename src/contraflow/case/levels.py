"""Levels of measures and markets as text: ``radar=1; demand:europe=-30%``."""

from __future__ import annotations

import math
import re

from contraflow.case.io.rows import NUMBER

MARK = ":"
"""What stands in the ids of levers that act on a market, whose levels are changes."""

_SEPARATOR = re.compile("[;,]")


def parse_levels(text: str) -> dict[str, float]:
    """Read levels of measures, separated by semicolons or commas.

    Parameters
    ----------
    text
        ``measure=level; measure=level``. Empty text is the empty policy. Levels of a market are changes,
        which may be negative or in per cent: ``demand:europe=-30%``.

    Returns
    -------
    dict
        Level by measure, in the order of the text.

    Raises
    ------
    ValueError
        With a message for people, on a part that is not ``measure=level``, a measure that is named twice,
        or a level that is not a finite number, from 0 for measures.

    Examples
    --------
    >>> parse_levels("radar=1; interceptors=6")
    {'radar': 1.0, 'interceptors': 6.0}
    >>> parse_levels("demand:europe=-30%")
    {'demand:europe': -0.3}
    """
    levels: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in _SEPARATOR.split(text))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not (name and number):
            raise ValueError(f"'{part}' is not written as measure=level")
        if name in levels:
            raise ValueError(f"'{name}' is given twice")
        changes = MARK in name
        figure = number.removesuffix("%").rstrip() if changes else number
        if not NUMBER.fullmatch(figure):
            raise ValueError(f"the level '{number}' of {name} is not a number")
        level = float(figure) / (1 if figure == number else 100)
        if not (math.isfinite(level) and (changes or level >= 0)):
            raise ValueError(f"the level {number} of {name} is not a finite number from 0")
        levels[name] = level
    return levels
