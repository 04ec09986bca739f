"""Class codes that a denoiser is told: checked at the fit, and looked up when rows are moved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError, name_some
from repscope.measure.core.arrays import integer_codes

Codes = NDArray[np.int64]


def numbered(told: NDArray[Any], n: int, side: str) -> tuple[Codes, Codes]:
    """([K] the classes there are, [n] which of them each row has).

    Raises:
        VectorError: not one whole number for each row of the side that is learnt.
    """
    told = integer_codes(told, n, "class", "give one code a row", rows=f"rows of the {side}")
    names, codes = np.unique(told, return_inverse=True)
    return names, codes.astype(np.int64)


def looked_up(classes: NDArray[Any], n: int, known: Codes | None) -> Codes:
    """[n] which of the known classes each row has.

    Raises:
        InputError: no classes were told at the fit, or one is not among them.
        VectorError: not one class for each row.
    """
    if known is None:
        raise InputError("a bridge fitted with classes", "one without", "fit with classes=…")
    if classes.shape != (n,):
        raise VectorError(f"{n:,} classes, one a row", f"shape {classes.shape}", "give one code a row")
    unknown = np.setdiff1d(classes, known)
    if len(unknown):
        raise InputError(
            "classes that the bridge was fitted with", name_some(unknown), "leave classes out for these rows"
        )
    return np.searchsorted(known, classes).astype(np.int64)
