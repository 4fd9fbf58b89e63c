"""From claims to a posterior: by Markov chains, by a quick approximation, or its maximum alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contraflow import _random
from contraflow._types import Progress
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LinearSurrogate, LogPosterior
from contraflow.inference.low_rank_gaussian import gaussian_from_draws
from contraflow.inference.map_estimate import MapEstimate, find_map
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.inference.randomised_map import approximate
from contraflow.model.numerics import jax

SCOUTS = 200
"""Draws of the approximation that give the chains their starts, coordinates and surrogate."""

LOOKS = 8
"""Of those, the ones at which the model is linearised for the chains' coordinates."""


@dataclass(frozen=True)
class Settings:
    """How a posterior is computed. ``draws`` are kept of each chain, ``warm_up`` precede them.

    The approximation has no chains: it makes ``draws``.
    """

    method: Method = Method.LAPLACE
    seed: int = 0
    chains: int = 4
    warm_up: int = 100
    draws: int = 500


def infer(
    log_posterior: LogPosterior, settings: Settings, say: Progress, figures: ClaimErrors | None = None
) -> Posterior:
    """The posterior of a case. ``say`` is stated how far it is.

    Raises :class:`~contraflow.errors.ConvergenceError` where no fit is found. Does not judge the chains:
    look at the posterior's diagnostics.
    """
    stated = log_posterior.likelihood.figures if figures is None else figures

    def report(start: int, evaluation: int, cost: float) -> None:
        say(f"Calibrating: start {start + 1}, evaluation {evaluation}, misfit {cost:,.1f}")

    found = find_map(log_posterior, stated, seed=settings.seed, progress=report)
    surrogate = log_posterior.surrogate(found.deviates)
    if settings.method is Method.BEST:
        predicted = log_posterior.predict(found.deviates[None], surrogate)
        return Posterior(
            settings.method,
            log_posterior,
            stated,
            found,
            found.deviates[None, None],
            predicted[None],
            {},
            settings.seed,
        )
    if settings.method is Method.LAPLACE:
        say("Drawing from the approximation")
        rng = _random.stream("draws of the approximation", settings.seed)
        draws, predicted = approximate(log_posterior, stated, found, surrogate, settings.draws, rng)
        return Posterior(
            settings.method, log_posterior, stated, found, draws[None], predicted[None], {}, settings.seed
        )
    return chains(log_posterior, stated, found, surrogate, settings, say)


def chains(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
    settings: Settings,
    say: Progress,
) -> Posterior:
    """Draws by NUTS, from starts and in coordinates that draws of the approximation give."""
    sampler = log_posterior.sampler
    say("Scouting where the posterior lies")
    rng = _random.stream("draws of the approximation", settings.seed)
    scouts, predicted = approximate(
        log_posterior, figures, found, surrogate, max(SCOUTS, settings.chains), rng
    )
    jacobians = [log_posterior.linearise(z, figures)[1] for z in scouts[:LOOKS]]
    sound = np.concatenate([j for j in jacobians if np.isfinite(j).all()])
    gaussian = gaussian_from_draws(scouts.mean(axis=0), scouts, sound, rank=int((figures.weight > 0).sum()))
    say("Compiling the sampler, once for this version")
    surrogate = log_posterior.informed(surrogate, scouts, predicted)
    run = sampler.run(
        jax.random.key(settings.seed), scouts[-settings.chains :], gaussian, (figures, surrogate),
        warm_up=settings.warm_up, draws=settings.draws, progress=_tell(say, "Sampling"),
    )  # fmt: skip
    statistics = {
        "diverging": run.diverging, "energy": run.energy, "n_steps": run.steps,
        "acceptance_rate": run.acceptance, "accepted": run.accepted,
    }  # fmt: skip
    say("Predicting every claim in every draw")
    kept = {name: np.asarray(x, dtype=float) for name, x in statistics.items()}
    predicted = log_posterior.predict(run.draws.reshape(-1, log_posterior.size), surrogate).reshape(
        *run.draws.shape[:2], -1
    )
    return Posterior(
        settings.method, log_posterior, figures, found, run.draws, predicted, kept, settings.seed
    )


def judge(posterior: Posterior) -> None:
    """Raise :class:`~contraflow.errors.ConvergenceError` if the chains cannot be trusted."""
    problems = posterior.diagnostics.problems
    if problems:
        raise ConvergenceError(
            f"The posterior is not good enough to answer with: {'; '.join(problems)}. "
            "Draw more (draws=, warm_up=), use the approximation (method='laplace', --method laplace), or "
            "accept it as it is (accept_poor=True, --accept-poor-fit)."
        )


def _tell(say: Progress, word: str) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        say(f"{word}: {done:,} of {total:,} steps", done / total)

    return tell
