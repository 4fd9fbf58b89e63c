"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from contraflow import case as case_layer
from contraflow import network as network_layer
from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray, Progress, silent
from contraflow._version import __version__
from contraflow.analysis.conflicts import Conflicts, tension
from contraflow.analysis.dynamic_patterns import PATTERN_REPLICATES
from contraflow.analysis.historical_run import Span, forecast_history
from contraflow.analysis.pattern_validation import Verdicts, validate
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.arrests import Arrest
from contraflow.dynamics.simulator import Simulator, settle_clans
from contraflow.errors import ComparisonError, ConvergenceError, ObservationError, PolicyError
from contraflow.inference import store
from contraflow.inference.calibration import Settings, infer, judge
from contraflow.inference.likelihood import make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.inference.prior import Prior
from contraflow.lab import scenario
from contraflow.lab.outcome import Comparison, EquilibriumSearch, Outcome
from contraflow.lab.scenario import CLANS, REPLICATES, Scenario, TimelineSpec
from contraflow.lab.trajectories import History, Simulation
from contraflow.model import Model, keep_compiled_code
from contraflow.model.numerics import jnp
from contraflow.model.root_finding import HISTORY, TOLERANCE
from contraflow.policy import Responder, describe, levels, make_levers
from contraflow.policy.responder import Reference
from contraflow.results.dataset import make_dataset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from contraflow.analysis.hindcast import Hindcast
    from contraflow.lab.sensitivity import QuantityOfInterest
    from contraflow.results.explanation import Explanation


KEPT = 200
"""Draws that results carry."""

SEARCHED = 8
"""Draws in which other equilibria are looked for."""

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
        method: str | Method = Settings.method,
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

        ``method`` is ``laplace`` (a quick approximation), ``nuts`` (Markov chains, minutes) or ``best``
        (the best fit alone). Results carry ``keep`` of the draws. Claims dated after ``until`` are withheld.
        Chains that cannot be trusted are refused unless ``accept_poor``. Raises NetworkError,
        ObservationError or ConvergenceError.

        Examples
        --------
        >>> case.calibrate()
        <Lab example: 17 nodes, 18 arcs, 200 draws; quick approximation: ...>
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

    def central_values(self) -> Lab:
        """A lab with one draw, the central values of all ranges: not calibrated, nor a sample of the prior.

        Quick, and right for a look at a case; it has no intervals and knows nothing of the claims. Raises
        NetworkError.

        Examples
        --------
        >>> case.central_values()
        <Lab example: 17 nodes, 18 arcs, 1 draw; not calibrated>
        """
        return central_values(self)


def load(case: str | Path) -> OpenCase:
    """Load a shipped case by name, or a folder. Raises CaseError with every problem found.

    Examples
    --------
    >>> cf.load("example").info.title
    'Mirania, an invented country'
    """
    loaded = case_layer.load(case)
    return OpenCase(**{name: getattr(loaded, name) for name in loaded.__dataclass_fields__})


def responder(case: Case) -> Responder:
    """The model of a case with its measures. Raises NetworkError."""
    network = network_layer.build(case)
    return Responder(Model(network), make_levers(network))


def central_values(case: Case) -> Lab:
    """A lab with one draw, the central values of all ranges: not calibrated, nor a sample of the prior."""
    keep_compiled_code()
    response = responder(case)
    return Lab(
        case, response, response.model.network.ledger.value[None], None, np.zeros(0, dtype=np.int64), 0
    )


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
    say = progress or silent
    say("Building the network")
    response = responder(case)
    target = LogPosterior(Prior(response.model.network.ledger), make_likelihood(response, until))
    name = store.key(target, chosen)
    posterior = None if fresh else store.recall(name, target)
    if posterior is None:
        say("Compiling the model, once for this version")
        in_threads(lambda task: task(), target.compile_tasks())
        posterior = infer(target, chosen, say)
        store.keep(name, posterior)
    if not accept_poor:
        judge(posterior)
    return _lab(case, response, posterior, keep)


