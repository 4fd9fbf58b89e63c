"""What is sent to the browser for a state: pages, parts of them, figures and files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from contraflow._language import LANGUAGES, _, language, locale
from contraflow.errors import ContraflowError
from contraflow.history import left_out
from contraflow.report.draw import labels, row_charts, theme
from contraflow.report.draw.basemap import ground
from contraflow.report.draw.drawing import STYLE
from contraflow.report.draw.flow_curves import map_frame
from contraflow.report.front import evidence, learned
from contraflow.report.jinja import TEMPLATES as OF_REPORT
from contraflow.report.jinja import environment
from contraflow.server import screen, taking_away, tour
from contraflow.server.address import LANGUAGE, Asked, Known, of_policy, write
from contraflow.server.controls import grouped
from contraflow.server.desk import Desk
from contraflow.server.screen import PANELS, TEMPLATES, Answered
from contraflow.server.workshop import FitStatus, Standing, Workshop
from contraflow.text.answer_sentences import tell_first
from contraflow.text.evidence_sentences import track_record

WAITING = 202
"""Status of an answer that is not there yet."""

AGAIN = 2
"""Seconds after which a page that waits looks again, without scripts."""


class Addressed(NamedTuple):
    """A state, with what it is asked of."""

    asked: Asked
    standing: Standing
    desk: Desk


class LabPages:
    """Answers requests of a workshop's case, in the language of the context."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    # -- whole pages

    def page(self, seen: Addressed) -> Response:
        """The whole page of a state."""
        asked, standing, desk = seen
        shown, error = _answered(desk, asked, standing.known)
        panels = []
        templates = self._templates(asked, standing)
        for panel in PANELS:
            body = None
            if shown is not None and not panel.folded:
                body = self._panel(panel.id, shown, templates)
            panels.append({"id": panel.id, "title": _(panel.title), "folded": panel.folded, "body": body})
        step = tour.step(asked, standing)
        if step is not None and step["soon"]:
            self.workshop.desk(standing, step["soon"])  # fitted while the reader reads
        text = templates.get_template("lab.html.j2").render(
            **self._always(asked, standing),
            answer=self._answer(shown, error, asked, standing, templates),
            panels=panels,
            controls=grouped(desk.lab, asked, standing.known.today),
            beliefs=self._beliefs(desk, asked),
            step=step,
            backdrop=_backdrop(standing),
            query=write(asked, standing.known),
            question_addresses=[
                of_policy(question.policy, standing.known, asked).removeprefix("?")
                for question in standing.case.info.questions
            ],
        )
        return HTMLResponse(text)

    def waiting(self, whole: bool) -> Response:
        """What is shown while the case is calibrated, or why it could not be."""
        work = self.workshop.opening
        if not whole:
            return JSONResponse(_told(work), status_code=WAITING)
        return self._wait(work, self.workshop.case.in_language(locale()).info.title, "")

    def waiting_for_belief(self, asked: Asked, known: Known, whole: bool) -> Response:
        """What is shown while the case is fitted as if a side were right."""
        work = self.workshop.fit_of(asked.believes)
        if not whole:
            return JSONResponse(_told(work), status_code=WAITING)
        back = write(dataclasses.replace(asked, believes={}), known)
        return self._wait(work, self.workshop.case.in_language(locale()).info.title, back)

    def message(self, text: str, status: int) -> Response:
        """A page with one sentence and a way on."""
        filled = (
            environment(TEMPLATES)
            .get_template("message.html.j2")
            .render(
                language=language(), text=text, home=f"/{self.workshop.case.info.id}?{LANGUAGE}={language()}"
            )
        )
        return HTMLResponse(filled, status_code=status)

    def status(self) -> dict[str, Any]:
        """Where the workshop stands."""
        shop = self.workshop
        standing = shop.standing
        news = ""
        if shop.problems:
            news = _(
                "{files} changed, and cannot be used as it is: {problems} Mend it, and it is read again."
            ).format(files=", ".join(shop.changed), problems=" ".join(shop.problems[:3]))
        elif shop.changed:
            news = _(
                "{files} changed. The case is calibrated again; until then the answers are the old ones."
            ).format(files=", ".join(shop.changed))
            if shop.opening.error:
                news = _("{files} changed, but the case could not be calibrated: {error}").format(
                    files=", ".join(shop.changed), error=shop.opening.error
                )
        return {
            "open": standing is not None,
            "stamp": "" if standing is None else standing.known.stamp,
            "news": news,
            **_told(shop.opening),
        }

    # -- parts of pages

    def answer(self, seen: Addressed) -> Response:
        """The answer of a state in all draws, as a part of the page."""
        asked, standing, desk = seen
        shown, error = _answered(desk, asked, standing.known)
        text = self._answer(shown, error, asked, standing, self._templates(asked, standing))
        return HTMLResponse(text)

    def preview(self, seen: Addressed) -> Response:
        """The sentence and dots of a state while a lever moves."""
        asked, _standing, desk = seen

        def make() -> dict[str, Any]:
            made = screen.preview_data(desk, asked)
            figures = made["figures"]
            return made | {"figures": "" if figures is None else str(figures.html())}

        try:
            return JSONResponse(desk.pages.get(f"preview {locale()} {_key(asked)}", make))
        except ContraflowError as error:
            return JSONResponse({"sentence": screen.no_answer(error), "figures": "", "cost": ""})

    def panel(self, seen: Addressed, name: str, *, whole: bool) -> Response:
        """A panel of a state; as a page of its own for who opens its address."""
        asked, standing, desk = seen
        panel = screen.panel_of(name)
        if panel is None:
            return self.message(_("There is no such page."), 404)
        templates = self._templates(asked, standing)
        try:
            shown = screen.answered(desk, asked, standing.known)
            body = self._panel(name, shown, templates)
        except ContraflowError as error:
            body = Markup("<p>{}</p>").format(screen.no_answer(error))
        if body is None:
            body = Markup("<p class='fine'>{}</p>").format(_("There is nothing to show for this policy."))
        if not whole:
            return HTMLResponse(body)
        text = templates.get_template("panel.html.j2").render(
            **self._always(asked, standing),
            title=_(panel.title),
            body=body,
            backdrop=_backdrop(standing),
        )
        return HTMLResponse(text)

    def questions(self, seen: Addressed) -> Response:
        """The case's questions with their answers in a line each."""
        asked, standing, desk = seen
        names = desk.names()
        rows = []
        for question in standing.case.in_language(locale()).info.questions:
            try:
                after = desk.preview(question.policy)
                first = tell_first(desk.typical.data, after.data, names)
            except ContraflowError:
                first = ""
            rows.append(
                {
                    "title": question.title,
                    "first": first,
                    "address": of_policy(question.policy, standing.known, asked),
                }
            )
        text = self._templates(asked, standing).get_template("questions.html.j2").render(questions=rows)
        return HTMLResponse(text)

    # -- files

    def figure(self, seen: Addressed, address: str, ending: str) -> Response:
        """A figure as SVG, its numbers as CSV, or HTML to embed."""
        asked, standing, desk = seen
        try:
            shown = screen.answered(desk, asked, standing.known)
            drawing = screen.drawing_of(shown, address)
        except ContraflowError as error:
            return PlainTextResponse(screen.no_answer(error), status_code=422)
        if drawing is None or ending not in taking_away.KINDS:
            return self.message(_("There is no such figure."), 404)
        return taking_away.file_of(drawing, shown, address, ending)

    # -- what they are made of

    def _templates(self, asked: Asked, standing: Standing) -> Any:
        query = write(dataclasses.replace(asked, tour=0), standing.known)
        take = taking_away.links(self.workshop.case.info.id, query)
        return environment(TEMPLATES, take=take)

    def _panel(self, name: str, shown: Answered, templates: Any) -> Markup | None:
        panel = screen.panel_of(name)
        assert panel is not None
        key = f"panel {name} {locale()} {_key(shown.asked)} {shown.asked.view}"
        found: Markup | None = shown.desk.pages.get(key, lambda: screen.filled(panel, shown, templates))
        return found

    def _answer(
        self, shown: Answered | None, error: str, asked: Asked, standing: Standing, templates: Any
    ) -> Markup:
        template = templates.get_template("answer.html.j2")
        if shown is None:
            return Markup(template.render(error=error, asked=asked, notices=asked.notices))

        def make() -> Markup:
            data = screen.answer_data(shown)
            data |= {"reading": row_charts.reading() if data["draws"] > 1 else ""}
            data |= {"take_away": taking_away.texts(shown), "notices": asked.notices, "error": ""}
            return Markup(template.render(**data, **self._standing_by(shown)))

        if asked.notices:
            return make()
        found: Markup = shown.desk.pages.get(
            f"answer {locale()} {_key(asked)} {asked.view} {asked.tour}", make
        )
        return found

    def _standing_by(self, shown: Answered) -> Mapping[str, Any]:
        """What stands beside every answer: how often the model was right, and on what it rests."""
        report = shown.report
        return {
            "record": track_record(left_out()) if learned(report) else "",
            "evidence": evidence(report) if len(report.claims) else None,
            "believes": shown.believed(),
        }

    def _beliefs(self, desk: Desk, asked: Asked) -> list[dict[str, Any]]:
        groups: dict[str, dict[str, Any]] = {}
        for row in desk.lab.disagreements().to_dict("records"):
            if not row["weighed"]:
                continue
            group = groups.setdefault(
                row["disagreement"], {"id": row["disagreement"], "title": row["title"], "sides": []}
            )
            chosen = asked.believes.get(row["disagreement"]) == row["side"]
            group["sides"].append({"id": row["side"], "words": row["words"], "chosen": chosen})
        return list(groups.values())

    def _always(self, asked: Asked, standing: Standing) -> dict[str, Any]:
        case = standing.case.in_language(locale())
        known = standing.known
        return {
            "case": case.info,
            "path": f"/{case.info.id}",
            "language": language(),
            "languages": [
                {
                    "code": code,
                    "name": name,
                    "address": write(dataclasses.replace(asked, language=code), known),
                }
                for code, name in LANGUAGES.items()
            ],
            "asked": asked,
            "stamp": known.stamp,
            "tour_begins": tour.begins(asked, standing),
            "texts": taking_away.script_texts(),
        }

    def _wait(self, work: FitStatus, title: str, back: str) -> Response:
        text = (
            environment(TEMPLATES)
            .get_template("waiting.html.j2")
            .render(
                language=language(),
                title=title,
                again=AGAIN,
                back=back,
                status=f"/{self.workshop.case.info.id}/status?{LANGUAGE}={language()}",
                **_told(work),
            )
        )
        return HTMLResponse(text, status_code=200 if not work.error else 500)


