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
from repscope.formats.incoming import Incoming, ReadOptions, as_vectors, choose
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
    array = as_vectors(value)
    if array is not None:
        return bare_array(array, stem, source, options)
    if isinstance(value, list | tuple | np.ndarray) and len(value) and isinstance(value[0], dict):
        value = columns_of_records(list(value), source)
    if isinstance(value, Mapping):
        mapping = {str(key): part for key, part in value.items()}
        sets = [] if options.vectors else read_pipeline(mapping, stem, source, options)
        return sets or from_mapping(mapping, stem, source, options)
    raise FormatError(
        f"embeddings in {source}: an N×D array, a list of vectors, or a dictionary that holds one",
        _describe(value),
        "save a dictionary such as {'vectors': array, 'ids': [...], 'label': [...]}",
    )


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
    return [mean or Incoming(stem, array)]


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
    if "vectors" in mapping:
        return ["vectors"]
    arrays = {key: value for key, value in mapping.items() if hasattr(value, "shape")}
    tables = [key for key, value in arrays.items() if len(value.shape) in (2, 3) and _kind(value) == "f"]
    tables = tables or [key for key, value in mapping.items() if key not in arrays and _is_rows(value)]
    if len(tables) == 1 or (several and tables):
        return tables
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
    vectors = as_vectors(mapping[key])
    if vectors is None:
        raise VectorError(
            f"vectors in {key!r} of {source}", _describe(mapping[key]), "choose an N×D array with --vectors"
        )
    n = vectors.shape[-2] if vectors.ndim in (2, 3) else -1
    columns: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    provenance: dict[str, Any] = {}
    for other, value in mapping.items():
        if other == key or value is None:
            continue
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
        return len(first) > 1 and all(type(number) is float for number in first)
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
