"""The numbers of behaviour that episodes share: what they are, and what was known before any episode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from types import MappingProxyType

import numpy as np

from contraflow._language import N_
from contraflow._types import FloatArray

SPAN = 2 * 1.6448536269514722
"""Standard deviations in a 90 % interval."""


@dataclass(frozen=True)
class SharedNumber:
    """One number of behaviour with its prior, normal in its logarithm or, for a part of one, in its logit."""

    meaning: str
    """What it is."""
    unit: str
    """Unit: month, year, part or dimensionless."""
    low: float
    """Lower end of the prior's 90 % interval."""
    value: float
    """Median of the prior."""
    high: float
    """Upper end of the prior's 90 % interval."""
    off: float
    """Value at which what it stands for is gone."""
    reason: str
    """What the prior rests on."""

    def inner(self, value: float) -> float:
        """The number on the scale on which it is normal."""
        return log(value / (1 - value)) if self.unit == "part" else log(value)

    def outer(self, inner: FloatArray) -> FloatArray:
        """The number itself."""
        return np.asarray(1 / (1 + np.exp(-inner)) if self.unit == "part" else np.exp(inner))

    @property
    def centre(self) -> float:
        """Mean of the prior on that scale."""
        return self.inner(self.value)

    @property
    def spread(self) -> float:
        """Standard deviation of the prior on that scale."""
        return (self.inner(self.high) - self.inner(self.low)) / SPAN


LICIT = "licit trade: 0.76 within a year, 2 after seven to ten (Boehm, Levchenko & Pandalai-Nayar 2023)"

NUMBERS: Mapping[str, SharedNumber] = MappingProxyType(
    {
        "theta_trade": SharedNumber(
            N_("Elasticity of substitution between ways and buyers in the long run"),
            "dimensionless", 1, 1.8, 3, 1.8, LICIT,
        ),
        "theta_land": SharedNumber(
            N_("Elasticity of the crop's land to what it earns, in the long run"),
            "dimensionless", 0.8, 2.5, 8, 2.5,
            "the crop takes a few per cent of a zone's land; area followed prices by 1 in three years where "
            "it was counted well, 0.3 for cropland in general (Scott 2013)",
        ),
        "trade_at_once": SharedNumber(
            N_("Part of the elasticity between ways and buyers that is there at once"),
            "part", 0.2, 0.38, 0.6, 0.999, LICIT,
        ),
        "land_at_once": SharedNumber(
            N_("Part of the elasticity of land that is there at once"),
            "part", 0.03, 0.1, 0.3, 0.999, "fields of a perennial crop are there for years",
        ),
        "growers": SharedNumber(
            N_("Months in which two thirds of growers reconsider what they grow"),
            "month", 12, 36, 100, 0.02,
            "fields abandoned at 15 to 35 per cent a year; a field bears after one",
        ),
        "traders": SharedNumber(
            N_("Months in which two thirds of traders reconsider ways and buyers"),
            "month", 30, 52, 90, 0.02, LICIT,
        ),
        "crop_buyers": SharedNumber(
            N_("Months in which buyers of a crop make two thirds of the way to what comes in"),
            "month", 5, 10, 20, 10, "pits and kitchens move within a season or two; nobody has counted",
        ),
        "buyers_exponent": SharedNumber(
            N_(
                "Fall of the price at the gate, in per cent, as one per cent more comes in than buyers can "
                "take"
            ),
            "dimensionless", 0.3, 0.8, 2, 0,
            "nobody has counted; prices of neighbouring zones differ threefold",
        ),
        "demand": SharedNumber(
            N_("Elasticity of demand in the street"),
            "dimensionless", 0.3, 0.6, 1.2, 0.6,
            "0.9 for illicit drugs on average, 0.5 for the reference substance, 0.25 for a synthetic one "
            "within half a year",
        ),
        "pass_through": SharedNumber(
            N_(
                "How far the price where the goods are sold follows the street's, in per cent for each per "
                "cent"
            ),
            "dimensionless", 0.2, 0.5, 1.2, 1,
            "margins overseas are set in part by the price and in part by the kilogram",
        ),
        "stocks": SharedNumber(
            N_("Months of goods on the way to the street, of the reference substance"),
            "month", 3, 4.5, 8, 0.02,
            "prices in the street follow those at the gate after four to five months (IDA P-3472)",
        ),
        "fear_multiplier": SharedNumber(
            N_("What a risk is believed to cost, over what it costs"),
            "dimensionless", 1.5, 3, 8, 1,
            "three per cent of flights were hit and four in five deterred (IDA P-3472)",
        ),
        "replanting": SharedNumber(
            N_("Part of what is eradicated that is planted again at once"),
            "part", 0.3, 0.5, 0.7, 0.5, "a half to two thirds where it was counted (INDEPAZ, reported 2019)",
        ),
        "reckoning": SharedNumber(
            N_("Years of income that growers write off where one field in one is lost each year"),
            "year", 0.5, 1.5, 4, 0, "a field bears after a year to a year and a half",
        ),
        "growth": SharedNumber(
            N_("Growth of a region's crop in a year, at most, in logarithms"),
            "dimensionless", 0.15, 0.3, 0.6, 1e3,
            "the crop of a country that grew fast did so by 18 to 32 per cent a year",
        ),
    }
)  # fmt: skip
"""Shared numbers by name; those of cases that simulate bear the same names."""

NAMES = tuple(NUMBERS)


@dataclass(frozen=True)
class Structure:
    """Which numbers are learned, and at what values the others stand."""

    fixed: Mapping[str, float] = field(default_factory=dict)
    """Numbers that are not learned, by name."""
    priors: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    """Other priors: lower end, median, upper end."""
    ceiling: float | None = None
    """Land over what bears the crop, in all regions. None: as the tables say."""

    @property
    def free(self) -> tuple[str, ...]:
        """Numbers that are learned."""
        return tuple(name for name in NAMES if name not in self.fixed)

    def number(self, name: str) -> SharedNumber:
        """A number with the prior that it has here."""
        known = NUMBERS[name]
        if name not in self.priors:
            return known
        low, value, high = self.priors[name]
        return SharedNumber(known.meaning, known.unit, low, value, high, known.off, known.reason)

    def without(self, *names: str) -> Structure:
        """The same with some ingredients switched off."""
        return Structure({**self.fixed, **{n: NUMBERS[n].off for n in names}}, self.priors, self.ceiling)


INGREDIENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "a clock for ways and land": ("trade_at_once", "land_at_once", "growers", "traders"),
        "incomplete pass-through": ("pass_through",),
        "growers who reckon with eradication": ("reckoning",),
        "fear above the risk": ("fear_multiplier",),
        "stocks on the way": ("stocks",),
        "buyers with limited capacity": ("buyers_exponent", "crop_buyers"),
        "a limit to growth": ("growth",),
    }
)
"""What can be switched off, by the numbers that stand for it."""

WHOLE = Structure()

OLD_RULE = Structure(
    fixed={name: NUMBERS[name].off for names in INGREDIENTS.values() for name in names},
    priors={"theta_trade": (2.9, 5, 9.2)},
    ceiling=2.5,
)
"""One elasticity at every horizon, no ingredient, and land up to two and a half times the crop's."""


def logistic(inner: float) -> float:
    """The part that a logit stands for."""
    return 1 / (1 + exp(-inner))
