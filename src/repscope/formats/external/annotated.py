"""AnnData ``.h5ad`` in and out: ``X`` (or a matrix of ``obsm``) is the vectors, ``obs`` the items."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, InputError, VectorError, first_line, name_some
from repscope.formats.arrays.hdf5 import walk_through
from repscope.formats.columns import to_column
from repscope.formats.incoming import Incoming, ReadOptions, choose
from repscope.formats.outgoing import optional, plain_items, row_blocks
from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    import pyarrow as pa

MOST_DENSE = 1 << 30
"""Numbers that a sparse matrix may have when it is written out in full."""


def write_h5ad(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """Vectors as ``X``, ids as ``obs_names``, the other columns as ``obs``. Held in memory.

    Raises:
        DependencyError: anndata is missing.
        InputError: names or text that HDF5 cannot hold.
    """
    anndata = optional("anndata", "which writes h5ad", "anndata")
    pandas = optional("pandas", "which anndata needs", "anndata")
    slashed = [name for name in embeddings.columns if "/" in name or not name.isprintable()]
    items = plain_items(embeddings, "h5ad", ["_index", *slashed])
    index = pandas.Index(items.column("id").to_pylist(), name="id", dtype=object)
    columns = {
        name: _series(items.column(name).combine_chunks(), pandas)
        for name in items.column_names
        if name != "id"
    }
    vectors = np.empty((embeddings.n, embeddings.d), embeddings.dtype)
    for start, block in row_blocks(embeddings):
        vectors[start : start + len(block)] = block
    try:
        with warnings.catch_warnings(action="ignore"):
            # anndata announces how it stores text; what matters is what can be read back.
            whole = anndata.AnnData(X=vectors, obs=pandas.DataFrame(columns, index=index))
            whole.write_h5ad(path)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"items of {embeddings.name!r} that h5ad can hold", first_line(error), "export as parquet"
        ) from error
    return ("in h5ad a missing number of a floating column is NaN",) if _has_gaps(items) else ()


def _has_gaps(items: pa.Table) -> bool:
    import pyarrow as pa

    return any(pa.types.is_floating(column.type) and column.null_count for column in items.columns)


def _series(column: pa.Array, pandas: Any) -> Any:
    """A column as pandas keeps it without losing its type or its gaps."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        cells = column.to_pylist()
        if not column.null_count:
            return np.array(cells, dtype=object)
        categories = sorted({cell for cell in cells if cell is not None})
        return pandas.Categorical(cells, categories=pandas.Index(categories, dtype=object))
    if column.null_count and pa.types.is_boolean(kind):
        return pandas.array(column.to_pylist(), dtype="boolean")
    if column.null_count and pa.types.is_integer(kind):
        name = str(kind)
        return pandas.array(column.to_pylist(), dtype=name.replace("uint", "UInt").replace("int", "Int"))
    return column.to_numpy(zero_copy_only=False)


def read_h5ad(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of an h5ad file: ``X``, or the matrix of ``obsm`` or ``layers`` that ``options.vectors`` names.

    Raises:
        DependencyError: anndata is missing.
        FormatError: the file is damaged, or holds no matrix.
        UnknownNameError: ``options.vectors`` is none of its matrices.
        VectorError: a sparse matrix too large to be written out.
    """
    anndata = optional("anndata", "which reads h5ad", "anndata")
    walk_through(path)
    try:
        with warnings.catch_warnings(action="ignore"):
            whole = anndata.read_h5ad(path)
    except Exception as error:
        # h5py and anndata raise OSError, KeyError, ValueError, TypeError, RuntimeError, … for damaged files.
        raise FormatError(
            f"a whole h5ad file in {path}",
            f"{type(error).__name__}: {first_line(error)}",
            "copy or write the file again",
        ) from error
    matrices = {
        **({"X": whole.X} if whole.X is not None and 0 not in whole.X.shape else {}),
        **{str(key): value for key, value in whole.obsm.items()},
        **{str(key): value for key, value in whole.layers.items()},
    }
    keys = [choose(key, matrices, "--vectors", str(path)) for key in options.vector_keys]
    if not keys and ("X" in matrices or len(matrices) == 1):
        keys = ["X" if "X" in matrices else next(iter(matrices))]
    if not keys:
        raise FormatError(
            f"a matrix X in {path}",
            f"none; obsm and layers hold {name_some(matrices) or 'nothing'}",
            "choose one with --vectors",
        )
    columns = {"id": to_column(list(map(str, whole.obs_names)), "id")}
    for name in whole.obs.columns:
        target = str(name) if str(name) != "id" else "id_original"
        columns[target] = _column(whole.obs[name], target)
    others = [key for key in matrices if key not in keys]
    notes = (f"not imported: {name_some(others)}; choose with --vectors",) if others else ()
    return [
        Incoming(stem if len(keys) == 1 else key, _dense(matrices[key], key, path), columns, key, notes=notes)
        for key in keys
    ]


def _column(series: Any, name: str) -> pa.Array:
    import pyarrow as pa

    try:
        return to_column(pa.Array.from_pandas(series), name)
    except (pa.ArrowException, TypeError, ValueError):
        return to_column(series.tolist(), name)


def _dense(matrix: Any, key: str, path: Path) -> NDArray[Any]:
    if hasattr(matrix, "toarray"):
        if int(np.prod([float(n) for n in matrix.shape])) > MOST_DENSE:
            raise VectorError(
                f"a sparse matrix {key!r} in {path} of at most {MOST_DENSE:,} numbers",
                f"shape {matrix.shape}",
                "reduce it first, or choose a matrix of obsm with --vectors",
            )
        matrix = matrix.toarray()
    dense: NDArray[Any] = np.asarray(matrix)
    return dense
