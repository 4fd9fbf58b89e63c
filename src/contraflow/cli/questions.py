"""The command ``questions``: the headline questions of a case."""

from __future__ import annotations

from contraflow._language import _
from contraflow.cli.names import AskedPolicy
from contraflow.cli.rows import small_print
from contraflow.cli.terminal import emit, next_step, paged
from contraflow.cli.terminal_tables import say


def questions(asked: AskedPolicy, *, as_json: bool) -> None:
    """List the questions with their ids, titles and policies in words."""
    from contraflow.policy import describe

    case = asked.case
    every = case.info.questions
    listed = [
        {"question": q.id, "title": q.title, "policy": dict(q.policy), "words": describe(case, q.policy)}
        for q in every
    ]
    if as_json:
        emit({"case": case.info.id, "questions": listed})
        return
    with paged() as console:
        if not every:
            say(
                console,
                _("{case} asks no headline question: its case.toml has none.").format(case=asked.name),
            )
            return
        for question in listed:
            say(console, (str(question["title"]), "bold"))
            small_print(console, (f"-q {question['question']}", str(question["words"])))
        console.print()
        next_step(console, _("To answer one:"), "respond", asked.name, "-q", str(listed[0]["question"]))
        if len(listed) > 1:
            text = _("What the answer to another rests on:")
            last = str(listed[-1]["question"])
            next_step(console, text, "explain", asked.name, "-q", last, "--change")
