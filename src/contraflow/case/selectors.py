"""Which rows a selector means.

A selector is the tuple of tokens of one cell: ``()`` selects everything, ``a; b`` selects a and b, ``!a``
everything except a, and ``a; !b`` the rows that are a but not b.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from contraflow.case import schema

NOT = "!"


def matches(name: str, tokens: tuple[str, ...]) -> bool:
    """Whether a row with this id is selected.

    Examples
    --------
    >>> matches("plane", ("plane", "truck")), matches("plane", ("!plane",)), matches("plane", ())
    (True, False, True)
    """
    return _selected({name}, tokens)


def matches_place(place: schema.Place, tokens: tuple[str, ...]) -> bool:
    """Whether a selector means a place, by its id, country, kind or one of its groups."""
    return _selected(labels(place), tokens)


def labels(place: schema.Place) -> frozenset[str]:
    """Every token by which a selector may name this place: id, country, kind and groups."""
    return frozenset((place.id, place.country, place.kind.value, *place.group))


def bare(token: str) -> str:
    """A token without its ``!``."""
    return token.removeprefix(NOT).strip()


def _selected(names: AbstractSet[str], tokens: tuple[str, ...]) -> bool:
    wanted = [token for token in tokens if not token.startswith(NOT)]
    unwanted = [bare(token) for token in tokens if token.startswith(NOT)]
    return (not wanted or not names.isdisjoint(wanted)) and names.isdisjoint(unwanted)
