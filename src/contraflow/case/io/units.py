"""Units as people write them, converted to the units of the model.

Inside, every number is in kg, USD of the baseline year, ha, km, year and person. Area is a
dimension of its own, so that each dimension has exactly one unit inside. Things that are
counted (consignments, flights, trips, strips) are dimensionless. A month is a twelfth of a
year and a day a 365th, as in the reports that cases rest on.

Text is read as it is meant: everything after a slash, up to the next one, divides, so
``1/1000 km`` is one per thousand kilometres and ``USD/kg/km`` is USD per kg and km. A unit is no arithmetic:
it names something, and a number stands only at its beginning or after a slash, so that a figure, a date or
``1 500 ha`` in the column of units is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from contraflow._language import N_, _
from contraflow.case.io.cell_text import did_you_mean, twofold

_BASE = {
    "kg": "[mass]",
    "USD": "[money]",
    "ha": "[area]",
    "km": "[length]",
    "year": "[time]",
    "person": "[people]",
}
_ORDER = ("USD", "person", "kg", "ha", "km", "year")

_DEFINITIONS = (
    "kg = [mass] = _ = kilogram = kilo",
    "g = 1e-3 kg = _ = gram",
    "t = 1000 kg = _ = tonne = ton = MT",
    "kt = 1e6 kg = _ = kilotonne",
    "lb = 0.45359237 kg = _ = pound",
    "oz = 0.028349523125 kg = _ = ounce",
    "arroba = 11.5 kg",
    "USD = [money] = _ = usd = dollar",
    "kUSD = 1e3 USD",
    "MUSD = 1e6 USD",
    "ha = [area] = _ = hectare",
    "m2 = 1e-4 ha",
    "km2 = 100 ha",
    "km = [length] = _ = kilometre = kilometer",
    "m = 1e-3 km = _ = metre = meter",
    "mile = 1.609344 km",
    "year = [time] = _ = yr = y = annum",
    "quarter = 0.25 year",
    "month = 0.08333333333333333 year = _ = mo",
    "day = 0.0027397260273972603 year = _ = d",
    "week = 7 day = _ = wk",
    "hour = 0.00011415525114155251 year = _ = h = hr",
    "person = [people] = _ = people = worker",
    "percent = 0.01",
    "permille = 0.001",
    "thousand = 1e3",
    "million = 1e6 = _ = mn",
    "billion = 1e9 = _ = bn",
)

_COUNTED = (
    *("count", "unit", "item", "share", "ratio", "fraction", "probability", "hazard", "level"),
    *("consignment", "shipment", "load", "trip", "flight", "sortie", "patrol", "operation", "seizure"),
    *("strip", "lab", "container", "vehicle", "boat", "aircraft", "checkpoint", "scanner", "base", "radar"),
)

_TOKEN = re.compile(
    r"\s*(?:(?P<power>(?:\*\*|\^)\s*-?\d(?![\d.]))|(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_]\w*)|(?P<sign>[*/()]))"
)
_LARGEST = 1e9
"""Largest number in a unit; the smallest is one over it."""
_ALLOWED = re.compile(r"[A-Za-z0-9_ ./*()^%+-]{1,60}")
_POWER = re.compile(r"(?:\*\*|\^)")
_SMALL_POWER = re.compile(r"(?:\*\*|\^)\s*-?\d(?![\d.]|\s*(?:\*\*|\^))")
_EXAMPLES = N_("Write it like 'USD/kg', 't/day', 'percent' or '1/1000 km'")
_WHERE_NUMBERS_STAND = N_(
    "Write it like 'USD/kg', 't/day', 'percent' or '1/1000 km'; a number stands at its beginning or after a "
    "slash"
)
_CURRENCY = re.compile(r"[A-Z]{3}")


class UnitError(ValueError):
    """A unit that cannot be read."""

    def __init__(self, message: str, cure: str) -> None:
        """Keep the message and its ``cure``, which tells how to mend it."""
        self.cure = cure
        super().__init__(message)


@dataclass(frozen=True)
class Inside:
    """A unit in terms of the model's."""

    factor: float
    """Number of ``unit`` in one of this unit."""
    powers: frozenset[tuple[str, float]]
    """Non-zero exponents of kg, USD, ha, km, year and person."""

    @property
    def unit(self) -> str:
        """The unit inside the model, such as ``USD/kg/km``, ``1/km`` or ``dimensionless``."""
        powers = dict(self.powers)
        above = [_power(name, powers[name]) for name in _ORDER if powers.get(name, 0) > 0]
        below = [_power(name, -powers[name]) for name in _ORDER if powers.get(name, 0) < 0]
        if not above and not below:
            return "dimensionless"
        return "/".join(["*".join(above) or "1", *below])


