"""What the first run of `peru` pays for compilation, part by part.

Each function is traced, lowered and compiled in a process that keeps no compiled code on disk. One
block of problems is then run, so that the last column is what the user waits for once.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from common import arguments, report

from contraflow.lab import load
from contraflow.model.numerics import jax, jnp


def main() -> None:
    options = arguments(__doc__)
    begin = time.perf_counter()
    lab = load("peru").central_values()
    loaded = time.perf_counter() - begin
    jax.config.update("jax_enable_compilation_cache", False)
    responder, model = lab.responder, lab.responder.model
    ledger = jnp.asarray(lab.ledger)
    references = jax.tree.map(
        lambda x: jnp.ones(x.shape), jax.eval_shape(jax.vmap(responder.reference), ledger)
    )

    def problems(count: int) -> tuple[Any, ...]:
        levels = np.tile(responder.levers.baseline, (count, 1))
        start = np.zeros((count, model.unknowns))
        return np.zeros(count, dtype=np.int64), levels, start, responder._long_run(count)

    parts = {
        "references, 1 draw": (responder._compiled.references, (ledger, responder._long_run(1))),
        "solve, block of 8": (responder._compiled.roots, (ledger, references, *problems(8))),
        "Broyden only, block of 16": (responder._compiled.quick_roots, (ledger, references, *problems(16))),
        "settled, block of 8": (responder._compiled.settled, (ledger, references, *problems(8))),
    }
    rows = []
    for name, (function, given) in parts.items():
        marks = [time.perf_counter()]
        lowered = function.trace(*given)
        marks.append(time.perf_counter())
        lowered = lowered.lower()
        marks.append(time.perf_counter())
        compiled = lowered.compile()
        marks.append(time.perf_counter())
        trace, lower, build = np.diff(marks)
        rows.append(
            {
                "function": name,
                "trace s": float(trace),
                "lower s": float(lower),
                "compile s": float(build),
                "sum s": float(marks[-1] - marks[0]),
                "HLO lines": len(compiled.as_text().splitlines()),
            }
        )
    total = sum(row["sum s"] for row in rows)
    report(
        rows, options.json, [f"Load case and build network: {loaded:.2f} s; all parts in turn: {total:.1f} s"]
    )


if __name__ == "__main__":
    main()
