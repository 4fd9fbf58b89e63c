"""Help on the program and its commands: groups, options in words, examples, in the reader's language.

Plain text of its own, since the formatter that comes with the command-line library loads a Markdown parser
first, cannot group the commands of another language, and writes types of Python beside the options.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from contextvars import copy_context
from enum import Enum
from textwrap import wrap
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from contraflow._language import LANGUAGES, N_, _, known, of_the_system, use_here
from contraflow.cli.terminal import USAGE, complain
from contraflow.cli.usage_errors import UsageError, in_words

WIDEST, NARROWEST = 100, 40
"""Columns that help takes at most and at least."""

LEFT = 30
"""Columns that an option and what it takes have at most, beside their explanation."""

ANYWHERE = ("--language", "--no-pager")
"""Options of the program that may stand behind the command, too; the first takes a value."""


class Program(TyperGroup):
    """The program: bare it shows its help, ``help`` is a command, and options of its own stand anywhere."""

    def main(self, *args: Any, **named: Any) -> Any:
        """Run in a context of its own, so that the language ends with the command, however that ends."""
        return copy_context().run(self._spoken, *args, **named)

    def _spoken(self, *args: Any, **named: Any) -> Any:
        """Run, and say what is wrong with the command line in the reader's language."""
        alone = named.pop("standalone_mode", True)
        named["standalone_mode"] = False
        if not alone:
            return super().main(*args, **named)
        try:
            code = super().main(*args, **named)
        except UsageError as error:
            _complain(error)
            sys.exit(USAGE)
        sys.exit(code if isinstance(code, int) else 0)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Settle the language, then read what is asked for."""
        if ctx.resilient_parsing:
            return list(super().parse_args(ctx, args))
        words, front, code = [], [], None
        given = iter(args)
        for word in given:
            name, is_with, value = word.partition("=")
            if word == "--":
                words += [word, *given]
            elif name == ANYWHERE[0]:
                code = value if is_with else next(given, "")
                front += [name, code]
            elif word == ANYWHERE[1]:
                front.append(word)
            else:
                words.append(word)
        code = "en" if "--json" in words else language_of(code)  # what programs read is English
        use_here(code)
        if words[:1] == ["help"]:
            words = [*words[1:2], "--help"]
        return list(super().parse_args(ctx, front + (words or ["--help"])))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by group."""
        formatter.write("\n".join(self._lines(ctx)) + "\n")

    def _lines(self, ctx: Any) -> list[str]:
        width = columns()
        lines = [heading(_("Usage:")) + f" {usage(ctx)}", ""]
        lines += paragraphs(_(self.help or ""), width)
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                row = name, _(command.help or "")
                groups.setdefault(panel if isinstance(panel, str) else OTHERS, []).append(row)
        left = max(len(name) for rows in groups.values() for name, _text in rows)
        for group, rows in groups.items():
            lines += ["", heading(_(group)), *two_columns(rows, width, least=left)]
        lines += ["", heading(_("Options")), *two_columns(options(self, ctx), width)]
        return [*lines, "", *paragraphs(_(self.epilog or ""), width)]


class Verb(TyperCommand):
    """A command, whose help ends with examples."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what it does, what it takes, and examples."""
        width = columns()
        arguments = [p for p in self.params if p.param_type_name == "argument"]
        shown = [str(p.metavar) for p in arguments]
        lines = [heading(_("Usage:")) + f" {usage(ctx)}", "", *paragraphs(_(self.help or ""), width)]
        if arguments:
            rows = [(n, _(getattr(p, "help", "") or "")) for n, p in zip(shown, arguments, strict=True)]
            lines += ["", heading(_("Arguments")), *two_columns(rows, width)]
        lines += ["", heading(_("Options")), *two_columns(options(self, ctx), width)]
        if self.epilog:
            lines += ["", heading(_("Examples")), *(f"  {line}" for line in self.epilog.split("\n"))]
        formatter.write("\n".join(lines) + "\n")


