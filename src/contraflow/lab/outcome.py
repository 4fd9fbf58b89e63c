"""Outcomes: one economy, baseline or under a policy, and what can be asked of it."""

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
    import plotly.graph_objects as go

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
"""Columns of the headline figures that a comparison shows of itself."""


class EquilibriumSearch(NamedTuple):
    """How an equilibrium was sought: (draw,) or (draw, start) arrays.

    ``residual`` (draw, start) is the largest residual in logarithms that each start ended with,
    ``history`` (draw, start, round) its course, ``evaluations`` (draw, start) the work done,
    ``equilibria`` (draw,) the number of distinct equilibria found.
    """

    residual: FloatArray
    history: FloatArray
    evaluations: IntArray
    equilibria: IntArray


@dataclass(frozen=True, eq=False)
class Outcome:
    """An economy that was computed: labelled results, and how they were found.

    ``data`` is an :class:`xarray.Dataset` whose variables all lead with ``draw``; ``docs/results.md``
    lists them with units. ``search`` is None for the baseline, which needs no solving;
    ``alternatives`` are other equilibria of the same policy.
    """

    title: str
    policy: Mapping[str, float]
    network: Network
    data: xr.Dataset
    search: EquilibriumSearch | None = None
    alternatives: tuple[Outcome, ...] = ()

    def compare(self, other: Outcome) -> Comparison:
        """This outcome against another of the same lab: the baseline, or another policy.

        Raises ComparisonError if the two do not share their draws.

        Examples
        --------
        >>> shut.compare(base).after.title
        'Shut the sky'
        """
        return Comparison(other, self)

    def summary(self) -> pd.DataFrame:
        """Headline figures of this outcome.

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
        """Who earns what, M$ per year."""
        from contraflow.results import tables

        return tables.incomes(self.data, self.data)

    def livelihoods(self, by: str = "activity") -> pd.DataFrame:
        """What households at home live from, by ``activity``, ``zone``, ``income`` or ``hire``."""
        from contraflow.results import side_economies

        return side_economies.livelihoods(self.data, by=by)

    def goods(self, by: str = "country") -> pd.DataFrame:
        """What else leaves home, kg and M$ a year, by ``country``, ``route`` or ``form``."""
        from contraflow.results import side_economies

        return side_economies.goods(self.data, by=by)

    def supplies(self) -> pd.DataFrame:
        """Who supplies what the trade buys, M$ a year."""
        from contraflow.results import side_economies

        return side_economies.supplies(self.data)

    def map(self) -> go.Figure:
        """Flows on the map, coloured by mode."""
        from contraflow.report.draw import map
        from contraflow.text.names import shown_names

        case = self.network.case
        return map.flow_map(self.data, case.places, names=shown_names(case))

    def sankey(self) -> go.Figure:
        """Mass from where it grows to who buys."""
        from contraflow.report.draw import sankey
        from contraflow.text.names import shown_names

        return sankey.sankey(self.data, shown_names(self.network.case))

    def ladder(self) -> pd.DataFrame:
        """Price at each step from farm gate to market, and what each step is made of, USD per kg."""
        from contraflow.results import tables

        return tables.price_ladder(self.data)

    def convergence(self) -> pd.DataFrame:
        """How each start came to its equilibrium: residual after each round, work, whether it is new."""
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

    Draws that are not solved in both are left out of all tables, which say how many in
    ``attrs["left_out"]``.
    """

    before: Outcome
    after: Outcome

    def __post_init__(self) -> None:
        """Refuse outcomes that do not go together. Raises ComparisonError."""
        draws.expect_same_draws(self.before.data, self.after.data)

    @cached_property
    def _pair(self) -> tuple[xr.Dataset, xr.Dataset]:
        """Both sides on the draws that they share."""
        base, after = draws.paired(self.before.data, self.after.data)
        return base, base if after is None else after

    @property
    def left_out(self) -> int:
        """How many draws are left out, since one of the sides found no equilibrium in them."""
        return draws.left_out(self._pair[0])

    def summary(self) -> pd.DataFrame:
        """Headline figures before and after, with the probabilities that each falls or rises.

        Examples
        --------
        >>> float(change.summary().loc["exports", "ratio"].round(1))
        0.8
        """
        from contraflow.results import tables

        return tables.headline(*self._pair)

    def probability(
        self, figure: str, direction: Direction, *, by: float = 0.0, among: str | None = None
    ) -> float:
        """Share of draws in which a figure falls or rises by more than the part ``by`` of its value before.

        ``figure`` is a row of :meth:`summary` or, with ``among``, of the displacement by ``mode``,
        ``route``, ``country``, ``form`` or ``zone``, or of the incomes by ``actor``:
        ``probability("exports", "falls", by=0.05)``. Raises ComparisonError for what is not there, and for
        a single draw.

        Examples
        --------
        >>> change.probability("exports by air", "falls", by=0.5) > 0.9
        True
        """
        from contraflow.results import probabilities

        return probabilities.probability(*self._pair, figure, direction, by=by, among=among)

    def displacement(self, by: str = "mode") -> pd.DataFrame:
        """What moved where, by ``mode``, ``route`` or ``zone``.

        Examples
        --------
        >>> list(change.displacement("mode").index)
        ['plane', 'ship']
        """
        from contraflow.results import tables

        return tables.displacement(*self._pair, by)

    def map(self) -> go.Figure:
        """What changes on the map: more and less."""
        from contraflow.report.draw import map
        from contraflow.text.names import shown_names

        case = self.before.network.case
        names = shown_names(case)
        base, after = self._pair
        return map.flow_map(base, case.places, after, "difference", names=names)

    def incomes(self) -> pd.DataFrame:
        """Who earns what before and after, M$ per year."""
        from contraflow.results import tables

        return tables.incomes(*self._pair)

    def livelihoods(self, by: str = "activity") -> pd.DataFrame:
        """What households at home live from, by ``activity``, ``zone``, ``income`` or ``hire``."""
        from contraflow.results import side_economies

        return side_economies.livelihoods(*self._pair, by=by)

    def goods(self, by: str = "country") -> pd.DataFrame:
        """What else leaves home, kg and M$ a year, by ``country``, ``route`` or ``form``."""
        from contraflow.results import side_economies

        return side_economies.goods(*self._pair, by=by)

    def supplies(self) -> pd.DataFrame:
        """Who supplies what the trade buys, M$ a year."""
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
    """How columns of probabilities are written."""
    return {name: "{:.0%}".format for name in SHOWN if name.startswith("p_")}
