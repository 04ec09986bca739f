"""Folds for cross-validation that never part a cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError

FOLDS = 5


def cluster_folds(clusters: ArrayLike, folds: int = FOLDS, seed: int = 0) -> NDArray[np.int64]:
    """[N] fold of each row, 0 to F − 1; rows of one cluster share a fold.

    Args:
        clusters: [N] integer codes.
        folds: wanted; as many as there are clusters where these are fewer.
        seed: of the assignment.

    Raises:
        VectorError: fewer than two clusters, or fewer than two folds.
    """
    names, cluster_of_row = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2 or folds < 2:
        raise VectorError(
            "at least 2 clusters and 2 folds for cross-validation",
            f"{len(names)} clusters and {folds} folds",
            "give more clusters, or leave the measure out",
        )
    fold_of_cluster = np.empty(len(names), np.int64)
    fold_of_cluster[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names)) % folds
    return fold_of_cluster[cluster_of_row.ravel()]
