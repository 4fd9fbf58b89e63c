"""What the answers rest on: claims, predictions, patterns, history and disagreements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from contraflow._language import N_, _, locale
from contraflow._types import FloatArray, Progress, silent
from contraflow.analysis.conflicts import Conflicts, tension
from contraflow.analysis.contradictions import disagreements
from contraflow.analysis.dynamic_patterns import PATTERN_REPLICATES
from contraflow.analysis.historical_run import Span, forecast_history
from contraflow.analysis.pattern_validation import Verdicts, validate
from contraflow.errors import ComparisonError, ConvergenceError, ObservationError, PolicyError
from contraflow.inference.likelihood import make_likelihood
from contraflow.lab.changed_numbers import fixed_in
from contraflow.lab.outcome import Comparison, Outcome
from contraflow.lab.scenario import CLANS, REPLICATES
from contraflow.lab.trajectories import History
from contraflow.model import keep_compiled_code

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.analysis.hindcast import Hindcast
    from contraflow.lab.sensitivity import QuantityOfInterest
    from contraflow.results.explanation import Explanation


from contraflow.lab.policy_paths import FollowsPolicies

CLAIMS_OF_FIT = N_(
    "Predictions for claims are those of the fit, which does not know the changed numbers ({numbers})."
)
PREDICTIONS_OF_FIT = N_(
    "Predictions are those of the fit, which does not know the changed numbers ({numbers})."
)
DRAWS_OF_FIT = N_(
    "A history's draws are those of the fit, which does not know the changed numbers ({numbers})."
)
WEIGHTS_OF_FIT = N_(
    "Weights of claims are those of the fit, which does not know the changed numbers ({numbers})."
)


class WeighsEvidence(FollowsPolicies):
    """Questions to the evidence."""

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

        self._expect_own_fit(CLAIMS_OF_FIT)

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

        self._expect_own_fit(PREDICTIONS_OF_FIT)

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

        self._expect_own_fit(PREDICTIONS_OF_FIT)
        if self.posterior is None:
            raise ObservationError(
                _("A lab that is not calibrated predicts nothing: call calibrate() first.")
            )
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
        self._expect_own_fit(DRAWS_OF_FIT)
        if self.posterior is None or self.posterior.draws < 2:
            raise ObservationError(_("A history needs draws: calibrate with method='laplace' or 'nuts'."))
        dated = [int(c.year[-4:]) for c in self.posterior.log_posterior.likelihood.claims if c.year]
        begins = self.case.info.baseline[0] if first is None else first
        ends = max(dated, default=begins) if last is None else last
        if ends < begins:
            text = _("A history from {first} to {last} has no year. Give an earlier first or a later last.")
            raise PolicyError(text.format(first=begins, last=ends))
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
            raise ComparisonError(_("Give one outcome to narrow, or outcomes=[...] to choose among."))
        if outcome is not None:
            return value_of_information.worth_knowing(self._subject(outcome, quantity, against))
        if len(outcomes or ()) < 2:
            raise ComparisonError(_("outcomes holds fewer than two policies: there is nothing to choose."))
        abouts = [self._subject(one, quantity, against) for one in outcomes or ()]
        return value_of_information.worth_deciding(abouts, lower_is_better)

    def _fix(self, ledgers: FloatArray) -> FloatArray:
        """Draws of the posterior's ledger (draw, number) with the numbers that were changed since."""
        if self.posterior is None or self._knows_its_fit:
            return ledgers
        return fixed_in(self.posterior.log_posterior.prior.ledger, self.network.ledger, ledgers)

    def _expect_own_fit(self, refusal: str) -> None:
        """Refuse what rests on a fit that does not know the numbers that were changed, by a sentence."""
        if not self._knows_its_fit:
            cure = _("Calibrate anew: lab.with_numbers(..., refit=True).")
            raise ObservationError(f"{_(refusal).format(numbers=self.changed.text)} {cure}")

    def _subject(
        self, outcome: Outcome | Comparison, quantity: str, against: Outcome | None
    ) -> QuantityOfInterest:
        from contraflow.lab.sensitivity import subject

        return subject(
            self.case, self.responder, self.posterior, self.picks, outcome, quantity, against, self._fix
        )

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
        self._expect_own_fit(WEIGHTS_OF_FIT)
        if not self._tensions:
            if self.posterior is None:
                raise ConvergenceError(_("Claims cannot be weighed before the case is calibrated."))
            if self.posterior.draws < 2:
                raise ConvergenceError(
                    _("One best fit cannot tell how surprising a claim is. Calibrate with method='laplace'.")
                )
            found = tension(self.case, self.posterior, self.ledger, progress or silent)
            self._tensions.append(found)
        return self._tensions[0]

    @cached_property
    def _tensions(self) -> list[Conflicts]:
        """The one tension of the lab, once it is computed."""
        return []

    def disagreements(self) -> pd.DataFrame:
        """The disagreements of the sources, side by side; nothing is fitted.

        Returns
        -------
        pandas.DataFrame
            One row per side: id of the ``disagreement``, its ``title`` as a question, id of the ``side``, in
            ``words`` what it says, the ``claims`` that it takes as true, a ``note``, and ``weighed``: whether
            the model observes any of these claims, so that the side can be believed (:meth:`believing`).
            Texts are in the language of the reader, where the case has them.

        Raises
        ------
        ObservationError
            If a claim selects nothing of the network.

        Examples
        --------
        >>> lab.disagreements()["side"].tolist()
        ['half-by-plane', 'thirty-flights']
        """
        import pandas as pd

        known = self._weighed
        rows = [
            {
                "disagreement": group.id,
                "title": group.title,
                "side": side.id,
                "words": side.words,
                "claims": "; ".join(side.claims),
                "note": side.note,
                "weighed": any(claim in known for claim in side.claims),
            }
            for group in disagreements(self.case.in_language(locale()), known)
            for side in group.positions
        ]
        columns = ["disagreement", "title", "side", "words", "claims", "note", "weighed"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def _weighed(self) -> dict[str, int]:
        """Position of each claim that the model observes, by its id."""
        likelihood = (
            make_likelihood(self.responder)
            if self.posterior is None
            else self.posterior.log_posterior.likelihood
        )
        return {claim.id: place for place, claim in enumerate(likelihood.claims)}

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
