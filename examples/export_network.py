"""The network in other tools: NetworkX (extra ``graph``), GraphML, GeoJSON."""

# %% No calibration is needed for the bare network.
import json
import tempfile
from pathlib import Path

import networkx as nx

import contraflow as cf

network = cf.load("peru").network()
print(network)

# %% NetworkX: labels are attributes. Which places hold the network together?
graph = network.to_networkx()
assert nx.is_directed_acyclic_graph(graph)
countries = sorted({attributes["country"] for _, attributes in graph.nodes(data=True)})
print(f"{graph.number_of_nodes()} nodes in {len(countries)} countries and markets: {', '.join(countries)}")
print(f"longest chain: {nx.dag_longest_path_length(graph, weight=None)} steps")

# %% Files for other tools: GraphML for graph editors, GeoJSON for maps.
folder = Path(tempfile.mkdtemp())
network.to_graphml(folder / "peru.graphml")
(folder / "peru.geojson").write_text(json.dumps(network.to_geojson()), encoding="utf-8")
for file in sorted(folder.iterdir()):
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
