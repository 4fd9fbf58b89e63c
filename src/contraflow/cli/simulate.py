"""The command ``simulate``: a policy month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from contraflow._language import N_, _
from contraflow._numbers import DASH, change_of, fixed, significant
from contraflow.cli import json_records
from contraflow.cli.files import csv_text, expect_writable, replace_file
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.json_records import Record
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import code_of_interruption, emit, next_step, progress, screen, written
from contraflow.cli.terminal_tables import interval_of_share, known, say, table
from contraflow.errors import OutputError, PolicyError

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.dynamics.arrests import Arrest
    from contraflow.lab import Lab
    from contraflow.lab.trajectories import Simulation

SHORT = {
    "hectares at home": N_("fields standing"),
    "growers' income": N_("households"),
    "armed groups' income": N_("armed groups"),
    "consignments seized at home": N_("loads seized"),
    "seized at home": N_("seized"),
}
"""Names of figures where a line has little room."""

ENDINGS = (".html", ".nc", ".geojson", ".csv")


@dataclass(frozen=True)
class RunOptions:
    """What is to be simulated, as the options say."""

    events: bool
    years: int
    first: int | None
    clans: int
    replicates: int
    search_strategy: str
    arrests: tuple[str, ...]
    budget: float | None
    """Million USD a year."""


def simulate(
    policy: AskedPolicy, asked: RunOptions, out: Sequence[Path], *, how: CalibrationOptions, as_json: bool
) -> None:
    """Simulate, print how figures move, write the files that are asked for."""
    for path in out:
        if path.suffix not in ENDINGS:
            text = _("{path}: files can end in {endings}.")
            raise OutputError(text.format(path=path, endings=", ".join(ENDINGS)))
        expect_writable(path)
    with progress() as say_so:
        arrests = tuple(_arrest(text) for text in asked.arrests)
        lab = calibrated(policy.case, how, say_so)
        settings: dict[str, Any] = {
            "years": asked.years,
            "first": asked.first,
            "clans": asked.clans,
            "replicates": asked.replicates,
            "budget": asked.budget,
            "progress": say_so,
        }
        timeline: Any = "events" if asked.events else policy.policy
        run = lab.simulate(
            timeline, search_strategy=asked.search_strategy, arrests=arrests, title=policy.title, **settings
        )
        plain = not (policy.policy or arrests or asked.events) and asked.search_strategy == "even"
        against = None
        if not (run.interrupted or asked.events or plain):
            against = lab.simulate({}, **settings)
        if run.interrupted:
            out = [path.with_stem(f"{path.stem}.interrupted") for path in out]
        for path in out:
            say_so(_("Writing {file}").format(file=path.name))
            replace_file(path, partial(_write, run, against))
    if as_json:
        emit(_record(lab, run))
    else:
        console = screen()
        _show(run, against, console)
        for path in out:
            written(console, _("Written: {file}").format(file=path.name), path)
        console.print()
        words = (policy.name, *policy.words)
        if not out:
            page = f"{policy.question or policy.case.info.id}.html"
            again = (*words, *(("--events",) if asked.events else ()), "--years", str(asked.years))
            next_step(console, _("With charts and a map, as a page:"), "simulate", *again, "--out", page)
        elif policy.policy:
            next_step(console, _("Where it settles in the long run:"), "respond", *words)
    if run.interrupted:
        raise typer.Exit(code_of_interruption())


def _arrest(text: str) -> Arrest:
    """``largest@13``, ``0.3@13:VRAEM``: who, in which month, where."""
    from contraflow.dynamics.arrests import Arrest

    who, _at, rest = text.partition("@")
    month, _colon, where = rest.partition(":")
    try:
        share: str | float = who.strip() if who.strip() == "largest" else float(who)
        return Arrest(int(month or 1), share, (where.strip(),) if where.strip() else ())
    except ValueError:
        told = _(
            "'{text}' is no arrest. Write largest@MONTH or SHARE@MONTH, with :PLACE for one place only, for "
            "example largest@13, or 0.3@1:port of a place whose id is port."
        )
        raise PolicyError(told.format(text=text)) from None


def _write(run: Simulation, against: Simulation | None, path: Path) -> None:
    if path.suffix == ".nc":
        run.to_netcdf(path)
    elif path.suffix == ".geojson":
        run.to_geojson(path)
    elif path.suffix == ".csv":
        path.write_text(csv_text(run.yearly()), encoding="utf-8", newline="")
    else:
        path.write_text(run.page(against), encoding="utf-8")


def _record(lab: Lab, run: Simulation) -> Record:
    attributes = {k: v for k, v in run.data.attrs.items() if k not in ("ledger", "fingerprint")}
    return (
        json_records.provenance(lab)
        | {k: attributes[k] for k in ("title", "clans", "search_strategy", "interrupted", "seed")}
        | {
            "replicates": run.data.sizes["replicate"],
            "months": run.data.sizes["month"] - attributes["before"],
            "changes": [{"month": m - attributes["before"] + 1, "what": text} for m, text in run.changes],
            "summary": json_records.rows(run.summary().reset_index()),
            "yearly": json_records.rows(run.yearly().reset_index()),
            "incomes": json_records.rows(run.incomes().reset_index()),
            "arrests": json_records.rows(run.arrests().reset_index()),
        }
    )


def _show(run: Simulation, against: Simulation | None, console: Console) -> None:
    say(console, (run.title, "bold"))
    sizes = run.data.sizes
    years = (sizes["month"] - run.data.attrs["before"]) // 12
    text = _("{years} years, {clans} clans, {runs} runs; the state searches {how}.")
    clans = fixed(run.data.attrs["clans"], 0)
    how = _(run.conduct_in_words())
    say(console, text.format(years=years, clans=clans, runs=sizes["replicate"], how=how))
    if run.interrupted:
        say(console, (_("Stopped before the end: what was done until then is shown."), "yellow"))
    frame = run.summary()
    lines = [_line(str(name), row) for name, row in frame.to_dict("index").items()]
    heads = _("|>before|>year 1|>last|>90%|>half|>back")
    console.print()
    console.print(table(heads, lines, wrap=()))
    if against is not None:
        last = run.against(against)
        end = last.index.get_level_values("year").max()
        there = last.xs(end, level="year")
        shown = there.loc[[n for n in ("exports", "exports by air", "hectares at home") if n in there.index]]
        for name, row in shown.iterrows():
            spread = interval_of_share({str(k): v for k, v in row.items()})
            moved = change_of(float(row["ratio"]) - 1, 1.0) + (f" ({spread})" if spread else "")
            text = _("{figure}, last year against the same random draws without: {change}")
            text = text.format(figure=_(str(name)), change=moved)
            say(console, text[:1].upper() + text[1:])
    console.print()
    say(
        console,
        (
            _(
                "Medians of the runs at yearly rates; 90%: where nine tenths of them end. Half: months "
                "until half of the change to the last year is reached. Back: months until the figure stays "
                "within 5% of what it was. How clans behave is assumed, within ranges: docs/simulation.md."
            ),
            "dim",
        ),
    )


def _line(name: str, row: Mapping[Any, Any]) -> tuple[str, ...]:
    scale = 100.0 if row["unit"] == "share" else 1.0
    unit = {"share": ", %", "clans": "", "places": "", "links": ""}.get(row["unit"], f", {_(row['unit'])}")

    def months(value: float) -> str:
        return fixed(value, 0) if known(value) and value > 0 else DASH

    figures = [significant(scale * row[c]) for c in ("before", "first", "last")]
    ends = f"{significant(scale * row['last_5'])}–{significant(scale * row['last_95'])}"
    name_and_unit = f"{_(SHORT.get(name, name))}{unit}"
    return name_and_unit, *figures, ends, months(row["lag_months"]), months(row["recovery_months"])
