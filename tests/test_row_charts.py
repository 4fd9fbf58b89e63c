"""Charts of rows: where values stand, what is printed, and whether everybody can read it."""

from __future__ import annotations

import io
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import synthetic
from contraflow._language import in_language
from contraflow.errors import ComparisonError, OutputError
from contraflow.history import left_out
from contraflow.report.draw import bars, claims, histories, row_charts, svg, theme
from contraflow.report.draw.drawing import Drawing, Facet
from contraflow.report.draw.dumbbells import ARROWS, draw_dumbbells
from contraflow.report.draw.how_often_right import LIMIT, draw_how_often_right, reading
from contraflow.report.draw.ladder import COMPONENTS, draw_ladder_parts, draw_ladder_steps
from contraflow.report.draw.row_charts import RowMark, TrackScale, rows_facet, scale_of
from contraflow.results import tables
from contraflow.text.names import shown_names

CASE = synthetic.case()
NAMES = shown_names(CASE)
DRAWS = 20
HOSTILE = '<b>B</b> & <script>alert("1")</script> "quoted" \'single\''
LONG = "Funcionarios y efectivos de control en carreteras, puertos y pasos de frontera de todo el territorio"


@pytest.fixture(scope="module")
def drawn():
    return synthetic.outcome(DRAWS), synthetic.outcome(DRAWS, hazard=1.0)


@pytest.fixture(scope="module")
def by_mode(drawn):
    return tables.displacement(*drawn, "mode")


def history(title="A past", first=2005, until=2010, seed=1, bounds=None):
    """A made-up history of land, as predictions tell it."""
    rng = np.random.default_rng(seed)
    years = list(range(first, 2016))
    middle = 4e4 * np.exp(np.cumsum(rng.normal(0.02, 0.08, len(years))))
    made = pd.DataFrame(
        {
            "series": "s", "quantity": "area", "form": "", "place": "", "country": "PE", "unit": "ha",
            "basis": "product", "year": list(map(str, years)), "claim": [f"c{y}" for y in years],
            "use": ["fit" if y <= until else "predict" for y in years],
            "stated": middle * np.exp(rng.normal(0, 0.15, len(years))), "model": middle,
            "model_5": middle * 0.7, "model_25": middle * 0.85, "model_75": middle * 1.2,
            "model_95": middle * 1.5, "naive": middle[0], "note": "",
        }
    )  # fmt: skip
    return histories.PanelSeries(title, made, until, bounds or {})


def every(drawn):
    """All charts of rows, by name."""
    base, after = drawn
    ladder = tables.price_ladder(base)
    return {
        "changes": draw_dumbbells(tables.displacement(base, after, "mode"), "t pure a year", NAMES),
        "changes of one fit": draw_dumbbells(
            tables.displacement(synthetic.outcome(), synthetic.outcome(hazard=1.0), "route"), "t", NAMES
        ),
        "incomes": bars.draw_income_bars(tables.incomes(base)),
        "incomes before and after": bars.draw_income_bars(tables.incomes(base, after), most=4),
        "claims": claims.draw_claims_chart(synthetic.claims(), case=CASE),
        "ladder": draw_ladder_steps(ladder, NAMES),
        "parts": draw_ladder_parts(ladder, NAMES),
        "record": draw_how_often_right(left_out().observations),
        "histories": histories.draw_histories([history(bounds={"c2012": 1})], "area", "", "PE", NAMES),
    }


@pytest.fixture(scope="module")
def charts(drawn):
    return every(drawn)


def parsed(facet: Facet) -> ElementTree.Element:
    return ElementTree.fromstring(f"<svg>{facet.body}</svg>")


def classes(element: ElementTree.Element) -> set[str]:
    return set(element.get("class", "").split())


