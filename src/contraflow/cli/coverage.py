"""The command ``coverage``: what the sources describe, and what in the case represents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._numbers import DASH, share
from contraflow.cli.terminal import emit, screen
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    from rich.text import Text

    from contraflow.case import Case
    from contraflow.case.statements import Coverage


def coverage(name: str, *, kind: str | None, outside: bool, as_json: bool) -> None:
    """Count what is represented by kind, then list the items that were asked for."""
    from contraflow.case import load
    from contraflow.case.docs.coverage import tally

    case = load(name)
    counts = tally(case)
    _expect_kind(kind, [count.kind for count in counts])
    items = [
        item for item in case.coverage.values() if kind in (None, item.kind) and (item.outside or not outside)
    ]
    if as_json:
        record = [
            {"kind": c.kind, "items": c.items, "represented": c.represented, "outside": c.outside}
            for c in counts
        ]
        emit({"case": case.info.id, "counts": record, "items": [_item_record(case, i) for i in items]})
    else:
        _show_coverage(case, items)


def _expect_kind(kind: str | None, kinds: list[str]) -> None:
    """Refuse a kind that the case does not have."""
    from typer import BadParameter

    if kind is not None and kind not in kinds:
        known = f"one of {', '.join(kinds)}" if kinds else "left out: the case has no coverage.csv"
        raise BadParameter(f"'{kind}' is no kind of item here. It may be {known}", param_hint="--kind")


def _item_record(case: Case, item: Coverage) -> dict[str, Any]:
    from contraflow.case.docs.coverage import rows_by_table
    from contraflow.case.naming import name_of

    rows = [
        {"table": table, "id": key, "name": name_of(case, table, key)}
        for table, keys in rows_by_table(item).items()
        for key in keys
    ]
    return item.model_dump(mode="json") | {"rows": rows}


def _show_coverage(case: Case, items: list[Coverage]) -> None:
    from rich.text import Text

    from contraflow.case.docs.coverage import counted, tally, total

    console = screen()
    if not case.coverage:
        say(console, f"{case.info.id} has no coverage.csv: it does not say what its sources describe.")
        return
    lines: list[tuple[str | Text, ...]] = [
        (
            item.id,
            Text.assemble(item.description, (f"\n{item.source} {item.paragraph}, {item.kind}", "dim")),
            Text.assemble(("outside: ", "yellow"), item.outside)
            if item.outside
            else Text.assemble(counted(item), (f"\n{item.note}" if item.note else "", "dim")),
        )
        for item in items
    ]
    if lines:
        console.print(table("item|what the sources describe|represented by", lines, wrap=(1, 2)))
        console.print()
    by_kind = [(t.kind, str(t.items), str(t.represented), str(t.outside or DASH)) for t in tally(case)]
    console.print(table("kind|>items|>represented|>outside", by_kind))
    console.print()
    every = total(case)
    say(
        console,
        (f"{every.represented} of {every.items} items are represented", "bold"),
        f", {every.outside} outside ({share(every.outside / every.items)}).",
    )
