"""The network in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contraflow._language import _
from contraflow.errors import OutputError
from contraflow.network.network import Network

if TYPE_CHECKING:
    import networkx


def to_networkx(network: Network) -> networkx.MultiDiGraph:
    """The network as a NetworkX graph.

    Parameters
    ----------
    network
        The network of a case.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes with ``form``, ``place``, ``country``, ``latitude``, ``longitude`` (degrees) and ``level``;
        edges keyed by arc with ``step``, ``kind``, ``mode`` and ``great_circle_km``.

    Raises
    ------
    OutputError
        If NetworkX is not installed.
    """
    try:
        import networkx as nx
    except ImportError:
        raise OutputError(
            _("NetworkX is not installed. Install it with: {command}").format(
                command="pip install 'contraflow[graph]'"
            )
        ) from None
    graph = nx.MultiDiGraph(case=network.case.info.id, fingerprint=network.case.fingerprint)
    for number, name in enumerate(network.nodes):
        place = network.case.places[network.node_place[number]]
        graph.add_node(
            name,
            form=network.node_form[number],
            place=place.id,
            country=place.country,
            latitude=place.latitude,
            longitude=place.longitude,
            level=int(network.level[number]),
        )
    for number, arc in enumerate(network.arcs):
        graph.add_edge(
            arc.tail,
            arc.head,
            key=arc.id,
            step=arc.step,
            kind=arc.kind,
            mode=arc.mode,
            great_circle_km=float(network.great_circle[number]),
        )
    return graph


def to_graphml(network: Network, path: str | Path) -> None:
    """Write the graph of :func:`to_networkx` as GraphML.

    Parameters
    ----------
    network
        The network of a case.
    path
        File to write; an existing one is replaced.

    Raises
    ------
    OutputError
        If NetworkX is not installed or the file cannot be written.
    """
    graph = to_networkx(network)
    import networkx as nx

    try:
        nx.write_graphml(graph, str(path))
    except OSError as error:
        raise OutputError(
            _("{path}: cannot be written ({error}). Choose another folder.").format(
                path=path, error=error.strerror
            )
        ) from None


def to_geojson(network: Network) -> dict[str, object]:
    """Places as points and links as straight lines, as a GeoJSON FeatureCollection (RFC 7946).

    Parameters
    ----------
    network
        The network of a case.

    Returns
    -------
    dict
        The FeatureCollection; coordinates are longitude and latitude in degrees (WGS 84).

    Examples
    --------
    >>> from contraflow.case import load
    >>> from contraflow.network import build
    >>> to_geojson(build(load("example")))["type"]
    'FeatureCollection'
    """
    used = {place for arc in network.arcs for place in (arc.from_place, arc.to_place)}
    places = network.case.places
    features: list[dict[str, object]] = [
        {
            "type": "Feature",
            "id": p.id,
            "geometry": {"type": "Point", "coordinates": [p.longitude, p.latitude]},
            "properties": {"name": p.name, "kind": p.kind.value, "country": p.country},
        }
        for p in places.values()
        if p.id in used
    ]
    for number, arc in enumerate(network.arcs):
        if arc.kind == "link":
            ends = (places[arc.from_place], places[arc.to_place])
            features.append(
                {
                    "type": "Feature",
                    "id": arc.id,
                    "geometry": {
                        "type": "LineString",
                        "coordinates": [[p.longitude, p.latitude] for p in ends],
                    },
                    "properties": {
                        "from": arc.from_place,
                        "to": arc.to_place,
                        "mode": arc.mode,
                        "form": arc.form,
                        "great_circle_km": round(float(network.great_circle[number]), 1),
                    },
                }
            )
    return {"type": "FeatureCollection", "features": features}
