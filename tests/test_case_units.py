"""Units: what people write reduces to kg, USD, ha, km, year and person, or is refused with a cure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contraflow.case import effects, schema
from contraflow.case.checks import dimensions
from contraflow.case.io.units import UnitError, Units
from contraflow.case.quantities import Quantity

UNITS = Units({"EUR": 1.18, "PEN": 0.26})


@pytest.mark.parametrize(
    ("text", "factor", "unit"),
    [
        ("kg", 1, "kg"),
        ("tonnes", 1000, "kg"),
        ("t/day", 365_000, "kg/year"),
        ("kg/month", 12, "kg/year"),
        ("USD/g", 1000, "USD/kg"),
        ("US$/kg", 1, "USD/kg"),
        ("EUR/kg", 1.18, "USD/kg"),
        ("PEN/kg/km", 0.26, "USD/kg/km"),
        ("million USD/yr", 1e6, "USD/year"),
        ("MUSD per year", 1e6, "USD/year"),
        ("thousand ha", 1000, "ha"),
        ("km²", 100, "ha"),
        ("km2", 100, "ha"),
        ("percent", 0.01, "dimensionless"),
        ("%", 0.01, "dimensionless"),
        ("%/1000 km", 1e-5, "1/km"),
        ("1/1000 km", 1e-3, "1/km"),
        ("1/(1000 km)", 1e-3, "1/km"),
        ("kg/ha/yr", 1, "kg/ha/year"),
        ("USD/kg km", 1, "USD/kg/km"),
        ("consignments/year", 1, "1/year"),
        ("kg per trip", 1, "kg"),
        ("people", 1, "person"),
        ("", 1, "dimensionless"),
        ("1", 1, "dimensionless"),
        ("dimensionless", 1, "dimensionless"),
    ],
)
def test_converted(text: str, factor: float, unit: str) -> None:
    inside = UNITS.read(text)
    assert inside.factor == pytest.approx(factor, rel=1e-12)
    assert inside.unit == unit


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("Kg", "Did you mean 'kg'?"),
        ("hectars", "Did you mean"),
        ("GBP/kg", "[currency]"),
        ("furlong", "kg, USD, ha"),
        ("1/0", "Write it like"),
        ("0 kg", "Write it like"),
        ("-kg", "Write it like"),
        ("kg+USD", "Write it like"),
        ("kg//", "Write it like"),
        ("(((", "Write it like"),
        ("9**9**9**9", "Write it like"),
        ("kg; USD", "Write it like"),
        ("__import__", "kg, USD, ha"),
        ("1 234", "a number stands at its beginning"),
        ("1 500 ha", "a number stands at its beginning"),
        ("kg 5", "a number stands at its beginning"),
        ("kg/5 5 ha", "a number stands at its beginning"),
        ("2021-02-30", "a number stands at its beginning"),
        ("2014-08", "a number stands at its beginning"),
        ("1.234.567", "a number stands at its beginning"),
        ("99999", "a number stands at its beginning"),
        ("1e308", "Write it like"),
        ("1e-320", "Write it like"),
        ("--1", "Write it like"),
        ("USD + 5 USD", "Write it like"),
        ("% %", "a number stands at its beginning"),
        ("2*3 kg", "a number stands at its beginning"),
        ("10000000000 kg", "a number stands at its beginning"),
        ("kg-ha", "Write it like"),
    ],
)
def test_refused(text: str, cure: str) -> None:
    with pytest.raises(UnitError) as caught:
        UNITS.read(text)
    assert cure in caught.value.cure


@pytest.mark.parametrize("currency", [{"eur": 1.1}, {"USD": 1.0}, {"EUR": 0.0}, {"EUR": float("nan")}])
def test_currencies_refused(currency: dict[str, float]) -> None:
    with pytest.raises(UnitError):
        Units(currency)


@given(st.text("kgUSDhat/*() 19.%^-²yearon", max_size=20))
def test_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    try:
        inside = UNITS.read(text)
    except UnitError as error:
        assert error.cure  # noqa: PT017 (most text is refused, some is not)
        return
    assert inside.factor > 0
    assert UNITS.read(inside.unit).powers == inside.powers
    assert UNITS.read(inside.unit).factor == pytest.approx(1.0)


def test_every_unit_of_the_schema_is_one_inside() -> None:
    special = {"USD/unit", "effect", "input", "degree", "kg/kg"}
    columns = [f.json_schema_extra for model in schema.TABLES for f in model.model_fields.values()]
    units = {extra["unit"] for extra in columns if isinstance(extra, dict) and "unit" in extra}
    claimed = {unit for quantity in Quantity for unit in quantity.units}
    sizes = {unit for entry in effects.BUILT_IN for unit in (*entry.units, *entry.supply_units)}
    for unit in (units | claimed | sizes) - special:
        assert (UNITS.read(str(unit)).factor, UNITS.read(str(unit)).unit) == (1.0, unit)


def test_per_year_may_be_left_out_only_where_the_model_counts_by_the_year() -> None:
    assert dimensions.of_claim(Quantity.FLOW) == {"kg/year": "kg/year", "kg": "kg/year"}
    assert dimensions.of_claim(Quantity.COUNT) == {"1/year": "1/year", "dimensionless": "1/year"}
    assert dimensions.of_claim(Quantity.YIELD)["kg/ha/year"] == "kg/ha"
    assert dimensions.of_claim(Quantity.LOAD) == {"kg": "kg"}
    assert dimensions.of_claim(Quantity.SHARE) == {"dimensionless": "dimensionless"}
    assert dimensions.of_claim(Quantity.NONE) == {}
