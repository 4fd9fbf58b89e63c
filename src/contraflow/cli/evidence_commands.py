"""Commands on the evidence: what sources say, and how the model stands to it and to history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contraflow._language import N_, _
from contraflow.cli import given_names as names
from contraflow.cli.options import CalibrationOptions
from contraflow.cli.parameters import (
    AsCsv,
    AsJson,
    CaseName,
    OfSource,
    Search,
    Top,
    Until,
    expect_fit,
    levels,
    question_option,
)
from contraflow.cli.program import EVIDENCE, command


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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    expect_fit(how)
    names.expect_source(case, source)
    names.expect_value(case, "claims", "quantity", kind, "--kind")
    asked = names.asked(case)
    from contraflow.cli import claims
    from contraflow.cli.long_lists import Filters

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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    expect_fit(how)
    names.expect_source(case, source)
    asked = names.asked(case)
    from contraflow.cli import evidence
    from contraflow.cli.long_lists import Filters

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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    if change and not (measure or question):
        names.refuse(_("--change needs a policy: give it with -m or -q."))
    names.expect_figure(figure)
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import explain

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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    expect_fit(how)
    names.expect_source(case, source)
    asked = names.asked(case)
    from contraflow.cli import validate
    from contraflow.cli.long_lists import Filters

    validate.validate(
        asked,
        Filters(source, None, search, top, to_csv),
        how=how,
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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    expect_fit(how)
    asked = names.asked(case)
    from contraflow.cli import hindcast

    hindcast.hindcast(asked, until=until, how=how, as_json=as_json)


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
    *,
    how: CalibrationOptions,
    as_json: AsJson = False,
) -> None:
    asked = names.asked(case)
    from contraflow.cli import history

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
        names.refuse(_("--score goes with no other option but --json."))
    if episodes and without:
        names.refuse(_("--episodes lists all episodes; leave out --without."))
    names.expect_episodes(without or (), folder)
    from contraflow.cli import behaviour

    behaviour.behaviour(behaviour.Asked(tuple(without or ()), score, episodes, folder), as_json=as_json)
