"""A mean and a covariance, as FID keeps them, are no rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from repscope.errors import FormatError
from repscope.formats.loose.shapes import as_vectors

SMALLEST = 2
"""Width from which a symmetric square says something."""


def is_covariance(key: str, mapping: Mapping[str, Any]) -> bool:
    """Whether an array is square and symmetric, and beside it there is a vector of its width."""
    shape = tuple(getattr(mapping[key], "shape", ()))
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < SMALLEST:
        return False
    beside = [
        other
        for other in mapping
        if other != key and tuple(getattr(mapping[other], "shape", ())) == shape[:1]
    ]
    if not any(_floating(mapping[other]) for other in beside):
        return False
    matrix = as_vectors(mapping[key])
    return matrix is not None and bool(np.allclose(matrix, matrix.T, rtol=1e-5, atol=1e-8, equal_nan=True))


def refuse_statistics(mapping: Mapping[str, Any], source: str) -> None:
    """Refuse a dictionary whose only matrix is a covariance; raises :class:`FormatError`."""
    if found := next((key for key in mapping if is_covariance(key, mapping)), None):
        raise FormatError(
            f"embeddings in {source}: one row for each item",
            f"statistics: {found!r} is a symmetric matrix with a vector of its width beside it, as FID keeps "
            "a covariance and a mean",
            "import the features that these were computed from; to take the matrix as rows, name it with "
            f"--vectors {found}",
        )


def _floating(value: Any) -> bool:
    return bool(value.is_floating_point() if hasattr(value, "is_floating_point") else value.dtype.kind == "f")
