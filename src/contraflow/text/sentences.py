"""How sentences put numbers: changes as clauses, levels with their units, lists.

A row of a table with draws has the ends of its intervals in ``change_5``, ``ratio_95`` and so on. Then a
change is reported as a part of what was there, with the 90 % interval of that part, and a change whose
interval holds zero is reported as open: it may rise or fall. Levels beside it are medians.

A clause is one template for each way in which a thing can change, with the subject, the size and the levels
as placeholders, so that a translation can order them as its language does. A subject keeps its number
(one thing or many) in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import floor, inf, isfinite, log10
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from contraflow._language import N_, _, language, ngettext, pgettext
from contraflow._numbers import (
    amount,
    cell,
    probability,
    share,
    share_span,
    signed,
    signed_span,
    significant,
    size_of_change,
    to,
)
from contraflow.case.naming import lower

Row = Mapping[str, Any]

SMALL = 0.02
"""A change below this share of what was there is reported as none."""

FINEST = 1000
"""How many times smaller than the larger of two figures the last digit of the smaller may be."""

NOTHING = 1e-4
"""A change below this share is none at all."""

EDGE = 0.005
"""An end of an interval nearer to zero than this share would be written as zero, and counts as such."""

MOST_MADE_UP = 2.0
"""A loss that is made up for more often than this says nothing of the loss, and is not told."""

PLURALS = re.compile(r"^[A-ZÁÉÍÓÚ][a-záéíóúñ]+s (of|de) ")
"""Names of several things, such as strips of a valley: common nouns, which start small in a sentence."""

ONE, MANY = 1, 2


class Subject(NamedTuple):
    """What changes: words that a clause begins with in English, and whether they are a plural."""

    words: str
    many: bool = False

    @property
    def number(self) -> int:
        """A number that takes the same form of a verb."""
        return MANY if self.many else ONE


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


def is_there(row: Row) -> bool:
    """Whether a figure is something before or after: what an economy lacks is not told."""
    ends = [float(row[side]) for side in ("before", "after")]
    return all(map(isfinite, ends)) and max(map(abs, ends)) > 0


def open_rows(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a table may rise or fall."""
    if "change_5" not in frame:
        return pd.Series(False, index=frame.index)
    still = EDGE * frame["before"].abs()
    return (frame["change_5"] < -still) & (frame["change_95"] > still)


def largest_change(frame: pd.DataFrame) -> pd.Series[float]:
    """Size of each row's change, with draws the furthest end of its 90 % interval."""
    columns = [c for c in ("change", "change_5", "change_95") if c in frame]
    return pd.Series(np.abs(frame[columns].to_numpy(dtype=float)).max(axis=1), index=frame.index)


def part(row: Row) -> float:
    """A change as a part of what was there; NaN where nothing was."""
    if drawn(row):
        return float(row["ratio"]) - 1.0
    before = float(row["before"])
    return float(row["change"]) / before if before else float("nan")


def span(row: Row) -> str:
    """The 90 % interval of a change as a part of what was there: ``3 to 20%``, ``−4 to +9%``."""
    low, high = (float(row[f"ratio_{end}"]) for end in ("5", "95"))
    if not (isfinite(low) and isfinite(high)):
        return _("from nothing")
    if part(row) > 1 and not is_open(row):
        return _("{number}-fold").format(number=to(amount(low), amount(high)))
    low, high = low - 1.0, high - 1.0
    if is_open(row):
        return signed_span(low, high)
    near, far = sorted((abs(low), abs(high)) if low * high > 0 else (0.0, max(abs(low), abs(high))))
    return share_span(near, far)


def change_span(row: Row) -> str:
    """The 90 % interval of a change in its own unit: ``−308 to −30``."""
    return to(signed(float(row["change_5"])), signed(float(row["change_95"])), "")


def size(row: Row, named: bool = False) -> str:
    """How much a figure changes, with draws with its range: ``12% (3 to 20%)``, ``3.0-fold``.

    ``named`` says what the range is: the first of a text does.
    """
    ratio = part(row)
    text = (
        pgettext("grows", "{number}-fold").format(number=amount(1 + ratio))
        if ratio > 1
        else size_of_change(ratio)
    )
    return with_range(text, row, named)


def with_range(text: str, row: Row, named: bool = False) -> str:
    """A text and, with draws, the 90 % interval of the row's change in brackets."""
    if not drawn(row):
        return text
    template = _("{size} (90% interval {range})") if named else _("{size} ({range})")
    return template.format(size=text, range=span(row))


