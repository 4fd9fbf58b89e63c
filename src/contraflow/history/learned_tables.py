"""What was learned from episodes, carried with the package or learned anew.

The package carries ``data/learned/NAME.json`` for each set of episodes of
:data:`~contraflow.history.episode_tables.SETS`, and what was foreseen of each episode from all others. Both
name the digest of the tables and priors that they were made from. :func:`write` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contraflow._language import _
from contraflow._types import FloatArray, Progress, silent
from contraflow.case.io.cell_text import did_you_mean
from contraflow.errors import HistoryError, Problem
from contraflow.history.episode_tables import SETS, Episode, digest_of, own_tables, read_episodes
from contraflow.history.shared_numbers import NUMBERS, WHOLE, Structure

VERSION = 1
"""Version of the format of the tables."""

HYPER = ("discrepancy_quantities", "discrepancy_prices", "between_episodes")
"""Standard deviations of logarithms that are learned beside the shared numbers."""

NINETY = 1.6448536269514722
DIGITS = 10


@dataclass(frozen=True)
class Learned:
    """A posterior of shared behaviour: normal in logarithms, or in logits of parts of one."""

    name: str
    """Name of the set of episodes."""
    episodes: tuple[str, ...]
    """Episodes that it was learned from."""
    digest: str
    """Digest of the tables and priors."""
    names: tuple[str, ...]
    """Names of the numbers."""
    centre: FloatArray
    """Means on the scales on which they are normal (number,)."""
    covariance: FloatArray
    """Covariance on these scales (number, number)."""
    hyper: FloatArray
    """Logarithms of the discrepancy of quantities, of that of prices, and of the deviation of an episode's
    numbers from the common ones (3,).
    """
    hyper_covariance: FloatArray
    """Their covariance (3, 3)."""
    fixed: Mapping[str, float]
    """Numbers that are not learned, with their values."""

    @property
    def deviation(self) -> float:
        """Standard deviation of an episode's numbers around the common ones, in logarithms."""
        return float(np.exp(self.hyper[2]))

    def median(self, name: str) -> float:
        """Median of a number. Raises KeyError for one that was not learned."""
        return self._at(name, 0.0, new_place=False)

    def interval(self, name: str, *, new_place: bool = False) -> tuple[float, float]:
        """The 90 % interval of a number.

        Parameters
        ----------
        name
            The number.
        new_place
            Of the number of another place, which deviates from the common one, rather than of the common one.
        """
        return self._at(name, -NINETY, new_place=new_place), self._at(name, NINETY, new_place=new_place)

    def _at(self, name: str, deviate: float, *, new_place: bool) -> float:
        if name not in self.names:
            raise KeyError(name)
        place = self.names.index(name)
        spread = np.sqrt(self.covariance[place, place] + (self.deviation**2 if new_place else 0.0))
        return float(NUMBERS[name].outer(np.asarray(self.centre[place] + deviate * spread)))

    def table(self) -> pd.DataFrame:
        """Each number: median, 90 % interval, prior, how wide it is next to the prior, unit and meaning.

        ``narrower`` is one minus the ratio of standard deviations on the scale on which it is normal.
        """
        rows = []
        for place, name in enumerate(self.names):
            number = WHOLE.number(name)
            low, high = self.interval(name)
            rows.append(
                {
                    "number": name, "median": self.median(name), "low": low, "high": high,
                    "prior": number.value, "prior_low": number.low, "prior_high": number.high,
                    "narrower": 1 - float(np.sqrt(self.covariance[place, place])) / number.spread,
                    "unit": number.unit, "meaning": number.meaning,
                }
            )  # fmt: skip
        return pd.DataFrame(rows).set_index("number")

    def correlation(self) -> pd.DataFrame:
        """Correlation of the numbers on the scales on which they are normal."""
        spread = np.sqrt(np.diag(self.covariance))
        return pd.DataFrame(self.covariance / np.outer(spread, spread), self.names, self.names)


def digest(folder: str | Path | None = None, structure: Structure = WHOLE) -> str:
    """Digest of the tables of a folder, the priors and what is switched off."""
    found = sha256(digest_of(folder).encode())
    for name in structure.free:
        n = structure.number(name)
        found.update(f"{name} {n.unit} {n.low:g} {n.value:g} {n.high:g}".encode())
    found.update(repr(sorted(structure.fixed.items())).encode())
    return found.hexdigest()


