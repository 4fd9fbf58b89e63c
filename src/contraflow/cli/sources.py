"""The command ``sources``: where a case comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._numbers import DASH
from contraflow.cli.terminal import emit, screen
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    from rich.text import Text

    from contraflow.case.docs.provenance import Provenance
    from contraflow.case.schema import Source


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
    published = f"{by}{source.publisher}, {source.published}, {source.kind.value}"
    return Text.assemble(source.title, (f"\n{source.id}: {published}", "dim"))


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
