"""Numbers as people read them: in tables, in sentences and on the terminal, in the reader's language.

Machine formats (JSON, CSV, attributes of markup) take plain numbers, never texts from here. Nothing here
prints an exponent or a number that is none: what is not finite is shown as :data:`DASH`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np

from contraflow._language import _, language, localised, pgettext

DASH = "–"
"""What stands where there is no number."""

NOUGHT = 1e-9
"""What there was below this share of a change is nothing, of which no change is a share."""

STILL = 5e-4
"""A change below this share of what was there is shown as none."""

LEAST = 5e-5
"""A number below this size is shown as 0: units are chosen so that it is next to nothing."""

MILLIONTH = 1e-6

UNGROUPED = re.compile(r"^(\D*)(\d),(\d{3})(?!\d|,)")
"""A number of four digits, which Spanish writes without a mark between them."""


def significant(value: float | None, none: str = DASH) -> str:
    """Two significant figures, three from a hundred on: ``1,240``, ``86``, ``3.4``; ``none`` for NaN."""
    return amount(rounded(value)) if value is not None and isfinite(value) else none


def amount(value: float) -> str:
    """A number with as many figures as a reader can use: 1,240; 86; 3.4; 0.07."""
    if not isfinite(value):
        return DASH
    size = abs(value)
    if size >= 9.95 or size < LEAST:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if size >= 0.95 else _positional(value, 2)
    return _shown(text)


def rounded(value: float) -> float:
    """Two significant figures below a hundred, three above: more would pretend precision."""
    if abs(value) < 1e-100 or not np.isfinite(value):
        return 0.0
    digits = (3 if abs(value) >= 100 else 2) - 1 - int(np.floor(np.log10(abs(value))))
    return float(np.round(value, digits))


def cell(value: Any) -> str:
    """A number of a table with three figures, so that it can be compared with what a source prints."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    if not isfinite(number):
        return ""
    return _shown(f"{number:,.0f}" if abs(number) >= 100 else _positional(number, 3))


def plain_number(value: float) -> str:
    """A number as programs read it, without an exponent: ``4000``, ``0.9``."""
    return np.format_float_positional(value, trim="-")


def fixed(value: float, digits: int, *, sign: bool = False) -> str:
    """So many digits after the point, where columns are compared: ``0.25``; with ``sign``, ``+0.25``."""
    if not isfinite(value):
        return DASH
    return _shown(f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}")


def order(value: float) -> str:
    """A number of which only the order of magnitude counts: ``less than 0.001``."""
    if not isfinite(value):
        return DASH
    if value < MILLIONTH:
        return _("below one in a million")
    if value >= 1e-3:
        return significant(value)
    bound = 10.0 ** ceil(log10(value) - 1e-9)
    return _("less than {number}").format(number=_shown(_positional(bound, 1)))


def signed(value: float) -> str:
    """A rounded change with its sign: ``+12``, ``−3.4``."""
    text = significant(value)
    return f"+{text}" if value > 0 and text != "0" and isfinite(value) else text


def to(low: str, high: str, unit: str = "") -> str:
    """An interval from the texts of its ends: ``3 to 20%``; one figure if both look alike."""
    if low == high:
        return f"{low}{unit}"
    interval = _("{low} to {high}").format(low=low, high=high)
    return f"{interval}{unit}"


def span(low: float, high: float) -> str:
    """An interval of a table; one figure if both ends look alike."""
    return to(cell(low), cell(high))


def row_span(row: Mapping[str, Any], name: str) -> str:
    """The 90 % interval of a row's figure, as a table shows it; empty without one."""
    if f"{name}_5" not in row:
        return ""
    return span(float(row[f"{name}_5"]), float(row[f"{name}_95"]))


def with_percent(number: str) -> str:
    """A number, or an interval, with its per cent sign: ``12%``."""
    return pgettext("per cent", "{number}%").format(number=number)


def share(part: float) -> str:
    """A share of a whole in whole per cent: ``12%``."""
    return with_percent(_points(part)) if isfinite(part) else DASH


def signed_share(part: float) -> str:
    """A change as a share in whole per cent, with its sign: ``+12%``."""
    return with_percent(_shown(f"{100 * part:+,.0f}")) if isfinite(part) else DASH


def signed_points(part: float) -> str:
    """A change in whole per cent with its sign but without ``%``, as an end of an interval: ``−4``, ``0``."""
    text = fixed(100 * part, 0, sign=True)
    return "0" if text[1:] == "0" else text


def signed_span(low: float, high: float) -> str:
    """The interval of a change as a share, with signs: ``−22 to −2%``."""
    return with_percent(to(signed_points(low), signed_points(high)))


