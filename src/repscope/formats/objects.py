"""From a Python object (out of a pickle, npz, .pt, object array) to sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError, name_some
from repscope.formats.checkpoints import refuse_checkpoint
from repscope.formats.columns import columns_of_records, to_columns
from repscope.formats.incoming import Incoming, ReadOptions, called_like_vectors, choose
from repscope.formats.loose.item_dicts import VECTOR, holds_vectors, plain_mapping, row_count
from repscope.formats.loose.shapes import (
    any_float,
    as_vectors,
    batch_lengths,
    joined,
    squeezed,
    squeezed_shape,
)
from repscope.formats.loose.statistics import is_covariance, refuse_statistics
from repscope.formats.older.oscar import read_mean
from repscope.formats.older.pipelines import read_pipeline
from repscope.formats.plain import as_json


def sets_from(value: Any, stem: str, source: str, options: ReadOptions) -> list[Incoming]:
    """The sets that an object holds.

    A known pipeline's dictionary becomes its sets; a bare array, or a list of vectors, one set; a
    dictionary (or list of dictionaries) one set for each key of vectors, see :func:`from_mapping`.

    Raises:
        FormatError: it holds no embeddings, or a model's weights.
        VectorError: lengths differ.
        UnknownNameError: ``options.vectors`` is not in it.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.ndim == 0:
        value = value.item()
    if isinstance(value, Mapping):
        return _from_dictionary({str(key): part for key, part in value.items()}, stem, source, options)
    if (mapping := plain_mapping(value, source)) is not None:
        return from_mapping(mapping, stem, source, options)
    array = as_vectors(value)
    if array is not None:
        return bare_array(array, stem, source, options)
    raise FormatError(
        f"embeddings in {source}: an N×D array, a list of vectors, or a dictionary that holds one",
        _describe(value),
        "save a dictionary such as {'vectors': array, 'ids': [...], 'label': [...]}",
    )


def _from_dictionary(
    mapping: Mapping[str, Any], stem: str, source: str, options: ReadOptions
) -> list[Incoming]:
    """The sets of a dictionary: of a pipeline, of items, of columns, of sets, or of one list of items."""
    if not options.vectors:
        if sets := read_pipeline(mapping, stem, source, options):
            return sets
        refuse_checkpoint(mapping, source)
    if not set(options.vector_keys) & set(mapping):
        if sets := _from_items(mapping, stem, source, options):
            return sets
        nested = {
            key: part for key, part in mapping.items() if isinstance(part, Mapping) and holds_vectors(part)
        }
        if nested and len(nested) == len(mapping):
            # {"train": {"features": …}, "test": {…}}
            named = {key: stem if len(nested) == 1 else f"{stem}_{key}" for key in nested}
            return [
                one for key, part in nested.items() for one in sets_from(part, named[key], source, options)
            ]
        listed = [key for key, part in mapping.items() if isinstance(part, list) and holds_vectors(part)]
        if len(listed) == 1 and not any(row_count(part) for part in mapping.values()):
            # {"object": "list", "data": [{"embedding": […]}, …]}
            return sets_from(mapping[listed[0]], stem, source, options)
    return from_mapping(mapping, stem, source, options)


def _from_items(mapping: Mapping[str, Any], stem: str, source: str, options: ReadOptions) -> list[Incoming]:
    """The sets of a dictionary with a key for each item; [] where it is none."""
    items = plain_mapping(mapping, source)
    if items is None:
        return []
    sets = from_mapping(items, stem, source, options)
    if "id" in mapping or "id" not in items:
        return sets
    return [replace(one, notes=(*one.notes, f"each of {len(items['id']):,} keys is an item")) for one in sets]


def from_arrays(
    arrays: Mapping[str, Any], stem: str, source: str, options: ReadOptions, *, several: bool = False
) -> list[Incoming]:
    """The sets of an archive of arrays by name: :func:`from_mapping`, unless each array is one item's vector.

    Raises:
        FormatError, UnknownNameError: see :func:`from_mapping`.
    """
    if not set(options.vector_keys) & set(arrays):
        refuse_checkpoint(arrays, source)
        if sets := _from_items(arrays, stem, source, options):
            return sets
    return from_mapping(arrays, stem, source, options, several=several)


def bare_array(array: NDArray[Any], stem: str, source: str, options: ReadOptions) -> list[Incoming]:
    """One array without a name as a set.

    Raises:
        FormatError: ``options`` choose among names that the file does not have.
    """
    if options.vectors:
        raise FormatError(
            f"named arrays in {source}, to choose {options.vectors!r} from",
            "one array without a name",
            "leave out --vectors",
        )
    mean = read_mean(array, stem)
    if mean is not None:
        return [mean]
    vectors, notes = _as_floats(squeezed(array))
    return [Incoming(stem, vectors, notes=notes)]


