"""Elements of SVG as text, all text escaped: what drawers are written in.

Positions across are numbers in px, or shares of the width as :func:`at` makes them, so that a figure
follows the width of the page while its text keeps its size.
"""

from __future__ import annotations

from markupsafe import Markup, escape

Length = float | str


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


def group(*parts: str, **attributes: Length | None) -> Markup:
    """Elements as one."""
    return element("g", Markup("").join(parts), **attributes)


def line(x1: Length, y1: Length, x2: Length, y2: Length, class_: str, width: float = 1.0) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_, stroke_width=width)


def rect(
    x: Length, y: float, width: Length, height: float, class_: str, radius: float | None = None
) -> Markup:
    """A rectangle, its corners rounded by a radius in px."""
    return element("rect", x=x, y=y, width=width, height=height, class_=class_, rx=radius)


def dot(x: Length, y: float, radius: float, class_: str, title: str = "", width: float | None = None) -> Markup:
    """A dot, with what is shown over it and the width of its rim."""
    inside = element("title", title) if title else Markup("")
    return element("circle", inside, cx=x, cy=y, r=radius, class_=class_, stroke_width=width)


def path(d: str, class_: str, width: float | None = None, title: str = "") -> Markup:
    """A path."""
    inside = element("title", title) if title else Markup("")
    return element("path", inside, d=d, class_=class_, stroke_width=width)


def text(x: Length, y: float, words: str, class_: str = "", dx: float | None = None) -> Markup:
    """Text whose baseline is at y; its class says where it is anchored."""
    return element("text", words, x=x, y=y, class_=class_, dx=dx)
