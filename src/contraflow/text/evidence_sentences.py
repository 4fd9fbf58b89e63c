"""How far an answer can be trusted, in sentences: requirements, sources, and the record so far."""

from __future__ import annotations

from collections.abc import Container
from math import isfinite

import numpy as np
import pandas as pd

from contraflow._language import _, locale, ngettext
from contraflow._numbers import cell, share, significant
from contraflow.case.case import Case
from contraflow.case.docs.provenance import Provenance
from contraflow.history.left_out_episodes import NEW, NOTHING, LeftOut
from contraflow.text.figure_words import level_in_words

FULL, NONE = 0.995, 0.005
"""Shares of its full effect from which a measure lacks nothing, and below which it does nothing."""


def requirement(measure: str, required: str, level: float, part: float, unit: str = "") -> str:
    """What a measure lacks for its full effect, in a sentence; empty where it lacks nothing.

    Parameters
    ----------
    measure
        Name of the measure.
    required
        Name of the measure that it needs.
    level
        Level at which that stands.
    part
        Share of its full effect that the measure has, from 0 to 1.
    unit
        Unit of the level; empty for the bare number.

    Examples
    --------
    >>> requirement("Interception of flights", "Radar cover", 0.0, 0.0)
    '“Interception of flights” does nothing without “Radar cover”, which stands at 0.'
    >>> requirement("Interception of flights", "Radar cover", 0.3, 0.3, "share of air space covered")
    '“Interception of flights” has 30% of its full effect: “Radar cover” stands at 30% of air space covered.'
    """
    if not isfinite(part) or part >= FULL:
        return ""
    template = (
        _("“{measure}” does nothing without “{required}”, which stands at {level}.")
        if part < NONE
        else _("“{measure}” has {share} of its full effect: “{required}” stands at {level}.")
    )
    return template.format(
        measure=measure, required=required, level=level_in_words(level, unit), share=share(part)
    )


def requirements(case: Case, met: pd.DataFrame, asked: Container[str] | None = None) -> list[str]:
    """What the measures of a policy lack for their full effect, a sentence each; none where none lacks any.

    Parameters
    ----------
    case
        The case, for names and units.
    met
        Requirements of the policy's measures, as from ``Outcome.requirements()``.
    asked
        Measures that are told of. None: all that stand above 0, those of the baseline too.
    """
    own = case.in_language(locale()).measures
    told = [
        requirement(
            own[row["measure"]].name,
            own[row["requires"]].name,
            float(row["required_level"]),
            float(row["share"]),
            own[row["requires"]].unit,
        )
        for row in met.to_dict("records")
        if asked is None or row["measure"] in asked
    ]
    return [sentence for sentence in told if sentence]


def resting(one: Provenance) -> tuple[str, str]:
    """What rests on a source: its claims by use, and numbers, patterns, places and contradictions."""
    claims = ", ".join(f"{n} {_(word)}" for word, n in one.uses.items() if n)
    others = (
        (len(one.parameters), ngettext("{number} number", "{number} numbers", len(one.parameters))),
        (len(one.patterns), ngettext("{number} pattern", "{number} patterns", len(one.patterns))),
        (len(one.places), ngettext("{number} place", "{number} places", len(one.places))),
        (len(one.disputes), ngettext("{number} contradiction", "{number} contradictions", len(one.disputes))),
    )
    return claims, ", ".join(words.format(number=number) for number, words in others if number)


def track_record(found: LeftOut) -> str:
    """How often the rule of behaviour was right about episodes that it had not seen, in a sentence.

    Parameters
    ----------
    found
        Episodes, each foreseen from all others, as from :func:`contraflow.history.left_out`.
    """
    seen = found.observations
    inside = seen["observed"].between(seen[f"{NEW} 0.05"], seen[f"{NEW} 0.95"])
    off, still = (
        float(np.exp((seen["observed"] - seen[f"{who} 0.5"]).abs().median())) for who in (NEW, NOTHING)
    )
    return _(
        "Of {all} figures observed in {episodes} episodes of history, each foreseen from the others, "
        "{inside} lay in the {interval} interval; half of the forecasts were off by less than a factor of "
        "{off}, and by {still} if one had said that nothing changes."
    ).format(
        all=cell(len(seen)),
        episodes=cell(int(seen["title"].nunique())),
        inside=cell(int(inside.sum())),
        interval=share(0.9),
        off=significant(off),
        still=significant(still),
    )
