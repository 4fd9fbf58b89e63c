"""The one rule on a network so small that all episodes share it.

In each region land is used for the crop or for the rest, and the crop goes by the way that measures act on
or by others to one market. Prices are relative to those before; a step is a month. With V from
:func:`contraflow.model.choice.values`, A the area over that before and c what growing costs::

    u_crop = V_gate B e^(-reckoning h) - c          B = (A / K)^(-buyers_exponent)
    u_way  = X (1 - loss) / ladder - outlay         X = P^pass_through
    Q' = Q + (1 - e^(-1 / stocks)) (S - Q)          P = (Q' / demand factor)^(-1 / demand)

K is what buyers are set up for, which moves towards A at the pace ``crop_buyers``; S what reaches the market,
Q what reaches the street. P and the areas are those at which all of this holds at once. Weights of choices
move from month to month by :func:`contraflow.model.choice.adapted`. Eradication at h a year takes the weight
of the crop down by (1 - replanting) h, and the weight grows by ``growth`` a year at most. Fields that are not
worth harvesting stand for a while: the area that surveys see falls by no more than growers reconsider and
eradication takes. What is believed of
a measure that is feared is ``fear_multiplier`` times what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray, IntArray
from contraflow.history.episode_tables import MOST_REGIONS, Episode, KindOfMeasure, StageOfTrade
from contraflow.history.shared_numbers import NAMES, SPAN
from contraflow.model.choice import Adaptation, Values, adapted, flows, habit, values
from contraflow.model.layout import make_layout
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import find_root

YEAR = 12
TOLERANCE = 1e-9
"""Largest residual, in logarithms, at which prices of a month clear."""

NEWTON_ROUNDS = 8

BROYDEN_STEPS = 20
"""Of this search, which the learned tables were made with: the maximum is flat, and moves with its grain."""

BATCH = 25
"""Draws that are followed side by side."""

MOST_CLOSED = 0.97
"""Part of a way or of land that a measure of unknown size closes, at most."""

MOST_SOUGHT = 2.5
"""Eradication of what stands, a year, at most."""

MOST_SIZES = 3
"""Unknown sizes of the measures of an episode, at most."""

KINDS = ("outlay", "feared", "loss", "demand", "eradication", "ban")
STAGES = tuple(StageOfTrade)

_LAND = np.arange(MOST_REGIONS)
_GATE = MOST_REGIONS + _LAND
_MARKET, _REST = 2 * MOST_REGIONS, 2 * MOST_REGIONS + 1
TAIL: IntArray = np.concatenate([np.repeat(_LAND, 2), np.repeat(_GATE, 2)])
"""Node where each arc begins: land to gate and to the rest, gate to market by the treated way and others."""
HEAD: IntArray = np.concatenate(
    [np.stack([_GATE, np.full(MOST_REGIONS, _REST)], 1).ravel(), np.full(2 * MOST_REGIONS, _MARKET)]
)
LAYOUT = make_layout(TAIL, HEAD, np.array([0] * MOST_REGIONS + [1] * MOST_REGIONS + [2, 2]))
CROP = 2 * _LAND
"""Arcs from land to the gate."""
TREATED = 2 * MOST_REGIONS + 2 * _LAND
"""Arcs by the way that measures act on."""
SINKS = np.array([_MARKET, _REST])


class Rule(NamedTuple):
    """How people choose, and how what they are used to moves from month to month."""

    values: Callable[..., Values]
    """As :func:`contraflow.model.choice.values`."""
    adapted: Callable[..., Adaptation]
    """As :func:`contraflow.model.choice.adapted`."""


ADAPTING = Rule(values, adapted)
"""The one rule: at once a lower elasticity, with weights that move."""


class EpisodeArrays(NamedTuple):
    """One episode as arrays; several lead with (episode,)."""

    supply: jax.Array
    """Share of each region in the supply (region,)."""
    way: jax.Array
    """Share of the treated way (region,)."""
    ladder: jax.Array
    """Price at the gate over that in the market (region,)."""
    multiple: jax.Array
    """Land over what bears the crop (region,)."""
    cost: jax.Array
    """Cost of growing, over the price at the gate (region,)."""
    stocks: jax.Array
    """Goods on the way as a multiple of those of the reference substance."""
    levels: jax.Array
    """Levels of measures (size, kind, month, region)."""
    size_centre: jax.Array
    """Mean logarithms of the measures' true sizes over their levels (size,)."""
    size_spread: jax.Array
    """Their standard deviations (size,)."""
    month: jax.Array
    """Month of each observation (observation,)."""
    region: jax.Array
    """Its region (observation,)."""
    stage: jax.Array
    """Its stage (observation,)."""


