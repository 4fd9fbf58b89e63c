"""The commands: what they take, and which part of the program does the work.

Names are checked here, before a command's own module loads what computes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum, StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from contraflow._language import LANGUAGES, N_, _
from contraflow._version import __version__
from contraflow.cli import given_names as names
from contraflow.cli.help_pages import Program, Verb
from contraflow.cli.options import CalibrationOptions, numbers_of, sides_of
from contraflow.cli.terminal import errand, next_step, safe_streams, screen, settings, spoken_errors
from contraflow.errors import harmless
from contraflow.inference.method import Method

Function = TypeVar("Function", bound=Callable[..., None])

app = typer.Typer(
    name="contraflow",
    cls=Program,
    help=N_(
        "A policy lab for illicit supply networks: what would a measure of the state do?\n\n"
        "CASE is the name of a shipped case ('contraflow cases' lists them) or a folder with a case."
    ),
    epilog=N_(
        "Begin with: contraflow run example. Help on a command, with examples: contraflow help respond. "
        "Completion by the tab key: contraflow --install-completion."
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ANSWERS, EVIDENCE, CASES, FILES = N_("Answers"), N_("Evidence"), N_("Cases"), N_("Files")
"""Groups of commands, as help shows them."""

FREE = ("seed", "as_json", "open_it", "first", "last", "until", "top", "budget")
"""Parameters that change nothing of how long a command takes."""


class Format(StrEnum):
    """What ``export`` writes."""

    GRAPHML = "graphml"
    GEOJSON = "geojson"
    NETCDF = "netcdf"
    CSV = "csv"


class Detail(StrEnum):
    """What ``tables`` shows."""

    PRICES = "prices"
    SEIZURES = "seizures"
    PAY = "pay"
    DESTINATIONS = "destinations"
    REQUIREMENTS = "requirements"


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


def command(
    panel: str, text: str, *, examples: tuple[str, ...] = (), computes: bool = False
) -> Callable[[Function], Function]:
    """Make a command of a function, whose errors end in a message and an exit code.

    Parameters
    ----------
    panel
        The group in which help shows it.
    text
        Its help.
    examples
        Command lines, without the program's name.
    computes
        Whether it takes long, so that its progress and time are told.
    """

    def made(function: Function) -> Function:
        name = function.__name__.strip("_")

        @wraps(function)
        def guarded(*args: Any, **named: Any) -> None:
            with spoken_errors():
                if not computes:
                    function(*args, **named)
                    return
                if "case" in named:
                    names.glance(named["case"])
                with errand(_key(name, named), lambda: _state(named.get("case", ""))):
                    function(*args, **named)

        app.command(
            name,
            cls=Verb,
            help=text,
            rich_help_panel=panel,
            epilog="\n".join(f"contraflow {line}" for line in examples),
        )(guarded)
        return function

    return made


def _key(name: str, given: dict[str, Any]) -> str:
    """The command with the options that cost time, without levels and files."""
    words = [name, str(given.get("case", ""))]
    words += [
        f"{key}={value}"
        for key, value in sorted(given.items())
        if isinstance(value, int | float | Enum) and value is not False and key not in FREE
    ]
    return " ".join(words)


def _state(case: str) -> str:
    """A digest of what results depend on: the program, and the files of a case of the user's own."""
    from hashlib import sha256

    from contraflow import _cache

    digest = sha256(_cache.package().encode())
    if case and case not in names.shipped():
        for path in sorted(Path(case).glob("*.csv")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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
        raise typer.BadParameter("needs a number: give it with --set", param_hint="--refit")
    numbers, sides = numbers_of(number or ()), sides_of(case, believe or ())
    return CalibrationOptions(seed, method, accept_poor, numbers, refit, sides)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"contraflow {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=N_("Show the version and exit.")),
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(LANGUAGES),
            show_default=False,
            help=N_(
                "Language of what is printed; may stand behind the command, too. "
                "[default: CONTRAFLOW_LANGUAGE, else that of the system]"
            ),
        ),
    ] = None,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help=N_("Print long tables at once, without a pager."))
    ] = False,
) -> None:
    """Options of the program itself."""
    settings.no_pager = no_pager


