"""Where the goods come from and end: zones, ways out, transit and markets, t pure a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from contraflow._language import N_, _
from contraflow._numbers import share, significant
from contraflow.case.naming import lower
from contraflow.report.draw import svg, theme
from contraflow.report.draw.drawing import Drawing, Facet, joined
from contraflow.results.journeys import SEIZED, STAYS, add, journeys
from contraflow.results.view import families, home_country

SMALL = 0.02
"""Nodes that carry less than this share of the whole are put together as "all others"."""
LAYERS = (N_("comes from"), N_("leaves by"), N_("goes to"), N_("sold in"))
FINE = 0.0015
"""Links below this share of the whole are left out."""
HOME_LOST = N_("seized or lost at home")
HOME_SOLD = N_("sold at home")
OTHER = N_("all others")
LOST = N_("seized or lost")
"""How :data:`~contraflow.results.journeys.SEIZED` is shown."""
STAYING = N_("stays at home")
"""How :data:`~contraflow.results.journeys.STAYS` is shown in tables."""

ACROSS = (0.0, 0.27, 0.54, 0.77)
"""Where columns stand; the rest is for the names of the last."""
NODE, THICKEST = 11.0, 300.0
"""Width of nodes, and height of one through which everything goes, px."""
CHARACTERS = 21
"""Most characters of a line between two columns."""
LEAST = 640
"""Width from which columns are shown, px; below it the stages stand one below the other."""
PITCH, APART, HEAD = 15.5, 9.0, 30.0
"""Height of a line of a name, between two nodes, and of the headings, px."""
ROW, BAR, STAGE = 36.0, 9.0, 34.0
"""Height of a row of the stages one below the other, of its bar, and of a heading, px."""
CHARACTERS_OF_ROW = 32

Node = tuple[int, str]
"""Column and key."""


@dataclass
class _Diagram:
    """What flows through which node, t pure a year."""

    names: Mapping[str, str]
    family: Mapping[str, str]
    whole: float
    links: dict[tuple[int, str, int, str], float]
    through: dict[Node, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for layer in range(4):
            for side in (0, 2):
                sums: dict[Node, float] = {}
                for link, tonnes in self.links.items():
                    node: Node = link[2:] if side else link[:2]
                    if node[0] == layer:
                        add(sums, node, tonnes)
                for node, tonnes in sums.items():
                    self.through[node] = max(self.through.get(node, 0.0), tonnes)

    def columns(self) -> list[list[Node]]:
        """Nodes by column: the first by size, later ones so that few links cross; losses and others last."""
        columns: list[list[Node]] = []
        rank: dict[Node, float] = {}
        for layer in range(4):
            own = [n for n in self.through if n[0] == layer]
            place = {n: -self.through[n] if layer == 0 else self._middle(n, rank) for n in own}
            own.sort(key=lambda n: (n[1] in ENDS, place[n]))
            middle = 0.0
            for node in own:
                rank[node] = middle + self.through[node] / 2
                middle += self.through[node]
            columns.append(own)
        return columns

    def _middle(self, node: Node, rank: Mapping[Node, float]) -> float:
        into = [(k[:2], t) for k, t in self.links.items() if k[2:] == node]
        weight = sum(t for _, t in into)
        return sum(rank.get(n, 0.0) * t for n, t in into) / weight if weight else 0.0

    def name(self, node: Node) -> str:
        """A node as shown."""
        return shown_key(node[1], self.names)

    def figure(self, node: Node) -> str:
        """Its tonnes."""
        return _("{tonnes} t").format(tonnes=significant(self.through[node]))

    def colour(self, node: Node) -> str:
        """Name of its colour."""
        layer, key = node
        if key in ENDS:
            return "rival"
        if layer == 1:
            return theme.family_colour(self.family.get(key, "other"))
        return ("foot", "", "soft", "accent")[layer]

    def link_colour(self, link: tuple[int, str, int, str]) -> str:
        """Colour of the way out beside it; further on, that of where it ends."""
        if link[3] in ENDS:
            return "rival"
        return self.colour((1, link[3] if link[0] == 0 else link[1])) if link[0] < 2 else "accent"


ENDS = (SEIZED, HOME_LOST, HOME_SOLD, OTHER)
"""Nodes that are no place, way or country."""


def draw_sankey(
    data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None
) -> Drawing | None:
    """Diagram of journeys: where goods come from, how they leave, where they go first, who buys.

    Columns joined by ribbons where the page is wide, the stages one below the other where it is narrow. The
    flows are those of :func:`contraflow.results.journeys.journeys`.

    Parameters
    ----------
    data
        Dataset of an outcome.
    names
        Places, modes and country codes as shown.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    Drawing
        The diagram; its table has every journey. None where nothing comes from the home country.
    """
    paths = {k: t for k, t in journeys(data, home).items() if t > 0}
    whole = sum(paths.values())
    if whole <= 0:
        return None
    diagram = _Diagram(names or {}, families(data), whole, _links(paths, whole))
    columns = diagram.columns()
    wide, height = _columns(diagram, columns)
    narrow, tall = _stages(diagram, columns)
    drawn = f"{wide}{narrow}"
    own = f"flow-{sha256(drawn.encode()).hexdigest()[:8]}"
    style = (
        ".flow-narrow{display:none}.fig.flows{container-type:inline-size}"
        f"@container (max-width:{LEAST - 1}px){{.flow-wide{{display:none}}.flow-narrow{{display:inline}}"
        f"svg:has(>#{own}){{height:{svg.short(tall)}px}}}}"
    )
    parts = [
        svg.element("style", Markup(style)),
        svg.group(*wide, class_="flow-wide", id=own),
        svg.group(*narrow, class_="flow-narrow"),
    ]
    facet = Facet(body=joined(parts), width=900.0, height=height, fluid=True)
    alt = _alt(diagram, columns, home_country(data, home))
    return Drawing(alt=alt, facets=(facet,), table=_table(paths, diagram.names), kind="flows")


def shown_key(key: str, names: Mapping[str, str]) -> str:
    """A place, mode, country or end of a journey as shown."""
    if key == SEIZED:
        return _(LOST)
    if key in ENDS:
        return _(key)
    if key == STAYS:
        return _(STAYING)
    return names.get(key, key.replace("-", " "))


def _links(
    paths: Mapping[tuple[str, str, str, str], float], whole: float
) -> dict[tuple[int, str, int, str], float]:
    """Tonnes between nodes of neighbouring columns; what is small is put together."""
    sums: list[dict[str, float]] = [{}, {}, {}, {}]
    for path, tonnes in paths.items():
        for layer, key in enumerate(path):
            add(sums[layer], key, tonnes)
    merged: dict[tuple[int, str, int, str], float] = {}
    for path, tonnes in paths.items():
        keys = [k if sums[i][k] > SMALL * whole or k == SEIZED else OTHER for i, k in enumerate(path)]
        if path[1] == STAYS:  # what never leaves ends one column on
            add(merged, (0, keys[0], 1, HOME_LOST if keys[3] == SEIZED else HOME_SOLD), tonnes)
            continue
        for i in range(3):
            add(merged, (i, keys[i], i + 1, keys[i + 1]), tonnes)
    return {k: t for k, t in merged.items() if t > FINE * whole}


def _columns(diagram: _Diagram, columns: Sequence[Sequence[Node]]) -> tuple[list[Markup], float]:
    """Columns of nodes joined by ribbons, and their height."""
    scale = THICKEST / diagram.whole
    words = {n: _words(diagram.name(n), diagram.figure(n)) for column in columns for n in column}
    slots = {n: max(diagram.through[n] * scale, PITCH * len(words[n])) for n in words}
    height = HEAD + max(sum(slots[n] + APART for n in column) for column in columns if column)
    tops: dict[Node, float] = {}
    for column in columns:
        y = HEAD
        for node in column:
            tops[node] = y + (slots[node] - diagram.through[node] * scale) / 2
            y += slots[node] + APART
    ribbons = _ribbons(diagram, columns, tops, scale)
    parts = [
        svg.element(
            "svg",
            joined(list(ribbons)),
            x=0,
            y=0,
            width="100%",
            height=height,
            viewBox=f"0 0 1000 {svg.short(height)}",
            preserveAspectRatio="none",
        )
    ]
    for layer, column in enumerate(columns):
        x = svg.at(ACROSS[layer])
        if column:
            parts.append(svg.text(x, 14, _(LAYERS[layer]), "small f-soft b"))
        for node in column:
            tall = max(1.0, diagram.through[node] * scale)
            parts.append(svg.rect(x, tops[node], NODE, tall, f"f-{diagram.colour(node)}", 1))
            base = tops[node] + tall / 2 - PITCH * (len(words[node]) - 1) / 2 + 4.5
            for number, line in enumerate(words[node]):
                parts.append(svg.text(x, base + PITCH * number, line, "halo num", dx=NODE + 6))
    return parts, height


def _words(name: str, figure: str) -> list[Markup]:
    """A node's name and tonnes in lines that fit between two columns."""
    bold = svg.element("tspan", figure, class_="b")
    if len(name) + len(figure) + 1 <= CHARACTERS:
        return [Markup("{} {}").format(name, bold)]
    return [*(Markup("{}").format(line) for line in svg.lines_of(name, CHARACTERS)), bold]


