"""A figure as it is shown, kept and taken away: SVG, words for whoever cannot see it, and its numbers."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from contraflow._io import write_atomically
from contraflow._language import _, language
from contraflow.errors import OutputError
from contraflow.report.draw import svg, theme

GAP = 18.0
"""Between facets and below the title of a figure in a file of its own, px."""

SMALLEST = 0.9
"""Share of their natural width to which several facets shrink in a file, so that more stand side by side."""

TITLE = 17.0
"""Size of the title of a figure in a file of its own, px."""

KINDS = (".svg", ".html", ".csv")


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One SVG of a figure."""

    body: Markup
    """Elements inside, from :mod:`contraflow.report.draw.svg`."""
    width: float
    """Natural width, px."""
    height: float
    """Height, px."""
    fluid: bool = False
    """Whether positions across are shares of the width, so that text keeps its size where the width changes;
    if not, the whole is scaled."""
    title: str = ""
    """Heading above it, where a figure has several."""

    def element(self, alt: str = "", **more: svg.Length | None) -> Markup:
        """The SVG within a page."""
        size: dict[str, svg.Length | None] = (
            {"width": "100%", "height": self.height}
            if self.fluid
            else {"viewBox": f"0 0 {svg.short(self.width)} {svg.short(self.height)}"}
        )
        label: dict[str, svg.Length | None] = (
            {"role": "group" if self.fluid else "img", "aria_label": alt} if alt else {"aria_hidden": "true"}
        )
        return svg.element("svg", self.body, **size, **label, **more)


