"""The program: its own options, its groups of commands, and how a function becomes a command.

Names are checked here, before a command's own module loads what computes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from contraflow._language import LANGUAGES, N_
from contraflow._version import __version__
from contraflow.cli import given_names as names
from contraflow.cli.help_pages import Program, Verb
from contraflow.cli.parameters import spread
from contraflow.cli.terminal import errand, safe_streams, settings, spoken_errors
from contraflow.errors import harmless

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


def command(
    panel: str, text: str, *, examples: tuple[str, ...] = (), computes: bool = False
) -> Callable[[Function], Function]:
    """Make a command of a function, whose errors end in a message and an exit code.

    A function that takes ``how`` gets all options on how a lab is made (:func:`~.parameters.spread`).

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
        run = spread(function)

        @wraps(run)
        def guarded(**named: Any) -> None:
            with spoken_errors():
                if not computes:
                    run(**named)
                    return
                if "case" in named:
                    names.glance(named["case"])
                with errand(_key(name, named), lambda: _state(named.get("case", ""))):
                    run(**named)

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


def main() -> None:
    """Entry point of the command."""
    safe_streams()
    app([harmless(word) for word in sys.argv[1:]], prog_name="contraflow")
