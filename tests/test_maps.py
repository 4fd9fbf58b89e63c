"""Maps, the base map, the diagram of journeys and panels over years: what is drawn is what was computed."""

from __future__ import annotations

import json
import re
from importlib import resources
from itertools import combinations
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from babel import Locale

import synthetic
from contraflow.case import schema
from contraflow.network.geodesy import EARTH_RADIUS_KM
from contraflow.report.draw import basemap, fans, labels, map, panels, sankey
from contraflow.report.draw.flow_curves import bend, difference, flows, line_ends, map_frame, split
from contraflow.report.draw.projection import middle, project
from contraflow.results import tables
from contraflow.results.figures import Figure, register, series, withdraw
from contraflow.results.journeys import journeys
from contraflow.text.names import shown_names

BASE, SHUT, CASE = synthetic.outcome(), synthetic.outcome(hazard=1.0), synthetic.case()
NAMES = shown_names(CASE)
HOSTILE = "<script>alert(1)</script>&\"'></text>"

COUNTRIES = {  # south, north, west, east of what they are about, and a neighbour
    "AF": (30.0, 38.0, 61.0, 71.0, "PK"),
    "FJ": (-18.8, -16.2, 177.2, 182.0, "TO"),
    "NZ": (-46.0, -35.0, 167.0, 178.0, "AU"),
    "GH": (5.0, 11.0, -3.0, 1.0, "TG"),
    "ID": (-9.0, 4.0, 96.0, 139.0, "MY"),
    "RU": (43.0, 70.0, 30.0, 190.0, "KZ"),
    "NR": (-0.55, -0.5, 166.9, 166.95, "KI"),
}
"""Countries to which the made-up economy is moved."""


def moved(code: str) -> tuple[xr.Dataset, dict[str, schema.Place]]:
    """The made-up economy in another country: its places stretched over it, the rest in its neighbour."""
    south, north, west, east, neighbour = COUNTRIES[code]
    home = [p for p in CASE.places.values() if p.country == "PE"]
    low = np.array([min(p.latitude for p in home), min(p.longitude for p in home)])
    high = np.array([max(p.latitude for p in home), max(p.longitude for p in home)])
    places = {}
    for i, place in CASE.places.items():
        if place.country.startswith("X"):
            places[i] = place
            continue
        share = (np.array([place.latitude, place.longitude]) - low) / (high - low)
        y, x = np.array([south, west]) + share * np.array([north - south, east - west])
        update = {"latitude": float(np.clip(y, -80, 80)), "longitude": float((x + 180) % 360 - 180)}
        places[i] = place.model_copy(
            update=update | {"country": code if place.country == "PE" else neighbour}
        )
    data = BASE.copy()
    data.attrs = BASE.attrs | {"home": code}
    for name in ("from_country", "to_country", "node_country"):
        renamed = [code if c == "PE" else c for c in BASE[name].values]
        data = data.assign_coords({name: (BASE[name].dims[0], renamed)})
    return data, places


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def titled_paths(drawing) -> dict[str, float]:
    """Words of every line that is told, and its width."""
    found = {}
    for facet in drawing.facets:
        tree = parsed(f"<svg>{facet.body}</svg>")
        for group in tree.iter("g"):
            title, path = group.find("title"), group.find("path")
            if title is not None and path is not None:
                assert title.text not in found
                found[title.text] = float(path.get("stroke-width"))
    return found


def test_the_projection_keeps_areas_and_distances_from_the_centre():
    centre, latitude, longitude, step = (-10.0, -65.0), -14.0, -72.0, 1e-3
    x, y = project([latitude, latitude, latitude + step], [longitude, longitude + step, longitude], centre)
    area = abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))
    true = (EARTH_RADIUS_KM * np.radians(step)) ** 2 * np.cos(np.radians(latitude))
    assert area == pytest.approx(true, rel=1e-4)
    assert project(*centre, centre) == (pytest.approx(0), pytest.approx(0))
    assert project(0.0, 90.0, (0.0, 0.0))[0] == pytest.approx(EARTH_RADIUS_KM * np.sqrt(2))
    assert project(5.0, 179.0, (0.0, -179.0))[0] == pytest.approx(project(5.0, -181.0, (0.0, -179.0))[0])


def test_the_middle_of_places_on_both_sides_of_the_date_line_is_between_them():
    latitude, longitude = middle([-17.0, -17.0], [178.0, -178.0])
    assert abs(longitude) == pytest.approx(180.0)
    assert latitude == pytest.approx(-17.0, abs=0.1)


