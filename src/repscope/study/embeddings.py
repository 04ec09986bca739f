"""An embedding set: N vectors, N items, and where they came from. In memory or memory-mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from repscope.errors import UnknownNameError, VectorError, name_some
from repscope.study.names import check_name

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 32 * 2**20
"""Bytes of float32 that one block of a scan holds by default."""


class EmbeddingSet:
    """A name, N×D vectors, N items with a unique string ``id``, and provenance.

    Vectors keep the dtype they are stored in (float16 or float32) and may be memory-mapped:
    :meth:`blocks` scans them without loading all, :attr:`vectors` loads them as float32.

    Args:
        name: of the set.
        vectors: [N, D] floating, or a sequence of such chunks in order.
        items: Arrow table of N rows with a string column ``id``; or a mapping of columns; or None
            for ids "0", "1", ….
        provenance: anything known about the origin, as JSON values.
        fingerprint: when already known (a set on disk), else computed on first use.

    Raises:
        VectorError: vectors are not 2-D floating, are not finite, or do not match the items.
    """

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
        from repscope.study.items import as_items

        self.name = check_name(name)
        self._chunks = [np.asarray(chunk) for chunk in vectors] if trusted else [check_vectors(vectors, name)]
        n = sum(len(chunk) for chunk in self._chunks)
        self.items = items if trusted else as_items(items, n, name)  # type: ignore[assignment]
        self.provenance: dict[str, Any] = dict(provenance or {})
        self._fingerprint = fingerprint

    @property
    def n(self) -> int:
        """Rows."""
        return int(sum(len(chunk) for chunk in self._chunks))

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
        """[N] the items' ids."""
        return self.column("id")

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """[N, D] all vectors as float32, in memory (a view when they are stored so)."""
        if len(self._chunks) == 1:
            return self._chunks[0].astype(np.float32, copy=False)
        return np.concatenate([chunk.astype(np.float32, copy=False) for chunk in self._chunks])

    def column(self, name: str) -> NDArray[Any]:
        """[N] one item column; strings as objects, missing values as None (or NaN in numbers).

        Raises:
            UnknownNameError: the set has no such column.
        """
        if name not in self.columns:
            raise UnknownNameError(
                f"a column of set {self.name!r}", repr(name), f"choose one of {name_some(self.columns, 20)}"
            )
        values: NDArray[Any] = self.items.column(name).to_numpy()
        return values

    def blocks(self, rows: int | None = None, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
        """Scan the vectors in order, at most ``rows`` at a time, converted to ``dtype``."""
        rows = rows or max(1, BLOCK_BYTES // (4 * self.d))
        for chunk in self._chunks:
            for start in range(0, len(chunk), rows):
                yield chunk[start : start + rows].astype(dtype, copy=False)

    def take(self, rows: ArrayLike, name: str | None = None) -> EmbeddingSet:
        """A set of the given rows, in the given order, in memory."""
        import pyarrow as pa

        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        stored = self._chunks[0] if len(self._chunks) == 1 else np.concatenate(self._chunks)
        return EmbeddingSet(
            name or self.name,
            [stored[index]],
            self.items.take(pa.array(index)),
            provenance={**self.provenance, "rows_of": self.fingerprint},
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
    """SHA-256 over the shape, dtype, ids (length-prefixed UTF-8) and vectors (little-endian), in order."""
    ids, vectors = hashlib.sha256(), hashlib.sha256()
    for batch in embeddings.items.select(["id"]).to_batches(max_chunksize=65536):
        encoded = [value.encode() for value in batch.column(0).to_pylist()]
        ids.update(b"".join(len(one).to_bytes(4, "little") + one for one in encoded))
    little = embeddings.dtype.newbyteorder("<")
    for block in embeddings.blocks(dtype=little):
        vectors.update(np.ascontiguousarray(block).data)
    head = f"{embeddings.n}x{embeddings.d}:{embeddings.dtype.name}:".encode()
    return hashlib.sha256(head + ids.digest() + vectors.digest()).hexdigest()[:32]


def check_vectors(vectors: Any, name: str) -> NDArray[Any]:
    """Vectors as a finite [N, D] array of float16 or float32, N and D at least 1.

    float64 and bfloat16 become float32. Torch tensors and other array-likes are accepted.

    Raises:
        VectorError: otherwise; rows that are not finite are named.
    """
    if hasattr(vectors, "detach"):
        vectors = vectors.detach().cpu()
        vectors = vectors.float().numpy() if "bfloat16" in str(vectors.dtype) else vectors.numpy()
    array = np.asarray(vectors)
    if array.dtype.kind != "f":
        raise VectorError(
            f"floating vectors in set {name!r}",
            f"dtype {array.dtype}",
            "convert them to float32 (integer codes and strings are not embeddings)",
        )
    if array.ndim != 2 or 0 in array.shape:
        raise VectorError(
            f"an N×D array with N, D ≥ 1 in set {name!r}",
            f"shape {array.shape}",
            "give one row for each item (reshape tokens or patches to rows first)",
        )
    stored = array.astype(array.dtype if array.dtype.itemsize == 2 else np.float32, copy=False)
    with np.errstate(over="ignore"):
        finite = np.isfinite(stored).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise VectorError(
            f"finite vectors in set {name!r}",
            f"NaN or Inf in {len(bad):,} of {len(stored):,} rows (rows {name_some(bad)})",
            "find out why the model gave them; to leave these rows out, import with --drop-invalid",
        )
    return stored
