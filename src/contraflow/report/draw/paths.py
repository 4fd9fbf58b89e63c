"""Figures of a policy on their way to the long run: lines with bands, one panel each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import significant
from contraflow._types import FloatArray
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry
from contraflow.report.draw.panels import YearPanel, from_zero
from contraflow.text.figure_words import time_in_words

SHARES = ("", "_5", "_95", "_25", "_75")


def draw_path(table: pd.DataFrame, shown: Sequence[tuple[str, str, str]], title: str = "") -> Drawing | None:
    """Figures by years since a policy began.

    Parameters
    ----------
    table
        As from ``TransitionPath.table()``: by ``figure`` and ``years``, ``value`` with its intervals.
    shown
        Name, label and unit of each figure; those that the table lacks are passed over.
    title
        Heading of a file of its own.

    Returns
    -------
    Drawing or None
        A panel for each figure; None where there are none.
    """
    there = table.index.get_level_values("figure")
    found = [one for one in shown if one[0] in there]
    if not found:
        return None
    drawn = "value_5" in table
    facets, parts, told = [], [], []
    for name, label, unit in found:
        own = pd.DataFrame(table.loc[name])
        when = own.index.to_numpy(float)
        columns = {end: own[f"value{end}"].to_numpy(float) for end in SHARES if f"value{end}" in own}
        facets.append(_panel(when, columns, label, unit))
        parts.append(own.reset_index().assign(figure=label, unit=unit))
        told.append(_told(label, unit, when, columns[""]))
    frame = pd.concat(parts, ignore_index=True)
    first = ["figure", "unit", "years"]
    kept = [c for c in frame if c not in first and str(c).startswith("value")]
    return Drawing(
        alt=" ".join(told),
        facets=tuple(facets),
        table=frame[[*first, *kept]],
        title=title,
        key=_key(drawn=drawn),
        kind="panels",
    )


def _panel(when: FloatArray, columns: Mapping[str, FloatArray], label: str, unit: str) -> Facet:
    panel = YearPanel(0.0, max(float(when[-1]), 1.0), from_zero(*columns.values()))
    years, lines = when.tolist(), {end: values.tolist() for end, values in columns.items()}
    today = lines[""][0]
    parts = [panel.axes(unit, _("years"))]
    if "_5" in lines:
        parts.append(panel.band(years, lines["_5"], lines["_95"], "f-wide90"))
        parts.append(panel.band(years, lines["_25"], lines["_75"], "f-wide50"))
    parts.append(panel.line([years[0], years[-1]], [today, today], "s-before", 1.4, "4 3"))
    parts.append(panel.line(years, lines[""], "s-after", 2.4))
    return Facet(body=Markup("").join(parts), width=panel.width, height=panel.height, title=label)


def _told(label: str, unit: str, when: FloatArray, values: FloatArray) -> str:
    at = min(range(len(when)), key=lambda i: abs(float(when[i]) - 1.0))
    return _("{figure}, {unit}: {before} before, {first} {after_first}, {last} {after_last}.").format(
        figure=label,
        unit=unit,
        before=significant(float(values[0])),
        first=significant(float(values[at])),
        after_first=_("after {time}").format(time=time_in_words(float(when[at]))),
        last=significant(float(values[-1])),
        after_last=_("after {time}").format(time=time_in_words(float(when[-1]))),
    )


def _key(*, drawn: bool) -> tuple[KeyEntry, ...]:
    entries = [
        KeyEntry(mark=svg.line(0, 6, 18, 6, "s-after", 2.4), words=_("with the policy")),
        KeyEntry(
            mark=svg.element(
                "line", x1=0, x2=18, y1=6, y2=6, class_="s-before", stroke_width=1.4, stroke_dasharray="4 3"
            ),
            words=_("today"),
        ),
    ]
    if drawn:
        band = svg.rect(0, 0, 18, 12, "f-wide90") + svg.rect(0, 3, 18, 6, "f-wide50")
        entries.append(KeyEntry(mark=band, words=_("90% and 50% intervals")))
    return tuple(entries)
