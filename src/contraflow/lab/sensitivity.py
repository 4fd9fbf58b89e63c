"""What a figure rests on: :mod:`contraflow.analysis.leave_one_out`, applied to a lab's outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from contraflow import _random
from contraflow._language import _, locale
from contraflow._quantiles import INTERVAL
from contraflow._types import FloatArray, IntArray, Progress, silent
from contraflow.analysis import leave_one_out, psis
from contraflow.analysis.structural_parameters import forms
from contraflow.case import schema, statements
from contraflow.case.case import Case
from contraflow.errors import ComparisonError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.low_rank_gaussian import LowRankPrecision
from contraflow.inference.map_estimate import find_map
from contraflow.inference.method import Method
from contraflow.inference.posterior import Posterior
from contraflow.lab.outcome import Outcome
from contraflow.policy import levels
from contraflow.policy.responder import Responder
from contraflow.results import figures
from contraflow.results.evaluate_at import FigureAtLedger
from contraflow.results.explanation import GROUPS, Explanation, Group, How
from contraflow.results.view import price_spot

if TYPE_CHECKING:
    from contraflow.inference.map_estimate import MapEstimate

STEP = 0.5
"""Deviations on either side of the centre between which the slope of the figure is taken."""

ENDS = (0.05, 0.95)
"""Positions in a range, from 0 to 1 on its scale, that stand for its low and its high end."""

SOLVED = 24
"""Numbers for which the figure is computed at the ends of the range; for the others it follows the slope."""

REFITS = 3
"""Refits, at most, where importance weights are unreliable."""

WORTH_A_REFIT = 0.1
"""Shift, in standard deviations of the figure, below which unreliable weights are not replaced by a refit."""

FEWEST = 30
"""Draws with an equilibrium that an explanation needs."""

STILL = 1e-9
"""Range of a figure over the draws, relative to its size, below which it counts as constant."""


@dataclass(frozen=True, eq=False)
class QuantityOfInterest:
    """A headline figure of an outcome, or its change against another, with the posterior behind it."""

    case: Case
    """The case."""
    responder: Responder
    """The model with its levers."""
    posterior: Posterior
    """The posterior."""
    picks: IntArray
    """Which draws of the posterior the outcome has (draw,)."""
    outcome: Outcome
    """The outcome."""
    against: Outcome | None
    """The outcome from which the change is taken; None for the figure itself."""
    quantity: str
    """A row of ``outcome.summary()``."""
    fix: Callable[[FloatArray], FloatArray] | None = None
    """Gives numbers of the ledger (draw, number) the values to which a user has changed them."""

    @cached_property
    def figure(self) -> FloatArray:
        """The figure in each draw (draw,), in its unit; NaN where no equilibrium was found."""
        after = figures.per_draw(self.outcome.data, self.quantity, spot=self._spot)
        if self.against is None:
            return after
        return after - figures.per_draw(self.against.data, self.quantity, spot=self._spot)

    @cached_property
    def sound(self) -> IntArray:
        """Draws in which the figure is known. Raises ComparisonError if they are fewer than FEWEST."""
        known = np.flatnonzero(np.isfinite(self.figure))
        if known.size < FEWEST:
            text = _(
                "{figure} is known in {known} draws; to explain it {fewest} are needed. "
                "Calibrate with posterior draws (method='nuts' or 'laplace') and keep more of them."
            )
            raise ComparisonError(text.format(figure=repr(self.quantity), known=known.size, fewest=FEWEST))
        return known

    @property
    def unit(self) -> str:
        """Unit of the figure."""
        return figures.outcome_figure(self.quantity).unit

    @cached_property
    def _spot(self) -> str:
        return price_spot((self.against or self.outcome).data)

    @cached_property
    def chosen(self) -> IntArray:
        """The draws of the posterior in which the figure is known."""
        return self.picks[self.sound]

    def at(self, z: FloatArray) -> FloatArray:
        """The figure (row,) at deviates ``z`` (row, size); NaN where no equilibrium is found."""
        ledgers = self.posterior.log_posterior.ledgers(z)
        if self.fix is not None:
            ledgers = self.fix(ledgers)
        result = self._probe(self.outcome)(ledgers)
        return result if self.against is None else result - self._probe(self.against)(ledgers)

    def _probe(self, outcome: Outcome) -> FigureAtLedger:
        baseline = self.responder.levers.baseline
        wanted = levels(self.case, baseline, outcome.policy)

        def figure(data: xr.Dataset) -> FloatArray:
            return figures.per_draw(data, self.quantity, spot=self._spot)

        return FigureAtLedger(self.responder, wanted, figure, len(self.picks))


@dataclass(frozen=True, eq=False)
class Linearisation:
    """The figure and the residuals, linearised around a centre."""

    centre: FloatArray
    """Deviates at the centre (size,)."""
    figure: float
    """The figure there."""
    residual: FloatArray
    """Robust residuals of the weighted claims there (weighted,)."""
    gradient: FloatArray
    """Gradient of the figure with respect to the deviates (size,); 0 for shared errors."""
    jacobian: FloatArray
    """Jacobian of the residuals (weighted, size)."""
    account: leave_one_out.Account
    """Decomposition of the figure's variance."""


