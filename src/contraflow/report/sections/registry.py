"""The sections of the report, in the order of the page and of its navigation: one entry each."""

from __future__ import annotations

from contraflow.report.jinja import TEMPLATES
from contraflow.report.section import Section, expect_distinct
from contraflow.report.sections import (
    changes,
    claims_table,
    disagreements,
    field_to_market,
    findings,
    flow_map,
    goods,
    incomes,
    ledger,
    livelihoods,
    method_and_limits,
    month_by_month,
    patterns,
    predictions,
    prices,
    rests_on,
    source_coverage,
    sources,
    supplies,
    track_record,
)

HERE = TEMPLATES / "sections"

SECTIONS = expect_distinct(
    (
        Section(
            id="findings",
            title="Findings",
            template=HERE / "findings.html.j2",
            make=findings.make,
        ),
        Section(
            id="map",
            title="Where it goes",
            label="Map",
            template=HERE / "flow_map.html.j2",
            make=flow_map.make,
        ),
        Section(
            id="moves",
            title="What moves where",
            label="What moves",
            template=HERE / "changes.html.j2",
            make=changes.make,
        ),
        Section(
            id="time",
            title="Month by month",
            template=HERE / "month_by_month.html.j2",
            make=month_by_month.make,
        ),
        Section(
            id="chain",
            title="From field to market",
            template=HERE / "field_to_market.html.j2",
            make=field_to_market.make,
        ),
        Section(
            id="price",
            title="What a kilogram costs on its way",
            label="Price",
            template=HERE / "prices.html.j2",
            make=prices.make,
        ),
        Section(
            id="livelihoods",
            title="What households live from",
            label="Livelihoods",
            template=HERE / "panels.html.j2",
            make=livelihoods.make,
        ),
        Section(
            id="goods",
            title="Other goods",
            template=HERE / "panels.html.j2",
            make=goods.make,
        ),
        Section(
            id="supplies",
            title="Who supplies",
            template=HERE / "panels.html.j2",
            make=supplies.make,
        ),
        Section(
            id="earns",
            title="Who earns what",
            label="Who earns",
            template=HERE / "incomes.html.j2",
            make=incomes.make,
        ),
        Section(
            id="claims",
            title="Claims against the model",
            label="Claims",
            template=HERE / "claims_table.html.j2",
            make=claims_table.make,
        ),
        Section(
            id="tension",
            title="Where the sources disagree",
            label="Disagreements",
            template=HERE / "disagreements.html.j2",
            make=disagreements.make,
        ),
        Section(
            id="record",
            title="How often was it right?",
            label="Record",
            template=HERE / "track_record.html.j2",
            make=track_record.make,
        ),
        Section(
            id="predictions",
            title="Predicted and observed",
            label="Predicted",
            template=HERE / "predictions.html.j2",
            make=predictions.make,
        ),
        Section(
            id="patterns",
            title="Documented behaviour",
            label="Behaviour",
            template=HERE / "patterns.html.j2",
            make=patterns.make,
        ),
        Section(
            id="rests",
            title="What the answer rests on",
            label="Rests on",
            template=HERE / "rests_on.html.j2",
            make=rests_on.make,
        ),
        Section(
            id="ledger",
            title="Every number and what it rests on",
            label="Assumptions",
            template=HERE / "ledger.html.j2",
            make=ledger.make,
        ),
        Section(
            id="coverage",
            title="What the sources describe",
            label="Coverage",
            template=HERE / "source_coverage.html.j2",
            make=source_coverage.make,
        ),
        Section(
            id="sources",
            title="Sources",
            template=HERE / "sources.html.j2",
            make=sources.make,
        ),
        Section(
            id="method",
            title="Method, limits and responsible use",
            label="Method",
            template=HERE / "method_and_limits.html.j2",
            make=method_and_limits.make,
        ),
    )
)
"""All sections of the package; one whose function finds nothing to show does not appear on the page."""
