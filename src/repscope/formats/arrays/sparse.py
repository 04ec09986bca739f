"""Sparse matrices as scipy saves them (``scipy.sparse.save_npz``), written out in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError, first_line

MOST_DENSE = 1 << 30
"""Numbers that a sparse matrix may have when it is written out in full."""

_PARTS = {
    "csr": {"indices", "indptr"},
    "csc": {"indices", "indptr"},
    "bsr": {"indices", "indptr"},
    "coo": {"row", "col"},
    "dia": {"offsets"},
}


def _kind(arrays: Mapping[str, Any]) -> str:
    name = arrays.get("format")
    if name is None or getattr(name, "shape", None) != ():
        return ""
    value = name.item()
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def is_sparse(arrays: Mapping[str, Any]) -> bool:
    """Whether an archive holds one sparse matrix."""
    parts = _PARTS.get(_kind(arrays))
    return parts is not None and parts | {"data", "shape"} <= set(arrays)


def densified(arrays: Mapping[str, Any], source: str) -> NDArray[Any]:
    """[N, D] of a sparse matrix.

    Raises:
        VectorError: it has too many numbers.
        FormatError: its parts do not fit together.
    """
    from scipy import sparse

    shape = tuple(int(n) for n in np.asarray(arrays["shape"]).reshape(-1)[:8])
    if any(n < 0 for n in shape) or float(np.prod([float(n) for n in shape])) > MOST_DENSE:
        raise VectorError(
            f"a sparse matrix in {source} of at most {MOST_DENSE:,} numbers",
            f"shape {shape}",
            "reduce it first",
        )
    kind = _kind(arrays)
    try:
        if kind == "coo":
            matrix: Any = sparse.coo_matrix((arrays["data"], (arrays["row"], arrays["col"])), shape)
        elif kind == "dia":
            matrix = sparse.dia_matrix((arrays["data"], arrays["offsets"]), shape)
        else:
            build = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "bsr": sparse.bsr_matrix}[kind]
            matrix = build((arrays["data"], arrays["indices"], arrays["indptr"]), shape)
            matrix.check_format(full_check=True)
        dense: NDArray[Any] = np.asarray(matrix.toarray())
    except (ValueError, TypeError, IndexError) as error:
        raise FormatError(
            f"a whole sparse matrix in {source}",
            first_line(error),
            "save it again with scipy.sparse.save_npz",
        ) from error
    return dense