def subject(
    case: Case,
    responder: Responder,
    posterior: Posterior | None,
    picks: IntArray,
    outcome: Any,
    quantity: str,
    against: Outcome | None = None,
    fix: Callable[[FloatArray], FloatArray] | None = None,
) -> QuantityOfInterest:
    """Check the figure that is to be explained.

    Parameters
    ----------
    case, responder, posterior
        The case with its model and posterior.
    picks
        Which draws of the posterior the lab carries (draw,).
    outcome
        An outcome, or a comparison: then the change is meant.
    quantity
        A row of ``outcome.summary()``.
    against
        The outcome from which the change is taken, or None.
    fix
        Gives numbers of the ledger (draw, number) the values to which a user has changed them.

    Raises
    ------
    ComparisonError
        For an unknown or constant figure, too few draws with an equilibrium, a lab without posterior draws,
        or an outcome of another lab.
    """
    if hasattr(outcome, "after"):
        outcome, against = outcome.after, outcome.before
    figures.expect_figure(quantity, *(one.data for one in (outcome, against) if one is not None))
    if posterior is None or posterior.method is Method.BEST:
        raise ComparisonError(
            _(
                "A lab without posterior draws cannot tell what a figure rests on. "
                "Calibrate with method='nuts' or method='laplace'."
            )
        )
    for one in (outcome, against):
        if one is not None and one.data.sizes["draw"] != picks.size:
            text = _(
                "The outcome has {draws} draws and the lab {own}: explain an outcome with the lab that "
                "computed it."
            )
            raise ComparisonError(text.format(draws=one.data.sizes["draw"], own=picks.size))
    about = QuantityOfInterest(case, responder, posterior, picks, outcome, against, quantity, fix)
    figure = about.figure[about.sound]
    if np.ptp(figure) <= STILL * max(np.abs(figure).max(initial=0.0), 1.0):
        text = _("{figure} is the same in every draw, so nothing moves it: there is nothing to explain.")
        raise ComparisonError(text.format(figure=quantity))
    return about


def explain(about: QuantityOfInterest, refits: int = REFITS, say: Progress = silent) -> Explanation:
    """Rank the claims, sources and assumptions on which a figure rests.

    Claims and sources are left out by importance weights. Where these are unreliable, the linear account
    stands in, or the model is fitted again without them.

    Parameters
    ----------
    about
        The figure.
    refits
        Refits, at most.
    say
        Callback ``progress(message, fraction=None)``.

    Raises
    ------
    ComparisonError
        If the model has no equilibrium at the centre of the posterior.
    """
    figure = about.figure[about.sound]
    say(_("Following the figure's slope"))
    linear = linearise(about)
    straight = (about.posterior.z[about.chosen] - linear.centre) @ linear.gradient
    part = leave_one_out.explained(figure, straight)
    say(_("Leaving out claims"))
    claims, sources, made = _left_out(about, linear, refits, part, say)
    say(_("Moving numbers through their ranges"))
    numbers = _numbers(about, linear, part)
    middle, low, high = psis.weighted_quantiles(figure, np.ones((1, figure.size)), INTERVAL)[0]
    return Explanation(
        title=about.outcome.title,
        against="" if about.against is None else about.against.title,
        quantity=about.quantity,
        unit=about.unit,
        figure={"": float(middle), "_5": float(low), "_95": float(high)},
        claims=claims,
        sources=sources,
        numbers=numbers[numbers["group"] != Group.SHARED].reset_index(drop=True),
        shares=_shares(linear, numbers, part),
        linear=part,
        draws=int(figure.size),
        refits=made,
    )