def clause(subject: Subject, row: Row, unit: str, named: bool = False, small: float = SMALL) -> str:
    """What a figure does: ``exports fall by 12% (3 to 20%), from 4 to 3 t``; empty where there is none.

    Parameters
    ----------
    subject
        What changes.
    row
        Row of a table of changes.
    unit
        Template of a level in its unit, already in the reader's language: ``{number} t``.
    named
        Whether the range says that it is a 90 % interval: the first of a text does.
    small
        A change below this share of what was there is told as none.
    """
    if not is_there(row):
        return ""
    ratio = part(row)
    return _template(row, subject.number, named, small).format(
        subject=subject.words,
        size=size(row, named) if isfinite(ratio) else "",
        range=span(row) if drawn(row) else "",
        levels=from_to(row, unit),
        before=unit.format(number=significant(float(row["before"]))),
        after=unit.format(number=significant(level(row, "after"))),
    )


def _template(row: Row, count: int, named: bool, small: float) -> str:
    """The clause for the way in which a figure changes."""
    ratio = part(row)
    if not row["before"] or not isfinite(ratio):
        made = ngettext("{subject} appears, at {after}", "{subject} appear, at {after}", count)
    elif is_still(row, small):
        made = ngettext("{subject} hardly changes, at {after}", "{subject} hardly change, at {after}", count)
    elif is_open(row):
        made = _open(row, count, named)
    elif ratio < -0.98 and (not drawn(row) or float(row["ratio_95"]) < 0.1):
        made = ngettext("{subject} all but ends, {levels}", "{subject} all but end, {levels}", count)
    elif ratio > 1:
        made = ngettext("{subject} grows {size}, {levels}", "{subject} grow {size}, {levels}", count)
    elif ratio > 0:
        made = ngettext("{subject} rises by {size}, {levels}", "{subject} rise by {size}, {levels}", count)
    else:
        made = ngettext("{subject} falls by {size}, {levels}", "{subject} fall by {size}, {levels}", count)
    return made


def _open(row: Row, count: int, named: bool) -> str:
    """The clause for a figure that may rise or fall."""
    if not all(isfinite(float(row[f"ratio_{end}"])) for end in ("5", "95")):
        return ngettext(
            "{subject} may rise or fall, from {before}", "{subject} may rise or fall, from {before}", count
        )
    if named:
        return ngettext(
            "{subject} may rise or fall (90% interval {range} of {before})",
            "{subject} may rise or fall (90% interval {range} of {before})",
            count,
        )
    return ngettext(
        "{subject} may rise or fall ({range} of {before})",
        "{subject} may rise or fall ({range} of {before})",
        count,
    )


def from_to(row: Row, unit: str) -> str:
    """``from 3 to 4 t``; one figure if they look alike, or if medians turn the change round."""
    before, after = float(row["before"]), level(row, "after")
    first, then = (significant(x) for x in (before, after))
    turned = drawn(row) and (after - before) * float(row["change"]) < 0
    if first == then or turned:
        whole = unit.format(number=first)
        return _("about {level}").format(level=whole) if turned else _("at {level}").format(level=whole)
    nothing = significant(0.0)
    if first == nothing:
        return _("from nothing to {after}").format(after=unit.format(number=then))
    if then == nothing:
        return _("from {before} to nothing").format(before=unit.format(number=first))
    front = unit.partition("{number}")[0]
    return _("from {before} to {after}").format(before=front + first, after=unit.format(number=then))


def level(row: Row, name: str) -> float:
    """A figure of a row, to be shown beside that of the other side.

    With draws it is no finer than a thousandth of the larger of both, since more would pretend precision: a
    median of 0.088 beside 138 is 0.1.
    """
    value, larger = float(row[name]), max(abs(float(row[c])) for c in ("before", "after"))
    if not (drawn(row) and isfinite(value) and 0 < larger < inf) or abs(value) * FINEST >= larger:
        return value
    return round(value, -floor(log10(larger) - log10(FINEST)))


