"""Simulations month by month, with their tables and figures."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from contraflow._io import write_atomically
from contraflow._language import _
from contraflow._types import FloatArray
from contraflow.analysis.hindcast import Forecast, Hindcast, hindcast
from contraflow.analysis.out_of_sample import errors_table, predictions_table
from contraflow.case.case import Case
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.search_allocation import ABOUT
from contraflow.dynamics.simulator import MonthlySummary, Simulator
from contraflow.errors import ComparisonError, OutputError
from contraflow.inference.posterior import Posterior
from contraflow.lab.outcome import Outcome
from contraflow.network.graph_formats import to_geojson
from contraflow.network.network import Network
from contraflow.policy.responder import Settled
from contraflow.results import figures, trajectory_tables
from contraflow.results.dataset import make_dataset
from contraflow.results.view import MONTHS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.report.draw.drawing import Drawing


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulation: every month of every replicate.

    Made by :meth:`Lab.simulate`. Years count from 1, or are calendar years; the year before the policy comes
    first in every table.
    """

    title: str
    """Title, as shown."""
    network: Network
    """The network of the model."""
    data: xr.Dataset
    """All results (replicate, month, ...); ``docs/simulation.md`` lists the variables and units. The first
    twelve months are those before the policy.
    """
    changes: tuple[tuple[int, str], ...]
    """Month in ``data`` (from 0) and description of each change of policy."""
    _simulator: Simulator
    _ledger: FloatArray
    _levels: FloatArray
    _summary: MonthlySummary

    @property
    def interrupted(self) -> bool:
        """Whether the run was interrupted; ``data`` then holds what was done."""
        return bool(self.data.attrs["interrupted"])

    def series(self, figure: str) -> xr.DataArray:
        """One figure in every replicate and month.

        Parameters
        ----------
        figure
            A row of :meth:`yearly`.

        Returns
        -------
        xarray.DataArray
            Values (replicate, month) at yearly rates; ``attrs["unit"]`` is the unit.

        Raises
        ------
        ComparisonError
            For an unknown figure.

        Examples
        --------
        >>> lab.simulate(years=1, clans=50, replicates=1).series("exports").dims
        ('replicate', 'month')
        """
        return figures.series(self.data, figure)

    def yearly(self) -> pd.DataFrame:
        """Figures by year.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``figure`` and ``year``: the median ``value`` over replicates, its intervals and
            ``unit``.
        """
        return trajectory_tables.yearly(self.data)

    def summary(self) -> pd.DataFrame:
        """How each figure moves, as medians over replicates.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``figure``: the mean of the year ``before``, of the ``first`` year and of the ``last``
            (with its 90 % interval, ``last_5`` and ``last_95``); the value furthest from before (``extreme``)
            and its month; ``lag_months`` until half of the last year's change is reached; ``recovery_months``
            until the figure is back within 5 % of before for good (NaN where it is not); ``unit``. Months
            count from 1, the first of the policy.
        """
        return trajectory_tables.summary(self.data)

    def incomes(self) -> pd.DataFrame:
        """Incomes of actors by year.

        Returns
        -------
        pandas.DataFrame
            Medians over replicates (actor, year) in million USD.
        """
        return trajectory_tables.incomes(self.data)

    def arrests(self) -> pd.DataFrame:
        """Persons arrested by role and year.

        Returns
        -------
        pandas.DataFrame
            Means over replicates (role, year).
        """
        return trajectory_tables.arrests(self.data)

    def sensitivity(self, figure: str, year: int | None = None) -> pd.DataFrame:
        """Behaviour parameters by how closely a figure follows them over the replicates.

        Parameters
        ----------
        figure
            A row of :meth:`yearly`.
        year
            Year whose mean is taken. None: the last.

        Returns
        -------
        pandas.DataFrame
            Indexed by parameter, the strongest first: ``meaning``, ``unit``, ``low`` and ``high`` of the
            draws, Spearman's ``rank_correlation``, its square (``share``) and ``p_value``.

        Raises
        ------
        ComparisonError
            For an unknown figure or year, and for fewer than ten replicates.
        """
        from contraflow.results.behaviour_sensitivity import behaviour_sensitivity

        return behaviour_sensitivity(self.data, figure, year)

    def against(self, other: Simulation) -> pd.DataFrame:
        """Compare with another run by year, replicate by replicate.

        Parameters
        ----------
        other
            The run to compare with, usually one without the policy.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``figure`` and ``year``: ``ratio`` of this run to the other with its intervals, and the
            probabilities ``p_falls_5pct`` and ``p_rises_5pct`` of a change by more than 5 %.

        Raises
        ------
        ComparisonError
            Unless both runs share draws, seed, number of clans and years.
        """
        return trajectory_tables.contrast(other.data, self.data)

    def year(self, year: int) -> Outcome:
        """One year as an outcome, with its tables, map and Sankey diagram; its draws are the replicates.

        Parameters
        ----------
        year
            A year of the run, or the one before it.

        Returns
        -------
        Outcome
            Flows are sums over the year, prices are means.

        Raises
        ------
        ComparisonError
            For a year that was not simulated.
        """
        names = trajectory_tables.years(self.data)
        if year not in names:
            raise ComparisonError(trajectory_tables.no_such_year(year, names))
        start = names.index(year) * MONTHS_PER_YEAR
        months = slice(start, start + MONTHS_PER_YEAR)
        settled = self.window(months)
        load = np.asarray(self._loads)
        title = _("{title}, year {year}").format(title=self.title, year=year)
        data = make_dataset(
            self.network,
            self._ledger,
            settled,
            load,
            self.data["spending"].values[:, months].sum(axis=1),
            {k: v for k, v in self.data.attrs.items() if k != "ledger"} | {"title": title, "policy": {}},
        )
        return Outcome(title, {}, self.network, data)

    def window(self, months: slice) -> Settled:
        """Some months as one economy at yearly rates, with its books.

        Parameters
        ----------
        months
            A slice of the months in ``data``.

        Returns
        -------
        Settled
            Economy, flows and prices, and accounts (replicate, ...).
        """
        return self._simulator.window(self._ledger, self._levels, self._summary, months)

    @cached_property
    def _loads(self) -> FloatArray:
        """Loads of facilities in the baseline (replicate, facility), units a year."""
        from contraflow.model.numerics import compiled, jax

        anchors = compiled(jax.vmap(self._simulator.responder.anchor))(self._ledger)
        return np.asarray(anchors.load)

    def fan(self, *figures: str, against: Simulation | None = None) -> Drawing:
        """Fan charts over months: median, 50 % and 90 % interval of the replicates.

        Parameters
        ----------
        figures
            Rows of :meth:`yearly`. None given: four of the most important.
        against
            A run to draw beside this one, usually one without the policy.

        Returns
        -------
        Drawing
            A panel for each figure that the economy has.

        Raises
        ------
        ComparisonError
            For an unknown figure, or if the economy has none of them.
        """
        from contraflow.report.draw import fans

        usual = ("exports", "hectares at home", "local price", "seized at home", "delivered")
        chosen = figures or trajectory_tables.had(self.data, names=usual)[:4]
        drawn = fans.fans(self.data, chosen, self.changes, None if against is None else against.data)
        if drawn is None:
            text = _("This economy has none of the figures {figures}.")
            raise ComparisonError(text.format(figures=", ".join(chosen)))
        return drawn

    def modes(self) -> Drawing:
        """Exports by mode over months, in one panel.

        Returns
        -------
        Drawing
            A line for each way out.

        Raises
        ------
        ComparisonError
            If nothing leaves the country.
        """
        from contraflow.report.draw import fans

        drawn = fans.modes(self.data, self.changes)
        if drawn is None:
            raise ComparisonError(_("Nothing leaves the home country in this run."))
        return drawn

    def map(self) -> Drawing:
        """Flows on the map, year by year.

        Returns
        -------
        Drawing
            A facet for each of up to six years, the first and the last among them.
        """
        from contraflow.report.draw import fans
        from contraflow.text.names import shown_names

        case = self.network.case
        outcomes = {year: self.year(year).data for year in trajectory_tables.years(self.data)}
        return fans.stepped_map(outcomes, case.places, shown_names(case))

    def page(self, against: Simulation | None = None) -> str:
        """A page with all figures.

        Parameters
        ----------
        against
            A run to draw beside this one, usually one without the policy.

        Returns
        -------
        str
            One HTML file that opens without a network.
        """
        from contraflow.report import simulation_page

        years = {year: self.year(year).data for year in trajectory_tables.years(self.data)}
        other = None if against is None else against.data
        return simulation_page.render(self.network.case, self.data, self.changes, years, other)

    def conduct_in_words(self) -> str:
        """The state's search strategy, in words.

        Returns
        -------
        str
            A phrase such as ``the same on all links that a measure covers``.
        """
        return ABOUT[SearchStrategy(self.data.attrs["search_strategy"])]

    def to_netcdf(self, path: str | Path) -> None:
        """Write all months to a NetCDF file.

        Parameters
        ----------
        path
            File to write; an existing one is replaced.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        write_atomically(path, bytes(self.data.to_netcdf(engine="h5netcdf")))

    def to_geojson(self, path: str | Path | None = None) -> dict[str, object]:
        """Places and links with their yearly flows, as a GeoJSON FeatureCollection (RFC 7946).

        Parameters
        ----------
        path
            File to write. None: nothing is written.

        Returns
        -------
        dict
            The FeatureCollection. Links carry ``tonnes_YEAR`` and ``seized_YEAR``: t of pure substance,
            medians over replicates.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        features = to_geojson(self.network)
        names = trajectory_tables.years(self.data)
        shown: dict[str, dict[str, float]] = {a.id: {} for a in self.network.arcs}
        for number, year in enumerate(names):
            months = slice(number * MONTHS_PER_YEAR, (number + 1) * MONTHS_PER_YEAR)
            for label, variable in (("tonnes", "pure"), ("seized", "seized_pure")):
                whole = self.data[variable].values[:, months].sum(axis=1) / 1000
                for arc, value in zip(self.network.arcs, np.median(whole, axis=0), strict=True):
                    shown[arc.id][f"{label}_{year}"] = round(float(value), 4)
        for feature in features["features"]:  # type: ignore[attr-defined]
            feature["properties"] |= shown.get(feature["id"], {})
        if path is not None:
            try:
                Path(path).write_text(json.dumps(features), encoding="utf-8")
            except OSError as error:
                text = _("{path} cannot be written: {reason}")
                raise OutputError(text.format(path=path, reason=error)) from error
        return features

    def __repr__(self) -> str:
        """Title, size, and how the figures move."""
        sizes = self.data.sizes
        text = (
            _("<Simulation {title}: {replicates} replicates, {months} months, {clans} clans, interrupted>")
            if self.interrupted
            else _("<Simulation {title}: {replicates} replicates, {months} months, {clans} clans>")
        )
        head = text.format(
            title=self.title,
            replicates=sizes["replicate"],
            months=sizes["month"] - trajectory_tables.before(self.data),
            clans=self.data.attrs["clans"],
        )
        return f"{head}\n{self.summary().to_string(float_format='{:,.2f}'.format)}"

    def _repr_html_(self) -> str:
        return f"<b>{html.escape(self.title)}</b>{self.summary().to_html(float_format='{:,.2f}'.format)}"


