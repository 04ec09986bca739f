"""NumPy's files: .npy (memory-mapped) and .npz (only the members that are needed, sizes checked first)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError
from repscope.formats.arrays.npy import read_header, read_members, read_values, refuse_truncated
from repscope.formats.arrays.null_masks import with_gaps
from repscope.formats.arrays.sparse import densified, is_sparse
from repscope.formats.columns import to_column
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.objects import bare_array, from_arrays, sets_from
from repscope.formats.older.generations import is_generation, read_generation
from repscope.formats.pickles.load import loads
from repscope.formats.tables.read import table_set
from repscope.formats.trust import read_or_trust

if TYPE_CHECKING:
    import pyarrow as pa

BOMB_RATIO, BOMB_BYTES = 200, 1 << 30
"""An archive that unpacks to more than this many times its size, and to more than this, is refused."""


def read_npy(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The array of an .npy file; a pickled one is read by the restricted reader.

    Raises:
        FormatError: the file is truncated or not .npy.
        UnsafePickleError: its pickle asks for code.
    """
    source = str(path)
    with path.open("rb") as file:
        header = read_header(file, source)
        start = file.tell()
    if header.dtype.hasobject:
        value = _pickled(path.read_bytes(), start, header.shape, source, options)
        return sets_from(value, stem, source, options)
    refuse_truncated(header, path.stat().st_size - start, source)
    array = np.load(path, mmap_mode="r" if header.nbytes else None, allow_pickle=False)
    if header.dtype.names:
        return [table_set(_fields(array, source), stem, source, options)]
    _refuse_void(header.dtype, source)
    return bare_array(array, stem, source, options)


def read_npz(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of an .npz archive: the 2-D array ``vectors``, or the only one, or ``options.vectors``.

    Raises:
        FormatError: the archive is truncated, encrypted, damaged, or unpacks to absurd sizes.
        UnsafePickleError: a pickled member asks for code.
    """

    def member(file: IO[bytes], size: int, source: str) -> Any:
        header = read_header(file, source)
        if header.dtype.hasobject:
            return _pickled(file.read(), 0, header.shape, source, options)
        if not header.dtype.names:
            _refuse_void(header.dtype, source)
        return read_values(file, header, size, source)

    arrays = read_members(path, member, partial(refuse_bomb, path))
    if records := [array for array in arrays.values() if getattr(array, "dtype", np.dtype("f4")).names]:
        if len(arrays) > 1:
            _refuse_void(records[0].dtype, str(path))
        return [table_set(_fields(records[0], str(path)), stem, str(path), options)]
    if is_sparse(arrays):
        return bare_array(densified(arrays, str(path)), stem, str(path), options)
    if not options.vectors and is_generation(arrays):
        return read_generation(arrays, stem, str(path), options)
    return [with_gaps(incoming) for incoming in from_arrays(arrays, stem, str(path), options)]


def _pickled(raw: bytes, start: int, shape: tuple[int, ...], source: str, options: ReadOptions) -> Any:
    """numpy stores an array of Python objects as a pickle of the array."""

    def trusted() -> Any:
        import pickle

        return pickle.loads(raw[start:])

    value = read_or_trust(lambda: loads(raw, source, start), trusted, source, options)
    if isinstance(value, np.ndarray) and value.shape != shape:
        raise FormatError(f"an array of shape {shape} in {source}", f"{value.shape}", "write the file again")
    return value


def _fields(array: NDArray[Any], source: str) -> pa.Table:
    """Records as a table: a field a column, a field of numbers in a row a list."""
    import pyarrow as pa

    names = array.dtype.names or ()
    if array.ndim != 1 or any(array[name].ndim > 2 or array[name].dtype.kind == "V" for name in names):
        _refuse_void(array.dtype, source)
    columns = {}
    for name in names:
        values = np.ascontiguousarray(array[name])
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        if values.ndim == 2:
            columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
        else:
            columns[name] = to_column(values, name)
    return pa.table(columns)


def _refuse_void(dtype: np.dtype[Any], source: str) -> None:
    if dtype.names or dtype.kind == "V":
        raise FormatError(
            f"an array of numbers in {source}",
            f"records with fields ({', '.join(dtype.names or ['void'])})",
            "save the fields as separate arrays: numpy.savez(file, vectors=a['…'], ids=a['…'])",
        )


def refuse_bomb(path: Path, unpacked: int) -> None:
    """Refuse an archive that would unpack to absurd sizes; raises :class:`FormatError`."""
    packed = path.stat().st_size
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise FormatError(
            f"an archive in {path} that unpacks to at most {BOMB_RATIO} times its {packed:,} bytes",
            f"{unpacked:,} bytes",
            "save the arrays uncompressed with numpy.savez if they are really so large",
        )
