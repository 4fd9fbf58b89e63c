"""What is wrong with a command line, in the reader's language.

The command-line library words its errors in English, differently in each of its versions. They are known
here by their kind, and reasons why a value is refused by the few forms that the library has for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

from contraflow._language import N_, _

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What the library raises for any command line that it does not understand."""

WHOLE, ANY = N_("{option} takes a whole number."), N_("{option} takes a number.")
ONE_OF = N_("{option} takes one of {names}, not {value}.")
WITHIN = N_("{option} takes a number in the range {range}, not {value}.")

REASONS = (
    (r"Input should be a valid integer.*", WHOLE),
    (r"Input should be a valid number.*", ANY),
    (r"Input should be greater than or equal to (?P<end>\S+)", N_("{option} takes no less than {end}.")),
    (r"Input should be less than or equal to (?P<end>\S+)", N_("{option} takes no more than {end}.")),
    (r"(?:Value error, )?(?P<value>'.*') is not one of (?P<names>.+?)\.?", ONE_OF),
    (r"(?P<value>'.*') is not a valid integer( range)?\.", WHOLE),
    (r"(?P<value>'.*') is not a valid float( range)?\.", ANY),
    (r"(?P<value>\S+) is not in the range (?P<range>.*)\.", WITHIN),
)
"""Why the library refuses a value, and how that is said."""


def in_words(error: Any) -> str:
    """What is wrong, as sentences.

    Parameters
    ----------
    error
        An error of the library; or a ``typer.BadParameter`` without a hint, which has a whole sentence.
    """
    match type(error).__name__:
        case "NoSuchOption":
            text = _("There is no option {name}.").format(name=error.option_name)
            return _near(text, error.possibilities or ())
        case "MissingParameter":
            return _("{name} is missing.").format(name=_name(error.param))
        case "BadOptionUsage":
            valueless = "does not take" in error.message
            text = _("{name} takes no value.") if valueless else _("{name} needs a value.")
            return text.format(name=error.option_name)
        case "BadParameter":
            return _refused(error)
    return _misplaced(error)


def _misplaced(error: Any) -> str:
    """What is wrong with words that are neither options nor values."""
    command = re.fullmatch(r"No such command '(.*?)'\.?(?: Did you mean (.*)\?)?", error.message)
    if command:
        text = _("There is no command {name}.").format(name=command[1])
        return _near(text, re.findall(r"'(.*?)'", command[2] or ""))
    extra = re.fullmatch(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", error.message)
    if extra:
        return _("Words that have no place here: {words}").format(words=extra[1])
    return str(error.format_message())


def _near(text: str, names: Sequence[str]) -> str:
    if not names:
        return text
    return f"{text} " + _("Did you mean {names}?").format(names=", ".join(sorted(names)))


def _name(parameter: Any) -> str:
    """An argument as help shows it, an option by its long name."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return str(max(parameter.opts, key=len))


def _refused(error: Any) -> str:
    """Why a value is refused."""
    if error.param is None:
        return str(error.message)
    name = _name(error.param)
    for form, text in REASONS:
        found = re.fullmatch(form, error.message)
        if found:
            return _(text).format(option=name, **found.groupdict())
    return f"{name}: {error.message}"