@command(
    ANSWERS,
    N_("Calibrate a case, answer its headline questions and write the report."),
    examples=("run example", "run peru --out my-report --open"),
    computes=True,
)
def _run(
    case: CaseName,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=N_("Where the report goes. [default: contraflow-CASE]")),
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    no_report: Annotated[bool, typer.Option("--no-report", help=N_("Print the summary only."))] = False,
    as_json: AsJson = False,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help=N_("Open the report in a browser."))
    ] = False,
) -> None:
    if no_report and (open_it or out is not None):
        raise typer.BadParameter("leaves nothing to open or to put into a folder", param_hint="--no-report")
    from contraflow.cli import run

    run.run(
        case,
        out,
        how=CalibrationOptions(seed, method, accept_poor),
        report=not no_report,
        as_json=as_json,
        open_it=open_it,
    )


@command(
    ANSWERS,
    N_("Open the lab in the browser: move a lever, and see what moves."),
    examples=("serve peru", "serve my-case --port 8000 --no-open"),
)
def _serve(
    case: CaseName,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="NUMBER",
            show_default=False,
            help=N_("Port of this machine. [default: the first free one from 8765 on]"),
        ),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help=N_("Open the page in the browser."))
    ] = True,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import serve

    serve.serve(asked, port, how=CalibrationOptions(seed, method, accept_poor), open_it=open_it)


@command(
    ANSWERS,
    N_("Show what a policy would do, against the baseline: a headline question's, or one of your own."),
    examples=(
        "respond peru -q close-air-bridge",
        "respond peru -m radar=1 -m air-interdiction=4 --after '1 year'",
    ),
    computes=True,
)
def _respond(
    case: CaseName,
    measure: Levels = None,
    question: AQuestion = None,
    after: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help=N_("How long after the policy begins: 3 months, 1 year and so on, or long run."),
        ),
    ] = "long run",
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
    convergence: Annotated[
        bool, typer.Option("--convergence", help=N_("Also show how the equilibrium was found."))
    ] = False,
) -> None:
    asked = names.asked(case, measure or (), question)
    if not measure and question is None:
        names.refuse(
            _(
                "Give a policy: a headline question (-q) or measures (-m). 'contraflow questions {case}' and "
                "'contraflow measures {case}' list them."
            ).format(case=case)
        )
    from contraflow.policy.horizon import in_years

    in_years(after)
    from contraflow.cli import respond

    how = _how(case, seed, method, accept_poor, number, refit, believe)
    respond.respond(asked, after, how=how, as_json=as_json, convergence=convergence)


@command(
    ANSWERS,
    N_("Follow a policy from the baseline: what moves first, what comes back, what lasts."),
    examples=("path peru -q strengthen-roads --years 3", "path peru -m air-interdiction=4 --until 6"),
    computes=True,
)
def _path(
    case: CaseName,
    measure: Annotated[list[str] | None, levels(N_("A measure, from the beginning on."))] = None,
    question: AQuestion = None,
    events: Annotated[bool, typer.Option("--events", help=N_("The case's own events instead."))] = False,
    years: Annotated[int, typer.Option(min=1, max=100, metavar="NUMBER", help=N_("How many years."))] = 5,
    until: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="MONTHS", help=N_("Months after which the policy ends."), show_default=False
        ),
    ] = None,
    first: FirstYear = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write the figures of all steps to a .csv file."))
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    if first is not None and not events:
        raise typer.BadParameter("names a calendar year, which only --events have", param_hint="--from")
    if until is not None and events:
        raise typer.BadParameter(
            "ends a policy given with -m or -q; events have their dates", param_hint="--until"
        )
    asked = names.asked(case, measure or (), question)
    if events == bool(asked.policy):
        names.refuse(_("Give either a policy (-m, -q) or the case's own events (--events)."))
    from contraflow.cli import path

    how = _how(case, seed, method, accept_poor, number, refit, believe)
    path.path(asked, path.PathOptions(events, years, first, until), out, how=how, as_json=as_json)