def test_the_base_map_has_every_country_that_has_a_code():
    known = {k for k in Locale.parse("en").territories if len(k) == 2 and k.isalpha()}
    unions = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
    tiny = {"BV", "GI", "TK", "TV", "UM"}  # not drawn by Natural Earth at 1 : 50 million
    there = set(basemap.shapes().countries)
    assert known - unions - tiny <= there
    assert there <= known | {""}


def test_the_base_map_ships_small_and_says_where_it_is_from():
    text = resources.files("contraflow.report").joinpath("data/basemap.json").read_text("utf-8")
    assert len(text) < 600_000
    assert json.loads(text)["licence"].startswith("Natural Earth, public domain")


def test_land_lies_where_it_lies():
    """Points well inside countries are inside their shapes, by even and odd crossings."""
    for code, latitude, longitude in (
        ("PE", -10.0, -75.0), ("BO", -17.0, -64.0), ("AF", 34.0, 66.0), ("FJ", -17.8, 178.0),
        ("RU", 66.0, -172.5), ("GH", 7.0, -1.0), ("NZ", -43.5, 171.0), ("GF", 4.0, -53.0),
        ("ZA", -29.0, 22.0),
    ):  # fmt: skip
        frame = basemap.Frame(-400.0, 400.0, -300.0, 300.0, (latitude, longitude))
        point = np.array([[basemap.WIDTH / 2, frame.tall / 2]])
        holding = {c for c, rings in basemap._here(frame).items() if sum(
            bool(basemap.inside(ring, point)[0]) for ring in rings) % 2}  # fmt: skip
        assert holding == {code}


def test_simpler_lines_are_never_further_off_than_allowed():
    rng = np.random.default_rng(3)
    line = np.cumsum(rng.normal(size=(200, 2)), axis=0)
    chosen = basemap.kept(line, 1.5)
    assert chosen[[0, -1]].all()
    assert chosen.sum() < 120
    simple = line[chosen]
    for point in line:
        a, b = simple[:-1], simple[1:]
        way = b - a
        along = np.clip(((point - a) * way).sum(1) / (way**2).sum(1), 0, 1)
        assert np.hypot(*(point - a - along[:, None] * way).T).min() <= 1.5 + 1e-9


@pytest.mark.parametrize("code", COUNTRIES)
def test_any_country_can_be_home(code):
    data, places = moved(code)
    frame = map_frame(places, code)
    for place in places.values():
        if place.country == code:
            assert frame.holds(*map_point(frame, place), margin=9.0)
    assert 0.5 < frame.height / frame.width < 0.9
    drawn = map.draw_map(data, places, names=NAMES)
    home = basemap._here(frame)[code]
    corners = np.concatenate(home)
    inside = (corners >= 0).all(axis=1) & (corners <= [basemap.WIDTH, frame.tall]).all(axis=1)
    assert inside.any()
    assert len(map.backdrop(frame, code)) < 40_000
    assert basemap._area(max(home, key=basemap._area)) < 0.9 * basemap.WIDTH * frame.tall
    parsed(drawn.svg())


def map_point(frame, place):
    x, y = frame.at(place.latitude, place.longitude)
    return float(x), float(y)


def test_the_frame_leaves_distant_places_to_its_edge():
    frame = map_frame(CASE.places, "PE")
    for place, inside in (("vraem", True), ("santa-cruz", True), ("santos", False), ("europe", False)):
        assert frame.holds(*map_point(frame, CASE.places[place])) is inside


def test_a_country_whose_code_begins_with_x_is_no_distant_market():
    places = {
        "a": CASE.places["vraem"].model_copy(update={"country": "XK", "latitude": 42.6, "longitude": 21.0})
    }
    frame = map_frame(places, "XK")
    assert frame.holds(*map_point(frame, places["a"]))


def test_flows_sum_over_forms():
    total = sum(f.tonnes for f in flows(BASE).values())
    links = BASE["kind"].values == "link"
    assert total == pytest.approx(BASE["pure"].values[0, links].sum() / 1000)


