"""Simulations: the economy month by month, and what can be asked of it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

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
from contraflow.results import trajectory_tables
from contraflow.results.dataset import make_dataset

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Simulation:
    """Months of many replicates: labelled results, and where they come from.

    ``data`` is an :class:`xarray.Dataset` whose variables lead with (replicate, month);
    ``docs/simulation.md`` lists them with units. Its first twelve months are those before the policy.
    ``changes`` says in words which month brings what.
    """

    title: str
    network: Network
    data: xr.Dataset
    changes: tuple[tuple[int, str], ...]
    _simulator: Simulator
    _ledger: FloatArray
    _levels: FloatArray
    _summary: MonthlySummary

    @property
    def interrupted(self) -> bool:
        """Whether the run was stopped before its end; then ``data`` holds what was done."""
        return bool(self.data.attrs["interrupted"])

    def series(self, figure: str) -> xr.DataArray:
        """A figure of every replicate and month, (replicate, month). Raises ComparisonError if unknown."""
        return trajectory_tables.series(self.data, figure)

    def yearly(self) -> pd.DataFrame:
        """Figures by year, with intervals."""
        return trajectory_tables.yearly(self.data)

    def summary(self) -> pd.DataFrame:
        """How each figure moves: before, first and last year, its extreme, lag and recovery in months."""
        return trajectory_tables.summary(self.data)

    def incomes(self) -> pd.DataFrame:
        """Incomes of actors by year, M$."""
        return trajectory_tables.incomes(self.data)

    def arrests(self) -> pd.DataFrame:
        """Persons arrested by role and year."""
        return trajectory_tables.arrests(self.data)

    def sensitivity(self, figure: str, year: int | None = None) -> pd.DataFrame:
        """Numbers of behaviour by how closely a figure follows them over the replicates, in a year.

        By rank correlation, the strongest first; the last year unless told otherwise. Raises ComparisonError
        for an unknown figure or year, and for fewer than ten replicates.
        """
        from contraflow.results.behaviour_sensitivity import behaviour_sensitivity

        return behaviour_sensitivity(self.data, figure, year)

    def against(self, other: Simulation) -> pd.DataFrame:
        """Figures of this run over those of another by year, replicate by replicate.

        Raises ComparisonError unless both share draws, seed, clans and years.
        """
        return trajectory_tables.contrast(other.data, self.data)

    def year(self, year: int) -> Outcome:
        """One year as an outcome, with its tables, map and Sankey; draws are the replicates.

        Raises ComparisonError for a year that was not simulated.
        """
        names = trajectory_tables.years(self.data)
        if year not in names:
            raise ComparisonError(f"There is no year {year}: the run has {names[0]} to {names[-1]}.")
        start = names.index(year) * trajectory_tables.YEAR
        months = slice(start, start + trajectory_tables.YEAR)
        settled = self.window(months)
        load = np.asarray(self._loads)
        data = make_dataset(
            self.network,
            self._ledger,
            settled,
            load,
            self.data["spending"].values[:, months].sum(axis=1),
            {k: v for k, v in self.data.attrs.items() if k != "ledger"}
            | {"title": f"{self.title}, year {year}", "policy": {}},
        )
        return Outcome(f"{self.title}, year {year}", {}, self.network, data)

    def window(self, months: slice) -> Settled:
        """Some months as one economy at yearly rates, with its books, over replicates."""
        return self._simulator.window(self._ledger, self._levels, self._summary, months)

    @cached_property
    def _loads(self) -> FloatArray:
        """Loads of facilities in the baseline (replicate, facility)."""
        import jax

        anchors = jax.jit(jax.vmap(self._simulator.responder.anchor))(self._ledger)
        return np.asarray(anchors.load)

    def fan(self, *figures: str, against: Simulation | None = None) -> go.Figure:
        """Fan charts of figures over months: median, 50 % and 90 % of the replicates."""
        from contraflow.report.draw import fans

        chosen = figures or ("exports", "hectares at home", "valley price", "seized at home")
        return fans.fans(self.data, chosen, self.changes, None if against is None else against.data).figure()

    def modes(self) -> go.Figure:
        """Small multiples of the ways out of the country over months."""
        from contraflow.report.draw import fans

        return fans.modes(self.data, self.changes).figure()

    def map(self) -> go.Figure:
        """Flows on the map, a step a year."""
        from contraflow.report.draw import fans
        from contraflow.text.names import shown_names

        case = self.network.case
        outcomes = {year: self.year(year).data for year in trajectory_tables.years(self.data)}
        return fans.stepped_map(outcomes, case.places, shown_names(case)).figure()

    def page(self, against: Simulation | None = None) -> str:
        """A page with all figures: one HTML file that opens offline. ``against`` is a run without."""
        from contraflow.report.sections import month_by_month as pages

        years = {year: self.year(year).data for year in trajectory_tables.years(self.data)}
        other = None if against is None else against.data
        return pages.render(self.network.case, self.data, self.changes, years, other)

    def conduct_in_words(self) -> str:
        """How the state spreads its searches."""
        return ABOUT[SearchStrategy(self.data.attrs["search_strategy"])]

    def to_netcdf(self, path: str | Path) -> None:
        """Write all months to NetCDF. Raises OutputError."""
        try:
            self.data.to_netcdf(path, engine="h5netcdf")
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error}") from error

    def to_geojson(self, path: str | Path | None = None) -> dict[str, object]:
        """Places and links with their yearly flows, a GeoJSON FeatureCollection (RFC 7946).

        Links carry ``tonnes_YEAR`` and ``seized_YEAR``: tonnes of pure substance, medians over replicates.
        Written to ``path`` if given; raises OutputError.
        """
        features = to_geojson(self.network)
        names = trajectory_tables.years(self.data)
        shown: dict[str, dict[str, float]] = {a.id: {} for a in self.network.arcs}
        for number, year in enumerate(names):
            months = slice(number * trajectory_tables.YEAR, (number + 1) * trajectory_tables.YEAR)
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
                raise OutputError(f"{path} cannot be written: {error}") from error
        return features

    def __repr__(self) -> str:
        """Title, size and how the figures move."""
        sizes = self.data.sizes
        stopped = ", interrupted" if self.interrupted else ""
        head = (
            f"<Simulation {self.title}: {sizes['replicate']} replicates, "
            f"{sizes['month'] - trajectory_tables.before(self.data)} months, "
            f"{self.data.attrs['clans']} clans{stopped}>"
        )
        return f"{head}\n{self.summary().to_string(float_format='{:,.2f}'.format)}"

    def _repr_html_(self) -> str:
        return f"<b>{html.escape(self.title)}</b>{self.summary().to_html(float_format='{:,.2f}'.format)}"


@dataclass(frozen=True, eq=False)
class History:
    """A case's events told forward, against what was observed year by year."""

    case: Case
    posterior: Posterior
    forecast: Forecast

    @cached_property
    def scores(self) -> Hindcast:
        """Withheld claims predicted: coverage of intervals, log scores against "nothing changes"."""
        return hindcast(self.case, self.posterior, self.forecast)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Claims year by year, fitted and predicted: observed, foreseen with intervals, and naive."""
        return predictions_table(self.case, self.posterior, fitted=True, forecast=self.forecast)

    def errors(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Typical error of the history and of the naive forecast, by quantity and country.

        Of claims dated from the year ``first`` to ``last``; of all unless given.
        """
        return errors_table(self.predictions, first, last)

    def figure(self) -> go.Figure:
        """Series of observations with what was foreseen, a panel each."""
        from contraflow.report.sections import predictions
        from contraflow.text.names import shown_names

        names = shown_names(self.case)
        return predictions.draw_predictions(self.predictions, names, self.case.info.baseline).figure()

    def fan(
        self, *beside: History, quantity: str = "area", form: str = "", where: str | None = None
    ) -> go.Figure:
        """One series, foreseen and observed, in one panel; other histories ``beside`` this one.

        ``quantity`` and ``form`` name the series as the columns of :attr:`predictions` do, ``where`` is a
        place's id or a country's code, by default that of the home country: ``andes.fan(peru)`` is the coca
        of Peru by two cases. Raises ComparisonError if a history has no such series.
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
        return histories.draw_histories(told, quantity, form, place, names).figure()

    @property
    def _bounds(self) -> dict[str, int]:
        """Claims that are bounds: 1 for a lower one, -1 for an upper one."""
        likelihood = self.posterior.log_posterior.likelihood
        sides = zip(likelihood.claims, likelihood.sides.tolist(), strict=True)
        return {claim.id: side for claim, side in sides if side}
