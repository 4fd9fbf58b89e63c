"""A case of one's own: copy the example, make a mistake, mend it, ask it something."""

# %% A new folder holds a commented copy of the example case.
import tempfile
from pathlib import Path

import contraflow as cf

folder = cf.new(Path(tempfile.mkdtemp()) / "my-case")
links = folder / "links.csv"

# %% A second road, with a slip in it. All problems are listed, with row, column and cure.
text = links.read_text(encoding="utf-8")
road = "selva-frontera,alta-selva,fronterra,road,paste,weight-road,,,,,,,,,A new road east\n"
links.write_text(text + road, encoding="utf-8")
for problem in cf.check(folder):
    print(problem)

# %% Mended, the case loads; the road is an option like any other.
links.write_text(text + road.replace("fronterra", "frontera"), encoding="utf-8")
lab = cf.load(folder).central_values()  # central values, without calibration
paste = lab.baseline().data.sel(draw=0)["flow"].sel(arc=["selva-strips", "selva-port", "selva-frontera"])
print((paste / 1000).round(1).to_series().rename("t of paste a year").to_string())

# %% Ask it something.
shut = lab.respond({"radar": 2, "interceptors": 4})
print(shut.compare(lab.baseline()).displacement("route")[["before", "after", "change"]].round(1).to_string())
