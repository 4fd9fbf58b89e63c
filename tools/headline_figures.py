"""Headline figures of the shipped cases, for showing that a change of the code changes no figure.

The table in ``tests/headline_figures.csv`` holds figures of all shipped cases at central values; with
``--write`` and without ``--central`` a table also holds those at the default calibration::

    python tools/headline_figures.py --check --central
    python tools/headline_figures.py --write tests/headline_figures.csv --central

``--check`` computes everything again, compares it with the table and fails if any figure is off by more
than a billionth of its value. ``--write`` makes the table anew, for a change that is meant to move figures;
do so on the code before and after on one machine, since other processors round differently.

Figures *at central values* follow from the ledger alone, so they must agree whatever is rearranged
(``--check --central`` stops at them, after two minutes). The others rest on a fit, which stops where the
misfit hardly falls any more: rounding in another order can end it elsewhere by some 1e-8, which is 1e-6 of a
figure and, month by month with few clans, a consignment more or less that is caught.

Only public names are used (``cf.load``, the lab and its outcomes), so the tool outlives a reordering of the
package. No posterior and no fit that an earlier run kept is recalled: both modes work in an empty cache,
except for compiled code.

The table has the columns case, what, row, figure and value. To keep it short, columns of a comparison are
told one by one only for the figures in ``NAMED``. All figures together stand in a sum of each column, in
which every figure is divided by its median in the baseline: a figure that moves by one part in a hundred
million moves its sum by more than the tolerance.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import contraflow as cf

TABLE = Path(__file__).resolve().parent.parent / "tests" / "headline_figures.csv"
"""The table that is kept with the code."""

CASES = ("example", "andes-1990s", "peru")
"""The shipped cases, the quickest first."""

TOLERANCE = 1e-9
"""Largest difference, relative to the figure, at which two figures count as the same."""

FLOOR = 1e-9
"""Part of a row's largest figure that a difference is measured against where the figure itself is smaller."""

SHOWN = 40
"""Rows beyond the tolerance that a check lists."""

TOP = 5
"""Rows that are told of a ranked table."""

ENDS = ("", "_5", "_95")
"""Endings of the columns that hold a median and the ends of its 90 % interval."""

NAMED = ("exports", "exports by air", "hectares at home", "delivered")
"""Figures of a comparison that are told one by one."""

REFITS = {"example": 1, "andes-1990s": 1, "peru": 0}
"""Fits that an explanation may make anew; none for the largest case, where each takes long."""


class Size(NamedTuple):
    """How large a run month by month is."""

    clans: int
    replicates: int
    years: int


RUNS = {
    "example": Size(clans=200, replicates=4, years=2),
    "peru": Size(clans=400, replicates=2, years=1),
}
"""Cases that are also run month by month, and how large the run is."""


class Row(NamedTuple):
    """One figure: the case, what was asked, the row and the column of the answer, and its value."""

    case: str
    what: str
    row: str
    figure: str
    value: float

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the figure: all but its value."""
        return self[:4]


class Difference(NamedTuple):
    """A figure then and now, and how far apart they are, relative to the figure and to its row's largest."""

    row: Row
    before: float
    after: float
    relative: float
    of_scale: float

    @property
    def words(self) -> str:
        """The figure and how it differs, on one line."""
        figure = f"{self.row.row}, {self.row.figure}: {self.before!r} -> {self.after!r}"
        if not np.isfinite(self.relative):
            return f"{figure}; a number on one side only"
        return f"{figure}; {self.relative:.3g} relative, {self.of_scale:.3g} of the row's largest"


@dataclass
class Work:
    """A calibrated case, with the answers that several parts of the table need."""

    case: str
    lab: cf.Lab

    @cached_property
    def baseline(self) -> cf.Outcome:
        """The economy as it is."""
        return self.lab.baseline()

    @cached_property
    def answers(self) -> list[tuple[Any, cf.Outcome]]:
        """The headline questions, each with its outcome."""
        return self.lab.answers(say)

    def tell(self, what: str, row: object, figure: str, value: object) -> Row:
        """A row of the table."""
        return Row(self.case, what, str(row), figure, float(value))  # type: ignore[arg-type]


def say(text: str, part: float | None = None) -> None:
    """Print what is being done, and which part of it is done where that is known."""
    print(f"    {text}" + ("" if part is None else f" ({part:.0%})"), flush=True)


