"""Many policies: figures of single answers to the last bit, resumed where they stopped, on workers too."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import contraflow as cf
from contraflow.lab import ensemble_identity, ensemble_store, ensemble_workers, policy_block
from contraflow.lab.ensemble_workers import solve_block
from contraflow.lab.policy_block import Block, Cut
from contraflow.lab.policy_ensemble import Ensemble, duration
from contraflow.lab.policy_table import policy_table, read_policies
from contraflow.results.figures import outcome_figures, per_draw
from contraflow.results.view import price_spot

POLICIES = [
    {"radar": float(radar), "interceptors": float(planes)}
    for radar, planes in product(np.linspace(0, 4, 10), np.linspace(0, 8, 8))
]


@pytest.fixture(scope="module")
def many(example_prior_draws):
    return example_prior_draws.respond_many(POLICIES)


def figures(ensemble: Ensemble) -> np.ndarray:
    return ensemble.data["figures"].values


def same(one: Ensemble, other: Ensemble) -> bool:
    return one.finished and other.finished and np.array_equal(figures(one), figures(other), equal_nan=True)


def expect_as_answered(lab, policies, ensemble):
    """Each figure is that of ``lab.respond`` to the last bit, wherever an answer is given."""
    spot = price_spot(lab.baseline().data)
    answered = 0
    for place, policy in enumerate(policies):
        found = figures(ensemble)[place]
        try:
            outcome = lab.respond(policy)
        except cf.ConvergenceError:
            assert np.isnan(found).all(axis=1).mean() >= 0.5
            continue
        answered += 1
        for number, figure in enumerate(outcome_figures()):
            value = per_draw(outcome.data, figure.name, spot=spot)
            known = np.where(np.isnan(value) & ~np.isnan(found[:, number]), 0.0, value)
            assert np.array_equal(known, found[:, number], equal_nan=True), (policy, figure.name)
    assert answered > 1


def test_figures_are_those_of_single_answers(example_prior_draws, many):
    expect_as_answered(example_prior_draws, POLICIES[::9], Ensemble(many.data.isel(policy=slice(0, None, 9))))


def test_figures_are_those_of_single_answers_with_one_draw(example_prior):
    some = POLICIES[::13]
    expect_as_answered(example_prior, some, example_prior.respond_many(some))


@pytest.mark.slow
def test_figures_are_those_of_single_answers_in_many_draws():
    """Beyond MANY draws an answer takes the quick way first, and so do the blocks, wherever it ends."""
    lab = cf.load("example").calibrate(keep=200)
    hard = [
        *POLICIES[::20],
        {m: cf.load("example").parameters[x.maximum].value for m, x in lab.case.measures.items()},
    ]
    found = lab.respond_many(hard)
    assert np.isnan(figures(found)).any(), "no draw is without an equilibrium: the test needs harder policies"
    expect_as_answered(lab, hard, found)


def test_draws_without_equilibrium_are_sought_from_all_starts_as_an_answer_does(
    example_prior_draws, monkeypatch
):
    """As if the baseline led to an equilibrium in every third problem only."""
    from contraflow.lab import calibrated_case as lab_module

    def lost(network, ledger, state):
        assert len(ledger) == len(state)
        gone = (np.abs(ledger[:, 7]) * 1e6).astype(np.int64) % 3 > 0
        return (gone & (np.abs(state).max(axis=1) < 0.2))[:, None] & np.ones((1, 1), dtype=bool)

    monkeypatch.setattr(policy_block, "cut_off", lost)
    monkeypatch.setattr(lab_module, "cut_off", lost)
    some = POLICIES[3::11]
    expect_as_answered(example_prior_draws, some, example_prior_draws.respond_many(some))


def test_blocks_cover_each_policy_once():
    for policies, draws in ((1, 1), (7, 200), (10**4, 1), (300, 2500), (5, 129)):
        cut = Cut(policies, draws)
        seen = np.zeros(policies, dtype=int)
        for block in cut.blocks():
            seen[block.first : block.last] += 1
        assert (seen == 1).all()
        assert cut.count == sum(1 for _ in cut.blocks())
    assert Cut(10**6, 200).height * 200 <= policy_block.MOST_PROBLEMS


def test_what_a_policy_sets_does_not_depend_on_its_neighbours(example_prior_draws, many):
    alone = example_prior_draws.respond_many([{"interceptors": 0.0}, POLICIES[37], {}])
    assert np.array_equal(figures(alone)[1], figures(many)[37], equal_nan=True)
    assert list(alone.data["measure"].values) == ["radar", "interceptors"]
    assert np.array_equal(figures(alone)[2], alone.data["baseline"].values)


def test_tables_are_medians_and_intervals_over_draws(example_prior_draws, many):
    frame = many.table(["exports"])
    assert list(frame.columns) == [
        "radar", "interceptors", "exports", "exports_5", "exports_95", "left_out",
    ]  # fmt: skip
    outcome = example_prior_draws.respond(POLICIES[10])
    row = outcome.summary().loc["exports"]
    assert frame.loc[10, "exports"] == row["figure"]
    assert frame.loc[10, "exports_95"] == row["figure_95"]
    moved = outcome.compare(example_prior_draws.baseline()).summary().loc["exports", "change"]
    assert many.table(["exports"], change=True).loc[10, "exports"] == moved
    assert frame.attrs["units"]["exports"] == "t/yr"
    assert many.by_draw("exports").loc[10].median() == row["figure"]
    with pytest.raises(cf.ComparisonError, match="exports"):
        many.table(["export"])


def test_draws_without_an_equilibrium_are_left_out_of_tables(many):
    data = many.data.copy(deep=True)
    data["figures"][3, :5] = np.nan
    data["figures"][4] = np.nan
    frame = Ensemble(data).table(["exports"])
    assert list(frame["left_out"][2:6]) == [0, 5, 20, 0]
    assert frame.loc[3, "exports"] == np.median(figures(many)[3, 5:, 0])
    assert np.isnan(frame.loc[4, "exports"])


# ---- on disk ----


def interrupted(lab, folder, after):
    """Begin an ensemble and stop after some blocks, as Ctrl-C would."""

    def stop(text, part=None):
        if text.startswith(f"{after} of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.respond_many(POLICIES, out=folder, progress=stop)


def chunks(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder / "figures").rglob("0") if path.is_file()}


def test_a_run_goes_on_where_it_stopped(example_prior_draws, many, tmp_path):
    folder = tmp_path / "answers.zarr"
    interrupted(example_prior_draws, folder, 2)
    half = cf.open_ensemble(folder)
    assert not half.finished
    assert "still to be computed" in repr(half)
    assert 0 < len(half.table(["exports"])) < len(POLICIES)
    there, said = chunks(folder), []
    whole = example_prior_draws.respond_many(
        POLICIES, out=folder, progress=lambda text, part=None: said.append((text, part))
    )
    assert said[0][0] == f"Going on: 2 of {Cut(len(POLICIES), 20).count} blocks there already"
    assert said[-1][1] == 1.0
    assert any("left" in text for text, _ in said)
    assert {path: time for path, time in chunks(folder).items() if path in there} == there
    assert same(whole, many)
    assert same(cf.open_ensemble(folder), many)
    assert whole.table().equals(many.table().astype(whole.table().dtypes))
    assert whole.data["level"].values[0].tolist() == [0.0, 0.0], "a level of 0 is not a missing one"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_of_something_else_is_refused(example_prior_draws, example_prior, tmp_path, monkeypatch):
    folder = tmp_path / "answers.zarr"
    example_prior_draws.respond_many(POLICIES[:2], out=folder)
    before = chunks(folder)
    with pytest.raises(cf.OutputError, match=r"holds an ensemble with other policies\. Name another folder"):
        example_prior_draws.respond_many(POLICIES[:3], out=folder)
    with pytest.raises(cf.OutputError, match="with other draws"):
        example_prior.respond_many(POLICIES[:2], out=folder)
    other = ensemble_identity.running() | {"jax": "0.0.1", "code": "x"}
    with monkeypatch.context() as patch:
        patch.setattr(ensemble_identity, "running", lambda: other)
        with pytest.raises(cf.OutputError, match=r"other code, jax [\d.]+ \(here 0\.0\.1\)"):
            example_prior_draws.respond_many(POLICIES[:2], out=folder)
    assert chunks(folder) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(cf.OutputError, match="holds no ensemble"):
        example_prior_draws.respond_many(POLICIES[:2], out=tmp_path / "mine")
    with pytest.raises(cf.OutputError, match="holds no ensemble"):
        cf.open_ensemble(tmp_path / "mine")


def test_a_block_without_any_equilibrium_is_done_all_the_same(example_prior, tmp_path):
    folder = tmp_path / "a.zarr"
    example_prior.respond_many(POLICIES[:2], out=folder)
    cut = Cut(2, 1)
    (chunk,) = chunks(folder)
    chunk.unlink()
    store = ensemble_store.EnsembleStore(folder, cut)
    assert not store.has(Block(0, 2))
    store.put(Block(0, 2), np.full((2, 1, len(outcome_figures())), np.nan), "x")
    assert store.has(Block(0, 2))
    assert cf.open_ensemble(folder).table(["exports"])["left_out"].tolist() == [1, 1]


def test_an_empty_folder_is_used(example_prior, tmp_path):
    assert example_prior.respond_many(POLICIES[:2], out=tmp_path).finished


def test_a_large_ensemble_needs_a_folder(example_prior, monkeypatch):
    monkeypatch.setattr("contraflow.lab.policy_ensemble.MOST_IN_MEMORY", 100)
    with pytest.raises(cf.OutputError, match="out="):
        example_prior.respond_many(POLICIES)


def test_what_is_missing_is_named_with_its_installation(example_prior, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "zarr", None)
    assert example_prior.respond_many(POLICIES[:1]).finished
    with pytest.raises(cf.ClusterError, match=r"pip install 'contraflow\[cluster\]'"):
        example_prior.respond_many(POLICIES[:1], cluster="tcp://127.0.0.1:8786")
    with pytest.raises(cf.OutputError, match=r"pip install 'contraflow\[cluster\]'"):
        example_prior.respond_many(POLICIES[:1], out=tmp_path / "x")


# ---- policies ----


def test_policies_of_all_forms_are_one_table(example_prior):
    import pandas as pd

    case = example_prior.case
    frame = pd.DataFrame({"interceptors": [1.0, np.nan], "radar": [np.nan, 2], "policy": ["a", "b"]})
    table = policy_table(case, frame)
    assert table.names == ("a", "b")
    assert table.measures == ("radar", "interceptors")
    loose = policy_table(case, iter([{"interceptors": 1}, {"radar": 2}]))
    assert np.array_equal(loose.stated, table.stated, equal_nan=True)
    baseline = example_prior.responder.levers.baseline
    from contraflow.policy import levels

    each = [levels(case, baseline, policy) for policy in ({"interceptors": 1}, {"radar": 2})]
    assert np.array_equal(table.levels(case, baseline, 0, 2), each)


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([], "no policies"),
        ([{"radr": 1}], "Did you mean 'radar'"),
        ([{"radar": 1}, {"radar": 9}], "policy 1: radar=9: the level must lie between 0 and 4"),
        ([{"radar": float("nan")}], "policy 0: radar=nan"),
        ([{"radar": "much"}], "policy 0: radar=much"),
    ],
)
def test_wrong_policies_are_named(example_prior, policies, message):
    with pytest.raises(cf.PolicyError, match=message):
        example_prior.respond_many(policies)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"p\.csv, row 1: There is no header"),
        ("radar\n", r"p\.csv: There are no policies"),
        ("policy\na\n", "No column is a measure"),
        ("radr\n1\n", r"p\.csv, row 1, column 'radr': .* Did you mean 'radar'\?"),
        ("radar;interceptors\n1;2\n", "not separated by commas"),
        ("radar\n1\n\nx\n", r"row 4, column 'radar': 'x' is not a number\. Write a finite number"),
        ("radar\n1\n9\n", r"row 3, column 'radar': '9' .* Write a number from 0 to 4"),
        ("radar,interceptors\n1\n", r"row 2: The row has 1 cells, the header 2"),
        ("radar,radar\n1,1\n", "stands twice"),
        ('radar\n"1\n', "Close every quotation mark"),
        ("radar\n1\u00e9\n".encode("latin-1"), "not UTF-8"),
        ("radar\n" + "x\n" * 50, "and 30 more"),
        ("radar\n1e400\n", "lie between"),
    ],
)
def test_a_bad_file_says_where_and_how_to_mend_it(example_prior, tmp_path, text, message):
    path = tmp_path / "p.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(cf.PolicyError, match=message):
        read_policies(example_prior.case, path)


def test_a_file_is_read_as_it_is_meant(example_prior, tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("\ufeffpolicy,interceptors,radar\r\nnone,,\r\n,,\r\nmost , 8,4\r\n".encode())
    table = read_policies(example_prior.case, path)
    assert (table.names, table.measures) == (("none", "most"), ("radar", "interceptors"))
    assert table.stated[1].tolist() == [4, 8]
    assert np.isnan(table.stated[0]).all()
    with pytest.raises(cf.PolicyError, match="cannot be read"):
        read_policies(example_prior.case, tmp_path / "none.csv")


def test_the_command_answers_a_file(tmp_path, example):
    from contraflow.cli import app

    given, out, table = tmp_path / "p.csv", tmp_path / "answers.zarr", tmp_path / "t.csv"
    given.write_text("policy,radar\nnone,0\n=most,4\n", encoding="utf-8")
    words = ["ensemble", "example", str(given), "--out", str(out), "--method", "best"]
    result = CliRunner().invoke(app, [*words, "--table", str(table)])
    assert result.exit_code == 0, result.output
    assert "2 policies in 1 draw" in result.output
    assert table.read_bytes().startswith(b"policy,radar,exports,")
    assert b"\n'=most,4.0," in table.read_bytes()
    found = cf.open_ensemble(out).table(["exports"])
    assert list(found.index) == ["none", "=most"]
    assert found.loc["none", "exports"] == example.respond({"radar": 0}).summary().loc["exports", "figure"]
    again = CliRunner().invoke(app, [*words, "--json"])
    assert '"highest_policy": "none"' in again.output
    wrong = CliRunner().invoke(app, ["ensemble", "example", str(given), "--table", "t.txt"])
    assert wrong.exit_code == 1
    given.write_text("policy,radr\nnone,0\n", encoding="utf-8")
    assert CliRunner().invoke(app, words).exit_code == 2


def test_times_are_said_in_words():
    said = [duration(s) for s in (7, 300, 3 * 3600 + 20 * 60, 53 * 3600)]
    assert said == ["7 s", "5 min", "3 h 20 min", "2 days 5 h"]


# ---- on workers ----


def work_of(lab) -> ensemble_workers.Work:
    return ensemble_workers.Work(lab.case, lab.responder, lab.ledger, price_spot(lab.baseline().data))


def test_a_worker_with_other_code_refuses(example_prior_draws):
    packed = work_of(example_prior_draws).packed()
    client = ensemble_identity.running() | {"contraflow": "9.9", "jaxlib": "9.9"}
    with pytest.raises(cf.ClusterError, match=r"contraflow 0\.\d.* \(here 9\.9\), jaxlib .* \(here 9\.9\)"):
        solve_block(packed, "k", client, np.zeros((1, 2)))


def test_a_worker_gives_the_figures_of_this_process(example_prior_draws, many):
    """From what is sent alone, and with a model that is built once."""
    packed, client = work_of(example_prior_draws).packed(), ensemble_identity.running()
    table = policy_table(example_prior_draws.case, POLICIES)
    baseline = example_prior_draws.responder.levers.baseline
    for block in (Block(0, 3), Block(3, 5)):
        levels = table.levels(example_prior_draws.case, baseline, block.first, block.last)
        found, kind = solve_block(packed, "some-key", client, levels)
        assert np.array_equal(found, figures(many)[block.first : block.last], equal_nan=True)
        assert kind == many.data.attrs["processors"][0]
    assert "some-key" in ensemble_workers._WORKS


def test_nobody_at_an_address_is_said_at_once(example_prior):
    pytest.importorskip("distributed")
    for address in ("tcp://127.0.0.1:1", "127.0.0.1:1", "nowhere"):
        with pytest.raises(cf.ClusterError, match="No scheduler of Dask answers"):
            example_prior.respond_many(POLICIES[:1], cluster=address)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as found:
        yield found


@pytest.mark.slow
def test_workers_give_the_same_figures_to_the_last_bit(example_prior_draws, many, cluster):
    from distributed import Client

    assert same(example_prior_draws.respond_many(POLICIES, cluster=cluster.scheduler_address), many)
    with Client(cluster, set_as_default=False) as client:
        assert same(example_prior_draws.respond_many(POLICIES, cluster=client), many)


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_nothing(example_prior_draws, many, cluster, tmp_path):
    import psutil
    from distributed import Client

    with Client(cluster, set_as_default=False) as client:
        before = client.run(lambda: __import__("os").getpid())
        killed = []

        def kill(text, part=None):
            if text.startswith("2 of"):
                killed.append(next(iter(before.values())))
                psutil.Process(killed[0]).kill()

        found = example_prior_draws.respond_many(
            POLICIES, cluster=client, out=tmp_path / "a.zarr", progress=kill
        )
        assert len(killed) == 1
        client.wait_for_workers(2)
        assert killed[0] not in client.run(lambda: __import__("os").getpid()).values()
    assert same(found, many)


CLIENT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import contraflow as cf
from spread import spread
from test_ensembles import POLICIES

if __name__ == "__main__":
    lab = spread(cf.load("example").central_values())
    lab.respond_many(POLICIES, cluster={address!r}, out={out!r})
"""


