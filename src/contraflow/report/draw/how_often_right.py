"""How often was it right? Foreseen against observed, for each episode of history that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import TYPE_CHECKING, Any

import pandas as pd

from contraflow._numbers import significant
from contraflow.report.draw import theme
from contraflow.report.draw.bars import QUIET, TINT, unique
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 22
"""Height of a row, px."""

STAGES = {
    "area": "land with the crop", "output": "harvest", "gate": "price at the farm gate",
    "street": "price in the street", "supply": "what reaches the street", 
    "way": "traffic by the way that was closed",
}  # fmt: skip
"""Stages as a figure names them."""

TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
LIMIT = 60.0
"""Multiple of what was before beyond which lines are cut off."""


def how_often_right(observations: pd.DataFrame, who: str = "the model") -> go.Figure:
    """Foreseen against observed, one row a figure, under the title of each episode.

    Parameters
    ----------
    observations
        :attr:`~contraflow.history.left_out_episodes.LeftOut.observations`.
    who
        The forecaster.

    Returns
    -------
    plotly.graph_objects.Figure
        Thin line: 90 % interval; thick line: 50 %; dot: median; diamond: what was observed, red where it lies
        beyond the 90 % interval.
    """
    return draw_how_often_right(observations, who).figure()


def draw_how_often_right(observations: pd.DataFrame, who: str = "the model") -> Drawing:
    """As :func:`how_often_right`, as plain data."""
    rows: list[dict[str, Any] | None] = []
    labels: list[str] = []
    for title, own in observations.groupby("title", sort=False):
        labels.append(bold(title))
        rows.append(None)
        for _, found in own.iterrows():
            row = {str(key): value for key, value in found.items()}
            labels.append(label_of(row))
            rows.append(row)
    labels = unique(labels)
    figure = Drawing(
        theme.layout(
            90 + ROW * len(rows),
            margin={"l": 8, "r": 20, "t": 30, "b": 44},
            xaxis=theme.axis(
                type="log", range=[-log(LIMIT) / log(10), log(LIMIT) / log(10)],
                tickvals=TICKS, side="top",
                ticktext=[f"×{t:g}" for t in TICKS],
            ),
            yaxis=theme.axis(
                showgrid=False, tickfont={"size": 12, "color": theme.INK}, type="category",
                categoryorder="array", categoryarray=labels[::-1], range=[-0.8, len(labels) - 0.2],
            ),
        )
    )  # fmt: skip
    drawn = [(label, one) for label, one in zip(labels, rows, strict=True) if one is not None]
    for low, high, width in (("0.05", "0.95", 1.4), ("0.25", "0.75", 5.0)):
        x: list[float | None] = []
        y: list[str | None] = []
        for label, row in drawn:
            x += [_within(row[f"{who} {low}"]), _within(row[f"{who} {high}"]), None]
            y += [label, label, None]
        figure.add("scatter", x=x, y=y, line={"color": TINT, "width": width}, **QUIET)
    held = [row[f"{who} 0.05"] <= row["observed"] <= row[f"{who} 0.95"] for _, row in drawn]
    text = [_told(label, row, who) for label, row in drawn]
    looks: tuple[tuple[str, str, list[str]], ...] = (
        (f"{who} 0.5", "circle", [theme.SOFT] * len(drawn)),
        ("observed", "diamond", [theme.FALL if inside else theme.RISE for inside in held]),
    )
    for column, symbol, colours in looks:
        figure.add(
            "scatter",
            x=[_within(row[column]) for _, row in drawn],
            y=[label for label, _ in drawn],
            mode="markers",
            marker={"size": 8 if symbol == "circle" else 10, "symbol": symbol, "color": colours},
            text=text,
            hoverinfo="text",
            cliponaxis=False,
        )
    return figure


def label_of(row: Mapping[str, Any]) -> str:
    """What a figure is of, where, and how long after: ``price at the farm gate, Peru, after 5 months``."""
    months = int(row["months"])
    place = "" if row["place"] == "market" else f", {row['place']}"
    return f"{STAGES[row['stage']]}{place}, after {months} month{'s' if months != 1 else ''}"


def reading(observations: pd.DataFrame, who: str = "the model") -> str:
    """How the figure is read, and what it shows, in a few sentences."""
    observed = observations["observed"]
    held = int(((observed >= observations[f"{who} 0.05"]) & (observed <= observations[f"{who} 0.95"])).sum())
    return (
        "Each line is one figure of an episode of history, foreseen from all other episodes, as a multiple "
        "of what it was before. Thin line: the 90% interval; thick line: the 50% interval; dot: the median. "
        "Diamond: what was observed, red where it lies beyond the 90% interval. "
        f"{held} of {len(observed)} lie within."
    )


def _within(logarithm: float) -> float:
    return float(min(LIMIT, max(1 / LIMIT, exp(min(50.0, logarithm)))))


def _told(label: str, row: dict[str, Any], who: str) -> str:
    seen, middle, low, high = (
        significant(exp(min(50.0, row[key])))
        for key in ("observed", f"{who} 0.5", f"{who} 0.05", f"{who} 0.95")
    )
    return lines(bold(label), f"observed: ×{seen}", f"foreseen: ×{middle} (×{low} to ×{high})")
