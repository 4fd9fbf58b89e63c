"""Charts of rows: a name and a figure above, a track of marks below, all as wide as the page.

A name stands above its marks, not beside them, so that one layout serves a phone and a desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup

from contraflow._numbers import amount
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Facet

ROW = 40.0
"""Height of a row, px."""
TRACK = 27.0
"""Height of the track's middle below the top of its row, px."""
AXIS = 34.0
"""Height of the axis, px."""
INSET = 0.012
"""Share of the width left free at both ends of a track, so that dots are not cut."""
TICKS = 4


@dataclass(frozen=True)
class Scale:
    """Values on a track."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """A value's position across; what lies beyond the ends stands at them."""
        width = self.high - self.low
        share = (value - self.low) / width if width > 0 else 0.0
        return svg.at(INSET + (1 - 2 * INSET) * min(1.0, max(0.0, share)))

    def ticks(self) -> list[float]:
        """Round values, about TICKS of them, zero among them where it lies within."""
        step = round_step((self.high - self.low) / TICKS)
        first = floor(self.low / step) * step
        values = [first + i * step for i in range(int((self.high - first) / step) + 2)]
        slack = 1e-9 * step
        return [v for v in values if self.low - slack <= v <= self.high + slack]


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least so large."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= least * (1 - 1e-9)), 10 * power)


def scale_of(values: Sequence[float]) -> Scale:
    """A scale from zero, or from the lowest value where some are negative, to the highest."""
    low, high = min(0.0, *values), max(0.0, *values)
    return Scale(low, high if high > low else low + 1.0)


@dataclass(frozen=True, kw_only=True)
class RowMark:
    """A row: its name, its figure at the right with its class, marks drawn around TRACK, a line below."""

    name: str
    figure: str = ""
    figure_class: str = "num"
    range: str = ""
    """Interval beside the figure, in grey."""
    marks: Markup = Markup("")


def rows_facet(rows: Sequence[RowMark], scale: Scale, unit: str, width: float = 640.0) -> Facet:
    """Rows from above, below them the axis with its unit.

    Parameters
    ----------
    rows
        Rows, whose marks are drawn for a row whose top is at 0.
    scale
        The scale that all marks are drawn on.
    unit
        Unit of the axis.
    width
        Natural width, px.

    Returns
    -------
    Facet
        A facet that follows the width of the page.
    """
    height = ROW * len(rows)
    parts: list[Markup] = []
    for tick in scale.ticks():
        x = scale.at(tick)
        parts.append(svg.line(x, 14, x, height + 4, "s-soft" if tick == 0 else "s-grid"))
    for number, row in enumerate(rows):
        top = number * ROW
        inside = [svg.text(0, 12, row.name, "halo")]
        if row.figure or row.range:
            words = svg.element("tspan", row.figure, class_=f"b {row.figure_class}")
            more = svg.element("tspan", f"  {row.range}" if row.range else "", class_="small f-soft")
            inside.append(svg.text("100%", 12, words + more, "end num halo"))
        parts.append(svg.group(*inside, row.marks, transform=f"translate(0 {svg.short(top)})"))
    ticks = scale.ticks()
    for number, tick in enumerate(ticks):
        anchor = "end" if number == len(ticks) - 1 and tick > 0.9 * scale.high else "mid"
        anchor = "" if number == 0 and tick <= scale.low else anchor
        parts.append(svg.text(scale.at(tick), height + 17, amount(tick), f"small num f-soft {anchor}".strip()))
    parts.append(svg.text(0, height + AXIS - 2, unit, "small f-soft"))
    return Facet(body=Markup("").join(parts), width=width, height=height + AXIS + 2, fluid=True)


def interval(scale: Scale, low: float, near: float, far: float, high: float, colour: str) -> Markup:
    """A thin line for the 90 % interval and a thick one for the 50 %, around TRACK."""
    return svg.line(scale.at(low), TRACK, scale.at(high), TRACK, f"s-{colour}", 1.4) + svg.line(
        scale.at(near), TRACK, scale.at(far), TRACK, f"s-{colour}", 4.5
    )
