"""The command ``cases``: what comes with the program."""

from __future__ import annotations

from typing import Any

from contraflow._language import _, language, ngettext
from contraflow.cli.given_names import CASES, Glance, shipped
from contraflow.cli.long_lists import small_print
from contraflow.cli.terminal import emit, next_step, screen
from contraflow.cli.terminal_tables import say


def cases(*, as_json: bool) -> None:
    """List shipped cases with title, years and size."""
    found = [_record(Glance(CASES / name, name)) for name in shipped()]
    if as_json:
        emit({"cases": found})
        return
    console = screen()
    for case in found:
        first, last = case["baseline_years"]
        years = str(first) if first == last else _("{first} to {last}").format(first=first, last=last)
        say(console, (str(case["case"]), "bold"), "  ", _title(case))
        small_print(console, (_("baseline {years}").format(years=years), *_sizes(case)))
    console.print()
    say(
        console,
        _(
            "Where a command asks for CASE, give one of these names or a folder with a case.toml: my-case, "
            "./my-case, /data/my-case. A name that is both means the shipped case; with ./ it is the folder."
        ),
    )
    next_step(console, _("Questions that a case answers:"), "questions", found[-1]["case"])
    next_step(console, _("A case of your own to start from:"), "new", "my-case")


def _title(case: dict[str, Any]) -> str:
    """Title of a shipped case in the reader's language."""
    from contraflow.case import texts

    title = str(case["title"])
    return texts.read(CASES / case["case"], language()).by_text.get(title, title)


def _record(seen: Glance) -> dict[str, Any]:
    tables = ("places", "links", "measures", "claims", "sources")
    return {
        "case": seen.name,
        "title": str(seen.info.get("title", "")),
        "baseline_years": list(seen.info.get("baseline", ())),
        "questions": len(seen.questions),
        **{table: len(seen.ids(table) or ()) for table in tables},
    }


def _sizes(case: dict[str, Any]) -> list[str]:
    words = {
        "questions": ngettext("{number} question", "{number} questions", case["questions"]),
        "measures": ngettext("{number} measure", "{number} measures", case["measures"]),
        "places": ngettext("{number} place", "{number} places", case["places"]),
        "links": ngettext("{number} link", "{number} links", case["links"]),
        "claims": ngettext("{number} claim", "{number} claims", case["claims"]),
        "sources": ngettext("{number} source", "{number} sources", case["sources"]),
    }
    return [text.format(number=case[name]) for name, text in words.items() if case[name]]
