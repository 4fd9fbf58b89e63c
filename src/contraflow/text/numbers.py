"""Numbers as the report's tables show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def span(low: float, high: float) -> str:
    """An interval; one figure if both ends look alike."""
    first, last = cell(low), cell(high)
    return first if first == last else f"{first} to {last}"


def cell(value: Any) -> str:
    """A number of a table with three figures, so that it can be compared with what a source prints."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    return (f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}").replace("-", "−")


def row_span(row: Mapping[str, Any], name: str) -> str:
    """The 90 % interval of a row's figure, as a table shows it; empty without one."""
    if f"{name}_5" not in row:
        return ""
    return span(float(row[f"{name}_5"]), float(row[f"{name}_95"]))


def percent(value: float) -> str:
    """A change as a share of what was there."""
    if not np.isfinite(value):
        return ""
    if value > 2:
        return f"×{amount(1 + value)}"
    return "±0%" if abs(value) < 0.005 else f"{value:+.0%}".replace("-", "−")


def amount(value: float) -> str:
    """A number with as many figures as a reader can use: 1,240; 86; 3.4; 0.07."""
    size = abs(value)
    if size >= 9.95 or size == 0:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if size >= 0.95 else f"{value:.2g}"
    return text.replace("-", "−")


def rounded(value: float) -> float:
    """Two significant figures below a hundred, three above: more would pretend precision."""
    if value == 0 or not np.isfinite(value):
        return 0.0
    digits = (3 if abs(value) >= 100 else 2) - 1 - int(np.floor(np.log10(abs(value))))
    return float(np.round(value, digits))
