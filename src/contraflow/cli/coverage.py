"""The command ``coverage``: what the sources describe, and what in the case represents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._language import _
from contraflow._numbers import DASH, share
from contraflow.cli.names import AskedPolicy
from contraflow.cli.rows import Filters, left_out, two_line_rows
from contraflow.cli.terminal import emit, next_step, paged, screen
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.case import Case
    from contraflow.case.statements import Coverage


def coverage(asked: AskedPolicy, filters: Filters, *, outside: bool, as_json: bool) -> None:
    """Count what is represented by kind, then list the items that were asked for."""
    from contraflow.case.docs.coverage import tally

    case = asked.case
    items = filters.chosen(
        [item for item in case.coverage.values() if item.outside or not outside],
        lambda item: f"{item.id} {item.description} {item.source} {item.note} {item.outside}",
        source=lambda item: item.source,
        kind=lambda item: item.kind,
    )
    if as_json:
        record = [
            {"kind": c.kind, "items": c.items, "represented": c.represented, "outside": c.outside}
            for c in tally(case)
        ]
        emit({"case": case.info.id, "counts": record, "items": [_item_record(case, i) for i in items]})
        return
    if filters.write([i.model_dump(mode="json") for i in items]):
        return
    if not case.coverage:
        text = _("{case} has no coverage.csv: it does not say what its sources describe.")
        say(screen(), text.format(case=case.info.id))
        return
    with paged() as console:
        _show_coverage(console, case, items, filters)
        if not outside and any(item.outside for item in case.coverage.values()):
            console.print()
            next_step(console, _("What was left out, and why:"), "coverage", asked.name, "--outside")


def _item_record(case: Case, item: Coverage) -> dict[str, Any]:
    from contraflow.case.docs.coverage import rows_by_table
    from contraflow.case.naming import name_of

    rows = [
        {"table": table, "id": key, "name": name_of(case, table, key)}
        for table, keys in rows_by_table(item).items()
        for key in keys
    ]
    return item.model_dump(mode="json") | {"rows": rows}


def _show_coverage(console: Console, case: Case, items: list[Coverage], filters: Filters) -> None:
    from rich.text import Text

    from contraflow.case.docs.coverage import counted, tally, total

    shown, more = filters.shown(items, console)
    rows: list[tuple[str | Text, tuple[str, ...], tuple[str | Text, ...]]] = []
    for item in shown:
        small: list[str | Text] = [item.id, f"{item.source} {item.paragraph}".strip(), item.kind]
        if item.outside:
            small.append(Text.assemble((_("outside:"), "yellow"), " ", (item.outside, "dim")))
        else:
            small += [_("represented by {rows}").format(rows=counted(item)), item.note]
        rows.append((item.description, (), tuple(small)))
    if rows:
        two_line_rows(console, (_("what the sources describe, and what represents it"),), rows)
        left_out(console, more)
        console.print()
    by_kind = [(t.kind, str(t.items), str(t.represented), str(t.outside or DASH)) for t in tally(case)]
    console.print(table(_("kind|>items|>represented|>outside"), by_kind))
    console.print()
    every = total(case)
    first = _("{represented} of {items} items are represented").format(
        represented=every.represented, items=every.items
    )
    rest = _("{outside} outside ({share}).").format(
        outside=every.outside, share=share(every.outside / every.items)
    )
    say(console, (first, "bold"), ", ", rest)
