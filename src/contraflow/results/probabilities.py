"""Probabilities: in what share of the draws a figure falls or rises, by how much."""

from __future__ import annotations

from typing import Literal

import xarray as xr

from contraflow._language import _
from contraflow.errors import ComparisonError
from contraflow.results import figures, tables
from contraflow.results.choices import expect_choice, near_match
from contraflow.results.draws import falls, paired, rises
from contraflow.results.view import price_spot

Direction = Literal["falls", "rises"]

AMONG = ("zone", *tables.WAYS, "actor")
"""Tables whose rows have probabilities, besides the headline figures."""


def probability(
    base: xr.Dataset,
    after: xr.Dataset,
    figure: str,
    direction: Direction,
    *,
    by: float = 0.0,
    among: str | None = None,
    home: str | None = None,
) -> float:
    """Share of draws in which a figure falls or rises.

    Parameters
    ----------
    base, after
        Datasets of two outcomes of one lab.
    figure
        A row of :func:`~contraflow.results.tables.headline`, or of the table that ``among`` names. A row that
        one side lacks counts as zero there; what appears rises by more than any part.
    direction
        ``falls`` or ``rises``.
    by
        Part of the value before that the change has to exceed, at least
        :data:`~contraflow.results.draws.NOISE`.
    among
        ``mode``, ``route``, ``country``, ``form`` or ``zone`` for a row of
        :func:`~contraflow.results.tables.displacement`, ``actor`` for one of
        :func:`~contraflow.results.tables.incomes`. None: a headline figure.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ComparisonError
        For an unknown figure, direction or table, a negative part, outcomes that do not share their draws,
        and a single draw, which has no probabilities.
    """
    if direction not in ("falls", "rises"):
        text = _("The direction is {direction}; it can be 'falls' or 'rises'.")
        raise ComparisonError(text.format(direction=repr(direction)))
    if not 0 <= by < float("inf"):
        text = _("by is {by}; it is a part of the value before, for example 0.05, and not negative.")
        raise ComparisonError(text.format(by=repr(by)))
    base, then = paired(base, after)
    later = base if then is None else then
    if base.sizes["draw"] == 1:
        raise ComparisonError(
            _(
                "The outcomes hold a single draw, from which no probability follows. "
                "Calibrate with posterior draws, then respond again."
            )
        )
    first, last = _rows(base, later, among, home)
    index = first[0].union(last[0], sort=False)
    known = list(map(str, index))
    if figure not in known:
        raise ComparisonError(_unknown(base, figure, among, known, home))
    if among is None:
        figures.expect_figure(figure, base, later, home=home)
    place = known.index(figure)
    before, changed = (tables.aligned(rows, index)[:, [place]] for rows in (first, last))
    count = falls if direction == "falls" else rises
    return float(count(before, changed - before, by)[0])


def _rows(
    base: xr.Dataset, after: xr.Dataset, among: str | None, home: str | None
) -> tuple[tables.Rows, tables.Rows]:
    if among is None:
        spot = price_spot(base, home)
        return figures.outcome_rows(base, spot, home), figures.outcome_rows(after, spot, home)
    expect_choice("among", among, AMONG, optional=True)
    if among == "actor":
        return tables.income_rows(base), tables.income_rows(after)
    return tables.options(base, after, among, home)


def _unknown(base: xr.Dataset, figure: str, among: str | None, known: list[str], home: str | None) -> str:
    """Why a figure is not found, and where it is or what it may have been."""
    if among is None:
        for table in AMONG:
            if figure in set(map(str, _rows(base, base, table, home)[0][0])):
                text = _("{figure} is no headline figure but a row by {table}: pass among='{table}'.")
                return text.format(figure=repr(figure), table=table)
    hint = near_match(figure, known) or _("Known: {names}.").format(names=", ".join(known))
    text = _("{name} is no headline figure.") if among is None else _("{name} is no row by {table}.")
    return f"{text.format(name=repr(figure), table=among)} {hint}"
