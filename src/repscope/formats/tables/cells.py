"""A vector in one cell: of text in any form that is beyond doubt, of nested Arrow types."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError, name_some
from repscope.formats.tables.byte_cells import base64_floats, brief

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 100
"""Cells that are looked at to tell what a column holds."""

SHORTEST_BARE = 3
"""Numbers that a cell without brackets needs to be taken for a vector: two are more often a place."""

_PAIRS = {"[": "]", "(": ")", "{": "}", "<": ">"}
_SCALAR = re.compile(
    r"\b(?:(?:np|numpy|torch)\.)?(?:float|int|uint|bfloat|tensor)\d*\(\s*([^()\[\],]+?)\s*(?:,[^()\[\]]*)?\)"
)
_CALL = re.compile(
    r"(?:\w+\.)*(?:array|tensor|Tensor|ndarray|FloatTensor|DoubleTensor|HalfTensor|Array|Vector|vector|list|tuple)\s*\("
)
_KEYWORD = re.compile(r",\s*\w+\s*=\s*(?:<[^<>]*>|'[^']*'|\"[^\"]*\"|\([^()]*\)|[\w.:]+)\s*$")
_TOKENS = re.compile(r"[\s,;|:=\[\](){}<>\"']+")
_FLOAT = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?")


def parse_cell(text: str, bare: int = SHORTEST_BARE) -> list[float] | None:
    """The numbers of a cell: JSON, a tuple, ``array(…)``, ``tensor(…)``, ``np.float32(…)``, 1×D, bare.

    Numbers are separated by commas, semicolons, bars, or white space, one of these in the whole cell.

    Args:
        text: the cell.
        bare: numbers that a cell without brackets must have.

    Returns:
        None for anything else, also for two rows in a cell, and an array that numpy abbreviated.
    """
    text = text.strip()
    if text[:1] == "[":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            while type(value) is list and len(value) == 1 and type(value[0]) is list:
                value = value[0]
            plain = type(value) is list and value and set(map(type, value)) <= {int, float}
            return value if plain else None
    if "(" in text:
        text = _without_calls(text)
    bracketed = False
    while text[:1] in _PAIRS and text.endswith(_PAIRS[text[:1]]):
        text, bracketed = text[1:-1].strip(), True
    numbers = _split(text)
    return numbers if numbers and len(numbers) >= (1 if bracketed else max(bare, 2)) else None


def _without_calls(text: str) -> str:
    """``array([1, 2], dtype=float32)`` and ``[np.float32(1), …]`` without the names and keywords."""
    text = _SCALAR.sub(r"\1", text)
    while (call := _CALL.match(text)) and text.endswith(")"):
        text = text[call.end() : -1].strip()
        while keyword := _KEYWORD.search(text):
            text = text[: keyword.start()].strip()
    return text


def _split(text: str) -> list[float] | None:
    mark = next((mark for mark in ",;|" if mark in text), None)
    if mark is not None:
        parts = [part.strip() for part in text.split(mark)]
        if parts and not parts[-1]:
            parts.pop()  # (1.0,)
    else:
        parts = text.split()
    if "_" in text:
        return None  # Python reads 1_000 as a number; nobody writes vectors so
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None


def looks_like_vectors(column: pa.ChunkedArray) -> str:
    """A cell of a column that seems to hold vectors in a form that is not read, or ""."""
    import pyarrow as pa

    kind = column.type
    sample = [value for value in column[:SAMPLE].to_pylist() if value is not None]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return next((brief(text) for text in sample if _mostly_numbers(text)), "") or base64_floats(sample)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        sizes = {len(value) for value in sample}
        same = len(sizes) == 1 and min(sizes) > 2
        return f"{min(sizes):,} bytes: {sample[0][:12]!r}…" if same else ""
    if pa.types.is_nested(kind) and _holds_floats(kind):
        return brief(str(sample[0])) if sample else ""
    return ""


def _mostly_numbers(text: str) -> bool:
    tokens = [token for token in _TOKENS.split(text) if token]
    floats = sum(bool(_FLOAT.fullmatch(token)) for token in tokens)
    if floats >= 2 and abbreviated(text):
        return True
    whole = sum(token.lstrip("+-").isdecimal() for token in tokens) if text.strip()[:1] in _PAIRS else 0
    return floats + whole >= SHORTEST_BARE and 2 * (floats + whole) >= len(tokens)


def _holds_floats(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return True
    return any(_holds_floats(kind.field(at).type) for at in range(kind.num_fields))


def abbreviated(text: str) -> bool:
    """Whether numpy, pandas or torch left numbers out when it wrote this cell."""
    return "..." in text or "…" in text


def as_lists(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str] | None:
    """A column of lists of numbers, and the field of a struct that they were in; None for any other column.

    Lists within lists of length one, structs with one list, tensors of fixed shape and dictionaries are
    looked into.
    """
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return as_lists(pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type))
    if pa.types.is_dictionary(kind):
        return as_lists(column.cast(kind.value_type))
    if pa.types.is_struct(kind):
        return _only_field(column)
    return _plain_lists(column) if _is_list(kind) else None


def _only_field(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str] | None:
    import pyarrow.compute as pc

    names = [column.type.field(at).name for at in range(column.type.num_fields)]
    inner = {name: as_lists(pc.struct_field(column, [at])) for at, name in enumerate(names)}
    found = {name: lists for name, lists in inner.items() if lists}
    return (next(iter(found.values()))[0], next(iter(found))) if len(found) == 1 else None


def _plain_lists(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str] | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    value = column.type.value_type
    if pa.types.is_decimal(value):
        return column.cast(pa.list_(pa.float64())), ""
    if pa.types.is_floating(value) or pa.types.is_integer(value):
        return column, ""
    if not (_is_list(value) or pa.types.is_struct(value)) or _lengths(column) != {1}:
        return None
    if not column.null_count:
        return as_lists(pa.chunked_array([chunk.flatten() for chunk in column.chunks], value))
    filled = pc.fill_null(column.cast(pa.list_(value)), pa.scalar([None], pa.list_(value)))
    return as_lists(pc.list_element(filled, 0))


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _lengths(column: pa.ChunkedArray) -> set[int]:
    """The lengths of the lists that are there."""
    import pyarrow.compute as pc

    return set(pc.unique(pc.list_value_length(column)).drop_null().to_pylist())


def first_list(column: pa.ChunkedArray, bare: int = SHORTEST_BARE) -> list[float] | None:
    """The numbers of the first cell of a column of text, if it holds any."""
    import pyarrow as pa

    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return None
    first = next((value for value in column[:SAMPLE].to_pylist() if value), "")
    return parse_cell(first, bare)


def text_vectors(column: pa.ChunkedArray, key: str, source: str, bare: int) -> NDArray[Any]:
    """[N, D] of a column of text; an empty cell is a row of NaN.

    Raises:
        FormatError: a cell that is no vector; an abbreviated one says so.
        VectorError: cells of different lengths.
    """
    cells = column.to_pylist()
    width = next((len(found) for text in cells if text and (found := parse_cell(text, bare))), 0)
    rows = np.full((len(cells), width), np.nan)
    for row, text in enumerate(cells):
        if not text:
            continue
        numbers = parse_cell(text, bare)
        if numbers is None:
            raise unread(key, source, text, row)
        if len(numbers) != width:
            raise VectorError(
                f"vectors of one length in {key!r} of {source}",
                f"lengths {width}, {len(numbers)} (row {row:,})",
                "pool or pad the rows to one width where they are made",
            )
        rows[row] = numbers
    return rows


def unread(key: str, source: str, cell: str, row: int | None = None) -> FormatError:
    """The refusal of a cell that seems to hold a vector, but cannot be read for certain."""
    where = f" (row {row:,})" if row is not None else ""
    if abbreviated(cell):
        return FormatError(
            f"all numbers of each vector in {key!r} of {source}",
            f"{brief(cell)!r}{where}, abbreviated with … when it was written: the numbers are gone",
            "write the vectors again as columns of their own, as parquet, or as npz",
        )
    return FormatError(
        f"one vector in each cell of {key!r} in {source}, such as [0.1, 0.2]",
        f"{brief(cell)!r}{where}",
        "write the vectors as columns of their own, as parquet, or as npz; or choose others with --vectors",
    )


def list_vectors(column: pa.ChunkedArray, key: str, source: str) -> NDArray[Any]:
    """[N, D] values of a column of lists of numbers; a missing list is a row of NaN.

    Raises:
        VectorError: lists of different lengths.
    """
    widths = _lengths(column)
    if len(widths) != 1 or widths == {0}:
        raise VectorError(
            f"lists of one length in {key!r} of {source}",
            f"lengths {name_some(sorted(widths))}" if widths else "no lists",
            "pool or pad the rows to one width where they are made",
        )
    width = int(widths.pop())
    parts = [_rows_of(chunk, np.asarray(chunk.is_null()), width) for chunk in column.chunks if len(chunk)]
    rows: NDArray[Any] = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return rows


def _rows_of(chunk: pa.Array, missing: NDArray[np.bool_], width: int) -> NDArray[Any]:
    whole = not missing.any()
    flat: NDArray[Any] = (
        (chunk if whole else chunk.drop_null()).flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    )
    if whole:
        return flat
    rows = np.full((len(chunk), width), np.nan, flat.dtype if flat.dtype.kind == "f" else np.float64)
    rows[~missing] = flat
    return rows
