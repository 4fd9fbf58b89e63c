"""Elements of SVG as text, all text escaped: what drawers are written in.

Positions across are numbers in px, or shares of the width as :func:`at` makes them, so that a figure
follows the width of the page while its text keeps its size.
"""

from __future__ import annotations

import re
import textwrap
from math import ceil

from markupsafe import Markup, escape

Length = float | str

SIZE, SMALL = 13.0, 11.5
"""Sizes of text, px: as a rule, and of the class ``small``."""

CHARACTER = 0.55
"""Width of a character on average, as a share of the size of its text."""

SHAPES = {
    "circle": "M-{r} 0a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z",
    "triangle": "M0-{r}L{r} {r}L-{r} {r}z",
    "triangle-down": "M0 {r}L{r}-{r}L-{r}-{r}z",
    "diamond": "M0-{r}L{r} 0L0 {r}L-{r} 0z",
    "square": "M-{r}-{r}H{r}V{r}H-{r}z",
    "left": "M-{r} 0L{r}-{r}L{r} {r}z",
    "right": "M{r} 0L-{r}-{r}L-{r} {r}z",
}
"""Marks that shape tells apart, around 0, by half their size ``r`` and their size ``d``."""


WIDTHS = {"1.4": "thin", "4.5": "thick"}
"""Classes of the lines of intervals on a page, by their width; ``up`` and ``down`` are lanes above and below
the middle of a row."""


def at(share: float) -> str:
    """A position as a share of the width, 0 to 1: ``at(0.5)`` is ``50%``."""
    return f"{short(100 * share)}%"


def short(value: float) -> str:
    """A coordinate as fine as can be seen."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _attributes(given: dict[str, Length | None]) -> str:
    parts = []
    for name, value in given.items():
        if value is None or value == "":
            continue
        text = value if isinstance(value, str) else short(value)
        parts.append(f' {name.rstrip("_").replace("_", "-")}="{escape(text)}"')
    return "".join(parts)


def element(tag: str, body: str = "", **attributes: Length | None) -> Markup:
    """An element; text of its body is escaped unless it is :class:`markupsafe.Markup`."""
    inside = escape(body)
    start = f"<{tag}{_attributes(attributes)}"
    return Markup(f"{start}>{inside}</{tag}>") if inside else Markup(f"{start}/>")


_PLACED = re.compile(r'(?:(?<=<line)|(?<=<circle))((?: [a-z-]+[0-9]?="[^"]*")*)')
_ORIGIN = re.compile(r' (?:[xy][12]|c[xy])="0"')
_LANE = re.compile(r' (?:y1=(-?5\.5) y2=\1 )?class=(?:"([^"]*)"|(\S+)) stroke-width=(1\.4|4\.5)(?= )')
_FINE = re.compile(r"=(\d+)(?:\.0\d?|(\.\d)\d)%")
_VALUE = re.compile(r'([a-zA-Z0-9])="([A-Za-z0-9.%#_-]+)"(/?)')


def compact(markup: Markup) -> Markup:
    """Elements as HTML may write them: without quotes that are not needed and positions that are 0.

    A page holds tens of thousands of marks; a file of SVG keeps its quotes, as XML demands.
    """
    placed = _PLACED.sub(lambda found: _ORIGIN.sub("", found[1]), markup)
    bare = _VALUE.sub(lambda found: f"{found[1]}={found[2]}{' /' if found[3] else ''}", placed)
    bare = _FINE.sub(r"=\1\2%", bare.replace(" stroke-width=1 ", " ").replace("<g class=row ", "<g "))
    return Markup(_LANE.sub(_with_classes, bare).replace('" />', '"/>'))


def _with_classes(found: re.Match[str]) -> str:
    lane = {"": "", "-5.5": " up", "5.5": " down"}[found[1] or ""]
    return f' class="{found[2] or found[3]}{lane} {WIDTHS[found[4]]}"'


def group(*parts: str, **attributes: Length | None) -> Markup:
    """Elements as one."""
    return element("g", Markup("").join(parts), **attributes)


def line(x1: Length, y1: Length, x2: Length, y2: Length, class_: str, width: float = 1.0) -> Markup:
    """A straight line."""
    return element("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=class_, stroke_width=width)


def rect(
    x: Length, y: float, width: Length, height: float, class_: str, radius: float | None = None
) -> Markup:
    """A rectangle, its corners rounded by a radius in px."""
    return element("rect", x=x, y=y, width=width, height=height, class_=class_, rx=radius)


def dot(
    x: Length, y: float, radius: float, class_: str, title: str = "", width: float | None = None
) -> Markup:
    """A dot, with what is shown over it and the width of its rim."""
    inside = element("title", title) if title else Markup("")
    return element("circle", inside, cx=x, cy=y, r=radius, class_=class_, stroke_width=width)


def path(d: str, class_: str, width: float | None = None, title: str = "") -> Markup:
    """A path."""
    inside = element("title", title) if title else Markup("")
    return element("path", inside, d=d, class_=class_, stroke_width=width)


def text(
    x: Length, y: float, words: str, class_: str = "", dx: float | None = None, **more: Length | None
) -> Markup:
    """Text whose baseline is at y; its class says where it is anchored."""
    return element("text", words, x=x, y=y, class_=class_, dx=dx, **more)


def mark(
    x: Length, y: float, shape: str, radius: float, class_: str, title: str = "", width: float | None = None
) -> Markup:
    """One of :data:`SHAPES` around a position that may be a share of the width."""
    d = SHAPES[shape].format(r=short(radius), d=short(2 * radius))
    drawn = path(d, class_, width, title)
    if isinstance(x, str):
        return element("svg", drawn, x=x, y=y, overflow="visible")
    return group(drawn, transform=f"translate({short(x)} {short(y)})")


def width_of(words: str, size: float = SIZE) -> float:
    """Width of a line of text, px, as estimated from its number of characters."""
    return CHARACTER * size * len(words)


def lines_of(words: str, most: int) -> list[str]:
    """Text in lines of at most so many characters, as even as they can be; words that are longer break."""
    every = textwrap.wrap(words, most)
    if len(every) < 2:
        return every or [""]
    for width in range(ceil(len(words) / len(every)), most):
        even = textwrap.wrap(words, width)
        if len(even) == len(every):
            return even
    return every