@dataclass(frozen=True, kw_only=True)
class KeyEntry:
    """One entry of the key: a mark, 18 by 12 px, and what it stands for."""

    mark: Markup
    words: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure. On a page it follows the width; in a file of its own it has a title and a line on its source.

    Raises
    ------
    ValueError
        If it has no words for whoever cannot see it.
    """

    alt: str
    """What the figure shows, in a sentence or two: its alternative in words."""
    facets: tuple[Facet, ...]
    """Its SVGs, side by side where the page is wide enough."""
    table: pd.DataFrame
    """The numbers that are drawn, one row each; names of columns hold units."""
    title: str = ""
    """Heading of a file of its own."""
    key: tuple[KeyEntry, ...] = ()
    """What marks mean, above the figure."""
    kind: str = field(default="rows")
    """Class on the page, for its style: rows, map, panels, flows."""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError(_("a figure needs words for whoever cannot see it: give alt"))

    def html(self, *, keyed: bool = True) -> Markup:
        """The figure as part of a page; ``keyed=False`` where the key stands above another already."""
        parts = [self._key()] if self.key and keyed else []
        several = len(self.facets) > 1
        shown = []
        for number, facet in enumerate(self.facets):
            head = svg.element("div", facet.title, class_="facet-title") if facet.title else Markup("")
            width = None if facet.fluid else f"max-width:{svg.short(facet.width * 1.25)}px"
            own = facet.element(self.alt if number == 0 else "", style=width)
            shown.append(svg.element("div", head + own, class_="facet") if several else head + own)
        parts.append(svg.element("div", Markup("").join(shown), class_=f"facets of-{len(self.facets)}"))
        return svg.compact(svg.element("div", Markup("").join(parts), class_=f"fig {self.kind}"))

    def key_html(self) -> Markup:
        """The key alone, where it stands once for several figures."""
        return svg.compact(svg.element("div", self._key(), class_="fig"))

    def _key(self) -> Markup:
        items = [
            svg.element(
                "li", svg.element("svg", entry.mark, width=18, height=12, aria_hidden="true") + entry.words
            )
            for entry in self.key
        ]
        return svg.element("ul", joined(items), class_="key")

    def svg(self, *, width: float = 720.0, source: str = "") -> str:
        """The figure as an SVG file: facets in columns, the title above, the source below.

        Parameters
        ----------
        width
            Of the file, px.
        source
            Line at its foot.

        Returns
        -------
        str
            The text of the file.
        """
        margin, y = 16.0, 16.0
        parts: list[Markup] = []
        for words in svg.lines_of(self.title, _characters(width - 2 * margin, TITLE)) if self.title else ():
            y += TITLE + 1
            parts.append(svg.text(margin, y, words, "b", font_size=TITLE))
        y += GAP if self.title else 0
        x = margin
        for entry in self.key:
            room = 42 + svg.width_of(entry.words)
            if x > margin and x + room > width - margin:
                x, y = margin, y + 20
            parts.append(svg.group(entry.mark, transform=f"translate({svg.short(x)} {svg.short(y)})"))
            for number, words in enumerate(svg.lines_of(entry.words, _characters(width - 2 * margin - 24))):
                y += 16 if number else 0
                parts.append(svg.text(x + 24, y + 10, words))
            x += room
        y += 30 if self.key else 0
        natural = max((facet.width for facet in self.facets), default=1.0)
        room = int((width - 2 * margin + GAP) // (SMALLEST * natural + GAP))
        columns = max(1, min(room, len(self.facets)))
        across = (width - 2 * margin - (columns - 1) * GAP) / columns
        lowest = y
        for number, facet in enumerate(self.facets):
            if number % columns == 0:
                y = lowest
            left = margin + (number % columns) * (across + GAP)
            top = y
            if facet.title:
                for words in svg.lines_of(facet.title, _characters(across)):
                    parts.append(svg.text(left, top + 12, words, "b"))
                    top += 16
                top += 4
            scale = 1.0 if facet.fluid else across / facet.width
            height = facet.height * scale
            box = None if facet.fluid else f"0 0 {svg.short(facet.width)} {svg.short(facet.height)}"
            parts.append(
                svg.element("svg", facet.body, x=left, y=top, width=across, height=height, viewBox=box)
            )
            lowest = max(lowest, top + height + GAP)
        for words in svg.lines_of(source, _characters(width - 2 * margin, svg.SMALL)) if source else ():
            parts.append(svg.text(margin, lowest + 6, words, "small f-soft"))
            lowest += 15
        height = lowest + 4
        style = svg.element("style", Markup(theme.classes(standalone=True)))
        paper = svg.rect(0, 0, width, height, "f-paper")
        whole = svg.element(
            "svg",
            style + svg.element("title", self.title or self.alt) + svg.element("desc", self.alt) + paper
            + Markup("").join(parts),
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=height,
            class_="fig",
            role="img",
            lang=language(),
        )  # fmt: skip
        return f"{whole}\n"

    def csv(self) -> str:
        """The numbers that are drawn, as CSV."""
        return self.table.to_csv(index=False)

    def page(self) -> str:
        """A small HTML page of the figure alone."""
        style = theme.variables() + theme.classes()
        return (
            f'<!doctype html><html lang="{language()}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{Markup.escape(self.title)}</title>'
            f"<style>{style}body{{background:var(--paper);color:var(--ink);font:15px {theme.FONT};"
            f"max-width:1000px;margin:24px auto;padding:0 16px}}{STYLE}</style>"
            f"<h1 style='font-size:20px'>{Markup.escape(self.title)}</h1>{self.html()}</html>\n"
        )

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the figure as ``.svg``, a page of its own ``.html``, or its numbers as ``.csv``.

        Raises
        ------
        OutputError
            If the ending is another, or the file cannot be written.
        """
        ending = Path(file).suffix.lower()
        makers = {".svg": self.svg, ".html": self.page, ".csv": self.csv}
        if ending not in makers:
            text = _("{file}: a figure is written as one of {kinds}; end the name so")
            raise OutputError(text.format(file=file, kinds=", ".join(KINDS)))
        return write_atomically(file, makers[ending]())

    def show(self) -> None:
        """Open the figure in the browser, or in a notebook below the cell."""
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            pass
        else:
            if get_ipython() is not None:
                display(self)
                return
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix="contraflow-"))
        webbrowser.open(self.save(folder / "figure.html").as_uri())

    def _repr_html_(self) -> str:
        rules = theme.variables(".fig", dark=False) + theme.classes() + STYLE
        paper = ".fig{background:var(--paper);color:var(--ink);padding:8px 12px}"
        return f"<style>{rules}{paper}</style>{self.html()}"


STYLE = (
    ".facets{display:grid;gap:14px 28px;grid-template-columns:repeat(auto-fill,minmax(min(100%,270px),1fr))}"
    ".facets.of-1{display:block}.facet-title{font-weight:600;font-size:14px;margin:4px 0 2px}"
    ".facet>svg,.facets>svg{display:block;width:100%}"
    ".fig .key{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;"
    "padding:0;margin:0 0 8px;font-size:13px}"
    ".fig .key svg{display:inline-block;width:18px;margin-right:6px;"
    "vertical-align:-1px}"
)
"""Rules that place the parts of figures on a page."""


def _characters(width: float, size: float = svg.SIZE) -> int:
    """How many characters of a size fit into a width, px."""
    return max(8, int(width / (svg.CHARACTER * size)))


def joined(parts: Sequence[str]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)
