"""The command ``tables``: prices, seizures, pay, destinations and requirements in detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contraflow._language import N_, _
from contraflow._numbers import cell, row_span, share
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, paged, progress
from contraflow.cli.terminal_tables import say
from contraflow.text.names import Names, shown_names

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from contraflow.lab.outcome import Comparison, Outcome

VALUE = {"prices": "price", "seizures": "seized", "pay": "pay", "destinations": "tonnes"}
"""Column of the figures of one side."""


WORDS = (
    N_("what"), N_("form"), N_("place"), N_("mode"), N_("per"), N_("basis"), N_("from_place"), N_("to_place"),
    N_("farm gate"), N_("made"), N_("on the way"), N_("market"), N_("t/yr"), N_("USD/trip"),
    N_("USD/person and trip"), N_("crossing"), N_("seized"), N_("product"), N_("pure"),
    N_("air"), N_("road"), N_("foot"), N_("river"), N_("sea"), N_("other"),
)  # fmt: skip
"""Keys and contents of tables that are shown in the reader's language."""


@dataclass(frozen=True)
class Wanted:
    """Which table is asked for."""

    what: str
    by: str | None
    place: str | None
    after: str


def detail(
    asked: AskedPolicy, wanted: Wanted, filters: Filters, *, how: CalibrationOptions, as_json: bool
) -> None:
    """Print one table of the baseline, or of a policy against it."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        outcome = base = lab.baseline()
        if asked.policy:
            say_so(_("Answering"))
            outcome = lab.respond(asked.policy, asked.title, after=wanted.after)
        frame = _frame(outcome.compare(base) if asked.policy else base, wanted, outcome)
    plain = frame.reset_index() if frame.index.names != [None] else frame
    every = json_records.rows(plain)
    listed = filters.chosen(every, lambda row: " ".join(map(str, row.values())))
    if as_json:
        emit(json_records.provenance(lab) | {"outcome": outcome.title, **frame.attrs, "rows": listed})
        return
    if filters.write(listed):
        return
    with paged() as console:
        say(console, (outcome.title, "bold"))
        shown, more = filters.shown(listed, console)
        if wanted.what == "requirements":
            _requirements(console, shown)
        else:
            _show(console, shown, [str(n) for n in frame.index.names], wanted, shown_names(asked.case))
        left_out(console, more)
        console.print()
        from contraflow.results.short_table import notes

        for sentence in notes(frame) if wanted.what != "requirements" else ():
            say(console, (sentence, "dim"))


def _frame(side: Outcome | Comparison, wanted: Wanted, outcome: Outcome) -> pd.DataFrame:
    by: dict[str, Any] = {} if wanted.by is None else {"by": wanted.by}
    if wanted.what == "requirements":
        return outcome.requirements()
    if wanted.what == "destinations":
        return side.destinations(str(wanted.place), **by)
    if wanted.what == "prices":
        return side.prices()
    return side.seizures(**by) if wanted.what == "seizures" else side.pay(**by)


def _show(console: Console, rows: Any, keys: list[str], wanted: Wanted, names: Names) -> None:
    """Rows with their figures beside them and the rest below."""
    compared = bool(rows) and "before" in rows[0]
    value = VALUE[wanted.what]
    lines = []
    for row in rows:
        about = " ".join(str(row[key]) for key in keys if str(row[key]))
        small = [_(str(row.get("unit", "t/yr"))), *(_(str(row[c])) for c in ("stage", "family") if c in row)]
        small += [names.get(str(row["country"]), str(row["country"]))] if "country" in row else []
        if compared:
            figures = [cell(row["before"]), cell(row["after"]), cell(row["change"])]
            span = row_span(row, "change")
            small += [_("change {span}").format(span=span)] if span else []
        else:
            figures = [cell(row[value]), row_span(row, value)]
            small += [share(float(row["share"]))] if "share" in row else []
            small += [_("{share} of what sets out").format(share=share(row["rate"]))] if "rate" in row else []
        lines.append((about, figures, tuple(small)))
    heads = (_("before"), _("after"), _("change")) if compared else (_("median"), _("90% interval"))
    two_line_rows(console, (", ".join(_(key) for key in keys), *heads), lines)


def _requirements(console: Console, rows: Any) -> None:
    if not rows:
        say(console, _("No measure that stands above 0 needs another."))
        return
    lines = [
        (
            f"{row['measure']} → {row['requires']}",
            (f"{row['required_level']:g}", cell(row["full_at"]), share(row["effect"])),
            (_("{measure} stands at {level}").format(measure=row["measure"], level=f"{row['level']:g}"),),
        )
        for row in rows
    ]
    heads = (_("measure and what it needs"), _("stands at"), _("full at"), _("of its effect"))
    two_line_rows(console, heads, lines)
