"""The state of the page as its address: what a reader asked, so that an address is all that is shared.

``/peru?radar=1&vs=port-scanners%3D6&believe.air-bridge=half&view=after&lang=es&v=0.1.0-9a30d31e``: levels by
the id of their lever, the policy that it is compared with, sides that are believed, the view of the map,
language, and version and fingerprint of the case that the address was made with. A plain form sends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import isnan
from typing import Literal, get_args
from urllib.parse import quote, urlencode

from contraflow._language import LANGUAGES, _, language
from contraflow._numbers import plain_number
from contraflow._version import __version__
from contraflow.case.levels import parse_levels
from contraflow.errors import harmless
from contraflow.policy.policy import Lever
from contraflow.text.figure_words import lever_in_words

AGAINST, VIEW, LANGUAGE, STAMP, TOUR = "vs", "view", "lang", "v", "tour"
OWN = (AGAINST, VIEW, LANGUAGE, STAMP, TOUR)
"""Names in an address that are not those of levers."""

LEVER = "lever."
"""What stands before the id of a lever that is one of :data:`OWN`."""

BELIEVE = "believe."
"""What stands before the id of a disagreement, to name the side that is believed."""

View = Literal["difference", "before", "after"]
VIEWS: tuple[View, ...] = get_args(View)

LONGEST = 40
"""Characters of what a reader wrote that a notice repeats."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a reader asked."""

    policy: Mapping[str, float] = field(default_factory=dict)
    """Levels of levers that are not as today, by id, in the order of the case."""
    against: Mapping[str, float] = field(default_factory=dict)
    """The policy that it is compared with (A), likewise; empty: today."""
    believes: Mapping[str, str] = field(default_factory=dict)
    """Side that is believed, by disagreement."""
    view: View = "difference"
    """View of the map."""
    language: str = "en"
    """Language of the page."""
    tour: int = 0
    """Step of the tour; 0: none."""
    notices: tuple[str, ...] = ()
    """What could not be taken from the address, and what was done instead, a sentence each."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What an address may name."""

    levers: Mapping[str, Lever]
    """Levers by id."""
    today: Mapping[str, float]
    """Level of each in the baseline."""
    steps: Mapping[str, float]
    """Step of the control of each."""
    sides: Mapping[str, Sequence[str]]
    """Ids of the sides that can be believed, by disagreement."""
    fingerprint: str
    """Fingerprint of the case."""

    @property
    def stamp(self) -> str:
        """Version and case, as they stand in an address."""
        return f"{__version__}-{self.fingerprint[:8]}"


def read(pairs: Iterable[tuple[str, str]], known: Known) -> Asked:
    """Read an address; what cannot be used is told in ``notices``, in the language of the address.

    Parameters
    ----------
    pairs
        Names and values of the address, decoded.
    known
        What it may name.
    """
    given = dict(pairs)
    notices: list[str] = []
    stamp = given.get(STAMP, "")
    if stamp and stamp != known.stamp:
        notices.append(
            _(
                "This address was made with another version or another state of the case ({theirs}; this is "
                "{ours}). Its policy is shown as this one answers it; figures may differ."
            ).format(theirs=_short(stamp), ours=known.stamp)
        )
    policy: dict[str, float] = {}
    believes: dict[str, str] = {}
    for name, text in given.items():
        if not text.strip():
            continue
        if name.startswith(BELIEVE):
            _believe(name.removeprefix(BELIEVE), text, known, believes, notices)
        elif name not in OWN:
            _add(name.removeprefix(LEVER), text, known, policy, notices)
    against: dict[str, float] = {}
    try:
        parts = {name: plain_number(level) for name, level in parse_levels(given.get(AGAINST, "")).items()}
    except ValueError:
        parts = {}
        notices.append(
            _("“{text}” is no policy to compare with; compared with today.").format(
                text=_short(given[AGAINST])
            )
        )
    for name, text in parts.items():
        _add(name, text, known, against, notices)
    view = given.get(VIEW, VIEWS[0])
    tour = given.get(TOUR, "")
    return Asked(
        policy=_ordered(policy, known),
        against=_ordered(against, known),
        believes=dict(sorted(believes.items())),
        view=next((own for own in VIEWS if own == view), VIEWS[0]),
        language=language(),
        tour=int(tour) if tour.isascii() and tour.isdigit() and len(tour) < 3 else 0,
        notices=tuple(notices),
    )


