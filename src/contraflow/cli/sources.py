"""The command ``sources``: where a case comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._language import N_, _
from contraflow._numbers import DASH
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, two_line_rows
from contraflow.cli.terminal import emit, next_step, paged
from contraflow.cli.terminal_tables import say

if TYPE_CHECKING:
    from rich.text import Text

    from contraflow.case.docs.provenance import Provenance
    from contraflow.case.schema import Source

WORDS = (
    N_("fitted"), N_("checked"), N_("predicted"), N_("context"),
    N_("completely reliable"), N_("usually reliable"), N_("fairly reliable"), N_("not usually reliable"),
    N_("unreliable"), N_("reliability cannot be judged"),
)  # fmt: skip
"""What the counts of claims by use and the grades of sources are called."""


def sources(asked: AskedPolicy, filters: Filters, *, as_json: bool) -> None:
    """List sources with grade and reason, licence, and how much rests on each."""
    from contraflow.case.docs.provenance import RELIABILITY, attributions, provenance

    case = asked.case
    every = filters.chosen(
        provenance(case),
        lambda one: f"{one.source.id} {one.source.title} {one.source.author} {one.source.publisher}",
        kind=lambda one: str(one.source.kind.value),
    )
    if as_json:
        emit({"case": case.info.id, "sources": [_source_record(one) for one in every]})
        return
    if filters.write([one.source.model_dump(mode="json") | {"grade": one.grade} for one in every]):
        return
    with paged() as console:
        shown, more = filters.shown(every, console)
        rows = [(one.source.title, (_resting(one),), _described(one.source)) for one in shown]
        two_line_rows(console, (_("source"), _("what rests on it")), rows)
        left_out(console, more)
        console.print()
        used = {one.source.reliability for one in every}
        grades = "; ".join(f"{grade} {_(word)}" for grade, word in RELIABILITY.items() if grade in used)
        say(console, (_("Grades by the Admiralty code: {grades}.").format(grades=grades), "dim"))
        named = "; ".join(f"{s.title} ({s.licence})" for s in attributions(case))
        if named:
            say(console, (_("Coordinates: {sources}.").format(sources=named), "dim"))
        most = max(shown, key=lambda one: one.uses.get("fitted", 0), default=None)
        if most is not None and any(most.uses.values()):
            text = _("What it says, beside the model:")
            next_step(console, text, "claims", asked.name, "--source", most.source.id)


def _described(source: Source) -> tuple[str | Text, ...]:
    from rich.text import Text

    by = f"{source.author}, " if source.author and source.author != source.publisher else ""
    grade = Text.assemble((source.reliability, "bold"), f" {source.reason}", style="dim")
    return (
        source.id,
        f"{by}{source.publisher}",
        str(source.published),
        source.kind.value,
        grade,
        source.licence,
    )


def _resting(one: Provenance) -> Text:
    """Claims by use, then what else; a dash where nothing rests on the source directly."""
    from rich.text import Text

    from contraflow.text.evidence_sentences import resting

    claims, rest = resting(one)
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
