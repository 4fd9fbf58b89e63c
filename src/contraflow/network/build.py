"""From a case to its network: expand rows into arcs, sort them, and refuse what cannot carry goods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from contraflow._language import _
from contraflow.case import schema
from contraflow.case.behaviour import ROWS, row_id
from contraflow.case.case import Case
from contraflow.case.columns import columns
from contraflow.case.selectors import matches, matches_place
from contraflow.case.table import Row
from contraflow.errors import NetworkError, Problem
from contraflow.network.geodesy import great_circle_km
from contraflow.network.hiring import make_hiring
from contraflow.network.network import FACTORS, ONE, ZERO, Arc, ArcActors, ArcNumbers, Hiring, Ledger, Network
from contraflow.network.procurement import make_procurement, supply_weight
from contraflow.network.topological_sort import CycleError, topological_levels


@dataclass(frozen=True)
class _Draft:
    """An arc with its numbers by name, before their positions in the ledger are known."""

    arc: Arc
    table: str
    numbers: dict[str, str | None]
    actors: dict[str, str | None]
    facility: str | None
    great_circle: float


def build(case: Case) -> Network:
    """Build the network of a case.

    Parameters
    ----------
    case
        A checked case.

    Returns
    -------
    Network
        Nodes in topological order, arcs by tail, and the ledger of numbers.

    Raises
    ------
    NetworkError
        If the tables do not make a network; lists every loop, dead end, endowment from which no market can be
        reached and market that nothing reaches, with the rows at fault.

    Examples
    --------
    >>> from contraflow.case import load
    >>> build(load("example"))
    <Network example: 17 nodes, 18 arcs, 5 markets, 7 levels>
    """
    drafts = [*_links(case), *_processes(case), *_activities(case)]
    markets = [(f"{m.id}@{p}", f"{m.form}@{p}", m) for m in case.markets.values() for p in m.places]
    names = {name: i for i, name in enumerate(_node_names(drafts))}
    tail = np.array([names[d.arc.tail] for d in drafts], dtype=np.int64)
    head = np.array([names[d.arc.head] for d in drafts], dtype=np.int64)
    _refuse_unusable(case, drafts, [(m, node) for m, node, _ in markets], names)
    try:
        level = topological_levels(tail, head, len(names))
    except CycleError as error:
        raise NetworkError([_loop(drafts, error.arcs)]) from None

    order = np.argsort(level, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    nodes = [list(names)[i] for i in order]
    sort = np.argsort(rank[tail], kind="stable")
    drafts = [drafts[i] for i in sort]
    tail, head = rank[tail][sort], rank[head][sort]
    ledger = _ledger(case, drafts)

    def place(name: str | None, absent: int) -> int:
        return absent if name is None else ledger.index(name)

    def column(key: str) -> np.ndarray:
        absent = ONE if key in FACTORS else ZERO
        return np.array([place(d.numbers.get(key), absent) for d in drafts], dtype=np.int64)

    actor_number = {name: i for i, name in enumerate(case.actors)}
    facility_number = {name: i for i, name in enumerate(case.facilities)}

    def actor(key: str) -> np.ndarray:
        return np.array([actor_number.get(d.actors.get(key) or "", -1) for d in drafts], dtype=np.int64)

    fees = list(_fees(case, drafts))
    node_number = {name: i for i, name in enumerate(nodes)}
    node_form = [name.split("@")[0] for name in nodes]
    node_place = [name.split("@")[1] for name in nodes]
    labour = {a.input for a in case.activities.values()}
    elasticity = [m.elasticity for _, _, m in markets]
    pays = actor("pay")
    arcs = tuple(d.arc for d in drafts)
    purity = [place(case.forms[f].content, ZERO) for f in node_form]
    own = [case.forms[f].substance in ("", case.info.substance) for f in node_form]
    hiring = make_hiring(case, arcs, pays, [(node, m) for _, node, m in markets])
    return Network(
        case=case,
        ledger=ledger,
        nodes=tuple(nodes),
        node_place=tuple(node_place),
        node_form=tuple(node_form),
        level=level[order],
        arcs=arcs,
        tail=tail,
        head=head,
        great_circle=np.array([d.great_circle for d in drafts]),
        facility=np.array([facility_number.get(d.facility or "", -1) for d in drafts], dtype=np.int64),
        pace=np.array([ledger.index(row_id(name)) for name in _choosers(arcs, hiring)], dtype=np.int64),
        lasting=np.array([name == "growers" for name in _choosers(arcs, hiring)], dtype=bool),
        numbers=ArcNumbers(
            weight=np.array([ledger.index(f"weight@{d.arc.id}") for d in drafts], dtype=np.int64),
            **{f.name: column(f.name) for f in fields(ArcNumbers) if f.name != "weight"},
        ),
        actors=ArcActors(pay=pays, haul=actor("haul"), cost=actor("cost"), margin=actor("margin")),
        fee_arc=np.array([a for a, _ in fees], dtype=np.int64),
        fee_actor=np.array([actor_number[f.actor] for _, f in fees], dtype=np.int64),
        fee_amount=np.array([ledger.index(f.amount) for _, f in fees], dtype=np.int64),
        switching=np.array([ledger.index(case.forms[f].switching) for f in node_form], dtype=np.int64),
        at_once=np.array(
            [ledger.index(row_id("land_at_once" if f in labour else "trade_at_once")) for f in node_form],
            dtype=np.int64,
        ),
        purity=np.array(purity, dtype=np.int64),
        content=np.where(own, purity, ZERO),
        endowment=np.array(
            [
                place(case.places[p].endowment, ZERO) if f in labour else ZERO
                for f, p in zip(node_form, node_place, strict=True)
            ],
            dtype=np.int64,
        ),
        migration=ledger.index(row_id("migration")),
        settling=ledger.index(row_id("growers")),
        stocks=ledger.index(row_id("stocks")),
        households=np.array(
            [actor_number.get(case.places[p].households or "", -1) for p in node_place], dtype=np.int64
        ),
        markets=tuple(name for name, _, _ in markets),
        market_node=np.array([node_number[node] for _, node, _ in markets], dtype=np.int64),
        market_price=np.array([ledger.index(m.price) for _, _, m in markets], dtype=np.int64),
        market_elasticity=np.array([place(e, ZERO) for e in elasticity], dtype=np.int64),
        cleared=np.flatnonzero([m.elasticity is not None or bool(m.hired_by) for _, _, m in markets]),
        hiring=hiring,
        procurement=make_procurement(case, arcs, ledger),
        facility_surcharge=_facility(case, ledger, "surcharge", ZERO),
        facility_steepness=_facility(case, ledger, "steepness", ONE),
        facility_dilution=_facility(case, ledger, "dilution", ZERO),
        facility_actor=np.array([actor_number.get(f.actor or "", -1) for f in case.facilities.values()], int),
    )


def _links(case: Case) -> Iterator[_Draft]:
    for row in case.links.values():
        a, b, mode = case.places[row.origin], case.places[row.destination], case.modes[row.mode]
        km = great_circle_km(a.latitude, a.longitude, b.latitude, b.longitude)
        for form in row.forms:
            name = row.id if len(row.forms) == 1 else f"{row.id}:{form}"
            yield _Draft(
                arc=Arc(
                    id=name,
                    step=row.id,
                    kind="link",
                    tail=f"{form}@{row.origin}",
                    head=f"{form}@{row.destination}",
                    from_place=row.origin,
                    to_place=row.destination,
                    mode=row.mode,
                    form=form,
                    form_out=form,
                ),
                table="links.csv",
                numbers=_numbers(
                    row,
                    mode,
                    hazard_km=mode.hazard,
                    hazard_trip=mode.trip_hazard,
                    hazard_own=row.hazard,
                ),
                actors={
                    "pay": mode.pay_actor,
                    "haul": mode.haul_actor,
                    "cost": row.cost_actor,
                    "margin": row.margin_actor or mode.margin_actor,
                },
                facility=row.facility,
                great_circle=km,
            )


def _processes(case: Case) -> Iterator[_Draft]:
    for row in case.processes.values():
        for place in row.places:
            yield _local(row, "process", "processes.csv", place, row.margin_actor)


def _activities(case: Case) -> Iterator[_Draft]:
    for row in case.activities.values():
        for place in row.places:
            yield _local(row, "activity", "activities.csv", place, None)


def _local(
    row: schema.Process | schema.Activity,
    kind: str,
    table: str,
    place: str,
    margin_actor: str | None,
) -> _Draft:
    name = row.id if len(row.places) == 1 else f"{row.id}@{place}"
    return _Draft(
        arc=Arc(
            id=name,
            step=row.id,
            kind=kind,
            tail=f"{row.input}@{place}",
            head=f"{row.output}@{place}",
            from_place=place,
            to_place=place,
            mode="",
            form=row.input,
            form_out=row.output,
        ),
        table=table,
        numbers=_numbers(row, output=row.output_yield, hazard_own=row.hazard),
        actors={"cost": row.cost_actor, "margin": margin_actor},
        facility=row.facility,
        great_circle=0.0,
    )


def _numbers(*rows: Row, **renamed: str | None) -> dict[str, str | None]:
    """Parameters by field of ArcNumbers: those ``renamed``, else the column of that name, from the first row
    that fills it.
    """
    found: dict[str, str | None] = {f.name: None for f in fields(ArcNumbers)}
    for row in rows:
        for column in columns(type(row)):
            name = column.attribute
            if column.role is not None and name in found and found[name] is None:
                found[name] = getattr(row, name)
    return found | renamed


def _choosers(arcs: Sequence[Arc], hiring: Hiring) -> Iterator[str]:
    """Behaviour parameter that says how soon the users of each arc reconsider."""
    carried = set(hiring.activity.tolist())
    crops = {a.head for i, a in enumerate(arcs) if a.kind == "activity" and i not in carried}
    for number, arc in enumerate(arcs):
        if arc.kind == "activity":
            yield "carriers" if number in carried else "growers"
        else:
            yield "crop_buyers" if arc.tail in crops else "traders"


def _fees(case: Case, drafts: Iterable[_Draft]) -> Iterator[tuple[int, schema.Fee]]:
    for number, draft in enumerate(drafts):
        if draft.arc.kind != "link":
            continue
        for fee in case.fees.values():
            if (
                matches_place(case.places[draft.arc.from_place], fee.origin)
                and matches_place(case.places[draft.arc.to_place], fee.destination)
                and matches(draft.arc.mode, fee.mode)
                and matches(draft.arc.form, fee.form)
            ):
                yield number, fee


def _facility(case: Case, ledger: Ledger, key: str, absent: int) -> np.ndarray:
    names = (getattr(f, key) for f in case.facilities.values())
    return np.array([absent if n is None else ledger.index(n) for n in names], dtype=np.int64)


def _ledger(case: Case, drafts: list[_Draft]) -> Ledger:
    """Constants, the parameters of the case, then one weight for each arc and for each supply of an input.

    A parameter that only serves as the range of weights is not itself free; its weights are. Nor are
    parameters that are used at their central value (limits and dated levels of measures, the drift of
    claims), and behaviour parameters, on which no equilibrium depends and which every replicate of a
    simulation draws.
    """
    fixed = {d.numbers["weight"] for d in drafts} | {case.info.drift}
    fixed |= {s.weight for s in case.supplies.values()}
    fixed |= {m.maximum for m in case.measures.values()} | {e.level for e in case.events.values()}
    fixed |= set(ROWS)
    rows: list[tuple[str, float, float, float, bool, bool]] = [
        ("0", 0.0, 0.0, 0.0, False, False),
        ("1", 1.0, 1.0, 1.0, False, False),
    ]
    for p in case.parameters.values():
        free = p.low < p.high and p.id not in fixed
        rows.append((p.id, p.low, p.value, p.high, p.scale is schema.Scale.LOG, free))
    for d in drafts:
        low, value, high = _range(case, d.numbers["weight"])
        rows.append((f"weight@{d.arc.id}", low, value, high, True, low < high))
    for s in case.supplies.values():
        low, value, high = _range(case, s.weight)
        rows.append((supply_weight(s.id), low, value, high, True, low < high))
    ids, lows, values, highs, logarithmic, free_flags = zip(*rows, strict=True)
    return Ledger(
        ids=tuple(ids),
        low=np.array(lows, dtype=float),
        value=np.array(values, dtype=float),
        high=np.array(highs, dtype=float),
        logarithmic=np.array(logarithmic, dtype=bool),
        free=np.array(free_flags, dtype=bool),
    )


def _range(case: Case, weight: str | None) -> tuple[float, float, float]:
    """Low, value and high of the parameter that gives a weight its range; 1 without one."""
    if weight is None:
        return 1.0, 1.0, 1.0
    p = case.parameters[weight]
    return p.low, p.value, p.high


def _node_names(drafts: Iterable[_Draft]) -> list[str]:
    return list(dict.fromkeys(name for d in drafts for name in (d.arc.tail, d.arc.head)))


def _reach(start: Iterable[str], steps: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    queue = list(start)
    while queue:
        node = queue.pop()
        if node not in seen:
            seen.add(node)
            queue.extend(steps.get(node, ()))
    return seen


def _refuse_unusable(
    case: Case, drafts: list[_Draft], markets: list[tuple[str, str]], names: dict[str, int]
) -> None:
    """Raise NetworkError for duplicates, dead ends, and arcs, endowments or markets that no path serves."""
    problems: list[Problem] = []
    twice: dict[str, _Draft] = {}
    forward: dict[str, list[str]] = {}
    backward: dict[str, list[str]] = {}
    for d in drafts:
        if d.arc.id in twice:
            message = _("gives an arc that another row already gives")
            problems.append(_at(d, message, _("Rename it or remove one of the two")))
        twice[d.arc.id] = d
        forward.setdefault(d.arc.tail, []).append(d.arc.head)
        backward.setdefault(d.arc.head, []).append(d.arc.tail)
    sold: dict[str, str] = {}
    for market, node in markets:
        file = "markets.csv"
        if node in sold:
            message = _("sells {node}, which market {market} already sells")
            message = message.format(node=node, market=sold[node])
            problems.append(Problem(file, message, _("Keep one"), None, "id", market))
        if node in forward:
            message = _("sells {node}, but arcs lead on from there").format(node=node)
            problems.append(Problem(file, message, _("Sell it at a place of its own"), None, "id", market))
        sold[node] = market
    labour = {a.input for a in case.activities.values()}
    sources = [f"{f}@{p.id}" for p in case.places.values() if p.endowment for f in labour]
    fed = _reach([s for s in sources if s in names], forward)
    useful = _reach([n for n in sold if n in names], backward)
    for place in case.places.values():
        if place.endowment and not any(f"{f}@{place.id}" in useful for f in labour):
            problems.append(
                Problem(
                    "places.csv",
                    _("has an endowment from which no market can be reached"),
                    _("Add an activity and a way to a market, or leave its endowment empty"),
                    None,
                    "endowment",
                    place.id,
                )
            )
    for node, market in sold.items():
        if node not in fed:
            message = _("is reached by nothing: no arc from an endowment leads to {node}").format(node=node)
            cure = _("Add a way to it or remove the market")
            problems.append(Problem("markets.csv", message, cure, None, "id", market))
    for d in drafts:
        if d.arc.tail not in fed:
            message = _("starts at {node}, where nothing ever arrives").format(node=d.arc.tail)
            cure = _("Add what brings {form} to {place}, or take the row (or form) out")
            problems.append(_at(d, message, cure.format(form=d.arc.form, place=d.arc.from_place)))
        elif d.arc.head not in useful:
            message = _("ends at {node}, from where no market can be reached").format(node=d.arc.head)
            problems.append(_at(d, message, _("Add a way on, a market, or take the row (or form) out")))
    if problems:
        raise NetworkError(problems)


def _at(draft: _Draft, message: str, cure: str) -> Problem:
    return Problem(draft.table, message, cure, None, "id", draft.arc.id)


def _loop(drafts: list[_Draft], arcs: list[int]) -> Problem:
    path = " -> ".join([drafts[arcs[0]].arc.tail, *(drafts[a].arc.head for a in arcs)])
    rows = ", ".join(f"{drafts[a].table} '{drafts[a].arc.id}'" for a in arcs)
    return Problem(
        drafts[arcs[0]].table,
        _("closes a loop: {path}, made by {rows}").format(path=path, rows=rows),
        _("Give one direction a place of its own (a strip cluster, a port, a crossing)"),
        None,
        "id",
        drafts[arcs[0]].arc.id,
    )
