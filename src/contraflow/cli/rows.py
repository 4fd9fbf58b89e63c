"""Long lists on a terminal: which rows are asked for, two-line rows that fit, and rows as a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from contraflow._language import _
from contraflow.cli.files import expect_writable, replace_file

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Row = TypeVar("Row")

TOP = 20
"""Rows that a terminal shows if not told otherwise."""

GAP = 2
"""Spaces between columns, and before the second line of a row."""

PART = 26
"""Columns that a figure may take before it is broken at a space."""

DOT = " · "


@dataclass(frozen=True)
class Filters:
    """Which rows are asked for, and whether they go to a file."""

    source: str | None = None
    kind: str | None = None
    search: str | None = None
    top: int | None = None
    csv: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a file that cannot be written. Raises OutputError."""
        if self.csv is not None:
            expect_writable(self.csv)

    def chosen(
        self,
        rows: Sequence[Row],
        text: Callable[[Row], str],
        *,
        source: Callable[[Row], str] = lambda row: "",
        kind: Callable[[Row], str] = lambda row: "",
    ) -> list[Row]:
        """The rows that are asked for, however many.

        Parameters
        ----------
        rows
            All rows.
        text
            What ``--search`` looks into.
        source
            Source of a row.
        kind
            Kind of a row.
        """
        wanted = (self.search or "").casefold()
        return [
            row
            for row in rows
            if self.source in (None, source(row))
            and self.kind in (None, kind(row))
            and wanted in text(row).casefold()
        ]

    def shown(self, rows: Sequence[Row], console: Console) -> tuple[Sequence[Row], int]:
        """The rows that the screen shows, and how many it leaves out."""
        top = self.top if self.top is not None else TOP if console.is_terminal else 0
        return (rows, 0) if top == 0 else (rows[:top], max(0, len(rows) - top))

    def write(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Write rows to the CSV file that was asked for; False if none was."""
        if self.csv is None:
            return False
        import pandas as pd

        from contraflow.cli.export import as_text
        from contraflow.cli.files import csv_text
        from contraflow.cli.terminal import screen, written

        flat = [
            {k: "; ".join(map(str, v)) if isinstance(v, list | tuple) else v for k, v in row.items()}
            for row in rows
        ]
        frame = pd.DataFrame(flat)
        if len(frame.columns):
            frame = frame.set_index(frame.columns[0])
        text = csv_text(as_text(frame))
        replace_file(self.csv, lambda path: path.write_text(text, encoding="utf-8", newline=""))
        written(screen(), _("Rows written: {number}").format(number=len(rows)), self.csv)
        return True


def left_out(console: Console, number: int, *, every: str = "--top 0") -> None:
    """Say how many rows are not shown, and how to see them."""
    from rich.text import Text

    if number:
        line = _("... {number} more: {option} for all").format(number=number, option=every)
        console.print(Text(line, "bold"), soft_wrap=True)


def two_line_rows(
    console: Console,
    heads: Sequence[str],
    rows: Sequence[tuple[str | Text, Sequence[str | Text], Sequence[str | Text]]],
) -> None:
    """Print rows whose figures stand beside what they are about, with small print below.

    Parameters
    ----------
    console
        Where to.
    heads
        Heads of the text and of the columns of figures.
    rows
        Of each row the text, its figures, and its small print: parts that stand on a line with dots between
        them as far as there is room. Words are not broken unless they are longer than the screen.
    """
    from rich.cells import cell_len
    from rich.text import Text

    figures = [[_text(cell) for cell in cells] for _about, cells, _small in rows]
    widths = [
        min(PART, max([cell_len(head), *(cell_len(part) for row in figures for part in _lines(row[place]))]))
        for place, head in enumerate(heads[1:])
    ]
    room = max(12, console.width - sum(widths) - GAP * len(widths))
    head = Text(heads[0].ljust(room), "dim")
    for text, width in zip(heads[1:], widths, strict=True):
        head.append(" " * GAP + text.rjust(width))
    head.rstrip()
    console.print(head, soft_wrap=True)
    console.print(
        Text("─" * min(console.width, room + sum(widths) + GAP * len(widths)), "dim"), soft_wrap=True
    )
    for (about, _cells, small), cells in zip(rows, figures, strict=True):
        blocks = [_text(about).wrap(console, room)]
        blocks += [cell.wrap(console, width) for cell, width in zip(cells, widths, strict=True)]
        for place in range(max(map(len, blocks))):
            line = Text()
            for number, (block, width) in enumerate(zip(blocks, [room, *widths], strict=True)):
                part = block[place] if place < len(block) else Text()
                part.rstrip()
                pad = " " * max(0, width - part.cell_len)
                line.append_text(
                    Text.assemble(part, pad) if number == 0 else Text.assemble(" " * GAP, pad, part)
                )
            line.rstrip()
            console.print(line, soft_wrap=True)
        small_print(console, small)


def small_print(console: Console, parts: Sequence[str | Text]) -> None:
    """Parts with dots between them, on as many lines as they need; none is broken that fits a line."""
    from rich.text import Text

    room = console.width - GAP
    lines: list[Text] = []
    for part in (_text(part, "dim") for part in parts):
        if not part.plain:
            continue
        if lines and lines[-1].cell_len + len(DOT) + part.cell_len <= room:
            lines[-1] = Text.assemble(lines[-1], (DOT, "dim"), part)
        else:
            lines.append(part)
    for line in lines:
        for piece in line.wrap(console, room):
            piece.rstrip()
            console.print(Text.assemble(" " * GAP, piece), soft_wrap=True)


def _text(given: str | Text, style: str = "") -> Text:
    from rich.text import Text

    if isinstance(given, Text):
        return given.copy()
    return Text(given, style)


def _lines(text: Text) -> list[str]:
    """A figure as it is broken where it is too wide."""
    from textwrap import wrap

    parts = []
    for line in text.plain.split("\n"):
        parts += wrap(line, PART, break_long_words=False, break_on_hyphens=False) or [""]
    return parts