@command(
    ANSWERS,
    N_("Follow a policy month by month: clans that learn, a state that reacts."),
    examples=(
        "simulate peru -q close-air-bridge --years 8 --out bridge.html",
        "simulate peru -m strip-demolition=800 --arrest largest@13",
    ),
    computes=True,
)
def _simulate(
    case: CaseName,
    measure: Annotated[list[str] | None, levels(N_("A measure, from the first month on."))] = None,
    question: AQuestion = None,
    events: Annotated[bool, typer.Option("--events", help=N_("The case's own events instead."))] = False,
    years: Annotated[int, typer.Option(min=1, max=100, metavar="NUMBER", help=N_("How many years."))] = 10,
    first: FirstYear = None,
    clans: Annotated[int, typer.Option(min=1, metavar="NUMBER", help=N_("How many clans."))] = 2000,
    replicates: Annotated[
        int,
        typer.Option(
            min=1, metavar="NUMBER", help=N_("How many simulations, each with random draws of its own.")
        ),
    ] = 20,
    search_strategy: Annotated[
        str,
        typer.Option(
            metavar="STRATEGY",
            help=N_("How searches are spread: even, concentrate, random, chase, optimise."),
        ),
    ] = "even",
    arrest: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHO@MONTH", help=N_("largest@13, or a share of all clans: 0.3@1; then :PLACE.")
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="NUMBER", help=N_("Most that costed measures may spend, million $ a year.")
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help=N_("Write .html, .nc, .geojson or .csv; may be repeated.")),
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    if first is not None and not events:
        raise typer.BadParameter("names a calendar year, which only --events have", param_hint="--from")
    asked = names.asked(case, measure or (), question)
    if events and asked.policy:
        names.refuse(_("Give either a policy (-m, -q) or the case's own events (--events), not both."))
    names.expect_strategy(search_strategy)
    from contraflow.cli import simulate

    options = simulate.RunOptions(
        events, years, first, clans, replicates, search_strategy, tuple(arrest or ()), budget
    )
    how = _how(case, seed, method, accept_poor, number, refit, believe)
    simulate.simulate(asked, options, out or [], how=how, as_json=as_json)


@command(
    ANSWERS,
    N_("Answer many policies, here or on a cluster: headline figures by policy and draw."),
    examples=(
        "ensemble peru policies.csv --table answers.csv",
        "ensemble peru policies.csv --out answers.zarr",
    ),
    computes=True,
)
def _ensemble(
    case: CaseName,
    policies: Annotated[
        Path,
        typer.Argument(
            metavar="POLICIES", help=N_("A CSV file: a row for each policy, a column for each measure.")
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=N_("Write figures by policy and draw as they come; goes on where it stopped."),
        ),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write figures by policy to a .csv file."))
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help=N_("Have the workers of this Dask scheduler do the work.")),
    ] = None,
    draws: Annotated[
        int,
        typer.Option(min=1, metavar="NUMBER", help=N_("In how many draws of the posterior, at most.")),
    ] = 200,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import ensemble

    asked = ensemble.EnsembleOptions(draws, cluster, out, table)
    how = _how(case, seed, method, accept_poor, number, refit, believe)
    ensemble.ensemble(case, policies, asked, how=how, as_json=as_json)