def row_groups(facet: Facet) -> list[ElementTree.Element]:
    return [g for g in parsed(facet).iter("g") if "row" in classes(g)]


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def value_at(scale: TrackScale, position: str) -> float:
    """The value that stands at a position across: the scale backwards."""
    share = (float(position.rstrip("%")) / 100 - row_charts.INSET) / (1 - 2 * row_charts.INSET)
    if scale.log:
        return float(scale.low * (scale.high / scale.low) ** share)
    return scale.low + share * (scale.high - scale.low)


def near(scale: TrackScale) -> float:
    """How far a position of two digits may be off."""
    return 2e-4 * (scale.high - scale.low)


# Scales.


@pytest.mark.parametrize("scale", [TrackScale(0, 240), TrackScale(-3, 7), TrackScale(0.2, 9000, log=True)])
def test_positions_are_values(scale):
    for value in np.geomspace(max(scale.low, 0.2), scale.high, 7):
        assert value_at(scale, scale.at(float(value))) == pytest.approx(value, rel=3e-3, abs=near(scale))
    assert scale.share(scale.low) == row_charts.INSET
    assert scale.share(scale.high) == pytest.approx(1 - row_charts.INSET)


@pytest.mark.parametrize("high", [0.003, 0.7, 9.0, 12.4, 37.0, 240.0, 8500.0, 3.2e6])
def test_ticks_are_written_as_they_are(high):
    for scale in (TrackScale(0, high), TrackScale(-high / 3, high)):
        ticks = scale.ticks()
        assert 3 <= len(ticks) <= 6
        assert 0.0 in ticks
        for tick in ticks:
            assert scale.low <= tick <= scale.high
            assert float(scale.label(tick).replace(",", "").replace("−", "-")) == pytest.approx(
                tick, abs=1e-12
            )


@pytest.mark.parametrize(
    ("low", "high"), [(0.55, 0.92), (0.5, 8.0), (0.02, 60.0), (0.8, 33000.0), (1e-4, 1e9)]
)
def test_ticks_of_a_logarithmic_scale_are_round(low, high):
    scale = TrackScale(low, high, log=True)
    ticks = np.array(scale.ticks())
    assert 2 <= ticks.size <= 8
    assert ((ticks >= low * 0.999) & (ticks <= high * 1.001)).all()
    assert [float(scale.label(t).replace(",", "")) for t in ticks] == pytest.approx(list(ticks))
    assert scale.decades() == bool(np.allclose(ticks[1:] / ticks[:-1], 10))


def test_scales_hold_zero():
    assert scale_of([3.0, 8.0]) == TrackScale(0.0, 8.0)
    assert scale_of([-2.0, 8.0]) == TrackScale(-2.0, 8.0)
    assert scale_of([0.0]) == TrackScale(0.0, 1.0)


# What stands where.


def test_dots_stand_at_the_values_before_and_after(by_mode):
    drawing = draw_dumbbells(by_mode, "t", NAMES)
    table = drawing.table.set_index("name")
    scale = scale_of(by_mode.filter(regex="^(before|after)").to_numpy().ravel().tolist())
    groups = row_groups(drawing.facets[0])
    assert len(groups) == len(table)
    for group, (name, row) in zip(groups, table.iterrows(), strict=True):
        assert name in text_of(group)
        open_dot, full_dot = group.iter("circle")
        assert "f-paper" in classes(open_dot)
        assert "f-paper" not in classes(full_dot)
        for dot, when in ((open_dot, "before"), (full_dot, "after")):
            assert value_at(scale, dot.get("cx")) == pytest.approx(row[f"{when} [t]"], abs=near(scale))


def test_both_intervals_of_both_levels_are_drawn(by_mode):
    drawing = draw_dumbbells(by_mode, "t", NAMES)
    table = drawing.table
    scale = scale_of(by_mode.filter(regex="^(before|after)").to_numpy().ravel().tolist())
    for group, row in zip(row_groups(drawing.facets[0]), table.to_dict("records"), strict=True):
        lines = list(group.iter("line"))[1:]
        assert [line.get("stroke-width") for line in lines] == ["1.4", "4.5"] * 2
        drawn_ends = [value_at(scale, line.get(x)) for line in lines for x in ("x1", "x2")]
        ends = [row[f"{when}_{end} [t]"] for when in ("before", "after") for end in (5, 95, 25, 75)]
        assert drawn_ends == pytest.approx(ends, abs=near(scale))
        assert row["before [t]"] >= row["before_5 [t]"]