def baseline_rows(work: Work) -> Iterator[Row]:
    """Headline figures of the baseline, with the ends of their intervals."""
    frame = work.baseline.summary()
    for name in frame.index:
        for end in (end for end in ENDS if f"figure{end}" in frame):
            yield work.tell("baseline", name, f"figure{end}", frame.at[name, f"figure{end}"])


def answer_rows(work: Work) -> Iterator[Row]:
    """Every headline question against the baseline."""
    scale = work.baseline.summary()["figure"].abs().replace(0.0, 1.0)
    for question, outcome in work.answers:
        frame = outcome.compare(work.baseline).summary()
        what = f"question {question.id}"
        for name in NAMED:
            for column in ("after", "change"):
                yield work.tell(what, name, column, frame.at[name, column])
        columns = ("before", *(f"{stem}{end}" for stem in ("after", "change") for end in ENDS))
        for column in (column for column in columns if column in frame):
            yield work.tell(what, "sum of figures over baseline", column, (frame[column] / scale).sum())


def claim_rows(work: Work) -> Iterator[Row]:
    """How far the model is from the claims, over all claims."""
    frame = work.lab.claims()
    residual, model = frame["residual"].dropna(), frame["model"].dropna()
    yield work.tell("claims", "residual", "count", residual.size)
    yield work.tell("claims", "residual", "sum", residual.sum())
    yield work.tell("claims", "residual", "sum of squares", (residual**2).sum())
    yield work.tell("claims", "residual", "median", residual.median())
    yield work.tell("claims", "model", "sum of logarithms", np.log(model[model > 0]).sum())
    yield work.tell("claims", "deviation", "sum of logarithms", np.log(frame["deviation"].dropna()).sum())


def explanation_rows(work: Work) -> Iterator[Row]:
    """What the change of exports in the first question rests on."""
    outcome = work.answers[0][1]
    found = work.lab.explain(
        outcome, "exports", against=work.baseline, refits=REFITS[work.case], progress=say
    )
    for end in ENDS:
        yield work.tell("explain", "figure", f"exports{end}", found.figure[end])
    yield work.tell("explain", "linear part", "share", found.linear)
    yield from top_rows(work, "explain: claims", found.claims.set_index("claim"), ("without", "shift"))
    yield work.tell("explain: claims", "all", "sum of sizes of shifts", found.claims["shift"].abs().sum())
    yield work.tell("explain: weights", "all", "sum of k", found.claims["k"].sum())
    yield work.tell("explain: sources", "all", "sum of sizes of shifts", found.sources["shift"].abs().sum())
    numbers = found.numbers.set_index("number")
    yield from top_rows(work, "explain: shares", numbers, ("share",))
    yield from top_rows(work, "explain: numbers", numbers, ("at_low", "at_high"))
    for column in ("at_low", "at_high", "flat"):
        yield work.tell("explain: numbers", "all", f"sum of {column}", numbers[column].sum())
    for group, share in zip(found.shares["group"], found.shares["share"], strict=True):
        yield work.tell("explain: groups", group, "share", share)


def worth_rows(work: Work) -> Iterator[Row]:
    """Facts that would narrow the change of exports in the first question most."""
    frame = work.lab.worth_knowing(work.answers[0][1], "exports", against=work.baseline).set_index("fact")
    columns = ("estimate", "linear")
    yield from top_rows(work, "worth knowing", frame, columns)
    for column in columns:
        yield work.tell("worth knowing", "all", f"sum of {column}", frame[column].sum())


def tension_rows(work: Work) -> Iterator[Row]:
    """How surprising the claims are, and what each side of a disagreement implies."""
    found = work.lab.tension(say)
    claims = found.claims.set_index("claim")
    yield from top_rows(work, "tension: claims", claims, ("surprise",))
    yield work.tell("tension: claims", "all", "sum of surprise", claims["surprise"].sum())
    for verdict in ("outvoted", "missed"):
        yield work.tell("tension: claims", "all", f"count {verdict}", (claims["verdict"] == verdict).sum())
    for column in ("predicted_50", "expected_5", "expected_95"):
        own = claims[column]
        yield work.tell("tension: claims", column, "sum of logarithms", np.log(own[own > 0]).sum())
    rises = 0.0
    for group in found.groups:
        for name, levels in (("predicted_50", group.predicted), ("rest_50", group.rest)):
            if levels is not None:
                yield work.tell("tension: sides", group.id, name, levels[2])
        for number, side in enumerate(group.sides, 1):
            if side.implied is not None:
                rises += side.implied.rise
                yield work.tell("tension: sides", group.id, f"side {number}", side.implied.figure[2])
    yield work.tell("tension: rises", "all sides", "sum", rises)


