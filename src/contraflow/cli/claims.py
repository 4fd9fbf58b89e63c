"""The command ``claims``: each claim beside the model's figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._language import _, ngettext
from contraflow._numbers import DASH, fixed
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, paged, progress
from contraflow.cli.terminal_tables import known, say, tell_own

if TYPE_CHECKING:
    from contraflow.case import Case


def claims(asked: AskedPolicy, filters: Filters, *, how: CalibrationOptions, as_json: bool) -> None:
    """Show each claim beside the model's figure, by size of the residual."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        frame = lab.claims()
    frame = frame.iloc[(-frame["residual"].abs().fillna(-1.0)).argsort(kind="stable")]
    listed = filters.chosen(
        json_records.rows(frame),
        lambda c: f"{c['statement']} {c['claim']} {c['source']}",
        source=lambda c: str(c["source"]),
        kind=lambda c: str(asked.case.claims[str(c["claim"])].quantity.value),
    )
    if as_json:
        emit(json_records.provenance(lab) | {"claims": listed})
        return
    if filters.write(listed):
        return
    with paged() as console:
        tell_own(console, lab.own_attributes)
        shown, more = filters.shown(listed, console)
        uses = {"check": _("check"), "context": _("context"), "fit": _("later")}
        rows = [
            (
                str(c["statement"]),
                (*_figures(c, asked.case), _off(float(c["residual"]))),
                (
                    str(c["claim"]),
                    f"{c['source']} {c['paragraph']}".strip(),
                    str(c.get("year") or ""),
                    _("grade {grade}").format(grade=c["grade"]),
                    _("fitted") if c["fitted"] else uses.get(str(c["use"]), str(c["use"])),
                ),
            )
            for c in shown
        ]
        two_line_rows(console, (_("claim"), _("it says"), _("model"), _("off by")), rows)
        left_out(console, more)
        console.print()
        say(console, (_count(len(listed)), "bold"))
        say(
            console,
            (
                _(
                    "off by: standard deviations that the model lies above (+) or below the claim. grade: "
                    "source A to F, information 1 to 6. check: compared, not fitted; later: after the "
                    "baseline, not fitted; context: not compared."
                ),
                "dim",
            ),
        )
        if shown and filters.source is None:
            source = str(shown[0]["source"])
            next_step(console, _("All that this source says:"), "claims", asked.name, "--source", source)


def _count(number: int) -> str:
    return ngettext("{number} claim", "{number} claims", number).format(number=number)


def _figures(claim: json_records.Record, case: Case) -> tuple[str, str]:
    """What a claim says and what the model says, in one unit."""
    from contraflow.text.conflict_sentences import is_bare, scale_of

    low, value, high, model = (float(claim[c]) for c in ("low", "value", "high", "model"))
    ends = [x for x in (low, high) if known(x)]
    every = [x for x in (value, *ends, model) if known(x)]
    quantity = case.claims[str(claim["claim"])].quantity.value
    if is_bare(quantity, str(claim["unit"])):
        return DASH, DASH
    scale = scale_of(quantity, str(claim["unit"]), max(every, default=0.0))
    ours = scale.number(model) if known(model) else DASH
    if len(ends) == 2 and low < high:
        text = scale.span(low, high)
    else:
        stated = next((x for x in (value, *ends) if known(x)), None)
        text = DASH if stated is None else scale.text(stated)
    bounds = {"at least": _("at least {figure}"), "up to": _("up to {figure}")}
    return bounds.get(str(claim["bound"]), "{figure}").format(figure=text), ours


def _off(residual: float) -> str:
    if not known(residual):
        return DASH
    return "0" if abs(residual) < 0.05 else fixed(residual, 1, sign=True)
