"""What households live from: shares of labour by activity, and what work earns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from contraflow._language import _
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.report.sections._panels import Panel, draw_rows, outcomes, panels_content
from contraflow.results import side_economies
from contraflow.results.view import home_country
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import drawn, is_open, largest_change, span

NOTE = "A labour-hectare is the work that tends one hectare for a year. As many carry as transports hire."

FEWEST = 3
"""Activities without which the section says nothing that others do not."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A chart and a table for each question; none where households have hardly a choice."""
    base = report.base
    table = side_economies.livelihoods(base)
    if len(table) < FEWEST:
        return None
    home = names.get(home_country(base), "")
    intro = (
        f"The labour of households in the zones of {home}, by what they do with it. In the baseline: "
        f"{words.living(table, names)}."
    )
    panels: list[Panel] = []
    drawings: dict[str, Drawing] = {}
    for end, base, after in outcomes(report):
        found = side_economies.livelihoods(base, after)
        if after is not None and not _noticed(found):
            panels.append(Panel(_(words.STILL)))
            continue
        name = f"livelihoods{end}"
        drawings[name] = draw_rows(_in_per_cent(found, names), "% of labour")
        text = ""
        if after is not None:
            text = " ".join((words.livelihoods(found, names), words.pay(base, after, names))).rstrip()
        panels.append(Panel(text, (("", name),), _pay(base, after, names)))
    return panels_content(panels, drawings, intro, NOTE)


def _noticed(table: pd.DataFrame) -> bool:
    """Whether any activity changes by a share of its own and of all labour that is worth a chart."""
    change = largest_change(table)
    own, whole = words.NOTICED * table["before"], words.TRACE * table["before"].sum()
    return bool(((change > own) & (change > whole)).any())


def _in_per_cent(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Shares of labour in per cent, in columns as the charts take them."""
    shares = {c.removeprefix("share_"): 100 * table[c] for c in map(str, table) if c.startswith("share_")}
    return pd.DataFrame(shares).rename(index=lambda form: words.activity(str(form), names))


def _pay(base: xr.Dataset, after: xr.Dataset | None, names: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Rows of the table of what work earns: a labour-hectare by zone, then the pay of hired work."""
    rows = []
    for by in ("income", "hire"):
        frame = side_economies.livelihoods(base, after, by=by)
        for key, row in frame.iterrows():
            place = str(key).partition("@")[2] or str(key)
            what = (
                "a labour-hectare, dollars a year" if by == "income" else "pay of carriers, 1 in the baseline"
            )
            then = float(row["after"]) if "after" in row else None
            before = float(row["before"])
            ratio = None if then is None else float(row["ratio"]) - 1.0
            cells = {str(k): v for k, v in row.items()}
            rows.append(
                {
                    "place": names.get(place, place),
                    "what": what,
                    "before": before,
                    "after": then,
                    "ratio": ratio,
                    "range": span(cells) if drawn(cells) else "",
                    "open": is_open(cells),
                }
            )
    return tuple(rows)
