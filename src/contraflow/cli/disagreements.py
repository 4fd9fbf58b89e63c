"""The command ``disagreements``: where sources disagree, and which side of it can be believed."""

from __future__ import annotations

from contraflow._language import _
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, small_print
from contraflow.cli.options import opened
from contraflow.cli.terminal import emit, next_step, paged
from contraflow.cli.terminal_tables import say


def disagreements(asked: AskedPolicy, filters: Filters, *, as_json: bool) -> None:
    """List the sides of each disagreement with their claims, by question."""
    from contraflow.lab import central_values

    every = json_records.rows(central_values(opened(asked.case)).disagreements())
    listed = filters.chosen(
        every, lambda row: " ".join(str(row[c]) for c in ("disagreement", "title", "side", "words", "claims"))
    )
    if as_json:
        emit({"case": asked.case.info.id, "disagreements": listed})
        return
    if filters.write(listed):
        return
    with paged() as console:
        shown, more = filters.shown(listed, console)
        title = None
        for row in shown:
            if row["disagreement"] != title:
                if title is not None:
                    console.print()
                say(console, (str(row["title"]), "bold"))
                title = row["disagreement"]
            say(console, str(row["words"]))
            unseen = "" if row["weighed"] else _("not observed by the model")
            small_print(console, (f"{title}={row['side']}", str(row["claims"]), unseen))
        left_out(console, more)
        if not every:
            say(console, _("The sources of {case} disagree on nothing.").format(case=asked.name))
            return
        first = next((row for row in listed if row["weighed"]), None)
        if first is None:
            return
        console.print()
        side = f"{first['disagreement']}={first['side']}"
        question = next((q.id for q in asked.case.info.questions), None)
        words = (
            ("tables", asked.name, "prices") if question is None else ("respond", asked.name, "-q", question)
        )
        next_step(console, _("What would follow if a side is right:"), *words, "--believe", side)
