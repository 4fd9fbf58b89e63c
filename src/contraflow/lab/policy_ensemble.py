"""Answers to many policies: headline figures by policy and draw, here or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import _, ngettext
from contraflow._numbers import fixed
from contraflow._quantiles import ENDS
from contraflow._types import BoolArray, FloatArray, Progress, silent
from contraflow.case.case import Case
from contraflow.errors import OutputError
from contraflow.lab import ensemble_store
from contraflow.lab.ensemble_identity import identity, key, processor
from contraflow.lab.ensemble_workers import Work, on_cluster
from contraflow.lab.policy_block import Block, Cut
from contraflow.lab.policy_table import PolicyTable, policy_table
from contraflow.policy import Responder
from contraflow.policy.policy import levers_of
from contraflow.results.draws import OWN
from contraflow.results.figures import outcome_figure, outcome_figures, outcome_rows
from contraflow.results.view import price_spot

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from contraflow.lab.ensemble_store import EnsembleStore

MOST_IN_MEMORY = 4 * 2**30
"""Bytes of figures that an ensemble without a folder may have."""

READ = 2**21
"""Figures that are read from disk at a time."""

ENDS_OF_90 = {name: q for name, q in ENDS.items() if name in ("_5", "_95")}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Headline figures of many policies in every draw.

    Made by :meth:`Lab.respond_many`, or read from disk by :func:`open_ensemble`.
    """

    data: xr.Dataset
    """``figures`` (policy, draw, figure), NaN where no equilibrium was found; ``baseline`` (draw, figure);
    ``level`` (policy, measure); coordinates ``figure`` with its ``unit``, ``measure`` with its
    ``measure_unit``, ``finished`` (policy,): whether a policy was computed, and ``name`` (policy,) where
    policies have names. Of an ensemble on disk, figures are read when they are asked for."""

    @property
    def finished(self) -> bool:
        """Whether all policies were computed."""
        return bool(self.data["finished"].values.all())

    def table(self, figures: Sequence[str] | None = None, *, change: bool = False) -> pd.DataFrame:
        """Headline figures by policy.

        Parameters
        ----------
        figures
            Names of figures, as in ``outcome.summary()``. None: all.
        change
            Give the change from the baseline, draw by draw, instead of the figure.

        Returns
        -------
        pandas.DataFrame
            One row per policy that was computed, indexed by its number or name: levels of the measures that
            some policy sets, each figure's median over draws and, with more than one draw, the ends ``_5``
            and ``_95`` of its 90 % interval; ``left_out`` counts draws without an equilibrium.
            ``attrs["units"]`` holds the units of figures and measures.

        Raises
        ------
        ComparisonError
            For an unknown figure.

        Examples
        --------
        >>> many = lab.respond_many([{"radar": 0.5}, {"radar": 1}])
        >>> list(many.table(["exports"]).columns)
        ['radar', 'exports', 'exports_5', 'exports_95', 'left_out']
        """
        import pandas as pd

        known = [str(name) for name in self.data["figure"].values]
        chosen = known if figures is None else [str(name) for name in figures]
        for name in chosen:
            if name not in known:
                outcome_figure(name)
        place = [known.index(name) for name in chosen]
        pieces = list(self._pieces(place, change))
        whole = np.concatenate(pieces) if pieces else np.zeros((0, 0))
        done = np.flatnonzero(self.data["finished"].values)
        measures = [str(name) for name in self.data["measure"].values]
        many = self.data.sizes["draw"] > 1
        names = [name + end for name in chosen for end in ("", *(ENDS_OF_90 if many else ()))]
        frame = pd.DataFrame(
            np.concatenate([self.data["level"].values[done], whole], axis=1),
            columns=[*measures, *names, "left_out"],
            index=pd.Index(self.data["name"].values[done] if "name" in self.data else done, name="policy"),
        ).astype({"left_out": int})
        frame.attrs |= {k: self.data.attrs[k] for k in OWN if k in self.data.attrs}
        frame.attrs["units"] = {
            **dict(zip(measures, map(str, self.data["measure_unit"].values), strict=True)),
            **dict(zip(known, map(str, self.data["unit"].values), strict=True)),
        }
        return frame

    def by_draw(self, figure: str) -> pd.DataFrame:
        """One headline figure by policy and draw.

        Parameters
        ----------
        figure
            Its name, as in ``outcome.summary()``.

        Returns
        -------
        pandas.DataFrame
            Indexed by policy, a column for each draw; NaN where no equilibrium was found or the policy was
            not computed.

        Raises
        ------
        ComparisonError
            For an unknown figure.

        Examples
        --------
        >>> lab.respond_many([{"radar": 1}]).by_draw("exports").shape
        (1, 200)
        """
        import pandas as pd

        known = [str(name) for name in self.data["figure"].values]
        if figure not in known:
            outcome_figure(figure)
        values = self.data["figures"][:, :, known.index(figure)].values
        frame = pd.DataFrame(values).rename_axis(columns="draw")
        if "name" in self.data:
            frame.index = pd.Index(self.data["name"].values)
        return frame.rename_axis(index="policy")

    def _pieces(self, place: list[int], change: bool) -> Iterator[FloatArray]:
        """Rows of the table without levels, for some policies at a time, so that memory is bounded."""
        policies, draws, figures = (self.data.sizes[d] for d in ("policy", "draw", "figure"))
        step = max(1, READ // max(1, draws * figures))
        base = self.data["baseline"].values[:, place]
        done = np.asarray(self.data["finished"].values, dtype=bool)
        for first in range(0, policies, step):
            some = slice(first, first + step)
            every = self.data["figures"][some].values[done[some]]
            values = every[:, :, place]
            yield _quantiles(values - base if change else values, np.isnan(every).all(axis=2))

    def __repr__(self) -> str:
        """One line: how many policies and draws, and how many are still to be computed."""
        policies, draws = self.data.sizes["policy"], self.data.sizes["draw"]
        left = int((~self.data["finished"].values).sum())
        text = ngettext("{number} draw", "{number} draws", draws)
        size = {"policies": _policies(policies), "draws": text.format(number=fixed(draws, 0))}
        said = [_("{case}: {policies} in {draws}").format(case=self.data.attrs["case"], **size)]
        if left:
            said.append(_("{number} still to be computed").format(number=fixed(left, 0)))
        if changed := self.data.attrs.get("numbers_in_words", ""):
            said.append(_("numbers changed: {numbers}").format(numbers=changed))
        if believed := self.data.attrs.get("believes_in_words", ""):
            said.append(_("believing: {sides}").format(sides=believed))
        return f"<Ensemble {'; '.join(said)}>"


def _policies(number: int) -> str:
    text = ngettext("{number} policy", "{number} policies", number)
    return text.format(number=fixed(number, 0))


def _quantiles(values: FloatArray, lost: BoolArray) -> FloatArray:
    """Medians, with the ends of their intervals, and draws left out (policy, column).

    Figures that an economy does not have are NaN in all draws; draws without an equilibrium are ``lost``.
    """
    policies, draws, figures = values.shape
    found = [0.5, *ENDS_OF_90.values()] if draws > 1 else [0.5]
    known = ~np.isnan(values)
    result = np.full((policies, figures, len(found)), np.nan)
    whole: BoolArray = np.asarray(known.all(axis=(1, 2)))
    if whole.any():
        result[whole] = np.moveaxis(np.quantile(values[whole], found, axis=1), 0, -1)
    some = known.any(axis=1) & ~whole[:, None]
    for row, figure in zip(*np.nonzero(some), strict=True):
        result[row, figure] = np.quantile(values[row, known[row, :, figure], figure], found)
    return np.concatenate([result.reshape(policies, -1), lost.sum(axis=1)[:, None]], axis=1)


def open_ensemble(folder: str | Path) -> Ensemble:
    """An ensemble on disk, finished or not.

    Parameters
    ----------
    folder
        Folder that :meth:`Lab.respond_many` has written with ``out``, or ``contraflow ensemble --out``.

    Returns
    -------
    Ensemble
        The ensemble, whose figures are read when they are asked for.

    Raises
    ------
    OutputError
        If the folder holds no ensemble, or the library Zarr is not installed.
    """
    return Ensemble(ensemble_store.read(Path(folder)))


def respond_many(
    case: Case,
    responder: Responder,
    ledger: FloatArray,
    base: xr.Dataset,
    policies: PolicyTable | pd.DataFrame | Iterable[Mapping[str, float]],
    *,
    cluster: Any = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Ensemble:
    """Headline figures of many policies; see :meth:`~contraflow.lab.lab.Lab.respond_many`.

    Parameters
    ----------
    case, responder, ledger
        The case, its model and the draws of the lab (draw, number).
    base
        Dataset of the baseline in these draws.
    policies, cluster, out, progress
        As for the method.
    attributes
        What the attributes of the ensemble say besides.

    Returns
    -------
    Ensemble
        The figures.
    """
    say = progress or silent
    table = policy_table(case, policies)
    cut = Cut(len(table), len(ledger))
    spot = price_spot(base)
    work = Work(case, responder, ledger, spot)
    own = identity(case, ledger, table)
    about = own | dict(attributes or {})
    contents = _contents(case, responder, table, outcome_rows(base, spot)[1])
    store: EnsembleStore | _InMemory
    if out is None:
        store = _InMemory(cut, about, contents)
    else:
        store = ensemble_store.open_for_writing(Path(out), cut, about, contents)
    left = [block for block in cut.blocks() if not store.has(block)]
    clock = _Clock(cut, len(left), say)

    def levels(block: Block) -> FloatArray:
        return table.levels(case, responder.levers.baseline, block.first, block.last)

    def put(block: Block, figures: FloatArray, kind: str) -> None:
        store.put(block, figures, kind)
        clock.tick()

    if left and cluster is not None:
        on_cluster(cluster, work, key(own), iter(left), levels, put, clock.say)
    elif left:
        for block in left:
            put(block, work.solver.figures(levels(block)), processor())
    return Ensemble(store.data) if isinstance(store, _InMemory) else open_ensemble(store.folder)


def _contents(
    case: Case, responder: Responder, table: PolicyTable, baseline: FloatArray
) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Dimensions and values of all but the figures."""
    known = levers_of(case)
    order = {name: i for i, name in enumerate(known)}
    place = [order[name] for name in table.measures]
    usual = responder.levers.baseline[place]
    contents: dict[str, tuple[tuple[str, ...], Any]] = {
        "figure": (("figure",), [f.name for f in outcome_figures()]),
        "unit": (("figure",), [f.unit for f in outcome_figures()]),
        "draw": (("draw",), np.arange(len(baseline))),
        "baseline": (("draw", "figure"), baseline),
        "measure": (("measure",), list(table.measures)),
        "measure_unit": (("measure",), [known[name].unit for name in table.measures]),
        "level": (("policy", "measure"), np.where(np.isnan(table.stated), usual, table.stated)),
    }
    if table.names:
        contents["name"] = (("policy",), list(table.names))
    return contents


class _InMemory:
    """A store that is gone with its process."""

    def __init__(
        self, cut: Cut, about: Mapping[str, Any], contents: Mapping[str, tuple[tuple[str, ...], Any]]
    ) -> None:
        shape = cut.policies, cut.draws, len(contents["figure"][1])
        size = 8 * int(np.prod(shape, dtype=np.float64))
        if size > MOST_IN_MEMORY:
            text = _(
                "The figures of {policies} policies in {draws} draws take {size} GiB. Give a folder (out=, "
                "--out), so that they are written to disk as they come."
            )
            counts = {"policies": fixed(cut.policies, 0), "draws": fixed(cut.draws, 0)}
            raise OutputError(text.format(**counts, size=fixed(size / 2**30, 0)))
        self._about, self._contents = about, contents
        self._figures = np.full(shape, np.nan)
        self._done = np.zeros(cut.policies, dtype=bool)
        self._processors: list[str] = []

    def has(self, block: Block) -> bool:
        return False

    def put(self, block: Block, figures: FloatArray, processor: str) -> None:
        self._figures[block.first : block.last] = figures
        self._done[block.first : block.last] = True
        if processor not in self._processors:
            self._processors.append(processor)

    @property
    def data(self) -> xr.Dataset:
        import xarray as xr

        contents: dict[str, Any] = dict(self._contents)
        for name in ("figure", "unit", "measure", "measure_unit", "name"):
            if name in contents:
                contents[name] = contents[name][0], np.asarray(contents[name][1], dtype=object)
        values = ("baseline", "level")
        return xr.Dataset(
            {"figures": (("policy", "draw", "figure"), self._figures)}
            | {name: contents[name] for name in values if name in contents},
            {name: value for name, value in contents.items() if name not in values}
            | {"finished": ("policy", self._done)},
            {**self._about, "processors": self._processors},
        )


class _Clock:
    """Tells how far an ensemble is, and how long the rest may take at the pace so far."""

    def __init__(self, cut: Cut, left: int, say: Progress) -> None:
        self._cut, self._left, self._said = cut, left, say
        self._done, self._begun, self._first = 0, time.monotonic(), 0.0
        there = cut.count - left
        if there:
            text = ngettext(
                "Going on: {there} of {number} block there already",
                "Going on: {there} of {number} blocks there already",
                cut.count,
            )
            self.say(text.format(there=fixed(there, 0), number=fixed(cut.count, 0)))
        else:
            self.say(_("Answering {policies}").format(policies=_policies(cut.policies)))

    def say(self, text: str, _part: float | None = None, /) -> None:
        """A message with the part that is done."""
        self._said(text, 1 - (self._left - self._done) / self._cut.count)

    def tick(self) -> None:
        """One block more is done."""
        now = time.monotonic() - self._begun
        self._done += 1
        if self._done == 1:
            self._first = now
        there = self._cut.count - self._left + self._done
        counts = {"done": fixed(there, 0), "number": fixed(self._cut.count, 0)}
        after = self._left - self._done
        if after and self._done > 1:
            # The first block holds what is done once: compilation, and the start of workers.
            time_left = duration((now - self._first) / (self._done - 1) * after)
            text = _("{done} of {number} blocks of policies, about {time} left")
            self.say(text.format(**counts, time=time_left))
            return
        text = ngettext(
            "{done} of {number} block of policies", "{done} of {number} blocks of policies", self._cut.count
        )
        self.say(text.format(**counts))


def duration(seconds: float) -> str:
    """A time in words: ``40 s``, ``12 min``, ``3 h 20 min``, ``2 days 5 h``."""
    if seconds < 90:
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("{minutes} min").format(minutes=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
    return _("{days} days {hours} h").format(days=hours // 24, hours=hours % 24)
