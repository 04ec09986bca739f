"""Search in the union of two sets: where a gap between them really hurts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError
from repscope.measure.core.cosines import (
    Floats,
    Ints,
    check_pair,
    count_rows,
    default_block,
    tie_width,
    top_columns,
    unit_blocks,
    working_dtype,
)
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import check_groups, sampling_note
from repscope.measure.core.linking import link_keys
from repscope.study.stored import scratch

K = 10
MAX_QUERIES = 2000
SPARE = 30
"""Neighbours beyond k that are kept for searches without a group."""


@dataclass(frozen=True)
class MixedSearch:
    """What each query finds of its own key in the union of both sets.

    Attributes:
        queries: [Q] rows of the querying set that were searched for, in order.
        recall: [Q] relevant rows among the first k, as a share of all relevant rows.
        ndcg: [Q] normalised discounted cumulative gain of the first k, relevance 0 or 1.
        relevant: [Q] relevant rows in the gallery.
        k: places that count.
        method: how the queries were chosen, when not all were searched for.
    """

    queries: Ints
    recall: NDArray[np.float64]
    ndcg: NDArray[np.float64]
    relevant: Ints
    k: int
    method: str


def mixed_search(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    k: int = K,
    reverse: bool = False,
    max_queries: int = MAX_QUERIES,
    seed: int = 0,
    block_rows: int | None = None,
) -> MixedSearch:
    """Search each item in the union of the other items and all reference rows.

    Relevant are the rows of the query's key, of either set; the query itself is no answer. Rows without
    a key are in the gallery but are no queries. Places among rows that are equally near (to within
    :func:`repscope.measure.core.cosines.tie_width`) are shared: the expectation over random orders of ties.

    Recall divides by all relevant rows, also where they are more than k, so its largest value is then
    k over their number; nDCG reaches 1.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes; negative for none.
        reference_keys: [M].
        k: places that count.
        reverse: let the reference rows be the queries instead of the items.
        max_queries: queries used at most, drawn without replacement; the gallery is always whole.
        seed: of the draw; the same keys and seed give the same queries for any vectors.
        block_rows: queries per block. It does not change the result.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: keys that do not fit, or no row has another of its key.
        InputError: k below 1.

    Paper: Li et al., Closing the Modality Gap for Mixed Modality Search, 2025; ties as McSherry & Najork,
    ECIR 2008.
    """
    search = _Search.of(items, reference, (item_keys, reference_keys), k, reverse, max_queries, seed)
    chosen, relevant, k = search.chosen, search.relevant, search.k
    recall, ndcg = np.empty(len(chosen)), np.empty(len(chosen))
    for block, cosines in search.blocks(block_rows):
        queries = chosen[block]
        gains = _expected_gains(cosines, search.keys[queries], search.keys, k)
        recall[block], ndcg[block] = _scores(gains, relevant[queries])
    return MixedSearch(
        queries=chosen - search.first,
        recall=recall,
        ndcg=ndcg,
        relevant=relevant[chosen],
        k=k,
        method=search.note,
    )


def mixed_replicates(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    groups: Ints,
    reference_groups: Ints,
    n_groups: int,
    k: int = K,
    max_queries: int = MAX_QUERIES,
    seed: int = 0,
    block_rows: int | None = None,
) -> dict[str, Replicates]:
    """Mean recall ("recall") and nDCG ("ndcg") of :func:`mixed_search`, and without each group.

    Rows of a group are neither queries nor in the gallery: items are found by other items, so that to
    resample queries alone would hold fixed what varies with them.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes; negative for none.
        reference_keys: [M].
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: G. A group without which no query has an answer leaves NaN.
        k, max_queries, seed, block_rows: as in :func:`mixed_search`.

    Raises:
        VectorError, LinkError, InputError: as :func:`mixed_search`; group codes that do not fit.
    """
    search = _Search.of(items, reference, (item_keys, reference_keys), k, False, max_queries, seed)
    own = np.concatenate(
        (check_groups(groups, len(items), n_groups), check_groups(reference_groups, len(reference), n_groups))
    )
    counts = _rest_counts(search.keys, own, n_groups)
    totals = np.zeros((2, n_groups + 1))
    queries_left = np.zeros(n_groups + 1)
    for block, cosines in search.blocks(block_rows):
        queries = search.chosen[block]
        columns = top_columns(cosines, search.k + SPARE)
        values = np.take_along_axis(cosines, columns, axis=1)
        hits = (search.keys[columns] == search.keys[queries][:, None]).astype(np.float64)
        for group in range(n_groups + 1):
            relevant = search.relevant[queries]
            if group < n_groups:
                relevant = relevant - counts[search.keys[queries], group]
            asked = np.flatnonzero((relevant > 0) & ((own[queries] != group) | (group == n_groups)))
            kept = (own[columns[asked]] != group) | (group == n_groups)
            k_left = min(search.k, len(own) - 1 - int((own == group).sum() if group < n_groups else 0))
            gains, open_rows = _first_kept(values[asked], hits[asked], kept, k_left, tie_width(cosines.dtype))
            if open_rows.size:
                again = cosines[asked[open_rows]]
                if group < n_groups:
                    again[:, own == group] = -np.inf
                own_keys = search.keys[queries[asked[open_rows]]]
                gains[open_rows] = _expected_gains(again, own_keys, search.keys, k_left)
            scores = _scores(gains, relevant[asked])
            totals[:, group] += scores[0].sum(), scores[1].sum()
            queries_left[group] += len(asked)
    means = np.where(queries_left > 0, totals / np.maximum(queries_left, 1), np.nan)
    return {
        name: Replicates(float(row[-1]), row[:-1], len(search.chosen), search.note)
        for name, row in zip(("recall", "ndcg"), means, strict=True)
    }


@dataclass(frozen=True)
class _Search:
    """The union of both sets, and who searches it.

    Attributes:
        gallery: [N + M, D] unit rows.
        keys: [N + M] dense key codes, −1 for none.
        relevant: [N + M] other rows of the same key.
        chosen: [Q] rows that are queries.
        first: where the querying set begins.
        k: places that count.
        note: how the queries were chosen, when not all are.
    """

    gallery: Floats
    keys: Ints
    relevant: Ints
    chosen: Ints
    first: int
    k: int
    note: str

    @classmethod
    def of(  # noqa: PLR0917 - two callers, one order
        cls,
        items: Floats,
        reference: Floats,
        keys: tuple[Ints, Ints],
        k: int,
        reverse: bool,
        max_queries: int,
        seed: int,
    ) -> _Search:
        if k < 1:
            raise InputError("k of at least 1", str(k), "count at least the first place")
        items, reference = check_pair(items, reference)
        link_keys(*keys, len(items), len(reference))
        both = np.concatenate([np.asarray(one, np.int64) for one in keys])
        first, last = (len(items), len(both)) if reverse else (0, len(items))
        relevant = _relevant_counts(both)
        eligible = np.arange(first, last)[relevant[first:last] > 0]
        if not len(eligible):
            raise LinkError(
                "a query with another row of its key",
                "no key that occurs twice",
                "link the sets by a column whose values both have",
            )
        chosen = eligible
        if len(eligible) > max_queries:
            chosen = np.sort(np.random.default_rng(seed).choice(eligible, max_queries, replace=False))
        dtype = working_dtype(items, reference)
        gallery = scratch((len(both), items.shape[1]), dtype)
        for vectors, name, start in ((items, "items", 0), (reference, "reference", len(items))):
            for begin, unit in unit_blocks(vectors, name, dtype):
                gallery[start + begin : start + begin + len(unit)] = unit
        dense = np.where(both < 0, -1, np.unique(np.maximum(both, -1), return_inverse=True)[1])
        note = sampling_note(len(chosen), len(eligible), seed, "queries")
        return cls(gallery, dense, relevant, chosen, first, min(k, len(both) - 1), note)

    def blocks(self, block_rows: int | None) -> Iterator[tuple[slice, Floats]]:
        """Places of some queries, and their cosines to the gallery, −inf to themselves."""
        rows = block_rows or max(default_block(len(self.keys)), 256)
        for begin in range(0, len(self.chosen), rows):
            queries = self.chosen[begin : begin + rows]
            cosines = self.gallery[queries] @ self.gallery.T
            cosines[np.arange(len(queries)), queries] = -np.inf
            yield slice(begin, begin + len(queries)), cosines


def _scores(gains: NDArray[np.float64], relevant: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Recall and nDCG of each query from the gains of its places and the rows that are relevant to it."""
    discounts = 1 / np.log2(np.arange(2, gains.shape[1] + 2))
    ideal = np.cumsum(discounts)[np.minimum(relevant, gains.shape[1]) - 1]
    return gains.sum(axis=1) / relevant, gains @ discounts / ideal


