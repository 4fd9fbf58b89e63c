"""How the passes walk the network: in chunks of whole nodes, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contraflow._types import IntArray

STEP_OVERHEAD = 24
ROW_OVERHEAD = 1.0
SHARED_ROW_OVERHEAD = 2.0
"""Cost, in slots, of a step of a scan, of a row, and of a row in layouts in which nodes share rows."""

MOST_CHUNKS = 2_000
"""Chunks beyond which narrower ones are not considered."""

DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 32)
ROWS = (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096)
"""Numbers of rows and depths that are tried: whole vector registers, since twelve rows took half as long
again as eight or sixteen.
"""


@dataclass(frozen=True, eq=False)
class Layout:
    """Arcs laid out in chunks of equal shape, so that one compiled step serves all levels.

    A chunk holds all arcs of some nodes of one level, so that levels of unequal size cost no more than their
    arcs. Within a chunk, arcs are in rows of at most ``depth``; the arcs of a node fill one row or several,
    so that sums over a node's arcs are sums over the first axis.
    """

    nodes: int
    """Number of nodes."""
    arcs: int
    """Number of arcs."""
    tail: IntArray
    """Node where each arc begins (arc,)."""
    slots: IntArray
    """Arc in each slot (chunk, depth, row); ``arcs`` where it is empty."""
    heads: IntArray
    """Position of the arc's head in the padded node vector (chunk, depth, row)."""
    local: IntArray
    """Position of the tail within the chunk (chunk, row)."""
    members: IntArray
    """Nodes of each chunk (chunk, span); ``nodes`` where it is empty."""
    node_slot: IntArray
    """Position of each node in the padded node vector (node,)."""
    arc_slot: IntArray
    """Slot of each arc, in the flattened layout (arc,)."""
    one_row: bool
    """Whether every node has a row of its own, in order."""

    @property
    def chunks(self) -> int:
        """Number of chunks, the steps of a pass."""
        return int(self.slots.shape[0])

    @property
    def span(self) -> int:
        """Most nodes in a chunk."""
        return int(self.members.shape[1])

    @property
    def padded_nodes(self) -> int:
        """Length of the padded node vector, including sinks and a dummy."""
        return int(self.node_slot.max(initial=0)) + 2


def make_layout(
    tail: IntArray, head: IntArray, level: IntArray, rows: int | None = None, depth: int | None = None
) -> Layout:
    """Lay out a network.

    Parameters
    ----------
    tail, head
        Nodes where each arc begins and ends (arc,); arcs must be sorted by tail.
    level
        Topological level of each node (node,), ascending.
    rows
        Rows in a chunk. None: the number that costs least.
    depth
        Arcs in a row. None: the number that costs least.

    Raises
    ------
    ValueError
        If arcs or nodes are not sorted.
    """
    nodes, arcs = level.size, tail.size
    if (np.diff(tail) < 0).any() or (np.diff(level) < 0).any():
        raise ValueError("nodes must be sorted by level and arcs by tail")
    degree = np.bincount(tail, minlength=nodes)
    rows, depth = _cheapest(degree, level, rows, depth)
    height = -(-degree // depth)
    rows = max(rows, int(height.max(initial=1)))
    chunk = _chunk_of(height, level, rows)
    chunks = int(chunk.max(initial=-1)) + 1

    inner = np.flatnonzero(degree > 0)
    place = _place_within(chunk[inner], np.ones(inner.size, dtype=np.int64))
    one_row = bool((height <= 1).all())
    span = rows if one_row else int(place.max(initial=0)) + 1
    members = np.full((chunks, span), nodes, dtype=np.int64)
    members[chunk[inner], place] = inner
    node_slot = np.empty(nodes, dtype=np.int64)
    node_slot[inner] = chunk[inner] * span + place
    sinks = np.flatnonzero(degree == 0)
    node_slot[sinks] = chunks * span + np.arange(sinks.size)
    dummy = chunks * span + sinks.size

    first_row = np.zeros(nodes, dtype=np.int64)
    first_row[inner] = _place_within(chunk[inner], height[inner])
    number = np.arange(arcs) - (np.cumsum(degree) - degree)[tail]
    where = chunk[tail], number % depth, first_row[tail] + number // depth
    slots = np.full((chunks, depth, rows), arcs, dtype=np.int64)
    slots[where] = np.arange(arcs)
    heads = np.full((chunks, depth, rows), dummy, dtype=np.int64)
    heads[where] = node_slot[head]
    local = np.full((chunks, rows), span - 1, dtype=np.int64)
    local[where[0], where[2]] = node_slot[tail] - where[0] * span
    arc_slot = (where[0] * depth + where[1]) * rows + where[2]
    return Layout(nodes, arcs, tail, slots, heads, local, members, node_slot, arc_slot, one_row)


def _cheapest(degree: IntArray, level: IntArray, rows: int | None, depth: int | None) -> tuple[int, int]:
    """Rows and depth of a chunk, where not given, that cost least by the overheads above."""
    largest = int(degree.max(initial=1))
    best = (np.inf, 1, 1)
    for d in (depth,) if depth else [d for d in DEPTHS if d <= max(largest, 1)]:
        height = -(-degree // d)
        tall = int(height.max(initial=1))
        row = ROW_OVERHEAD if tall == 1 else SHARED_ROW_OVERHEAD
        least = max(tall, int(height.sum()) // MOST_CHUNKS)
        for r in (rows,) if rows else [r for r in ROWS if r >= least] or [least]:
            chunks = int(_chunk_of(height, level, max(r, tall)).max(initial=-1)) + 1
            best = min(best, (chunks * (STEP_OVERHEAD + r * (d + row)), r, d))
    return best[1], best[2]


def _place_within(chunk: IntArray, size: IntArray) -> IntArray:
    """Position of each item in its chunk if items of the given sizes follow each other; chunks are sorted."""
    before = np.cumsum(size) - size
    first = np.searchsorted(chunk, np.arange(int(chunk.max(initial=-1)) + 1))
    return before - before[first][chunk] if chunk.size else before


def _chunk_of(height: IntArray, level: IntArray, rows: int) -> IntArray:
    """Chunk of each node (-1 for sinks): whole nodes of one level, at most ``rows`` rows together.

    Each chunk takes as many of the next nodes as fit.
    """
    inner = np.flatnonzero(height > 0)
    after = np.cumsum(height[inner])
    ends = np.searchsorted(level[inner], level[inner], side="right")
    starts = []
    start = 0
    while start < inner.size:
        starts.append(start)
        fits = int(np.searchsorted(after, after[start] - height[inner[start]] + rows, side="right"))
        start = min(fits, int(ends[start]))
    chunk = np.full(height.size, -1, dtype=np.int64)
    chunk[inner] = np.searchsorted(np.array(starts, dtype=np.int64), np.arange(inner.size), side="right") - 1
    return chunk
