"""How often was it right? Foreseen against observed, for each episode of history that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import pandas as pd
from markupsafe import Markup

from contraflow._language import N_, _, ngettext
from contraflow._numbers import significant
from contraflow._quantiles import ENDS
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, KeyEntry
from contraflow.report.draw.dumbbells import interval_key
from contraflow.report.draw.row_charts import RowMark, TrackScale, interval, rows_facet
from contraflow.text.episode_names import past

STAGES = {
    "area": N_("land with the crop"), "output": N_("harvest"), "gate": N_("price at the farm gate"),
    "street": N_("price in the street"), "supply": N_("what reaches the street"),
    "way": N_("traffic by the way that was closed"),
}  # fmt: skip
"""Stages as a figure names them."""

LIMIT = 60.0
"""Multiple of what was before at which the axis ends at the latest; arrows stand for what lies beyond."""

LEAST = 0.01
"""Multiple below which figures are not told apart in words, nor above its inverse."""

INSIDE, OUTSIDE = ("fits", "circle"), ("contradicts", "diamond")
"""Colour and shape of an observation within the 90 % interval, and beyond it."""

WIDTH = 420.0
"""Natural width of an episode, px."""


def draw_how_often_right(observations: pd.DataFrame, who: str = "the model", title: str = "") -> Drawing:
    """Each figure of episodes that were left out, as a multiple of what it was before.

    Parameters
    ----------
    observations
        As of :class:`contraflow.history.left_out_episodes.LeftOut`.
    who
        The forecaster whose forecasts are shown.
    title
        Heading of a file of its own.
    """
    rows = [_multiples(row, who) for row in observations.to_dict("records")]
    known = [row[c] for row in rows for c in ("observed", "foreseen_5", "foreseen_95")]
    inner = [v for v in known if 1 / LIMIT <= v <= LIMIT]
    scale = TrackScale(min(0.5, *inner), max(2.0, *inner), log=True)
    unit = _("times what was before; each line is ten times the one before")
    facets = []
    for episode in dict.fromkeys(row["title"] for row in rows):
        own = [_row(row, scale) for row in rows if row["title"] == episode]
        facets.append(rows_facet(own, scale, unit, width=WIDTH, title=str(episode)))
    columns = ["title", "name", "observed", "foreseen", *(f"foreseen{e}" for e in ENDS)]
    numbers = pd.DataFrame(rows)[columns]
    table = numbers.rename(
        columns={"title": "episode", "name": "figure"}
        | {c: f"{c} [times what was before]" for c in columns[2:]}
    )
    keys = tuple(
        KeyEntry(mark=svg.mark(9, 6, shape, 4.5, f"f-{colour}"), words=words)
        for (colour, shape), words in (
            (INSIDE, _("observed, within the 90% interval")),
            (OUTSIDE, _("observed, beyond it")),
        )
    )
    middle = KeyEntry(mark=svg.line(9, 0, 9, 12, "s-ink", 2), words=_("foreseen, median"))
    return Drawing(
        alt=reading(observations, who),
        facets=tuple(facets),
        table=table,
        title=title,
        key=(*keys, middle, interval_key()),
    )


def _multiples(found: Mapping[Any, Any], who: str) -> dict[str, Any]:
    """A figure as multiples of what was before."""
    row: dict[str, Any] = {"title": past(found["title"]), "name": label_of(found)}
    row["observed"] = _multiple(found["observed"])
    row["foreseen"] = _multiple(found[f"{who} 0.5"])
    return row | {f"foreseen{e}": _multiple(found[f"{who} {q:g}"]) for e, q in ENDS.items()}


def _row(row: Mapping[str, Any], scale: TrackScale) -> RowMark:
    low, high, seen = row["foreseen_5"], row["foreseen_95"], row["observed"]
    colour, shape = INSIDE if low <= seen <= high else OUTSIDE
    if not scale.holds(seen):
        shape = "right" if seen > scale.high else "left"
    beyond = [
        svg.mark(scale.at(end), 0, side, 3.5, "f-soft")
        for end, side in ((low, "left"), (high, "right"))
        if not scale.holds(end)
    ]
    middle = scale.at(row["foreseen"])
    marks = [
        svg.line(scale.at(1.0), -9, scale.at(1.0), 9, "s-soft"),
        interval(scale, row, "foreseen", "soft"),
        *beyond,
        svg.line(middle, -6, middle, 6, "s-ink", 2),
        svg.mark(scale.at(seen), 0, shape, 4.5, f"f-{colour} s-paper", width=1.2),
    ]
    told = {k: _times(row[k]) for k in ("foreseen", "foreseen_5", "foreseen_95")}
    below = _("foreseen {foreseen} ({foreseen_5} to {foreseen_95})").format(**told)
    return RowMark(
        name=str(row["name"]),
        figure=_times(seen),
        figure_class=f"f-{colour}",
        below=below,
        marks=Markup("").join(marks),
        reach=9.0,
    )


def _times(multiple: float) -> str:
    """A multiple in words; what is all but nothing, or beyond all bounds, is told as such."""
    if multiple < LEAST:
        return _("under ×{number}").format(number=significant(LEAST))
    if multiple > 1 / LEAST:
        return _("over ×{number}").format(number=significant(1 / LEAST))
    return f"×{significant(multiple)}"


def label_of(row: Mapping[Any, Any]) -> str:
    """What a figure is of, where, and how long after: ``price at the farm gate, Peru, after 5 months``."""
    months = int(row["months"])
    told = {"stage": _(STAGES[row["stage"]]), "place": past(row["place"]), "months": months}
    if row["place"] == "market":
        words = ngettext("{stage}, after {months} month", "{stage}, after {months} months", months)
    else:
        words = ngettext(
            "{stage}, {place}, after {months} month", "{stage}, {place}, after {months} months", months
        )
    return words.format(**told)


def reading(observations: pd.DataFrame, who: str = "the model") -> str:
    """How the figure is read, and what it shows, in a few sentences."""
    observed = observations["observed"]
    held = int(((observed >= observations[f"{who} 0.05"]) & (observed <= observations[f"{who} 0.95"])).sum())
    return _(
        "Each row is one figure of an episode of history, foreseen from all other episodes, as a multiple of "
        "what it was before. {held} of {count} observations lie within the 90% interval."
    ).format(held=held, count=len(observed))


def _multiple(logarithm: float) -> float:
    return exp(max(-50.0, min(50.0, float(logarithm))))