@dataclass(frozen=True, eq=False)
class History:
    """A case's own events simulated month by month, beside what was observed year by year.

    Made by :meth:`Lab.history`.
    """

    case: Case
    """The case."""
    posterior: Posterior
    """The posterior from which the replicates are drawn."""
    forecast: Forecast
    """Simulated value of every claim in its year (replicate, claim)."""

    @cached_property
    def scores(self) -> Hindcast:
        """Withheld claims predicted: coverage of the intervals, and log scores against no change."""
        return hindcast(self.case, self.posterior, self.forecast)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Claims year by year, fitted and predicted: observed, simulated with intervals, and naive."""
        return predictions_table(self.case, self.posterior, fitted=True, forecast=self.forecast)

    def errors(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Mean absolute log error of the history and of the naive forecast, by quantity and country.

        Parameters
        ----------
        first, last
            Years between which the claims are dated, both included. None: no limit.

        Returns
        -------
        pandas.DataFrame
            As :meth:`Lab.prediction_errors`.
        """
        return errors_table(self.predictions, first, last)

    def figure(self) -> Drawing:
        """Every series of observations with the simulated values, in one panel each.

        Returns
        -------
        Drawing
            A panel for each series.

        Raises
        ------
        ComparisonError
            If no series has enough observations.
        """
        from contraflow.report.draw.predicted_series import draw_predictions
        from contraflow.text.names import shown_names

        drawn = draw_predictions(self.predictions, shown_names(self.case), self.case.info.baseline)
        if drawn is None:
            raise ComparisonError(_("The case has no series of at least three observations to be drawn."))
        return drawn

    def fan(
        self, *beside: History, quantity: str = "area", form: str = "", where: str | None = None
    ) -> Drawing:
        """One series, simulated and observed.

        Parameters
        ----------
        beside
            Other histories, drawn beside this one: ``earlier.fan(later)`` is one crop by two cases.
        quantity, form
            The series, as in the columns of :attr:`predictions`.
        where
            Id of a place, or code of a country. None: the home country.

        Returns
        -------
        Drawing
            A facet for each history, with its intervals.

        Raises
        ------
        ComparisonError
            If a history has no such series.
        """
        from contraflow.report.draw import histories
        from contraflow.text.names import shown_names

        every = (self, *beside)
        told = [
            histories.PanelSeries(
                h.case.info.title, h.predictions, h.posterior.log_posterior.likelihood.last, h._bounds
            )
            for h in every
        ]
        names = shown_names(self.case)
        place = where or self.case.info.home
        return histories.draw_histories(told, quantity, form, place, names)

    @property
    def _bounds(self) -> dict[str, int]:
        """Claims that are bounds: 1 for a lower one, -1 for an upper one."""
        likelihood = self.posterior.log_posterior.likelihood
        sides = zip(likelihood.claims, likelihood.sides.tolist(), strict=True)
        return {claim.id: side for claim, side in sides if side}
