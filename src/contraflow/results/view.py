"""A labelled dataset as figures and tables read it, whether of outcomes or of months of a run.

Outcomes have one leading dimension (draw) and hold a year; runs have two (replicate, month) and hold a
month each. What is asked of a :class:`View` is the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from contraflow._types import BoolArray, FloatArray, ObjectArray
from contraflow.results.draws import solved

KG_PER_TONNE = 1000.0
USD_PER_MILLION = 1e6
MONTHS_PER_YEAR = 12


def coord(data: xr.Dataset, name: str) -> ObjectArray:
    """A text coordinate as an array of Python strings."""
    values = data.variables[name].values
    return np.asarray((values if values.dtype.kind == "U" else values.astype(str)).astype(object))


def home_country(data: xr.Dataset, home: str | None = None) -> str:
    """Code of the country that the case is about: ``home``, else that of the dataset."""
    return home or str(data.attrs["home"])


def leaving(data: xr.Dataset, home: str | None = None) -> BoolArray:
    """Links from the home country to another (arc,)."""
    return View(data, home).leaving


def families(data: xr.Dataset) -> dict[str, str]:
    """Family of each mode that some arc goes by: air, foot, road, river, sea or other."""
    return dict(zip(map(str, coord(data, "mode")), map(str, coord(data, "family")), strict=True))


def price_spot(data: xr.Dataset, home: str | None = None) -> str:
    """Node at home whose price is quoted: where most is made of the first good that what is grown becomes.

    Parameters
    ----------
    data
        Dataset of an outcome (median over draws) or of a run (mean over replicates and months).
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    str
        ``form@place``; empty where nothing is made at home of what is grown there.
    """
    return View(data, home).spot


@dataclass(frozen=True, eq=False)
class View:
    """A dataset with the masks that figures are sums over; arrays lead with the dataset's own dimensions."""

    data: xr.Dataset
    """Dataset of an outcome (draw, ...), with flows a year, or of a run (replicate, month, ...), with flows a
    month."""
    home_asked: str | None = None
    """Code of the country that counts as home; None: that of the dataset."""
    spot_asked: str | None = None
    """Node whose price is quoted; None: :func:`price_spot` of the dataset."""

    @property
    def of_months(self) -> bool:
        """Whether the dataset holds months of a run rather than years."""
        return "month" in self.data.dims

    @property
    def per_year(self) -> int:
        """Periods of the dataset in a year, by which its flows become yearly ones."""
        return MONTHS_PER_YEAR if self.of_months else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Leading shape, (draw,) or (replicate, month)."""
        return tuple(self.data.sizes[d] for d in (("replicate", "month") if self.of_months else ("draw",)))

    @cached_property
    def home(self) -> str:
        """Code of the home country."""
        return home_country(self.data, self.home_asked)

    def label(self, name: str) -> ObjectArray:
        """A text coordinate."""
        return coord(self.data, name)

    @cached_property
    def starts_at_home(self) -> BoolArray:
        """Arcs that start in the home country (arc,)."""
        return np.asarray(self.label("from_country") == self.home, dtype=bool)

    @cached_property
    def links(self) -> BoolArray:
        """Arcs that carry goods from place to place (arc,)."""
        return np.asarray(self.label("kind") == "link", dtype=bool)

    @cached_property
    def leaving(self) -> BoolArray:
        """Links from the home country to another (arc,)."""
        away = self.label("to_country") != self.home
        return np.asarray(self.links & self.starts_at_home & away, dtype=bool)

    @cached_property
    def growing(self) -> BoolArray:
        """Activities whose product holds the substance of the case (arc,)."""
        arrives = self.data.variables["arrival_pure"].values > 0
        yields = arrives.any(axis=tuple(range(arrives.ndim - 1)))
        return np.asarray((self.label("kind") == "activity") & yields, dtype=bool)

    @cached_property
    def growing_at_home(self) -> BoolArray:
        """Activities of :attr:`growing` in the home country (arc,)."""
        return self.growing & self.starts_at_home

    @cached_property
    def sources(self) -> BoolArray:
        """Arcs at which the substance comes into being (arc,): it leaves them, and nothing of it enters."""
        shape = tuple(range(self.data["pure"].ndim - 1))
        enters = (self.data.variables["pure"].values > 0).any(axis=shape)
        leaves = (self.data.variables["arrival_pure"].values > 0).any(axis=shape)
        return np.asarray(leaves & ~enters, dtype=bool)

    @cached_property
    def made_goods(self) -> BoolArray:
        """Markets (market,) of goods that some process makes; where nothing is made, all markets."""
        made = self.label("form_out")[self.label("kind") == "process"]
        chosen = np.isin(self.label("market_form"), made)
        return chosen if chosen.any() else np.ones_like(chosen)

    @cached_property
    def final_goods(self) -> BoolArray:
        """Markets (market,) of goods that some process makes, and of raw ones in countries that grow none.

        Where that leaves no market, all are final.
        """
        country = dict(zip(self.label("node"), self.label("node_country"), strict=True))
        grows = self.label("kind") == "activity"
        grown = set(zip(self.label("form_out")[grows], self.label("from_country")[grows], strict=True))
        made = set(self.label("form_out")[self.label("kind") == "process"])
        sold = zip(self.label("market_form"), self.label("market_node"), strict=True)
        final = [form in made or (form, country[node]) not in grown for form, node in sold]
        chosen = np.asarray(final, dtype=bool)
        return chosen if chosen.any() else np.ones_like(chosen)

    @cached_property
    def spot(self) -> str:
        """Node whose price is quoted, empty where there is none."""
        if self.spot_asked is not None:
            return self.spot_asked
        made = (self.label("kind") == "process") & self.starts_at_home
        made &= np.isin(self.label("form"), self.label("form_out")[self.growing]) | self.sources
        if not made.any():
            return ""
        size = self.data.variables["arrival_pure"].values
        typical = size.mean(axis=(0, 1)) if self.of_months else np.median(size[solved(self.data)], axis=0)
        return str(self.label("head")[int(np.argmax(typical * made))])

    def price(self, nodes: ObjectArray) -> FloatArray:
        """Prices at nodes, given by label (node,), in USD per unit of the good (..., node)."""
        place = {name: i for i, name in enumerate(self.label("node"))}
        return np.asarray(self.data.variables["price"].values[..., [place[n] for n in nodes]], dtype=float)

    def total(self, name: str, chosen: BoolArray | None = None) -> FloatArray:
        """Sum of a variable over its last dimension, by year of an outcome or month of a run.

        Parameters
        ----------
        name
            Name of the variable (..., n).
        chosen
            Mask of what is summed (n,). None: all.

        Returns
        -------
        numpy.ndarray
            Sums (...,) in the unit of the variable.
        """
        values = self.data.variables[name].values
        return np.asarray((values if chosen is None else values[..., chosen]).sum(axis=-1), dtype=float)

    def yearly(self, name: str, chosen: BoolArray | None = None) -> FloatArray:
        """As :meth:`total`, at the rate of a year."""
        return self.total(name, chosen) * self.per_year

    def tonnes(self, name: str, chosen: BoolArray | None = None) -> FloatArray:
        """As :meth:`yearly` of a variable in kg, in t a year."""
        return self.yearly(name, chosen) / KG_PER_TONNE
