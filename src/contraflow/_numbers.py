"""Numbers as people read them: in tables, in sentences and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, isfinite
from typing import Any

import numpy as np

DASH = "–"
"""What stands where there is no number."""

STILL = 5e-4
"""A change below this share of what was there is shown as none."""


def significant(value: float | None, none: str = DASH) -> str:
    """Two significant figures, three from a hundred on: ``1,240``, ``86``, ``3.4``; ``none`` for NaN."""
    return amount(rounded(value)) if value is not None and isfinite(value) else none


def amount(value: float) -> str:
    """A number with as many figures as a reader can use: 1,240; 86; 3.4; 0.07."""
    size = abs(value)
    if size >= 9.95 or size == 0:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if size >= 0.95 else f"{value:.2g}"
    return _minus(text)


def rounded(value: float) -> float:
    """Two significant figures below a hundred, three above: more would pretend precision."""
    if value == 0 or not np.isfinite(value):
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
    return _minus(f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}")


def fixed(value: float, digits: int, *, sign: bool = False) -> str:
    """So many digits after the point, where columns are compared: ``0.25``; with ``sign``, ``+0.25``."""
    return _minus(f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}")


def order(value: float) -> str:
    """A number of which only the order of magnitude counts: ``3e-12``."""
    return f"{value:.0e}"


def signed(value: float) -> str:
    """A rounded change with its sign: ``+12``, ``−3.4``."""
    return f"{'+' if value > 0 else ''}{significant(value)}"


def to(low: str, high: str, unit: str = "") -> str:
    """An interval from the texts of its ends: ``3 to 20%``; one figure if both look alike."""
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def span(low: float, high: float) -> str:
    """An interval of a table; one figure if both ends look alike."""
    return to(cell(low), cell(high))


def row_span(row: Mapping[str, Any], name: str) -> str:
    """The 90 % interval of a row's figure, as a table shows it; empty without one."""
    if f"{name}_5" not in row:
        return ""
    return span(float(row[f"{name}_5"]), float(row[f"{name}_95"]))


def share(part: float) -> str:
    """A share of a whole in whole per cent: ``12%``."""
    text = f"{part:.0%}"
    return "0%" if text == "-0%" else _minus(text)


def signed_share(part: float) -> str:
    """A change as a share in whole per cent, with its sign: ``+12%``."""
    return _minus(f"{part:+.0%}")


def signed_points(part: float) -> str:
    """A change in whole per cent with its sign but without ``%``, as an end of an interval: ``−4``, ``0``."""
    text = fixed(100 * part, 0, sign=True)
    return "0" if text[1:] == "0" else text


def small_share(part: float, least: float) -> str:
    """A share in whole per cent, below ``least`` with one digit more: ``0.4%``."""
    return share(part) if part >= least else f"{part:.1%}"


def share_span(low: float, high: float) -> str:
    """The interval of a share: ``3 to 20%``."""
    return to(share(low).removesuffix("%"), share(high).removesuffix("%"), "%")


def size_of_change(part: float) -> str:
    """Size of a change in per cent: ``12%``, ``0.4%``; what is not all is not 100%."""
    return small_share(min(abs(part), 0.99) if -1 < part < 0 else abs(part), 0.0095)


def change_of(change: float, before: float) -> str:
    """A change as a share of what was there, with two figures: ``−2.5%``, ``+12%``, ``×12``, ``0%``."""
    if not before or not isfinite(change / before):
        return DASH
    part = change / before
    if abs(part) < STILL:
        return "0%"
    if part > 2:
        return f"×{significant(1 + part)}"
    size = 100 * abs(part)
    return f"{'+' if part > 0 else '−'}{f'{size:.1f}' if size < 9.95 else f'{size:.0f}'}%"


def percent(value: float) -> str:
    """A change as a share of what was there, in whole per cent: ``−3%``, ``±0%``, ``×12``."""
    if not np.isfinite(value):
        return ""
    if value > 2:
        return f"×{amount(1 + value)}"
    return "±0%" if abs(value) < 0.005 else signed_share(value)


def probability(part: float, draws: int) -> str:
    """A share of draws as a probability, no more certain than their number allows: ``above 99%``."""
    if part * draws < 0.5:
        return f"below {max(1, ceil(100 / draws))}%"
    if (1 - part) * draws < 0.5:
        return f"above {min(99, floor(100 * (1 - 1 / draws)))}%"
    return share(min(max(part, 0.01), 0.99))


def dollars(millions: float, *, sign: bool = False) -> str:
    """Dollars where there is little room: ``$85M``, ``+$1.2bn``."""
    size = abs(millions)
    text = f"${significant(size / 1000)}bn" if size >= 999.5 else f"${significant(size)}M"
    front = "−" if millions < 0 and significant(size) != "0" else "+" if sign and millions > 0 else ""
    return front + text


def money(millions: float) -> str:
    """Dollars in words: ``$28 million``, ``$1.2 billion``."""
    sign = "−" if millions < 0 else ""
    size = abs(millions)
    if size >= 1000:
        return f"{sign}${size / 1000:.3g} billion"
    return f"{sign}${significant(size)} million"


def _minus(text: str) -> str:
    return text.replace("-", "−")
