"""The command ``measures``: what a policy can set."""

from __future__ import annotations

from contraflow._numbers import DASH, fixed
from contraflow.cli import json_records
from contraflow.cli.terminal import emit, screen
from contraflow.cli.terminal_tables import say, table


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
        for m, level in zip(case.measures.values(), levers.baseline, strict=False)
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
