"""Lambert's azimuthal equal-area projection, so that areas on the map can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contraflow._types import FloatArray
from contraflow.network.geodesy import EARTH_RADIUS_KM


def project(
    latitude: ArrayLike, longitude: ArrayLike, centre: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Degrees to km east and north of ``centre`` (Snyder 1987, USGS Professional Paper 1395, eq. 24-2).

    x = R k cos(phi) sin(lam - lam0),
    y = R k (cos(phi0) sin(phi) - sin(phi0) cos(phi) cos(lam - lam0)),
    k = sqrt(2 / (1 + sin(phi0) sin(phi) + cos(phi0) cos(phi) cos(lam - lam0))).
    Shapes of x and y are that of the input; longitudes may go around the globe. The point opposite the
    centre has no image.
    """
    phi, lam = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float) - centre[1])
    phi0 = np.radians(centre[0])
    cosine = np.sin(phi0) * np.sin(phi) + np.cos(phi0) * np.cos(phi) * np.cos(lam)
    k = np.sqrt(2.0 / np.maximum(1.0 + cosine, 1e-12))
    x = EARTH_RADIUS_KM * k * np.cos(phi) * np.sin(lam)
    y = EARTH_RADIUS_KM * k * (np.cos(phi0) * np.sin(phi) - np.sin(phi0) * np.cos(phi) * np.cos(lam))
    return x, y


def middle(latitude: ArrayLike, longitude: ArrayLike) -> tuple[float, float]:
    """Latitude and longitude of the middle of points: the direction of their mean as unit vectors."""
    phi, lam = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float))
    x, y, z = (np.cos(phi) * np.cos(lam)).mean(), (np.cos(phi) * np.sin(lam)).mean(), np.sin(phi).mean()
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))
