"""Rows that older pipelines centred and stored so: how they look, and the exact way back.

They subtract the mean of the texts from unit rows, move the rows, scale them to length 1, and never add the
mean again. A bridge that does nothing then reads as one that harms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError

Float64 = NDArray[np.float64]

UNIT = 1e-3
"""Largest difference from 1 of the length of a unit row, as float16 stores it."""

FAR, NEAR = 0.25, 0.4
"""The means of the other directions are longer than the first, and that of the rows shorter than this share
of the shortest of them: classes that are few, or of unequal size, leave some mean behind."""

_ROWS = 20_000
_BLOCK = 1000


def looks_centred(after: ArrayLike, *others: ArrayLike) -> bool:
    """Whether the rows have length 1 and hardly a mean while the directions of all others have one.

    Args:
        after: [N, D]; the first 20,000 rows are read.
        others: [.., D] what they are compared with.
    """
    lengths, mean = _directions(after)
    if not np.allclose(lengths, 1.0, atol=UNIT):
        return False
    shortest = min(np.linalg.norm(_directions(one)[1]) for one in others)
    return bool(shortest > FAR and np.linalg.norm(mean) < NEAR * shortest)


def centred_among(stages: Sequence[ArrayLike]) -> tuple[int, ...]:
    """Which of several sets of the same items look centred beside the one whose mean is longest.

    Args:
        stages: [N, D] each, of one width; the first 20,000 rows of each are read.
    """
    farthest = max(stages, key=lambda one: float(np.linalg.norm(_directions(one)[1])))
    return tuple(at for at, one in enumerate(stages) if one is not farthest and looks_centred(one, farthest))


def decentre(rows: ArrayLike, mean: ArrayLike) -> Float64:
    """[N, D] the unit rows w of which ``rows`` are the directions of w − mean.

    w = r u + m with |w| = 1 gives r² + 2 r u·m + |m|² − 1 = 0, whose roots have the product |m|² − 1 < 0: one
    of them is positive, and it is the length that scaling took away.

    Args:
        rows: [N, D] of any length above 0.
        mean: [D] shorter than 1, as a mean of unit rows is.

    Raises:
        VectorError: a mean of another width, or of length 1 or more; rows of zeros.
    """
    directions, m = np.asarray(rows, np.float64), np.asarray(mean, np.float64)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    if m.shape != directions.shape[1:] or not np.linalg.norm(m) < 1 or not lengths.all():
        raise VectorError(
            f"a mean of unit rows [{directions.shape[1]}], shorter than 1, and rows with a direction",
            f"a mean of shape {m.shape} and length {np.linalg.norm(m):.3g}",
            "give the texts that the pipeline used, as unit rows",
        )
    u = directions / lengths
    along = u @ m
    r = -along + np.sqrt(along**2 + 1 - m @ m)
    restored: Float64 = r[:, None] * u + m
    return restored


def _directions(rows: ArrayLike) -> tuple[Float64, Float64]:
    """Lengths of the first rows, and the mean of their directions."""
    lengths: list[Float64] = []
    total: Float64 = np.zeros(())
    # A block at a time: the rows may lie in a file, and be large.
    for start in range(0, min(len(rows), _ROWS), _BLOCK):  # type: ignore[arg-type]  # an array, or rows of a set
        block = np.asarray(rows[start : min(start + _BLOCK, _ROWS)], np.float64)  # type: ignore[index]
        lengths.append(np.linalg.norm(block, axis=1))
        total = total + (block / np.where(lengths[-1] > 0, lengths[-1], 1.0)[:, None]).sum(axis=0)
    every = np.concatenate(lengths)
    mean: Float64 = total / len(every)
    return every, mean
