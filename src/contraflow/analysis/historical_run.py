"""A case's own events simulated month by month, against what was observed year by year.

As in the hindcast, claims that calibration did not see are predicted and scored. But where the hindcast uses
the equilibrium under the measures of a claim's year, here the economy reaches that year through the years
before it, with clans that learn and crops that lag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contraflow._language import _
from contraflow._types import IntArray, Progress, silent
from contraflow.analysis.hindcast import Forecast
from contraflow.dynamics import timeline
from contraflow.dynamics.clans import Orders
from contraflow.dynamics.month import MONTHS
from contraflow.dynamics.simulator import Simulator, draw_behaviour, setting
from contraflow.inference.likelihood import years
from contraflow.inference.posterior import Posterior
from contraflow.model.numerics import compiled, jax


@dataclass(frozen=True)
class Span:
    """Years of a historical run."""

    first: int
    """First calendar year, from January."""
    years: int
    """Number of years."""

    @property
    def last(self) -> int:
        """The last year."""
        return self.first + self.years - 1


def forecast_history(
    posterior: Posterior,
    simulator: Simulator,
    picks: IntArray,
    span: Span,
    seed: int,
    progress: Progress | None = None,
) -> Forecast:
    """Simulate a case's own events and observe every claim in its year.

    Claims without a year, or outside the span, are not observed.

    Parameters
    ----------
    posterior
        The posterior.
    simulator
        The simulator with its roster of clans.
    picks
        Draw of the posterior for each replicate (replicate,).
    span
        Years of the run.
    seed
        Seed of the random draws.
    progress
        Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

    Returns
    -------
    Forecast
        Predictions (replicate, claim).

    Raises
    ------
    PolicyError
        If the span is longer than 100 years.
    """
    responder, likelihood = simulator.responder, posterior.log_posterior.likelihood
    ledger = posterior.ledger(picks)
    plan = timeline.of_events(responder.levers, span.first, span.years)
    levels = plan.levels(ledger)
    say = progress or silent
    summary, stopped = simulator.run(
        ledger,
        draw_behaviour(responder.model.network.ledger, len(ledger), seed),
        levels[:, 0],
        levels,
        Orders(np.zeros(plan.months), np.zeros(plan.months)),
        setting(simulator.roster),
        seed,
        lambda part: say(_("Telling the history forward"), part),
    )
    if stopped:
        raise KeyboardInterrupt
    whole = np.concatenate([np.repeat(levels[:, :1], MONTHS, axis=1), levels], axis=1)
    observe = compiled(jax.vmap(likelihood.observations.observe))
    by_year = []
    for year in range(span.years):
        months = slice(MONTHS * (year + 1), MONTHS * (year + 2))
        here = simulator.window(ledger, whole, summary, months)
        by_year.append(np.asarray(observe(ledger, here.economy, here.point)))
    predicted = np.full((len(ledger), len(likelihood.claims)), np.nan)
    for number, claim in enumerate(likelihood.claims):
        if claim.year is None:
            continue
        begin, end = years(claim.year)
        if span.first <= begin and end <= span.last:
            own = by_year[begin - span.first : end - span.first + 1]
            predicted[:, number] = np.mean([s[:, number] for s in own], axis=0)
    return Forecast(picks, predicted, np.asarray(likelihood.scale.predicted(predicted)))
