"""What the answer rests on: claims and numbers behind one headline figure, and what to report on next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contraflow._numbers import share, significant
from contraflow.report.data import ReportData
from contraflow.report.draw import theme
from contraflow.report.draw.bars import unique
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines
from contraflow.report.section import Content
from contraflow.results.explanation import Explanation, Group, How

COLOURS = {
    Group.CLAIMS: "#23508a",
    Group.SHARED: "#5f87b8",
    Group.RANGES: "#9db6d3",
    Group.ASSUMPTIONS: "#c58a1c",
    Group.FORM: "#b4552d",
    Group.INTERACTION: "#d3cfc3",
}
"""Blue for what claims hold, warm for what is assumed, grey for what no part owns."""

CLAIMS, NUMBERS, FACTS = 10, 12, 8
"""Rows that are shown."""

WIDEST = 58
"""Characters of a label."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Charts and sentences on the first answer's key figure; none where it was not explained."""
    explanation = report.explanation
    if explanation is None:
        return None
    return Content(
        data=_texts(explanation, report.worth),
        drawings={
            "rests-shares": draw_shares(explanation),
            "rests-claims": draw_claims(explanation),
            "rests-numbers": draw_numbers(explanation),
        },
    )


def draw_shares(explanation: Explanation) -> Drawing:
    """One bar: the variance by group."""
    figure = Drawing(theme.layout(64, margin={"l": 0, "r": 0, "t": 4, "b": 4}, barmode="stack"))
    for row in explanation.shares.to_dict("records"):
        part = max(float(row["share"]), 0.0)
        figure.add(
            "bar", orientation="h", x=[part], y=[""], name=row["group"],
            marker={"color": COLOURS[Group(row["group"])], "line": {"color": theme.PAPER, "width": 2}},
            text=[share(part) if part >= 0.04 else ""], textposition="inside",
            insidetextanchor="middle", textangle=0,
            insidetextfont={"size": 13, "color": "#fff" if row["group"] != Group.INTERACTION else theme.INK},
            hovertext=[lines(bold(row["group"]) + f": {share(part)}", row["meaning"])], hoverinfo="text",
        )  # fmt: skip
    figure.xaxis(visible=False, range=[0, 1], fixedrange=True)
    figure.yaxis(visible=False, fixedrange=True)
    return figure


def draw_claims(explanation: Explanation) -> Drawing:
    """The figure without each of the claims that move it most, beside the figure with all."""
    rows = explanation.claims.head(CLAIMS).iloc[::-1]
    labels = unique([_short(str(s)) for s in rows["statement"]])
    figure = _frame(explanation, len(rows))
    _band(figure, explanation)
    for label, (_, row) in zip(labels, rows.iterrows(), strict=True):
        sure = row["how"] != How.LINEAR
        colour = theme.INK if sure else theme.FAINT
        figure.add("scatter", x=[row["without_5"], row["without_95"]], y=[label, label], mode="lines",
                   line={"color": theme.faded(colour, 0.45), "width": 2}, hoverinfo="skip")  # fmt: skip
        figure.add(
            "scatter", x=[row["without"]], y=[label], mode="markers",
            marker={"size": 10, "color": COLOURS[Group.CLAIMS] if sure else theme.PAPER,
                    "line": {"color": COLOURS[Group.CLAIMS] if sure else theme.FAINT, "width": 2}},
            hovertext=[_hover(row, explanation.unit)], hoverinfo="text", cliponaxis=False,
        )  # fmt: skip
    return figure


