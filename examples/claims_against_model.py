"""Claims and documented behaviour against the model."""

# %% Calibrate. Each claim stands beside what the model says; z is in standard deviations.
import contraflow as cf

lab = cf.load("example").calibrate()
claims = lab.claims().set_index("claim")
seen = claims[claims["model"].notna()]
columns = ["grade", "bound", "low", "value", "high", "model", "unit", "residual", "use"]
print(seen[columns].round(3).to_string())

# %% What was fitted is no test. What was only checked is one, if a weak one.
print(seen.loc[seen["use"] == "check", ["statement", "residual"]].round(2).to_string())

# %% Patterns: does the model behave as reports describe?
verdicts = lab.validate().table()
print(verdicts[["pattern", "expected", "ratio", "holds"]].round(3).to_string())

# %% How much rests on assumption? A row of the ledger without claims is one.
ledger = lab.assumptions()
print(ledger["kind"].value_counts().to_string())
moved = ledger.assign(by=ledger["calibrated"] / ledger["value"] - 1).sort_values("by", key=abs)
print(moved.tail(5)[["parameter", "low", "value", "calibrated", "high"]].round(4).to_string())
