"""The command ``ensemble``: headline figures of many policies, here or on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import _, ngettext
from contraflow._numbers import fixed, plain_number, significant
from contraflow.cli import json_records
from contraflow.cli.export import as_text
from contraflow.cli.files import expect_table, expect_writable, replace_file
from contraflow.cli.json_records import Record
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, note, progress, screen, written
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from contraflow.lab import Lab
    from contraflow.lab.policy_ensemble import Ensemble


@dataclass(frozen=True)
class EnsembleOptions:
    """Where the answers are computed, in how many draws, and where they go."""

    draws: int
    cluster: str | None
    out: Path | None
    """Folder of figures by policy and draw."""
    table: Path | None
    """CSV file of figures by policy."""


def ensemble(
    name: str, policies: Path, asked: EnsembleOptions, *, how: CalibrationOptions, as_json: bool
) -> None:
    """Answer all policies of a file, and print how far they reach."""
    from contraflow.lab import load
    from contraflow.lab.policy_table import read_policies

    if asked.table is not None:
        expect_table(asked.table)
    if asked.out is not None:
        expect_writable(asked.out, folder=True)
    with progress() as say_so:
        case = load(name)
        given = read_policies(case, policies)
        lab = calibrated(case, how, say_so, keep=asked.draws)
        try:
            found = lab.respond_many(given, cluster=asked.cluster, out=asked.out, progress=say_so)
        except KeyboardInterrupt:
            if asked.out is not None:
                told = _("What was done is kept in {folder}: give the same command again to go on.")
                note(told.format(folder=asked.out))
            raise
        say_so(_("Reading the figures"))
        frame = found.table()
        record = _record(lab, found, frame, asked)
        if asked.table is not None:
            labels = as_text(frame[[]]).index
            named = frame.set_axis(labels, axis=0).rename_axis("policy")
            replace_file(asked.table, lambda path: named.to_csv(path, encoding="utf-8", lineterminator="\n"))
    if as_json:
        emit(record)
    else:
        console = screen()
        _show(record, console)
        best = record["figures"].get("exports", {}).get("lowest_policy")
        if best is not None:
            console.print()
            stated = dict(zip(given.measures, given.stated[_place(frame, best)], strict=True))
            words = [w for m, v in stated.items() if np.isfinite(v) for w in ("-m", f"{m}={plain_number(v)}")]
            if words:
                next_step(console, _("The policy with the lowest exports:"), "respond", name, *words)


def _place(frame: pd.DataFrame, policy: Any) -> int:
    """Row of a policy."""
    return int(np.flatnonzero(frame.index == policy)[0])


def _record(lab: Lab, found: Ensemble, frame: pd.DataFrame, asked: EnsembleOptions) -> Record:
    """How far the figures reach over the policies, each policy by its median over draws."""
    base = found.data["baseline"].values
    figures: Record = {}
    for place, name in enumerate(map(str, found.data["figure"].values)):
        medians = frame[name].to_numpy()
        known = np.isfinite(medians)
        row: dict[str, Any] = {
            "unit": frame.attrs["units"][name],
            "baseline": float(np.median(base[:, place])),
        }
        if known.any():
            ordered = np.where(known, medians, np.inf)
            lowest, highest = int(ordered.argmin()), int(np.where(known, medians, -np.inf).argmax())
            row |= {"lowest": medians[lowest], "median": float(np.median(medians[known]))}
            row |= {"highest": medians[highest]}
            row |= {"lowest_policy": frame.index[lowest], "highest_policy": frame.index[highest]}
        figures[name] = row
    lost = frame["left_out"].to_numpy()
    return json_records.provenance(lab) | {
        "policies": len(frame),
        "left_out": int(lost.sum()),
        "policies_without_equilibrium": int((lost == len(base)).sum()),
        "figures": figures,
        "out": None if asked.out is None else str(asked.out),
        "table": None if asked.table is None else str(asked.table),
    }


def _show(record: Record, console: Console) -> None:
    policies, draws = record["policies"], record["draws"]
    head = _("{case}: {policies} in {draws}").format(
        case=record["title"],
        policies=ngettext("{number} policy", "{number} policies", policies).format(number=fixed(policies, 0)),
        draws=ngettext("{number} draw", "{number} draws", draws).format(number=draws),
    )
    say(console, (head, "bold"))
    columns = ("baseline", "lowest", "median", "highest")
    lines = [
        (f"{_(name)}, {_(row['unit'])}", *(significant(row.get(column)) for column in columns))
        for name, row in record["figures"].items()
    ]
    console.print()
    console.print(table(_("|>baseline|>lowest|>median|>highest"), lines))
    console.print()
    say(
        console, (_("Of each policy its median over draws; lowest, median and highest over policies."), "dim")
    )
    if record["left_out"]:
        every = record["policies"] * record["draws"]
        none = record["policies_without_equilibrium"]
        text = ngettext(
            "No equilibrium was found in {lost} of {every} cases; {none} policy has none at all.",
            "No equilibrium was found in {lost} of {every} cases; {none} policies have none at all.",
            none,
        ).format(lost=fixed(record["left_out"], 0), every=fixed(every, 0), none=none)
        say(console, (text, "yellow"))
    if record["out"] is not None:
        written(console, _("Figures by policy and draw:"), Path(record["out"]))
    if record["table"] is not None:
        written(console, _("The table of all policies:"), Path(record["table"]))