def test_the_change_is_told_by_sign_arrow_and_colour(by_mode):
    drawing = draw_dumbbells(by_mode, "t", NAMES)
    for group, row in zip(row_groups(drawing.facets[0]), drawing.table.to_dict("records"), strict=True):
        bold = next(t for t in group.iter("tspan") if "b" in classes(t))
        kind = "rise" if row["change [t]"] > 0 else "fall"
        assert text_of(bold).startswith(f"{ARROWS[kind]} {'+' if kind == 'rise' else '−'}")
        assert f"f-{kind}" in classes(bold)
    assert len({*ARROWS.values()}) == 4


def test_a_change_that_may_go_either_way_is_grey():
    ends = {
        f"{c}{e}": v
        for c in ("before", "after")
        for e, v in (("_5", 8), ("_25", 9), ("_75", 11), ("_95", 12))
    }
    row = {"before": 10.0, "after": 11.0, "change": 1.0, "change_5": -2.0, "change_25": 0.0} | ends
    frame = pd.DataFrame([row | {"change_75": 2.0, "change_95": 4.0}], index=["x"])
    drawing = draw_dumbbells(frame, "t")
    (group,) = row_groups(drawing.facets[0])
    assert f"{ARROWS['open']} +1" in text_of(group)
    assert "−2.0 to +4.0" in text_of(group)
    assert not {"f-rise", "f-fall", "s-rise", "s-fall"} & set().union(*(classes(e) for e in group.iter()))
    assert drawing.alt.endswith("1 row may rise or fall.")


def test_bars_begin_at_zero_and_end_at_the_median(drawn):
    table = tables.incomes(drawn[0])
    drawing = bars.draw_income_bars(table)
    unit = "million dollars a year"
    scale = scale_of(table.filter(regex="^before").to_numpy().ravel().tolist())
    for group, row in zip(row_groups(drawing.facets[0]), drawing.table.to_dict("records"), strict=True):
        bar = next(group.iter("rect"))
        start = float(bar.get("x").rstrip("%"))
        end = start + float(bar.get("width").rstrip("%"))
        assert value_at(scale, f"{start}%") == pytest.approx(0, abs=near(scale))
        assert value_at(scale, f"{end}%") == pytest.approx(row[f"before [{unit}]"], abs=near(scale))
        assert text_of(group).startswith(str(row["name"]))
    largest_first = drawing.table[f"before [{unit}]"].tolist()
    assert largest_first == sorted(largest_first, reverse=True)


def test_those_put_together_have_no_interval(drawn):
    table = tables.incomes(*drawn)
    drawing = bars.draw_income_bars(table, most=4)
    assert len(drawing.table) == 4
    last = drawing.table.iloc[-1]
    assert last["name"] == f"{len(table) - 3} others, medians added up"
    kept = drawing.table["before [million dollars a year]"]
    assert kept.sum() == pytest.approx(table["before"].sum())
    group = row_groups(drawing.facets[0])[-1]
    assert len(list(group.iter("line"))) == 1
    assert np.isnan(last["change_5 [million dollars a year]"])


