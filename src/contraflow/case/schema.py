"""The tables of a case, as pydantic models that are also the data dictionary.

Each class is one CSV table; each field is one column. The description of a field is its meaning, ``unit`` its
unit inside the model. A *quantity* column never holds a number: it holds the id of a row of
``parameters.csv``, which states low, value, high, unit and origin. So every number of a case has a range and
an origin, in one ledger.
"""

# ruff: noqa: D101 (a table says what it is in `about`, an enumeration in the column that uses it)

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from contraflow._language import N_, _
from contraflow.case import effects
from contraflow.case.learned import NONE, sets
from contraflow.case.statements import Claim, Coverage, Pattern, Tension
from contraflow.case.table import (
    ID_PATTERN,
    Date,
    Id,
    Role,
    Row,
    Selector,
    Text,
    column,
    maybe_quantity,
    optional,
    quantity,
)

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class SourceKind(StrEnum):
    REPORT = "report"
    NEWS = "news"
    SURVEY = "survey"
    DATA = "data"
    GAZETTEER = "gazetteer"
    LITERATURE = "literature"


class Source(Row):
    table: ClassVar[str] = "sources"
    about: ClassVar[str] = N_("Where statements come from, each graded for reliability.")

    id: Id = column(N_("Short name of the source."))
    title: Text = column(N_("Title of the work."), shown=False)
    author: str = optional("Author as published.", "", shown=False)
    publisher: Text = column(N_("Who published it."), shown=True)
    published: Date = column(N_("Date of publication, as precise as known."))
    url: str = optional("Address.", "", shown=False)
    kind: SourceKind = column(N_("Kind of work."))
    reliability: Annotated[str, StringConstraints(pattern=r"^[A-F]$")] = column(
        N_(
            "Reliability of the source by the Admiralty code: A (completely reliable) to F (cannot be "
            "judged)."
        )
    )
    reason: Text = column(N_("Why this grade."), shown=True)
    origin: Id = optional(
        "Whose figures it relays: a name that sources of one origin share, for example that of a survey. "
        "Claims of one origin that state one kind of quantity share an error. Empty: its own.",
        "",
    )
    licence: str = optional("Terms of reuse; facts are used, sentences are not.", "", shown=True)
    note: str = optional("How its figures were used, known breaks of method.", "")


class Scale(StrEnum):
    LOG = "log"
    LINEAR = "linear"


class Parameter(Row):
    table: ClassVar[str] = "parameters"
    about: ClassVar[str] = N_(
        "The ledger of numbers: each quantity of the model with its range, unit and origin. A row "
        "with claims rests on them; a row without claims is a declared assumption."
    )

    id: Id = column(N_("Name by which other tables refer to this number."))
    meaning: Text = column(N_("What the number is."), shown=True)
    low: float = column(N_("Lower limit of the range; calibration stays inside."))
    value: float = column(N_("Central value before calibration."))
    high: float = column(N_("Upper limit of the range. Equal to low: the number is fixed."))
    unit: Text = column(N_("Unit of low, value and high; converted on load."), shown=False)
    scale: Scale = optional("Whether the range is even in logarithms or in the number itself.", Scale.LOG)
    claims: Selector = optional("Claims that the range rests on. Empty: an assumption.", (), refers="claims")
    reason: Text = column(N_("Why this range; for an assumption, why it is plausible."), shown=True)


class PlaceKind(StrEnum):
    ZONE = "zone"
    TOWN = "town"
    STRIPS = "strips"
    PORT = "port"
    CROSSING = "crossing"
    REFINING = "refining"
    MARKET = "market"


