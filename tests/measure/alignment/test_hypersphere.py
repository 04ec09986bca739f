import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from repscope.errors import LinkError, VectorError
from repscope.measure.alignment import hypersphere
from repscope.measure.alignment.hypersphere import alignment_items, uniformity, uniformity_replicates

Array = NDArray[np.floating]


def rows(seed: int, n: int = 30) -> Array:
    return np.random.default_rng(seed).standard_normal((n, 5)) + 0.4


def published_uniformity(x: Array) -> float:
    """As in the authors' code."""
    units = torch.nn.functional.normalize(torch.tensor(x))
    return float(torch.pdist(units, p=2).pow(2).mul(-2).exp().mean().log())


def test_alignment_is_the_published_loss_for_pairs() -> None:
    x, y = (torch.nn.functional.normalize(torch.tensor(rows(seed))) for seed in (0, 1))
    expected = (x - y).norm(p=2, dim=1).pow(2)
    keys = np.arange(30)
    found = alignment_items(rows(0) * 7, rows(1), keys, keys)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-12)


@given(st.integers(0, 10_000), st.sampled_from([2, 2048]))
@settings(deadline=None, max_examples=20)
def test_alignment_over_several_linked_rows(seed: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    items, reference = rows(seed), rows(seed + 1, 20)
    item_keys, reference_keys = rng.integers(-1, 6, 30), rng.integers(-1, 7, 20)
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (items, reference)]
    squares = ((units[0][:, None] - units[1]) ** 2).sum(axis=2)
    linked = (item_keys[:, None] == reference_keys) & (item_keys[:, None] >= 0)
    expected = [row[one].mean() for row, one in zip(squares, linked, strict=True) if one.any()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hypersphere, "CHUNK", chunk)
        found = alignment_items(items, reference, item_keys, reference_keys)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-10), (np.float32, 1e-5), (np.float16, 2e-3)])
def test_uniformity_is_the_published_loss(dtype: type, atol: float) -> None:
    x = rows(2, 60)
    assert uniformity(x.astype(dtype), block_rows=17) == pytest.approx(published_uniformity(x), abs=atol)


def test_uniformity_of_one_direction_and_of_two_opposite_rows() -> None:
    assert uniformity(np.ones((5, 3), np.float32)) == pytest.approx(0, abs=1e-6)
    assert uniformity(np.array([[1.0, 0], [-2, 0]])) == pytest.approx(-8)


@given(st.integers(0, 10_000), st.integers(1, 40))
@settings(deadline=None, max_examples=20)
def test_leaving_out_is_measuring_the_other_rows(seed: int, block_rows: int) -> None:
    x, groups = rows(seed), np.random.default_rng(seed).integers(-1, 6, 30)
    found = uniformity_replicates(x, groups, 6, block_rows=block_rows)
    assert found.value == pytest.approx(uniformity(x), abs=1e-10)
    expected = [uniformity(x[groups != group]) for group in range(6)]
    np.testing.assert_allclose(found.leave_out, expected, atol=1e-10)


def test_a_sample_is_stated_and_near() -> None:
    x = rows(3, 900)
    groups = np.arange(900) % 30
    found = uniformity_replicates(x, groups, 30, max_rows=600, seed=1)
    assert found.method == "600 of 900 rows drawn with seed 1"
    assert found.n == 600
    assert found.value == uniformity(x, max_rows=600, seed=1)
    assert found.value == pytest.approx(uniformity(x), abs=0.1)
    assert uniformity_replicates(x, groups, 30).method == ""


def test_refusals() -> None:
    with pytest.raises(VectorError, match="at least two rows"):
        uniformity(np.ones((1, 3)))
    with pytest.raises(VectorError, match="at least two rows"):
        uniformity_replicates(rows(0, 4), np.array([0, 0, 0, 1]), 2)
    with pytest.raises(LinkError, match="linked to a reference row"):
        alignment_items(rows(0), rows(1), np.arange(30), np.arange(30) + 30)
