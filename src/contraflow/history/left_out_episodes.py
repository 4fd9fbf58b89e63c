"""Episodes that are left out, foreseen from all others, and scored beside rivals.

The unit is the episode: its log score and its CRPS (Gneiting & Raftery 2007, Journal of the American
Statistical Association 102(477)) are means over its observations. Rivals are learned from the same episodes
by the same machine, their spread too: *nothing changes*; *the mean of the others* at the same stage, in
treated regions or elsewhere; *the old rule*, one elasticity for every horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from contraflow._language import N_, _
from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray, Progress, silent
from contraflow.history.episode_tables import Episode, StageOfTrade
from contraflow.history.hierarchical_fit import (
    Fitted,
    Forecaster,
    Foresight,
    Sample,
    fit,
    foresee,
    reduced,
    sample,
)
from contraflow.history.reduced_form import MOST_SIZES
from contraflow.history.shared_numbers import OLD_RULE, WHOLE

DRAWS = 600
"""Draws of each forecast."""

NEW = N_("the model")
NOTHING, MEAN, OLD = N_("nothing changes"), N_("the mean of the others"), N_("the old rule")
RIVALS = (NOTHING, MEAN, OLD)


def nothing_changes(found: Sequence[Episode]) -> Forecaster:
    """The forecast that all stays as it was."""
    return _constant(found, lambda e, place: None, ("none",))


def mean_of_others(found: Sequence[Episode]) -> Forecaster:
    """The forecast that a figure moves as those of its stage did elsewhere, in treated regions or not."""

    def kind(episode: Episode, place: int) -> str:
        one = episode.observations[place]
        stage = StageOfTrade.AREA if one.stage is StageOfTrade.OUTPUT else one.stage
        return f"{stage}, {episode.role(one)}"

    names = {kind(e, i): None for e in found for i in range(len(e.observations))}
    return _constant(found, kind, tuple(names))


def _constant(
    found: Sequence[Episode], kind: Callable[[Episode, int], str | None], names: tuple[str, ...]
) -> Forecaster:
    """A forecaster that foresees one number for each kind of figure."""
    most = max(1, *(len(e.observations) for e in found))
    design = np.zeros((len(found), most, len(names)))
    for e, episode in enumerate(found):
        for i in range(len(episode.observations)):
            own = kind(episode, i)
            if own is not None:
                design[e, i, names.index(own)] = 1

    def linear(inner: FloatArray, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
        no_sizes = np.zeros((len(found), most, MOST_SIZES))
        return np.einsum("eon,en->eo", design, inner), np.concatenate([design, no_sizes], axis=2)

    def one(place: int, inner: FloatArray, sizes: FloatArray) -> FloatArray:
        return np.asarray(inner @ design[place].T)

    return Forecaster(names, np.zeros(len(names)), np.ones(len(names)), linear, one)


def forecasters(found: Sequence[Episode]) -> dict[str, Forecaster]:
    """The model and its rivals by name."""
    return {
        NEW: reduced(found, WHOLE),
        NOTHING: nothing_changes(found),
        MEAN: mean_of_others(found),
        OLD: reduced(found, OLD_RULE),
    }


def crps(drawn: FloatArray, observed: FloatArray) -> FloatArray:
    """Continuous ranked probability score of draws (draw, observation) for what was seen (observation,).

    Examples
    --------
    >>> float(crps(np.array([[0.0], [1.0]]), np.array([0.0]))[0])
    0.25
    """
    count = len(drawn)
    ordered = np.sort(drawn, axis=0)
    rank = (2 * np.arange(1, count + 1) - count - 1)[:, None]
    pairs = 2 * (rank * ordered).sum(axis=0) / count**2
    return np.asarray(np.abs(drawn - observed).mean(axis=0) - pairs / 2)


def log_scores(ahead: Foresight, seen: Sample, place: int) -> FloatArray:
    """Logarithms of the density of each figure of an episode (observation,), each by itself."""
    from scipy.special import logsumexp
    from scipy.stats import norm

    observed = seen.response[place][seen.seen[place]]
    spread = np.sqrt([np.diag(seen.errors(place, hyper)) for hyper in ahead.hyper])
    logs = np.asarray(norm.logpdf(observed, ahead.centre, spread))
    return np.asarray(logsumexp(logs, axis=0) - np.log(len(logs)))


@dataclass(frozen=True)
class LeftOut:
    """What was foreseen of every episode from all others, beside what was seen."""

    observations: pd.DataFrame
    """Each observation: episode, place, stage, months, observed, quantiles and CRPS of each forecaster."""
    episodes: pd.DataFrame
    """Each episode: its weight, and CRPS and log score of every forecaster."""

    def coverage(self, who: str = NEW, inside: tuple[float, float] = (0.05, 0.95)) -> float:
        """Part of the observations that an interval of a forecaster holds.

        Parameters
        ----------
        who
            The forecaster.
        inside
            Ends of the interval, as quantiles.
        """
        frame = self.observations
        low, high = (frame[f"{who} {level:g}"] for level in inside)
        return float(((frame["observed"] >= low) & (frame["observed"] <= high)).mean())

    def comparison(self) -> pd.DataFrame:
        """Mean scores of each forecaster, and by how much the model is ahead with a standard error."""
        return compare(self.episodes, [NEW, *RIVALS])


def compare(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Weighted mean scores over episodes; lead of the first forecaster over each, with standard errors.

    Parameters
    ----------
    frame
        One row an episode with columns ``weight``, ``NAME crps`` and ``NAME log score``.
    names
        The forecasters.
    """
    weight = frame["weight"].to_numpy(float)
    weight = weight / weight.sum()
    rows = []
    for name in names:
        row: dict[str, float | str] = {"forecaster": name}
        for score, sign in (("crps", -1.0), ("log score", 1.0)):
            own = frame[f"{name} {score}"].to_numpy(float)
            lead = sign * (frame[f"{names[0]} {score}"].to_numpy(float) - own)
            mean = float(weight @ lead)
            row |= {
                score: float(weight @ own),
                f"{score} lead": mean,
                f"{score} error": float(
                    np.sqrt((weight**2) @ (lead - mean) ** 2 * len(lead) / max(1, len(lead) - 1))
                ),
            }
        rows.append(row)
    return pd.DataFrame(rows).set_index("forecaster")


