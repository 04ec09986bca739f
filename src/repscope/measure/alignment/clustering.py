"""Whether clusters of the union of two sets are its classes, or its sets."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.cosines import Floats, Ints, check_pair, unit_block, working_dtype
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import check_groups, chosen_rows
from repscope.measure.core.linking import link_keys

MAX_KEYS = 100
MAX_ROWS = 5000
N_INIT = 3


def cluster_v(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    max_keys: int = MAX_KEYS,
    max_rows: int = MAX_ROWS,
    n_init: int = N_INIT,
    seed: int = 0,
) -> float:
    """V-measure of k-means over the union of the unit rows of two sets, against their keys, in [0, 1].

    As many clusters as keys. With a gap, k-means first splits the sets from each other, and homogeneity
    and completeness suffer. Above ``max_keys`` keys that many are drawn, and only their rows clustered;
    above ``max_rows`` rows of a set that many of them are drawn.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes; rows of a negative code are left out.
        reference_keys: [M].
        max_keys: keys, and clusters, at most.
        max_rows: rows of each set at most.
        n_init: starts of k-means (k-means++), of which the tightest is kept.
        seed: of the draws and of k-means.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: keys that do not fit.
        InputError: fewer than two keys, or fewer than three rows a key (as for one-to-one pairs), where
            the V-measure is high whatever the vectors are.

    Paper: Rosenberg & Hirschberg, V-Measure, EMNLP-CoNLL 2007.
    """
    table = _cluster(items, reference, item_keys, reference_keys, _Plan(max_keys, max_rows, n_init, seed))
    n = np.array([len(table.clusters)])
    entropies = [_plogp_sum(labels)[None] for labels in (table.keys, table.clusters, table.cells)]
    return float(_v_measure(n, *entropies)[0])


def cluster_v_replicates(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    groups: Ints,
    reference_groups: Ints,
    n_groups: int,
    max_keys: int = MAX_KEYS,
    max_rows: int = MAX_ROWS,
    n_init: int = N_INIT,
    seed: int = 0,
) -> Replicates:
    """:func:`cluster_v`, and from the same clusters without each group's rows.

    k-means is not run again: the rows of a group leave the table of keys by clusters. A group outside
    the sample changes nothing.

    Args:
        items, reference, item_keys, reference_keys: as in :func:`cluster_v`.
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: number of groups.
        max_keys, max_rows, n_init, seed: as in :func:`cluster_v`.

    Raises:
        VectorError: as :func:`cluster_v`; group codes that do not fit; a group that holds every row.
        LinkError: as :func:`cluster_v`.
        InputError: as :func:`cluster_v`.
    """
    table = _cluster(items, reference, item_keys, reference_keys, _Plan(max_keys, max_rows, n_init, seed))
    codes = np.concatenate(
        (
            check_groups(groups, len(items), n_groups)[table.items],
            check_groups(reference_groups, len(reference), n_groups)[table.reference],
        )
    )
    left = len(codes) - np.bincount(codes[codes >= 0], minlength=n_groups)
    if (left < 1).any():
        raise VectorError(
            "rows without any one group",
            f"every clustered row in group {int(np.argmin(left))}",
            "resample over more groups",
        )
    labels = (table.keys, table.clusters, table.cells)
    whole = _v_measure(np.array([len(codes)]), *(_plogp_sum(one)[None] for one in labels))
    leave_out = _v_measure(left, *(_plogp_sums_without(one, codes, n_groups) for one in labels))
    return Replicates(float(whole[0]), leave_out, len(codes), f"{table.method}, clusters held fixed")


@dataclass(frozen=True)
class _Plan:
    max_keys: int
    max_rows: int
    n_init: int
    seed: int


@dataclass(frozen=True)
class _Table:
    """Key, cluster and cell of each clustered row, the items before the reference rows."""

    items: Ints
    reference: Ints
    keys: Ints
    clusters: Ints
    cells: Ints
    method: str


def _cluster(items: Floats, reference: Floats, item_keys: Ints, reference_keys: Ints, plan: _Plan) -> _Table:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    items, reference = check_pair(items, reference)
    link_keys(item_keys, reference_keys, len(items), len(reference))
    both = [np.asarray(keys, np.int64) for keys in (item_keys, reference_keys)]
    known = np.unique(np.concatenate(both))
    known = known[known >= 0]
    drawn = known[chosen_rows(len(known), plan.max_keys, plan.seed)]
    rows = []
    for keys in both:
        usable = np.flatnonzero(np.isin(keys, drawn))
        rows.append(usable[chosen_rows(len(usable), plan.max_rows, plan.seed)])
    names, codes = np.unique(
        np.concatenate([keys[kept] for keys, kept in zip(both, rows, strict=True)]), return_inverse=True
    )
    if len(names) < 2 or len(codes) < 3 * len(names):
        raise InputError(
            "at least two keys with three rows each on average, in both sets together",
            f"{len(names):,} keys in {len(codes):,} rows",
            "link by a class column; one-to-one pairs have no clusters to find",
        )
    dtype = working_dtype(items, reference)
    units = np.concatenate(
        (unit_block(items, "items", dtype, rows[0]), unit_block(reference, "reference", dtype, rows[1]))
    )
    model = KMeans(len(names), n_init=plan.n_init, random_state=plan.seed)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        # Fewer distinct points than clusters: a collapsed set, which is an answer and not a mishap.
        clusters = model.fit_predict(units).astype(np.int64)
    method = f"k-means of {len(codes):,} rows into {len(names)} clusters, best of {plan.n_init} starts"
    return _Table(rows[0], rows[1], codes, clusters, codes * len(names) + clusters, method)


def _plogp(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = counts * np.log(np.maximum(counts, 1))
    return product


def _plogp_sum(labels: Ints) -> NDArray[np.float64]:
    return np.asarray(_plogp(np.bincount(labels)).sum())


def _plogp_sums_without(labels: Ints, groups: Ints, n_groups: int) -> NDArray[np.float64]:
    """[G] Σ n·log n over labels, without each group: only the labels that it has change."""
    counts = np.bincount(labels)
    grouped = groups >= 0
    pairs, taken = np.unique(groups[grouped] * len(counts) + labels[grouped], return_counts=True)
    own, label = pairs // len(counts), pairs % len(counts)
    changes = _plogp(counts[label] - taken) - _plogp(counts[label])
    without: NDArray[np.float64] = _plogp(counts).sum() + np.bincount(own, changes, n_groups)
    return without


def _v_measure(
    n: Ints, keys: NDArray[np.float64], clusters: NDArray[np.float64], cells: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From Σ n·log n over keys, clusters and cells; entropies of zero count as scikit-learn counts them."""
    key_entropy = np.maximum(np.log(n) - keys / n, 0.0)
    cluster_entropy = np.maximum(np.log(n) - clusters / n, 0.0)
    shared = np.maximum(key_entropy + cluster_entropy - (np.log(n) - cells / n), 0.0)
    scores = []
    for entropy in (key_entropy, cluster_entropy):
        exists = entropy > 1e-12
        scores.append(np.where(exists, shared / np.where(exists, entropy, 1.0), 1.0))
    total = scores[0] + scores[1]
    v: NDArray[np.float64] = 2 * scores[0] * scores[1] / np.where(total > 0, total, 1.0)
    return np.clip(v, 0.0, 1.0)
