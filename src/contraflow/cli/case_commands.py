"""Commands on cases: what there is, what a case asks and can set, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contraflow._language import N_, _
from contraflow.cli import given_names as names
from contraflow.cli.options import numbers_of
from contraflow.cli.parameters import AsCsv, AsJson, CaseName, Numbers, Search
from contraflow.cli.program import CASES, command
from contraflow.cli.terminal import next_step, screen


@command(
    CASES, N_("List the cases that come with the program, and say how to name your own."), examples=("cases",)
)
def _cases(as_json: AsJson = False) -> None:
    from contraflow.cli import cases

    cases.cases(as_json=as_json)


@command(
    CASES,
    N_("List the headline questions of a case, with their policies in words."),
    examples=("questions peru",),
)
def _questions(case: CaseName, as_json: AsJson = False) -> None:
    asked = names.asked(case)
    from contraflow.cli import questions

    questions.questions(asked, as_json=as_json)


@command(
    CASES,
    N_("List the measures that a policy can set."),
    examples=("measures peru", "measures peru --search radar"),
)
def _measures(
    case: CaseName,
    search: Search = None,
    to_csv: AsCsv = None,
    as_json: AsJson = False,
    number: Numbers = None,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import measures
    from contraflow.cli.long_lists import Filters

    filters = Filters(None, None, search, 0, to_csv)
    measures.measures(asked, filters, numbers_of(number or ()), as_json=as_json)


@command(
    CASES,
    N_("List every problem of a case: where it is, what was found, how to mend it."),
    examples=("check my-case",),
)
def _check(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help=N_("A folder with a case, or a shipped case."),
            autocompletion=names.complete_case,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    names.glance(folder)
    from contraflow.cli import check

    check.check(folder, as_json=as_json)


@command(CASES, N_("Write a small commented case to start from."), examples=("new my-case",))
def _new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=N_("A folder that does not exist yet."))],
) -> None:
    from contraflow.case import new as write

    target = write(folder)
    text = _("A case to change into your own is in {folder}; its README.md explains the files.")
    screen().print(text.format(folder=target), soft_wrap=True)
    next_step(screen(), _("Next:"), "check", str(target))
    next_step(screen(), _("Then:"), "run", str(target))
