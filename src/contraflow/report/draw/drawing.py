"""Figures as plain data: what Plotly draws, without the cost of checking every part of it.

Functions named ``draw_...`` make a :class:`Drawing`; the page embeds its JSON. The public functions
beside them return the same as a checked ``plotly.graph_objects.Figure``. Text is shown as it is written:
only what :mod:`contraflow.report.draw.markup` makes is read as tags.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Drawing:
    """Traces and layout as Plotly takes them."""

    layout: dict[str, Any]
    data: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: str, **trace: Any) -> None:
        """Add a trace; parts that are None are left out."""
        self.data.append({"type": kind} | {k: v for k, v in trace.items() if v is not None})

    def note(self, **annotation: Any) -> None:
        """Add an annotation."""
        self.layout.setdefault("annotations", []).append(annotation)

    def xaxis(self, **more: Any) -> None:
        """Set properties of the x axis."""
        self.layout["xaxis"] = self.layout.get("xaxis", {}) | more

    def yaxis(self, **more: Any) -> None:
        """Set properties of the y axis."""
        self.layout["yaxis"] = self.layout.get("yaxis", {}) | more

    def json(self) -> str:
        """Compact JSON, with figures as fine as can be seen."""
        whole = {"data": _short(self.data), "layout": _short(self.layout)}
        return json.dumps(_literal(whole), separators=(",", ":"), default=_plain)

    def figure(self) -> go.Figure:
        """As a Plotly figure."""
        import plotly.graph_objects as go

        return go.Figure(data=_literal(self.data), layout=_literal(self.layout))


def _literal(value: Any) -> Any:
    """The same with text that Plotly shows as it is written; what is markup stays so."""
    if isinstance(value, Markup):
        return str(value)
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, dict):
        return {key: _literal(part) for key, part in value.items()}
    if getattr(getattr(value, "dtype", None), "kind", "") in ("O", "T", "U"):
        value = value.tolist()
    return [_literal(part) for part in value] if isinstance(value, list | tuple) else value


def _short(value: Any) -> Any:
    """The same with six significant figures, whole ones without a point."""
    if isinstance(value, float):
        if not isfinite(value):
            return value
        return int(value) if value == int(value) else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_short(part) for part in value]
    return value


def _plain(value: Any) -> Any:
    """Arrays and numbers of numpy as Python's own."""
    return value.tolist()
