"""The labelled arrays of an outcome: one Dataset for an economy at a point, over draws."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from weakref import finalize

import numpy as np
import xarray as xr

from contraflow._types import BoolArray, FloatArray
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.model.accounting import RENT, UNNAMED
from contraflow.model.equilibrium import street
from contraflow.model.numerics import jnp
from contraflow.network.network import ZERO, Network
from contraflow.policy.responder import Settled
from contraflow.results.draws import mark_unsolved


def make_dataset(
    network: Network,
    ledger: FloatArray,
    settled: Settled,
    load: FloatArray,
    spending: FloatArray,
    attributes: dict[str, Any],
    solved: BoolArray | None = None,
) -> xr.Dataset:
    """Label an economy in each draw; ``docs/results.md`` lists variables and units.

    Parameters
    ----------
    network
        The network of the model.
    ledger
        Values of the ledger (draw, number).
    settled
        Economy, point and books in each draw (draw, ...).
    load
        Loads of facilities in the baseline (draw, facility), units a year, to which crowding is relative.
    spending
        The state's spending on costed measures (draw,), USD a year.
    attributes
        Attributes of the dataset; the hash of the ledger is added.
    solved
        Draws in which an equilibrium was found (draw,); the others are emptied. None: all.

    Returns
    -------
    xarray.Dataset
        All variables with the leading dimension ``draw``.
    """
    economy, point, accounts, adaptation = settled
    n = network.numbers
    link = np.array([a.kind == "link" for a in network.arcs])
    content = ledger[:, network.content]
    tail, head = content[:, network.tail], content[:, network.head]
    flow, loss = np.asarray(point.flow), np.asarray(point.loss)
    arrived, seized = np.asarray(accounts.arrived), np.asarray(accounts.seized)
    trips = np.where(link, flow / ledger[:, n.load], 0.0)
    arrests = trips * loss * ledger[:, n.crew]
    grows = np.array([a.kind == "activity" for a in network.arcs]) & (network.content[network.head] > ZERO)
    sold_content = content[:, network.market_node]
    sold = np.asarray(point.sold)
    final = final_markets(network)
    arc = {
        "flow": flow,
        "pure": flow * tail,
        "arrival": arrived,
        "arrival_pure": arrived * head,
        "seized": seized,
        "seized_pure": seized * tail,
        "loss": loss,
        "expected_loss": np.asarray(point.expected_loss),
        "net_value": np.asarray(point.net),
        "share": np.asarray(point.share),
        "weight": np.asarray(economy.weight),
        "hazard": np.asarray(economy.hazard),
        "fear": np.asarray(economy.fear),
        "output": np.asarray(economy.output),
        "margin_rate": np.asarray(economy.margin),
        "taken_rate": np.asarray(economy.taken),
        "cost_rate": np.asarray(economy.cost),
        "hired_rate": np.asarray(economy.hired),
        "wage_rate": np.asarray(point.wages),
        "bought_rate": np.asarray(economy.bought),
        "bought_share": np.asarray(economy.bought_share),
        "fee_rate": np.asarray(economy.fee),
        "subsidy_rate": np.asarray(economy.subsidy),
        "gain_rate": np.asarray(economy.gain),
        "risk_pay_rate": np.asarray(economy.risk_pay),
        "surcharge_rate": np.asarray(point.surcharge),
        "consignments": trips,
        "crew": np.where(link, ledger[:, n.crew], 0.0),
        "arrested": arrests,
        "delivered_value": np.asarray(accounts.delivered),
        "crew_pay": np.asarray(accounts.pay + accounts.risk_pay),
        "spent": np.asarray(accounts.pay + accounts.haul + accounts.cost),
        "inputs": np.asarray(accounts.inputs),
        "fees": np.asarray(accounts.fees),
        "surcharge": np.asarray(accounts.surcharge),
        "risk_pay": np.asarray(accounts.risk_pay),
        "margin": np.asarray(accounts.margin),
        "taken": np.asarray(accounts.taken),
        "subsidy": np.asarray(accounts.subsidy),
        "gain": np.asarray(accounts.gain),
    }
    if adaptation is not None:
        arc |= {
            "habit_weight": np.asarray(adaptation.weight * economy.open_part),
            "usual_value": np.asarray(adaptation.usual),
            "reconsidered": np.asarray(adaptation.reconsidered),
            "lasting": np.asarray(adaptation.lasting),
        }
    node = {
        "price": np.asarray(point.value),
        "stock": np.asarray(point.stock),
        "theta": np.asarray(economy.theta),
        "endowment": np.asarray(point.endowment),
        "waiting": _waiting(network, np.asarray(point.stock), flow),
        "endowment_income": np.asarray(accounts.endowment),
        "rent": np.asarray(accounts.rent),
    }
    if adaptation is not None:
        node["theta_at_once"] = np.asarray(adaptation.theta)
    scalars = {
        "delivered": (sold * sold_content * final).sum(axis=1),
        "hectares": (flow * (1 - loss) * grows).sum(axis=1),
        "arrests": arrests.sum(axis=1),
        "seized_total": (np.where(link, seized, 0.0) * tail).sum(axis=1),
        "spending": spending,
    }
    data = xr.Dataset(
        {k: (("draw", "arc"), v) for k, v in arc.items()}
        | {k: (("draw", "node"), v) for k, v in node.items()}
        | {
            "market_price": (("draw", "market"), np.asarray(point.price)),
            "sold": (("draw", "market"), sold),
            "reaching_street": (("draw", "market"), np.asarray(street(jnp.asarray(sold), adaptation))),
            "sold_pure": (("draw", "market"), sold * sold_content),
            "load": (("draw", "facility"), np.asarray(point.load)),
            "facility_surcharge": (("draw", "facility"), np.asarray(economy.surcharge)),
            "facility_steepness": (("draw", "facility"), np.asarray(economy.steepness)),
            "facility_dilution": (("draw", "facility"), np.asarray(economy.dilution)),
            "open_share": (("draw", "facility"), np.asarray(economy.open_share)),
            "elasticity": (("draw", "market"), _elasticities(network, np.asarray(economy.elasticity))),
            "crowding": (
                ("draw", "facility"),
                np.asarray(point.load) / load / np.asarray(economy.open_share),
            ),
            "supply_price": (("draw", "supply"), np.asarray(economy.supply_price)),
            "supply_hazard": (("draw", "supply"), np.asarray(economy.supply_hazard)),
            "supplied": (("draw", "supply"), np.asarray(accounts.supplied)),
            "demand": (("draw", "market"), np.asarray(economy.demand)),
            "income": (("draw", "actor"), np.asarray(accounts.income)),
        }
        | {k: (("draw",), v) for k, v in scalars.items()},
        coords=labels(network).assign(draw=np.arange(ledger.shape[0])),
        attrs=attributes | {"ledger": sha256(np.ascontiguousarray(ledger).tobytes()).hexdigest()},
    )
    return data if solved is None or solved.all() else mark_unsolved(data, solved)


def _waiting(network: Network, stock: FloatArray, flow: FloatArray) -> FloatArray:
    """What stays at nodes from which something leads on (draw, node), units a year."""
    left = np.zeros_like(stock)
    np.add.at(left.T, network.tail, flow.T)
    onward = np.bincount(network.tail, minlength=stock.shape[1]) > 0
    waits = np.where(onward, stock - left, 0.0)
    return np.where(waits > 1e-12 * stock, waits, 0.0)


def final_markets(network: Network) -> BoolArray:
    """Markets (market,) of goods that some process makes, and of raw ones in countries that grow none.

    Where that leaves no market, all are final.
    """
    made = {a.form_out for a in network.arcs if a.kind == "process"}
    places = network.case.places
    grown = {(a.form_out, places[a.from_place].country) for a in network.arcs if a.kind == "activity"}
    sold = [(network.node_form[n], places[network.node_place[n]].country) for n in network.market_node]
    final = np.array([form in made or (form, country) not in grown for form, country in sold], dtype=bool)
    return final if final.any() else np.ones_like(final)


_made: dict[int, xr.Coordinates] = {}
"""Labels by the identity of their network, as long as that lives."""


def labels(network: Network) -> xr.Coordinates:
    """The :func:`coordinates` of a network, made once."""
    key = id(network)
    if key not in _made:
        finalize(network, _made.pop, key, None)
        _made[key] = xr.Dataset(coords=coordinates(network)).coords
    return _made[key]


def coordinates(network: Network) -> dict[str, Any]:
    """Labels of arcs, nodes, markets, facilities, supplies and actors, as coordinates of a Dataset.

    Returns
    -------
    dict
        Labels by dimension, and (dimension, labels) of further coordinates along it; text is empty where an
        arc has no mode, facility or market that hires.
    """
    case = network.case
    hires = np.isin(np.arange(len(network.markets)), network.hiring.market)
    hired_at = np.full(len(network.arcs), "", dtype=object)
    for link, place in zip(network.hiring.link, network.hiring.place, strict=True):
        hired_at[link] = network.markets[network.hiring.market[place]]
    actors = [*case.actors.values()]
    places = case.places
    arcs = network.arcs
    return {
        "arc": [a.id for a in arcs],
        "step": ("arc", [a.step for a in arcs]),
        "kind": ("arc", [a.kind for a in arcs]),
        "tail": ("arc", [a.tail for a in arcs]),
        "head": ("arc", [a.head for a in arcs]),
        "from_place": ("arc", [a.from_place for a in arcs]),
        "to_place": ("arc", [a.to_place for a in arcs]),
        "from_country": ("arc", [places[a.from_place].country for a in arcs]),
        "to_country": ("arc", [places[a.to_place].country for a in arcs]),
        "mode": ("arc", [a.mode for a in arcs]),
        "family": ("arc", [case.modes[a.mode].family.value if a.mode else "" for a in arcs]),
        "form": ("arc", [a.form for a in arcs]),
        "arc_facility": ("arc", [network.facility_ids[f] if f >= 0 else "" for f in network.facility]),
        "form_out": ("arc", [a.form_out for a in arcs]),
        "node": list(network.nodes),
        "node_place": ("node", list(network.node_place)),
        "node_form": ("node", list(network.node_form)),
        "node_country": ("node", [places[p].country for p in network.node_place]),
        "market": list(network.markets),
        "market_node": ("market", [network.nodes[i] for i in network.market_node]),
        "market_place": ("market", [network.node_place[i] for i in network.market_node]),
        "market_form": ("market", [network.node_form[i] for i in network.market_node]),
        "market_hires": ("market", hires),
        "hired_at": ("arc", hired_at),
        "facility": list(network.facility_ids),
        "supply": list(network.supply_ids),
        "supply_input": ("supply", [s.input for s in case.supplies.values()]),
        "supply_name": ("supply", [_supply_name(case, s) for s in case.supplies.values()]),
        "actor": [*(a.id for a in actors), RENT, UNNAMED],
        "actor_name": ("actor", [*(a.name for a in actors), "Traders' rent", "Not attributed"]),
        "actor_kind": ("actor", [*(a.kind.value for a in actors), "clans", "suppliers"]),
    }


def _elasticities(network: Network, elasticity: FloatArray) -> FloatArray:
    """Elasticities (draw, market), NaN where the price is given or work is hired."""
    result = np.full_like(elasticity, np.nan)
    goods = np.setdiff1d(network.cleared, network.hiring.market)
    result[:, goods] = elasticity[:, goods]
    return result


def _supply_name(case: Case, supply: schema.Supply) -> str:
    return f"{case.inputs[supply.input].name}, {case.places[supply.origin].name}"
