"""Search in the union of two sets: where a gap between them really hurts."""

from __future__ import annotations

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
    unit_block,
    working_dtype,
)
from repscope.measure.core.grouping import sampling_note
from repscope.measure.core.linking import link_keys

K = 10
MAX_QUERIES = 2000


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
    if k < 1:
        raise InputError("k of at least 1", str(k), "count at least the first place")
    items, reference = check_pair(items, reference)
    link_keys(item_keys, reference_keys, len(items), len(reference))
    gallery_keys = np.concatenate((np.asarray(item_keys, np.int64), np.asarray(reference_keys, np.int64)))
    first, last = (len(items), len(gallery_keys)) if reverse else (0, len(items))
    relevant = _relevant_counts(gallery_keys)
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
    gallery = np.empty((len(gallery_keys), items.shape[1]), dtype)
    for vectors, name, start in ((items, "items", 0), (reference, "reference", len(items))):
        for begin in range(0, len(vectors), 4096):
            rows = slice(begin, min(begin + 4096, len(vectors)))
            gallery[start + rows.start : start + rows.stop] = unit_block(vectors, name, dtype, rows)
    k = min(k, len(gallery_keys) - 1)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    recall, ndcg = np.empty(len(chosen)), np.empty(len(chosen))
    block_rows = block_rows or max(default_block(len(gallery_keys)), 256)
    for begin in range(0, len(chosen), block_rows):
        queries = chosen[begin : begin + block_rows]
        cosines = gallery[queries] @ gallery.T
        cosines[np.arange(len(queries)), queries] = -np.inf
        gains = _expected_gains(cosines, gallery_keys[queries], gallery_keys, k)
        block = slice(begin, begin + len(queries))
        recall[block] = gains.sum(axis=1) / relevant[queries]
        ideal = np.cumsum(discounts)[np.minimum(relevant[queries], k) - 1]
        ndcg[block] = gains @ discounts / ideal
    return MixedSearch(
        queries=chosen - first,
        recall=recall,
        ndcg=ndcg,
        relevant=relevant[chosen],
        k=k,
        method=sampling_note(len(chosen), len(eligible), seed, "queries"),
    )


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
    hits = (gallery_keys[columns] == query_keys[:, None]).astype(np.float64)
    steps = np.diff(values, axis=1) < -tied
    runs = np.concatenate((np.zeros((len(values), 1), np.int64), np.cumsum(steps, axis=1)), axis=1)
    together = runs[:, :, None] == runs[:, None, :]
    members = together.sum(axis=2).astype(np.float64)
    hits = np.einsum("qij,qj->qi", together, hits)

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
    gains: NDArray[np.float64] = hits / members
    return gains