def test_prices_are_dots_on_a_labelled_logarithmic_axis_and_never_bars(drawn):
    ladder = tables.price_ladder(drawn[0])
    for column in ladder.filter(regex="^price_from").columns:
        ladder.iloc[0, ladder.columns.get_loc(column)] /= 5000
    drawing = draw_ladder_steps(ladder, NAMES)
    (facet,) = drawing.facets
    assert not list(parsed(facet).iter("rect"))
    prices = np.r_[ladder["price_from"].iloc[0], ladder["price_to"]]
    ends = ladder.filter(regex="^price_(from|to)_(5|95)$").to_numpy()
    low = min(ends[0].min(), prices.min())
    scale = TrackScale(float(low), float(max(ends[:, -2:].max(), prices.max())), log=True)
    dots = [value_at(scale, c.get("cx")) for c in parsed(facet).iter("circle")]
    assert dots == pytest.approx(prices.tolist(), rel=2e-3)
    labels = [text_of(t) for t in parsed(facet).iter("text")]
    assert {"1", "10", "100", "1,000", "10,000"} <= set(labels)
    assert "each line is ten times the one before" in " ".join(labels)
    told = drawing.table.filter(regex=r"^price \[").iloc[:, 0].to_numpy()
    assert told == pytest.approx(prices)
    factors = drawing.table["factor"].to_numpy()[1:]
    assert factors == pytest.approx(prices[1:] / prices[:-1])
    assert len(row_groups(facet)) == len(ladder) + 1


def test_parts_of_a_step_add_up_to_its_rise(drawn):
    ladder = tables.price_ladder(synthetic.outcome())
    drawing = draw_ladder_parts(ladder, NAMES)
    assert len(drawing.facets) == len(ladder)
    column = next(c for c in drawing.table if c.startswith("part ["))
    sums = drawing.table.groupby("step", sort=False)[column].sum()
    rises = (ladder["price_to"] - ladder["price_from"]).to_numpy()
    assert sums.to_numpy() == pytest.approx(rises, rel=0.02)
    assert set(COMPONENTS) == set(ladder.columns) & set(COMPONENTS)
    assert set(drawing.table["part"]) <= {*COMPONENTS.values(), "smaller parts, added up"}


def test_claims_are_on_one_axis_with_what_was_stated_and_what_the_model_says():
    table = synthetic.claims()
    drawing = claims.draw_claims_chart(table, case=CASE)
    shown = drawing.table
    assert len(shown) == 6
    residuals = shown["residual [s.d. of the claim]"]
    assert residuals.abs().tolist() == sorted(residuals.abs(), reverse=True)
    groups = [g for g in row_groups(drawing.facets[0]) if g.find("svg") is not None or list(g.iter("svg"))]
    end = max(2.5, residuals.abs().max())
    scale = TrackScale(-end, end)
    for group, row in zip(groups, shown.to_dict("records"), strict=True):
        (mark,) = group.iter("svg")
        assert value_at(scale, mark.get("x")) == pytest.approx(
            row["residual [s.d. of the claim]"], abs=near(scale)
        )
        words = text_of(group)
        assert re.sub(r"\W", "", row["statement"]) in re.sub(r"\W", "", words)
        assert CASE.sources[row["source"]].title in words
        hollow = "f-paper" in classes(mark[0])
        assert hollow == (row["use"] != "fit") == ("held back" in words)
        assert f"s-{row['state']}" in classes(mark[0])
    marks = [mark for group in groups for mark in group.iter("svg")]
    looks = {
        row["state"]: mark[0].get("d") for row, mark in zip(shown.to_dict("records"), marks, strict=True)
    }
    assert len(set(looks.values())) == len(looks) == 3
    with pytest.raises(ValueError, match="lacks the columns residual"):
        claims.draw_claims_chart(table.drop(columns="residual"))


def test_claims_far_off_stand_at_the_edge_as_arrows():
    table = synthetic.claims()
    table.loc[0, "residual"] = 40.0
    drawing = claims.draw_claims_chart(table)
    mark = list(parsed(drawing.facets[0]).iter("svg"))[1]  # the first is the whole
    assert mark[0].get("d") == svg.SHAPES["right"].format(r="5", d="10")
    assert "+40.0 s.d." in text_of(parsed(drawing.facets[0]))


