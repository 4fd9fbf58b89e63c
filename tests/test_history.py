"""Behaviour learned from episodes of history: tables, the reduced form, the fit, scores and the command."""

from __future__ import annotations

import json
import shutil
from math import exp, log

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from contraflow.cli import app
from contraflow.errors import HistoryError
from contraflow.history import (
    episode_tables,
    learned,
    learned_tables,
    left_out,
    read_episodes,
    score_forecasts,
)
from contraflow.history.episode_tables import Episode, EpisodeRow, MeasureRow, ObservationRow, RegionRow
from contraflow.history.forecast_scores import YOURS, two_piece_log_density
from contraflow.history.hierarchical_fit import Forecaster, Sample, fit, reduced, sample
from contraflow.history.left_out_episodes import (
    MEAN,
    NEW,
    NOTHING,
    RIVALS,
    compare,
    crps,
    leave_out,
    mean_of_others,
    nothing_changes,
)
from contraflow.history.reduced_form import MOST_SIZES, EpisodeArrays, course, settings
from contraflow.history.shared_numbers import INGREDIENTS, NAMES, NUMBERS, WHOLE
from contraflow.model.numerics import jax, jnp

COMMON = {"source": "a test", "grade": "A1"}
FOREVER, NOW = 1e9, 1e-3
FOLLOWED = jax.jit(course)


def episode(*measures, months=24, way=0.0, ladder=0.5, multiple=20.0, cost=0.2, seen=(), supply=(1.0,)):
    """An episode made by hand; a measure is (kind, level, last month), in the first region."""
    head = EpisodeRow(
        id="made",
        title="Made",
        substance="cocaine",
        first="2000-01",
        months=months,
        stocks=1,
        weight=1,
        told="x",
    )
    regions = tuple(
        RegionRow(
            episode="made", id=f"r{i}", place=f"R{i}", role="treated" if i == 0 else "elsewhere", supply=s,
            way=way, ladder=ladder, multiple=multiple, cost=cost, basis="made",
        )
        for i, s in enumerate(supply)
    )  # fmt: skip
    told = tuple(
        MeasureRow(
            id=f"m{i}", episode="made", region="r0", kind="outlay" if kind == "feared" else kind,
            first="2000-01", last=date(last), level=level, low=1, high=1,
            feared="yes" if kind == "feared" else "no", **COMMON,
        )
        for i, (kind, level, last) in enumerate(measures)
    )  # fmt: skip
    rows = tuple(
        ObservationRow(
            id=f"o{i}", episode="made", region="r0", stage=stage, month=date(month), before=1, after=after,
            unit="x", use="fit", **COMMON,
        )
        for i, (stage, month, after) in enumerate(seen)
    )  # fmt: skip
    return Episode(head, regions, told, rows, ())


def date(month):
    return f"{2000 + month // 12}-{month % 12 + 1:02d}"


STILL = {
    "theta_trade": 2.0, "theta_land": 2.0, "trade_at_once": 0.5, "land_at_once": 1e-6, "growers": FOREVER,
    "traders": FOREVER, "crop_buyers": FOREVER, "buyers_exponent": 0.0, "demand": 0.5, "pass_through": 0.4,
    "stocks": FOREVER, "fear_multiplier": 1.0, "replanting": 0.999999,
    "reckoning": 0.0, "growth": 1e3,
}  # fmt: skip
"""Nothing moves but what a test lets move."""


def follow(made, **numbers):
    values = STILL | numbers
    one = EpisodeArrays(*(x[0] for x in settings([made])))
    found = FOLLOWED(jnp.array([values[name] for name in NAMES]), jnp.zeros(MOST_SIZES), one)
    assert float(found.residual.max()) < 1e-8
    return found


# What each ingredient does, solved by hand.


def test_nothing_told_nothing_moves():
    found = follow(episode(months=12), traders=50, growers=30, crop_buyers=10, buyers_exponent=1, stocks=4)
    for part in (found.area, found.output, found.gate, found.street, found.supply):
        assert float(abs(part).max()) < 1e-9


