"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from html import escape

import numpy as np

from contraflow._types import Progress, silent
from contraflow.errors import ConvergenceError, PolicyError
from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method
from contraflow.lab.case_questions import DescribesCase
from contraflow.lab.changed_numbers import fixed_in, read_numbers, with_fixed_numbers
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
            raise PolicyError("No number is given. Write it by name, for example {'theta-route': 3}.")
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
        if self.posterior is None:
            raise ConvergenceError(
                "A lab that was not calibrated cannot be calibrated anew: leave out refit."
            )
        old = self.posterior
        count = {"chains": old.chains} if old.method is Method.NUTS else {}
        settings = Settings(old.method, old.seed, draws=old.deviates.shape[1], **count)
        drawn = posterior_draws(
            response,
            settings,
            keep=len(self.picks),
            until=old.log_posterior.likelihood.last,
            accept_poor=False,
            say=progress or silent,
        )
        return Lab(case, response, *drawn, drawn.posterior.seed, changed)

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.baseline()._repr_html_()}"

    def __repr__(self) -> str:
        """One line: case, network, how many claims it fits, and numbers that were changed."""
        network = self.network
        fitted = "not calibrated"
        if self.posterior is not None and self._knows_its_fit:
            used = self.posterior.log_posterior.likelihood.fitted
            said = np.median(self.posterior.predicted, axis=0)
            near = int((np.abs(self.posterior.log_posterior.likelihood.standardised(said)[used]) <= 2).sum())
            fitted = (
                f"{self.posterior.method.words}; {near} of {int(used.sum())} fitted claims within two "
                "standard deviations"
            )
        if self.changed:
            fitted = f"numbers changed: {self.changed.words}" + (f"; {fitted}" if self._knows_its_fit else "")
        return (
            f"<Lab {self.case.info.id}: {len(network.nodes)} nodes, {len(network.arcs)} arcs, "
            f"{self.ledger.shape[0]} draw{'s' if self.ledger.shape[0] > 1 else ''}; {fitted}>"
        )
