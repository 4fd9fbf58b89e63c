"""How sentences put numbers: amounts, changes and lists in words.

A row of a table with draws has the ends of its intervals in ``change_5``, ``ratio_95`` and so on. Then a
change is reported as a part of what was there, with the 90 % interval of that part, and a change whose
interval holds zero is reported as open: it may rise or fall. Levels beside it are medians.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pandas as pd

from contraflow._numbers import (
    amount,
    probability,
    share_span,
    signed,
    signed_points,
    significant,
    size_of_change,
    to,
)

Row = Mapping[str, Any]

SMALL = 0.02
"""A change below this share of what was there is reported as none."""

NOTHING = 1e-4
"""A change below this share is none at all."""

EDGE = 0.005
"""An end of an interval nearer to zero than this share would be written as zero, and counts as such."""

NAMED = "90% interval "
"""What stands before a range that is named."""

MANY = ("hectares", "people")
"""Units that are counted: fewer, not less."""


def drawn(row: Row) -> bool:
    """Whether a row has intervals."""
    return "change_5" in row


def is_open(row: Row) -> bool:
    """Whether the 90 % interval of a change holds rises and falls that can be told apart from none."""
    if not drawn(row):
        return False
    still = EDGE * abs(float(row["before"]))
    return float(row["change_5"]) < -still and float(row["change_95"]) > still


def is_still(row: Row, small: float = SMALL) -> bool:
    """Whether a change is below ``small`` of what was there; with draws, its whole 90 % interval."""
    before = abs(float(row["before"]))
    if not drawn(row) or not isfinite(float(row["ratio_5"])):
        return before == 0 or abs(float(row["change"])) < small * before
    return float(row["ratio_5"]) > 1 - small and float(row["ratio_95"]) < 1 + small


def open_rows(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a table may rise or fall."""
    if "change_5" not in frame:
        return pd.Series(False, index=frame.index)
    still = EDGE * frame["before"].abs()
    return (frame["change_5"] < -still) & (frame["change_95"] > still)


def largest_change(frame: pd.DataFrame) -> pd.Series[float]:
    """Size of each row's change, with draws the furthest end of its 90 % interval."""
    columns = [c for c in ("change", "change_5", "change_95") if c in frame]
    return frame[columns].abs().max(axis=1)


def part(row: Row) -> float:
    """A change as a part of what was there."""
    return float(row["ratio"]) - 1.0 if drawn(row) else float(row["change"]) / float(row["before"])


def span(row: Row) -> str:
    """The 90 % interval of a change as a part of what was there: ``3 to 20%``, ``−4 to +9%``."""
    low, high = (float(row[f"ratio_{end}"]) for end in ("5", "95"))
    if not (isfinite(low) and isfinite(high)):
        return "from nothing"
    if part(row) > 1 and not is_open(row):
        return to(amount(low), amount(high), "-fold")
    low, high = low - 1.0, high - 1.0
    if is_open(row):
        return to(signed_points(low), signed_points(high), "%")
    near, far = sorted((abs(low), abs(high)) if low * high > 0 else (0.0, max(abs(low), abs(high))))
    return share_span(near, far)


def change_span(row: Row) -> str:
    """The 90 % interval of a change in its own unit: ``−308 to −30``."""
    return to(signed(float(row["change_5"])), signed(float(row["change_95"])), "")


def as_much(row: Row, unit: str, full: bool = False) -> str:
    """``12% more (from 3 to 4 t)`` or ``as much as before (3 t)``; ``perhaps more, perhaps less``."""
    less, named = "fewer" if unit in MANY else "less", NAMED if full else ""
    if float(row["before"]) == 0 or is_still(row):
        word = "as many" if unit in MANY else "as much"
        return f"{word} as before ({with_unit(significant(float(row['after'])), unit)})"
    if is_open(row):
        return f"perhaps more, perhaps {less} ({named}{span(row)}; {from_to(row, unit)})"
    more = "more" if part(row) > 0 else less
    if not drawn(row):
        return f"{size_of_change(part(row))} {more} ({from_to(row, unit)})"
    size = f"{amount(1 + part(row))} times as {'many' if unit in MANY else 'much'}"
    size = size if part(row) > 1 else f"{size_of_change(part(row))} {more}"
    return f"{size} ({named}{span(row)}; {from_to(row, unit)})"


