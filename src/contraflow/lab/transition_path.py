"""Transition paths: how an economy gets from the baseline to where a policy leads, step by step."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from contraflow._language import _, ngettext
from contraflow._types import BoolArray, FloatArray, Progress
from contraflow.dynamics.adjustment import Adjustment, Step, steps
from contraflow.dynamics.timeline import Timeline
from contraflow.errors import ComparisonError, ConvergenceError
from contraflow.lab.outcome import Outcome
from contraflow.policy.horizon import in_years
from contraflow.policy.responder import Settled
from contraflow.results import figures
from contraflow.results.draws import quantiles
from contraflow.results.view import price_spot
from contraflow.text.figure_words import time_in_words

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "exports", "exports by air", "hectares at home", "farm-gate price", "local price", "growers' income",
    "seized at home", "delivered",
)  # fmt: skip
"""Figures of the summary, as far as the economy has them."""

HALF = 0.5
"""Part of the largest change whose date is reported."""

FEWEST = 0.5
"""Part of the draws in which markets must clear on the way."""

STEADY = 0.01
"""Part of the value before below which a change is none."""


@dataclass(frozen=True, eq=False)
class TransitionPath:
    """An economy on its way, in steps of a month or a quarter; made by :meth:`contraflow.Lab.path`.

    Figures of a step are at yearly rates. All tables hold medians over draws; with more than one draw, the
    columns that end in ``_5``, ``_25``, ``_75`` and ``_95`` bound the 90 % and the 50 % interval.
    """

    title: str
    """Title, as shown."""
    base: Outcome
    """The baseline, from which the path starts."""
    ends: FloatArray
    """Years from the beginning to the end of each step (step,)."""
    values: FloatArray
    """Headline figures (step, draw, figure), in the order of ``names``; no meaning where not ``solved``."""
    names: tuple[str, ...]
    """Names of the figures."""
    solved: BoolArray
    """Whether markets clear in all steps (draw,)."""
    outcome: Callable[[int], Outcome]
    """The economy of a step, by its number."""

    def at(self, time: str | float) -> Outcome:
        """The economy at a time, with all its tables.

        Parameters
        ----------
        time
            ``"6 months"``, ``"1 year"`` or a number of years: the step in which it lies.

        Returns
        -------
        Outcome
            At yearly rates; it compares with outcomes of the same lab.

        Raises
        ------
        PolicyError
            For a time that cannot be read.
        ComparisonError
            For a time after the end of the path.
        """
        years = in_years(time)
        if years > self.ends[-1] + 1e-9:
            text = _("The path ends after {time}: ask for a time in it.")
            raise ComparisonError(text.format(time=time_in_words(float(self.ends[-1]))))
        return self.outcome(int(np.searchsorted(self.ends, years - 1e-9)))

    def series(self, figure: str) -> xr.DataArray:
        """One headline figure in every draw and step.

        Parameters
        ----------
        figure
            A headline figure, such as ``exports``.

        Returns
        -------
        xarray.DataArray
            Values (draw, years); the first is that of the baseline, at 0 years.

        Raises
        ------
        ComparisonError
            For an unknown figure.
        """
        unit = figures.outcome_figure(figure).unit
        before = figures.per_draw(self.base.data, figure, spot=price_spot(self.base.data))
        values = np.concatenate([before[None], self.values[:, :, self.names.index(figure)]])
        return xr.DataArray(
            np.where(self.solved[:, None], values.T, np.nan),
            dims=("draw", "years"),
            coords={"years": np.concatenate([[0.0], self.ends])},
            name=figure,
            attrs={"unit": unit},
        )

    @cached_property
    def _had(self) -> tuple[str, ...]:
        """Figures that the economy has, in the baseline or on the way."""
        lacking = figures.lacking(self.base.data)
        moved = np.asarray(np.nan_to_num(self.values[:, self.solved]).any(axis=(0, 1)))
        return tuple(n for n, some in zip(self.names, moved, strict=True) if some or n not in lacking)

    def table(self) -> pd.DataFrame:
        """Headline figures along the path.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``figure`` and ``years``: the median ``value``, its ``ratio`` to the baseline, their
            intervals, and ``unit``.
        """
        import pandas as pd

        parts = []
        for name in self._had:
            series = self.series(name)
            own = series.values[self.solved]
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where(own[:, :1] > 0, own / own[:, :1], np.nan)
            index = pd.MultiIndex.from_product([[name], series["years"].values], names=["figure", "years"])
            columns = quantiles("value", own) | quantiles("ratio", ratio)
            parts.append(pd.DataFrame(columns, index=index).assign(unit=series.attrs["unit"]))
        frame = pd.concat(parts)
        frame.attrs |= {"draws": int(self.solved.sum()), "left_out": int((~self.solved).sum())}
        return frame

    def summary(self) -> pd.DataFrame:
        """How each figure moves.

        Returns
        -------
        pandas.DataFrame
            Indexed by figure: medians ``before``, after the ``first year`` and at the ``end``; the value
            furthest from before (``extreme``) and when (``extreme_years``); ``half_years``, when half of the
            change to the extreme is reached; ``kept``, the part of that change which is left at the end;
            ``unit``. NaN where a figure does not move.
        """
        import pandas as pd

        rows = {}
        for name in (name for name in SHOWN if name in self._had):
            series = self.series(name)
            own, years = series.values[self.solved], series["years"].values
            middle = np.median(own, axis=0)
            change = middle - middle[0]
            furthest = int(np.argmax(np.abs(change)))
            moved = abs(change[furthest]) > STEADY * abs(middle[0])
            half = int(np.argmax(np.abs(change) >= HALF * abs(change[furthest])))
            first = int(np.searchsorted(years, min(1.0, years[-1]) - 1e-9))
            rows[name] = {
                "before": middle[0],
                "first year": middle[first],
                "end": middle[-1],
                "extreme": middle[furthest],
                "extreme_years": years[furthest] if moved else np.nan,
                "half_years": years[half] if moved else np.nan,
                "kept": change[-1] / change[furthest] if moved else np.nan,
                "unit": series.attrs["unit"],
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("figure")

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._head())}</p>{self.summary().to_html()}"

    def __repr__(self) -> str:
        """Title, length and how the figures move."""
        return f"{self._head()}\n{self.summary().to_string(float_format='{:,.3g}'.format)}"

    def _head(self) -> str:
        draws = int(self.solved.sum())
        text = ngettext(
            "<TransitionPath {title}: {time} in {steps} steps, {draws} draw>",
            "<TransitionPath {title}: {time} in {steps} steps, {draws} draws>",
            draws,
        )
        time = time_in_words(float(self.ends[-1]))
        return text.format(title=self.title, time=time, steps=len(self.ends), draws=draws)


Label = Callable[[Step, Settled, BoolArray, str], xr.Dataset]
"""From a step, its economies, the problems that are solved and a title to labelled results."""


def follow(
    adjustment: Adjustment,
    base: Outcome,
    timelines: Sequence[tuple[str, Timeline]],
    label: Label,
    progress: Progress,
) -> list[TransitionPath | ConvergenceError]:
    """Follow timelines from the baseline, all at once.

    Parameters
    ----------
    adjustment
        The draws whose economies adjust.
    base
        The baseline of the same draws.
    timelines
        Titles of the paths, and levels of the measures by month as in
        :meth:`~contraflow.dynamics.adjustment.Adjustment.path`.
    label
        Labels the economies of a step.
    progress
        Callback ``progress(message, fraction)``.

    Returns
    -------
    list
        In the order of ``timelines``: the path, or the error that says when markets failed to clear in half
        of the draws or more.
    """
    spot = price_spot(base.data)
    draws = len(adjustment.ledger)
    several = ngettext("{number} policy", "{number} policies", len(timelines)).format(number=len(timelines))
    shown = timelines[0][0] if len(timelines) == 1 else several
    taken: list[Step] = []
    values = []
    planned = len(steps(timelines[0][1]))
    for step, settled in adjustment.path([timeline for _title, timeline in timelines]):
        data = label(step, settled, np.ones(len(step.solved), dtype=bool), shown)
        names, found = figures.outcome_rows(data, spot)
        taken.append(step)
        values.append(found)
        if not step.solved.any():
            break
        progress(_("Following: {policy}").format(policy=shown), len(taken) / planned)
    every = np.stack(values)

    def path(title: str, own: slice) -> TransitionPath | ConvergenceError:
        for step in taken:
            if step.solved[own].mean() <= FEWEST:
                text = _(
                    "After {time} prices that clear all markets are found in {solved} of {draws} draws. "
                    "Try a lower level."
                )
                found = int(step.solved[own].sum())
                return ConvergenceError(text.format(time=time_in_words(step.ends), solved=found, draws=draws))
        solved = taken[-1].solved[own]

        def outcome(number: int) -> Outcome:
            step = taken[number].only(own)
            name = _("{title}, after {time}").format(title=title, time=time_in_words(step.ends))
            return Outcome(name, {}, base.network, label(step, adjustment.economies(step), solved, name))

        ends = np.array([step.ends for step in taken])
        return TransitionPath(title, base, ends, every[:, own], tuple(names), solved, outcome)

    return [path(title, slice(i * draws, (i + 1) * draws)) for i, (title, _timeline) in enumerate(timelines)]