OTHERS = N_("Other commands")


def usage(ctx: Any) -> str:
    """How a command is written: its name, its arguments and where options stand."""
    if isinstance(ctx.command, TyperGroup):
        return f"{ctx.command_path} " + _("[OPTIONS] COMMAND ...")
    arguments = [str(p.metavar) for p in ctx.command.params if p.param_type_name == "argument"]
    return " ".join((ctx.command_path, *arguments, _("[OPTIONS]")))


def _complain(error: Any) -> None:
    """Say on standard error what is wrong with a command line, and how to learn what is right."""
    if error.ctx is not None:
        typer.echo(_("Usage:") + f" {usage(error.ctx)}", err=True)
        text = _("Try '{command} -h' for help.")
        typer.echo(text.format(command=error.ctx.command_path) + "\n", err=True)
    complain(in_words(error))


def language_of(code: str | None) -> str:
    """The language that was asked for, else that of the system. Raises BadParameter for an unknown one."""
    if code is None:
        return of_the_system()
    try:
        return known(code)
    except ValueError:
        there = ", ".join(f"{key} ({name})" for key, name in LANGUAGES.items())
        text = _("'{code}' is no language of this program; there are: {there}.")
        raise typer.BadParameter(text.format(code=code, there=there)) from None


def columns() -> int:
    """Columns of the terminal, within limits."""
    return max(NARROWEST, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))


def heading(text: str) -> str:
    """The text in bold; without colour where it goes elsewhere than to a terminal."""
    return typer.style(text, bold=True)


def paragraphs(text: str, width: int) -> list[str]:
    """Lines of a text whose paragraphs are parted by empty lines."""
    parts = [wrap(" ".join(part.split()), width) for part in text.split("\n\n")]
    return [line for place, lines in enumerate(parts) for line in ([""] if place else []) + lines]


def two_columns(rows: Iterable[tuple[str, str]], width: int, most: int = LEFT, least: int = 0) -> list[str]:
    """Names with their explanations beside them, below where a name is too long."""
    listed = list(rows)
    left = 4 + max(least, min(max((len(name) for name, _text in listed), default=0), most))
    lines: list[str] = []
    for name, text in listed:
        words = wrap(text, width - left, break_long_words=False, break_on_hyphens=False) or [""]
        first = f"  {name}"
        if len(first) > left - 2:
            lines.append(first)
            first = ""
        lines.append(f"{first:<{left}}{words[0]}".rstrip())
        lines += [" " * left + line for line in words[1:]]
    return lines


def options(command: Any, ctx: Any) -> list[tuple[str, str]]:
    """Options of a command as they are written, with what they mean and what holds without them."""
    rows = []
    for given in command.get_params(ctx):
        if given.param_type_name != "option" or given.hidden:
            continue
        takes = "" if given.is_flag or getattr(given, "count", False) else f" {_metavar(given)}"
        names = ", ".join(sorted((*given.opts, *given.secondary_opts), key=len)) + takes
        rows.append((names, _explained(given)))
    return rows


def _metavar(given: Any) -> str:
    return str(given.metavar or "NUMBER")


def _explained(given: Any) -> str:
    text = _(HELP_OF_THE_LIBRARY.get(given.name, given.help or ""))
    if given.required:
        required = _("[required]")
        return f"{text} {required}"
    default = given.default
    if given.is_flag or default in (None, "", ()) or given.show_default is False or callable(default):
        return text
    shown = default.value if isinstance(default, Enum) else default
    if isinstance(shown, Sequence) and not isinstance(shown, str):
        return text
    default = _("[default: {value}]").format(value=shown)
    return f"{text} {default}"


HELP_OF_THE_LIBRARY = {
    "help": N_("Show this help and exit."),
    "install_completion": N_("Let this shell complete commands, cases, measures and questions."),
    "show_completion": N_("Show the script that does so, to copy or change."),
}
"""Texts of options that come with the command-line library."""