def pattern_rows(work: Work) -> Iterator[Row]:
    """Documented patterns that an equilibrium can show, over all patterns."""
    frame = work.lab.validate(replicates=0, progress=say).table()
    frame = frame[frame["ratio"].notna()]
    yield work.tell("patterns", "holds", "count", sum(1 for held in frame["holds"] if held))
    for column in ("ratio", "ratio_5", "ratio_95", "probability", "left_out"):
        yield work.tell("patterns", column, "sum", frame[column].sum())


def run_rows(work: Work) -> Iterator[Row]:
    """A short run, month by month, under the policy of the first question."""
    if work.case not in RUNS:
        return
    policy, size = work.answers[0][0].policy, RUNS[work.case]
    frame = work.lab.simulate(
        policy, clans=size.clans, replicates=size.replicates, years=size.years, progress=say
    ).summary()
    for name in frame.index:
        for column in ("first", "last"):
            yield work.tell("month by month", name, column, frame.at[name, column])
    scale = frame["before"].abs().replace(0.0, 1.0)
    for column in ("last_5", "last_95", "extreme"):
        yield work.tell("month by month", "sum of figures over before", column, (frame[column] / scale).sum())
    for column in ("before", "extreme_month", "lag_months", "recovery_months"):
        yield work.tell("month by month", "sum", column, frame[column].sum())


def central_rows(case: str) -> Iterator[Row]:
    """The baseline, every headline question and a short run at the central values of all ranges."""
    import contraflow as cf

    work = Work(case, cf.load(case).central_values())
    for row in chain(baseline_rows(work), answer_rows(work), run_rows(work)):
        yield row._replace(what=f"{CENTRAL}: {row.what}")


CENTRAL = "at central values"
"""What begins the names of figures that no fit stands behind."""

PARTS: dict[str, Callable[[Work], Iterator[Row]]] = {
    "Baseline": baseline_rows,
    "Headline questions": answer_rows,
    "Claims": claim_rows,
    "Explanation": explanation_rows,
    "Worth knowing": worth_rows,
    "Tension": tension_rows,
    "Patterns": pattern_rows,
    "Month by month": run_rows,
}
"""Parts of the table, in order."""


def top_rows(work: Work, what: str, frame: pd.DataFrame, columns: Sequence[str]) -> Iterator[Row]:
    """Some columns of the first rows of a ranked table, which is indexed by what it ranks."""
    for name in frame.index[:TOP]:
        for column in columns:
            yield work.tell(what, name, column, frame.at[name, column])


def compute(names: Iterable[str], central: bool = False) -> list[Row]:
    """All rows of some cases, computed afresh; only those without a fit if ``central``."""
    import contraflow as cf

    rows: list[Row] = []
    for name in names:
        begun = time.perf_counter()
        print(f"{name}: at central values", flush=True)
        rows += central_rows(name)
        if central:
            continue
        print(f"{name}: calibrating", flush=True)
        work = Work(name, cf.load(name).calibrate(fresh=True))
        before = len(rows)
        for title, part in PARTS.items():
            print(f"{name}: {title} (after {time.perf_counter() - begun:.0f} s)", flush=True)
            rows += part(work)
        print(f"{name}: {len(rows) - before} rows in {time.perf_counter() - begun:.0f} s", flush=True)
    by_key(rows)
    return rows


def by_key(rows: Iterable[Row]) -> dict[tuple[str, str, str, str], Row]:
    """Rows by what names them. Raises ValueError where two rows share a name."""
    found: dict[tuple[str, str, str, str], Row] = {}
    for row in rows:
        if row.key in found:
            raise ValueError(f"Two rows are named {', '.join(row.key)}.")
        found[row.key] = row
    return found


def read(path: Path) -> list[Row]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(line["case"], line["what"], line["row"], line["figure"], float(line["value"]))
            for line in csv.DictReader(file)
        ]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a table; values have all the digits that tell them apart."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows((*row.key, repr(row.value)) for row in rows)


