"""What must work with the lowest versions that pyproject.toml allows: each library is touched once."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import uvicorn
from distributed import LocalCluster
from typer.testing import CliRunner

import contraflow
from contraflow.cli import app
from contraflow.inference.delayed_acceptance_nuts import Sampler
from contraflow.inference.low_rank_gaussian import plain
from contraflow.model.numerics import jax
from contraflow.server.routes import make_app
from contraflow.server.serving import HOST, listen
from contraflow.server.workshop import Workshop


def said(*words: str) -> None:
    """Run a command of the program, and end with what it printed unless it succeeds."""
    result = CliRunner().invoke(app, words)
    if result.exit_code:
        sys.exit(f"contraflow {' '.join(words)} ends with {result.exit_code}:\n{result.output}")


def served(lab: contraflow.Lab) -> None:
    """Open the page of a lab over HTTP."""
    listening = listen(0)
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_app(Workshop("example", lambda _case, _say: lab), "en"), log_level="error")
    )
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    end = time.monotonic() + 120
    page = ""
    while 'id="sentence"' not in page and time.monotonic() < end:
        time.sleep(0.5)
        with urlopen(f"http://{HOST}:{port}/example?radar=1&interceptors=4", timeout=60) as answer:
            page = answer.read().decode()
    server.should_exit = True
    thread.join(10)
    listening.close()
    assert 'id="sentence"' in page


start = np.zeros((2, 3))
chains = Sampler(lambda z: -z @ z, 3).run(
    jax.random.key(0), start, plain(start[0]), (), warm_up=100, draws=500
)
assert abs(chains.draws.std() - 3**-0.5) < 0.1

said("--help")
said("respond", "--help")
said("check", "example")
with tempfile.TemporaryDirectory() as folder:
    lab = contraflow.load("example").central_values()
    base = lab.baseline()
    shut = lab.respond({"radar": 1, "interceptors": 4})
    change = shut.compare(base)
    assert "exports" in change.summary().index
    assert contraflow.verify(shut.data, base.data).worst < 1e-6
    assert change.map().svg().startswith("<svg")
    drawn = contraflow.load("example").calibrate(fresh=True)
    drawn.respond({"radar": 1}).compare(drawn.baseline()).summary()
    assert len(drawn.tension().claims)
    many = lab.respond_many([{}, {"radar": 1, "interceptors": 4}], out=Path(folder) / "many.zarr")
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        again = lab.respond_many([{}, {"radar": 1, "interceptors": 4}], cluster=cluster)
    assert many.table().equals(again.table().astype(many.table().dtypes))
    served(lab)
    said("export", "example", "--to", "netcdf", "--out", str(Path(folder) / "base.nc"))
print("works with the lowest versions")
