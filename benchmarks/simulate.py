"""Simulations in time: 2,000 clans on the shipped case `peru`, and route choice against Mesa.

The first table times whole runs of `Lab.simulate` (two years of burn-in included, compiled code warm), by
clans, months and replicates. The second does the work of a route-choice model, many agents who learn what
eight congested ways cost and choose by a logit, in Mesa and with our clans, in the same run. One agent-step
is one agent in one period. Ours is timed twice: the clans alone, who believe, choose, send a whole load each,
lose some and learn, on one core as Mesa's agents do and on all; and whole runs of `Lab.simulate` on eight
links with a congested facility each, which also draw fates, keep books and capital and clear prices.
"""

from __future__ import annotations

import math
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from common import arguments, report

import contraflow as cf
from contraflow.dynamics import clans as trade
from contraflow.dynamics.clans import Behaviour, Experience, Roster
from contraflow.dynamics.simulator import settle_clans
from contraflow.lab import central_values
from contraflow.model.numerics import jax, jnp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from tiny import Tiny

ROUTES = 8


def main() -> None:
    options = arguments(__doc__, repeats=5, agents=10_000, periods=120, replicates=100)
    lab = cf.load("peru").central_values()
    shapes = [
        (2000, 10, 1),
        (1000, 10, 4),
        (2000, 10, 4),
        (4000, 10, 4),
        (8000, 10, 4),
        (2000, 20, 4),
        (2000, 10, 8),
    ]
    if options.replicates:
        shapes.append((2000, 10, options.replicates))
    rows = [timed(lab, *shape, repeats=options.repeats if shape[2] <= 8 else 1) for shape in shapes]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    notes = [f"peak memory of the process {peak:.1f} GiB"]
    try:
        notes += routes(options.agents, options.periods, options.repeats)
    except ImportError:
        notes.append("Mesa is not installed (pip install 'contraflow[peers]'): route choice left out")
    report(rows, options.json, notes)


def timed(lab: cf.Lab, clans: int, years: int, replicates: int, repeats: int) -> dict[str, object]:
    def run() -> float:
        begin = time.perf_counter()
        lab.simulate({}, years=years, clans=clans, replicates=replicates)
        return time.perf_counter() - begin

    run()
    seconds = [run() for _ in range(repeats)]
    middle = statistics.median(seconds)
    steps = clans * (years + 2) * 12 * replicates
    return {
        "clans": clans,
        "months": 12 * years,
        "replicates": replicates,
        "seconds": middle,
        "fastest": min(seconds),
        "us per clan-month": 1e6 * middle / steps,
    }