def differences(before: Iterable[Row], after: Iterable[Row]) -> list[Difference]:
    """Every figure of either side, compared; one that a side lacks is infinitely far off.

    A difference is relative to the larger of the two values, or to ``FLOOR`` of the largest figure of the
    same row where both are smaller than that.
    """
    old, new = by_key(before), by_key(after)
    scale: dict[tuple[str, str, str], float] = {}
    for row in (*old.values(), *new.values()):
        if np.isfinite(row.value):
            scale[row[:3]] = max(scale.get(row[:3], 0.0), abs(row.value))
    result = []
    for key in dict.fromkeys((*old, *new)):
        row = old.get(key) or new[key]
        a, b = (side[key].value if key in side else None for side in (old, new))
        largest = scale.get(row[:3], 0.0)
        relative, of_scale = apart(a, b, largest)
        missing = float("nan")
        result.append(
            Difference(row, missing if a is None else a, missing if b is None else b, relative, of_scale)
        )
    return result


def apart(a: float | None, b: float | None, scale: float) -> tuple[float, float]:
    """How far two values are apart, relative to the larger of them and to a scale."""
    if a is None or b is None:
        return float("inf"), float("inf")
    if a == b or (np.isnan(a) and np.isnan(b)):
        return 0.0, 0.0
    if not (np.isfinite(a) and np.isfinite(b)):
        return float("inf"), float("inf")
    return abs(a - b) / max(abs(a), abs(b), FLOOR * scale), abs(a - b) / scale


def report(found: Sequence[Difference]) -> bool:
    """Print how a check went; whether all figures are the same."""
    print(f"{len(found)} rows compared, {sum(d.relative == 0 for d in found)} of them equal in every digit")
    print(f"Largest relative difference: {max((d.relative for d in found), default=0.0):.3g}")
    beyond = sorted((d for d in found if d.relative > TOLERANCE), key=lambda d: -d.relative)
    print(f"{len(beyond)} rows beyond {TOLERANCE:g}")
    groups: dict[tuple[str, str], list[Difference]] = {}
    for difference in beyond:
        groups.setdefault(difference.row[:2], []).append(difference)
    listed = set(beyond[:SHOWN])
    for (case, what), own in groups.items():
        print(f"{case}, {what}: {len(own)} rows, the largest {own[0].relative:.3g}")
        for one in (d for d in own if d in listed):
            print(f"    {one.words}")
    if len(beyond) > SHOWN:
        print(f"The {SHOWN} largest are listed.")
    return not beyond


def forget_earlier_runs(folder: str) -> None:
    """Work in an empty cache ``folder``, but go on using the compiled code of earlier runs.

    To be called before the package is loaded. It works where cache folders follow ``XDG_CACHE_HOME``.
    """
    from platformdirs import user_cache_path

    compiled = user_cache_path("contraflow") / "compiled"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(compiled))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")
    os.environ["XDG_CACHE_HOME"] = folder


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Write or check the headline figures of the shipped cases.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", type=Path, metavar="PATH", help="compute all figures and write the table")
    mode.add_argument(
        "--check",
        type=Path,
        nargs="?",
        const=TABLE,
        metavar="PATH",
        help="compute all figures and compare them with a table, by default the one kept with the code",
    )
    parser.add_argument("--central", action="store_true", help="only the figures that no fit stands behind")
    parser.add_argument(
        "--case",
        choices=CASES,
        help="only this case; when written, rows of other cases that the table has are kept",
    )
    return parser.parse_args()


def main() -> int:
    """Write or check the table; 1 if a figure is off."""
    asked = arguments()
    names = CASES if asked.case is None else (asked.case,)
    known: list[Row] = []
    if asked.check is not None:
        known = read(asked.check)
    elif asked.case is not None and asked.write.exists():
        known = read(asked.write)
    with tempfile.TemporaryDirectory() as folder:
        forget_earlier_runs(folder)
        rows = compute(names, asked.central)
    if asked.check is not None:
        wanted = [r for r in known if r.case in names and (not asked.central or r.what.startswith(CENTRAL))]
        return 0 if report(differences(wanted, rows)) else 1
    rows += [r for r in known if r.case not in names]
    rows.sort(key=lambda r: CASES.index(r.case))
    write(asked.write, rows)
    print(f"{len(rows)} rows written to {asked.write}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
