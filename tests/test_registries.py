"""Kinds of effect and observed quantities: one entry each, whole, and open to kinds from outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contraflow import case as cases
from contraflow.case import effects
from contraflow.case.columns import columns
from contraflow.case.docs import dictionary
from contraflow.case.effects import ActsOn, EffectType
from contraflow.case.quantities import Quantity
from contraflow.case.schema import Effect
from contraflow.errors import CaseError, NetworkError, PolicyError
from contraflow.lab import responder
from contraflow.model import observables
from contraflow.model.economy import distances
from contraflow.model.numerics import jnp
from contraflow.model.observables import LINKS, OPERATORS, Sums, check_operators
from contraflow.network import build
from contraflow.policy import effect_functions as applied
from contraflow.policy import make_levers, parse
from contraflow.policy.effect_functions import Acting, Change
from tiny import two_routes

DOCS = Path(__file__).parents[1] / "docs"
KIND = "scale haul"
DECLARED = EffectType(kind=KIND, about="running cost ×= 1 + amount", acts_on=ActsOn.ARCS, least=float("-inf"))


def scale_haul(acting: Acting) -> Change:
    """Running costs of modes rise by the amount."""
    network = acting.network
    haul = acting.ledger[network.numbers.haul] * distances(network, acting.ledger)
    return Change(added={"cost": haul * acting.on_arcs(acting.amount)})


@pytest.fixture
def declared():
    """A kind from outside that is declared, and taken out afterwards."""
    effects.register(DECLARED)
    yield DECLARED
    if KIND in effects.kinds():
        applied.withdraw(KIND)


def hauled(kind=KIND):
    t = two_routes()
    for mode, haul in (("road", 0.02), ("air", 0.05)):
        place = t.number(f"haul-{mode}", haul, "USD/kg/km")
        t.tables["modes"][mode] = t.tables["modes"][mode].model_copy(update={"haul": place})
    t.add("measures", id="fuel-tax", name="Fuel tax", unit="units", maximum=10.0)
    t.add("effects", id="dearer", measure="fuel-tax", kind=kind, mode="air", size=0.25)
    return t


def test_a_kind_from_outside_acts(declared):
    applied.applies(KIND)(scale_haul)
    r = responder(hauled().case())
    network = r.model.network
    ledger = jnp.asarray(network.ledger.value)
    before, after = (r.measured(ledger, jnp.array([level])) for level in (0.0, 2.0))
    arcs = {arc.id: number for number, arc in enumerate(network.arcs)}
    air = arcs["by-air"]
    haul = 0.05 * float(distances(network, ledger)[air])
    assert haul > 1
    assert float(after.cost[air] - before.cost[air]) == pytest.approx(0.5 * haul, rel=1e-12)
    assert after.cost[arcs["by-road"]] == before.cost[arcs["by-road"]]
    references = r.references(ledger[None])
    solved = r.solve(np.asarray(ledger)[None], references, np.array([[0.0], [2.0]]))
    flow = np.asarray(r.settled(ledger[None], references, np.array([[0.0], [2.0]]), solved.state).point.flow)
    assert flow[1, air] < flow[0, air]


def test_a_kind_from_outside_may_be_written_in_a_case_while_it_is_registered(tmp_path):
    folder = cases.new(tmp_path / "case")
    table = folder / "effects.csv"
    table.write_text(table.read_text().replace("add hazard", KIND))
    with pytest.raises(CaseError, match="is not one of the choices"):
        cases.load(folder)
    effects.register(DECLARED)
    try:
        with pytest.raises(CaseError, match=f"lethal_pay.*has no meaning for an effect of kind '{KIND}'"):
            cases.load(folder)
        table.write_text(table.read_text().replace("lethal-pay", ""))
        assert {e.kind for e in cases.load(folder).effects.values()} >= {KIND}
        choices = {column.name: column.choices for column in columns(Effect)}["kind"]
        assert KIND in choices
    finally:
        applied.withdraw(KIND)
    assert KIND not in {column.name: column.choices for column in columns(Effect)}["kind"]
    with pytest.raises(CaseError):
        cases.load(folder)


def test_an_entry_without_function_is_refused(declared):
    assert applied.without_function(effects.kinds()) == (KIND,)
    with pytest.raises(ValueError, match=f"no function .* '{KIND}'"):
        applied.check_applications(effects.kinds())
    with pytest.raises(NetworkError, match="no function applies"):
        make_levers(build(hauled().case()))


def test_a_function_without_entry_is_refused():
    with pytest.raises(ValueError, match=r"'add hazzard' is not a known kind .* did you mean 'add hazard'"):
        applied.applies("add hazzard")


def test_nothing_is_registered_twice_and_the_kinds_of_the_package_stay(declared):
    with pytest.raises(ValueError, match="registered already"):
        effects.register(DECLARED)
    with pytest.raises(ValueError, match="another function already"):
        applied.applies("deter")(scale_haul)
    with pytest.raises(ValueError, match="belongs to the package"):
        applied.withdraw("deter")
    with pytest.raises(ValueError, match="not a known kind"):
        effects.unregister("invented")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(added={"costs": 1.0}), "adds to 'costs'"),
        (Change(added={"weight": 1.0}), "adds to 'weight'"),
        (Change(scaled={"open_share": 1.0}), "scales 'open_share'"),
    ],
)
def test_a_function_may_change_only_what_its_kind_can(declared, change, message):
    applied.applies(KIND)(lambda _: change)
    r = responder(hauled().case())
    with pytest.raises(ValueError, match=message):
        r.measured(jnp.asarray(r.model.network.ledger.value), jnp.zeros(1))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"about": ""}, "has no about"),
        ({"units": ()}, "has no units"),
        ({"least": 2.0, "most": 1.0}, "no size can meet"),
        ({"numbers": ("price",)}, "reads 'price'"),
        (
            {"acts_on": ActsOn.MARKETS, "supply_units": ("dimensionless",)},
            "cannot act on markets and supplies",
        ),
    ],
)
def test_half_made_entries_of_effects_are_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        EffectType(**{"kind": KIND, "about": "x", "acts_on": ActsOn.ARCS, **cells})


def test_changes_of_several_kinds_add_up():
    both = applied.total([Change({"cost": 1.0}, {"hazard": 2.0}), Change({"cost": 3.0}), Change()])
    assert (both.added, both.scaled) == ({"cost": 4.0}, {"hazard": 2.0})


def test_half_made_operators_are_refused():
    check_operators(OPERATORS)
    without = {quantity: operator for quantity, operator in OPERATORS.items() if quantity != "flow"}
    for wrong, message in (
        (without, "'flow' has no operator"),
        ({**OPERATORS, Quantity.LEVEL: Sums(LINKS, "flow")}, "'level' has an operator, but is not observed"),
        ({**OPERATORS, Quantity.FLOW: Sums(LINKS, "flows")}, "unknown field 'flows'"),
        ({**OPERATORS, Quantity.SHARE: Sums(LINKS, "flow", of=True)}, "no field for it"),
    ):
        with pytest.raises(ValueError, match=message):
            check_operators(wrong)
    assert set(observables.WEIGHED) <= set(observables.RATES)


def test_quantities_are_whole_and_one_of_them_is_a_share():
    assert [quantity for quantity in Quantity if quantity.is_share] == [Quantity.SHARE]
    assert {quantity for quantity in Quantity if not quantity.observed} == {Quantity.LEVEL, Quantity.NONE}
    for quantity in Quantity:
        assert Quantity(quantity.value) is quantity
        assert quantity.units or quantity is Quantity.NONE
        assert "{form}" in quantity.phrase


@pytest.mark.parametrize("page", ["data-dictionary.md", "measures.md"])
def test_the_documentation_has_every_kind_of_effect(page):
    assert "\n".join(dictionary.effect_rows()) in (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["data-dictionary.md", "calibration.md"])
def test_the_documentation_has_every_observed_quantity(page):
    assert "\n".join(dictionary.quantity_rows()) in (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("", {}),
        ("radar=1; air = 4", {"radar": 1.0, "air": 4.0}),
        ("radar=1, air=.5;", {"radar": 1.0, "air": 0.5}),
        ("radar=1e1", {"radar": 10.0}),
    ],
)
def test_levels_are_read_the_same_through_both_doors(text, levels):
    assert parse(text) == cases.parse_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("radar=nan", "the level 'nan' of radar is not a number"),
        ("radar=inf", "the level 'inf' of radar is not a number"),
        ("radar=1_000", "the level '1_000' of radar is not a number"),
        ("radar=1e999", "the level 1e999 of radar is not a finite number from 0"),
        ("radar=-1", "the level -1 of radar is not a finite number from 0"),
        ("radar=\uff11", "of radar is not a number"),
        ("=1", "'=1' is not written as measure=level"),
        ("radar", "'radar' is not written as measure=level"),
        ("radar=1, radar=2", "'radar' is given twice"),
    ],
)
def test_levels_are_refused_in_the_same_words_through_both_doors(text, message):
    with pytest.raises(ValueError, match=message):
        cases.parse_levels(text)
    with pytest.raises(PolicyError, match=message[1:]):
        parse(text)
