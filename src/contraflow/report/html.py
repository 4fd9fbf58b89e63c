"""The report: one HTML file that opens anywhere, offline, with figures drawn as they come into view."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from contraflow.errors import OutputError
from contraflow.report import style
from contraflow.report.contents import ReportData, ledger_table, plain, shown_names
from contraflow.results import tables

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEADLINES = {
    "exports": "leaves the country",
    "exports by air": "of it by air",
    "hectares at home": "coca at home",
    "seized": "seized on all ways",
    "delivered": "reaches all markets",
    "growers' income": "growers earn",
    "armed groups' income": "armed groups earn",
    "arrests": "arrests",
}
COLUMNS = (*HEADLINES, "state spending")
FIGURES = ("low", "value", "high", "model")
UNITS = {"t/yr": "t", "ha": "ha", "M$/yr": "M$", "persons/yr": ""}


def write_report(report: ReportData, path: str | os.PathLike[str]) -> Path:
    """Write the report to ``path`` and return it; an existing file stays whole if anything fails.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    text = render(report)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"The report cannot be written to {target}: {error.strerror or error}. "
            f"Name a file in a folder that exists and that you may write to."
        ) from error
    return target


def render(report: ReportData) -> str:
    """The whole page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("contraflow.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": _cell, "percent": _percent}
    names = shown_names(report.case)
    figures, backdrop, aspect = _figures(report, names)
    return environment.get_template("report.html.j2").render(
        case=report.case,
        meta=report.meta,
        questions=_questions(report, names),
        headlines=_headlines(report.base),
        comparison=_comparison(report),
        figures={name: _json(figure) for name, figure in figures.items()},
        backdrop=_embed(json.dumps([t.to_plotly_json() for t in backdrop])),
        aspect=aspect,
        claims=_claims(report),
        ledger=_ledger(report),
        patterns=None if report.patterns is None else report.patterns.to_dict("records"),
        home=tables.home_country(report.base),
        home_name=names.get(tables.home_country(report.base), ""),
        draws=report.base.sizes["draw"],
        plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
        style=style,
    )


def _figures(
    report: ReportData, names: Mapping[str, str]
) -> tuple[dict[str, go.Figure], list[go.Scatter], float]:
    """Figures by name, those of question i ending in ``-i``; land and rivers, shared; height by width."""
    from contraflow.report import charts, evidence
    from contraflow.report.basemap import base_traces
    from contraflow.report.lines import map_frame
    from contraflow.report.maps import flow_map
    from contraflow.report.sankey import sankey

    base, places = report.base, report.case.places
    ladder = tables.price_ladder(base)
    made = {
        "map-before": flow_map(base, places, names=names, backdrop=False),
        "sankey-before": sankey(base, names),
        "ladder": charts.ladder_steps(ladder, names),
        "ladder-parts": charts.ladder_parts(ladder, names),
        "claims": evidence.claims_chart(report.claims),
    }
    if not report.answers:
        made["incomes"] = charts.income_bars(tables.incomes(base))
    for i, (_, after) in enumerate(report.answers):
        made[f"map-after-{i}"] = flow_map(base, places, after, "after", names=names, backdrop=False)
        made[f"map-difference-{i}"] = flow_map(base, places, after, "difference", names=names, backdrop=False)
        made[f"sankey-after-{i}"] = sankey(after, names)
        made[f"mode-{i}"] = charts.dumbbells(tables.by_mode(base, after), "t pure a year", names)
        made[f"route-{i}"] = charts.dumbbells(tables.by_route(base, after), "t pure a year", names)
        coca = pd.DataFrame(tables.by_zone(base, after).loc["coca"])
        made[f"zone-{i}"] = charts.dumbbells(coca, "hectares of coca", names)
        made[f"incomes-{i}"] = charts.income_bars(tables.incomes(base, after))
    home = tables.home_country(base)
    frame = map_frame(places, home)
    return made, base_traces(frame, home), frame.height / frame.width


def _questions(report: ReportData, names: Mapping[str, str]) -> list[dict[str, Any]]:
    from contraflow.report import summary

    measures = report.case.measures
    told = []
    for question, after in report.answers:
        levels = [
            f"{measures[m].name}: {style.amount(v)} {measures[m].unit}" if m in measures else f"{m}: {v:g}"
            for m, v in question.policy.items()
        ]
        told.append(
            {
                "title": question.title,
                "levels": levels,
                "short": summary.headline_sentence(report.base, after, names),
                "sentences": summary.answer(report.base, after, names),
                "zones": _zones(report.base, after, names),
            }
        )
    return told


def _zones(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table of what is grown and made where."""
    frame = tables.by_zone(base, after).reset_index()
    units = {"coca": "ha"}
    return [
        {
            "what": names.get(row["what"], row["what"]),
            "place": names.get(row["place"], row["place"]),
            "unit": units.get(row["what"], "t pure"),
            **{c: row[c] for c in ("before", "after", "change")},
        }
        for row in frame.to_dict("records")
        if max(row["before"], row["after"]) > 0.05
    ]