def learned(name: str = "all") -> Learned:
    """What the package has learned from a set of episodes.

    Parameters
    ----------
    name
        ``all``, or another of :data:`~contraflow.history.episode_tables.SETS`, which leaves out episodes that
        a case is to foresee.

    Returns
    -------
    Learned
        The posterior.

    Raises
    ------
    HistoryError
        For a set that the package does not carry.

    Examples
    --------
    >>> "air-bridge-1995" in learned("without-andes-1990s").episodes
    False
    """
    if name not in SETS:
        close = get_close_matches(name, SETS, n=1)
        cure = did_you_mean(close[0]) if close else _("Sets: {names}").format(names=", ".join(SETS))
        message = _("is no set of episodes")
        raise HistoryError([Problem(_("learned behaviour"), message, cure, value=name)])
    return from_record(json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8")))


def learn(
    episodes: Mapping[str, Episode] | None = None,
    without: Sequence[str] = (),
    structure: Structure = WHOLE,
    name: str = "own",
) -> Learned:
    """Learn behaviour from episodes; takes half a minute.

    Parameters
    ----------
    episodes
        Episodes by name. None: those of the package.
    without
        Episodes that are not learned from.
    structure
        What is learned, and what is switched off.
    name
        Name of the result.

    Returns
    -------
    Learned
        The posterior.

    Raises
    ------
    HistoryError
        For an episode that there is not, or if none is left.
    """
    from contraflow.history.hierarchical_fit import fit, reduced, sample

    found = read_episodes() if episodes is None else dict(episodes)
    used = left_after(found, without)
    every = list(found.values())
    got = fit(reduced(every, structure), sample(every), [list(found).index(e) for e in used])
    return Learned(
        name, tuple(used), digest(structure=structure) if episodes is None else "", got.names, got.centre,
        got.covariance, got.hyper, got.hyper_covariance, dict(structure.fixed),
    )  # fmt: skip


def left_after(found: Mapping[str, Episode], without: Sequence[str]) -> list[str]:
    """Names of the episodes that are left without some. Raises HistoryError."""
    problems = []
    for one in without:
        if one not in found:
            close = get_close_matches(one, found, n=1)
            cure = did_you_mean(close[0]) if close else _("Episodes: {names}").format(names=", ".join(found))
            problems.append(Problem("episodes.csv", _("is no episode"), cure, value=one))
    used = [one for one in found if one not in without]
    if not problems and not any(found[one].observations for one in used):
        message, cure = _("Nothing is left to learn from"), _("Leave out fewer episodes")
        problems.append(Problem("episodes.csv", message, cure))
    if problems:
        raise HistoryError(problems)
    return used


def left_out() -> Any:
    """What was foreseen of each episode of the package from all others.

    Returns
    -------
    LeftOut
        Forecasts and scores, as :func:`~contraflow.history.left_out_episodes.leave_out` made them.
    """
    from contraflow.history.left_out_episodes import LeftOut

    names = ("left-out-observations", "left-out-episodes")
    return LeftOut(*(pd.read_csv(_folder() / f"{one}.csv") for one in names))


def _folder() -> Path:
    return own_tables() / "learned"


def to_record(known: Learned) -> dict[str, Any]:
    """A posterior as plain data."""
    spread = np.sqrt(np.diag(known.covariance))

    def plain(array: FloatArray) -> Any:
        return np.round(array, DIGITS).tolist()

    table = known.table()
    return {
        "version": VERSION,
        "name": known.name,
        "digest": known.digest,
        "episodes": list(known.episodes),
        "numbers": [
            {"name": name, "median": float(f"{r['median']:.4g}"), "low": float(f"{r['low']:.4g}"),
             "high": float(f"{r['high']:.4g}"), "unit": r["unit"], "meaning": r["meaning"]}
            for name, r in table.iterrows()
        ],
        "centre": plain(known.centre),
        "spread": plain(spread),
        "correlation": plain(known.covariance / np.outer(spread, spread)),
        "hyper": dict(zip(HYPER, plain(known.hyper), strict=True)),
        "hyper_covariance": plain(known.hyper_covariance),
        "fixed": dict(known.fixed),
    }  # fmt: skip


def from_record(record: Mapping[str, Any]) -> Learned:
    """A posterior from plain data. Raises HistoryError for another version."""
    if record.get("version") != VERSION:
        cure = _("Make it anew; this version of Contraflow reads version {version}").format(version=VERSION)
        raise HistoryError([Problem(_("learned behaviour"), _("is of another version"), cure)])
    spread = np.array(record["spread"])
    return Learned(
        record["name"], tuple(record["episodes"]), record["digest"],
        tuple(one["name"] for one in record["numbers"]), np.array(record["centre"]),
        np.array(record["correlation"]) * np.outer(spread, spread),
        np.array([record["hyper"][name] for name in HYPER]), np.array(record["hyper_covariance"]),
        dict(record["fixed"]),
    )  # fmt: skip


def write(folder: Path | None = None, progress: Progress = silent) -> None:
    """Learn from each set of episodes, foresee each episode from all others, and write the tables.

    Parameters
    ----------
    folder
        Where they go. None: where the package reads them.
    progress
        Called with what is being done.
    """
    from contraflow.history.left_out_episodes import leave_out

    folder = folder or _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name, without in SETS.items():
        progress(_("Learning: {name}").format(name=name))
        text = json.dumps(to_record(learn(without=without, name=name)), indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    found = leave_out(read_episodes(), progress=progress)
    for name, frame in (("observations", found.observations), ("episodes", found.episodes)):
        (folder / f"left-out-{name}.csv").write_text(
            frame.round(4).to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline=""
        )
