"""Calibration: the most probable ledger given the claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import Figures
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import LowRankGaussian, gaussian_from_jacobian

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[int, int, float], None]

STARTS = 2
START_DEVIATION = 0.5
MOST_EVALUATIONS = 60

ENOUGH = 1e-4
"""Relative change of the cost below which the fit is done: far less than the claims can tell."""


@dataclass(frozen=True, eq=False)
class MapEstimate:
    """A maximum of the posterior, and what its neighbourhood looks like.

    ``deviates`` (size,) are z. ``costs`` (start,) is minus the log posterior, up to a constant, that each
    start reached. ``gaussian`` is the Gaussian approximation there.
    """

    deviates: FloatArray
    costs: FloatArray
    evaluations: int
    gaussian: LowRankGaussian


def find_map(
    log_posterior: LogPosterior,
    figures: Figures,
    seed: int = 0,
    starts: int = STARTS,
    progress: Progress | None = None,
    near: FloatArray | None = None,
) -> MapEstimate:
    """Maximise the posterior by trust-region least squares (SciPy's ``trf``) from several starts.

    The first start is the centre of all ranges, or ``near`` (size,); the others are drawn around it with
    ``seed``. ``progress`` is called with start, evaluation and cost. Raises
    :class:`~contraflow.errors.ConvergenceError` if no start ends in finite residuals.
    """
    from scipy.optimize import least_squares

    size = log_posterior.size
    rng = _random.stream("starts of the fit", seed)
    first = np.zeros(size) if near is None else near
    last: dict[bytes, tuple[FloatArray, FloatArray]] = {}
    count = 0

    def both(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        nonlocal count
        key = z.tobytes()
        if key not in last:
            count += 1
            value, jacobian = log_posterior.linearise(z, figures)
            if not (np.isfinite(value).all() and np.isfinite(jacobian).all()):
                value, jacobian = np.full(value.shape, 1e3), np.zeros(jacobian.shape)
            last.clear()
            last[key] = (value, jacobian)
        return last[key]

    def residuals(z: FloatArray) -> FloatArray:
        value = np.concatenate([z, both(z)[0]])
        if progress is not None:
            progress(start, count, 0.5 * float(value @ value))
        return value

    def jacobian(z: FloatArray) -> FloatArray:
        return np.concatenate([np.eye(size), both(z)[1]])

    results = []
    for start in range(starts):
        z = first + (0 if start == 0 else START_DEVIATION) * rng.standard_normal(size)
        results.append(
            least_squares(
                residuals, z, jac=jacobian, method="trf",
                tr_solver="lsmr" if size > 1 else "exact", x_scale=1.0, max_nfev=MOST_EVALUATIONS,
                ftol=ENOUGH, xtol=ENOUGH, gtol=ENOUGH,
            )
        )  # fmt: skip
    costs = np.array([r.cost for r in results])
    best = np.asarray(results[int(np.argmin(costs))].x)
    weighed = np.flatnonzero(figures.weight > 0)
    found = np.isfinite(log_posterior.linear(best, weighed).location)
    if not found.all():
        names = [log_posterior.likelihood.claims[i].id for i in weighed[~found]]
        raise ConvergenceError(
            f"No fit was found from {starts} starts: the model gives no finite figure for "
            f"{', '.join(names)}. "
            "Check that goods can reach the markets at a profit with the central values of parameters.csv."
        )
    return MapEstimate(best, costs, count, gaussian_from_jacobian(best, both(best)[1]))
