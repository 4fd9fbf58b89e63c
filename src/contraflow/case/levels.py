"""Levels of measures as one cell writes them: ``radar=1; interceptors=6``."""

from __future__ import annotations

import math

from contraflow.case.io.rows import NUMBER


def parse_levels(text: str) -> dict[str, float]:
    """Level by measure; empty text is the empty policy.

    Raises ValueError, with a message fit for a person, on a part that is not ``measure=level``,
    a measure named twice, or a level that is no finite number from 0.
    """
    levels: dict[str, float] = {}
    for part in (part.strip() for part in text.split(";")):
        if not part:
            continue
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if not (name and equals and number):
            raise ValueError(f"'{part}' is not written as measure=level")
        if name in levels:
            raise ValueError(f"'{name}' is given twice")
        if not NUMBER.fullmatch(number):
            raise ValueError(f"the level '{number}' of {name} is no number")
        level = float(number)
        if not (math.isfinite(level) and level >= 0):
            raise ValueError(f"the level {number} of {name} is not a finite number from 0")
        levels[name] = level
    return levels
