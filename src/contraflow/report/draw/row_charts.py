"""Charts of rows: a name and its figures above, a track of marks below, all as wide as the page.

A name stands above its marks, not beside them, so that one layout serves a phone and a desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isnan, log10, nan
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import fixed
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Facet

NARROW = 340.0
"""Narrowest width in which no text meets another, px: within a fold on a phone of 390 px."""

LONGEST, LONGEST_SMALL = 44, 52
"""Characters of a line of a name, and of what stands small below it; both fit into NARROW."""

LINE, SMALL_LINE = 16.0, 14.0
"""Height of a line of text, as a rule and small, px."""

ABOVE, BELOW = 9.0, 5.0
"""Free height above the name and below the marks of a row, px."""

REACH = 8.0
"""Height of marks above and below the middle of a track as a rule, px."""

BETWEEN = 12.0
"""Least distance between a name and what stands beside it, px."""

BOLD = 1.12
"""Width of bold text beside that of plain text."""

INSET = 0.016
"""Share of the width left free at both ends of a track, so that dots are not cut."""

TICKS = 5
"""Steps of an axis at most; it has more than half as many."""

LONG = 900.0
"""Height of rows from which the axis is shown above them too, px."""


@dataclass(frozen=True)
class TrackScale:
    """Values on a track."""

    low: float
    high: float
    log: bool = False
    """Whether equal distances are equal factors; then all values are above 0."""

    def share(self, value: float) -> float:
        """A value's position as a share of the width; what lies beyond the ends stands at them."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = log10(max(value, low)), log10(low), log10(high)
        share = (value - low) / (high - low) if high > low else 0.0
        return INSET + (1 - 2 * INSET) * min(1.0, max(0.0, share))

    def at(self, value: float) -> str:
        """A value's position across."""
        return svg.at(self.share(value))

    def holds(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack

    def ticks(self) -> list[float]:
        """Round values, TICKS and one at most, zero among them where it lies within."""
        if self.log and len(powers := self._powers()) > 1:
            return powers
        step = round_step((self.high - self.low) / TICKS)
        first = ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, floor(self.high / step + 1e-9) + 1)]

    def _powers(self) -> list[float]:
        """Powers of ten, not all where they are many, and 2 and 5 times them where they are few."""
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        few = log10(self.high / self.low) < 2
        each = max(1, ceil((last - first) / (TICKS + 2)))
        powers = [10.0**n for n in range(first, last + 1) if n % each == 0]
        return [m * p for p in powers for m in ((1, 2, 5) if few else (1,)) if self.holds(m * p)]

    def decades(self) -> bool:
        """Whether each tick is ten times the one before."""
        ticks = self.ticks()
        return self.log and len(ticks) > 1 and abs(ticks[1] / ticks[0] - 10) < 1e-6

    def label(self, tick: float) -> str:
        """A tick as it is written, with as many digits as the step needs."""
        ticks = self.ticks()
        step = tick if len(ticks) < 2 or (self.log and ticks == self._powers()) else ticks[1] - ticks[0]
        return fixed(tick, _digits(step))


def _digits(step: float) -> int:
    """Digits after the point that a multiple of a step needs, up to nine."""
    return next((n for n in range(9) if abs(step * 10**n - round(step * 10**n)) < 1e-6), 9)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least so large."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= least * (1 - 1e-9)), 10 * power)


def scale_of(values: Sequence[float]) -> TrackScale:
    """A scale from zero, or from the lowest value where some are negative, to the highest."""
    low, high = min(0.0, *values), max(0.0, *values)
    return TrackScale(low, high if high > low else low + 1.0)


NOTHING = Markup("")
"""No marks."""


@dataclass(frozen=True, kw_only=True)
class RowMark:
    """A row of a chart; without marks it is a heading."""

    name: str
    """What the row is about, as long as it needs."""
    value: str = ""
    """Figures beside the name."""
    figure: str = ""
    """Figure at the right."""
    figure_class: str = "f-ink"
    """Class of the figure at the right."""
    range: str = ""
    """Interval beside the figure at the right, in grey."""
    below: str = ""
    """What stands small below the name."""
    marks: Markup = NOTHING
    """Marks, drawn around a middle at 0."""
    reach: float = REACH
    """Height of the marks above and below the middle, px."""
    heading: bool = False
    """Whether the row heads those that follow; it has no marks."""


