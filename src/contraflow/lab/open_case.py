"""Cases that were loaded, and how they come to their lab."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from contraflow import case as case_layer
from contraflow import network as network_layer
from contraflow._language import _
from contraflow._types import Progress, silent
from contraflow.case.case import Case
from contraflow.errors import ConvergenceError
from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method
from contraflow.lab.lab import Lab
from contraflow.lab.posterior_draws import posterior_draws, responder
from contraflow.model import keep_compiled_code

KEPT = 200
"""Draws of the posterior that results carry, by default."""


class OpenCase(Case):
    """A case that was loaded: its tables, and methods that build and calibrate its model."""

    def network(self) -> network_layer.Network:
        """The network of the case: nodes, arcs and the ledger of numbers.

        Returns
        -------
        contraflow.network.Network
            One node per form and place, one arc per option to move, make or grow something.

        Raises
        ------
        NetworkError
            If the tables do not make a network that goods can cross; lists every problem.

        Examples
        --------
        >>> len(case.network().arcs)
        18
        """
        return network_layer.build(self)

    def calibrate(
        self,
        *,
        method: str | Method = Settings.method,
        seed: int = 0,
        chains: int = Settings.chains,
        draws: int = Settings.draws,
        warm_up: int = Settings.warm_up,
        keep: int = KEPT,
        until: int | None = None,
        accept_poor: bool = False,
        progress: Progress | None = None,
        fresh: bool = False,
    ) -> Lab:
        """Calibrate the model to the claims of the case.

        A posterior of the same case, settings and code that was computed before is read from disk.

        Parameters
        ----------
        method
            ``laplace`` (a quick approximation around the best fit), ``nuts`` (Markov chains, which take
            longer) or ``best`` (the best fit alone, without intervals).
        seed
            Seed of all random draws.
        chains
            Number of Markov chains, for ``nuts``.
        draws
            Draws per chain for ``nuts``, in all for ``laplace``.
        warm_up
            Steps of each chain before its draws, for ``nuts``.
        keep
            Draws that results carry, at most; spread evenly over the posterior.
        until
            Withhold claims dated after this year. None: the last year of the baseline.
        accept_poor
            Accept chains whose diagnostics are bad.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.
        fresh
            Compute the posterior even if it is on disk.

        Returns
        -------
        Lab
            The calibrated case, ready to be asked.

        Raises
        ------
        NetworkError
            If the tables do not make a network.
        ObservationError
            If a claim selects nothing in the model.
        ConvergenceError
            If the method is unknown, no fit is found, or the chains are too poor and ``accept_poor`` is
            false.

        Examples
        --------
        >>> case.calibrate()
        <Lab example: 17 nodes, 18 arcs, 200 draws; quick approximation: ...>
        """
        settings = _settings(method, seed=seed, chains=chains, warm_up=warm_up, draws=draws)
        return calibrate(
            self,
            settings,
            keep=keep,
            until=until,
            accept_poor=accept_poor,
            progress=progress,
            fresh=fresh,
        )

    def central_values(self) -> Lab:
        """A lab with a single draw: the central value of every range.

        Quick, and enough for a first look at a case. It is neither calibrated nor a sample of the prior: it
        has no intervals and takes no account of the claims.

        Returns
        -------
        Lab
            A lab without a posterior.

        Raises
        ------
        NetworkError
            If the tables do not make a network.

        Examples
        --------
        >>> case.central_values()
        <Lab example: 17 nodes, 18 arcs, 1 draw; not calibrated>
        """
        return central_values(self)


def load(case: str | Path) -> OpenCase:
    """Load a case.

    Parameters
    ----------
    case
        Name of a shipped case, or the path of a folder. A name that is both means the shipped case: write
        ``./name`` or pass a Path for the folder.

    Returns
    -------
    OpenCase
        The checked tables, with all numbers in the units of the model: kg, USD of the baseline year, ha, km,
        year, person.

    Raises
    ------
    CaseError
        If there is no such case or it is not well formed; lists every problem.

    Examples
    --------
    >>> cf.load("example").info.title
    'Mirania, an invented country'
    """
    loaded = case_layer.load(case)
    return OpenCase(**{f.name: getattr(loaded, f.name) for f in fields(loaded) if f.init})


def central_values(case: Case) -> Lab:
    """A lab with a single draw, the central value of every range; see :meth:`OpenCase.central_values`."""
    keep_compiled_code()
    response = responder(case)
    return Lab(
        case, response, response.model.network.ledger.value[None], None, np.zeros(0, dtype=np.int64), 0
    )


def calibrate(
    case: Case,
    settings: Settings | None = None,
    *,
    keep: int = KEPT,
    until: int | None = None,
    accept_poor: bool = False,
    progress: Progress | None = None,
    fresh: bool = False,
) -> Lab:
    """Calibrate the model of a case; see :meth:`OpenCase.calibrate` for the keywords and the errors.

    Parameters
    ----------
    case
        The case.
    settings
        Method, seed, and number of chains, warm-up steps and draws. None: the defaults.
    keep, until, accept_poor, progress, fresh
        As for :meth:`OpenCase.calibrate`.

    Returns
    -------
    Lab
        The calibrated case.
    """
    keep_compiled_code()
    chosen = settings or Settings()
    say = progress or silent
    say(_("Building the network"))
    response = responder(case)
    found = posterior_draws(
        response, chosen, keep=keep, until=until, accept_poor=accept_poor, say=say, fresh=fresh
    )
    return Lab(case, response, *found, found.posterior.seed)


def _settings(method: str | Method, **given: int) -> Settings:
    known = ", ".join(m.value for m in Method)
    try:
        return Settings(Method(method), **given)
    except ValueError:
        text = _("There is no method '{method}'. There are: {known}.")
        raise ConvergenceError(text.format(method=method, known=known)) from None
