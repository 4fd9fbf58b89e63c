"""A table as a page shows it: with a caption and headers, and on a phone as a list of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from contraflow._language import _

LONG = 14
"""Rows from which a table stands in a box of its own, to be scrolled."""


@dataclass(frozen=True, kw_only=True)
class ShownTable:
    """A table of texts; the first column holds what each row is about.

    Raises
    ------
    ValueError
        If it has no caption, or a row has other than one cell for each header.
    """

    caption: str
    """What the table shows, for whoever hears it read."""
    heads: tuple[str, ...]
    """Headers of the columns."""
    rows: tuple[tuple[str | Markup, ...], ...]
    """Cells; text is escaped unless it is markup."""
    figures: tuple[int, ...] = ()
    """Columns that hold figures, set to the right."""
    ids: tuple[str, ...] = ()
    """Addresses of the rows; none where they have no address."""
    seen: bool = False
    """Whether the caption is shown; if not, it is for screen readers."""

    def __post_init__(self) -> None:
        if not self.caption.strip():
            raise ValueError(_("a table needs a caption that says what it shows"))
        for row in self.rows:
            if len(row) != len(self.heads):
                text = _("the table {caption} has {heads} headers and a row of {cells} cells")
                raise ValueError(
                    text.format(caption=repr(self.caption), heads=len(self.heads), cells=len(row))
                )

    def html(self) -> Markup:
        """The table as part of a page; tags that HTML lets go are gone, since a page has many rows."""
        named = Markup("").join(Markup("<th scope=col>{}").format(head) for head in self.heads)
        body = Markup("").join(self._row(number, row) for number, row in enumerate(self.rows))
        seen = Markup("") if self.seen else Markup(' class="unseen"')
        table = Markup(
            '<table class="{}" style="{}"><caption{}>{}</caption><thead><tr>{}</thead>'
            "<tbody>{}</tbody></table>"
        ).format(self._columns(), self._spoken(), seen, self.caption, named, body)
        if len(self.rows) <= LONG:
            return table
        return Markup('<div class="tall" tabindex="0" role="group" aria-label="{}">{}</div>').format(
            self.caption, table
        )

    def _columns(self) -> str:
        """Classes that set columns of figures to the right."""
        return " ".join(f"n{i + 1}" for i in self.figures if i < len(self.heads))

    def _spoken(self) -> str:
        """Headers as a phone shows them before each cell, as custom properties."""
        quoted = [
            head.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for head in self.heads[1:]
        ]
        return ";".join(f'--h{i}:"{head}: "' for i, head in enumerate(quoted, 2))

    def _row(self, number: int, row: Sequence[str | Markup]) -> Markup:
        address = Markup(" id={}").format(self.ids[number]) if self.ids else Markup("")
        first = Markup("<th scope=row>{}").format(row[0])
        rest = Markup("").join(Markup("<td>{}").format(cell) for cell in row[1:])
        return Markup("<tr{}>{}{}").format(address, first, rest)


def with_range(value: str, span: str = "", look: str = "") -> Markup:
    """A figure with its interval below it; ``look`` is a class: rise, fall or none."""
    shown = Markup('<span class="{}">{}</span>').format(look, value) if look else escape(value)
    if not span or span == value:
        return shown
    return shown + Markup('<span class="range">{}</span>').format(span)


def with_note(text: str | Markup, note: str) -> Markup:
    """A cell's text with smaller text after it."""
    return escape(text) + (Markup(" <small>{}</small>").format(note) if note else Markup(""))


def look_of(change: float, still: float = 0.005, *, unclear: bool = False) -> str:
    """Class of a change: ``rise``, ``fall``, or none where it is small or may be either."""
    return "" if unclear or abs(change) < still else "rise" if change > 0 else "fall"
