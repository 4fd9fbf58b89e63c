"""The draws of a lab: a case's posterior, computed or recalled, and the draws of it that results carry."""

from __future__ import annotations

from typing import NamedTuple

from contraflow._language import _
from contraflow._parallel import in_threads
from contraflow._types import FloatArray, IntArray, Progress
from contraflow.case.case import Case
from contraflow.dynamics.adjustment import with_behaviour
from contraflow.errors import ConvergenceError
from contraflow.inference import store
from contraflow.inference.calibration import Settings, infer, judge
from contraflow.inference.likelihood import make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.posterior import Posterior
from contraflow.inference.prior import Prior
from contraflow.model import Model
from contraflow.network.build import build
from contraflow.policy import Responder, make_levers


class PosteriorDraws(NamedTuple):
    """Draws of a posterior."""

    ledger: FloatArray
    """Values of the ledger (draw, number), behaviour included."""
    posterior: Posterior
    """The posterior."""
    picks: IntArray
    """Which of its draws these are (draw,)."""


def responder(case: Case) -> Responder:
    """The model of a case with the levers of its measures. Raises NetworkError."""
    network = build(case)
    return Responder(Model(network), make_levers(network))


def posterior_draws(
    response: Responder,
    settings: Settings,
    *,
    keep: int,
    until: int | None,
    accept_poor: bool,
    say: Progress,
    fresh: bool = False,
) -> PosteriorDraws:
    """Draws of the posterior of a case.

    Parameters
    ----------
    response
        The model of the case.
    settings
        Method, seed, and number of chains, warm-up steps and draws.
    keep
        Draws, at most.
    until
        Last year whose claims are fitted. None: the last of the baseline.
    accept_poor
        Whether chains with bad diagnostics pass.
    say
        Callback ``progress(message, fraction=None)``.
    fresh
        Compute the posterior even if it is on disk.

    Raises
    ------
    ConvergenceError
        If no fit is found, chains are too poor, or no draw has an equilibrium in every year.
    """
    network = response.model.network
    target = LogPosterior(Prior(network.ledger), make_likelihood(response, until))
    name = store.key(target, settings)
    posterior = None if fresh else store.recall(name, target)
    if posterior is None:
        say(_("Compiling the model, once for this version"))
        in_threads(lambda task: task(), target.compile_tasks())
        posterior = infer(target, settings, say)
        store.keep(name, posterior)
    if not accept_poor:
        judge(posterior)
    picks = posterior.picks(keep)
    if not picks.size:
        raise ConvergenceError(
            _("No draw of the posterior has an equilibrium in every year that claims observe.")
        )
    return PosteriorDraws(with_behaviour(network, posterior.ledger(picks), posterior.seed), posterior, picks)