@pytest.mark.parametrize(("traders", "elasticity"), [(FOREVER, 1.0), (NOW, 2.0)])
def test_a_closed_way_costs_by_the_elasticity_of_then(traders, elasticity):
    """Nine tenths go by a way that is shut: V = 0.1^(1/t) at once and 0.1^(1/theta) when all reconsidered."""
    found = follow(episode(("outlay", 5, 23), way=0.9), traders=traders)
    assert float(found.gate[0, 0]) == pytest.approx(log(0.1) / elasticity, abs=1e-6)


def test_traders_find_other_ways_at_their_pace():
    """With theta at once of 1 weights move from 0.1 towards 0.1^(1/2): V_0 = (1 - mu) 0.1 + mu g*."""
    found = follow(episode(("outlay", 5, 23), way=0.9), traders=20)
    mu = 1 - exp(-1 / 20)
    weight = 0.1
    for month in range(24):
        long_run = 0.1 ** (1 / 2)  # g* u^(theta - t) with u = V* (0.1)^(-1/2)
        value = (1 - mu) * weight + mu * long_run
        assert float(found.gate[month, 0]) == pytest.approx(log(value), abs=1e-6)
        weight = (1 - mu) * weight + mu * long_run


def test_the_street_and_the_gate_follow_a_loss_of_supply():
    """A tenth of the land is closed: P = 0.9^(-1/0.5), X = P^0.4, and the gate gets (X - 0.5) / 0.5."""
    found = follow(episode(("ban", 0.1, 23)), stocks=NOW)
    street = -log(0.9) / 0.5
    assert float(found.street[5]) == pytest.approx(street, abs=1e-4)
    assert float(found.gate[5, 0]) == pytest.approx(log((exp(0.4 * street) - 0.5) / 0.5), abs=1e-4)


def test_goods_on_the_way_delay_the_street():
    found = follow(episode(("ban", 0.1, 23)), stocks=4)
    for month in (0, 3, 11):
        reaching = 0.9 + 0.1 * exp(-(month + 1) / 4)
        assert float(found.supply[month]) == pytest.approx(log(reaching), abs=1e-4)


def test_growers_write_off_what_they_expect_to_lose():
    """With a price at the gate of 1 and h = 0.2: u = e^(-1.5 * 0.2) - 0.2 against 0.8, at theta = 2."""
    found = follow(episode(("eradication", 0.2, 23)), reckoning=1.5, growers=NOW)
    u = (exp(-0.3) - 0.2) / 0.8
    share = u**2 / 20 / (u**2 / 20 + 19 / 20)
    assert float(found.output[0, 0]) == pytest.approx(log(20 * share), abs=1e-6)


def test_fields_eradicated_are_gone_but_for_what_is_replanted():
    """Twelve months at 0.12 of the first area a year: (1 - r) h / 12 is lost in each, h = 0.12 / area."""
    found = follow(episode(("eradication", 0.12, 11), multiple=1e5), replanting=0.5)
    before = area = 0.0
    for _ in range(12):
        before, area = area, area - 0.5 * 0.12 * exp(-before) / 12
    assert float(found.area[12, 0]) == pytest.approx(area, abs=2e-5)
    assert float(found.area[20, 0]) == pytest.approx(area, abs=2e-5)


def test_fear_is_above_the_risk_and_ends_with_it():
    """Half go by the way; it is dearer by 0.1 told and by 0.3 believed, in month 0 only."""
    found = follow(episode(("feared", 0.1, 0), way=0.5), fear_multiplier=3)
    assert float(found.gate[0, 0]) == pytest.approx(log(0.5 * 0.7 + 0.5), abs=1e-6)
    assert float(found.gate[1, 0]) == pytest.approx(0, abs=1e-6)


