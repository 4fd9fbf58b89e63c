"""An ensemble on disk: a Zarr folder, of which each block is a file that is there as a whole or not at all.

Zarr rather than Parquet, since figures are an array (policy, draw, figure) that xarray reads piece by piece,
and since its library takes a third of the room. The older format 2 is written, which all readers know and
which has text.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import N_, _
from contraflow._types import BoolArray, FloatArray
from contraflow.errors import OutputError
from contraflow.lab.ensemble_identity import differences
from contraflow.lab.policy_block import Block, Cut

if TYPE_CHECKING:
    import xarray as xr

FORMAT = 1
"""Version of the layout."""

NEEDED = N_("An ensemble on disk needs the library Zarr: pip install 'contraflow[cluster]'.")

WIDTH = 120
"""Characters of a policy's name that are kept."""


def zarr() -> Any:
    """The library. Raises OutputError where it is not installed."""
    try:
        return import_module("zarr")
    except ImportError:
        raise OutputError(_(NEEDED)) from None


class EnsembleStore:
    """A store that is open for writing, of one writer at a time."""

    def __init__(self, folder: Path, cut: Cut) -> None:
        """Open a store that exists."""
        self.folder, self.cut = folder, cut
        self._group = zarr().open_group(str(folder), mode="r+", zarr_format=2)
        # A block without any equilibrium is all NaN, and done all the same.
        with zarr().config.set({"array.write_empty_chunks": True}):
            self._figures = self._group["figures"]

    def has(self, block: Block) -> bool:
        """Whether the figures of a block are there."""
        return _chunk(self.folder, self.cut, block).exists()

    def put(self, block: Block, figures: FloatArray, processor: str) -> None:
        """Write the figures of a block (policy, draw, figure), whole or not at all. Raises OutputError."""
        known = list(self._group.attrs["processors"])
        try:
            if processor not in known:
                self._group.attrs["processors"] = [*known, processor]
            self._figures[block.first : block.last] = figures
        except OSError as error:
            text = _(
                "{folder} cannot be written: {reason}. What is there is kept: free some space, and run the "
                "same again to go on."
            )
            raise OutputError(text.format(folder=self.folder, reason=error.strerror or error)) from error


def open_for_writing(
    folder: Path, cut: Cut, identity: Mapping[str, Any], contents: Mapping[str, tuple[Sequence[str], Any]]
) -> EnsembleStore:
    """The store in ``folder``, which is made unless it is there.

    Parameters
    ----------
    folder
        The folder.
    cut
        How the ensemble is cut into blocks.
    identity
        What decides the ensemble.
    contents
        Dimensions and values of what is known before any block is solved; ``figure`` and ``draw`` among them.

    Raises
    ------
    OutputError
        If the folder holds something else, or an ensemble of other policies, draws, code or of another case.
    """
    zarr()
    kept = attributes(folder)
    if kept is None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            text = _(
                "{folder} is there already and holds no ensemble. Name a folder that does not exist yet."
            )
            raise OutputError(text.format(folder=folder))
        _create(folder, cut, identity, contents)
    else:
        other = _in_words(identity, kept)
        if other:
            text = _(
                "{folder} holds an ensemble with {differences}. Name another folder, or remove this one to "
                "begin anew."
            )
            raise OutputError(text.format(folder=folder, differences=", ".join(other)))
    return EnsembleStore(folder, cut)


def attributes(folder: Path) -> dict[str, Any] | None:
    """What a store says of itself; None where there is no store."""
    if not (folder / ".zgroup").is_file():
        return None
    kept = dict(zarr().open_group(str(folder), mode="r", zarr_format=2).attrs)
    return kept if "contraflow_ensemble" in kept else None


def finished(folder: Path, cut: Cut) -> BoolArray:
    """Whether all figures of each policy are there (policy,)."""
    result = np.ones(cut.policies, dtype=bool)
    for block in cut.blocks():
        if not _chunk(folder, cut, block).exists():
            result[block.first : block.last] = False
    return result


def read(folder: Path) -> xr.Dataset:
    """A store as a dataset that reads from disk what is asked for. Raises OutputError."""
    import xarray as xr

    zarr()
    kept = attributes(folder)
    if kept is None:
        text = _("{folder} holds no ensemble. Name a folder that 'respond_many' has written.")
        raise OutputError(text.format(folder=folder))
    if kept["contraflow_ensemble"] != FORMAT:
        text = _("{folder} was written by another version of Contraflow: {version}.")
        raise OutputError(text.format(folder=folder, version=kept["running"]))
    data: xr.Dataset = xr.open_zarr(str(folder), chunks=None, consolidated=False, zarr_format=2)
    there = finished(folder, Cut(data.sizes["policy"], data.sizes["draw"]))
    labels = [name for name in ("unit", "measure_unit", "name") if name in data]
    return data.set_coords(labels).assign_coords(finished=("policy", there))


def _chunk(folder: Path, cut: Cut, block: Block) -> Path:
    """The file of a block: Zarr's format 2 names it by its place in each dimension."""
    return folder / "figures" / str(block.first // cut.height) / "0" / "0"


def _in_words(identity: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    parts = {
        "fingerprint": _("another case or another state of it ({case})").format(case=kept.get("case")),
        "ledger": _("other draws"),
        "policies": _("other policies"),
    }
    other = [words for name, words in parts.items() if kept.get(name) != identity[name]]
    found = differences(identity["running"], kept.get("running", {}))
    return other + ([_("figures of {others}").format(others=", ".join(found))] if found else [])


def _create(
    folder: Path, cut: Cut, identity: Mapping[str, Any], contents: Mapping[str, tuple[Sequence[str], Any]]
) -> None:
    """Make an empty store beside its place, then move it there, so that no half of one is ever found."""
    part = folder.parent / f".part-{secrets.token_hex(8)}.zarr"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        about = {"contraflow_ensemble": FORMAT, **identity, "processors": []}
        group = zarr().create_group(str(part), zarr_format=2, attributes=about)
        figures = len(contents["figure"][1])
        group.create_array(
            "figures",
            shape=(cut.policies, cut.draws, figures),
            chunks=(cut.height, cut.draws, figures),
            dtype="f8",
            fill_value=np.nan,
            attributes={"_ARRAY_DIMENSIONS": ["policy", "draw", "figure"]},
            chunk_key_encoding={"name": "v2", "separator": "/"},
        )
        for name, (dimensions, values) in contents.items():
            array = np.asarray(values)
            if array.dtype.kind == "U":
                array = array.astype(f"U{max(1, min(array.dtype.itemsize // 4, WIDTH))}")
            # Without a value for what is missing, which xarray would take 0 for.
            named = {"_ARRAY_DIMENSIONS": list(dimensions)}
            group.create_array(name, data=array, fill_value=None, attributes=named)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        text = _("{folder} cannot be written: {reason}.")
        raise OutputError(text.format(folder=folder, reason=error.strerror or error)) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(part)
