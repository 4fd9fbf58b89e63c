"""Behaviour parameters: how clans and households act in time, for simulations only.

They stand in the ledger like all other numbers of a case. A case sets one by a row ``behaviour-NAME`` of
``parameters.csv`` (hyphens for underscores); those that it leaves out come from :data:`BEHAVIOUR`. No
equilibrium depends on them, so no claim informs them and calibration leaves them at their central values;
every replicate of a simulation draws them from their ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from contraflow._language import _
from contraflow.case.learned import NONE, LearnedBehaviour, learned_behaviour
from contraflow.case.schema import Parameter, Scale

PREFIX = "behaviour-"
"""Beginning of the ids of rows of ``parameters.csv`` that state a behaviour parameter, and of no others."""

MONTH = 1 / 12
"""A month in years, the unit of time in the ledger; behaviour parameters count in months."""


class BehaviourNumber(NamedTuple):
    """One behaviour parameter: its default row of the ledger and the limits of what is possible."""

    meaning: str
    """What the number is."""
    unit: str
    """Unit of all figures here and of the simulation: month, consignment or dimensionless."""
    low: float
    """Lower limit of the default range."""
    value: float
    """Central value."""
    high: float
    """Upper limit of the default range."""
    reason: str
    """Why this range."""
    scale: Scale = Scale.LOG
    """Whether the range is even in logarithms or in the number itself."""
    least: float = 0.0
    """Lowest value that a case or a user may set."""
    most: float = float("inf")
    """Highest value that a case or a user may set."""
    open: bool = False
    """Whether ``least`` itself is excluded."""

    @property
    def factor(self) -> float:
        """Units of the ledger in one unit of the number: 1/12 for times, else 1."""
        return MONTH if self.unit == "month" else 1.0

    def fault(self, number: float) -> str | None:
        """What is wrong with ``number``, in the parameter's own unit, or None.

        Examples
        --------
        >>> BEHAVIOUR["entry"].fault(0.5)
        'is below 1'
        """
        if not number < float("inf"):
            return _("is not a finite number")
        if number < self.least or (self.open and number == self.least):
            text = _("is not above {limit}") if self.open else _("is below {limit}")
            return text.format(limit=f"{self.least:g}")
        return _("is above {limit}").format(limit=f"{self.most:g}") if number > self.most else None


BEHAVIOUR: Mapping[str, BehaviourNumber] = {
    "memory": BehaviourNumber(
        "Months after which a clan's experience counts e times less",
        "month", 6, 13, 24,
        "Thirteen months in NarcoLogic (Magliocca et al. 2019)",
        open=True,
    ),
    "prior_weight": BehaviourNumber(
        "Consignments that the loss known from the baseline is worth",
        "consignment", 10, 25, 60,
        "Clans have years on their ways; 2.5 in NarcoLogic",
        open=True,
    ),
    "news": BehaviourNumber(
        "Weight of what other clans met, against own experience",
        "dimensionless", 0.05, 0.2, 0.5,
        "Own experience strong, shared news weak",
    ),
    "attitude": BehaviourNumber(
        "Standard deviation, in logarithms, of how heavily clans weigh a change of risk",
        "dimensionless", 0, 0.3, 0.5,
        "Clans differ; how much nobody has reported",
        Scale.LINEAR,
    ),
    "ways": BehaviourNumber(
        "Trials of the Dirichlet distribution from which a clan's ways in the baseline are drawn",
        "dimensionless", 2, 4, 20,
        "Small clans use a few ways and buyers, not all that exist",
        open=True,
    ),
    "size_dispersion": BehaviourNumber(
        "Standard deviation, in logarithms, of the capital of clans at the start",
        "dimensionless", 0.5, 1, 1.5,
        "Sizes of firms are skewed",
    ),
    "cover": BehaviourNumber(
        "Months of purchases that a clan's capital is held at",
        "month", 2, 3, 6,
        "Working capital of some consignments; none reported",
        open=True,
    ),
    "entry": BehaviourNumber(
        "Months until a vacant place is taken by a new clan",
        "month", 3, 6, 12,
        "Clans that are caught are replaced within a year",
        least=1,
    ),
    "dismantled": BehaviourNumber(
        "Chance that a month in which it loses all it sends ends a clan; in proportion for a part",
        "dimensionless", 0.005, 0.02, 0.05,
        "Most seizures end with couriers, few with clans",
        most=1,
    ),
    "growers": BehaviourNumber(
        "Months in which two thirds of households reconsider what they grow",
        "month", 12, 18, 30,
        "A field of a perennial crop bears after a year and lives for many",
        least=1,
    ),
    "crop_buyers": BehaviourNumber(
        "Months in which two thirds of the buyers of a crop reconsider where they take it",
        "month", 5, 10, 20,
        "Pits and kitchens are simple and move within a season or two; nobody has counted",
        least=0.1,
    ),
    "traders": BehaviourNumber(
        "Months in which two thirds of traders reconsider routes, modes and buyers",
        "month", 35, 52, 87,
        "Half of the answer of licit trade comes in some three years: its elasticity is 0.76 in the first "
        "year and 2 after seven to ten (Boehm, Levchenko & Pandalai-Nayar 2023)",
        least=0.1,
    ),
    "carriers": BehaviourNumber(
        "Months in which two thirds of those who carry reconsider that work",
        "month", 1, 3, 12,
        "Work by the trip can be left after any of them; nobody has counted",
        least=0.1,
    ),
    "trade_at_once": BehaviourNumber(
        "Part of the elasticity between ways and buyers that is there at once",
        "dimensionless", 0.2, 0.38, 0.6,
        "Licit trade has an elasticity of 0.76 in the first year and of 2 after seven to ten (Boehm, "
        "Levchenko & Pandalai-Nayar 2023); a quarter by Anderson & Yotov (Short Run Gravity)",
        least=0.01, most=1,
    ),
    "theta_trade": BehaviourNumber(
        "How readily goods are sent by other ways and to other buyers, in the long run",
        "dimensionless", 1.05, 1.8, 3.0,
        "Licit trade: 2 after seven to ten years (Boehm, Levchenko & Pandalai-Nayar 2023); above 1, where "
        "the mean of the rule's distribution exists",
        least=1,
    ),
    "theta_land": BehaviourNumber(
        "How readily land and labour go to other uses, in the long run",
        "dimensionless", 1.05, 2, 5,
        "In one well-counted episode area fell in proportion to the price within three years; in others "
        "less",
        least=1,
    ),
    "migration": BehaviourNumber(
        "How readily people come to a zone or leave it, over how readily they change crops",
        "dimensionless", 0.5, 1, 1.5,
        "A living elsewhere is one more use of labour; as readily as other uses, unless a case knows better",
        Scale.LINEAR,
        least=0,
    ),
    "stocks": BehaviourNumber(
        "Months of sales that are on the way to the street",
        "month", 3, 4.5, 8,
        "Four to five months between operations at the source and the street (IDA P-3472)",
        least=0.1,
    ),
    "replanting": BehaviourNumber(
        "Part of destroyed fields that is planted again at once",
        "dimensionless", 0.35, 0.5, 0.67,
        "Half to two thirds of what was eradicated was planted again where that was counted (INDEPAZ, "
        "Ceballos, in InSight Crime 2019)",
        Scale.LINEAR,
        least=0, most=1,
    ),
    "fear_multiplier": BehaviourNumber(
        "Believed over true chance of being hit, where lives are at risk",
        "dimensionless", 1.5, 3, 8,
        "Three per cent of flights hit deterred four in five (Anthony, Crane & Hanson, IDA P-3472)",
        least=1,
    ),
    "fear_half_life": BehaviourNumber(
        "Months in which half of the fear of a measure that has ended is gone",
        "month", 60, 108, 204,
        "Where flights had been tracked and shot at, that ended in 2001; they were back by 2012 and 2013",
        least=0.1,
    ),
    "land_at_once": BehaviourNumber(
        "Part of the elasticity between uses of land and labour that is there at once",
        "dimensionless", 0.03, 0.1, 0.3,
        "Fields of a perennial crop are there for years; what is done at once is to harvest them or not",
        least=0.01, most=1,
    ),
}  # fmt: skip
"""Every behaviour parameter by its name, in the order in which replicates draw them."""


def row_id(name: str) -> str:
    """Id of the row of ``parameters.csv`` that states a behaviour parameter.

    Examples
    --------
    >>> row_id("crop_buyers")
    'behaviour-crop-buyers'
    """
    return PREFIX + name.replace("_", "-")


ROWS: Mapping[str, str] = {row_id(name): name for name in BEHAVIOUR}
"""Names of the behaviour parameters by the ids of their rows."""


def complete(parameters: Mapping[str, Parameter], learned: str = NONE) -> dict[str, Parameter]:
    """Parameters, in units of the ledger, with a row for each behaviour parameter that is missing.

    Parameters
    ----------
    parameters
        Rows of the case, which prevail.
    learned
        Set of episodes from which the other rows are taken where they were learned.
    """
    known = None if learned == NONE else learned_behaviour(learned)
    return {**parameters, **{row: _default(row, known) for row in ROWS if row not in parameters}}


def taken_from(parameters: Mapping[str, Parameter], learned: str) -> tuple[str, ...]:
    """Names of the behaviour parameters that a case takes from a set of episodes.

    Parameters
    ----------
    parameters
        Rows of the case, completed.
    learned
        The set of episodes.
    """
    if learned == NONE:
        return ()
    known = learned_behaviour(learned)
    return tuple(
        name
        for row, name in ROWS.items()
        if name in known.names and _same(parameters[row], _default(row, known))
    )


def _same(one: Parameter, other: Parameter) -> bool:
    """Whether two rows say the same, in whatever language."""
    words = {"meaning", "reason"}
    return one.model_dump(exclude=words) == other.model_dump(exclude=words)


def _default(row: str, learned: LearnedBehaviour | None) -> Parameter:
    name = ROWS[row]
    number = BEHAVIOUR[name]
    low, value, high, scale = number.low, number.value, number.high, number.scale
    reason = f"Default of the package: {number.reason[0].lower()}{number.reason[1:]}."
    if learned is not None and name in learned.names:
        low, value, high = (max(x, number.least) for x in learned.interval(name))
        scale = Scale.LOG
        reason = (
            f"Learned from {len(learned.episodes)} episodes of history; the 90 % interval of another place."
        )
    return Parameter(
        id=row,
        meaning=number.meaning,
        low=low * number.factor,
        value=value * number.factor,
        high=high * number.factor,
        unit="year" if number.unit == "month" else "dimensionless",
        scale=scale,
        reason=reason,
    )
