"""The tables of what sources state: claims, patterns, disagreements, and how the case covers the sources."""

# ruff: noqa: D101 (a table says what it is in `about`, an enumeration in the column that uses it)

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from contraflow._language import N_
from contraflow.case.quantities import Quantity
from contraflow.case.table import Id, Row, Selector, Text, Year, column, optional


class Observed(Row):
    """Columns that say which of the model's outputs is meant; shared by claims and patterns."""

    quantity: Quantity = column(N_("Kind of output that is observed."))
    origin: Selector = Field(
        default=(),
        alias="from",
        description="Places left (for flows), or where (for prices, areas, production).",
        json_schema_extra={"selects": "places"},
    )
    destination: Selector = Field(
        default=(), alias="to", description="Places reached.", json_schema_extra={"selects": "places"}
    )
    mode: Selector = optional("Modes.", (), selects="modes")
    form: Selector = optional("Forms.", (), selects="forms")
    step: Selector = optional("Links, processes or activities by id.", (), selects="steps")
    grown: Selector = optional("Zones or countries where what moves was grown or dug.", (), selects="places")
    of_origin: Selector = Field(
        default=(),
        alias="of_from",
        description="Denominator of a share or price ratio: places left.",
        json_schema_extra={"selects": "places"},
    )
    of_destination: Selector = Field(
        default=(),
        alias="of_to",
        description="Denominator: places reached.",
        json_schema_extra={"selects": "places"},
    )
    of_mode: Selector = optional("Denominator: modes.", (), selects="modes")
    of_form: Selector = optional("Denominator: forms.", (), selects="forms")
    of_step: Selector = optional("Denominator: links, processes or activities.", (), selects="steps")
    actor: Selector = optional("Actors, for incomes and fees.", (), selects="actors")
    supply: Selector = optional("Supplies of inputs, for 'supply'.", (), selects="supplies")
    basis: Annotated[str, StringConstraints(pattern=r"^(product|pure)$")] = optional(
        N_("Whether kilograms are of product as moved or of the pure substance."), "product"
    )


class Bound(StrEnum):
    EXACT = "exact"
    ABOUT = "about"
    AT_LEAST = "at least"
    UP_TO = "up to"


class Use(StrEnum):
    FIT = "fit"
    CHECK = "check"
    PREDICT = "predict"
    CONTEXT = "context"


BREAK = ("Break", "Quiebre")
"""First word, in each language, of the note of a claim that breaks with the method of the baseline."""


class Claim(Observed):
    table: ClassVar[str] = "claims"
    about: ClassVar[str] = "What sources state, in own words, with range, year, unit and grade."

    id: Id = column(N_("Short name of the claim."))
    source: Id = column(N_("Source."), refers="sources")
    paragraph: Text = column(N_("Paragraph, table or page in the source."), shown=True)
    statement: Text = column(N_("The statement in own words."), shown=True)
    year: Year | None = optional(
        "Year or years observed. Empty: structural, of no date (a load, a pay, a share)."
    )
    low: float | None = optional("Lower end as the source gives it.")
    value: float | None = optional("Figure as the source gives it.")
    high: float | None = optional("Upper end as the source gives it.")
    bound: Bound = optional("Whether the figure is exact, about, a lower or an upper bound.", Bound.ABOUT)
    unit: str = optional("Unit of low, value and high.", "dimensionless", shown=False)
    information: int = column(N_("Credibility of the information by the Admiralty code, 1 to 6."), ge=1, le=6)
    use: Use = optional(
        "fit: calibrates; check: compared, never fitted; predict: later than the baseline, compared with "
        "what the model foresees under the measures of its year; context: not observable in the model.",
        Use.FIT,
    )
    contradicts: Selector = optional(
        "Claims that cannot be true together with this one.", (), refers="claims"
    )
    repeats: Selector = optional(
        "Claims that state the same figure from the same origin: with this one they count as one. Claims of "
        "one origin that observe the same in the same year need not be named.",
        (),
        refers="claims",
    )
    note: str = optional("Contradictions, why it is not used, reason for the grade.", "", shown=True)


Months = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*-[1-9]\d*$")]
Arrests = Annotated[str, StringConstraints(pattern=r"^(largest|1|0?\.\d+)$")]


