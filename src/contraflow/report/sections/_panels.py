"""What the sections on livelihoods, other goods and supplies share: a panel for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.section import Content
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import largest_change


@dataclass(frozen=True)
class Panel:
    """What a section shows of one question, or of the baseline: ``figures`` are (title, name) pairs."""

    text: str
    figures: tuple[tuple[str, str], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


def panels_content(
    panels: Sequence[Panel],
    drawings: Mapping[str, Drawing],
    intro: str,
    note: str,
    *,
    title: str = "",
    label: str = "",
    narrow: bool = False,
) -> Content | None:
    """The section's content; none where no panel has a figure, since then nothing changes.

    ``narrow`` says that two of the figures fit side by side even where they show intervals.
    """
    if not any(panel.figures for panel in panels):
        return None
    data = {"intro": intro, "panels": list(panels), "note": note, "narrow": narrow}
    return Content(data=data, drawings=drawings, title=title, label=label)


def outcomes(report: ReportData) -> list[tuple[str, xr.Dataset, xr.Dataset | None]]:
    """End of the figures' names, baseline and outcome of each panel."""
    pairs = [(f"-{i}", base, after) for i, (_, base, after) in enumerate(report.pairs)]
    return [*pairs] or [("", report.base, None)]


def shifts(rows: pd.DataFrame) -> bool:
    """Whether a change can be seen in a chart of these rows."""
    largest = float(rows[["before", "after"]].to_numpy().max())
    return bool(largest_change(rows).max() > words.NOTICED * largest)


def draw_rows(frame: pd.DataFrame, unit: str) -> Drawing:
    """Dots before and after, or bars where there is only a before."""
    if "after" in frame:
        return draw_dumbbells(frame, unit, {str(label): str(label) for label in frame.index})
    rows = frame.assign(name=frame.index).sort_values("before", kind="stable")
    return bars.draw_bars(rows, unit)


def capital(text: str) -> str:
    """The text with a capital letter first."""
    return f"{text[:1].upper()}{text[1:]}"