class Course(NamedTuple):
    """How an episode goes, in logarithms over what was before."""

    area: jax.Array
    """Land on which the crop stands (month, region)."""
    output: jax.Array
    """Land on which it is harvested (month, region)."""
    gate: jax.Array
    """Price at the farm gate (month, region)."""
    street: jax.Array
    """Price in the street (month,)."""
    supply: jax.Array
    """What reaches the street (month,)."""
    way: jax.Array
    """What goes by the treated way (month, region)."""
    residual: jax.Array
    """How far markets are from clearing (month,)."""


def settings(found: Sequence[Episode], ceiling: float | None = None) -> EpisodeArrays:
    """Episodes as arrays, padded to the same shape; lead with (episode,).

    Parameters
    ----------
    found
        The episodes.
    ceiling
        Land over what bears the crop, in all regions. None: as the tables say.
    """
    months = max(e.row.months for e in found)
    most = max(1, *(len(e.observations) for e in found))
    each = [_setting(e, months, most, ceiling) for e in found]
    return EpisodeArrays(*(jnp.asarray(np.stack(parts)) for parts in zip(*each, strict=True)))


def _setting(episode: Episode, months: int, most: int, ceiling: float | None) -> tuple[FloatArray, ...]:
    rows, names = episode.regions, [r.id for r in episode.regions]
    sizes = list(dict.fromkeys(m.id for m in episode.measures))
    levels = np.zeros((MOST_SIZES, len(KINDS), months, MOST_REGIONS))
    centre, spread = np.zeros(MOST_SIZES), np.zeros(MOST_SIZES)
    for m in episode.measures:
        size = sizes.index(m.id)
        feared = m.kind is KindOfMeasure.OUTLAY and m.feared == "yes"
        first, last = max(0, episode.month(m.first)), episode.month(m.last) + 1
        levels[
            size, KINDS.index("feared" if feared else m.kind.value), first:last, names.index(m.region)
        ] += m.level
        centre[size] = (np.log(m.low) + np.log(m.high)) / 2
        spread[size] = (np.log(m.high) - np.log(m.low)) / SPAN

    def padded(column: str, filler: float) -> FloatArray:
        given = [getattr(r, column) for r in rows]
        return np.array(given + [filler] * (MOST_REGIONS - len(given)), dtype=float)

    supply = padded("supply", 0.0)
    multiple = padded("multiple", 2.0)
    seen = episode.observations
    place = np.zeros((3, most), dtype=np.int64)
    place[:, : len(seen)] = np.array(
        [
            [episode.month(o.month) for o in seen],
            [names.index(o.region) for o in seen],
            [STAGES.index(o.stage) for o in seen],
        ]
    ).reshape(3, -1)
    return (
        supply / supply.sum(), padded("way", 0.0), padded("ladder", 0.5),
        multiple if ceiling is None else np.full(MOST_REGIONS, ceiling), padded("cost", 0.2),
        np.array(episode.row.stocks), levels, centre, spread, *place,
    )  # fmt: skip


class _State(NamedTuple):
    used: Adaptation
    street: jax.Array
    capacity: jax.Array
    root: jax.Array
    left: jax.Array
    """Fields that would stand if none were worth harvesting."""
    standing: jax.Array


