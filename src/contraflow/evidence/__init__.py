"""Claims as observations of the model, and calibration to them."""
