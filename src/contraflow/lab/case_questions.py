"""What can be asked of a lab: its measures and questions, what measures need, and levers to move by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import _
from contraflow.case import schema
from contraflow.errors import PolicyError
from contraflow.lab.inverse_questions import AsksBackwards
from contraflow.policy import levels
from contraflow.policy.horizon import LONG_RUN
from contraflow.policy.policy import levers_of
from contraflow.policy.requirements import requirements_met

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.lab.outcome import Comparison


class DescribesCase(AsksBackwards):
    """Tables of what can be asked."""

    def measures(self, *, markets: bool = True) -> pd.DataFrame:
        """What a policy can set: the measures of the case, and demand and prices at its markets.

        Parameters
        ----------
        markets
            Include the levers of markets, ``demand:MARKET`` and ``price:MARKET``, whose levels are changes as
            a share of the baseline.

        Returns
        -------
        pandas.DataFrame
            Indexed by the id that a policy names: ``name``, ``unit``, level ``today`` (the mean of the
            baseline years), ``lowest`` and ``highest`` level, ``unit_cost`` (USD a year, median over draws;
            NaN where the case states none), what it ``needs``, and what it ``acts_on``.

        Examples
        --------
        >>> lab.measures().loc["interceptors", "needs"]
        'radar'
        """
        import pandas as pd

        case, levers = self.case, self.responder.levers
        rows = []
        for lever, today in zip(levers_of(case).values(), levers.baseline, strict=True):
            measure = case.measures.get(lever.id)
            if measure is None and not markets:
                continue
            costed = measure is not None and measure.unit_cost is not None
            cost = np.median(levers.spending(self.ledger, _one(lever.id, levers.ids))) if costed else np.nan
            rows.append(
                {
                    "measure": lever.id,
                    "name": lever.name,
                    "unit": lever.unit,
                    "today": float(today),
                    "lowest": lever.least,
                    "highest": lever.most,
                    "unit_cost": float(cost),
                    "needs": "; ".join(
                        r.requires for r in case.requirements.values() if r.measure == lever.id
                    ),
                    "acts_on": lever.id.partition(":")[2] if measure is None else _targets(case, lever.id),
                }
            )
        return pd.DataFrame(rows).set_index("measure")

    def questions(self) -> pd.DataFrame:
        """The headline questions of the case.

        Returns
        -------
        pandas.DataFrame
            Indexed by the question's id: its ``title``, its ``policy`` as it is written, and the ``years``
            for which a report follows it month by month (0: not).

        Examples
        --------
        >>> lab.questions().loc["destroy-strips", "policy"]
        'strip-demolition=60'
        """
        import pandas as pd

        rows = [
            {
                "question": q.id,
                "title": q.title,
                "policy": "; ".join(f"{name}={level:g}" for name, level in q.policy.items()),
                "years": q.years or 0,
            }
            for q in self.case.info.questions
        ]
        return pd.DataFrame(rows, columns=["question", "title", "policy", "years"]).set_index("question")

    def requirements(self, policy: Mapping[str, float]) -> pd.DataFrame:
        """How far the measures of a policy would reach their full effect, where they need others.

        Parameters
        ----------
        policy
            Levels, as for :meth:`respond`. Nothing is solved.

        Returns
        -------
        pandas.DataFrame
            As :meth:`contraflow.Outcome.requirements`.

        Raises
        ------
        PolicyError
            As :meth:`respond`.

        Examples
        --------
        >>> lab.requirements({"interceptors": 4, "radar": 0})["share"].tolist()
        [0.0]
        """
        from contraflow.lab.outcome import requirements_table

        wanted = levels(self.case, self.responder.levers.baseline, policy)
        return requirements_table(requirements_met(self.responder.levers, self.ledger, wanted))

    def levers(
        self, *names: str, after: str | float = LONG_RUN, show: Callable[[Comparison], Any] | None = None
    ) -> Any:
        """Levers to move by hand in a notebook, and what changes.

        Needs ipywidgets: ``pip install 'contraflow[notebook]'``.

        Parameters
        ----------
        names
            Ids of measures or markets. None: all measures.
        after
            Time since the policy began, as for :meth:`respond`.
        show
            What is shown of the answer, a function of a :class:`~contraflow.Comparison`. None: its table.

        Returns
        -------
        ipywidgets.VBox
            Sliders, a button that answers, and the answer.

        Raises
        ------
        PolicyError
            For an unknown measure.
        OutputError
            If ipywidgets is not installed.
        """
        from contraflow.lab.lever_widget import lever_widget

        known = levers_of(self.case)
        for name in names:
            if name not in known:
                levels(self.case, self.responder.levers.baseline, {name: 0.0})
        chosen = names or tuple(self.case.measures)
        if not chosen:
            raise PolicyError(_("The case has no measures: name a market, such as demand:MARKET."))
        today = dict(zip(known, self.responder.levers.baseline, strict=True))
        shown = show or (lambda change: change)

        def answer(policy: Mapping[str, float]) -> Any:
            return shown(self.respond(policy, after=after).compare(self.baseline()))

        return lever_widget([known[name] for name in chosen], today, answer)


def _one(name: str, ids: tuple[str, ...]) -> np.ndarray:
    return np.array([float(own == name) for own in ids])


def _targets(case: Any, measure: str) -> str:
    """What the effects of a measure act on, in the case's own ids."""
    parts = []
    for effect in case.effects.values():
        if effect.measure == measure:
            chosen = {
                name: "; ".join(getattr(effect, name))
                for name in ("facility", "market", "supply", "step", "mode", "form", "origin", "destination")
                if getattr(effect, name)
            }
            told = ", ".join(f"{_COLUMNS.get(name, name)} {what}" for name, what in chosen.items())
            parts.append(f"{effect.kind}: {told}" if told else effect.kind)
    return " | ".join(parts)


_COLUMNS = {
    name: field.alias for name, field in schema.Effect.model_fields.items() if field.alias is not None
}