def routes(agents: int, periods: int, repeats: int) -> list[str]:
    """Agent-steps a second of Mesa and of ours, taken in turn."""
    import mesa

    class Trader(mesa.Agent):
        def __init__(self, model: mesa.Model) -> None:
            super().__init__(model)
            self.route = self.random.randrange(ROUTES)
            self.belief = [1.0] * ROUTES

        def step(self) -> None:
            model, belief = self.model, self.belief
            belief[self.route] += 0.2 * (model.cost[self.route] - belief[self.route])
            weights = [math.exp(-2.0 * x) for x in belief]
            left = self.random.random() * sum(weights)
            self.route = ROUTES - 1
            for route, weight in enumerate(weights):
                left -= weight
                if left <= 0:
                    self.route = route
                    break
            model.load[self.route] += 1

    class Routes(mesa.Model):
        def __init__(self) -> None:
            super().__init__(seed=1)
            self.cost, self.load = [1.0] * ROUTES, [0] * ROUTES
            Trader.create_agents(self, agents)

        def step(self) -> None:
            self.load = [0] * ROUTES
            self.agents.shuffle_do("step")
            self.cost = [1 + 0.5 * ROUTES * load / agents for load in self.load]

    lab = central_values(eight_ways())
    years = max(1, periods // 12)

    def ours(replicates: int) -> float:
        begin = time.perf_counter()
        lab.simulate({}, years=years, clans=agents, replicates=replicates)
        return agents * (years + 2) * 12 * replicates / (time.perf_counter() - begin)

    def theirs() -> float:
        model = Routes()
        begin = time.perf_counter()
        for _ in range(10):
            model.step()
        return agents * 10 / (time.perf_counter() - begin)

    alone = clans_alone(settle_clans(lab.responder, agents), agents, periods)
    ways: dict[str, Callable[[], float]] = {
        f"Mesa {mesa.__version__}": theirs,
        "clans alone, one core": lambda: alone(1),
        f"clans alone, {os.cpu_count()} cores": lambda: alone(os.cpu_count() or 1),
        "whole runs, one replicate": lambda: ours(1),
        "whole runs, eight replicates": lambda: ours(8),
    }
    for run in ways.values():
        run()
    rounds = [[run() for run in ways.values()] for _ in range(repeats)]
    rates = [statistics.median(column) for column in zip(*rounds, strict=True)]
    return [f"route choice, {agents:,} agents, agent-steps a second:"] + [
        f"  {name:<28} {rate:>12,.0f}   {rate / rates[0]:6.1f} times"
        for name, rate in zip(ways, rates, strict=True)
    ]


def clans_alone(roster: Roster, agents: int, periods: int) -> Callable[[int], float]:
    """Agent-steps a second of what clans do alone, in so many replicates at once."""
    behaviour, arcs = Behaviour(), int(roster.arc.max()) + 1
    way = np.isin(np.arange(arcs), roster.arc)
    prior, load = jnp.where(way, 0.1, 0.0), jnp.ones(arcs)
    trades = jnp.where(roster.taken, 1 / agents, 0.0)
    uses = trade.users(roster, trades, jnp.ones((roster.arc.size, trades.shape[1])), arcs)
    theta, tail = jnp.full(arcs, 2.0), np.zeros(arcs, dtype=np.int64)

    def month(
        carry: tuple[Experience, jax.Array, jax.Array], uniform: jax.Array
    ) -> tuple[tuple[Experience, jax.Array, jax.Array], jax.Array]:
        seen, waiting, cost = carry
        belief = trade.believed(roster, behaviour, prior, seen)
        net = 100 * (1 - belief) - cost[roster.arc][:, None]
        mean = trade.by_arc(roster, uses * net, arcs)
        power = jnp.where(way, jnp.maximum(mean, 0.0) ** theta, 0.0)
        part = trade.choose(roster, uses, power / power.sum(), net, mean, theta, tail)
        taken = trade.by_arc(roster, part, arcs)
        number = jnp.floor(waiting + agents * taken)
        lost = jnp.floor(0.1 * number + uniform)
        shipped = trade.divide(
            roster, part, taken, waiting, agents * taken, lost, load, number, jnp.zeros(arcs), uniform
        )
        seen = trade.remembered(roster, behaviour, prior, seen, (shipped.sent, shipped.lost), (number, lost))
        crowded = 10 * (1 + 0.5 * ROUTES * number / agents)
        return (seen, waiting + agents * taken - number, crowded), number

    @partial(jax.jit, compiler_options={"xla_cpu_multi_thread_eigen": False})
    def replicate(key: jax.Array) -> jax.Array:
        start = (trade.no_experience(roster), jnp.zeros(arcs), jnp.full(arcs, 15.0))
        return jax.lax.scan(month, start, jax.random.uniform(key, (periods, arcs)))[1]

    def rate(replicates: int) -> float:
        keys = jax.random.split(jax.random.key(1), replicates)
        begin = time.perf_counter()
        with ThreadPoolExecutor(replicates) as pool:
            sent = list(pool.map(lambda key: np.asarray(replicate(key)), keys))
        seconds = time.perf_counter() - begin
        assert all(abs(s.sum() - agents * periods) < ROUTES for s in sent), "loads were lost"
        return replicates * agents * periods / seconds

    return rate


def eight_ways() -> cf.OpenCase:
    """One place, eight congested links to as many markets with given prices."""
    t = Tiny()
    t.actor("growers", "households")
    t.actor("crews")
    t.form("labour")
    t.form("drug", switching=2.0, content=0.5)
    t.zone("valley", 1e6, households="growers")
    t.mode("road", load=10.0)
    t.add("activities", id="grow", places="valley", input="labour", output="drug", yield_=1.0)
    for number in range(ROUTES):
        t.place(f"end-{number}", kind="market", country="XE")
        t.add(
            "facilities",
            id=f"way-{number}",
            name=f"Way {number}",
            surcharge=5.0,
            steepness=1.0,
            actor="crews",
        )
        t.link(f"link-{number}", "valley", f"end-{number}", "road", cost=10.0, cost_actor="crews",
               hazard=0.1, facility=f"way-{number}")  # fmt: skip
        t.market(f"market-{number}", f"end-{number}", "drug", 100.0)
    return t.case()


if __name__ == "__main__":
    main()
