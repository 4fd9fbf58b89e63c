"""What the answer rests on: claims and numbers behind one headline figure, and what to report on next."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contraflow._language import N_, _
from contraflow._numbers import share, significant, to
from contraflow.report.data import ReportData
from contraflow.report.draw.influence_charts import draw_claims, draw_numbers, draw_shares, unit
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note, with_range
from contraflow.results.explanation import Explanation, How
from contraflow.text.names import Names

SOURCES, FACTS = 10, 8
"""Rows that are shown."""

KINDS = {"number": N_("a number of the model"), "observable": N_("what a claim reports on")}
"""Kinds of facts, in words."""


def make(report: ReportData, names: Names) -> Content | None:
    """Charts and sentences on the first answer's key figure; none where it was not explained."""
    explanation = report.explanation
    if explanation is None:
        return None
    first, *rest = explanation.words()
    worth = report.worth
    return Content(
        data={
            "first": first,
            "rest": rest,
            "sources": _sources(explanation),
            "facts": None if worth is None else _facts(worth),
            "linear": int((explanation.claims["how"] == How.LINEAR.value).sum()),
            "refits": explanation.refits,
            "chance": "" if worth is None else share(worth.attrs["chance"]),
        },
        drawings={
            "shares": draw_shares(explanation),
            "claims": draw_claims(explanation),
            "numbers": draw_numbers(explanation),
        },
    )


def _sources(explanation: Explanation) -> ShownTable:
    return ShownTable(
        caption=_("Without a whole source"),
        heads=(
            _("Source"), _("Claims fitted"), _("Without it, {unit}").format(unit=unit(explanation)),
            _("How found"),
        ),
        rows=tuple(
            (
                row["title"],
                str(row["claims"]),
                with_range(
                    significant(row["without"]),
                    to(significant(row["without_5"]), significant(row["without_95"])),
                ),
                How(row["how"]).words,
            )
            for row in _records(explanation.sources.head(SOURCES))
        ),
        figures=(1, 2),
    )  # fmt: skip


def _facts(worth: pd.DataFrame) -> ShownTable | None:
    rows = _records(worth[worth["worth"] > 0].head(FACTS))
    if not rows:
        return None
    return ShownTable(
        caption=_("Facts that would narrow the figure most"),
        heads=(_("Fact"), _("What it is"), _("Takes away of the variance")),
        rows=tuple(
            (f["what"], _(KINDS[f["kind"]]), with_note(share(f["worth"]), f"± {share(f['error'])}"))
            for f in rows
        ),
        figures=(2,),
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
