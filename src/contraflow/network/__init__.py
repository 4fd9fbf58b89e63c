"""The network of a case: nodes and arcs as arrays in topological order."""

from contraflow.network.build import build
from contraflow.network.graph_formats import to_geojson, to_graphml, to_networkx
from contraflow.network.network import Arc, Ledger, Network

__all__ = ["Arc", "Ledger", "Network", "build", "to_geojson", "to_graphml", "to_networkx"]
