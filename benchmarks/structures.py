"""What each ingredient is worth, and other rules of choice, on episodes that are left out.

    python benchmarks/structures.py

Learns each structure from all episodes and from all but one in turn, and prints the evidence, the mean
log score and CRPS of the episodes that were left out, by how much the whole model is ahead with a standard
error, and how much 90 % intervals hold. Takes about a minute for each structure.

*Staggered choice* lets those who have not reconsidered go on as they did, whatever prices are; what they
would send by a way that no longer pays waits. *Nobody switches at once* has weights that drift and hardly any
elasticity in a month.
"""

from __future__ import annotations

from contraflow.history.episode_tables import MOST_REGIONS, read_episodes
from contraflow.history.hierarchical_fit import fit, reduced, sample
from contraflow.history.left_out_episodes import NEW, OLD, compare, leave_out
from contraflow.history.reduced_form import HEAD, LAYOUT, TAIL, Rule
from contraflow.history.shared_numbers import INGREDIENTS, OLD_RULE, WHOLE, Structure
from contraflow.model.choice import Values
from contraflow.model.numerics import jax, jnp, keep_compiled_code

EMPTY = LAYOUT.slots.reshape(-1) == LAYOUT.arcs
LEVELS = (slice(2 * MOST_REGIONS, None), slice(0, 2 * MOST_REGIONS))
"""Arcs that begin at the gate, then those that begin on land."""


def staggered_values(layout, weight, keep, outlay, theta, sink_node, sink_price, used):
    """Values and shares where a part has reconsidered and the others go on by their habits."""
    node = jnp.zeros(layout.nodes).at[sink_node].set(sink_price)
    share = jnp.zeros(layout.arcs)
    for arcs in LEVELS:
        tail, mu = TAIL[arcs], used.reconsidered[arcs]
        u = jnp.maximum(keep[arcs] * node[HEAD[arcs]] - outlay[arcs], 0.0)
        free = chosen(weight[arcs], u, theta[tail], tail, layout.nodes)
        stays = used.weight[arcs] * (u > 0)
        own = (1 - mu) * stays + mu * free
        best = jax.ops.segment_sum(weight[arcs] * safe_power(u, theta[tail]), tail, layout.nodes)
        best = jnp.where(best > 0, jnp.where(best > 0, best, 1.0) ** (1 / theta), 0.0)
        first = jnp.zeros(layout.nodes).at[tail].set(mu)
        worth = jax.ops.segment_sum((1 - mu) * used.weight[arcs] * u, tail, layout.nodes) + first * best
        node = jnp.where(jnp.isin(jnp.arange(layout.nodes), tail), worth, node)
        share = share.at[arcs].set(own)
    slots = jnp.zeros(EMPTY.size).at[layout.arc_slot].set(share)
    return Values(node, slots.reshape(layout.slots.shape))


def staggered_habits(used, tail, weight, theta, net):
    """Habits after a month in which a part has reconsidered."""
    wanted = chosen(weight, jnp.maximum(net, 0.0), theta[tail], tail, theta.shape[0])
    mu = used.reconsidered
    return used._replace(weight=(1 - mu) * used.weight + mu * wanted)


def chosen(weight, u, theta, tail, nodes):
    power = weight * safe_power(u, theta)
    total = jax.ops.segment_sum(power, tail, nodes)
    return power / jnp.where(total > 0, total, 1.0)[tail]


def safe_power(u, theta):
    return jnp.where(u > 0, jnp.where(u > 0, u, 1.0) ** theta, 0.0)


STAGGERED = Rule(staggered_values, staggered_habits)


def main() -> None:
    keep_compiled_code()
    found = read_episodes()
    every, seen = list(found.values()), sample(list(found.values()))
    at_once = {"trade_at_once": 0.02, "land_at_once": 0.02}
    who = {
        NEW: reduced(every),
        OLD: reduced(every, OLD_RULE),
        "staggered choice": reduced(every, Structure(fixed=at_once), STAGGERED),
        "nobody switches at once": reduced(every, Structure(fixed=at_once)),
    }
    who |= {f"without {name}": reduced(every, WHOLE.without(*n)) for name, n in INGREDIENTS.items()}
    result = leave_out(found, who)
    table = compare(result.episodes, list(who))
    table["evidence"] = [fit(model, seen, range(len(every))).evidence for model in who.values()]
    table["inside_90"] = [result.coverage(name) for name in who]
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
