"""Options and arguments that commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from contraflow._language import N_, _
from contraflow.cli import given_names as names
from contraflow.cli.options import CalibrationOptions, numbers_of, sides_of
from contraflow.cli.terminal import how_asked, settings
from contraflow.inference.method import Method

CaseName = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help=N_("A shipped case, or a folder with a case."),
        show_default=False,
        autocompletion=names.complete_case,
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, max=2**31 - 1, metavar="NUMBER", help=N_("Seed of all random draws."))
]
Draws = Annotated[
    Method,
    typer.Option(
        "--method",
        metavar="METHOD",
        help=N_("laplace: a quick approximation. nuts: Markov chains, minutes. best: one fit."),
    ),
]
AcceptPoor = Annotated[
    bool, typer.Option("--accept-poor-fit", help=N_("Answer even where the chains cannot be trusted."))
]
Until = Annotated[
    int | None,
    typer.Option(
        min=1900, max=2100, metavar="YEAR", show_default=False,
        help=N_("Last year whose claims calibrate. [default: last year of the baseline]"),
    ),
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help=N_("Print the result as JSON and nothing else."))]
Top = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="NUMBER",
        show_default=False,
        help=N_("Rows to show; 0 for all. [default: 20 on a terminal, all in a pipe or file]"),
    ),
]
Search = Annotated[
    str | None,
    typer.Option(metavar="TEXT", show_default=False, help=N_("Rows that hold this text, in any case.")),
]
OfSource = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        show_default=False,
        help=N_("Rows of this source, by id."),
        autocompletion=names.complete_of(names.ids_of("sources")),
    ),
]
AsCsv = Annotated[
    Path | None,
    typer.Option(
        "--csv", metavar="FILE", show_default=False, help=N_("Write these rows to a .csv file instead.")
    ),
]


def levels(text: str) -> Any:
    """The option by which measures get their levels."""
    return typer.Option(
        "-m",
        "--measure",
        metavar="MEASURE=LEVEL",
        show_default=False,
        help=text,
        autocompletion=names.complete_of(names.ids_of("measures"), "="),
    )


def question_option(text: str) -> Any:
    """The option by which a headline question gives the policy."""
    return typer.Option(
        "-q",
        "--question",
        metavar="QUESTION",
        show_default=False,
        help=text,
        autocompletion=names.complete_of(lambda seen: seen.questions),
    )


Levels = Annotated[list[str] | None, levels(N_("A measure and its level; may be repeated."))]
AQuestion = Annotated[
    str | None, question_option(N_("The policy of a headline question, by id; levels of -m come on top."))
]
Numbers = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NUMBER=VALUE",
        show_default=False,
        help=N_("A number of the case with another value, such as pay-plane=200; may be repeated."),
        autocompletion=names.complete_of(names.ids_of("parameters"), "="),
    ),
]
Refit = Annotated[bool, typer.Option("--refit", help=N_("Calibrate anew with the numbers of --set."))]
Believe = Annotated[
    list[str] | None,
    typer.Option(
        "--believe",
        metavar="DISAGREEMENT=SIDE",
        show_default=False,
        help=N_("Take one side of a disagreement of the sources as right; may be repeated."),
        autocompletion=names.complete_of(names.sides),
    ),
]
Horizon = Annotated[
    str,
    typer.Option(
        metavar="TIME", help=N_("How long after the policy begins: 3 months, 1 year and so on, or long run.")
    ),
]
AFigure = Annotated[
    str,
    typer.Argument(
        metavar="FIGURE", help=N_("A headline figure, by name."), autocompletion=names.complete_figure
    ),
]
FirstYear = Annotated[
    int | None,
    typer.Option("--from", metavar="YEAR", min=1900, max=2100, help=N_("First year, with --events.")),
]

HOW = {
    "seed": (Seed, 0),
    "method": (Draws, Method.LAPLACE),
    "accept_poor": (AcceptPoor, False),
    "number": (Numbers, None),
    "refit": (Refit, False),
    "believe": (Believe, None),
}
"""Options on how a lab is made, with what holds without them: the parts of :class:`CalibrationOptions`."""


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """A function that takes each option of :data:`HOW` where ``function`` takes them as one, ``how``.

    Functions without ``how`` are returned as they are.
    """
    own = inspect.signature(function, eval_str=True)
    if "how" not in own.parameters:
        return function
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(name, keyword, default=default, annotation=annotation)
        for name, (annotation, default) in HOW.items()
    ]
    every = [
        option
        for parameter in own.parameters.values()
        for option in (options if parameter.name == "how" else [parameter.replace(kind=keyword)])
    ]

    settings.on_labs.add(function.__name__.strip("_"))

    @wraps(function, assigned=("__name__", "__doc__"), updated=())
    def taking(**given: Any) -> None:
        how = _how(given["case"], **{name: given.pop(name) for name in HOW})
        how_asked.set(how.words)
        function(**given, how=how)

    taking.__dict__.update(__signature__=own.replace(parameters=every))
    taking.__annotations__ = {option.name: option.annotation for option in every}
    return taking


def expect_fit(how: CalibrationOptions) -> None:
    """Refuse numbers that are set without a new calibration, for a command that shows how claims fit."""
    if how.numbers and not how.refit:
        names.refuse(
            _("--set goes with --refit here, since this command shows how the model fits the claims.")
        )


def _how(
    case: str,
    seed: int,
    method: Method,
    accept_poor: bool,
    number: list[str] | None,
    refit: bool,
    believe: list[str] | None,
) -> CalibrationOptions:
    """How a lab is made, with numbers that are set and sides that are believed."""
    if refit and not number:
        names.refuse(_("--refit needs a number: give it with --set."))
    numbers, sides = numbers_of(number or ()), sides_of(case, believe or ())
    return CalibrationOptions(seed, method, accept_poor, numbers, refit, sides)
