"""Colours, type and the plain layout that all figures share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

INK = "#22282e"
SOFT = "#6b7178"
FAINT = "#c9c6bd"
PAPER = "#fbfaf6"
LAND = "#f1eee5"
HOME = "#e9e4d5"
SEA = "#e6edf0"
RIVER = "#c2d5dd"
RISE = "#b4552d"
FALL = "#2c6e8f"
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

WAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "air": ("by air", "#b4432f"),
        "foot": ("on foot", "#5d7f3f"),
        "road": ("by road", "#c58a1c"),
        "river": ("by river", "#2f8f8b"),
        "sea": ("by sea", "#23508a"),
        "other": ("other ways", "#75668f"),
    }
)
"""Families of modes as shown on the map, with one colour each."""


def family_colour(family: str) -> str:
    """Colour of a family of modes."""
    return WAYS[family][1]


def faded(colour: str, alpha: float) -> str:
    """``#rrggbb`` with an opacity from 0 to 1, as CSS ``rgba``."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Layout that every figure starts from."""
    plain: dict[str, Any] = {
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "template": {},
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": FAINT, "font": {"family": FONT, "size": 13}},
        "showlegend": False,
        "dragmode": False,
    }
    return plain | more


def axis(**more: Any) -> dict[str, Any]:
    """A quiet axis: thin grid, no box."""
    plain: dict[str, Any] = {
        "showline": False,
        "zeroline": False,
        "gridcolor": "#e4e1d8",
        "gridwidth": 1,
        "tickfont": {"size": 12, "color": SOFT},
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
        "automargin": True,
        "fixedrange": True,
    }
    return plain | more
