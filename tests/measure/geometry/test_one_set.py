"""Geometry of one set: loops over pairs, numpy, closed forms, groups left out, what is undefined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.core.estimate import FIXED
from repscope.measure.core.moments import moments, unit_group_moments
from repscope.measure.geometry.isotropy import isotropy, isotropy_replicates
from repscope.measure.geometry.one_set import (
    NAMES,
    cosine_mean,
    geometry_replicates,
    norm_sd,
    norms,
    spread_cosine,
    spread_total,
    std_min,
)
from repscope.measure.geometry.spectrum import RANKS, spectrum_rows

SEEDS = st.integers(0, 2**16)


def rows(seed: int, n: int = 40, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)


def unit_moments(x: np.ndarray):
    return unit_group_moments(x, np.zeros(len(x), int), 1)[0][0]


def pairwise_cosines(x: np.ndarray) -> list[float]:
    return [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for i, a in enumerate(x) for b in x[i + 1 :]]


def every(x: np.ndarray) -> dict[str, float]:
    """Each measure by its own function."""
    unit = unit_moments(x)
    return {
        "norm.sd": norm_sd(moments(norms(x)[:, None])),
        "spread.total": spread_total(moments(x)),
        "spread.cosine": spread_cosine(unit),
        "cosine.mean": cosine_mean(unit),
        "std.min": std_min(moments(x)),
        "isotropy": isotropy(x),
        **{name: rank(spectrum_rows(x)) for name, rank in RANKS.items()},
    }


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-4), (np.float16, 5e-3)])
def test_against_loops_over_pairs(dtype: type, rtol: float) -> None:
    x = rows(3)
    read = every(x.astype(dtype))
    assert read["spread.total"] == pytest.approx(x.var(axis=0, ddof=1).sum(), rel=rtol)
    assert read["std.min"] == pytest.approx(x.std(axis=0, ddof=1).min(), rel=rtol)
    assert read["norm.sd"] == pytest.approx(np.linalg.norm(x, axis=1).std(ddof=1), rel=rtol)
    assert read["cosine.mean"] == pytest.approx(np.mean(pairwise_cosines(x)), rel=rtol)
    assert read["spread.cosine"] == pytest.approx(1 - np.mean(pairwise_cosines(x)), rel=rtol)
    np.testing.assert_allclose(norms(x.astype(dtype)), np.linalg.norm(x, axis=1), rtol=rtol)


def test_known_cosines() -> None:
    assert cosine_mean(unit_moments(np.eye(7))) == pytest.approx(0, abs=1e-12)
    assert cosine_mean(unit_moments(np.array([[1.0, 0], [-3, 0]]))) == pytest.approx(-1, abs=1e-12)
    assert spread_cosine(unit_moments(np.arange(1.0, 6)[:, None] * np.ones(3))) == pytest.approx(0, abs=1e-15)


def test_spread_of_nearly_equal_directions_keeps_its_digits() -> None:
    # Two rows 1e-6 apart: 1 − cos = 2 sin²(angle/2) = 5e-13, which 1 − (cosine) would round.
    x = np.array([[1.0, 0.0], [np.cos(1e-6), np.sin(1e-6)]])
    assert spread_cosine(unit_moments(x)) == pytest.approx(2 * np.sin(5e-7) ** 2, rel=1e-6)


def naive_isotropy(x: np.ndarray) -> float:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(unit.T @ unit)
    values = [sum(np.exp(sign * v @ u) for u in unit) for v in vectors.T for sign in (1, -1)]
    return min(values) / max(values)


@pytest.mark.parametrize("shape", [(40, 5), (6, 20)])
def test_isotropy_against_a_loop(shape: tuple[int, int]) -> None:
    x = rows(1, *shape)
    assert isotropy(x) == pytest.approx(naive_isotropy(x), rel=1e-8)
    assert isotropy(x.astype(np.float32)) == pytest.approx(naive_isotropy(x), rel=1e-4)


def test_isotropy_at_its_ends() -> None:
    assert isotropy(np.vstack([np.eye(4), -np.eye(4)])) == pytest.approx(1, abs=1e-12)
    # Along the line Z is 2 cosh 1; in the directions that the set does not reach it is 2.
    assert isotropy(np.array([[1.0, 0, 0], [-1, 0, 0]])) == pytest.approx(1 / np.cosh(1), rel=1e-12)
    assert isotropy(np.tile([[3.0, 4.0]], (9, 1))) == pytest.approx(np.exp(-2), rel=1e-9)


@pytest.mark.parametrize("shape", [(40, 5), (30, 50)])
def test_left_out_groups_are_the_plain_measure_on_the_rest(shape: tuple[int, int]) -> None:
    x = rows(5, *shape)
    codes = np.arange(shape[0]) % 5 - 1
    table = geometry_replicates(x, codes, 4)
    whole = every(x)
    assert set(table) == set(NAMES) == set(whole)
    assert not table.why
    for name, replicates in table.items():
        assert replicates.value == pytest.approx(whole[name], rel=1e-9), name
        assert replicates.n == shape[0]
        if name != "isotropy":
            rest = [every(x[codes != group])[name] for group in range(4)]
            np.testing.assert_allclose(replicates.leave_out, rest, rtol=1e-8, err_msg=name)


def test_isotropy_left_out_holds_the_directions() -> None:
    x = rows(2)
    codes = np.arange(40) % 4
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(unit.T @ unit)
    left = []
    for group in range(4):
        along = unit[codes != group] @ np.hstack([vectors, -vectors])
        partition = np.exp(along).sum(axis=0)
        left.append(partition.min() / partition.max())
    replicates = isotropy_replicates(x, codes, 4)
    np.testing.assert_allclose(replicates.leave_out, left, rtol=1e-10)
    assert "held fixed" in replicates.method


def test_only_what_is_asked_for() -> None:
    table = geometry_replicates(rows(0), np.arange(40) % 4, 4, names=("rank.stable", "spread.total"))
    assert set(table) == {"rank.stable", "spread.total"}


def test_a_point_has_no_rank_and_says_so() -> None:
    table = geometry_replicates(np.tile(rows(0)[:1], (30, 1)), np.arange(30) % 3, 3)
    assert set(table.why) == {"rank.entropy", "rank.participation", "rank.stable"}
    assert "equal rows" in table.why["rank.entropy"]
    assert table["spread.cosine"].value == pytest.approx(0, abs=1e-12)
    assert table["rank.rankme"].value == pytest.approx(1, abs=1e-4)
    assert table["cosine.mean"].value == pytest.approx(1, abs=1e-12)


def test_a_zero_row_has_no_cosine_and_says_so() -> None:
    x = rows(0)
    x[4] = 0
    table = geometry_replicates(x, np.arange(40) % 4, 4)
    assert set(table.why) == {"spread.cosine", "cosine.mean", "isotropy"}
    assert "row 4" in table.why["isotropy"]
    assert table["spread.total"].value == pytest.approx(x.var(axis=0, ddof=1).sum())


def test_one_row_has_no_spread() -> None:
    table = geometry_replicates(rows(0, 1), np.zeros(1, int), 1)
    assert set(table) == {"rank.rankme", "isotropy"}
    assert "at least 2 rows" in table.why["spread.total"]


def test_a_left_out_group_that_leaves_too_little_is_nan() -> None:
    table = geometry_replicates(rows(0, 5), np.array([0, 0, 0, 0, 1]), 2)
    assert np.isnan(table["spread.total"].leave_out).tolist() == [True, False]
    assert np.isnan(table["rank.entropy"].leave_out).tolist() == [True, False]


@settings(deadline=None, max_examples=25)
@given(SEEDS)
def test_invariances(seed: int) -> None:
    x = rows(seed)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    same = every(x)
    shuffled, turned, scaled = every(rng.permutation(x)), every(x @ turn), every(2.5 * x)
    for name, value in same.items():
        assert shuffled[name] == pytest.approx(value, rel=1e-8), name
        if name != "std.min":
            assert turned[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name
    for name in ("spread.cosine", "cosine.mean", "isotropy", *RANKS):
        assert scaled[name] == pytest.approx(same[name], rel=1e-7), name
    assert scaled["spread.total"] == pytest.approx(6.25 * same["spread.total"])
    assert scaled["std.min"] == pytest.approx(2.5 * same["std.min"])


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.integers(2, 30), st.integers(1, 30))
def test_bounds(seed: int, n: int, d: int) -> None:
    x = rows(seed, n, d)
    read = every(x)
    assert 0 <= read["spread.cosine"] <= n / (n - 1) + 1e-9
    assert -1 / (n - 1) - 1e-9 <= read["cosine.mean"] <= 1 + 1e-9
    assert np.exp(-2) - 1e-9 <= read["isotropy"] <= 1 + 1e-12
    for name in ("rank.entropy", "rank.participation", "rank.stable"):
        assert 1 - 1e-9 <= read[name] <= min(n - 1, d) + 1e-6


def test_refusals() -> None:
    bad = rows(0)
    bad[2] = np.nan
    for refused in (norms, isotropy, lambda x: geometry_replicates(x, np.zeros(40, int), 1)):
        with pytest.raises(VectorError, match="row 2"):
            refused(bad)
    with pytest.raises(VectorError, match="zero"):
        isotropy(np.zeros((3, 2)))
    with pytest.raises(VectorError):
        geometry_replicates(rows(0), np.full(40, 9), 2)
    with pytest.raises(VectorError, match="at least 2 rows"):
        spread_total(moments(rows(0, 1)))


def test_real_embeddings(shared_data: Path) -> None:
    """CLIP image and text embeddings of 500 COCO pairs: exact sums against all pairs."""
    for x in np.load(shared_data / "embeddings/modality_gap/features_clip.npy"):
        unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
        cosines = (unit @ unit.T)[np.triu_indices(len(x), 1)]
        table = geometry_replicates(
            x, np.arange(len(x)) % 20, 20, ("spread.cosine", "isotropy", "rank.rankme")
        )
        assert table["spread.cosine"].value == pytest.approx(1 - cosines.mean(), rel=1e-9)
        # A narrow cone: the mean cosine is high, and isotropy far from 1.
        assert cosines.mean() > 0.3
        assert table["isotropy"].value < 0.5


def test_fixed_rows_stay() -> None:
    x = rows(4)
    codes = np.full(40, FIXED)
    codes[:10] = 0
    left = geometry_replicates(x, codes, 1)["spread.total"].leave_out
    np.testing.assert_allclose(left, [x[10:].var(axis=0, ddof=1).sum()])
