"""The report: one HTML file that opens anywhere, offline, with figures drawn as they come into view."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contraflow._io import write_atomically
from contraflow.case.roles import roles
from contraflow.case.table import Role
from contraflow.report.data import ReportData, ledger_table
from contraflow.report.draw import theme
from contraflow.report.jinja import embed, environment
from contraflow.report.sections import answers, disagreements, other_economies, rests_on, sources
from contraflow.results import tables
from contraflow.text.names import shown_names
from contraflow.text.numbers import cell, span

if TYPE_CHECKING:
    from contraflow.report.draw.drawing import Drawing

RENAMED = {"Traders' rent": "Traders on all ways, beyond the usual margin"}
FIGURES = ("low", "value", "high", "model")


def write_report(report: ReportData, path: str | os.PathLike[str]) -> Path:
    """Write the report to ``path`` and return it; an existing file stays whole if anything fails.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    return write_atomically(path, render(report))


def render(report: ReportData) -> str:
    """The whole page as text."""
    from plotly.offline import get_plotlyjs

    from contraflow.report.draw import bars
    from contraflow.report.sections import month_by_month
    from contraflow.text import answer_sentences

    names = shown_names(report.case)
    figures, backdrop, aspect = _figures(report, names)
    beside = other_economies.sections(report, names)
    for section in beside:
        figures |= section.drawings
    in_time = month_by_month.section(report.courses)
    figures |= in_time.drawings if in_time else {}
    claims = _claims(report)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            case=report.case,
            meta=report.meta,
            questions=answers.questions(report, names),
            headlines=answers.headlines(report.base, names),
            comparison=answers.comparison(report),
            siblings=beside,
            courses=in_time.panels if in_time else [],
            made_in_time=month_by_month.MADE,
            figures={name: embed(figure.json()) for name, figure in figures.items()},
            backdrop=embed(json.dumps(backdrop, separators=(",", ":"))),
            aspect=aspect,
            titles=answers.titles(report),
            claims=[c for c in claims if c["known"] and c["use"] != "predict"],
            aside=[c for c in claims if not c["known"]],
            tally=_tally([c for c in claims if c["use"] != "predict"]),
            predictions=_predictions(report, names),
            rests=None if report.explanation is None else rests_on.section(report.explanation, report.worth),
            tension=disagreements.section(report.case, report.tension),
            ledger=_ledger(report),
            patterns=_patterns(report),
            sources=sources.sources(report.case),
            credits=sources.credits(report.case),
            coverage=sources.coverage(report.case),
            home=tables.home_country(report.base),
            home_name=names.get(tables.home_country(report.base), ""),
            draws=report.draws,
            reading=bars.READING if report.draws > 1 else "",
            ranges=answer_sentences.RANGES,
            plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
            style=theme,
        )
    )


def _figures(
    report: ReportData, names: Mapping[str, str]
) -> tuple[dict[str, Drawing], list[dict[str, Any]], float]:
    """Figures by name, those of question i ending in ``-i``; land and rivers, shared; height by width."""
    from contraflow.report.draw import claims
    from contraflow.report.draw.basemap import base_traces
    from contraflow.report.draw.dumbbells import draw_dumbbells
    from contraflow.report.draw.flow_curves import map_frame
    from contraflow.report.draw.ladder import draw_ladder_parts, draw_ladder_steps
    from contraflow.report.draw.map import draw_map
    from contraflow.report.draw.sankey import draw_sankey
    from contraflow.report.sections import predictions

    base, places = report.base, report.case.places
    ladder = tables.price_ladder(base)
    made = {
        "map-before": draw_map(base, places, names=names, backdrop=False),
        "sankey-before": draw_sankey(base, names),
        "ladder": draw_ladder_steps(ladder, names),
        "ladder-parts": draw_ladder_parts(ladder, names),
        "claims": claims.draw_claims_chart(report.claims[report.claims["use"] != "predict"]),
    }
    if report.predictions is not None and not report.predictions.empty:
        made["predictions"] = predictions.draw_predictions(
            report.predictions, names, report.case.info.baseline
        )
    if report.explanation is not None:
        told = report.explanation
        made |= {"rests-shares": rests_on.draw_shares(told), "rests-claims": rests_on.draw_claims(told),
                 "rests-numbers": rests_on.draw_numbers(told)}  # fmt: skip
    if not report.answers:
        made |= _incomes("", tables.incomes(base))
    for i, (_, base, after) in enumerate(report.pairs):
        made[f"map-after-{i}"] = draw_map(base, places, after, "after", names=names, backdrop=False)
        made[f"map-difference-{i}"] = draw_map(base, places, after, "difference", names=names, backdrop=False)
        made[f"sankey-after-{i}"] = draw_sankey(after, names)
        made[f"mode-{i}"] = draw_dumbbells(tables.by_mode(base, after), "t pure a year", names)
        made[f"route-{i}"] = draw_dumbbells(tables.by_route(base, after), "t pure a year", names)
        coca = pd.DataFrame(tables.by_zone(base, after).loc["coca"])
        made[f"zone-{i}"] = draw_dumbbells(coca, "hectares of coca", names)
        made |= _incomes(f"-{i}", tables.incomes(base, after))
    home = tables.home_country(report.base)
    frame = map_frame(places, home)
    return made, base_traces(frame, home), frame.height / frame.width


