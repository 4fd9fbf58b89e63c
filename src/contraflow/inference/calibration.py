"""From claims to a posterior: by Markov chains, by a quick approximation, or its maximum alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contraflow import _random
from contraflow._language import _
from contraflow._numbers import fixed
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
"""Number of those at which the model is linearised for the chains' coordinates."""


@dataclass(frozen=True)
class Settings:
    """How a posterior is computed."""

    method: Method = Method.LAPLACE
    """Method."""
    seed: int = 0
    """Seed of all random numbers."""
    chains: int = 4
    """Number of Markov chains; only for NUTS."""
    warm_up: int = 100
    """Draws of each chain that precede the kept ones; only for NUTS."""
    draws: int = 500
    """Draws that are kept, of each chain for NUTS; not for the best fit, which is one draw."""


def infer(
    log_posterior: LogPosterior, settings: Settings, say: Progress, figures: ClaimErrors | None = None
) -> Posterior:
    """The posterior of a case, by any method.

    Parameters
    ----------
    log_posterior
        The density.
    settings
        Method, seed and numbers of draws.
    say
        Callback for progress.
    figures
        Figures of the claims and their errors. None: those of the case.

    Returns
    -------
    Posterior
        The draws. Poor chains are returned as well; :func:`judge` refuses them.

    Raises
    ------
    ConvergenceError
        If no fit is found, or hardly any draw of the approximation has an equilibrium.
    """
    stated = log_posterior.likelihood.figures if figures is None else figures

    def report(start: int, evaluation: int, cost: float) -> None:
        text = _("Calibrating: start {start}, evaluation {evaluation}, misfit {misfit}")
        say(text.format(start=start + 1, evaluation=evaluation, misfit=fixed(cost, 1)))

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
        say(_("Drawing from the approximation"))
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
    """The posterior by NUTS, with starts and white coordinates from draws of the approximation.

    Parameters
    ----------
    log_posterior
        The density.
    figures
        Figures of the claims and their errors.
    found
        The maximum of the posterior.
    surrogate
        The surrogate at the maximum.
    settings
        Seed and numbers of chains, draws and warm-up.
    say
        Callback for progress.

    Returns
    -------
    Posterior
        The draws of all chains.

    Raises
    ------
    ConvergenceError
        If hardly any draw of the approximation has an equilibrium.
    """
    sampler = log_posterior.sampler
    say(_("Scouting where the posterior lies"))
    rng = _random.stream("draws of the approximation", settings.seed)
    scouts, predicted = approximate(
        log_posterior, figures, found, surrogate, max(SCOUTS, settings.chains), rng
    )
    jacobians = [log_posterior.linearise(z, figures)[1] for z in scouts[:LOOKS]]
    sound = np.concatenate([j for j in jacobians if np.isfinite(j).all()])
    gaussian = gaussian_from_draws(scouts.mean(axis=0), scouts, sound, rank=int((figures.weight > 0).sum()))
    say(_("Compiling the sampler, once for this version"))
    surrogate = log_posterior.informed(surrogate, scouts, predicted)
    run = sampler.run(
        jax.random.key(settings.seed), scouts[-settings.chains :], gaussian, (figures, surrogate),
        warm_up=settings.warm_up, draws=settings.draws, progress=_tell(say),
    )  # fmt: skip
    statistics = {
        "diverging": run.diverging, "energy": run.energy, "n_steps": run.steps,
        "acceptance_rate": run.acceptance, "accepted": run.accepted,
    }  # fmt: skip
    say(_("Predicting every claim in every draw"))
    kept = {name: np.asarray(x, dtype=float) for name, x in statistics.items()}
    predicted = log_posterior.predict(run.draws.reshape(-1, log_posterior.size), surrogate).reshape(
        *run.draws.shape[:2], -1
    )
    return Posterior(
        settings.method, log_posterior, figures, found, run.draws, predicted, kept, settings.seed
    )


def judge(posterior: Posterior) -> None:
    """Refuse chains that cannot be trusted.

    Parameters
    ----------
    posterior
        Draws; only those of chains can be refused.

    Raises
    ------
    ConvergenceError
        If a diagnostic exceeds its limit; names each that does.
    """
    problems = posterior.diagnostics.problems
    if problems:
        raise ConvergenceError(
            _(
                "The posterior is not good enough to answer with: {problems}. Draw more (draws=, warm_up=), "
                "use the approximation (method='laplace', --method laplace), or accept it as it is "
                "(accept_poor=True, --accept-poor-fit)."
            ).format(problems="; ".join(problems))
        )


def _tell(say: Progress) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        text = _("Sampling: {done} of {total} steps").format(done=fixed(done, 0), total=fixed(total, 0))
        say(text, done / total)

    return tell
