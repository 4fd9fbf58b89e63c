"""Levels of measures as text: ``radar=1; interceptors=6``."""

from __future__ import annotations

import math
import re

from contraflow.case.io.rows import NUMBER

_SEPARATOR = re.compile("[;,]")


def parse_levels(text: str) -> dict[str, float]:
    """Read levels of measures, separated by semicolons or commas.

    Parameters
    ----------
    text
        ``measure=level; measure=level``. Empty text is the empty policy.

    Returns
    -------
    dict
        Level by measure, in the order of the text.

    Raises
    ------
    ValueError
        With a message for people, on a part that is not ``measure=level``, a measure that is named twice,
        or a level that is not a finite number from 0.

    Examples
    --------
    >>> parse_levels("radar=1; interceptors=6")
    {'radar': 1.0, 'interceptors': 6.0}
    """
    levels: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in _SEPARATOR.split(text))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not (name and number):
            raise ValueError(f"'{part}' is not written as measure=level")
        if name in levels:
            raise ValueError(f"'{name}' is given twice")
        if not NUMBER.fullmatch(number):
            raise ValueError(f"the level '{number}' of {name} is not a number")
        level = float(number)
        if not (math.isfinite(level) and level >= 0):
            raise ValueError(f"the level {number} of {name} is not a finite number from 0")
        levels[name] = level
    return levels
