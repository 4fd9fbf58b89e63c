"""A table as a page shows it: with a caption and headers, and on a phone as a list of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

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
            raise ValueError("a table needs a caption that says what it shows")
        for row in self.rows:
            if len(row) != len(self.heads):
                raise ValueError(
                    f"the table {self.caption!r} has {len(self.heads)} headers and a row of {len(row)} cells"
                )

    def html(self) -> Markup:
        """The table as part of a page."""
        named = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_right(i in self.figures), head)
            for i, head in enumerate(self.heads)
        )
        body = Markup("").join(self._row(number, row) for number, row in enumerate(self.rows))
        seen = Markup("") if self.seen else Markup(' class="unseen"')
        table = Markup(
            "<table><caption{}>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
        ).format(seen, self.caption, named, body)
        if len(self.rows) <= LONG:
            return table
        label = escape(self.caption)
        return Markup('<div class="tall" tabindex="0" role="region" aria-label="{}">{}</div>').format(
            label, table
        )

    def _row(self, number: int, row: Sequence[str | Markup]) -> Markup:
        address = Markup(' id="{}"').format(self.ids[number]) if self.ids else Markup("")
        first = Markup('<th scope="row">{}</th>').format(row[0])
        rest = Markup("").join(
            Markup('<td{} data-h="{}">{}</td>').format(_right(i in self.figures), self.heads[i], cell)
            if str(cell)
            else Markup("<td></td>")
            for i, cell in enumerate(row)
            if i > 0
        )
        return Markup("<tr{}>{}{}</tr>").format(address, first, rest)


def _right(yes: bool) -> Markup:
    return Markup(' class="n"') if yes else Markup("")


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
