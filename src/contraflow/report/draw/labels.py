"""Names on the map, placed so that none covers another or is cut, once for wide pages and once for narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from contraflow.report.draw import svg
from contraflow.report.draw.basemap import WIDTH

CHARACTER, BOLD, SPACED = 0.6, 0.69, 0.83
"""Mean width of a character in ems: plain, bold, and in capitals set apart. A little more than fonts have."""
LINE = 1.2
"""Height of a line, ems."""
MARGIN = 4.0
"""From the edges of the map."""

POSITIONS = (
    (0.0, 0.5), (1.0, 0.5), (0.5, 1.0), (0.5, 0.0), (0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0),
)  # fmt: skip
"""Where a name can stand: which point of its box, from the left and the top, is next to the dot."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@dataclass(frozen=True)
class LabelLayout:
    """How names are set for pages of some width."""

    name: str
    """Class of the layer."""
    size: float
    """Size of type where the page is narrowest for it, units of the map; on wider pages it is less."""
    names: int
    """Most names of places."""


WIDE = LabelLayout("m-wide", 14.0, 40)
NARROW = LabelLayout("m-narrow", 27.0, 9)
SMALL = LabelLayout("m-small", 35.0, 5)
"""For maps side by side."""
CAPITALS = 0.95
"""Size of capitals, ems."""

STYLE = (
    ".m-narrow{display:none;font-size:27px}.m-wide{font-size:14px}.m-narrow .halo{stroke-width:6px}"
    ".m-caps{letter-spacing:.14em;font-size:.95em}"
    ".fig.map .facet,.fig.map .of-1{container-type:inline-size}"
    "@container (max-width:699px){.m-wide{display:none}.m-narrow{display:inline}}"
    "@container (min-width:500px){.m-narrow{font-size:20px}}"
    "@container (min-width:880px){.m-wide{font-size:12px}}"
)
"""Rules that show the layer for the width of the page, and set its type no smaller than 11 px on it."""


@dataclass(frozen=True)
class MapWords:
    """A name to be placed: its lines, each with its class, and where its box may stand."""

    lines: tuple[tuple[str, str], ...]
    anchors: tuple[tuple[float, float, float, float], ...]
    """Points of the map, and which point of the box stands there, from the left and the top, 0 to 1."""
    class_: str = "halo"
    capitals: bool = False


@dataclass(frozen=True)
class PlacedWords:
    """A name with its box, in units of the map."""

    words: MapWords
    box: Box
    align: float
    """Which part of the box lines are set to: 0 left, 0.5 middle, 1 right."""

    def drawn(self, size: float) -> Markup:
        """The lines as text."""
        left, top, right, bottom = self.box
        x = left + self.align * (right - left)
        anchor = {0.0: "", 1.0: "end"}.get(self.align, "mid")
        capitals = "m-caps" if self.words.capitals else ""
        centre = (top + bottom) / 2 - LINE * size * (len(self.words.lines) - 1) / 2
        y = round(centre + 0.35 * size)
        class_ = " ".join(filter(None, (self.words.class_, anchor, capitals)))
        if len(self.words.lines) == 1:
            ((words, own),) = self.words.lines
            return svg.text(round(x), y, words, f"{class_} {own}".strip())
        spans = [
            svg.element("tspan", words, x=round(x), dy="1.2em" if number else None, class_=own)
            for number, (words, own) in enumerate(self.words.lines)
        ]
        return svg.text(round(x), y, Markup("").join(spans), class_)


def box_of(words: MapWords, anchor: tuple[float, float, float, float], size: float) -> Box:
    """Box of a name at one of its anchors."""
    wide = 0.0
    for text, class_ in words.lines:
        em = SPACED if words.capitals else BOLD if "b" in class_.split() else CHARACTER
        wide = max(wide, em * size * len(text))
    x, y, right, down = anchor
    tall = LINE * size * len(words.lines)
    left, top = x - right * wide, y - down * tall
    return left, top, left + wide, top + tall


def place(
    wanted: Iterable[MapWords], taken: Sequence[Box], size: float, tall: float, most: int | None = None
) -> list[PlacedWords]:
    """Names where there is room, the first of those wanted choosing first.

    Parameters
    ----------
    wanted
        Names, the most important first.
    taken
        Boxes that names must not cover.
    size
        Size of type, units of the map.
    tall
        Height of the map, in its units.
    most
        Greatest number of names. None: no limit.

    Returns
    -------
    list
        Names with boxes that meet neither each other nor what is taken, nor leave the map.
    """
    blocked = list(taken)
    found: list[PlacedWords] = []
    for words in wanted:
        if most is not None and len(found) >= most:
            break
        for anchor in words.anchors:
            box = box_of(words, anchor, size)
            inside = (
                box[0] >= MARGIN and box[1] >= MARGIN and box[2] <= WIDTH - MARGIN and box[3] <= tall - MARGIN
            )
            if inside and not any(meet(box, other) for other in blocked):
                blocked.append(box)
                found.append(PlacedWords(words, box, anchor[2]))
                break
    return found


def around(x: float, y: float, gap: float) -> tuple[tuple[float, float, float, float], ...]:
    """Anchors of a name around a dot."""
    found = []
    for right, down in POSITIONS:
        side = gap * (1 - 2 * right) if down == 0.5 else 0.6 * gap * (1 - 2 * right)
        drop = 0.0 if down == 0.5 else gap * (1 - 2 * down) * (1.0 if right == 0.5 else 0.6)
        found.append((x + side, y + drop, right, down))
    return tuple(found)


def at_edge(
    x: float, y: float, side: str, gap: float, step: float, first: int = 1
) -> tuple[tuple[float, float, float, float], ...]:
    """Anchors of a name where lines leave the map: above or below them, or beside them, along the edge.

    ``first`` is the side of a line at the top or bottom that is tried first: 1 right, -1 left.
    """
    if side in ("left", "right"):
        right = 0.0 if side == "left" else 1.0
        edge = MARGIN if side == "left" else WIDTH - MARGIN
        return tuple(
            (edge, y + way * (gap + i * step), right, 1.0 if way < 0 else 0.0)
            for i in range(5)
            for way in (-1, 1)
        )
    down = 0.0 if side == "top" else 1.0
    edge = y + (-5.0 if side == "top" else 5.0)
    return tuple(
        (x + way * (gap + i * step), edge, 0.0 if way > 0 else 1.0, down)
        for i in range(5)
        for way in (first, -first)
    )


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