def _as_floats(array: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Quantised vectors of one byte a number as floats, which is said; anything else as it is."""
    if array.dtype.kind in "iu" and array.dtype.itemsize == 1 and array.ndim in (2, 3):
        return array.astype(np.float32), (f"vectors of whole numbers ({array.dtype}) are stored as float32",)
    return array, ()


def from_mapping(
    mapping: Mapping[str, Any], stem: str, source: str, options: ReadOptions, *, several: bool = False
) -> list[Incoming]:
    """One set for each chosen key of vectors; other keys with one value for each row become columns.

    The vectors are ``options.vectors``; else the key "vectors"; else the only floating array of two
    (or three) dimensions. A list of dictionaries of that length ("metadata") is spread over
    columns. Short scalars and texts go to the provenance; what is left over is named.

    Args:
        mapping: keys and values.
        stem: name of a single set.
        source: what to call the file.
        options: what the caller chose.
        several: take every floating 2-D array, each under its own name, when none was chosen.

    Raises:
        FormatError: no key, or more than one, could be the vectors.
        UnknownNameError: the chosen key does not exist.
    """
    keys = _vector_keys(mapping, source, options, several)
    sets = [_incoming(mapping, key, key if len(keys) > 1 else stem, source) for key in keys]
    others = {key for key in mapping if key not in keys}
    return [
        replace(incoming, left_out={key: what for key, what in incoming.left_out.items() if key in others})
        for incoming in sets
    ]


def _vector_keys(mapping: Mapping[str, Any], source: str, options: ReadOptions, several: bool) -> list[str]:
    if options.vectors:
        return [choose(key, mapping, "--vectors", source) for key in options.vector_keys]
    refuse_checkpoint(mapping, source)
    if VECTOR in mapping:
        return [VECTOR]
    arrays = {key: value for key, value in mapping.items() if hasattr(value, "shape")}
    tables = [
        key
        for key, value in arrays.items()
        if len(squeezed_shape(value.shape)) in (2, 3)
        and _kind(value) == "f"
        and not is_covariance(key, mapping)
    ]
    tables = tables or [key for key, value in mapping.items() if key not in arrays and _is_rows(value)]
    if len(tables) == 1 or (several and tables):
        return tables
    refuse_statistics(mapping, source)
    if len(called := [key for key in tables if called_like_vectors(key)]) == 1:
        return called
    if tables:
        raise FormatError(
            f"one N×D array in {source}, or one named 'vectors'",
            f"{len(tables)} ({name_some(f'{key}: {_describe(mapping[key])}' for key in tables)})",
            f"choose with --vectors {tables[0]}, or take several: --vectors {','.join(tables[:3])}",
        )
    # Whatever is nearest to vectors says best what is wrong with it (one-dimensional, integers).
    near = [key for key, value in arrays.items() if len(value.shape) == 2] or [
        key for key, value in arrays.items() if _kind(value) == "f" and len(value.shape)
    ]
    if len(near) == 1:
        return near
    raise FormatError(
        f"an N×D array of floating vectors in {source}",
        name_some((f"{key}: {_describe(value)}" for key, value in mapping.items()), 8)
        or "an empty dictionary",
        "choose the vectors with --vectors KEY, or save them as an N×D array",
    )


def _incoming(mapping: Mapping[str, Any], key: str, name: str, source: str) -> Incoming:
    whole = as_vectors(mapping[key])
    if whole is None:
        raise VectorError(
            f"vectors in {key!r} of {source}", _describe(mapping[key]), "choose an N×D array with --vectors"
        )
    vectors, notes = _as_floats(squeezed(whole))
    batches = batch_lengths(mapping[key])
    n = vectors.shape[-2] if vectors.ndim in (2, 3) else -1
    columns: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    provenance: dict[str, Any] = {}
    for other, part in mapping.items():
        if other == key or part is None:
            continue
        value = joined(part, batches)
        spread = _spread(value, n)
        if spread is not None:
            columns.update(
                {part if part not in columns else f"{other}.{part}": cells for part, cells in spread.items()}
            )
        elif _length(value) == n:
            columns[other] = value
        elif (
            isinstance(value, str | int | float | np.generic | Mapping) or getattr(value, "shape", None) == ()
        ):
            provenance[other] = as_json(value)
        else:
            left_out[other] = _describe(value)
    return Incoming(
        name,
        vectors,
        to_columns(columns),
        key=key,
        left_out=left_out,
        provenance={"metadata": provenance} if provenance else {},
        notes=notes,
    )


def _spread(value: Any, n: int) -> dict[str, Any] | None:
    """Columns of a list of N dictionaries, or of a dictionary of lists of N; else None."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.ndim == 1:
        value = value.tolist()
    if (
        isinstance(value, list | tuple)
        and len(value) == n
        and n > 0
        and all(isinstance(entry, dict) for entry in value)
    ):
        return columns_of_records(value, "the metadata")
    if isinstance(value, Mapping) and value and all(_length(cells) == n for cells in value.values()):
        return {str(key): cells for key, cells in value.items()}
    return None


def _length(value: Any) -> int:
    """Values of a list or one-dimensional array; -1 for anything else (a matrix is no column)."""
    if isinstance(value, list | tuple):
        return len(value)
    shape = getattr(value, "shape", None)
    return int(shape[0]) if shape is not None and len(shape) == 1 else -1


def _is_rows(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    first: Any = value[0]
    if isinstance(first, list | tuple):
        numbers = set(map(type, first)) <= {int, float}
        return len(first) > 1 and numbers and any_float(value)
    return hasattr(first, "shape") and len(first.shape) in (1, 2) and _kind(first) == "f"


def _kind(value: Any) -> str:
    if hasattr(value, "detach"):
        return "f" if value.is_floating_point() else "i"
    return value.dtype.kind if isinstance(value, np.ndarray) else ""


def _describe(value: Any) -> str:
    """Shape and type, without looking deep."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        return f"a {type(value).__name__} of {len(value):,}"
    return "None" if value is None else f"a {type(value).__name__}"