def _lab(case: Case, response: Responder, posterior: Posterior, keep: int) -> Lab:
    picks = posterior.picks(keep)
    if not picks.size:
        raise ConvergenceError(
            "No draw of the posterior has an equilibrium in every year that claims observe."
        )
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
    ledger: FloatArray
    posterior: Posterior | None
    picks: IntArray
    seed: int

    @property
    def network(self) -> network_layer.Network:
        """The network behind the lab."""
        return self.responder.model.network

    @cached_property
    def _compiled(self) -> Responder:
        """The responder, with what answers need compiled side by side."""
        in_threads(lambda task: task(), self.responder.compile_tasks(len(self.ledger)))
        return self.responder

    @cached_property
    def _references(self) -> Reference:
        references: Reference = self.responder.references(jnp.asarray(self.ledger))
        return references

    @cached_property
    def _baseline(self) -> Outcome:
        draws, unknowns = len(self.ledger), self.responder.model.unknowns
        data = self._label(self.responder.levers.baseline, np.zeros((draws, unknowns)), {}, "Baseline")
        unsold = (data["sold"] <= 0).mean("draw")
        empty = unsold["market"].values[unsold.values > 0.5]
        if empty.size:
            raise ConvergenceError(
                f"Nothing is sold in the baseline at {', '.join(empty)}: no way there pays. "
                "Look at the costs and margins on the way, or at the price."
            )
        return Outcome("Baseline", {}, self.network, data)

    def baseline(self) -> Outcome:
        """The economy as it is in the baseline years. Raises ConvergenceError if a market gets nothing.

        Examples
        --------
        >>> lab.baseline().summary().loc["exports", "unit"]
        't/yr'
        """
        return self._baseline

    def respond(self, policy: Mapping[str, float], title: str | None = None) -> Outcome:
        """The economy once it has settled under a policy, a mapping from measure to level.

        Measures that are not named keep their baseline level. The equilibrium is sought from several
        starts; others than the one reached from the baseline are in the outcome's ``alternatives``.
        Raises PolicyError for a wrong level, ConvergenceError if no equilibrium is found.

        Examples
        --------
        >>> lab.respond({"radar": 1, "interceptors": 4}, "Shut the sky").title
        'Shut the sky'
        """
        wanted = levels(self.case, self.responder.levers.baseline, policy)
        found = self._search(wanted)
        self.baseline()
        solved = found.solved
        some = np.asarray(solved.any(axis=1))
        if some.mean() <= 0.5:
            raise ConvergenceError(self._not_found(policy, found))
        chosen = solved.argmax(axis=1)
        kind = _distinct(found.state, solved)
        search = EquilibriumSearch(
            residual=found.residual,
            history=found.history,
            evaluations=found.evaluations.astype(np.int64),
            equilibria=np.maximum(kind.max(axis=1) + 1, 0),
        )
        name = title or describe(self.case, policy)

        draws = len(self.ledger)

        def outcome(pick: IntArray, title: str, alternatives: tuple[Outcome, ...]) -> Outcome:
            state = found.state[np.arange(draws), pick]
            data = self._label(wanted, state, policy, title, some)
            return Outcome(title, dict(policy), self.network, data, search, alternatives)

        others = []
        for number in range(1, int(search.equilibria.max())):
            pick = np.where((kind == number).any(axis=1), (kind == number).argmax(axis=1), chosen)
            others.append(outcome(pick, f"{name} (equilibrium {number + 1})", ()))
        return outcome(chosen, name, tuple(others))

    def _search(self, wanted: FloatArray) -> _Found:
        """Equilibria of all draws: from the baseline, and from all other starts for some draws and for those
        in which that fails."""
        starts = np.asarray(self.responder.model.starts())
        draws, tries = len(self.ledger), len(starts)
        found = _nothing_found(draws, tries, starts.shape[1])

        def solve(draw: IntArray, start: IntArray) -> None:
            if not draw.size:
                return
            root = self._compiled.solve(
                self.ledger,
                self._references,
                np.broadcast_to(wanted, (draw.size, wanted.size)),
                draw,
                starts[start],
            )
            found.state[draw, start], found.residual[draw, start] = root.state, root.residual
            found.history[draw, start], found.evaluations[draw, start] = root.history, root.evaluations
            found.solved[draw, start] = root.solved & ~self._cut_off(draw, root.state).any(axis=1)

        solve(np.arange(draws), np.zeros(draws, dtype=np.int64))
        some = np.unique(np.linspace(0, draws - 1, min(draws, SEARCHED)).round().astype(np.int64))
        again = np.union1d(some, np.flatnonzero(~found.solved[:, 0]))
        solve(np.repeat(again, tries - 1), np.tile(np.arange(1, tries), again.size))
        return found

    def simulate(
        self,
        timeline: TimelineSpec = None,
        *,
        years: int = 10,
        first: int | None = None,
        clans: int = CLANS,
        replicates: int = REPLICATES,
        search_strategy: str | SearchStrategy = SearchStrategy.EVEN,
        arrests: Sequence[Arrest] = (),
        behaviour: Mapping[str, float] | None = None,
        informed: bool = False,
        budget: float | None = None,
        seed: int | None = None,
        title: str | None = None,
        progress: Progress | None = None,
    ) -> Simulation:
        """The economy month by month: clans that learn, a state that reacts.

        ``timeline`` is a policy (held from the first month), policies by date (``{1: {...}, 4: {...}}`` for
        years of the run, or calendar dates with ``first``, the first year), ``"events"`` for the case's own
        events, or names of measures whose events hold while others stay. ``search_strategy`` says how the
        state spreads its searches: ``even``, ``concentrate``, ``random``, ``chase`` last year's seizures,
        ``optimise``. ``behaviour`` fixes numbers that are otherwise drawn from the ranges of the rows
        ``behaviour-NAME`` of the ledger, in the units of :data:`contraflow.case.behaviour.BEHAVIOUR` (times
        in months); with ``informed`` clans know the true losses. ``budget`` caps the state's costed
        spending, in million USD a year. Draws of the posterior are spread over the replicates; runs on the
        same seed have the same random draws. Interrupted, what is done is kept. Raises PolicyError.

        Examples
        --------
        >>> run = lab.simulate({"radar": 1}, years=2, clans=100, replicates=2)
        >>> list(run.yearly().loc["exports"].index)
        [0, 1, 2]
        """
        try:
            chosen = SearchStrategy(search_strategy)
        except ValueError:
            known = ", ".join(c.value for c in SearchStrategy)
            raise PolicyError(
                f"There is no search strategy '{search_strategy}'. There are: {known}."
            ) from None
        path, name = scenario.timeline_of(self.responder, timeline, years, first)
        asked = Scenario(
            path, title or name, clans, replicates, chosen, tuple(arrests), behaviour, informed, budget
        )
        keep_compiled_code()
        return scenario.simulate(
            self.case,
            self._simulator(clans, informed),
            self.ledger,
            asked,
            self.seed if seed is None else seed,
            __version__,
            progress,
        )

    def _simulator(self, clans: int, informed: bool) -> Simulator:
        """The simulator for a number of clans, made once."""
        known = self._simulators
        if (clans, informed) not in known:
            found = settle_clans(self.responder, clans)
            known[clans, informed] = Simulator(self.responder, found, informed)
        return known[clans, informed]

    @cached_property
    def _simulators(self) -> dict[tuple[int, bool], Simulator]:
        return {}

    def answers(self, progress: Progress | None = None) -> list[tuple[schema.Question, Outcome]]:
        """The case's headline questions, each with its outcome."""
        result: list[tuple[schema.Question, Outcome]] = []
        for question in self.case.info.questions:
            if progress is not None:
                progress(f"Answering: {question.title}", len(result) / len(self.case.info.questions))
            result.append((question, self.respond(question.policy, question.title)))
        return result

    def validate(self, *, replicates: int = PATTERN_REPLICATES, progress: Progress | None = None) -> Verdicts:
        """Every documented pattern against the model; those that take time are simulated in so many
        ``replicates``, or not at all if those are none.

        Raises ObservationError, PolicyError.
        """
        return validate(self.responder, self.ledger, self._references, replicates, self.seed, progress)

    def claims(self) -> pd.DataFrame:
        """Every claim, what the model says, and how far off it is in standard deviations."""
        from contraflow.inference.posterior_tables import claims_table

        return claims_table(self.case, self.posterior)

    def predictions(self, *, fitted: bool = False) -> pd.DataFrame:
        """Every claim kept to be predicted: observed, foreseen under its year's measures, and naive.

        ``naive`` is the forecast that nothing changes, the model's baseline; errors are logarithms of
        forecast over observation. With ``fitted`` also the fitted claims of the same series.
        """
        from contraflow.analysis.out_of_sample import predictions_table

        return predictions_table(self.case, self.posterior, fitted=fitted)

    def prediction_errors(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Mean absolute log error of the predictions and of the naive forecast, by quantity and country.

        Of claims dated from the year ``first`` to ``last``; of all unless given.
        """
        from contraflow.analysis.out_of_sample import errors_table

        return errors_table(self.predictions(), first, last)

    def hindcast(self) -> Hindcast:
        """Claims dated after the last year that calibrates, predicted: coverage and scores.

        Withhold more with ``calibrate(until=YEAR)``. Raises ObservationError if nothing is withheld.
        """
        from contraflow.analysis.hindcast import hindcast

        if self.posterior is None:
            raise ObservationError("A lab that is not calibrated predicts nothing: call calibrate() first.")
        return hindcast(self.case, self.posterior)

    def history(
        self,
        *,
        first: int | None = None,
        last: int | None = None,
        clans: int = CLANS,
        replicates: int = REPLICATES,
        progress: Progress | None = None,
    ) -> History:
        """The case's events told forward month by month, against what was observed year by year.

        From the year ``first``, by default the first of the baseline, to ``last``, by default the last that
        a claim is dated in. Raises ObservationError for a lab without draws, PolicyError for no year at all.
        """
        if self.posterior is None or self.posterior.draws < 2:
            raise ObservationError("A history needs draws: calibrate with method='laplace' or 'nuts'.")
        dated = [int(c.year[-4:]) for c in self.posterior.log_posterior.likelihood.claims if c.year]
        begins = self.case.info.baseline[0] if first is None else first
        ends = max(dated, default=begins) if last is None else last
        if ends < begins:
            raise PolicyError(
                f"A history from {begins} to {ends} has no year. Give an earlier first or a later last."
            )
        spread = np.linspace(0, len(self.picks), replicates, endpoint=False).astype(np.int64)
        keep_compiled_code()
        forecast = forecast_history(
            self.posterior,
            self._simulator(clans, False),
            self.picks[spread],
            Span(begins, ends - begins + 1),
            self.seed,
            progress,
        )
        return History(self.case, self.posterior, forecast)

    def explain(
        self,
        outcome: Outcome | Comparison,
        quantity: str,
        *,
        against: Outcome | None = None,
        refits: int = 3,
        progress: Progress | None = None,
    ) -> Explanation:
        """What a headline figure of an outcome rests on: claims, assumptions, functional form.

        ``quantity`` is a row of ``outcome.summary()``. With ``against``, or for a comparison, its change is
        explained. At most ``refits`` fits are made anew where importance weights fail. Raises
        ComparisonError for an unknown figure and for a lab without draws.

        Examples
        --------
        >>> why = lab.explain(change, "exports", refits=0)
        >>> why.subject
        'change of exports under “Shut the sky”'
        >>> why.numbers["number"][0]
        'theta-livelihood'
        """
        from contraflow.lab import sensitivity

        return sensitivity.explain(self._subject(outcome, quantity, against), refits, progress or silent)

    def worth_knowing(
        self,
        outcome: Outcome | Comparison | None = None,
        quantity: str = "exports",
        *,
        against: Outcome | None = None,
        outcomes: Sequence[Outcome] | None = None,
        lower_is_better: bool = True,
    ) -> pd.DataFrame:
        """Facts ranked by what it would be worth to know them.

        For one ``outcome``: the share of the figure's variance that each would take away. For several
        ``outcomes``, policies to choose among: how much better the choice of the lowest figure (or the
        highest, unless ``lower_is_better``) would get on average, in the figure's unit. Raises
        ComparisonError for an unknown figure and for a lab without draws.

        Examples
        --------
        >>> facts = lab.worth_knowing(shut, "exports")
        >>> list(facts.columns[:3])
        ['fact', 'kind', 'what']
        """
        from contraflow.lab import value_of_information

        if (outcome is None) == (outcomes is None):
            raise ComparisonError("Give one outcome to narrow, or outcomes=[...] to choose among.")
        if outcome is not None:
            return value_of_information.worth_knowing(self._subject(outcome, quantity, against))
        if len(outcomes or ()) < 2:
            raise ComparisonError("outcomes holds fewer than two policies: there is nothing to choose.")
        abouts = [self._subject(one, quantity, against) for one in outcomes or ()]
        return value_of_information.worth_deciding(abouts, lower_is_better)

    def _subject(
        self, outcome: Outcome | Comparison, quantity: str, against: Outcome | None
    ) -> QuantityOfInterest:
        from contraflow.lab.sensitivity import subject

        return subject(self.case, self.responder, self.posterior, self.picks, outcome, quantity, against)

    def tension(self, progress: Progress | None = None) -> Conflicts:
        """Where the evidence disagrees: how surprising each claim is, which claims were outvoted and by
        whom, and for claims that cannot all be true what each side implies.

        Raises ConvergenceError for a lab that is not calibrated.

        Examples
        --------
        >>> lab.tension()
        <Conflicts: 0 of 3 fitted claims outvoted, 0 others missed; 1 disagreements>
        """
        if not self._tensions:
            if self.posterior is None:
                raise ConvergenceError("Claims cannot be weighed before the case is calibrated.")
            if self.posterior.draws < 2:
                raise ConvergenceError(
                    "One best fit cannot tell how surprising a claim is. Calibrate with method='laplace'."
                )
            found = tension(self.case, self.posterior, self.ledger, progress or silent)
            self._tensions.append(found)
        return self._tensions[0]

    @cached_property
    def _tensions(self) -> list[Conflicts]:
        """The one tension of the lab, once it is known."""
        return []

    def checks(self) -> pd.DataFrame:
        """Posterior predictive checks: the claims against claims that the posterior makes up."""
        return self.tension().checks

    def assumptions(self) -> pd.DataFrame:
        """The ledger: every number with its range, calibrated value, unit and origin."""
        from contraflow.inference.posterior_tables import ledger_table

        return ledger_table(self.network, self.ledger)

    def _label(
        self,
        wanted: FloatArray,
        state: FloatArray,
        policy: Mapping[str, float],
        title: str,
        solved: BoolArray | None = None,
    ) -> xr.Dataset:
        draws = len(self.ledger)
        settled = self.responder.settled(
            self.ledger,
            self._references,
            np.broadcast_to(wanted, (draws, wanted.size)),
            state,
            np.arange(draws),
        )
        return make_dataset(
            self.network,
            self.ledger,
            settled,
            np.asarray(self._references.anchor.load),
            self.responder.levers.spending(self.ledger, wanted),
            {
                "title": title,
                "policy": dict(policy),
                "case": self.case.info.id,
                "fingerprint": self.case.fingerprint,
                "version": __version__,
                "seed": self.seed,
                "home": self.case.info.home,
                "method": "" if self.posterior is None else self.posterior.method.value,
            },
            solved,
        )

    def _cut_off(self, draw: IntArray, state: FloatArray) -> BoolArray:
        """Elastic markets (problem, market) that would sell less than CUT_OFF of their baseline."""
        elastic = self.network.cleared
        elasticity = self.ledger[draw][:, self.network.market_elasticity[elastic]]
        return np.asarray(elasticity * state[:, : elastic.size] > -np.log(CUT_OFF))

    def _not_found(self, policy: Mapping[str, float], found: _Found) -> str:
        draw = int(np.flatnonzero(~found.solved.any(axis=1))[0])
        tries = found.residual.shape[1]
        names = [self.network.markets[i] for i in self.network.cleared] + list(self.network.facility_ids)
        cut_off = self._cut_off(np.full(tries, draw), found.state[draw])
        lost = [names[i] for i in np.flatnonzero(cut_off.any(axis=0))]
        if lost:
            return (
                f"No equilibrium was found for {describe(self.case, policy)}: at no price does anything "
                f"reach {', '.join(lost)}, from none of {tries} starts. Try a lower level."
            )
        best = int(np.argmin(found.residual[draw]))
        worst = names[int(np.argmax(np.abs(found.state[draw, best])))]
        return (
            f"No equilibrium was found for {describe(self.case, policy)}. Tried {tries} starts "
            f"(residuals {', '.join(f'{r:.1e}' for r in found.residual[draw])}; {TOLERANCE:.0e} is needed). "
            f"The largest move is at {worst}, which may be cut off altogether. Try a lower level."
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.baseline()._repr_html_()}"

    def __repr__(self) -> str:
        """One line: case, network, how well it fits."""
        network = self.network
        fitted = "not calibrated"
        if self.posterior is not None:
            used = self.posterior.log_posterior.likelihood.fitted
            said = np.median(self.posterior.says, axis=0)
            near = int((np.abs(self.posterior.log_posterior.likelihood.standardised(said)[used]) <= 2).sum())
            fitted = (
                f"{self.posterior.method.words}; {near} of {int(used.sum())} fitted claims within two "
                "standard deviations"
            )
        return (
            f"<Lab {self.case.info.id}: {len(network.nodes)} nodes, {len(network.arcs)} arcs, "
            f"{self.ledger.shape[0]} draw{'s' if self.ledger.shape[0] > 1 else ''}; {fitted}>"
        )


class _Found(NamedTuple):
    """Equilibria sought (draw, start): each a :class:`~contraflow.model.root_finding.Root`."""

    state: FloatArray
    residual: FloatArray
    history: FloatArray
    evaluations: FloatArray
    solved: BoolArray


def _nothing_found(draws: int, tries: int, unknowns: int) -> _Found:
    shape = (draws, tries)
    return _Found(
        np.zeros((*shape, unknowns)),
        np.full(shape, np.inf),
        np.full((*shape, HISTORY), np.nan),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
    )


def _distinct(state: FloatArray, solved: BoolArray) -> IntArray:
    """Number the distinct equilibria of each draw, (draw, start); -1 for starts that found none."""
    kind = np.full(solved.shape, -1, dtype=np.int64)
    for draw in range(state.shape[0]):
        known: list[FloatArray] = []
        for start in np.flatnonzero(solved[draw]):
            here = state[draw, start]
            same = [i for i, other in enumerate(known) if np.abs(here - other).max(initial=0.0) < SAME_STATE]
            if not same:
                known.append(here)
            kind[draw, start] = same[0] if same else len(known) - 1
    return kind
