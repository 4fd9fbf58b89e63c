"""Small panels over years: an axis of years below, figures from zero at the left, lines and bands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

import numpy as np
from markupsafe import Markup

from contraflow._types import FloatArray
from contraflow.report.draw import svg
from contraflow.report.draw.row_charts import TrackScale, round_step

SPACE = 40.0
"""Least distance between the labels of two years, px."""


@dataclass(frozen=True)
class YearPanel:
    """Where years and figures stand in a panel, px."""

    first: float
    """Years at the ends of the axis, as decimals."""
    last: float
    scale: TrackScale
    """Figures at its ends."""
    width: float = 290.0
    height: float = 190.0
    right: float = 10.0
    top: float = 26.0
    bottom: float = 24.0

    @property
    def left(self) -> float:
        """Room for the figures at the axis."""
        return 10.0 + max(svg.width_of(self.scale.label(t), svg.SMALL) * 1.15 for t in self.scale.ticks())

    def x(self, when: float) -> float:
        """Position of a time."""
        inner = self.width - self.left - self.right
        return self.left + inner * (when - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Position of a figure."""
        low, high = self.scale.low, self.scale.high
        return (
            self.height - self.bottom - (self.height - self.top - self.bottom) * (value - low) / (high - low)
        )

    def axes(self, unit: str, years: str = "") -> Markup:
        """Lines of the figures, the axis of years, the unit above and, where told, what the years are."""
        bottom, end = self.height - self.bottom, self.width - self.right
        parts = [svg.text(0, 12, unit, "small f-soft")]
        for tick in self.scale.ticks():
            y = round(self.y(tick), 1)
            parts.append(svg.line(self.left, y, end, y, "s-soft" if tick == 0 else "s-grid"))
            parts.append(svg.text(self.left - 6, y + 4, self.scale.label(tick), "small num f-soft end"))
        apart = (end - self.left) / (self.last - self.first)
        each = next((n for n in (1, 2, 5, 10, 20, 50) if n * apart >= SPACE), 100)
        for year in range(ceil(self.first / each) * each, floor(self.last) + 1, each):
            x = round(self.x(year), 1)
            parts.append(svg.line(x, bottom, x, bottom + 4, "s-soft"))
            parts.append(svg.text(x, bottom + 17, str(year).replace("-", "−"), "small num f-soft mid"))
        if years:
            parts.append(svg.text(end, 12, years, "small f-soft end"))
        return Markup("").join(parts)

    def line(
        self,
        when: Sequence[float],
        values: Sequence[float],
        class_: str,
        width: float,
        dashes: str | None = None,
    ) -> Markup:
        """A line, broken where there is no figure."""
        d = "".join(
            "M"
            + "L".join(f"{svg.short(round(self.x(t), 1))} {svg.short(round(self.y(v), 1))}" for t, v in run)
            for run in _runs(when, values)
        )
        return svg.element(
            "path",
            d=d,
            class_=f"none {class_}",
            stroke_width=width,
            stroke_dasharray=dashes,
            stroke_linejoin="round",
        )

    def band(
        self,
        when: Sequence[float],
        low: Sequence[float],
        high: Sequence[float],
        class_: str,
        opacity: float = 1.0,
    ) -> Markup:
        """An area between two lines, where both have figures."""
        parts = []
        both = np.isfinite(np.asarray(low, float)) & np.isfinite(np.asarray(high, float))
        for inside, indices in groupby(range(len(when)), key=lambda i: bool(both[i])):
            own = list(indices)
            if inside:
                there = [f"{self.x(when[i]):.1f} {self.y(high[i]):.1f}" for i in own]
                back = [f"{self.x(when[i]):.1f} {self.y(low[i]):.1f}" for i in reversed(own)]
                parts.append(f"M{'L'.join(there + back)}z")
        share = None if opacity == 1.0 else opacity
        return svg.element("path", d="".join(parts), class_=class_, fill_opacity=share)


def from_zero(*values: FloatArray) -> TrackScale:
    """A scale from zero to a round figure above all values, below zero where some are."""
    every = np.concatenate([np.ravel(v) for v in values] or [np.zeros(1)])
    every = every[np.isfinite(every)]
    low, high = float(min(0.0, *every)) if every.size else 0.0, float(max(0.0, *every)) if every.size else 1.0
    step = round_step((high - low) / 4 if high > low else 1.0)
    return TrackScale(step * floor(low / step + 1e-9), max(step, step * ceil(high / step - 1e-9)))


def quantiles(values: FloatArray, shares: Sequence[float]) -> FloatArray:
    """Quantiles (share, month) over replicates of values (replicate, month); NaN in months without any."""
    found = np.full((len(shares), values.shape[1]), np.nan)
    some = np.isfinite(values).any(axis=0)
    if some.any():
        found[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return found


def _runs(when: Sequence[float], values: Sequence[float]) -> list[list[tuple[float, float]]]:
    pairs = list(zip(when, values, strict=True))
    return [list(run) for some, run in groupby(pairs, key=lambda p: bool(np.isfinite(p[1]))) if some]
