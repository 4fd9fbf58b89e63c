"""The one rule: values run backward from markets, flows run forward from endowments.

For an arc a from node n to node h, per unit at its tail::

    u_a = keep_a V_h - outlay_a            keep = (1 - q) yield (1 - margin)
    V_n = (sum_a w_a u_a^theta_n)^(1/theta_n)
    P_a = w_a u_a^theta_n / sum_b w_b u_b^theta_n
    f_a = x_n P_a ;   (1 - q_a) yield_a f_a arrives at h

This is the power-mean (Fréchet, CES) form of discrete choice of Eaton & Kortum (2002, Econometrica 70(5)) and
Allen & Arkolakis (2022, Review of Economic Studies 89(6)). An arc whose u is not positive is not used; a node
without a usable arc has no value and keeps its stock.

The weights w follow from the baseline, as those of a CES function follow from its benchmark shares
(calibrated share form; Rutherford 2002, Lecture Notes on Constant Elasticity Functions). The ledger states
odds o: how often an option is used, relative to the others at its node, where it pays well. With primes for
the baseline, d = THIN and r the fraction of what an option fetches that is left after all payments::

    r_a  = u'_a / (keep_a V'_h)                                   V'_h: value at the head
    s_a  = thin(r_a, 0)                                           options that hardly pay are hardly used
    P'_a ~ o_a s_a / (s_a + d)
    n_a  = keep_a V'_h thin(r_a, d)                               options that pay too little get a gain
    V'_n = sum_a P'_a n_a                                         no rent is left in the baseline
    w_a  = P'_a (V'_n / n_a)^theta_n

    thin(r, f) = r where r >= d + f, else f + d (e / (1 - r))^(e / d) ,  e = 1 - d - f

so that thin is smooth, not below f, and responds to prices with a constant elasticity where nothing is left.
The gain g_a = n_a - u'_a is a calibration residual, as in positive mathematical programming (Howitt 1995,
American Journal of Agricultural Economics 77(2)): the unobserved extra benefit per unit that makes an
observed but apparently unprofitable option worth using. It is the same under every policy, and zero where an
option nets at least 2 d of what it fetches.

**Adaptation.** Who uses an option knows its people and has its tools; others need time to come by them. So
at once the elasticity of substitution at a node is lower, t = at_once theta, and its weights g are those of
what people are used to. With mu_a the part of the users of an option that has reconsidered since::

    V*   = (sum_b w_b u_b^theta)^(1/theta)                        the rule above: the long run
    g*_a = w_a (u_a / V*)^(theta - t)                             weights that would give it with elasticity t
    m_a  = (1 - mu_a) g_a s_a + mu_a g*_a
    V_n  = (sum_a m_a u_a^t)^(1/t) ,   P_a = m_a u_a^t / sum_b m_b u_b^t
    s_a  = r^2 (3 - 2 r) ,  r = u_a / (STAYS u'_a) between 0 and 1

and for fields and mines, which are there whether they pay or not, s = 1 and u_a is at least STAYS u'_a in
m_a u_a^t: whoever has them holds on, and leaves as he reconsiders (hysteresis; Dixit 1992, Investment and
Hysteresis, Journal of Economic Perspectives 6(1)). Where a yield fetches less than GATHERED of what it
usually does, they leave a part of it, by the same smooth step, where it stands.

In the baseline g_a = P'_a (V'_n / u'_a)^t, where u' is what users of the option are used to: it stands still
for any mu. Where all have reconsidered (mu = 1) it is the rule above. In between the elasticity rises from t
to theta. It is partial adjustment of a CES function (calibrated share form; partial adjustment of odds as in
Nerlove 1958, The Dynamics of Supply), near staggered adjustment in trade where t is near 0 (Arkolakis, Eaton
& Kortum 2011, Staggered adjustment and trade dynamics). As a way stops paying its users give up
between the fraction STAYS of what they are used to and nothing, without a kink (s).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from contraflow._types import IntArray
from contraflow.model.layout import Layout
from contraflow.model.numerics import jax, jnp

THIN = 0.1
"""Net value, as a fraction of the gross, at which an option's odds in the baseline count half."""


STAYS = 0.25
"""Fraction of the usual net value of an option below which its users begin to give it up."""

