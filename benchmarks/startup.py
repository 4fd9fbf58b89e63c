"""What the first answers and the report of a shipped case cost, phase by phase.

    python benchmarks/startup.py --cases 3

Runs ``contraflow run`` for each case twice in processes of their own: with an empty cache, and again. A phase
is what the command says that it does; beside it stands how much of it JAX spent on tracing and compiling, on
all threads together.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, report

CASES = ("peru", "andes-1990s", "example")
LONG = 0.5
"""Seconds below which a phase is summed up with others."""


def phases(case: str, out: Path) -> dict[str, dict[str, float]]:
    """Seconds and seconds of compiling by phase, of one run in this process."""
    begun = time.perf_counter()
    from jax import monitoring

    from contraflow.cli import run as command
    from contraflow.cli.options import CalibrationOptions

    found: dict[str, dict[str, float]] = {}
    now = "Importing"
    since = begun

    def begin(phase: str) -> None:
        nonlocal now, since
        moment = time.perf_counter()
        held(now)["seconds"] += moment - since
        now, since = phase, moment

    def held(phase: str) -> dict[str, float]:
        return found.setdefault(phase, {"seconds": 0.0, "compiling": 0.0})

    def compiled(event: str, seconds: float, **_: object) -> None:
        if event.startswith("/jax/core/compile/"):
            held(now)["compiling"] += seconds

    monitoring.register_event_duration_secs_listener(compiled)

    def say(text: str, part: float | None = None) -> None:
        stage = text.partition(":")[0]
        if stage != now:
            begin(stage)

    @contextlib.contextmanager
    def progress():
        begin("Reading the case" if not found or now == "Importing" else "Writing the answers")
        yield say

    command.progress = progress
    with contextlib.redirect_stdout(io.StringIO()) as screen:
        command.run(case, out, how=CalibrationOptions(), report=True, as_json=False, open_it=False)
    begin("")
    assert screen.getvalue()
    return found


def measured(case: str, cache: Path) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as out:
        env = os.environ | {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
        done = subprocess.run(
            [sys.executable, __file__, "--phases", case, out],
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(done.stdout)


def main() -> None:
    options = arguments(__doc__, cases=1)
    rows, notes = [], []
    for case in CASES[: options.cases]:
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = measured(case, Path(cache)), measured(case, Path(cache))
        little = [p for p in cold if max(cold[p]["seconds"], warm.get(p, cold[p])["seconds"]) < LONG]
        for phase in [*(p for p in cold if p not in little), "the rest"]:
            of = little if phase == "the rest" else [phase]
            rows.append(
                {
                    "case": case,
                    "phase": phase[:40],
                    "cold s": sum(cold[p]["seconds"] for p in of),
                    "of it compiling s": sum(cold[p]["compiling"] for p in of),
                    "warm s": sum(warm.get(p, {"seconds": 0.0})["seconds"] for p in of),
                }
            )
        answered = list(cold).index("Writing the answers")
        first, whole = (
            [sum(x["seconds"] for x in list(run.values())[:until]) for run in (cold, warm)]
            for until in (answered, None)
        )
        notes.append(
            f"{case}: answers after {first[0]:.0f} s cold and {first[1]:.0f} s warm, "
            f"the whole report after {whole[0]:.0f} and {whole[1]:.0f} s"
        )
    report(rows, options.json, notes)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--phases"]:
        print(json.dumps(phases(sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
