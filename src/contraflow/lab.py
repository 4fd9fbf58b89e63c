"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from contraflow import __version__
from contraflow import case as case_layer
from contraflow import network as network_layer
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.errors import ConvergenceError
from contraflow.evidence import store
from contraflow.evidence.inference import Settings, infer, judge
from contraflow.evidence.likelihood import make_likelihood
from contraflow.evidence.patterns import Verdicts, validate
from contraflow.evidence.posterior import Method, Posterior
from contraflow.evidence.priors import Prior
from contraflow.evidence.target import Target
from contraflow.evidence.tension import Tension, tension
from contraflow.model import Model, keep_compiled_code
from contraflow.model.numerics import jnp
from contraflow.model.root import TOLERANCE
from contraflow.outcome import Outcome, Search
from contraflow.policy import Responder, describe, levels, make_levers
from contraflow.policy.response import Reference
from contraflow.results.dataset import make_dataset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = npt.NDArray[np.float64]
Picks = npt.NDArray[np.int64]
Progress = Callable[[str], None]

KEPT = 200
"""Draws that results carry."""

CUT_OFF = 1e-10
"""Part of its baseline sales below which a market counts as cut off."""

SAME_STATE = 1e-6
"""Largest difference, in logarithms, of two states that count as one equilibrium."""