def _rest_counts(keys: Ints, own: Ints, n_groups: int) -> Ints:
    """[K, G] rows of each key in each group."""
    counted = (keys >= 0) & (own >= 0)
    cells = keys[counted] * n_groups + own[counted]
    n_keys = int(keys.max()) + 1
    counts: Ints = np.bincount(cells, minlength=n_keys * n_groups).reshape(n_keys, n_groups)
    return counts


def _first_kept(
    values: Floats, hits: NDArray[np.float64], kept: NDArray[np.bool_], k: int, tied: float
) -> tuple[NDArray[np.float64], Ints]:
    """Gains of the first k kept columns of each sorted row, and the rows that the columns do not decide."""
    order = np.argsort(~kept, axis=1, kind="stable")[:, : k + 1]
    near, enough = np.take_along_axis(values, order, axis=1), kept.sum(axis=1) > k
    if near.shape[1] <= k:
        return np.empty((len(values), k)), np.arange(len(values))
    gains = _shared_gains(near[:, :k], np.take_along_axis(hits, order[:, :k], axis=1), tied)[0]
    return gains, np.flatnonzero(~enough | (near[:, k] >= near[:, k - 1] - tied))


def _relevant_counts(keys: Ints) -> Ints:
    """Other rows of the same key; 0 for rows without a key."""
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.where(keys < 0, 0, counts[inverse] - 1).astype(np.int64)


