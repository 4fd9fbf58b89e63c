"""What episodes teach: a hierarchical posterior, by Laplace's approximation.

With phi the shared numbers on the scales on which their priors are normal, a figure i of episode e is ::

    y_ei = f_i(phi + d_e, s_e) + delta_ei + epsilon_ei        d_e ~ N(0, tau_e^2),  s_e ~ N(0, 1)

f is the reduced form, d_e how the episode deviates from the common mean (tau_e = tau for the reference
substance, twice as much for others), s_e the unknown sizes of its measures, epsilon what its source got
wrong. delta is the discrepancy of the model (Kennedy & O'Hagan 2001, Journal of the Royal Statistical Society
B 63(3); Brynjarsdottir & O'Hagan 2014, Inverse Problems 30): one standard deviation for quantities and one
for prices, nearly the same in all years of a region, so that the years of one episode are one miss. Areas
have no time to go wrong at first: theirs grows to its full size over RAMP months. The two and tau are learned
by the evidence (type II maximum likelihood) with priors.

The maximum is found by Gauss and Newton's method; d_e and s_e are integrated out around it. An episode whose
other causes are unknown has its errors' variance divided by its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contraflow import _random
from contraflow._types import BoolArray, FloatArray
from contraflow.history.episode_tables import REFERENCE, Episode, ObservationRow, StageOfTrade
from contraflow.history.reduced_form import (
    ADAPTING,
    MOST_SIZES,
    EpisodeArrays,
    Rule,
    linearised,
    many_foreseen,
    settings,
)
from contraflow.history.shared_numbers import NAMES, NUMBERS, WHOLE, Structure
from contraflow.model.numerics import jnp

PRICES = (StageOfTrade.GATE, StageOfTrade.STREET)
RAMP = 24.0
"""Months over which the discrepancy of areas grows by two thirds to its full size."""

BY_EPISODE, BY_REGION = 0.5, 0.4
"""Parts of the variance of the discrepancy that all figures of a class in an episode share, and those of one
region and stage; the rest is each figure's own."""

HYPER_CENTRE = np.log([0.4, 0.5, 0.3])
"""Prior medians, in logarithms: discrepancy of quantities, of prices, and tau."""

HYPER_SPREAD = np.array([0.4, 0.4, 0.5])
"""Standard deviations of the same."""

ROUNDS = 25
"""Steps towards the maximum, at most."""

SETTLED = 0.02
"""Fall of the misfit below which, twice in a row, the maximum is reached."""

LARGEST = 1.5
"""Change of a number in one step, in standard deviations of its prior, at most."""

OTHER_SUBSTANCE = 2.0
"""Deviations of episodes of other substances than the reference, as a multiple of tau."""

Linear = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class Sample:
    """Observed responses of episodes as arrays, padded to the same length."""

    response: FloatArray
    """Logarithms of after over before (episode, observation)."""
    seen: BoolArray
    """Whether there is an observation (episode, observation)."""
    noise: FloatArray
    """Standard deviations of what sources got wrong (episode, observation)."""
    price: BoolArray
    """Whether it is a price (episode, observation)."""
    ramp: FloatArray
    """Part of the discrepancy that there has been time for (episode, observation)."""
    group: FloatArray
    """Number of the region and stage (episode, observation)."""
    weight: FloatArray
    """Weights of the episodes (episode,)."""
    reach: FloatArray
    """How much further an episode deviates from the common mean than one of the reference (episode,)."""

    def errors(self, place: int, hyper: FloatArray) -> FloatArray:
        """Covariance of discrepancy and error in one episode, of its observations alone."""
        seen = self.seen[place]
        price, group = self.price[place][seen], self.group[place][seen]
        size = np.exp(np.where(price, hyper[1], hyper[0])) * self.ramp[place][seen]
        same = price[:, None] == price[None]
        alike = same & (group[:, None] == group[None])
        own = 1 - BY_EPISODE - BY_REGION
        shared = BY_EPISODE * same + BY_REGION * alike + own * np.eye(len(size))
        return np.asarray(size[:, None] * size[None] * shared + np.diag(self.noise[place][seen] ** 2))


