"""The numbers of one economy, per arc, node, market and facility, from the values of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ZERO, Network


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Economy:
    """Everything that a policy may change and the equilibrium needs; a pytree of arrays."""

    weight: jax.Array
    """Preference weights; before they are anchored on the baseline, odds in it (arc,)."""
    output: jax.Array
    """Units out per unit in (arc,)."""
    margin: jax.Array
    """Share of delivered value that organisers keep (arc,)."""
    taken: jax.Array
    """Share of delivered value after margins that the state takes (arc,)."""
    cost: jax.Array
    """Pay, running and other cost, USD per unit at the tail (arc,)."""
    hired: jax.Array
    """Part of ``cost`` that is pay of hired crews at the rates of the baseline (arc,)."""
    fee: jax.Array
    """Levies and bribes, USD per unit at the tail (arc,)."""
    subsidy: jax.Array
    """Paid by the state, USD per unit at the tail (arc,)."""
    gain: jax.Array
    """Unobserved gain, the calibration residual, USD per unit at the tail (arc,)."""
    bought: jax.Array
    """Spent on inputs bought by the unit, USD per unit at the tail (arc,)."""
    bought_share: jax.Array
    """Share of revenue spent on inputs bought by the dollar (arc,)."""
    planted: jax.Array
    """Factor on preference weights for fields that were destroyed and not planted again (arc,)."""
    open_part: jax.Array
    """Part of the option that is open, relative to the baseline (arc,)."""
    hazard: jax.Array
    """Hazard of interception, before dilution (arc,)."""
    fear: jax.Array
    """Hazard that is believed but not real, before dilution (arc,)."""
    risk_pay: jax.Array
    """USD per unit at the tail and unit of interception probability (arc,)."""
    lethal_pay: jax.Array
    """The part of ``risk_pay`` that is asked where lives are at risk (arc,)."""
    theta: jax.Array
    """Elasticity of substitution (node,)."""
    endowment: jax.Array
    """Units per year, while people live as well as in the baseline (node,)."""
    migration: jax.Array
    """Elasticity of the number of people to the value of their labour (node,); 0 where nobody lives."""
    living: jax.Array
    """Value of labour in the baseline (node,), USD per unit."""
    price: jax.Array
    """Price in the baseline or, where it is given, now; USD per unit (market,)."""
    elasticity: jax.Array
    """Price elasticity of demand, positive (market,)."""
    demand: jax.Array
    """Demand at the price of the baseline, relative to the baseline (market,)."""
    surcharge: jax.Array
    """Scarcity surcharge in the baseline, USD per unit (facility,)."""
    steepness: jax.Array
    """Elasticity of the surcharge to load over open capacity (facility,)."""
    dilution: jax.Array
    """Elasticity of hazard to load at the baseline, sign reversed (facility,)."""
    open_share: jax.Array
    """Open capacity relative to the baseline (facility,)."""
    supply_price: jax.Array
    """Price of inputs, USD per unit or share of revenue (supply,)."""
    supply_hazard: jax.Array
    """Hazard of inputs on the way to the buyer (supply,)."""


def distances(network: Network, ledger: jax.Array) -> jax.Array:
    """Length of each arc in km (arc,): as stated, else the great circle times the mode's detour."""
    n = network.numbers
    stated = ledger[n.distance]
    return jnp.where(n.distance > 0, stated, network.great_circle * ledger[n.detour])


def outputs(network: Network, ledger: jax.Array) -> jax.Array:
    """Units out per unit in of each arc (arc,): as stated, else recovery x content in / content out."""
    n, purity = network.numbers, ledger[network.purity]
    made = jnp.where(n.recovery > 0, purity[network.head], 1.0)
    kept = ledger[n.recovery] * purity[network.tail] / made
    return jnp.where(n.recovery > 0, kept, ledger[n.output])