class SearchStrategy(StrEnum):
    """How the state spreads its searches over links."""

    EVEN = "even"
    CONCENTRATE = "concentrate"
    RANDOM = "random"
    CHASE = "chase"
    OPTIMISE = "optimise"


class Expected(StrEnum):
    RISE = "rise"
    FALL = "fall"
    UNCHANGED = "unchanged"
    RANGE = "range"


class Needs(StrEnum):
    EQUILIBRIUM = "equilibrium"
    DYNAMICS = "dynamics"


class Pattern(Observed):
    table: ClassVar[str] = "patterns"
    about: ClassVar[str] = "Documented behaviour: a change of policy and what is expected to follow."

    id: Id = column(N_("Short name of the pattern."))
    statement: Text = column(N_("The behaviour in own words."), shown=True)
    source: Id = column(N_("Source."), refers="sources")
    paragraph: Text = column(N_("Paragraph in the source."), shown=True)
    policy: str = optional(
        "Levels, for example 'radar=1; interceptors=6'. Empty: the baseline.", "", shown=False
    )
    against: str = optional("Policy it is compared with. Empty: the baseline.", "", shown=False)
    expected: Expected = column(N_("rise, fall, unchanged, or range: the ratio lies between low and high."))
    low: float | None = optional("Least ratio of the quantity with the policy to that without.")
    high: float | None = optional("Greatest ratio.")
    needs: Needs = optional("What part of the model can show it.", Needs.EQUILIBRIUM)
    months: Months | None = optional(
        N_(
            "With 'dynamics': months in which it is observed, for example 13-24; 1 is the first of the "
            "policy."
        )
    )
    against_months: Months | None = optional(
        N_(
            "Months of what it is compared with. Empty: the same. With the same policy on both sides, a run "
            "is compared with its own earlier months."
        )
    )
    until: int | None = optional("With 'dynamics': last month of both policies. Empty: they stay.", ge=1)
    search_strategy: SearchStrategy = optional(
        "With 'dynamics': how the state spreads searches: even, concentrate, random, chase, optimise.",
        SearchStrategy.EVEN,
    )
    against_search_strategy: SearchStrategy = optional(
        "How it does in what is compared.", SearchStrategy.EVEN
    )
    arrest: Arrests | None = optional(
        N_(
            "With 'dynamics': clans arrested in the first month: 'largest', or a share of all, for example "
            "0.3."
        )
    )
    arrest_at: Selector = optional("Places whose clans may be arrested. Empty: all.", (), selects="places")
    clans: int | None = optional("With 'dynamics': number of clans. Empty: 1000.", ge=1)
    diagnosis: str = optional(
        "Where the model does not show it: the most likely reason. Told, never a ground to change the model.",
        "",
        shown=True,
    )
    note: str = optional("Remarks.", "")


class Tension(Observed):
    table: ClassVar[str] = "tensions"
    about: ClassVar[str] = (
        "Disagreements: groups of claims that cannot all be true, each with its sides and the one figure of "
        "the model, in the baseline, in which the sides are compared."
    )

    id: Id = column(N_("Short name of the side."))
    group: Id = column(N_("The disagreement: rows with the same group are its sides."))
    title: Text = column(
        N_(
            "The disagreement as a question in plain words; the same in all rows of a group, as are the "
            "columns that say what is observed."
        ),
        shown=True,
    )
    side: Text = column(N_("What this side says, in plain words."), shown=True)
    claims: Selector = column(N_("Claims that this side takes as true together."), refers="claims")
    note: str = optional("What readers should know about it.", "", shown=True)


class Coverage(Row):
    table: ClassVar[str] = "coverage"
    about: ClassVar[str] = (
        "What the sources describe, row by row, and the rows of the case that represent it, or why it lies "
        "outside the model."
    )

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] = column(N_("Number of the item."))
    kind: Text = column(
        N_("Kind of item: system, actor, institution, route, mode, place, measure, mechanism."), shown=True
    )
    source: Id = column(N_("Source that describes it."), refers="sources")
    paragraph: Text = column(N_("Paragraph in the source."), shown=True)
    description: Text = column(N_("What is described, in own words."), shown=True)
    rows: Selector = optional(
        "Rows that represent it, each as table:id, for example 'links:river-to-port'.",
        (),
    )
    outside: str = optional("Why it lies outside the model. Empty: it is represented.", "", shown=True)
    note: str = optional("How the rows represent it, and what they leave out.", "", shown=True)