@pytest.mark.slow
def test_a_client_that_is_killed_is_resumed(example_prior_draws, many, cluster, tmp_path):
    out, script = tmp_path / "a.zarr", tmp_path / "client.py"
    names = {"tests": str(Path(__file__).parent), "address": cluster.scheduler_address, "out": str(out)}
    script.write_text(CLIENT.format(**names), encoding="utf-8")
    client = subprocess.Popen([sys.executable, str(script)])
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end and client.poll() is None and len(chunks(out)) < 2:
            time.sleep(0.02)
    finally:
        client.kill()
        client.wait()
    there = chunks(out)
    assert there, "the client wrote nothing before it was killed"
    assert not cf.open_ensemble(out).finished
    found = example_prior_draws.respond_many(POLICIES, cluster=cluster, out=out)
    assert {path: time for path, time in chunks(out).items() if path in there} == there
    assert same(found, many)


@pytest.mark.slow
def test_a_block_that_ends_every_worker_is_said(example_prior_draws, cluster, monkeypatch, tmp_path):
    def fatal(*_):
        import os

        os._exit(1)

    monkeypatch.setattr(ensemble_workers, "solve_block", fatal)
    with pytest.raises(cf.ClusterError, match=r"workers died one after the other .*allowed-failures"):
        example_prior_draws.respond_many(POLICIES[:1], cluster=cluster, out=tmp_path / "a.zarr")


def test_the_store_is_plain_zarr(example_prior_draws, tmp_path):
    """Any reader finds arrays by name, with dimensions, and policies that are done in files of their own."""
    zarr = pytest.importorskip("zarr")
    folder = tmp_path / "a.zarr"
    example_prior_draws.respond_many(POLICIES[:2], out=folder)
    group = zarr.open_group(str(folder), mode="r")
    assert group["figures"].shape == (2, 20, len(outcome_figures()))
    assert group["figures"].attrs["_ARRAY_DIMENSIONS"] == ["policy", "draw", "figure"]
    assert ensemble_store.finished(folder, Cut(2, 20)).all()
