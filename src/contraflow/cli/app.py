"""The commands: what they take, and which part of the program does the work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from contraflow._version import __version__
from contraflow.cli.options import CalibrationOptions
from contraflow.cli.terminal import safe_streams, screen, spoken_errors
from contraflow.errors import harmless
from contraflow.inference.method import Method

Function = TypeVar("Function", bound=Callable[..., None])

app = typer.Typer(
    name="contraflow",
    help="A policy lab for illicit supply networks: what would a measure of the state do?\n\n"
    "CASE is the name of a shipped case (peru, andes-1990s, example) or a folder.",
    epilog="Begin with: contraflow run example",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """What ``export`` writes."""

    GRAPHML = "graphml"
    GEOJSON = "geojson"
    NETCDF = "netcdf"
    CSV = "csv"


CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help="A shipped case, or a folder with a case.", show_default=False)
]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of all random draws.")]
Draws = Annotated[
    Method,
    typer.Option(
        "--method", help="laplace: a quick approximation. nuts: Markov chains, minutes. best: one fit."
    ),
]
AcceptPoor = Annotated[
    bool, typer.Option("--accept-poor-fit", help="Answer even where the chains cannot be trusted.")
]
Until = Annotated[
    int | None,
    typer.Option(
        min=1900, max=2100, metavar="YEAR", show_default=False,
        help="Last year whose claims calibrate. [default: last year of the baseline]",
    ),
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def levels(text: str) -> Any:
    """The option by which measures get their levels."""
    return typer.Option("-m", "--measure", metavar="MEASURE=LEVEL", help=text)


Levels = Annotated[list[str], levels("A measure and its level; may be repeated.")]


def command(function: Function) -> Function:
    """Make a command of a function, whose errors end in a message and an exit code."""

    @wraps(function)
    def guarded(*args: Any, **named: Any) -> None:
        with spoken_errors():
            function(*args, **named)

    app.command()(guarded)
    return function


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"contraflow {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


@command
def run(
    case: CaseName,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the report goes. [default: contraflow-CASE]")
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Print the summary only.")] = False,
    as_json: AsJson = False,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the report in a browser.")] = False,
) -> None:
    """Calibrate a case, answer its headline questions and write the report."""
    from contraflow.cli import run

    if no_report and (open_it or out is not None):
        raise typer.BadParameter("leaves nothing to open or to put into a folder", param_hint="--no-report")
    run.run(
        case,
        out,
        how=CalibrationOptions(seed, method, accept_poor),
        report=not no_report,
        as_json=as_json,
        open_it=open_it,
    )


@command
def check(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder with a case, or a shipped case.")],
    as_json: AsJson = False,
) -> None:
    """List every problem of a case: where it is, what was found, how to mend it."""
    from contraflow.cli import check

    check.check(folder, as_json=as_json)


@command
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that does not exist yet.")],
) -> None:
    """Write a small commented case to start from."""
    from contraflow.case import new as write

    target = write(folder)
    screen().print(
        f"A case to change into your own is in {target}; its README.md explains the files. Next:\n"
        f"  contraflow check {target}\n  contraflow run {target}",
        soft_wrap=True,
    )


@command
def respond(
    case: CaseName,
    measure: Levels,
    after: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="How long after the policy begins: 3 months, 1 year and so on, or long run."
        ),
    ] = "long run",
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
    convergence: Annotated[
        bool, typer.Option("--convergence", help="Also show how the equilibrium was found.")
    ] = False,
) -> None:
    """Show what a policy of your own would do, against the baseline."""
    from contraflow.cli import respond

    respond.respond(
        case,
        measure,
        after,
        how=CalibrationOptions(seed, method, accept_poor),
        as_json=as_json,
        convergence=convergence,
    )


@command
def ensemble(
    case: CaseName,
    policies: Annotated[
        Path,
        typer.Argument(
            metavar="POLICIES", help="A CSV file: a row for each policy, a column for each measure."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write figures by policy and draw as they come; goes on where it stopped."
        ),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write figures by policy to a .csv file.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Have the workers of this Dask scheduler do the work."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="In how many draws of the posterior, at most.")] = 200,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Answer many policies, here or on a cluster: headline figures by policy and draw."""
    from contraflow.cli import ensemble

    asked = ensemble.EnsembleOptions(draws, cluster, out, table)
    how = CalibrationOptions(seed, method, accept_poor)
    ensemble.ensemble(case, policies, asked, how=how, as_json=as_json)