@pytest.mark.parametrize("view", ["before", "after", "difference"])
def test_maps_draw_every_flow_of_weight_once_with_its_width(view):
    drawing = map.draw_map(BASE, CASE.places, SHUT, view, names=NAMES)
    own = [split(flows(d, tables.home_grown(d)))[0] for d in (BASE, SHUT)]
    largest = max(f.tonnes for side in own for f in side.values())
    shown = {"before": own[0], "after": own[1], "difference": difference(flows(BASE), flows(SHUT))}[view]
    ends, _terminals = line_ends(list(shown.values()), CASE.places, map_frame(CASE.places, "PE"))
    expected = {
        key: max(map.THINNEST, map.WIDEST * np.sqrt(abs(f.tonnes) / largest))
        for key, f in shown.items()
        if abs(f.tonnes) > map.FAINTEST * largest and key[:2] in ends
    }
    found = titled_paths(drawing)
    assert len(found) == len(expected) > 10
    for (origin, destination, mode), width in expected.items():
        start = f"{CASE.places[origin].name} to {CASE.places[destination].name}, {NAMES[mode]}: "
        (words,) = [t for t in found if t.startswith(start)]
        assert found[words] == pytest.approx(min(width, map.WIDEST), abs=0.06)
        assert (words.split(": ")[1].startswith(("+", "−"))) is (view == "difference")
    body = str(drawing.facets[0].body)
    assert body.count(">Europe</tspan>") == 2  # a layer for wide pages and one for narrow ones
    hidden = len(shown) - len(expected) - sum(abs(f.tonnes) <= map.TRIFLE for f in shown.values())
    told = [int(re.search(r": (\d+) flow", e.words)[1]) for e in drawing.key if " flow" in e.words]
    assert sum(told) == hidden


def test_less_is_told_by_dashes_too():
    drawing = map.draw_map(BASE, CASE.places, SHUT, "difference", names=NAMES)
    tree = parsed(f"<svg>{drawing.facets[0].body}</svg>")
    lines = [g.find("path") for g in tree.iter("g") if g.find("title") is not None]
    dashed = {p.get("class"): p.get("stroke-dasharray") is not None for p in lines}
    assert dashed == {"s-rise": False, "s-fall": True}


def test_the_table_of_a_map_is_the_results():
    table = map.draw_map(BASE, CASE.places, SHUT, "difference", names=NAMES).table
    unit = "[t pure a year]"
    assert list(table.columns)[:6] == [
        "origin", "destination", "mode", f"before {unit}", f"after {unit}", f"change {unit}"
    ]  # fmt: skip
    for column, data in ((f"before {unit}", BASE), (f"after {unit}", SHUT)):
        leaves = table["origin"].isin(p.name for p in CASE.places.values() if p.country == "PE")
        leaves &= ~table["destination"].isin(p.name for p in CASE.places.values() if p.country == "PE")
        by_mode = table[leaves].groupby("mode")[column].sum()
        side = "before" if data is BASE else "after"
        expected = tables.displacement(BASE, SHUT, "mode")[side]
        for mode, tonnes in expected.items():
            assert by_mode.get(NAMES[mode], 0.0) == pytest.approx(tonnes, abs=1e-3)
    change = table[f"after {unit}"] - table[f"before {unit}"]
    np.testing.assert_allclose(table[f"change {unit}"], change)


def test_a_map_of_what_changes_needs_the_change():
    with pytest.raises(ValueError, match="pass after="):
        map.draw_map(BASE, CASE.places, view="difference")


def test_words_of_a_map_are_its_largest_flows():
    told = map.draw_map(BASE, CASE.places, names=NAMES).alt
    assert "flows of goods from Peru, in tonnes of pure cocaine a year" in told
    largest = max(flows(BASE).values(), key=lambda f: f.tonnes * (f.origin != "santos"))
    assert f"{CASE.places[largest.origin].name} to {CASE.places[largest.destination].name}" in told
    still = map.draw_map(BASE, CASE.places, BASE, "difference", names=NAMES)
    assert still.alt == "Map of Peru: no flow changes visibly."
    assert not titled_paths(still)


