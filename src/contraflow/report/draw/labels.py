"""Names on the map, placed so that they rarely cover one another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from contraflow.case.schema import Place, PlaceKind
from contraflow.report.draw import theme
from contraflow.report.draw.basemap import Frame
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines

POSITIONS = (
    ("middle right", 0.0, 0.5),
    ("middle left", 1.0, 0.5),
    ("top center", 0.5, 0.0),
    ("bottom center", 0.5, 1.0),
    ("top right", 0.0, 0.0),
    ("bottom right", 0.0, 1.0),
    ("top left", 1.0, 0.0),
    ("bottom left", 1.0, 1.0),
)
"""Where a name can stand: Plotly's word, and which point of its box (from the left, the bottom) is
next to the dot."""

SYMBOLS = {
    PlaceKind.ZONE: ("circle", 11, "#5d7f3f"),
    PlaceKind.STRIPS: ("triangle-up", 9, "#b4432f"),
    PlaceKind.PORT: ("square", 8, "#23508a"),
    PlaceKind.CROSSING: ("diamond", 9, "#936512"),
    PlaceKind.REFINING: ("circle", 8, "#51456a"),
}
PLAIN = ("circle", 6, theme.SOFT)
CHARACTER = 6.6
LINE = 15.0
GAP = 7.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """The end of lines that leave the map at one side for one place; x and y in km, t pure a year.

    ``rival`` marks ends that hardly any goods grown at home reach; ``tonnes`` are then those of rivals.
    """

    place: str
    x: float
    y: float
    side: str
    tonnes: float
    rival: bool = False


def spread(ends: list[Label], frame: Frame) -> list[Label]:
    """Move ends on the same side apart along it, so that their labels do not touch."""
    done: list[Label] = []
    for side in ("left", "right", "top", "bottom"):
        upright = side in ("left", "right")
        own = sorted((e for e in ends if e.side == side), key=lambda e: e.y if upright else e.x)
        gap = 0.055 * frame.height if upright else 0.15 * frame.width
        spots = [e.y if upright else e.x for e in own]
        for _ in range(60):
            for i, j in pairwise(range(len(spots))):
                short = gap - (spots[j] - spots[i])
                if short > 0:
                    spots[i], spots[j] = spots[i] - short / 2, spots[j] + short / 2
        moved = zip(own, spots, strict=True)
        done += [replace(e, y=s) if upright else replace(e, x=s) for e, s in moved]
    return done


def with_labels(
    figure: Drawing, spots: list[tuple[Place, float, float]], frame: Frame, pixels: float
) -> None:
    """Add dots and names, the first in the list choosing first; a name without room is left to hover."""
    scale = pixels / frame.width
    taken: list[Box] = [(x * scale - 6, y * scale - 6, x * scale + 6, y * scale + 6) for _, x, y in spots]
    texts, positions = [], []
    for number, (place, x, y) in enumerate(spots):
        choice = _place_name(place.name, x * scale, y * scale, taken, number)
        texts.append(place.name if choice is not None else "")
        positions.append(choice or "middle right")
    look = [SYMBOLS.get(place.kind, PLAIN) for place, _, _ in spots]
    figure.add(
        "scatter",
        x=[round(x) for _, x, _ in spots],
        y=[round(y) for _, _, y in spots],
        mode="markers+text",
        marker={
            "symbol": [s for s, _, _ in look],
            "size": [s for _, s, _ in look],
            "color": [c for _, _, c in look],
            "line": {"color": theme.PAPER, "width": 1.4},
        },
        text=texts,
        textposition=positions,
        textfont={
            "size": 12.5,
            "color": theme.INK,
            "family": theme.FONT,
            "shadow": f"1px 0 2px {theme.PAPER}, -1px 0 2px {theme.PAPER}, 0 1px 2px {theme.PAPER}, "
            f"0 -1px 2px {theme.PAPER}",
        },
        hovertext=[lines(bold(place.name), place.kind.value) for place, _, _ in spots],
        hoverinfo="text",
        showlegend=False,
        cliponaxis=False,
    )


def _place_name(name: str, x: float, y: float, taken: list[Box], own: int) -> str | None:
    """The first position that is free; its box is then taken."""
    wide = CHARACTER * len(name)
    for word, right, up in POSITIONS:
        side = GAP if right == 0 else -GAP if right == 1 else 0.0
        rise = GAP if up == 0 else -GAP if up == 1 else 0.0
        left, low = x + side - right * wide, y + rise - up * LINE
        box = (left, low, left + wide, low + LINE)
        if not any(_meet(box, other) for i, other in enumerate(taken) if i != own):
            taken.append(box)
            return word
    return None


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
