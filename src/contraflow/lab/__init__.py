"""What users hold: a calibrated case, its outcomes, trajectories and explanations."""

from contraflow.lab.lab import Lab, OpenCase, calibrate, central_values, load, responder

__all__ = ["Lab", "OpenCase", "calibrate", "central_values", "load", "responder"]
