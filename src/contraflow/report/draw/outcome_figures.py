"""Figures of outcomes for users of the lab: each takes labelled datasets and returns a Plotly figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from contraflow.case.case import Case
from contraflow.report.draw import bars, map, sankey
from contraflow.report.draw.claims import draw_claims_chart
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.draw.ladder import draw_ladder_parts, draw_ladder_steps
from contraflow.results import tables
from contraflow.text.names import shown_names

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


def flow_map(case: Case, base: xr.Dataset) -> go.Figure:
    """Flows on the map, coloured by the way of moving; rivals' goods are grey."""
    return map.flow_map(base, case.places, names=shown_names(case))


def change_map(case: Case, base: xr.Dataset, after: xr.Dataset) -> go.Figure:
    """What a policy changes on the map: more in one colour, less in another."""
    return map.flow_map(base, case.places, after, "difference", names=shown_names(case))


def journeys(case: Case, data: xr.Dataset) -> go.Figure:
    """Mass from where it grows to who buys."""
    return sankey.sankey(data, shown_names(case))


def changes(case: Case, base: xr.Dataset, after: xr.Dataset, by: str = "mode") -> go.Figure:
    """Before and after by mode, route, country, form (exports, t pure) or zone (ha of coca)."""
    unit = "hectares of coca" if by == "zone" else "t pure a year"
    frame = tables.displacement(base, after, by)
    return draw_dumbbells(frame, unit, shown_names(case)).figure()


def incomes(base: xr.Dataset, after: xr.Dataset | None = None) -> go.Figure:
    """Who earns what, before and after."""
    return bars.draw_income_bars(tables.incomes(base, after)).figure()


def price_ladder(case: Case, data: xr.Dataset, market: str | None = None) -> go.Figure:
    """What a kilogram costs from the farm gate to a market."""
    return draw_ladder_steps(tables.price_ladder(data, market=market), shown_names(case)).figure()


def price_parts(case: Case, data: xr.Dataset, market: str | None = None) -> go.Figure:
    """What makes up the rise in price at each step."""
    return draw_ladder_parts(tables.price_ladder(data, market=market), shown_names(case)).figure()


def claims(table: pd.DataFrame, most: int = 36) -> go.Figure:
    """Claims against the model, worst first; ``table`` as from ``Lab.claims()``."""
    return draw_claims_chart(table, most).figure()
