"""Levels of measures and markets as text: ``radar=1; demand:europe=-30%``."""

from __future__ import annotations

import math
import re

from contraflow._language import _
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
        name, _sign, number = (piece.strip() for piece in part.partition("="))
        if not (name and number):
            raise ValueError(_("'{part}' is not written as measure=level").format(part=part))
        if name in levels:
            raise ValueError(_("'{name}' is given twice").format(name=name))
        changes = MARK in name
        figure = number.removesuffix("%").rstrip() if changes else number
        if not NUMBER.fullmatch(figure):
            text = _("the level '{level}' of {name} is not a number")
            raise ValueError(text.format(level=number, name=name))
        level = float(figure) / (1 if figure == number else 100)
        if not (math.isfinite(level) and (changes or level >= 0)):
            text = _("the level {level} of {name} is not a finite number from 0")
            raise ValueError(text.format(level=number, name=name))
        levels[name] = level
    return levels