@command(
    ANSWERS,
    N_("Find the level of a measure at which a figure falls or rises by so much, draw by draw."),
    examples=(
        "level peru radar 'exports by air' --falls 30%",
        "level example demand:europe exports --rises 10%",
    ),
    computes=True,
)
def _level(
    case: CaseName,
    measure: Annotated[
        str,
        typer.Argument(
            metavar="MEASURE",
            help=N_("A measure, or demand:MARKET or price:MARKET."),
            autocompletion=names.complete_of(names.ids_of("measures")),
        ),
    ],
    figure: AFigure,
    falls: Annotated[
        str | None, typer.Option(metavar="PART", help=N_("By how much it is to fall: 30% or 0.3."))
    ] = None,
    rises: Annotated[
        str | None, typer.Option(metavar="PART", help=N_("By how much it is to rise: 30% or 0.3."))
    ] = None,
    to: Annotated[
        float | None, typer.Option(metavar="VALUE", help=N_("Value that it is to reach, in its unit."))
    ] = None,
    policy: Annotated[list[str] | None, levels(N_("Other measures that are set meanwhile."))] = None,
    question: AQuestion = None,
    after: Horizon = "long run",
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import level

    aim = level.aim_of(falls, rises, to)
    level.expect_asked(case, measure, figure)
    asked = names.asked(case, policy or (), question)
    how = _how(case, seed, method, accept_poor, number, refit, believe)
    level.level(asked, measure, figure, aim, after, how=how, as_json=as_json)


@command(
    ANSWERS,
    N_("Show what a policy does, given how far some figure was seen to move."),
    examples=(
        "given example -m interceptors=0..4 --saw 'exports by air=-40%,10%'",
        "given peru -m radar=1 --saw 'share of exports by air=-20%,10%'",
    ),
    computes=True,
)
def _given(
    case: CaseName,
    measure: Annotated[
        list[str], levels(N_("A measure and its level, or two levels between which it lies: radar=0..1."))
    ],
    saw: Annotated[
        list[str],
        typer.Option(
            metavar="FIGURE=CHANGE,ERROR",
            show_default=False,
            help=N_("Relative change of a figure and its standard error; may be repeated."),
        ),
    ],
    figure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE",
            show_default=False,
            help=N_("Figures to show. [default: all headline figures]"),
            autocompletion=names.complete_figure,
        ),
    ] = None,
    after: Horizon = "long run",
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import given

    seen = given.read_seen(saw)
    plain, ranges = given.split_ranges(measure)
    ends = [f"{name}={high}" for name, (_low, high) in ranges.items()]
    names.asked(case, [*plain, *ends])
    asked = names.asked(case, plain)
    how = _how(case, seed, method, accept_poor, number, refit, believe)
    given.given(asked, ranges, seen, tuple(figure or ()), after, how=how, as_json=as_json)


@command(
    ANSWERS,
    N_("Show prices, seizures, pay, or where one place's output goes, in detail."),
    examples=(
        "tables peru prices",
        "tables example destinations --place alta-selva --by crossing",
        "tables peru pay --by link --csv pay.csv",
    ),
    computes=True,
)
def _tables(
    case: CaseName,
    what: Annotated[
        Detail,
        typer.Argument(metavar="WHAT", help=N_("prices, seizures, pay, destinations or requirements.")),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", show_default=False, help=N_("By what rows are told apart; see the manual.")
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(metavar="PLACE", show_default=False, help=N_("Whose output, for destinations.")),
    ] = None,
    measure: Annotated[list[str] | None, levels(N_("Before and after this policy."))] = None,
    question: AQuestion = None,
    after: Horizon = "long run",
    top: Top = None,
    search: Search = None,
    to_csv: AsCsv = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    if (what is Detail.DESTINATIONS) != (place is not None):
        text = (
            _("goes with destinations, and destinations with it") if place else _("is needed: whose output?")
        )
        raise typer.BadParameter(text, param_hint="--place")
    names.expect_id(case, "places", place, _("'{name}' is no place of this case."))
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import detail
    from contraflow.cli.long_lists import Filters

    how = _how(case, seed, method, accept_poor, number, refit, believe)
    wanted = detail.Wanted(what.value, by, place, after)
    detail.detail(asked, wanted, Filters(None, None, search, top, to_csv), how=how, as_json=as_json)


@command(
    EVIDENCE,
    N_("Show each claim beside what the model says, the furthest off first."),
    examples=("claims peru", "claims peru --source unodc-2014 --top 0", "claims peru --search pickup"),
    computes=True,
)
def _claims(
    case: CaseName,
    source: OfSource = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="QUANTITY",
            show_default=False,
            help=N_("Claims about this quantity, for example price or share."),
        ),
    ] = None,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    names.expect_source(case, source)
    names.expect_value(case, "claims", "quantity", kind, "--kind")
    asked = names.asked(case)
    from contraflow.cli import claims
    from contraflow.cli.long_lists import Filters

    how = CalibrationOptions(seed, method, accept_poor)
    claims.claims(asked, Filters(source, kind, search, top, to_csv), how=how, as_json=as_json)


