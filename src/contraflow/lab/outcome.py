"""Outcomes: one economy, in the baseline or under a policy, with its tables and figures."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from contraflow._types import FloatArray, IntArray
from contraflow.network.network import Network
from contraflow.results import draws

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.report.draw.drawing import Drawing
    from contraflow.results.probabilities import Direction


SHOWN = (
    "unit",
    "before",
    "after",
    "change",
    "change_5",
    "change_95",
    "ratio",
    "p_falls_5pct",
    "p_rises_5pct",
)
"""Columns of the headline figures that the representation of a comparison shows."""


class EquilibriumSearch(NamedTuple):
    """How an equilibrium was sought."""

    residual: FloatArray
    """Largest residual, in logarithms, with which each start ended (draw, start)."""
    history: FloatArray
    """The same after each round of the solver (draw, start, round); NaN after the last."""
    evaluations: IntArray
    """Evaluations of the model (draw, start)."""
    equilibria: IntArray
    """Number of distinct equilibria found (draw,)."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """An economy that was computed: labelled results, and how they were found.

    Every table holds medians over draws; with more than one draw, columns that end in ``_5``, ``_25``,
    ``_75`` and ``_95`` bound the 90 % and the 50 % interval.
    """

    title: str
    """Title, as shown."""
    policy: Mapping[str, float]
    """Level of each measure that was asked for, by id; empty for the baseline."""
    network: Network
    """The network of the model."""
    data: xr.Dataset
    """All results, with the leading dimension ``draw``; ``docs/results.md`` lists the variables and units."""
    search: EquilibriumSearch | None = None
    """How the equilibrium was found; None for the baseline, which needs no solving."""
    alternatives: tuple[Outcome, ...] = ()
    """Other equilibria of the same policy."""

    def compare(self, other: Outcome) -> Comparison:
        """Compare this outcome with another of the same lab: the baseline, or another policy.

        Parameters
        ----------
        other
            The outcome before.

        Returns
        -------
        Comparison
            The changes from ``other`` to this outcome, draw by draw.

        Raises
        ------
        ComparisonError
            If the two do not share their draws.

        Examples
        --------
        >>> shut.compare(base).after.title
        'Shut the sky'
        """
        return Comparison(other, self)

    def summary(self) -> pd.DataFrame:
        """Headline figures.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure (``exports``, ``leaf price``, ...): ``figure``, its intervals and its ``unit``.

        Examples
        --------
        >>> shut.summary().loc["exports", "unit"]
        't/yr'
        """
        from contraflow.results import tables

        frame = tables.headline(self.data)
        names = {c: str(c).replace("before", "figure") for c in frame if c != "unit"}
        return frame[[*names, "unit"]].rename(columns=names)

    def incomes(self) -> pd.DataFrame:
        """Who earns what.

        Returns
        -------
        pandas.DataFrame
            Indexed by actor: ``name``, ``kind``, and, as ``before``, income in million USD a year, with its
            share of all incomes.
        """
        from contraflow.results import tables

        return tables.incomes(self.data)

    def livelihoods(self, by: str = "activity") -> pd.DataFrame:
        """What households at home live from.

        Parameters
        ----------
        by
            ``activity`` (labour-hectares by what they make), ``zone`` (the same in each zone), ``income``
            (USD that a labour-hectare earns, by zone) or ``hire`` (pay of hired work, relative to the
            baseline's ledger).

        Returns
        -------
        pandas.DataFrame
            Indexed by activity, (zone, activity), zone or market; ``attrs["unit"]`` is the unit.

        Raises
        ------
        ComparisonError
            For another ``by``.

        Examples
        --------
        >>> base.livelihoods("income").attrs["unit"]
        'USD/ha'
        """
        from contraflow.results import side_economies

        return side_economies.livelihoods(self.data, by=by)

    def goods(self, by: str = "country") -> pd.DataFrame:
        """What else leaves the home country, besides the substance of the case.

        Parameters
        ----------
        by
            ``country`` (of destination), ``route`` (places on both sides of the border) or ``form`` alone.

        Returns
        -------
        pandas.DataFrame
            Indexed by form and ``by``: kg of product a year, and as ``value_...`` million USD a year at the
            price before the border.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.results import side_economies

        return side_economies.goods(self.data, by=by)

    def supplies(self) -> pd.DataFrame:
        """Who supplies the inputs that the trade buys.

        Returns
        -------
        pandas.DataFrame
            Indexed by input and supply: its ``name``, its sales in million USD a year and its share of the
            input.
        """
        from contraflow.results import side_economies

        return side_economies.supplies(self.data)

    def map(self) -> Drawing:
        """Flows on the map, coloured by mode.

        Returns
        -------
        Drawing
            A map that needs no network; ``.save("map.svg")`` writes it, ``.show()`` opens it.
        """
        from contraflow.report.draw import outcome_figures

        return outcome_figures.flow_map(self.network.case, self.data)

    def sankey(self) -> Drawing:
        """Journeys of the goods from where they grow to who buys, as a Sankey diagram.

        Returns
        -------
        Drawing
            Widths are pure substance a year.
        """
        from contraflow.report.draw import outcome_figures

        return outcome_figures.journeys(self.network.case, self.data)

    def ladder(self) -> pd.DataFrame:
        """How the price of a kilogram is built up from the farm gate to a market.

        Returns
        -------
        pandas.DataFrame
            One row per step of the path that carries most: the price before and after it and what it is made
            of, in USD per kg of pure substance that arrives.

        Examples
        --------
        >>> {"price_from", "price_to"} <= set(base.ladder().columns)
        True
        """
        from contraflow.results import tables

        return tables.price_ladder(self.data)

    def convergence(self) -> pd.DataFrame:
        """How each starting point came to its equilibrium.

        Returns
        -------
        pandas.DataFrame
            One row per ``draw``, ``start`` and ``round``: the largest ``residual`` in logarithms, and the
            ``evaluations`` of the model over all rounds. Empty for the baseline.

        Examples
        --------
        >>> list(shut.convergence().columns)
        ['draw', 'start', 'round', 'residual', 'evaluations']
        """
        import pandas as pd

        if self.search is None:
            return pd.DataFrame(columns=["draw", "start", "round", "residual", "evaluations"])
        rows = []
        for (draw, start, number), residual in np.ndenumerate(self.search.history):
            if not np.isnan(residual):
                work = int(self.search.evaluations[draw, start])
                rows.append((draw, start, number, float(residual), work))
        return pd.DataFrame(rows, columns=["draw", "start", "round", "residual", "evaluations"])

    def __repr__(self) -> str:
        """Title and headline figures."""
        return f"<Outcome {self.title}>\n{self.summary().to_string(float_format='{:,.1f}'.format)}"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(float_format="{:,.1f}".format)
        return f"<b>{html.escape(self.title)}</b>{table}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two outcomes of one lab, compared draw by draw: draw i of both holds the same numbers.

    Draws that are not solved in both are left out of all tables, which count them in ``attrs["left_out"]``.
    Made by :meth:`Outcome.compare`.

    Raises
    ------
    ComparisonError
        If the outcomes do not share their draws.
    """

    before: Outcome
    """The outcome that is compared with."""
    after: Outcome
    """The outcome that is compared."""

    def __post_init__(self) -> None:
        """Refuse outcomes that do not share their draws."""
        draws.expect_same_draws(self.before.data, self.after.data)

    @cached_property
    def _pair(self) -> tuple[xr.Dataset, xr.Dataset]:
        """Both sides on the draws that they share."""
        base, after = draws.paired(self.before.data, self.after.data)
        return base, base if after is None else after

    @property
    def left_out(self) -> int:
        """Number of draws left out because one of the outcomes has no equilibrium in them."""
        return draws.left_out(self._pair[0])

    def summary(self) -> pd.DataFrame:
        """Headline figures before and after, with the probabilities that each falls or rises.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: ``unit``; ``before``, ``after``, ``change`` and ``ratio`` (after over before)
            with their intervals; with more than one draw the probabilities ``p_falls`` and ``p_rises`` of any
            change, and ``p_falls_5pct`` and ``p_rises_5pct`` of one by more than 5 % of the value before.

        Raises
        ------
        ComparisonError
            If no draw has an equilibrium on both sides.

        Examples
        --------
        >>> float(change.summary().loc["exports", "ratio"].round(1))
        0.5
        """
        from contraflow.results import tables

        return tables.headline(*self._pair)

    def probability(
        self, figure: str, direction: Direction, *, by: float = 0.0, among: str | None = None
    ) -> float:
        """Probability that a figure falls or rises: the share of draws in which it does.

        Parameters
        ----------
        figure
            A row of :meth:`summary` or of the table named by ``among``.
        direction
            ``falls`` or ``rises``.
        by
            Fraction of the value before by which it must change, for example 0.05. 0: any change.
        among
            ``mode``, ``route``, ``country``, ``form`` or ``zone`` for a row of :meth:`displacement`,
            ``actor`` for a row of :meth:`incomes`. None: a headline figure.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        ComparisonError
            For an unknown figure, direction or table, a negative ``by``, and a lab with a single draw.

        Examples
        --------
        >>> change.probability("exports by air", "falls", by=0.5) > 0.9
        True
        """
        from contraflow.results import probabilities

        return probabilities.probability(*self._pair, figure, direction, by=by, among=among)

    def displacement(self, by: str = "mode") -> pd.DataFrame:
        """What left one option and what appeared elsewhere.

        Parameters
        ----------
        by
            ``mode``, ``route`` (last place at home), ``country`` (of destination) or ``form`` for exports of
            the home country in t of pure substance a year; ``zone`` for hectares.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``by``, the largest loss first: ``before``, ``after``, ``change``, ``ratio`` and
            shares. ``attrs["displaced"]`` is the sum of gains over the sum of losses: 0 if what was stopped
            went nowhere else, 1 if all of it did.

        Raises
        ------
        ComparisonError
            For another ``by``.

        Examples
        --------
        >>> list(change.displacement("mode").index)
        ['plane', 'ship']
        """
        from contraflow.results import tables

        return tables.displacement(*self._pair, by)

    def map(self) -> Drawing:
        """What changes on the map: links that gain and links that lose.

        Returns
        -------
        Drawing
            A map that needs no network; ``.save("map.svg")`` writes it, ``.show()`` opens it.
        """
        from contraflow.report.draw import outcome_figures

        return outcome_figures.change_map(self.before.network.case, *self._pair)

    def incomes(self) -> pd.DataFrame:
        """Who earns what before and after.

        Returns
        -------
        pandas.DataFrame
            Indexed by actor: ``name``, ``kind``, and ``before``, ``after``, ``change`` and ``ratio`` of
            income in million USD a year.
        """
        from contraflow.results import tables

        return tables.incomes(*self._pair)

    def livelihoods(self, by: str = "activity") -> pd.DataFrame:
        """What households at home live from, before and after.

        Parameters
        ----------
        by
            As for :meth:`Outcome.livelihoods`.

        Returns
        -------
        pandas.DataFrame
            Indexed by activity, (zone, activity), zone or market; ``attrs["unit"]`` is the unit.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.results import side_economies

        return side_economies.livelihoods(*self._pair, by=by)

    def goods(self, by: str = "country") -> pd.DataFrame:
        """What else leaves the home country, before and after.

        Parameters
        ----------
        by
            As for :meth:`Outcome.goods`.

        Returns
        -------
        pandas.DataFrame
            Indexed by form and ``by``: kg of product a year, and as ``value_...`` million USD a year.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.results import side_economies

        return side_economies.goods(*self._pair, by=by)

    def supplies(self) -> pd.DataFrame:
        """Who supplies the inputs that the trade buys, before and after.

        Returns
        -------
        pandas.DataFrame
            Indexed by input and supply: its ``name``, its sales in million USD a year and its share of the
            input.
        """
        from contraflow.results import side_economies

        return side_economies.supplies(*self._pair)

    def _shown(self) -> pd.DataFrame:
        """The columns of :meth:`summary` that fit on a page."""
        frame = self.summary()
        return frame[[c for c in SHOWN if c in frame]]

    def __repr__(self) -> str:
        """Title and headline figures."""
        head = f"<Comparison {self.after.title}, against {self.before.title}>"
        return f"{head}\n{self._shown().to_string(float_format='{:,.1f}'.format, formatters=_chances())}"

    def _repr_html_(self) -> str:
        head = f"<b>{html.escape(self.after.title)}</b>, against {html.escape(self.before.title)}"
        return head + self._shown().to_html(float_format="{:,.1f}".format, formatters=_chances())


def _chances() -> dict[str, Callable[..., Any]]:
    """Formats of the columns that hold probabilities."""
    return {name: "{:.0%}".format for name in SHOWN if name.startswith("p_")}