def economy(network: Network, ledger: jax.Array) -> Economy:
    """The economy without any measure, from the values of the ledger (number,)."""
    n = network.numbers
    km = distances(network, ledger)
    arcs = len(network.arcs)
    fee = jnp.zeros(arcs).at[network.fee_arc].add(ledger[network.fee_amount])
    pay = ledger[n.pay]
    hires = network.hiring.link
    procurement = network.procurement
    plain = Economy(
        weight=_normalised(ledger[n.weight], network),
        output=outputs(network, ledger),
        margin=ledger[n.margin],
        taken=jnp.zeros(arcs),
        cost=pay + ledger[n.haul] * km + ledger[n.cost],
        hired=jnp.zeros(arcs).at[hires].set(pay[hires]),
        fee=fee,
        subsidy=jnp.zeros(arcs),
        gain=jnp.zeros(arcs),
        bought=jnp.zeros(arcs),
        bought_share=jnp.zeros(arcs),
        planted=jnp.ones(arcs),
        open_part=jnp.ones(arcs),
        hazard=ledger[n.hazard_km] * km + ledger[n.hazard_trip] + ledger[n.hazard_own],
        fear=jnp.zeros(arcs),
        risk_pay=ledger[n.risk_pay],
        lethal_pay=jnp.zeros(arcs),
        theta=ledger[network.switching],
        endowment=ledger[network.endowment],
        migration=jnp.where(
            network.endowment > ZERO, ledger[network.migration] * ledger[network.switching], 0.0
        ),
        living=jnp.ones(len(network.nodes)),
        price=ledger[network.market_price],
        elasticity=ledger[network.market_elasticity],
        demand=jnp.ones(len(network.markets)),
        surcharge=ledger[network.facility_surcharge],
        steepness=ledger[network.facility_steepness],
        dilution=ledger[network.facility_dilution],
        open_share=jnp.ones(len(network.facility_ids)),
        supply_price=ledger[procurement.price],
        supply_hazard=ledger[procurement.hazard],
    )
    return with_inputs(network, ledger, plain)


def with_inputs(network: Network, ledger: jax.Array, economy: Economy) -> Economy:
    """The economy with the spending of its arcs on inputs, at the present prices and hazards of supplies."""
    procurement = network.procurement
    if not procurement.need_arc.size:
        return economy
    spent = purchases(network, ledger, economy).pool[procurement.need_pool]
    revenue = procurement.revenue[procurement.need_pool]
    nothing = jnp.zeros(len(network.arcs))
    kept = nothing.at[procurement.need_arc].add(jnp.where(revenue, jnp.log1p(-spent), 0.0))
    return replace(
        economy,
        bought=nothing.at[procurement.need_arc].add(jnp.where(revenue, 0.0, spent)),
        bought_share=-jnp.expm1(kept),
    )


class Purchases(NamedTuple):
    """Cost of inputs, and the suppliers' shares."""

    pool: jax.Array
    """Cost of the input, USD per unit or share of revenue (pool,)."""
    cost: jax.Array
    """Cost of each offer, losses included (offer,)."""
    share: jax.Array
    """Share of each offer in its pool (offer,)."""


def purchases(network: Network, ledger: jax.Array, economy: Economy) -> Purchases:
    """Cost of inputs where they are bought, and who supplies them.

    The one rule in its dual form, a price index over suppliers (Eaton & Kortum 2002, Econometrica 70(5))::

        c_s = price_s / (1 - q_s)                       losses on the way are paid by the buyer
        C   = (sum_s w_s c_s^-theta)^(-1/theta)         weights w sum to 1
        P_s = w_s c_s^-theta / sum_r w_r c_r^-theta

    Parameters
    ----------
    network
        The network.
    ledger
        Values of the ledger (number,).
    economy
        The economy, for prices and hazards of the supplies.
    """
    n = network.procurement
    pools = n.switching.size
    pool = n.offer_pool

    def total(x: jax.Array) -> jax.Array:
        return jnp.zeros(pools).at[pool].add(x)

    cost = (economy.supply_price * jnp.exp(economy.supply_hazard))[n.offer_supply]
    theta = ledger[n.switching]
    weight = ledger[n.weight][n.offer_supply]
    least = jnp.full(pools, jnp.inf).at[pool].min(cost)
    power = weight / total(weight)[pool] * (cost / least[pool]) ** -theta[pool]
    return Purchases(least * total(power) ** (-1 / theta), cost, power / total(power)[pool])


def _normalised(weight: jax.Array, network: Network) -> jax.Array:
    """Preference weights that sum to 1 at each node; that of hired work is set by :meth:`Anchor.staffed`."""
    weight = weight.at[network.hiring.activity].set(0.0)
    total = jnp.zeros(len(network.nodes)).at[network.tail].add(weight)
    return weight / jnp.where(total > 0, total, 1.0)[network.tail]
