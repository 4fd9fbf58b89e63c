"""The few tags of Plotly that figures use, around text that holds none.

Plotly reads tags in every name, label and hover. What these functions make is :class:`markupsafe.Markup`; a
:class:`~contraflow.report.draw.drawing.Drawing` shows all other text as it is written, whoever wrote it.
"""

from __future__ import annotations

import textwrap

from markupsafe import Markup

from contraflow.report.draw import theme


def bold(text: object) -> Markup:
    """Text in bold."""
    return Markup("<b>{}</b>").format(text)


def quiet(text: object, size: float | None = None) -> Markup:
    """Text in grey, of a size in px where one is given."""
    look = f"color:{theme.SOFT}" + (f";font-size:{size:g}px" if size else "")
    return Markup("<span style='{}'>{}</span>").format(Markup(look), text)


def lines(*parts: str) -> Markup:
    """Parts one below the other."""
    return Markup("<br>").join(parts)


def wrapped(text: str, width: int) -> Markup:
    """Text in lines of so many characters."""
    return lines(*textwrap.wrap(text, width))


def template(*parts: str) -> Markup:
    """What Plotly shows on hover, line by line with its fields ``%{y}``; no name of the trace beside it."""
    return lines(*parts) + Markup("<extra></extra>")