@command(
    EVIDENCE,
    N_("Show where sources disagree: surprising claims, by whom they are outvoted, what each side implies."),
    examples=("evidence peru", "evidence peru --all --source cedro-2011"),
    computes=True,
)
def _evidence(
    case: CaseName,
    every: Annotated[
        bool, typer.Option("--all", help=N_("Show every claim, not only the surprising."))
    ] = False,
    source: OfSource = None,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    names.expect_source(case, source)
    asked = names.asked(case)
    from contraflow.cli import evidence
    from contraflow.cli.long_lists import Filters

    how = CalibrationOptions(seed, method, accept_poor)
    filters = Filters(source, None, search, top, to_csv)
    evidence.evidence(asked, filters, how=how, every=every, as_json=as_json)


@command(
    EVIDENCE,
    N_("List where the sources of a case disagree: the sides of each question, which can be believed."),
    examples=("disagreements peru", "disagreements peru --search survey"),
)
def _disagreements(
    case: CaseName,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import disagreements
    from contraflow.cli.long_lists import Filters

    filters = Filters(None, None, search, top, to_csv)
    disagreements.disagreements(asked, filters, as_json=as_json)


@command(
    EVIDENCE,
    N_("List the sources of a case: grade, licence, and what rests on each."),
    examples=("sources peru", "sources peru --kind survey", "sources peru --search reuters"),
)
def _sources(
    case: CaseName,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", show_default=False, help=N_("Sources of this kind, for example report.")
        ),
    ] = None,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    names.expect_value(case, "sources", "kind", kind, "--kind")
    asked = names.asked(case)
    from contraflow.cli import sources
    from contraflow.cli.long_lists import Filters

    sources.sources(asked, Filters(None, kind, search, top, to_csv), as_json=as_json)


@command(
    EVIDENCE,
    N_("Show what the sources describe, and what in the case represents it."),
    examples=("coverage peru --kind mechanism", "coverage peru --outside --top 0"),
)
def _coverage(
    case: CaseName,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", show_default=False, help=N_("Items of this kind only, for example mechanism.")
        ),
    ] = None,
    outside: Annotated[bool, typer.Option("--outside", help=N_("Only what lies outside the model."))] = False,
    source: OfSource = None,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    names.expect_source(case, source)
    names.expect_value(case, "coverage", "kind", kind, "--kind")
    asked = names.asked(case)
    from contraflow.cli import coverage
    from contraflow.cli.long_lists import Filters

    filters = Filters(source, kind, search, top, to_csv)
    coverage.coverage(asked, filters, outside=outside, as_json=as_json)