@command
def path(
    case: CaseName,
    measure: Annotated[list[str] | None, levels("A measure, from the beginning on.")] = None,
    events: Annotated[bool, typer.Option("--events", help="The case's own events instead.")] = False,
    years: Annotated[int, typer.Option(min=1, max=100, help="How many years.")] = 5,
    until: Annotated[
        int | None,
        typer.Option(min=1, metavar="MONTHS", help="Months after which the policy ends.", show_default=False),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option("--from", metavar="YEAR", min=1900, max=2100, help="First year, with --events."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures of all steps to a .csv file.")
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Follow a policy from the baseline: what moves first, what comes back, what lasts."""
    from contraflow.cli import path

    if first is not None and not events:
        raise typer.BadParameter("names a calendar year, which only --events have", param_hint="--from")
    if until is not None and events:
        raise typer.BadParameter("ends a policy given with -m; events have their dates", param_hint="--until")
    asked = path.PathOptions(tuple(measure or ()), events, years, first, until)
    path.path(case, asked, out, how=CalibrationOptions(seed, method, accept_poor), as_json=as_json)


@command
def explain(
    case: CaseName,
    figure: Annotated[str, typer.Option(metavar="FIGURE", help="A headline figure, by name.")] = "exports",
    measure: Annotated[list[str] | None, levels("Explain it under this policy.")] = None,
    change: Annotated[bool, typer.Option("--change", help="Explain its change from the baseline.")] = False,
    refits: Annotated[int, typer.Option(min=0, max=50, help="Fits made anew, at most.")] = 3,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Show the claims and assumptions that a figure rests on, and what to report on next."""
    from contraflow.cli import explain

    if change and not measure:
        raise typer.BadParameter("needs a policy: give it with -m", param_hint="--change")
    how = CalibrationOptions(seed, method, accept_poor)
    explain.explain(case, measure or [], figure, change=change, refits=refits, how=how, as_json=as_json)


@command
def hindcast(
    case: CaseName,
    until: Until = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Withhold the claims after a year, predict them, and compare."""
    from contraflow.cli import hindcast

    hindcast.hindcast(case, until=until, how=CalibrationOptions(seed, method, accept_poor), as_json=as_json)


@command
def simulate(
    case: CaseName,
    measure: Annotated[list[str] | None, levels("A measure, from the first month on.")] = None,
    events: Annotated[bool, typer.Option("--events", help="The case's own events instead.")] = False,
    years: Annotated[int, typer.Option(min=1, max=100, help="How many years.")] = 10,
    first: Annotated[
        int | None,
        typer.Option("--from", metavar="YEAR", min=1900, max=2100, help="First year, with --events."),
    ] = None,
    clans: Annotated[int, typer.Option(min=1, help="How many clans.")] = 2000,
    replicates: Annotated[
        int, typer.Option(min=1, help="How many simulations, each with random draws of its own.")
    ] = 20,
    search_strategy: Annotated[
        str,
        typer.Option(help="How searches are spread: even, concentrate, random, chase, optimise."),
    ] = "even",
    arrest: Annotated[
        list[str] | None,
        typer.Option(metavar="WHO@MONTH", help="largest@13, or a share of all clans: 0.3@1; then :PLACE."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Most that costed measures may spend, million $ a year.")
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Write .html, .nc, .geojson or .csv; may be repeated."),
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Follow a policy month by month: clans that learn, a state that reacts."""
    from contraflow.cli import simulate

    if first is not None and not events:
        raise typer.BadParameter("names a calendar year, which only --events have", param_hint="--from")
    asked = simulate.RunOptions(
        tuple(measure or ()),
        events,
        years,
        first,
        clans,
        replicates,
        search_strategy,
        tuple(arrest or ()),
        budget,
    )
    how = CalibrationOptions(seed, method, accept_poor)
    simulate.simulate(case, asked, out or [], how=how, as_json=as_json)


@command
def history(
    case: CaseName,
    first: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="YEAR", min=1900, max=2100, help="First year. [default: that of the baseline]"
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="YEAR", min=1900, max=2100, help="Last year. [default: that of the last claim]"
        ),
    ] = None,
    clans: Annotated[int, typer.Option(min=1, help="How many clans.")] = 2000,
    replicates: Annotated[
        int, typer.Option(min=2, help="How many simulations, each with random draws of its own.")
    ] = 40,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figure to an .html page.")
    ] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Tell the case's events forward month by month, and compare with what was observed later."""
    from contraflow.cli import history

    how = CalibrationOptions(seed, method, accept_poor)
    history.history(
        case, out, first=first, last=last, clans=clans, replicates=replicates, how=how, as_json=as_json
    )


@command
def behaviour(
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="EPISODE", help="Learn without this episode and foresee it; may be repeated."),
    ] = None,
    score: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Score a table of forecasts beside the model's.")
    ] = None,
    episodes: Annotated[bool, typer.Option("--episodes", help="List the episodes instead.")] = False,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Episodes of your own, in four tables.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what episodes of history teach about behaviour, and how often it foresaw others."""
    from contraflow.cli import behaviour

    if score is not None and (without or episodes or folder is not None):
        raise typer.BadParameter("goes with no other option but --json", param_hint="--score")
    if episodes and without:
        raise typer.BadParameter("lists all episodes; leave out --without", param_hint="--episodes")
    behaviour.behaviour(behaviour.Asked(tuple(without or ()), score, episodes, folder), as_json=as_json)


@command
def measures(case: CaseName, as_json: AsJson = False) -> None:
    """List the measures that a policy can set."""
    from contraflow.cli import measures

    measures.measures(case, as_json=as_json)


@command
def validate(
    case: CaseName,
    until: Until = None,
    replicates: Annotated[
        int, typer.Option(min=0, help="Simulations of patterns that take time; 0 leaves those out.")
    ] = 40,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Hold the model against documented behaviour; exit with 1 if some does not show."""
    from contraflow.cli import validate

    validate.validate(
        case,
        how=CalibrationOptions(seed, method, accept_poor),
        as_json=as_json,
        replicates=replicates,
        until=until,
    )


