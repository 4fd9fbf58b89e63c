"""The language that people read: texts from a catalogue, and the marks of its numbers.

English is the source. Other languages have a gettext catalogue under ``locale/``, which
``tools/catalogue.py`` keeps up with the code. A text is looked up when it is shown, never when a module is
loaded: a constant is marked with :func:`N_` and passed to :func:`_` where it is used.

>>> with in_language("es"):
...     language()
'es'
>>> language()
'en'
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "contraflow"

LANGUAGES = {"en": "English", "es": "Español"}
"""Languages by code, each by its own name."""

_current: ContextVar[str] = ContextVar("language")
_used = ["en"]
"""What :func:`use` was told last: the language of all threads that are not within :func:`in_language`."""


def language() -> str:
    """Code of the language in which texts are shown: ``en`` or ``es``."""
    return locale().partition("_")[0]


def locale() -> str:
    """Language and, where one was asked for, region: ``es`` or ``es_PE``."""
    return _current.get(_used[0])


def known(code: str) -> str:
    """A language or locale as it is kept: ``es-PE`` as ``es_PE``.

    Raises
    ------
    ValueError
        If there is no catalogue of that language.
    """
    first, _sep, region = code.strip().replace("-", "_").partition("_")
    if first.lower() not in LANGUAGES:
        there = ", ".join(f"{key} ({name})" for key, name in LANGUAGES.items())
        raise ValueError(f"there is no catalogue of the language {code!r}; there are: {there}")
    return f"{first.lower()}_{region.upper()}" if region else first.lower()


def of_the_system(environ: os._Environ[str] | dict[str, str] = os.environ) -> str:
    """The language that the user's system asks for, English where there is no catalogue of it."""
    for name in ("CONTRAFLOW_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = environ.get(name, "").partition(".")[0]
        if asked:
            try:
                return known(asked)
            except ValueError:
                return "en"
    return "en"


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Show texts and numbers in a language within a block. Raises ValueError for an unknown one."""
    token = _current.set(known(code))
    try:
        yield
    finally:
        _current.reset(token)


def use_here(code: str) -> None:
    """Show texts and numbers in a language in the rest of this context. ValueError for an unknown one."""
    _current.set(known(code))


def use(code: str) -> None:
    """Show texts and numbers in a language from now on, in all threads.

    Raises
    ------
    ValueError
        If there is no catalogue of that language.
    """
    _used[0] = known(code)


@cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    if code == "en":
        return _gettext.NullTranslations()
    return _gettext.translation(DOMAIN, CATALOGUES, languages=[code])


def _(text: str) -> str:
    """A text in the language of the reader."""
    return _catalogue(language()).gettext(text) if text else ""


def ngettext(one: str, many: str, count: float) -> str:
    """One of two texts by a count; an amount other than one takes the plural."""
    number = 1 if count == 1 else 2 if count != 0 else 0
    return _catalogue(language()).ngettext(one, many, number)


def pgettext(context: str, text: str) -> str:
    """A text whose translation depends on where it stands."""
    return _catalogue(language()).pgettext(context, text)


def N_(text: str) -> str:
    """Mark a text for the catalogue that is looked up later."""
    return text


@cache
def marks(code: str) -> tuple[str, str]:
    """The decimal mark of a locale and the mark between groups of three digits."""
    if code == "en":
        return ".", ","
    from babel import Locale

    symbols = Locale.parse(code).number_symbols["latn"]
    return symbols["decimal"], symbols["group"]


def localised(text: str) -> str:
    """A number written in English, ``1,240.5``, with the marks of the reader's language."""
    decimal, group = marks(locale())
    if (decimal, group) == (".", ","):
        return text
    return text.translate({ord(","): group, ord("."): decimal})


def countries() -> dict[str, str]:
    """Names of all countries by their ISO 3166 code, in the reader's language."""
    return dict(_countries(locale()))


@cache
def _countries(code: str) -> dict[str, str]:
    from babel import Locale

    named = {str(key): str(name) for key, name in Locale.parse(code).territories.items()}
    return {key: name for key, name in named.items() if len(key) == 2 and key.isalpha()}
