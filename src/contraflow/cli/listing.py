"""The commands ``measures``, ``validate`` and ``claims``: tables of what a case and its lab hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._numbers import DASH, cell, fixed, share, significant, to
from contraflow.cli import explain, json_records
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.show import known, say, table
from contraflow.cli.terminal import FAILED, emit, progress, screen

if TYPE_CHECKING:
    from contraflow.lab import Lab


def measures(name: str, *, as_json: bool) -> None:
    """List measures with unit, range, baseline level and cost."""
    from contraflow.lab import load
    from contraflow.policy import make_levers

    case = load(name)
    levers = make_levers(case.network())
    listed: list[json_records.Record] = [
        {
            "measure": m.id,
            "name": m.name,
            "unit": m.unit,
            "baseline": float(level),
            "maximum": case.parameters[m.maximum].value,
            "unit_cost_usd": None if m.unit_cost is None else case.parameters[m.unit_cost].value,
            "requires": [r.requires for r in case.requirements.values() if r.measure == m.id],
            "note": m.note,
        }
        for m, level in zip(case.measures.values(), levers.baseline, strict=True)
    ]
    if as_json:
        emit({"case": case.info.id, "measures": listed})
        return
    console = screen()
    lines = [
        (
            m["measure"],
            f"{m['unit']}; needs {' and '.join(m['requires'])}" if m["requires"] else str(m["unit"]),
            f"{m['baseline']:g}",
            f"{m['maximum']:g}",
            DASH if m["unit_cost_usd"] is None else f"${fixed(float(m['unit_cost_usd']), 0)}",
        )
        for m in listed
    ]
    console.print(table("measure|a level is|>now|>most|>a unit costs", lines, wrap=(1,)))
    first = next((m for m in listed if float(m["maximum"]) > 0), None)
    if first is not None:
        half = f"{first['measure']}={float(first['maximum']) / 2:g}"
        say(console, ("now: mean level of the baseline years; costs are a year's", "dim"))
        say(console, (f"Try: contraflow respond {name} -m {half}", "dim"))


def validate(
    name: str, *, how: CalibrationOptions, as_json: bool, courses: int, until: int | None = None
) -> None:
    """Show every pattern with the model's ratio, predictions of later years and, with ``until``, a hindcast.

    Exits with 1 if a pattern that was run does not hold; a prediction may be wrong.
    """
    from typer import Exit

    from contraflow.lab import load

    with progress() as say_so:
        lab = calibrated(load(name), how, say_so, until)
        withheld = None if until is None else lab.hindcast()
        say_so("Holding the model against documented behaviour")
        record = json_records.patterns(lab.validate(courses=courses, progress=say_so).table())
        foreseen = json_records.predictions(lab)
    if as_json:
        told = {} if withheld is None else {"hindcast": explain.record_of(withheld)}
        emit(json_records.provenance(lab) | record | foreseen | told)
    else:
        _show_patterns(record)
        if foreseen["predictions"]:
            _show_predictions(lab)
        if withheld is not None:
            console = screen()
            console.print()
            explain.show_hindcast(withheld, console)
    if record["failing"]:
        raise Exit(FAILED)


def _show_patterns(record: json_records.Record) -> None:
    from rich.text import Text

    console = screen()
    order = {False: 0, True: 1, None: 2}
    every = sorted(record["patterns"], key=lambda p: order[p["holds"]])
    words = {False: Text("no", "bold red"), True: Text("yes", "green"), None: Text("not run", "dim")}
    lines = [
        (
            Text.assemble(p["statement"], "\n", (_why(p), "dim")),
            p["expected"],
            DASH if p["holds"] is None else Text.assemble(_ratio(p["ratio"]), (_range(p), "dim")),
            Text.assemble(words[p["holds"]], (_probability(p), "dim")),
        )
        for p in every
    ]
    if lines:
        console.print(table("documented behaviour|should|>model|holds", lines))
        console.print()
    say(console, (f"{record['hold']} of {record['run']} patterns hold.", "bold"))
    if record["failing"]:
        say(console, f"Not: {', '.join(record['failing'])}.")
    if record["not_run"]:
        say(console, f"{len(record['not_run'])} need time: --courses 0 leaves them out.")
    if any("probability" in p for p in every):
        say(
            console,
            (
                "model: the quantity with the measure over that without, median and 90% interval. Below yes "
                "or no: in what share of the draws the behaviour shows; yes from half of them on.",
                "dim",
            ),
        )
    elif record["run"]:
        say(console, ("A single best fit: no uncertainty is shown.", "dim"))


def _show_predictions(lab: Lab) -> None:
    """Typical errors of the predictions of later years, by series."""
    from rich.text import Text

    from contraflow.report.sections.predictions import error_rows
    from contraflow.text.names import shown_names

    console = screen()
    errors = error_rows(lab.prediction_errors(), shown_names(lab.case))
    console.print()
    say(console, ("Predictions of later years", "bold"))
    lines = [
        (
            f"{e['what']}, {e['where']}",
            e["years"],
            Text(e["model"], "green" if e["wins"] else ""),
            Text(e["naive"], "" if e["wins"] else "green"),
            f"{e['nearer']} of {e['claims']}",
        )
        for e in errors
    ]
    console.print(table("what, where|years|>model|>naive|>nearer", lines))
    console.print()
    last = lab.case.info.baseline[1]
    say(
        console,
        (
            f"model: typical factor off, from claims up to {last} and each year's measures alone. naive: off "
            "if all had stayed as in the baseline. nearer: years in which the model comes nearer.",
            "dim",
        ),
    )


def _why(pattern: json_records.Record) -> str:
    """The pattern's id, with the most likely reason where it does not hold."""
    return ": ".join(part for part in (str(pattern["pattern"]), str(pattern["diagnosis"])) if part)


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


