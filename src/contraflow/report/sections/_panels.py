"""What the parts on livelihoods, other goods and supplies share."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import largest_change

Shown = Sequence[tuple[str, str, Drawing]]
"""Name, heading and drawing of each figure."""


def panel(
    text: str, figures: Shown, note: str, *, intro: str = "", title: str = "", table: ShownTable | None = None
) -> Content:
    """The content of one panel: sentences, figures side by side, a folded table, a note."""
    return Content(
        data={
            "intro": intro,
            "text": text,
            "figures": [(name, heading) for name, heading, _drawing in figures],
            "note": note,
            "table": table,
        },
        drawings={name: drawing for name, _heading, drawing in figures},
        title=title,
    )


def shifts(rows: pd.DataFrame) -> bool:
    """Whether a change can be seen in a chart of these rows."""
    largest = float(rows[["before", "after"]].to_numpy().max())
    return bool(largest_change(rows).max() > words.NOTICED * largest)


def moved(frame: pd.DataFrame, least: float = words.NOTICED) -> pd.DataFrame:
    """The rows that change by more than a share of the largest: a chart of what moves shows no others."""
    if frame.empty:
        return frame
    change = largest_change(frame)
    return frame[change > least * float(frame[["before", "after"]].to_numpy().max())]


def draw_rows(frame: pd.DataFrame, unit: str) -> Drawing:
    """Dots before and after, or bars where there is only a before."""
    if "after" in frame:
        return draw_dumbbells(frame, unit, {str(label): str(label) for label in frame.index})
    rows = frame.assign(name=frame.index).sort_values("before", kind="stable")
    return bars.draw_bars(rows, unit)


def capital(text: str) -> str:
    """The text with a capital letter first."""
    return f"{text[:1].upper()}{text[1:]}"
