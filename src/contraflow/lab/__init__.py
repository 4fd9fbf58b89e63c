"""What users hold: a calibrated case, its outcomes, trajectories and explanations."""

from contraflow.lab.lab import Lab
from contraflow.lab.open_case import OpenCase, calibrate, central_values, load
from contraflow.lab.posterior_draws import responder

__all__ = ["Lab", "OpenCase", "calibrate", "central_values", "load", "responder"]