def test_buyers_bid_for_a_short_crop_and_adapt():
    """A ban on half the land: B = 0.5^(-0.8) at once; K goes to 0.5 in ten months by two thirds."""
    found = follow(episode(("ban", 0.5, 23)), buyers_exponent=0.8, crop_buyers=10)
    for month in (0, 10, 20):
        wanted = -0.8 * log(0.5) * exp(-month / 10)
        assert float(found.gate[month, 0]) == pytest.approx(wanted, abs=1e-5)


def test_a_region_grows_no_faster_than_its_limit():
    made = episode(("demand", 1.0, 23))
    moving = {"growers": 20, "land_at_once": 0.02, "stocks": NOW, "pass_through": 1.0}
    held, free = follow(made, **moving, growth=0.1), follow(made, **moving)
    steps = np.diff(np.asarray(held.output[:, 0]))
    assert float(free.output[12, 0]) > float(held.output[12, 0]) + 0.1
    assert steps[2:].max() < 0.1 / 12 + 0.02


def test_fields_stand_for_a_while_though_nobody_harvests_them():
    """A price below the cost of growing: nothing is harvested, and fields go at the pace of growers."""
    found = follow(episode(("outlay", 5, 23), way=0.97, cost=0.5), growers=30)
    assert float(found.output[3, 0]) < -3
    assert float(found.area[3, 0]) == pytest.approx(-3 / 30, abs=1e-6)


def test_every_ingredient_can_be_switched_off():
    for names in INGREDIENTS.values():
        structure = WHOLE.without(*names)
        assert set(structure.fixed) == set(names)
        assert set(structure.free) == set(NAMES) - set(names)


# Tables.


@pytest.fixture
def own(tmp_path):
    """The package's tables, to be changed at will."""
    folder = tmp_path / "own"
    shutil.copytree(episode_tables.own_tables(), folder, ignore=shutil.ignore_patterns("learned"))
    return folder


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_number_has_a_source_and_a_caveat_or_a_grade():
    for one in read_episodes().values():
        for row in (*one.measures, *one.observations, *one.context):
            assert row.source
            assert row.url or "assumed" in row.source
        assert all(region.basis for region in one.regions)
        assert one.row.unknown


def test_nothing_of_peru_after_2014():
    for one in read_episodes().values():
        for row in one.observations:
            place = next(r.place for r in one.regions if r.id == row.region)
            assert "Peru" not in place or row.month < "2015"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "episodes.csv",
            "1995-03,106",
            "1995,106",
            "episodes.csv, row 4, column 'first': '1995' is not a month",
        ),
        ("regions.csv", "treated,0.51", "treated,0.91", "The shares of air-bridge-1995 sum to 1.4"),
        (
            "regions.csv",
            "Peru,treated,0.51",
            "Peru,dealt,0.51",
            "column 'role': 'dealt' is not one of the choices",
        ),
        (
            "measures.csv",
            "denial,air-bridge-1995,peru",
            "denial,air-bridge-1995,peri",
            "'peri' names no region",
        ),
        ("measures.csv", "outlay,1995-03,2001-04", "outlay,1995-03,1994-04", "is before the first month"),
        ("observations.csv", "gate,1995-08,100,40", "gate,2005-08,100,40", "is outside the episode"),
        ("observations.csv", "gate,1995-08,100,40", "gate,1995-08,100,forty", "'forty' is not a number"),
        ("observations.csv", "gate,1995-08,100,40", "gate,1995-08,100,0", "'0' is below 1e-09"),
        ("observations.csv", "abd95-leaf-low", "abd95-leaf-trough", "stands twice"),
        ("observations.csv", "id,episode,region", "id,episode,regoin", "Did you mean 'region'?"),
    ],
)
def test_bad_tables_are_told_with_row_and_column(own, file, old, new, said):
    change(own / file, old, new)
    with pytest.raises(HistoryError) as error:
        read_episodes(own)
    assert said in str(error.value)
    assert file in str(error.value)


def test_a_missing_table_and_a_missing_folder_are_told(own):
    (own / "regions.csv").unlink()
    with pytest.raises(HistoryError, match=r"regions\.csv: The file is missing"):
        read_episodes(own)
    with pytest.raises(HistoryError, match="no folder"):
        read_episodes(own / "nowhere")