def _people(n: Mapping[str, jax.Array], setting: EpisodeArrays) -> tuple[jax.Array, jax.Array, Adaptation]:
    """Elasticities (node,), preference weights (arc,) and what people are used to, before the episode."""
    theta = jnp.concatenate(
        [jnp.full(MOST_REGIONS, n["theta_land"]), jnp.full(MOST_REGIONS, n["theta_trade"]), jnp.ones(2)]
    )
    at_once = jnp.concatenate(
        [
            jnp.full(MOST_REGIONS, n["theta_land"] * n["land_at_once"]),
            jnp.full(MOST_REGIONS, n["theta_trade"] * n["trade_at_once"]), jnp.ones(2),
        ]
    )  # fmt: skip
    weight = jnp.concatenate(
        [
            jnp.stack([1 / setting.multiple, 1 - 1 / setting.multiple], 1).ravel(),
            jnp.stack([setting.way, 1 - setting.way], 1).ravel(),
        ]
    )
    usual = jnp.concatenate([jnp.repeat(1 - setting.cost, 2), jnp.ones(2 * MOST_REGIONS)])
    pace = jnp.repeat(
        jnp.stack([n["growers"], n["traders"]]), 2 * MOST_REGIONS, total_repeat_length=TAIL.size
    )
    mu = -jnp.expm1(-1 / pace)
    first = Adaptation(habit(weight, usual, usual, at_once[TAIL]), usual, at_once, mu)
    return theta, weight, first


def course(numbers: jax.Array, sizes: jax.Array, setting: EpisodeArrays, rule: Rule = ADAPTING) -> Course:
    """Follow one episode month by month.

    Parameters
    ----------
    numbers
        Shared numbers in the order of ``NAMES`` (number,).
    sizes
        Standard normal deviates of the measures' true sizes (size,).
    setting
        The episode.
    rule
        How people choose, and how what they are used to moves.
    """
    n = dict(zip(NAMES, numbers, strict=True))
    true = jnp.exp(setting.size_centre + setting.size_spread * sizes)
    levels = jnp.einsum("s,sktr->tkr", true, setting.levels)
    theta, weight, first = _people(n, setting)
    endowment = jnp.zeros(2 * MOST_REGIONS + 2).at[_LAND].set(setting.supply * setting.multiple)
    start = _State(
        first, jnp.zeros(()), jnp.zeros(MOST_REGIONS), jnp.zeros(1 + MOST_REGIONS), jnp.zeros(MOST_REGIONS),
        jnp.zeros(MOST_REGIONS),
    )  # fmt: skip
    flowing = -jnp.expm1(-1 / (n["stocks"] * setting.stocks))

    def month(state: _State, level: jax.Array) -> tuple[_State, tuple[jax.Array, ...]]:
        now = dict(zip(KINDS, level, strict=True))
        loss, ban = (jnp.minimum(now[kind], MOST_CLOSED) for kind in ("loss", "ban"))
        hazard = jnp.minimum(now["eradication"] * jnp.exp(-state.standing), MOST_SOUGHT)

        def economy(root: jax.Array) -> tuple[jax.Array, ...]:
            street, area = root[0], root[1:]
            full = jnp.exp(-n["buyers_exponent"] * (area - state.capacity))
            keep_land = jnp.stack([full * jnp.exp(-n["reckoning"] * hazard), 1 - setting.cost], 1)
            outlay_land = jnp.stack([setting.cost, jnp.zeros(MOST_REGIONS)], 1)
            keep_way = jnp.stack([(1 - loss) / setting.ladder, 1 / setting.ladder], 1)
            usual_outlay = 1 / setting.ladder - 1
            outlay_way = jnp.stack(
                [usual_outlay + now["outlay"] + n["fear_multiplier"] * now["feared"], usual_outlay], 1
            )
            keep = jnp.concatenate([keep_land.ravel(), keep_way.ravel()])
            outlay = jnp.concatenate([outlay_land.ravel(), outlay_way.ravel()])
            prices = jnp.stack([jnp.exp(n["pass_through"] * street), jnp.ones(())])
            found = rule.values(LAYOUT, weight, keep, outlay, theta, SINKS, prices, state.used)
            arrive = jnp.ones(TAIL.size).at[CROP].set(1 - ban).at[TREATED].set(1 - loss)
            gone = flows(LAYOUT, found.share, arrive, endowment)
            share = found.share.reshape(-1)[LAYOUT.arc_slot]
            new_area = _log(share[CROP] * setting.multiple * (1 - ban))
            reaching = _log(jnp.exp(state.street) * (1 - flowing) + gone.stock[_MARKET] * flowing)
            net = keep * found.node[HEAD] - outlay
            gate = _log(found.node[_GATE]) + jnp.log(full)
            way = _log(share[TREATED] / jnp.where(setting.way > 0, setting.way, 1.0)) + new_area
            wanted = (now["demand"][0] - reaching) / n["demand"]
            return jnp.concatenate([wanted[None], new_area]), net, gate, reaching, way

        # A market that is short raises its own supply and a full buyer lowers it, so each residual grows
        # with its own unknown by 1 and more.
        root = find_root(
            lambda z: z - economy(z)[0], state.root, jnp.eye(1 + MOST_REGIONS), NEWTON_ROUNDS, TOLERANCE,
            BROYDEN_STEPS,
        )  # fmt: skip
        _, net, gate, reaching, way = economy(root.state)
        area = root.state[1:]
        used = rule.adapted(state.used, TAIL, weight, theta, net)
        taken = hazard * (1 - n["replanting"]) / YEAR
        most = state.used.weight[CROP] * jnp.exp(n["growth"] / YEAR)
        crop = jnp.minimum(used.weight[CROP], most) * jnp.exp(-taken)
        used = used._replace(weight=used.weight.at[CROP].set(crop))
        capacity = state.capacity - jnp.expm1(-1 / n["crop_buyers"]) * (area - state.capacity)
        standing = jnp.maximum(area, state.left)
        after = _State(used, reaching, capacity, root.state, standing - 1 / n["growers"] - taken, standing)
        return after, (standing, area, gate, root.state[0], reaching, way, root.residual)

    _, steps = jax.lax.scan(month, start, levels)
    return Course(*steps)