def _ribbons(
    diagram: _Diagram, columns: Sequence[Sequence[Node]], tops: Mapping[Node, float], scale: float
) -> Iterator[Markup]:
    order = {node: i for column in columns for i, node in enumerate(column)}
    leaves, enters = dict(tops), dict(tops)
    for link in sorted(diagram.links, key=lambda k: (k[0], order[k[:2]], order[k[2:]])):
        start, end, tonnes = link[:2], link[2:], diagram.links[link]
        tall = tonnes * scale
        y0, y1 = leaves[start], enters[end]
        leaves[start] += tall
        enters[end] += tall
        x0, x1 = (1000 * ACROSS[n[0]] for n in (start, end))
        mid = (x0 + x1) / 2
        d = (
            f"M{x0:.0f} {y0:.1f}C{mid:.0f} {y0:.1f} {mid:.0f} {y1:.1f} {x1:.0f} {y1:.1f}"
            f"V{y1 + tall:.1f}C{mid:.0f} {y1 + tall:.1f} {mid:.0f} {y0 + tall:.1f} {x0:.0f} {y0 + tall:.1f}z"
        )
        words = _("{origin} to {destination}: {tonnes} t").format(
            origin=diagram.name(start), destination=diagram.name(end), tonnes=significant(tonnes)
        )
        title = svg.element("title", words)
        yield svg.element("path", title, d=d, class_=f"f-{diagram.link_colour(link)}", fill_opacity=0.3)


