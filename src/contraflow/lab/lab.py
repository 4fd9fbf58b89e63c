"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
from contraflow.dynamics.adjustment import Adjustment, Step, with_behaviour
from contraflow.dynamics.arrests import Arrest
from contraflow.dynamics.month import MONTHS
from contraflow.dynamics.simulator import Simulator, settle_clans
from contraflow.dynamics.timeline import Timeline, for_months
from contraflow.errors import ComparisonError, ConvergenceError, ObservationError, PolicyError
from contraflow.inference import store
from contraflow.inference.calibration import Settings, infer, judge
from contraflow.inference.likelihood import make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.inference.prior import Prior
from contraflow.lab import scenario
from contraflow.lab.equilibrium_search import cut_off, searched_again
from contraflow.lab.outcome import Comparison, EquilibriumSearch, Outcome
from contraflow.lab.scenario import CLANS, REPLICATES, Scenario, TimelineSpec
from contraflow.lab.trajectories import History, Simulation
from contraflow.lab.transition_path import TransitionPath, follow
from contraflow.model import Model, keep_compiled_code
from contraflow.model.numerics import jnp
from contraflow.model.root_finding import HISTORY, TOLERANCE
from contraflow.policy import Responder, describe, levels, make_levers
from contraflow.policy.horizon import LONG_RUN, in_words, in_years
from contraflow.policy.responder import Reference, Settled
from contraflow.results.dataset import make_dataset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from contraflow.analysis.hindcast import Hindcast
    from contraflow.lab.policy_ensemble import Ensemble
    from contraflow.lab.policy_table import PolicyTable
    from contraflow.lab.sensitivity import QuantityOfInterest
    from contraflow.results.explanation import Explanation


KEPT = 200
"""Draws of the posterior that results carry, by default."""

SAME_STATE = 1e-6
"""Largest difference, in logarithms, between two states that count as one equilibrium."""


class OpenCase(Case):
    """A case that was loaded: its tables, and methods that build and calibrate its model."""

    def network(self) -> network_layer.Network:
        """The network of the case: nodes, arcs and the ledger of numbers.

        Returns
        -------
        contraflow.network.Network
            One node per form and place, one arc per option to move, make or grow something.

        Raises
        ------
        NetworkError
            If the tables do not make a network that goods can cross; lists every problem.

        Examples
        --------
        >>> len(case.network().arcs)
        18
        """
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
        """Calibrate the model to the claims of the case.

        A posterior of the same case, settings and code that was computed before is read from disk.

        Parameters
        ----------
        method
            ``laplace`` (a quick approximation around the best fit), ``nuts`` (Markov chains, which take
            longer) or ``best`` (the best fit alone, without intervals).
        seed
            Seed of all random draws.
        chains
            Number of Markov chains, for ``nuts``.
        draws
            Draws per chain for ``nuts``, in all for ``laplace``.
        warm_up
            Steps of each chain before its draws, for ``nuts``.
        keep
            Draws that results carry, at most; spread evenly over the posterior.
        until
            Withhold claims dated after this year. None: the last year of the baseline.
        accept_poor
            Accept chains whose diagnostics are bad.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.
        fresh
            Compute the posterior even if it is on disk.

        Returns
        -------
        Lab
            The calibrated case, ready to be asked.

        Raises
        ------
        NetworkError
            If the tables do not make a network.
        ObservationError
            If a claim selects nothing in the model.
        ConvergenceError
            If the method is unknown, no fit is found, or the chains are too poor and ``accept_poor`` is
            false.

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
        """A lab with a single draw: the central value of every range.

        Quick, and enough for a first look at a case. It is neither calibrated nor a sample of the prior: it
        has no intervals and takes no account of the claims.

        Returns
        -------
        Lab
            A lab without a posterior.

        Raises
        ------
        NetworkError
            If the tables do not make a network.

        Examples
        --------
        >>> case.central_values()
        <Lab example: 17 nodes, 18 arcs, 1 draw; not calibrated>
        """
        return central_values(self)


def load(case: str | Path) -> OpenCase:
    """Load a case.

    Parameters
    ----------
    case
        Name of a shipped case, or the path of a folder. A name that is both means the shipped case: write
        ``./name`` or pass a Path for the folder.

    Returns
    -------
    OpenCase
        The checked tables, with all numbers in the units of the model: kg, USD of the baseline year, ha, km,
        year, person.

    Raises
    ------
    CaseError
        If there is no such case or it is not well formed; lists every problem.

    Examples
    --------
    >>> cf.load("example").info.title
    'Mirania, an invented country'
    """
    loaded = case_layer.load(case)
    return OpenCase(**{f.name: getattr(loaded, f.name) for f in fields(loaded) if f.init})


def responder(case: Case) -> Responder:
    """The model of a case with the levers of its measures. Raises NetworkError."""
    network = network_layer.build(case)
    return Responder(Model(network), make_levers(network))


def central_values(case: Case) -> Lab:
    """A lab with a single draw, the central value of every range; see :meth:`OpenCase.central_values`."""
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
    """Calibrate the model of a case; see :meth:`OpenCase.calibrate` for the keywords and the errors.

    Parameters
    ----------
    case
        The case.
    settings
        Method, seed, and number of chains, warm-up steps and draws. None: the defaults.
    keep, until, accept_poor, progress, fresh
        As for :meth:`OpenCase.calibrate`.

    Returns
    -------
    Lab
        The calibrated case.
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
    ledger = with_behaviour(response.model.network, posterior.ledger(picks), posterior.seed)
    return Lab(case, response, ledger, posterior, picks, posterior.seed)


