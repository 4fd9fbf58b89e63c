"""Simulation-based calibration on the shipped example: are the ranks of the truth even?

The sampler by default, for which it writes a figure of the ranks' distribution functions with the band in
which 99 % of even ones lie; with `--approximation 1` the quick approximation, whose widths it tells too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from common import arguments, report

import contraflow as cf
from contraflow import _random
from contraflow._types import silent
from contraflow.inference.calibration import Settings, infer
from contraflow.inference.likelihood import make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.method import Method
from contraflow.inference.prior import Prior
from contraflow.inference.sbc import Ranks, rank, simulate, uniformity
from contraflow.lab import responder

FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "sbc.svg"


def main() -> None:
    options = arguments(__doc__, runs=200, draws=99, seed=0, approximation=0)
    response = responder(cf.load("example"))
    log_posterior = LogPosterior(Prior(response.model.network.ledger), make_likelihood(response))
    if options.approximation:
        ranks = rank_approximations(log_posterior, options.runs, options.draws, options.seed)
    else:
        ranks = rank(log_posterior, options.runs, draws=options.draws, seed=options.seed)
    probability = uniformity(ranks)
    order = np.argsort(probability)
    rows = [{"quantity": ranks.names[i], "p": probability[i]} for i in order[:8]]
    low = float((probability < 0.05).mean())
    if not options.approximation:
        FIGURE.write_text(figure(ranks), encoding="utf-8")
    within = ((ranks.rank >= 0.05 * ranks.draws) & (ranks.rank <= 0.95 * ranks.draws)).mean()
    report(
        rows,
        options.json,
        [
            f"{options.runs} runs, {len(ranks.names)} quantities: p below 0.05 in {low:.1%} of them "
            f"(5 % if all is right); smallest {probability.min():.2g}, expected about "
            f"{1 / len(probability):.2g}; {within:.1%} of the truths lie in their 90 % intervals",
        ],
    )


def rank_approximations(log_posterior: LogPosterior, runs: int, draws: int, seed: int) -> Ranks:
    """Ranks of true numbers, shared errors and predictions among draws of the approximation."""
    fitted = np.flatnonzero(log_posterior.likelihood.fitted)
    names = [log_posterior.likelihood.responder.model.network.ledger.ids[i] for i in log_posterior.prior.free]
    names += [f"error-{n}" for n in range(log_posterior.likelihood.errors)]
    names += [f"claim {log_posterior.likelihood.claims[i].id}" for i in fitted]
    found = []
    for run in range(runs):
        rng = _random.stream("simulation-based calibration", seed, run)
        truth = rng.standard_normal(log_posterior.size)
        figures = simulate(log_posterior, truth, rng)
        posterior = infer(log_posterior, Settings(Method.LAPLACE, run, draws=draws), silent, figures)
        said = log_posterior.predicted_at(log_posterior.ledgers(truth[None]))[0]
        below = posterior.z < truth, posterior.predicted[:, fitted] < said[fitted]
        found.append(np.concatenate([part.sum(axis=0) for part in below]))
    return Ranks(tuple(names), np.array(found), draws)


def figure(ranks: Ranks, size: int = 420) -> str:
    """Empirical distribution of every quantity's ranks less the even one, as an SVG."""
    runs, top = len(ranks.rank), 0.16
    grid = np.linspace(0, 1, 101)
    scaled = (ranks.rank + 0.5) / (ranks.draws + 1)
    curves = np.array([[(column <= x).mean() - x for x in grid] for column in scaled.T])
    rng = np.random.default_rng(0)
    even = rng.uniform(size=(2000, runs))
    band = np.quantile([[(r <= x).mean() - x for x in grid] for r in even[:400]], (0.005, 0.995), axis=0)

    def points(y: np.ndarray) -> str:
        return " ".join(
            f"{size * x:.1f},{size / 2 * (1 - v / top):.1f}" for x, v in zip(grid, y, strict=True)
        )

    shade = points(band[0]) + " " + " ".join(reversed(points(band[1]).split()))
    lines = "".join(
        f'<polyline points="{points(c)}" fill="none" stroke="#2f6f8b" stroke-opacity="0.35"/>' for c in curves
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-50 -30 {size + 70} {size + 80}" '
        f'font-family="sans-serif" font-size="12" fill="#444"><polygon points="{shade}" fill="#e6e1d3"/>'
        f'<line x1="0" x2="{size}" y1="{size / 2}" y2="{size / 2}" stroke="#999"/>{lines}'
        f'<text x="0" y="-12">{len(ranks.names)} quantities, {runs} runs; band: 99 % of even ranks</text>'
        f'<text x="0" y="{size + 24}">rank of the truth among the draws, from lowest to highest</text>'
        f'<text x="-46" y="{size / 2 + 4}">0</text><text x="-46" y="12">+{top}</text>'
        f'<text x="-46" y="{size}">−{top}</text></svg>'
    )


if __name__ == "__main__":
    main()
