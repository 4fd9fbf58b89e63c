"""Horizons and paths of `peru` beside the equilibria of the same policies, in one run.

Draws are those of the approximation of the posterior; compiled code is warm, and the three kinds take turns.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from common import arguments, interleaved, report

import contraflow as cf
from contraflow.policy import levels
from contraflow.policy.horizon import in_years

HORIZONS = ("1 month", "1 year", "5 years")
POLICIES = 5
PATHS = (5, 10)


def main() -> None:
    asked = arguments(__doc__.splitlines()[0], draws=200, repeats=3)
    lab = cf.load("peru").calibrate(method="laplace", keep=asked.draws)
    lab.baseline()
    draws, model = len(lab.ledger), lab.responder.model
    every, start = np.arange(draws), np.zeros((draws, model.unknowns))
    questions = lab.case.info.questions[:POLICIES]
    wanted = [
        np.repeat(levels(lab.case, lab.responder.levers.baseline, q.policy)[None], draws, axis=0)
        for q in questions
    ]

    def solve(years: float | None) -> None:
        for each in wanted:
            if years is None:
                lab.responder.solve(lab.ledger, lab._references, each, every)
            else:
                lab._adjustment.solve(each, years, every, start)

    runs = {f"horizon, {h}": partial(solve, in_years(h)) for h in HORIZONS}
    seconds = interleaved({"equilibrium": partial(solve, None), **runs}, asked.repeats)
    rows: list[dict[str, object]] = [
        {
            "what": f"{POLICIES} policies x {draws} draws: {name}",
            "seconds": float(np.median(found)),
            "over equilibrium": float(np.median(found / seconds["equilibrium"])),
            "from": float((found / seconds["equilibrium"]).min()),
            "to": float((found / seconds["equilibrium"]).max()),
        }
        for name, found in seconds.items()
    ]
    policy = questions[0].policy
    along = interleaved({str(y): partial(lab.path, policy, years=y) for y in PATHS}, asked.repeats)
    notes = [
        f"path of {years} years, {draws} draws: {np.median(along[str(years)]):.1f} s "
        f"({along[str(years)].min():.1f} to {along[str(years)].max():.1f})"
        for years in PATHS
    ]
    report(rows, asked.json, notes)


if __name__ == "__main__":
    main()