def draw_numbers(explanation: Explanation) -> Drawing:
    """The figure as each of the strongest numbers goes from the low to the high end of its range."""
    rows = explanation.gathered(NUMBERS).iloc[::-1]
    labels = unique([_short(str(m)) for m in rows["meaning"]])
    figure = _frame(explanation, len(rows))
    _band(figure, explanation)
    for label, (_, row) in zip(labels, rows.iterrows(), strict=True):
        colour = COLOURS[Group(row["group"])]
        ends = [float(row["at_low"]), float(row["at_high"])]
        figure.add("scatter", x=ends, y=[label, label], mode="lines",
                   line={"color": theme.faded(colour, 0.7), "width": 7}, hoverinfo="skip")  # fmt: skip
        text = lines(
            bold(row["meaning"]),
            f"low end: {_amount(ends[0])}, high end: {_amount(ends[1])} {_unit(explanation)}",
            (f"{row['group']}: {row['role']}" if row["role"] else row["group"])
            + f", {share(row['share'])} of the variance",
            *([f"strongest of {row['count']}: {row['strongest']}"] if row["count"] > 1 else []),
        )
        for end, fill in zip(ends, (theme.PAPER, colour), strict=True):
            figure.add(
                "scatter", x=[end], y=[label], mode="markers", hovertext=[text], hoverinfo="text",
                marker={"size": 9, "color": fill, "line": {"color": colour, "width": 2}}, cliponaxis=False,
            )  # fmt: skip
    return figure


def _texts(explanation: Explanation, worth: pd.DataFrame | None) -> dict[str, Any]:
    """What the page says beside the charts."""
    first, *rest = explanation.words()
    facts = [] if worth is None else _records(worth[worth["worth"] > 0].head(FACTS))
    return {
        "subject": explanation.subject,
        "first": first,
        "rest": rest,
        "legend": [
            {"colour": COLOURS[Group(row["group"])], "text": row["meaning"], "share": share(row["share"])}
            for row in _records(explanation.shares)
        ],
        "sources": [
            {
                "title": row["title"], "claims": row["claims"], "without": _amount(row["without"]),
                "range": f"{_amount(row['without_5'])} to {_amount(row['without_95'])}",
                "how": How(row["how"]).words,
            }
            for row in _records(explanation.sources.head(CLAIMS))
        ],
        "facts": [
            {"what": f["what"], "kind": f["kind"], "worth": share(f["worth"]), "error": share(f["error"])}
            for f in facts
        ],
        "unit": _unit(explanation),
        "linear": int((explanation.claims["how"] == How.LINEAR.value).sum()),
        "refits": explanation.refits,
        "chance": "" if worth is None else share(worth.attrs["chance"]),
    }  # fmt: skip


def _frame(explanation: Explanation, rows: int) -> Drawing:
    figure = Drawing(theme.layout(62 + 27 * max(rows, 1), margin={"l": 8, "r": 20, "t": 8, "b": 46}))
    what = f"change of {explanation.quantity}" if explanation.against else explanation.quantity
    title = {
        "text": f"{what}, {_unit(explanation)}",
        "font": {"size": 12, "color": theme.SOFT},
        "standoff": 6,
    }
    figure.xaxis(**theme.axis(title=title, nticks=7, tickformat=",~g"))
    ink = {"size": 12, "color": theme.INK}
    figure.yaxis(**theme.axis(showgrid=False, type="category", tickfont=ink, dtick=1))
    return figure


def _band(figure: Drawing, explanation: Explanation) -> None:
    """The figure with everything: its 90 % interval shaded, its median as a line."""
    low, high, middle = (explanation.figure[e] for e in ("_5", "_95", ""))
    shape = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    shade = {"fillcolor": theme.HOME, "opacity": 0.55, "line": {"width": 0}}
    figure.layout["shapes"] = [
        {"type": "rect", "x0": low, "x1": high} | shade | shape,
        {"type": "line", "x0": middle, "x1": middle, "line": {"color": theme.SOFT, "width": 1.2}} | shape,
    ]  # fmt: skip


def _hover(row: Any, unit: str) -> str:
    ends = f"{_amount(row['without_5'])} to {_amount(row['without_95'])}"
    return lines(
        bold(row["statement"]),
        f"without it: {_amount(row['without'])} ({ends}) {unit}",
        How(row["how"]).words,
        f"{row['claim']}, {row['source']}",
    )


def _unit(explanation: Explanation) -> str:
    return explanation.unit.replace("/yr", " a year")


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1].rsplit(" ", 1)[0] + "…"


def _amount(value: float) -> str:
    return significant(float(value))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
