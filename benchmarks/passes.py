"""Both passes over large synthetic networks, against NumPy level by level and a plain copy.

Three networks of layers of equal size (10^4, 10^5 and 10^6 arcs) show how cost grows; one of 10^6
arcs whose layers shrink geometrically over four orders of magnitude shows uneven ones. The copy
moves the same bytes as the passes read and write; no program can be faster than that by much.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
from common import arguments, interleaved, report
from peer_numpy import Passes

from contraflow.model.choice import flows, values
from contraflow.model.layout import make_layout
from contraflow.model.numerics import jax, jnp

DEGREE = 5
SHAPES = {
    "10^4 arcs, equal levels": [100] * 21,
    "10^5 arcs, equal levels": [1_000] * 21,
    "10^6 arcs, equal levels": [10_000] * 21,
    "10^6 arcs, uneven levels": [int(s) for s in np.geomspace(1.0e5, 10, 21)],
}


def network(sizes: list[int]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    level = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    inner = level < len(sizes) - 1
    goal = int(1e6) if sum(sizes) > 100_000 else sum(sizes[:-1]) * DEGREE
    degree = np.where(inner, max(1, round(goal / inner.sum())), 0)
    tail = np.repeat(np.arange(level.size), degree)
    follow = level[tail] + 1
    head = first[follow] + rng.integers(0, np.array(sizes)[follow])
    arcs = tail.size
    data = {
        "weight": rng.uniform(0.1, 1, arcs),
        "keep": rng.uniform(0.8, 1, arcs),
        "outlay": rng.uniform(0, 2, arcs),
        "theta": rng.uniform(2, 8, level.size),
        "arrive": rng.uniform(0.8, 1, arcs),
        "endowment": np.where(level == 0, rng.uniform(1, 2, level.size), 0.0),
        "price": np.where(inner, 0.0, rng.uniform(900, 1100, level.size)),
    }
    return data, tail, head, level


def measure(name: str, repeats: int) -> dict[str, object]:
    data, tail, head, level = network(SHAPES[name])
    layout = make_layout(tail, head, level)
    sinks = np.flatnonzero(level == level.max())

    @jax.jit
    def passes(d):
        back = values(layout, d["weight"], d["keep"], d["outlay"], d["theta"], sinks, d["price"][sinks])
        return back.node, *flows(layout, back.share, d["arrive"], d["endowment"])

    device = {k: jnp.asarray(v) for k, v in data.items()}
    peer = Passes(tail, head, level)

    def numpy_passes():
        value, share = peer.backward(*(data[k] for k in ("weight", "keep", "outlay", "theta", "price")))
        return value, *peer.forward(share, data["arrive"], data["endowment"])

    output = [np.asarray(x) for x in passes(device)]
    for ours, theirs in zip(output, numpy_passes(), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12 * np.abs(theirs).max())
    moved = [*data.values(), *output]
    seconds = interleaved(
        {
            "ours": lambda: jax.block_until_ready(passes(device)),
            "numpy": numpy_passes,
            "copy": lambda: [x.copy() for x in moved],
        },
        repeats,
    )
    ours = seconds["ours"]
    low, middle, high = np.percentile(ours, [0, 50, 90])
    return {
        "network": name,
        "arcs": int(tail.size),
        "steps": "x".join(map(str, layout.slots.shape)),
        "ms min": float(low * 1e3),
        "ms median": float(middle * 1e3),
        "ms p90": float(high * 1e3),
        "ns/arc": float(low / tail.size * 1e9),
        "NumPy ms": float(seconds["numpy"].min() * 1e3),
        "NumPy/ours": float(np.median(seconds["numpy"]) / middle),
        "ours/copy": float(middle / np.median(seconds["copy"])),
        "peak MB": float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    options = arguments(__doc__, repeats=15, shape=-1)
    if options.shape >= 0:  # one network in a process of its own, so that peak memory is its own
        print(repr(measure(list(SHAPES)[options.shape], options.repeats)))
        return
    rows = []
    for i in range(len(SHAPES)):
        command = [sys.executable, __file__, "--shape", str(i), "--repeats", str(options.repeats)]
        rows.append(eval(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    per_arc = [row["ns/arc"] for row in rows[:3]]
    spread = (max(per_arc) / min(per_arc) - 1) * 100
    report(rows, options.json, [f"Time per arc from 10^4 to 10^6: apart by {spread:.0f} % (target 25 %)"])


if __name__ == "__main__":
    main()