def rows_facet(
    rows: Sequence[RowMark],
    scale: TrackScale,
    unit: str,
    width: float = 640.0,
    title: str = "",
    bands: Sequence[tuple[float, float, str]] = (),
) -> Facet:
    """Rows from above, below them the axis with its unit.

    Parameters
    ----------
    rows
        Rows, from above.
    scale
        The scale that all marks are drawn on.
    unit
        Unit of the axis, and what is counted.
    width
        Natural width, px.
    title
        Heading, where a figure has several facets.
    bands
        Ends of bands behind all rows, with the name of their colour; where both ends are one, it is a line.

    Returns
    -------
    Facet
        A facet that follows the width of the page.
    """
    y, tracks = 0.0, []
    shown: list[Markup] = []
    for row in rows:
        text, height = _text_of(row)
        middle = height + row.reach
        track = svg.group(row.marks, transform=f"translate(0 {svg.short(middle)})")
        top = f"translate(0 {svg.short(y)})"
        shown.append(svg.group(text, "" if row.heading else track, class_="row", transform=top))
        if row.heading:
            y += height
            continue
        tracks.append((y + height, y + height + 2 * row.reach))
        y = tracks[-1][1] + BELOW
    above, below = ([_labels(scale)] if y > LONG else []), [_labels(scale)]
    head = 18.0 if above else 0.0
    parts = [svg.group(label, transform=f"translate(0 {head - 4:g})") for label in above]
    first, last = (tracks[0][0], tracks[-1][1] + 4) if tracks else (0.0, 0.0)
    grid = [
        svg.line(scale.at(t), first, scale.at(t), last, "s-soft" if t == 0 and not scale.log else "s-grid")
        for t in scale.ticks()
    ]
    behind = [_band(scale, low, high, colour, first, last) for low, high, colour in bands]
    parts.append(svg.group(*behind, *grid, *shown, transform=f"translate(0 {head:g})" if head else None))
    y += head + 13
    parts += [svg.group(label, transform=f"translate(0 {svg.short(y)})") for label in below]
    for words in svg.lines_of(unit, LONGEST_SMALL) if unit else ():
        y += SMALL_LINE + 1
        parts.append(svg.text(0, y, words, "small f-soft"))
    return Facet(body=Markup("").join(parts), width=width, height=y + 5, fluid=True, title=title)


def _band(scale: TrackScale, low: float, high: float, colour: str, top: float, bottom: float) -> Markup:
    if low == high:
        return svg.line(scale.at(low), top, scale.at(low), bottom, f"s-{colour}", 1.4)
    width = svg.at(scale.share(high) - scale.share(low))
    return svg.rect(scale.at(low), top, width, bottom - top, f"f-{colour}")


def _labels(scale: TrackScale) -> Markup:
    """Labels of the ticks within the width; every second, third ... where they are long."""
    ticks = scale.ticks()
    spots: list[_Label] = []
    zero = next((number for number, tick in enumerate(ticks) if tick == 0), 0)
    for each in range(1, len(ticks) + 1):
        spots = [_label(scale, tick) for tick in ticks[zero % each :: each]]
        if all(one.right + BETWEEN / 2 <= other.left for one, other in pairwise(spots)):
            break
    return Markup("").join(
        svg.text(scale.at(spot.tick), 0, scale.label(spot.tick), f"small num f-soft {spot.anchor}".rstrip())
        for spot in spots
    )


class _Label(NamedTuple):
    """A label of a tick on the narrowest page: its ends, px, and its anchor."""

    tick: float
    left: float
    right: float
    anchor: str


def _label(scale: TrackScale, tick: float) -> _Label:
    at, width = NARROW * scale.share(tick), svg.width_of(scale.label(tick), svg.SMALL)
    if at < width / 2:
        return _Label(tick, at, at + width, "")
    if at + width / 2 > NARROW:
        return _Label(tick, at - width, at, "end")
    return _Label(tick, at - width / 2, at + width / 2, "mid")