def sample(found: Sequence[Episode]) -> Sample:
    """Observed responses of episodes as arrays."""
    most = max(1, *(len(e.observations) for e in found))

    def of(part: Callable[[Episode, ObservationRow], float], filler: float) -> FloatArray:
        return np.array(
            [[part(e, o) for o in e.observations] + [filler] * (most - len(e.observations)) for e in found]
        )

    slow = (StageOfTrade.AREA, StageOfTrade.OUTPUT)
    names = {(e.id, o.region, o.stage): 0.0 for e in found for o in e.observations}
    for number, key in enumerate(names):
        names[key] = float(number)
    return Sample(
        response=of(lambda e, o: o.response, 0.0),
        seen=of(lambda e, o: 1.0, 0.0) > 0,
        noise=of(lambda e, o: o.noise, 1.0),
        price=of(lambda e, o: float(o.stage in PRICES), 0.0) > 0,
        ramp=of(lambda e, o: -np.expm1(-(e.month(o.month) + 1) / RAMP) if o.stage in slow else 1.0, 1.0),
        group=of(lambda e, o: names[e.id, o.region, o.stage], -1.0),
        weight=np.array([e.row.weight for e in found]),
        reach=np.array([1.0 if e.row.substance == REFERENCE else OTHER_SUBSTANCE for e in found]),
    )


@dataclass(frozen=True)
class Forecaster:
    """What foresees episodes from numbers: the reduced form, or a rival."""

    names: tuple[str, ...]
    """Names of its numbers."""
    centre: FloatArray
    """Prior means (number,)."""
    spread: FloatArray
    """Prior standard deviations (number,)."""
    linear: Callable[[FloatArray, FloatArray], Linear]
    """From (episode, number) and (episode, size) what is foreseen (episode, observation), and slopes."""
    one: Callable[[int, FloatArray, FloatArray], FloatArray]
    """The same of one episode for many draws (draw, number), (draw, size): (draw, observation)."""


def reduced(found: Sequence[Episode], structure: Structure = WHOLE, rule: Rule = ADAPTING) -> Forecaster:
    """The reduced form as a forecaster of these episodes.

    Parameters
    ----------
    found
        The episodes.
    structure
        Which numbers are learned.
    rule
        How people choose.
    """
    setting = settings(found, structure.ceiling)
    free = [NAMES.index(name) for name in structure.free]
    known = [structure.number(name) for name in structure.free]
    scales = tuple(NUMBERS[name].unit == "part" for name in NAMES)
    whole = np.array(
        [structure.number(n).centre if n in structure.free else _inner_of(n, structure) for n in NAMES]
    )

    def all_inner(inner: FloatArray) -> FloatArray:
        every = np.tile(whole, (len(inner), 1))
        every[:, free] = inner
        return every

    def linear(inner: FloatArray, sizes: FloatArray) -> Linear:
        value, slope = linearised(jnp.asarray(all_inner(inner)), jnp.asarray(sizes), setting, scales, rule)
        columns = [*free, *range(len(NAMES), len(NAMES) + MOST_SIZES)]
        return np.asarray(value), np.asarray(slope)[:, :, columns]

    def one(place: int, inner: FloatArray, sizes: FloatArray) -> FloatArray:
        every = all_inner(inner)
        outer = np.where(scales, 1 / (1 + np.exp(-every)), np.exp(every))
        own = EpisodeArrays(*(x[place] for x in setting))
        return np.asarray(many_foreseen(jnp.asarray(outer), jnp.asarray(sizes), own, rule))

    return Forecaster(
        structure.free, np.array([n.centre for n in known]), np.array([n.spread for n in known]), linear, one
    )


def _inner_of(name: str, structure: Structure) -> float:
    """A fixed number on its scale; nothing is as near to nothing as the scale allows."""
    return NUMBERS[name].inner(max(structure.fixed[name], 1e-9))


@dataclass(frozen=True)
class Fitted:
    """A posterior of shared numbers, normal on their scales."""

    names: tuple[str, ...]
    """Names of the numbers."""
    centre: FloatArray
    """Means (number,)."""
    covariance: FloatArray
    """Covariance (number, number)."""
    hyper: FloatArray
    """Logarithms of the discrepancies of quantities and of prices, and of tau (3,)."""
    hyper_covariance: FloatArray
    """Their covariance (3, 3)."""
    evidence: float
    """Logarithm of the evidence."""
    deviations: FloatArray
    """How episodes deviate (episode, number)."""
    sizes: FloatArray
    """Deviates of the sizes of their measures (episode, size)."""
    rounds: int
    """Steps taken."""