GATHERED = 0.1
"""Fraction of its usual gross value below which the yield of a field or mine begins to be left ungathered."""


class Adaptation(NamedTuple):
    """What people are used to, and how many have reconsidered it."""

    weight: jax.Array
    """Preference weights g of what people are used to (arc,)."""
    usual: jax.Array
    """Net value u' that users of the option are used to (arc,), USD per unit at the tail."""
    theta: jax.Array
    """Elasticities of substitution at once t (node,)."""
    reconsidered: jax.Array
    """Part mu of the users that has reconsidered since (arc,), from 0 to 1."""
    lasting: jax.Array | float = 0.0
    """1 for options that users hold on to when they do not pay, such as fields; else 0 (arc,)."""
    people: jax.Array | float = 0.0
    """Natural logarithm of the number of people relative to the baseline (node,)."""
    moved: jax.Array | float = 1.0
    """Part of the people who would come or go that has done so since (node,), from 0 to 1."""
    street: jax.Array | float = 0.0
    """What reaches the street (market,), units per year."""
    arrived: jax.Array | float = 1.0
    """Part of the goods on the way to the street that has arrived since (market,), from 0 to 1."""
    dread: jax.Array | float = 0.0
    """Pay for risk of life that crews remember from an earlier time (arc,), USD per unit at the tail."""


class Values(NamedTuple):
    """Result of the backward pass."""

    node: jax.Array
    """Value V of a unit at each node (node,), USD."""
    share: jax.Array
    """Choice probabilities P in the slots of the layout (chunk, depth, row)."""
    gathered: jax.Array | float = 1.0
    """Part of its yield that is gathered from each field or mine, 1 for all else (arc,)."""


class Anchored(NamedTuple):
    """Result of the backward pass of the baseline."""

    values: Values
    """Values and choice probabilities."""
    weight: jax.Array
    """Preference weights w (arc,)."""
    gain: jax.Array
    """Unobserved gains (arc,), USD per unit at the tail."""


class Flows(NamedTuple):
    """Result of the forward pass."""

    stock: jax.Array
    """What arrives and is endowed (node,), units per year."""
    arc: jax.Array
    """What leaves the tail (arc,), units per year."""


def values(
    layout: Layout,
    weight: jax.Array,
    keep: jax.Array,
    outlay: jax.Array,
    theta: jax.Array,
    sink_node: IntArray,
    sink_price: jax.Array,
    adaptation: Adaptation | None = None,
) -> Values:
    """Backward pass: values and choice probabilities from the prices at the sinks.

    Parameters
    ----------
    layout
        Layout of the network.
    weight
        Preference weights w (arc,).
    keep
        Fraction of the value at the head that is kept per unit at the tail (arc,).
    outlay
        Cost per unit at the tail (arc,), USD.
    theta
        Elasticities of substitution (node,).
    sink_node
        Nodes with a market (market,).
    sink_price
        Their prices (market,), USD per unit.
    adaptation
        What people are used to. None: everybody has reconsidered.
    """
    spread = Spread(layout)
    used: tuple[jax.Array, ...] = ()
    if adaptation is not None:
        at_once = jnp.concatenate([adaptation.theta, jnp.ones(1)])[layout.members]
        used = (
            spread(adaptation.weight, 0.0), spread(adaptation.usual, 0.0), at_once,
            spread(adaptation.reconsidered, 1.0),
            spread(jnp.broadcast_to(jnp.asarray(adaptation.lasting, float), weight.shape), 0.0),
        )  # fmt: skip
    steps = (
        spread(weight, 0.0),
        spread(keep, 0.0),
        spread(outlay, 1.0),
        jnp.concatenate([theta, jnp.ones(1)])[layout.members],
        jnp.asarray(layout.heads),
        jnp.asarray(layout.local),
        jnp.arange(layout.chunks) * layout.span,
        *used,
    )
    start = jnp.zeros(layout.padded_nodes).at[layout.node_slot[sink_node]].set(sink_price)

    def step(value: jax.Array, chunk: tuple[jax.Array, ...]) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        weight, keep, outlay, theta, heads, local, first, *used = chunk
        nodes = _Nodes(layout, local)
        gross, gathered = keep * value[heads], jnp.ones_like(keep)
        if used:
            habit, usual, at_once, reconsidered, lasting = used
            left = 1 - smooth(gross, GATHERED * (usual + outlay))
            gathered = 1 - lasting * (1 - reconsidered) * left
            gross = gross * gathered
        u = gross - outlay
        open_ = (u > 0) & (weight > 0)
        best = jax.lax.stop_gradient(nodes.largest(jnp.where(open_, u, 0.0)))
        scale = jnp.where(best > 0, best, 1.0)
        ratio = natural_log(jnp.where(open_, u / nodes.of(scale), 1.0))
        power = jnp.where(open_, weight * jnp.exp(nodes.of(theta) * ratio), 0.0)
        total = nodes.total(power)
        if used:
            long_run = jnp.where(total > 0, total, 1.0)
            drawn = jnp.exp((at_once - theta) / theta * natural_log(long_run))
            held = jnp.where(lasting > 0, jnp.maximum(u, STAYS * usual), u)
            there = (held > 0) & (habit > 0)
            above = nodes.of(at_once) * natural_log(jnp.where(there, held / nodes.of(scale), 1.0))
            kept = (1 - reconsidered) * habit * kept_to(held, usual) * jnp.exp(above)
            power = jnp.where(there, kept, 0.0) + reconsidered * power * nodes.of(drawn)
            theta, total = at_once, nodes.total(power)
        some = total > 0
        safe = jnp.where(some, total, 1.0)
        node = jnp.where(some, scale * jnp.exp(natural_log(safe) / theta), 0.0)
        return jax.lax.dynamic_update_slice(value, node, (first,)), (power / nodes.of(safe), gathered)

    padded, (share, gathered) = jax.lax.scan(step, start, steps, reverse=True)
    return Values(padded[layout.node_slot], share, gathered.reshape(-1)[layout.arc_slot])


