"""Item columns that our own writers put beside vectors in npz and safetensors, read back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, first_line
from repscope.formats.arrays.write import METADATA, MISSING, OFFSETS, UTF8
from repscope.formats.columns import to_column
from repscope.formats.incoming import Incoming

if TYPE_CHECKING:
    import pyarrow as pa


def with_gaps(incoming: Incoming) -> Incoming:
    """The set with values missing where a boolean column ``COLUMN.missing`` says so."""
    import pyarrow as pa

    columns = dict(incoming.columns)
    for name in list(columns):
        mask = columns.get(f"{name}{MISSING}")
        if mask is not None and pa.types.is_boolean(mask.type):
            columns[name] = _masked(columns[name], columns.pop(f"{name}{MISSING}"))
    return replace(incoming, columns=columns)


def own_columns(metadata: Mapping[str, str], tensors: dict[str, Any], source: str) -> dict[str, pa.Array]:
    """The columns that the metadata of a safetensors file describes; their parts leave ``tensors``.

    Raises:
        FormatError: parts are missing, or do not fit together.
    """
    if METADATA not in metadata:
        return {}
    columns: dict[str, pa.Array] = {}
    try:
        about = json.loads(metadata[METADATA])
        for name in about["columns"]:
            values = (
                _texts(tensors.pop(f"{name}{UTF8}"), tensors.pop(f"{name}{OFFSETS}"))
                if name in about["text"]
                else to_column(tensors.pop(name), name)
            )
            gaps = tensors.pop(f"{name}{MISSING}") if name in about["missing"] else None
            columns[name] = values if gaps is None else _masked(values, to_column(gaps, name))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"whole item columns in {source}",
            f"{type(error).__name__}: {first_line(error)}",
            "export the set again",
        ) from error
    return columns


def _masked(values: pa.Array, mask: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(values) != len(mask):
        raise ValueError(f"{len(mask):,} marks of missing values for {len(values):,} values")
    return pc.if_else(mask, pa.scalar(None, values.type), values)


def _texts(flat: NDArray[Any], offsets: NDArray[Any]) -> pa.Array:
    import pyarrow as pa

    if flat.dtype != np.uint8 or offsets.dtype != np.int64 or flat.ndim != 1 or offsets.ndim != 1:
        raise ValueError("text of other types than uint8 and int64")
    if not len(offsets) or offsets[0] or offsets[-1] != len(flat) or (np.diff(offsets) < 0).any():
        raise ValueError("offsets that do not cover the text")
    raw = flat.tobytes()
    ends = offsets.tolist()
    return pa.array([raw[start:end].decode("utf-8") for start, end in itertools.pairwise(ends)], pa.string())