def _answered(desk: Desk, asked: Asked, known: Known) -> tuple[Answered | None, str]:
    """The answer, or why there is none."""
    try:
        return screen.answered(desk, asked, known), ""
    except ContraflowError as error:
        return None, screen.no_answer(error)


def _told(work: FitStatus) -> dict[str, Any]:
    return {"message": work.message, "part": work.part, "done": work.done, "error": work.error}


def _key(asked: Asked) -> str:
    return f"{sorted(asked.policy.items())} {sorted(asked.against.items())}"


def _backdrop(standing: Standing) -> Markup:
    """Land and rivers, once for all maps of a page; their style is in lab.css."""
    home = standing.case.info.home
    return ground(map_frame(standing.case.places, home), home)


STATIC = {"lab.js": "text/javascript", "waiting.js": "text/javascript", "lab.css": "text/css"}
"""Files that pages ask for, with their media types."""


@cache
def static(name: str) -> tuple[str, str] | None:
    """Text and media type of a file that pages ask for."""
    kind = STATIC.get(name)
    if kind is None:
        return None
    text = (TEMPLATES / name).read_text("utf-8")
    if name == "lab.css":
        shared = (OF_REPORT / "report.css").read_text("utf-8")
        text = theme.variables() + theme.classes() + STYLE + labels.STYLE + shared + text
    return text, kind
