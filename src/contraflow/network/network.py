"""A case as arrays: nodes and arcs in topological order, and all numbers in one ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contraflow._types import FloatArray, IntArray
from contraflow.case.case import Case

ZERO, ONE = 0, 1
"""Positions in the ledger that always hold 0 and 1, for cells that are empty."""


@dataclass(frozen=True)
class Ledger:
    """All numbers of a case in one vector: two constants, the parameters, a weight for each arc and supply.

    Arrays have the shape (number,).
    """

    ids: tuple[str, ...]
    """Names: ids of parameters, ``weight@`` and the id of an arc, ``weight@supply:`` and that of a supply."""
    low: FloatArray
    """Lower limits, in units of the model."""
    value: FloatArray
    """Central values."""
    high: FloatArray
    """Upper limits."""
    logarithmic: npt.NDArray[np.bool_]
    """Whether the range is even in logarithms."""
    free: npt.NDArray[np.bool_]
    """Whether calibration may move the number within its range."""

    def index(self, name: str) -> int:
        """Position of a number. Raises KeyError for an unknown name."""
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
    """Labels of an arc; its indices and numbers are in the arrays of the network."""

    id: str
    """Id of the row, with ``:form`` or ``@place`` where the row makes several arcs."""
    step: str
    """Id of the row of links, processes or activities."""
    kind: str
    """``link``, ``process`` or ``activity``."""
    tail: str
    """Node where it begins, ``form@place``."""
    head: str
    """Node where it ends."""
    from_place: str
    """Place of the tail."""
    to_place: str
    """Place of the head."""
    mode: str
    """Mode of a link; else empty."""
    form: str
    """Form that it uses up or carries."""
    form_out: str
    """Form that it makes or delivers."""


FACTORS = frozenset(("output", "detour", "load"))
"""Numbers of an arc that are 1 where a row does not state them; all others are 0."""


@dataclass(frozen=True)
class ArcNumbers:
    """Positions in the ledger of each arc's numbers; integer arrays (arc,).

    A number is taken from the column of the same name of the row that makes the arc, or of the link's mode;
    :mod:`~contraflow.network.build` says which columns have other names.
    """

    weight: IntArray
    """Odds of use in the baseline."""
    output: IntArray
    """Output per unit of input."""
    recovery: IntArray
    """Share of the pure content that the output keeps; ZERO where ``output`` is given."""
    margin: IntArray
    """Share of delivered value that organisers keep."""
    pay: IntArray
    """Crew's pay, USD per kg."""
    haul: IntArray
    """Running cost, USD per kg and km."""
    cost: IntArray
    """Other cost, USD per unit at the tail."""
    distance: IntArray
    """Length, km; ZERO: great circle times detour."""
    detour: IntArray
    """Length travelled per length of great circle."""
    hazard_km: IntArray
    """Hazard of interception per km, of the mode."""
    hazard_trip: IntArray
    """Hazard of interception per trip, of the mode."""
    hazard_own: IntArray
    """Hazard of the row itself."""
    risk_pay: IntArray
    """USD per kg and unit of interception probability."""
    load: IntArray
    """kg in a consignment."""
    crew: IntArray
    """Persons on a consignment."""


@dataclass(frozen=True)
class ArcActors:
    """Who receives what on each arc; actor numbers (arc,), -1 where nobody is named."""

    pay: IntArray
    """Pay and risk pay of the crew."""
    haul: IntArray
    """Running cost."""
    cost: IntArray
    """Other cost."""
    margin: IntArray
    """Margin."""


@dataclass(frozen=True)
class Hiring:
    """Markets where transports hire their crews."""

    market: IntArray
    """Market numbers (hire,)."""
    activity: IntArray
    """Arc by which households take up the work (hire,)."""
    actor: IntArray
    """Actor that they are then (hire,)."""
    link: IntArray
    """Arcs that hire (hired,)."""
    place: IntArray
    """At which of the markets each arc hires, as a position in ``market`` (hired,)."""


@dataclass(frozen=True)
class Procurement:
    """Inputs that arcs buy, and their suppliers.

    A *pool* is one input at all places where the same supplies can be bought.
    """

    need_arc: IntArray
    """Arc that buys (need,)."""
    need_pool: IntArray
    """Pool at which it buys (need,)."""
    offer_pool: IntArray
    """Pool of each offer (offer,)."""
    offer_supply: IntArray
    """Supply of each offer (offer,)."""
    switching: IntArray
    """Elasticity of substitution (pool,); position in the ledger."""
    revenue: npt.NDArray[np.bool_]
    """Whether the input is bought per dollar of revenue (pool,)."""
    price: IntArray
    """Price (supply,); position in the ledger."""
    hazard: IntArray
    """Hazard on the way to the buyer (supply,); position in the ledger."""
    weight: IntArray
    """Preference weight (supply,); position in the ledger."""
    actor: IntArray
    """Actor who is paid (supply,), -1 where nobody is named."""


