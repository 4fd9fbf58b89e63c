"""Figures of outcomes for users of the lab: each takes labelled datasets and returns a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from contraflow._language import _
from contraflow.case.case import Case
from contraflow.errors import ComparisonError
from contraflow.report.draw import bars, map, sankey
from contraflow.report.draw.claims import draw_claims_chart
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.draw.ladder import draw_ladder_parts, draw_ladder_steps
from contraflow.results import tables
from contraflow.text.names import shown_names

if TYPE_CHECKING:
    import pandas as pd


def flow_map(case: Case, base: xr.Dataset) -> Drawing:
    """Flows on the map, coloured by the way of moving; rivals' goods are grey."""
    return map.draw_map(base, case.places, names=shown_names(case))


def change_map(case: Case, base: xr.Dataset, after: xr.Dataset) -> Drawing:
    """What a policy changes on the map: more in one colour, less in another."""
    return map.draw_map(base, case.places, after, "difference", names=shown_names(case))


def journeys(case: Case, data: xr.Dataset) -> Drawing:
    """Mass from where it grows to who buys. Raises ComparisonError where nothing comes from home."""
    names = shown_names(case)
    drawn = sankey.draw_sankey(data, names)
    if drawn is None:
        text = _("Nothing that is made in {home} is sold in this outcome.")
        raise ComparisonError(text.format(home=names.home))
    return drawn


def changes(case: Case, base: xr.Dataset, after: xr.Dataset, by: str = "mode") -> Drawing:
    """Before and after by mode, route, country, form (exports, t pure) or zone (hectares)."""
    names = shown_names(case)
    pure = _("t of pure {substance} a year").format(substance=names.substance)
    unit = _("hectares of {crop}").format(crop=names.crop) if by == "zone" else pure
    return draw_dumbbells(tables.displacement(base, after, by), unit, names)


def incomes(base: xr.Dataset, after: xr.Dataset | None = None) -> Drawing:
    """Who earns what, before and after."""
    return bars.draw_income_bars(tables.incomes(base, after))


def price_ladder(case: Case, data: xr.Dataset, market: str | None = None) -> Drawing:
    """What a kilogram costs from the farm gate to a market."""
    return draw_ladder_steps(tables.price_ladder(data, market=market), shown_names(case))


def price_parts(case: Case, data: xr.Dataset, market: str | None = None) -> Drawing:
    """What makes up the rise in price at each step."""
    return draw_ladder_parts(tables.price_ladder(data, market=market), shown_names(case))


def claims(table: pd.DataFrame, most: int = 36) -> Drawing:
    """Claims against the model, worst first; ``table`` as from ``Lab.claims()``."""
    return draw_claims_chart(table, most)
