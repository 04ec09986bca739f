"""Items and their vectors one by one: dictionaries id → vector, lists of pairs and of dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from repscope.errors import FormatError, name_some
from repscope.formats.columns import columns_of_records
from repscope.formats.loose.shapes import as_vectors, squeezed_shape
from repscope.formats.loose.statistics import refuse_statistics

FEWEST = 2
"""Keys with a vector that make a dictionary one of items."""

ID, VECTOR = "id", "vectors"


def plain_mapping(value: Any, source: str) -> Mapping[str, Any] | None:
    """An object as a dictionary of columns, one of them of vectors, if it holds items one by one; else None.

    - {id: vector}: arrays, lists or tensors of one width, also [1, D]; beside them texts and numbers;
    - {id: {field: …, one of them a vector}};
    - {column: {row: value}}, as pandas writes JSON;
    - [(id, vector), …], or the other way round;
    - [{field: …}, …];
    - (ids, vectors), or (vectors, labels).

    Raises:
        FormatError: vectors of different widths; dictionaries mixed with other things.
    """
    if isinstance(value, Mapping):
        return _of_mapping(value, source)
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple) or not value:
        return None
    if isinstance(value[0], Mapping):
        return _columns_of(list(value), source)
    return _of_pairs(value) or _of_parts(value)


def width_of(value: Any) -> int:
    """Numbers of one vector: [D], [1, D], or a list of D numbers; 0 for anything else."""
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        shape = squeezed_shape(shape)
        if len(shape) == 2 and shape[0] == 1:
            shape = shape[1:]
        kind = "f" if hasattr(value, "is_floating_point") else value.dtype.kind
        floating = value.is_floating_point() if hasattr(value, "is_floating_point") else kind == "f"
        return int(shape[0]) if len(shape) == 1 and floating else 0
    while isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], list | tuple):
        value = value[0]
    if isinstance(value, list | tuple) and len(value) > 1 and set(map(type, value)) <= {int, float}:
        return len(value) if float in set(map(type, value)) else 0
    return 0


def _flat(value: Any) -> Any:
    """One vector as an array of [D]."""
    array = as_vectors(value) if hasattr(value, "shape") else np.asarray(value, np.float64)
    return None if array is None else array.reshape(-1)


def _of_mapping(value: Mapping[Any, Any], source: str) -> Mapping[str, Any] | None:
    widths = {key: width_of(part) for key, part in value.items()}
    vectors = [key for key, width in widths.items() if width]
    rest = {key: part for key, part in value.items() if not widths[key]}
    # A list of whole numbers among lists of floats is a vector as well.
    if len(vectors) >= FEWEST and all(_whole(part, widths[vectors[0]]) for part in rest.values()):
        vectors, rest = list(value), {}
    if len(vectors) >= FEWEST and all(_is_scalar(part) for part in rest.values()):
        if len({widths[key] for key in vectors if widths[key]}) > 1:
            if _looks_like_columns(value):
                return None
            raise FormatError(
                f"vectors of one width in {source}, one under each key",
                name_some(f"{key}: {widths[key]:,}" for key in vectors),
                "pool or pad them to one width; or choose the key of the vectors with --vectors",
            )
        return {
            **{str(key): part for key, part in rest.items()},
            ID: [str(key) for key in vectors],
            VECTOR: [_flat(value[key]) for key in vectors],
        }
    fields = list(value.values())
    if len(fields) >= FEWEST and all(isinstance(part, Mapping) and _vectors_in(part) for part in fields):
        records = [{ID: str(key), **{str(k): v for k, v in part.items()}} for key, part in value.items()]
        return _columns_of(records, source)
    if len(fields) >= FEWEST and _is_frame(fields):
        rows = list(fields[0])
        table = {str(name): [column[row] for row in rows] for name, column in value.items()}
        return table if ID in table or _counted(rows) else {ID: rows, **table}
    return None


def _is_scalar(part: Any) -> bool:
    return isinstance(part, str | int | float | None) or getattr(part, "shape", None) == ()


def _whole(part: Any, width: int) -> bool:
    return isinstance(part, list | tuple) and len(part) == width and set(map(type, part)) == {int}


def _looks_like_columns(value: Mapping[Any, Any]) -> bool:
    """Whether one of the parts is a matrix: then the others may be columns."""
    return any(len(getattr(part, "shape", ())) > 1 for part in value.values())


def _vectors_in(record: Mapping[Any, Any]) -> int:
    return sum(bool(width_of(part)) for part in record.values())


def _is_frame(fields: Sequence[Any]) -> bool:
    """{column: {row: value}} of the same rows in every column."""
    if not all(isinstance(part, Mapping) and part for part in fields):
        return False
    rows = set(fields[0])
    return all(set(part) == rows for part in fields) and any(
        width_of(next(iter(part.values()))) for part in fields
    )


def _counted(rows: Sequence[Any]) -> bool:
    return [str(row) for row in rows] == [str(at) for at in range(len(rows))]


def _columns_of(records: list[Any], source: str) -> Mapping[str, Any]:
    """Columns of dictionaries; a column of vectors [D] or [1, D] as a list of arrays."""
    columns: dict[str, Any] = columns_of_records(records, source)
    for name, cells in columns.items():
        widths = {width_of(cell) for cell in cells}
        if max(widths) and all(width or _whole(cell, max(widths)) for cell, width in _with(cells, width_of)):
            columns[name] = [_flat(cell) for cell in cells]
    return columns


def _with(cells: Sequence[Any], measure: Callable[[Any], int]) -> list[tuple[Any, int]]:
    return [(cell, measure(cell)) for cell in cells]


def _of_pairs(value: Sequence[Any]) -> Mapping[str, Any] | None:
    """[(id, vector), …] and [(vector, label), …]; further parts of each tuple become columns."""
    first = value[0]
    if not isinstance(first, list | tuple) or len(first) < 2:
        return None
    places = [at for at, part in enumerate(first) if width_of(part)]
    size = len(first)
    if len(places) != 1 or not all(
        isinstance(row, list | tuple) and len(row) == size and not _vector_elsewhere(row, places[0])
        for row in value
    ):
        return None
    columns: dict[str, Any] = {}
    for at in range(size):
        cells = [row[at] for row in value]
        if at == places[0]:
            columns[VECTOR] = [_flat(cell) for cell in cells]
        else:
            columns[_called(cells, columns)] = cells
    return columns


def _vector_elsewhere(row: Sequence[Any], place: int) -> bool:
    return any(
        not isinstance(part, str | int | float | np.generic | None) and getattr(part, "shape", ()) != ()
        for at, part in enumerate(row)
        if at != place
    )


def _of_parts(value: Sequence[Any]) -> Mapping[str, Any] | None:
    """(ids, vectors) and (vectors, labels, …): one N×D array, and lists of N beside it."""
    if len(value) < 2:
        return None
    tables = [at for at, part in enumerate(value) if row_count(part)]
    if len(tables) != 1:
        return None
    n = row_count(value[tables[0]])
    refuse_statistics({f"part {at}": part for at, part in enumerate(value)}, "the file")
    columns: dict[str, Any] = {VECTOR: value[tables[0]]}
    for at, part in enumerate(value):
        if at == tables[0]:
            continue
        cells = part.tolist() if hasattr(part, "tolist") else part
        if (
            not isinstance(cells, list | tuple)
            or len(cells) != n
            or any(isinstance(c, list | tuple) for c in cells)
        ):
            return None
        columns[_called(list(cells), columns)] = list(cells)
    return columns


def holds_vectors(value: Any) -> bool:
    """Whether a dictionary holds vectors, or a list dictionaries that do."""
    if isinstance(value, Mapping):
        return any(row_count(part) or width_of(part) for part in value.values())
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and isinstance(value[0], Mapping)
        and holds_vectors(value[0])
    )


def row_count(part: Any) -> int:
    """N of an N×D array of floats or a list of vectors; 0 for anything else."""
    shape = getattr(part, "shape", None)
    if shape is not None:
        shape = squeezed_shape(shape)
        floating = part.is_floating_point() if hasattr(part, "is_floating_point") else part.dtype.kind == "f"
        return int(shape[0]) if len(shape) == 2 and floating else 0
    return len(part) if isinstance(part, list | tuple) and part and width_of(part[0]) else 0


def _called(cells: Sequence[Any], taken: Mapping[str, Any]) -> str:
    """What a list without a name is: ids, if they are texts of their own; else labels."""
    texts = all(isinstance(cell, str) for cell in cells) and len(set(cells)) == len(cells)
    wanted = [ID] if texts and ID not in taken else []
    return next(
        name
        for name in [*wanted, "label", *(f"column_{at}" for at in range(len(taken) + 1))]
        if name not in taken
    )