def _predictions(report: ReportData, names: Mapping[str, str]) -> dict[str, Any] | None:
    """Predicted claims and their errors, where the case has any."""
    from contraflow.report.sections import predictions

    if report.predictions is None or report.errors is None or report.predictions.empty:
        return None
    errors = predictions.error_rows(report.errors, names)
    return {
        "rows": predictions.prediction_rows(report.predictions, names),
        "errors": errors,
        "wins": sum(e["wins"] for e in errors),
        "words": [] if report.hindcast is None else report.hindcast.words(),
        "coverage": [] if report.hindcast is None else predictions.coverage_rows(report.hindcast.summary),
    }


def _incomes(end: str, frame: pd.DataFrame) -> dict[str, Drawing]:
    """Two charts, since buyers earn tens of times what all others do."""
    from contraflow.report.draw import bars

    told = frame.assign(name=frame["name"].replace(RENAMED))
    far = (told["kind"] == "buyers") | (told["kind"].isin(("clans",)) & frame["name"].isin(RENAMED))
    chosen = {"incomes-near": told[~far], "incomes-far": told[far]}
    return {f"{name}{end}": bars.draw_income_bars(f) for name, f in chosen.items() if len(f)}


def _tally(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many fitted and checked claims fit, are strained or contradict, with their colours."""
    from contraflow.report.draw.claims import SCALE, WORDS

    known = [c for c in claims if c["known"]]
    return [
        {
            "word": word,
            "colour": colour,
            "limit": text.partition("(")[2].rstrip(")"),
            "fitted": sum(c["word"] == word and c["use"] == "fit" for c in known),
            "checked": sum(c["word"] == word and c["use"] != "fit" for c in known),
        }
        for word, (_, colour, text) in zip(WORDS, SCALE, strict=True)
    ]


def _patterns(report: ReportData) -> list[dict[str, Any]] | None:
    """Documented behaviour, what fails first and what waits last."""
    if report.patterns is None:
        return None
    rows = [{str(k): v for k, v in r.items()} for r in report.patterns.to_dict("records")]
    for row in rows:
        waits = row["holds"] is None or pd.isna(row["holds"])
        row.setdefault("diagnosis", "")
        row["verdict"] = "waits" if waits else "yes" if row["holds"] else "no"
        row["range"] = "" if waits or "ratio_5" not in row else span(row["ratio_5"], row["ratio_95"])
        chance = row.get("probability", np.nan)
        row["chance"] = "" if waits or pd.isna(chance) else f"{chance:.0%}"
        source = report.case.sources.get(str(row.get("source", "")))
        row["title"] = source.title if source else ""
    return sorted(rows, key=lambda r: ("no", "yes", "waits").index(r["verdict"]))


def _claims(report: ReportData) -> list[dict[str, Any]]:
    """Claims for the table, those that the model contradicts most first."""
    from contraflow.report.draw.claims import tension_colour, tension_word

    frame = report.claims.sort_values(by="residual", key=lambda z: -z.abs(), kind="stable")
    told = []
    for found in frame.to_dict("records"):
        row = _in_tonnes({str(k): v for k, v in found.items()})
        known = bool(np.isfinite(row["residual"]))
        source = report.case.sources.get(str(row["source"]))
        row |= {
            "known": known,
            "word": tension_word(row["residual"]) if known else "",
            "colour": tension_colour(row["residual"]) if known else theme.FAINT,
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
        text = f"{cell(ends[0])} – {cell(ends[1])}"
        return text if middle is None else f"{cell(middle)} ({text})"
    return cell(middle if middle is not None else (ends[0] if ends else None))


def _ledger(report: ReportData) -> list[dict[str, Any]]:
    """Groups of the ledger by the part that a number plays: its rows, how many of them assumptions."""
    frame = ledger_table(report.case) if report.ledger is None else report.ledger
    frame = frame.rename(columns={"calibrated": "fitted"})
    if "parameter" in frame:
        frame = frame.set_index("parameter")
    told = roles(report.case)
    groups: dict[Role, list[dict[str, Any]]] = {role: [] for role in Role if role is not Role.WEIGHT}
    for key, row in frame.iterrows():
        role = told[str(key)]
        if role is not Role.WEIGHT:
            groups[role].append(_ledger_row(report, str(key), row))
    return [
        {"title": role.value, "rows": rows, "assumed": sum(r["origin"] == "assumption" for r in rows)}
        for role, rows in groups.items()
        if rows
    ]


def _ledger_row(report: ReportData, key: str, row: pd.Series[Any]) -> dict[str, Any]:
    """A row of the ledger, with the places of the value and the fit along the range from 0 to 100."""
    cells = {str(k): v for k, v in row.items()} | {"id": key}
    cells["unit"] = "" if cells["unit"] == "dimensionless" else cells["unit"]
    log = report.case.parameters[key].scale == "log" and row["low"] > 0
    ends = np.log([row["low"], row["high"]]) if log else np.array([row["low"], row["high"]], float)
    for name in ("value", "fitted"):
        number = float(row[name]) if name in row and pd.notna(row[name]) else np.nan
        spot = np.log(number) if log and number > 0 else number
        wide = ends[1] - ends[0]
        at = float(np.clip((spot - ends[0]) / wide, 0, 1) * 100) if wide > 0 else 50.0
        cells[f"{name}_at"] = None if not np.isfinite(number) else round(at, 1)
    return cells