def anchored_values(
    layout: Layout,
    odds: jax.Array,
    keep: jax.Array,
    outlay: jax.Array,
    theta: jax.Array,
    sink_node: IntArray,
    sink_price: jax.Array,
) -> Anchored:
    """Backward pass of the baseline: as :func:`values`, but from odds instead of weights.

    With the resulting weights, and the gains subtracted from the outlays, :func:`values` gives the same
    values and choice probabilities.

    Parameters
    ----------
    odds
        Odds of use in the baseline, next to the other options of the node (arc,).
    layout, keep, outlay, theta, sink_node, sink_price
        As for :func:`values`.
    """
    spread = Spread(layout)
    steps = (
        spread(odds, 0.0),
        spread(keep, 0.0),
        spread(outlay, 1.0),
        jnp.concatenate([theta, jnp.ones(1)])[layout.members],
        jnp.asarray(layout.heads),
        jnp.asarray(layout.local),
        jnp.arange(layout.chunks) * layout.span,
    )
    start = jnp.zeros(layout.padded_nodes).at[layout.node_slot[sink_node]].set(sink_price)

    def step(value: jax.Array, chunk: tuple[jax.Array, ...]) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        odds, keep, outlay, theta, heads, local, first = chunk
        nodes = _Nodes(layout, local)
        gross = keep * value[heads]
        open_ = (gross > 0) & (odds > 0)
        gross = jnp.where(open_, gross, 1.0)
        left = 1 - jnp.where(open_, outlay, 0.0) / gross
        thin = _thin(left, 0.0)
        used = jnp.where(open_, odds * thin / (thin + THIN), 0.0)
        total = nodes.total(used)
        safe = jnp.where(total > 0, total, 1.0)
        share = used / nodes.of(safe)
        kept = _thin(left, THIN)
        net = gross * kept
        node = nodes.total(share * net)
        worth = jnp.where(node > 0, node, 1.0)
        weight = share * jnp.exp(nodes.of(theta) * natural_log(nodes.of(worth) / net))
        gain = jnp.where(open_, gross * (kept - left), 0.0)
        return jax.lax.dynamic_update_slice(value, node, (first,)), (share, weight, gain)

    padded, (share, weight, gain) = jax.lax.scan(step, start, steps, reverse=True)
    weight, gain = (x.reshape(-1)[layout.arc_slot] for x in (weight, gain))
    return Anchored(Values(padded[layout.node_slot], share), weight, gain)


