"""What the benchmarks share: timing side by side, the machine, a table or JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable

import jax
import numpy as np


def arguments(about: str, **options: int) -> argparse.Namespace:
    """Command line: `--json`, and one integer option for each keyword with its default."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    return parser.parse_args()


def machine() -> dict[str, object]:
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else "unknown",
        "python": platform.python_version(),
        "jax": jax.__version__,
        "numpy": np.__version__,
    }


def interleaved(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, np.ndarray]:
    """Seconds of each run, taken in turn so that noise of the machine falls on all alike."""
    for run in runs.values():
        run()
    seconds = {name: np.empty(repeats) for name in runs}
    for i in range(repeats):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            seconds[name][i] = time.perf_counter() - begin
    return seconds


def report(rows: list[dict[str, object]], as_json: bool, notes: list[str]) -> None:
    """Print rows, all with the same keys, then notes and a line on the machine."""
    if as_json:
        print(json.dumps({"machine": machine(), "rows": rows, "notes": notes}, indent=2))
        return
    heads = list(rows[0])
    cells = [heads, *([_text(row[h]) for h in heads] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    for row in cells:
        first, *rest = (
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]))
    for note in notes:
        print(note)
    print(", ".join(f"{k} {v}" for k, v in machine().items()))


def _text(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
