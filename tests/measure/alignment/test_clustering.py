import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import v_measure_score

from repscope.errors import InputError, VectorError
from repscope.measure.alignment.clustering import cluster_v, cluster_v_replicates

Array = NDArray[np.floating]
Keys = NDArray[np.int64]


def problem(gap: float, noise: float = 0.6, seed: int = 0) -> tuple[Array, Array, Keys, Keys]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((6, 16))
    item_keys, reference_keys = np.arange(90) % 6, np.arange(60) % 6
    items = centres[item_keys] + noise * rng.standard_normal((90, 16))
    reference = centres[reference_keys] + noise * rng.standard_normal((60, 16))
    direction = np.eye(16)[0]
    return items + gap * direction, reference - gap * direction, item_keys, reference_keys


def test_agrees_with_scikit_learn() -> None:
    items, reference, *keys = problem(0.5, noise=1.2)
    both = np.concatenate((items, reference))
    units = both / np.linalg.norm(both, axis=1, keepdims=True)
    clusters = KMeans(6, n_init=3, random_state=0).fit_predict(units)
    expected = v_measure_score(np.concatenate(keys), clusters)
    assert 0.2 < expected < 0.95
    assert cluster_v(items, reference, *keys) == pytest.approx(expected, abs=1e-10)


def test_a_gap_splits_the_sets_and_a_mean_shift_joins_the_classes() -> None:
    items, reference, *keys = problem(8.0)
    before = cluster_v(items, reference, *keys)
    after = cluster_v(items - items.mean(axis=0), reference - reference.mean(axis=0), *keys)
    assert before < 0.75
    assert after > 0.9


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=10)
def test_leaving_out_keeps_the_clusters(seed: int) -> None:
    items, reference, *keys = problem(0.5, noise=1.2, seed=seed)
    rng = np.random.default_rng(seed)
    groups, reference_groups = rng.integers(-1, 9, 90), rng.integers(-1, 9, 60)
    found = cluster_v_replicates(
        items, reference, *keys, groups=groups, reference_groups=reference_groups, n_groups=9
    )
    both = np.concatenate((items, reference))
    units = both / np.linalg.norm(both, axis=1, keepdims=True)
    clusters = KMeans(6, n_init=3, random_state=0).fit_predict(units)
    labels, own = np.concatenate(keys), np.concatenate((groups, reference_groups))
    assert found.value == pytest.approx(v_measure_score(labels, clusters), abs=1e-10)
    expected = [v_measure_score(labels[own != group], clusters[own != group]) for group in range(9)]
    np.testing.assert_allclose(found.leave_out, expected, atol=1e-10)
    assert "clusters held fixed" in found.method


def test_keys_and_rows_are_drawn_and_stated() -> None:
    rng = np.random.default_rng(0)
    items, reference = rng.standard_normal((400, 8)), rng.standard_normal((200, 8))
    keys = np.arange(400) % 40, np.arange(200) % 40
    groups = {"groups": np.arange(400) % 5, "reference_groups": np.arange(200) % 5, "n_groups": 5}
    found = cluster_v_replicates(items, reference, *keys, **groups, max_keys=10, max_rows=70, seed=1)
    assert found.n == 70 + 50
    assert "120 rows into 10 clusters, best of 3 starts" in found.method
    assert found.value == cluster_v(items, reference, *keys, max_keys=10, max_rows=70, seed=1)


def test_a_collapse_is_an_answer() -> None:
    *_, item_keys, reference_keys = problem(0)
    assert cluster_v(np.ones((90, 4)), np.ones((60, 4)), item_keys, reference_keys) == pytest.approx(
        0, abs=1e-9
    )


def test_rotation_and_narrow_floats() -> None:
    items, reference, *keys = problem(0.0)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 16)))[0]
    value = cluster_v(items, reference, *keys)
    assert cluster_v(items @ rotation, reference @ rotation, *keys) == pytest.approx(value, abs=1e-9)
    for dtype in (np.float32, np.float16):
        assert cluster_v(items.astype(dtype), reference.astype(dtype), *keys) == pytest.approx(
            value, abs=0.02
        )


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 4))
    with pytest.raises(InputError, match="one-to-one pairs have no clusters"):
        cluster_v(x, y, np.arange(30), np.arange(30))
    with pytest.raises(InputError, match="at least two keys"):
        cluster_v(x, y, np.zeros(30, int), np.zeros(30, int))
    with pytest.raises(VectorError, match="without any one group"):
        cluster_v_replicates(
            x,
            y,
            np.arange(30) % 2,
            np.arange(30) % 2,
            groups=np.zeros(30, int),
            reference_groups=np.zeros(30, int),
            n_groups=2,
        )
