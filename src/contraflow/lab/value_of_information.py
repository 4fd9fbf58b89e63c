"""The value of knowing a fact: how far it would narrow a figure, or improve a choice among policies.

The methods of :mod:`contraflow.analysis.evppi`, applied to a lab's draws and outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from contraflow import _random
from contraflow._language import N_, _, locale
from contraflow._types import FloatArray, IntArray
from contraflow.analysis import evppi
from contraflow.case.case import Case
from contraflow.errors import ComparisonError
from contraflow.inference.likelihood import series
from contraflow.inference.low_rank_gaussian import LowRankPrecision
from contraflow.inference.posterior import Posterior
from contraflow.lab.sensitivity import FEWEST, Linearisation, QuantityOfInterest, linearise


def worth_knowing(about: QuantityOfInterest) -> pd.DataFrame:
    """Rank facts by the share of a figure's variance that knowing them would remove.

    Parameters
    ----------
    about
        The figure.

    Returns
    -------
    pandas.DataFrame
        One row per fact, the most valuable first: ``fact``, ``kind`` (number or observable), ``what``;
        ``worth``, a share of the variance that is 0 where chance or the standard error could explain it;
        ``estimate`` and its standard ``error``; ``linear``, the same share in the linear account; ``left``,
        the width of the 90 % interval that would remain, relative to now. ``attrs`` hold ``chance``, the
        largest share that chance gives to any fact, and the number of ``draws``.

    Raises
    ------
    ComparisonError
        If too few draws have an equilibrium.
    """
    figure = about.figure[about.sound]
    linear = linearise(about)
    facts, frame = _facts(about.case, about.posterior, about.chosen)
    rng = _random.stream("facts that narrow a figure", about.posterior.seed)
    found = evppi.variance_explained(facts, figure, rng)
    frame = frame.assign(
        worth=found.beyond_chance,
        estimate=found.worth,
        error=found.error,
        linear=_linear_worth(about, linear, frame),
        left=np.sqrt(1 - np.minimum(found.beyond_chance, 1.0)),
    )
    frame.attrs |= {"chance": found.chance, "draws": int(figure.size), "quantity": about.quantity}
    return _by_worth(frame)


def worth_deciding(abouts: Sequence[QuantityOfInterest], lower_is_better: bool) -> pd.DataFrame:
    """Rank facts by the expected improvement of a choice among outcomes if they are known beforehand.

    Parameters
    ----------
    abouts
        The same figure of each outcome.
    lower_is_better
        Whether the outcome with the lowest figure is the best.

    Returns
    -------
    pandas.DataFrame
        Columns as for :func:`worth_knowing`, without ``linear`` and ``left``; worths are in the figure's
        unit. ``attrs`` also hold the ``options`` (title, mean, and the share of draws in which each is
        ``best``), the ``best`` on average, and ``certain``, the expected value of perfect information.

    Raises
    ------
    ComparisonError
        If too few draws have an equilibrium under all policies.
    """
    first = abouts[0]
    figures = np.stack([a.figure for a in abouts], axis=1)
    kept = np.flatnonzero(np.isfinite(figures).all(axis=1))
    if kept.size < FEWEST:
        text = _("All policies are solved in {known} draws; {fewest} are needed to weigh them up.")
        raise ComparisonError(text.format(known=kept.size, fewest=FEWEST))
    benefits = figures[kept] * (-1.0 if lower_is_better else 1.0)
    facts, frame = _facts(first.case, first.posterior, first.picks[kept])
    rng = _random.stream("facts that decide", first.posterior.seed)
    found = evppi.evppi(facts, benefits, rng)
    frame = frame.assign(worth=found.beyond_chance, estimate=found.worth, error=found.error)
    best = benefits.argmax(axis=1)
    frame.attrs |= {
        "chance": found.chance,
        "draws": int(kept.size),
        "quantity": first.quantity,
        "unit": first.unit,
        "certain": evppi.evpi(benefits),
        "best": abouts[int(benefits.mean(axis=0).argmax())].outcome.title,
        "options": [
            {
                "title": a.outcome.title,
                "mean": float(figures[kept, i].mean()),
                "best": float((best == i).mean()),
            }
            for i, a in enumerate(abouts)
        ],
    }
    return _by_worth(frame)


def _by_worth(frame: pd.DataFrame) -> pd.DataFrame:
    held = dict(frame.attrs)
    ranked = frame.sort_values(by=["worth", "estimate"], ascending=False, kind="stable")
    ranked = ranked.reset_index(drop=True)
    ranked.attrs |= held
    return ranked


def _facts(case: Case, posterior: Posterior, picks: IntArray) -> tuple[FloatArray, pd.DataFrame]:
    """Facts (draw, fact): numbers with a range of their own, and the model's value of everything claimed.

    Weights of single arcs are left out: they can only be observed through the flows they produce. Claims that
    observe the same thing under the same measures are one fact.
    """
    target, likelihood = posterior.log_posterior, posterior.log_posterior.likelihood
    ledger = target.prior.ledger
    rows, columns, shown = [], [], case.in_language(locale())
    for number, place in enumerate(target.prior.free):
        name = ledger.ids[place]
        if name in case.parameters:
            columns.append(posterior.z[picks][:, number])
            what = shown.parameters[name].meaning
            rows.append({"fact": name, "kind": N_("number"), "what": what, "place": number})
    seen: set[tuple[object, ...]] = set()
    _scenarios, which = likelihood.scenarios
    for number, claim in enumerate(likelihood.claims):
        key = (*series(claim), int(which[number]))
        if key in seen:
            continue
        seen.add(key)
        columns.append(posterior.locations[picks][:, number])
        what = shown.claims[claim.id].statement
        rows.append({"fact": claim.id, "kind": N_("observable"), "what": what, "place": number})
    return np.stack(columns, axis=1), pd.DataFrame(rows)


def _linear_worth(about: QuantityOfInterest, linear: Linearisation, facts: pd.DataFrame) -> FloatArray:
    """Share of variance that each fact removes in the linear account: squared correlations."""
    target = about.posterior.log_posterior
    precision = LowRankPrecision(linear.jacobian)
    spread = precision.variances()
    whole = max(linear.account.variance, 1e-300)
    result = np.zeros(len(facts))
    numbers = facts["kind"].to_numpy() == "number"
    place = facts["place"].to_numpy(np.int64)
    own = place[numbers]
    result[numbers] = linear.account.direction[own] ** 2 / (spread[own] * whole)
    seen = place[~numbers]
    slopes = target.linear(linear.centre, np.unique(seen)).jacobian
    slopes = slopes[np.searchsorted(np.unique(seen), seen)]
    across = np.einsum("fs,sf->f", slopes, precision.solve(slopes.T))
    result[~numbers] = (slopes @ linear.account.direction) ** 2 / (np.maximum(across, 1e-300) * whole)
    return np.where(np.isfinite(result), result, 0.0)
