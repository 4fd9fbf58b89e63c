"""A first answer: what moves where if the sky is closed?"""

# %% A case is loaded and calibrated: the numbers in its ledger are fitted to its claims.
import contraflow as cf

case = cf.load("example")  # the invented country; try "peru", which takes a minute
lab = case.calibrate()
print(lab)

# %% The economy as it is, and once it has settled under a policy.
base = lab.baseline()
shut = lab.respond({"radar": 2, "interceptors": 4}, "The sky is closed")
change = shut.compare(base)
print(change.summary().round(1).to_string())

# %% What moves where: by mode, by way out, by zone.
moved = change.displacement("route")
print(moved[["before", "after", "change"]].round(1).to_string())
print(f"{moved.attrs['displaced']:.0%} of what was lost came up elsewhere.")

# %% Who gains and who loses, M$ a year.
print(change.incomes()[["name", "before", "after", "change"]].round(1).to_string())

# %% Whoever verifies an answer is not whoever computed it.
print(cf.verify(shut.data, base.data))
