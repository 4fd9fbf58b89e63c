"""Names that callers give, held against those that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from contraflow._language import _
from contraflow.errors import ComparisonError


def near_match(name: object, known: Iterable[str]) -> str:
    """``Did you mean 'zone'?`` if a known name looks like the one given, else nothing."""
    near = get_close_matches(str(name), list(known), n=1)
    return _("Did you mean {name}?").format(name=repr(near[0])) if near else ""


def expect_choice(parameter: str, given: object, known: Iterable[str], *, optional: bool = False) -> None:
    """Refuse a value that is none of the choices of a parameter.

    Parameters
    ----------
    parameter
        Name of the parameter, as the caller writes it.
    given
        Its value.
    known
        Its choices.
    optional
        Whether it can be left out, for the message.

    Raises
    ------
    ComparisonError
        If ``given`` is none of ``known``; lists them, and names one that looks like it.
    """
    choices = list(known)
    if given not in choices:
        text = (
            _("{parameter} is {given}; it can be {choices}, or left out.")
            if optional
            else _("{parameter} is {given}; it can be {choices}.")
        )
        said = text.format(parameter=parameter, given=repr(given), choices=", ".join(choices))
        raise ComparisonError(f"{said} {near_match(given, choices)}".rstrip())
