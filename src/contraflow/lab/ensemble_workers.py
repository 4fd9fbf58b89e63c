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

from contraflow._language import N_, _, in_language, locale
from contraflow._parallel import in_threads
from contraflow._types import FloatArray, Progress
from contraflow.case.case import Case
from contraflow.errors import ClusterError, ContraflowError
from contraflow.lab.ensemble_identity import differences, processor, running
from contraflow.lab.policy_block import Block, PolicySolver
from contraflow.model import Model, keep_compiled_code
from contraflow.network import build
from contraflow.policy import Responder, make_levers

NEEDED = N_(
    "A cluster needs the library Dask: pip install 'contraflow[cluster]', here and on all its machines."
)

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
        _made = found.references
        return found


_WORKS: dict[str, Work] = {}
_BUILDING = Lock()


def handed_on(packed: bytes) -> bytes:
    """A task whose result is what it is given, so that Dask can make it again where it is lost."""
    return packed


def solve_block(
    packed: bytes, key: str, client: dict[str, str], levels: FloatArray, language: str = "en"
) -> tuple[FloatArray, str]:
    """The task of a worker: figures of policies, and the kind of processor they were computed on.

    Raises
    ------
    ClusterError
        If the worker has not the same code and libraries as the client.
    """
    with in_language(language):
        return _solved(packed, key, client, levels)


def _solved(packed: bytes, key: str, client: dict[str, str], levels: FloatArray) -> tuple[FloatArray, str]:
    other = differences(client, running())
    if other:
        text = _(
            "A worker on {machine} has {differences}, so its figures would differ. "
            "Install the same versions on all machines, start the workers again, and run the same again."
        )
        raise ClusterError(text.format(machine=platform.node(), differences=", ".join(other)))
    with _BUILDING:
        if key not in _WORKS:
            case, ledger, spot = pickle.loads(packed)
            work = Work(case, Responder(Model(network := build(case)), make_levers(network)), ledger, spot)
            _made = work.solver
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
        here, language = running(), locale()
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")
                shared = client.submit(handed_on, work.packed(), key=f"contraflow-shared-{key}")
                room = _room(client)
                while True:
                    while len(given) < room and (block := next(blocks, None)) is not None:
                        name = f"contraflow-block-{key}-{block.first}"
                        future = client.submit(
                            solve_block, shared, key, here, levels(block), language, key=name
                        )
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
    part = {"first": block.first, "last": block.last - 1}
    kept = _("What was done before is kept where it is written to disk: run the same again to go on.")
    try:
        if future.status in ("cancelled", "lost"):
            text = _("The scheduler was lost or has dropped policies {first} to {last}.")
            raise ClusterError(f"{text.format(**part)} {kept}")
        figures, kind = future.result()
        return np.asarray(figures, dtype=float), str(kind)
    except ContraflowError:
        raise
    except (ImportError, AttributeError) as error:
        text = _("A worker has no such Contraflow ({error}): install the same there.")
        raise ClusterError(text.format(error=error)) from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            text = _(
                "Several workers died one after the other while they worked on policies {first} to {last}, "
                "perhaps for lack of memory. Give each worker more, or have Dask allow more failures "
                "(distributed.scheduler.allowed-failures)."
            )
            raise ClusterError(f"{text.format(**part)} {kept}") from error
        if "deserializ" in str(error):
            raise ClusterError(
                _("The scheduler cannot read what it is given: install the same Contraflow there, too.")
            ) from error
        text = _("A worker failed at policies {first} to {last} ({kind}: {error}).")
        said = text.format(**part, kind=type(error).__name__, error=error)
        raise ClusterError(f"{said} {kept}") from error


def _room(client: Any, say: Progress | None = None) -> int:
    """How many blocks to give out; says so where nobody works. Raises ClusterError."""
    try:
        threads = sum(client.nthreads().values())
    except Exception as error:
        raise ClusterError(
            _(
                "The scheduler no longer answers. What was written to disk is kept: start it again, and run "
                "the same again to go on."
            )
        ) from error
    if not threads and say is not None:
        say(_("Waiting for workers: the cluster has none"))
    return max(FEWEST, AHEAD * int(threads))


@contextmanager
def _client(cluster: Any) -> Iterator[Any]:
    """The client of Dask that was given, or one that is closed in the end."""
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise ClusterError(_(NEEDED)) from None
    if isinstance(cluster, distributed.Client):
        if cluster.asynchronous:
            raise ClusterError(_("The client of Dask is asynchronous. Give one that is not, or an address."))
        yield cluster
        return
    try:
        if isinstance(cluster, str):
            _knock(cluster)
        client = distributed.Client(cluster, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        text = _(
            "No scheduler of Dask answers at {address} ({error}). Start one with 'dask scheduler', and give "
            "the address that it prints, such as tcp://10.0.0.5:8786."
        )
        raise ClusterError(text.format(address=cluster, error=error)) from None
    try:
        yield client
    finally:
        client.close()


def _knock(address: str) -> None:
    """See whether anybody answers, since a client goes on trying. Raises OSError, ValueError."""
    where = urlsplit(address if "://" in address else f"tcp://{address}")
    if where.scheme in ("tcp", "tls"):
        if where.hostname is None or where.port is None:
            raise ValueError(_("an address has a host and a port"))
        socket.create_connection((where.hostname, where.port), CONNECT).close()