class Place(Row):
    table: ClassVar[str] = "places"
    about: ClassVar[str] = N_("Zones, towns, strip clusters, ports, crossings, refining hubs and markets.")

    id: Id = column(N_("Short name of the place."))
    name: Text = column(N_("Name as shown."), shown=True)
    kind: PlaceKind = column(N_("Kind of place."))
    country: CountryCode = column(
        N_(
            "ISO 3166 country code; XE Europe, XN North America, XF Africa, XA Asia, XS Southern Cone for "
            "markets."
        )
    )
    group: Selector = optional("Groups by which selectors may name this place.", ())
    latitude: float = column(N_("Latitude, WGS 84."), unit="degree", ge=-90, le=90)
    longitude: float = column(N_("Longitude, WGS 84."), unit="degree", ge=-180, le=180)
    source: Id = column(N_("Gazetteer that the coordinates come from."), refers="sources")
    endowment: str | None = maybe_quantity(
        "Labour-hectares that households of this zone can put to use.",
        "ha",
        Role.LAND,
        "no households are modelled here",
    )
    households: str | None = optional("Who holds the endowment and earns from it.", refers="actors")
    note: str = optional("What the coordinates stand for.", "")


class Form(Row):
    table: ClassVar[str] = "forms"
    about: ClassVar[str] = N_(
        "What is grown, made, moved and sold, and how readily people switch between options."
    )

    id: Id = column(N_("Short name of the form."))
    name: Text = column(N_("Name as shown."), shown=True)
    unit: Text = column(
        N_(
            "Unit in which it is counted: ha for labour, kg for goods, USD for work that is hired (dollars "
            "of pay at the baseline's rates)."
        ),
        shown=False,
    )
    substance: str = optional(
        "Pure substance that it contains. Empty: that of case.toml. Headline figures add up the forms of "
        "the case's own substance only.",
        "",
        shown=True,
    )
    content: str | None = maybe_quantity(
        "Pure substance per unit, for adding and comparing forms.", "kg/kg", Role.LAND, "it contains none"
    )
    switching: str = quantity(
        N_("theta, the elasticity of substitution among the options of whoever holds this form."),
        "dimensionless",
        Role.SWITCHING,
    )
    note: str = optional("Remarks.", "")


class ModeFamily(StrEnum):
    """How goods move, independent of the name of a mode."""

    AIR = "air"
    FOOT = "foot"
    ROAD = "road"
    RIVER = "river"
    SEA = "sea"
    OTHER = "other"


class Mode(Row):
    table: ClassVar[str] = "modes"
    about: ClassVar[str] = "Ways of moving goods, with load, pay, running cost, hazard and risk pay."

    id: Id = column(N_("Short name of the mode."))
    name: Text = column(N_("Name as shown."), shown=True)
    family: ModeFamily = column(
        N_("How goods move: by air, on foot, by road, by river, by sea, or otherwise.")
    )
    load: str = quantity(N_("Load of one consignment."), "kg", Role.TRANSPORT)
    crew: str = quantity(N_("People on one consignment."), "person", Role.TRANSPORT)
    detour: str = quantity(
        N_("Length travelled per length of great circle."), "dimensionless", Role.TRANSPORT
    )
    pay: str | None = maybe_quantity("Crew's pay per kg and trip.", "USD/kg", Role.TRANSPORT, "none")
    pay_actor: str | None = optional("Who receives pay and risk pay.", refers="actors")
    haul: str | None = maybe_quantity(
        "Running cost per kg and km travelled.", "USD/kg/km", Role.TRANSPORT, "none"
    )
    haul_actor: str | None = optional("Who receives the running cost.", refers="actors")
    hazard: str | None = maybe_quantity(
        "Hazard of interception per km travelled.", "1/km", Role.HAZARD, "none"
    )
    trip_hazard: str | None = maybe_quantity(
        "Hazard of interception per trip.", "dimensionless", Role.HAZARD, "none"
    )
    risk_pay: str | None = maybe_quantity(
        "What crews ask per kg and unit of interception probability.", "USD/kg", Role.MARGIN, "none"
    )
    margin: str | None = maybe_quantity(
        "Share of delivered value kept for organisation and risk.", "dimensionless", Role.MARGIN, "none"
    )
    margin_actor: str | None = optional(
        "Who keeps the margin unless the link says otherwise.", refers="actors"
    )
    note: str = optional("Remarks.", "")


