"""The base map: land, borders and rivers as lines and areas on plain axes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contraflow.report.draw import theme
from contraflow.report.draw.projection import project

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """A rectangle of the projected map, km."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        """Extent from west to east, km."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Extent from south to north, km."""
        return self.top - self.bottom

    def inner(self) -> Frame:
        """The part where places are drawn; around it is room for the names of what lies off the map."""
        side, low, high = 0.115 * self.width, 0.03 * self.height, 0.05 * self.height
        return Frame(self.left + side, self.right - side, self.bottom + low, self.top - high)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.left <= x <= self.right and self.bottom <= y <= self.top


@cache
def features() -> tuple[dict[str, Any], ...]:
    """Features of the shipped base map (Natural Earth, public domain; see tools/basemap.py)."""
    text = resources.files("contraflow.report").joinpath("data/basemap.json").read_text("utf-8")
    return tuple(json.loads(text)["features"])


def base_traces(frame: Frame, home: str) -> list[dict[str, Any]]:
    """Traces of everything below the flows, cut to a frame with some margin."""

    def add(kind: str, fill: str | None, colour: str, width: float, only: str | None = None) -> None:
        x: list[int | None] = []
        y: list[int | None] = []
        for feature in features():
            own = feature["properties"]
            if own["kind"] != kind or (only is not None and (own.get("country") == home) != (only == "home")):
                continue
            for line in _lines(feature["geometry"]):
                for part in _cut(line, frame, closed=fill is not None):
                    x += [*np.round(part[:, 0]).astype(int).tolist(), None]
                    y += [*np.round(part[:, 1]).astype(int).tolist(), None]
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": y,
                "mode": "lines",
                "line": {"color": colour, "width": width},
                "hoverinfo": "skip",
                "showlegend": False,
            }
            | ({"fill": "toself", "fillcolor": fill} if fill else {})
        )

    traces: list[dict[str, Any]] = []
    add("country", theme.LAND, "#d3cdbd", 0.8, "abroad")
    add("country", theme.HOME, "#d3cdbd", 0.8, "home")
    add("division", None, "#e2dccd", 0.6, "abroad")
    add("division", None, "#d6cfbc", 0.7, "home")
    add("river", None, theme.RIVER, 0.9)
    add("lake", theme.SEA, theme.RIVER, 0.7)
    add("country", None, "#b9b19c", 1.0)
    traces.append(_names(frame))
    return traces


def _names(frame: Frame) -> dict[str, Any]:
    points = [f for f in features() if f["properties"]["kind"] == "label"]
    degrees = np.array([f["geometry"]["coordinates"] for f in points])
    x, y = project(degrees[:, 1], degrees[:, 0])
    inside = [i for i in range(len(points)) if frame.holds(float(x[i]), float(y[i]))]
    return {
        "type": "scatter",
        "x": [round(float(x[i])) for i in inside],
        "y": [round(float(y[i])) for i in inside],
        "mode": "text",
        "text": [" ".join(points[i]["properties"]["name"].upper()) for i in inside],
        "textfont": {"size": 11, "color": "#aaa28c", "family": theme.FONT},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _lines(geometry: dict[str, Any]) -> list[Line]:
    """Projected rings or lines of a geometry, each (point, 2) in km."""
    kind, parts = geometry["type"], geometry["coordinates"]
    if kind in ("LineString", "Point"):
        parts = [parts]
    elif kind == "MultiPolygon":
        parts = [ring for polygon in parts for ring in polygon]
    lines = [np.asarray(part, dtype=float).reshape(-1, 2) for part in parts]
    return [np.stack(project(line[:, 1], line[:, 0]), axis=1) for line in lines]


def _cut(line: Line, frame: Frame, closed: bool) -> list[Line]:
    """Keep what lies in the frame and a margin: areas are clamped to it, lines are broken."""
    margin = 0.06 * max(frame.width, frame.height)
    low = np.array([frame.left - margin, frame.bottom - margin])
    high = np.array([frame.right + margin, frame.top + margin])
    if (line.max(axis=0) < low).any() or (line.min(axis=0) > high).any():
        return []
    clamped = np.clip(line, low, high)
    if closed:
        moved = np.abs(np.diff(clamped, axis=0)).sum(axis=1) > 0
        return [clamped[np.concatenate([[True], moved])]]
    inside = ((line >= low) & (line <= high)).all(axis=1)
    runs = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    return [line[a:b] for a, b in zip(runs[::2], runs[1::2], strict=True) if b - a > 1]
