"""From where an answer looks for an equilibrium, and which of those that it finds count."""

from __future__ import annotations

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.network.network import Network

SEARCHED = 8
"""Draws in which a response looks for more than one equilibrium."""

CUT_OFF = 1e-10
"""Fraction of its baseline sales below which a market counts as cut off."""


def searched_again(solved: BoolArray) -> IntArray:
    """Draws in which all other starting points are tried, too.

    Parameters
    ----------
    solved
        Whether the baseline as a starting point led to an equilibrium (draw,).

    Returns
    -------
    numpy.ndarray
        Indices of some draws, spread evenly, and of all that are not solved.
    """
    draws = len(solved)
    some = np.unique(np.linspace(0, draws - 1, min(draws, SEARCHED)).round().astype(np.int64))
    return np.union1d(some, np.flatnonzero(~solved))


def cut_off(network: Network, ledger: FloatArray, state: FloatArray) -> BoolArray:
    """Elastic markets that would sell less than CUT_OFF of their baseline.

    Parameters
    ----------
    network
        The network of the model.
    ledger
        Values of the ledger of each problem (problem, number).
    state
        Logarithms of prices and loads relative to the baseline (problem, unknown).

    Returns
    -------
    numpy.ndarray
        Markets that are cut off (problem, market), in the order of ``network.cleared``.
    """
    elastic = network.cleared
    elasticity = ledger[:, network.market_elasticity[elastic]]
    return np.asarray(elasticity * state[:, : elastic.size] > -np.log(CUT_OFF))
