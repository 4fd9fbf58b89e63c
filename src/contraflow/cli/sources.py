"""The commands ``sources`` and ``coverage``: where a case comes from, and what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._numbers import DASH, share
from contraflow.cli.show import say, table
from contraflow.cli.terminal import emit, screen

if TYPE_CHECKING:
    from rich.text import Text

    from contraflow.case import Case
    from contraflow.case.docs.provenance import Provenance
    from contraflow.case.schema import Source
    from contraflow.case.statements import Coverage


def sources(name: str, *, as_json: bool) -> None:
    """List sources with grade and reason, licence, and how much rests on each."""
    from contraflow.case import load
    from contraflow.case.docs.provenance import RELIABILITY, attributions, provenance

    case = load(name)
    every = provenance(case)
    if as_json:
        emit({"case": case.info.id, "sources": [_source_record(one) for one in every]})
        return
    console = screen()
    lines = [(_described(one.source), _trusted(one.source), _resting(one)) for one in every]
    console.print(table("source|grade, reason and terms|what rests on it", lines, wrap=(0, 1, 2)))
    console.print()
    used = {one.source.reliability for one in every}
    grades = "; ".join(f"{grade} {word}" for grade, word in RELIABILITY.items() if grade in used)
    say(console, (f"Grades by the Admiralty code: {grades}.", "dim"))
    named = "; ".join(f"{s.title} ({s.licence})" for s in attributions(case))
    if named:
        say(console, (f"Coordinates: {named}.", "dim"))


def _described(source: Source) -> Text:
    from rich.text import Text

    by = f"{source.author}, " if source.author and source.author != source.publisher else ""
    told = f"{by}{source.publisher}, {source.published}, {source.kind.value}"
    return Text.assemble(source.title, (f"\n{source.id}: {told}", "dim"))


def _trusted(source: Source) -> Text:
    from rich.text import Text

    return Text.assemble((source.reliability, "bold"), f" {source.reason}", (f"\n{source.licence}", "dim"))


def _resting(one: Provenance) -> Text:
    """Claims by use, then what else; a dash where nothing rests on the source directly."""
    from rich.text import Text

    from contraflow.case.naming import number_of

    claims = ", ".join(f"{n} {word}" for word, n in one.uses.items() if n)
    others = {
        "numbers": one.parameters,
        "patterns": one.patterns,
        "places": one.places,
        "contradictions": one.disputes,
    }
    rest = ", ".join(number_of(len(rows), word) for word, rows in others.items() if rows)
    return Text.assemble(claims or ("" if rest else DASH), ("\n" if claims and rest else ""), (rest, "dim"))


def _source_record(one: Provenance) -> dict[str, Any]:
    return one.source.model_dump(mode="json") | {
        "grade": one.grade,
        "claims": dict(one.uses),
        "quantities": dict(one.quantities),
        "patterns": list(one.patterns),
        "parameters": list(one.parameters),
        "places": list(one.places),
        "coverage": list(one.items),
        "contradictions": [vars(dispute) for dispute in one.disputes],
    }


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