class OpenCase(Case):
    """A case that was loaded, with what can be done with it."""

    def network(self) -> network_layer.Network:
        """The network of the case. Raises NetworkError."""
        return network_layer.build(self)

    def calibrate(
        self,
        *,
        method: str | Method = Method.NUTS,
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
        """The posterior given the claims, or the same one computed before, unless ``fresh``.

        ``method`` is ``nuts`` (Markov chains), ``laplace`` (an approximation of seconds) or ``best`` (the
        best fit alone). Results carry ``keep`` of the draws. Claims dated after ``until`` are withheld.
        Chains that cannot be trusted are refused unless ``accept_poor``. Raises NetworkError,
        ObservationError or ConvergenceError.
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

    def prior(self) -> Lab:
        """A lab at the central values of all ranges, without calibration."""
        return prior(self)


def load(case: str | Path) -> OpenCase:
    """Load a shipped case by name, or a folder. Raises CaseError with every problem found."""
    loaded = case_layer.load(case)
    return OpenCase(**{name: getattr(loaded, name) for name in loaded.__dataclass_fields__})


def responder(case: Case) -> Responder:
    """The model of a case with its measures. Raises NetworkError."""
    network = network_layer.build(case)
    return Responder(Model(network), make_levers(network))


def prior(case: Case) -> Lab:
    """A lab at the central values of all ranges."""
    keep_compiled_code()
    response = responder(case)
    return Lab(case, response, response.model.network.ledger.value[None], None, np.zeros(0, dtype=np.int64), 0)


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
    """The posterior of a case. ``progress`` is told in words how far it is.

    A posterior of the same case, settings and code that was computed before is recalled, unless ``fresh``.
    """
    keep_compiled_code()
    chosen = settings or Settings()
    say = progress or (lambda _: None)
    say("Building the network")
    response = responder(case)
    target = Target(Prior(response.model.network.ledger), make_likelihood(response, until))
    name = store.key(target, chosen)
    posterior = None if fresh else store.recall(name, target)
    if posterior is None:
        say("Compiling the model, once for this version")
        _together([*target.compile_tasks(), *response.compile_tasks()])
        posterior = infer(target, chosen, say)
        store.keep(name, posterior)
    if not accept_poor:
        judge(posterior)
    return _lab(case, response, posterior, keep)


def _lab(case: Case, response: Responder, posterior: Posterior, keep: int) -> Lab:
    picks = posterior.picks(keep)
    if not picks.size:
        raise ConvergenceError("No draw of the posterior has an equilibrium in every year that claims observe.")
    return Lab(case, response, posterior.ledger(picks), posterior, picks, posterior.seed)


def _settings(method: str | Method, **given: int) -> Settings:
    known = ", ".join(m.value for m in Method)
    try:
        return Settings(Method(method), **given)
    except ValueError:
        raise ConvergenceError(f"There is no method '{method}'. There are: {known}.") from None


@dataclass(frozen=True, eq=False)
class Lab:
    """A case with numbers: ``ledger`` (draw, number) holds one row per draw.

    ``posterior`` is where the draws come from, ``picks`` (draw,) which of its draws they are; a lab that
    is not calibrated has none.
    """

    case: Case
    responder: Responder
    ledger: Array
    posterior: Posterior | None
    picks: Picks
    seed: int

    @property
    def network(self) -> network_layer.Network:
        """The network behind the lab."""
        return self.responder.model.network

    @cached_property
    def _references(self) -> Reference:
        references: Reference = self.responder.references(jnp.asarray(self.ledger))
        return references

    @cached_property
    def _baseline(self) -> Outcome:
        draws, unknowns = len(self.ledger), self.responder.model.unknowns
        data = self._label(self.responder.levers.baseline, np.zeros((draws, unknowns)), {}, "Baseline")
        unsold = data["sold"].min("draw")
        empty = unsold["market"].values[unsold.values <= 0]
        if empty.size:
            raise ConvergenceError(
                f"Nothing is sold in the baseline at {', '.join(empty)}: no way there pays. "
                "Look at the costs and margins on the way, or at the price."
            )
        return Outcome("Baseline", {}, self.network, data)

    def baseline(self) -> Outcome:
        """The economy as it is in the baseline years. Raises ConvergenceError if a market gets nothing."""
        return self._baseline

    def respond(self, policy: Mapping[str, float], title: str | None = None) -> Outcome:
        """The economy once it has settled under a policy, a mapping from measure to level.

        Measures that are not named keep their baseline level. The equilibrium is sought from several
        starts; others than the one reached from the baseline are in the outcome's ``alternatives``.
        Raises PolicyError for a wrong level, ConvergenceError if no equilibrium is found.
        """
        self.baseline()
        wanted = levels(self.case, self.responder.levers.baseline, policy)
        starts = self.responder.model.starts()
        draws, tries = len(self.ledger), len(starts)
        root = self.responder.solve(
            self.ledger,
            self._references,
            np.broadcast_to(wanted, (draws * tries, wanted.size)),
            np.repeat(np.arange(draws), tries),
            np.tile(starts, (draws, 1)),
        )
        state = root.state.reshape(draws, tries, -1)
        residual = root.residual.reshape(draws, tries)
        cut_off = self._cut_off(state)
        solved = (residual <= 10 * TOLERANCE) & ~cut_off.any(axis=2)
        if not solved.any(axis=1).all():
            raise ConvergenceError(self._not_found(policy, residual, state, cut_off))
        chosen = solved.argmax(axis=1)
        kind = _distinct(state, solved)
        search = Search(
            residual=residual,
            history=root.history.reshape(draws, tries, -1),
            evaluations=root.evaluations.reshape(draws, tries).astype(np.int64),
            equilibria=kind.max(axis=1) + 1,
        )
        name = title or describe(self.case, policy)

        def outcome(pick: Picks, title: str, alternatives: tuple[Outcome, ...]) -> Outcome:
            data = self._label(wanted, state[np.arange(draws), pick], policy, title)
            return Outcome(title, dict(policy), self.network, data, search, alternatives)

        others = []
        for number in range(1, int(search.equilibria.max())):
            pick = np.where((kind == number).any(axis=1), (kind == number).argmax(axis=1), chosen)
            others.append(outcome(pick, f"{name} (equilibrium {number + 1})", ()))
        return outcome(chosen, name, tuple(others))

    def answers(self, progress: Progress | None = None) -> list[tuple[schema.Question, Outcome]]:
        """The case's headline questions, each with its outcome."""
        result = []
        for question in self.case.info.questions:
            if progress is not None:
                progress(f"Answering: {question.title}")
            result.append((question, self.respond(question.policy, question.title)))
        return result

    def validate(self) -> Verdicts:
        """Every documented pattern against the model. Raises ObservationError, PolicyError."""
        return validate(self.responder, self.ledger, self._references)

    def claims(self) -> pd.DataFrame:
        """Every claim, what the model says, and how far off it is in standard deviations."""
        from contraflow.evidence.table import claims_table

        return claims_table(self.case, self.posterior)

    def predictions(self, *, fitted: bool = False) -> pd.DataFrame:
        """Every claim kept to be predicted: observed, foreseen under its year's measures, and naive.

        ``naive`` is the forecast that nothing changes, the model's baseline; errors are logarithms of
        forecast over observation. With ``fitted`` also the fitted claims of the same series.
        """
        from contraflow.evidence.predictions import predictions_table

        return predictions_table(self.case, self.posterior, fitted=fitted)

    def prediction_errors(self) -> pd.DataFrame:
        """Mean absolute log error of the predictions and of the naive forecast, by quantity and country."""
        from contraflow.evidence.predictions import errors_table

        return errors_table(self.predictions())

    def tension(self, progress: Progress | None = None) -> Tension:
        """Where the evidence disagrees: how surprising each claim is, which claims were outvoted and by
        whom, and for claims that cannot all be true what each side implies.

        Raises ConvergenceError for a lab that is not calibrated.
        """
        if not self._tensions:
            if self.posterior is None:
                raise ConvergenceError("Claims cannot be weighed before the case is calibrated.")
            found = tension(self.case, self.posterior, self.ledger, progress or (lambda _: None))
            self._tensions.append(found)
        return self._tensions[0]

    @cached_property
    def _tensions(self) -> list[Tension]:
        """The one tension of the lab, once it is known."""
        return []

    def checks(self) -> pd.DataFrame:
        """Posterior predictive checks: the claims against claims that the posterior makes up."""
        return self.tension().checks

    def assumptions(self) -> pd.DataFrame:
        """The ledger: every number with its range, calibrated value, unit and origin."""
        from contraflow.evidence.table import ledger_table

        return ledger_table(self.network, self.ledger)

    def _label(self, wanted: Array, state: Array, policy: Mapping[str, float], title: str) -> xr.Dataset:
        draws = len(self.ledger)
        settled = self.responder.settled(
            self.ledger,
            self._references,
            np.broadcast_to(wanted, (draws, wanted.size)),
            state,
            np.arange(draws),
        )
        spent = [self.responder.levers.spending(row, wanted) for row in self.ledger]
        return make_dataset(
            self.network,
            self.ledger,
            settled,
            np.asarray(self._references.anchor.load),
            np.array(spent, dtype=float),
            {
                "title": title,
                "policy": dict(policy),
                "case": self.case.info.id,
                "fingerprint": self.case.fingerprint,
                "version": __version__,
                "seed": self.seed,
                "home": self.case.info.home,
            },
        )

    def _cut_off(self, state: Array) -> npt.NDArray[np.bool_]:
        """Elastic markets (draw, start, market) that would sell less than CUT_OFF of their baseline."""
        elastic = self.network.cleared
        elasticity = self.ledger[:, self.network.market_elasticity[elastic]]
        return np.asarray(elasticity[:, None, :] * state[:, :, : elastic.size] > -np.log(CUT_OFF))

    def _not_found(
        self, policy: Mapping[str, float], residual: Array, state: Array, cut_off: npt.NDArray[np.bool_]
    ) -> str:
        failed = (residual > 10 * TOLERANCE) | cut_off.any(axis=2)
        draw = int(np.flatnonzero(failed.all(axis=1))[0])
        names = [self.network.markets[i] for i in self.network.cleared] + list(self.network.facility_ids)
        lost = [names[i] for i in np.flatnonzero(cut_off[draw].any(axis=0))]
        if lost:
            return (
                f"No equilibrium was found for {describe(self.case, policy)}: at no price does anything "
                f"reach {', '.join(lost)}, from none of {residual.shape[1]} starts. Try a lower level."
            )
        best = int(np.argmin(residual[draw]))
        worst = names[int(np.argmax(np.abs(state[draw, best])))]
        return (
            f"No equilibrium was found for {describe(self.case, policy)}. Tried {residual.shape[1]} starts "
            f"(residuals {', '.join(f'{r:.1e}' for r in residual[draw])}; {TOLERANCE:.0e} is needed). The "
            f"largest move is at {worst}, which may be cut off altogether. Try a lower level."
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.baseline()._repr_html_()}"

    def __repr__(self) -> str:
        """One line: case, network, how well it fits."""
        network = self.network
        fitted = "not calibrated"
        if self.posterior is not None:
            used = self.posterior.target.likelihood.fitted
            said = np.median(self.posterior.says, axis=0)
            near = int((np.abs(self.posterior.target.likelihood.standardised(said)[used]) <= 2).sum())
            fitted = (
                f"{self.posterior.method.words}; {near} of {int(used.sum())} fitted claims within two "
                "standard deviations"
            )
        return (
            f"<Lab {self.case.info.id}: {len(network.nodes)} nodes, {len(network.arcs)} arcs, "
            f"{self.ledger.shape[0]} draw{'s' if self.ledger.shape[0] > 1 else ''}; {fitted}>"
        )


def _together(tasks: list[Callable[[], object]]) -> None:
    """Run tasks side by side; compilation leaves Python's lock, so this halves the wait on two cores."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def _distinct(state: Array, solved: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Number the distinct equilibria of each draw, (draw, start); -1 for starts that found none."""
    kind = np.full(solved.shape, -1, dtype=np.int64)
    for draw in range(state.shape[0]):
        known: list[Array] = []
        for start in np.flatnonzero(solved[draw]):
            here = state[draw, start]
            same = [i for i, other in enumerate(known) if np.abs(here - other).max(initial=0.0) < SAME_STATE]
            if not same:
                known.append(here)
            kind[draw, start] = same[0] if same else len(known) - 1
    return kind
