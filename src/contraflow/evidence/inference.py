"""From claims to a posterior: by Markov chains, by an approximation of seconds, or its maximum alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contraflow.errors import ConvergenceError
from contraflow.evidence.fit import Fit, fit
from contraflow.evidence.likelihood import Figures
from contraflow.evidence.method import Method
from contraflow.evidence.posterior import Posterior
from contraflow.evidence.target import Guide, Target
from contraflow.evidence.whitening import Whitening, plain, whiten_from
from contraflow.model.numerics import jax

FloatArray = npt.NDArray[np.float64]
Say = Callable[..., None]

SCOUTS = 100
"""Steps of each scouting chain that finds where the mass lies, and as many that are kept."""

LOOKS = 4
"""Points of each scouting chain at which the model is linearised for the chains' coordinates."""

NARROW = 0.5
"""Part of the approximation's width at which chains start: its tails reach where nothing pays."""


@dataclass(frozen=True)
class Settings:
    """How a posterior is computed. ``draws`` are kept of each chain, ``warm_up`` precede them."""

    method: Method = Method.LAPLACE
    seed: int = 0
    chains: int = 4
    warm_up: int = 200
    draws: int = 500


def infer(target: Target, settings: Settings, say: Say, figures: Figures | None = None) -> Posterior:
    """The posterior of a case. ``say`` is told how far it is.

    Raises :class:`~contraflow.errors.ConvergenceError` where no fit is found. Does not judge the chains:
    look at the posterior's diagnostics.
    """
    told = target.likelihood.figures if figures is None else figures

    def report(start: int, evaluation: int, cost: float) -> None:
        say(f"Calibrating: start {start + 1}, evaluation {evaluation}, misfit {cost:,.1f}")

    found = fit(target, told, seed=settings.seed, progress=report)
    if settings.method is Method.BEST:
        return _posterior(target, told, found, settings, found.deviates[None, None], {})
    if settings.method is Method.LAPLACE:
        return approximate(target, told, found, settings)
    return chains(target, told, found, settings, say)


def approximate(target: Target, figures: Figures, found: Fit, settings: Settings) -> Posterior:
    """Draws of the Gaussian approximation around the maximum."""
    rng = _rng(settings.seed, 2)
    white = rng.standard_normal((settings.chains * settings.draws, target.size))
    z = np.asarray(found.whitening.colour(white))
    return _posterior(target, figures, found, settings, z[None], {})


def chains(target: Target, figures: Figures, found: Fit, settings: Settings, say: Say) -> Posterior:
    """Draws by NUTS: scouting chains find the mass, then chains in coordinates fitted to it."""
    sampler = target.sampler
    rng = _rng(settings.seed, 3)
    scout_key, key = jax.random.split(jax.random.key(settings.seed))
    say("Compiling the sampler, once for this version")
    starts = NARROW * rng.standard_normal((settings.chains, target.size))
    guide = target.guide(found.deviates)
    scouted = sampler.run(
        scout_key, np.asarray(found.whitening.colour(starts)), plain(found.deviates), (figures, guide),
        warm_up=SCOUTS, draws=SCOUTS, progress=_tell(say, "Scouting"),
    )  # fmt: skip
    whitening, guide = _fitted_to(target, figures, found, scouted.draws)
    run = sampler.run(
        key, scouted.draws[:, -1], whitening, (figures, guide),
        warm_up=settings.warm_up, draws=settings.draws, progress=_tell(say, "Sampling"),
    )  # fmt: skip
    statistics = {
        "diverging": run.diverging, "energy": run.energy, "n_steps": run.steps,
        "acceptance_rate": run.acceptance, "accepted": run.accepted,
    }  # fmt: skip
    say("Predicting every claim in every draw")
    told = {name: np.asarray(x, dtype=float) for name, x in statistics.items()}
    return _posterior(target, figures, found, settings, run.draws, told)


def _fitted_to(target: Target, figures: Figures, found: Fit, draws: FloatArray) -> tuple[Whitening, Guide]:
    """Coordinates from draws (chain, draw, size), and a guide at their mean."""
    some = np.linspace(0, draws.shape[1] - 1, LOOKS).round().astype(np.int64)
    jacobians = [target.linearise(z, figures)[1] for z in draws[:, some].reshape(-1, target.size)]
    sound = [j for j in jacobians if np.isfinite(j).all()]
    mean = draws.mean(axis=(0, 1))
    if not sound:
        return plain(found.deviates), target.guide(found.deviates)
    guide = target.guide(mean)
    if not all(np.isfinite(x).all() for x in guide):
        guide = target.guide(found.deviates)
    return whiten_from(mean, draws.reshape(-1, target.size), np.concatenate(sound)), guide


def _posterior(
    target: Target,
    figures: Figures,
    found: Fit,
    settings: Settings,
    deviates: FloatArray,
    statistics: dict[str, FloatArray],
) -> Posterior:
    ledgers = target.ledgers(deviates.reshape(-1, target.size))
    said = target.says(ledgers).reshape(*deviates.shape[:2], -1)
    return Posterior(settings.method, target, figures, found, deviates, said, statistics, settings.seed)


def judge(posterior: Posterior) -> None:
    """Raise :class:`~contraflow.errors.ConvergenceError` if the chains cannot be trusted."""
    problems = posterior.diagnostics.problems
    if problems:
        raise ConvergenceError(
            f"The posterior is not good enough to answer with: {'; '.join(problems)}. "
            "Draw more (draws=, warm_up=), use the approximation (method='laplace', --method laplace), or "
            "accept it as it is (accept_poor=True, --accept-poor-fit)."
        )


def _tell(say: Say, word: str) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        say(f"{word}: {done:,} of {total:,} steps", done / total)

    return tell


def _rng(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))