def _thin(left: jax.Array, floor: float) -> jax.Array:
    """``left``, bent below ``floor`` + THIN so that it approaches ``floor`` but does not fall below it."""
    edge = 1 - THIN - floor
    spent = jnp.maximum(1 - left, edge)
    return jnp.where(left > 1 - edge, left, floor + THIN * jnp.exp(edge / THIN * natural_log(edge / spent)))


def kept_to(net: jax.Array, usual: jax.Array) -> jax.Array:
    """Fraction s of the users of an option who do not give it up at once.

    Parameters
    ----------
    net
        Net value of the option, USD per unit.
    usual
        Net value that its users are used to, USD per unit.

    Examples
    --------
    >>> [float(kept_to(jnp.asarray(net), jnp.asarray(40.0))) for net in (-1.0, 0.0, 5.0, 10.0, 40.0)]
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    return smooth(net, STAYS * usual)


def smooth(x: jax.Array, edge: jax.Array) -> jax.Array:
    """A step r^2 (3 - 2 r), r = x / edge: from 0 where x is not positive to 1 at the edge.

    It is 0 where the edge is not positive.

    Examples
    --------
    >>> [float(smooth(jnp.asarray(x), jnp.asarray(8.0))) for x in (-1.0, 4.0, 8.0, 9.0)]
    [0.0, 0.5, 1.0, 1.0]
    """
    some = edge > 0
    r = jnp.clip(x / jnp.where(some, edge, 1.0), 0.0, 1.0)
    return jnp.where(some, r * r * (3 - 2 * r), 0.0)


def habit(share: jax.Array, value: jax.Array, net: jax.Array, theta: jax.Array) -> jax.Array:
    """Weights g with which people who are used to these shares choose them (arc,).

    Parameters
    ----------
    share
        Shares P of the options at their nodes (arc,).
    value
        Values V of their nodes (arc,), USD per unit.
    net
        Net values u of the options (arc,), USD per unit.
    theta
        Elasticities at once t of their nodes (arc,).

    Examples
    --------
    >>> float(habit(jnp.asarray(0.5), jnp.asarray(90.0), jnp.asarray(45.0), jnp.asarray(1.0)))
    1.0
    """
    able = (net > 0) & (value > 0)
    ratio = jnp.where(able, value, 1.0) / jnp.where(able, net, 1.0)
    return jnp.where(able, share * jnp.exp(theta * natural_log(ratio)), 0.0)


def adapted(
    adaptation: Adaptation,
    tail: IntArray,
    weight: jax.Array,
    theta: jax.Array,
    net: jax.Array,
    open_part: jax.Array | float = 1.0,
) -> Adaptation:
    """What people are used to after a time in which they chose at net values u.

    ::

        g' = (1 - mu) g + mu g*         u'' = (1 - mu) u' + mu max(u, 0)

    Parameters
    ----------
    adaptation
        What they were used to, and the part that has reconsidered.
    tail
        Node where each option is chosen (arc,).
    weight
        Preference weights w (arc,).
    theta
        Elasticities of substitution in the long run (node,).
    net
        Net values u (arc,), USD per unit.
    open_part
        Part of each option that was open (arc,), a factor in ``weight``. What is shut for a while is not
        forgotten for that.

    Returns
    -------
    Adaptation
        The same with other weights and usual values.
    """
    nodes = theta.shape[0]
    open_ = (net > 0) & (weight > 0)
    u = jnp.where(open_, net, 0.0)
    best = jnp.maximum(jax.ops.segment_max(u, tail, nodes, indices_are_sorted=True), 0.0)
    scale = jnp.where(best > 0, best, 1.0)
    ratio = natural_log(jnp.where(open_, u / scale[tail], 1.0))
    power = jnp.where(open_, weight * jnp.exp(theta[tail] * ratio), 0.0)
    total = jax.ops.segment_sum(power, tail, nodes, indices_are_sorted=True)
    relative = ratio - (natural_log(jnp.where(total > 0, total, 1.0)) / theta)[tail]
    wanted = jnp.where(open_, weight / open_part * jnp.exp((theta - adaptation.theta)[tail] * relative), 0.0)
    mu = adaptation.reconsidered
    return adaptation._replace(
        weight=(1 - mu) * adaptation.weight + mu * wanted,
        usual=(1 - mu) * adaptation.usual + mu * u,
    )


def flows(layout: Layout, share: jax.Array, arrive: jax.Array, endowment: jax.Array) -> Flows:
    """Forward pass: stocks and flows from the endowments; linear in them.

    Parameters
    ----------
    layout
        Layout of the network.
    share
        Choice probabilities in the slots of the layout (chunk, depth, row).
    arrive
        Units that reach the head per unit at the tail, (1 - q) yield (arc,).
    endowment
        Units per year (node,).
    """
    start = jnp.zeros(layout.padded_nodes).at[layout.node_slot].set(endowment)
    steps = (
        share * Spread(layout)(arrive, 0.0),
        jnp.asarray(layout.heads),
        jnp.asarray(layout.local),
        jnp.arange(layout.chunks) * layout.span,
    )

    def step(stock: jax.Array, chunk: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        onward, heads, local, first = chunk
        here = jax.lax.optimization_barrier(jax.lax.dynamic_slice(stock, (first,), (layout.span,)))
        return stock.at[heads].add(onward * _Nodes(layout, local).of(here)), None

    padded, _ = jax.lax.scan(step, start, steps)
    stock = padded[layout.node_slot]
    return Flows(stock, share.reshape(-1)[layout.arc_slot] * stock[layout.tail])


class _Nodes(NamedTuple):
    """Conversion between the slots (depth, row) of a chunk and its nodes (span,)."""

    layout: Layout
    local: jax.Array

    def of(self, node: jax.Array) -> jax.Array:
        """The node's value in every slot of its rows."""
        return node if self.layout.one_row else node[self.local]

    def total(self, slot: jax.Array) -> jax.Array:
        """Sum over the slots of each node."""
        row = slot.sum(axis=0)
        if self.layout.one_row:
            return row
        return jax.ops.segment_sum(row, self.local, self.layout.span, indices_are_sorted=True)

    def largest(self, slot: jax.Array) -> jax.Array:
        """Largest of the slots of each node."""
        row = slot.max(axis=0)
        if self.layout.one_row:
            return row
        return jax.ops.segment_max(row, self.local, self.layout.span, indices_are_sorted=True)


