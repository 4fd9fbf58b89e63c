"""Many policies of `peru`: threads of this process against one worker of Dask and two, in one run.

Figures of all three are compared to the last bit. Draws are those of the approximation of the posterior;
compiled code is warm, and the three take turns. Needs `pip install "contraflow[cluster]"`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from common import arguments, interleaved, report

import contraflow as cf


def random_policies(case: cf.OpenCase, count: int) -> list[dict[str, float]]:
    """Policies that set one to three measures anywhere in their range."""
    random = np.random.default_rng(0)
    most = {name: case.parameters[m.maximum].value for name, m in case.measures.items()}
    chosen = [random.choice(list(most), random.integers(1, 4), replace=False) for _ in range(count)]
    return [{name: float(random.uniform(0, most[name])) for name in names} for names in chosen]


def main() -> None:
    from distributed import LocalCluster

    asked = arguments(__doc__.splitlines()[0], policies=192, draws=20, repeats=3)
    lab = cf.load("peru").calibrate(method="laplace", keep=asked.draws)
    policies = random_policies(lab.case, asked.policies)
    figures: dict[str, np.ndarray] = {}
    first: dict[str, float] = {}

    def run(name: str, cluster: object) -> None:
        begun = time.perf_counter()
        figures[name] = lab.respond_many(policies, cluster=cluster).data["figures"].values
        first.setdefault(name, time.perf_counter() - begun)

    def workers(count: int) -> LocalCluster:
        return LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")

    with workers(1) as one, workers(2) as two:
        runs = {"threads of one process": None, "one worker": one, "two workers": two}
        seconds = interleaved({n: lambda n=n, c=c: run(n, c) for n, c in runs.items()}, asked.repeats)
    base = seconds["threads of one process"]
    rows: list[dict[str, object]] = [
        {
            "what": f"{asked.policies} policies x {asked.draws} draws: {name}",
            "seconds": float(np.median(found)),
            "ms a policy and draw": float(np.median(found)) * 1e3 / asked.policies / asked.draws,
            "times as fast as threads": float(np.median(base / found)),
            "from": float((base / found).min()),
            "to": float((base / found).max()),
        }
        for name, found in seconds.items()
    ]
    alike = [np.array_equal(figures["one worker"], f, equal_nan=True) for f in figures.values()]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        lab.respond_many(policies, out=Path(folder) / "a.zarr")
        written = time.perf_counter() - begun
        size = sum(p.stat().st_size for p in (Path(folder) / "a.zarr" / "figures").rglob("*") if p.is_file())
    notes = [
        f"figures equal to the last bit: {all(alike)}",
        "first run, with the start of what solves: " + ", ".join(f"{n} {s:.0f} s" for n, s in first.items()),
        f"on disk: {size / asked.policies / asked.draws:.0f} bytes a policy and draw; "
        f"threads that write to disk take {written / np.median(base):.2f} times as long",
    ]
    report(rows, asked.json, notes)
    if not all(alike):
        raise SystemExit("the figures differ")


if __name__ == "__main__":
    main()
