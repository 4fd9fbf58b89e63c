"""What a policy would do on the way: paths of markets that clear, and months with clans that learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from contraflow._language import _
from contraflow._types import BoolArray, Progress, silent
from contraflow._version import __version__
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.adjustment import Step
from contraflow.dynamics.arrests import Arrest
from contraflow.dynamics.month import MONTHS
from contraflow.dynamics.simulator import Simulator, settle_clans
from contraflow.dynamics.timeline import Timeline, for_months
from contraflow.errors import ConvergenceError, PolicyError
from contraflow.lab import scenario
from contraflow.lab.scenario import CLANS, REPLICATES, Scenario, TimelineSpec
from contraflow.lab.trajectories import Simulation
from contraflow.lab.transition_path import TransitionPath, follow
from contraflow.model import keep_compiled_code
from contraflow.policy import describe
from contraflow.policy.horizon import in_words
from contraflow.policy.responder import Settled
from contraflow.text.figure_words import time_in_words

if TYPE_CHECKING:
    import xarray as xr


from contraflow.lab.policy_answers import AnswersPolicies

YEARS, FOLLOWED = 5, 24
"""Years for which a page follows a policy on its way to the long run, and draws in which it does, at most: a
path takes as long as twenty answers."""


class FollowsPolicies(AnswersPolicies):
    """Paths and simulations of a policy."""

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
            text = _("A path starts from the baseline, which is that of {year}: give {year} or a later year.")
            raise PolicyError(text.format(year=begins))
        if months is not None:
            policy = scenario.plain_policy(timeline)
            if not title:
                text = _("{policy}, for {time}")
                title = text.format(policy=describe(self.case, policy), time=time_in_words(months / MONTHS))
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
        names = [name for _timeline, name in specs] if titles is None else titles
        named = [(name, timeline) for name, (timeline, _name) in zip(names, specs, strict=True)]
        return self._follow(named, progress) if named else []

    def _follow(
        self, timelines: Sequence[tuple[str, Timeline]], progress: Progress | None
    ) -> list[TransitionPath | ConvergenceError]:
        named = [(self._titled(title), timeline) for title, timeline in timelines]
        return follow(self._adjustment, self.baseline(), named, self._label_step, progress or silent)

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
            text = _("There is no search strategy '{name}'. There are: {known}.")
            raise PolicyError(text.format(name=search_strategy, known=known)) from None
        path, name = scenario.timeline_of(self.responder, timeline, years, first)
        asked = Scenario(
            path,
            self._titled(title or name),
            clans,
            replicates,
            chosen,
            tuple(arrests),
            behaviour,
            informed,
            budget,
            self.own_attributes,
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