def test_what_claims_state_has_a_unit_and_what_it_counts():
    claim = {
        "quantity": "flow",
        "unit": "kg/year",
        "claim": "x",
        "low": np.nan,
        "value": 4.4e5,
        "high": np.nan,
    }
    assert claims.stated(claim | {"bound": "at least"}) == "at least 440 t a year"
    assert claims.stated(claim | {"bound": "about", "low": 1e5, "value": np.nan}) == "100 t a year"
    both = claim | {"bound": "about", "value": np.nan, "low": 1e5, "high": 2e5}
    assert claims.stated(both) == "100 to 200 t a year"


def test_a_figure_is_in_how_often_it_was_right_once_and_marked_where_it_was_missed():
    seen = left_out().observations
    drawing = draw_how_often_right(seen)
    assert [f.title for f in drawing.facets] == list(dict.fromkeys(seen["title"]))
    assert len(drawing.table) == len(seen)
    marks = [
        mark[0]
        for facet in drawing.facets
        for group in row_groups(facet)
        for mark in list(group.iter("svg"))[-1:]
    ]
    inside = seen["observed"].between(seen["the model 0.05"], seen["the model 0.95"])
    assert [("f-fits" in classes(m)) for m in marks] == inside.tolist()
    assert [("f-contradicts" in classes(m)) for m in marks] == (~inside).tolist()
    assert drawing.alt == reading(seen)
    assert f"{inside.sum()} of {len(seen)} observations" in drawing.alt
    told = drawing.table["observed [times what was before]"].to_numpy()
    assert told == pytest.approx(np.exp(seen["observed"].to_numpy()))
    assert drawing.table["foreseen_95 [times what was before]"].max() > LIMIT
    shown = " ".join(text_of(parsed(facet)) for facet in drawing.facets)
    assert not re.search(r"\de[−-]?\d", shown)


def test_histories_have_a_facet_each_with_bands_and_observations():
    chosen = [history("One past", bounds={"c2012": 1}), history("Another", first=2008, until=2011, seed=2)]
    drawing = histories.draw_histories(chosen, "area", "", "PE", NAMES)
    assert [f.title for f in drawing.facets] == [
        "One past, calibrated to 2010", "Another, calibrated to 2011",
    ]  # fmt: skip
    for facet, one in zip(drawing.facets, chosen, strict=True):
        paths = list(parsed(facet).iter("path"))
        bands = [p for p in paths if classes(p) & {"f-wide90", "f-wide50"}]
        assert len(bands) == 2
        seen = [p for p in paths if p.find("title") is not None]
        assert len(seen) == len(one.rows)
        full = ["f-ink" in classes(p) for p in seen]
        assert full == (one.rows["use"] == "fit").tolist()
    at_least = [p for p in parsed(drawing.facets[0]).iter("title") if "at least" in text_of(p)]
    assert len(at_least) == 1
    assert len(drawing.table) == sum(len(one.rows) for one in chosen)
    with pytest.raises(ComparisonError, match=r"has no series 'flow PE'\. It has: area PE"):
        histories.draw_histories(chosen, "flow", "", "PE", NAMES)


def test_medians_of_a_history_stand_where_the_doubling_lines_say():
    one = history()
    (facet,) = histories.draw_histories([one], "area", "", "PE", NAMES).facets
    tree = parsed(facet)
    line = next(p for p in tree.iter("path") if {"s-accent", "none"} <= classes(p))
    ys = [float(p.split()[1]) for p in line.get("d")[1:].split("L")]
    ticks = {
        float(text_of(t).replace(",", "")): float(t.get("y")) - 4
        for t in tree.iter("text")
        if {"end", "num"} <= classes(t)
    }
    (a, ya), (b, yb) = list(ticks.items())[:2]
    assert b == 2 * a
    values = a * 2 ** ((np.array(ys) - ya) / (yb - ya))
    assert values == pytest.approx(one.rows["model"].to_numpy(), rel=1e-3)


# Words.


