"""A case as arrays: nodes and arcs in topological order, numbers as places in one ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contraflow._types import FloatArray, IntArray
from contraflow.case.case import Case

ZERO, ONE = 0, 1
"""Places in the ledger that always hold 0 and 1, for what a row leaves empty."""


@dataclass(frozen=True)
class Ledger:
    """All numbers of a case in one vector: two constants, the parameters, a weight for each arc.

    Arrays have shape (number,). ``free`` marks those that calibration may move within their range; weights
    are free within the range of the template that the arc's row names. Numbers of behaviour have a range but
    are not free: each replicate of a simulation draws them.
    """

    ids: tuple[str, ...]
    low: FloatArray
    value: FloatArray
    high: FloatArray
    logarithmic: npt.NDArray[np.bool_]
    free: npt.NDArray[np.bool_]

    def index(self, name: str) -> int:
        """Place of a number; raises KeyError for an unknown name."""
        return self._places[name]

    @property
    def _places(self) -> dict[str, int]:
        places = self.__dict__.get("_index")
        if places is None:
            places = {name: i for i, name in enumerate(self.ids)}
            object.__setattr__(self, "_index", places)
        return places


@dataclass(frozen=True)
class Arc:
    """What an arc is, for labels and selection; indices into the network are in its arrays."""

    id: str
    step: str
    kind: str
    tail: str
    head: str
    from_place: str
    to_place: str
    mode: str
    form: str
    form_out: str


@dataclass(frozen=True)
class ArcNumbers:
    """Places in the ledger of each arc's numbers; integer arrays of shape (arc,)."""

    weight: IntArray
    output: IntArray
    recovery: IntArray
    margin: IntArray
    pay: IntArray
    haul: IntArray
    cost: IntArray
    distance: IntArray
    detour: IntArray
    hazard_km: IntArray
    hazard_trip: IntArray
    hazard_own: IntArray
    risk_pay: IntArray
    load: IntArray
    crew: IntArray


@dataclass(frozen=True)
class ArcActors:
    """Who receives what on each arc; integer arrays of shape (arc,), -1 where nobody is named."""

    pay: IntArray
    haul: IntArray
    cost: IntArray
    margin: IntArray


@dataclass(frozen=True)
class Hiring:
    """Markets where transports hire their crews.

    ``market`` (hire,) are market numbers; ``activity`` (hire,) the arc by which households take up the
    work and ``actor`` (hire,) who they are then; ``link`` (hired,) the arcs that hire and ``place``
    (hired,) at which of the markets, as a place in ``market``.
    """

    market: IntArray
    activity: IntArray
    actor: IntArray
    link: IntArray
    place: IntArray


@dataclass(frozen=True)
class Procurement:
    """Inputs that arcs buy and who offers them.

    A *pool* is one input where the same supplies can be bought. ``need_arc`` and ``need_pool`` (need,)
    say which arc buys at which pool; ``offer_pool`` and ``offer_supply`` (offer,) which supply offers
    there. ``switching`` (pool,) are places in the ledger, ``revenue`` (pool,) is true where the input is
    bought per dollar of revenue. ``price``, ``hazard``, ``weight`` (supply,) are places in the ledger,
    ``actor`` (supply,) is -1 where nobody is named.
    """

    need_arc: IntArray
    need_pool: IntArray
    offer_pool: IntArray
    offer_supply: IntArray
    switching: IntArray
    revenue: npt.NDArray[np.bool_]
    price: IntArray
    hazard: IntArray
    weight: IntArray
    actor: IntArray


@dataclass(frozen=True)
class Network:
    """The network of a case.

    Nodes are sorted by topological level, arcs by tail; every array is in that order. ``tail`` and
    ``head`` (arc,) hold node numbers, ``great_circle`` (arc,) km, ``facility`` (arc,) facility
    numbers or -1. ``fee_arc``, ``fee_actor``, ``fee_amount`` (fee,) list each levy on each arc.
    ``purity`` (node,) is the content of each form, ``content`` the same but 0 for forms of another
    substance than the case's own. ``cleared`` are the markets whose price moves until they clear.
    """

    case: Case
    ledger: Ledger
    nodes: tuple[str, ...]
    node_place: tuple[str, ...]
    node_form: tuple[str, ...]
    level: IntArray
    arcs: tuple[Arc, ...]
    tail: IntArray
    head: IntArray
    great_circle: FloatArray
    facility: IntArray
    numbers: ArcNumbers
    actors: ArcActors
    fee_arc: IntArray
    fee_actor: IntArray
    fee_amount: IntArray
    switching: IntArray
    purity: IntArray
    content: IntArray
    endowment: IntArray
    households: IntArray
    markets: tuple[str, ...]
    market_node: IntArray
    market_price: IntArray
    market_elasticity: IntArray
    cleared: IntArray
    hiring: Hiring
    procurement: Procurement
    facility_surcharge: IntArray
    facility_steepness: IntArray
    facility_dilution: IntArray
    facility_actor: IntArray

    @property
    def actor_ids(self) -> tuple[str, ...]:
        """Actors in the order of the case."""
        return tuple(self.case.actors)

    @property
    def supply_ids(self) -> tuple[str, ...]:
        """Supplies in the order of the case."""
        return tuple(self.case.supplies)

    @property
    def facility_ids(self) -> tuple[str, ...]:
        """Facilities in the order of the case."""
        return tuple(self.case.facilities)

    def __repr__(self) -> str:
        """One line with the sizes."""
        return (
            f"<Network {self.case.info.id}: {len(self.nodes)} nodes, {len(self.arcs)} arcs, "
            f"{len(self.markets)} markets, {int(self.level.max()) + 1} levels>"
        )
