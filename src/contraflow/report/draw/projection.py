"""Lambert's azimuthal equal-area projection, so that areas on the map can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contraflow.network.geodesy import EARTH_RADIUS_KM

CENTRE = (-10.0, -65.0)
"""Latitude and longitude, degrees, of the middle of the Andean countries."""


def project(
    latitude: ArrayLike, longitude: ArrayLike, centre: tuple[float, float] = CENTRE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees to km east and north of ``centre`` (Snyder 1987, USGS Professional Paper 1395, eq. 24-2).

    x = R k cos(phi) sin(lam - lam0),
    y = R k (cos(phi0) sin(phi) - sin(phi0) cos(phi) cos(lam - lam0)),
    k = sqrt(2 / (1 + sin(phi0) sin(phi) + cos(phi0) cos(phi) cos(lam - lam0))).
    Shapes of x and y are that of the input; the point opposite the centre has no image.
    """
    phi, lam = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float) - centre[1])
    phi0 = np.radians(centre[0])
    cosine = np.sin(phi0) * np.sin(phi) + np.cos(phi0) * np.cos(phi) * np.cos(lam)
    k = np.sqrt(2.0 / np.maximum(1.0 + cosine, 1e-12))
    x = EARTH_RADIUS_KM * k * np.cos(phi) * np.sin(lam)
    y = EARTH_RADIUS_KM * k * (np.cos(phi0) * np.sin(phi) - np.sin(phi0) * np.cos(phi) * np.cos(lam))
    return x, y