def leave_out(
    found: Mapping[str, Episode],
    who: Mapping[str, Forecaster] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    only: Sequence[str] | None = None,
    without: Sequence[str] = (),
    progress: Progress = silent,
) -> LeftOut:
    """Foresee each episode from all others.

    Parameters
    ----------
    found
        Episodes by name.
    who
        Forecasters by name. None: the model and its rivals.
    draws
        Draws of each forecast.
    seed
        Seed of the draws.
    only
        Episodes that are left out in turn. None: all.
    without
        Episodes that are never learned from.
    progress
        Called with what is being done.

    Returns
    -------
    LeftOut
        Forecasts and scores.
    """
    every = list(found.values())
    who = forecasters(every) if who is None else who
    seen = sample(every)
    whole: dict[str, Fitted] = {}
    heads: dict[str, dict[str, float | str]] = {}
    rows: dict[tuple[str, str], dict[str, float | str]] = {}
    asked = list(found) if only is None else list(only)
    for done, (name, model) in enumerate(who.items()):
        usable = [p for p, one in enumerate(found) if one not in without]
        whole[name] = fit(model, seen, usable)
        for number, left in enumerate(asked):
            text = _("Leaving out {episode}: {forecaster}").format(episode=left, forecaster=_(name))
            progress(text, (done + number / len(asked)) / len(who))
            place = list(found).index(left)
            episode = every[place]
            known = fit(model, seen, [p for p in usable if p != place], near=whole[name])
            ahead = foresee(model, seen, place, known, draws, seed)
            own = crps(ahead.drawn, seen.response[place][seen.seen[place]])
            head = heads.setdefault(left, {"episode": left, "weight": episode.row.weight})
            head |= {
                f"{name} crps": float(own.mean()),
                f"{name} log score": float(log_scores(ahead, seen, place).mean()),
            }
            ends = np.quantile(ahead.drawn, LEVELS, axis=0)
            for i, one in enumerate(episode.observations):
                row = rows.setdefault(
                    (left, one.id),
                    {
                        "observation": one.id, "episode": left, "title": episode.row.title,
                        "place": episode.place(one), "stage": str(one.stage),
                        "months": episode.month(one.month), "observed": one.response,
                    },
                )  # fmt: skip
                row |= {f"{name} {level:g}": float(ends[k, i]) for k, level in enumerate(LEVELS)}
                row[f"{name} crps"] = float(own[i])
    return LeftOut(pd.DataFrame(list(rows.values())), pd.DataFrame(list(heads.values())))
