"""Conditioning on an observation: what a policy does, given how far some figure moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from contraflow._language import _
from contraflow._numbers import fixed, signed_share, with_percent
from contraflow._types import FloatArray, IntArray
from contraflow.analysis.psis import weighted_quantiles
from contraflow.errors import ComparisonError
from contraflow.lab.outcome import Comparison, Outcome
from contraflow.results.asked_figures import asked_figure, unit_of
from contraflow.results.draws import OWN
from contraflow.results.short_table import own_notes, short_table

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 10.0
"""Effective number of draws below which a conditional answer is refused."""

EXAMPLE = "given={'exports by air': (-0.3, 0.1)}"
"""How observations are written."""

QUANTILES = {"": 0.5, "_5": 0.05, "_25": 0.25, "_75": 0.75, "_95": 0.95}


@dataclass(frozen=True)
class Observation:
    """What was observed of a figure: its relative change, with a normal error."""

    figure: str
    """The figure."""
    change: float
    """Change as a share of the value before, such as -0.3."""
    error: float
    """Standard deviation of the observation's error, in the same unit."""

    @property
    def words(self) -> str:
        """The observation in words: ``exports by air −30% (±10%)``."""
        error = with_percent(fixed(100 * self.error, 0))
        return f"{_(self.figure)} {signed_share(self.change)} (±{error})"


def read_observations(given: Mapping[str, Sequence[float]]) -> tuple[Observation, ...]:
    """Check what was observed.

    Raises
    ------
    ComparisonError
        For what is no mapping from figures to (change, error), an error that is not positive, a fall of more
        than all, and nothing at all.
    """
    if not isinstance(given, Mapping) or not given:
        text = _(
            "What is given is {given}; write {example}, a relative change and the deviation of its error."
        )
        raise ComparisonError(text.format(given=repr(given), example=EXAMPLE))
    found = []
    for name, stated in given.items():
        try:
            change, error = (float(x) for x in stated)
        except (TypeError, ValueError):
            text = _(
                "{figure} is given as {given}; write {example}, a relative change and the deviation of its "
                "error."
            )
            told = text.format(figure=repr(name), given=repr(stated), example=EXAMPLE)
            raise ComparisonError(told) from None
        if not (np.isfinite(change) and change >= -1):
            text = _("{figure} cannot change by {change}: -1 is a fall to nothing.")
            raise ComparisonError(text.format(figure=repr(name), change=f"{change:g}"))
        if not (np.isfinite(error) and error > 0):
            text = _("The error of {figure} is {error}; a standard deviation is above 0.")
            raise ComparisonError(text.format(figure=repr(name), error=f"{error:g}"))
        found.append(Observation(str(name), change, error))
    return tuple(found)


def log_weights(before: FloatArray, after: FloatArray, observations: Sequence[Observation]) -> FloatArray:
    """Logarithms of the likelihood of observations (problem,), up to a constant.

    Parameters
    ----------
    before, after
        Figures (problem, observation).
    observations
        What was observed.

    Returns
    -------
    numpy.ndarray
        Minus infinity where a figure is unknown or was nothing before.
    """
    some = before != 0
    change = np.where(some, after / np.where(some, before, 1.0) - 1, np.nan)
    wanted = np.array([o.change for o in observations])
    error = np.array([o.error for o in observations])
    found = -0.5 * (((change - wanted) / error) ** 2).sum(axis=1)
    return np.where(np.isnan(found), -np.inf, found)


