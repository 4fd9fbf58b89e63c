"""How fast the page of the lab follows a lever, in a real browser, beside the same question in Python.

``python benchmarks/lab_page.py [--case peru] [--series 5]`` serves the case, opens it in Chromium, presses an
arrow key of a lever ten times, 120 ms apart, then lets it rest; over again for each series, with the other
levers of a headline question at levels that were not asked before. It prints the time from a key press to the
moved dot, from the last press to the answer of all draws, and both as ratios to
``lab.respond(policy).compare(base).table()`` in this process: the wait of somebody who asks in a notebook.
Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import sync_playwright

import contraflow as cf

PRESSES, APART, REST = 10, 120, 4000
"""Key presses in a series, ms between them, ms of rest after them."""

WATCH = """() => {
  const answer = document.getElementById('answer');
  window.moved = []; window.settled = []; let pressed = 0, waits = false, unsettled = false;
  document.addEventListener("keydown", () => {
    pressed = performance.now(); waits = unsettled = true;
  }, true);
  new MutationObserver(changes => {
    const now = performance.now(), old = answer.classList.contains('old');
    if (waits && old && changes.some(c => [...c.addedNodes].some(n => n.querySelector?.('g.now')))) {
      waits = false; window.moved.push(now - pressed);
    }
    if (unsettled && !old) { unsettled = false; window.settled.push(now - pressed); }
  }).observe(answer, {subtree: true, childList: true, attributes: true});
}"""


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--case", default="peru")
    words.add_argument("--lever", default="", help="the lever that moves; the first of the case")
    words.add_argument("--series", type=int, default=5)
    given = words.parse_args()
    lab = cf.load(given.case).calibrate()
    lever = given.lever or next(iter(lab.case.measures))
    questions = lab.case.info.questions
    question = next((q for q in questions if lever in q.policy), questions[0])
    base = lab.baseline()
    lab.respond({lever: float(lab.measures().loc[lever, "highest"])})
    port = "8799"
    server = subprocess.Popen(
        [sys.executable, "-m", "contraflow", "serve", given.case, "--port", port, "--no-open"],
        stdout=subprocess.DEVNULL,
    )
    home = f"http://127.0.0.1:{port}/{lab.case.info.id}"
    try:
        while b'"open":true' not in ask(f"{home}/status"):
            time.sleep(0.5)
        moved, settled = in_browser(home, lever, question.policy, given.series)
    finally:
        server.terminate()
        server.wait()
    top = float(lab.measures().loc[lever, "highest"])
    peer = []
    for number in range(given.series):
        begun = time.perf_counter()
        policy = question.policy | {lever: top * (0.31 + number / 50)}
        lab.respond(policy).compare(base).table()
        peer.append(1000 * (time.perf_counter() - begun))
    middle = median(peer)
    print(f"{given.case}, lever {lever}, {given.series} series of {PRESSES} presses, {len(lab.ledger)} draws")
    for what, times in (
        ("dot moved", moved),
        ("all draws answered", settled),
        ("lab.respond and table", peer),
    ):
        low, mid, high = np.quantile(times, (0.05, 0.5, 0.95))
        print(f"{what:22} {mid:6.0f} ms ({low:.0f} to {high:.0f}), {mid / middle:.2f} of lab.respond")
    print(f"dots within 100 ms: {np.mean(np.array(moved) <= 100):.0%} of {len(moved)} that were drawn")
    print(f"answers within 1 s: {np.mean(np.array(settled) <= 1000):.0%} of {len(settled)}")


def ask(address: str) -> bytes:
    """What an address answers; nothing while the server is not there."""
    try:
        with urlopen(address, timeout=5) as answer:
            content: bytes = answer.read()
            return content
    except OSError:
        return b""


def in_browser(
    home: str, lever: str, policy: Mapping[str, float], series: int
) -> tuple[list[float], list[float]]:
    """Times (ms) from a press to the moved dot, and from the last press of a series to the answer."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    moved: list[float] = []
    settled: list[float] = []
    with sync_playwright() as machine:
        browser = machine.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for number in range(series):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            levels = {name: level * (1 - 0.07 * number) for name, level in policy.items() if name != lever}
            page.goto(f"{home}?{urlencode(levels)}")
            page.wait_for_timeout(REST)
            page.evaluate(WATCH)
            handle = page.locator(f"[id='lever-{lever}']")
            handle.evaluate("e => { e.closest('details').open = true; e.focus(); }")
            for _press in range(PRESSES):
                page.keyboard.press("ArrowRight")
                page.wait_for_timeout(APART)
            page.wait_for_timeout(REST)
            moved += page.evaluate("window.moved")
            settled += page.evaluate("window.settled")
            page.close()
        browser.close()
    return moved, settled


if __name__ == "__main__":
    main()
