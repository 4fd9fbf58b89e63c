"""Maps of flows: who sends how much where, by which mode, before and after a measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from contraflow._language import N_, _, ngettext
from contraflow._numbers import share, signed, significant
from contraflow.case.naming import lower
from contraflow.case.schema import Place, PlaceKind
from contraflow.report.draw import labels, svg, theme
from contraflow.report.draw.basemap import WIDTH, Frame, country_spots, ground, ground_id
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry, joined
from contraflow.report.draw.flow_curves import (
    EDGE,
    Curve,
    End,
    Flow,
    Point,
    bend,
    difference,
    flows,
    line_ends,
    map_frame,
    split,
)
from contraflow.report.draw.labels import NARROW, WIDE, LabelLayout, MapWords
from contraflow.results.tables import home_grown
from contraflow.results.view import families, home_country

View = Literal["before", "after", "difference"]
WIDEST = 17.0
"""Width of the largest flow of goods grown at home, units of the map; others follow the square root."""
RIVAL_WIDEST = 7.0
"""Greatest width of a grey line: rivals' goods stand behind and may be cut."""
THINNEST = 1.3
"""Least width of a line: what would be thinner cannot be seen."""
FAINTEST = (THINNEST / WIDEST) ** 2
"""Flows below this share of the largest are left out."""
MOST = 60
"""Most flows of one map, the largest."""
TRIFLE = 5e-5
"""Flows that do not reach this are left out of tables, t a year."""
STRIP = 50.0
"""Height of the scale below the map."""
LESS = "5 3.5"
"""Dashes of what becomes less: the second cue beside colour."""
SURE = 3
"""Places that are named wherever there is room at all."""
NAMED = 3
"""Flows that are told in words."""