def linearise(about: QuantityOfInterest) -> Linearisation:
    """Linearise the figure, by central differences, and the residuals around the centre of the posterior.

    Raises ComparisonError if there is no equilibrium at the posterior's mean or at the best fit.
    """
    posterior, target = about.posterior, about.posterior.log_posterior
    free = target.prior.size
    for centre in (posterior.z[about.chosen].mean(axis=0), posterior.fit.deviates):
        residual, jacobian = target.linearise(centre, posterior.figures)
        middle = float(about.at(centre[None])[0])
        if np.isfinite(jacobian).all() and np.isfinite(middle):
            break
    else:
        raise ComparisonError(_("No equilibrium was found at the posterior's centre."))
    step = np.zeros((free, centre.size))
    step[:, :free] = STEP * np.eye(free)
    up, down = np.split(about.at(np.concatenate([centre + step, centre - step])), 2)
    high, low = np.where(np.isfinite(up), up, middle), np.where(np.isfinite(down), down, middle)
    wide = STEP * (np.isfinite(up).astype(float) + np.isfinite(down))
    gradient = np.zeros(centre.size)
    gradient[:free] = (high - low) / np.maximum(wide, STEP)
    return Linearisation(
        centre, middle, residual, gradient, jacobian, leave_one_out.account(gradient, jacobian)
    )