def test_every_chart_says_in_words_what_it_shows(charts):
    for drawing in charts.values():
        assert len(drawing.alt) > 40
        assert drawing.alt.rstrip().endswith(".")
        assert f'aria-label="{svg.escape(drawing.alt)}"' in drawing.html()
    told = charts["changes"]
    table = told.table.set_index("name")
    largest = table["change [t pure a year]"].abs().idxmax()
    assert told.alt.startswith(f"Largest change: {largest}, from ")
    falls = int((table["change [t pure a year]"] < 0).sum())
    assert f"{falls} row falls." in told.alt


def test_a_chart_of_nothing_says_so():
    nothing = pd.DataFrame(columns=["before", "after", "change"], dtype=float)
    assert draw_dumbbells(nothing, "t").alt == "There is nothing to show."
    assert "no claim" in claims.draw_claims_chart(synthetic.claims().iloc[:0]).alt
    with pytest.raises(ValueError, match="give alt"):
        Drawing(alt=" ", facets=(), table=pd.DataFrame())


def test_names_of_a_case_are_text(drawn):
    base, after = drawn
    hostile = dict.fromkeys(NAMES, HOSTILE)
    incomes = tables.incomes(base, after).assign(name=HOSTILE)
    made = [
        draw_dumbbells(tables.displacement(base, after, "mode"), HOSTILE, hostile, title=HOSTILE),
        bars.draw_income_bars(incomes),
        draw_ladder_steps(tables.price_ladder(base), hostile),
        draw_ladder_parts(tables.price_ladder(base), hostile),
        claims.draw_claims_chart(synthetic.claims().assign(statement=HOSTILE, source=HOSTILE)),
        draw_how_often_right(left_out().observations.assign(title=HOSTILE, place=HOSTILE)),
        histories.draw_histories([history(HOSTILE)], "area", "", "PE", hostile, HOSTILE),
    ]
    for drawing in made:
        for text in (drawing.html(), drawing.svg(), drawing.page()):
            assert "<script" not in text
            assert "<b>" not in text
            assert "&lt;script&gt;" in text or "&lt;b&gt;B" in text
        ElementTree.fromstring(drawing.svg())


def test_names_are_whole_however_long_they_are(by_mode):
    drawing = draw_dumbbells(by_mode, "t", dict.fromkeys(map(str, by_mode.index), LONG))
    for group in row_groups(drawing.facets[0]):
        assert LONG.replace(" ", "") in text_of(group).replace(" ", "")
        assert "…" not in text_of(group)


# Room.


