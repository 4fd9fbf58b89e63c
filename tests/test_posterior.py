"""The posterior: chains against answers known in closed form and by brute force, files, refusals."""

from __future__ import annotations

import dataclasses
from threading import Event
from time import sleep
from types import SimpleNamespace

import numpy as np
import pytest

import compilations
from contraflow import _cache
from contraflow._parallel import in_threads
from contraflow.case.quantities import Quantity
from contraflow.case.statements import Bound, Use
from contraflow.errors import ConvergenceError, OutputError
from contraflow.inference import randomised_map, store
from contraflow.inference.calibration import Settings, infer, judge
from contraflow.inference.delayed_acceptance_nuts import Sampler
from contraflow.inference.density_structure import claims_structure, density_structure
from contraflow.inference.diagnostics import diagnose
from contraflow.inference.likelihood import heavy, make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import (
    LowRankPrecision,
    gaussian_from_draws,
    gaussian_from_jacobian,
    plain,
)
from contraflow.inference.method import Method
from contraflow.inference.prior import Prior
from contraflow.inference.sbc import rank, uniformity
from contraflow.inference.scale import ClaimScale
from contraflow.lab import calibrate, responder
from contraflow.model.numerics import jax, jnp
from tiny import Tiny, two_routes


def claim(t: Tiny, name: str, quantity: str, value: float, **cells: object) -> None:
    t.add("claims", id=name, source="s", paragraph="1", statement=name, quantity=quantity, value=value,
          information=2, **cells)  # fmt: skip


def yearly(hidden: bool = True) -> Tiny:
    """Two routes; a measure differs between years, so that claims of 2005 need an equilibrium of 2005."""
    t = two_routes(costs=((5.0, 10.0, 20.0), 40.0), weights=((0.1, 1.0, 10.0), 1.0), elasticity=0.5)
    t.add("measures", id="m", name="m", unit="u", maximum=10.0)
    t.add("effects", id="e", measure="m", kind="add cost", step="by-air", size=(10.0, 20.0, 30.0))
    t.add("events", id="start", date="2010", measure="m", level=1.0)
    claim(t, "now", "share", 0.7, from_="PE", mode="road", of_from="PE")
    if hidden:
        claim(t, "then", "share", 0.4, from_="PE", mode="road", of_from="PE", year="2005")
        claim(t, "price", "price", 60.0, from_="valley", form="drug", year="2005")
    return t


def changed(table: str, name: str, hidden: bool = True, **cells: object) -> Tiny:
    """:func:`yearly` with cells of a row replaced, or with the row added."""
    t = yearly(hidden)
    if name in t.tables[table]:
        t.tables[table][name] = t.tables[table][name].model_copy(update=cells)
    else:
        t.add(table, id=name, **cells)
    return t


def target_of(t: Tiny) -> LogPosterior:
    r = responder(t.case())
    return LogPosterior(Prior(r.model.network.ledger), make_likelihood(r))


@pytest.fixture(scope="module")
def log_posterior() -> LogPosterior:
    return target_of(yearly())


@pytest.fixture(scope="module")
def posterior(log_posterior: LogPosterior):
    return infer(log_posterior, Settings(Method.NUTS, draws=400), lambda *_: None)


@pytest.mark.parametrize("rows", [0, 1, 4, 9])
@pytest.mark.parametrize("damping", [0.0, 0.7])
def test_a_low_rank_precision_is_inverted_as_the_dense_matrix_is(rows, damping):
    rng = np.random.default_rng(rows)
    jacobian, vectors = 30 * rng.standard_normal((rows, 6)), rng.standard_normal((6, 3))
    inverse = np.linalg.inv((1 + damping) * np.eye(6) + jacobian.T @ jacobian)
    precision = LowRankPrecision(jacobian, damping)
    assert np.allclose(precision.solve(vectors), inverse @ vectors, atol=1e-10)
    assert np.allclose(precision.solve(vectors[:, 0]), inverse @ vectors[:, 0], atol=1e-10)
    assert np.allclose(precision.variances(), np.diag(inverse), atol=1e-10)
    if rows and not damping:
        gaussian = gaussian_from_jacobian(np.zeros(6), jacobian)
        assert np.allclose(gaussian.covariance(vectors.T), (inverse @ vectors).T, atol=1e-10)