class _Problem:
    """The misfit and its pieces at a linearisation."""

    def __init__(self, model: Forecaster, seen: Sample, used: Sequence[int]) -> None:
        self.model, self.seen, self.used = model, seen, list(used)

    def pieces(
        self, linear: Linear, centre: FloatArray, sizes: FloatArray, hyper: FloatArray
    ) -> tuple[object, ...]:
        """Posterior of the numbers, and what is left to each episode."""
        n = len(self.model.centre)
        precision = np.diag(self.model.spread**-2)
        pull = self.model.centre / self.model.spread**2
        logs: float = 0.0
        kept = []
        value, slope = linear
        variance = (np.exp(hyper[2]) * self.seen.reach) ** 2
        for e in self.used:
            mask = self.seen.seen[e]
            if not mask.any():
                continue
            at, of_sizes = slope[e][mask][:, :n], slope[e][mask][:, n:]
            target = self.seen.response[e][mask] - value[e][mask] + at @ centre[e] + of_sizes @ sizes[e]
            cover = self.seen.errors(e, hyper) / self.seen.weight[e]
            cover = cover + variance[e] * at @ at.T + of_sizes @ of_sizes.T
            inverse = np.linalg.inv(cover)
            precision += at.T @ inverse @ at
            pull += at.T @ inverse @ target
            logs -= 0.5 * float(np.linalg.slogdet(2 * np.pi * cover)[1] + target @ inverse @ target)
            kept.append((e, at, of_sizes, inverse, target))
        covariance = np.linalg.inv(precision)
        mean = covariance @ pull
        logs += 0.5 * float(pull @ mean - self.model.centre @ (self.model.centre / self.model.spread**2))
        logs += float(0.5 * np.linalg.slogdet(covariance)[1] - np.log(self.model.spread).sum())
        return mean, covariance, logs, kept

    def misfit(
        self, value: FloatArray, mean: FloatArray, off: FloatArray, sizes: FloatArray, hyper: FloatArray
    ) -> float:
        """Minus the log posterior at fixed hyperparameters, up to a constant."""
        total = 0.5 * float((((mean - self.model.centre) / self.model.spread) ** 2).sum())
        for e in self.used:
            mask = self.seen.seen[e]
            miss = self.seen.response[e][mask] - value[e][mask]
            cover = self.seen.errors(e, hyper) / self.seen.weight[e]
            total += 0.5 * float(miss @ np.linalg.solve(cover, miss))
            total += 0.5 * float(
                (off[e] ** 2).sum() / (np.exp(hyper[2]) * self.seen.reach[e]) ** 2 + (sizes[e] ** 2).sum()
            )
        return total if np.isfinite(total) else np.inf