@pytest.mark.parametrize("layout", [labels.WIDE, labels.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("code", ["PE", *COUNTRIES])
def test_names_neither_meet_nor_leave_the_map(code, layout):
    data, places = (BASE, CASE.places) if code == "PE" else moved(code)
    frame = map_frame(places, code)
    spots = [(p, *map_point(frame, p)) for p in places.values() if frame.holds(*map_point(frame, p), 9.0)]
    _ends, terminals = line_ends(list(flows(data).values()), places, frame, ("container", "boat"))
    ends = [(e, labels.MapWords(((places[e.place].name, "b"), ("123 t", "")), ())) for e in terminals]
    placed = map.placed_names(frame, NAMES, spots, ends, layout)
    assert len(placed) > 5
    for one in placed:
        left, top, right, bottom = one.box
        assert 0 <= left < right <= basemap.WIDTH
        assert 0 <= top < bottom <= frame.tall
    for one, other in combinations(placed, 2):
        assert not labels.meet(one.box, other.box)
    named = {p.words.lines[0][0] for p in placed}
    if code == "PE":
        assert {"VRAEM", "Alto Huallaga", "Europe", "North America"} <= named


def test_parallel_modes_bend_apart():
    middles = [bend((0.0, 0.0), (100.0, 0.0), rank).at(0.5)[1] for rank in range(4)]
    assert np.min(np.abs(np.diff(np.sort(middles)))) > 4


def test_a_page_holds_the_base_map_once():
    frame = map_frame(CASE.places, "PE")
    ground = map.backdrop(frame, "PE")
    one = map.draw_map(BASE, CASE.places, SHUT, "difference", names=NAMES, backdrop=False)
    whole = map.draw_map(BASE, CASE.places, SHUT, "difference", names=NAMES)
    (used,) = set(re.findall(r'href="?#([\w-]+)', one.html()))
    assert f'id="{used}"' in ground
    assert f"id={used}" not in one.html()
    assert f'id="{used}"' in whole.svg()
    assert len(one.html()) < 25_000
    assert len(ground) < 40_000
    parsed(ground)
    parsed(whole.svg())


def test_names_that_hold_markup_are_shown_as_they_are():
    places = {i: p.model_copy(update={"name": f"{HOSTILE}{i}"}) for i, p in CASE.places.items()}
    names = shown_names(CASE)
    names.update({i: HOSTILE for i in names})
    names.home = names.substance = HOSTILE
    for drawing in (
        map.draw_map(BASE, places, names=names),
        map.draw_map(BASE, places, SHUT, "difference", names=names),
        sankey.draw_sankey(BASE, names),
    ):
        for text in (drawing.html(), drawing.svg()):
            assert "<script" not in text
            assert "&lt;script" in text
        assert any(HOSTILE in (e.text or "") for e in parsed(drawing.svg()).iter())


def test_the_diagram_of_journeys_is_the_journeys():
    drawing = sankey.draw_sankey(BASE, NAMES)
    paths = journeys(BASE)
    assert drawing.table.iloc[:, -1].sum() == pytest.approx(sum(paths.values()))
    by_place = drawing.table.groupby("sold in")["flow [t pure a year]"].sum()
    europe = sum(t for k, t in paths.items() if k[3] == "europe")
    assert by_place["Europe"] == pytest.approx(europe)
    body = str(drawing.facets[0].body)
    for name in ("VRAEM", "small plane", "Bolivia", "São Paulo"):
        assert body.count(f">{name} ") + body.count(f">{name}<") >= 2  # beside ribbons, and in the stages
    parsed(drawing.svg())


def test_ribbons_fill_their_nodes_and_do_not_cross_columns():
    paths = {k: t for k, t in journeys(BASE).items() if t > 0}
    links = sankey._links(paths, sum(paths.values()))
    diagram = sankey._Diagram(NAMES, {}, sum(paths.values()), links)
    columns = diagram.columns()
    assert {n for column in columns for n in column} == {k[i : i + 2] for k in links for i in (0, 2)}
    for layer, column in enumerate(columns):
        assert all(node[0] == layer for node in column)
        assert sum(diagram.through[n] for n in column) <= diagram.whole * (1 + 1e-9)
    assert sum(diagram.through[n] for n in columns[0]) == pytest.approx(diagram.whole, rel=0.01)


def test_an_economy_without_goods_of_its_own_has_no_diagram():
    none = BASE.copy(deep=True)
    none["arrival"][:] = 0.0
    none["arrival_pure"][:] = 0.0
    assert sankey.draw_sankey(none, NAMES) is None


RUN = SimpleNamespace(replicates=5, months=36, before=12)


@pytest.fixture(scope="module")
def run():
    """A run of three years, the first before the policy, and figures of it."""
    rng = np.random.default_rng(5)
    level = 100.0 * np.exp(rng.normal(0, 0.1, (RUN.replicates, RUN.months)))
    data = xr.Dataset(
        {"level": (("replicate", "month"), level)},
        coords={"replicate": np.arange(RUN.replicates), "month": np.arange(RUN.months) - RUN.before + 1},
        attrs={"before": RUN.before, "first": 1, "seed": 1, "ledger": "a", "clans": 5, "home": "QM"},
    )
    made = {
        "there": lambda view: view.data["level"].values,
        "nought": lambda view: np.zeros((RUN.replicates, RUN.months)),
        "nowhere": lambda view: np.full((RUN.replicates, RUN.months), np.nan),
        "later": lambda view: np.where(np.arange(RUN.months) < 20, np.nan, view.data["level"].values),
    }
    for name, of in made.items():
        figure = Figure(name=name, label=f"{name} <b>", unit="t/yr", meaning="made up", of=of,
                        in_outcomes=False, in_run_summary=False, why="made up")  # fmt: skip
        register(figure)
    yield data
    for name in made:
        withdraw(name)


def test_a_fan_has_a_panel_for_each_figure_that_exists(run):
    drawing = fans.fans(run, ["there", "nought", "nowhere", "later"], [(12, "a <tax>")])
    assert [f.title for f in drawing.facets] == ["there <b>", "later <b>"]
    parsed(drawing.svg())
    assert "a &lt;tax&gt;" in drawing.html()
    assert "nan" not in drawing.html()
    assert fans.fans(run, ["nought", "nowhere"]) is None
    rows = drawing.table[drawing.table["figure"] == "there"]
    smooth = fans._smooth(series(run, "there").values)
    np.testing.assert_allclose(rows["median"], np.median(smooth, axis=0))
    np.testing.assert_allclose(rows["low_90"], np.quantile(smooth, 0.05, axis=0))
    assert drawing.alt.startswith("there <b>: ")


def test_panels_begin_at_zero_and_name_years_as_years():
    panel = panels.YearPanel(2009.6, 2018.4, panels.from_zero(np.array([3.0, 47.0])))
    assert (panel.scale.low, panel.scale.high) == (0.0, 60.0)
    tree = parsed(f"<svg>{panel.axes('t')}</svg>")
    texts = [t for t in tree.iter("text") if "mid" in t.get("class")]
    assert [t.text for t in texts] == ["2010", "2012", "2014", "2016", "2018"]
    spots = [float(t.get("x")) for t in texts]
    assert np.diff(spots).min() >= panels.SPACE
    assert panel.y(0.0) == pytest.approx(panel.height - panel.bottom)
    assert panel.x(2018.4) == pytest.approx(panel.width - panel.right)


def test_lines_break_where_there_is_no_figure():
    panel = panels.YearPanel(0.0, 4.0, panels.from_zero(np.array([1.0])))
    line = panel.line([0, 1, 2, 3, 4], [1, 1, np.nan, 1, 1], "s-ink", 1.0)
    assert line.count("M") == 2
    band = panel.band([0, 1, 2, 3, 4], [0, 0, np.nan, 0, 0], [1, 1, 1, np.nan, 1], "f-wide90")
    assert band.count("z") == 2
    assert "nan" not in line + band


def test_names_at_the_ends_of_lines_stand_apart():
    panel = panels.YearPanel(0.0, 1.0, panels.from_zero(np.array([1.0])))
    ends = fans._apart([(100.0, "a", "air"), (101.0, "b", "sea"), (102.0, "c", "foot")], panel)
    assert np.diff([y for y, _w, _c in ends]).min() >= fans.APART - 0.5
    assert [w for _y, w, _c in ends] == ["a", "b", "c"]


def test_maps_of_years_share_a_base_map_and_a_scale():
    years = {0: BASE, 1: synthetic.outcome(hazard=0.3), 2: SHUT}
    drawing = fans.stepped_map(years, CASE.places, NAMES)
    assert [f.title for f in drawing.facets] == ["Year 0", "Year 1", "Year 2"]
    assert drawing.svg().count("<symbol") == 1
    parsed(drawing.svg())
    flow = "flow [t pure a year]"
    for year, outcome in years.items():
        shown = drawing.table[drawing.table["year"] == year]
        assert shown[flow].sum() == pytest.approx(sum(f.tonnes for f in flows(outcome).values()), abs=0.01)
    many = fans.stepped_map(dict.fromkeys(range(9), BASE), CASE.places, NAMES)
    assert len(many.facets) == fans.YEARS
    assert {many.facets[0].title, many.facets[-1].title} == {"Year 0", "Year 8"}