def claims(name: str, *, how: CalibrationOptions, as_json: bool) -> None:
    """Show each claim beside the model's figure, by size of the residual."""
    from rich.text import Text

    from contraflow.lab import load

    with progress() as say_so:
        lab = calibrated(load(name), how, say_so)
        frame = lab.claims()
    frame = frame.iloc[(-frame["residual"].abs().fillna(-1.0)).argsort(kind="stable")]
    listed = json_records.rows(frame)
    if as_json:
        emit(json_records.provenance(lab) | {"claims": listed})
        return
    console = screen()
    lines = [
        (
            Text.assemble(c["statement"], "\n", (f"{c['claim']}, {c['source']} {c['paragraph']}", "dim")),
            c["grade"],
            _claimed(c),
            _figure(c["model"]),
            _off(float(c["residual"])),
            "fitted" if c["fitted"] else c["use"] if c["use"] != "fit" else "later",
        )
        for c in listed
    ]
    console.print(table("claim|grade|>it says|>model|>off by|use", lines))
    console.print()
    say(
        console,
        (
            "off by: standard deviations that the model lies above (+) or below the claim. grade: source A "
            "to F, information 1 to 6. check: compared, not fitted; later: after the baseline, not fitted; "
            "context: not compared.",
            "dim",
        ),
    )


def _claimed(claim: json_records.Record) -> str:
    low, value, high = (float(claim[c]) for c in ("low", "value", "high"))
    unit = "" if claim["unit"] == "dimensionless" else f" {claim['unit']}".replace(" 1/", " per ")
    ends = [x for x in (low, high) if known(x)]
    if len(ends) == 2 and low < high:
        text = f"{_figure(low)} to {_figure(high)}"
    else:
        text = _figure(next((x for x in (value, *ends) if known(x)), value))
    bound = "" if claim["bound"] == "about" else f"{claim['bound']} "
    return f"{bound}{text}{unit}" if text != DASH else DASH


def _figure(value: float) -> str:
    """Three figures."""
    if not known(value):
        return DASH
    return cell(value)


def _off(residual: float) -> str:
    if not known(residual):
        return DASH
    return "0" if abs(residual) < 0.05 else fixed(residual, 1, sign=True)