# Learning.


def linear_sample(response, noise, weight):
    shape = response.shape
    return Sample(
        response=response, seen=np.ones(shape, dtype=bool), noise=np.full(shape, noise),
        price=np.zeros(shape, dtype=bool), ramp=np.zeros(shape), group=np.zeros(shape),
        weight=weight, reach=np.full(len(response), 1e-9),
    )  # fmt: skip


def test_a_linear_forecaster_is_learned_as_by_hand():
    """One number seen by three figures without discrepancy or deviations: weighted least squares."""
    response = np.array([[0.9], [1.2], [0.0]])
    seen = linear_sample(response, 0.5, np.array([1.0, 0.5, 1.0]))

    def linear(inner, sizes):
        slope = np.zeros((3, 1, 1 + MOST_SIZES))
        slope[..., 0] = 2.0
        return 2 * inner, slope

    model = Forecaster(("a",), np.array([0.1]), np.array([0.3]), linear, lambda *_: np.empty(0))
    found = fit(model, seen, [0, 1])
    precision = 1 / 0.09 + 4 * (1 / 0.25 + 0.5 / 0.25)
    mean = (0.1 / 0.09 + 2 * (0.9 / 0.25 + 0.5 * 1.2 / 0.25)) / precision
    assert found.centre[0] == pytest.approx(mean, abs=1e-6)
    assert found.covariance[0, 0] == pytest.approx(1 / precision, rel=1e-6)


def test_years_of_one_episode_are_one_miss():
    """A figure of the same region and stage shares nine tenths of the variance, one elsewhere half."""
    made = episode(seen=(("gate", 3, 2.0), ("gate", 9, 2.0), ("street", 9, 2.0), ("area", 9, 1.0)))
    found = sample([made])
    cover = found.errors(0, np.log([0.4, 0.5, 0.3])) - np.diag(found.noise[0] ** 2)
    order = [str(o.stage) for o in made.observations]
    assert order == ["gate", "gate", "street", "area"]
    assert cover[0, 1] == pytest.approx(0.9 * 0.25)
    assert cover[0, 2] == pytest.approx(0.5 * 0.25)
    assert cover[0, 3] == 0
    assert cover[3, 3] == pytest.approx((0.4 * (1 - exp(-10 / 24))) ** 2)


@pytest.mark.parametrize("name", episode_tables.SETS)
def test_what_is_carried_is_current(name):
    known = learned(name)
    assert known.digest == learned_tables.digest(), "run python tools/learn_history.py"
    assert set(known.episodes) == set(read_episodes()) - set(episode_tables.SETS[name])
    correlation = known.correlation().to_numpy()
    assert np.allclose(np.diag(correlation), 1)
    assert np.linalg.eigvalsh(known.covariance).min() > 0
    record = json.loads(
        (episode_tables.own_tables() / "learned" / f"{name}.json").read_text(encoding="utf-8")
    )
    for one in record["numbers"]:
        assert one["median"] == pytest.approx(known.median(one["name"]), rel=1e-3)


def test_cases_read_what_was_learned():
    from contraflow.case.learned import learned_behaviour

    known, read = learned(), learned_behaviour("all")
    for name in known.names:
        low, middle, high = read.interval(name)
        assert middle == pytest.approx(known.median(name), rel=1e-9)
        assert (low, high) == pytest.approx(known.interval(name, new_place=True), rel=1e-9)
    wide = known.interval("growers", new_place=True)
    assert wide[0] < known.interval("growers")[0] < known.interval("growers")[1] < wide[1]


def test_names_and_units_are_those_of_cases_that_simulate():
    from contraflow.case.behaviour import BEHAVIOUR

    shared = set(NAMES) & set(BEHAVIOUR)
    assert {"growers", "crop_buyers", "traders", "trade_at_once", "land_at_once"} <= shared
    for name in shared:
        assert {"month": "month"}.get(NUMBERS[name].unit, "dimensionless") == BEHAVIOUR[name].unit


