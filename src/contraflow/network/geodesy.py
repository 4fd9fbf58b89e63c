"""Distances on the sphere."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the IUGG (Moritz 2000, Geodetic Reference System 1980, Journal of Geodesy 74)."""


def great_circle_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Great-circle distance in km between two points in degrees, by the haversine formula.

    Sinnott (1984), Virtues of the haversine, Sky and Telescope 68(2).

    Examples
    --------
    >>> round(great_circle_km(0, 0, 0, 1), 1)
    111.2
    """
    phi_a, phi_b = radians(latitude_a), radians(latitude_b)
    half = sin((phi_b - phi_a) / 2) ** 2
    half += cos(phi_a) * cos(phi_b) * sin(radians(longitude_b - longitude_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
