"""Fit the shipped cases, and keep the results in the package.

    python tools/fit_shipped_cases.py

Writes ``src/contraflow/fitted``: for each case the posterior by the quick approximation, the best fit, and
what follows if one side of a disagreement is right, all with the default settings. ``index.json`` names
them by the key under which the program looks for them, so that they are used only with the tables and the
code that have made them; ``tests/test_fitted.py`` tells whether they are current. Takes some ten minutes.
"""

from __future__ import annotations

import json
from hashlib import sha256

import contraflow
from contraflow import _cache
from contraflow._io import write_atomically
from contraflow.analysis.conflicts import SIDES, sides_key, tension
from contraflow.inference import store
from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method

CASES = ("example", "andes-1990s", "peru")
METHODS = (Method.BEST, Method.LAPLACE)


def main() -> None:
    _cache.SHIPPED.mkdir(exist_ok=True)
    for old in _cache.SHIPPED.glob("*.*"):
        old.unlink()
    code = {
        " ".join(rooms): {"as_written": _cache.as_written(rooms), "code": _cache.parsed(rooms)}
        for rooms in (_cache.CALIBRATION, SIDES)
    }
    kept: dict[str, dict[str, str]] = {}
    write_index(code, kept)  # first, since keys of what is computed take the digests of the code from it

    def put(key: str, name: str, content: bytes) -> None:
        write_atomically(_cache.SHIPPED / name, content)
        kept[key] = {"file": name, "digest": sha256(content).hexdigest()}
        print(f"{name}: {len(content) / 1e6:.2f} MB", flush=True)

    for name in CASES:
        case = contraflow.load(name)
        for method in METHODS:
            lab = case.calibrate(method=method.value, fresh=True)
            assert lab.posterior is not None
            content = store.content(lab.posterior)
            put(
                store.key(lab.posterior.log_posterior, Settings(method)), f"{name}.{method.value}.nc", content
            )
        tension(case, lab.posterior, lab.ledger)
        key = sides_key(case, lab.posterior)
        sides = _cache.recall(key)
        if sides is not None:
            put(key, f"{name}.sides.json", sides)
    write_index(code, kept)


def write_index(code: dict[str, dict[str, str]], kept: dict[str, dict[str, str]]) -> None:
    index = json.dumps({"code": code, "kept": kept}, indent=1, sort_keys=True)
    write_atomically(_cache.SHIPPED / "index.json", index + "\n")
    _cache._index.cache_clear()
    _cache.code.cache_clear()


if __name__ == "__main__":
    main()