def _expected_gains(cosines: Floats, query_keys: Ints, gallery_keys: Ints, k: int) -> NDArray[np.float64]:
    """[b, k] chance that the row in each place is relevant, over random orders of tied rows.

    Places whose cosines follow each other within the tie width form one run, and share the mean
    relevance of the rows of the run, those beyond place k included.
    """
    tied = tie_width(cosines.dtype)
    columns = top_columns(cosines, k)
    values = np.take_along_axis(cosines, columns, axis=1)
    found = (gallery_keys[columns] == query_keys[:, None]).astype(np.float64)
    gains, hits, members, runs = _shared_gains(values, found, tied)

    threshold = values[:, -1:] - tied
    reached = count_rows(cosines >= threshold)
    longer = np.flatnonzero(reached > k)
    if longer.size:
        within = cosines[longer] >= threshold[longer]
        relevant = gallery_keys[None, :] == query_keys[longer, None]
        beyond_hits = count_rows(within & relevant) - count_rows(
            np.take_along_axis(relevant, columns[longer], axis=1)
        )
        last_run = runs[longer] == runs[longer, -1:]
        members[longer] += np.where(last_run, (reached[longer] - k)[:, None], 0)
        hits[longer] += np.where(last_run, beyond_hits[:, None], 0)
        gains[longer] = hits[longer] / members[longer]
    return gains


def _shared_gains(
    values: Floats, found: NDArray[np.float64], tied: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], Ints]:
    """[b, k] gains of places whose runs end with them; relevant rows and rows of each place's run; runs."""
    steps = np.diff(values, axis=1) < -tied
    runs = np.concatenate((np.zeros((len(values), 1), np.int64), np.cumsum(steps, axis=1)), axis=1)
    together = runs[:, :, None] == runs[:, None, :]
    members = together.sum(axis=2).astype(np.float64)
    hits: NDArray[np.float64] = np.einsum("qij,qj->qi", together, found)
    return hits / members, hits, members, runs.astype(np.int64)