def _text_of(row: RowMark) -> tuple[Markup, float]:
    """Name and figures of a row in as many lines as a narrow page needs, and their height, px."""
    lines = [_Line(words, "b" if row.heading else "") for words in svg.lines_of(row.name, LONGEST)]
    if row.value and lines[-1].width + BETWEEN + svg.width_of(row.value) <= NARROW:
        lines[-1] = lines[-1]._replace(value=row.value)
    elif row.value:
        lines.append(_Line(row.value, "num f-soft"))
    first = len(lines) - 1
    lines += [_Line(words, "small num f-soft") for words in svg.lines_of(row.below, LONGEST_SMALL) if words]
    right = BOLD * svg.width_of(row.figure) + svg.width_of(f"  {row.range}" if row.range else "", svg.SMALL)
    beside = None
    if right:
        fits = [n for n in range(first, len(lines)) if lines[n].width + BETWEEN + right <= NARROW]
        beside = fits[0] if fits else len(lines)
        lines += [] if fits else [_Line("", "")]
    y = ABOVE + (8 if row.heading else 0)
    parts: list[Markup] = []
    for number, line in enumerate(lines):
        y += SMALL_LINE if "small" in line.look and number != beside else LINE
        if line.words:
            value = svg.element("tspan", line.value, class_="num f-soft", dx=BETWEEN - 3)
            words = Markup.escape(line.words) + (value if line.value else "")
            parts.append(svg.text(0, y - 4, words, f"halo {line.look}".rstrip()))
        if number == beside:
            figure = svg.element("tspan", row.figure, class_=f"b {row.figure_class}")
            span = svg.element("tspan", row.range, class_="small f-soft", dx=7 if row.figure else None)
            told = (figure if row.figure else Markup("")) + (span if row.range else "")
            parts.append(svg.text("100%", y - 4, told, "end num halo"))
    return Markup("").join(parts), y


class _Line(NamedTuple):
    """A line of text at the left of a row, with a value beside it."""

    words: str
    look: str
    value: str = ""

    @property
    def width(self) -> float:
        """Its width, px."""
        size = svg.SMALL if "small" in self.look else svg.SIZE
        return svg.width_of(self.words, size) + (BETWEEN + svg.width_of(self.value) if self.value else 0)


def interval(
    scale: TrackScale, row: Mapping[str, Any], stem: str, colour: str, y: float = 0.0, *, cased: bool = False
) -> Markup:
    """A thin line for the 90 % interval of a figure and a thick one for the 50 %, where it has draws.

    Parameters
    ----------
    scale
        The scale.
    row
        Figures by column: the ends are ``{stem}_5``, ``{stem}_25``, ``{stem}_75`` and ``{stem}_95``.
    stem
        Column of the figure.
    colour
        Name of a colour.
    y
        Distance below the middle of the track, px.
    cased
        Whether the lines lie on a rim of paper, to be seen on a bar.
    """
    ends = [float(row.get(f"{stem}_{end}", nan)) for end in (5, 95, 25, 75)]
    if any(isnan(end) for end in ends):
        return NOTHING
    parts = []
    for low, high, thick in ((ends[0], ends[1], 1.4), (ends[2], ends[3], 4.5)):
        x1, x2 = scale.at(low), scale.at(high)
        if cased:
            parts.append(svg.line(x1, y, x2, y, "s-paper", thick + 2.4))
        parts.append(svg.line(x1, y, x2, y, f"s-{colour}", thick))
    return Markup("").join(parts)


def in_units(frame: pd.DataFrame, columns: Sequence[str], unit: str) -> pd.DataFrame:
    """Columns of a table with their unit in their names: ``before_5 [t pure a year]``.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns with that unit; those that the table lacks are passed over.
    unit
        Their unit.
    """
    return frame.rename(columns={c: f"{c} [{unit}]" for c in columns if c in frame})


def reading() -> str:
    """How charts with draws are read."""
    return _("Dots, bars and figures: medians. Thick line: 50% interval. Thin line: 90% interval.")
