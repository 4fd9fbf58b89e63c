"""Courses in time: 2,000 clans on the shipped case `peru`, and route choice against Mesa.

The first table times whole runs of `Lab.simulate` (two years of burn-in included, compiled code warm), by
clans, months and replicates. The second does the work of a route-choice model, many agents who learn what
eight congested ways cost and choose by a logit, in Mesa, and with our clans on a network of eight links with
a congested facility each, in the same run. One agent-step is one agent in one period. The two do not do the
same sums: ours also moves goods in whole loads, meets interception, keeps books and capital, clears prices.
"""

from __future__ import annotations

import math
import resource
import statistics
import sys
import time
from pathlib import Path

from common import arguments, report

import contraflow as cf
from contraflow.lab import prior

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from tiny import Tiny

ROUTES = 8


def main() -> None:
    options = arguments(__doc__, repeats=5, agents=10_000, periods=120, replicates=100)
    lab = cf.load("peru").prior()
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

    lab = prior(eight_ways())
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

    ours(1), ours(8)
    taken = [(ours(1), ours(8), theirs()) for _ in range(repeats)]
    one, eight, mesa_rate = (statistics.median(column) for column in zip(*taken, strict=True))
    return [
        f"route choice, {agents:,} agents: Mesa {mesa.__version__} {mesa_rate:,.0f} agent-steps a second",
        f"  ours, one replicate {one:,.0f} ({one / mesa_rate:.0f} times), eight {eight:,.0f} "
        f"({eight / mesa_rate:.0f} times)",
    ]


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