KINDS: Mapping[PlaceKind, tuple[str, str, str]] = {
    PlaceKind.ZONE: (N_("where it is grown or dug"), "f-foot", "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z"),
    PlaceKind.STRIPS: (N_("airstrips"), "f-air", "M0-6.5L6 4.5H-6z"),
    PlaceKind.PORT: (N_("port"), "f-sea-way", "M-5-5h10v10h-10z"),
    PlaceKind.CROSSING: (N_("border crossing"), "f-road", "M0-6.5L6.5 0L0 6.5L-6.5 0z"),
    PlaceKind.REFINING: (N_("refining"), "f-other", "M-5-2.5L0-6L5-2.5V3L0 6.5L-5 3z"),
}
"""Marks of places by kind: words, class and path around the place."""
PLAIN = ("f-soft", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z")


@dataclass(frozen=True)
class _Scene:
    """What all parts of one map share."""

    frame: Frame
    home: str
    places: Mapping[str, Place]
    names: Mapping[str, str]
    families: Mapping[str, str]
    largest: float
    view: View
    ends: Mapping[tuple[str, str], tuple[Point, Point]]
    terminals: list[End]

    @property
    def signed(self) -> bool:
        return self.view == "difference"

    def width(self, tonnes: float) -> float:
        """Width of a flow's line."""
        return WIDEST * float(np.sqrt(min(1.0, abs(tonnes) / self.largest)))

    def figure(self, tonnes: float) -> str:
        """Tonnes as shown, with a sign where they are a change."""
        return _("{tonnes} t").format(tonnes=signed(tonnes) if self.signed else significant(tonnes))

    def told(self, flow: Flow) -> str:
        """A flow in words."""
        mode = lower(self.names.get(flow.mode, flow.mode))
        names = self.places[flow.origin].name, self.places[flow.destination].name
        words = _("{origin} to {destination}, {mode}: {tonnes}")
        return words.format(origin=names[0], destination=names[1], mode=mode, tonnes=self.figure(flow.tonnes))


def draw_map(
    base: xr.Dataset,
    places: Mapping[str, Place],
    after: xr.Dataset | None = None,
    view: View = "before",
    *,
    names: Mapping[str, str] | None = None,
    backdrop: bool = True,
    layouts: tuple[LabelLayout, ...] = (WIDE, NARROW),
) -> Drawing:
    """Map of the flows before or after a measure, or of what it changes.

    Width of a line goes with the square root of its tonnes, on one scale for all three views. Goods
    grown at home are coloured by the way of moving, those of rivals are grey; in the difference colour
    and dashes tell the sign, of all goods. Lines are straight connections between places, not routes.

    Parameters
    ----------
    base, after
        Datasets of outcomes before and after.
    places
        Places of the case, by id.
    view
        What is shown.
    names
        Names as shown, as from :func:`~contraflow.text.names.shown_names`.
    backdrop
        Whether the map holds its own land and rivers. Without, it refers to those that :func:`backdrop`
        makes, for pages with many maps.
    layouts
        Layers of names; more than one: the page shows the one for its width.

    Returns
    -------
    Drawing
        The map. Its table is :func:`flow_table`.

    Raises
    ------
    ValueError
        If the outcome after is lacking for a view that needs it.
    """
    if view != "before" and after is None:
        text = _("the map {view} needs the outcome under the measure: pass after=...")
        raise ValueError(text.format(view=repr(view)))
    home = home_country(base)
    known = families(base)
    frame = map_frame(places, home)
    every = tuple(flows(data, home_grown(data)) for data in (base, base if after is None else after))
    (first, rivals), (then, others) = (split(e) for e in every)
    largest = max((f.tonnes for f in [*first.values(), *then.values()]), default=0.0) or 1.0
    if view == "difference":
        behind: list[Flow] = []
        shown = difference(*every)
    else:
        shown = first if view == "before" else then
        grey = rivals if view == "before" else others
        behind = [f for f in grey.values() if f.tonnes > FAINTEST * largest]
    weighty = sorted(
        (f for f in shown.values() if abs(f.tonnes) > FAINTEST * largest), key=lambda f: -abs(f.tonnes)
    )
    shipped = {mode for mode, family in known.items() if family == "sea"}
    ends, terminals = line_ends([*weighty[:MOST], *behind], places, frame, shipped)
    drawn = [f for f in weighty[:MOST] if (f.origin, f.destination) in ends]
    scene = _Scene(frame, home, places, names or {}, known, largest, view, ends, terminals)
    small = [f for f in shown.values() if abs(f.tonnes) > TRIFLE and f not in weighty[:MOST]]
    beyond = [f for f in weighty[:MOST] if f not in drawn]
    whole = svg.element("use", href=f"#{ground_id(frame, home)}", width=WIDTH, height=frame.tall)
    parts: list[Markup] = []
    if backdrop:
        parts += [svg.element("style", Markup(labels.STYLE)), ground(frame, home)]
    lines = svg.group(*_behind(scene, behind), *_lines(scene, drawn), class_="none s-paper", stroke_width=0.8)
    parts += [whole, lines, *_names(scene, drawn, behind, layouts)]
    facet = Facet(body=joined(parts), width=WIDTH, height=frame.tall + STRIP)
    return Drawing(
        alt=_alt(scene, drawn, behind),
        facets=(facet,),
        table=flow_table(base, places, scene.names, after),
        key=(*_key(scene, drawn, behind), *_left_out(small, beyond)),
        kind="map",
    )


def backdrop(frame: Frame, home: str) -> Markup:
    """Land and rivers, once for all maps of a page that are drawn without: an SVG that shows nothing itself.

    Parameters
    ----------
    frame
        That of the case's maps, from :func:`~contraflow.report.draw.flow_curves.map_frame`.
    home
        ISO 3166 code of the home country.

    Returns
    -------
    Markup
        To be put once into the page, before its maps.
    """
    inside = svg.element("style", Markup(labels.STYLE)) + ground(frame, home)
    return svg.element("svg", inside, width=0, height=0, style="position:absolute", aria_hidden="true")


def _behind(scene: _Scene, behind: list[Flow]) -> Iterator[Markup]:
    """Rivals' goods: grey, one line per pair of places, of limited width."""
    sums: dict[tuple[str, str], float] = {}
    for flow in behind:
        pair = (flow.origin, flow.destination)
        if pair in scene.ends:
            sums[pair] = sums.get(pair, 0.0) + flow.tonnes
    for pair, tonnes in sums.items():
        width = min(RIVAL_WIDEST, max(THINNEST, scene.width(tonnes)))
        words = _("{origin} to {destination}, goods not from {home}: {tonnes}").format(
            origin=scene.places[pair[0]].name,
            destination=scene.places[pair[1]].name,
            home=_home(scene),
            tonnes=scene.figure(tonnes),
        )
        yield svg.path(_d(bend(*scene.ends[pair], 0)), "s-rival", round(width, 1), words)


def _lines(scene: _Scene, drawn: list[Flow]) -> Iterator[Markup]:
    """Curved lines, widest first, each with an arrowhead and its words."""
    beside: dict[tuple[str, str], int] = {}
    stops = {(end.x, end.y) for end in scene.terminals}
    for flow in drawn:
        pair = (flow.origin, flow.destination)
        rank = beside.get(pair, 0)
        beside[pair] = rank + 1
        curve = bend(*scene.ends[pair], rank)
        if scene.signed:
            colour, dashes = ("rise", "") if flow.tonnes > 0 else ("fall", LESS)
        else:
            colour = theme.family_colour(scene.families[flow.mode])
            dashes = theme.DASHES[colour]
        width = max(THINNEST, round(scene.width(flow.tonnes), 1))
        words = scene.told(flow)
        if not scene.signed and flow.lost > 0.005:
            words = _("{flow}, of it {share} intercepted").format(flow=words, share=share(flow.lost))
        line = svg.element(
            "path",
            d=_d(curve),
            class_=f"s-{colour}",
            stroke_width=width,
            stroke_dasharray=_dashes(dashes, width),
        )
        head = _head(curve, 1.0 if curve.end in stops else 0.62, 6.5 + 0.75 * width)
        yield svg.group(svg.element("title", words), line, svg.path(head, f"f-{colour}"))


def _dashes(pattern: str, width: float) -> str:
    """A pattern of dashes, longer on wide lines."""
    return " ".join(svg.short(float(part) * max(1.0, width / 5)) for part in pattern.split())


def _d(curve: Curve) -> str:
    (a, b), (c, d), (e, f) = curve.start, curve.control, curve.end
    return f"M{a:.0f} {b:.0f}Q{c:.0f} {d:.0f} {e:.0f} {f:.0f}"


def _head(curve: Curve, t: float, size: float) -> str:
    """An arrowhead whose tip is at a point of the curve, or a little beyond."""
    (x, y), (dx, dy) = curve.at(t), curve.direction(t)
    tip = np.array([x + 0.4 * size * dx, y + 0.4 * size * dy])
    back, across = -size * np.array([dx, dy]), 0.5 * size * np.array([-dy, dx])
    steps = np.round(np.concatenate([back + across, -2 * across]), 1).tolist()
    told = " ".join(map(svg.short, steps)).replace(" -", "-")
    return f"M{svg.short(round(float(tip[0]), 1))} {svg.short(round(float(tip[1]), 1))}l{told}z"


def _names(
    scene: _Scene, drawn: list[Flow], behind: list[Flow], layouts: tuple[LabelLayout, ...]
) -> Iterator[Markup]:
    """Marks of places, then a layer of names for each layout."""
    weight: dict[str, float] = {}
    for flow in [*drawn, *behind]:
        if (flow.origin, flow.destination) in scene.ends:
            for end in (flow.origin, flow.destination):
                weight[end] = weight.get(end, 0.0) + abs(flow.tonnes) * (0.1 if flow.rival else 1.0)
    spots = []
    for place in sorted((scene.places[i] for i in weight), key=lambda p: -weight[p.id]):
        x, y = (float(v) for v in scene.frame.at(place.latitude, place.longitude))
        if scene.frame.holds(x, y, EDGE):
            spots.append((place, x, y))
    marks = []
    for place, x, y in reversed(spots):
        class_, d = KINDS[place.kind][1:] if place.kind in KINDS else PLAIN
        where = f"translate({svg.short(round(x, 1))} {svg.short(round(y, 1))})"
        title = svg.element("title", place.name)
        marks.append(svg.element("path", title, d=d, class_=class_, transform=where))
    yield svg.group(*marks, class_="s-paper", stroke_width=1.4)
    for layout in layouts:
        placed = placed_names(scene.frame, scene.names, spots, _ends_in_words(scene), layout)
        size = layout.size
        shown = [words.drawn(size) for words in placed]
        attributes = {"class_": layout.name} if len(layouts) > 1 else {"font_size": size}
        yield svg.group(*shown, *_scale(scene, size), **attributes)


def placed_names(
    frame: Frame,
    names: Mapping[str, str],
    spots: list[tuple[Place, float, float]],
    ends: list[tuple[End, MapWords]],
    layout: LabelLayout,
) -> list[labels.PlacedWords]:
    """Names of a layer: ends of lines, places, then countries where room is left.

    Parameters
    ----------
    frame
        The frame.
    names
        Names of countries by code.
    spots
        Places with their position in units of the map, the most important first.
    ends
        Ends of lines that leave the map with their words, without anchors.
    layout
        How names are set.

    Returns
    -------
    list
        Names with their boxes.
    """
    size = layout.size
    dots: list[labels.Box] = [(x - 6, y - 6, x + 6, y + 6) for _, x, y in spots]
    edges = []
    for end, words in ends:
        others = [e.x for e, _words in ends if e.side == end.side and e is not end]
        first = -1 if any(x > end.x for x in others) and not any(x < end.x for x in others) else 1
        anchors = labels.at_edge(end.x, end.y, end.side, 0.3 * size + 3, 0.6 * size, first)
        edges.append(MapWords(words.lines, anchors, words.class_))
    found = labels.place(edges, dots, size, frame.tall)
    ranked = sorted(spots, key=lambda s: s[0].kind != PlaceKind.ZONE)
    towns = [MapWords(((place.name, ""),), labels.around(x, y, 9.0)) for place, x, y in ranked]
    for words in towns[:SURE]:  # may stand on the dots of lesser places
        room = labels.place([words], [f.box for f in found], size, frame.tall)
        better = labels.place([words], [*dots, *(f.box for f in found)], size, frame.tall)
        found += better or room
    rest = [*dots, *(f.box for f in found)]
    found += labels.place(towns[SURE:], rest, size, frame.tall, layout.names)
    lands = []
    for code, points in country_spots(frame):
        if code in names:
            anchors = tuple((x, y, 0.5, 0.5) for x, y in points[:120])
            lands.append(MapWords(((names[code].upper(), "f-soft"),), anchors, "m-caps halo", capitals=True))
    small = labels.CAPITALS * size
    return found + labels.place(lands, [*dots, *(f.box for f in found)], small, frame.tall)


def _ends_in_words(scene: _Scene) -> list[tuple[End, MapWords]]:
    """Name and tonnes where lines leave the map, the largest first."""
    found = []
    for end in sorted(scene.terminals, key=lambda e: (e.rival, -abs(e.tonnes))):
        still = scene.signed and abs(end.tonnes) < FAINTEST * scene.largest
        figure = _("as before") if still else scene.figure(end.tonnes)
        class_ = "small f-soft" if end.rival else "b"
        lines = ((scene.places[end.place].name, "f-soft" if end.rival else class_), (figure, "num f-soft"))
        found.append((end, MapWords(lines, ())))
    return found


def _scale(scene: _Scene, size: float) -> Iterator[Markup]:
    """How wide some round tonnages are, in the strip below the map."""
    y, x = scene.frame.tall + STRIP / 2 + 3, 10.0
    for tonnes in _round_numbers(scene.largest):
        yield svg.line(x, y, x + 44, y, "s-soft", max(THINNEST, round(scene.width(tonnes), 1)))
        words = _("{tonnes} t").format(tonnes=significant(tonnes))
        yield svg.text(x + 54, round(y + 0.35 * size, 1), words, "num")
        x += 54 + labels.CHARACTER * size * (len(words) + 2)
    yield svg.text(x, round(y + 0.35 * size, 1), _unit(scene.names), "f-soft")


def _unit(names: Mapping[str, str]) -> str:
    substance = getattr(names, "substance", "")
    return _("pure {substance} a year").format(substance=substance) if substance else _("pure, a year")


def _round_numbers(largest: float) -> list[float]:
    top = 10.0 ** np.floor(np.log10(max(largest, 1e-9)))
    top *= 5 if largest >= 5 * top else 2 if largest >= 2 * top else 1
    return [float(top), float(top / 10)]


def _key(scene: _Scene, drawn: list[Flow], behind: list[Flow]) -> Iterator[KeyEntry]:
    """What colours, dashes and marks mean."""

    def line(colour: str, dashes: str = "", width: float = 4.0) -> Markup:
        return svg.line(0, 6, 18, 6, f"s-{colour} {dashes}".strip(), width)

    if scene.signed:
        less = svg.element(
            "line", x1=0, y1=6, x2=18, y2=6, class_="s-fall", stroke_width=4, stroke_dasharray=LESS
        )
        yield KeyEntry(mark=line("rise"), words=_("more than before"))
        yield KeyEntry(mark=less, words=_("less than before"))
    else:
        used = {scene.families[f.mode] for f in drawn}
        for family, (words, colour) in theme.WAYS.items():
            if family in used:
                yield KeyEntry(mark=line(colour, f"d-{colour}"), words=_(words))
    if behind:
        words = _("goods not from {home}").format(home=_home(scene))
        yield KeyEntry(mark=line("rival", width=3.0), words=words)
    there = {scene.places[i].kind for f in drawn for i in (f.origin, f.destination)}
    for kind, (words, class_, d) in KINDS.items():
        if kind in there:
            mark = svg.element("path", d=d, class_=class_, transform="translate(9 6) scale(.8)")
            yield KeyEntry(mark=mark, words=_(words))


def _left_out(small: list[Flow], beyond: list[Flow]) -> Iterator[KeyEntry]:
    """How much is not drawn."""
    if small:
        words = ngettext(
            "too small to be drawn: {count} flow of {most} t",
            "too small to be drawn: {count} flows of at most {most} t",
            len(small),
        )
        yield KeyEntry(mark=Markup(""), words=words.format(count=len(small), most=_most(small)))
    if beyond:
        words = ngettext(
            "between places beyond the map: {count} flow of {most} t",
            "between places beyond the map: {count} flows of at most {most} t",
            len(beyond),
        )
        yield KeyEntry(mark=Markup(""), words=words.format(count=len(beyond), most=_most(beyond)))


def _most(found: list[Flow]) -> str:
    return significant(max(abs(f.tonnes) for f in found))


def _home(scene: _Scene) -> str:
    return getattr(scene.names, "home", "") or scene.names.get(scene.home, scene.home)


def _alt(scene: _Scene, drawn: list[Flow], behind: list[Flow]) -> str:
    """The largest flows or changes in words."""
    home, unit = _home(scene), _unit(scene.names)
    listed = "; ".join(scene.told(f) for f in drawn[:NAMED])
    if scene.signed:
        if not drawn:
            return _("Map of {home}: no flow changes visibly.").format(home=home)
        words = _("Map of what changes in the flows, in tonnes of {unit}. The largest changes: {flows}.")
        more = sum(f.tonnes > 0 for f in drawn)
        counts = _("{more} of the lines drawn are more than before, {less} are less.")
        told = counts.format(more=more, less=len(drawn) - more)
        return f"{words.format(unit=unit, flows=listed)} {told}"
    if not drawn:
        return _("Map of {home}: no flow of its goods is large enough to be drawn.").format(home=home)
    words = _("Map of flows of goods from {home}, in tonnes of {unit}. The largest: {flows}.")
    told = words.format(home=home, unit=unit, flows=listed)
    if behind:
        told += " " + _("Grey lines are goods that do not come from {home}.").format(home=home)
    return told


def flow_table(
    base: xr.Dataset,
    places: Mapping[str, Place],
    names: Mapping[str, str],
    after: xr.Dataset | None = None,
) -> pd.DataFrame:
    """All flows between places, the largest first.

    Parameters
    ----------
    base, after
        Datasets of outcomes before and after. Without the second, columns are named by no time.
    places
        Places of the case, by id.
    names
        Names as shown.

    Returns
    -------
    pandas.DataFrame
        Origin, destination and mode, t pure a year, and of it what was grown at home.
    """
    unit, own = "t pure a year", "of it grown at home"
    sides = {"before": base} | ({} if after is None else {"after": after})
    found = {when: flows(data, home_grown(data)) for when, data in sides.items()}
    none = Flow("", "", "", 0.0)
    rows = []
    for key in dict.fromkeys(k for side in found.values() for k in side):
        told = {when: side.get(key, none) for when, side in found.items()}
        if max(f.tonnes for f in told.values()) < TRIFLE:
            continue
        row: dict[str, object] = {
            "origin": places[key[0]].name,
            "destination": places[key[1]].name,
            "mode": names.get(key[2], key[2]),
        }
        if after is None:
            row |= {f"flow [{unit}]": told["before"].tonnes}
            row |= {f"{own} [{unit}]": told["before"].tonnes * told["before"].own}
        else:
            row |= {f"{when} [{unit}]": flow.tonnes for when, flow in told.items()}
            row |= {f"change [{unit}]": told["after"].tonnes - told["before"].tonnes}
            row |= {f"{own}, {when} [{unit}]": flow.tonnes * flow.own for when, flow in told.items()}
        rows.append(row)
    if not rows:
        return pd.DataFrame(columns=["origin", "destination", "mode", f"flow [{unit}]"])
    frame = pd.DataFrame(rows)
    return frame.sort_values(frame.columns[3], ascending=False, ignore_index=True)