def effective_number(weights: FloatArray, draw: IntArray, draws: int) -> float:
    """Effective number of draws, (sum w)^2 / sum w^2 (Kish 1965), of weights (problem,) summed by draw."""
    own = np.bincount(draw, weights, draws)
    square = float((own**2).sum())
    return float(own.sum()) ** 2 / square if square > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Conditional:
    """A policy's effects, given an observation; made by :meth:`contraflow.Lab.conditional`.

    The draws of the lab, and levels that were given as ranges, are the prior; their weights are in proportion
    to the likelihood of the observation, normal in the relative change of each figure.
    """

    title: str
    """The question, as shown."""
    observations: tuple[Observation, ...]
    """What is given."""
    base: Outcome
    """The baseline."""
    draw: IntArray
    """Draw of each problem (problem,)."""
    levels: Mapping[str, FloatArray]
    """Levels that were given as ranges, by id (problem,)."""
    weights: FloatArray
    """Weight of each problem (problem,); they sum to 1, and are 0 without an equilibrium."""
    effective_draws: float
    """Effective number of draws."""
    data: Callable[[IntArray], xr.Dataset]
    """Labelled results of some problems."""
    figures: tuple[str, ...]
    """Figures of the table."""
    spot: str
    """Node whose price is quoted."""

    @cached_property
    def _known(self) -> tuple[IntArray, xr.Dataset, xr.Dataset]:
        """Problems with an equilibrium, and their results before and after."""
        kept = np.flatnonzero(self._solved)
        return kept, self.base.data.isel(draw=self.draw[kept]), self.data(kept)

    @cached_property
    def _solved(self) -> FloatArray:
        return np.asarray(np.isfinite(self._logs))

    @cached_property
    def _logs(self) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.log(np.where(self.weights >= 0, self.weights, 0.0))

    def summary(self) -> pd.DataFrame:
        """Figures before the policy, after it, and after it given the observation.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: ``unit``; ``before``; ``prior`` (after the policy, whatever was observed) and
            ``posterior`` (given the observation) with their intervals; and ``change``, that of the posterior
            from before, draw by draw. ``attrs["effective_draws"]`` is the effective number of draws.
        """
        import pandas as pd

        kept, before, after = self._known
        flat, own = np.ones(kept.size), self.weights[kept]
        rows = []
        for name in self.figures:
            first, last = asked_figure(before, name, self.spot), asked_figure(after, name, self.spot)
            row: dict[str, object] = {"figure": name, "unit": unit_of(name)}
            for column, values, weights in (
                ("before", first, flat),
                ("prior", last, flat),
                ("posterior", last, own),
                ("change", last - first, own),
            ):
                row |= {column + end: _quantile(values, weights, q) for end, q in QUANTILES.items()}
            rows.append(row)
        frame = pd.DataFrame(rows).set_index("figure")
        frame.attrs |= self._attributes
        return frame

    def table(self) -> pd.DataFrame:
        """The posterior of :meth:`summary` in few columns of text.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: ``unit``, ``before``, ``after`` given the observation, and ``change`` with its
            90 % interval.
        """
        frame = self.summary()
        after = {c: str(c).replace("posterior", "after") for c in frame if str(c).startswith("posterior")}
        return short_table(frame.rename(columns=after), len(self.base.data["draw"]))

    def level_table(self) -> pd.DataFrame:
        """Levels that were given as ranges: what the observation says of them.

        Returns
        -------
        pandas.DataFrame
            Indexed by lever: ``prior`` and ``posterior`` with their intervals.
        """
        import pandas as pd

        rows = {}
        for name, values in self.levels.items():
            kept = self._known[0]
            rows[name] = {
                column + end: _quantile(values[kept], weights, q)
                for column, weights in (("prior", np.ones(kept.size)), ("posterior", self.weights[kept]))
                for end, q in QUANTILES.items()
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("lever")

    def comparison(self, count: int | None = None) -> Comparison:
        """Draws of the posterior, as a comparison with all its tables: prices, pay, incomes, destinations.

        Parameters
        ----------
        count
            Number of draws, resampled systematically in proportion to the weights. None: as many as the lab
            has.

        Returns
        -------
        Comparison
            The policy against the baseline.
        """
        size = self.base.data.sizes["draw"] if count is None else count
        points = (np.arange(size) + 0.5) / size
        edges = np.cumsum(self.weights) / self.weights.sum()
        chosen = np.minimum(np.searchsorted(edges, points), self.weights.size - 1)
        some, place = np.unique(chosen, return_inverse=True)
        after = self.data(some).isel(draw=place).assign_coords(draw=np.arange(size))
        before = self.base.data.isel(draw=self.draw[chosen]).assign_coords(draw=np.arange(size))
        attributes = {**self.base.data.attrs, "title": self.title, "given": self._given}
        after = after.assign_attrs(attributes)
        network = self.base.network
        return Comparison(
            Outcome(self.base.title, {}, network, before), Outcome(self.title, {}, network, after)
        )

    @property
    def _given(self) -> str:
        return "; ".join(o.words for o in self.observations)

    @property
    def _attributes(self) -> dict[str, object]:
        told = {name: self.base.data.attrs[name] for name in OWN if name in self.base.data.attrs}
        return {"given": self._given, "effective_draws": self.effective_draws, **told}

    def words(self) -> list[str]:
        """What the numbers rest on, in sentences."""
        draws = self.base.data.sizes["draw"]
        text = _("Given: {given}. Effective number of draws: {effective} of {draws}.")
        said = [text.format(given=self._given, effective=fixed(self.effective_draws, 0), draws=draws)]
        return [*said, *own_notes(self.base.data.attrs)]

    def __repr__(self) -> str:
        """The question and the figures."""
        parts = [f"<Conditional {self.title}>", self.table().to_string(), *self.words()]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(line)}</p>" for line in self.words())
        return f"<b>{escape(self.title)}</b>{self.table().to_html()}{said}"


def _quantile(values: FloatArray, weights: FloatArray, at: float) -> float:
    """A quantile under weights (draw,), over values that are known; NaN without any."""
    known = ~np.isnan(values) & (weights > 0)
    if known.sum() < 2:
        return float(values[known][0]) if known.any() else float("nan")
    return float(weighted_quantiles(values[known], weights[known][None], (at,))[0, 0])