def lines_of_row(group: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Boxes of the text of a row in a page of 358 px: left, top, right, bottom."""
    boxes = []
    for text in group.iter("text"):
        width = sum(
            svg.width_of(part, svg.SMALL if "small" in classes(owner) else svg.SIZE)
            for owner, part in parts_of(text)
        ) + sum(float(t.get("dx", 0)) for t in text.iter("tspan"))
        size = svg.SMALL if "small" in classes(text) else svg.SIZE
        base = float(text.get("y"))
        left = row_charts.NARROW - width if "end" in classes(text) else 0.0
        boxes.append((left, base - 0.8 * size, left + width, base + 0.2 * size))
    return boxes


def parts_of(text: ElementTree.Element):
    if text.text:
        yield text, text.text
    for span in text.iter("tspan"):
        yield span, span.text or ""


def test_text_of_a_row_meets_no_other_text(charts, drawn, by_mode):
    long = draw_dumbbells(by_mode, "t", dict.fromkeys(map(str, by_mode.index), LONG))
    wide = rows_facet(
        [
            RowMark(
                name=LONG, value="1,234,567 → 1,234,567", figure="↓ −1,234,567", range="−1,234,567 to −1,234"
            )
        ],
        TrackScale(0, 1),
        "t",
    )
    facets = [facet for drawing in (*charts.values(), long) for facet in drawing.facets if facet.fluid]
    found = 0
    for facet in (*facets, wide):
        for group in row_groups(facet):
            boxes = lines_of_row(group)
            found += len(boxes)
            for left, _top, right, _bottom in boxes:
                assert -0.01 <= left < right <= row_charts.NARROW + 0.01
            for one, other in combinations(boxes, 2):
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, ElementTree.tostring(group, "unicode")
    assert found > 200


@pytest.mark.parametrize(
    "scale",
    [
        TrackScale(0, 9.4e6),
        TrackScale(-2.2e8, 1e8),
        TrackScale(0, 47),
        TrackScale(2e-7, 3e11, log=True),
        TrackScale(0.7, 9, log=True),
    ],
)
def test_labels_of_an_axis_meet_no_other_label(scale):
    facet = rows_facet([RowMark(name="a", marks=svg.dot(scale.at(scale.high), 0, 4, "f-ink"))], scale, "t")
    spans = []
    for text in (t for t in parsed(facet).iter("text") if {"small", "num"} <= classes(t)):
        middle = float(text.get("x")[:-1]) / 100 * row_charts.NARROW
        width = svg.width_of(text.text, svg.SMALL)
        left = middle - width * (0.5 if "mid" in classes(text) else 1.0 if "end" in classes(text) else 0.0)
        assert -1 <= left < left + width <= row_charts.NARROW + 1
        spans.append((left, left + width))
    assert len(spans) >= 2
    assert all(one[1] + 2 < other[0] for one, other in pairwise(spans))


def test_rows_lie_one_below_the_other_and_marks_below_their_names(charts):
    for drawing in charts.values():
        for facet in drawing.facets:
            if not facet.fluid:
                continue
            ends = 0.0
            for group in row_groups(facet):
                top = float(re.search(r"translate\(0 ([\d.]+)\)", group.get("transform"))[1])
                assert top >= ends - 0.01
                lowest = max(float(t.get("y")) for t in group.iter("text"))
                ends = top + lowest
                for track in group.findall("g"):
                    middle = float(re.search(r"translate\(0 ([\d.]+)\)", track.get("transform"))[1])
                    assert middle > lowest + 4
            assert ends < facet.height


def test_positions_across_are_shares_of_the_width(charts):
    """So that a chart is as wide as the page while its text keeps its size."""
    for name, drawing in charts.items():
        if name == "histories":
            continue
        for facet in drawing.facets:
            assert facet.fluid
            assert 'width="100%"' in facet.element()
            for element in parsed(facet).iter():
                for attribute in ("x", "x1", "x2", "cx"):
                    position = element.get(attribute)
                    assert position is None or position == "0" or position.endswith("%"), (
                        name,
                        element.attrib,
                    )


# Files.


def test_a_file_of_its_own_is_whole(charts):
    for name, drawing in charts.items():
        text = drawing.svg(source="Contraflow 0.2, made-up")
        tree = ElementTree.fromstring(text)
        assert "var(" not in text
        assert "url(" not in text
        assert "@import" not in text
        assert not re.search(r"\b(href|src)=", text)
        names = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert names <= {
            "svg", "style", "title", "desc", "rect", "g", "line", "text", "tspan", "circle", "path",
        }  # fmt: skip
        style = next(e for e in tree.iter() if e.tag.endswith("style")).text or ""
        used = {c for element in tree.iter() for c in classes(element)}
        for one in used - {"fig", "row"}:
            assert f".{one}{{" in style, (name, one)
        assert float(tree.get("width")) == 720
        assert "made-up" in "".join(tree.itertext())


def test_the_numbers_of_a_chart_go_into_a_table_and_back(charts):
    for name, drawing in charts.items():
        back = pd.read_csv(io.StringIO(drawing.csv()), keep_default_na=False, na_values=[""])
        assert list(back) == list(drawing.table)
        for column in drawing.table.select_dtypes("number"):
            assert back[column].to_numpy(float) == pytest.approx(
                drawing.table[column].to_numpy(float), nan_ok=True
            ), (name, column)


def test_columns_of_numbers_have_their_unit(charts):
    free = {"low", "value", "high", "model", "factor"}  # claims have a column of their own for it
    for name, drawing in charts.items():
        for column in drawing.table.select_dtypes("number"):
            assert re.search(r"\[.+\]$", column) or column in free, (name, column)


def test_a_drawing_is_saved_by_its_ending(charts, tmp_path):
    drawing = charts["changes"]
    assert drawing.save(tmp_path / "a.svg").read_text("utf-8") == drawing.svg()
    assert drawing.save(tmp_path / "a.HTML").read_text("utf-8") == drawing.page()
    assert drawing.save(tmp_path / "a.csv").read_text("utf-8") == drawing.csv()
    with pytest.raises(OutputError, match=r"a\.png: a figure is written as one of \.svg, \.html, \.csv"):
        drawing.save(tmp_path / "a.png")


def test_a_notebook_shows_a_drawing_on_paper_whatever_its_theme(charts):
    shown = charts["changes"]._repr_html_()
    assert "prefers-color-scheme" not in shown
    assert ":root" not in shown
    assert ".fig{background:var(--paper)" in shown


def test_charts_are_told_in_spanish_too(drawn):
    with in_language("es"):
        for drawing in every(drawn).values():
            assert ElementTree.fromstring(drawing.svg()).get("lang") == "es"
            assert 'lang="es"' in drawing.page()


# Colours.


def channels(colour: str) -> np.ndarray:
    """Linear red, green and blue of a colour, 0 to 1 (IEC 61966-2-1)."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Ratio of luminances (WCAG 2.2)."""
    light, dark = sorted((float(channels(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


CONFUSED = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881],
    ],
}  # fmt: skip
"""What is seen of linear red, green and blue (Machado, Oliveira and Fernandes 2009, severity 1)."""


def seen(colour: str, by: str) -> np.ndarray:
    """Colour in CIELAB, D65, as seen by an eye."""
    linear = channels(colour)
    linear = np.clip(np.array(CONFUSED[by]) @ linear, 0, 1) if by else linear
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_known_contrasts():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert seen("#ffffff", "deuteranopia") == pytest.approx([100, 0, 0], abs=0.5)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out(mode):
    for name, pair in theme.COLOURS.items():
        if name in theme.BEHIND:
            continue
        least = 3.0 if name in theme.MARKS else 4.5
        for ground in ("paper", "card"):
            found = contrast(pair[mode], theme.COLOURS[ground][mode])
            assert found >= least, f"{name} on {ground}: {found:.2f}"


def test_no_text_has_a_colour_of_marks_or_of_what_stands_behind(charts):
    weak = {f"f-{name}" for name in theme.MARKS | theme.BEHIND}
    for drawing in charts.values():
        for element in ElementTree.fromstring(drawing.svg()).iter():
            if element.tag.rpartition("}")[2] in ("text", "tspan"):
                assert not classes(element) & weak


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eye", ["", "protanopia", "deuteranopia"])
def test_rises_and_falls_differ_to_every_eye(mode, eye):
    rise, fall = (seen(theme.COLOURS[name][mode], eye) for name in ("rise", "fall"))
    assert np.linalg.norm(rise - fall) > 25


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eye", ["", "protanopia", "deuteranopia"])
def test_ways_that_look_alike_to_some_eye_have_other_dashes(mode, eye):
    alike = 0
    for one, other in combinations([colour for _words, colour in theme.WAYS.values()], 2):
        apart = np.linalg.norm(seen(theme.COLOURS[one][mode], eye) - seen(theme.COLOURS[other][mode], eye))
        alike += bool(apart < 25)
        assert apart >= 25 or theme.DASHES[one] != theme.DASHES[other], (one, other)
    assert len(set(theme.DASHES.values())) == len(theme.DASHES)


def test_states_of_claims_differ_in_shape_too():
    assert len(set(claims.SHAPES.values())) == len(claims.SHAPES) == len(claims.WORDS)
