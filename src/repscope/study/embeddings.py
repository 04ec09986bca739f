"""An embedding set: N vectors, N items, and where they came from. In memory or memory-mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from repscope.errors import VectorError, check_known
from repscope.study.items import as_items
from repscope.study.names import check_name
from repscope.study.provenance import derived
from repscope.study.stored import StoredRows
from repscope.study.vectors import block_rows, check_vectors, row_numbers

if TYPE_CHECKING:
    import pyarrow as pa

_EXACT_IN_FLOAT64 = 2**53


class EmbeddingSet:
    """A name, N×D vectors, N items with a unique string ``id``, and provenance.

    Vectors keep the dtype they are stored in (float16 or float32) and may be memory-mapped:
    :attr:`rows` gives them as they lie there, :meth:`blocks` scans them without loading all,
    :attr:`vectors` loads them as float32.

    Args:
        name: of the set.
        vectors: [N, D] floating, or (``trusted``) chunks of such rows in order.
        items: Arrow table of N rows with a column ``id``; or a mapping of columns; or None for ids
            "0", "1", ….
        provenance: anything known about the origin, as JSON values.
        fingerprint: when already known (a set on disk), else computed on first use.
        trusted: vectors are a list of checked chunks and items a checked table (read from disk).

    Raises:
        VectorError: vectors are not 2-D floating, are not finite, or do not match the items.
        InputError: ids are missing or repeat, or a column cannot be one Arrow type.
        NameNotAllowedError: see :func:`repscope.study.names.check_name`.
    """

    items: pa.Table
    """N rows: ``id`` and any other column."""

    home: Path | None
    """Folder of the study that it was opened from, or None in memory."""

    def __init__(
        self,
        name: str,
        vectors: ArrayLike | Sequence[NDArray[Any]],
        items: pa.Table | Mapping[str, Any] | None = None,
        *,
        provenance: Mapping[str, Any] | None = None,
        fingerprint: str = "",
        trusted: bool = False,
    ) -> None:
        self.name = check_name(name)
        given: Any = vectors
        self._chunks = [_read_only(chunk) for chunk in (given if trusted else [check_vectors(given, name)])]
        self._n = sum(len(chunk) for chunk in self._chunks)
        self.items = items if trusted else as_items(items, self.n, name)
        self.provenance: dict[str, Any] = dict(provenance or {})
        self._fingerprint = fingerprint
        self.home: Path | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return self._n

    @property
    def d(self) -> int:
        """Width of a vector."""
        return int(self._chunks[0].shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """How the vectors are stored: float16 or float32."""
        return self._chunks[0].dtype

    @property
    def columns(self) -> list[str]:
        """Names of the item columns, ``id`` first."""
        return list(self.items.column_names)

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """[N] the items' ids, read-only."""
        return _read_only(self.column("id"))

    @cached_property
    def rows(self) -> NDArray[Any] | StoredRows:
        """[N, D] all vectors as they are stored, read-only; asking for it loads nothing.

        The memory map itself where there is one shard. Several shards read like an array as far as rows
        go (see :class:`~repscope.study.stored.StoredRows`): by slices, row numbers and masks.
        """
        return self._chunks[0] if len(self._chunks) == 1 else StoredRows(self._chunks)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """[N, D] all vectors as float32, read-only.

        Free when they are stored so, in one shard. Otherwise it loads and keeps 4·N·D bytes (2 GiB
        for 1M × 512): what can work with some rows at a time should use :attr:`rows` or :meth:`blocks`.
        """
        return _read_only(np.asarray(self.rows, np.float32))

    def column(self, name: str) -> NDArray[Any]:
        """[N] one item column. Strings and lists are objects.

        Missing values are None, or NaN in numbers, NaT in times. Integers with gaps become float64,
        unless some are too large to be exact there: then they stay Python ints.

        Raises:
            UnknownNameError: the set has no such column.
        """
        check_known(name, self.columns, f"a column of set {self.name!r}")
        column = self.items.column(name)
        values: NDArray[Any] = column.to_numpy()
        if values.dtype == np.float64 and "int" in str(column.type):
            with np.errstate(invalid="ignore"):
                exact = not (np.abs(values) >= _EXACT_IN_FLOAT64).any()
            return values if exact else np.array(column.to_pylist(), dtype=object)
        return values

    def blocks(self, rows: int | None = None, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
        """Scan the vectors in order, at most ``rows`` at a time, converted to ``dtype``.

        Blocks are read-only where no conversion is needed, and never cross shards.
        """
        rows = block_rows(self.d) if rows is None else rows
        if rows < 1:
            raise VectorError("blocks of at least one row", f"{rows}", "give a positive number of rows")
        for chunk in self._chunks:
            for start in range(0, len(chunk), rows):
                yield chunk[start : start + rows].astype(dtype, copy=False)

    def take(self, rows: ArrayLike, name: str | None = None) -> EmbeddingSet:
        """A set of the given rows, in the given order, in memory; only those rows are read.

        Args:
            rows: row numbers, none twice (ids are unique; repeat rows of :attr:`vectors` instead), or
                a mask of N booleans.
            name: of the new set; this one's without.

        Raises:
            VectorError: a row out of range or repeated, or none.
        """
        import pyarrow as pa

        index = row_numbers(rows, self.n, self.name)
        return EmbeddingSet(
            name or self.name,
            [self.rows[index]],
            self.items.take(pa.array(index)),
            provenance={**derived(self.provenance, self.name, self.fingerprint), "taken": len(index)},
            trusted=True,
        )

    @property
    def fingerprint(self) -> str:
        """Hash of ids, shape, dtype and vectors in order; independent of shards and other columns."""
        if not self._fingerprint:
            self._fingerprint = fingerprint_of(self)
        return self._fingerprint

    def __len__(self) -> int:
        return self.n

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"EmbeddingSet({self.name!r}, n={self.n:,}, d={self.d}, {self.dtype}, columns={self.columns})"


def fingerprint_of(embeddings: EmbeddingSet) -> str:
    """Hash of a set's content: 32 hexadecimal digits.

    The first 128 bits of SHA-256 over: ``"{N}x{D}:{dtype}:"``; SHA-256 of the ids in order, each as
    its length in bytes (4, little-endian) and its UTF-8; SHA-256 of the vectors in order, row by
    row, little-endian.
    """
    ids, vectors = hashlib.sha256(), hashlib.sha256()
    for batch in embeddings.items.select(["id"]).to_batches(max_chunksize=65536):
        encoded = [value.encode() for value in batch.column(0).to_pylist()]
        ids.update(b"".join(len(text).to_bytes(4, "little") + text for text in encoded))
    little = embeddings.dtype.newbyteorder("<")
    for block in embeddings.blocks(dtype=little):
        vectors.update(np.ascontiguousarray(block).data)
    head = f"{embeddings.n}x{embeddings.d}:{embeddings.dtype.name}:".encode()
    return hashlib.sha256(head + ids.digest() + vectors.digest()).hexdigest()[:32]


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