def _stages(diagram: _Diagram, columns: Sequence[Sequence[Node]]) -> tuple[list[Markup], float]:
    """Stages one below the other, a bar for each node, and their height."""
    parts: list[Markup] = []
    y = 0.0
    for layer, column in enumerate(columns):
        if not column:
            continue
        parts.append(svg.text(0, y + 18, _(LAYERS[layer]), "small f-soft b"))
        y += STAGE - 8
        for node in sorted(column, key=lambda n: (n[1] in ENDS, -diagram.through[n])):
            lines = svg.lines_of(diagram.name(node), CHARACTERS_OF_ROW)
            for number, line in enumerate(lines):
                parts.append(svg.text(0, y + 13 + PITCH * number, line))
            parts.append(svg.text("100%", y + 13, diagram.figure(node), "end num b"))
            y += PITCH * (len(lines) - 1)
            part = min(1.0, diagram.through[node] / diagram.whole)
            parts.append(svg.rect(0, y + 18, svg.at(part), BAR, f"f-{diagram.colour(node)}", 1))
            y += ROW
        y += 8
    return parts, y


def _table(paths: Mapping[tuple[str, str, str, str], float], names: Mapping[str, str]) -> pd.DataFrame:
    """All journeys, the largest first."""
    rows = [
        (*(shown_key(key, names) for key in path), tonnes)
        for path, tonnes in sorted(paths.items(), key=lambda p: -p[1])
    ]
    return pd.DataFrame(
        rows, columns=["comes from", "leaves by", "goes to", "sold in", "flow [t pure a year]"]
    )


def _alt(diagram: _Diagram, columns: Sequence[Sequence[Node]], home: str) -> str:
    """The largest of each column in words."""
    names = diagram.names
    substance = getattr(names, "substance", "")
    of = _("{tonnes} t of pure {substance}") if substance else _("{tonnes} t pure")
    whole = of.format(tonnes=significant(diagram.whole), substance=substance)
    words = _("Where the goods of {home} go, {whole} a year.")
    told = [words.format(home=getattr(names, "home", "") or names.get(home, home), whole=whole)]
    sentences = (
        _("Most come from {name}: {tonnes}."),
        _("Most leave by {name}: {tonnes}."),
        _("Most go to {name}: {tonnes}."),
        _("Most are sold in {name}: {tonnes}."),
    )
    for column, sentence in zip(columns, sentences, strict=True):
        own = [n for n in column if n[1] not in ENDS]
        if own:
            largest = own[int(np.argmax([diagram.through[n] for n in own]))]
            name = lower(diagram.name(largest)) if largest[0] == 1 else diagram.name(largest)
            told.append(sentence.format(name=name, tonnes=diagram.figure(largest)))
    lost = sum(diagram.through.get(n, 0.0) for n in ((1, HOME_LOST), (3, SEIZED)))
    if lost > 0:
        told.append(_("{part} is seized or lost on the way.").format(part=share(lost / diagram.whole)))
    return " ".join(told)
