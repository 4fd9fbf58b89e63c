"""Debian's Chromium by Playwright, and what is asked of every page that it shows."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open pages with")

WIDTHS = (1280, 390)
"""Of a desk and of a phone, px."""

OPEN_ALL = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"

CUT = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  const hidden = e => { for (; e; e = e.parentElement)
    if (e.matches('.skip') || getComputedStyle(e).clipPath !== 'none') return true; return false; };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(e.tagName)) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const boxes = e instanceof SVGElement ? [e.getBoundingClientRect()] : [...range.getClientRects()];
    const out = b => b.width >= 1 && b.height >= 1 && (b.left < -1 || b.right > wide + 1);
    if (boxes.some(out) && !hidden(e)) found.push(node.textContent.trim().slice(0, 60));
  }
  return found;
}"""
"""Texts that stand beyond the left or right edge of the page."""

OVERPRINTED = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('.fig svg')) {
    const texts = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()])
      .filter(([t, b]) => b.width > 0 && b.height > 0);
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
      const a = texts[i][1], b = texts[j][1];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 2 && down > 0.35 * Math.min(a.height, b.height))
        found.push(texts[i][0].textContent.slice(0, 40) + ' | ' + texts[j][0].textContent.slice(0, 40));
    }
  }
  return found;
}"""
"""Texts of one figure that stand on one another."""

NOWHERE = """() => [...document.querySelectorAll('a[href^="#"]')]
  .map(a => decodeURIComponent(a.getAttribute('href').slice(1)))
  .filter(id => id && !document.getElementById(id))"""
"""Addresses on the page that lead nowhere."""

TWICE = """() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i); }"""
"""Ids that two elements share."""

SIDEWAYS = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"

BOXES = """() => [...document.querySelectorAll('.tall')].filter(b => b.scrollWidth > b.clientWidth + 1)
  .map(b => b.getAttribute('aria-label'))"""
"""Boxes of tables that scroll sideways."""


@cache
def browser() -> Browser:
    """One browser for all pages of a process; it ends with it."""
    machine = sync_playwright().start()
    atexit.register(machine.stop)
    return machine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])


@contextmanager
def opened(
    file: Path | str, *, width: int, dark: bool = False, scripts: bool = True, unfold: bool = True
) -> Iterator[Page]:
    """A page, with all requests and messages of the console noted in ``page.noted``."""
    context = browser().new_context(
        viewport={"width": width, "height": 844 if width < 600 else 800},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    page = context.new_page()
    noted: list[str] = []
    page.on("request", lambda request: noted.append(request.url))
    page.on("console", lambda message: noted.append(message.text))
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.goto(file if isinstance(file, str) else file.as_uri())
    if unfold and scripts:
        page.evaluate(OPEN_ALL)
    page.noted = noted  # type: ignore[attr-defined]
    try:
        yield page
    finally:
        context.close()


def faults(page: Page) -> dict[str, Any]:
    """What is wrong with how a page is laid out; empty if nothing is."""
    wide, room = page.evaluate(SIDEWAYS)
    found = {
        "scrolls sideways": [wide] if wide > room else [],
        "cut": page.evaluate(CUT),
        "overprinted": page.evaluate(OVERPRINTED),
        "tables scroll sideways": page.evaluate(BOXES),
    }
    return {what: some[:8] for what, some in found.items() if some}


def expect_whole(file: Path) -> None:
    """A page on desk and phone, all folds open: nothing cut, overprinted, fetched or leading nowhere."""
    for width in WIDTHS:
        with opened(file, width=width) as page:
            assert faults(page) == {}
            assert page.evaluate(NOWHERE) == []
            assert page.evaluate(TWICE) == []
            assert page.noted in ([], [file.as_uri()])  # type: ignore[attr-defined]


def violations(page: Page) -> list[str]:
    """What axe finds, as rule and element."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]
