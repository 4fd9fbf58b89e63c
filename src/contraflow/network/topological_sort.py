"""Topological levels of a directed graph given as arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contraflow._types import IntArray


class CycleError(ValueError):
    """The graph has a directed cycle."""

    def __init__(self, arcs: list[int]) -> None:
        """Keep the positions of the arcs of one cycle as ``arcs``."""
        self.arcs = arcs
        super().__init__(f"a loop of {len(arcs)} arcs")


def topological_levels(tail: IntArray, head: IntArray, nodes: int) -> IntArray:
    """Length of the longest path into each node.

    By Kahn's algorithm, one level at a time; linear in the number of arcs (Kahn 1962, Communications of the
    ACM 5(11)).

    Parameters
    ----------
    tail, head
        Nodes where each arc begins and ends (arc,).
    nodes
        Number of nodes.

    Returns
    -------
    numpy.ndarray
        Level of each node (node,); 0 for nodes without arcs into them.

    Raises
    ------
    CycleError
        If the graph has a directed cycle.

    Examples
    --------
    >>> topological_levels(np.array([0, 0, 1]), np.array([1, 2, 2]), 3).tolist()
    [0, 1, 2]
    """
    order = np.argsort(tail, kind="stable")
    start = np.searchsorted(tail[order], np.arange(nodes + 1))
    waiting = np.bincount(head, minlength=nodes)
    level = np.full(nodes, -1, dtype=np.int64)
    frontier = np.flatnonzero(waiting == 0)
    depth = 0
    while frontier.size:
        level[frontier] = depth
        counts = start[frontier + 1] - start[frontier]
        offsets = np.repeat(start[frontier] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        reached = head[order[offsets + np.arange(counts.sum())]]
        released, times = np.unique(reached, return_counts=True)
        waiting[released] -= times
        frontier = released[waiting[released] == 0]
        depth += 1
    if (level < 0).any():
        raise CycleError(_find_cycle(tail, head, level < 0))
    return level


def _find_cycle(tail: IntArray, head: IntArray, stuck: npt.NDArray[np.bool_]) -> list[int]:
    """Walk backwards among the nodes that were never released until one repeats."""
    into = {int(head[a]): int(a) for a in np.flatnonzero(stuck[tail] & stuck[head])}
    node = next(iter(into))
    seen: list[int] = []
    arcs: list[int] = []
    while node not in seen:
        seen.append(node)
        arc = into[node]
        arcs.append(arc)
        node = int(tail[arc])
    return arcs[seen.index(node) :][::-1]
