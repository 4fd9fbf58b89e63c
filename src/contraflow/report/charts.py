"""Figures other than maps: what changes, who earns, how the price builds up, claims against model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contraflow.report import style
from contraflow.report.drawing import Drawing
from contraflow.report.words import is_open, signed
from contraflow.results.draws import with_ends

ROW = 30
"""Height of a row of a bar or dot chart, px."""

READING = "Dots, bars and figures: medians. Thick line: 50% interval. Thin line: 90% interval."
"""How charts with draws are read."""

TINT = "rgba(34,40,46,0.42)"
"""Colour of intervals."""


def draw_dumbbells(
    frame: pd.DataFrame, unit: str, names: Mapping[str, str] | None = None, most: int = 12
) -> Drawing:
    """Before and after, one row per option, joined by a line whose colour is the sign of the change.

    ``frame`` is a table of :mod:`contraflow.results.tables` with columns before and after; the ``most``
    largest rows are drawn. With draws, the change stands beside the levels with its intervals.
    """
    if "change_5" in frame:
        return _draw_levels_and_changes(frame, unit, names or {}, most)
    size = frame[["before", "after"]].max(axis=1)
    rows = frame[size > 0.004 * size.max()].loc[lambda f: size[f.index].nlargest(most).index]
    rows = rows.sort_values("before", ascending=True, kind="stable")
    labels = unique([(names or {}).get(str(i), str(i).replace("-", " ")) for i in rows.index])
    before, after = rows["before"].to_numpy(), rows["after"].to_numpy()
    figure = Drawing(_rows_layout(len(rows), unit))
    for sign, colour in ((1, style.RISE), (-1, style.FALL)):
        x: list[float | None] = []
        y: list[str | None] = []
        for label, a, b in zip(labels, before, after, strict=True):
            if (b - a) * sign > 0:
                x, y = [*x, float(a), float(b), None], [*y, label, label, None]
        figure.add(
            "scatter",
            x=x,
            y=y,
            mode="lines",
            line={"color": style.faded(colour, 0.55), "width": 5},
            hoverinfo="skip",
        )
    still = 0.004 * float(size.max())
    colours = [_sign_colour(b - a, still) for a, b in zip(before, after, strict=True)]
    dots: tuple[tuple[Any, str, Any, Any], ...] = (
        (before, "before", style.PAPER, style.SOFT),
        (after, "after", colours, colours),
    )
    for values, when, fill, edge in dots:
        text = [
            f"<b>{n}</b><br>{when}: {style.amount(v)} {unit}" for n, v in zip(labels, values, strict=True)
        ]
        figure.add(
            "scatter",
            x=values.tolist(),
            y=labels,
            mode="markers",
            marker={"size": 11, "color": fill, "line": {"color": edge, "width": 2}},
            text=text,
            hoverinfo="text",
            cliponaxis=False,
        )
    figure.yaxis(categoryorder="array", categoryarray=labels)
    notes = [
        {
            "x": float(max(a, b)),
            "y": label,
            "text": f"{'+' if b > a else ''}{style.amount(b - a)}",
            "xanchor": "left",
            "xshift": 11,
            "showarrow": False,
            "font": {"size": 12, "color": _sign_colour(b - a, still)},
        }
        for label, a, b in zip(labels, before, after, strict=True)
        if abs(b - a) > still
    ]
    figure.layout["annotations"] = notes
    return figure


def _draw_levels_and_changes(frame: pd.DataFrame, unit: str, names: Mapping[str, str], most: int) -> Drawing:
    """Left the medians before and after, right the change draw by draw with its intervals, in figures too."""
    size = frame[["before", "after", "change_5", "change_95"]].abs().max(axis=1)
    rows = frame[size > 0.004 * size.max()].loc[lambda f: size[f.index].nlargest(most).index]
    rows = rows.sort_values("before", ascending=True, kind="stable")
    labels = unique([names.get(str(i), str(i).replace("-", " ")) for i in rows.index])
    told = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    colours = [_change_colour(row, 0.004 * float(size.max())) for row in told]
    trace = 5e-4 * float(size.max())
    figure = Drawing(_rows_layout(len(rows), unit))
    for colour in dict.fromkeys(colours):
        own = [(label, row) for label, row, c in zip(labels, told, colours, strict=True) if c == colour]
        ends = [(label, row["before"], row["after"]) for label, row in own]
        figure.add(
            "scatter", **_segments(ends), line={"color": style.faded(colour, 0.55), "width": 5}, **QUIET
        )
        for low, high, alpha, width in (("_5", "_95", 0.75, 1.4), ("_25", "_75", 0.75, 4.5)):
            parts = [(label, row[f"change{low}"], row[f"change{high}"]) for label, row in own]
            line = {"color": style.faded(colour, alpha), "width": width}
            figure.add("scatter", **_segments(parts), line=line, xaxis="x2", **QUIET)
    text = [_told_change(label, row, unit, trace) for label, row in zip(labels, told, strict=True)]
    for column, fill, edge, axis in (
        ("before", style.PAPER, style.SOFT, "x"),
        ("after", colours, colours, "x"),
        ("change", colours, colours, "x2"),
    ):
        figure.add(
            "scatter",
            x=rows[column].tolist(),
            y=labels,
            mode="markers",
            marker={"size": 11 if axis == "x" else 9, "color": fill, "line": {"color": edge, "width": 2}},
            xaxis=axis,
            text=text,
            hoverinfo="text",
            cliponaxis=False,
        )
    title = {"text": f"change, {unit}", "font": {"size": 12, "color": style.SOFT}, "standoff": 6}
    figure.xaxis(domain=[0.0, 0.55])
    figure.layout["xaxis2"] = style.axis(
        domain=[0.62, 1.0], anchor="y", title=title, nticks=5, tickformat=",~g",
        zeroline=True, zerolinecolor="#8d877b", zerolinewidth=1,
    )  # fmt: skip
    figure.layout["margin"] = figure.layout["margin"] | {"r": 178}
    figure.yaxis(categoryorder="array", categoryarray=labels, range=[-0.6, len(labels) - 0.4])
    for label, row, colour in zip(labels, told, colours, strict=True):
        figure.note(
            x=1.0, xref="paper", y=label, xanchor="left", xshift=12, showarrow=False, align="left",
            text=f"<b>{_signed(row['change'], trace)}</b>  "
            f"<span style='color:{style.SOFT};font-size:11.5px'>{_ends_of_change(row, trace)}</span>",
            font={"size": 12.5, "color": colour},
        )  # fmt: skip
    return figure


QUIET: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip", "cliponaxis": False}
"""What lines that say nothing on hover have in common."""


def _segments(parts: Sequence[tuple[str, float, float]]) -> dict[str, list[Any]]:
    """Horizontal lines, one for each label, as one trace."""
    return {
        "x": [x for _, low, high in parts for x in (float(low), float(high), None)],
        "y": [y for label, _, _ in parts for y in (label, label, None)],
    }


def _change_colour(row: Mapping[str, Any], still: float) -> str:
    """Colour of a rise or fall; grey where the 90 % interval holds both or the change is too small."""
    return style.SOFT if is_open(row) else _sign_colour(float(row["change"]), still)


def _signed(value: float, trace: float) -> str:
    """A change with its sign; none below what can be seen."""
    return signed(float(value)) if abs(value) >= trace else "0"


def _ends_of_change(row: Mapping[str, Any], trace: float) -> str:
    low, high = (_signed(row[f"change_{end}"], trace) for end in ("5", "95"))
    return f"{low} to {high}" if low != high else ""


def _told_change(label: str, row: Mapping[str, Any], unit: str, trace: float) -> str:
    """Levels and change with their 90 % intervals, as shown on hover."""
    lines = [f"<b>{label}</b>"]
    for when in ("before", "after"):
        ends = [style.amount(style.rounded(float(row[when + end]))) for end in ("", "_5", "_95")]
        lines.append(f"{when}: {ends[0]} ({ends[1]} to {ends[2]}) {unit}")
    span = _ends_of_change(row, trace)
    return "<br>".join([*lines, f"change: {_signed(row['change'], trace)}{f' ({span})' if span else ''}"])


def draw_income_bars(frame: pd.DataFrame, most: int = 14) -> Drawing:
    """Who earns what, M$ a year, before and after; ``frame`` as from ``tables.incomes``.

    The largest earners and those whose income changes most have rows; all others share one.
    """
    return draw_bars(_folded(frame, most), "million dollars a year")


def _folded(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` rows, largest last: two thirds by size, more by change, first the sum of the rest."""
    ends = [c for c in ("before", "after") if c in frame]
    columns = [c for c in with_ends((*ends, "change")) if c in frame]
    rows = frame[["name", *dict.fromkeys((*ends, *columns))]].reset_index(drop=True)
    rows = rows[rows[ends].max(axis=1) > 0]
    if len(rows) > most:
        by_size = rows[ends].max(axis=1).sort_values(ascending=False).index
        first = by_size[: 2 * most // 3 if len(ends) > 1 else most - 1]
        change = (rows[ends[-1]] - rows["before"]).abs().drop(first)
        kept = first.union(change.nlargest(most - 1 - len(first)).index)
        rest = rows.drop(kept)
        added = ", medians added up" if "before_5" in frame else ""
        others = rest[ends].sum().to_frame().T.assign(name=f"{len(rest)} others{added}")
        return pd.concat([others, rows.loc[kept].sort_values("before", kind="stable")], ignore_index=True)
    return rows.sort_values("before", kind="stable")


def draw_bars(frame: pd.DataFrame, unit: str) -> Drawing:
    """Bars before and, where there is one, after; rows from below, each with its ``name``."""
    labels = unique([_wrap(str(n), 34) for n in frame["name"]])
    figure = Drawing(_rows_layout(round(len(frame) * (1.3 if "after" in frame else 1.0)), unit))
    figure.layout.update(barmode="group", bargap=0.32, bargroupgap=0.04, showlegend="after" in frame)
    figure.layout.update(
        legend=_legend_above() | {"traceorder": "reversed"},
        margin={"t": 34 if "after" in frame else 6, "l": 8, "r": 62, "b": 40},
    )
    looks = {"after": ("#23508a", "after"), "before": ("#c9c3b2", "before")}
    for column in (c for c in ("after", "before") if c in frame):
        values = frame[column].to_numpy()
        if f"{column}_5" in frame:
            _add_bars_with_intervals(figure, frame, column, labels, looks[column], unit)
            continue
        figure.add(
            "bar",
            x=values.tolist(),
            y=labels,
            orientation="h",
            name=looks[column][1],
            marker={"color": looks[column][0], "line": {"width": 0}},
            text=[style.amount(v) for v in values],
            textposition="outside",
            textfont={"size": 11.5, "color": style.SOFT if column == "before" else style.INK},
            cliponaxis=False,
            hovertemplate="<b>%{y}</b><br>" + looks[column][1] + ": %{text} " + unit + "<extra></extra>",
        )
    return figure


def _add_bars_with_intervals(
    figure: Drawing, frame: pd.DataFrame, column: str, labels: list[str], look: tuple[str, str], unit: str
) -> None:
    """Bars of medians with a thin line for 90 % and a thick one for 50 %; figures stand beyond the lines.

    The lines and figures hang on bars without colour that share the place of the seen ones.
    """
    colour, when = look
    low, near, far, high = (
        frame[f"{column}_{end}"].fillna(frame[column]).to_numpy(float) for end in ("5", "25", "75", "95")
    )
    middle = frame[column].to_numpy(float)
    shared = {
        "type": "bar", "y": labels, "orientation": "h", "offsetgroup": column, "cliponaxis": False,
    }  # fmt: skip
    unseen = {
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    text = [
        f"<b>{label}</b><br>{when}: {style.amount(m)} ({style.amount(a)} to {style.amount(b)}) {unit}"
        for label, m, a, b in zip(labels, middle, low, high, strict=True)
    ]
    thin = {"array": high - middle, "arrayminus": middle - low, "thickness": 1.2, "width": 0, "color": TINT}
    thick = {"array": 0 * far, "arrayminus": far - near, "thickness": 3.4, "width": 0, "color": TINT}
    figure.data.append(
        shared
        | {"x": middle.tolist(), "name": when, "marker": {"color": colour, "line": {"width": 0}}}
        | {"error_x": thin, "hovertext": text, "hoverinfo": "text"}
    )
    figure.data.append(shared | unseen | {"x": far.tolist(), "error_x": thick})
    figure.data.append(
        shared
        | unseen
        | {"x": high.tolist(), "text": [style.amount(m) for m in middle], "textposition": "outside"}
        | {"textfont": {"size": 11.5, "color": style.SOFT if column == "before" else style.INK}}
    )


COMPONENTS = {
    "price_from": ("price before the step", "#d9d4c5"),
    "loss": ("lost or seized", "#b4432f"),
    "cost": ("work and fuel", "#c58a1c"),
    "inputs": ("chemicals, laundering", "#8a6a3a"),
    "fees": ("levies and bribes", "#75668f"),
    "surcharge": ("scarcity of strips and ports", "#93ad6d"),
    "risk_pay": ("pay for risk", "#2f8f8b"),
    "margin": ("margin of organisers", "#23508a"),
    "taken": ("taken by the state", "#5f87b8"),
    "rent": ("gain over other options", "#8a8f96"),
}


def draw_ladder_steps(frame: pd.DataFrame, names: Mapping[str, str] | None = None) -> Drawing:
    """The price of a kg of pure cocaine along the chain, log axis, each step named; USD per kg pure.

    ``frame`` as from ``tables.price_ladder``. Stairs show the price; what is added at a step stands
    beside it in words, so that a log axis does not have to carry a stack.
    """
    names = names or {}
    prices = np.concatenate([frame["price_from"].to_numpy()[:1], frame["price_to"].to_numpy()])
    prices = np.maximum(prices, 1e-9)
    first = frame.iloc[0]
    goods = [str(first["form"]), *(str(f) for f in frame["form_out"])]
    plain = [float(first["market_from"]), *frame["market_to"].astype(float)]
    labels = [_two_lines(_name(names, first["from_place"]), "sold at the farm gate")]
    for _, step in frame.iterrows():
        made = f"made into {_lower(_name(names, step['form_out']))}"
        how = _lower(_name(names, step["mode"])) if step["kind"] == "link" else made
        labels.append(_two_lines(_name(names, step["to_place"]), how))
    labels = unique(labels)
    figure = Drawing(style.layout(470, margin={"l": 8, "r": 16, "t": 44, "b": 8}))
    text = [
        f"<b>{_dollars(p)}</b><br><span style='color:{style.SOFT};font-size:11px'>"
        f"{_dollars(q)} a kg of<br>{_lower(_short_name(_name(names, g)))}</span>"
        for p, q, g in zip(prices, plain, goods, strict=True)
    ]
    drawn = "price_to_5" in frame
    figure.add(
        "bar",
        x=labels,
        y=prices.tolist(),
        marker={"color": ["#5d7f3f", *[_step_colour(k) for k in frame["kind"]]], "line": {"width": 0}},
        text=None if drawn else text,
        textposition=None if drawn else "outside",
        cliponaxis=False,
        hovertext=["where the leaf is sold", *[_built(step) for _, step in frame.iterrows()]],
        hoverinfo="text",
        width=0.62,
    )
    highest = prices
    if drawn:
        ends = {e: _price_ends(frame, e) for e in ("_5", "_25", "_75", "_95")}
        highest = ends["_95"]
        for first_end, last_end, width in (("_5", "_95", 1.2), ("_25", "_75", 4)):
            figure.add(
                "scatter",
                x=[x for label in labels for x in (label, label, None)],
                y=[v for a, b in zip(ends[first_end], ends[last_end], strict=True) for v in (a, b, None)],
                line={"color": TINT, "width": width},
                **QUIET,
            )
        figure.add(
            "scatter", x=labels, y=highest.tolist(), mode="text", text=text, textposition="top center",
            hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    low = 10.0 ** np.floor(np.log10(min(prices.min(), ends["_5"].min() if drawn else np.inf)) - 0.15)
    figure.xaxis(**style.axis(tickangle=0, showgrid=False, tickfont={"size": 11.5, "color": style.INK}))
    figure.yaxis(
        **style.axis(
            type="log",
            range=[float(np.log10(low)), float(np.log10(highest.max()) + 0.32)],
            dtick=1,
            tickprefix="$",
            tickformat=",.0~f",
        )
    )
    return figure


def _price_ends(frame: pd.DataFrame, end: str) -> NDArray[np.float64]:
    """An end of the interval of the price at the start and after each step."""
    first, then = frame[f"price_from{end}"].to_numpy(float)[:1], frame[f"price_to{end}"].to_numpy(float)
    return np.asarray(np.maximum(np.concatenate([first, then]), 1e-9))


def draw_ladder_parts(frame: pd.DataFrame, names: Mapping[str, str] | None = None) -> Drawing:
    """What each step adds, as shares of its rise in price; USD per kg pure on hover."""
    names = names or {}
    parts = [p for p in COMPONENTS if p != "price_from"]
    seen = (np.maximum(frame[parts].to_numpy(float), 0.0) > 0.005 * frame[["price_to"]].to_numpy(float)).any(
        axis=0
    )
    parts = [p for p, s in zip(parts, seen, strict=True) if s]
    added = np.maximum(frame[parts].to_numpy(float), 0.0)
    shares = added / np.maximum(added.sum(axis=1, keepdims=True), 1e-12)
    labels = unique(
        [
            f"{_name(names, s['from_place'])} → {_name(names, s['to_place'])}"
            if s["kind"] == "link"
            else f"{_short_name(_name(names, s['form']))} → "
            f"{_lower(_short_name(_name(names, s['form_out'])))}, {_name(names, s['to_place'])}"
            for _, s in frame.iterrows()
        ]
    )
    figure = Drawing(_rows_layout(len(frame) + 1, ""))
    figure.layout.update(barmode="stack", bargap=0.34, showlegend=True, legend=_legend_above())
    figure.layout.update(margin={"t": 56, "l": 8, "r": 84, "b": 30})
    for k, part in enumerate(parts):
        text, colour = COMPONENTS[part]
        figure.add(
            "bar",
            x=shares[:, k].tolist(),
            y=labels,
            orientation="h",
            name=text,
            marker={"color": colour, "line": {"color": style.PAPER, "width": 1}},
            hovertext=[f"{text}: {_dollars(v)} per kg" for v in frame[part]],
            hoverinfo="text",
        )
    for label, rise in zip(labels, (frame["price_to"] - frame["price_from"]).to_numpy(float), strict=True):
        figure.note(
            x=1.0,
            y=label,
            text=f"{'+' if rise > 0 else ''}{_dollars(rise)}",
            xanchor="left",
            xshift=6,
            showarrow=False,
            font={"size": 12},
        )
    figure.xaxis(range=[0, 1], tickformat=".0%", title=None)
    figure.yaxis(autorange="reversed")
    return figure


def _dollars(value: float) -> str:
    text = style.amount(style.rounded(float(value)))
    return f"−${text[1:]}" if text.startswith("−") else f"${text}"


def _built(step: pd.Series[Any]) -> str:
    lines = [f"<b>{_dollars(step['price_to'])} per kg pure</b>"]
    lines += [
        f"{text}: {_dollars(step[part])}"
        for part, (text, _) in COMPONENTS.items()
        if abs(step[part]) > 1e-3 * step["price_to"]
    ]
    return "<br>".join(lines)


def _sign_colour(change: float, still: float) -> str:
    """Colour of a rise or fall; grey where the change is not worth showing."""
    return style.SOFT if abs(change) <= still else style.RISE if change > 0 else style.FALL


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _short_name(text: str) -> str:
    """The good without its kind: the last word of its name."""
    return text.rsplit(maxsplit=1)[-1].capitalize() if text else text


def _wrap(text: str, width: int) -> str:
    import textwrap

    return "<br>".join(textwrap.wrap(text, width))


def _two_lines(first: str, second: str) -> str:
    """A label whose second part is quiet, both wrapped to the width of a bar."""
    import textwrap

    top, below = ("<br>".join(textwrap.wrap(t, 15)) for t in (first, second))
    return f"{top}<br><span style='color:{style.SOFT}'>{below}</span>"


def _step_colour(kind: str) -> str:
    return "#75668f" if kind == "process" else "#c9a95c"


def _name(names: Mapping[str, str], key: object) -> str:
    return names.get(str(key), str(key).replace("-", " "))


def unique(labels: list[str]) -> list[str]:
    """Tell equal labels apart by invisible spaces: Plotly merges categories of one name."""
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        result.append(label + "\u200b" * seen[label])
    return result


def _rows_layout(rows: int, unit: str) -> dict[str, Any]:
    return style.layout(
        70 + ROW * max(rows, 1),
        margin={"l": 8, "r": 62, "t": 6, "b": 44},
        xaxis=style.axis(
            rangemode="tozero",
            title={"text": unit, "font": {"size": 12, "color": style.SOFT}, "standoff": 6},
            nticks=6,
            tickformat=",~g",
        ),
        yaxis=style.axis(showgrid=False, tickfont={"size": 13, "color": style.INK}, type="category"),
    )


def _legend_above() -> dict[str, Any]:
    return {
        "orientation": "h",
        "x": 0,
        "y": 1.0,
        "xanchor": "left",
        "yanchor": "bottom",
        "traceorder": "normal",
        "font": {"size": 12},
        "itemclick": False,
        "itemdoubleclick": False,
    }
