"""Who supplies the inputs that the trade buys, and what each earns."""

from __future__ import annotations

from collections.abc import Mapping

from contraflow._language import _
from contraflow.case.naming import lower
from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.drawing import Drawing
from contraflow.report.section import Content
from contraflow.report.sections._panels import Panel, capital, outcomes, panels_content, shifts
from contraflow.results import side_economies
from contraflow.text import side_economy_sentences as words
from contraflow.text.sentences import listed

NOTE = "Who is controlled loses buyers to the others and charges those who stay for the risk."


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Bars of each input for each question; none where a case has no suppliers."""
    base = report.base
    every = side_economies.supplies(base)
    if every.empty:
        return None
    inputs = {i: row.name for i, row in report.case.inputs.items()}
    intro = (
        "What the trade buys, and from whom, in all countries of the case. The baseline: "
        f"{lower(words.supplies(side_economies.bought(base), inputs))}"
    )
    panels: list[Panel] = []
    drawings: dict[str, Drawing] = {}
    for end, base, after in outcomes(report):
        found = side_economies.supplies(base, after)
        figures = []
        for key, rows in found.groupby(level=0, sort=False):
            if after is None or shifts(rows):
                name = f"supplies-{key}{end}"
                drawings[name] = bars.draw_income_bars(rows)
                figures.append((inputs.get(str(key), str(key)), name))
        if after is None:
            text = ""
        else:
            text = words.supplies(side_economies.bought(base, after), inputs) if figures else _(words.STILL)
        panels.append(Panel(text, tuple(figures)))
    kinds = list(dict.fromkeys(str(key).partition("-")[0] for key in every.index.get_level_values("input")))
    title = capital(listed(kinds))
    return panels_content(
        panels, drawings, intro, NOTE, title=f"{title}: who supplies", label=title, narrow=True
    )
