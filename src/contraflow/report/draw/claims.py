"""Claims against the model: how far off each is, on one scale, beside what the source and the model say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from contraflow._language import N_, _, ngettext
from contraflow._numbers import fixed
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, KeyEntry
from contraflow.report.draw.row_charts import RowMark, TrackScale, rows_facet
from contraflow.text.conflict_sentences import is_bare, scale_of

if TYPE_CHECKING:
    from contraflow.case.case import Case

Row = Mapping[str, Any]

COLUMNS = (
    "claim", "source", "statement", "quantity", "low", "value", "high", "bound", "unit",
    "model", "residual", "use", "year", "grade",
)  # fmt: skip
"""Columns of the claims table; ``residual`` is in standard deviations, model minus claim."""

SCALE = (
    (1.0, "fits", N_("fits (within 1 s.d.)")),
    (2.0, "strained", N_("in tension (1 to 2 s.d.)")),
    (np.inf, "contradicts", N_("contradicts (beyond 2 s.d.)")),
)
"""Limits of a standardised residual, with the name of the colour and the words for what lies below."""

WORDS = ("fits", "strained", "contradicts")
"""Residuals up to each limit of :data:`SCALE`, in a word."""

LABELS = {"fits": N_("fits"), "strained": N_("in tension"), "contradicts": N_("contradicts")}
"""The words as they are shown."""

SHAPES = {"fits": "circle", "strained": "triangle", "contradicts": "diamond"}
"""Second cue of a state beside its colour."""

FURTHEST = 6.0
"""Standard deviations from 0 at which the axis ends at the latest; arrows stand for what lies beyond."""


def tension_word(residual: float) -> str:
    """State of a standardised residual, one of :data:`WORDS`."""
    return next(w for w, (limit, _c, _t) in zip(WORDS, SCALE, strict=True) if abs(residual) <= limit)


def tension_colour(residual: float) -> str:
    """Name of the colour of a standardised residual."""
    return next(colour for limit, colour, _t in SCALE if abs(residual) <= limit)


def draw_claims_chart(
    claims: pd.DataFrame, most: int = 36, *, case: Case | None = None, title: str = ""
) -> Drawing:
    """How far the model is from each claim, in standard deviations of the claim's error; the worst first.

    Below each statement stands who says so, what, and what the model says. Colour and shape tell what fits,
    is in tension and contradicts; hollow marks were held back. Claims that the model does not observe are
    left out.

    Parameters
    ----------
    claims
        Table as from ``Lab.claims()``.
    most
        Rows at most: those that fit worst.
    case
        The case, for titles of sources and for what masses count. None: sources are shown by their id.
    title
        Heading of a file of its own.

    Raises
    ------
    ValueError
        If the table lacks a column.
    """
    rows = _usable(claims)
    rows = rows.loc[rows["residual"].abs().sort_values(ascending=False, kind="stable").index[:most]]
    records = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    furthest = max([2.5, *rows["residual"].abs()])
    end = min(FURTHEST, furthest)
    scale = TrackScale(-end, end)
    marks: list[RowMark] = []
    for word in reversed(WORDS):
        own = [row for row in records if tension_word(row["residual"]) == word]
        if own:
            marks.append(RowMark(name=_heading(word, len(own)), heading=True))
            marks += [_row(row, word, scale, case) for row in own]
    facet = rows_facet(marks, scale, _("the model less the claim, standard deviations of the claim's error"))
    words = [tension_word(row["residual"]) for row in records]
    kept = [*COLUMNS[:2], "grade", *COLUMNS[2:4], "year", "bound", "low", "value", "high", "model", "unit"]
    table = rows[kept].assign(state=words, use=rows["use"])
    table["residual [s.d. of the claim]"] = rows["residual"]
    return Drawing(
        alt=_alt(records, words),
        facets=(facet,),
        table=table.reset_index(drop=True),
        title=title,
        key=_key(),
    )


def stated(row: Row, case: Case | None = None) -> str:
    """What a claim states, with its unit and what it counts: ``at least 442 t pure a year``.

    Empty where only its words say what it counts.
    """
    low, value, high = (_finite(row[c]) for c in ("low", "value", "high"))
    ends = [v for v in (low, high) if v is not None]
    if is_bare(str(row["quantity"]), str(row["unit"])):
        return ""
    if value is None and len(ends) == 2 and ends[0] != ends[1]:
        return _counted(row, case, (ends[0], ends[1]))
    given = value if value is not None else ends[0] if ends else None
    if given is None:
        return ""
    words = {"at least": _("at least {figure}"), "up to": _("up to {figure}")}
    return words.get(str(row["bound"]), "{figure}").format(figure=_counted(row, case, (given,)))


def _counted(row: Row, case: Case | None, figures: tuple[float, ...]) -> str:
    """A figure or range of a claim in its unit."""
    scale = scale_of(str(row["quantity"]), str(row["unit"]), max(figures))
    text = scale.text(figures[0]) if len(figures) == 1 else scale.span(*figures)
    unit = str(row["unit"])
    if not unit.startswith("kg"):
        return text
    yearly = unit in ("kg/year", "kg/yr")
    claim = case.claims.get(str(row["claim"])) if case is not None else None
    if claim is None:
        return _("{mass} a year").format(mass=text) if yearly else text
    if claim.basis == "pure":
        return (_("{mass} a year, pure") if yearly else _("{mass}, pure")).format(mass=text)
    return (_("{mass} a year, gross") if yearly else _("{mass}, gross")).format(mass=text)


def _usable(claims: pd.DataFrame) -> pd.DataFrame:
    missing = [c for c in COLUMNS if c not in claims]
    if missing:
        text = _("the claims table lacks the columns {columns}")
        raise ValueError(text.format(columns=", ".join(missing)))
    numbers = claims.copy()
    for column in ("low", "value", "high", "model", "residual"):
        numbers[column] = pd.to_numeric(claims[column], errors="coerce")
    usable: pd.DataFrame = numbers[
        np.isfinite(numbers["model"]) & np.isfinite(numbers["residual"])
    ].drop_duplicates("claim")
    return usable


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _heading(word: str, count: int) -> str:
    words = {
        "fits": ngettext("{count} claim fits", "{count} claims fit", count),
        "strained": ngettext("{count} claim is in tension", "{count} claims are in tension", count),
        "contradicts": ngettext(
            "{count} claim contradicts the model", "{count} claims contradict the model", count
        ),
    }
    return words[word].format(count=count)


def _row(row: Row, word: str, scale: TrackScale, case: Case | None) -> RowMark:
    residual = float(row["residual"])
    held = row["use"] != "fit"
    colour = tension_colour(residual)
    shape = SHAPES[word] if scale.holds(residual) else "right" if residual > 0 else "left"
    look = f"f-paper s-{colour}" if held else f"f-{colour} s-{colour}"
    mark = svg.mark(scale.at(residual), 0, shape, 5, look, width=2)
    stem = svg.line(scale.at(0.0), 0, scale.at(residual), 0, f"s-{colour}", 1.4)
    titled = case.sources.get(str(row["source"])) if case is not None else None
    told = {
        "source": titled.title if titled is not None else row["source"],
        "year": row["year"] if isinstance(row["year"], str) else "",
        "stated": stated(row, case),
        "model": _counted(row, case, (float(row["model"]),)),
    }
    below = (
        _("{source}, for {year}: {stated}. The model: {model}.")
        if told["year"]
        else _("{source}: {stated}. The model: {model}.")
    ).format(**told)
    return RowMark(
        name=str(row["statement"]),
        figure=_("{number} s.d.").format(number=fixed(residual, 1, sign=True)),
        figure_class=f"f-{colour}",
        range=_("held back") if held else "",
        below=below,
        marks=stem + mark,
    )


def _key() -> tuple[KeyEntry, ...]:
    entries = [
        KeyEntry(mark=svg.mark(9, 6, SHAPES[word], 5, f"f-{colour}"), words=_(text))
        for word, (_limit, colour, text) in zip(WORDS, SCALE, strict=True)
    ]
    hollow = svg.mark(5, 6, "circle", 3.5, "f-paper s-ink", width=1.6) + svg.mark(
        14, 6, "diamond", 3.5, "f-paper s-ink", width=1.6
    )
    return (*entries, KeyEntry(mark=Markup(hollow), words=_("hollow: held back to test the model")))


def _alt(rows: list[dict[str, Any]], words: list[str]) -> str:
    if not rows:
        return _("There is no claim that the model observes.")
    counts = [_heading(word, words.count(word)) for word in reversed(WORDS) if word in words]
    worst = rows[0]
    return _(
        "Of {count} claims: {counts}. Furthest off: {statement} ({residual} standard deviations)."
    ).format(
        count=len(rows),
        counts="; ".join(counts),
        statement=str(worst["statement"]).rstrip("."),
        residual=fixed(float(worst["residual"]), 1, sign=True),
    )
