"""Who pays whom: the money of an economy at given prices, by arc and by actor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._types import IntArray
from contraflow.model.economy import Economy, distances, purchases
from contraflow.model.equilibrium import Point
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Network

RENT = "traders-rent"
"""Account of the traders' rent."""

UNNAMED = "not-attributed"
"""Account of everything that is paid to nobody named."""


class Books(NamedTuple):
    """Money in USD per year, and quantities in units (kg or ha) per year."""

    pay: jax.Array
    """Paid to crews, apart from risk pay (arc,)."""
    risk_pay: jax.Array
    """Paid to crews for their risk (arc,)."""
    haul: jax.Array
    """Running cost of transport (arc,)."""
    cost: jax.Array
    """Other cost (arc,)."""
    inputs: jax.Array
    """Inputs bought (arc,)."""
    fees: jax.Array
    """Levies and bribes (arc,)."""
    surcharge: jax.Array
    """Scarcity surcharges of facilities (arc,)."""
    margin: jax.Array
    """Margins of organisers (arc,)."""
    taken: jax.Array
    """Taken by the state (arc,)."""
    subsidy: jax.Array
    """Paid by the state (arc,)."""
    gain: jax.Array
    """Unobserved gain, the calibration residual of :mod:`~contraflow.model.choice` (arc,)."""
    delivered: jax.Array
    """Value of what arrives at the head (arc,)."""
    arrived: jax.Array
    """Units that arrive at the head (arc,)."""
    seized: jax.Array
    """Units of the tail that are lost (arc,)."""
    endowment: jax.Array
    """Income from labour that does not carry (node,)."""
    rent: jax.Array
    """Traders' rent: what the stock fetches above its value (node,)."""
    supplied: jax.Array
    """Sales of supplies of inputs (supply,)."""
    income: jax.Array
    """Income of the actors, then of the accounts RENT and UNNAMED (actor + 2,)."""


def books(
    network: Network,
    ledger: jax.Array,
    economy: Economy,
    point: Point,
    waiting: jax.Array | None = None,
) -> Books:
    """Keep the books of one point. Money closes::

        sales + subsidies + gains = endowments + costs + inputs + fees + surcharges + risk pay + margins
                                    + taken + rent

    where rent at a node is the amount that its stock fetches above its value; what waits fetches nothing.
    Sales are those of goods: hired work is paid as a cost of transport, so labour that carries earns that
    pay instead of an endowment's income. The value of seized goods is nobody's income.

    Parameters
    ----------
    network
        The network.
    ledger
        Values of the ledger (number,).
    economy
        The economy with its measures, staffed.
    point
        Prices, flows and losses.
    waiting
        What was bought and stays where it is (node,), units per year. None: nothing.
    """
    n, flow = network.numbers, point.flow
    nodes = len(network.nodes)
    arrived = (1 - point.loss) * economy.output * flow
    delivered = arrived * point.value[network.head]
    hiring = network.hiring
    base_pay = ledger[n.pay] * flow
    haul = ledger[n.haul] * distances(network, ledger) * flow
    cost = economy.cost * flow - base_pay - haul
    pay = base_pay + point.wages * flow
    risk_pay = economy.risk_pay * point.expected_loss * flow
    surcharge = point.surcharge * flow
    margin = economy.margin * delivered
    taken = economy.taken * (delivered - margin)
    subsidy = economy.subsidy * flow
    gain = economy.gain * flow
    fees = economy.fee * flow
    inputs, supplied = _inputs(network, ledger, economy, flow, delivered - margin - taken)
    out = pay + haul + cost + risk_pay + surcharge + fees + inputs
    realised = delivered - margin - taken + subsidy + gain - out
    carrying = jnp.zeros(len(flow), dtype=bool).at[hiring.activity].set(True)
    other = jnp.where(carrying, 0.0, flow)
    moved = jnp.zeros(nodes).at[network.tail].add(other)
    if waiting is not None:
        moved = moved + waiting
    rent = jnp.zeros(nodes).at[network.tail].add(jnp.where(carrying, 0.0, realised)) - moved * point.value
    carries = jnp.zeros(nodes).at[network.tail].add(flow - other)
    endowment = (point.endowment - carries) * point.value

    actors = len(network.actor_ids)
    income = jnp.zeros(actors + 2)
    facility_actor = _or_unnamed(_of(network.facility_actor, network.facility), actors)
    for amount, actor in (
        (pay + risk_pay, network.actors.pay),
        (haul, network.actors.haul),
        (cost, network.actors.cost),
        (margin, network.actors.margin),
    ):
        income = income.at[_or_unnamed(actor, actors)].add(amount)
    income = income.at[facility_actor].add(surcharge)
    income = income.at[network.fee_actor].add(ledger[network.fee_amount] * flow[network.fee_arc])
    income = income.at[_or_unnamed(network.households, actors)].add(endowment)
    income = income.at[_or_unnamed(network.procurement.actor, actors)].add(supplied)
    income = income.at[hiring.actor].add((realised - delivered)[hiring.activity])
    income = income.at[actors].add(rent.sum())
    return Books(
        pay, risk_pay, haul, cost, inputs, fees, surcharge, margin, taken, subsidy, gain, delivered,
        arrived, flow * point.loss, endowment, rent, supplied, income,
    )  # fmt: skip


def _inputs(
    network: Network, ledger: jax.Array, economy: Economy, flow: jax.Array, revenue: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Spending of each arc on inputs (arc,) and sales of each supply (supply,), USD per year."""
    n = network.procurement
    spent, supplied = jnp.zeros(len(flow)), jnp.zeros(n.price.size)
    if not n.need_arc.size:
        return spent, supplied
    bought = purchases(network, ledger, economy)
    mean = jnp.zeros(n.switching.size).at[n.offer_pool].add(bought.share * bought.cost)
    base = jnp.where(n.revenue[n.need_pool], revenue[n.need_arc], flow[n.need_arc])
    spent = spent.at[n.need_arc].add(base * mean[n.need_pool])
    by_pool = jnp.zeros(n.switching.size).at[n.need_pool].add(base)
    return spent, supplied.at[n.offer_supply].add(by_pool[n.offer_pool] * bought.share * bought.cost)


def _or_unnamed(actor: IntArray, actors: int) -> IntArray:
    """Actor numbers with the account UNNAMED in place of -1."""
    return np.where(actor < 0, actors + 1, actor)


def _of(facility_actor: IntArray, facility: IntArray) -> IntArray:
    """Actor of each arc's facility, -1 where there is none."""
    return np.where(facility < 0, -1, np.append(facility_actor, -1)[facility])
