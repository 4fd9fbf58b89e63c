"""The command ``validate``: documented behaviour against the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._language import N_, _, ngettext
from contraflow._numbers import DASH, fixed, share, significant, to
from contraflow.cli import hindcast, json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import FAILED, emit, next_step, paged, progress
from contraflow.cli.terminal_tables import known, say, table, tell_own

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.lab import Lab


def validate(
    asked: AskedPolicy,
    filters: Filters,
    *,
    how: CalibrationOptions,
    as_json: bool,
    replicates: int,
    until: int | None = None,
) -> None:
    """Show every pattern with the model's ratio, predictions of later years and, with ``until``, a hindcast.

    Exits with 1 if a pattern that was run does not hold; a prediction may be wrong.
    """
    from typer import Exit

    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so, until)
        withheld = None if until is None else lab.hindcast()
        say_so(_("Holding the model against documented behaviour"))
        record = json_records.patterns(lab.validate(replicates=replicates, progress=say_so).table())
        foreseen = json_records.predictions(lab)
    if as_json:
        scores = {} if withheld is None else {"hindcast": hindcast.record_of(withheld)}
        emit(json_records.provenance(lab) | record | foreseen | scores)
    elif not filters.write(_chosen(asked, filters, record)):
        with paged() as console:
            tell_own(console, lab.own_attributes)
            _show_patterns(console, asked, filters, record)
            if foreseen["predictions"]:
                _show_predictions(console, lab)
            if withheld is not None:
                console.print()
                hindcast.show_hindcast(withheld, console)
    if record["failing"]:
        raise Exit(FAILED)


def _chosen(asked: AskedPolicy, filters: Filters, record: json_records.Record) -> list[json_records.Record]:
    """The patterns that are asked for, those that do not hold first."""
    order = {False: 0, True: 1, None: 2}
    rows = asked.case.patterns
    return filters.chosen(
        sorted(record["patterns"], key=lambda p: order[p["holds"]]),
        lambda p: f"{p['statement']} {p['pattern']}",
        source=lambda p: str(rows[p["pattern"]].source) if p["pattern"] in rows else "",
    )


EXPECTED = (N_("rises"), N_("falls"), N_("stays"))
"""What a pattern expects of a quantity, if it is no range."""


def _expected(text: str) -> str:
    """What a pattern expects, in the reader's language: ``rises``, or ``1 to 1.6 times``."""
    if text in EXPECTED:
        return _(text)
    low, _sep, high = text.removesuffix(" times").partition(" to ")
    return _("{low} to {high} times").format(low=low, high=high)


def _show_patterns(
    console: Console, asked: AskedPolicy, filters: Filters, record: json_records.Record
) -> None:
    from rich.text import Text

    every = _chosen(asked, filters, record)
    shown, more = filters.shown(every, console)
    words = {
        False: Text(_("no"), "bold red"), True: Text(_("yes"), "green"), None: Text(_("not run"), "dim")
    }  # fmt: skip
    rows = []
    for p in shown:
        told = asked.case.patterns.get(str(p["pattern"]))
        source = "" if told is None else f"{told.source} {told.paragraph}".strip()
        cells = (
            _expected(str(p["expected"])),
            DASH if p["holds"] is None else Text.assemble(_ratio(p["ratio"]), (_range(p), "dim")),
            Text.assemble(words[p["holds"]], (_probability(p), "dim")),
        )
        rows.append((str(p["statement"]), cells, (str(p["pattern"]), source, str(p["diagnosis"] or ""))))
    if rows:
        two_line_rows(console, (_("documented behaviour"), _("should"), _("model"), _("holds")), rows)
        left_out(console, more)
        console.print()
    text = _("{hold} of {run} patterns hold.")
    say(console, (text.format(hold=record["hold"], run=record["run"]), "bold"))
    if record["failing"]:
        say(console, _("Not: {patterns}.").format(patterns=", ".join(record["failing"])))
    if record["not_run"]:
        count = len(record["not_run"])
        text = ngettext(
            "{number} needs time: --replicates 0 leaves it out.",
            "{number} need time: --replicates 0 leaves them out.",
            count,
        )
        say(console, text.format(number=count))
    if any("probability" in p for p in every):
        say(
            console,
            (
                _(
                    "model: the quantity with the measure over that without, median and 90% interval. Below "
                    "yes or no: in what share of the draws the behaviour shows; yes from half of them on."
                ),
                "dim",
            ),
        )
    elif record["run"]:
        say(console, (_("A single best fit: no uncertainty is shown."), "dim"))
    failing = next((p for p in every if p["holds"] is False), None)
    told = None if failing is None else asked.case.patterns.get(str(failing["pattern"]))
    if told is not None and told.policy:
        measures = [w for part in str(told.policy).split(";") for w in ("-m", part.strip())]
        next_step(console, _("What the model says instead:"), "respond", asked.name, *measures)


def _show_predictions(console: Console, lab: Lab) -> None:
    """Typical errors of the predictions of later years, by series."""
    from rich.text import Text

    from contraflow.report.sections.predictions import error_rows
    from contraflow.text.names import shown_names

    errors = error_rows(lab.prediction_errors(), shown_names(lab.case))
    console.print()
    say(console, (_("Predictions of later years"), "bold"))
    lines = [
        (
            f"{e['what']}, {e['where']}",
            e["years"],
            Text(e["model"], "green" if e["wins"] else ""),
            Text(e["naive"], "" if e["wins"] else "green"),
            _("{nearer} of {claims}").format(nearer=e["nearer"], claims=e["claims"]),
        )
        for e in errors
    ]
    console.print(table(_("what, where|years|>model|>naive|>nearer"), lines))
    console.print()
    last = lab.case.info.baseline[1]
    say(
        console,
        (
            _(
                "model: typical factor off, from claims up to {year} and each year's measures alone. "
                "naive: off if all had stayed as in the baseline. nearer: years in which the model comes "
                "nearer."
            ).format(year=last),
            "dim",
        ),
    )


def _ratio(ratio: float) -> str:
    """The quantity with the policy over the quantity without, as precise as the verdict needs."""
    if not known(ratio):
        return DASH
    return f"×{fixed(ratio, 3)}" if ratio < 9.9995 else f"×{significant(ratio)}"


def _range(pattern: json_records.Record) -> str:
    """The 90 % interval of the ratio, on a line of its own; nothing without one."""
    if not known(pattern.get("ratio_5")):
        return ""
    low, high = (_ratio(pattern[f"ratio_{end}"]).removeprefix("×") for end in ("5", "95"))
    return f"\n{to(low, high)}"


def _probability(pattern: json_records.Record) -> str:
    """In what share of the draws a pattern shows, on a line of its own; nothing for a single draw."""
    part = pattern.get("probability")
    return f"\n{share(part)}" if part is not None and known(part) else ""
