"""How sentences put numbers: amounts, changes and lists in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contraflow.report.style import amount, rounded

Row = Mapping[str, Any]

SMALL = 0.02
"""A change below this share of what was there is told as none."""


def money(millions: float) -> str:
    """Dollars in words: ``$28 million``, ``$1.2 billion``."""
    sign = "−" if millions < 0 else ""
    size = abs(millions)
    if size >= 1000:
        return f"{sign}${size / 1000:.3g} billion"
    return f"{sign}${amount(rounded(size))} million"


def as_much(row: Row, unit: str) -> str:
    """``12% more (from 3 to 4 t)`` or ``as much as before (3 t)``."""
    before, change = float(row["before"]), float(row["change"])
    if before == 0 or abs(change) < SMALL * abs(before):
        word = "as many" if unit in ("hectares", "people") else "as much"
        return f"{word} as before ({with_unit(amount(rounded(float(row['after']))), unit)})"
    more = (
        ("more" if change > 0 else "fewer")
        if unit in ("hectares", "people")
        else ("more" if change > 0 else "less")
    )
    return f"{abs(change) / before:.0%} {more} ({from_to(row, unit)})"


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
    if before == 0:
        return "hardly changes" if change == 0 else "appears"
    ratio = change / before
    if abs(ratio) < SMALL:
        return "hardly changes"
    if ratio > 1:
        return f"grows {amount(1 + ratio)}-fold"
    if ratio < -0.98:
        return "all but ends"
    return f"{'rises' if ratio > 0 else 'falls'} by {abs(ratio):.0%}"


def from_to(row: Row, unit: str) -> str:
    """``from 3 to 4 t``, with the range over draws where there is one; one figure if they look alike."""
    before, after = (amount(rounded(float(row[c]))) for c in ("before", "after"))
    if before == after:
        text = with_unit(before, unit)
    elif unit.startswith("$"):
        text = f"from ${before} to {with_unit(after, unit)}"
    else:
        text = f"from {before} to {after} {unit}"
    if "after_5" in row:
        low, high = (amount(rounded(float(row[c]))) for c in ("after_5", "after_95"))
        text += f", 90% range {low} to {high}"
    return text


def was(row: Row) -> str:
    """``before: 3``."""
    return f"before: {amount(rounded(float(row['before'])))}"


def with_unit(number: str, unit: str) -> str:
    """``$3 million`` or ``3 t``."""
    return f"${number}{unit[1:]}" if unit.startswith("$") else f"{number} {unit}"


def most(value: float, unit: str) -> str:
    """A rounded amount with its unit."""
    return f"{amount(rounded(value))} {unit}"


def signed(value: float) -> str:
    """A rounded change with its sign."""
    return f"{'+' if value > 0 else ''}{amount(rounded(value))}"


def article(name: str, by: str = "") -> str:
    """``the VRAEM``, ``the strips of ...``: acronyms and common nouns take an article."""
    if by == "mode":
        return name
    return f"the {name}" if name.isupper() or name.startswith("strips") else name


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def lower(text: str) -> str:
    """The same with a small first letter, as within a sentence."""
    return text[:1].lower() + text[1:]