@dataclass(frozen=True)
class Network:
    """The network of a case.

    Nodes are sorted by topological level and arcs by tail; all arrays are in that order.
    """

    case: Case
    """The case."""
    ledger: Ledger
    """All numbers of the case."""
    nodes: tuple[str, ...]
    """Names of the nodes, ``form@place``."""
    node_place: tuple[str, ...]
    """Place of each node."""
    node_form: tuple[str, ...]
    """Form of each node."""
    level: IntArray
    """Length of the longest path into each node (node,)."""
    arcs: tuple[Arc, ...]
    """Labels of the arcs."""
    tail: IntArray
    """Node where each arc begins (arc,)."""
    head: IntArray
    """Node where each arc ends (arc,)."""
    great_circle: FloatArray
    """Great-circle distance in km (arc,); 0 for processes and activities."""
    facility: IntArray
    """Facility that each arc uses (arc,), -1 for none."""
    pace: IntArray
    """Years in which two thirds of the users of each arc reconsider (arc,); position in the ledger."""
    numbers: ArcNumbers
    """Positions in the ledger of the arcs' numbers."""
    actors: ArcActors
    """Actors who are paid on the arcs."""
    fee_arc: IntArray
    """Arc of each levy (fee,)."""
    fee_actor: IntArray
    """Actor who receives it (fee,)."""
    fee_amount: IntArray
    """USD per unit (fee,); position in the ledger."""
    switching: IntArray
    """Elasticity of substitution theta (node,); position in the ledger."""
    lasting: npt.NDArray[np.bool_]
    """Whether an arc uses fields or mines, which are there whether they pay or not (arc,)."""
    at_once: IntArray
    """Part of theta that is there at once (node,); position in the ledger."""
    purity: IntArray
    """Pure content of the form in kg per unit (node,); position in the ledger."""
    content: IntArray
    """As ``purity``, but ZERO for forms of another substance than the case's own (node,)."""
    endowment: IntArray
    """Labour-hectares (node,); position in the ledger, ZERO where no labour is."""
    migration: int
    """How readily people come or leave, over how readily they change crops; position in the ledger."""
    settling: int
    """Years in which two thirds of whoever would come or go do, as growers; position in the ledger."""
    households: IntArray
    """Actor who holds the endowments of the place (node,), -1 for nobody."""
    markets: tuple[str, ...]
    """Names of the markets, ``market@place``."""
    market_node: IntArray
    """Node that each market sells (market,)."""
    market_price: IntArray
    """Price in the baseline, USD per unit (market,); position in the ledger."""
    market_elasticity: IntArray
    """Price elasticity of demand (market,); position in the ledger, ZERO where the price is given."""
    cleared: IntArray
    """Markets whose price moves until they clear (cleared,)."""
    hiring: Hiring
    """Markets of hired work."""
    procurement: Procurement
    """Inputs and their suppliers."""
    facility_surcharge: IntArray
    """Surcharge in the baseline, USD per unit (facility,); position in the ledger."""
    facility_steepness: IntArray
    """Elasticity of the surcharge to crowding (facility,); position in the ledger."""
    facility_dilution: IntArray
    """Elasticity of hazard to flow, sign reversed (facility,); position in the ledger."""
    facility_actor: IntArray
    """Actor who receives the surcharge (facility,), -1 for nobody."""

    @property
    def actor_ids(self) -> tuple[str, ...]:
        """Ids of the actors, in the order of the case."""
        return tuple(self.case.actors)

    @property
    def supply_ids(self) -> tuple[str, ...]:
        """Ids of the supplies, in the order of the case."""
        return tuple(self.case.supplies)

    @property
    def facility_ids(self) -> tuple[str, ...]:
        """Ids of the facilities, in the order of the case."""
        return tuple(self.case.facilities)

    def __repr__(self) -> str:
        """One line with the sizes."""
        return (
            f"<Network {self.case.info.id}: {len(self.nodes)} nodes, {len(self.arcs)} arcs, "
            f"{len(self.markets)} markets, {int(self.level.max()) + 1} levels>"
        )
