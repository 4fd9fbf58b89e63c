"""Who pays whom: the money of a point, arc by arc and actor by actor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow.model.economy import Economy, distances
from contraflow.model.equilibrium import Point
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import IntArray, Network

RENT = "traders-rent"
UNNAMED = "not-attributed"


class Books(NamedTuple):
    """Money in USD per year, and kilograms (or hectares) per year.

    Over arcs (arc,): what crews are paid (``pay``, ``risk_pay``), running cost (``haul``), other
    ``cost``, ``fees``, scarcity ``surcharge``, ``margin``, what the state ``taken`` and gave
    (``subsidy``), the value ``delivered`` at the head; ``arrived`` units at the head and ``seized``
    units at the tail. Over nodes (node,): ``endowment`` income and traders' ``rent``. Over actors and
    the two residual accounts RENT and UNNAMED (actor + 2,): ``income``.
    """

    pay: jax.Array
    risk_pay: jax.Array
    haul: jax.Array
    cost: jax.Array
    fees: jax.Array
    surcharge: jax.Array
    margin: jax.Array
    taken: jax.Array
    subsidy: jax.Array
    delivered: jax.Array
    arrived: jax.Array
    seized: jax.Array
    endowment: jax.Array
    rent: jax.Array
    income: jax.Array


def books(network: Network, ledger: jax.Array, economy: Economy, point: Point) -> Books:
    """Keep the books of one point. Money closes::

        sales + subsidies = endowments + costs + fees + surcharges + risk pay + margins + taken + rent

    where rent at a node is what its stock fetches above its value. The value of what was seized is
    nobody's income.
    """
    n, flow = network.numbers, point.flow
    nodes = len(network.nodes)
    arrived = (1 - point.loss) * economy.output * flow
    delivered = arrived * point.value[network.head]
    pay = ledger[n.pay] * flow
    haul = ledger[n.haul] * distances(network, ledger) * flow
    cost = economy.cost * flow - pay - haul
    risk_pay = economy.risk_pay * point.expected_loss * flow
    surcharge = point.surcharge * flow
    margin = economy.margin * delivered
    taken = economy.taken * (delivered - margin)
    subsidy = economy.subsidy * flow
    fees = economy.fee * flow
    out = pay + haul + cost + risk_pay + surcharge + fees
    realised = delivered - margin - taken + subsidy - out
    moved = jnp.zeros(nodes).at[network.tail].add(flow)
    rent = jnp.zeros(nodes).at[network.tail].add(realised) - moved * point.value
    endowment = economy.endowment * point.value

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
    income = income.at[actors].add(rent.sum())
    return Books(
        pay, risk_pay, haul, cost, fees, surcharge, margin, taken, subsidy, delivered, arrived,
        flow * point.loss, endowment, rent, income,
    )  # fmt: skip


def _or_unnamed(actor: IntArray, actors: int) -> IntArray:
    """Actor numbers with the account of the unnamed in place of -1."""
    return np.where(actor < 0, actors + 1, actor)


def _of(facility_actor: IntArray, facility: IntArray) -> IntArray:
    """Actor of each arc's facility, -1 where there is none."""
    return np.where(facility < 0, -1, np.append(facility_actor, -1)[facility])
