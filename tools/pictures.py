"""Write the finished reports of the documentation and the pictures of them that the README shows.

    python tools/pictures.py            compute the reports, some minutes at first, and take the pictures
    python tools/pictures.py --only     take the pictures of the reports that are there
    python tools/pictures.py --lab      take the picture of the lab in the browser alone

Needs Debian's chromium and the libraries of the extra ``test``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
REPORTS, FIGURES = DOCS / "reports", DOCS / "figures"
NAMES = {"en": "peru.html", "es": "peru.es.html"}
DATE = "1767225600"
"""Seconds since 1970 of the date on the reports, so that they can be made again to the last byte."""

PICTURES = {
    "report-first-screen.png": (1280, 660, "", None),
    "report-map.png": (1000, 800, "#fig-close-air-bridge-moves-map", "#fig-close-air-bridge-moves-map"),
    "report-disagreement.png": (800, 800, "#disagreement-air-bridge", "#disagreement-air-bridge"),
}
"""Width and height of the window, address, and the element that the picture holds; None: the window."""


def write_reports() -> None:
    """Both reports, as the command writes them."""
    REPORTS.mkdir(exist_ok=True)
    for code, name in NAMES.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "contraflow", "--language", code, "run", "peru", "--out", folder]
            subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": DATE})
            shutil.copyfile(Path(folder) / "report.html", REPORTS / name)


def take_pictures() -> None:
    """Pictures of the English report."""
    page_file = (REPORTS / NAMES["en"]).resolve().as_uri()
    with sync_playwright() as machine:
        browser = machine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (width, height, address, held) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(page_file + address)
            target = page if held is None else page.locator(held)
            target.screenshot(path=FIGURES / name)
            page.close()
        browser.close()


def take_lab() -> None:
    """A picture of the lab, asked the first question of the case."""
    address = "http://127.0.0.1:8798/peru?radar=1&air-interdiction=4&us-air-cooperation=1"
    command = [sys.executable, "-m", "contraflow", "--language", "en", "serve", "peru", "--port", "8798"]
    server = subprocess.Popen([*command, "--no-open"], stdout=subprocess.DEVNULL)
    try:
        with sync_playwright() as machine:
            browser = machine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            for _second in range(300):
                with suppress(Error):
                    page.goto(address)
                    if page.locator("#sentence").count():
                        break
                page.wait_for_timeout(1000)
            page.wait_for_function("() => !document.querySelector('[aria-busy], [data-stale][open]')")
            page.screenshot(path=FIGURES / "lab.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if "--lab" not in sys.argv[1:]:
        if "--only" not in sys.argv[1:]:
            write_reports()
        take_pictures()
    take_lab()
