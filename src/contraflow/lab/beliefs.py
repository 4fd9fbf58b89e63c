"""Sides of disagreements that a user believes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contraflow._language import _, locale
from contraflow._types import IntArray
from contraflow.analysis.believed_posterior import Believed
from contraflow.analysis.contradictions import Disagreement, Position
from contraflow.analysis.refit_sides import MET, off
from contraflow.case.case import Case
from contraflow.errors import PolicyError
from contraflow.inference.posterior import Posterior
from contraflow.results.choices import near_match

LISTED = 12
"""Disagreements that a message lists at most."""

EXAMPLE = "{'DISAGREEMENT': 'SIDE'}"
"""How sides are written."""


@dataclass(frozen=True)
class Beliefs:
    """Sides of disagreements that a lab takes as right; false if there are none."""

    sides: Mapping[str, str] = field(default_factory=dict)
    """Id of the side by id of the disagreement."""
    case: Case | None = field(default=None, repr=False)
    """The case, whose words they are told in; None without any."""
    unmet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Claims of these sides that the model does not reach, by disagreement; only where there are any."""
    posterior: Posterior | None = field(default=None, repr=False)
    """The posterior of the lab that believes nobody; None without any side."""
    picks: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)
    """Which of its draws that lab carries (draw,)."""

    def __bool__(self) -> bool:
        return bool(self.sides)

    @property
    def text(self) -> str:
        """The sides as they are written: ``coca=coca-united-states; gold=gold-registered``."""
        return "; ".join(f"{group}={side}" for group, side in self.sides.items())

    @property
    def words(self) -> str:
        """The sides in the case's words, and claims that the model does not reach; empty without any."""
        return "; ".join(
            _("{side} (out of the model's reach: {claims})").format(side=said, claims=", ".join(claims))
            if (claims := self.unmet.get(group))
            else said
            for group, said in self._said.items()
        )

    @property
    def _said(self) -> dict[str, str]:
        """What the sides say, by disagreement, in the reader's language."""
        if self.case is None:
            return {}
        shown = self.case.in_language(locale())
        return {group: _in_words(shown, group, side) for group, side in self.sides.items()}

    def titled(self, title: str) -> str:
        """A title that says what is believed; the title itself where nothing is."""
        if not self:
            return title
        return _("{title} (believing: {sides})").format(title=title, sides="; ".join(self._said.values()))

    @property
    def attributes(self) -> dict[str, str]:
        """What the attributes of results say: ``believes`` and ``believes_in_words``; empty without any."""
        return {"believes": self.text, "believes_in_words": self.words} if self else {}


def _in_words(case: Case, group: str, side: str) -> str:
    """What a side says; that of a group which no row of ``tensions.csv`` states is a claim."""
    row = case.tensions.get(side)
    return row.side if row is not None and row.group == group else case.claims[side].statement.rstrip(".")


def read_sides(
    groups: Sequence[Disagreement], weighed: Mapping[str, int], given: Mapping[str, str]
) -> dict[str, Position]:
    """The sides that a user names, by disagreement.

    Parameters
    ----------
    groups
        The disagreements of the case.
    weighed
        Claims that the model observes, by id.
    given
        Id of the side by id of the disagreement.

    Raises
    ------
    PolicyError
        For an unknown disagreement or side, and for a side of which the model observes no claim; lists all.
    """
    if not isinstance(given, Mapping):
        text = _(
            "Sides are given as {type}; write them by disagreement: {example}, as lab.disagreements() lists "
            "them."
        )
        raise PolicyError(text.format(type=type(given).__name__, example=EXAMPLE))
    if not given:
        text = _("No side is given. Write it by disagreement: {example}, as lab.disagreements() lists them.")
        raise PolicyError(text.format(example=EXAMPLE))
    known = {group.id: group for group in groups}
    found: dict[str, Position] = {}
    wrong: list[str] = []
    for name, side in given.items():
        if name not in known:
            text = _("'{name}' is no disagreement of this case.").format(name=name)
            wrong.append(f"{text} {_listed(name, known)}")
            continue
        sides = {position.id: position for position in known[name].positions}
        if side not in sides:
            told = "; ".join(f"'{p.id}' ({p.words})" for p in sides.values())
            text = _("'{side}' is no side of '{name}'. Its sides are: {sides}.")
            wrong.append(text.format(side=side, name=name, sides=told))
        elif not any(claim in weighed for claim in sides[side].claims):
            text = _(
                "The model observes none of the claims of '{side}' ({claims}), so that nothing follows from "
                "believing it."
            )
            said = text.format(side=side, claims=", ".join(sides[side].claims))
            wrong.append(f"{said} {_weighed_sides(sides, weighed)}")
        else:
            found[name] = sides[side]
    if wrong:
        raise PolicyError("\n".join(wrong))
    return found


def _listed(name: object, known: Mapping[str, Disagreement]) -> str:
    """Which disagreements there are: the nearest name, else all if they are few."""
    if not known:
        return _("Its sources do not disagree on anything.")
    near = near_match(name, known)
    if near or len(known) > LISTED:
        return " ".join(filter(None, (near, _("lab.disagreements() lists all."))))
    return _("There are: {names}.").format(names=", ".join(known))


def _weighed_sides(sides: Mapping[str, Position], weighed: Mapping[str, int]) -> str:
    others = [p.id for p in sides.values() if any(claim in weighed for claim in p.claims)]
    if not others:
        return _("It observes no side of this disagreement.")
    return _("It does of: {sides}.").format(sides=", ".join(others))


def to_be_believed(
    groups: Sequence[Disagreement], weighed: Mapping[str, int], sides: Mapping[str, Position]
) -> Believed:
    """Positions of the claims that sides take as true, and of those of all sides of these disagreements."""
    true = {weighed[c] for position in sides.values() for c in position.claims if c in weighed}
    every = {weighed[c] for g in groups if g.id in sides for c in g.claims if c in weighed}
    return Believed(np.array(sorted(true), dtype=np.int64), np.array(sorted(every), dtype=np.int64))


def believable(groups: Sequence[Disagreement], weighed: Mapping[str, int]) -> IntArray:
    """Positions of all claims that some side takes as true (claim,)."""
    return np.array(sorted({weighed[c] for g in groups for c in g.claims if c in weighed}), dtype=np.int64)


def not_reached(posterior: Posterior, sides: Mapping[str, Position]) -> dict[str, tuple[str, ...]]:
    """Claims of sides, by disagreement, from which the median over the draws stays away."""
    likelihood = posterior.log_posterior.likelihood
    away = off(posterior, np.nanmedian(posterior.locations, axis=0)) > MET
    missed = {claim.id for claim, far in zip(likelihood.claims, away.tolist(), strict=True) if far}
    unmet = {group: tuple(c for c in side.claims if c in missed) for group, side in sides.items()}
    return {group: claims for group, claims in unmet.items() if claims}
