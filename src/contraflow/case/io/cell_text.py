"""What the text of a cell may be, whatever its column: it can be seen, and it has one meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contraflow._language import _, localised
from contraflow.errors import FOREIGN

LONGEST = 10_000
"""Characters that a cell may have."""

_TWOFOLD = re.compile(r"([+-]?)([1-9]\d{0,2})[.,](\d{3})", re.ASCII)
_UNSEEN = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that count as letters or signs and leave the page white."""


def short(value: object) -> str:
    """A value as an error shows it: on one line, of at most 60 characters.

    Examples
    --------
    >>> short("two\\nlines"), short("x" * 60) == "x" * 60, short("x" * 61) == "x" * 57 + "..."
    ('two lines', True, True)
    """
    text = " ".join(str(value)[: 4 * LONGEST].split())
    return text if len(text) <= 60 else text[:57] + "..."


def grouped(number: int) -> str:
    """A whole number with a mark between its thousands, as a message shows it."""
    return localised(f"{number:,}")


def did_you_mean(name: str) -> str:
    """The cure that suggests the most alike name."""
    return _("Did you mean '{name}'?").format(name=name)


def either(names: Sequence[str]) -> str:
    """Names of which one is meant: ``kg or ha``."""
    found = names[0]
    for name in names[1:]:
        found = _("{first} or {other}").format(first=found, other=name)
    return found


def text_fault(text: str) -> tuple[str, str] | None:
    """What keeps a text from being one, whatever it says, and how to mend it; or None."""
    foreign = FOREIGN.search(text.replace("\r\n", "\n"))
    if foreign:
        found = _("holds the character U+{code}, which is no text but a command or unseen")
        cure = _("Delete it: type the text anew, or copy it without its format")
        return found.format(code=f"{ord(foreign[0]):04X}"), cure
    if not any(c.isprintable() and not c.isspace() and c not in _UNSEEN for c in text):
        cure = _("Write a text, or leave it out where that is allowed")
        return _("has no character that can be seen"), cure
    if len(text) > LONGEST:
        found = _("has {count} characters").format(count=grouped(len(text)))
        cure = _("Shorten it to {count}, and cite the document it is from")
        return found, cure.format(count=grouped(LONGEST))
    return None


def twofold(text: str) -> tuple[str, str] | None:
    """That a number may be read in two ways, and how to settle it; or None.

    One mark and three digits behind it part thousands in half of the world, and are decimals in the other. A
    number that begins with 0 has no thousands.

    Examples
    --------
    >>> twofold("1.234")[0]
    'may mean 1234 or 1.234'
    >>> twofold("0.125"), twofold("1.2340"), twofold("1234")
    (None, None, None)
    """
    found = _TWOFOLD.fullmatch(text)
    if not found:
        return None
    sign, whole, rest = found.groups()
    large, small = f"{sign}{whole}{rest}", f"{sign}{whole}.{rest}"
    cure = _(
        "Write {large} for thousands. For decimals write {small}0 (a spreadsheet keeps the 0 if the cell has "
        "four decimals), or round to two"
    )
    message = _("may mean {large} or {small}")
    return message.format(large=large, small=small), cure.format(large=large, small=small)