def test_an_unknown_set_or_episode_is_told():
    with pytest.raises(HistoryError, match="Did you mean 'without-andes-1990s'"):
        learned("without-andes-1990")
    with pytest.raises(HistoryError, match="Did you mean 'dignidad-1997'"):
        learned_tables.learn(without=["dignidad-1998"])
    with pytest.raises(HistoryError, match="Nothing is left"):
        learned_tables.learn(without=list(read_episodes()))


@pytest.mark.slow
@pytest.mark.parametrize("name", episode_tables.SETS)
def test_what_is_carried_is_what_the_episodes_teach(name):
    again = learned_tables.learn(without=episode_tables.SETS[name], name=name)
    known = learned(name)
    spread = np.sqrt(np.diag(known.covariance))
    assert np.allclose(again.centre, known.centre, atol=0.05 * spread.min())
    assert np.allclose(np.sqrt(np.diag(again.covariance)), spread, rtol=0.05)


@pytest.mark.slow
def test_numbers_that_made_an_episode_are_found_again():
    """Responses made with known numbers and little error narrow the prior around them."""
    truth = {name: number.value for name, number in NUMBERS.items()} | {
        "theta_trade": 2.6,
        "buyers_exponent": 0.5,
    }
    stages = [("gate", m, 1.0) for m in (1, 6, 12, 23)] + [("way", m, 1.0) for m in (1, 12, 23)]
    made = [episode(("outlay", level, 23), way=0.8, seen=stages) for level in (0.2, 0.4, 0.6, 0.8)]
    made += [episode(("ban", 0.3, 23), seen=stages[:4])]
    for number, one in enumerate(made):
        found = course(
            jnp.array([truth[name] for name in NAMES]),
            jnp.zeros(MOST_SIZES),
            EpisodeArrays(*(x[0] for x in settings([one]))),
        )
        rows = tuple(
            o.model_copy(
                update={
                    "after": exp(
                        float({"gate": found.gate, "way": found.way}[str(o.stage)][one.month(o.month), 0])
                    )
                }
            )
            for o in one.observations
        )
        made[number] = Episode(
            one.row.model_copy(update={"id": f"made-{number}"}), one.regions, one.measures, rows, ()
        )
    known = fit(reduced(made), sample(made), range(len(made)))
    for name in ("theta_trade", "buyers_exponent"):
        place = known.names.index(name)
        off = known.centre[place] - NUMBERS[name].inner(truth[name])
        assert abs(off) < 2 * known.covariance[place, place] ** 0.5
        assert known.covariance[place, place] ** 0.5 < 0.9 * NUMBERS[name].spread


# Scores.


def test_crps_of_a_normal_forecast_is_its_formula():
    """Gneiting & Raftery 2007: of N(0, 1) at y, y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi)."""
    from scipy.special import ndtri
    from scipy.stats import norm

    drawn = ndtri((np.arange(4000) + 0.5) / 4000)[:, None]
    for y in (0.0, 1.5):
        wanted = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - np.pi**-0.5
        assert crps(drawn, np.array([y]))[0] == pytest.approx(wanted, abs=1e-3)


def test_a_lead_is_weighed_and_has_its_error():
    frame = pd.DataFrame(
        {
            "weight": [1, 1, 2],
            "a crps": [1, 2, 3],
            "b crps": [2, 2, 4],
            "a log score": [0, 0, 0],
            "b log score": [0, 0, 0],
        }
    )
    found = compare(frame, ["a", "b"])
    assert found.loc["b", "crps lead"] == pytest.approx(0.75)
    wanted = np.sqrt((0.25**2 * 0.25**2 + 0.25**2 * 0.75**2 + 0.5**2 * 0.25**2) * 3 / 2)
    assert found.loc["b", "crps error"] == pytest.approx(wanted)


