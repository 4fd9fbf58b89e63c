"""What the report is made of, in the order of the page: chapters, parts of each answer, sections."""

from __future__ import annotations

from contraflow._language import N_
from contraflow.report.jinja import TEMPLATES
from contraflow.report.section import Part, Section, expect_distinct
from contraflow.report.sections import (
    claims_table,
    disagreements,
    field_to_market,
    glance,
    goods,
    headline,
    incomes,
    ledger,
    livelihoods,
    method_and_limits,
    month_by_month,
    moves,
    patterns,
    predictions,
    prices,
    rests_on,
    source_coverage,
    sources,
    supplies,
    today,
    track_record,
)

HERE, PIECES = TEMPLATES / "sections", TEMPLATES / "parts"

CHAPTERS = (
    ("answers", N_("Answers")),
    ("today", N_("How it works today")),
    ("record", N_("How often was it right?")),
    ("disagreements", N_("Where the sources disagree")),
    ("evidence", N_("Evidence and assumptions")),
    ("method", N_("Method and limits")),
)
"""Chapters by id, with their headings: the entries of the navigation."""

PARTS: tuple[Part, ...] = expect_distinct(
    (
        Part(id="figures", title=N_("What changes"), template=PIECES / "headline.html.j2", make=headline.make,
             folded=False),
        Part(id="moves", title=N_("What moves where"), template=PIECES / "moves.html.j2", make=moves.make),
        Part(id="earns", title=N_("Who earns what"), template=PIECES / "incomes.html.j2", make=incomes.make),
        Part(id="livelihoods", title=N_("What households live from"), template=PIECES / "panel.html.j2",
             make=livelihoods.make),
        Part(id="goods", title=N_("Other goods"), template=PIECES / "panel.html.j2", make=goods.make),
        Part(id="supplies", title=N_("Who supplies inputs"), template=PIECES / "panel.html.j2",
             make=supplies.make),
    )
)  # fmt: skip
"""Parts of each answer; one whose function finds nothing to show does not appear."""

SECTIONS: tuple[Section, ...] = expect_distinct(
    (
        Section(chapter="answers", id="glance", title=N_("All answers at a glance"),
                template=HERE / "glance.html.j2", make=glance.make),
        Section(chapter="answers", id="time", title=N_("Month by month"),
                template=HERE / "month_by_month.html.j2", make=month_by_month.make),
        Section(chapter="answers", id="rests", title=N_("What the first answer rests on"),
                template=HERE / "rests_on.html.j2", make=rests_on.make),
        Section(chapter="today", id="baseline", title=N_("The baseline"), template=HERE / "today.html.j2",
                make=today.make, folded=False),
        Section(chapter="today", id="chain", title=N_("From the source to the market"),
                template=HERE / "field_to_market.html.j2", make=field_to_market.make),
        Section(chapter="today", id="price", title=N_("What a kilogram costs on its way"),
                template=HERE / "prices.html.j2", make=prices.make),
        Section(chapter="today", id="earns", title=N_("Who earns what"),
                template=PIECES / "incomes.html.j2", make=incomes.make_today),
        Section(chapter="today", id="livelihoods", title=N_("What households live from"),
                template=PIECES / "panel.html.j2", make=livelihoods.make_today),
        Section(chapter="today", id="goods", title=N_("Other goods"), template=PIECES / "panel.html.j2",
                make=goods.make_today),
        Section(chapter="today", id="supplies", title=N_("Who supplies inputs"),
                template=PIECES / "panel.html.j2", make=supplies.make_today),
        Section(chapter="record", id="episodes", title=N_("Held to history"),
                template=HERE / "track_record.html.j2", make=track_record.make, folded=False),
        Section(chapter="record", id="predictions", title=N_("Predicted and observed"),
                template=HERE / "predictions.html.j2", make=predictions.make),
        Section(chapter="record", id="patterns", title=N_("Documented behaviour"),
                template=HERE / "patterns.html.j2", make=patterns.make),
        Section(chapter="disagreements", id="sides", title=N_("What each side implies"),
                template=HERE / "disagreements.html.j2", make=disagreements.make, folded=False),
        Section(chapter="disagreements", id="surprises", title=N_("How surprising each claim is"),
                template=HERE / "surprises.html.j2", make=disagreements.make_surprises),
        Section(chapter="evidence", id="claims", title=N_("Claims against the model"),
                template=HERE / "claims_table.html.j2", make=claims_table.make),
        Section(chapter="evidence", id="numbers", title=N_("Every number and what it rests on"),
                template=HERE / "ledger.html.j2", make=ledger.make),
        Section(chapter="evidence", id="coverage", title=N_("What the sources describe"),
                template=HERE / "source_coverage.html.j2", make=source_coverage.make),
        Section(chapter="evidence", id="sources", title=N_("Sources"), template=HERE / "sources.html.j2",
                make=sources.make),
        Section(chapter="method", id="limits",
                title=N_("How the figures come about, and what they cannot say"),
                template=HERE / "method_and_limits.html.j2", make=method_and_limits.make, folded=False),
    )
)  # fmt: skip
"""All sections of the package; one whose function finds nothing to show does not appear on the page."""
