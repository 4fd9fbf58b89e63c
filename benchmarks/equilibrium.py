"""Equilibria of the shipped case `peru` at the central values of its ranges, against SciPy.

One equilibrium, warm: through a compiled solve of a single problem, and through `Responder.solve`,
which fills a block of eight. Many: random policies through `Responder.solve`. Two kinds of random
policy, since they differ in difficulty: `few` sets one to three measures anywhere between zero and
their maximum and leaves the rest at the baseline; `all` sets every measure so, at once. Markets cut
off altogether have no equilibrium within the tolerance: what did not converge is counted, not hidden.
"""

from __future__ import annotations

import time
from dataclasses import fields

import numpy as np
from common import arguments, interleaved, report
from peer_numpy import Peer

from contraflow.lab import load
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import TOLERANCE

POLICIES = (
    {"radar": 1.0, "air-interdiction": 4.0, "us-air-cooperation": 1.0},
    {"eradication": 40_000.0},
    {"road-checkpoints": 10.0},
    {"port-scanners": 6.0, "scanner-uptime": 0.8},
)
AGREEMENT = 1e-8
SOLVED = 10 * TOLERANCE


def random_policies(lab, count: int, few: bool) -> np.ndarray:
    rng = np.random.default_rng(0)
    baseline, rows = lab.responder.levers.baseline, lab.case.measures.values()
    maxima = np.array([lab.case.parameters[m.maximum].value for m in rows])
    drawn = rng.uniform(0, 1, (count, maxima.size)) * maxima
    if not few:
        return drawn
    changed = rng.permuted(np.tile(np.arange(maxima.size), (count, 1)), axis=1)
    return np.where(changed < rng.integers(1, 4, (count, 1)), drawn, baseline)


def main() -> None:
    options = arguments(__doc__, repeats=20, policies=4096, all=512)
    lab = load("peru").central_values()
    jax.config.update("jax_compilation_cache_dir", None)
    responder, ids = lab.responder, list(lab.responder.levers.ids)
    ledger = jnp.asarray(lab.ledger)
    references = jax.block_until_ready(responder.references(ledger))
    reference = jax.tree.map(lambda x: x[0], references)
    single, economy = jax.jit(responder.root), jax.jit(responder.economy)
    peer = Peer(responder.model.network, np.asarray(reference.anchor.sold), np.asarray(reference.anchor.load))

    def plain(levels):
        made = economy(ledger[0], jnp.asarray(levels), reference.anchor)
        for field in fields(made):
            object.__setattr__(made, field.name, np.asarray(getattr(made, field.name)))
        return made

    rows, notes, worst = [], [], 0.0
    for policy in POLICIES:
        levels = responder.levers.baseline.copy()
        for name, level in policy.items():
            levels[ids.index(name)] = level
        ours, numbers = single(ledger[0], reference, jnp.asarray(levels)), plain(levels)
        state, residual, calls = peer.solve(numbers)
        difference = float(np.abs(np.asarray(ours.state) - state).max())
        assert difference < AGREEMENT, (policy, difference, float(ours.residual), residual)
        worst = max(worst, difference)
        argument = jnp.asarray(levels)
        seconds = interleaved(
            {
                "single": lambda a=argument: jax.block_until_ready(single(ledger[0], reference, a)),
                "block": lambda a=levels: responder.solve(lab.ledger, references, a[None]),
                "peer": lambda n=numbers: peer.solve(n),
            },
            options.repeats,
        )
        middle = {k: float(np.median(v)) * 1e3 for k, v in seconds.items()}
        rows.append(
            {
                "policy": " ".join(f"{k}={v:g}" for k, v in policy.items()),
                "single ms": middle["single"],
                "min": float(seconds["single"].min() * 1e3),
                "block of 8 ms": middle["block"],
                "SciPy ms": middle["peer"],
                "SciPy/single": middle["peer"] / middle["single"],
                "evaluations": int(ours.evaluations),
                "SciPy's": calls,
            }
        )
    notes.append(
        f"Largest difference of states, ours and SciPy's: {worst:.1e} (asserted below {AGREEMENT:.0e})"
    )
    for few, count in ((True, options.policies), (False, options.all)):
        if not count:
            continue
        levels = random_policies(lab, count, few)
        responder.solve(lab.ledger, references, levels[:257])  # compiles the large block
        begin = time.perf_counter()
        found = responder.solve(lab.ledger, references, levels)
        spent = time.perf_counter() - begin
        solved = found.residual <= SOLVED
        sample = [plain(row) for row in levels[:16]]
        begin = time.perf_counter()
        theirs = [peer.solve(e) for e in sample]
        each = (time.perf_counter() - begin) / len(sample)
        good = np.mean([r <= 1e-9 for _, r, _ in theirs])
        notes.append(
            f"{count:,} random policies ({'few' if few else 'all'}): {count / spent:,.0f} equilibria/s, "
            f"{solved.mean():.1%} solved, largest residual {found.residual.max():.1e} "
            f"(of the solved {found.residual[solved].max():.1e}); "
            f"SciPy {1 / each:,.1f}/s, {good:.0%} of {len(sample)} solved; ratio {each * count / spent:,.0f}"
        )
    report(rows, options.json, notes)


if __name__ == "__main__":
    main()