def test_rivals_foresee_what_they_say(monkeypatch):
    """Nothing changes foresees none; the mean of the others is near theirs where they are many and agree."""
    from dataclasses import replace

    seen = (("gate", 5, exp(-1.0)),)
    made = {}
    for number in range(12):
        one = episode(seen=seen)
        made[f"e{number}"] = replace(one, row=one.row.model_copy(update={"id": f"e{number}"}))
    every = list(made.values())
    who = {NOTHING: nothing_changes(every), MEAN: mean_of_others(every)}
    found = leave_out(made, who, draws=4000, only=["e0"])
    row = found.observations.iloc[0]
    assert row[f"{NOTHING} 0.5"] == pytest.approx(0, abs=0.1)
    assert row[f"{MEAN} 0.5"] == pytest.approx(-1, abs=0.15)
    assert row[f"{MEAN} crps"] < row[f"{NOTHING} crps"]


def test_what_was_foreseen_is_of_every_figure_and_better_than_nothing():
    found = left_out()
    wanted = [o.id for e in read_episodes().values() for o in e.observations]
    assert list(found.observations["observation"]) == wanted
    assert list(found.episodes["episode"]) == list(read_episodes())
    scores = found.comparison()
    for rival in (NOTHING, MEAN):
        assert scores.loc[rival, "crps lead"] > 2 * scores.loc[rival, "crps error"]
    assert 0.80 <= found.coverage() <= 0.97


@pytest.mark.slow
def test_what_was_foreseen_is_foreseen_again():
    """One episode by the model, from all others, as the carried table has it."""
    found = read_episodes()
    again = leave_out(found, {NEW: reduced(list(found.values()))}, only=["dignidad-1997"])
    known = left_out().observations.set_index("observation").loc[list(again.observations["observation"])]
    for level in ("0.05", "0.5", "0.95"):
        assert np.allclose(again.observations[f"{NEW} {level}"], known[f"{NEW} {level}"], atol=0.1)


@pytest.fixture
def forecasts(tmp_path):
    """A table that foresees what the model did."""
    frame = left_out().observations
    levels = {"low": "0.05", "low_50": "0.25", "median": "0.5", "high_50": "0.75", "high": "0.95"}
    table = pd.DataFrame({"observation": frame["observation"]})
    for column, level in levels.items():
        table[column] = np.exp(frame[f"{NEW} {level}"])
    path = tmp_path / "mine.csv"
    table.to_csv(path, index=False)
    return path


def test_the_model_as_a_table_scores_as_the_model(forecasts):
    found = score_forecasts(forecasts)
    assert list(found.index) == [YOURS, NEW, *RIVALS]
    for score in ("crps", "log score", "inside_90"):
        assert found.loc[YOURS, score] == pytest.approx(found.loc[NEW, score])
    assert found.loc[NEW, "crps lead"] == pytest.approx(0)
    assert found["observations"].iloc[0] == len(left_out().observations)


def test_a_sure_and_right_forecast_wins(tmp_path):
    frame = left_out().observations.head(8)
    right = np.exp(frame["observed"])
    path = tmp_path / "sure.csv"
    pd.DataFrame(
        {"observation": frame["observation"], "low": right * 0.9, "median": right, "high": right * 1.1}
    ).to_csv(path, index=False)
    found = score_forecasts(path)
    assert found["crps"].idxmin() == YOURS
    assert found["log score"].idxmax() == YOURS


