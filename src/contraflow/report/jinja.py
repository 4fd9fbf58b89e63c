"""Templates, and how they show numbers and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._numbers import cell, percent, row_span

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> Environment:
    """Where templates are, and how they show figures."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("contraflow.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"amount": cell, "percent": percent, "span": row_span}
    return made


def embed(text: str) -> str:
    """JSON that can stand inside a script element."""
    from markupsafe import Markup

    return Markup(text.replace("<", "\\u003c"))
