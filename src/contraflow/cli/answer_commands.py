"""Commands that answer: what a policy would do, settled, on its way and month by month."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contraflow._language import N_, _
from contraflow.cli import given_names as names
from contraflow.cli.options import CalibrationOptions
from contraflow.cli.parameters import (
    AcceptPoor,
    AFigure,
    AQuestion,
    AsCsv,
    AsJson,
    CaseName,
    Draws,
    FirstYear,
    Horizon,
    Levels,
    Search,
    Seed,
    Top,
    expect_fit,
    levels,
)
from contraflow.cli.program import ANSWERS, command
from contraflow.inference.method import Method


class Detail(StrEnum):
    """What ``tables`` shows."""

    PRICES = "prices"
    SEIZURES = "seizures"
    PAY = "pay"
    DESTINATIONS = "destinations"
    REQUIREMENTS = "requirements"


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
    *,
    how: CalibrationOptions,
    no_report: Annotated[bool, typer.Option("--no-report", help=N_("Print the summary only."))] = False,
    as_json: AsJson = False,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help=N_("Open the report in a browser."))
    ] = False,
) -> None:
    expect_fit(how)
    if no_report and (open_it or out is not None):
        names.refuse(_("--no-report leaves nothing to open or to put into a folder."))
    from contraflow.cli import run

    run.run(case, out, how=how, report=not no_report, as_json=as_json, open_it=open_it)


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
    after: Horizon = "long run",
    *,
    how: CalibrationOptions,
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    if first is not None and not events:
        names.refuse(_("--from names a calendar year, which only --events have."))
    if until is not None and events:
        names.refuse(_("--until ends a policy given with -m or -q; events have their dates."))
    asked = names.asked(case, measure or (), question)
    if events == bool(asked.policy):
        names.refuse(_("Give either a policy (-m, -q) or the case's own events (--events)."))
    from contraflow.cli import path

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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    if first is not None and not events:
        names.refuse(_("--from names a calendar year, which only --events have."))
    asked = names.asked(case, measure or (), question)
    if events and asked.policy:
        names.refuse(_("Give either a policy (-m, -q) or the case's own events (--events), not both."))
    names.expect_strategy(search_strategy)
    from contraflow.cli import simulate

    options = simulate.RunOptions(
        events, years, first, clans, replicates, search_strategy, tuple(arrest or ()), budget
    )
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import ensemble

    asked = ensemble.EnsembleOptions(draws, cluster, out, table)
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import level

    aim = level.aim_of(falls, rises, to)
    level.expect_asked(case, measure, figure)
    asked = names.asked(case, policy or (), question)
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    from contraflow.cli import given

    seen = given.read_seen(saw)
    plain, ranges = given.split_ranges(measure)
    ends = [f"{name}={high}" for name, (_low, high) in ranges.items()]
    names.asked(case, [*plain, *ends])
    asked = names.asked(case, plain)
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    if (what is Detail.DESTINATIONS) != (place is not None):
        names.refuse(
            _("--place goes with destinations, and destinations with it.")
            if place
            else _("--place is needed: whose output?")
        )
    names.expect_id(case, "places", place, _("'{name}' is no place of this case."))
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import detail
    from contraflow.cli.long_lists import Filters

    wanted = detail.Wanted(what.value, by, place, after)
    detail.detail(asked, wanted, Filters(None, None, search, top, to_csv), how=how, as_json=as_json)
