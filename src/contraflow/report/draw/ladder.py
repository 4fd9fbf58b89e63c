"""What a kilogram costs on its way: the price at each step, and what the step is made of."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd

from contraflow._language import N_, _
from contraflow._numbers import significant, to
from contraflow._quantiles import ENDS
from contraflow.case.naming import lower
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet
from contraflow.report.draw.dumbbells import interval_key
from contraflow.report.draw.row_charts import RowMark, TrackScale, interval, rows_facet, scale_of
from contraflow.results.draws import with_ends

COMPONENTS = {
    "loss": N_("lost or seized"),
    "cost": N_("work and fuel"),
    "inputs": N_("chemicals, laundering"),
    "fees": N_("levies and bribes"),
    "surcharge": N_("scarcity of strips and ports"),
    "risk_pay": N_("pay for risk"),
    "margin": N_("margin of organisers"),
    "taken": N_("taken by the state"),
    "rent": N_("gain over other options"),
}
"""Terms of a step, as in ``tables.price_ladder``, in words."""

SMALLEST = 0.02
"""Share of the largest term of a step below which terms share a row."""

CHEAPEST = 1e-9
"""Price below which the axis does not reach, USD a kg."""

Row = Mapping[str, Any]


def draw_ladder_steps(
    frame: pd.DataFrame, names: Mapping[str, str] | None = None, title: str = ""
) -> Drawing:
    """The price of a kg of the pure substance along the chain, from above; dots on a logarithmic axis.

    A dot has no length that a logarithm could falsify. Beside each place stands how many times the price
    before the price is; below, what a kg of the good itself costs.

    Parameters
    ----------
    frame
        As from ``tables.price_ladder``.
    names
        Names of places, modes and goods, and the case's words.
    title
        Heading of a file of its own.
    """
    names = names or {}
    rows = _steps(frame, names)
    prices = [float(row[c]) for row in rows for c in with_ends(("price",)) if c in row]
    known = [p for p in prices if p > CHEAPEST]
    scale = TrackScale(min(known), max(known), log=True)
    marks = [
        RowMark(
            name=row["name"],
            value=row["factor"],
            figure=_dollars(row["price"]),
            range=_span(row, "price"),
            below=row["good"],
            marks=interval(scale, row, "price", "accent")
            + svg.dot(scale.at(float(row["price"])), 0, 5, "f-accent s-paper", width=1),
        )
        for row in rows
    ]
    unit = _unit(names)
    columns = ["price", *(f"price{e}" for e in ENDS if f"price{e}" in rows[0])]
    table = pd.DataFrame(
        [
            {"step": r["name"], "factor": r["times"], "good": r["good"]}
            | {f"{c} [{unit}]": r[c] for c in columns}
            for r in rows
        ]
    )
    first, last = rows[0], rows[-1]
    alt = _(
        "From {first} to {last}, the price rises from {low} to {high}, {times} times as much; {unit}."
    ).format(
        first=first["place"],
        last=last["place"],
        low=_dollars(first["price"]),
        high=_dollars(last["price"]),
        times=significant(float(last["price"]) / max(float(first["price"]), CHEAPEST)),
        unit=unit,
    )
    axis = _("{unit}; each line is ten times the one before").format(unit=unit)
    return Drawing(
        alt=alt,
        facets=(rows_facet(marks, scale, axis if scale.decades() else unit),),
        table=table,
        title=title,
        key=(interval_key(),) if "price_5" in first else (),
    )


def _steps(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The start and each step: its name, its price with the ends of its intervals, and its good."""
    ends = ["", *(e for e in ENDS if f"price_to{e}" in frame)]
    records = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    first = records[0]
    place = _name(names, first["from_place"])
    rows: list[dict[str, Any]] = [
        {"name": _("{place}, where it is first sold").format(place=place), "place": place, "factor": ""}
        | {"times": nan, "good": _sold(names, first["form"], first["market_from"])}
        | {f"price{e}": max(float(first[f"price_from{e}"]), CHEAPEST) for e in ends}
    ]
    for step in records:
        place = _name(names, step["to_place"])
        link = step["kind"] == "link"
        words = _("{place}, reached by {way}") if link else _("{place}, made into {good}")
        told = words.format(
            place=place, way=lower(_name(names, step["mode"])), good=lower(_name(names, step["form_out"]))
        )
        price = {f"price{e}": max(float(step[f"price_to{e}"]), CHEAPEST) for e in ends}
        times = price["price"] / rows[-1]["price"]
        rows.append(
            {"name": told, "place": place, "factor": f"×{significant(times)}", "times": times}
            | {"good": _sold(names, step["form_out"], step["market_to"])}
            | price
        )
    return rows


def _sold(names: Mapping[str, str], form: object, price: float) -> str:
    """What a kg of the good itself costs."""
    good = lower(_name(names, form))
    return _("{price} a kg of {good}").format(price=_dollars(price), good=good)