@command(
    EVIDENCE,
    N_("Show the claims and assumptions that a figure rests on, and what to report on next."),
    examples=("explain peru --figure 'exports by air'", "explain peru -q close-air-bridge --change"),
    computes=True,
)
def _explain(
    case: CaseName,
    figure: Annotated[
        str,
        typer.Option(
            metavar="FIGURE", help=N_("A headline figure, by name."), autocompletion=names.complete_figure
        ),
    ] = "exports",
    measure: Annotated[list[str] | None, levels(N_("Explain it under this policy."))] = None,
    question: Annotated[
        str | None, question_option(N_("Explain it under the policy of a headline question."))
    ] = None,
    change: Annotated[
        bool, typer.Option("--change", help=N_("Explain its change from the baseline."))
    ] = False,
    refits: Annotated[
        int, typer.Option(min=0, max=50, metavar="NUMBER", help=N_("Fits made anew, at most."))
    ] = 3,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    number: Numbers = None,
    refit: Refit = False,
    believe: Believe = None,
    as_json: AsJson = False,
) -> None:
    if change and not (measure or question):
        raise typer.BadParameter("needs a policy: give it with -m or -q", param_hint="--change")
    names.expect_figure(figure)
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import explain

    how = _how(case, seed, method, accept_poor, number, refit, believe)
    explain.explain(asked, figure, change=change, refits=refits, how=how, as_json=as_json)


