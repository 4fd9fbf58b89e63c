"""Outcomes: one economy, in the baseline or under a policy, with its tables and figures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from contraflow._language import _
from contraflow._types import FloatArray, IntArray
from contraflow.network.network import Network
from contraflow.policy.requirements import RequirementMet
from contraflow.results import draws
from contraflow.text.evidence_sentences import requirements

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.report.draw.drawing import Drawing
    from contraflow.results.probabilities import Direction


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
    met: tuple[RequirementMet, ...] = ()
    """How far the requirements of its measures are met."""

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
            Indexed by figure (``exports``, ``farm-gate price``, ...), those that the economy has: ``figure``,
            its intervals and its ``unit``; why it lacks the others in ``attrs["lacking"]``.

        Examples
        --------
        >>> shut.summary().loc["exports", "unit"]
        't/yr'
        """
        from contraflow.results import tables

        frame = tables.headline(self.data)
        names = {c: str(c).replace("before", "figure") for c in frame if c != "unit"}
        return frame[[*names, "unit"]].rename(columns=names)

    def table(self) -> pd.DataFrame:
        """Headline figures in few columns of text, for a notebook or a terminal.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: ``unit``, ``median`` and, with more than one draw, ``90% interval``. Figures
            that are 0 are left out; :meth:`summary` has all, as numbers.

        Examples
        --------
        >>> list(base.table().columns)
        ['unit', 'median', '90% interval']
        """
        from contraflow.results.short_table import short_table

        frame = self.summary()
        return short_table(frame, frame.attrs["draws"])

    def requirements(self) -> pd.DataFrame:
        """How far the measures of the policy reach their full effect, where they need others.

        Returns
        -------
        pandas.DataFrame
            One row per requirement of a measure that stands above 0: ``measure`` and its ``level``, what it
            ``requires`` and the ``required_level`` of that, ``full_at`` (the level at which the requirement
            is met in full), ``share`` (part of the full effect to which it holds the measure, from 0 to 1)
            and ``effect`` (the part that the measure has with all of its requirements); medians over draws.

        Examples
        --------
        >>> shut.requirements()[["measure", "requires", "share"]].values.tolist()
        [['interceptors', 'radar', 0.5]]
        """
        return requirements_table(self.met)

    def prices(self) -> pd.DataFrame:
        """Price of every good at every place where it passes.

        Returns
        -------
        pandas.DataFrame
            Indexed by (good, place), from where it grows to where it is sold: ``country``, ``stage`` (farm
            gate, made, on the way, market), ``unit`` (USD per kg of the good as it is sold, not of pure
            substance), and ``price`` with its intervals.

        Examples
        --------
        >>> base.prices().loc[("leaf", "alta-selva"), "stage"]
        'farm gate'
        """
        from contraflow.results import local_tables

        return local_tables.prices(self.data, units=self._units)

    def seizures(self, by: str = "place") -> pd.DataFrame:
        """What is seized of each good in transport.

        Parameters
        ----------
        by
            ``place`` (where consignments set out), ``stage`` (``home``, ``border``, ``abroad``), ``mode``,
            ``link`` or ``good`` alone.

        Returns
        -------
        pandas.DataFrame
            Indexed by good, the labels of ``by`` and ``mass`` (``product`` or ``pure``): ``unit``,
            ``seized`` with its intervals, and ``rate``, the share of what sets out that is seized.

        Raises
        ------
        ComparisonError
            For another ``by``.

        Examples
        --------
        >>> base.seizures("mode").loc[("paste", "plane", "product"), "unit"]
        'kg/yr'
        """
        from contraflow.results import local_tables

        return local_tables.seizures(self.data, by=by)

    def pay(self, by: str = "mode") -> pd.DataFrame:
        """What crews are paid: for a kilogram, for a trip or flight, and each of the crew.

        Parameters
        ----------
        by
            ``mode``, ``place`` (where they set out, and mode) or ``link``.

        Returns
        -------
        pandas.DataFrame
            Indexed by the labels of ``by`` and ``per`` (``kg``, ``trip``, ``person``): ``family`` of the
            mode, ``unit``, and ``pay``, pay for risk included, with its intervals.

        Raises
        ------
        ComparisonError
            For another ``by``.

        Examples
        --------
        >>> base.pay().loc[("plane", "trip"), "unit"]
        'USD/trip'
        """
        from contraflow.results import local_tables

        return local_tables.pay(self.data, by=by)

    def destinations(self, place: str, by: str = "way") -> pd.DataFrame:
        """Where what one place grows goes, and by which ways.

        Parameters
        ----------
        place
            Id of a place where something grows that holds the substance of the case.
        by
            ``way`` (the first link on which it leaves the place), ``crossing`` (the link on which it first
            leaves the country), ``country`` (that it reaches so) or ``market`` (where it is sold in the end).

        Returns
        -------
        pandas.DataFrame
            Indexed by ``what`` (``by``, or ``sold``, ``seized``, ``processing``, ``waiting`` for what gets no
            further) and the labels of ``by``: ``tonnes`` of pure substance a year that set out there, and
            their ``share`` of what is grown, with intervals. In each draw the rows add up to what is grown.
            ``processing`` is negative where more is made than the content stated for what goes in.

        Raises
        ------
        ComparisonError
            For a place that grows nothing of the kind, and for another ``by``.

        Examples
        --------
        >>> base.destinations("alta-selva").loc["way"].index.tolist()
        [('alta-selva', 'porter', 'alta-strips'), ('alta-selva', 'road', 'puerto-sol')]
        """
        from contraflow.results.destinations import destinations

        frame = destinations(self.data, place=place, by=by)
        names = {c: str(c).replace("share_before", "share").replace("before", "tonnes") for c in frame}
        return frame.rename(columns=names)

    @property
    def _units(self) -> dict[str, str]:
        return {form.id: form.unit for form in self.network.case.forms.values()}

    def _notes(self) -> list[str]:
        """What a reader of the figures has to know."""
        from contraflow.results.short_table import notes

        return [*notes(self.summary()), *requirements(self.network.case, self.requirements(), self.policy)]

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
        return "\n".join([f"<Outcome {self.title}>", self.table().to_string(), *self._notes()])

    def _repr_html_(self) -> str:
        return _shown(f"<b>{html.escape(self.title)}</b>", self.table(), self._notes())


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
    def data(self) -> tuple[xr.Dataset, xr.Dataset]:
        """The labelled results of both sides, on the draws that are solved in both."""
        base, after = draws.paired(self.before.data, self.after.data)
        return base, base if after is None else after

    @property
    def left_out(self) -> int:
        """Number of draws left out because one of the outcomes has no equilibrium in them."""
        return draws.left_out(self.data[0])

    def summary(self) -> pd.DataFrame:
        """Headline figures before and after, with the probabilities that each falls or rises.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure, those that the economy has on one side: ``unit``; ``before``, ``after``,
            ``change`` and ``ratio`` (after over before) with their intervals; with more than one draw the
            probabilities ``p_falls`` and ``p_rises`` of any change, and ``p_falls_5pct`` and ``p_rises_5pct``
            of one by more than 5 % of the value before.

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

        return tables.headline(*self.data)

    def table(self) -> pd.DataFrame:
        """Headline figures and their changes in few columns of text, for a notebook or a terminal.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: ``unit``, ``before``, ``after``, ``change`` with its 90 % interval, and, with
            more than one draw, ``likely``: the probability of the likelier direction of a change by more than
            5 %, no more certain than the number of draws allows. Figures that are 0 on both sides are left
            out; :meth:`summary` has all, as numbers.

        Raises
        ------
        ComparisonError
            If no draw has an equilibrium on both sides.

        Examples
        --------
        >>> change.table().loc["exports by air", "likely"]
        'falls: above 99%'
        """
        from contraflow.results.short_table import short_table

        frame = self.summary()
        return short_table(frame, frame.attrs["draws"])

    def plot(self, by: str = "mode") -> Any:
        """Exports before and after, or hectares, as a figure.

        Parameters
        ----------
        by
            ``mode``, ``route``, ``country``, ``form`` or ``zone``, as for :meth:`displacement`.

        Returns
        -------
        Drawing
            A figure that a notebook shows.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.report.draw import outcome_figures

        base, after = self.data
        return outcome_figures.changes(self.before.network.case, base, after, by)

    def prices(self) -> pd.DataFrame:
        """Prices before and after; see :meth:`Outcome.prices`.

        Returns
        -------
        pandas.DataFrame
            Indexed by (good, place): ``country``, ``stage``, ``unit``, and ``before``, ``after``, ``change``
            and ``ratio`` with their intervals. What has a price on one side only is listed in
            ``attrs["only_before"]`` and ``attrs["only_after"]``.

        Examples
        --------
        >>> bool(change.prices().loc[("leaf", "alta-selva"), "change"] < 0)
        True
        """
        from contraflow.results import local_tables

        return local_tables.prices(*self.data, units=self.before._units)

    def seizures(self, by: str = "place") -> pd.DataFrame:
        """Seizures before and after; see :meth:`Outcome.seizures`.

        Parameters
        ----------
        by
            As there.

        Returns
        -------
        pandas.DataFrame
            ``before``, ``after``, ``change`` and ``ratio``, and as ``rate_...`` those of the share seized.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.results import local_tables

        return local_tables.seizures(*self.data, by=by)

    def pay(self, by: str = "mode") -> pd.DataFrame:
        """Pay of crews before and after; see :meth:`Outcome.pay`.

        Parameters
        ----------
        by
            As there.

        Returns
        -------
        pandas.DataFrame
            ``before``, ``after``, ``change`` and ``ratio``, where there are trips on both sides.

        Raises
        ------
        ComparisonError
            For another ``by``.
        """
        from contraflow.results import local_tables

        return local_tables.pay(*self.data, by=by)

    def destinations(self, place: str, by: str = "way") -> pd.DataFrame:
        """Where what one place grows goes, before and after; see :meth:`Outcome.destinations`.

        Parameters
        ----------
        place, by
            As there.

        Returns
        -------
        pandas.DataFrame
            ``before``, ``after``, ``change``, ``ratio`` and shares, t of pure substance a year.

        Raises
        ------
        ComparisonError
            For a place that grows nothing of the kind, and for another ``by``.
        """
        from contraflow.results.destinations import destinations

        return destinations(*self.data, place=place, by=by)

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

        return probabilities.probability(*self.data, figure, direction, by=by, among=among)

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

        return tables.displacement(*self.data, by)

    def map(self) -> Drawing:
        """What changes on the map: links that gain and links that lose.

        Returns
        -------
        Drawing
            A map that needs no network; ``.save("map.svg")`` writes it, ``.show()`` opens it.
        """
        from contraflow.report.draw import outcome_figures

        return outcome_figures.change_map(self.before.network.case, *self.data)

    def incomes(self) -> pd.DataFrame:
        """Who earns what before and after.

        Returns
        -------
        pandas.DataFrame
            Indexed by actor: ``name``, ``kind``, and ``before``, ``after``, ``change`` and ``ratio`` of
            income in million USD a year.
        """
        from contraflow.results import tables

        return tables.incomes(*self.data)

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

        return side_economies.livelihoods(*self.data, by=by)

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

        return side_economies.goods(*self.data, by=by)

    def supplies(self) -> pd.DataFrame:
        """Who supplies the inputs that the trade buys, before and after.

        Returns
        -------
        pandas.DataFrame
            Indexed by input and supply: its ``name``, its sales in million USD a year and its share of the
            input.
        """
        from contraflow.results import side_economies

        return side_economies.supplies(*self.data)

    def _notes(self) -> list[str]:
        """What a reader of the changes has to know."""
        from contraflow.results.short_table import notes

        return [
            *notes(self.summary()),
            *requirements(self.after.network.case, self.after.requirements(), self.after.policy),
        ]

    def __repr__(self) -> str:
        """Title and headline figures."""
        text = _("<Comparison {after}, against {before}>")
        head = text.format(after=self.after.title, before=self.before.title)
        return "\n".join([head, self.table().to_string(), *self._notes()])

    def _repr_html_(self) -> str:
        after, before = f"<b>{html.escape(self.after.title)}</b>", html.escape(self.before.title)
        head = _("{after}, against {before}").format(after=after, before=before)
        return _shown(head, self.table(), self._notes())


def requirements_table(met: Sequence[RequirementMet]) -> pd.DataFrame:
    """A row for each requirement; see :meth:`Outcome.requirements`."""
    import pandas as pd

    columns = ["measure", "level", "requires", "required_level", "full_at", "share", "effect"]
    rows = [
        (m.measure, m.level, m.requires, m.required_level, *map(_middle, (m.full_at, m.share, m.effect)))
        for m in met
    ]
    return pd.DataFrame(rows, columns=columns)


def _middle(values: FloatArray) -> float:
    return float(np.median(values))


def _shown(head: str, table: pd.DataFrame, notes: list[str]) -> str:
    """A heading, a table and what is to be known about it, as HTML."""
    said = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return f"{head}{table.to_html()}{said}"
