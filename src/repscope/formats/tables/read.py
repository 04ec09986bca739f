"""Tables: csv, tsv, parquet, arrow. Which columns are the vectors, and which describe the items.

The vectors are, in this order:

1. what ``--vectors KEY`` names: a column of lists, or the prefix of numbered columns; without it
   ``vector``, if there is one;
2. the only column of lists of numbers (in csv: text such as ``[0.1, 0.2]``);
3. the only run of numbered columns ``x0 x1 …``, ``dim_0 dim_1 …``, ``0 1 2 …`` (from 0 or 1, no gaps);
4. all floating columns that are not ids or labels, if there are two or more (a note lists them).

More than one candidate in a step is an error that names them. Every other column describes the items.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError, name_some
from repscope.formats.columns import to_columns
from repscope.formats.incoming import Incoming, ReadOptions, choose
from repscope.formats.outgoing import VECTOR
from repscope.formats.tables.arrow import load_table, refuse_repeats

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERED = re.compile(r"(.*?)[_.\-\s\[]?(0|[1-9]\d*)\]?")
_NOT_VECTORS = ("id", "ids", "label", "labels")


def read_columnar(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a Parquet or Arrow IPC (Feather) file.

    Raises:
        FormatError: it is damaged, or has no columns that could be vectors.
    """
    return [table_set(load_table(path), stem, str(path), options)]


def table_set(table: pa.Table, stem: str, source: str, options: ReadOptions) -> Incoming:
    """The set that a table holds, by the rules at the top of this module.

    Raises:
        FormatError: no columns, or several sets of columns, could be the vectors.
        UnknownNameError: ``options.vectors`` names none.
        VectorError: lists of different lengths.
    """
    names = table.column_names
    refuse_repeats(names, source)
    key, used, note = _choose_columns(table, source, options)
    vectors = (
        list_vectors(table.column(used[0]), used[0], source)
        if len(used) == 1
        else _stack_columns([(name, table.column(name)) for name in used], source)
    )
    columns = to_columns({name: table.column(name) for name in names if name not in used})
    if "" in columns and "row" not in columns:
        # pandas writes its index under an empty name.
        columns = {name or "row": values for name, values in columns.items()}
    return Incoming(stem, vectors, columns, key=key, notes=(note,) if note else ())


def _choose_columns(table: pa.Table, source: str, options: ReadOptions) -> tuple[str, list[str], str]:
    lists = [name for name in table.column_names if is_list_column(table.column(name))]
    runs = numbered_runs(table.column_names)
    if options.vectors:
        offered = [*lists, *runs]
        wanted = options.vectors.rstrip("_.- ") if options.vectors not in offered else options.vectors
        chosen = choose(wanted, offered, "--vectors", source)
        return chosen, [chosen] if chosen in lists else runs[chosen], ""
    if VECTOR in lists or VECTOR in runs:
        return VECTOR, [VECTOR] if VECTOR in lists else runs[VECTOR], ""
    if lists:
        _only_one(lists, source)
        return lists[0], lists, ""
    floating = {prefix: run for prefix, run in runs.items() if any(_is_float(table, name) for name in run)}
    numeric = {prefix: run for prefix, run in runs.items() if all(_is_number(table, name) for name in run)}
    for candidates in (floating, numeric):
        if candidates:
            _only_one(list(candidates), source)
            prefix, run = next(iter(candidates.items()))
            return prefix or f"{run[0]}…{run[-1]}", run, ""
    kept = {*_NOT_VECTORS, options.ids, options.labels}
    floats = [name for name in table.column_names if _is_float(table, name) and name not in kept]
    if len(floats) > 1:
        return (
            "floating columns",
            floats,
            f"vectors are the {len(floats)} floating columns {name_some(floats, 8)}",
        )
    raise FormatError(
        f"vectors in {source}: a column of lists, numbered columns (x0, x1, …), or floating columns",
        f"columns {name_some(f'{field.name} ({field.type})' for field in table.schema)}",
        "name the column or the prefix with --vectors; a table without vectors goes to --items",
    )


def _only_one(candidates: list[str], source: str) -> None:
    if len(candidates) > 1:
        raise FormatError(
            f"one column (or run of columns) of vectors in {source}",
            f"{len(candidates)}: {name_some(repr(name) for name in candidates)}",
            f"choose with --vectors {candidates[0]}",
        )


