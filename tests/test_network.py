"""Networks: order, refusal of what cannot carry goods, export."""

import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contraflow.errors import NetworkError
from contraflow.model.layout import make_layout
from contraflow.network import build, to_geojson, to_graphml, to_networkx
from contraflow.network.geodesy import great_circle_km
from contraflow.network.topological_sort import CycleError, topological_levels
from tiny import Tiny, two_routes


def problems(t: Tiny) -> str:
    with pytest.raises(NetworkError) as caught:
        build(t.case())
    return str(caught.value)


def test_great_circle_against_published_distances():
    # Lima-Cusco (Jorge Chávez to Velasco Astete): 586 km along the great circle
    assert great_circle_km(-12.0219, -77.1143, -13.5357, -71.9388) == pytest.approx(586, abs=3)
    assert great_circle_km(0, 0, 0, 180) == pytest.approx(np.pi * 6371.0088)


def test_arcs_are_sorted_by_tail_and_nodes_by_level():
    network = build(two_routes().case())
    assert (np.diff(network.tail) >= 0).all()
    assert (np.diff(network.level) >= 0).all()
    assert (network.level[network.head] > network.level[network.tail]).all()


def test_a_loop_is_refused_with_its_rows():
    t = two_routes()
    t.place("fork")
    t.link("out", "valley", "fork", "road")
    t.link("back", "fork", "valley", "road")
    message = problems(t)
    assert "loop" in message
    assert "'out'" in message
    assert "'back'" in message


def test_endowment_that_reaches_no_market_is_refused():
    t = two_routes()
    t.zone("desert", 10.0)
    assert "desert" in problems(t)


def test_market_that_nothing_reaches_is_refused():
    t = two_routes()
    t.place("moon", kind="market")
    t.market("moon", "moon", "drug", 10.0)
    assert "reached by nothing" in problems(t)


def test_dead_end_and_starved_arc_are_refused_together():
    t = two_routes()
    t.place("nowhere")
    t.link("lost", "valley", "nowhere", "road")
    t.form("other")
    t.link("empty", "valley", "north", "road", forms="other")
    message = problems(t)
    assert "'lost'" in message
    assert "'empty'" in message


def test_a_market_with_a_way_on_is_refused():
    t = two_routes()
    t.link("on", "north", "south", "road")
    assert "arcs lead on" in problems(t)


def test_stated_distance_replaces_the_great_circle():
    from contraflow.case import load
    from contraflow.model.economy import distances

    network = build(load("peru"))
    km = np.asarray(distances(network, network.ledger.value))
    stated = network.numbers.distance > 0
    assert stated.any()
    assert np.allclose(km[stated], network.ledger.value[network.numbers.distance[stated]])
    assert (km[~stated] >= network.great_circle[~stated] - 1e-9).all()


def test_export_to_networkx_graphml_and_geojson(tmp_path, example):
    network = example.network
    graph = to_networkx(network)
    assert graph.number_of_nodes() == len(network.nodes)
    assert graph.number_of_edges() == len(network.arcs)
    assert nx.is_directed_acyclic_graph(graph)
    to_graphml(network, tmp_path / "n.graphml")
    assert nx.read_graphml(tmp_path / "n.graphml").number_of_edges() == len(network.arcs)
    shapes = json.loads(json.dumps(to_geojson(network)))
    lines = [f for f in shapes["features"] if f["geometry"]["type"] == "LineString"]
    assert len(lines) == sum(a.kind == "link" for a in network.arcs)


@st.composite
def graphs(draw):
    nodes = draw(st.integers(2, 30))
    count = draw(st.integers(1, 80))
    pairs = draw(st.lists(st.tuples(st.integers(0, nodes - 2), st.integers(1, nodes - 1)), min_size=count))
    arcs = [(min(a, b - 1), b) if a >= b else (a, b) for a, b in pairs]
    order = draw(st.permutations(range(nodes)))
    tail = np.array([order[a] for a, _ in arcs], dtype=np.int64)
    head = np.array([order[b] for _, b in arcs], dtype=np.int64)
    return nodes, tail, head


@given(graphs())
def test_levels_are_longest_paths(graph):
    nodes, tail, head = graph
    level = topological_levels(tail, head, nodes)
    assert (level[head] > level[tail]).all()
    for node in range(nodes):
        into = level[tail[head == node]]
        assert level[node] == (into.max() + 1 if into.size else 0)


@given(graphs(), st.integers(1, 12), st.integers(1, 5))
@settings(max_examples=60)
def test_a_plan_holds_every_arc_once_in_chunks_of_whole_nodes(graph, rows, depth):
    nodes, tail, head = graph
    level = topological_levels(tail, head, nodes)
    order = np.argsort(level, kind="stable")
    rank = np.argsort(order)
    tail, head = rank[tail], rank[head]
    sort = np.argsort(tail, kind="stable")
    tail, head = tail[sort], head[sort]
    plan = make_layout(tail, head, level[order], rows, depth)
    used = plan.slots[plan.slots < tail.size]
    assert sorted(used) == list(range(tail.size))
    assert (plan.slots.reshape(-1)[plan.arc_slot] == np.arange(tail.size)).all()
    chunk_of_node = np.full(nodes, -1)
    for chunk, members in enumerate(plan.members):
        chunk_of_node[members[members < nodes]] = chunk
    for chunk, slots in enumerate(plan.slots):
        arcs = slots[slots < tail.size]
        row = np.broadcast_to(np.arange(slots.shape[1]), slots.shape)[slots < tail.size]
        assert (plan.members[chunk][plan.local[chunk][row]] == tail[arcs]).all()
        assert not plan.one_row or (plan.local[chunk][row] == row).all()
        assert (chunk_of_node[tail[arcs]] == chunk).all()
        later = chunk_of_node[head[arcs]]
        assert ((later > chunk) | (later < 0)).all()


def test_a_cycle_is_found_and_named():
    with pytest.raises(CycleError) as caught:
        topological_levels(np.array([0, 1, 2, 1]), np.array([1, 2, 1, 3]), 4)
    assert sorted(caught.value.arcs) == [1, 2]