@command(
    EVIDENCE,
    N_("Hold the model against documented behaviour; exit with 1 if some does not show."),
    examples=("validate peru --replicates 0", "validate peru --search radar"),
    computes=True,
)
def _validate(
    case: CaseName,
    until: Until = None,
    replicates: Annotated[
        int,
        typer.Option(
            min=0, metavar="NUMBER", help=N_("Simulations of patterns that take time; 0 leaves those out.")
        ),
    ] = 40,
    source: OfSource = None,
    search: Search = None,
    top: Top = None,
    to_csv: AsCsv = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    names.expect_source(case, source)
    asked = names.asked(case)
    from contraflow.cli import validate
    from contraflow.cli.long_lists import Filters

    validate.validate(
        asked,
        Filters(source, None, search, top, to_csv),
        how=CalibrationOptions(seed, method, accept_poor),
        as_json=as_json,
        replicates=replicates,
        until=until,
    )


@command(
    EVIDENCE,
    N_("Withhold the claims after a year, predict them, and compare."),
    examples=("hindcast peru --until 2012",),
    computes=True,
)
def _hindcast(
    case: CaseName,
    until: Until = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import hindcast

    hindcast.hindcast(asked, until=until, how=CalibrationOptions(seed, method, accept_poor), as_json=as_json)


@command(
    EVIDENCE,
    N_("Tell the case's events forward month by month, and compare with what was observed later."),
    examples=("history andes-1990s", "history peru --from 2013 --to 2016 --out history.html"),
    computes=True,
)
def _history(
    case: CaseName,
    first: Annotated[
        int | None,
        typer.Option(
            "--from",
            metavar="YEAR",
            min=1900,
            max=2100,
            help=N_("First year. [default: that of the baseline]"),
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="YEAR",
            min=1900,
            max=2100,
            help=N_("Last year. [default: that of the last claim]"),
        ),
    ] = None,
    clans: Annotated[int, typer.Option(min=1, metavar="NUMBER", help=N_("How many clans."))] = 2000,
    replicates: Annotated[
        int,
        typer.Option(
            min=2, metavar="NUMBER", help=N_("How many simulations, each with random draws of its own.")
        ),
    ] = 40,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write the figure to an .html page."))
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import history

    how = CalibrationOptions(seed, method, accept_poor)
    history.history(
        asked, out, first=first, last=last, clans=clans, replicates=replicates, how=how, as_json=as_json
    )


@command(
    EVIDENCE,
    N_("Show what episodes of history teach about behaviour, and how often it foresaw others."),
    examples=("behaviour --episodes", "behaviour --without air-bridge-1995"),
    computes=True,
)
def _behaviour(
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EPISODE",
            help=N_("Learn without this episode and foresee it; may be repeated."),
            autocompletion=names.complete_episode,
        ),
    ] = None,
    score: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=N_("Score a table of forecasts beside the model's.")),
    ] = None,
    episodes: Annotated[bool, typer.Option("--episodes", help=N_("List the episodes instead."))] = False,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=N_("Episodes of your own, in four tables."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    if score is not None and (without or episodes or folder is not None):
        raise typer.BadParameter("goes with no other option but --json", param_hint="--score")
    if episodes and without:
        raise typer.BadParameter("lists all episodes; leave out --without", param_hint="--episodes")
    names.expect_episodes(without or (), folder)
    from contraflow.cli import behaviour

    behaviour.behaviour(behaviour.Asked(tuple(without or ()), score, episodes, folder), as_json=as_json)


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


@command(
    FILES,
    N_("Write the report on the headline questions, or on a policy of your own, to a file."),
    examples=("report peru --out peru.html", "report peru --out radar.html -m radar=1"),
    computes=True,
)
def _report(
    case: CaseName,
    out: Annotated[Path, typer.Option(metavar="FILE", help=N_("The page to write."))],
    measure: Annotated[list[str] | None, levels(N_("Report on this policy instead."))] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    names.asked(case, measure or ())
    from contraflow.cli import run

    run.report(case, out, measure or [], how=CalibrationOptions(seed, method, accept_poor))


@command(
    FILES,
    N_("Write the answers to a grid of policies as one page, to mail to whoever cannot install the lab."),
    examples=(
        "handout peru --out peru-handout.html",
        "handout peru --out sky.html --pair radar,air-interdiction",
    ),
    computes=True,
)
def _handout(
    case: CaseName,
    out: Annotated[Path, typer.Option(metavar="FILE", help=N_("The page to write."))],
    levels: Annotated[
        int,
        typer.Option(min=1, max=20, metavar="NUMBER", help=N_("Levels of each measure, beside today's.")),
    ] = 4,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--measure",
            metavar="MEASURE",
            show_default=False,
            help=N_(
                "Only this measure, or demand:MARKET or price:MARKET; may be repeated. "
                "[default: all measures]"
            ),
            autocompletion=names.complete_of(names.ids_of("measures")),
        ),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE,MEASURE",
            show_default=False,
            help=N_("All levels of two measures together; may be repeated."),
        ),
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    from contraflow.cli import handout

    pairs = handout.read_pairs(pair or ())
    given = [*(measure or ()), *(name for both in pairs for name in both)]
    for name in given:
        if names.OF_A_MARKET not in name:
            names.expect_id(
                case,
                "measures",
                name,
                _("'{name}' is not a measure of this case."),
                _("'contraflow measures {case}' lists all, with their ranges.").format(case=case),
            )
    asked = names.asked(case)
    handout.expect_levers(asked, given)
    how = CalibrationOptions(seed, method, accept_poor)
    handout.handout(asked, out, measure or (), pairs, levels, how=how)


@command(
    FILES,
    N_("Write the network or the results for other programs."),
    examples=(
        "export peru --to geojson --out network.geojson",
        "export peru --to csv --out tables -q close-air-bridge",
    ),
    computes=True,
)
def _export(
    case: CaseName,
    to: Annotated[
        Format,
        typer.Option(metavar="FORMAT", help=N_("graphml, geojson: the network. netcdf, csv: the results.")),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE|FOLDER", help=N_("File to write; for csv, a folder."))],
    measure: Annotated[list[str] | None, levels(N_("Results under this policy."))] = None,
    question: Annotated[
        str | None, question_option(N_("Results under the policy of a headline question."))
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    if (measure or question) and to in (Format.GRAPHML, Format.GEOJSON):
        raise typer.BadParameter(f"changes no {to.value}, which holds the network only", param_hint="-m")
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import export

    export.export(asked, to.value, out, how=CalibrationOptions(seed, method, accept_poor))


def main() -> None:
    """Entry point of the command."""
    safe_streams()
    app([harmless(word) for word in sys.argv[1:]], prog_name="contraflow")
