"""Tables out: parquet, arrow, csv, tsv. Written block by block, so that no set is too large."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, name_some
from repscope.formats.outgoing import VECTOR, plain_items, row_blocks
from repscope.formats.tables.runs import find_runs
from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    import pyarrow as pa


def write_parquet(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """Item columns and a fixed-size list ``vector``, in row groups of one block each."""
    write_parquet_table(embeddings, path, plain_items(embeddings, "parquet", [VECTOR]))
    return ()


def write_parquet_table(
    embeddings: EmbeddingSet, path: Path, items: pa.Table, lists: pa.DataType | None = None
) -> None:
    """As :func:`write_parquet`, with the given item columns, and vectors as another type of lists."""
    import pyarrow.parquet as pq

    schema = _schema(embeddings, items, lists)
    # Vectors neither repeat nor compress: a dictionary of them would only cost time.
    with pq.ParquetWriter(path, schema, use_dictionary=items.column_names) as writer:
        _write_rows(writer, embeddings, items, schema)


def write_items(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """The item columns alone, as parquet: what ``--items`` reads."""
    import pyarrow.parquet as pq

    pq.write_table(plain_items(embeddings), path)
    return ()


def write_arrow(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """Item columns and a fixed-size list ``vector`` as an Arrow IPC (Feather) file."""
    import pyarrow as pa

    items = plain_items(embeddings, "arrow", [VECTOR])
    schema = _schema(embeddings, items)
    with path.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
        _write_rows(writer, embeddings, items, schema)
    return ()


def write_csv(embeddings: EmbeddingSet, path: Path, *, safe: bool = False) -> tuple[str, ...]:
    """Item columns, then ``vector_0 vector_1 …``, comma-separated. See :func:`write_delimited`."""
    return write_delimited(embeddings, path, ",", safe=safe)


def write_tsv(embeddings: EmbeddingSet, path: Path, *, safe: bool = False) -> tuple[str, ...]:
    """As :func:`write_csv`, tab-separated."""
    return write_delimited(embeddings, path, "\t", safe=safe)


def write_delimited(
    embeddings: EmbeddingSet, path: Path, delimiter: str, *, safe: bool = False
) -> tuple[str, ...]:
    """Text: every float32 with the digits that give it back exactly; ids as they are.

    Beside a column that could be taken for one of them, such as ``vector_9``, the vectors are lists in
    one column ``vector``. Types of item columns are not part of such a file: whoever reads it infers
    them. A missing text is an empty cell. Cells of text that a spreadsheet would run as a formula are told
    of; with ``safe`` an apostrophe stands before them, by which spreadsheets know text.

    Raises:
        InputError: a column's name cannot be a header.
    """
    from pyarrow import csv

    items = plain_items(embeddings, "csv", [VECTOR])
    numbered = embeddings.d > 1 and not _may_be_taken(items.column_names)
    if any(not name.isprintable() for name in items.column_names):
        raise InputError(
            f"printable names for the columns of {embeddings.name!r}",
            "a line break or control character",
            "export as parquet, or rename the column",
        )
    notes: tuple[str, ...] = ()
    if embeddings.dtype == np.float16:
        notes = ("text has no float16: a reader gets the same numbers as float32",)
    items, told = _formulas(items, safe)
    notes += told
    writer = None
    options = csv.WriteOptions(delimiter=delimiter)
    with path.open("wb") as file:
        for start, block in row_blocks(embeddings, np.float32):
            table = _spread(items.slice(start, len(block)), block, numbered)
            writer = writer or csv.CSVWriter(file, table.schema, write_options=options)
            writer.write_table(table)
        if writer is not None:
            writer.close()
    return notes


_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def _formulas(items: pa.Table, safe: bool) -> tuple[pa.Table, tuple[str, ...]]:
    """The items, escaped if ``safe``, and what to say of texts that a spreadsheet would run."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, int] = {}
    for at, name in enumerate(items.column_names):
        column = items.column(name)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        runs = pc.and_not(
            pc.match_substring_regex(column, _FORMULA), pc.match_substring_regex(column, _NUMBER)
        )
        if count := pc.sum(runs).as_py():
            found[name] = count
            if safe:
                escaped = pc.binary_join_element_wise("'", column, "")
                items = items.set_column(at, name, pc.if_else(runs, escaped, column))
    if not found:
        return items, ()
    where = f"{sum(found.values()):,} texts that begin with =, +, - or @ ({name_some(found)})"
    if safe:
        return items, (f"{where} have an apostrophe before them, which stays when the file is read again",)
    return items, (f"{where} are formulas to a spreadsheet: --safe-csv puts an apostrophe before them",)


def _may_be_taken(names: Sequence[str]) -> bool:
    """Whether a reader could take one of the columns (``vector_9``) for a part of the vectors."""
    ours = [f"{VECTOR}_0", f"{VECTOR}_1"]
    runs = [run for run in find_runs([*names, *ours]).values() if VECTOR in run.spellings]
    return any(name in names for run in runs for name in (*run.names, *run.apart, *run.twins))


def _spread(items: pa.Table, block: NDArray[Any], numbered: bool) -> pa.Table:
    """The items and the vectors: a column a number, or one column of lists, as our readers know both.

    One numbered column alone is no run that a reader could recognise: a list is.
    """
    import pyarrow as pa

    named: dict[str, pa.Array]
    if numbered:
        named = {
            f"{VECTOR}_{index}": pa.array(np.ascontiguousarray(block[:, index]))
            for index in range(block.shape[1])
        }
    else:
        lists = [f"[{', '.join(f'{value:.9g}' for value in row)}]" for row in block.tolist()]
        named = {VECTOR: pa.array(lists)}
    return pa.table({**dict(zip(items.column_names, items.columns, strict=True)), **named})


def _schema(embeddings: EmbeddingSet, items: pa.Table, lists: pa.DataType | None = None) -> pa.Schema:
    import pyarrow as pa

    own = pa.list_(pa.from_numpy_dtype(embeddings.dtype), embeddings.d)
    return items.schema.append(pa.field(VECTOR, lists or own))


def _write_rows(writer: Any, embeddings: EmbeddingSet, items: pa.Table, schema: pa.Schema) -> None:
    kind = schema.field(VECTOR).type
    for start, block in row_blocks(embeddings, kind.value_type.to_pandas_dtype()):
        rows = items.slice(start, len(block))
        writer.write_table(rows.append_column(VECTOR, list_column(block).cast(kind)))


def list_column(block: NDArray[Any]) -> pa.FixedSizeListArray:
    """[rows, D] as an Arrow column of lists, without a copy."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), block.shape[1])