def language_asked(pairs: Iterable[tuple[str, str]], otherwise: str) -> str:
    """Language that an address asks for, if there is a catalogue of it."""
    code = dict(pairs).get(LANGUAGE, "")
    return code if code in LANGUAGES else otherwise


def write(asked: Asked, known: Known) -> str:
    """The address of a state, from ``?`` on."""
    pairs = {
        (LEVER + name if name in OWN else name): plain_number(level) for name, level in asked.policy.items()
    }
    if asked.against:
        pairs[AGAINST] = policy_text(asked.against)
    pairs |= {BELIEVE + group: side for group, side in asked.believes.items()}
    if asked.view != VIEWS[0]:
        pairs[VIEW] = asked.view
    if asked.tour:
        pairs[TOUR] = str(asked.tour)
    return "?" + urlencode(pairs | {LANGUAGE: asked.language, STAMP: known.stamp}, quote_via=quote)


def of_policy(policy: Mapping[str, float], known: Known, asked: Asked) -> str:
    """The address of another policy in the same language."""
    return write(replace(asked, policy=_ordered(policy, known), against={}, tour=0), known)


def policy_text(policy: Mapping[str, float]) -> str:
    """A policy as one word of an address: ``radar=1;port-scanners=6``."""
    return ";".join(f"{name}={plain_number(level)}" for name, level in policy.items())


def _add(name: str, text: str, known: Known, policy: dict[str, float], notices: list[str]) -> None:
    """Take a level into a policy, or say why not."""
    lever = known.levers.get(name)
    if lever is None:
        near = get_close_matches(name, known.levers, n=1)
        told = (
            _("This case has no lever “{name}”; it was left out. Perhaps “{near}” was meant.")
            if near
            else _("This case has no lever “{name}”; it was left out.")
        )
        notices.append(told.format(name=_short(name), near="".join(near)))
        return
    try:
        level = float(text)
    except ValueError:
        level = float("nan")
    if isnan(level):
        notices.append(
            _("“{text}” is no level of “{lever}”; it stands as today.").format(
                text=_short(text), lever=lever.name
            )
        )
        return
    kept = min(max(level, lever.least), lever.most)
    if kept != level:
        notices.append(
            _("“{lever}” goes from {least} to {most}; it stands at {kept}.").format(
                lever=lever.name,
                least=lever_in_words(lever, lever.least),
                most=lever_in_words(lever, lever.most),
                kept=lever_in_words(lever, kept),
            )
        )
    if kept not in (known.today[name], snapped(known.today[name], lever, known.steps[name])):
        policy[name] = kept


def snapped(level: float, lever: Lever, step: float) -> float:
    """The level at which a control with a step shows another one, to twelve digits."""
    return float(f"{lever.least + round((level - lever.least) / step) * step:.12g}")


def _believe(group: str, side: str, known: Known, believes: dict[str, str], notices: list[str]) -> None:
    """Take a side that is believed, or say that there is none."""
    if side in known.sides.get(group, ()):
        believes[group] = side
        return
    text = _("There is no side “{side}” of “{group}” to believe; all the evidence on it is weighed.")
    notices.append(text.format(side=_short(side), group=_short(group)))


def _ordered(policy: Mapping[str, float], known: Known) -> dict[str, float]:
    return {name: policy[name] for name in known.levers if name in policy}


def _short(text: str) -> str:
    text = harmless(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
