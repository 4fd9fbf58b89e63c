"""What a reader takes away: files of figures, citations, a figure to embed, and lines that reproduce it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime

from markupsafe import Markup, escape
from starlette.responses import Response

from contraflow._language import _, language
from contraflow._numbers import plain_number
from contraflow._version import __version__
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import STYLE, Drawing
from contraflow.report.jinja import environment
from contraflow.server.screen import TEMPLATES, Answered

KINDS = {"svg": "image/svg+xml", "csv": "text/csv", "html": "text/plain"}
"""Endings of files of a figure with their media types; HTML is sent as the text that is to be pasted."""


def links(case: str, query: str) -> Callable[[str], Markup]:
    """What stands below a figure of the page, from its address."""
    template = environment(TEMPLATES).get_template("take.html.j2")

    def made(address: str) -> Markup:
        own = address.removeprefix("fig-")
        return Markup(template.render(base=f"/{case}/figure/{own}", query=query))

    return made


def file_of(drawing: Drawing, shown: Answered, address: str, ending: str) -> Response:
    """A figure as a file: SVG, the numbers as CSV, or HTML to paste into a page of one's own."""
    source = source_line(shown)
    if ending == "svg":
        text = drawing.svg(source=source)
    elif ending == "csv":
        text = f"{drawing.csv()}\n{_quoted(source)}\n"
    else:
        text = embed(drawing, source)
    name = re.sub(r"[^a-z0-9-]+", "-", f"{shown.case.info.id}-{address}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
    return Response(text, media_type=f"{KINDS[ending]}; charset=utf-8", headers=headers)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def embed(drawing: Drawing, source: str) -> str:
    """A figure that needs nothing else, with its source, as HTML."""
    style = theme.variables(".contraflow", dark=False) + theme.classes() + STYLE
    title = Markup("<h3>{}</h3>").format(drawing.title) if drawing.title else Markup("")
    return (
        f'<figure class="contraflow" lang="{language()}"><style>{style}</style>{title}{drawing.html()}'
        f"<figcaption>{escape(source)}</figcaption></figure>\n"
    )


def source_line(shown: Answered) -> str:
    """The line below a figure that is taken away: what it is of, in how many draws, by which version."""
    draws = int(shown.outcome.data.sizes["draw"])
    text = _(
        "Contraflow {version}, “{case}” ({stamp}). Policy: {policy}. Medians and intervals of {draws} draws, "
        "in the long run."
    )
    told = text.format(
        version=__version__,
        case=shown.case.info.title,
        stamp=shown.case.fingerprint[:12],
        policy=shown.title,
        draws=draws,
    )
    if shown.other_title:
        told += " " + _("Compared with: {policy}.").format(policy=shown.other_title)
    for group, side in shown.believed():
        told += " " + _("Believed: {side} ({disagreement})").format(side=side, disagreement=group)
    licence = _("Case data {licence}.").format(licence=shown.case.info.licence)
    return f"{told} {licence}"


def texts(shown: Answered) -> dict[str, str]:
    """Citation, BibTeX, and the lines of Python and of a terminal that give the same answer."""
    now = datetime.now(UTC).date()
    info = shown.case.info
    text = _("Contraflow {version}, “{title}”, policy “{policy}”, case fingerprint {print}, {date}.").format(
        version=__version__,
        title=info.title,
        policy=shown.title,
        print=shown.case.fingerprint[:12],
        date=now.isoformat(),
    )
    bibtex = (
        f"@misc{{contraflow-{info.id}-{now:%Y},\n"
        f"  title = {{{_tex(info.title)}: {_tex(shown.title)}}},\n"
        f"  author = {{{{Contraflow contributors}}}},\n"
        f"  year = {{{now:%Y}}},\n"
        f"  note = {{Contraflow {__version__}, case {_tex(info.id)}, "
        f"fingerprint {shown.case.fingerprint[:12]}}}\n"
        f"}}"
    )
    return {"citation": text, "bibtex": bibtex, "python": python(shown), "terminal": terminal(shown)}


def _tex(text: str) -> str:
    return re.sub(r"([#$%&_{}])", r"\\\1", text.replace("\\", "/"))


def python(shown: Answered) -> str:
    """Lines of Python that give the same answer."""
    lines = ["import contraflow as cf", "", f"lab = cf.load({shown.desk.source!r}).calibrate()"]
    if shown.asked.believes:
        lines.append(f"lab = lab.believing({dict(shown.asked.believes)!r})")
    lines.append(f"after = lab.respond({dict(shown.asked.policy)!r})")
    before = f"lab.respond({dict(shown.asked.against)!r})" if shown.asked.against else "lab.baseline()"
    return "\n".join([*lines, f"print(after.compare({before}).summary())"])


def terminal(shown: Answered) -> str:
    """The command that gives the same answer; empty where there is none."""
    if not shown.asked.policy:
        return ""
    words = ["contraflow", "respond", _shell(shown.desk.source)]
    words += [f"-m {_shell(f'{name}={plain_number(level)}')}" for name, level in shown.asked.policy.items()]
    words += [f"--believe {_shell(f'{group}={side}')}" for group, side in shown.asked.believes.items()]
    return " ".join(words)


def _shell(text: str) -> str:
    return shlex.quote(text)


def script_texts() -> dict[str, str]:
    """What the script of the page says, in the reader's language."""
    return {
        "copied": _("Copied."),
        "failed": _("Nothing could be copied: mark the text and copy it by hand."),
        "lost": _(
            "The lab does not answer. Is it still running in its terminal? Nothing is lost: the address of "
            "this page holds the policy."
        ),
        "again": _("Try again"),
        "changed": _("The case has changed; the answer is the new one."),
    }
