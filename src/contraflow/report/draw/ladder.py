"""What a kilogram costs on its way: the price at each step, and what the step is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contraflow._numbers import significant
from contraflow.case.naming import lower
from contraflow.report.draw import theme
from contraflow.report.draw.bars import QUIET, TINT, legend_above, rows_layout, unique
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, quiet, wrapped

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
        made = f"made into {lower(_name(names, step['form_out']))}"
        how = lower(_name(names, step["mode"])) if step["kind"] == "link" else made
        labels.append(_two_lines(_name(names, step["to_place"]), how))
    labels = unique(labels)
    figure = Drawing(theme.layout(470, margin={"l": 8, "r": 16, "t": 44, "b": 8}))
    text = [
        lines(
            bold(_dollars(p)),
            quiet(lines(f"{_dollars(q)} a kg of", lower(_short_name(_name(names, g)))), 11),
        )
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
    figure.xaxis(**theme.axis(tickangle=0, showgrid=False, tickfont={"size": 11.5, "color": theme.INK}))
    figure.yaxis(
        **theme.axis(
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
            f"{lower(_short_name(_name(names, s['form_out'])))}, {_name(names, s['to_place'])}"
            for _, s in frame.iterrows()
        ]
    )
    figure = Drawing(rows_layout(len(frame) + 1, ""))
    figure.layout.update(barmode="stack", bargap=0.34, showlegend=True, legend=legend_above())
    figure.layout.update(margin={"t": 56, "l": 8, "r": 84, "b": 30})
    for k, part in enumerate(parts):
        text, colour = COMPONENTS[part]
        figure.add(
            "bar",
            x=shares[:, k].tolist(),
            y=labels,
            orientation="h",
            name=text,
            marker={"color": colour, "line": {"color": theme.PAPER, "width": 1}},
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
    text = significant(float(value))
    return f"−${text[1:]}" if text.startswith("−") else f"${text}"


def _built(step: pd.Series[Any]) -> str:
    parts = (
        f"{text}: {_dollars(step[part])}"
        for part, (text, _) in COMPONENTS.items()
        if abs(step[part]) > 1e-3 * step["price_to"]
    )
    return lines(bold(f"{_dollars(step['price_to'])} per kg pure"), *parts)


def _short_name(text: str) -> str:
    """The good without its kind: the last word of its name."""
    return text.rsplit(maxsplit=1)[-1].capitalize() if text else text


def _two_lines(first: str, second: str) -> str:
    """A label whose second part is quiet, both wrapped to the width of a bar."""
    return lines(wrapped(first, 15), quiet(wrapped(second, 15)))


def _step_colour(kind: str) -> str:
    return "#75668f" if kind == "process" else "#c9a95c"


def _name(names: Mapping[str, str], key: object) -> str:
    return names.get(str(key), str(key).replace("-", " "))
