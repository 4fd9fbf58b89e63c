"""An ensemble on a cluster: blocks are tasks of Dask, and their figures come back as they are ready.

What all blocks share (the case and its draws) is the result of a task rather than scattered: Dask makes a
task's result again if the worker that held it dies, while scattered data are then lost. Each worker process
takes it once, and builds its model once.
"""

from __future__ import annotations

import pickle
import platform
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from contraflow._parallel import in_threads
from contraflow._types import FloatArray, Progress
from contraflow.case.case import Case
from contraflow.errors import ClusterError, ContraflowError
from contraflow.lab.ensemble_identity import differences, processor, running
from contraflow.lab.policy_block import Block, PolicySolver
from contraflow.model import Model, keep_compiled_code
from contraflow.network import build
from contraflow.policy import Responder, make_levers

NEEDED = "A cluster needs the library Dask: pip install 'contraflow[cluster]', here and on all its machines."

CONNECT = 20
"""Seconds within which a scheduler has to answer."""

LOOK = 2.0
"""Seconds after which to look who works, while no result comes."""

AHEAD = 2
"""Blocks that are given out for each thread of the workers, so that none waits."""

FEWEST = 8
"""Blocks that are given out at least."""

KEPT = 2
"""Ensembles that a worker process remembers."""


@dataclass(eq=False)
class Work:
    """What all blocks of an ensemble share, in one process."""

    case: Case
    """The case."""
    responder: Responder
    """The model with the levers of the measures."""
    ledger: FloatArray
    """Values of the ledger (draw, number)."""
    spot: str
    """Node whose price is quoted."""

    def packed(self) -> bytes:
        """What another process needs to do the same."""
        return pickle.dumps((self.case, np.ascontiguousarray(self.ledger), self.spot), protocol=5)

    @cached_property
    def solver(self) -> PolicySolver:
        """The functions, compiled or read from the user's cache, and what all policies share."""
        keep_compiled_code()
        in_threads(lambda task: task(), self.responder.compile_tasks())
        found = PolicySolver(self.responder, self.ledger, self.case.info.home, self.spot)
        _ = found.references
        return found


_WORKS: dict[str, Work] = {}
_BUILDING = Lock()


def handed_on(packed: bytes) -> bytes:
    """A task whose result is what it is given, so that Dask can make it again where it is lost."""
    return packed


def solve_block(
    packed: bytes, key: str, client: dict[str, str], levels: FloatArray
) -> tuple[FloatArray, str]:
    """The task of a worker: figures of policies, and the kind of processor they were computed on.

    Raises
    ------
    ClusterError
        If the worker has not the same code and libraries as the client.
    """
    other = differences(client, running())
    if other:
        raise ClusterError(
            f"A worker on {platform.node()} has {', '.join(other)}, so its figures would differ. "
            "Install the same versions on all machines, start the workers again, and run the same again."
        )
    with _BUILDING:
        if key not in _WORKS:
            case, ledger, spot = pickle.loads(packed)
            work = Work(case, Responder(Model(network := build(case)), make_levers(network)), ledger, spot)
            _ = work.solver
            _WORKS[key] = work
            while len(_WORKS) > KEPT:
                _WORKS.pop(next(iter(_WORKS)))
        work = _WORKS[key]
    return work.solver.figures(levels), processor()