def small_share(part: float, least: float) -> str:
    """A share in whole per cent, below ``least`` with one digit more: ``0.4%``."""
    if part >= least or not isfinite(part):
        return share(part)
    return with_percent(_shown(f"{100 * part:.1f}"))


def share_span(low: float, high: float) -> str:
    """The interval of a share: ``3 to 20%``."""
    if not (isfinite(low) and isfinite(high)):
        return DASH
    return with_percent(to(_points(low), _points(high)))


def size_of_change(part: float) -> str:
    """Size of a change in per cent: ``12%``, ``0.4%``; what is not all is not 100%."""
    return small_share(min(abs(part), 0.99) if -1 < part < 0 else abs(part), 0.0095)


def change_of(change: float, before: float) -> str:
    """A change as a share of what was there, with two figures: ``−2.5%``, ``+12%``, ``×12``, ``0%``."""
    if abs(before) <= NOUGHT * abs(change) or not before or not isfinite(100 * (change / before)):
        return DASH
    part = change / before
    if abs(part) < STILL:
        return with_percent("0")
    if part > 2:
        return times(1 + part)
    size = 100 * min(abs(part), 0.99 if -1 < part < 0 else abs(part))
    digits = _shown(f"{size:.1f}" if size < 9.95 else f"{size:.0f}")
    return with_percent(f"{'+' if part > 0 else '−'}{digits}")


def percent(value: float) -> str:
    """A change as a share of what was there, in whole per cent: ``−3%``, ``±0%``, ``×12``.

    What is not all is not ``−100%``, as in :func:`size_of_change`.
    """
    if not np.isfinite(value):
        return ""
    if value > 2:
        return times(1 + value)
    if abs(value) < 0.005:
        return with_percent("±0")
    return signed_share(max(value, -0.99) if value > -1 else value)


def times(factor: float) -> str:
    """A factor: ``×12``."""
    return f"×{significant(factor)}"


def probability(part: float, draws: int, *, short: bool = False) -> str:
    """A share of draws as a probability, no more certain than their number allows.

    ``above 99%``, or with ``short`` ``>99%``.
    """
    if not isfinite(part):
        return DASH
    if part * draws < 0.5:
        end = share(max(1, ceil(100 / draws)) / 100)
        return f"<{end}" if short else _("below {share}").format(share=end)
    if (1 - part) * draws < 0.5:
        end = share(min(99, floor(100 * (1 - 1 / draws))) / 100)
        return f">{end}" if short else _("above {share}").format(share=end)
    return share(min(max(part, 0.01), 0.99))


def dollars(millions: float, *, sign: bool = False) -> str:
    """Dollars where there is little room: ``$85M``, ``+$1.2bn``."""
    if not isfinite(millions):
        return DASH
    size = abs(millions)
    number = significant(size / 1000 if size >= 999.5 else size)
    front = "−" if millions < 0 and number != "0" else "+" if sign and millions > 0 and number != "0" else ""
    template = _("{sign}${number}bn") if size >= 999.5 else _("{sign}${number}M")
    return template.format(sign=front, number=number)


def money(millions: float) -> str:
    """Dollars in words: ``$28 million``, ``$1.2 billion``."""
    if not isfinite(millions):
        return DASH
    size = abs(millions)
    number = (
        _shown(_positional(size / 1000, 3))
        if 1000 <= size < 1e6
        else significant(size / 1000 ** (size >= 1000))
    )
    sign = "−" if millions < 0 and number != "0" else ""
    template = _("{sign}${number} billion") if size >= 1000 else _("{sign}${number} million")
    return template.format(sign=sign, number=number)


def mass(kilograms: float) -> str:
    """Kilograms as they are best read, with three figures: ``31.4 t``, ``70 kg``."""
    size = abs(kilograms)
    if size < 1000:
        return _("{number} kg").format(number=significant(kilograms))
    tonnes = fixed(kilograms / 1000, 1) if size < 1e5 else amount(kilograms / 1000)
    return _("{number} t").format(number=tonnes)


def _points(part: float) -> str:
    """A share in whole per cent, without the sign: ``12``, never ``-0``."""
    text = f"{100 * part:.0f}"
    return "0" if text == "-0" else _shown(text)


def _positional(value: float, digits: int) -> str:
    """So many significant figures without an exponent: ``0.00012``; what is next to nothing is ``0``."""
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text
    if abs(value) < MILLIONTH:
        return "0"
    return np.format_float_positional(float(text), trim="-")


def _shown(text: str) -> str:
    """A number written by Python as people read it: a true minus, and the marks of the reader's language."""
    text = text.replace("-", "−")
    if text in ("−0", "−0.0"):
        text = text[1:]
    if language() == "es":
        text = UNGROUPED.sub(r"\1\2\3", text)
    return localised(text)