def _headlines(base: xr.Dataset) -> list[dict[str, Any]]:
    rows = plain(tables.headline(base))
    return [
        {"label": text, "value": style.amount(rows[key]["before"]), "unit": UNITS[rows[key]["unit"]]}
        for key, text in HEADLINES.items()
    ]


def _comparison(report: ReportData) -> dict[str, Any]:
    """The table of questions against headline figures."""
    rows = []
    base = plain(tables.headline(report.base))
    for question, after in report.answers:
        frame = plain(tables.headline(report.base, after))
        cells = [{"value": frame[k]["after"], "ratio": frame[k]["ratio"] - 1.0} for k in COLUMNS]
        rows.append({"title": question.title, "cells": cells})
    columns = [
        {"label": k, "unit": UNITS[base[k]["unit"]] or "a year", "value": base[k]["before"]} for k in COLUMNS
    ]
    return {"columns": columns, "rows": rows}


def _claims(report: ReportData) -> list[dict[str, Any]]:
    """Claims for the table, those that the model contradicts most first."""
    from contraflow.report.evidence import tension_colour

    frame = report.claims.sort_values(by="residual", key=lambda z: -z.abs(), kind="stable")
    told = []
    for found in frame.to_dict("records"):
        row = _in_tonnes({str(k): v for k, v in found.items()})
        known = bool(np.isfinite(row["residual"]))
        source = report.case.sources.get(str(row["source"]))
        row |= {
            "known": known,
            "colour": tension_colour(row["residual"]) if known else style.FAINT,
            "title": source.title if source else row["source"],
            "range": _range(row["low"], row["value"], row["high"]),
            "year": row["year"] if isinstance(row["year"], str) else "",
            "unit": "" if row["unit"] == "dimensionless" else row["unit"],
        }
        told.append(row)
    return told


def _in_tonnes(row: dict[str, Any]) -> dict[str, Any]:
    """A claim in kg a year in t a year where its figures are large."""
    numbers = {c: float("nan") if row[c] is None else float(row[c]) for c in FIGURES}
    if str(row["unit"]).startswith("kg/y") and any(abs(v) > 1e4 for v in numbers.values()):
        numbers = {c: v / tables.KG_PER_TONNE for c, v in numbers.items()}
        return row | numbers | {"unit": "t" + str(row["unit"])[2:]}
    return row | numbers


def _range(low: Any, value: Any, high: Any) -> str:
    ends = [float(v) for v in (low, high) if v is not None and np.isfinite(v)]
    middle = float(value) if value is not None and np.isfinite(value) else None
    if len(ends) == 2 and ends[0] != ends[1]:
        text = f"{_cell(ends[0])} – {_cell(ends[1])}"
        return text if middle is None else f"{_cell(middle)} ({text})"
    return _cell(middle if middle is not None else (ends[0] if ends else None))


def _ledger(report: ReportData) -> list[dict[str, Any]]:
    """Rows of the ledger, with the place of the value and the fit along the range from 0 to 100."""
    frame = ledger_table(report.case) if report.ledger is None else report.ledger
    frame = frame.rename(columns={"calibrated": "fitted"})
    if "parameter" in frame:
        frame = frame.set_index("parameter")
    rows = []
    for key, row in frame.iterrows():
        cells = {str(k): v for k, v in row.items()} | {"id": key}
        cells["unit"] = "" if cells["unit"] == "dimensionless" else cells["unit"]
        log = report.case.parameters[str(key)].scale == "log" and row["low"] > 0
        ends = np.log([row["low"], row["high"]]) if log else np.array([row["low"], row["high"]], float)
        for name in ("value", "fitted"):
            number = float(row[name]) if name in row and pd.notna(row[name]) else np.nan
            spot = np.log(number) if log and number > 0 else number
            wide = ends[1] - ends[0]
            at = float(np.clip((spot - ends[0]) / wide, 0, 1) * 100) if wide > 0 else 50.0
            cells[f"{name}_at"] = None if not np.isfinite(number) else round(at, 1)
        rows.append(cells)
    return rows


def _cell(value: Any) -> str:
    """A number of a table with three figures, so that it can be compared with what a source prints."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    return (f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}").replace("-", "−")


def _percent(value: float) -> str:
    if not np.isfinite(value):
        return ""
    if value > 2:
        return f"×{style.amount(1 + value)}"
    return "±0%" if abs(value) < 0.005 else f"{value:+.0%}".replace("-", "−")


def _json(figure: go.Figure) -> str:
    return _embed(figure.to_json())


def _embed(text: str) -> str:
    """JSON that can stand inside a script element."""
    from markupsafe import Markup

    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))


def _umask() -> int:
    """The process's mask, so that the file gets the rights of any other new file."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