def test_the_scale_of_predictions_is_inverted():
    scale = ClaimScale(np.array([False, True]))
    figures = np.array([[250.0, 0.3], [0.02, 0.999]])
    assert np.allclose(scale.predicted(figures), [[np.log(250), np.log(3 / 7)], [np.log(0.02), np.log(999)]])
    assert np.allclose(scale.inverse(np.asarray(scale.predicted(figures))), figures)
    assert np.allclose(scale.of(np.array([1])).stated(np.array([0.3])), np.log(3 / 7))
    assert np.isfinite(scale.stated(np.array([0.0, 1.0]))).all()


def test_shared_errors_go_to_the_claims_that_share_them(log_posterior):
    like = log_posterior.likelihood
    errors = np.arange(1.0, 1 + like.errors)
    wanted = [0.0 if e < 0 else errors[e] for e in like.error]
    assert np.array_equal(like.shared(errors), wanted)
    assert np.array_equal(
        like.shared(np.stack([errors, -errors]), np.array([1])), [[wanted[1]], [-wanted[1]]]
    )


def test_the_key_of_a_posterior_knows_the_code_that_it_runs_through():
    known = {p.relative_to(_cache.ROOT).as_posix() for p in _cache.sources(_cache.CALIBRATION)}
    assert {
        "inference/likelihood.py",
        "model/equilibrium.py",
        "case/checks/dimensions.py",
        "_random.py",
    } <= known
    with pytest.raises(FileNotFoundError, match="evidence"):
        _cache.key("a", rooms=("case", "evidence"))
    assert _cache.key("a", "bc") != _cache.key("ab", "c")
    assert _cache.key("a") != _cache.key("a", rooms=("case",))


def test_threads_keep_the_order_and_hand_on_the_first_error():
    assert in_threads(lambda x: 2 * x, range(5)) == [0, 2, 4, 6, 8]
    stop = Event()
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda x: 1 / x, [0, 1], stop)
    assert stop.is_set()


def test_calls_that_have_not_begun_when_one_fails_are_dropped():
    begun = []

    def call(number):
        begun.append(number)
        if number == 0:
            raise ZeroDivisionError
        sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        in_threads(call, range(1000))
    assert len(begun) < 900


def test_the_fraction_of_missing_information_is_that_of_betancourt():
    """Squared differences of successive energies over squared deviations from their mean: both are sums."""
    rng = np.random.default_rng(2)
    energy = np.cumsum(rng.standard_normal((2, 50)), axis=1)
    found = diagnose(rng.standard_normal((2, 50, 3)), rng.standard_normal((2, 50, 4)), {"energy": energy})
    wanted = [(np.diff(e) ** 2).sum() / ((e - e.mean()) ** 2).sum() for e in energy]
    assert found.ebfmi == pytest.approx(wanted, rel=1e-12)


def test_whitening_is_the_gaussian_that_it_says():
    rng = np.random.default_rng(0)
    jacobian, mode = rng.standard_normal((3, 7)) * 4, rng.standard_normal(7)
    w = gaussian_from_jacobian(mode, jacobian)
    covariance = np.linalg.inv(np.eye(7) + jacobian.T @ jacobian)
    root = np.asarray(w.colour(np.eye(7))) - mode
    assert np.allclose(root.T @ root, covariance, atol=1e-12)
    assert np.allclose(w.covariance(np.eye(7)), covariance, atol=1e-12)
    z = rng.standard_normal((4, 7))
    assert np.allclose(np.asarray(w.colour(w.whiten(z))), z)


