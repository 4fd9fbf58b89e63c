"""The level of a measure at which a figure reaches a target, draw by draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contraflow._language import _, ngettext
from contraflow._numbers import cell, signed_share, small_share, to
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.policy.policy import Lever
from contraflow.results.draws import quantiles
from contraflow.results.short_table import own_notes

if TYPE_CHECKING:
    import pandas as pd

GRID = 17
"""Levels between the lowest and the highest at which every draw is computed first."""

NEAR = 1e-3
"""Width of the bracket, as a part of the range of levels, at which a search ends."""

ROUNDS = 30
"""Rounds of a search, at most."""

Evaluate = Callable[[IntArray, FloatArray], FloatArray]
"""From draws (problem,) and levels (problem,) to figures (problem,); NaN without an equilibrium."""


class Crossing(NamedTuple):
    """Where figures reach their targets."""

    level: FloatArray
    """Level nearest to today's at which the target is reached (draw,); NaN where it never is."""
    unknown: BoolArray
    """Draws without an equilibrium at a level where the search would have to look (draw,)."""
    several: BoolArray
    """Draws that reach and leave the target more than once over the levels (draw,)."""


def nearest_crossing(
    evaluate: Evaluate,
    target: FloatArray,
    today: float,
    limits: tuple[float, float],
    side: int,
    grid: int = GRID,
) -> Crossing:
    """The level nearest to today's at which each draw's figure is at its target.

    Every draw is computed on a grid of levels, so that a figure need not move one way only; then the bracket
    nearest to today's level is narrowed by the Illinois method (Dowell and Jarratt 1971, BIT 11).

    Parameters
    ----------
    evaluate
        The figures at levels of the measure.
    target
        What each draw's figure is to reach (draw,).
    today
        Level from which the search looks outward.
    limits
        Lowest and highest level.
    side
        -1: the target is reached by falling to it or below, 1: by rising to it or above, 0: by crossing it.
    grid
        Number of levels of the grid, besides today's.
    """
    draws = target.size
    levels = np.unique([*np.linspace(*limits, grid), today])
    every, each = (x.ravel() for x in np.meshgrid(np.arange(draws), levels, indexing="ij"))
    gap = evaluate(every, each).reshape(draws, -1) - target[:, None]
    unknown = np.isnan(gap).any(axis=1)
    exact = np.abs(gap) <= 1e-12 * np.maximum(np.abs(target), 1e-300)[:, None]
    gap = np.where(exact, 0.0, gap)
    now = int(np.searchsorted(levels, today))
    result = np.full(draws, np.nan)
    there = gap[:, now] == 0 if side == 0 else side * gap[:, now] >= 0
    result[there] = today
    crosses = gap[:, :-1] * gap[:, 1:] < 0
    crosses |= (gap[:, 1:] == 0) & (gap[:, :-1] != 0) & ~np.isnan(gap[:, :-1])
    several = crosses.sum(axis=1) > 1
    away = np.maximum(np.maximum(levels[:-1] - today, today - levels[1:]), 0.0)
    if not levels[1:].size:
        return Crossing(result, unknown & np.isnan(result), several)
    first = np.argmin(np.where(crosses, away, np.inf), axis=1)
    left = np.flatnonzero(crosses.any(axis=1) & ~there)
    low, high = levels[first[left]], levels[first[left] + 1]
    below, above = gap[left, first[left]], gap[left, first[left] + 1]
    result[left] = _narrowed(evaluate, target, left, (low, high), (below, above), NEAR * np.ptp(limits))
    return Crossing(result, unknown & np.isnan(result), several)


def _narrowed(
    evaluate: Evaluate,
    target: FloatArray,
    draw: IntArray,
    ends: tuple[FloatArray, FloatArray],
    gaps: tuple[FloatArray, FloatArray],
    width: float,
) -> FloatArray:
    """Levels within brackets (problem,); NaN where an equilibrium is missing inside one."""
    (low, high), (below, above) = (tuple(x.copy() for x in pair) for pair in (ends, gaps))
    last = np.zeros(draw.size, dtype=np.int64)
    found = np.where(above == 0, high, np.where(below == 0, low, np.nan))
    left = np.flatnonzero(np.isnan(found))
    for turn in range(ROUNDS):
        if not left.size:
            break
        a, b, fa, fb = low[left], high[left], below[left], above[left]
        inner = (a * fb - b * fa) / (fb - fa) if turn % 3 < 2 else (a + b) / 2
        inner = np.clip(inner, a + 0.01 * (b - a), b - 0.01 * (b - a))
        value = evaluate(draw[left], inner) - target[draw[left]]
        same = value * fa > 0
        up, down = left[same], left[~same]
        low[up], below[up] = inner[same], value[same]
        high[down], above[down] = inner[~same], value[~same]
        above[up] = np.where(last[up] == 1, above[up] / 2, above[up])
        below[down] = np.where(last[down] == -1, below[down] / 2, below[down])
        last[up], last[down] = 1, -1
        hit = value == 0
        found[left[hit]] = inner[hit]
        lost = np.isnan(value)
        done = hit | lost | (high[left] - low[left] <= width)
        ended = left[done & ~hit & ~lost]
        found[ended] = (low[ended] + high[ended]) / 2
        left = left[~done]
    found[left] = (low[left] + high[left]) / 2
    return found


