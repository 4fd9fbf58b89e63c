"""Where what one place grows goes: by its first way, across the border, to countries and to markets.

Every node passes on a mix: what arrives at it from a place leaves in proportion over all that leads on. So
one forward pass over the levels of the acyclic network gives the share of every node, and of every arc from
it, that was grown there, in all draws at once. The books balance in every draw: what is grown is what goes
out, is sold, seized, lost or gained in processing, or waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import _
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.errors import ComparisonError
from contraflow.results.choices import expect_choice, near_match
from contraflow.results.draws import noted, paired
from contraflow.results.tables import Rows, contrast
from contraflow.results.view import KG_PER_TONNE, View, coord

BY = {
    "way": ("from_place", "mode", "to_place"),
    "crossing": ("from_place", "mode", "to_place"),
    "country": ("to_country",),
    "market": ("market",),
}
"""Groupings, with the labels of their rows."""

REST = ("sold", "seized", "processing", "waiting")
"""Where the rest is: sold before, seized, lost in processing (or gained, if negative), or waiting."""

SEPARATOR = "\t"
NOTHING = 1e-9
"""Part of what is grown below which a row is left out."""


@dataclass(frozen=True, eq=False)
class Traced:
    """What is grown at one place, followed through the network of an outcome; masses are kg pure a year."""

    data: xr.Dataset
    """Dataset of the outcome, of solved draws."""
    place: str
    """Place where it grows."""

    @cached_property
    def _view(self) -> View:
        return View(self.data)

    @cached_property
    def _nodes(self) -> tuple[IntArray, IntArray, int]:
        """Tail and head of each arc, and the number of nodes."""
        number = {str(name): i for i, name in enumerate(coord(self.data, "node"))}
        ends = (np.array([number[str(n)] for n in coord(self.data, c)]) for c in ("tail", "head"))
        return next(ends), next(ends), len(number)

    @cached_property
    def _levels(self) -> IntArray:
        """Length of the longest path to each node (node,)."""
        tail, head, nodes = self._nodes
        level = np.zeros(nodes, dtype=np.int64)
        for _step in range(nodes):
            longer = level.copy()
            np.maximum.at(longer, head, level[tail] + 1)
            if np.array_equal(longer, level):
                break
            level = longer
        return level

    @cached_property
    def grown_by(self) -> BoolArray:
        """Activities at the place that grow what is traced (arc,)."""
        return np.asarray(self._view.growing & (self._view.label("from_place") == self.place), dtype=bool)

    @cached_property
    def grown(self) -> FloatArray:
        """What is grown (draw,)."""
        return np.asarray(self.data.variables["arrival_pure"].values[:, self.grown_by].sum(axis=1))

    def shares(self, inside: BoolArray) -> FloatArray:
        """Part of what reaches each node (draw, node) that was grown here and came over arcs ``inside``."""
        tail, head, nodes = self._nodes
        arrived = self.data.variables["arrival_pure"].values
        whole = np.zeros((arrived.shape[0], nodes))
        np.add.at(whole.T, head, arrived.T)
        safe = np.where(whole > 0, whole, 1.0)
        share = np.zeros_like(whole)
        carries = inside & (self._view.label("kind") != "activity")
        level = self._levels[head]
        for step in range(1, int(self._levels.max(initial=0)) + 1):
            arcs = np.flatnonzero((level == step) & (carries | self.grown_by))
            own = np.where(self.grown_by[arcs], 1.0, share[:, tail[arcs]])
            np.add.at(share.T, head[arcs], (arrived[:, arcs] * own / safe[:, head[arcs]]).T)
        return share

    def rows(self, by: str) -> Rows:
        """Where it goes, by a key of :data:`BY`: labels and masses (draw, row), which add up to ``grown``."""
        view, data = self._view, self.data
        tail, head, nodes = self._nodes
        grows = view.label("kind") == "activity"
        out = np.zeros_like(grows)
        if by == "way":
            out = view.links
        elif by != "market":
            country = view.label("from_country")
            out = view.links & (view.label("to_country") != country) & (country == self._country)
        inside = ~out & ~grows
        share = self.shares(inside)
        pure, arrived = data.variables["pure"].values, data.variables["arrival_pure"].values
        own = np.where(grows, 0.0, share[:, tail])
        sent, seized = own * pure, own * data.variables["seized_pure"].values
        if by == "market":
            labels, masses = [], np.zeros((len(sent), 0))
        else:
            arcs = np.flatnonzero(out)
            parts = [view.label(name)[arcs] for name in BY[by]]
            text = np.array([SEPARATOR.join(map(str, row)) for row in zip(*parts, strict=True)], dtype=object)
            names, group = np.unique(text.astype(str), return_inverse=True)
            masses = np.zeros((len(sent), names.size))
            np.add.at(masses.T, group, sent[:, arcs].T)
            labels = [f"{by}{SEPARATOR}{name}" for name in names]
        number = {str(name): i for i, name in enumerate(coord(data, "node"))}
        at = np.array([number[str(n)] for n in coord(data, "market_node")], dtype=np.int64)
        sold = share[:, at] * data.variables["sold_pure"].values
        if by == "market":
            labels += [f"{by}{SEPARATOR}{name}" for name in coord(data, "market")]
            masses = np.concatenate([masses, sold], axis=1)
            sold = np.zeros((len(sold), 0))
        stays = np.zeros((len(sent), nodes))
        np.add.at(stays.T, head, np.where(self.grown_by, arrived, own * arrived * inside).T)
        np.subtract.at(stays.T, tail, sent.T)
        np.subtract.at(stays.T, at, (share[:, at] * data.variables["sold_pure"].values).T)
        lost = own * (pure - arrived) - seized
        rest = (
            sold.sum(axis=1),
            (seized * inside).sum(axis=1),
            (lost * inside).sum(axis=1),
            stays.sum(axis=1),
        )
        blank = SEPARATOR * len(BY[by])
        return (
            pd.Index([*labels, *(name + blank for name in REST)]),
            np.concatenate([masses, np.stack(rest, axis=1)], axis=1),
        )

    @cached_property
    def _country(self) -> str:
        return str(self._view.label("from_country")[np.flatnonzero(self.grown_by)[0]])


def growing_places(data: xr.Dataset) -> list[str]:
    """Places where something grows that holds the substance of the case, the largest first."""
    view = View(data)
    size = np.median(data.variables["arrival_pure"].values, axis=0) * view.growing
    places = pd.Series(size).groupby(view.label("from_place").astype(str)).sum()
    return [str(p) for p in places[places > 0].sort_values(ascending=False).index]


def destinations(
    base: xr.Dataset, after: xr.Dataset | None = None, *, place: str, by: str = "way"
) -> pd.DataFrame:
    """Where what one place grows goes.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    place
        Place that grows something with the substance of the case.
    by
        ``way`` (the first link on which it leaves the place), ``crossing`` (the link on which it first leaves
        the country), ``country`` (that it reaches so) or ``market`` (where it is sold in the end).

    Returns
    -------
    pandas.DataFrame
        Indexed by ``what`` (``by``, or one of :data:`REST` for what gets no further) and the labels of
        ``by``: t of pure substance a year that sets out there, with the columns of
        :func:`~contraflow.results.tables.contrast`; shares are those of what is grown. In each draw the rows
        add up to that.

    Raises
    ------
    ComparisonError
        For a place that grows nothing of the kind, and for another ``by``.
    """
    expect_choice("by", by, BY)
    base, after = paired(base, after)
    known = growing_places(base)
    if place not in known:
        hint = near_match(place, known) or _("It grows in: {places}.").format(places=", ".join(known))
        text = _("Nothing with the substance of this case grows in {place}.").format(place=repr(place))
        raise ComparisonError(f"{text} {hint}")
    sides = [Traced(data, place) for data in ((base,) if after is None else (base, after))]
    rows = [_tonnes(side.rows(by)) for side in sides]
    frame = contrast(rows[0], rows[1] if len(rows) > 1 else None, "what")
    grown = max(float(np.median(side.grown)) for side in sides) / KG_PER_TONNE
    least = NOTHING * grown
    kept = [
        any(np.abs(values[:, index.get_loc(label)]).max() > least for index, values in rows if label in index)
        for label in frame.index
    ]
    frame = frame[kept]
    order = [(*REST, by).index(str(label).partition(SEPARATOR)[0]) for label in frame.index]
    frame = frame.iloc[np.argsort([(o + 1) % (len(REST) + 1) for o in order], kind="stable")]
    keys = [tuple(str(label).split(SEPARATOR)) for label in frame.index]
    frame.index = pd.MultiIndex.from_tuples(keys, names=["what", *BY[by]])
    frame.attrs |= {"unit": "t/yr", "place": place, "grown": grown}
    return noted(frame, base)


def _tonnes(rows: Rows) -> Rows:
    return rows[0], rows[1] / KG_PER_TONNE
