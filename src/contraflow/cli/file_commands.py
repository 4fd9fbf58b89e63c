"""Commands that write files: reports, pages to mail, and tables for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contraflow._language import N_, _
from contraflow.cli import given_names as names
from contraflow.cli.options import CalibrationOptions
from contraflow.cli.parameters import CaseName, expect_fit, levels, question_option
from contraflow.cli.program import FILES, command


class Format(StrEnum):
    """What ``export`` writes."""

    GRAPHML = "graphml"
    GEOJSON = "geojson"
    NETCDF = "netcdf"
    CSV = "csv"


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
    question: Annotated[
        str | None, question_option(N_("Report on the policy of a headline question instead."))
    ] = None,
    *,
    how: CalibrationOptions,
) -> None:
    expect_fit(how)
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import run

    run.report(asked, out, how=how)


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
    *,
    how: CalibrationOptions,
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
    *,
    how: CalibrationOptions,
) -> None:
    if (measure or question) and to in (Format.GRAPHML, Format.GEOJSON):
        text = _("-m and -q change no {format}, which holds the network only.")
        names.refuse(text.format(format=to.value))
    asked = names.asked(case, measure or (), question)
    from contraflow.cli import export

    export.export(asked, to.value, out, how=how)