@jax.custom_jvp
def natural_log(x: jax.Array) -> jax.Array:
    """Logarithm of positive normal numbers, accurate to the last digit or two.

    On CPUs, XLA calls the C library's logarithm for each double, which took half of the backward pass; this
    one
    can be vectorised. With x = 2^k m, sqrt(1/2) <= m < sqrt(2) and s = (m - 1) / (m + 1)::

        log x = k log 2 + 2 (s + s^3 / 3 + s^5 / 5 + ...)       (Abramowitz & Stegun 1964, 4.1.27)

    where s^2 < 0.0295, so that eleven terms reach double precision.

    Examples
    --------
    >>> abs(float(natural_log(jnp.asarray(10.0))) - math.log(10)) < 1e-14
    True
    """
    bits = jax.lax.bitcast_convert_type(x, jnp.int64)
    k = (bits - _ROOT_HALF) >> 52
    m = jax.lax.bitcast_convert_type(bits - (k << 52), jnp.float64)
    s = (m - 1) / (m + 1)
    z = s * s
    series = jnp.full_like(z, 1 / 21)
    for odd in range(19, 0, -2):
        series = series * z + 1 / odd
    return k.astype(jnp.int32).astype(jnp.float64) * math.log(2) + 2 * s * series


_ROOT_HALF = int(np.sqrt(0.5).view(np.int64))


@natural_log.defjvp
def _log_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    return natural_log(*primals), tangents[0] / primals[0]


class Spread:
    """Puts an array over arcs into the slots of the layout, with a filler in empty ones."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def __call__(self, array: jax.Array, filler: float) -> jax.Array:
        """The ``array`` (arc,) as (chunk, depth, row)."""
        return jnp.concatenate([array, jnp.full(1, filler)])[self.layout.slots]
