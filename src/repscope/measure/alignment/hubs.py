"""Hubs: reference rows that are the nearest of too many items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.cosines import Ints
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import check_groups
from repscope.measure.core.resample import t_quantile

K = 10
LEADS = 0.975
"""One-sided level at which a row is found more often than the next one."""
NO_LEADER = "no reference row is clearly found more often than the next: the largest share is one of chance"


def hub_share(nearest: Ints) -> float:
    """Largest share of items that have the same nearest reference row, in [1/N, 1].

    Args:
        nearest: [N] the nearest reference row of each item, as in ``Match.nearest``.

    Raises:
        VectorError: no items.
    """
    return float(np.bincount(_rows(nearest)).max() / len(nearest))


def hub_share_replicates(nearest: Ints, groups: Ints, n_groups: int) -> Replicates:
    """:func:`hub_share`, and without each group's items; the reference and the neighbours stay.

    Args:
        nearest: [N] the nearest reference row of each item.
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for items never left out.
        n_groups: number of groups.

    Raises:
        VectorError: no items, also without some group; group codes that do not fit.
    """
    counts = np.bincount(_rows(nearest))
    codes = check_groups(groups, len(nearest), n_groups)
    left = _items_left(codes, n_groups)
    own, row, taken = _taken(nearest, codes, len(counts))
    # The largest count that a group does not touch stands at the first place, in the order of falling
    # counts, that is not one of the group's own.
    order = np.argsort(-counts, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    sorting = np.lexsort((place[row], own))
    sorted_own, sorted_place = own[sorting], place[row][sorting]
    starts = np.searchsorted(sorted_own, np.arange(n_groups + 1))
    within = np.arange(len(sorted_own)) - starts[sorted_own]
    first_free = np.diff(starts)
    gaps = np.flatnonzero(sorted_place != within)
    np.minimum.at(first_free, sorted_own[gaps], within[gaps])
    falling = np.append(counts[order], 0)
    largest = falling[np.minimum(first_free, len(order))]
    np.maximum.at(largest, own, counts[row] - taken)
    return Replicates(
        hub_share(nearest),
        largest / left,
        len(nearest),
        "neighbours held fixed",
        alone="" if _stands_out(nearest, codes, order) else NO_LEADER,
    )


def _stands_out(nearest: Ints, codes: Ints, order: Ints) -> bool:
    """The most frequent row is found more often than the next one, by more than chance.

    The largest of shares that are nearly equal lies above every one of them, and so does its interval.
    """
    if len(order) < 2 or codes.max() < 1:
        return True
    lead = (nearest == order[0]).astype(np.float64) - (nearest == order[1])
    sums = np.bincount(codes[codes >= 0], lead[codes >= 0])
    spread = np.sqrt(np.square(sums - sums.mean()).sum() * len(sums) / (len(sums) - 1))
    return bool(lead.sum() > t_quantile(LEADS, len(sums) - 1) * spread)


def hub_skew(top_indices: Ints, n_reference: int, *, k: int = K) -> float:
    """Skewness of the k-occurrence N_k: in how many items' k nearest each reference row is.

    E(N_k − μ)³ / σ³ over all M reference rows, population moments. About 0 without hubs; the larger,
    the fewer rows are found by most items.

    Args:
        top_indices: [N, ≥ k] nearest reference rows, nearest first, as in ``Match.top_indices``.
        n_reference: M, at least 2.
        k: neighbours that count, at most M − 1.

    Raises:
        InputError: fewer than k neighbours were kept, or M below 2.
        VectorError: every reference row is found equally often, so that there is no skewness.

    Paper: Radovanović, Nanopoulos & Ivanović, Hubs in Space, JMLR 2010.
    """
    counts = np.bincount(_nearest_k(top_indices, n_reference, k).ravel(), minlength=n_reference)
    sums = [np.array([(counts.astype(np.float64) ** power).sum()]) for power in (1, 2, 3)]
    return float(_skewness(n_reference, *sums)[0])


def hub_skew_replicates(
    top_indices: Ints, n_reference: int, groups: Ints, n_groups: int, *, k: int = K
) -> Replicates:
    """:func:`hub_skew`, and without each group's items; the reference and the neighbours stay.

    Args:
        top_indices: [N, ≥ k] nearest reference rows, nearest first.
        n_reference: M, at least 2.
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for items never left out.
        n_groups: number of groups.
        k: neighbours that count, at most M − 1.

    Raises:
        InputError: as :func:`hub_skew`.
        VectorError: as :func:`hub_skew`, also without some group; group codes that do not fit.
    """
    nearest = _nearest_k(top_indices, n_reference, k)
    codes = check_groups(groups, len(nearest), n_groups)
    _items_left(codes, n_groups)
    counts = np.bincount(nearest.ravel(), minlength=n_reference).astype(np.float64)
    own, row, taken = _taken(nearest.ravel(), np.repeat(codes, nearest.shape[1]), n_reference)
    sums = []
    for power in (1, 2, 3):
        changes = (counts[row] - taken) ** power - counts[row] ** power
        sums.append((counts**power).sum() + np.bincount(own, changes, n_groups))
    value = hub_skew(top_indices, n_reference, k=k)
    return Replicates(value, _skewness(n_reference, *sums), len(nearest), "neighbours held fixed")


def label_share(item_keys: Ints) -> float:
    """Largest share of items with the same key, among items with one: the hub that labels explain.

    Args:
        item_keys: [N] key codes; negative for none.

    Raises:
        InputError: no item has a key.
    """
    keys = np.asarray(item_keys)
    keys = keys[keys >= 0]
    if not len(keys):
        raise InputError("at least one item with a key", "none", "pass the key codes of the items")
    return float(np.unique(keys, return_counts=True)[1].max() / len(keys))


def _rows(nearest: Ints) -> Ints:
    if np.ndim(nearest) != 1 or not len(nearest):
        raise VectorError(
            "the nearest row of each of at least one item",
            f"shape {np.shape(nearest)}",
            "pass Match.nearest",
        )
    return nearest


def _nearest_k(top_indices: Ints, n_reference: int, k: int) -> Ints:
    if n_reference < 2 or k < 1:
        raise InputError(
            "at least two reference rows and k of at least 1",
            f"{n_reference} rows, k = {k}",
            "use a larger reference",
        )
    k = min(k, n_reference - 1)
    if np.ndim(top_indices) != 2 or not len(top_indices) or top_indices.shape[1] < k:
        raise InputError(
            f"the {k} nearest rows of each item",
            f"shape {np.shape(top_indices)}",
            f"keep more neighbours: match(..., top={k})",
        )
    return top_indices[:, :k]


def _items_left(codes: Ints, n_groups: int) -> NDArray[np.int64]:
    left: NDArray[np.int64] = len(codes) - np.bincount(codes[codes >= 0], minlength=n_groups)
    if (left < 1).any():
        raise VectorError(
            "items without any one group",
            f"every item in group {int(np.argmin(left))}",
            "resample over more groups",
        )
    return left


def _taken(nearest: Ints, codes: Ints, n_reference: int) -> tuple[Ints, Ints, Ints]:
    """Group, reference row, and how often the group's items find it: one entry for each such pair."""
    grouped = codes >= 0
    pairs, taken = np.unique(codes[grouped] * n_reference + nearest[grouped], return_counts=True)
    return pairs // n_reference, pairs % n_reference, taken.astype(np.int64)


def _skewness(
    n: int, first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From the sums of the counts, their squares and their cubes over n rows."""
    mean = first / n
    variance = second / n - mean**2
    if (variance <= 1e-12 * np.maximum(mean**2, 1)).any():
        raise VectorError(
            "reference rows found more and less often",
            "every row found equally often",
            "nothing: without a spread of occurrences there are no hubs",
        )
    skewness: NDArray[np.float64] = (third / n - 3 * mean * second / n + 2 * mean**3) / variance**1.5
    return skewness
