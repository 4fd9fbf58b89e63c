"""How long commands took on this machine, by which the next one is foreseen."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from contraflow import _cache
from contraflow._io import write_atomically
from contraflow.errors import OutputError

FILE = "times.json"

WORTH = 3.0
"""Seconds from which a time is worth telling."""

MOST = 200
"""Commands whose times are kept, the latest."""


class Errand:
    """One command while it runs: what it took the last time, and what it takes now.

    With another case or another version of the program results are computed anew, otherwise much is kept:
    the two times are told apart by a digest of what results depend on.
    """

    def __init__(self, key: str, state: str) -> None:
        """Begin now. ``key`` names the command with the options that cost time, ``state`` is the digest."""
        self.key, self.state = key, state
        self.begun = time.monotonic()
        self._known = _read().get(key, {})

    @property
    def foreseen(self) -> float | None:
        """Seconds that the command will take, from its last time in the same state; None if unknown."""
        again = self._known.get("again") if self._known.get("state") == self.state else None
        seconds = again if again is not None else self._known.get("anew")
        return float(seconds) if isinstance(seconds, int | float) and seconds >= WORTH else None

    def done(self) -> None:
        """Keep what it took."""
        place = _cache.folder("times")
        if place is None:
            return
        took = round(time.monotonic() - self.begun, 1)
        same = self._known.get("state") == self.state
        row = {"state": self.state, "anew": self._known.get("anew", took) if same else took}
        if same:
            row["again"] = took
        kept = {key: value for key, value in _read().items() if key != self.key} | {self.key: row}
        text = json.dumps(dict(list(kept.items())[-MOST:]))
        with suppress(OSError, OutputError):
            place.mkdir(parents=True, exist_ok=True)
            write_atomically(place / FILE, text)


def _read() -> dict[str, dict[str, Any]]:
    place = _cache.folder("times")
    try:
        found = json.loads((place / FILE).read_text(encoding="utf-8")) if place else {}
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}
