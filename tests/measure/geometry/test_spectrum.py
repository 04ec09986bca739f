"""Effective ranks: explicit spectra, numpy's SVD, the difference between the named estimators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.core.moments import moments
from repscope.measure.geometry.spectrum import (
    RANKS,
    rank_entropy,
    rank_participation,
    rank_rankme,
    rank_replicates,
    rank_stable,
    spectrum,
    spectrum_rows,
)


def with_singular_values(sigma: np.ndarray, n: int, d: int, seed: int = 0) -> np.ndarray:
    """Rows with mean zero and exactly these singular values."""
    rng = np.random.default_rng(seed)
    left = rng.standard_normal((n, len(sigma)))
    left, _ = np.linalg.qr(left - left.mean(axis=0))
    right, _ = np.linalg.qr(rng.standard_normal((d, len(sigma))))
    return (left * sigma) @ right.T


@pytest.mark.parametrize("shape", [(50, 20), (20, 50)])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_k_equal_directions_have_rank_k_under_every_name(shape: tuple[int, int], k: int) -> None:
    one = spectrum_rows(with_singular_values(np.full(k, 2.5), *shape))
    for name, rank in RANKS.items():
        # RankMe's published 1e-7 on each of the 20 singular values shows in the fifth digit.
        assert rank(one) == pytest.approx(k, rel=1e-4 if name == "rank.rankme" else 1e-9), name


def test_the_names_part_on_one_spectrum() -> None:
    """On σ = 1, ½, ⅓, …, 1/60: one set, and "effective ranks" from 1.6 to 27.8."""
    sigma = 1 / np.arange(1, 61)
    one = spectrum_rows(with_singular_values(sigma, 200, 60))
    p, variance = sigma / sigma.sum(), sigma**2
    assert rank_entropy(one) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-9)
    assert rank_participation(one) == pytest.approx(variance.sum() ** 2 / (variance**2).sum(), rel=1e-9)
    assert rank_stable(one) == pytest.approx(variance.sum(), rel=1e-9)
    of_variances = variance / variance.sum()
    entropy_of_variances = np.exp(-(of_variances * np.log(of_variances)).sum())
    # The number that one old tool called effective rank is none of the four.
    assert rank_entropy(one) > 4 * entropy_of_variances
    assert rank_entropy(one) > 10 * rank_participation(one)
    assert rank_participation(one) > 1.5 * rank_stable(one)
    # On centred rows RankMe differs from the entropy rank by its 1e-7 alone.
    assert rank_rankme(one) == pytest.approx(rank_entropy(one), rel=1e-4)


def test_rankme_sees_the_mean_and_the_others_do_not() -> None:
    x = with_singular_values(np.ones(10), 100, 10)
    near, far = spectrum_rows(x), spectrum_rows(x + 5.0)
    assert rank_rankme(far) < rank_rankme(near) / 2
    for rank in (rank_entropy, rank_participation, rank_stable):
        assert rank(far) == pytest.approx(rank(near), rel=1e-9)


@pytest.mark.parametrize("shape", [(60, 12), (12, 60), (30, 30)])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-7), (np.float32, 1e-4), (np.float16, 5e-3)])
def test_against_numpys_svd(shape: tuple[int, int], dtype: type, rtol: float) -> None:
    rng = np.random.default_rng(7)
    x = rng.standard_normal(shape) * rng.uniform(0.1, 3, shape[1]) + rng.standard_normal(shape[1])
    one = spectrum_rows(x.astype(dtype))
    centred = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    raw = np.linalg.svd(x, compute_uv=False)
    entropy = centred[:-1] if shape[0] <= shape[1] else centred
    p = entropy / entropy.sum()
    q = raw / raw.sum() + 1e-7
    assert rank_entropy(one) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=rtol)
    assert rank_rankme(one) == pytest.approx(np.exp(-(q * np.log(q)).sum()), rel=rtol)
    assert rank_participation(one) == pytest.approx((centred**2).sum() ** 2 / (centred**4).sum(), rel=rtol)
    assert rank_stable(one) == pytest.approx((centred**2).sum() / centred[0] ** 2, rel=rtol)
    assert len(one.raw) == min(shape)


def test_both_roads_lead_to_one_spectrum() -> None:
    x = np.random.default_rng(0).standard_normal((15, 25)) + 1
    by_rows, by_columns = spectrum_rows(x), spectrum(moments(x))
    np.testing.assert_allclose(by_rows.centred, by_columns.centred, atol=1e-9)
    np.testing.assert_allclose(by_rows.raw, by_columns.raw, rtol=1e-9)


def test_few_directions_are_not_rounded_up() -> None:
    """A rank-one set in 300 dimensions reads 1, not 1 plus 299 times rounding."""
    x = np.outer(np.random.default_rng(0).standard_normal(400), np.ones(300))
    assert rank_entropy(spectrum_rows(x)) == pytest.approx(1, abs=1e-9)
    assert rank_entropy(spectrum_rows(x[:100])) == pytest.approx(1, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**16), st.integers(3, 25), st.integers(1, 25))
def test_order_of_the_ranks(seed: int, n: int, d: int) -> None:
    """Rényi entropies fall with their order: entropy rank ≥ participation ratio ≥ stable rank."""
    rng = np.random.default_rng(seed)
    one = spectrum_rows(rng.standard_normal((n, d)) * rng.uniform(0.1, 2, d))
    assert rank_entropy(one) >= rank_participation(one) - 1e-9
    assert rank_participation(one) >= rank_stable(one) - 1e-9


@pytest.mark.parametrize("shape", [(40, 6), (30, 50)])
def test_replicates(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(1).standard_normal(shape) + 2
    codes = np.arange(shape[0]) % 4 - 1
    table = rank_replicates(x, codes, 3)
    for name, rank in RANKS.items():
        rest = [rank(spectrum_rows(x[codes != group])) for group in range(3)]
        np.testing.assert_allclose(table[name].leave_out, rest, rtol=1e-9)


def test_refusals() -> None:
    with pytest.raises(VectorError, match="equal rows"):
        rank_entropy(spectrum_rows(np.ones((5, 3))))
    with pytest.raises(VectorError, match="equal rows"):
        rank_stable(spectrum_rows(np.full((5, 9), 0.1)))
    with pytest.raises(VectorError, match="all zero"):
        rank_rankme(spectrum_rows(np.zeros((5, 3))))
    with pytest.raises(VectorError):
        rank_participation(spectrum_rows(np.ones((1, 3))))
    with pytest.raises(VectorError, match="row 1"):
        spectrum_rows(np.array([[0.0, 1, 2], [np.inf, 0, 0]]))
