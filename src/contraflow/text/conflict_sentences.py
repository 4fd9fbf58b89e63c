"""Where the sources disagree, in sentences: for the page and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from contraflow._language import N_, _, ngettext
from contraflow._numbers import fixed, share, significant
from contraflow.analysis.conflicts import (
    FITS,
    MISSED,
    OUTVOTED,
    UNSAID,
    Conflicts,
    DisagreementReport,
    Side,
)
from contraflow.case.case import Case
from contraflow.case.naming import lower
from contraflow.case.quantities import Quantity
from contraflow.text.sentences import listed

EASE = (
    (0.5, "fits", "goes with everything else that is known"),
    (2.0, "strains a little", "strains the other evidence a little"),
    (5.0, "strains", "strains the other evidence"),
    (10.0, "hard to believe", "is hard to believe beside the other evidence"),
    (np.inf, "all but impossible", "is all but impossible beside the other evidence"),
)
"""What believing a side costs, by the rise of the misfit up to a limit: how often less probable the best fit
becomes is its exponential, some 1.6, 7, 150 and 22,000 times at the limits."""

FEWEST = 10
"""Claims that are shown at least, if not all are."""

WORSE_NAMED = 2
"""Number of claims that fit worse with a side that are named."""

VERDICTS = {OUTVOTED: "outvoted", MISSED: "missed", FITS: "", UNSAID: ""}

CANNOT_BE_SAID = N_("cannot be said: without this claim the model would be another one")
"""What stands in place of a verdict where the draws do not tell of the model without the claim."""


class DisplayScale(NamedTuple):
    """How figures of one kind are written: a factor on inside units, and what stands around the number."""

    factor: float
    before: str
    after: str

    def number(self, value: float) -> str:
        """``168``, without its unit."""
        return significant(value * self.factor)

    def text(self, value: float) -> str:
        """``168 t``."""
        return f"{self.before}{self.number(value)}{self.after}"

    def span(self, low: float, high: float) -> str:
        """``113 to 223 t``, or one figure if both look alike."""
        a, b = self.number(low), self.number(high)
        return self.text(low) if a == b else f"{self.before}{a} to {self.before}{b}{self.after}"


def scale_of(quantity: str, unit: str, largest: float) -> DisplayScale:
    """How figures of a quantity in an inside unit are written, if the largest of them is as given."""
    entry = Quantity(quantity)
    if entry.is_share:
        return DisplayScale(100.0, "", "%")
    if unit == "kg/year":
        return DisplayScale(1e-3, "", " t") if largest >= 1e4 else DisplayScale(1.0, "", " kg")
    if unit == "USD/year":
        return DisplayScale(1e-6, "$", " million")
    if unit.startswith("USD/"):
        return DisplayScale(1.0, "$", f" a {unit[4:].replace('/', ' and ')}")
    if unit == "dimensionless":
        return DisplayScale(1.0, entry.sign, "")
    return DisplayScale(1.0, "", " a year" if unit == "1/year" else f" {unit}")


def odds(chance: float) -> str:
    """A probability as ``1 in 19``, or from a tenth on as ``24%``."""
    if not np.isfinite(chance):
        return ""
    if chance >= 0.1:
        return share(chance)
    return "under 1 in 1,000" if chance < 1e-3 else f"1 in {fixed(1 / chance, 0)}"


def claim_rows(case: Case, tension: Conflicts, most: int | None = FEWEST) -> list[dict[str, Any]]:
    """The most surprising claims in words: all that were outvoted or missed, and ``most`` at least."""
    frame = tension.claims
    if most is not None:
        frame = frame[frame["verdict"].isin((OUTVOTED, MISSED)) | (np.arange(len(frame)) < most)]
    rows = []
    for row in frame.to_dict("records"):
        scale = scale_of(row["quantity"], row["unit"], max(row["stated"], row["predicted_50"]))
        unsaid = row["verdict"] == UNSAID
        pulled = tension.pulled_away_by.get(str(row["claim"]))
        bound = f"{row['bound']} " if row["bound"] in ("at least", "up to") else ""
        rows.append(
            {str(k): v for k, v in row.items()}
            | {
                "title": case.sources[row["source"]].title,
                "states": bound + scale.text(row["stated"]),
                "model": scale.text(row["predicted_50"]),
                "range": scale.span(row["predicted_5"], row["predicted_95"]),
                "expected": "" if unsaid else scale.span(row["expected_5"], row["expected_95"]),
                "odds": odds(row["surprise"]),
                "unsaid": _(CANNOT_BE_SAID) if unsaid else "",
                "word": VERDICTS[row["verdict"]],
                "by": [case.claims[v.id].statement for v in pulled.claims] if pulled else [],
                "ids": [v.id for v in pulled.claims] if pulled else [],
                "by_ranges": share(pulled.ranges) if pulled else "",
            }
        )
    return rows


def group_rows(case: Case, tension: Conflicts) -> list[dict[str, Any]]:
    """Disagreements that the model can weigh, in the order of the case."""
    return [_group(case, group) for group in tension.groups if group.predicted is not None]


def unweighed(case: Case, tension: Conflicts) -> list[list[dict[str, str]]]:
    """Contradictions that the model cannot weigh: the statements of each, with their sources."""
    return [
        [
            {"statement": case.claims[c].statement, "title": case.sources[case.claims[c].source].title}
            for side in group.sides
            for c in side.claims
        ]
        for group in tension.groups
        if group.predicted is None
    ]


def _group(case: Case, group: DisagreementReport) -> dict[str, Any]:
    predicted = group.predicted or ()
    ends = [predicted[-1], *(s.implied.figure[2] for s in group.sides if s.implied is not None)]
    scale = scale_of(group.quantity, group.unit, max(ends))
    text = f"All the evidence together says {_likely(scale, predicted)}."
    if group.rest is not None:
        text += f" Without the claims below it would be {_likely(scale, group.rest)}."
    return {
        "id": group.id,
        "title": group.title,
        "text": text,
        "scale": scale,
        "predicted": predicted,
        "rest": group.rest,
        "sides": [_side(case, side, scale) for side in group.sides],
    }


def _likely(scale: DisplayScale, figure: Sequence[float]) -> str:
    """``113 to 223 t, most likely 168 t``."""
    return f"{scale.span(figure[0], figure[-1])}, most likely {scale.text(figure[2])}"


def _side(case: Case, side: Side, scale: DisplayScale) -> dict[str, Any]:
    sources = dict.fromkeys(case.sources[case.claims[c].source].title for c in side.claims)
    row: dict[str, Any] = {
        "words": side.words,
        "sources": listed(list(sources)),
        "note": side.note,
        "claims": list(side.claims),
        "figure": None if side.implied is None else side.implied.figure,
        "implies": "",
        "word": "",
        "level": None,
        "sentences": ["The model finds no economy in which this holds."],
    }
    if side.implied is None:
        return row
    implied = side.implied
    level = next(n for n, (limit, _, _) in enumerate(EASE) if implied.rise <= limit)
    sentences = []
    for claim, stated, nearest in implied.unmet:
        sentences.append(f"The model cannot make this true: {_against(case, claim, stated, nearest)}.")
    sentences.append(f"{'So far as it can be met, it' if implied.unmet else 'It'} {EASE[level][2]}.")
    worse = [_worse(case, w.claim, w.stated, w.before, w.after) for w in implied.worse[:WORSE_NAMED]]
    if worse:
        sentences.append(f"Then {'these' if len(worse) > 1 else 'this'} would be off: {'; '.join(worse)}.")
    return row | {
        "implies": scale.span(implied.figure[0], implied.figure[-1]),
        "middle": scale.text(implied.figure[2]),
        "word": EASE[level][1],
        "level": level,
        "rise": implied.rise,
        "sentences": sentences,
    }


def _against(case: Case, name: str, stated: float, nearest: float) -> str:
    """``for “...” it comes to 200 t, against 450 t``."""
    claim = case.claims[name]
    scale = scale_of(claim.quantity.value, claim.unit, max(stated, nearest))
    words = claim.statement.rstrip(".")
    return f"for “{words}” the nearest is {scale.text(nearest)}, not {scale.text(stated)}"


def _worse(case: Case, name: str, stated: float, before: float, after: float) -> str:
    claim = case.claims[name]
    scale = scale_of(claim.quantity.value, claim.unit, max(stated, before, after))
    return (
        f"“{claim.statement.rstrip('.')}” (the model would say {scale.text(after)}, not {scale.text(before)})"
    )


def outline(tension: Conflicts) -> str:
    """How many claims were surprising, in a sentence."""
    frame = tension.claims
    fitted, held = frame[frame["fitted"]], frame[~frame["fitted"]]
    out, missed, unsaid = (int((frame["verdict"] == v).sum()) for v in (OUTVOTED, MISSED, UNSAID))
    said = (
        f"{_many(out)} of {len(fitted)} fitted claims {'are' if out > 1 else 'is'} outvoted: outside the 90% "
        f"interval of what the source would state by all other evidence. Of {len(held)} claims that were "
        f"held back, {lower(_many(missed))} {'lie' if missed > 1 else 'lies'} so far off."
    )
    if not unsaid:
        return said
    more = ngettext(
        "Of {count} fitted claim it cannot be said: without it the model would be another one.",
        "Of {count} fitted claims it cannot be said: without them the model would be another one.",
        unsaid,
    )
    return f"{said} {more.format(count=unsaid)}"


def _many(number: int) -> str:
    small = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return small[number] if number < len(small) else str(number)
