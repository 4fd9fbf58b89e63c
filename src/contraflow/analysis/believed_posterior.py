"""The posterior if one side of each of some disagreements is right.

The claims of these sides are taken as true and those of all other sides are left out, as
:mod:`~contraflow.analysis.refit_sides` does it; the maximum that it finds is followed by draws of the quick
approximation. These use the random numbers of the draws that they stand for (common random numbers: Law,
Simulation Modeling and Analysis, 5th ed. 2015, section 11.2): draw k solves the same perturbed problem, but
for the claims that are believed or left out. So figures with and without a belief differ by the belief, and
less by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from contraflow import _cache, _random
from contraflow._language import _
from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray, Progress, silent
from contraflow.analysis.refit_sides import Sides
from contraflow.inference import store
from contraflow.inference.likelihood import ClaimErrors, ClaimSetting, Likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.map_estimate import MapEstimate
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.inference.randomised_map import SPARE, TRIES, approximate
from contraflow.model.observables import Observations

ROOMS = (*_cache.CALIBRATION, "analysis")
"""Rooms whose code decides what a believed posterior is."""


@dataclass(frozen=True, eq=False)
class Believed:
    """Claims that are taken as true, and those that are not believed."""

    true: IntArray
    """Positions of the claims that are taken as true (claim,)."""
    group: IntArray
    """Positions of the claims of all sides of the same disagreements (claim,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LikelihoodOfOthers(Likelihood):
    """The likelihood of a case in which other claims are fitted than the case says; all else is the same."""

    base: Likelihood
    """The likelihood as the case has it."""
    chosen: BoolArray
    """Whether a claim is fitted (claim,)."""

    @cached_property
    def fitted(self) -> BoolArray:
        """Whether a claim is fitted (claim,)."""
        return self.chosen

    @cached_property
    def error(self) -> IntArray:
        """As the case has it, so that deviates mean the same."""
        return self.base.error

    @cached_property
    def figures(self) -> ClaimErrors:
        """As the case has them."""
        return self.base.figures

    @cached_property
    def scenarios(self) -> tuple[ClaimSetting, IntArray]:
        """As the case has them."""
        return self.base.scenarios

    @cached_property
    def observations(self) -> Observations:
        """As the case has them."""
        return self.base.observations


def believed_posterior(
    posterior: Posterior, picks: IntArray, believed: Believed, could: IntArray, say: Progress = silent
) -> Posterior:
    """The posterior if some sides are right: one draw for each of some draws of the posterior.

    Computed once and kept on disk.

    Parameters
    ----------
    posterior
        The posterior without any side. A best fit alone gives a best fit alone. Draws of Markov chains are
        followed by draws of the approximation, which do not have their random numbers.
    picks
        Which of its draws are followed (draw,).
    believed
        What is believed.
    could
        Positions of all claims that could be believed (claim,): code is compiled once for all of them.
    say
        Callback ``progress(message, fraction=None)``.

    Returns
    -------
    Posterior
        Draws in the order of ``picks``; a draw that solves no problem is replaced by another.

    Raises
    ------
    ConvergenceError
        If no fit is found, or too few draws of the approximation are.
    """
    target = posterior.log_posterior
    sides = Sides(posterior, believed.group)
    figures = sides.believed(believed.true)
    own = _with_fitted(target, figures.weight > 0)
    name = _key(posterior, picks, believed)
    kept = store.recall(name, own)
    if kept is not None:
        return kept
    wide = _with_fitted(target, target.likelihood.fitted | np.isin(np.arange(figures.weight.size), could))
    say(_("Fitting the model to what is believed"))
    found = _fit(sides, believed.true, wide)
    surrogate = wide.surrogate(found.deviates)
    if posterior.method is Method.BEST:
        z = found.deviates[None]
        predicted, method = wide.predict(z, surrogate), Method.BEST
    else:
        say(_("Drawing from the approximation"))
        same = _SameNumbers(posterior, picks, figures)
        z, predicted = approximate(wide, figures, found, surrogate, picks.size, same)
        order = _in_order(z, same, wide, found, figures, picks.size)
        z, predicted, method = z[order], predicted[order], Method.LAPLACE
    made = Posterior(method, own, figures, found, z[None], predicted[None], {}, posterior.seed)
    store.keep(name, replace(made, log_posterior=target))  # whose functions are compiled
    return made


def _key(posterior: Posterior, picks: IntArray, believed: Believed) -> str:
    """Key of the result: the case, the posterior's figures and maximum, the sides, and the code."""
    likelihood = posterior.log_posterior.likelihood
    arrays = (*posterior.figures, posterior.fit.deviates, picks, np.unique(believed.true))
    return _cache.key(
        "believed",
        likelihood.responder.model.network.case.fingerprint,
        f"{posterior.method.value} {posterior.seed} {posterior.draws} {likelihood.last}",
        *(np.ascontiguousarray(array).tobytes() for array in (*arrays, np.unique(believed.group))),
        rooms=ROOMS,
    )


def _with_fitted(target: LogPosterior, chosen: BoolArray) -> LogPosterior:
    likelihood = target.likelihood
    return LogPosterior(
        target.prior,
        LikelihoodOfOthers(
            likelihood.responder, likelihood.claims, likelihood.until, base=likelihood, chosen=chosen
        ),
    )


def _fit(sides: Sides, true: IntArray, wide: LogPosterior) -> MapEstimate:
    """The maximum; what the draws need is compiled meanwhile."""
    posterior = sides.posterior
    target, at = posterior.log_posterior, posterior.fit.deviates
    in_threads(lambda task: task(), target.compile_tasks())

    def compile_draws() -> None:
        surrogate = wide.surrogate(at)
        wide.predict(at[None], surrogate)
        if posterior.method is not Method.BEST:
            some = int(np.ceil(SPARE * posterior.draws))
            wide.guessed(np.repeat(at[None], some, axis=0), posterior.figures, surrogate)

    tasks: list[Callable[[], Any]] = [lambda: sides.fit(true), compile_draws]
    fit: MapEstimate = in_threads(lambda task: task(), tasks)[0]
    return fit


class _SameNumbers(np.random.Generator):
    """The random numbers of the draws of a posterior, as :func:`approximate` asks for them.

    It asks for standard normal deviates of as many problems as it makes, once for the centres of the prior
    and once for the residuals that are aimed at, in turn. The first problems are those of the draws that are
    followed; then come those of no such draw. A claim keeps its numbers; one that had no weight takes those
    that a column of its own has.
    """

    def __init__(self, posterior: Posterior, picks: IntArray, figures: ClaimErrors) -> None:
        rng = _random.stream("draws of the approximation", posterior.seed)
        super().__init__(rng.bit_generator)
        target = posterior.log_posterior
        some = int(np.ceil(SPARE * posterior.draws))
        weighed = np.flatnonzero(posterior.figures.weight > 0)
        blocks = [
            (rng.standard_normal((some, target.size)), rng.standard_normal((some, weighed.size)))
            for _try in range(TRIES)
        ]
        centre, aim = (np.concatenate(part) for part in zip(*blocks, strict=True))
        every = rng.standard_normal((len(aim), figures.weight.size))
        every[:, weighed] = aim
        followed = picks
        if posterior.method is Method.LAPLACE:
            jacobian = target.linearise(posterior.fit.deviates, posterior.figures)[1]
            starts = posterior.fit.deviates + posterior.fit.gaussian.covariance(centre + aim @ jacobian)
            followed = _nearest(posterior.z[picks], starts)
        order = np.concatenate([followed, np.setdiff1d(np.arange(len(centre)), followed)])
        self.centre = centre[order]
        """Perturbations of the prior's centres (problem, size)."""
        self.claim = every[order][:, figures.weight > 0]
        """Perturbations of the residuals of the claims that weigh (problem, weighed)."""
        self._left: Iterator[FloatArray] = iter(())
        self._given = 0

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """The next numbers, of the shape that is asked for."""
        here = next(self._left, None)
        if here is None:
            some = slice(self._given, self._given + size[0])
            self._given += size[0]
            here, self._left = self.centre[some], iter((self.claim[some],))
        if here.shape != tuple(size):
            raise ValueError(f"Random numbers of shape {tuple(size)} are wanted where {here.shape} follow.")
        return here


def _nearest(z: FloatArray, starts: FloatArray) -> IntArray:
    """Of each draw (draw, size) the problem from whose linear solution (problem, size) it came: the nearest.

    Independent draws are as far apart as the square root of twice their size, far more than a draw moves.
    """
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(z, starts).argmin(axis=1), dtype=np.int64)


def _in_order(
    z: FloatArray,
    same: _SameNumbers,
    wide: LogPosterior,
    found: MapEstimate,
    figures: ClaimErrors,
    draws: int,
) -> IntArray:
    """Positions of the draws (draw,) so that draw k solves problem k where that was solved."""
    jacobian = wide.linearise(found.deviates, figures)[1]
    starts = found.deviates + found.gaussian.covariance(same.centre + same.claim @ jacobian)
    order = np.full(draws, -1, dtype=np.int64)
    for place, problem in enumerate(_nearest(z, starts).tolist()):
        if problem < draws and order[problem] < 0:
            order[problem] = place
    order[order < 0] = np.setdiff1d(np.arange(draws), order)
    return order