def test_two_halves_integrate_to_one():
    x = np.linspace(-20, 20, 40_001)
    ends = (np.full_like(x, v) for v in (-1.0, 0.0, 3.0))
    assert np.trapezoid(np.exp(two_piece_log_density(x, *ends)), x) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "observation,low,median,high\nco05-aera,1,1,1\n",
            "row 2, column 'observation': 'co05-aera' is no observation. Did you mean 'co05-area'?",
        ),
        ("observation,low,median,high\nco05-area,2,1,3\n", "row 2, column 'median': '1' is out of order"),
        ("observation,low,median,high\nco05-area,-1,1,3\n", "row 2, column 'low': '-1' is below"),
        ("observation,low,median,high\nco05-area,1,one,3\n", "row 2, column 'median': 'one' is not a number"),
        ("observation,low,median\nco05-area,1,1\n", "column 'high': The column is missing"),
        (
            "observation,low,median,high\nco05-area,1,1,1\nco05-area,1,1,1\n",
            "row 3, column 'observation': 'co05-area' stands twice",
        ),
        ("observation,low,median,high,low_50\nco05-area,1,2,3,1.5\n", "One end is missing"),
        ("observation,low,median,high\n", "There is no forecast"),
        ("observation;low;median;high\n", "The columns are not separated by commas"),
    ],
)  # fmt: skip
def test_bad_forecasts_are_told_with_row_and_column(tmp_path, text, said):
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError) as error:
        score_forecasts(path)
    assert said in str(error.value)
    assert str(error.value).count("bad.csv") == len(error.value.problems)


# The command and the figure.


def run(*words):
    return CliRunner().invoke(app, ["behaviour", *words], env={"COLUMNS": "80", "TERM": "dumb"})


@pytest.mark.parametrize("words", [(), ("--episodes",)])
def test_the_command_fits_eighty_columns(words):
    found = run(*words)
    assert found.exit_code == 0
    assert max(len(line) for line in found.output.splitlines()) <= 80
    assert "air-bridge-1995" in found.output


def test_the_command_tells_numbers_and_how_often_it_was_right():
    text = run().output
    for name in learned().names:
        assert name in text
    assert "nothing changes" in text
    record = json.loads(run("--json").output)
    assert len(record["table"]) == len(learned().names)
    assert len(record["left_out"]) == len(left_out().observations)


def test_the_command_scores_a_table(forecasts):
    found = run("--score", str(forecasts))
    assert found.exit_code == 0
    assert "yours" in found.output
    assert max(len(line) for line in found.output.splitlines()) <= 80
    scores = json.loads(run("--score", str(forecasts), "--json").output)["scores"]
    assert [row["forecaster"] for row in scores] == [YOURS, NEW, *RIVALS]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("--without", "dignidad"), "dignidad-1997", 2),
        (("--score", "nowhere.csv"), "This file does not exist", 1),
        (("--folder", "nowhere"), "This is no folder", 1),
    ],
)
def test_the_command_complains_in_words(words, said, code):
    found = run(*words)
    assert found.exit_code == code
    assert said in " ".join(found.output.split())
    assert "Traceback" not in found.output


def test_options_that_do_not_go_together_are_refused():
    assert run("--score", "x.csv", "--episodes").exit_code == 2
    assert run("--episodes", "--without", "dignidad-1997").exit_code == 2


FEW = ("crackdown-1989", "dignidad-1997", "chapare-2005")


@pytest.fixture
def few_episodes(tmp_path):
    """A folder with some of the episodes, which are learned from in less time than all of them."""
    for name in ("episodes", "regions", "measures", "observations"):
        rows = pd.read_csv(episode_tables.own_tables() / f"{name}.csv", dtype=str, keep_default_na=False)
        own = rows["id" if name == "episodes" else "episode"].isin(FEW)
        rows[own].to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


@pytest.mark.slow
def test_the_command_learns_without_an_episode_and_foresees_it(few_episodes):
    found = run("--folder", str(few_episodes), "--without", "chapare-2005")
    assert found.exit_code == 0, found.output
    assert "2 episodes" in found.output
    assert "bo05-area" in found.output


def test_the_figure_has_a_row_for_every_figure_and_marks_what_was_missed():
    from contraflow.report.draw.how_often_right import draw_how_often_right, reading

    found = left_out()
    drawing = draw_how_often_right(found.observations)
    count = len(found.observations)
    assert len(drawing.table) == count
    missed = round((1 - found.coverage()) * count)
    assert drawing.svg().count('class="f-contradicts s-paper"') == missed
    assert f"{count - missed} of {count}" in reading(found.observations)