class Units:
    """The units that a case may use: those defined here and the currencies of its ``case.toml``.

    Examples
    --------
    >>> Units().read("t/day").unit
    'kg/year'
    >>> round(Units({"EUR": 1.1}).read("EUR/g").factor)
    1100
    """

    def __init__(self, currency: Mapping[str, float] | None = None) -> None:
        """Take the currencies of a case.

        Parameters
        ----------
        currency
            Dollars of the baseline year per unit of each other currency, by its three-letter code.

        Raises
        ------
        UnitError
            If a code is not three capitals or is USD itself, or a rate is not a positive number.
        """
        self._currency = dict(currency or {})
        for code, rate in self._currency.items():
            if not _CURRENCY.fullmatch(code) or code == "USD":
                fault = _("'{code}' is not another currency").format(code=code)
                raise UnitError(fault, _("Write its three-letter ISO code, such as EUR"))
            if not (math.isfinite(rate) and rate > 0):
                fault = _("the rate of {code} is {rate}").format(code=code, rate=rate)
                raise UnitError(fault, _("Give dollars per unit, a positive number"))
        self._registry: Any = None
        self._known: dict[str, Inside] = {}

    def read(self, text: str) -> Inside:
        """The unit that ``text`` means. Raises UnitError if it means none."""
        if text not in self._known:
            self._known[text] = self._parse(text)
        return self._known[text]

    def fits(self, unit: Inside, expected: Iterable[str]) -> str | None:
        """The first of the ``expected`` units with the same dimensions as ``unit``, or None.

        Examples
        --------
        >>> Units().fits(Units().read("t"), ("ha", "kg"))
        'kg'
        """
        return next((name for name in expected if self.read(name).powers == unit.powers), None)

    def names(self) -> list[str]:
        """Every name of a unit, for suggestions."""
        defined = [name for line in _DEFINITIONS for name in _names(line)]
        return [*defined, *_COUNTED, *self._currency]

    def _parse(self, text: str) -> Inside:
        if text in ("", "1", "dimensionless"):
            return Inside(1.0, frozenset())
        written = _plain(text)
        powers = _POWER.findall(written)
        if (
            not _ALLOWED.fullmatch(written)
            or len(powers) > 2
            or len(_SMALL_POWER.findall(written)) < len(powers)
        ):
            raise UnitError(_("is not a known unit"), _(_EXAMPLES))
        self._expect_known(written)
        _expect_unit(written)
        try:
            parsed = self._pint().Quantity(1.0) * self._pint().parse_expression(_divide(written))
            inside = parsed.to_base_units()
            factor, dimensions = float(inside.magnitude), dict(inside.dimensionality)
        except Exception as error:  # pint raises many kinds on malformed text; all mean the same here
            raise UnitError(_("is not a known unit"), _(_EXAMPLES)) from error
        if not (math.isfinite(factor) and factor > 0):
            raise UnitError(_("is not a positive unit"), _(_EXAMPLES))
        names = {dimension: name for name, dimension in _BASE.items()}
        return Inside(
            factor, frozenset((names[key], float(power)) for key, power in dimensions.items() if power)
        )

    def _expect_known(self, written: str) -> None:
        names = self.names()
        for word in re.findall(r"[A-Za-z_][A-Za-z_0-9]*", re.sub(r"\d[\d.]*[eE][+-]?\d+", "1", written)):
            if word in names or word.removesuffix("s") in names or word == "dimensionless":
                continue
            cure = _("Use kg, USD, ha, km, year, person or a unit made of them")
            if _CURRENCY.fullmatch(word):
                cure = _("If {code} is a currency, give its rate under [currency] in case.toml")
                cure = cure.format(code=word)
            same = [name for name in names if name.lower() == word.lower()]
            close = same or get_close_matches(word, names, n=1)
            if close:
                cure = did_you_mean(close[0])
            raise UnitError(_("has an unknown unit '{unit}'").format(unit=word), cure)

    def _pint(self) -> Any:
        if self._registry is None:
            import pint

            registry: Any = pint.UnitRegistry(None)
            for line in _DEFINITIONS:
                registry.define(line)
            for name in _COUNTED:
                registry.define(f"{name} = []")
            for code, rate in self._currency.items():
                registry.define(f"{code} = {rate!r} USD")
            self._registry = registry
        return self._registry


def _names(definition: str) -> list[str]:
    """The name and aliases of a line of definitions."""
    name, _dimension, *aliases = (part.strip() for part in definition.split("="))
    return [name, *(alias for alias in aliases if alias != "_")]


def _expect_unit(text: str) -> None:
    """Refuse what is arithmetic rather than a unit. Raises UnitError."""
    end, before, named = 0, "/", 0
    while token := _TOKEN.match(text, end):
        kind = str(token.lastgroup)
        if kind == "number":
            number = float(token["number"])
            if fault := twofold(token["number"]):
                raise UnitError(*fault)
            if before not in ("/", "/(") or not (1 / _LARGEST <= number <= _LARGEST):
                break
        if kind == "name":
            named += 1
            if (before, token["name"]) == ("percent", "percent"):
                break
        group = before == "/" and token["sign"] == "("
        before = "/(" if group else (token["sign"] or token["name"] or kind)
        end = token.end()
    if not named or text[end:].strip():
        raise UnitError(_("is not a known unit"), _(_WHERE_NUMBERS_STAND))


def _plain(text: str) -> str:
    """Signs and words that people use, in ASCII."""
    text = re.sub(r"\bk?m(?:²|\^2|\*\*2)", lambda m: m[0].rstrip("²^*2") + "2", text)
    text = text.replace("US$", "USD").replace("$", "USD").replace("%", " percent ").replace("·", "*")
    return re.sub(r"\s+per\s+", "/", text).strip()


def _divide(text: str) -> str:
    """Let everything after a slash divide, unless parentheses already group the terms."""
    if "(" in text or "/" not in text:
        return text
    first, *rest = (part.strip() for part in text.split("/"))
    return "/".join([f"({first})", *(f"({part})" for part in rest)])


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{power:g}"
