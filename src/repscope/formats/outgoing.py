"""What all writers share: item columns of plain types, blocks of rows, what must not be lost silently."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import DependencyError, InputError, first_line, name_some
from repscope.formats.columns import to_column
from repscope.study import EmbeddingSet
from repscope.study.vectors import block_rows

if TYPE_CHECKING:
    import pyarrow as pa

VECTOR = "vector"
"""Column of the vectors in a table."""

VECTORS = "vectors"
"""Array of the vectors in an archive of arrays."""


def plain_items(embeddings: EmbeddingSet, what: str = "", reserved: Iterable[str] = ()) -> pa.Table:
    """The item columns as :mod:`repscope.formats` would read them back: booleans, numbers, text.

    Nested values become a line of JSON each, dates their text.

    Args:
        embeddings: the set.
        what: names the format.
        reserved: names that the format uses itself.

    Raises:
        InputError: an item column has one of those names.
    """
    import pyarrow as pa

    refuse_names(embeddings, what, reserved)
    return pa.table({name: to_column(embeddings.items.column(name), name) for name in embeddings.columns})


def refuse_names(embeddings: EmbeddingSet, what: str, reserved: Iterable[str]) -> None:
    """Refuse item columns with names that the format ``what`` uses itself; raises :class:`InputError`."""
    if taken := sorted(set(embeddings.columns) & set(reserved)):
        raise InputError(
            f"item columns of set {embeddings.name!r} with names that {what} leaves free",
            f"{name_some(taken)}, used by the format itself",
            "export as parquet, or rename those columns",
        )


def row_blocks(embeddings: EmbeddingSet, dtype: Any = None) -> Iterator[tuple[int, NDArray[Any]]]:
    """(first row, [rows, D]) in order, in the dtype that the set is stored in unless another is given."""
    start = 0
    for block in embeddings.blocks(block_rows(embeddings.d), dtype=dtype or embeddings.dtype):
        yield start, np.ascontiguousarray(block)
        start += len(block)


def optional(package: str, purpose: str, extra: str) -> Any:
    """An optional package, imported now.

    Raises:
        DependencyError: it is missing or broken, with the line that installs it.
    """
    try:
        return importlib.import_module(package)
    except Exception as error:
        # A package that is installed but broken may raise anything while it is imported.
        raise DependencyError(
            f"the package {package}, {purpose}", first_line(error), f"pip install 'repscope[{extra}]'"
        ) from error
