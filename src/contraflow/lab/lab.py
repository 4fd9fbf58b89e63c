"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from html import escape

import numpy as np

from contraflow._language import _, ngettext
from contraflow._types import IntArray, Progress, silent
from contraflow.analysis.believed_posterior import believed_posterior
from contraflow.analysis.contradictions import disagreements
from contraflow.dynamics.adjustment import with_behaviour
from contraflow.errors import ConvergenceError, ObservationError, PolicyError
from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.lab.beliefs import Beliefs, believable, not_reached, read_sides, to_be_believed
from contraflow.lab.case_questions import DescribesCase
from contraflow.lab.changed_numbers import EXAMPLE, fixed_in, read_numbers, with_fixed_numbers
from contraflow.lab.posterior_draws import posterior_draws, responder


class Lab(DescribesCase):
    """A case with numbers, which answers what a policy would do.

    Made by :meth:`OpenCase.calibrate` or :meth:`OpenCase.central_values`.
    """

    def with_numbers(
        self, numbers: Mapping[str, float | str], *, refit: bool = False, progress: Progress | None = None
    ) -> Lab:
        """A lab of the same case in which some numbers have a value of one's own.

        The numbers are fixed in every draw. By default all else stays as calibrated, so that the answer says
        what this one number does; the claims may then no longer fit. With ``refit`` the case is calibrated
        anew with these numbers, by the method and seed of this lab. Either way all results say which numbers
        were changed: in their titles, their attributes (``numbers``) and their representations.

        Parameters
        ----------
        numbers
            Values by id of a row of :meth:`assumptions`, in the unit shown there; or text with a unit, such
            as ``"27 EUR/g"``. Values outside the range that the case states are allowed, and labelled so.
        refit
            Calibrate anew.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Lab
            The lab with these numbers, and with those that this lab had changed before.

        Raises
        ------
        PolicyError
            For an unknown number, and a value that is no number, has another unit or is impossible.
        ConvergenceError
            With ``refit``, if no fit is found or this lab is not calibrated.

        Examples
        --------
        >>> lab.with_numbers({"theta-goods": 3}).baseline().title
        'Baseline (numbers changed: theta-goods = 3; not calibrated anew)'
        """
        if not numbers:
            text = _("No number is given. Write it by name, for example {example}.")
            raise PolicyError(text.format(example=EXAMPLE))
        found = read_numbers(self.case, numbers)
        case = with_fixed_numbers(self.case, found)
        response = responder(case)
        before, after = self.network.ledger, response.model.network.ledger
        changed = dataclasses.replace(
            self.changed,
            values={**self.changed.values, **found.values},
            stated={**found.stated, **self.changed.stated},
            refitted=refit,
        )
        if not refit:
            draws = fixed_in(before, after, self.ledger)
            return dataclasses.replace(self, case=case, responder=response, ledger=draws, changed=changed)
        old, picks = self._unbelieving
        if old is None:
            raise ConvergenceError(
                _("A lab that was not calibrated cannot be calibrated anew: leave out refit.")
            )
        count = {"chains": old.chains} if old.method is Method.NUTS else {}
        settings = Settings(old.method, old.seed, draws=old.deviates.shape[1], **count)
        drawn = posterior_draws(
            response,
            settings,
            keep=len(picks),
            until=old.log_posterior.likelihood.last,
            accept_poor=False,
            say=progress or silent,
        )
        fitted = Lab(case, response, *drawn, drawn.posterior.seed, changed)
        return fitted.believing(self.believes, progress=progress) if self.beliefs else fitted

    def believing(self, sides: Mapping[str, str], *, progress: Progress | None = None) -> Lab:
        """A lab of the same case that takes one side of a disagreement as right, or of several.

        Claims of the side are taken as true, those of the other sides are left out, and all others keep their
        weight; so every answer moves. A claim that is believed for one disagreement counts although it stands
        on a side of another that is not believed. The model is fitted again, and drawn from by the quick
        approximation, whatever the method of this lab, with the random numbers of this lab's draws; a best
        fit alone gives a best fit. That takes some time once, and is kept on disk. All results say what is
        believed: in their titles, their attributes (``believes``) and their representations.

        Parameters
        ----------
        sides
            Id of the side by id of the disagreement, as :meth:`disagreements` lists them.
        progress
            Callback ``progress(message, fraction=None)``, with the part done from 0 to 1 where it is known.

        Returns
        -------
        Lab
            The lab that believes these sides, and those that this lab believed before of other disagreements.

        Raises
        ------
        PolicyError
            For an unknown disagreement or side, and a side of which the model observes no claim.
        ObservationError
            If this lab is not calibrated.
        ConvergenceError
            If no fit is found, or too few draws.

        Examples
        --------
        >>> lab.believing({"paste-by-plane": "half-by-plane"}).baseline().title
        'Baseline (believing: Half of the paste, of coca on thirteen thousand hectares)'
        """
        say = progress or silent
        before, picks = self._unbelieving
        if before is None:
            raise ObservationError(
                _(
                    "A lab that is not calibrated weighs no claims, so it can believe none: call calibrate() "
                    "first."
                )
            )
        groups = disagreements(self.case, self._weighed)
        read_sides(groups, self._weighed, sides)
        chosen = read_sides(groups, self._weighed, {**self.believes, **sides})
        posterior = believed_posterior(
            before,
            picks,
            to_be_believed(groups, self._weighed, chosen),
            believable(groups, self._weighed),
            say,
        )
        beliefs = Beliefs(
            {group: side.id for group, side in chosen.items()},
            self.case,
            not_reached(posterior, chosen),
            before,
            picks,
        )
        own = posterior.picks(picks.size)
        if not own.size:
            raise ConvergenceError(
                _("No draw that believes this has an equilibrium in every year that claims observe.")
            )
        fitted = before.log_posterior
        network = fitted.likelihood.responder.model.network
        ledger = with_behaviour(network, fitted.ledgers(posterior.z[own]), posterior.seed)
        if not self._knows_its_fit:
            ledger = fixed_in(fitted.prior.ledger, self.network.ledger, ledger)
        return dataclasses.replace(self, ledger=ledger, posterior=posterior, picks=own, beliefs=beliefs)

    @property
    def _unbelieving(self) -> tuple[Posterior | None, IntArray]:
        """The posterior without any belief, and which of its draws the lab carried (draw,)."""
        if self.beliefs:
            return self.beliefs.posterior, self.beliefs.picks
        return self.posterior, self.picks

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.baseline()._repr_html_()}"

    def __repr__(self) -> str:
        """One line: case, network, how many claims it fits, changed numbers and what is believed."""
        network = self.network
        said = [_("not calibrated")]
        if self.posterior is not None and self._knows_its_fit:
            used = self.posterior.log_posterior.likelihood.fitted
            middle = np.median(self.posterior.predicted, axis=0)
            far = self.posterior.log_posterior.likelihood.standardised(middle)[used]
            text = _("{within} of {fitted} fitted claims within two standard deviations")
            near = text.format(within=int((np.abs(far) <= 2).sum()), fitted=int(used.sum()))
            said = [self.posterior.method.words, near]
        if self.changed:
            numbers = _("numbers changed: {numbers}").format(numbers=self.changed.words)
            said = [numbers, *(said if self._knows_its_fit else ())]
        if self.beliefs:
            said = [_("believing: {sides}").format(sides=self.beliefs.words), *said]
        draws = self.ledger.shape[0]
        text = ngettext(
            "<Lab {case}: {nodes} nodes, {arcs} arcs, {draws} draw; {fit}>",
            "<Lab {case}: {nodes} nodes, {arcs} arcs, {draws} draws; {fit}>",
            draws,
        )
        return text.format(
            case=self.case.info.id,
            nodes=len(network.nodes),
            arcs=len(network.arcs),
            draws=draws,
            fit="; ".join(said),
        )