def numbered_runs(names: list[str]) -> dict[str, list[str]]:
    """Runs of at least two columns PREFIX0, PREFIX1, … without gaps, from 0 or 1, by prefix, in order."""
    runs: dict[str, dict[int, str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            runs.setdefault(match[1], {})[int(match[2])] = name
    return {
        prefix: [run[number] for number in sorted(run)]
        for prefix, run in runs.items()
        if len(run) > 1 and min(run) in (0, 1) and max(run) - min(run) == len(run) - 1
    }


def is_list_column(column: pa.ChunkedArray) -> bool:
    """Lists of numbers, or text whose first value is a bracketed list of numbers."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        return False
    first = next((value for value in column[:100].to_pylist() if value), "")
    return first.lstrip().startswith("[") and _parse_list(first) is not None


def list_vectors(column: pa.ChunkedArray, key: str, source: str) -> NDArray[Any]:
    """[N, D] values of a column of lists; a missing list is a row of NaN.

    Raises:
        VectorError: lists of different lengths.
        FormatError: text that is no list of numbers.
    """
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        parsed = [_parse_list(text) if text else None for text in column.to_pylist()]
        bad = [row for row, text in enumerate(column.to_pylist()) if text and parsed[row] is None]
        if bad:
            raise FormatError(
                f"a list of numbers in each row of {key!r} in {source}",
                f"other text in rows {name_some(bad)} (numpy abbreviates long arrays with …)",
                "write the vectors as columns of their own, as parquet, or as npz",
            )
        column = pa.chunked_array([pa.array(parsed, pa.list_(pa.float64()))])
    parts, widths = [], set()
    for chunk in column.chunks:
        missing = np.asarray(chunk.is_null())
        lengths = np.unique(chunk.value_lengths().drop_null().to_numpy())
        widths.update(lengths.tolist())
        parts.append((chunk, missing))
    if len(widths) != 1:
        raise VectorError(
            f"lists of one length in {key!r} of {source}",
            f"lengths {name_some(sorted(widths))}" if widths else "no lists",
            "pool or pad the rows to one width where they are made",
        )
    width = int(widths.pop())
    rows: NDArray[Any] = np.concatenate(
        [_rows_of(chunk, missing, width) for chunk, missing in parts if len(chunk)]
    )
    return rows


def _rows_of(chunk: pa.Array, missing: NDArray[np.bool_], width: int) -> NDArray[Any]:
    flat: NDArray[Any] = chunk.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    if not missing.any():
        return flat
    rows = np.full((len(chunk), width), np.nan, flat.dtype if flat.dtype.kind == "f" else np.float64)
    rows[~missing] = flat
    return rows


def _parse_list(text: str) -> list[float] | None:
    """``[0.1, 0.2]`` or numpy's ``[0.1 0.2]``; None for anything else."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        return [float(number) for number in text[1:-1].replace(",", " ").split()] or None
    except ValueError:
        return None


def _stack_columns(columns: list[tuple[str, pa.ChunkedArray]], source: str) -> NDArray[Any]:
    """[N, D] out of D numeric columns; integers stay integers when all are; missing cells are NaN."""
    import pyarrow as pa

    for name, column in columns:
        kind = column.type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
            bad = next((value for value in column.to_pylist() if not _is_numeral(value)), None)
            raise FormatError(
                f"numbers in column {name!r} of {source}",
                f"{kind}, for example {bad!r}",
                "correct those cells",
            )
    whole = all(pa.types.is_integer(column.type) and not column.null_count for _, column in columns)
    half = all(pa.types.is_float16(column.type) for _, column in columns)
    dtype = np.int64 if whole else np.float16 if half else np.float32
    vectors = np.empty((len(columns[0][1]), len(columns)), dtype)
    with np.errstate(over="ignore"):
        for index, (_, column) in enumerate(columns):
            vectors[:, index] = (
                np.nan if pa.types.is_null(column.type) else column.to_numpy().astype(dtype, copy=False)
            )
    return vectors


def _is_numeral(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_float(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(table.column(name).type))


def _is_number(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return _is_float(table, name) or bool(pa.types.is_integer(table.column(name).type))
