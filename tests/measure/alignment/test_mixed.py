import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import ndcg_score
from torchmetrics.functional.retrieval import retrieval_normalized_dcg, retrieval_recall

from repscope.errors import InputError, LinkError
from repscope.measure.alignment.mixed import mixed_replicates, mixed_search

Array = NDArray[np.floating]
Keys = NDArray[np.int64]


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def problem(seed: int, n: int = 30, m: int = 20, keys: int = 8) -> tuple[Array, Array, Keys, Keys]:
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, 6)),
        rng.standard_normal((m, 6)),
        rng.integers(-1, keys, n),
        rng.integers(-1, keys, m),
    )


@given(st.integers(0, 10_000), st.integers(1, 40), st.booleans())
@settings(deadline=None, max_examples=20)
def test_agrees_with_torchmetrics_query_by_query(seed: int, block_rows: int, reverse: bool) -> None:
    items, reference, item_keys, reference_keys = problem(seed)
    found = mixed_search(items, reference, item_keys, reference_keys, reverse=reverse, block_rows=block_rows)
    if reverse:
        items, reference, item_keys, reference_keys = reference, items, reference_keys, item_keys
    gallery, gallery_keys = (
        unit(np.concatenate((items, reference))),
        np.concatenate((item_keys, reference_keys)),
    )
    queries = [i for i, key in enumerate(item_keys) if key >= 0 and (gallery_keys == key).sum() > 1]
    np.testing.assert_array_equal(found.queries, queries)
    for place, query in enumerate(queries):
        others = np.arange(len(gallery)) != query
        scores = torch.tensor(gallery[others] @ gallery[query])
        relevant = torch.tensor(gallery_keys[others] == item_keys[query])
        assert found.recall[place] == pytest.approx(float(retrieval_recall(scores, relevant, top_k=10)))
        oracle = retrieval_normalized_dcg(scores, relevant, top_k=10)
        assert found.ndcg[place] == pytest.approx(float(oracle), abs=1e-6)
        assert found.relevant[place] == relevant.sum()


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_ties_are_shared_as_scikit_learn_shares_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Few directions, so that most rows tie with others: in each set every row is one of five points.
    points = rng.standard_normal((5, 4))
    item_rows, reference_rows = rng.integers(0, 5, 25), rng.integers(0, 5, 15)
    item_keys, reference_keys = rng.integers(0, 4, 25), rng.integers(0, 4, 15)
    lengths = rng.uniform(0.5, 2, (25, 1))
    found = mixed_search(points[item_rows] * lengths, points[reference_rows], item_keys, reference_keys)
    cosines = np.round(unit(points) @ unit(points).T, 9)
    rows, keys = np.concatenate((item_rows, reference_rows)), np.concatenate((item_keys, reference_keys))
    for place, query in enumerate(found.queries):
        others = np.arange(40) != query
        relevant = (keys[others] == keys[query]).astype(float)
        scores = cosines[rows[query], rows[others]]
        oracle = ndcg_score(relevant[None], scores[None], k=10)
        assert found.ndcg[place] == pytest.approx(oracle, abs=1e-9)
        expected = sum(
            relevant[scores == value].mean() * min(10 - (scores > value).sum(), (scores == value).sum())
            for value in np.unique(scores)
            if (scores > value).sum() < 10
        )
        assert found.recall[place] == pytest.approx(expected / relevant.sum(), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_total_collapse_finds_by_chance(dtype: type) -> None:
    point = np.random.default_rng(0).standard_normal(80).astype(dtype)
    found = mixed_search(np.tile(point, (60, 1)), np.tile(point, (60, 1)), np.arange(60), np.arange(60))
    np.testing.assert_allclose(found.recall, 10 / 119)


def test_a_gap_hides_partners_and_a_mean_shift_brings_them_back() -> None:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((200, 24))
    items = shared + 0.3 * rng.standard_normal((200, 24)) + 8 * np.eye(24)[0]
    reference = shared + 0.3 * rng.standard_normal((200, 24)) - 8 * np.eye(24)[0]
    keys = np.arange(200)
    before = mixed_search(items, reference, keys, keys)
    after = mixed_search(items - items.mean(axis=0), reference - reference.mean(axis=0), keys, keys)
    assert before.recall.mean() < 0.05
    assert after.recall.mean() > 0.95
    assert after.ndcg.mean() > 0.9


def test_queries_are_drawn_alike_for_any_vectors() -> None:
    items, reference, *keys = problem(1, n=300)
    first = mixed_search(items, reference, *keys, max_queries=50, seed=2)
    second = mixed_search(items[:, ::-1] + 1, reference, *keys, max_queries=50, seed=2)
    whole = mixed_search(items, reference, *keys)
    np.testing.assert_array_equal(first.queries, second.queries)
    np.testing.assert_allclose(first.recall, whole.recall[np.isin(whole.queries, first.queries)])
    assert first.method.startswith("50 of ")
    assert whole.method == ""


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=15)
def test_leaving_out_equals_searching_without(seed: int, tied: bool, pairs: bool) -> None:
    items, reference, item_keys, reference_keys = problem(seed, n=60, m=25)
    rng = np.random.default_rng(seed)
    if tied:
        points = rng.standard_normal((6, 6))
        items, reference = points[rng.integers(0, 6, 60)], points[rng.integers(0, 6, 25)]
    groups = rng.integers(-1, 6, 60)
    reference_groups = rng.integers(-1, 6, 25) if pairs else np.full(25, -1)
    found = mixed_replicates(
        items, reference, item_keys, reference_keys,
        groups=groups, reference_groups=reference_groups, n_groups=6, block_rows=17,
    )  # fmt: skip
    whole = mixed_search(items, reference, item_keys, reference_keys)
    assert found["recall"].value == pytest.approx(whole.recall.mean(), abs=1e-12)
    assert found["ndcg"].value == pytest.approx(whole.ndcg.mean(), abs=1e-12)
    for group in range(6):
        kept, kept_reference = groups != group, reference_groups != group
        rest = mixed_search(
            items[kept], reference[kept_reference], item_keys[kept], reference_keys[kept_reference]
        )
        assert found["recall"].leave_out[group] == pytest.approx(rest.recall.mean(), abs=1e-12)
        assert found["ndcg"].leave_out[group] == pytest.approx(rest.ndcg.mean(), abs=1e-12)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=10)
