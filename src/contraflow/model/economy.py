"""The numbers of one economy, per arc, node, market and facility, from the ledger's values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Network


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Economy:
    """Everything that a policy may change and the equilibrium needs; a pytree of arrays.

    Over arcs (arc,): ``weight``; ``output`` units out per unit in; ``margin`` and ``taken``, shares
    of delivered value kept by organisers and by the state; ``cost``, ``fee`` and ``subsidy``, USD
    per unit at the tail; ``gain``, what an option must bring beside, in USD per unit at the tail, so that
    the baseline is what people choose; ``hired``, the part of the cost that is pay of hired crews at the
    baseline's rates; ``bought`` USD per unit and ``bought_share`` of revenue spent on inputs; ``hazard`` of
    interception and ``fear``, hazard that is only believed; ``risk_pay``, USD per unit and unit of
    interception probability. Over nodes (node,): ``theta``, ``endowment`` in units per year. Over
    markets: ``price`` USD per unit, ``elasticity``, ``demand`` relative to the baseline. Over facilities:
    ``surcharge`` USD per unit at baseline, ``steepness``, ``dilution``, ``open_share`` of capacity
    relative to baseline. Over supplies of inputs: ``supply_price`` USD per unit or share of revenue,
    ``supply_hazard``.
    """

    weight: jax.Array
    output: jax.Array
    margin: jax.Array
    taken: jax.Array
    cost: jax.Array
    hired: jax.Array
    fee: jax.Array
    subsidy: jax.Array
    gain: jax.Array
    bought: jax.Array
    bought_share: jax.Array
    hazard: jax.Array
    fear: jax.Array
    risk_pay: jax.Array
    theta: jax.Array
    endowment: jax.Array
    price: jax.Array
    elasticity: jax.Array
    demand: jax.Array
    surcharge: jax.Array
    steepness: jax.Array
    dilution: jax.Array
    open_share: jax.Array
    supply_price: jax.Array
    supply_hazard: jax.Array


def distances(network: Network, ledger: jax.Array) -> jax.Array:
    """Length of each arc in km, (arc,): as stated, else the great circle times the mode's detour."""
    n = network.numbers
    stated = ledger[n.distance]
    return jnp.where(n.distance > 0, stated, network.great_circle * ledger[n.detour])


def outputs(network: Network, ledger: jax.Array) -> jax.Array:
    """Units out per unit in of each arc, (arc,): as stated, else recovery x content in / content out."""
    n, purity = network.numbers, ledger[network.purity]
    made = jnp.where(n.recovery > 0, purity[network.head], 1.0)
    kept = ledger[n.recovery] * purity[network.tail] / made
    return jnp.where(n.recovery > 0, kept, ledger[n.output])


def economy(network: Network, ledger: jax.Array) -> Economy:
    """The economy without any measure, from the ledger's values (number,)."""
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
        hazard=ledger[n.hazard_km] * km + ledger[n.hazard_trip] + ledger[n.hazard_own],
        fear=jnp.zeros(arcs),
        risk_pay=ledger[n.risk_pay],
        theta=ledger[network.switching],
        endowment=ledger[network.endowment],
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
    """The economy with what its arcs spend on inputs at the present prices and hazards of supplies."""
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
    """Over pools (pool,): the cost ``pool`` of an input; over offers (offer,): ``cost`` and ``share``."""

    pool: jax.Array
    cost: jax.Array
    share: jax.Array


def purchases(network: Network, ledger: jax.Array, economy: Economy) -> Purchases:
    """What inputs cost where they are bought, and who supplies them.

    The one rule in its dual form, a price index over suppliers (Eaton & Kortum 2002)::

        c_s = price_s / (1 - q_s)                       losses on the way are paid by the buyer
        C   = (sum_s w_s c_s^-theta)^(-1/theta)         weights w sum to 1
        P_s = w_s c_s^-theta / sum_r w_r c_r^-theta
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
    """Preference weights that sum to 1 at each node; work that is hired gets its own when staffed."""
    weight = weight.at[network.hiring.activity].set(0.0)
    total = jnp.zeros(len(network.nodes)).at[network.tail].add(weight)
    return weight / jnp.where(total > 0, total, 1.0)[network.tail]
