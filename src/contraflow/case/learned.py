"""Behaviour that was learned from episodes of history, as a case carries it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

NONE = "none"
"""Name for no learned behaviour: the package's ranges hold."""

_NINETY = 1.6448536269514722
_ENDING = ".json"


@dataclass(frozen=True)
class LearnedBehaviour:
    """A normal distribution of behaviour, in logarithms or, for parts of one, in logits.

    It is that of a place that was not among the episodes: its numbers deviate from the common ones as those
    of the episodes did.
    """

    episodes: tuple[str, ...]
    """Episodes that it was learned from."""
    names: tuple[str, ...]
    """Names of the numbers, as in :data:`contraflow.case.behaviour.BEHAVIOUR` where they are there."""
    is_part: tuple[bool, ...]
    """Whether each is a part of one."""
    centre: tuple[float, ...]
    """Means (number,)."""
    covariance: tuple[tuple[float, ...], ...]
    """Covariance (number, number), deviations of places included."""

    def interval(self, name: str) -> tuple[float, float, float]:
        """The 5 %, 50 % and 95 % quantiles of a number. Raises ValueError for one that was not learned."""
        place = self.names.index(name)
        spread = _NINETY * sqrt(self.covariance[place][place])
        inner = [self.centre[place] + side * spread for side in (-1, 0, 1)]
        low, middle, high = (1 / (1 + exp(-x)) if self.is_part[place] else exp(x) for x in inner)
        return low, middle, high


def sets() -> tuple[str, ...]:
    """Names of the sets of episodes of which the package carries what was learned.

    Examples
    --------
    >>> sets()
    ('all', 'without-andes-1990s')
    """
    names = (file.name for file in _folder().iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)))


@cache
def learned_behaviour(name: str) -> LearnedBehaviour:
    """What was learned from a set of episodes.

    Parameters
    ----------
    name
        One of :func:`sets`.

    Raises
    ------
    KeyError
        If there is no such set.

    Examples
    --------
    >>> low, middle, high = learned_behaviour("all").interval("growers")
    >>> low < middle < high
    True
    """
    if name not in sets():
        raise KeyError(name)
    held = json.loads((_folder() / f"{name}{_ENDING}").read_text(encoding="utf-8"))
    spread = [float(x) for x in held["spread"]]
    between = exp(float(held["hyper"]["between_episodes"]))
    covariance = tuple(
        tuple(
            r * a * b + (between**2 if i == j else 0.0)
            for j, (r, b) in enumerate(zip(row, spread, strict=True))
        )
        for i, (row, a) in enumerate(zip(held["correlation"], spread, strict=True))
    )
    return LearnedBehaviour(
        tuple(held["episodes"]),
        tuple(row["name"] for row in held["numbers"]),
        tuple(row["unit"] == "part" for row in held["numbers"]),
        tuple(float(x) for x in held["centre"]),
        covariance,
    )


def _folder() -> Traversable:
    return resources.files("contraflow") / "history" / "data" / "learned"
