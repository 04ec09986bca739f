"""Copies up to rounding: against every pair, in every dtype, in crowds, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from repscope.errors import InputError, VectorError
from repscope.knn.repeated import near_copies, rounding


def naive(x: np.ndarray, tolerance: float) -> list[int]:
    """Components of the relation, row by row."""
    x = x.astype(np.float64)
    lengths = np.linalg.norm(x, axis=1)
    close = cdist(x, x) <= tolerance * np.maximum(lengths[:, None], lengths)
    codes = np.full(len(x), -1)
    count = 0
    for row in range(len(x)):
        if codes[row] >= 0:
            continue
        reached, waiting = {row}, [row]
        while waiting:
            for other in np.flatnonzero(close[waiting.pop()]):
                if other not in reached:
                    reached.add(int(other))
                    waiting.append(int(other))
        codes[list(reached)] = count
        count += 1
    return codes.tolist()


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 999),
    st.integers(1, 40),
    st.sampled_from([1, 2, 5, 40]),
    st.sampled_from(["f2", "f4", "f8"]),
)
def test_against_every_pair(seed: int, distinct: int, width: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((distinct, width)) * 10.0 ** rng.integers(-3, 4, (distinct, 1))
    x = base[rng.integers(0, distinct, 80)]
    away = rng.standard_normal(x.shape)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    tolerance = rounding(np.dtype(dtype), width)
    x = (x + 0.1 * tolerance * np.linalg.norm(x, axis=1, keepdims=True) * away).astype(dtype)
    if dtype == "f2":
        x = x[np.abs(x).max(axis=1) > 1e-2]  # below, half precision has fewer digits
    found = near_copies(x)
    if len(x):
        assert found.codes.tolist() == naive(x, found.tolerance)


def test_batches_of_other_sizes() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 64)).astype(np.float32)
    copies = x[:50] * np.float32(1 + 2e-7)
    assert not (copies == x[:50]).all()
    both = np.concatenate([x, copies])
    found = near_copies(both)
    assert found.codes[500:].tolist() == list(range(50))
    assert (found.groups, found.extra, found.repeated) == (500, 50, 100)
    assert found.first.tolist() == list(range(500))
    # The same numbers in float64 are still those of float32.
    assert near_copies(both.astype(np.float64)).codes.tolist() == found.codes.tolist()
    assert near_copies(both.astype(np.float64) * np.pi).extra == 0


def test_crowds_cost_no_pairs() -> None:
    """100,000 copies of three rows have 10⁹ pairs."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 16)).astype(np.float32)[rng.integers(0, 3, 100_000)]
    x *= 1 + rng.integers(-2, 3, (len(x), 1)).astype(np.float32) * np.float32(6e-8)
    assert near_copies(x).groups == 3


def test_a_collapsed_set_that_is_wider_than_rounding_has_no_copies() -> None:
    rng = np.random.default_rng(0)
    centre = rng.standard_normal(256)
    x = centre + 1e-4 * np.linalg.norm(centre) / 16 * rng.standard_normal((600, 256))
    assert near_copies(x.astype(np.float32)).extra == 0
    point = np.broadcast_to(centre, (600, 256)) + 1e-9 * rng.standard_normal((600, 256))
    assert near_copies(point.astype(np.float32)).groups == 1


def test_zero_rows_integers_and_none() -> None:
    assert near_copies(np.array([[0, 0], [1, 2], [0, 0], [1, 3]])).codes.tolist() == [0, 1, 0, 2]
    assert near_copies(np.empty((0, 3), np.float32)).groups == 0
    assert near_copies(np.ones((1, 3))).codes.tolist() == [0]
    assert near_copies(np.array([[1.0, 0], [0.9, 0]]), tolerance=0.2).groups == 1
    tiny = np.array([[1e-200, 0], [0, 1e-200], [1e-200, 0]])
    assert near_copies(tiny).codes.tolist() == [0, 1, 0]


def test_refusals() -> None:
    with pytest.raises(VectorError, match="rows 1"):
        near_copies(np.array([[1.0, 2], [np.nan, 0]]))
    with pytest.raises(VectorError, match="real numbers"):
        near_copies(np.ones(3))
    with pytest.raises(InputError, match="tolerance"):
        near_copies(np.ones((2, 2)), tolerance=1.0)