def verb(row: Row, many: bool = False) -> str:
    """``falls by 12%``, ``hardly changes``, ``grows 3.4-fold``; for many things, ``fall``."""
    text = _verb_of_one(row)
    if not many:
        return text
    plural = {"hardly changes": "hardly change", "all but ends": "all but end", "appears": "appear"}
    if text in plural:
        return plural[text]
    first, rest = text.split(" ", 1)
    return f"{first.removesuffix('s')} {rest}"


def _verb_of_one(row: Row) -> str:
    before, change = float(row["before"]), float(row["change"])
    if before == 0 or not isfinite(part(row)):
        return "hardly changes" if change == 0 else "appears"
    if is_still(row):
        return "hardly changes"
    if is_open(row):
        return "may rise or fall"
    ratio = part(row)
    if ratio > 1:
        return f"grows {amount(1 + ratio)}-fold"
    if ratio < -0.98 and (not drawn(row) or float(row["ratio_95"]) < 0.1):
        return "all but ends"
    return f"{'rises' if ratio > 0 else 'falls'} by {size_of_change(ratio)}"


def moves(row: Row, unit: str, many: bool = False, full: bool = False) -> str:
    """``falls by 12%, from 4 to 3 t``; with draws ``falls by 12% (3 to 20%), from 4 to 3 t``.

    ``full`` says what the range is.
    """
    text = verb(row, many)
    if drawn(row) and not text.startswith(("hardly", "appear", "all but")):
        text += f" ({NAMED if full else ''}{span(row)})"
    return f"{text}, {from_to(row, unit)}"


def from_to(row: Row, unit: str) -> str:
    """``from 3 to 4 t``; one figure if they look alike, or if medians turn the change round."""
    before, after = float(row["before"]), level(row, "after")
    first, then = (significant(x) for x in (before, after))
    turned = drawn(row) and (after - before) * float(row["change"]) < 0
    if first == then or turned:
        return f"{'about ' if turned else ''}{with_unit(first, unit)}"
    if unit.startswith("$"):
        return f"from ${first} to {with_unit(then, unit)}"
    return f"from {first} to {then} {unit}"


def level(row: Row, name: str) -> float:
    """A figure of a row; with draws, what is next to nothing beside the other side is none."""
    value, other = float(row[name]), max(abs(float(row[c])) for c in ("before", "after"))
    return 0.0 if drawn(row) and abs(value) < NOTHING * other else value


def chance(row: Row, subject: str, draws: int) -> str:
    """Probability that many things rise or fall by more than 5 %, as a sentence."""
    falls, rises = float(row["p_falls_5pct"]), float(row["p_rises_5pct"])
    start = f"Probability that {subject}"
    if max(falls, rises) < 1 / draws:
        return f"{start} change by more than 5%: {probability(0.0, draws)}."
    words = (("fall", falls), ("rise", rises)) if falls >= rises else (("rise", rises), ("fall", falls))
    (first, high), (other, low) = words
    text = f"{start} {first} by more than 5%: {probability(high, draws)}"
    if low >= max(0.05, 1 / draws):
        text += f"; that they {other} by as much: {probability(low, draws)}"
    return f"{text}."


def was(row: Row) -> str:
    """``before: 3``."""
    return f"before: {significant(float(row['before']))}"


def with_unit(number: str, unit: str) -> str:
    """``$3 million`` or ``3 t``."""
    return f"${number}{unit[1:]}" if unit.startswith("$") else f"{number} {unit}"


def most(value: float, unit: str) -> str:
    """A rounded amount with its unit."""
    return f"{significant(value)} {unit}"


def article(name: str, by: str = "") -> str:
    """``the VRAEM``, ``the strips of ...``: acronyms and common nouns take an article."""
    if by == "mode":
        return name
    return f"the {name}" if name.isupper() or name.startswith("strips") else name


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