def _left_out(
    about: QuantityOfInterest, linear: Linearisation, refits: int, part: float, say: Progress
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Tables of claims and of sources, and the number of refits."""
    posterior, likelihood = about.posterior, about.posterior.log_posterior.likelihood
    figure, told = about.figure[about.sound], posterior.figures
    weighed = np.flatnonzero(told.weight > 0)
    claims = likelihood.claims
    names = list(dict.fromkeys(claims[i].source for i in weighed))
    shown = about.case.in_language(locale())
    outs = [np.arange(len(claims)) == i for i in weighed]
    outs += [np.array([c.source == name for c in claims]) & (told.weight > 0) for name in names]
    lefts = [leave_one_out.without(told, likelihood.repeated, out) for out in outs]
    log_likelihood = posterior.log_likelihood[about.chosen][:, weighed]
    ratios = np.array([left.weight[weighed] - told.weight[weighed] for left in lefts]) @ log_likelihood.T
    found = psis.smooth(ratios)
    ends = psis.weighted_quantiles(figure, found.weights, INTERVAL)
    plain = psis.weighted_quantiles(figure, np.ones((1, figure.size)), INTERVAL)
    rng = _random.stream("quantiles that leave claims out", posterior.seed)
    error = leave_one_out.shift_errors(figure, found.weights, rng)
    straight = leave_one_out.linear_leave_one_out(
        linear.centre,
        linear.residual,
        linear.jacobian,
        linear.gradient,
        np.array([left.weight[weighed] / told.weight[weighed] for left in lefts]),
    )
    middle = plain[0, 0]
    how = np.full(len(outs), How.WEIGHTED.value, dtype=object)
    for row in np.flatnonzero(found.k > psis.RELIABLE_K):
        ends[row] = middle + straight.shift[row] + (plain[0] - middle) * straight.spread[row]
        error[row], how[row] = np.nan, How.LINEAR.value
    failed = np.flatnonzero(
        (found.k > psis.RELIABLE_K) & (np.abs(straight.shift) > WORTH_A_REFIT * figure.std())
    )
    failed = failed[np.argsort(-np.abs(straight.shift[failed]), kind="stable")][:refits]
    if failed.size:
        again = _Refit(about)
        for count, row in enumerate(failed):
            say(_fitting(claims, weighed, names, int(row)), count / failed.size)
            shift, noise = again.shift(lefts[row])
            if np.isfinite(shift).all():
                ends[row], error[row], how[row] = plain[0] + shift, noise, How.REFITTED.value
    ends = np.maximum(ends, 0.0 if figure.min() >= 0 else -np.inf)
    columns = {
        "without": ends[:, 0], "without_5": ends[:, 1], "without_95": ends[:, 2],
        "shift": ends[:, 0] - plain[0, 0], "error": error, "k": found.k, "how": how,
    }  # fmt: skip
    frame = pd.DataFrame(columns)
    n = weighed.size
    by_claim = frame.iloc[:n].reset_index(drop=True)
    by_claim.insert(0, "claim", [claims[i].id for i in weighed])
    by_claim.insert(1, "statement", [shown.claims[claims[i].id].statement for i in weighed])
    by_claim.insert(2, "source", [claims[i].source for i in weighed])
    by_claim["share"] = part * linear.account.claims / max(linear.account.variance, 1e-300)
    by_source = frame.iloc[n:].reset_index(drop=True)
    by_source.insert(0, "source", names)
    by_source.insert(1, "title", [shown.sources[s].title for s in names])
    by_source.insert(2, "claims", [int(out.sum()) for out in outs[n:]])
    return _ranked(by_claim, "shift"), _ranked(by_source, "shift"), int(failed.size)


class _Refit:
    """Fits without some claims beside the fit with all, both as draws of their Gaussian approximations."""

    def __init__(self, about: QuantityOfInterest) -> None:
        rows = len(about.picks)
        rng = _random.stream("draws of a refit", about.posterior.seed)
        self._about = about
        self._white = rng.standard_normal((rows, about.posterior.log_posterior.size))
        self._before = self._figure(about.posterior.fit)

    def _figure(self, found: MapEstimate) -> FloatArray:
        return self._about.at(np.asarray(found.gaussian.colour(self._white)))

    def shift(self, figures: ClaimErrors) -> tuple[FloatArray, float]:
        """Shift of the quantiles (quantile,) without some claims, and the standard error of the median's
        shift.
        """
        posterior = self._about.posterior
        found = find_map(posterior.log_posterior, figures, starts=1, near=posterior.fit.deviates)
        after, before = self._figure(found), self._before
        both = np.isfinite(after) & np.isfinite(before)
        even = np.full((1, int(both.sum())), 1.0)
        later, first = (psis.weighted_quantiles(x[both], even, INTERVAL) for x in (after, before))
        rng = _random.stream("resamples of a refit", 0)
        times = rng.multinomial(even.size, np.full(even.size, 1 / even.size), size=leave_one_out.RESAMPLES)
        pair = [psis.weighted_quantiles(x[both], times.astype(float), (0.5,)) for x in (after, before)]
        return (later - first)[0], float((pair[0] - pair[1]).std(ddof=1))


def _numbers(about: QuantityOfInterest, linear: Linearisation, part: float) -> pd.DataFrame:
    """Every deviate: what it stands for, its share of the variance, the figure at both ends of its range and
    under a flat prior.
    """
    target = about.posterior.log_posterior
    free, ledger = target.prior.size, target.prior.ledger
    places = target.prior.free
    figure, z = about.figure[about.sound], about.posterior.z[about.chosen]
    centre = target.prior._range[2]
    share = part * linear.account.deviates / max(linear.account.variance, 1e-300)
    plain = float(np.median(figure))
    ends = _ends(about, linear, centre)
    found = psis.smooth(leave_one_out.flat_ratios(z[:, :free], centre).T)
    flat = psis.weighted_quantiles(figure, found.weights, (0.5,))[:, 0]
    network, shown = about.responder.model.network, about.case.in_language(locale())
    roles = {int(p): role for role, own in forms(network, about.responder.levers).items() for p in own}
    rows = []
    for number, place in enumerate(places):
        if not network.ledger.free[place]:
            continue
        name = ledger.ids[place]
        told = _described(shown, name, int(place), roles)
        rows.append(
            {
                "number": name, **told,
                "low": ledger.low[place], "high": ledger.high[place],
                "share": share[number], "at_low": plain + ends[0, number], "at_high": plain + ends[1, number],
                "flat": flat[number], "k": found.k[number],
                "how": How.WEIGHTED.value if found.k[number] <= psis.RELIABLE_K else How.ROUGH.value,
            }
        )  # fmt: skip
    for number in range(free, share.size):
        rows.append(
            {"number": f"error-{number - free}", "meaning": "error that claims share", "group": Group.SHARED,
             "role": "", "template": "", "unit": "", "share": share[number]}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.sort_values(by="share", ascending=False, kind="stable").reset_index(drop=True)


def _ends(about: QuantityOfInterest, linear: Linearisation, centre: FloatArray) -> FloatArray:
    """Change of the figure (end, free) as each number moves to the ends of its range.

    The other numbers move to their mean given that one: z + C_j (z_j - mean_j) / C_jj. Computed for the
    strongest numbers; the others follow the slope.
    """
    free = centre.size
    spread = LowRankPrecision(linear.jacobian).variances()[:free]
    aim = np.array([leave_one_out.at_place(u, centre) for u in ENDS]) - linear.centre[:free]
    result = aim * linear.account.direction[:free] / spread
    effect = np.abs(result[1] - result[0])
    own = linear.account.deviates[:free]
    strength = np.maximum(effect / max(effect.max(), 1e-300), own / max(own.max(), 1e-300))
    strong = np.argsort(-strength, kind="stable")[:SOLVED]
    unit = np.zeros((linear.centre.size, strong.size))
    unit[strong, np.arange(strong.size)] = 1.0
    move = (LowRankPrecision(linear.jacobian).solve(unit) / spread[strong]).T
    z = [linear.centre + move * aim[end, strong][:, None] for end in (0, 1)]
    solved = about.at(np.concatenate(z)).reshape(2, -1) - linear.figure
    result[:, strong] = np.where(np.isfinite(solved), solved, result[:, strong])
    return result


def _described(case: Case, name: str, place: int, roles: Mapping[int, str]) -> dict[str, Any]:
    """Meaning, group, role in the functional form, template and unit of a number of the ledger."""
    template = _template(case, name)
    row: schema.Parameter = case.parameters[template or name]
    group = Group.FORM if place in roles else Group.RANGES if row.claims else Group.ASSUMPTIONS
    meaning = row.meaning
    if template:
        meaning = f"{row.meaning}: {name.partition('@')[2].removeprefix('supply:')}"
    return {
        "meaning": meaning,
        "group": group,
        "role": roles.get(place, ""),
        "template": template,
        "unit": "" if row.unit == "dimensionless" else row.unit,
    }


def _template(case: Case, name: str) -> str:
    """The parameter from which the weight of a single arc or supply takes its range; empty for parameters."""
    kind, sign, arc = name.partition("@")
    if not sign or name in case.parameters or kind != "weight":
        return ""
    if arc.startswith("supply:"):
        return str(case.supplies[arc.removeprefix("supply:")].weight)
    for rows in (case.links, case.processes, case.activities):
        found: Any = rows
        for candidate in (arc, arc.partition(":")[0], arc.partition("@")[0]):
            if candidate in found:
                return str(found[candidate].weight)
    return ""


def _shares(linear: Linearisation, numbers: pd.DataFrame, part: float) -> pd.DataFrame:
    """Share of the variance by group; the parts of the linear account are scaled to what it explains."""
    own = numbers.groupby("group")["share"].sum()
    share = {g.value: float(own.get(g, 0.0)) for g in Group}
    share[Group.CLAIMS] = part * float(linear.account.claims.sum()) / max(linear.account.variance, 1e-300)
    share[Group.INTERACTION] = 1 - part
    return pd.DataFrame([{"group": g.value, "share": share[g], "meaning": GROUPS[g]} for g in Group])


def _ranked(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    return frame.sort_values(by=by, key=np.abs, ascending=False, kind="stable").reset_index(drop=True)


def _fitting(claims: Sequence[statements.Claim], weighed: IntArray, names: Sequence[str], row: int) -> str:
    if row < weighed.size:
        return _("Fitting without {claim}").format(claim=claims[weighed[row]].id)
    return _("Fitting without source {source}").format(source=names[row - weighed.size])
