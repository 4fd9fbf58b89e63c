"""Posteriors on disk: NetCDF in the groups that ArviZ reads, and a cache between runs."""

from __future__ import annotations

from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contraflow import _cache
from contraflow._io import write_atomically
from contraflow._language import _
from contraflow.errors import OutputError
from contraflow.inference.calibration import Settings
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import LowRankGaussian
from contraflow.inference.map_estimate import MapEstimate
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import xarray as xr

ENGINE: Literal["h5netcdf"] = "h5netcdf"


def key(log_posterior: LogPosterior, settings: Settings) -> str:
    """Key of a posterior.

    Parameters
    ----------
    log_posterior
        The density.
    settings
        Settings of the calculation.

    Returns
    -------
    str
        Equal if the content of the case, what it has learned, the last year of fitted claims, the settings
        and the code of the calculation are. What was learned counts to twelve digits, since processors
        differ in the last of an exponential.
    """
    likelihood, ledger = log_posterior.likelihood, log_posterior.prior.ledger
    return _cache.key(
        likelihood.responder.model.network.case.fingerprint,
        *(" ".join(f"{n:.12g}" for n in x) for x in (ledger.low, ledger.value, ledger.high)),
        str(settings),
        str(likelihood.last),
    )


def recall(name: str, log_posterior: LogPosterior) -> Posterior | None:
    """The posterior that was kept under a key.

    Parameters
    ----------
    name
        The key.
    log_posterior
        The density of the case.

    Returns
    -------
    Posterior or None
        None if there is none that can be read.
    """
    content = _cache.recall(name)
    return None if content is None else read(BytesIO(content), log_posterior)


def keep(name: str, posterior: Posterior) -> None:
    """Keep a posterior under the key ``name``."""
    _cache.keep(name, content(posterior))


def content(posterior: Posterior) -> bytes:
    """A posterior as the bytes of a NetCDF file, without what follows from the rest."""
    tree = to_tree(posterior)
    for group in ("log_likelihood", "observed_data"):
        del tree[group]
    tree["posterior"].dataset = tree["posterior"].to_dataset()[["deviates"]].astype(_precision(posterior))
    small = {"zlib": True, "complevel": 9}
    encoding = {
        f"/{name}": {str(v): small for v, values in node.data_vars.items() if values.ndim}
        for name, node in tree.children.items()
    }
    return bytes(tree.to_netcdf(engine=ENGINE, encoding=encoding))


def _precision(posterior: Posterior) -> type[np.floating[Any]]:
    """The least precise type that holds the deviates to the last bit."""
    single = (posterior.deviates.astype(np.float32) == posterior.deviates).all()
    return np.float32 if single else np.float64