def test_coordinates_from_draws_have_the_width_of_the_draws():
    rng = np.random.default_rng(1)
    jacobian = np.array([[10.0, 0.0, 0.0]])
    draws = rng.standard_normal((4000, 3)) * [0.2, 1.0, 1.0]
    w = gaussian_from_draws(np.zeros(3), draws, jacobian, rank=1)
    moved = np.asarray(w.colour(np.eye(3)))
    assert abs(moved[0, 0]) == pytest.approx(0.2, rel=0.1)
    assert moved[1, 1] == pytest.approx(1.0)


def test_chains_of_a_biased_density_are_corrected_by_the_exact_one():
    """Cheap: N(0, 1); exact: N(1, 0.5^2) in the first coordinate."""

    def near(z: jax.Array) -> jax.Array:
        return 0.0 * z[0]

    def gain(z: np.ndarray) -> float:
        return float(-0.5 * ((z[0] - 1) / 0.5) ** 2 + 0.5 * z[0] ** 2)

    sampler = Sampler(near, 2, gain)
    run = sampler.run(jax.random.key(0), np.zeros((2, 2)), plain(np.zeros(2)), (), warm_up=100, draws=1500)
    first, second = run.draws.reshape(-1, 2).T
    assert first.mean() == pytest.approx(1.0, abs=0.08)
    assert first.std() == pytest.approx(0.5, abs=0.06)
    assert second.std() == pytest.approx(1.0, abs=0.1)
    assert 0.2 < run.accepted.mean() < 0.9


def test_a_longer_warm_up_needs_no_further_compilation():
    sampler = Sampler(lambda z: 0.0 * z[0], 2, lambda z: -np.inf if z[0] < 0 else 0.0)
    compiled = []
    for warm_up in (4, 9):
        sampler.run(
            jax.random.key(0), np.ones((2, 2)), plain(np.zeros(2)), (), warm_up=warm_up, draws=3
        )  # fmt: skip
        compiled.append(sum(compilations.counts.values()))
    assert compiled[1] == compiled[0] > 0