class Link(Row):
    table: ClassVar[str] = "links"
    about: ClassVar[str] = "Transport: the same form, from one place to another, by a mode."

    id: Id = column(N_("Short name of the link."))
    origin: Id = Field(
        alias="from", description=N_("Place it leaves."), json_schema_extra={"refers": "places"}
    )
    destination: Id = Field(
        alias="to", description=N_("Place it reaches."), json_schema_extra={"refers": "places"}
    )
    mode: Id = column(N_("Mode."), refers="modes")
    forms: Selector = column(N_("Forms that move on it; each becomes an arc."), refers="forms")
    weight: str | None = maybe_quantity(
        "Odds of use in the baseline, next to the other options of the same node, where it pays well; "
        "each arc has its own value in this range.",
        "dimensionless",
        Role.WEIGHT,
        "1, fixed",
    )
    distance: str | None = maybe_quantity(
        "Length travelled.", "km", Role.TRANSPORT, "great circle times the mode's detour"
    )
    cost: str | None = maybe_quantity("Cost beyond the mode's.", "USD/kg", Role.COST, "none")
    cost_actor: str | None = optional("Who receives this cost.", refers="actors")
    hazard: str | None = maybe_quantity(
        "Hazard of interception beyond the mode's.", "dimensionless", Role.HAZARD, "none"
    )
    margin: str | None = maybe_quantity(
        "Margin in place of the mode's.", "dimensionless", Role.MARGIN, "the mode's margin"
    )
    margin_actor: str | None = optional("Who keeps the margin. Empty: the mode's.", refers="actors")
    facility: str | None = optional("Facility whose capacity it uses.", refers="facilities")
    claims: Selector = optional("Claims that document the link.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Process(Row):
    table: ClassVar[str] = "processes"
    about: ClassVar[str] = "One form turned into another at a place, with a yield."

    id: Id = column(N_("Short name of the process."))
    places: Selector = column(N_("Places where it is done; each becomes an arc."), refers="places")
    input: Id = column(N_("Form used up."), refers="forms")
    output: Id = column(N_("Form made."), refers="forms")
    output_yield: str | None = Field(
        default=None,
        alias="yield",
        description="Output per unit of input. Empty: follows from the recovery.",
        json_schema_extra={"unit": "dimensionless", "refers": "parameters", "role": Role.LAND},
    )
    recovery: str | None = maybe_quantity(
        "Share of the input's pure content that the output keeps, in place of a yield: the yield is then "
        "recovery x content of the input / content of the output.",
        "dimensionless",
        Role.LAND,
        "the yield is given",
    )
    weight: str | None = maybe_quantity(
        "Odds of use in the baseline, as for links.", "dimensionless", Role.WEIGHT, "1, fixed"
    )
    cost: str | None = maybe_quantity("Cost per kg of input: labour, inputs.", "USD/kg", Role.COST, "none")
    cost_actor: str | None = optional("Who receives the cost.", refers="actors")
    hazard: str | None = maybe_quantity("Hazard of loss to the state.", "dimensionless", Role.HAZARD, "none")
    margin: str | None = maybe_quantity(
        "Share of delivered value kept.", "dimensionless", Role.MARGIN, "none"
    )
    margin_actor: str | None = optional("Who keeps the margin.", refers="actors")
    facility: str | None = optional("Facility whose capacity it uses.", refers="facilities")
    claims: Selector = optional("Claims that document the process.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Activity(Row):
    table: ClassVar[str] = "activities"
    about: ClassVar[str] = (
        "What households do with a labour-hectare: a crop, mining, carrying, a licit living, leaving."
    )

    id: Id = column(N_("Short name of the activity."))
    places: Selector = column(N_("Zones where it is open; each becomes an arc."), refers="places")
    input: Id = column(N_("Form of the endowment, labour."), refers="forms")
    output: Id = column(N_("Form made."), refers="forms")
    output_yield: str = Field(
        alias="yield",
        description=N_("Output per labour-hectare and year."),
        json_schema_extra={"unit": "kg/ha", "refers": "parameters", "role": Role.LAND},
    )
    weight: str | None = maybe_quantity(
        "Odds of use in the baseline, as for links.", "dimensionless", Role.WEIGHT, "1, fixed"
    )
    cost: str | None = maybe_quantity("Cost per labour-hectare and year.", "USD/ha", Role.COST, "none")
    cost_actor: str | None = optional("Who receives the cost.", refers="actors")
    hazard: str | None = maybe_quantity(
        "Hazard of losing the year's crop.", "dimensionless", Role.HAZARD, "none"
    )
    facility: str | None = optional("Facility whose capacity it uses.", refers="facilities")
    claims: Selector = optional("Claims that document the activity.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Facility(Row):
    table: ClassVar[str] = "facilities"
    about: ClassVar[str] = (
        "Things with limited capacity (strips, ports, a state's attention): as more goes through, a "
        "surcharge rises and enforcement is diluted. Anchored on the baseline flow."
    )

    id: Id = column(N_("Short name of the facility."))
    name: Text = column(N_("Name as shown."), shown=True)
    surcharge: str | None = maybe_quantity(
        "Scarcity surcharge per kg at baseline.", "USD/kg", Role.COST, "none"
    )
    steepness: str | None = maybe_quantity(
        "Elasticity of the surcharge to flow over open capacity.", "dimensionless", Role.COST, "1"
    )
    dilution: str | None = maybe_quantity(
        "Elasticity with which hazard falls as flow rises from the baseline: 0 none, 1 a fixed "
        "number of seizures.",
        "dimensionless",
        Role.HAZARD,
        "none",
    )
    actor: str | None = optional("Who receives the surcharge.", refers="actors")
    note: str = optional("Remarks.", "")


class Market(Row):
    table: ClassVar[str] = "markets"
    about: ClassVar[str] = N_(
        "Where goods are sold for good, with price and elasticity of demand, and where work is hired: there "
        "the transports that hire are the demand, and their pay follows the price."
    )

    id: Id = column(N_("Short name of the market; with several places each is its own market."))
    places: Selector = column(N_("Places of sale."), refers="places")
    form: Id = column(N_("Form sold."), refers="forms")
    price: str = quantity(N_("Price at baseline."), "USD/unit", Role.PRICE)
    elasticity: str | None = maybe_quantity(
        "Price elasticity of demand, positive.",
        "dimensionless",
        Role.DEMAND,
        "the price is given, or transports hire",
    )
    hired_by: Selector = optional(
        "Modes whose crews are hired here. Empty: goods are sold.", (), selects="modes"
    )
    hired_from: Selector = optional("Places from where those crews set out.", (), selects="places")
    claims: Selector = optional("Claims that document the market.", (), refers="claims")
    note: str = optional("Remarks.", "")


class ActorKind(StrEnum):
    HOUSEHOLDS = "households"
    WORKERS = "workers"
    CARRIERS = "carriers"
    CLANS = "clans"
    BUYERS = "buyers"
    ARMED = "armed group"
    OFFICIALS = "officials"
    SUPPLIERS = "suppliers"
    STATE = "state"


class Actor(Row):
    table: ClassVar[str] = "actors"
    about: ClassVar[str] = "Groups and institutions that earn or act; never private persons."

    id: Id = column(N_("Short name of the actor."))
    name: Text = column(N_("Name as shown."), shown=True)
    kind: ActorKind = column(N_("Kind of actor."))
    claims: Selector = optional("Claims that document the actor.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Fee(Row):
    table: ClassVar[str] = "fees"
    about: ClassVar[str] = (
        "Levies and bribes per kg, paid to an actor on every transport that a filter selects."
    )

    id: Id = column(N_("Short name of the fee."))
    actor: Id = column(N_("Who receives it."), refers="actors")
    origin: Selector = Field(
        default=(), alias="from", description="Places left.", json_schema_extra={"selects": "places"}
    )
    destination: Selector = Field(
        default=(), alias="to", description="Places reached.", json_schema_extra={"selects": "places"}
    )
    mode: Selector = optional("Modes.", (), selects="modes")
    form: Selector = optional("Forms carried.", (), selects="forms")
    amount: str = quantity(N_("Fee per kg."), "USD/kg", Role.FEE)
    claims: Selector = optional("Claims that document the fee.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Basis(StrEnum):
    UNIT = "unit"
    REVENUE = "revenue"


class Input(Row):
    table: ClassVar[str] = "inputs"
    about: ClassVar[str] = (
        "What processes and transports buy besides the good itself: chemicals, the laundering of proceeds. "
        "Its sources of supply stand in supplies.csv."
    )

    id: Id = column(N_("Short name of the input."))
    name: Text = column(N_("Name as shown."), shown=True)
    basis: Basis = column(
        N_("What it is bought for: each unit that is processed or carried, or each dollar of revenue.")
    )
    switching: str = quantity(
        N_("theta, the elasticity of substitution among its supplies."), "dimensionless", Role.SWITCHING
    )
    origin: Selector = Field(
        default=(), alias="from", description="Places left.", json_schema_extra={"selects": "places"}
    )
    destination: Selector = Field(
        default=(), alias="to", description="Places reached.", json_schema_extra={"selects": "places"}
    )
    mode: Selector = optional("Modes (transport only).", (), selects="modes")
    form: Selector = optional("Forms used or carried.", (), selects="forms")
    step: Selector = optional("Links, processes or activities by id.", (), selects="steps")
    claims: Selector = optional("Claims that document the input.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Supply(Row):
    table: ClassVar[str] = "supplies"
    about: ClassVar[str] = (
        "Sources of an input, each at its own price and risk; buyers choose among those that reach their "
        "place by the one rule, with costs in place of values."
    )

    id: Id = column(N_("Short name of the supply."))
    input: Id = column(N_("Input that it supplies."), refers="inputs")
    origin: Id = Field(
        alias="from", description=N_("Place it comes from."), json_schema_extra={"refers": "places"}
    )
    destination: Selector = Field(
        default=(),
        alias="to",
        description="Places where it can be bought. Empty: wherever the input is needed.",
        json_schema_extra={"selects": "places"},
    )
    weight: str | None = maybe_quantity(
        "Preference weight next to the other supplies of the input.", "dimensionless", Role.WEIGHT, "1, fixed"
    )
    price: str = quantity(N_("Price there: USD per unit, or a share of revenue."), "input", Role.PRICE)
    hazard: str | None = maybe_quantity(
        "Hazard of loss to the state on the way, which the buyer pays for.",
        "dimensionless",
        Role.HAZARD,
        "none",
    )
    actor: str | None = optional("Who is paid.", refers="actors")
    claims: Selector = optional("Claims that document the supply.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Measure(Row):
    table: ClassVar[str] = "measures"
    about: ClassVar[str] = (
        "Levers of the state. What they do stands in effects.csv, their levels over time in events.csv."
    )

    id: Id = column(N_("Short name of the measure."))
    name: Text = column(N_("Name as shown."), shown=True)
    unit: Text = column(N_("What one unit of level is, for example 'strips destroyed per year'."), shown=True)
    maximum: str = quantity(N_("Highest level that can be asked for."), "dimensionless", Role.MEASURE)
    unit_cost: str | None = maybe_quantity(
        "State's spending per unit of level and year.", "USD", Role.MEASURE, "not costed"
    )
    claims: Selector = optional("Claims that document the measure.", (), refers="claims")
    note: str = optional("Remarks.", "", shown=True)


class Requirement(Row):
    table: ClassVar[str] = "requirements"
    about: ClassVar[str] = (
        "What a measure needs in order to work. Several requirements of one measure multiply, as the "
        "chances to detect, to reach and to stop do."
    )

    id: Id = column(N_("Short name of the requirement."))
    measure: Id = column(N_("Measure that needs it."), refers="measures")
    requires: Id = column(N_("Measure without which it does nothing."), refers="measures")
    full_at: str | None = maybe_quantity(
        "Level of the required measure at which it works fully; below it, proportionally.",
        "dimensionless",
        Role.MEASURE,
        "1",
    )
    claims: Selector = optional("Claims that document the requirement.", (), refers="claims")
    note: str = optional("Remarks.", "")


class _KindsOfEffect:
    """Gives the column the kinds that are registered now as its choices."""

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), "enum": list(effects.kinds())}


EffectKind = Annotated[str, AfterValidator(effects.known), _KindsOfEffect()]


class Effect(Row):
    table: ClassVar[str] = "effects"
    about: ClassVar[str] = "What a measure does, and to which arcs, supplies, facilities or markets."

    id: Id = column(N_("Short name of the effect."))
    measure: Id = column(N_("Measure it belongs to."), refers="measures")
    kind: EffectKind = column(N_("Kind of effect."))
    origin: Selector = Field(
        default=(), alias="from", description="Places left.", json_schema_extra={"selects": "places"}
    )
    destination: Selector = Field(
        default=(), alias="to", description="Places reached.", json_schema_extra={"selects": "places"}
    )
    mode: Selector = optional("Modes (transport only).", (), selects="modes")
    form: Selector = optional("Forms used or carried.", (), selects="forms")
    step: Selector = optional("Links, processes or activities by id.", (), selects="steps")
    supply: Selector = optional(
        f"Supplies of inputs by id, in place of arcs, for {effects.readers('supply')}.",
        (),
        selects="supplies",
    )
    market: Selector = optional(f"Markets, for {effects.readers('market')}.", (), selects="markets")
    facility: Selector = optional(f"Facilities, for {effects.readers('facility')}.", (), selects="facilities")
    size: str = quantity(N_("Effect per unit of level."), "effect", Role.MEASURE)
    half: str | None = maybe_quantity(
        "Level at which the effect is half of what it would be without diminishing returns.",
        "dimensionless",
        Role.MEASURE,
        "returns do not diminish beyond the law of random search",
    )
    rebuild: str | None = maybe_quantity(
        f"For {effects.readers('rebuild')}: rebuilding rate in the units of size times level.",
        "dimensionless",
        Role.MEASURE,
        "not rebuilt",
    )
    stock: str | None = maybe_quantity(
        f"For {effects.readers('stock')} with rebuilding: how many there are, in the units of size times "
        "level; says how fast capacity moves.",
        "dimensionless",
        Role.MEASURE,
        "capacity moves at once",
    )
    lethal_pay: str | None = maybe_quantity(
        f"For {effects.readers('lethal_pay')}: extra risk pay per kg and unit of probability, because crews "
        "weigh their lives.",
        "USD/kg",
        Role.MEASURE,
        "not lethal",
    )
    claims: Selector = optional("Claims that document the effect.", (), refers="claims")
    note: str = optional("Remarks.", "")


class Event(Row):
    table: ClassVar[str] = "events"
    about: ClassVar[str] = "Levels of measures by date; the last at or before a year holds in it."

    id: Id = column(N_("Short name of the event."))
    date: Date = column(N_("From when the level holds."))
    measure: Id = column(N_("Measure."), refers="measures")
    level: str = quantity(N_("Level from then on."), "dimensionless", Role.MEASURE)
    claims: Selector = optional("Claims that document the event.", (), refers="claims")
    note: str = optional("Remarks.", "")


TABLES: tuple[type[Row], ...] = (
    Source,
    Claim,
    Parameter,
    Place,
    Form,
    Mode,
    Actor,
    Facility,
    Link,
    Process,
    Activity,
    Market,
    Fee,
    Input,
    Supply,
    Measure,
    Requirement,
    Effect,
    Event,
    Pattern,
    Tension,
    Coverage,
)


class Question(BaseModel):
    """A headline question of ``case.toml``: a policy with a title."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Id = Field(description="Short name of the question.")
    title: Text = Field(description="The question, as shown.", json_schema_extra={"shown": True})
    policy: dict[str, float] = Field(description="Levels of measures by id; the others stay as they are.")
    years: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None, description="Years for which the report follows the policy month by month."
    )


class Words(BaseModel):
    """What sentences and headings call things, as they stand inside a sentence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    substance: Text | None = Field(
        default=None, description="The substance, in another language than that of case.toml."
    )
    crop: Text | None = Field(
        default=None,
        description="What is grown or dug for it, as a mass noun. Empty: the name of its harvest.",
    )
    harvest: Text | None = Field(
        default=None,
        description="First good that holds the substance, as it leaves the ground. Empty: the name of the "
        "first form with the substance that an activity makes.",
    )
    zone: Text | None = Field(
        default=None, description="What a place is called where it is grown or dug. Empty: zone."
    )
    zones: Text | None = Field(default=None, description="Several of them. Empty: the plural with an s.")
    crops: dict[Id, Text] = Field(
        default={},
        description="What is grown, dug or done to make other forms, by their ids. Empty: the name of the "
        "form.",
    )
    countries: dict[CountryCode, Text] = Field(
        default={}, description="Names of countries by their code, where they are not those of ISO 3166."
    )


class CaseWords(Words):
    """The table ``[words]`` of ``case.toml``: the case's own words, and what they are in other languages."""

    es: Words = Field(default=Words(), description="The same in Spanish.")

    def in_language(self, code: str) -> Words:
        """The words in a language; those of the case where it does not say."""
        own = getattr(self, code, None)
        if not isinstance(own, Words):
            return self
        stated = {name: value for name, value in own if value}
        return Words.model_validate({name: getattr(self, name) for name in Words.model_fields} | stated)


def _known_set(name: str) -> str:
    if name != NONE and name not in sets():
        text = _("'{name}' is no set of episodes; there are: {sets}")
        raise ValueError(text.format(name=name, sets=", ".join((*sets(), NONE))))
    return name


class CaseInfo(BaseModel):
    """The ``case.toml`` of a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Id = Field(description="Short name of the case.")
    title: Text = Field(description="Title, as shown.", json_schema_extra={"shown": True})
    summary: Text = Field(
        description="What the case describes, in a sentence.", json_schema_extra={"shown": True}
    )
    licence: Text = Field(default="CC-BY-4.0", description="Terms of reuse of the tables.")
    baseline: tuple[int, int] = Field(description="First and last year of the baseline.")
    home: CountryCode = Field(
        description="Country whose state acts and whose exports are counted: an ISO 3166 code, as in "
        "places.csv."
    )
    substance: Text = Field(
        description="Substance whose pure kilograms the headline figures count, as it stands inside a "
        "sentence.",
        json_schema_extra={"shown": True},
    )
    drift: Annotated[str, StringConstraints(pattern=ID_PATTERN)] = Field(
        description="Parameter: standard deviation of unmodelled change, in logarithms per square root of "
        "a year."
    )
    learned: Annotated[str, AfterValidator(_known_set)] = Field(
        default="all",
        description=f"Set of episodes of history that behaviour is learned from: {', '.join(sets())}, or "
        f"{NONE} for the ranges of the package. Rows of parameters.csv prevail.",
    )
    currency: dict[str, float] = Field(
        description="Dollars of the baseline year per unit of each other currency that units mention. An "
        "empty table says that all money is stated in dollars."
    )
    words: CaseWords = Field(
        default=CaseWords(),
        description="What sentences and headings call things. What is left out follows from the tables.",
    )
    questions: tuple[Question, ...] = Field(default=(), description="Headline questions.")