def write(posterior: Posterior, path: Path) -> Path:
    """Write a posterior to the NetCDF file ``path``, and return the path.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    return write_atomically(path, bytes(to_tree(posterior).to_netcdf(engine=ENGINE)))


def to_tree(posterior: Posterior) -> xr.DataTree:
    """The posterior in the groups of ArviZ, with dimensions ``chain`` and ``draw``.

    Parameters
    ----------
    posterior
        The posterior.

    Returns
    -------
    xarray.DataTree
        ``posterior`` holds the free numbers (``numbers``, in units of the model), the shared ``errors`` and
        the ``deviates``; ``posterior_predictive`` the predictions for the claims, without errors;
        ``log_likelihood`` that of each claim; ``observed_data`` the stated figures; ``constant_data`` the
        fields of :class:`~contraflow.inference.likelihood.ClaimErrors`; ``fit`` the maximum and the Gaussian
        approximation there; ``sample_stats``, for NUTS alone, the statistics of the sampler.
    """
    import xarray as xr

    log_posterior, likelihood = posterior.log_posterior, posterior.log_posterior.likelihood
    network = likelihood.responder.model.network
    free = log_posterior.prior.free
    shape = posterior.deviates.shape[:2]
    claims = [c.id for c in likelihood.claims]
    errors = [f"error-{n}" for n in range(likelihood.errors)]
    names = [network.ledger.ids[i] for i in free]
    coords = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    numbers = log_posterior.ledgers(posterior.z)[:, free].reshape(*shape, -1)
    dims = ("chain", "draw")
    figures = posterior.figures._asdict() | {"stated": likelihood.stated}
    groups = {
        "/": xr.Dataset(
            attrs={
                "case": network.case.info.id,
                "fingerprint": network.case.fingerprint,
                "contraflow": version("contraflow"),
                "method": posterior.method.value,
                "seed": posterior.seed,
                "until": likelihood.last,
            }
        ),
        "posterior": xr.Dataset(
            {
                "numbers": ((*dims, "number"), numbers),
                "errors": ((*dims, "error"), posterior.errors.reshape(*shape, -1)),
                "deviates": ((*dims, "deviate"), posterior.deviates),
            },
            coords | {"number": names, "error": errors, "deviate": names + errors},
        ),
        "posterior_predictive": xr.Dataset(
            {"predicted": ((*dims, "claim"), posterior.predicted_by_chain)}, coords | {"claim": claims}
        ),
        "log_likelihood": xr.Dataset(
            {"claims": ((*dims, "claim"), posterior.log_likelihood.reshape(*shape, -1))},
            coords | {"claim": claims},
        ),
        "observed_data": xr.Dataset({"claims": ("claim", figures.pop("stated"))}, {"claim": claims}),
        "constant_data": xr.Dataset({k: ("claim", v) for k, v in figures.items()}, {"claim": claims}),
        "fit": xr.Dataset(
            {
                "mode": ("deviate", posterior.fit.deviates),
                "directions": (("deviate", "rank"), posterior.fit.gaussian.directions),
                "singular": ("rank", posterior.fit.gaussian.singular),
                "costs": ("start", posterior.fit.costs),
            },
            attrs={"evaluations": posterior.fit.evaluations},
        ),
    }
    if posterior.statistics:
        stats = {n: (dims, v) for n, v in posterior.statistics.items()}
        groups["sample_stats"] = xr.Dataset(stats, coords)
    return xr.DataTree.from_dict(groups)


def read(path: Path | BytesIO, log_posterior: LogPosterior) -> Posterior:
    """Read a posterior.

    Parameters
    ----------
    path
        A file that :func:`write` has written, or its bytes.
    log_posterior
        The density of the case.

    Returns
    -------
    Posterior
        The posterior.

    Raises
    ------
    OutputError
        If the file is no posterior, or one of another case or of another state of the case.
    """
    import xarray as xr

    try:
        tree = xr.load_datatree(path, engine=ENGINE)
    except (OSError, ValueError) as error:
        text = _("{path} is not a NetCDF file that can be read: {error}.")
        raise OutputError(text.format(path=path, error=error)) from None
    network = log_posterior.likelihood.responder.model.network
    if "posterior" not in tree or "fit" not in tree:
        raise OutputError(_("{path} holds no posterior of Contraflow.").format(path=path))
    if tree.attrs.get("fingerprint") != network.case.fingerprint:
        raise OutputError(
            _(
                "{path} is a posterior of another case, or of another state of this one ({case}). Calibrate "
                "again."
            ).format(path=path, case=tree.attrs.get("case"))
        )
    groups = {str(name): node.to_dataset() for name, node in tree.children.items()}
    found, constant = groups["fit"], groups["constant_data"]
    gaussian = LowRankGaussian(*(np.asarray(found[n].values) for n in ("mode", "directions", "singular")))
    fit = MapEstimate(gaussian.mode, found["costs"].values, int(found.attrs["evaluations"]), gaussian)
    stats = groups.get("sample_stats", xr.Dataset())
    return Posterior(
        Method(tree.attrs["method"]),
        log_posterior,
        ClaimErrors(*(np.asarray(constant[n].values) for n in ClaimErrors._fields)),
        fit,
        np.asarray(groups["posterior"]["deviates"].values, dtype=float),
        np.asarray(groups["posterior_predictive"]["predicted"].values),
        {str(name): np.asarray(values) for name, values in stats.data_vars.items()},
        int(tree.attrs["seed"]),
    )
