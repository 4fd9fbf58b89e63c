"""The posterior of `peru`: seconds of the approximation and of the chains, and how far they are apart.

Each is computed twice, so that the second time finds compiled code on disk. Headline figures are those of
the baseline. The chains' R-hat and effective draws say how far they can be a yardstick.
"""

from __future__ import annotations

import time

import numpy as np
from arviz_stats.base.array import array_stats
from common import arguments, report

import contraflow as cf
from contraflow.lab import Lab
from contraflow.results.figures import outcome_figures, outcome_rows
from contraflow.results.view import price_spot

CASE = "peru"


def main() -> None:
    options = arguments(__doc__, chains=4, draws=500, warm_up=100, cold=1)
    notes = []
    for method, more in (
        ("laplace", {"draws": 500}),
        ("nuts", {"chains": options.chains, "draws": options.draws, "warm_up": options.warm_up}),
    ):
        seconds = []
        for _ in range(1 + (options.cold > 0)):
            begin = time.perf_counter()
            lab = cf.load(CASE).calibrate(method=method, fresh=True, accept_poor=True, keep=10**6, **more)
            seconds.append(time.perf_counter() - begin)
        notes.append(f"{method}: {' s, then '.join(f'{s:.1f}' for s in seconds)} s; {told(lab)}")
        if method == "laplace":
            quick, units = headline(lab)
        else:
            slow, _ = headline(lab)
            picks = lab.picks
    rows = []
    for name, unit in units.items():
        a, b = quick[name], slow[name]
        if np.ptp(b) == 0:
            continue
        chained = by_chain(b, picks, options.chains, options.draws)
        rows.append(
            {
                "figure": f"{name}, {unit}",
                "laplace 5 %": np.quantile(a, 0.05), "median": np.median(a), "95 %": np.quantile(a, 0.95),
                "nuts 5 %": np.quantile(b, 0.05), "nuts median": np.median(b),
                "nuts 95 %": np.quantile(b, 0.95),
                "apart, sd": (np.median(a) - np.median(b)) / b.std(), "sd ratio": a.std() / b.std(),
                "R-hat": float(array_stats.rhat(chained, chain_axis=0, draw_axis=1)),
                "ESS": float(array_stats.ess(chained, chain_axis=0, draw_axis=1)),
            }
        )  # fmt: skip
    report(rows, options.json, notes)


def by_chain(figure: np.ndarray, picks: np.ndarray, chains: int, draws: int) -> np.ndarray:
    """A figure (chain, draw) without the draws that are not solved in all chains."""
    grid = np.full(chains * draws, np.nan)
    grid[picks] = figure
    grid = grid.reshape(chains, draws)
    return np.ascontiguousarray(grid[:, np.isfinite(grid).all(axis=0)])


def headline(lab: Lab) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Headline figures of the baseline, draw by draw, and their units."""
    data = lab.baseline().data
    names, values = outcome_rows(data, price_spot(data))
    return dict(zip(names, values.T, strict=True)), {f.name: f.unit for f in outcome_figures()}


def told(lab: Lab) -> str:
    posterior = lab.posterior
    fitted = posterior.log_posterior.likelihood.fitted
    off = posterior.log_posterior.likelihood.standardised(np.nanmedian(posterior.predicted, axis=0)[None])[0][
        fitted
    ]
    steps = posterior.statistics.get("n_steps")
    return (
        f"{posterior.diagnostics.words()}; medians meet {int((np.abs(off) < 2).sum())} of {fitted.sum()} "
        f"fitted claims; exact density accepted {posterior.diagnostics.accepted:.0%}"
        + ("" if steps is None else f"; {steps.mean():.0f} steps a draw")
    )


if __name__ == "__main__":
    main()
