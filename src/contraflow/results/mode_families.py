"""Families of modes: by air, on foot, by road, by river, by sea."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "air": ("air", "plane", "flight", "helicopter", "avioneta", "drop"),
        "foot": ("back", "foot", "carrier", "mule", "walk", "escort"),
        "sea": ("container", "ship", "sea", "vessel", "maritime", "port"),
        "water": ("river", "boat", "canoe", "launch"),
        "road": ("pickup", "lorry", "land", "truck", "road", "car", "bus", "vehicle"),
    }
)
"""Words in a mode's id that mean its family; the first family that fits counts."""


def family(mode: str) -> str:
    """Family of a mode: air, foot, sea, water, road or other."""
    return next((f for f, words in WORDS.items() if any(w in mode for w in words)), "other")