def test_rotation_changes_nothing_and_order_only_order(seed: int) -> None:
    items, reference, item_keys, reference_keys = problem(seed)
    rng = np.random.default_rng(seed)
    rotation, rows = np.linalg.qr(rng.standard_normal((6, 6)))[0], rng.permutation(30)
    before = mixed_search(items, reference, item_keys, reference_keys)
    after = mixed_search(items[rows] @ rotation, reference @ rotation, item_keys[rows], reference_keys)
    place = np.argsort(rows[after.queries])
    np.testing.assert_array_equal(rows[after.queries][place], before.queries)
    np.testing.assert_allclose(after.ndcg[place], before.ndcg, atol=1e-12)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-4), (np.float16, 2e-2)])
def test_narrow_floats(dtype: type, atol: float) -> None:
    items, reference, *keys = problem(5, n=200)
    exact = mixed_search(items, reference, *keys)
    narrow = mixed_search(items.astype(dtype), reference.astype(dtype), *keys)
    assert narrow.ndcg.mean() == pytest.approx(exact.ndcg.mean(), abs=atol)


def test_a_gallery_smaller_than_k() -> None:
    found = mixed_search(np.eye(2), np.eye(2), np.arange(2), np.arange(2))
    assert found.k == 3
    np.testing.assert_array_equal(found.recall, 1.0)
    np.testing.assert_allclose(found.ndcg, 1.0)


def test_refusals() -> None:
    items, reference, *keys = problem(0)
    with pytest.raises(LinkError, match="another row of its key"):
        mixed_search(items, reference, np.full(30, -1), keys[1])
    with pytest.raises(InputError, match="k of at least 1"):
        mixed_search(items, reference, *keys, k=0)
    with pytest.raises(LinkError, match="one integer key"):
        mixed_search(items, reference, keys[0][:3], keys[1])