def chance(row: Row, draws: int, home: str = "") -> str:
    """Probability that exports rise or fall by more than 5 %, as a sentence.

    ``home`` is whose exports they are; empty where that is plain.
    """
    falls, rises = float(row["p_falls_5pct"]), float(row["p_rises_5pct"])
    least, whose = share(0.05), _exports(home)
    if max(falls, rises) < 1 / draws:
        return _("Probability that {exports} change by more than {least}: {probability}.").format(
            exports=whose, least=least, probability=probability(0.0, draws)
        )
    high, low = max(falls, rises), min(falls, rises)
    both = low >= max(0.05, 1 / draws)
    if falls >= rises:
        template = (
            _(
                "Probability that {exports} fall by more than {least}: {probability}; that they rise by as "
                "much: {other}."
            )
            if both
            else _("Probability that {exports} fall by more than {least}: {probability}.")
        )
    else:
        template = (
            _(
                "Probability that {exports} rise by more than {least}: {probability}; that they fall by as "
                "much: {other}."
            )
            if both
            else _("Probability that {exports} rise by more than {least}: {probability}.")
        )
    return template.format(
        exports=whose, least=least, probability=probability(high, draws), other=probability(low, draws)
    )


def _exports(home: str) -> str:
    return _("exports of {home}").format(home=home) if home else _("exports")


def made_up(displaced: float, ends: tuple[float, float] | None = None) -> str:
    """How much of a loss comes up elsewhere: ``76% (56 to 87%)``.

    Empty where that is next to nothing, or so many times the loss that it has nothing to do with it.
    """
    if not isfinite(displaced) or not EDGE < displaced <= MOST_MADE_UP:
        return ""
    if ends is None or not all(map(isfinite, ends)) or ends[1] > 2 * MOST_MADE_UP:
        return share(displaced)
    return _("{size} ({range})").format(size=share(displaced), range=share_span(*ends))


FRACTIONS = (
    (0.075, N_("about a twentieth")),
    (0.14, N_("about a tenth")),
    (0.22, N_("about a fifth")),
    (0.29, N_("about a quarter")),
    (0.37, N_("about a third")),
    (0.45, N_("about two fifths")),
    (0.55, N_("about half")),
    (0.63, N_("about three fifths")),
    (0.7, N_("about two thirds")),
    (0.77, N_("about three quarters")),
    (0.85, N_("about four fifths")),
    (0.95, N_("about nine tenths")),
)
"""Shares in words, each up to a limit."""


def fraction(of: float) -> str:
    """A share of a whole in words: ``about three quarters``."""
    return next((_(words) for limit, words in FRACTIONS if of < limit), _("nearly all"))


def left_out(draws: int, of: int) -> str:
    """That draws were left out: ``In 3 of 200 draws no equilibrium was found; they are left out.``

    Empty if none were. ``of`` counts all draws, those left out included.
    """
    if draws <= 0:
        return ""
    template = ngettext(
        "In {draws} of {of} draws no equilibrium was found; it is left out.",
        "In {draws} of {of} draws no equilibrium was found; they are left out.",
        draws,
    )
    return template.format(draws=cell(draws), of=cell(of))


def pure(substance: str) -> str:
    """Unit of a pure mass a year."""
    if not substance:
        return _("{number} t a year")
    return _("{number} t of pure {substance} a year").replace("{substance}", substance)


def hectares() -> str:
    """Unit of an area."""
    return _("{number} hectares")


def millions() -> str:
    """Unit of money a year."""
    return _("${number} million a year")


def per_kilo() -> str:
    """Unit of a price."""
    return _("${number} a kilo")


def people() -> str:
    """Unit of arrests."""
    return _("{number} people a year")


def article(name: str, by: str = "") -> str:
    """``the VRAEM``, ``the strips of ...``: acronyms and common nouns take an article."""
    if by == "mode":
        return name
    if PLURALS.match(name) or (by and PLURALS.match(name[:1].upper() + name[1:])):
        return pgettext("several", "the {name}").format(name=name[:1].lower() + name[1:])
    return _("the {name}").format(name=name) if name.isupper() else name


def way(mode: str) -> str:
    """A mode of transport as it stands after ``by``: ``small plane``."""
    name = lower(mode)
    return name.removeprefix(pgettext("before a way", "by "))


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    last = parts[-1]
    if language() == "es" and re.match(r"h?[ií](?!a|e)", last, re.IGNORECASE):
        return f"{', '.join(parts[:-1])} e {last}"
    return _("{first} and {last}").format(first=", ".join(parts[:-1]), last=last)


def clauses(parts: Sequence[str]) -> str:
    """Clauses in one sentence, with a capital and a full stop; empty without any."""
    kept = [part for part in parts if part]
    text = "; ".join(kept)
    return f"{capital(text)}." if text else ""


def capital(text: str) -> str:
    """The text with a capital letter first."""
    return f"{text[:1].upper()}{text[1:]}"
