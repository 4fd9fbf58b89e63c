"""Where the sources disagree: each side's figure against the band of all evidence, in small charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import fixed, to
from contraflow.case.schema import Source
from contraflow.report.data import ReportData
from contraflow.report.draw.disagreement import draw_disagreement
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note, with_range
from contraflow.text import conflict_sentences
from contraflow.text.conflict_sentences import subset_in_words
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content | None:
    """Disagreements with their charts; none where they were not weighed, or there are none."""
    tension = report.tension
    if tension is None:
        return None
    groups = conflict_sentences.group_rows(report.case, tension)
    unweighed = conflict_sentences.unweighed(report.case, tension)
    if not groups and not unweighed:
        return None
    return Content(
        data={"groups": groups, "unweighed": unweighed},
        drawings={group["id"]: draw_disagreement(group) for group in groups},
    )


def make_surprises(report: ReportData, names: Names) -> Content | None:
    """How surprising each claim is; none where that was not asked."""
    tension = report.tension
    if tension is None or not len(tension.claims):
        return None
    rows = conflict_sentences.claim_rows(report.case, tension, None)
    checks = [{str(k): v for k, v in row.items()} for row in tension.checks.to_dict("records")]
    return Content(
        data={
            "outline": conflict_sentences.outline(tension),
            "surprises": _surprises(rows),
            "checks": _checks(checks, report.case.sources) if checks else None,
        }
    )


def _surprises(rows: list[dict[str, Any]]) -> ShownTable:
    return ShownTable(
        caption=_("How surprising each claim is"),
        heads=(
            _("Claim"), _("It states"), _("The model says"), _("Expected of the source"), _("Chance"),
            _("Verdict"),
        ),
        rows=tuple(
            (
                with_note(row["statement"], f"{row['title']}, {row['grade']}"),
                row["states"],
                with_range(row["model"], row["range"]),
                row["expected"],
                row["odds"],
                _verdict(row),
            )
            for row in rows
        ),
        figures=(1, 2, 3, 4),
    )  # fmt: skip


def _verdict(row: dict[str, Any]) -> Markup | str:
    """The verdict and the claims that pull the other way; why there is none where it cannot be said."""
    if not row["word"]:
        return str(row["unsaid"])
    pulled = "; ".join(str(text).rstrip(".") for text in row["by"])
    return with_note(row["word"], _("pulled away by: {claims}").format(claims=pulled) if pulled else "")


def _checks(rows: list[dict[str, Any]], sources: Mapping[str, Source]) -> ShownTable:
    return ShownTable(
        caption=_("Do the claims, taken together, look as the model would have them?"),
        heads=(
            _("Claims and statistic"), _("Number"), _("As stated"), _("Made up by the model, 90%"), _("p"),
        ),
        rows=tuple(
            (
                _("{claims}: {statistic}").format(
                    claims=subset_in_words(str(row["subset"]), sources), statistic=_(row["statistic"])
                ),
                fixed(row["claims"], 0),
                fixed(row["observed"], 2),
                to(fixed(row["low"], 2), fixed(row["high"], 2)),
                with_range(fixed(row["p"], 3), "", "rise" if row["p"] < 0.05 else ""),
            )
            for row in rows
        ),
        figures=(1, 2, 3, 4),
    )  # fmt: skip