@pytest.mark.parametrize("hidden", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_densities_of_one_structure_are_compiled_once(monkeypatch, hidden):
    """Figures of claims and their errors are arguments, so a refit and another case need no compilation."""

    def fit(log_posterior: LogPosterior) -> np.ndarray:
        settings = Settings(Method.LAPLACE, draws=20)
        return infer(log_posterior, settings, lambda *_: None).predicted

    def other() -> LogPosterior:
        return target_of(changed("claims", "now", hidden, value=0.6, information=3))

    first = target_of(yearly(hidden))
    fit(first)
    before = sum(compilations.counts.values())
    shared = fit(other())
    fit(first)
    assert sum(compilations.counts.values()) == before > 0
    for table in ("_PREDICTIONS", "_DENSITIES"):
        monkeypatch.setattr(f"contraflow.inference.log_posterior.{table}", {})
    alone = other()
    assert alone._compiled is not first._compiled
    assert np.array_equal(fit(alone), shared)


def test_what_compiled_densities_hold_is_not_shared():
    """Each case differs from the first in one input that the compiled functions hold as a constant."""
    level = {"date": "2000", "measure": "m"}
    cases = {
        "nothing": yearly(),
        "a range": changed("parameters", "by-road-cost", high=21.0),
        "a central value": changed("parameters", "e-size", value=21.0),
        "a fixed value": changed("parameters", "by-air-cost", low=41.0, value=41.0, high=41.0),
        "a weight's range": changed("parameters", "by-road-weight", low=0.2),
        "evenness in logarithms": changed("parameters", "by-road-cost", scale="linear"),
        "an earlier start": changed("events", "start", date="2004"),
        "a year": changed("claims", "price", year="2012"),
        "use": changed("claims", "price", use=Use.CHECK),
        "a bound": changed("claims", "price", bound=Bound.UP_TO),
        "a shared error": changed("claims", "then", source="another"),
        "a level": changed("events", "old", level="by-road-cost", **level),
        "another level": changed("events", "old", level="e-size", **level),
        "arcs": changed("claims", "then", mode=("air",)),
        "nodes": changed("claims", "price", origin=("north",)),
        "zones": changed("claims", "then", grown=("valley",)),
        "the quantity and its scale": changed("claims", "then", quantity=Quantity.FLOW),
        "fewer claims": yearly(hidden=False),
        "a basis": changed("claims", "then", basis="pure"),
        "what a measure acts on": changed("effects", "e", step=("by-road",)),
    }
    source = cases["a shared error"].tables["sources"]
    source["another"] = source["s"].model_copy(update={"id": "another"})
    densities = {name: target_of(t) for name, t in cases.items()}
    digests = {name: density_structure(d.prior, d.likelihood) for name, d in densities.items()}
    for name, digest in digests.items():
        assert [n for n, d in digests.items() if d == digest] == [name]
    observed = {name: claims_structure(d.likelihood) for name, d in densities.items()}
    same = [name for name, digest in observed.items() if digest == observed["nothing"]]
    assert same == list(cases)[: list(cases).index("arcs")]


@pytest.mark.slow
def test_chains_agree_with_brute_force(log_posterior, posterior):
    """Importance sampling from the prior is exact up to its own error."""
    rng = np.random.default_rng(5)
    z = rng.standard_normal((6000, log_posterior.size))
    like = log_posterior.likelihood
    location = np.asarray(like.scale.predicted(log_posterior.predicted_at(log_posterior.ledgers(z))))
    draws = dataclasses.replace(
        posterior, deviates=z[None], predicted_by_chain=np.asarray(like.scale.inverse(location))[None]
    )
    weight = draws.log_likelihood @ posterior.figures.weight
    weight = np.exp(weight - np.nanmax(weight))
    weight /= np.nansum(weight)
    size = 1 / np.nansum(weight**2)
    assert size > 200
    mean = np.nansum(weight[:, None] * location, axis=0)
    deviation = np.sqrt(np.nansum(weight[:, None] * (location - mean) ** 2, axis=0))
    chains = posterior.locations
    assert (np.abs(chains.mean(axis=0) - mean) < 4.5 * deviation / np.sqrt(size)).all()
    assert np.allclose(chains.std(axis=0), deviation, rtol=0.25)


@pytest.mark.slow
def test_approximation_is_near_the_chains_and_says_what_it_is(log_posterior, posterior):
    quick = infer(log_posterior, Settings(Method.LAPLACE, draws=500), lambda *_: None)
    assert "approximation" in quick.method.words
    off = np.nanmean(quick.locations, axis=0) - posterior.locations.mean(axis=0)
    assert (np.abs(off) < posterior.locations.std(axis=0)).all()
    assert not quick.diagnostics.problems


@pytest.mark.slow
def test_diagnostics_of_good_chains_and_refusal_of_poor_ones(posterior):
    told = posterior.diagnostics
    assert not told.problems
    assert (told.rhat[np.isfinite(told.rhat)] < 1.01).all()
    assert told.ebfmi.shape == (4,)
    assert 0.3 < told.accepted <= 1
    apart = posterior.deviates.copy()
    apart[0] += 3.0
    stuck = dataclasses.replace(
        posterior,
        deviates=apart,
        predicted_by_chain=posterior.predicted_by_chain * (1 + 0.5 * np.arange(4))[:, None, None],
    )
    with pytest.raises(ConvergenceError, match=r"chains disagree: R-hat .*accept_poor=True"):
        judge(stuck)


@pytest.mark.slow
def test_a_posterior_is_read_as_it_was_written(tmp_path, log_posterior, posterior):
    path = store.write(posterior, tmp_path / "p.nc")
    again = store.read(path, log_posterior)
    assert again.method is Method.NUTS
    assert (again.deviates == posterior.deviates).all()
    assert np.array_equal(again.predicted_by_chain, posterior.predicted_by_chain)
    assert set(again.statistics) == set(posterior.statistics)
    assert np.allclose(again.fit.gaussian.singular, posterior.fit.gaussian.singular)
    tree = store.to_tree(posterior)
    assert {"posterior", "sample_stats", "log_likelihood", "observed_data"} <= set(tree.children)
    free = log_posterior.prior.free[0]
    assert np.allclose(
        tree["posterior"]["numbers"].values[..., 0].ravel(), log_posterior.ledgers(posterior.z)[:, free]
    )
    other = target_of(yearly(hidden=False))
    object.__setattr__(other.likelihood.responder.model.network.case, "fingerprint", "another")
    with pytest.raises(OutputError, match="another case"):
        store.read(path, other)
    (tmp_path / "not.nc").write_text("no")
    with pytest.raises(OutputError, match=r"cannot|not a NetCDF"):
        store.read(tmp_path / "not.nc", log_posterior)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws(log_posterior):
    settings = Settings(Method.NUTS, chains=2, draws=10)
    first, again, other = (
        infer(log_posterior, dataclasses.replace(settings, seed=seed), lambda *_: None) for seed in (0, 0, 1)
    )
    assert (first.deviates == again.deviates).all()
    assert (first.deviates != other.deviates).any()


def test_the_cache_recalls_a_posterior(monkeypatch):
    case = yearly(hidden=False).case()
    settings = Settings(Method.LAPLACE, draws=60)
    first = calibrate(case, settings, fresh=True)
    monkeypatch.setattr("contraflow.lab.posterior_draws.infer", lambda *_: pytest.fail("computed again"))
    kept = calibrate(case, settings)
    assert (first.ledger == kept.ledger).all()
    assert len(first.ledger) == 60


def test_an_unknown_method_is_named(example):
    with pytest.raises(ConvergenceError, match=r"no method 'guess'\. There are: nuts, laplace, best"):
        example.case.calibrate(method="guess")


@pytest.mark.slow
def test_known_numbers_are_recovered(log_posterior):
    """Claims without error but what their grades allow, simulated from known numbers."""
    truth = np.pad([0.8, -0.5, 0.6], (0, log_posterior.size - 3))
    location = np.asarray(
        log_posterior.likelihood.scale.predicted(
            log_posterior.predicted_at(log_posterior.ledgers(truth[None]))[0]
        )
    )
    figures = log_posterior.likelihood.figures._replace(centre=location)
    found = infer(log_posterior, Settings(Method.NUTS, draws=250, chains=2), lambda *_: None, figures)
    low, high = np.quantile(found.locations, (0.05, 0.95), axis=0)
    assert ((low < location) & (location < high)).all()
    assert (np.abs(found.z.mean(axis=0) - truth) < 2.5 * found.z.std(axis=0)).all()


@pytest.mark.slow
def test_ranks_of_simulated_truths_are_even():
    """A small simulation-based calibration; a wrong width of the claims' errors would be seen."""
    log_posterior = target_of(yearly(hidden=False))
    ranks = rank(log_posterior, 80, draws=39)
    probability = uniformity(ranks, bins=5)
    assert ranks.rank.shape == (80, len(ranks.names))
    assert (probability > 1e-4).all()


def test_uniformity_sees_a_slope():
    from contraflow.inference.sbc import Ranks

    rng = np.random.default_rng(0)
    even, tilted = rng.integers(0, 100, (300, 1)), (99 * rng.beta(2, 1, (300, 1))).astype(int)
    assert uniformity(Ranks(("a",), even, 99))[0] > 1e-3
    assert uniformity(Ranks(("a",), tilted, 99))[0] < 1e-4


@pytest.mark.slow
def test_a_year_without_an_equilibrium_leaves_no_figure(log_posterior, monkeypatch):
    """Residuals are then not finite, which the fit treats as a poor point, instead of an error."""
    states = LogPosterior.states
    monkeypatch.setattr(LogPosterior, "states", lambda *args: np.where(states(*args) == 0, 0.0, np.nan))
    figures = log_posterior.likelihood.figures
    residual, jacobian = log_posterior.linearise(np.zeros(log_posterior.size), figures)
    then = log_posterior.likelihood.scenarios[1] > 0
    assert np.array_equal(np.isfinite(residual), ~then)
    assert not np.isfinite(jacobian[then]).any()


@pytest.mark.slow
def test_near_is_exact_at_the_centre_of_its_guide(log_posterior):
    z = np.pad([0.2, -0.3, 0.4], (0, log_posterior.size - 3))
    surrogate, figures = log_posterior.surrogate(z), log_posterior.likelihood.figures
    assert log_posterior.gain(z, figures, surrogate) == pytest.approx(0.0, abs=1e-7)
    away = z + 0.7
    fitted = np.flatnonzero(log_posterior.likelihood.fitted)
    near = float(jnp.sum(log_posterior.near(jnp.asarray(away), figures, surrogate)))
    said = log_posterior.predicted_at(log_posterior.ledgers(away[None]))[0]
    r = log_posterior.likelihood.residuals(
        log_posterior.likelihood.scale.predicted(said)[fitted], heavy(away[3:]), figures, fitted
    )
    exact = float((-2.5 * np.log1p(np.asarray(r) ** 2 / 4)).sum())
    assert near + log_posterior.gain(away, figures, surrogate) == pytest.approx(exact, abs=1e-6)


class Bent:
    """A density of one number whose prediction falls off a cliff below a point; residuals are predictions."""

    size = 1
    likelihood = SimpleNamespace(claims=("claim",), fitted=np.array([True]))

    def linearise(self, z, figures):
        return np.zeros(1), np.ones((1, 1))

    def guessed(self, z, figures, surrogate):
        return z + 1.0 * np.where(z < -1.5, 40.0, 0.0)

    def predict(self, z, surrogate):
        return self.guessed(z, None, None)

    def residuals_at(self, z, predicted, figures):
        return np.array(predicted)


def test_draws_that_solve_no_problem_are_dropped_and_the_others_are_not(monkeypatch):
    """Beyond the cliff every search is stuck; before it draws are those of the Gaussian."""
    at = SimpleNamespace(
        deviates=np.zeros(1), gaussian=SimpleNamespace(covariance=lambda rows: np.asarray(rows) / 2)
    )
    rng = np.random.default_rng(0)
    z, predicted = randomised_map.approximate(Bent(), None, at, None, 2000, rng)
    assert z.shape == (2000, 1)
    assert np.array_equal(predicted, z)
    assert z.min() > -1.6
    expected = np.random.default_rng(1).normal(scale=0.5**0.5, size=100_000)
    expected = expected[expected > -1.5]
    assert abs(z.mean() - expected.mean()) < 0.06
    assert abs(z.std() - expected.std()) < 0.04


def test_a_stuck_draw_goes_on_with_slopes_of_its_own():
    """Of a curve that bends away from its tangent, the search with the tangent alone stops short."""

    class Curve(Bent):
        def guessed(self, z, figures, surrogate):
            return 30 * np.tanh(z / 3) ** 3 + z

        def linearise(self, z, figures):
            return np.zeros(1), np.ones((1, 1))

    problem = randomised_map._Problems(
        centre=np.array([[2.0]]),
        claim=np.array([[9.0]]),
        start=np.array([[5.5]]),
        most=np.array([1.0]),
        jacobian=np.ones((1, 1)),
    )
    at = SimpleNamespace(gaussian=SimpleNamespace(covariance=lambda rows: np.asarray(rows) / 2))
    found = randomised_map._solved(problem, Curve(), None, at, None)
    grid = np.linspace(-10, 10, 20_001)[:, None]
    cost = ((grid - 2) ** 2 + (Curve().guessed(grid, None, None) - 9) ** 2)[:, 0]
    least = grid[cost.argmin()]
    assert abs(found[0, 0] - least[0]) < 0.05
