"""What each answer changes: findings in words, all headline figures, and before and after by option."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import _
from contraflow._numbers import percent, probability, signed, significant
from contraflow.case.naming import lower
from contraflow.report.data import FollowedQuestion, ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_dumbbells
from contraflow.report.section import Content
from contraflow.report.sections.findings import range_of_change
from contraflow.results import tables
from contraflow.results.draws import left_out
from contraflow.results.view import price_spot
from contraflow.text import answer_sentences
from contraflow.text.adjustment_sentences import PACES, tell_path
from contraflow.text.figure_words import after_in_words, policy_in_words
from contraflow.text.names import Names, plain
from contraflow.text.sentences import EDGE, article, capital, is_open

NAMED = {
    "delivered": "sold, all producers",
    "hectares": "coca standing, all producers",
    "seized": "seized, all producers",
    "arrests": "arrests, all producers",
}
"""Headline figures that are not those of the home country alone."""

HORIZONS = (1.0, 5.0)
"""Years after which figures are shown beside the long run."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """A panel for each question; none where nothing is asked."""
    if not report.answers:
        return None
    answers = []
    drawings: dict[str, Drawing] = {}
    followed = {path.question.id: path for path in report.paths}
    for i, (question, base, after) in enumerate(report.pairs):
        answers.append(
            {
                "levels": _levels(report, question.policy),
                "findings": report.sentences[i].findings,
                "figures": _figure_rows(base, after, names) if report.draws > 1 else [],
                "path": _on_the_way(followed.get(question.id), base, after, names),
                "zones": _zones(base, after, names),
                "left_out": left_out(after),
            }
        )
        coca = pd.DataFrame(tables.by_zone(base, after).loc["crop"])
        drawings |= {
            f"mode-{i}": draw_dumbbells(tables.by_mode(base, after), "t pure a year", names),
            f"route-{i}": draw_dumbbells(tables.by_route(base, after), "t pure a year", names),
            f"zone-{i}": draw_dumbbells(coca, "hectares of coca", names),
        }
    data = {"answers": answers, "ranges": _(answer_sentences.RANGES), "paces": _(PACES)}
    return Content(data=data, drawings=drawings)


class _Way(NamedTuple):
    """Figures on the way to the long run."""

    heads: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    text: str
    draws: int
    """Number of draws in which the question is followed."""


def _on_the_way(
    path: FollowedQuestion | None, base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]
) -> _Way | None:
    """Changes of figures at the horizons and in the long run; None for a question that is not followed."""
    if path is None:
        return None
    settled = plain(tables.headline(base, after))
    last = float(path.table.index.get_level_values("years").max())
    times = [time for time in HORIZONS if time <= last + 1e-9]
    rows = []
    for figure, moved in plain(path.summary).items():
        if not moved["before"] or figure not in settled:
            continue
        steps = pd.DataFrame(path.table.loc[figure])
        places = [int(np.searchsorted(steps.index.to_numpy(), time - 1e-9)) for time in times]
        contrasts = [*(plain(steps.iloc[[place]].reset_index(drop=True))["0"] for place in places)]
        rows.append(
            {
                "label": _label(figure, base, names),
                "unit": moved["unit"],
                "before": significant(moved["before"]),
                "cells": [_change(row) for row in (*contrasts, settled[figure])],
            }
        )
    heads = tuple(capital(after_in_words(time)) for time in [*times, math.inf])
    draws = int(path.table.attrs.get("draws", base.sizes["draw"]))
    words = names if isinstance(names, Names) else None
    return _Way(heads, tuple(rows), " ".join(tell_path(path.summary, last, words)), draws)


def _change(row: Mapping[str, Any]) -> dict[str, Any]:
    """A change as a part of what was there, with its 90 % interval and the way it goes."""
    change = float(row["ratio"]) - 1.0
    ends = [float(row[f"ratio_{end}"]) - 1.0 for end in ("5", "95") if f"ratio_{end}" in row]
    unclear = bool(ends) and ends[0] < -EDGE and ends[1] > EDGE
    sign = 0 if unclear or abs(change) < EDGE else int(np.sign(change))
    text = percent(change)
    shown = range_of_change(row)
    return {"value": text, "range": "" if shown == text else shown, "sign": sign}


def _label(figure: str, base: xr.Dataset, names: Mapping[str, str]) -> str:
    """A headline figure as the tables name it."""
    if figure != "local price":
        return NAMED.get(figure, figure)
    form, _, place = price_spot(base).partition("@")
    return f"price of {lower(names.get(form, form))} in {article(names.get(place, place))}"


def _levels(report: ReportData, policy: Mapping[str, float]) -> list[str]:
    """The measures of a policy and their levels."""
    return list(policy_in_words(report.case, policy))


def _figure_rows(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """All headline figures before and after, with ranges and probabilities."""
    count = base.sizes["draw"]
    rows = []
    for key, row in plain(tables.headline(base, after)).items():
        if not max(abs(row["before_95"]), abs(row["after_95"])):
            continue
        likely = {way: probability(row[f"p_{way}_5pct"], count, short=True) for way in ("falls", "rises")}
        cells = [
            {"value": say(row[name]), "range": f"{say(row[f'{name}_5'])} to {say(row[f'{name}_95'])}"}
            for name, say in (("before", _figure), ("after", _figure), ("change", signed))
        ]
        sign = 0 if is_open(row) else int(np.sign(row["change"]))
        label = _label(key, base, names)
        rows.append(likely | {"label": label, "unit": row["unit"], "cells": cells, "sign": sign})
    return rows


def _figure(value: float) -> str:
    return significant(value)


def _zones(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table of what is grown and made where."""
    frame = tables.by_zone(base, after).reset_index()
    units = {"crop": "ha"}
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
