"""Tables: csv, tsv, parquet, arrow. The vectors are those of :mod:`repscope.formats.tables.choice`; every
other column describes the items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, first_line
from repscope.formats.columns import to_column, to_columns
from repscope.formats.incoming import Incoming, ReadOptions, called_like_vectors
from repscope.formats.tables.arrow import checked, load_table, refuse_repeats
from repscope.formats.tables.byte_cells import byte_vectors
from repscope.formats.tables.cells import as_lists, first_list, list_vectors, text_vectors
from repscope.formats.tables.choice import Chosen, choose_columns

if TYPE_CHECKING:
    import pyarrow as pa

Written = Callable[[Sequence[str]], "pa.Table"]
"""Columns of a table by name, as they were written."""


def read_columnar(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a Parquet or Arrow IPC (Feather) file.

    Raises:
        FormatError: it is damaged, or has no columns that could be vectors.
    """
    return [table_set(load_table(path), stem, str(path), options)]


def table_set(
    table: pa.Table, stem: str, source: str, options: ReadOptions, written: Written | None = None
) -> Incoming:
    """The set that a table holds, by the rules of :mod:`repscope.formats.tables.choice`.

    Args:
        table: the columns.
        stem: name of the set.
        source: what to call the file.
        options: what the caller chose.
        written: gives columns that are no vectors as they were written; those of the table by default.

    Raises:
        FormatError: no columns, or several sets of columns, could be the vectors.
        UnknownNameError: ``options.vectors`` names none.
        VectorError: lists of different lengths.
    """
    names = checked(table, source).column_names
    refuse_repeats(names, source)
    chosen = choose_columns(table, source, options)
    if len(chosen.names) == 1:
        vectors, beside, notes = _one_column(table, chosen, source, options)
    else:
        columns = [(name, table.column(name)) for name in chosen.names]
        vectors, beside, notes = _stack_columns(columns, source, chosen.insisted), {}, []
    rest = [name for name in names if name not in chosen.names]
    described, left_out = _described((written(rest) if written else table), rest, beside)
    if "" in described and "row" not in described:
        # pandas writes its index under an empty name.
        described = {name or "row": values for name, values in described.items()}
    return Incoming(
        stem, vectors, described, key=chosen.key, left_out=left_out, notes=(*chosen.notes, *notes)
    )


def _described(
    table: pa.Table, names: Sequence[str], beside: dict[str, Any]
) -> tuple[dict[str, pa.Array], dict[str, str]]:
    """Item columns, and what cannot be one."""
    columns: dict[str, pa.Array] = {}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            columns[name] = to_column(table.column(name), name)
        except FormatError as error:
            left_out[name] = f"{table.column(name).type}, {error.got}"[:120]
    return {**columns, **to_columns(beside)}, left_out


def _one_column(
    table: pa.Table, chosen: Chosen, source: str, options: ReadOptions
) -> tuple[NDArray[Any], dict[str, Any], list[str]]:
    """The vectors of a column of lists, text or bytes, and what else it holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    name = chosen.names[0]
    column = table.column(name)
    if found := as_lists(column):
        lists, field = found
        vectors = list_vectors(lists, name, source)
        beside = {}
        if field and pa.types.is_struct(column.type):
            others = [column.type.field(at).name for at in range(column.type.num_fields)]
            beside = {f"{name}.{other}": pc.struct_field(column, other) for other in others if other != field}
    elif _is_text(column) and (first_list(column, 2) or not options.vectors_dtype):
        bare = 2 if chosen.insisted or called_like_vectors(name) else 3
        return text_vectors(column, name, source, bare), {}, []
    else:
        return byte_vectors(column, name, source, options.vectors_dtype or ""), {}, []
    if vectors.dtype.kind in "iu":
        note = f"vectors of whole numbers ({vectors.dtype}) are stored as float32"
        return vectors.astype(np.float32 if vectors.dtype.itemsize <= 2 else np.float64), beside, [note]
    return vectors, beside, []


def _stack_columns(columns: list[tuple[str, pa.ChunkedArray]], source: str, insisted: bool) -> NDArray[Any]:
    """[N, D] out of D numeric columns; missing cells are NaN.

    Integers stay integers when all are, unless the caller insists that they are vectors.
    """
    import pyarrow as pa

    whole = all(pa.types.is_integer(column.type) and not column.null_count for _, column in columns)
    half = all(pa.types.is_float16(column.type) for _, column in columns)
    dtype = np.int64 if whole and not insisted else np.float16 if half else np.float32
    vectors = np.empty((len(columns[0][1]), len(columns)), dtype)
    with np.errstate(over="ignore"):
        for index, (name, column) in enumerate(columns):
            vectors[:, index] = _numbers(name, column, source).astype(dtype, copy=False)
    return vectors


def _is_text(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _numbers(name: str, column: pa.ChunkedArray, source: str) -> NDArray[Any]:
    """The numbers of a column; of text those that it spells, with a decimal point or comma."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return np.asarray(column.to_numpy())
    bad = None
    if _is_text(column):
        text = pc.utf8_trim_whitespace(column)
        text = pc.if_else(pc.equal(text, ""), None, pc.replace_substring(text, ",", "."))
        try:
            return np.asarray(text.cast(pa.float64()).to_numpy())
        except pa.ArrowInvalid as error:
            bad = next((cell for cell in column.to_pylist() if not _is_numeral(cell)), first_line(error))
    else:
        bad = next((value for value in column.to_pylist() if value is not None), None)
    raise FormatError(
        f"numbers in column {name!r} of {source}", f"{kind}, for example {bad!r}", "correct those cells"
    )


def _is_numeral(value: Any) -> bool:
    try:
        float(str(value).strip().replace(",", ".") or "nan")
    except ValueError:
        return False
    return True
