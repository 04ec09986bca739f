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


def stratified_folds(
    strata: NDArray[np.bool_], groups: NDArray[np.int64], folds: int, seed: int
) -> NDArray[np.int64]:
    """[N] fold of each row: groups kept whole, both strata spread evenly over the folds.

    Groups are dealt out one by one, those of uneven counts first, each to the fold that leaves the counts of
    the strata most even: the very folds of scikit-learn's ``StratifiedGroupKFold(folds, shuffle=True,
    random_state=seed)``, at a tenth of its cost.

    Args:
        strata: [N] which of two sets a row is of.
        groups: [N] integer codes.
        folds: F, at most the number of groups.
        seed: of the order among equal groups.
    """
    totals = np.array([np.count_nonzero(~strata), np.count_nonzero(strata)], np.float64)
    names, group_of_row = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), 2))
    np.add.at(counts, (group_of_row.ravel(), strata.astype(np.int64)), 1.0)
    shuffled = np.arange(len(names))
    # The generator that scikit-learn seeds: another one would make other folds.
    np.random.RandomState(seed).shuffle(shuffled)
    order = shuffled[np.argsort(-np.std(counts[shuffled], axis=1), kind="stable")]
    own = np.eye(folds)[:, :, None]
    held = np.zeros((folds, 2))
    fold_of_group = np.empty(len(names), np.int64)
    for group in order:
        # [fold tried, fold, stratum]
        tried = (held + own * counts[group]) / totals
        uneven = np.mean(np.std(tried, axis=1), axis=1).tolist()
        sizes = held.sum(axis=1).tolist()
        best, least, fewest = 0, np.inf, np.inf
        for fold, (value, size) in enumerate(zip(uneven, sizes, strict=True)):
            # As np.isclose has it.
            if value < least or (abs(value - least) <= 1e-8 + 1e-5 * abs(least) and size < fewest):
                best, least, fewest = fold, value, size
        held[best] += counts[group]
        fold_of_group[group] = best
    return fold_of_group[group_of_row.ravel()]
