"""The command ``hindcast``: withheld claims predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._language import _
from contraflow._numbers import DASH, fixed, share
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, progress, screen
from contraflow.cli.terminal_tables import known, say, table, tell_own
from contraflow.text.series_names import quantity_in_a_word

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.analysis.hindcast import Hindcast


def hindcast(asked: AskedPolicy, *, until: int | None, how: CalibrationOptions, as_json: bool) -> None:
    """Predict the claims after a year from those up to it."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so, until)
        say_so(_("Predicting withheld claims"))
        found = lab.hindcast()
    if as_json:
        emit(json_records.provenance(lab) | record_of(found))
    else:
        console = screen()
        tell_own(console, lab.own_attributes)
        show_hindcast(found, console)
        if len(found.claims):
            year = str(found.until)
            console.print()
            next_step(console, _("Each claim beside the model:"), "claims", asked.name)
            next_step(
                console, _("The patterns, from the same claims:"), "validate", asked.name, "--until", year
            )


def record_of(found: Hindcast) -> json_records.Record:
    """A hindcast as a plain record."""
    return {
        "until": found.until,
        "in_short": found.words(),
        "by_quantity": json_records.rows(found.summary),
        "withheld": json_records.rows(found.claims),
        "leaks": json_records.rows(found.leaks),
        "measures_given": list(found.measures_given),
    }


def show_hindcast(found: Hindcast, console: Console) -> None:
    """Print coverage and scores by quantity, with what they mean."""
    say(console, (_("Claims after {year}, predicted from those before").format(year=found.until), "bold"))
    for sentence in found.words():
        say(console, sentence)
    if found.claims.empty:
        return
    lines = [
        (
            _("all") if r["quantity"] == "all" else quantity_in_a_word(str(r["quantity"])),
            str(r["claims"]),
            str(r["series"]),
            *(share(r[c]) for c in ("inside_50", "inside_90", "naive_inside_50", "naive_inside_90")),
            _score(r["difference"], r["error"]),
        )
        for r in json_records.rows(found.summary)
    ]
    heads = _("quantity|>claims|>series|>in 50%|>in 90%|>naive|>naive|>log score")
    console.print()
    console.print(table(heads, lines))
    console.print()
    say(
        console,
        (
            _(
                "in 50%, in 90%: part of the claims inside the interval; beside it the same of the naive "
                "forecast that nothing changes. log score: the model's less the naive forecast's, mean of a "
                "claim, above 0 where the model is better; ± one standard error, series counted as one."
            ),
            "dim",
        ),
    )


def _score(difference: Any, error: Any) -> str:
    return f"{fixed(difference, 2, sign=True)} ±{fixed(error, 2) if known(error) else DASH}"