def draw_ladder_parts(
    frame: pd.DataFrame, names: Mapping[str, str] | None = None, title: str = ""
) -> Drawing:
    """What each step adds to the price, each on its own axis from 0; per kg of the pure substance.

    Parameters
    ----------
    frame
        As from ``tables.price_ladder``.
    names
        Names of places, modes and goods, and the case's words.
    title
        Heading of a file of its own.
    """
    names = names or {}
    unit = _unit(names)
    facets: list[Facet] = []
    tables: list[dict[str, Any]] = []
    steepest = ("", 0.0, "", 0.0)
    for record in frame.to_dict("records"):
        step = {str(k): v for k, v in record.items()}
        head = _head(step, names)
        terms = _terms(step)
        values = [float(t[c]) for t in terms for c in with_ends(("part",)) if c in t]
        scale = scale_of(values or [0.0])
        marks = [_part(term, scale) for term in terms]
        rise = float(step["price_to"]) - float(step["price_from"])
        words = _("{step}: {rise} per kg").format(step=head, rise=_dollars(rise, sign=True))
        facets.append(rows_facet(marks, scale, unit, width=340, title=f"{words[:1].upper()}{words[1:]}"))
        tables += [
            {"step": head, "part": t["name"]}
            | {f"{c} [{unit}]": t[c] for c in with_ends(("part",)) if c in t}
            for t in terms
        ]
        if terms and rise > steepest[1]:
            largest = max(terms, key=lambda t: float(t["part"]))
            steepest = (head, rise, str(largest["name"]), float(largest["part"]))
    alt = _("Most is added by {step}: {rise} per kg, of which {part}: {amount}.").format(
        step=steepest[0],
        rise=_dollars(steepest[1]),
        part=steepest[2],
        amount=_dollars(steepest[3]),
    )
    return Drawing(
        alt=alt if steepest[0] else _("No step adds to the price."),
        facets=tuple(facets),
        table=pd.DataFrame(tables),
        title=title,
        key=(interval_key(),) if "price_to_5" in frame else (),
    )


def _terms(step: Row) -> list[dict[str, Any]]:
    """Terms of a step, the largest first; those that are small share the last row."""
    ends = ["", *(e for e in ENDS if f"price_to{e}" in step)]
    size = max(abs(float(step[name])) for name in COMPONENTS)
    found: list[dict[str, Any]] = [
        {"name": _(words)} | {f"part{e}": float(step[f"{name}{e}"]) for e in ends}
        for name, words in COMPONENTS.items()
        if abs(float(step[name])) > SMALLEST * size
    ]
    found.sort(key=lambda term: -abs(term["part"]))
    rest = [float(step[n]) for n in COMPONENTS if 0 < abs(float(step[n])) <= SMALLEST * size]
    if rest and abs(sum(rest)) > SMALLEST * size / 4:
        found.append({"name": _("smaller parts, added up"), "part": sum(rest)})
    return found


def _part(term: Row, scale: TrackScale) -> RowMark:
    low, high = sorted((scale.share(0.0), scale.share(float(term["part"]))))
    bar = svg.rect(svg.at(low), -4, svg.at(high - low), 8, "f-accent")
    return RowMark(
        name=str(term["name"]),
        figure=_dollars(float(term["part"])),
        range=_span(term, "part"),
        marks=bar + interval(scale, term, "part", "ink", cased=True),
        reach=6.0,
    )


def _head(step: Row, names: Mapping[str, str]) -> str:
    """A step in a few words."""
    if step["kind"] == "link":
        return _("{origin} to {place} by {way}").format(
            origin=_name(names, step["from_place"]),
            place=_name(names, step["to_place"]),
            way=lower(_name(names, step["mode"])),
        )
    return _("{good} made from {stuff}, {place}").format(
        good=_name(names, step["form_out"]),
        stuff=lower(_name(names, step["form"])),
        place=_name(names, step["to_place"]),
    )


def _unit(names: Mapping[str, str]) -> str:
    substance = getattr(names, "substance", "")
    if not substance:
        return _("dollars per kg, pure")
    return _("dollars per kg of pure {substance}").format(substance=substance)


def _dollars(value: float, *, sign: bool = False) -> str:
    text = significant(float(value))
    if text.startswith("−"):
        return f"−${text[1:]}"
    return f"+${text}" if sign and value > 0 else f"${text}"


def _span(row: Row, name: str) -> str:
    """The 90 % interval of a figure, if it is one."""
    if f"{name}_5" not in row:
        return ""
    low, high = (_dollars(float(row[f"{name}_{end}"])) for end in (5, 95))
    return to(low, high) if low != high else ""


def _name(names: Mapping[str, str], key: object) -> str:
    return names.get(str(key), str(key).replace("-", " "))
