"""The command ``measures``: what a policy can set."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow._language import _
from contraflow._numbers import cell, plain_number, rounded
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, two_line_rows
from contraflow.cli.options import opened
from contraflow.cli.terminal import emit, next_step, paged
from contraflow.cli.terminal_tables import say


def measures(asked: AskedPolicy, filters: Filters, numbers: Mapping[str, str], *, as_json: bool) -> None:
    """List measures with unit, range, baseline level and cost, and the levers of markets."""
    from contraflow.policy import make_levers
    from contraflow.policy.policy import levers_of

    case, told = asked.case, {}
    if numbers:
        from contraflow.lab.changed_numbers import read_numbers, with_fixed_numbers

        changed = read_numbers(case, numbers)
        case, told = with_fixed_numbers(case, changed), changed.attributes
    levers = make_levers(opened(case).network())
    markets = [lever for lever in levers_of(case).values() if lever.is_change]
    every: list[json_records.Record] = [
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
    listed = filters.chosen(every, lambda m: f"{m['measure']} {m['name']} {m['unit']} {m['note']}")
    if as_json:
        changes = [{"lever": m.id, "name": m.name, "lowest": m.least, "highest": m.most} for m in markets]
        emit({"case": case.info.id, **told, "measures": listed, "markets": changes})
        return
    if filters.write(listed):
        return
    with paged() as console:
        rows = []
        for m in listed:
            small = [str(m["measure"]), _("a level is: {unit}").format(unit=m["unit"])]
            if m["requires"]:
                small.append(_("needs {measures}").format(measures=" + ".join(m["requires"])))
            if m["unit_cost_usd"] is not None:
                small.append(_("${cost} a year for each").format(cost=cell(float(m["unit_cost_usd"]))))
            rows.append((str(m["name"]), (cell(m["baseline"]), cell(m["maximum"])), tuple(small)))
        two_line_rows(console, (_("measure"), _("now"), _("most")), rows)
        console.print()
        say(console, (_("now: mean level of the baseline years."), "dim"))
        if told:
            text = _("Numbers changed: {numbers}.").format(numbers=told["numbers"])
            say(console, (text, "yellow"))
        if markets:
            text = _("Markets are set by a change, such as {example}: {levers}.")
            levers_named = ", ".join(lever.id for lever in markets)
            say(console, (text.format(example=f"-m {markets[0].id}=-30%", levers=levers_named), "dim"))
        first = next((m for m in listed if float(m["maximum"]) > 0), None)
        if first is not None:
            half = f"{first['measure']}={plain_number(rounded(float(first['maximum']) / 2))}"
            next_step(console, _("What half of the most would do:"), "respond", asked.name, "-m", half)
