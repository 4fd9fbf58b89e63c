"""The command ``behaviour``: what was learned from history, and how often it was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import N_, _
from contraflow._numbers import DASH, cell, share, significant, to
from contraflow.cli.json_records import Record, rows
from contraflow.cli.terminal import emit, progress, screen
from contraflow.cli.terminal_tables import known, say, table
from contraflow.text.episode_names import past

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from contraflow.history.learned_tables import Learned
    from contraflow.history.left_out_episodes import LeftOut

UNITS = {"month": N_("months"), "year": N_("years")}


@dataclass(frozen=True)
class Asked:
    """What the options ask for."""

    without: tuple[str, ...]
    score: Path | None
    episodes: bool
    folder: Path | None


def behaviour(asked: Asked, *, as_json: bool) -> None:
    """Show what was learned, list the episodes, or score a table of forecasts."""
    if asked.episodes:
        _list(asked.folder, as_json)
    elif asked.score is not None:
        _score(asked.score, as_json)
    elif asked.without or asked.folder is not None:
        _learn(asked, as_json)
    else:
        _carried(as_json)


def _list(folder: Path | None, as_json: bool) -> None:
    from contraflow.history.episode_tables import read_episodes

    found = read_episodes(folder)
    if as_json:
        emit(
            {
                "episodes": [
                    e.row.model_dump() | {
                        "measures": [m.model_dump(mode="json") for m in e.measures],
                        "observations": [
                            o.model_dump(mode="json") | {"log_ratio": o.response} for o in e.observations
                        ],
                    }
                    for e in found.values()
                ]
            }
        )  # fmt: skip
        return
    console = screen()
    lines = [
        (
            e.id,
            past(e.row.title),
            e.row.first,
            f"{e.row.months}",
            f"{len(e.observations)}",
            cell(e.row.weight),
        )
        for e in found.values()
    ]
    console.print(table(_("episode|what happened|>from|>months|>figures|>weight"), lines, wrap=(1,)))
    console.print()
    for e in found.values():
        say(
            console,
            _("{told} Unknown: {unknown}").format(told=past(e.row.told), unknown=past(e.row.unknown)),
            head=f"{e.id}  ",
        )


def _score(path: Path, as_json: bool) -> None:
    from contraflow.history.forecast_scores import score_forecasts

    found = score_forecasts(path)
    if as_json:
        emit({"scores": rows(found.reset_index())})
        return
    console = screen()
    first = found.iloc[0]
    text = _("{figures} figures of {episodes} episodes")
    text = text.format(figures=int(first["observations"]), episodes=int(first["episodes"]))
    say(console, (text, "bold"))
    lines = [
        (
            _(str(name)), significant(row["crps"]), _lead(row, "crps"), significant(row["log score"]),
            _lead(row, "log score"), share(row["inside_90"]),
        )
        for name, row in found.iterrows()
    ]  # fmt: skip
    console.print(table(_("forecaster|>CRPS|>ahead by|>log score|>ahead by|>in 90%"), lines))
    console.print()
    say(
        console,
        (
            _(
                "CRPS: the lower, the better; log score: the higher. Means over episodes, from the "
                "quantiles that your table has. Ahead by: with its standard error over episodes. Each "
                "figure is foreseen without its own episode."
            ),
            "dim",
        ),
    )


def _lead(row: pd.Series[Any], score: str) -> str:
    lead, error = float(row[f"{score} lead"]), float(row[f"{score} error"])
    return DASH if lead == 0 and error == 0 else f"{significant(lead)} ± {significant(error)}"


def _learn(asked: Asked, as_json: bool) -> None:
    from contraflow.history.episode_tables import SETS, read_episodes
    from contraflow.history.learned_tables import learn, learned, left_after
    from contraflow.history.left_out_episodes import NEW, leave_out

    found = read_episodes(asked.folder)
    left_after(found, asked.without)
    carried = next((name for name, left in SETS.items() if set(left) == set(asked.without)), None)
    from contraflow.history.hierarchical_fit import reduced

    with progress() as say_so:
        say_so(_("Learning from episodes"))
        own = learned(carried) if carried and asked.folder is None else learn(found, asked.without)
        ahead = None
        if asked.without:
            every = list(found.values())
            ahead = leave_out(
                found, {NEW: reduced(every)}, only=asked.without, without=asked.without, progress=say_so
            )
    if as_json:
        emit(_record(own, ahead))
        return
    console = screen()
    _show_numbers(own, console)
    if ahead is not None:
        console.print()
        _show_ahead(ahead, console)


def _carried(as_json: bool) -> None:
    from contraflow.history.learned_tables import learned, left_out

    own, found = learned(), left_out()
    if as_json:
        emit(_record(own, found))
        return
    console = screen()
    _show_numbers(own, console)
    console.print()
    _show_record(found, console)


def _record(own: Learned, found: LeftOut | None) -> Record:
    from contraflow.history.learned_tables import to_record

    record = to_record(own) | {"table": rows(own.table().reset_index())}
    if found is not None:
        record |= {"left_out": rows(found.observations), "scores": rows(found.episodes)}
    return record


def _show_numbers(own: Learned, console: Console) -> None:
    say(
        console,
        (_("Behaviour learned from {number} episodes of history").format(number=len(own.episodes)), "bold"),
    )
    say(console, ", ".join(own.episodes))
    console.print()
    lines = []
    for name, row in own.table().iterrows():
        ends = to(significant(row["low"]), significant(row["high"]))
        before = to(significant(row["prior_low"]), significant(row["prior_high"]))
        unit = UNITS.get(row["unit"], "")
        lines.append(
            (
                str(name),
                f"{significant(row['median'])} {_(unit)}".strip(),
                ends,
                before,
                share(max(0.0, row["narrower"])),
            )
        )
    console.print(table(_("number|>median|>90% interval|>prior|>narrower"), lines))
    console.print()
    for name, row in own.table().iterrows():
        say(console, _(row["meaning"]), head=f"{name}  ")
    console.print()
    say(
        console,
        (
            _(
                "Another place deviates from these numbers by a factor of {deviation} (one standard "
                "deviation). Beyond that a quantity is missed by a factor of {quantity}, a price by "
                "{price}. Narrower: next to what was known before any episode."
            ).format(
                deviation=significant(np.exp(own.deviation)),
                quantity=significant(np.exp(np.exp(own.hyper[0]))),
                price=significant(np.exp(np.exp(own.hyper[1]))),
            ),
            "dim",
        ),
    )


def _show_record(found: LeftOut, console: Console) -> None:
    from contraflow.history.left_out_episodes import NEW, RIVALS

    say(console, (_("How often was it right? Each episode foreseen from all others"), "bold"))
    scores = dict(found.comparison().iterrows())
    lines = [
        (
            _(name), significant(scores[name]["crps"]), _lead(scores[name], "crps"),
            significant(scores[name]["log score"]), _lead(scores[name], "log score"),
            share(found.coverage(name)),
        )
        for name in (NEW, *RIVALS)
    ]  # fmt: skip
    console.print(table(_("forecaster|>CRPS|>ahead by|>log score|>ahead by|>in 90%"), lines))
    console.print()
    say(
        console,
        (
            _(
                "CRPS: the lower, the better; log score: the higher. Means over episodes, lead with its "
                "standard error. In 90%: figures that the 90 % interval held."
            ),
            "dim",
        ),
    )


def _show_ahead(ahead: LeftOut, console: Console) -> None:
    from contraflow.history.left_out_episodes import NEW

    say(console, (_("What is foreseen of what was left out, as a multiple of what was before"), "bold"))
    lines = [_multiples(row, NEW) for row in rows(ahead.observations)]
    console.print(table(_("figure|after|>observed|>foreseen|>90% interval"), lines))


def _multiples(row: Record, who: str) -> Sequence[str]:
    def of(key: str) -> str:
        value = float(row[key])
        return f"×{significant(float(np.exp(value)))}" if known(value) else DASH

    months = int(row["months"])
    return (
        row["observation"], _("{months} mo").format(months=months), of("observed"), of(f"{who} 0.5"),
        to(of(f"{who} 0.05"), of(f"{who} 0.95")),
    )  # fmt: skip
