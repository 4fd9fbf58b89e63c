"""What a policy would do once the economy has settled, or some time after it begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import _
from contraflow._types import IntArray, Progress
from contraflow.case import schema
from contraflow.errors import ConvergenceError
from contraflow.lab.outcome import EquilibriumSearch, Outcome
from contraflow.policy import describe, levels
from contraflow.policy.horizon import LONG_RUN, in_years
from contraflow.policy.requirements import requirements_met

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.lab.policy_ensemble import Ensemble
    from contraflow.lab.policy_table import PolicyTable


from contraflow.lab.calibrated_case import CalibratedCase, distinct


class AnswersPolicies(CalibratedCase):
    """Answers to one policy or many."""

    def respond(
        self,
        policy: Mapping[str, float],
        title: str | None = None,
        *,
        after: str | float = LONG_RUN,
        alternatives: bool = True,
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
        alternatives
            Look for other equilibria in some of the draws. Without, the same answer takes two thirds of the
            time, and other starting points are tried only where the baseline leads to no equilibrium.

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
        found = self._search(wanted, years, alternatives=alternatives)
        self.baseline()
        solved = found.solved
        some = np.asarray(solved.any(axis=1))
        if some.mean() <= 0.5:
            raise ConvergenceError(self._not_found(policy, found))
        chosen = solved.argmax(axis=1)
        kind = distinct(found.state, solved)
        search = EquilibriumSearch(
            residual=found.residual,
            history=found.history,
            evaluations=found.evaluations.astype(np.int64),
            equilibria=np.maximum(kind.max(axis=1) + 1, 0),
        )
        name = self._titled(title or describe(self.case, policy))

        draws = len(self.ledger)
        met = requirements_met(self.responder.levers, self.ledger, wanted)

        def outcome(pick: IntArray, title: str, alternatives: tuple[Outcome, ...]) -> Outcome:
            state = found.state[np.arange(draws), pick]
            data = self._label(wanted, state, policy, title, some, years)
            return Outcome(title, dict(policy), self.network, data, search, alternatives, met)

        others = []
        for number in range(1, int(search.equilibria.max())):
            pick = np.where((kind == number).any(axis=1), (kind == number).argmax(axis=1), chosen)
            own = _("{title} (equilibrium {number})").format(title=name, number=number + 1)
            others.append(outcome(pick, own, ()))
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
            attributes=self.own_attributes,
        )

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
                told = _("Answering: {question}").format(question=question.title)
                progress(told, len(result) / len(self.case.info.questions))
            result.append((question, self.respond(question.policy, question.title)))
        return result
