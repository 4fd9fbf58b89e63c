"""How the passes walk the network: chunks of whole nodes, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

STEP_OVERHEAD = 24
"""Cost of one step of a scan, in arcs; weighs few wide chunks against many narrow ones."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Arcs laid out in chunks of equal width, so that one compiled step serves all levels.

    A chunk holds all arcs of some nodes of one level, so that levels of unequal size cost no more
    than their arcs. ``slots`` (chunk, width) holds arc numbers, ``arcs`` where a slot is empty;
    ``local`` (chunk, width) the tail's place within the chunk; ``heads`` (chunk, width) the head's
    place in the padded node vector; ``members`` (chunk, span) the node numbers, ``nodes`` where
    empty. ``node_slot`` (node,) and ``arc_slot`` (arc,) lead back from padded to natural order.
    """

    nodes: int
    arcs: int
    slots: IntArray
    local: IntArray
    heads: IntArray
    members: IntArray
    node_slot: IntArray
    arc_slot: IntArray

    @property
    def chunks(self) -> int:
        """Number of steps in a pass."""
        return int(self.slots.shape[0])

    @property
    def span(self) -> int:
        """Nodes in a chunk."""
        return int(self.members.shape[1])

    @property
    def padded_nodes(self) -> int:
        """Length of the padded node vector, sinks and a dummy included."""
        return int(self.node_slot.max(initial=0)) + 2


def make_plan(tail: IntArray, head: IntArray, level: IntArray, width: int | None = None) -> Plan:
    """Lay out a network whose nodes are sorted by ``level`` (node,) and arcs by ``tail`` (arc,).

    ``width`` is the number of arcs in a chunk, at least the largest out-degree; by default the one
    that costs least. Raises ValueError if arcs or nodes are not sorted.
    """
    nodes, arcs = level.size, tail.size
    if (np.diff(tail) < 0).any() or (np.diff(level) < 0).any():
        raise ValueError("nodes must be sorted by level and arcs by tail")
    degree = np.bincount(tail, minlength=nodes)
    largest = int(degree.max(initial=1))
    if width is None:
        candidates = [w for w in _widths(arcs) if w >= largest] or [largest]
        counts = [int(_chunk_of(degree, level, w).max(initial=-1)) + 1 for w in candidates]
        width = min(zip(counts, candidates, strict=True), key=lambda c: c[0] * (STEP_OVERHEAD + c[1]))[1]
    width = max(width, largest)
    chunk = _chunk_of(degree, level, width)
    chunks = int(chunk.max(initial=-1)) + 1

    inner = np.flatnonzero(degree > 0)
    first = np.searchsorted(chunk[inner], np.arange(chunks))
    place = np.arange(inner.size) - first[chunk[inner]]
    span = int(place.max(initial=0)) + 1
    members = np.full((chunks, span), nodes, dtype=np.int64)
    members[chunk[inner], place] = inner
    node_slot = np.empty(nodes, dtype=np.int64)
    node_slot[inner] = chunk[inner] * span + place
    sinks = np.flatnonzero(degree == 0)
    node_slot[sinks] = chunks * span + np.arange(sinks.size)
    dummy = chunks * span + sinks.size

    arc_chunk = chunk[tail]
    arc_first = np.searchsorted(arc_chunk, np.arange(chunks))
    arc_place = np.arange(arcs) - arc_first[arc_chunk]
    slots = np.full((chunks, width), arcs, dtype=np.int64)
    slots[arc_chunk, arc_place] = np.arange(arcs)
    local = np.full((chunks, width), span - 1, dtype=np.int64)
    local[arc_chunk, arc_place] = node_slot[tail] - arc_chunk * span
    heads = np.full((chunks, width), dummy, dtype=np.int64)
    heads[arc_chunk, arc_place] = node_slot[head]
    return Plan(nodes, arcs, slots, local, heads, members, node_slot, arc_chunk * width + arc_place)


def _widths(arcs: int) -> list[int]:
    widths = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096, 8192]
    return [w for w in widths if w <= max(8, arcs)]


def _chunk_of(degree: IntArray, level: IntArray, width: int) -> IntArray:
    """Chunk of each node (-1 for sinks): whole nodes of one level, at most ``width`` arcs together."""
    inner = np.flatnonzero(degree > 0)
    before = np.cumsum(degree[inner]) - degree[inner]
    levels, start = np.unique(level[inner], return_index=True)
    which = np.searchsorted(levels, level[inner])
    before = before - before[start][which]
    room = max(width - int(degree.max(initial=1)) + 1, 1)
    key = which * (int(before.max(initial=0)) // room + 1) + before // room
    chunk = np.full(degree.size, -1, dtype=np.int64)
    chunk[inner] = np.unique(key, return_inverse=True)[1]
    return chunk
