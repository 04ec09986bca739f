"""Logs as arrays of NumPy: never a pickle, and every size is checked before it is believed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError
from repscope.formats.arrays.npy import read_header, read_members, read_values
from repscope.formats.arrays.read import refuse_bomb
from repscope.learning.logs.records import MOST_COLUMNS, STEPS, Found, from_array, unit_of
from repscope.learning.logs.series import Series


def read_array_log(path: Path, run: str) -> Found:
    """The arrays of an npy or npz: [steps], [steps, K], or records with fields.

    Raises:
        FormatError: damaged, pickled, or without a series.
    """
    if path.suffix.lower() == ".npy":
        with path.open("rb") as file:
            arrays = {path.stem: _values(file, path.stat().st_size, str(path))}
    else:
        arrays = read_members(path, _values, partial(refuse_bomb, path))
    for name, array in list(arrays.items()):
        if array.dtype.names and array.ndim == 1:
            del arrays[name]
            arrays |= {each: array[each] for each in array.dtype.names}
    key = next((name for name in STEPS if name in arrays and len(arrays) > 1), None)
    steps = arrays.pop(key) if key else None
    found: list[Series] = []
    notes = []
    for name, array in arrays.items():
        columns = array.shape[1] if array.ndim == 2 else 1
        if array.dtype.kind not in "fiub" or array.ndim not in (1, 2) or not 0 < columns <= MOST_COLUMNS:
            notes.append(f"{path.name}: {name} is {array.dtype} of shape {list(array.shape)}, and no series")
        elif array.size:
            own = steps if steps is not None and _are_steps(steps, len(array)) else None
            if key and own is None:
                notes.append(f"{path.name}: {key} do not fit the {len(array):,} values of {name}; by row")
            found += from_array(name, array, run, own, unit_of(key or ""))
    if not found:
        raise FormatError(f"series in {path}", "; ".join(notes) or "nothing", "give [steps] or [steps, K]")
    return found, notes


def _values(file: IO[bytes], size: int, source: str) -> NDArray[Any]:
    header = read_header(file, source)
    if header.dtype.hasobject:
        raise FormatError(
            f"arrays of numbers in {source}",
            "pickled objects, which are not read",
            "save the lists with np.savez(file, loss=…), or as JSON",
        )
    return read_values(file, header, size, source)


def _are_steps(steps: NDArray[Any], count: int) -> bool:
    return steps.shape == (count,) and steps.dtype.kind in "fiu" and bool(np.isfinite(steps).all())