def _log(x: jax.Array) -> jax.Array:
    """Logarithm that stays finite where nothing is left."""
    return jnp.log(jnp.maximum(x, 1e-6))


def foreseen(
    numbers: jax.Array, sizes: jax.Array, setting: EpisodeArrays, rule: Rule = ADAPTING
) -> jax.Array:
    """Logarithms of after over before of the observations of one episode (observation,).

    Parameters
    ----------
    numbers, sizes, setting, rule
        As for :func:`course`.
    """
    found = course(numbers, sizes, setting, rule)
    at, where = setting.month, setting.region
    by_stage = jnp.stack(
        [
            found.area[at, where], found.output[at, where], found.gate[at, where], found.street[at],
            found.supply[at], found.way[at, where],
        ]
    )  # fmt: skip
    return by_stage[setting.stage, jnp.arange(at.size)]


@partial(jax.jit, static_argnames="rule")
def many_foreseen(
    numbers: jax.Array, sizes: jax.Array, setting: EpisodeArrays, rule: Rule = ADAPTING
) -> jax.Array:
    """The same of one episode for many draws: numbers (draw, number), sizes (draw, size)."""
    # Draws that are hard to clear hold up only those of their batch.
    found: jax.Array = jax.lax.map(
        lambda x: foreseen(x[0], x[1], setting, rule), (numbers, sizes), batch_size=BATCH
    )
    return found


@partial(jax.jit, static_argnames=("scales", "rule"))
def linearised(
    inner: jax.Array,
    sizes: jax.Array,
    setting: EpisodeArrays,
    scales: tuple[bool, ...],
    rule: Rule = ADAPTING,
) -> tuple[jax.Array, jax.Array]:
    """Foreseen logarithms (episode, observation) and their slopes (episode, observation, number + size).

    Parameters
    ----------
    inner
        Numbers on the scales on which they are normal (episode, number).
    sizes
        Deviates of the measures' sizes (episode, size).
    setting
        The episodes.
    scales
        Whether each number is a part of one, whose scale is the logit (number,).
    rule
        How people choose.
    """
    count = len(scales)

    def at(x: jax.Array, one: EpisodeArrays) -> jax.Array:
        return foreseen(outer_of(x[:count], scales), x[count:], one, rule)

    def both(x: jax.Array, one: EpisodeArrays) -> tuple[jax.Array, jax.Array]:
        value, push = jax.linearize(lambda y: at(y, one), x)
        return value, jax.vmap(push, out_axes=1)(jnp.eye(x.size))

    return jax.vmap(both)(jnp.concatenate([inner, sizes], 1), setting)


def outer_of(inner: jax.Array, scales: tuple[bool, ...]) -> jax.Array:
    """Numbers from the scales on which they are normal (..., number)."""
    part = jnp.asarray(scales)
    return jnp.where(part, jax.nn.sigmoid(inner), jnp.exp(inner))
