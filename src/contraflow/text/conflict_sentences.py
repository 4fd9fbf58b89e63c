"""Where the sources disagree, in sentences: for the page and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from contraflow._language import N_, _, ngettext
from contraflow._numbers import cell, fixed, rounded, share, significant, to, with_percent
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
from contraflow.case.quantities import Quantity
from contraflow.case.schema import Source
from contraflow.text.sentences import listed
from contraflow.text.series_names import quantity_in_a_word

EASE = (
    (0.5, N_("fits"), N_("It goes with everything else that is known.")),
    (2.0, N_("strains a little"), N_("It strains the other evidence a little.")),
    (5.0, N_("strains"), N_("It strains the other evidence.")),
    (10.0, N_("hard to believe"), N_("It is hard to believe beside the other evidence.")),
    (np.inf, N_("all but impossible"), N_("It is all but impossible beside the other evidence.")),
)
"""What believing a side costs, by the rise of the misfit up to a limit: how often less probable the best fit
becomes is its exponential, some 1.6, 7, 150 and 22,000 times at the limits."""

STATISTICS = (
    N_("inside 50 %"), N_("inside 90 %"), N_("inside 90 %, left out"), N_("largest discrepancy"),
    N_("root mean square"),
)  # fmt: skip
"""What is compared of claims as stated and as the model makes them up, marked for the catalogue."""

FEWEST = 10
"""Claims that are shown at least, if not all are."""

WORSE_NAMED = 2
"""Number of claims that fit worse with a side that are named."""

BOUNDS = {"at least": N_("at least {figure}"), "up to": N_("up to {figure}")}
"""How figures of claims that give a bound are written."""

HEAVY = 1e4
"""Kilograms a year from which masses are written in tonnes."""

VERDICTS = {OUTVOTED: N_("outvoted"), MISSED: N_("missed"), FITS: "", UNSAID: ""}

CANNOT_BE_SAID = N_("cannot be said: without this claim the model would be another one")
"""What stands in place of a verdict where the draws do not tell of the model without the claim."""


class DisplayScale(NamedTuple):
    """How figures of one kind are written: a factor on inside units, and what stands around the number."""

    factor: float
    before: str
    after: str
    after_one: str = ""
    """What stands behind a single one, of what is counted in whole numbers."""

    def number(self, value: float) -> str:
        """``168``, without its unit."""
        shown = value * self.factor
        return cell(rounded(shown)) if self.after_one and np.isfinite(shown) else significant(shown)

    def text(self, value: float) -> str:
        """``168 t``."""
        number = self.number(value)
        return f"{self.before}{number}{self.after_one if number == '1' and self.after_one else self.after}"

    def span(self, low: float, high: float) -> str:
        """``113 to 223 t``, or one figure if both look alike."""
        a, b = self.number(low), self.number(high)
        return self.text(low) if a == b else f"{to(self.before + a, self.before + b)}{self.after}"


COUNTED: dict[str, Callable[[int], str]] = {
    "person": lambda count: ngettext("{number} person", "{number} people", count),
    "year": lambda count: ngettext("{number} year", "{number} years", count),
}
"""How whole numbers of a unit are written, by whether there is one."""

MASSES = {"pure": N_("{number} t pure"), "product": N_("{number} t gross"), "": N_("{number} t")}
"""Masses by what they count: the substance in them, or the goods as they are carried."""


def scale_of(quantity: str, unit: str, largest: float, basis: str = "") -> DisplayScale:
    """How figures of a quantity in an inside unit are written, if the largest of them is as given.

    ``basis`` says of masses whether they are ``pure`` or of the ``product``; empty says nothing of it.
    """
    entry = Quantity(quantity)
    if unit in COUNTED:
        one, many = (_scale(1.0, COUNTED[unit](count)) for count in (1, 2))
        return many._replace(after_one=one.after)
    if entry.is_share:
        return _scale(100.0, with_percent("{number}"))
    if unit == "kg/year":
        if largest >= HEAVY:
            return _scale(1e-3, _(MASSES[basis]))
        return _scale(1.0, _("{number} kg pure") if basis == "pure" else _("{number} kg"))
    if unit == "USD/year":
        return _scale(1e-6, _("${number} million"))
    return _scale(1.0, _template(entry, unit))


def _template(entry: Quantity, unit: str) -> str:
    """How a figure in an inside unit is written that is shown as it is."""
    if unit == "dimensionless":
        return _("{number} kg per kg") if entry is Quantity.YIELD else f"{entry.sign}{{number}}"
    if unit == "1/year":
        return _("{number} a year")
    if unit.startswith("USD/"):
        return _("${number} a {unit}").replace("{unit}", listed(unit[4:].split("/")))
    return f"{{number}} {unit}"


def _scale(factor: float, template: str) -> DisplayScale:
    before, _sep, after = template.partition("{number}")
    return DisplayScale(factor, before, after)


def is_bare(quantity: str, unit: str) -> bool:
    """Whether only the words of a claim say what its figure counts: a rank, a multiple, a number of cases."""
    return Quantity(quantity) is Quantity.NONE and unit == "dimensionless"


def subset_in_words(subset: str, sources: Mapping[str, Source]) -> str:
    """Claims of which something is compared: all of a use, of a grade, about a quantity or of a source."""
    kind, _sep, name = subset.partition(" ")
    if kind == "grade":
        return _("grade {grade}").format(grade=name)
    if kind == "quantity":
        return quantity_in_a_word(name)
    if kind == "source":
        return sources[name].title if name in sources else name
    return _(subset)


def odds(chance: float) -> str:
    """A probability as ``1 in 19``, or from a tenth on as ``24%``."""
    if not np.isfinite(chance):
        return ""
    if chance >= 0.1:
        return share(chance)
    if chance < 1e-3:
        return _("under 1 in {number}").format(number=significant(1000.0))
    return _("1 in {number}").format(number=fixed(1 / chance, 0))


def claim_rows(case: Case, tension: Conflicts, most: int | None = FEWEST) -> list[dict[str, Any]]:
    """The most surprising claims in words: all that were outvoted or missed, and ``most`` at least.

    Where too few draws carry what a source would be expected to state, ``unsaid`` says so, and ``expected``,
    ``odds`` and ``word`` are empty.
    """
    frame = tension.claims
    if most is not None:
        frame = frame[frame["verdict"].isin((OUTVOTED, MISSED)) | (np.arange(len(frame)) < most)]
    rows = []
    for row in frame.to_dict("records"):
        largest, basis = max(row["stated"], row["predicted_50"]), case.claims[row["claim"]].basis
        scale = scale_of(row["quantity"], row["unit"], largest, basis)
        unsaid = row["verdict"] == UNSAID
        pulled = tension.pulled_away_by.get(str(row["claim"]))
        rows.append(
            {str(k): v for k, v in row.items()}
            | {
                "title": case.sources[row["source"]].title,
                "states": _(BOUNDS.get(row["bound"], "{figure}")).format(figure=scale.text(row["stated"])),
                "model": scale.text(row["predicted_50"]),
                "range": scale.span(row["predicted_5"], row["predicted_95"]),
                "expected": "" if unsaid else scale.span(row["expected_5"], row["expected_95"]),
                "odds": "" if unsaid else odds(row["surprise"]),
                "unsaid": _(CANNOT_BE_SAID) if unsaid else "",
                "word": _(VERDICTS[row["verdict"]]),
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
    scale = scale_of(group.quantity, group.unit, max(ends), _basis(case, group))
    likely = _likely(scale, predicted)
    if group.rest is None:
        text = _("All the evidence together says {figure}.").format(figure=likely)
    else:
        text = _(
            "All the evidence together says {figure}. Without the claims below it would be {rest}."
        ).format(figure=likely, rest=_likely(scale, group.rest))
    return {
        "id": group.id,
        "title": group.title,
        "text": text,
        "scale": scale,
        "predicted": predicted,
        "rest": group.rest,
        "sides": [_side(case, side, scale) for side in group.sides],
    }


def _basis(case: Case, group: DisagreementReport) -> str:
    """Whether the masses of a disagreement are pure or gross: as in its claims on the same quantity."""
    claims = [case.claims[c] for side in group.sides for c in side.claims]
    return next((c.basis for c in claims if c.quantity.value == group.quantity), "")


def _likely(scale: DisplayScale, figure: Sequence[float]) -> str:
    """``113 to 223 t, most likely 168 t``."""
    return _("{range}, most likely {figure}").format(
        range=scale.span(figure[0], figure[-1]), figure=scale.text(figure[2])
    )


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
        "sentences": [_("The model finds no economy in which this holds.")],
    }
    if side.implied is None:
        return row
    implied = side.implied
    level = next(n for n, (limit, _word, _sentence) in enumerate(EASE) if implied.rise <= limit)
    sentences = [_unmet(case, u.claim, u.stated, u.nearest) for u in implied.unmet]
    if implied.unmet:
        sentences.append(_("So far as it can be met:"))
    sentences.append(_(EASE[level][2]))
    worse = [_worse(case, w.claim, w.stated, w.before, w.after) for w in implied.worse[:WORSE_NAMED]]
    if worse:
        template = ngettext(
            "Then this would be off: {claims}.", "Then these would be off: {claims}.", len(worse)
        )
        sentences.append(template.format(claims="; ".join(worse)))
    return row | {
        "implies": scale.span(implied.figure[0], implied.figure[-1]),
        "middle": scale.text(implied.figure[2]),
        "word": _(EASE[level][1]),
        "level": level,
        "rise": implied.rise,
        "sentences": sentences,
    }


def _unmet(case: Case, name: str, stated: float, nearest: float) -> str:
    """That a claim cannot hold in the model, and how near it comes."""
    claim = case.claims[name]
    scale = scale_of(claim.quantity.value, claim.unit, max(stated, nearest), claim.basis)
    return _("The model cannot make this true: for “{claim}” the nearest is {nearest}, not {stated}.").format(
        claim=claim.statement.rstrip("."), nearest=scale.text(nearest), stated=scale.text(stated)
    )


def _worse(case: Case, name: str, stated: float, before: float, after: float) -> str:
    claim = case.claims[name]
    scale = scale_of(claim.quantity.value, claim.unit, max(stated, before, after), claim.basis)
    return _("“{claim}” (the model would say {after}, not {before})").format(
        claim=claim.statement.rstrip("."), after=scale.text(after), before=scale.text(before)
    )


def outline(tension: Conflicts) -> str:
    """How many claims were surprising, in sentences; those that too few draws carry are not counted."""
    frame = tension.claims
    fitted = frame["fitted"]
    out, missed, unsaid = (int((frame["verdict"] == v).sum()) for v in (OUTVOTED, MISSED, UNSAID))
    first = ngettext(
        "{count} of {all} fitted claims is outvoted: outside the {interval} interval of what the source "
        "would state by all other evidence.",
        "{count} of {all} fitted claims are outvoted: outside the {interval} interval of what the source "
        "would state by all other evidence.",
        out,
    ).format(count=cell(out), all=cell(int(fitted.sum())), interval=share(0.9))
    second = ngettext(
        "Of {all} claims that were held back, {count} lies so far off.",
        "Of {all} claims that were held back, {count} lie so far off.",
        missed,
    ).format(count=cell(missed), all=cell(int((~fitted).sum())))
    if not unsaid:
        return f"{first} {second}"
    more = ngettext(
        "Of {count} fitted claim it cannot be said: without it the model would be another one.",
        "Of {count} fitted claims it cannot be said: without them the model would be another one.",
        unsaid,
    ).format(count=cell(unsaid))
    return f"{first} {second} {more}"
