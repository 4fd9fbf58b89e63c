"""The economy under policies: many equilibria solved together, compiled once.

A *problem* is a draw of the ledger, levels of measures and a starting point. Problems of any number are
solved in blocks of fixed size, so that baselines, headline questions, patterns, earlier years and searches
over thousands of policies run the same compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.case.behaviour import row_id
from contraflow.case.case import Case
from contraflow.model import root_finding
from contraflow.model.accounting import Books, books
from contraflow.model.choice import Adaptation, adapted, habit
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Anchor, Model, Point, dread, street
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import ACCEPTED, HISTORY, TOLERANCE, Root, Search
from contraflow.model.traced_code import TracedOnce, keepable
from contraflow.network.network import Ledger, Network
from contraflow.policy.effect_functions import by_contraflow
from contraflow.policy.levers import Levers

FEW, MOST = 8, 64
"""Problems solved together: few for a single question or hard problems, else as many as stay in cache."""

MANY = 128
"""Number of problems beyond which wider blocks are worth their compilation."""

STRIDE = 10
"""Evaluations after which, of many problems, those that are solved leave: a block ends with its slowest."""

KEPT = 64
"""Number of structures whose compiled functions are kept in memory."""


class Reference(NamedTuple):
    """What all policies share in one draw."""

    anchor: Anchor
    """Anchor of the baseline."""
    inverse: jax.Array
    """Inverse Jacobian of the residual at the baseline (unknown, unknown)."""


class Solutions(NamedTuple):
    """Fields of :class:`~contraflow.model.root_finding.Root` in NumPy, leading with (problem,)."""

    state: FloatArray
    """Best points (problem, unknown)."""
    residual: FloatArray
    """Largest absolute residuals there (problem,)."""
    evaluations: FloatArray
    """Evaluations of the model (problem,)."""
    history: FloatArray
    """Residuals after each round (problem, 1 + NEWTON_ROUNDS)."""
    inverse: FloatArray
    """Approximate inverse Jacobians there (problem, unknown, unknown)."""

    @property
    def solved(self) -> BoolArray:
        """Whether ``state`` is an equilibrium (problem,)."""
        return np.asarray(self.residual <= ACCEPTED)


class Settled(NamedTuple):
    """An economy at rest."""

    economy: Economy
    """The economy under its measures."""
    point: Point
    """Prices, flows and losses at which it settles."""
    books: Books
    """Its accounts."""
    adaptation: Adaptation | None = None
    """What people are used to; None where everybody has reconsidered."""


keepable(Reference, Settled)


class Compiled(NamedTuple):
    """The compiled functions of all responders of one :func:`structure`.

    All lead with (problem,), in blocks of FEW or MOST.
    """

    references: TracedOnce
    """From ledgers and adaptations to :class:`Reference`."""
    descend: TracedOnce
    """From ledgers, references, levels, adaptations, searches and their next limits to searches."""
    renew: TracedOnce
    """From ledgers, references, levels, adaptations and searches to searches with new inverses."""
    settled: TracedOnce
    """Economies at known states, from the arguments of :meth:`Responder.settle`."""
    adapted: TracedOnce
    """From ledgers, economies, points, adaptations and years of a step to what people are used to next."""
    adaptations: TracedOnce
    """From ledgers to the :class:`~contraflow.model.choice.Adaptation` of the baseline."""


@dataclass(frozen=True, eq=False)
class Responder:
    """Baselines and responses as functions of the ledger's values and the levels of measures.

    In all methods ``ledger`` has the shape (number,) or, over draws, (draw, number), and ``levels``
    (measure,) or, over problems, (problem, measure).
    """

    model: Model
    """The model."""
    levers: Levers
    """The measures."""

    def measured(self, ledger: jax.Array, levels: jax.Array) -> Economy:
        """The economy with measures at ``levels``, before households take up work as carriers."""
        return self.levers.apply(self.model.economy(ledger), ledger, levels)

    def anchor(self, ledger: jax.Array) -> Anchor:
        """What the baseline of one draw fixes for every policy."""
        return self.model.anchor(self.measured(ledger, jnp.asarray(self.levers.baseline)))

    def baseline(self, ledger: jax.Array) -> tuple[Anchor, Economy, Point]:
        """The :meth:`anchor`, the economy of the baseline, and the point where it settles."""
        economy = self.measured(ledger, jnp.asarray(self.levers.baseline))
        anchor, point = self.model.baseline(economy)
        return anchor, anchor.staffed(economy), point

    def economy(self, ledger: jax.Array, levels: jax.Array, anchor: Anchor) -> Economy:
        """The economy with measures at ``levels``, and the weights, gains and endowments of ``anchor``."""
        return anchor.staffed(self.measured(ledger, levels))

    def reference(self, ledger: jax.Array, adaptation: Adaptation | None = None) -> Reference:
        """Anchor and inverse Jacobian of the baseline of one draw, in the long run or while people adapt."""
        anchor = self.anchor(ledger)
        economy = self.economy(ledger, jnp.asarray(self.levers.baseline), anchor)
        return Reference(anchor, self.model.jacobian_inverse(economy, anchor, adaptation))

    def adaptation(
        self, ledger: jax.Array, years: jax.Array | float = 0.0, point: Point | None = None
    ) -> Adaptation:
        """What people are used to in the baseline of one draw, some of whom reconsider within some years.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        years
            Time in which they reconsider, at their paces.
        point
            The baseline of the draw. None: it is computed.
        """
        network = self.model.network
        point = self.baseline(ledger)[2] if point is None else point
        theta = ledger[network.at_once] * ledger[network.switching]
        weight = habit(point.share, point.value[network.tail], point.net, theta[network.tail])
        nothing = jnp.zeros_like(weight)
        reconsidered = -jnp.expm1(-years / ledger[network.pace])
        nobody = jnp.zeros(len(network.nodes))
        return Adaptation(
            weight=weight,
            usual=point.net,
            theta=theta,
            reconsidered=reconsidered,
            lasting=jnp.asarray(network.lasting, float),
            people=nobody,
            moved=nobody - jnp.expm1(-years / ledger[network.settling]),
            street=point.sold,
            arrived=self._arrived(-years / ledger[network.stocks]),
            dread=nothing,
        )

    def _arrived(self, time: jax.typing.ArrayLike) -> jax.Array:
        """Part of the goods on the way that arrives within minus ``time`` times the stocks (..., market)."""
        markets = np.ones(len(self.model.network.markets))
        markets[self.model.network.hiring.market] = 0.0
        return jnp.asarray(1 - markets * jnp.exp(jnp.asarray(time)))

    def root(
        self,
        ledger: jax.Array,
        reference: Reference,
        levels: jax.Array,
        start: jax.Array | None = None,
        adaptation: Adaptation | None = None,
    ) -> Root:
        """The equilibrium of one draw under one policy, from one start; differentiable.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        reference
            Reference of the draw.
        levels
            Levels of the measures (measure,).
        start
            Starting point (unknown,). None: the baseline.
        adaptation
            What people are used to. None: everybody has reconsidered.
        """
        economy = self.economy(ledger, levels, reference.anchor)
        return self.model.solve(economy, reference.anchor, reference.inverse, start, adaptation)

    def settle(
        self,
        ledger: jax.Array,
        anchor: Anchor,
        levels: jax.Array,
        state: jax.Array,
        adaptation: Adaptation | None = None,
    ) -> Settled:
        """One economy at a known state, with its books.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        anchor
            Anchor of the draw.
        levels
            Levels of the measures (measure,).
        state
            Logarithms of prices and loads relative to the baseline (unknown,).
        adaptation
            What people are used to. None: everybody has reconsidered.
        """
        economy = self.economy(ledger, levels, anchor)
        point = self.model.evaluate(economy, state, adaptation)
        waiting = None
        if adaptation is not None:
            waiting = self.model.waiting(point)
            asked = dread(economy, adaptation, point.expected_loss)
            some = point.expected_loss > 0
            asked = jnp.where(some, asked / jnp.where(some, point.expected_loss, 1.0), 0.0)
            economy = replace(
                economy,
                output=economy.output * point.gathered,
                risk_pay=economy.risk_pay + asked,
                lethal_pay=economy.lethal_pay + asked,
            )
        return Settled(economy, point, books(self.model.network, ledger, economy, point, waiting), adaptation)

    def references(self, ledger: FloatArray | jax.Array, adaptation: Adaptation | None = None) -> Reference:
        """References of draws.

        Parameters
        ----------
        ledger
            Values of the ledger (draw, number).
        adaptation
            What people are used to; fields lead with (draw,). None: everybody has reconsidered.
        """
        given = self._long_run(len(ledger)) if adaptation is None else adaptation
        found: Reference = in_blocks(self._compiled.references, FEW, (np.asarray(ledger), given))
        return found

    def _long_run(self, count: int) -> Adaptation:
        """Adaptations (count, ...) of whom everybody has reconsidered, so that habits do not matter."""
        arcs, nodes = len(self.model.network.arcs), len(self.model.network.nodes)
        markets = len(self.model.network.markets)
        fields = (
            (arcs, 0), (arcs, 0), (nodes, 1), (arcs, 1), (arcs, 0), (nodes, 0), (nodes, 1), (markets, 0),
            (markets, 1), (arcs, 0),
        )  # fmt: skip
        constant: Any = (np.broadcast_to(float(value), (count, size)) for size, value in fields)
        return Adaptation(*constant)

    def adaptations(self, ledger: FloatArray) -> Adaptation:
        """What people are used to in the baselines of draws (draw, number); fields lead with (draw,)."""
        found: Adaptation = in_blocks(self._compiled.adaptations, FEW, (np.asarray(ledger),))
        return found

    def after(self, ledger: FloatArray, years: FloatArray) -> Adaptation:
        """What people are used to in the baselines of problems, of whom some have reconsidered.

        Parameters
        ----------
        ledger
            Values of the ledger of each problem (problem, number).
        years
            Years since then (problem,).
        """
        return self.passed(self.adaptations(ledger), ledger, years)

    def passed(self, adaptation: Adaptation, ledger: FloatArray, years: FloatArray | float) -> Adaptation:
        """The same, some of whom reconsider or move within ``years`` (problem,)."""
        network = self.model.network
        time = -np.broadcast_to(np.asarray(years, dtype=float), len(ledger))[:, None]
        parts: dict[str, Any] = {
            "reconsidered": -np.expm1(time / ledger[:, network.pace]),
            "moved": -np.expm1(time / ledger[:, [network.settling]] + np.zeros(len(network.nodes))),
            "arrived": np.asarray(self._arrived(time / ledger[:, [network.stocks]])),
        }
        return adaptation._replace(**parts)

    def adapted(self, ledger: FloatArray, settled: Settled, years: float) -> Adaptation:
        """What people are used to after a step of some years in which these economies were at rest.

        Parameters
        ----------
        ledger
            Values of the ledger (draw, number).
        settled
            Economies of the draws in the step, with what people were used to then.
        years
            Length of the step.
        """
        over_draws = np.asarray(ledger), settled.economy, settled.point, settled.adaptation
        found: Adaptation = in_blocks(self._compiled.adapted, FEW, (*over_draws, np.full(len(ledger), years)))
        return found

    def solve(
        self,
        ledger: FloatArray,
        references: Reference,
        levels: FloatArray,
        draw: IntArray | None = None,
        start: FloatArray | None = None,
        adaptation: Adaptation | None = None,
    ) -> Solutions:
        """Equilibria of many problems, each found as by :func:`~contraflow.model.root_finding.find_root`.

        Many problems are solved together for STRIDE evaluations at a time, and only those go on that are not
        solved. To the last bit the result of a problem depends on whether there are more than MANY, and on
        nothing else about the others. Does not raise: look at the residuals.

        Parameters
        ----------
        ledger
            Values of the ledger (draw, number).
        references
            References of the same draws (draw, ...).
        levels
            Levels of the measures (problem, measure).
        draw
            Draw that each problem uses (problem,). None: the first.
        start
            Starting points (problem, unknown). None: the baseline.
        adaptation
            What people are used to (problem, ...). None: everybody has reconsidered.
        """
        count = len(levels)
        draw = np.zeros(count, dtype=np.int64) if draw is None else draw
        start = np.zeros((count, self.model.unknowns)) if start is None else start
        given = self._long_run(count) if adaptation is None else adaptation
        of_draws = np.asarray(ledger), references
        starts = jnp.asarray(start, dtype=float), jnp.asarray(references.inverse)[draw]
        search: Any = jax.tree.map(np.array, jax.vmap(root_finding.begin)(*starts))

        def go_on(function: TracedOnce, size: int, some: IntArray, *tries: IntArray) -> None:
            if not some.size:
                return
            problems = np.asarray(levels)[some], jax.tree.map(lambda x: np.asarray(x)[some], (given, search))
            found = in_blocks(function, size, (problems[0], *problems[1], *tries), of_draws, draw[some])
            for whole, part in zip(search, found, strict=True):
                whole[some] = part

        most = root_finding.BROYDEN_STEPS
        size, stride = (MOST, STRIDE) if count > MANY else (FEW, most)
        left = np.arange(count)
        for tries in range(stride, most + 1, stride):
            go_on(self._compiled.descend, size, left, np.full(left.size, tries))
            left = left[(search.norm[left] > TOLERANCE) & ~search.stuck[left]]
        history, evaluations = np.full((count, HISTORY), np.nan), search.tries.astype(float)
        history[:, 0] = search.norm
        left = np.flatnonzero(search.norm > TOLERANCE)
        for newton_round in range(1, HISTORY):
            before = search.norm[left]
            # In wide blocks XLA shares the inversions out among its threads; two blocks that do so at once
            # wait for each other for ever (jaxlib 0.10.2).
            go_on(self._compiled.renew, FEW, left)
            go_on(self._compiled.descend, FEW, left, np.full(left.size, most))
            norm = search.norm[left]
            history[left, newton_round] = norm
            evaluations[left] += self.model.unknowns + search.tries[left]
            left = left[(norm > TOLERANCE) & (norm < before)]
        return Solutions(search.z, search.norm, evaluations, history, search.inverse)

    def settled(
        self,
        ledger: FloatArray,
        references: Reference,
        levels: FloatArray,
        state: FloatArray,
        draw: IntArray | None = None,
        adaptation: Adaptation | None = None,
    ) -> Settled:
        """Economies of many problems at known states.

        Parameters
        ----------
        ledger, references, levels, draw
            As for :meth:`solve`.
        state
            Logarithms of prices and loads relative to the baseline (problem, unknown).
        adaptation
            What people are used to (problem, ...). None: everybody has reconsidered.
        """
        count = len(levels)
        draw = np.zeros(count, dtype=np.int64) if draw is None else draw
        given = self._long_run(count) if adaptation is None else adaptation
        problems = np.asarray(levels), np.asarray(state), given
        of_draws = np.asarray(ledger), references.anchor
        economies: Settled = in_blocks(self._compiled.settled, FEW, problems, of_draws, draw)
        return economies if adaptation is not None else economies._replace(adaptation=None)

    def compile_tasks(self) -> list[Callable[[], object]]:
        """Calls that compile the functions for a small number of problems, independent of each other."""
        model, n = self.model, self.model.network
        ledger = n.ledger.value[None]
        levels, state = self.levers.baseline[None], np.zeros((1, model.unknowns))
        sizes = len(n.markets), len(n.facility_ids), len(n.arcs), len(n.arcs), len(n.nodes), len(n.nodes)
        anchor = Anchor(*(jnp.ones((1, size)) for size in sizes))
        shape = Reference(anchor, jnp.eye(model.unknowns)[None])
        return [
            lambda: self.solve(ledger, shape, levels),
            lambda: self.references(ledger),
            lambda: self.settled(ledger, shape, levels, state),
        ]

    @cached_property
    def _compiled(self) -> Compiled:
        """Compiled functions, shared with all responders of the same structure."""
        shape = structure(self)
        compiled = _COMPILED.setdefault(shape, _compile(self, shape))
        while len(_COMPILED) > KEPT:
            _COMPILED.pop(next(iter(_COMPILED)))
        return compiled


def in_blocks(
    function: Callable[..., Any],
    size: int,
    problems: tuple[Any, ...],
    of_draws: tuple[Any, ...] = (),
    draw: IntArray | None = None,
) -> Any:
    """Run a compiled function over problems in blocks of one size, one per core; repeats fill the last.

    The function takes what leads with (draw,), picked by the ``draw`` of each problem, then what leads with
    (problem,). So its code depends neither on the number of problems nor on that of draws.
    """
    count = len(problems[0])
    of_draws = jax.tree.map(np.asarray, of_draws)

    def block(first: int) -> Any:
        pick = np.minimum(np.arange(first, first + size), count - 1)
        own = jax.tree.map(lambda p: np.asarray(p)[pick], problems)
        shared = () if draw is None else jax.tree.map(lambda x: x[draw[pick]], of_draws)
        return jax.tree.map(np.asarray, function(*shared, *own))

    first, *others = range(0, count, size)
    parts = [block(first), *in_threads(block, others)]
    return jax.tree.map(lambda *x: np.concatenate(x)[:count], *parts)


_COMPILED: dict[bytes, Compiled] = {}


def structure(responder: Responder) -> bytes:
    """Digest of everything, apart from the arguments, that enters the responder's compiled functions.

    That is every array of the network and its levers, the kinds of effects and the numbers of nodes, arcs,
    markets, facilities and actors, but no label and no value of the ledger. Cases that only differ in numbers
    share one structure, and so one compilation.
    """
    levers, network = responder.levers, responder.model.network
    digest = sha256(repr((levers.kinds, len(network.actor_ids), len(network.facility_ids))).encode())
    digest.update(levers.baseline.tobytes())
    for part in (*_arrays(network), *_arrays(levers)):
        digest.update(part)
    return digest.digest()


def _arrays(of: Any) -> Iterator[bytes]:
    """Names, shapes and contents of the arrays of a dataclass, and lengths of its tuples of labels."""
    for field in fields(of):
        held = getattr(of, field.name)
        if isinstance(held, np.ndarray):
            yield f"{field.name} {held.dtype} {held.shape}".encode()
            yield held.tobytes()
        elif isinstance(held, tuple):
            yield f"{field.name} {len(held)}".encode()
        elif is_dataclass(held) and not isinstance(held, Case | Ledger | Network):
            yield from _arrays(held)


def _compile(responder: Responder, shape: bytes) -> Compiled:
    model = responder.model
    own = all(by_contraflow(kind) for kind in responder.levers.kinds)

    def residual(
        ledger: jax.Array, reference: Reference, levels: jax.Array, adaptation: Adaptation
    ) -> root_finding.Function:
        anchor = reference.anchor
        economy = responder.economy(ledger, levels, anchor)
        return lambda z: model.residual(economy, anchor, z, adaptation)

    def descend(
        ledger: jax.Array,
        reference: Reference,
        levels: jax.Array,
        adaptation: Adaptation,
        search: Search,
        limit: jax.Array,
    ) -> Search:
        return root_finding.descend(residual(ledger, reference, levels, adaptation), search, limit)

    def renew(
        ledger: jax.Array,
        reference: Reference,
        levels: jax.Array,
        adaptation: Adaptation,
        search: Search,
    ) -> Search:
        return root_finding.renew(residual(ledger, reference, levels, adaptation), search)

    half_life = model.network.ledger.index(row_id("fear_half_life"))

    def after(
        ledger: jax.Array, economy: Economy, point: Point, now: Adaptation, years: jax.Array
    ) -> Adaptation:
        used = adapted(now, model.network.tail, economy.weight, economy.theta, point.net, economy.open_part)
        remembered = 0.5 ** (years / ledger[half_life])
        there = point.endowment / jnp.where(economy.endowment > 0, economy.endowment, 1.0)
        return used._replace(
            street=street(point.sold, now),
            people=jnp.where(there > 0, jnp.log(jnp.where(there > 0, there, 1.0)), 0.0),
            dread=remembered * economy.lethal_pay * point.expected_loss,
        )

    def over_problems(function: Callable[..., Any]) -> TracedOnce:
        return TracedOnce(jax.vmap(function), (function.__name__, shape) if own else None)

    return Compiled(
        references=over_problems(responder.reference),
        descend=over_problems(descend),
        renew=over_problems(renew),
        settled=over_problems(responder.settle),
        adapted=over_problems(after),
        adaptations=over_problems(responder.adaptation),
    )
