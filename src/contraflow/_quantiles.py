"""The quantiles that results report: the median, and the ends of its 50 % and its 90 % interval."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MEDIAN = 0.5

ENDS: Mapping[str, float] = MappingProxyType({"_5": 0.05, "_25": 0.25, "_75": 0.75, "_95": 0.95})
"""Ends of columns' names and the quantiles that they hold: the 90 % interval, and within it the 50 %."""

LEVELS = tuple(sorted((MEDIAN, *ENDS.values())))
"""The median and the ends of both intervals, from the lowest to the highest."""

INTERVAL = (MEDIAN, ENDS["_5"], ENDS["_95"])
"""The median and the ends of the 90 % interval."""
