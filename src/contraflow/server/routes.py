"""The pages and files of the lab, over HTTP on this machine: all of it asks, nothing changes anything."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from contraflow._language import _, in_language
from contraflow._version import __version__
from contraflow.server import lab_pages
from contraflow.server.address import language_asked, read
from contraflow.server.lab_pages import Addressed, LabPages
from contraflow.server.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names by which a browser may call this server: a page elsewhere that points its name here is refused."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Content security policy of all pages."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Contraflow": __version__,
}


GIVE_WAY = 10
"""Niceness of threads that give way."""

GONE = 499
"""Status of an answer that nobody waits for any more; it is never seen."""


class Lanes:
    """Who computes when: previews, answers and slow panels one at a time each.

    Where the system can, answers and panels give way to previews: a lever that moves waits for nobody.
    """

    def __init__(self) -> None:
        self.preview = ThreadPoolExecutor(1, "preview")
        self.answer = ThreadPoolExecutor(1, "answer", give_way)
        self.slow = ThreadPoolExecutor(1, "slow", give_way)

    def close(self) -> None:
        """Drop what waits for its turn."""
        for lane in (self.preview, self.answer, self.slow):
            lane.shutdown(wait=False, cancel_futures=True)


def give_way() -> None:
    """Lower the priority of this thread and of those that it begins; only Linux knows that of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GIVE_WAY)


def make_app(workshop: Workshop, language: str) -> Starlette:
    """The application.

    Parameters
    ----------
    workshop
        The case.
    language
        Language of pages whose address names none.
    """
    own = LabPages(workshop)
    case = workshop.case.info.id
    lanes = Lanes()

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        workshop.start()
        try:
            yield
        finally:
            workshop.stop()
            lanes.close()

    def answers(
        make: Callable[[Addressed, Request], Response], lane: ThreadPoolExecutor
    ) -> Callable[[Request], Awaitable[Response]]:
        """An address that is answered in a lane, in the language that it names."""

        async def respond(request: Request) -> Response:
            pairs = request.query_params.multi_items()
            whole = request.url.path == f"/{case}"

            def work() -> Response:
                with in_language(language_asked(pairs, language)):
                    standing = workshop.standing
                    if standing is None:
                        return own.waiting(whole)
                    asked = read(pairs, standing.known_here())
                    desk = workshop.desk(standing, asked.believes)
                    if desk is None:
                        return own.waiting_for_belief(asked, standing.known, whole)
                    return make(Addressed(asked, standing, desk), request)

            return await unless_gone(request, work, lane)

        return respond

    def panel(seen: Addressed, request: Request) -> Response:
        whole = request.headers.get("sec-fetch-dest", "document") == "document"
        return own.panel(seen, request.path_params["panel"], whole=whole)

    def figure(seen: Addressed, request: Request) -> Response:
        return own.figure(seen, request.path_params["address"], request.path_params["ending"])

    async def status(request: Request) -> Response:
        code = language_asked(request.query_params.multi_items(), language)
        with in_language(code):
            return JSONResponse(own.status())

    async def home(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/{case}{query}", status_code=307)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        found = lab_pages.static(name)
        if found is None:
            return PlainTextResponse("", status_code=404)
        text, kind = found
        return Response(text, media_type=kind)

    routes = [
        Route("/", home),
        Route("/static/{name}", file),
        Route("/favicon.ico", lambda _request: Response(status_code=204)),
        Route(f"/{case}", answers(lambda seen, _request: own.page(seen), lanes.answer)),
        Route(f"/{case}/preview", answers(lambda seen, _request: own.preview(seen), lanes.preview)),
        Route(f"/{case}/answer", answers(lambda seen, _request: own.answer(seen), lanes.answer)),
        Route(f"/{case}/panel/{{panel}}", answers(panel, lanes.slow)),
        Route(f"/{case}/figure/{{address}}.{{ending}}", answers(figure, lanes.slow)),
        Route(f"/{case}/questions", answers(lambda seen, _request: own.questions(seen), lanes.slow)),
        Route(f"/{case}/status", status),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS)),
            Middleware(Guard),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1),
        ],
        exception_handlers={404: own_404(own, language), 500: own_500(own, language)},
        lifespan=life,
    )


class Guard:
    """Puts the headers on every response, and refuses requests that another site's page makes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        site, mode = (
            headers.get(name, b"").decode("latin-1") for name in (b"sec-fetch-site", b"sec-fetch-mode")
        )
        foreign = site not in ("", "none", "same-origin") and mode != "navigate"
        if foreign or scope["method"] not in ("GET", "HEAD"):
            refused = PlainTextResponse("", status_code=403 if foreign else 405)
            await refused(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
            await send(message)

        await self.app(scope, receive, with_headers)


async def unless_gone(request: Request, work: Callable[[], Response], lane: ThreadPoolExecutor) -> Response:
    """What a lane computes; who closed the connection meanwhile, or asked something newer, is not waited for.

    A computation that has begun ends, and its answer is kept; one that waits for its turn is dropped.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    here = copy_context()
    found = asyncio.get_running_loop().run_in_executor(lane, here.run, work)
    left = asyncio.create_task(gone())
    await asyncio.wait((found, left), return_when=asyncio.FIRST_COMPLETED)
    if found.done():
        left.cancel()
        return found.result()
    found.cancel()
    return Response(status_code=GONE)


def own_404(own: LabPages, language: str) -> Callable[[Request, Exception], Response]:
    """What an address shows that leads nowhere."""

    def handle(request: Request, _error: Exception) -> Response:
        with in_language(language_asked(request.query_params.multi_items(), language)):
            return own.message(_("There is no such page."), 404)

    return handle


def own_500(own: LabPages, language: str) -> Callable[[Request, Exception], Response]:
    """What is shown where the program fails: a sentence; the terminal has the rest."""

    def handle(request: Request, error: Exception) -> Response:
        with in_language(language_asked(request.query_params.multi_items(), language)):
            text = _("The program failed on this question ({error}). Others can still be asked.")
            return own.message(text.format(error=type(error).__name__), 500)

    return handle
