"""The numbers of one economy, per arc, node, market and facility, from the ledger's values."""

from __future__ import annotations

from dataclasses import dataclass

from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Network


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Economy:
    """Everything that a policy may change and the equilibrium needs; a pytree of arrays.

    Over arcs (arc,): ``weight``; ``output`` units out per unit in; ``margin`` and ``taken``, shares
    of delivered value kept by organisers and by the state; ``cost``, ``fee`` and ``subsidy``, USD
    per unit at the tail; ``hazard`` of interception and ``fear``, hazard that is only believed;
    ``risk_pay``, USD per unit and unit of interception probability. Over nodes (node,): ``theta``,
    ``endowment`` in units per year. Over markets: ``price`` USD per unit, ``elasticity``. Over
    facilities: ``surcharge`` USD per unit at baseline, ``steepness``, ``dilution``, ``open_share``
    of capacity relative to baseline.
    """

    weight: jax.Array
    output: jax.Array
    margin: jax.Array
    taken: jax.Array
    cost: jax.Array
    fee: jax.Array
    subsidy: jax.Array
    hazard: jax.Array
    fear: jax.Array
    risk_pay: jax.Array
    theta: jax.Array
    endowment: jax.Array
    price: jax.Array
    elasticity: jax.Array
    surcharge: jax.Array
    steepness: jax.Array
    dilution: jax.Array
    open_share: jax.Array


def distances(network: Network, ledger: jax.Array) -> jax.Array:
    """Length of each arc in km, (arc,): as stated, else the great circle times the mode's detour."""
    n = network.numbers
    stated = ledger[n.distance]
    return jnp.where(n.distance > 0, stated, network.great_circle * ledger[n.detour])


def outputs(network: Network, ledger: jax.Array) -> jax.Array:
    """Units out per unit in of each arc, (arc,): as stated, else recovery x content in / content out."""
    n, content = network.numbers, ledger[network.content]
    made = jnp.where(n.recovery > 0, content[network.head], 1.0)
    kept = ledger[n.recovery] * content[network.tail] / made
    return jnp.where(n.recovery > 0, kept, ledger[n.output])


def economy(network: Network, ledger: jax.Array) -> Economy:
    """The economy without any measure, from the ledger's values (number,)."""
    n = network.numbers
    km = distances(network, ledger)
    arcs = len(network.arcs)
    fee = jnp.zeros(arcs).at[network.fee_arc].add(ledger[network.fee_amount])
    return Economy(
        weight=_normalised(ledger[n.weight], network),
        output=outputs(network, ledger),
        margin=ledger[n.margin],
        taken=jnp.zeros(arcs),
        cost=ledger[n.pay] + ledger[n.haul] * km + ledger[n.cost],
        fee=fee,
        subsidy=jnp.zeros(arcs),
        hazard=ledger[n.hazard_km] * km + ledger[n.hazard_trip] + ledger[n.hazard_own],
        fear=jnp.zeros(arcs),
        risk_pay=ledger[n.risk_pay],
        theta=ledger[network.switching],
        endowment=ledger[network.endowment],
        price=ledger[network.market_price],
        elasticity=ledger[network.market_elasticity],
        surcharge=ledger[network.facility_surcharge],
        steepness=ledger[network.facility_steepness],
        dilution=ledger[network.facility_dilution],
        open_share=jnp.ones(len(network.facility_ids)),
    )


def _normalised(weight: jax.Array, network: Network) -> jax.Array:
    """Preference weights that sum to 1 at each node."""
    total = jnp.zeros(len(network.nodes)).at[network.tail].add(weight)
    return weight / total[network.tail]