def _settings(method: str | Method, **given: int) -> Settings:
    known = ", ".join(m.value for m in Method)
    try:
        return Settings(Method(method), **given)
    except ValueError:
        raise ConvergenceError(f"There is no method '{method}'. There are: {known}.") from None


@dataclass(frozen=True, eq=False)
class Lab:
    """A case with numbers, which answers what a policy would do.

    Made by :meth:`OpenCase.calibrate` or :meth:`OpenCase.central_values`.
    """

    case: Case
    """The case."""
    responder: Responder
    """The model with the levers of the measures."""
    ledger: FloatArray
    """Numbers of the model in every draw (draw, number), in the order of ``network.ledger.ids``."""
    posterior: Posterior | None
    """The posterior from which the draws come; None without calibration."""
    picks: IntArray
    """Which draws of the posterior these are (draw,); empty without calibration."""
    seed: int
    """Seed of the calibration, and of simulations unless they have their own."""

    @property
    def network(self) -> network_layer.Network:
        """The network of the model."""
        return self.responder.model.network

    @cached_property
    def _compiled(self) -> Responder:
        """The responder, with the functions that answers need compiled in parallel."""
        in_threads(lambda task: task(), self.responder.compile_tasks())
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
        """The economy of the baseline years, without any change of policy.

        Returns
        -------
        Outcome
            The baseline, in every draw of the lab.

        Raises
        ------
        ConvergenceError
            If nothing is sold at some market in most of the draws.

        Examples
        --------
        >>> lab.baseline().summary().loc["exports", "unit"]
        't/yr'
        """
        return self._baseline

    def respond(
        self,
        policy: Mapping[str, float],
        title: str | None = None,
        *,
        after: str | float = LONG_RUN,
    ) -> Outcome:
        """The economy under a policy, some time after it begins.

        By default that is the long run: the economy has settled and everybody has reconsidered. After a
        shorter time some still do what they did before, and what they would send by a way that no longer
        pays waits (``data["waiting"]``).

        The equilibrium is sought from several starting points. Equilibria other than the one reached from the
        baseline are in the outcome's ``alternatives``.

        Parameters
        ----------
        policy
            Level of each measure, by its id, in the measure's own unit. Measures that are not named keep
            their baseline level.
        title
            Title of the outcome. None: the measures and their levels.
        after
            Time since the policy began: ``"3 months"``, ``"1 year"``, ``"5 years"``, a number of years, or
            ``"long run"``. Prices on the way are not followed; beyond a year :meth:`path` is better.

        Returns
        -------
        Outcome
            The equilibrium in every draw; draws in which none was found are marked in ``data["solved"]``.

        Raises
        ------
        PolicyError
            For an unknown measure, a level that is negative or above the measure's maximum, or a horizon
            that cannot be read.
        ConvergenceError
            If no equilibrium is found in half of the draws or more; says what was tried.

        Examples
        --------
        >>> lab.respond({"radar": 1, "interceptors": 4}, "Shut the sky").title
        'Shut the sky'
        """
        wanted = levels(self.case, self.responder.levers.baseline, policy)
        years = in_years(after)
        found = self._search(wanted, years)
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
            data = self._label(wanted, state, policy, title, some, years)
            return Outcome(title, dict(policy), self.network, data, search, alternatives)

        others = []
        for number in range(1, int(search.equilibria.max())):
            pick = np.where((kind == number).any(axis=1), (kind == number).argmax(axis=1), chosen)
            others.append(outcome(pick, f"{name} (equilibrium {number + 1})", ()))
        return outcome(chosen, name, tuple(others))

    def respond_many(
        self,
        policies: pd.DataFrame | Iterable[Mapping[str, float]] | PolicyTable,
        *,
        cluster: Any = None,
        out: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Ensemble:
        """Headline figures of many policies in the long run, here or on the machines of a cluster.

        Figures are those of :meth:`respond` to the last bit, wherever and by however many workers they are
        computed; the local price is quoted where the baseline quotes it, as in a comparison.
        Other equilibria are sought only where the baseline leads to none.

        Parameters
        ----------
        policies
            Policies one after the other, each with its levels by measure; or a DataFrame with a column for
            each measure (missing: as in the baseline) and, if policies have names, a column ``policy``.
        cluster
            Address of a scheduler of Dask, or a client or cluster of Dask, whose workers have the same
            version of Contraflow. None: this process.
        out
            Folder for a Zarr store, into which figures are written as they come. If it holds the beginning
            of the same ensemble, the run goes on where that stopped. None: figures stay in memory.
        progress
            Callback ``progress(message, fraction=None)``, with the part done; says how long the rest takes.

        Returns
        -------
        Ensemble
            Figures by policy and draw; NaN in draws without an equilibrium, in as many draws as there may be.

        Raises
        ------
        PolicyError
            For an unknown measure or a level out of range; says of which policies.
        ConvergenceError
            If nothing is sold at some market of the baseline.
        OutputError
            If ``out`` holds something else or an ensemble of other policies, draws, case or code, cannot be
            written, or is left out although the figures do not fit into memory.
        ClusterError
            If Dask is not installed, no scheduler answers, or a worker has other code or libraries.

        Examples
        --------
        >>> lab.respond_many([{"radar": level} for level in (0.25, 0.5, 1)])
        <Ensemble example: 3 policies in 200 draws>
        """
        from contraflow.lab.policy_ensemble import respond_many

        base = self.baseline().data
        return respond_many(
            self.case,
            self.responder,
            self.ledger,
            base,
            policies,
            cluster=cluster,
            out=out,
            progress=progress,
        )

    @cached_property
    def _adjustment(self) -> Adjustment:
        """The draws with their paces, whose economies adjust to policies."""
        return Adjustment(self._compiled, self.ledger)

    def _search(self, wanted: FloatArray, years: float = math.inf) -> _Found:
        """Equilibria of all draws: from the baseline in every draw, and from all other starting points in
        some draws and wherever the baseline leads to none.
        """
        starts = np.asarray(self.responder.model.starts())
        draws, tries = len(self.ledger), len(starts)
        found = _nothing_found(draws, tries, starts.shape[1])

        def solve(draw: IntArray, start: IntArray) -> None:
            if not draw.size:
                return
            each = np.broadcast_to(wanted, (draw.size, wanted.size))
            if years == math.inf:
                root = self._compiled.solve(self.ledger, self._references, each, draw, starts[start])
            else:
                root = self._adjustment.solve(each, years, draw, starts[start])
            found.state[draw, start], found.residual[draw, start] = root.state, root.residual
            found.history[draw, start], found.evaluations[draw, start] = root.history, root.evaluations
            found.solved[draw, start] = root.solved & ~self._cut_off(draw, root.state).any(axis=1)

        solve(np.arange(draws), np.zeros(draws, dtype=np.int64))
        again = searched_again(found.solved[:, 0])
        solve(np.repeat(again, tries - 1), np.tile(np.arange(1, tries), again.size))
        return found

    def path(
        self,
        timeline: TimelineSpec,
        *,
        years: int = 5,
        months: int | None = None,
        first: int | None = None,
        title: str | None = None,
        progress: Progress | None = None,
    ) -> TransitionPath:
        """Follow the economy from the baseline along a policy or a timeline.

        Prices clear in every step of a quarter, or of a month in the quarter after a change. At once people
        substitute little; they reconsider at the paces of the ledger's rows ``behaviour-growers``,
        ``-crop-buyers``, ``-traders`` and ``-carriers``. A path has no chance in it and no memory but what
        people are used to and fear; its end is the long run.

        Parameters
        ----------
        timeline
            A policy, which holds from the beginning; policies by date (``{1: {...}, 4: {...}}`` for years of
            the path, or calendar dates if ``first`` is given); a
            :class:`~contraflow.dynamics.timeline.Timeline`; or, with ``first``, the ids of measures whose
            events hold, or ``"events"`` for all.
        years
            Length of the path, from 1 to 100.
        months
            Months after which a policy ends, for a blockade, a curfew or an operation. None: it stays.
        first
            The first calendar year. None: years are counted from 1.
        title
            Title of the path. None: the policy in words.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

        Returns
        -------
        TransitionPath
            The economy in every step and draw.

        Raises
        ------
        PolicyError
            If the timeline cannot be read, starts before the case's baseline, or is not a policy although it
            is to end after some months.
        ConvergenceError
            If markets fail to clear in half of the draws or more.

        Examples
        --------
        >>> lab.path({"radar": 1}, years=1).ends.round(2).tolist()
        [0.08, 0.17, 0.25, 0.5, 0.75, 1.0]
        """
        begins = int(self.case.info.baseline[0])
        if first is not None and first < begins:
            raise PolicyError(
                f"A path starts from the baseline, which is that of {begins}: give {begins} or a later year."
            )
        if months is not None:
            policy = scenario.plain_policy(timeline)
            title = title or f"{describe(self.case, policy)}, for {in_words(months / MONTHS)}"
            timeline = for_months(self.responder.levers, policy, months, years)
        spec, name = scenario.timeline_of(self.responder, timeline, years, first)
        (found,) = self._follow([(title or name, spec)], progress)
        if isinstance(found, ConvergenceError):
            raise found
        return found

    def paths(
        self,
        policies: Sequence[Mapping[str, float]],
        titles: Sequence[str] | None = None,
        *,
        years: int = 5,
        progress: Progress | None = None,
    ) -> list[TransitionPath | ConvergenceError]:
        """Follow the economy along several policies at once, which takes less time than one after the other.

        Parameters
        ----------
        policies
            The policies, each of which holds from the beginning.
        titles
            Titles of the paths. None: the policies in words.
        years
            Length of the paths, from 1 to 100.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

        Returns
        -------
        list
            In the order of ``policies``: the path as of :meth:`path`, or the error that it raises where
            markets fail to clear.

        Raises
        ------
        PolicyError
            For a policy or a number of years that cannot be read.

        Examples
        --------
        >>> [path.title for path in lab.paths([{"radar": 1}, {}], ["Radar", "Nothing"], years=1)]
        ['Radar', 'Nothing']
        """
        specs = [scenario.timeline_of(self.responder, policy, years, None) for policy in policies]
        names = [name for _, name in specs] if titles is None else titles
        named = [(name, timeline) for name, (timeline, _) in zip(names, specs, strict=True)]
        return self._follow(named, progress) if named else []

    def _follow(
        self, timelines: Sequence[tuple[str, Timeline]], progress: Progress | None
    ) -> list[TransitionPath | ConvergenceError]:
        return follow(self._adjustment, self.baseline(), timelines, self._label_step, progress or silent)

    def _label_step(self, step: Step, settled: Settled, solved: BoolArray, title: str) -> xr.Dataset:
        """The labelled results of a step of a path."""
        spent = [
            self.responder.levers.spending(ledger, levels)
            for ledger, levels in zip(self.ledger[step.draw], step.levels, strict=True)
        ]
        return self._dataset(settled, np.array(spent), title, {}, in_words(step.ends), solved, step.draw)

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
        """Simulate the economy month by month, with clans that learn and a state that reacts.

        Draws of the posterior are spread over the replicates. Runs with the same seed and settings share
        their random draws, so that they differ by the policy alone. If interrupted (Ctrl-C), the run keeps
        what is done.

        Parameters
        ----------
        timeline
            A policy, which holds from the first month; policies by date (``{1: {...}, 4: {...}}`` for years
            of the run, or calendar dates if ``first`` is given); ``"events"`` for the case's own events; or
            ids of measures, whose events hold while the others stay at the baseline. None: the baseline.
        years
            Length of the run, from 1 to 100.
        first
            The first calendar year. None: years are counted from 1, and events start in the baseline.
        clans
            Number of clans; at least one for each place where goods change hands.
        replicates
            Number of replicates.
        search_strategy
            How the state spreads its searches over links: ``even``, ``concentrate`` (on the busiest fifth),
            ``random``, ``chase`` (after last year's seizures) or ``optimise`` (for the most seizures).
        arrests
            Clans that are arrested on a given date.
        behaviour
            Behaviour parameters with a fixed value, in the units of
            :data:`contraflow.case.behaviour.BEHAVIOUR` (times in months). The others are drawn from the
            ranges of the ledger's rows ``behaviour-NAME``.
        informed
            Whether clans know the true losses instead of learning them.
        budget
            Most that the costed measures may spend, in million USD a year; levels are cut in proportion.
        seed
            Seed of the random draws. None: that of the lab.
        title
            Title of the run. None: the policy in words.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Simulation
            All months of all replicates.

        Raises
        ------
        PolicyError
            For anything above that is unknown or out of range.

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
        """The simulator for a number of clans, built on first use."""
        known = self._simulators
        if (clans, informed) not in known:
            found = settle_clans(self.responder, clans)
            known[clans, informed] = Simulator(self.responder, found, informed)
        return known[clans, informed]

    @cached_property
    def _simulators(self) -> dict[tuple[int, bool], Simulator]:
        return {}

    def answers(self, progress: Progress | None = None) -> list[tuple[schema.Question, Outcome]]:
        """Answer the headline questions of the case.

        Parameters
        ----------
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

        Returns
        -------
        list of (Question, Outcome)
            Every question of ``case.toml``, each with the outcome of its policy.

        Raises
        ------
        PolicyError, ConvergenceError
            As :meth:`respond`.

        Examples
        --------
        >>> [question.id for question, _ in lab.answers()]
        ['shut-the-sky', 'destroy-strips']
        """
        result: list[tuple[schema.Question, Outcome]] = []
        for question in self.case.info.questions:
            if progress is not None:
                progress(f"Answering: {question.title}", len(result) / len(self.case.info.questions))
            result.append((question, self.respond(question.policy, question.title)))
        return result

    def validate(self, *, replicates: int = PATTERN_REPLICATES, progress: Progress | None = None) -> Verdicts:
        """Compare the model with every documented pattern of the case.

        Parameters
        ----------
        replicates
            Simulated replicates for patterns that take time; 0 leaves these patterns out.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Verdicts
            What each pattern expects, and what the model shows.

        Raises
        ------
        ObservationError
            If a pattern selects nothing in the model.
        PolicyError
            If a pattern's policy cannot be read.
        ConvergenceError
            If a pattern has no equilibrium in most of the draws.

        Examples
        --------
        >>> {"expected", "ratio", "holds"} <= set(lab.validate(replicates=0).table())
        True
        """
        return validate(self.responder, self.ledger, self._references, replicates, self.seed, progress)

    def claims(self) -> pd.DataFrame:
        """Every claim beside what the model predicts.

        Returns
        -------
        pandas.DataFrame
            One row per claim. ``model`` is the median over draws; ``residual`` is (model - claim) /
            ``deviation`` on the claim's own scale; both are missing for claims that the model cannot observe.
            Figures are in units of the model (kg, USD, ha, year).

        Examples
        --------
        >>> int(lab.claims()["fitted"].sum())
        3
        """
        from contraflow.inference.posterior_tables import claims_table

        return claims_table(self.case, self.posterior)

    def predictions(self, *, fitted: bool = False) -> pd.DataFrame:
        """Every claim that was kept for prediction: observed, predicted under its year's measures, and naive.

        Parameters
        ----------
        fitted
            Include the fitted claims of the same series.

        Returns
        -------
        pandas.DataFrame
            One row per claim. ``model`` is the median prediction and ``model_5`` to ``model_95`` bound its
            intervals; ``naive`` is the forecast that nothing changes, the model's baseline; ``log_error`` and
            ``naive_log_error`` are logarithms of forecast over observation. Empty without calibration.

        Examples
        --------
        >>> "naive" in lab.predictions()
        True
        """
        from contraflow.analysis.out_of_sample import predictions_table

        return predictions_table(self.case, self.posterior, fitted=fitted)

    def prediction_errors(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Mean absolute log error of the predictions and of the naive forecast, by quantity and country.

        Parameters
        ----------
        first, last
            Years between which the claims are dated, both included. None: no limit.

        Returns
        -------
        pandas.DataFrame
            One row per group: number of ``claims``, ``first`` and ``last`` year, errors of ``model`` and
            ``naive``, and ``better``, the share of claims to which the model comes nearer.

        Examples
        --------
        >>> "better" in lab.prediction_errors()
        True
        """
        from contraflow.analysis.out_of_sample import errors_table

        return errors_table(self.predictions(), first, last)

    def hindcast(self) -> Hindcast:
        """Predict the claims that calibration did not see, and score the predictions.

        Withhold more claims with ``calibrate(until=YEAR)``.

        Returns
        -------
        Hindcast
            Predictions, coverage of their intervals and log scores.

        Raises
        ------
        ObservationError
            If the lab is not calibrated, or no claim is withheld.
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
        """Simulate the case's own events and compare the run with what was observed year by year.

        Parameters
        ----------
        first
            First year. None: the first of the baseline.
        last
            Last year. None: the latest in which a claim is dated.
        clans
            Number of clans.
        replicates
            Number of replicates, over which the draws of the lab are spread.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        History
            The simulated value of every dated claim, with scores.

        Raises
        ------
        ObservationError
            If the lab has no posterior draws.
        PolicyError
            If ``last`` is before ``first``, the run is longer than 100 years, or there are too few clans.
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
        """What a headline figure rests on: claims, assumptions and functional form.

        Parameters
        ----------
        outcome
            An outcome of this lab, or a comparison: then the change is explained.
        quantity
            A row of ``outcome.summary()``.
        against
            Explain the change from this outcome to ``outcome``.
        refits
            Claims or sources, at most, without which the model is fitted again because importance weights are
            unreliable for them.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Explanation
            Tables of claims, sources and numbers, ranked by their influence.

        Raises
        ------
        ComparisonError
            For an unknown figure, a figure that is the same in all draws, a lab without posterior draws, or
            an outcome of another lab.

        Examples
        --------
        >>> why = lab.explain(change, "exports", refits=0)
        >>> why.subject
        'change of exports under “Shut the sky”'
        >>> why.numbers["number"][0]
        'theta-goods'
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
        """Rank facts by the value of knowing them.

        Parameters
        ----------
        outcome
            Narrow a figure of this outcome or comparison: a fact's worth is the share of the figure's
            variance that knowing it would remove.
        quantity
            A row of ``outcome.summary()``.
        against
            Consider the change from this outcome instead of the figure itself.
        outcomes
            Choose among these policies instead (give either ``outcome`` or ``outcomes``): a fact's worth is
            the expected improvement of the choice if it is known beforehand (expected value of partial
            perfect information), in the figure's unit.
        lower_is_better
            Whether the policy with the lowest figure is the best.

        Returns
        -------
        pandas.DataFrame
            One row per fact, the most valuable first: ``fact``, ``kind``, ``what``, ``worth``, ``estimate``,
            ``error``; for a single outcome also ``linear`` and ``left``.

        Raises
        ------
        ComparisonError
            If neither or both of ``outcome`` and ``outcomes`` are given, fewer than two outcomes are given,
            the figure is unknown or the lab has no posterior draws.

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
        """Where the evidence disagrees.

        Computed once and kept by the lab.

        Parameters
        ----------
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Conflicts
            How surprising each claim is, which claims are outvoted and by which others, and, for claims that
            cannot all be true, what each side implies.

        Raises
        ------
        ConvergenceError
            If the lab has no posterior draws.
        ObservationError
            If the figure of a disagreement selects nothing in the model.

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
        """The one tension of the lab, once it is computed."""
        return []

    def checks(self) -> pd.DataFrame:
        """Posterior predictive checks: the claims as stated against claims simulated from the posterior.

        Returns
        -------
        pandas.DataFrame
            One row per statistic and subset of claims; see
            :func:`~contraflow.analysis.posterior_predictive_checks`.

        Raises
        ------
        ConvergenceError
            If the lab has no posterior draws.
        """
        return self.tension().checks

    def assumptions(self) -> pd.DataFrame:
        """The ledger of parameters, with what calibration made of them.

        Returns
        -------
        pandas.DataFrame
            One row per parameter: ``low``, ``value`` and ``high`` before calibration, ``calibrated`` (the
            median over draws), ``unit``, ``origin`` and ``reason``.

        Examples
        --------
        >>> set(lab.assumptions()["kind"]) <= {"claims", "assumption", "fixed"}
        True
        """
        from contraflow.inference.posterior_tables import ledger_table

        return ledger_table(self.network, self.ledger)

    def _label(
        self,
        wanted: FloatArray,
        state: FloatArray,
        policy: Mapping[str, float],
        title: str,
        solved: BoolArray | None = None,
        years: float = math.inf,
    ) -> xr.Dataset:
        draws = len(self.ledger)
        each = np.broadcast_to(wanted, (draws, wanted.size))
        if years == math.inf:
            settled = self.responder.settled(self.ledger, self._references, each, state, np.arange(draws))
        else:
            settled = self._adjustment.settled(each, years, state)
        spending = self.responder.levers.spending(self.ledger, wanted)
        return self._dataset(settled, spending, title, policy, in_words(years), solved)

    def _dataset(
        self,
        settled: Settled,
        spending: FloatArray,
        title: str,
        policy: Mapping[str, float],
        after: str,
        solved: BoolArray | None = None,
        draw: IntArray | None = None,
    ) -> xr.Dataset:
        """Labelled results of an economy in every draw, or of problems with their draws (problem,)."""
        every = np.arange(len(self.ledger)) if draw is None else draw
        return make_dataset(
            self.network,
            self.ledger[every],
            settled,
            np.asarray(self._references.anchor.load)[every],
            spending,
            {
                "title": title,
                "policy": dict(policy),
                "after": after,
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
        """Elastic markets (problem, market) that hardly sell anything."""
        return cut_off(self.network, self.ledger[draw], state)

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
        """One line: case, network, and how many claims it fits."""
        network = self.network
        fitted = "not calibrated"
        if self.posterior is not None:
            used = self.posterior.log_posterior.likelihood.fitted
            said = np.median(self.posterior.predicted, axis=0)
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
    """Results of a search for equilibria, one per draw and start; arrays (draw, start, ...).

    The fields are those of :class:`~contraflow.model.root_finding.Root`.
    """

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
    """Number the distinct equilibria of each draw (draw, start); -1 for starts that found none."""
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
