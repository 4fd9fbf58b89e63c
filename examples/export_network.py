"""The network in other tools: NetworkX (extra ``graph``), GraphML, GeoJSON."""

# %% No calibration is needed for the bare network.
import json
import tempfile
from pathlib import Path

import networkx as nx

import contraflow as cf
from contraflow.network import to_geojson, to_graphml, to_networkx

network = cf.load("peru").network()
print(network)

# %% NetworkX: labels are attributes. Which places hold the network together?
graph = to_networkx(network)
assert nx.is_directed_acyclic_graph(graph)
countries = sorted({attributes["country"] for _, attributes in graph.nodes(data=True)})
print(f"{graph.number_of_nodes()} nodes in {len(countries)} countries and markets: {', '.join(countries)}")
print(f"longest chain: {nx.dag_longest_path_length(graph, weight=None)} steps")

# %% Files for other tools: GraphML for graph editors, GeoJSON for maps.
folder = Path(tempfile.mkdtemp())
to_graphml(network, folder / "peru.graphml")
(folder / "peru.geojson").write_text(json.dumps(to_geojson(network)), encoding="utf-8")
for file in sorted(folder.iterdir()):
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
