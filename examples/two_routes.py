"""The one rule by hand: two routes, one closed, and the model's answer beside it."""

# %% Baseline prices at the heads of two options, outlays, losses, weights, and theta.
import numpy as np

import contraflow as cf

theta = 4.0
u = np.array([0.90 * 1000 - 50, 0.95 * 1000 - 150])  # keep times value, less outlay
w = np.array([0.6, 0.4])
value = (w @ u**theta) ** (1 / theta)
share = w * u**theta / (w @ u**theta)
print(f"u {u.round()}, V {value:.0f}, shares {share.round(3)}")

# %% Close the second. The node falls to (1 - s)^(1/theta) of its value: share and theta say it all.
closed = (w[0] * u[0] ** theta) ** (1 / theta)
print(f"closed: {closed / value:.4f} of V, by the formula {(1 - share[1]) ** (1 / theta):.4f}")

# %% The same at a node of the example case, from its labelled results alone.
base = cf.load("example").central_values().baseline().data.sel(draw=0)
arcs = base.sel(arc=base["tail"] == "paste@alta-selva")
theta = float(base["theta"].sel(node="paste@alta-selva"))
power = arcs["weight"] * arcs["net_value"] ** theta
print((power / power.sum()).round(6).to_series().rename("by hand").to_string())
print(arcs["share"].round(6).to_series().rename("by the model").to_string())
price = float(base["price"].sel(node="paste@alta-selva"))
print(f"V {float(power.sum()) ** (1 / theta):.4f}, by the model {price:.4f}")
