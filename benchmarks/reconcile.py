"""Effective draws per second against PyMC on one piece of work: reconciling conflicting claims.

A layered network of 125 flows between 30 nodes, 20 of which must balance to two per cent, and 120
claims on single flows and on what enters a node, with errors of 10, 30 or 60 % (Student t, 4 degrees of
freedom). Everybody samples the same density: logarithms of flows z ~ N(0, 1), flow = exp(2 + 1.2 z).
PyMC (its own NUTS, and nutpie) and plain NumPyro are the peers; all are optional
(`pip install pymc nutpie numpyro`). Seconds count everything from the density to the last draw,
compilation too.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from common import arguments, report

from contraflow.inference.delayed_acceptance_nuts import Sampler
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM, log_density, robust
from contraflow.inference.low_rank_gaussian import gaussian_from_draws, gaussian_from_jacobian, plain
from contraflow.model.numerics import jax, jnp

LAYERS, WIDTH, CLAIMS = 6, 5, 120
CENTRE, SPREAD, BALANCE = 2.0, 1.2, 0.02


class Work:
    """Balances (node, flow), claims (claim, flow) with logarithms stated and their deviations."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        arcs = [
            (k * WIDTH + i, (k + 1) * WIDTH + j)
            for k in range(LAYERS - 1)
            for i in range(WIDTH)
            for j in range(WIDTH)
        ]
        tail, head = np.array(arcs).T
        self.flows = len(arcs)
        through = np.zeros(LAYERS * WIDTH)
        through[:WIDTH] = rng.lognormal(4, 0.7, WIDTH)
        truth = np.zeros(self.flows)
        for node in range((LAYERS - 1) * WIDTH):
            out = np.flatnonzero(tail == node)
            truth[out] = through[node] * rng.dirichlet(np.ones(WIDTH))
            np.add.at(through, head[out], truth[out])
        inner = range(WIDTH, (LAYERS - 1) * WIDTH)
        self.balance = np.array([(head == n) * 1.0 - (tail == n) for n in inner])
        picked = [
            np.eye(self.flows)[rng.integers(self.flows)]
            if claim % 2
            else (head == rng.integers(WIDTH, LAYERS * WIDTH)) * 1.0
            for claim in range(CLAIMS)
        ]
        self.claim = np.array(picked)
        self.deviation = rng.choice([0.1, 0.3, 0.6], CLAIMS)
        self.stated = np.log(self.claim @ truth) + rng.normal(0, self.deviation)

    def parts(self, z: Any, exp: Callable[[Any], Any], log: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Standardised errors of balances and of claims, in whichever library z is of."""
        flow = exp(CENTRE + SPREAD * z)
        through = np.abs(self.balance) @ flow / 2
        balance = (self.balance @ flow) / through / BALANCE
        return balance, (log(self.claim @ flow) - self.stated) / self.deviation


def ours(work: Work, chains: int, warm_up: int, draws: int, seed: int) -> np.ndarray:
    from scipy.optimize import least_squares

    def residuals(z: jax.Array) -> jax.Array:
        balance, claim = work.parts(z, jnp.exp, jnp.log)
        return jnp.concatenate([balance, robust(claim)])

    def near(z: jax.Array) -> jax.Array:
        balance, claim = work.parts(z, jnp.exp, jnp.log)
        return -0.5 * jnp.sum(balance**2) + jnp.sum(log_density(claim))

    value, slope = jax.jit(residuals), jax.jit(jax.jacobian(residuals))
    eye = np.eye(work.flows)
    best = least_squares(
        lambda z: np.concatenate([z, value(z)]),
        np.zeros(work.flows),
        jac=lambda z: np.concatenate([eye, slope(z)]),
        ftol=1e-6,
    ).x
    around = gaussian_from_jacobian(best, np.asarray(slope(best)))
    rng = np.random.default_rng(seed)
    starts = np.asarray(around.colour(0.5 * rng.standard_normal((chains, work.flows))))
    sampler = Sampler(near, work.flows)
    first, second = jax.random.split(jax.random.key(seed))
    scouted = sampler.run(first, starts, plain(best), (), warm_up=warm_up, draws=warm_up).draws
    some = np.concatenate([np.asarray(slope(z)) for z in scouted[:, :: warm_up // 4].reshape(-1, work.flows)])
    gaussian = gaussian_from_draws(best, scouted.reshape(-1, work.flows), some, rank=work.flows)
    run = sampler.run(second, scouted[:, -1], gaussian, (), warm_up=warm_up, draws=draws)
    print("steps", run.steps.mean(), "step size", run.step_size, "divergent", run.diverging.mean())
    return run.draws


def plain_numpyro(work: Work, chains: int, warm_up: int, draws: int, seed: int) -> np.ndarray:
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    def model() -> None:
        z = numpyro.sample("z", dist.Normal(0, 1).expand([work.flows]).to_event(1))
        balance, claim = work.parts(z, jnp.exp, jnp.log)
        numpyro.factor("balance", -0.5 * jnp.sum(balance**2))
        numpyro.factor("claim", jnp.sum(dist.StudentT(DEGREES_OF_FREEDOM).log_prob(claim)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = MCMC(
            NUTS(model, target_accept_prob=0.9), num_warmup=1000, num_samples=draws, num_chains=chains,
            chain_method="vectorized", progress_bar=False,
        )  # fmt: skip
        run.run(jax.random.key(seed))
    return np.asarray(run.get_samples(group_by_chain=True)["z"])


def pymc_model(work: Work) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        z = pm.Normal("z", 0, 1, shape=work.flows)
        flow = pt.exp(CENTRE + SPREAD * z)
        through = pt.dot(np.abs(work.balance), flow) / 2
        pm.Normal(
            "balance", pt.dot(work.balance, flow) / through, BALANCE, observed=np.zeros(len(work.balance))
        )
        pm.StudentT(
            "claim", nu=DEGREES_OF_FREEDOM, mu=pt.log(pt.dot(work.claim, flow)), sigma=work.deviation,
            observed=work.stated,
        )  # fmt: skip
    return model


def pymc_nuts(work: Work, chains: int, warm_up: int, draws: int, seed: int) -> np.ndarray:
    import pymc as pm

    with pymc_model(work):
        found = pm.sample(
            draws, tune=1000, chains=chains, cores=2, progressbar=False, random_seed=seed,
            target_accept=0.9, compute_convergence_checks=False,
        )  # fmt: skip
    return np.asarray(found.posterior["z"])


def nutpie(work: Work, chains: int, warm_up: int, draws: int, seed: int) -> np.ndarray:
    import nutpie as pie

    found = pie.sample(
        pie.compile_pymc_model(pymc_model(work)), draws=draws, tune=1000, chains=chains, cores=2,
        progress_bar=False, seed=seed, target_accept=0.9,
    )  # fmt: skip
    return np.asarray(found.posterior["z"])


def main() -> None:
    from arviz_stats.base.array import array_stats

    options = arguments(__doc__, chains=2, warm=200, draws=1000, seed=0)
    work = Work(options.seed)
    rows: list[dict[str, object]] = []
    rate: dict[str, float] = {}
    notes = []
    runs = {
        "Contraflow": ours, "PyMC": pymc_nuts, "nutpie": nutpie, "NumPyro, plain": plain_numpyro,
    }  # fmt: skip
    for name, run in runs.items():
        begin = time.perf_counter()
        try:
            z = run(work, options.chains, options.warm, options.draws, options.seed)
        except ImportError as error:
            notes.append(f"{name} is left out: {error}")
            continue
        seconds = time.perf_counter() - begin
        ess = array_stats.ess(z, chain_axis=0, draw_axis=1)
        rate[name] = float(ess.min()) / seconds
        rows.append(
            {
                "sampler": name,
                "seconds": seconds,
                "smallest ESS": float(ess.min()),
                "median ESS": float(np.median(ess)),
                "largest R-hat": float(array_stats.rhat(z, chain_axis=0, draw_axis=1).max()),
                "smallest ESS/s": rate[name],
                "Contraflow is times": rate["Contraflow"] / rate[name],
                "mean of z": float(z.mean()),
            }
        )
    report(rows, options.json, notes)


if __name__ == "__main__":
    main()