@command
def claims(
    case: CaseName,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    as_json: AsJson = False,
) -> None:
    """Show each claim beside what the model says, the furthest off first."""
    from contraflow.cli import claims

    claims.claims(case, how=CalibrationOptions(seed, method, accept_poor), as_json=as_json)


@command
def evidence(
    case: CaseName,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
    every: Annotated[bool, typer.Option("--all", help="Show every claim, not only the surprising.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show where sources disagree: surprising claims, by whom they are outvoted, what each side implies."""
    from contraflow.cli import evidence

    evidence.evidence(case, how=CalibrationOptions(seed, method, accept_poor), every=every, as_json=as_json)


@command
def sources(case: CaseName, as_json: AsJson = False) -> None:
    """List the sources of a case: grade, licence, and what rests on each."""
    from contraflow.cli import sources

    sources.sources(case, as_json=as_json)


@command
def coverage(
    case: CaseName,
    kind: Annotated[
        str | None, typer.Option(help="Items of this kind only, for example mechanism.", show_default=False)
    ] = None,
    outside: Annotated[bool, typer.Option("--outside", help="Only what lies outside the model.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the sources describe, and what in the case represents it."""
    from contraflow.cli import coverage

    coverage.coverage(case, kind=kind, outside=outside, as_json=as_json)


@command
def report(
    case: CaseName,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")],
    measure: Annotated[list[str] | None, levels("Report on this policy instead.")] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    """Write the report on the headline questions, or on a policy of your own, to a file."""
    from contraflow.cli import run

    run.report(case, out, measure or [], how=CalibrationOptions(seed, method, accept_poor))


@command
def export(
    case: CaseName,
    to: Annotated[Format, typer.Option(help="graphml, geojson: the network. netcdf, csv: the results.")],
    out: Annotated[Path, typer.Option(metavar="PATH", help="File to write; for csv, a folder.")],
    measure: Annotated[list[str] | None, levels("Results under this policy.")] = None,
    seed: Seed = 0,
    method: Draws = Method.LAPLACE,
    accept_poor: AcceptPoor = False,
) -> None:
    """Write the network or the results for other programs."""
    from contraflow.cli import export

    if measure and to in (Format.GRAPHML, Format.GEOJSON):
        raise typer.BadParameter(f"changes no {to.value}, which holds the network only", param_hint="-m")
    export.export(case, to.value, out, measure or [], how=CalibrationOptions(seed, method, accept_poor))


def main() -> None:
    """Entry point of the command."""
    safe_streams()
    app([harmless(word) for word in sys.argv[1:]])