def fit(model: Forecaster, seen: Sample, used: Sequence[int], near: Fitted | None = None) -> Fitted:
    """Learn the numbers of a forecaster from some episodes.

    Parameters
    ----------
    model
        The forecaster.
    seen
        Observed responses of all episodes.
    used
        Places of the episodes that are learned from.
    near
        A fit to similar episodes to start from.

    Returns
    -------
    Fitted
        The posterior.
    """
    from scipy.optimize import minimize

    problem = _Problem(model, seen, used)
    count, n = len(seen.weight), len(model.centre)
    mean = model.centre.copy() if near is None else near.centre.copy()
    off = np.zeros((count, n)) if near is None else near.deviations.copy()
    sizes = np.zeros((count, MOST_SIZES)) if near is None else near.sizes.copy()
    hyper = HYPER_CENTRE.copy() if near is None else near.hyper.copy()
    left = [e for e in range(count) if e not in set(used)]
    off[left], sizes[left] = 0.0, 0.0

    def minus_evidence(h: FloatArray, linear: Linear, at: FloatArray, s: FloatArray) -> float:
        logs = problem.pieces(linear, at, s, h)[2]
        assert isinstance(logs, float)
        return -logs + 0.5 * float((((h - HYPER_CENTRE) / HYPER_SPREAD) ** 2).sum())

    taken = still = 0
    linear = model.linear(mean + off, sizes)
    for taken in range(1, ROUNDS + 1):
        found = minimize(
            minus_evidence, hyper, (linear, mean + off, sizes), method="Nelder-Mead",
            options={"xatol": 0.02, "fatol": 0.01, "maxfev": 60 if taken == 1 and near is None else 25},
        )  # fmt: skip
        hyper = np.asarray(found.x)
        wanted, _, _, kept = problem.pieces(linear, mean + off, sizes, hyper)
        assert isinstance(wanted, np.ndarray)
        assert isinstance(kept, list)
        new_off, new_sizes = np.zeros_like(off), np.zeros_like(sizes)
        for e, at, of_sizes, inverse, target in kept:
            rest = inverse @ (target - at @ wanted)
            new_off[e] = (np.exp(hyper[2]) * seen.reach[e]) ** 2 * at.T @ rest
            new_sizes[e] = of_sizes.T @ rest
        before = problem.misfit(linear[0], mean, off, sizes, hyper)
        reach = float(np.max(np.abs((wanted - mean) / model.spread), initial=0.0))
        reach = max(reach, float(np.max(np.abs(new_sizes - sizes), initial=0.0)))
        part, better = min(1.0, LARGEST / max(reach, 1e-9)), False
        for _ in range(6):
            trial = (
                mean + part * (wanted - mean),
                off + part * (new_off - off),
                sizes + part * (new_sizes - sizes),
            )  # fmt: skip
            new = model.linear(trial[0] + trial[1], trial[2])
            fall = before - problem.misfit(new[0], *trial, hyper)
            if fall > 0:
                better = True
                break
            part *= 0.4
        if not better:
            break
        (mean, off, sizes), linear = trial, new
        still = still + 1 if fall < SETTLED else 0
        if still == 2 and taken > 2:
            break
    _, covariance, logs, _ = problem.pieces(linear, mean + off, sizes, hyper)
    assert isinstance(covariance, np.ndarray)
    assert isinstance(logs, float)
    curved = _curvature(lambda h: minus_evidence(h, linear, mean + off, sizes), hyper)
    cover = np.asarray(np.linalg.inv(curved), dtype=np.float64)
    return Fitted(model.names, mean, covariance, hyper, cover, logs, off, sizes, taken)


def _curvature(function: Callable[[FloatArray], float], at: FloatArray, step: float = 0.1) -> FloatArray:
    """Second derivatives by differences, not below those of the prior's half."""
    size = len(at)
    unit = step * np.eye(size)
    found = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            corners = [
                function(at + a * unit[i] + b * unit[j]) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            found[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    values, vectors = np.linalg.eigh((found + found.T) / 2)
    return np.asarray(vectors @ np.diag(np.maximum(values, 1.0)) @ vectors.T)


@dataclass(frozen=True)
class Foresight:
    """Draws of what is foreseen of one episode."""

    centre: FloatArray
    """By the model alone (draw, observation)."""
    drawn: FloatArray
    """With discrepancy and errors of sources (draw, observation)."""
    hyper: FloatArray
    """Hyperparameters of the draws (draw, 3)."""


def foresee(
    model: Forecaster, seen: Sample, place: int, known: Fitted, draws: int = 400, seed: int = 0
) -> Foresight:
    """Foresee an episode that was not learned from: its deviations and sizes are drawn from their priors.

    Parameters
    ----------
    model
        The forecaster.
    seen
        Responses; only errors and months of the episode are used.
    place
        Place of the episode.
    known
        What was learned from others.
    draws
        Number of draws.
    seed
        Seed of the draws.
    """
    rng = _random.stream("episodes that are foreseen", seed, place)
    n = len(known.centre)
    inner = rng.multivariate_normal(known.centre, known.covariance, draws, method="eigh")
    hyper = rng.multivariate_normal(known.hyper, known.hyper_covariance, draws, method="eigh")
    hyper = np.clip(hyper, known.hyper - 1.5, known.hyper + 1.5)
    inner = inner + np.exp(hyper[:, 2:]) * seen.reach[place] * rng.standard_normal((draws, n))
    centre = model.one(place, inner, rng.standard_normal((draws, MOST_SIZES)))[:, seen.seen[place]]
    noise = np.stack(
        [np.linalg.cholesky(seen.errors(place, h)) @ rng.standard_normal(centre.shape[1]) for h in hyper]
    )
    return Foresight(centre, centre + noise, hyper)


def places(found: Mapping[str, Episode], without: Sequence[str] = ()) -> list[int]:
    """Places of the episodes that are not left out. Raises KeyError for a name that is not among them."""
    unknown = [name for name in without if name not in found]
    if unknown:
        raise KeyError(unknown[0])
    return [place for place, name in enumerate(found) if name not in without]