@dataclass(frozen=True, eq=False)
class LevelFor:
    """The level of a measure at which a figure reaches a target; made by :meth:`contraflow.Lab.level_for`."""

    title: str
    """The question, as shown."""
    lever: Lever
    """The measure or market."""
    today: float
    """Its level in the baseline."""
    figure: str
    """The figure."""
    level: FloatArray
    """The level in each draw (draw,), nearest to today's; NaN where the target is never reached."""
    unknown: BoolArray
    """Draws in which it is not known, for want of an equilibrium (draw,)."""
    several: BoolArray
    """Draws in which the figure reaches and leaves the target more than once over the levels (draw,)."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Which numbers of the case were changed and which sides of disagreements are believed."""

    @property
    def share(self) -> float:
        """Share of the draws in which the target is reached at some level, of those in which it is known."""
        known = int((~self.unknown).sum())
        return float((~np.isnan(self.level)).sum() / known) if known else float("nan")

    def table(self) -> pd.DataFrame:
        """The answer in one row.

        Returns
        -------
        pandas.DataFrame
            Indexed by the measure: ``level`` with its intervals (over the draws that reach the target),
            ``unit``, ``today``, ``lowest``, ``highest``, the ``share`` of draws that ``reach`` it at some
            level, and the numbers of draws that ``reach`` it, ``never`` do, reach it ``several`` times, and
            were ``left_out`` without an equilibrium.
        """
        import pandas as pd

        reached = self.level[~np.isnan(self.level)]
        row: dict[str, object] = {"level": np.nan}
        if reached.size:
            row = {name: float(x[0]) for name, x in quantiles("level", reached[:, None]).items()}
        row |= {
            "unit": self.lever.unit,
            "today": self.today,
            "lowest": self.lever.least,
            "highest": self.lever.most,
            "share": self.share,
            "reach": int(reached.size),
            "never": int((np.isnan(self.level) & ~self.unknown).sum()),
            "several": int(self.several.sum()),
            "left_out": int(self.unknown.sum()),
        }
        frame = pd.DataFrame([row], index=pd.Index([self.lever.id], name="measure"))
        frame.attrs |= dict(self.attributes)
        return frame

    def words(self) -> list[str]:
        """The answer in sentences."""
        (row,) = self.table().to_dict("records")
        known = int(row["reach"]) + int(row["never"])
        said = []
        if row["reach"]:
            said.append(self._level_in_words(row))
        if known > 1:
            text = _("In {reach} of {known} draws ({share}) some level from {lowest} to {highest} does it.")
            said.append(
                text.format(
                    reach=row["reach"],
                    known=known,
                    share=small_share(self.share, 0.01),
                    lowest=f"{self.lever.least:g}",
                    highest=f"{self.lever.most:g}",
                )
            )
        elif not row["reach"]:
            text = _("No level of {lever} from {lowest} to {highest} does it.")
            said.append(
                text.format(
                    lever=self.lever.name, lowest=f"{self.lever.least:g}", highest=f"{self.lever.most:g}"
                )
            )
        if row["several"]:
            text = ngettext(
                "In {several} draw the figure turns back: the level nearest to today's counts.",
                "In {several} draws the figure turns back: the level nearest to today's counts.",
                row["several"],
            )
            said.append(text.format(several=row["several"]))
        if row["left_out"]:
            text = ngettext(
                "{lost} draw without an equilibrium is left out.",
                "{lost} draws without an equilibrium are left out.",
                row["left_out"],
            )
            said.append(text.format(lost=row["left_out"]))
        return [*said, *own_notes(self.attributes)]

    def _level_in_words(self, row: Mapping[Any, Any]) -> str:
        """The level with its interval, in a sentence."""
        ends = [float(row[name]) for name in ("level_5", "level_95") if name in row]
        if self.lever.is_change:
            text = _("{lever} {level}, 90% interval {span}.") if ends else _("{lever} {level}.")
            level, span = signed_share(float(row["level"])), to(*map(signed_share, ends)) if ends else ""
            return text.format(lever=self.lever.name, level=level, span=span)
        text = (
            _("{lever}: {level} ({unit}), 90% interval {span}; it stands at {today}.")
            if ends
            else _("{lever}: {level} ({unit}); it stands at {today}.")
        )
        return text.format(
            lever=self.lever.name,
            level=cell(row["level"]),
            unit=self.lever.unit,
            span=to(*map(cell, ends)) if ends else "",
            today=cell(self.today),
        )

    def __repr__(self) -> str:
        """The question and the answer."""
        return "\n".join([f"<LevelFor {self.title}>", *self.words()])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<b>{escape(self.title)}</b>" + "".join(f"<p>{escape(line)}</p>" for line in self.words())