def on_cluster(
    cluster: Any,
    work: Work,
    key: str,
    blocks: Iterator[Block],
    levels: Callable[[Block], FloatArray],
    put: Callable[[Block, FloatArray, str], None],
    say: Progress,
) -> None:
    """Have blocks solved by the workers of a cluster.

    Only some blocks are given out at a time, so that neither the scheduler nor this process holds a large
    ensemble. Blocks of a worker that dies are done by another.

    Parameters
    ----------
    cluster
        Address of a scheduler, a client or a cluster of Dask.
    work
        What all blocks share.
    key
        Names the ensemble.
    blocks
        Blocks to solve.
    levels
        Levels of the policies of a block (policy, measure).
    put
        Takes the figures of a block as they come, in any order.
    say
        Told while nobody works.

    Raises
    ------
    ClusterError
        If Dask is not installed, no scheduler answers or it is lost, a worker's code differs, or a block has
        ended its worker again and again.
    """
    with _client(cluster) as client:
        given: dict[str, tuple[Any, Block]] = {}
        ready: SimpleQueue[Any] = SimpleQueue()
        here = running()
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")
                shared = client.submit(handed_on, work.packed(), key=f"contraflow-shared-{key}")
                room = _room(client)
                while True:
                    while len(given) < room and (block := next(blocks, None)) is not None:
                        name = f"contraflow-block-{key}-{block.first}"
                        future = client.submit(solve_block, shared, key, here, levels(block), key=name)
                        given[name] = future, block
                        future.add_done_callback(ready.put)
                    if not given:
                        return
                    try:
                        future = ready.get(timeout=LOOK)
                    except Empty:
                        room = _room(client, say)
                        continue
                    block = given.pop(future.key)[1]
                    put(block, *_result(future, block))
        finally:
            if given:
                with suppress(Exception):
                    client.cancel([future for future, _ in given.values()])


def _result(future: Any, block: Block) -> tuple[FloatArray, str]:
    """Figures of a block that is done. Raises ClusterError."""
    part = f"policies {block.first} to {block.last - 1}"
    kept = "What was done before is kept where it is written to disk: run the same again to go on."
    try:
        if future.status in ("cancelled", "lost"):
            raise ClusterError(f"The scheduler was lost or has dropped {part}. {kept}")
        figures, kind = future.result()
        return np.asarray(figures, dtype=float), str(kind)
    except ContraflowError:
        raise
    except (ImportError, AttributeError) as error:
        raise ClusterError(f"A worker has no such Contraflow ({error}): install the same there.") from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            raise ClusterError(
                f"Several workers died one after the other while they worked on {part}, perhaps for lack of "
                f"memory. Give each worker more, or have Dask allow more failures "
                f"(distributed.scheduler.allowed-failures). {kept}"
            ) from error
        if "deserializ" in str(error):
            raise ClusterError(
                "The scheduler cannot read what it is given: install the same Contraflow there, too."
            ) from error
        raise ClusterError(f"A worker failed at {part} ({type(error).__name__}: {error}). {kept}") from error


def _room(client: Any, say: Progress | None = None) -> int:
    """How many blocks to give out; says so where nobody works. Raises ClusterError."""
    try:
        threads = sum(client.nthreads().values())
    except Exception as error:
        raise ClusterError(
            "The scheduler no longer answers. What was written to disk is kept: start it again, and run the "
            "same again to go on."
        ) from error
    if not threads and say is not None:
        say("Waiting for workers: the cluster has none")
    return max(FEWEST, AHEAD * int(threads))


@contextmanager
def _client(cluster: Any) -> Iterator[Any]:
    """The client of Dask that was given, or one that is closed in the end."""
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise ClusterError(NEEDED) from None
    if isinstance(cluster, distributed.Client):
        if cluster.asynchronous:
            raise ClusterError("The client of Dask is asynchronous. Give one that is not, or an address.")
        yield cluster
        return
    try:
        if isinstance(cluster, str):
            _knock(cluster)
        client = distributed.Client(cluster, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"No scheduler of Dask answers at {cluster} ({error}). Start one with 'dask scheduler', and give "
            "the address that it prints, such as tcp://10.0.0.5:8786."
        ) from None
    try:
        yield client
    finally:
        client.close()


def _knock(address: str) -> None:
    """See whether anybody answers, since a client goes on trying. Raises OSError, ValueError."""
    where = urlsplit(address if "://" in address else f"tcp://{address}")
    if where.scheme in ("tcp", "tls"):
        if where.hostname is None or where.port is None:
            raise ValueError("an address has a host and a port")
        socket.create_connection((where.hostname, where.port), CONNECT).close()
