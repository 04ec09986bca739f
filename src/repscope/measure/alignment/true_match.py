"""True matches and ranks, read off what every item finds in the reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError
from repscope.measure.core.cosines import Ints
from repscope.measure.core.matching import Match


def cosine_true_items(matched: Match) -> NDArray[np.float64]:
    """Cosine of each item to its truth: [T], the items with a truth in order.

    Raises:
        LinkError: no item has a truth.
    """
    return matched.true[_queries(matched)]


def cosine_max_items(matched: Match) -> NDArray[np.float64]:
    """Cosine of each item to its nearest reference row, right or wrong: [N].

    It rises when a set collapses onto any reference row, and tells no two classes apart.
    """
    return matched.max


def top_k_items(matched: Match, k: int) -> NDArray[np.float64]:
    """Whether the truth is among the k nearest: [T], the items with a truth in order.

    1 or 0; where unlinked rows tie with the truth, the chance that it comes within the first k when
    ties are broken at random. Further linked rows of the same item do not take a place.

    Raises:
        LinkError: no item has a truth.
        InputError: k below 1.
    """
    queries = _queries(matched)
    return _chance_within(matched.rank[queries], matched.ties[queries], k)


def recall_items(matched: Match, k: int, *, reverse: bool = False) -> NDArray[np.float64]:
    """Retrieval recall at k, one truth per query, ties as in :func:`top_k_items`.

    Args:
        matched: from :func:`~repscope.measure.core.matching.match`.
        k: places that count.
        reverse: False for items searching the reference, [T]; True for the reference rows with a
            linked item searching the items, [T'].

    Raises:
        LinkError: no row has a truth.
        InputError: k below 1.
    """
    if not reverse:
        return top_k_items(matched, k)
    _queries(matched)
    queries = matched.reverse_has_truth
    return _chance_within(matched.reverse_rank[queries], matched.reverse_ties[queries], k)


def reciprocal_rank_items(matched: Match) -> NDArray[np.float64]:
    """1 / mid-rank of the truth: [T], the items with a truth in order, in (0, 1].

    Raises:
        LinkError: no item has a truth.
    """
    reciprocal: NDArray[np.float64] = 1 / matched.rank[_queries(matched)]
    return reciprocal


def margin_items(matched: Match) -> NDArray[np.float64]:
    """Cosine to the truth minus cosine to the best unlinked row: [T], in [−2, 2].

    Raises:
        LinkError: no item has a truth.
        InputError: some item is linked with every reference row, so that there is no other.
    """
    queries = _queries(matched)
    other = matched.other[queries]
    if np.isneginf(other).any():
        raise InputError(
            "a reference with unlinked rows for every item",
            f"{int(np.isneginf(other).sum()):,} items linked with every reference row",
            "use a reference with at least two classes",
        )
    return matched.true[queries] - other


def _queries(matched: Match) -> NDArray[np.bool_]:
    if not matched.has_truth.any():
        raise LinkError(
            "at least one item with a true match",
            "no item key that the reference has",
            "link the sets by a column whose values both have",
        )
    return matched.has_truth


def _chance_within(rank: NDArray[np.float64], ties: Ints, k: int) -> NDArray[np.float64]:
    if k < 1:
        raise InputError("k of at least 1", str(k), "count at least the first place")
    nearer = rank - 1 - ties / 2
    chance: NDArray[np.float64] = np.clip((k - nearer) / (ties + 1), 0.0, 1.0)
    return chance
