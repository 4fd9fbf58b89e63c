"""Questions from the answer backwards: which level does it, and what follows from what was seen."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contraflow._language import _
from contraflow._numbers import cell, fixed, share
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.errors import ComparisonError, PolicyError
from contraflow.lab.conditioned import (
    FEWEST,
    Conditional,
    effective_number,
    log_weights,
    read_observations,
)
from contraflow.lab.level_search import LevelFor, nearest_crossing
from contraflow.lab.weighed_evidence import WeighsEvidence
from contraflow.model.numerics import jax
from contraflow.policy import describe, levels
from contraflow.policy.horizon import LONG_RUN, in_words, in_years
from contraflow.policy.policy import levers_of
from contraflow.policy.responder import Settled
from contraflow.results.asked_figures import asked_figure, unit_of
from contraflow.results.view import price_spot
from contraflow.text.figure_words import time_in_words

PROBLEMS = 512
"""Problems whose accounts are held at a time."""

DOUBLED = 1.0
"""Highest change of a market's demand or price at which a level is sought."""

SPREAD = 8
"""Levels at which each draw is computed where a level is given as a range."""


class AsksBackwards(WeighsEvidence):
    """Inverse and conditional questions."""

    def level_for(
        self,
        measure: str,
        figure: str,
        *,
        falls: float | None = None,
        rises: float | None = None,
        to: float | None = None,
        policy: Mapping[str, float] | None = None,
        after: str | float = LONG_RUN,
    ) -> LevelFor:
        """The level of a measure at which a figure falls or rises by so much, or reaches a value.

        Every draw is solved on a grid of levels from the lowest to the highest, then narrowed down, so that
        the figure need not move one way only. Draws that never reach the target at any level are counted.

        Parameters
        ----------
        measure
            Id of a measure, or of a market such as ``demand:MARKET``.
        figure
            A headline figure, or ``share of exports by air``.
        falls, rises
            Part of the figure's baseline value by which it is to fall or rise at least, for example 0.3. Give
            one of these or ``to``.
        to
            Value that it is to reach, in its unit, from above or below.
        policy
            Levels of other measures. None: as in the baseline.
        after
            Time since the policy began, as for :meth:`respond`.

        Returns
        -------
        LevelFor
            The level nearest to today's in each draw, with its median, interval and the share of draws that
            reach the target.

        Raises
        ------
        PolicyError
            For an unknown measure, one that ``policy`` sets as well, and a level out of range.
        ComparisonError
            For an unknown figure, one that is 0 in the baseline, and unless one target is given.

        Examples
        --------
        >>> found = lab.level_for("interceptors", "exports by air", falls=0.3)
        >>> found.share > 0.9
        True
        """
        others = dict(policy or {})
        base = levels(self.case, self.responder.levers.baseline, others)
        levels(self.case, self.responder.levers.baseline, {measure: 0.0})
        if measure in others:
            text = _("'{measure}' is both sought and set by the policy: leave it out of the policy.")
            raise PolicyError(text.format(measure=measure))
        known = levers_of(self.case)
        lever, place = known[measure], list(known).index(measure)
        if lever.is_change:
            lever = dataclasses.replace(lever, most=DOUBLED)
        years = in_years(after)
        before = self.baseline().data
        spot = price_spot(before)
        value = asked_figure(before, figure, spot)
        side, target, aim = _target(figure, value, falls, rises, to)

        def evaluate(draw: IntArray, level: FloatArray) -> FloatArray:
            wanted = np.repeat(base[None], draw.size, axis=0)
            wanted[:, place] = level
            return self._figures_at((figure,), wanted, draw, years, spot)[:, 0]

        today = float(self.responder.levers.baseline[place])
        found = nearest_crossing(evaluate, target, today, (lever.least, lever.most), side)
        text = _("{lever} at which {aim}")
        title = text.format(lever=lever.name, aim=aim)
        if others:
            title = _("{question}, with {policy}").format(question=title, policy=describe(self.case, others))
        if years != math.inf:
            title = _("{question}, after {time}").format(question=title, time=time_in_words(years))
        return LevelFor(
            self._titled(title),
            lever,
            today,
            figure,
            found.level,
            found.unknown,
            found.several,
            self.own_attributes,
        )

    def conditional(
        self,
        policy: Mapping[str, float | tuple[float, float]],
        given: Mapping[str, Sequence[float]],
        *,
        figures: Sequence[str] | None = None,
        after: str | float = LONG_RUN,
    ) -> Conditional:
        """What a policy does, given how far some figures were seen to move.

        The draws of the lab are the prior. Each is weighted by the likelihood of the observation: normal in
        the relative change of the figure from the baseline. A level that is not known is given as a range,
        over which it is uniform beforehand; then the observation also says how high it must have been.

        Parameters
        ----------
        policy
            Level of each measure, or a range (lowest, highest).
        given
            For each observed figure its relative change and the standard deviation of the observation's
            error: ``{"exports by air": (-0.3, 0.1)}``. Headline figures, or ``share of exports by air``.
        figures
            Figures of the table. None: all headline figures that are not 0 throughout.
        after
            Time since the policy began, as for :meth:`respond`.

        Returns
        -------
        Conditional
            Figures with and without the observation, levels, and draws of the posterior with all tables.

        Raises
        ------
        PolicyError
            As :meth:`respond`.
        ComparisonError
            For unknown figures, an observation that cannot be read, a lab with a single draw, and where the
            effective number of draws is below 10.

        Examples
        --------
        >>> seen = lab.conditional({"interceptors": (0, 4)}, given={"exports by air": (-0.4, 0.1)})
        >>> seen.effective_draws > 10
        True
        """
        observed = read_observations(given)
        ranges, plain = _ranges(policy)
        for end in (0, 1):
            wanted = levels(
                self.case, self.responder.levers.baseline, plain | {n: r[end] for n, r in ranges.items()}
            )
        draws = len(self.ledger)
        if draws < 2:
            raise ComparisonError(_("A lab with a single draw has nothing to weigh: calibrate with draws."))
        years = in_years(after)
        base = self.baseline()
        spot = price_spot(base.data)
        from contraflow.results.figures import outcome_figures

        shown = tuple(f.name for f in outcome_figures()) if figures is None else tuple(figures)
        for name in (*shown, *(o.figure for o in observed)):
            asked_figure(base.data, name, spot)
        known = list(levers_of(self.case))
        problems = draws * (SPREAD if ranges else 1)
        draw = np.repeat(np.arange(draws), problems // draws)
        each = np.repeat(wanted[None], problems, axis=0)
        drawn: dict[str, FloatArray] = {}
        for number, (name, (low, high)) in enumerate(ranges.items()):
            # A Kronecker sequence: even over the range, and over the ranges together.
            part = ((np.arange(problems) + 0.5) * _irrational(number)) % 1.0
            drawn[name] = np.asarray(low + (high - low) * part, dtype=float)
            each[:, known.index(name)] = drawn[name]
        state, solved = self._solve_problems(each, draw, years)
        seen = tuple(o.figure for o in observed)
        values = self._label_problems(seen, each, draw, state, solved, years, spot)
        before = np.stack([asked_figure(base.data, name, spot) for name in seen], axis=1)[draw]
        logs = log_weights(before, values, observed)
        weights = np.exp(logs - logs.max()) if np.isfinite(logs.max()) else np.zeros(problems)
        effective = effective_number(weights, draw, draws)
        if effective < FEWEST:
            raise ComparisonError(self._too_few(observed, before, values, effective, draws))
        title = _("{policy}, given {seen}").format(
            policy=_described(self.case, plain, ranges), seen="; ".join(o.words for o in observed)
        )
        title = self._titled(title)

        def data(chosen: IntArray) -> Any:
            return self._problem_data(each[chosen], draw[chosen], state[chosen], years, title)

        return Conditional(
            title, observed, base, draw, drawn, weights / weights.sum(), effective, data, shown, spot
        )

    def _too_few(
        self,
        observed: Sequence[Any],
        before: FloatArray,
        values: FloatArray,
        effective: float,
        draws: int,
    ) -> str:
        """Why an observation cannot be conditioned on, and what the model says instead."""
        said = []
        for number, one in enumerate(observed):
            change = values[:, number] / np.where(before[:, number] != 0, before[:, number], np.nan) - 1
            known = change[~np.isnan(change)]
            if not known.size:
                text = _("{figure} is nothing in the baseline, so it has no relative change")
                said.append(text.format(figure=repr(one.figure)))
                continue
            low, middle, high = np.quantile(known, (0.05, 0.5, 0.95))
            text = _("{figure} changes by {change} ({low} to {high}), observed is {seen} ± {error}")
            said.append(
                text.format(
                    figure=repr(one.figure),
                    change=cell(middle),
                    low=cell(low),
                    high=cell(high),
                    seen=cell(one.change),
                    error=cell(one.error),
                )
            )
        text = _(
            "Only {effective} effective draws of {draws} agree with what is given; {needed} are needed. "
            "Under this policy {changes}. Give a larger error, a range for a level, or more draws."
        )
        return text.format(
            effective=fixed(effective, 1), draws=draws, needed=f"{FEWEST:g}", changes="; ".join(said)
        )

    def _figures_at(
        self, names: Sequence[str], wanted: FloatArray, draw: IntArray, years: float, spot: str
    ) -> FloatArray:
        """Figures (problem, figure) at levels (problem, lever) in draws (problem,); NaN without any."""
        state, solved = self._solve_problems(wanted, draw, years)
        return self._label_problems(names, wanted, draw, state, solved, years, spot)

    def _solve_problems(
        self, wanted: FloatArray, draw: IntArray, years: float
    ) -> tuple[FloatArray, BoolArray]:
        """Where economies settle (problem, unknown), from the baseline or else from other starts."""
        starts = np.asarray(self.responder.model.starts())
        state = np.zeros((draw.size, starts.shape[1]))
        solved = np.zeros(draw.size, dtype=bool)
        left = np.arange(draw.size)
        for start in starts:
            if not left.size:
                break
            begin = np.repeat(start[None], left.size, axis=0)
            if years == math.inf:
                root = self._compiled.solve(self.ledger, self._references, wanted[left], draw[left], begin)
            else:
                root = self._adjustment.solve(wanted[left], years, draw[left], begin)
            found = root.solved & ~self._cut_off(draw[left], root.state).any(axis=1)
            state[left[found]], solved[left[found]] = root.state[found], True
            left = left[~found]
        return state, solved

    def _problem_data(
        self, wanted: FloatArray, draw: IntArray, state: FloatArray, years: float, title: str
    ) -> Any:
        """Labelled results of problems (problem,)."""
        if years == math.inf:
            settled: Settled = self._compiled.settled(self.ledger, self._references, wanted, state, draw)
        else:
            adaptation = jax.tree.map(lambda x: np.asarray(x)[draw], self._adjustment.after(years))
            references = self._adjustment.references(years)
            settled = self._compiled.settled(self.ledger, references, wanted, state, draw, adaptation)
        levers = self.responder.levers
        spent = [levers.spending(self.ledger[d], x) for d, x in zip(draw, wanted, strict=True)]
        return self._dataset(settled, np.array(spent, dtype=float), title, {}, in_words(years), None, draw)

    def _label_problems(
        self,
        names: Sequence[str],
        wanted: FloatArray,
        draw: IntArray,
        state: FloatArray,
        solved: BoolArray,
        years: float,
        spot: str,
    ) -> FloatArray:
        """Figures (problem, figure) of problems that are solved; NaN of the others."""
        result = np.full((draw.size, len(names)), np.nan)
        known = np.flatnonzero(solved)
        for first in range(0, known.size, PROBLEMS):
            some = known[first : first + PROBLEMS]
            data = self._problem_data(wanted[some], draw[some], state[some], years, "")
            for column, name in enumerate(names):
                result[some, column] = asked_figure(data, name, spot)
        return result


def _target(
    figure: str, value: FloatArray, falls: float | None, rises: float | None, to: float | None
) -> tuple[int, FloatArray, str]:
    """Side from which the target is reached, its value (draw,), and the aim in words."""
    given = {name: x for name, x in (("falls", falls), ("rises", rises), ("to", to)) if x is not None}
    if len(given) != 1:
        raise ComparisonError(_("Give one of falls=0.3 (by 30 %), rises=0.3 and to=VALUE."))
    ((name, amount),) = given.items()
    if isinstance(amount, bool) or not isinstance(amount, int | float | np.number):
        text = _("{name} is {amount}; write a number, such as 0.3 for 30 %.")
        raise ComparisonError(text.format(name=name, amount=repr(amount)))
    if name == "to":
        if not np.isfinite(amount):
            text = _("to is {amount}; write a finite value in {unit}.")
            raise ComparisonError(text.format(amount=f"{amount:g}", unit=unit_of(figure)))
        aim = _("{figure} is {value} {unit}").format(
            figure=_(figure), value=cell(float(amount)), unit=unit_of(figure)
        )
        return 0, np.full(value.size, float(amount)), aim
    most = 1.0 if name == "falls" else math.inf
    if not 0 < amount <= most or amount == math.inf:
        text = _("{name} is {amount}; it is a part of the value before, above 0.")
        raise ComparisonError(text.format(name=name, amount=f"{amount:g}"))
    if not np.median(np.abs(value)) > 0:
        text = _("{figure} is 0 in the baseline, so that it cannot fall or rise by a part.")
        raise ComparisonError(text.format(figure=repr(figure)))
    if name == "falls":
        text = _("{figure} falls by {size}")
        return -1, value * (1 - float(amount)), text.format(figure=_(figure), size=share(float(amount)))
    text = _("{figure} rises by {size}")
    return 1, value * (1 + float(amount)), text.format(figure=_(figure), size=share(float(amount)))


def _ranges(
    policy: Mapping[str, float | tuple[float, float]],
) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Levels given as ranges, and the others."""
    if not isinstance(policy, Mapping):
        text = _("A policy is a mapping of measures to levels; {policy} is none.")
        raise PolicyError(text.format(policy=repr(policy)))
    ranges: dict[str, tuple[float, float]] = {}
    plain: dict[str, float] = {}
    for name, level in policy.items():
        if isinstance(level, tuple | list):
            try:
                low, high = level
            except ValueError:
                text = _("{name}={level}: a range is written (lowest, highest).")
                raise PolicyError(text.format(name=name, level=level)) from None
            if not low < high:
                text = _("{name}={level}: the lowest level of a range is below the highest.")
                raise PolicyError(text.format(name=name, level=level))
            ranges[name] = (low, high)
        else:
            plain[name] = level
    return ranges, plain


def _described(case: Any, plain: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> str:
    known = levers_of(case)
    parts = [describe(case, plain)] if plain or not ranges else []
    text = _("{lever} from {lowest} to {highest}")
    parts += [
        text.format(lever=known[name].name, lowest=f"{low:g}", highest=f"{high:g}")
        for name, (low, high) in ranges.items()
    ]
    return ", ".join(parts)


def _irrational(number: int) -> float:
    """Square roots of primes, whose multiples fill the unit interval evenly."""
    return math.sqrt((2, 3, 5, 7, 11, 13)[number % 6])
