"""What each answer changes: findings in words, all headline figures, and before and after by option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._numbers import amount, probability, rounded, signed
from contraflow.case.naming import lower
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.section import Content
from contraflow.results import tables
from contraflow.results.draws import left_out
from contraflow.results.view import price_spot
from contraflow.text import answer_sentences
from contraflow.text.names import plain
from contraflow.text.sentences import article, is_open

NAMED = {
    "delivered": "sold, all producers",
    "hectares": "coca standing, all producers",
    "seized": "seized, all producers",
    "arrests": "arrests, all producers",
}
"""Headline figures that are not those of the home country alone."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A panel for each question; none where nothing is asked."""
    if not report.answers:
        return None
    answers = []
    drawings: dict[str, Drawing] = {}
    for i, (question, base, after) in enumerate(report.pairs):
        answers.append(
            {
                "levels": _levels(report, question.policy),
                "findings": report.sentences[i].findings,
                "figures": _figure_rows(base, after, names) if report.draws > 1 else [],
                "zones": _zones(base, after, names),
                "left_out": left_out(after),
            }
        )
        coca = pd.DataFrame(tables.by_zone(base, after).loc["coca"])
        drawings |= {
            f"mode-{i}": draw_dumbbells(tables.by_mode(base, after), "t pure a year", names),
            f"route-{i}": draw_dumbbells(tables.by_route(base, after), "t pure a year", names),
            f"zone-{i}": draw_dumbbells(coca, "hectares of coca", names),
        }
    return Content(data={"answers": answers, "ranges": answer_sentences.RANGES}, drawings=drawings)


def _levels(report: ReportData, policy: Mapping[str, float]) -> list[str]:
    """The measures of a policy and their levels."""
    measures = report.case.measures
    return [
        f"{measures[m].name}: {v:,g} {measures[m].unit}" if m in measures else f"{m}: {v:g}"
        for m, v in policy.items()
    ]


def _figure_rows(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """All headline figures before and after, with ranges and probabilities."""
    form, _, place = price_spot(base).partition("@")
    price = f"price of {lower(names.get(form, form))} in {article(names.get(place, place))}"
    count = base.sizes["draw"]
    rows = []
    for key, row in plain(tables.headline(base, after)).items():
        if not max(abs(row["before_95"]), abs(row["after_95"])):
            continue
        likely = {
            way: probability(row[f"p_{way}_5pct"], count).replace("above ", ">").replace("below ", "<")
            for way in ("falls", "rises")
        }
        cells = [
            {"value": say(row[name]), "range": f"{say(row[f'{name}_5'])} to {say(row[f'{name}_95'])}"}
            for name, say in (("before", _figure), ("after", _figure), ("change", signed))
        ]
        sign = 0 if is_open(row) else int(np.sign(row["change"]))
        label = NAMED.get(key, price if key == "valley price" else key)
        rows.append(likely | {"label": label, "unit": row["unit"], "cells": cells, "sign": sign})
    return rows


def _figure(value: float) -> str:
    return amount(rounded(value))


def _zones(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table of what is grown and made where."""
    frame = tables.by_zone(base, after).reset_index()
    units = {"coca": "ha"}
    return [
        {
            "what": names.get(row["what"], row["what"]),
            "place": names.get(row["place"], row["place"]),
            "unit": units.get(row["what"], "t pure"),
            **{str(c): row[c] for c in row if str(c).startswith(("before", "after", "change"))},
            "open": is_open({str(k): v for k, v in row.items()}),
        }
        for row in frame.to_dict("records")
        if max(row["before"], row["after"]) > 0.05
    ]
