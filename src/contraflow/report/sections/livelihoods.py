"""What households at home do with their labour, what it earns, and what they turn to under a measure."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from contraflow._language import N_, _
from contraflow._numbers import cell
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.report.sections._panels import Shown, draw_rows, moved, panel
from contraflow.report.sections.headline import change_cell
from contraflow.report.shown_table import ShownTable
from contraflow.results import side_economies
from contraflow.text import side_economy_sentences as words
from contraflow.text.names import Names
from contraflow.text.sentences import is_still, largest_change

NOTE = N_("A labour-hectare is the work that tends one hectare for a year. As many carry as transports hire.")

STILL = 0.01
"""Pay whose whole interval lies within this share of what it was has no row."""

FEWEST = 3
"""Activities without which the section says nothing that others do not."""


def make(report: ReportData, names: Names, number: int) -> Content | None:
    """What one answer changes; none where households have hardly a choice or hardly turn."""
    _question, base, after = report.pairs[number]
    found = side_economies.livelihoods(base, after)
    if len(found) < FEWEST or not _noticed(found):
        return None
    text = " ".join((words.livelihoods(found, names), words.pay(base, after, names))).rstrip()
    return panel(text, _chart(moved(found, words.TRACE), names), _(NOTE), table=_pay(base, after, names))


def make_today(report: ReportData, names: Names) -> Content | None:
    """The baseline; none where households have hardly a choice."""
    found = side_economies.livelihoods(report.base)
    if len(found) < FEWEST:
        return None
    intro = _("The labour of households in the zones of {home}, by what they do with it: {what}.").format(
        home=names.home, what=words.living(found, names)
    )
    return panel("", _chart(found, names), _(NOTE), intro=intro, table=_pay(report.base, None, names))


def _chart(table: pd.DataFrame, names: Names) -> Shown:
    return [("labour", _("Labour by activity"), draw_rows(_in_per_cent(table, names), _("% of labour")))]


def _noticed(table: pd.DataFrame) -> bool:
    """Whether any activity changes by a share of its own and of all labour that is worth a chart."""
    change = largest_change(table)
    own, whole = words.NOTICED * table["before"], words.TRACE * table["before"].sum()
    return bool(((change > own) & (change > whole)).any())


def _in_per_cent(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Shares of labour in per cent, in columns as the charts take them."""
    shares = {c.removeprefix("share_"): 100 * table[c] for c in map(str, table) if c.startswith("share_")}
    return pd.DataFrame(shares).rename(index=lambda form: words.activity(str(form), names))


def _pay(base: xr.Dataset, after: xr.Dataset | None, names: Names) -> ShownTable | None:
    """What work earns, as far as it changes: a labour-hectare by zone, then the pay of hired work."""
    rows = []
    for by in ("income", "hire"):
        for key, row in side_economies.livelihoods(base, after, by=by).iterrows():
            place = str(key).partition("@")[2] or str(key)
            what = (
                _("a labour-hectare, dollars a year")
                if by == "income"
                else _("pay of carriers, 1 in the baseline")
            )
            cells = {str(k): v for k, v in row.items()}
            if after is not None and is_still(cells, STILL):
                continue
            changed = () if after is None else (cell(float(row["after"])), change_cell(cells))
            rows.append((f"{names.get(place, place)}: {what}", cell(float(row["before"])), *changed))
    if not rows:
        return None
    heads = (_("Where and what"), _("Before"), *(() if after is None else (_("After"), _("Change"))))
    return ShownTable(
        caption=_("What work earns, zone by zone"), heads=heads, rows=tuple(rows), figures=(1, 2, 3)
    )
