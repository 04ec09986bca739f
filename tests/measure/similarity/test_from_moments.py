"""CKA, Procrustes, SVCCA and PWCCA: matrices and SVDs written out, invariances, nulls, what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, VectorError
from repscope.measure.core.estimate import FIXED
from repscope.measure.core.pairs import null_of
from repscope.measure.similarity.cca import pwcca, pwcca_replicates, svcca, svcca_replicates
from repscope.measure.similarity.cka import cka_debiased, cka_replicates
from repscope.measure.similarity.compute import similarity_nulls, similarity_replicates
from repscope.measure.similarity.from_moments import NAMES, moment_nulls, moment_replicates
from repscope.measure.similarity.procrustes import (
    nuclear_norm,
    procrustes,
    procrustes_replicates,
    quick_nuclear_norm,
)

PLAIN = {"cka.debiased": cka_debiased, "procrustes": procrustes, "svcca": svcca, "pwcca": pwcca}
DTYPES = [(np.float64, 1e-6), (np.float32, 1e-4), (np.float16, 1e-2)]
SEEDS = st.integers(0, 2**16)


def pair(seed: int, n: int = 60, d1: int = 6, d2: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Two sets that share some of what they hold."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 3))
    x = shared @ rng.standard_normal((3, d1)) + rng.standard_normal((n, d1)) + 2
    return x, shared @ rng.standard_normal((3, d2)) + rng.standard_normal((n, d2)) - 1


def turned(x: np.ndarray, seed: int = 0) -> np.ndarray:
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((x.shape[1], x.shape[1])))
    return x @ turn


# Oracles, each from N × N matrices or from an SVD of the rows.


def naive_cka(x: np.ndarray, y: np.ndarray) -> float:
    n = len(x)

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        ones = np.ones(n)
        middle = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
        return (np.trace(k @ m) + middle - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3))

    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def scipy_procrustes(x: np.ndarray, y: np.ndarray) -> float:
    """scipy's disparity is 1 − ‖XᵀY‖²_* at unit size."""
    from scipy.spatial import procrustes as of_scipy

    d = max(x.shape[1], y.shape[1])
    padded = [np.pad(one, ((0, 0), (0, d - one.shape[1]))) for one in (x, y)]
    return float(np.sqrt(1 - of_scipy(*padded)[2]))


def components(x: np.ndarray, share: float) -> np.ndarray:
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    count = np.searchsorted(np.cumsum(s**2) / (s**2).sum(), share) + 1
    return u[:, : min(count, np.count_nonzero(s > 1e-5 * s[0]))]


def naive_svcca(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.linalg.svd(components(x, 0.99).T @ components(y, 0.99), compute_uv=False).mean())


def naive_pwcca(x: np.ndarray, y: np.ndarray) -> float:
    a, b = components(x, 2.0), components(y, 2.0)
    if a.shape[1] > b.shape[1]:
        return naive_pwcca(y, x)
    left, rho, _ = np.linalg.svd(a.T @ b, full_matrices=False)
    variates = a @ left
    weights = np.abs(variates.T @ (x - x.mean(axis=0))).sum(axis=1)
    return float(weights @ rho / weights.sum())


ORACLES = {
    "cka.debiased": naive_cka,
    "procrustes": scipy_procrustes,
    "svcca": naive_svcca,
    "pwcca": naive_pwcca,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_against_oracles(name: str, dtype: type, tolerance: float) -> None:
    for d1, d2 in ((6, 4), (4, 6), (5, 5)):
        x, y = pair(1, 60, d1, d2)
        assert PLAIN[name](x.astype(dtype), y.astype(dtype)) == pytest.approx(
            ORACLES[name](x, y), abs=tolerance
        )


@pytest.mark.parametrize("name", ["cka.debiased", "procrustes", "svcca"])
def test_against_oracles_with_more_columns_than_rows(name: str) -> None:
    rng = np.random.default_rng(0)
    decay = np.geomspace(1, 1e-3, 80)  # so that 99 % of the variance lies in fewer columns than rows
    x, y = rng.standard_normal((30, 80)) * decay, rng.standard_normal((30, 40)) * decay[::2]
    assert PLAIN[name](x, y) == pytest.approx(ORACLES[name](x, y), abs=1e-6)


def test_pwcca_of_a_low_rank_set_in_many_columns_weighs_its_own_columns() -> None:
    rng = np.random.default_rng(0)
    x, y = pair(2, 30, 4, 6)
    wide = x @ rng.standard_normal((4, 50))
    assert pwcca(wide, y) == pytest.approx(naive_pwcca(wide, y), abs=1e-6)


def test_cka_is_debiased() -> None:
    """Unrelated sets, N = D: plain CKA reads about a half, the unbiased one about 0."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(20):
        x, y = rng.standard_normal((2, 40, 40))
        values.append(cka_debiased(x, y))
    a, b = (one - one.mean(axis=0) for one in (x, y))
    plain = np.square(a.T @ b).sum() / np.sqrt(np.square(a.T @ a).sum() * np.square(b.T @ b).sum())
    assert plain > 0.4
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(20) + 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_same_set_turned_moved_and_scaled_is_the_same(name: str) -> None:
    x, _ = pair(3)
    assert PLAIN[name](x, 3 * turned(x) - 5) == pytest.approx(1, abs=1e-6)


def test_cca_sees_through_any_linear_map_and_procrustes_does_not() -> None:
    x, _ = pair(3)
    skewed = x @ (np.diag([20.0, 1, 1, 1, 1, 1]) @ np.random.default_rng(0).standard_normal((6, 6)))
    assert pwcca(x, skewed) == pytest.approx(1, abs=1e-6)
    assert procrustes(x, skewed) < 0.9
    assert cka_debiased(x, skewed) < 0.9


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_invariances_bounds_and_symmetry(seed: int) -> None:
    x, y = pair(seed, 40)
    order = np.random.default_rng(seed).permutation(40)
    for name, measure in PLAIN.items():
        value = measure(x, y)
        assert (-1 if name == "cka.debiased" else 0) <= value <= 1 + 1e-9, name
        assert measure(x[order], y[order]) == pytest.approx(value, abs=1e-7), name
        assert measure(y, x) == pytest.approx(value, abs=1e-7), name  # widths differ, so for PWCCA too
        if name != "pwcca":  # its weights are sums over columns
            assert measure(2 * turned(x, seed) + 1, y) == pytest.approx(value, abs=1e-7), name


@pytest.mark.parametrize("shape", [(60, 6, 4), (20, 12, 9), (24, 30, 4)])
def test_left_out_groups_are_the_plain_measure_on_the_rest(shape: tuple[int, int, int]) -> None:
    x, y = pair(4, *shape)
    x = x * np.geomspace(1, 1e-3, shape[1])
    codes = np.arange(shape[0]) % 4 - 1
    table = moment_replicates(x, y, codes, 3)
    alone = {
        "cka.debiased": cka_replicates,
        "procrustes": procrustes_replicates,
        "svcca": svcca_replicates,
        "pwcca": pwcca_replicates,
    }
    for name in NAMES:
        if shape[1] > shape[0] and name == "pwcca":
            assert "fewer dimensions than rows" in table.why[name]
            continue
        rest = [PLAIN[name](x[codes != group], y[codes != group]) for group in range(3)]
        for replicates in (table[name], alone[name](x, y, codes, 3)):
            assert replicates.value == pytest.approx(PLAIN[name](x, y), abs=1e-9), name
            np.testing.assert_allclose(replicates.leave_out, rest, atol=1e-8, err_msg=name)


def test_names_choose() -> None:
    x, y = pair(0)
    assert set(moment_replicates(x, y, np.full(60, FIXED), 0, ("svcca",))) == {"svcca"}
    assert set(moment_nulls(x, y, permutations=2, names=("pwcca",))) == {"pwcca"}


@pytest.mark.parametrize("name", NAMES)
def test_null_is_the_measure_of_permuted_rows(name: str) -> None:
    x, y = pair(5)
    null = moment_nulls(x, y, seed=3, permutations=9, names=(name,))[name]
    rng = np.random.default_rng(3)
    drawn = [PLAIN[name](x, y[rng.permutation(60)]) for _ in range(9)]
    assert null.observed == pytest.approx(PLAIN[name](x, y), abs=1e-9)
    assert null.mean == pytest.approx(np.mean(drawn), abs=1e-7)
    assert null.low == pytest.approx(np.quantile(drawn, 0.025), abs=1e-7)
    assert null.high == pytest.approx(np.quantile(drawn, 0.975), abs=1e-7)
    assert null.p == (1 + sum(one >= null.observed for one in drawn)) / 10
    assert (null.permutations, null.rows) == (9, 60)


def test_null_of_many_rows_is_of_a_sample() -> None:
    x, y = pair(6, 90)
    null = moment_nulls(x, y, permutations=3, most_rows=50, names=("procrustes",))["procrustes"]
    assert null.rows == 50
    assert "50 of 90 rows" in null.method
    rows = np.sort(np.random.default_rng(0).choice(90, 50, replace=False))
    assert null.observed == pytest.approx(procrustes(x[rows], y[rows]))


def test_p_counts_ties_as_similar() -> None:
    assert null_of(0.5, [0.5 - 1e-15, 0.5, 0.1], 10).p == 0.75
    assert null_of(0.5, [0.1] * 19, 10).p == 0.05


def test_unrelated_sets_stay_within_their_null() -> None:
    """p is uniform when nothing is shared; 20 studies at p ≤ 0.05 in more than 5 would be 1 in 10,000."""
    rng = np.random.default_rng(1)
    ps = [
        moment_nulls(*rng.standard_normal((2, 30, 5)), permutations=19, names=("cka.debiased",))[
            "cka.debiased"
        ].p
        for _ in range(20)
    ]
    assert sum(p <= 0.05 for p in ps) <= 5
    assert min(ps) >= 0.05


def test_quick_nuclear_norm() -> None:
    a = np.random.default_rng(0).standard_normal((12, 7))
    assert quick_nuclear_norm(a) == pytest.approx(nuclear_norm(a), rel=1e-9)
    assert quick_nuclear_norm(a.T) == pytest.approx(np.linalg.norm(a, "nuc"), rel=1e-9)


def test_undefined_says_why() -> None:
    x, y = pair(0)
    point = np.ones((60, 3))
    table = moment_replicates(point, y, np.arange(60) % 3, 3)
    assert set(table.why) == set(NAMES)
    assert "differ" in table.why["procrustes"]
    for name, measure in PLAIN.items():
        with pytest.raises(VectorError):
            measure(x, np.full((60, 3), 0.1))
        with pytest.raises(VectorError, match="paired"):
            measure(x, y[1:])
        bad = x.copy()
        bad[5] = np.nan
        with pytest.raises(VectorError, match="row 5"):
            measure(bad, y)
        assert name in moment_nulls(point, y, permutations=2).why
    with pytest.raises(VectorError, match="every correlation is 1"):
        pwcca(x[:6], y[:6])
    with pytest.raises(VectorError, match="at least 4 rows"):
        cka_debiased(x[:3], y[:3])
    with pytest.raises(InputError, match="permutation"):
        moment_nulls(x, y, permutations=0)


def test_left_out_to_nothing_is_nan() -> None:
    x, y = pair(0, 8, 2, 2)
    table = moment_replicates(x, y, np.array([0] * 6 + [1] * 2), 2)
    for name in NAMES:
        assert np.isnan(table[name].leave_out[0]) or name == "procrustes"
        assert np.isfinite(table[name].leave_out[1])


def test_all_together() -> None:
    x, y = pair(7, 50)
    codes = np.arange(50) % 25
    table = similarity_replicates(x, y, codes, 25)
    nulls = similarity_nulls(x, y, codes, permutations=19, spectral_permutations=19)
    names = {*NAMES, "rsa", "knn.jaccard", "knn.recall", "linear.r2"}
    assert set(table) == set(nulls) == names
    assert not table.why
    assert not nulls.why
    for name in names:
        assert nulls[name].observed == pytest.approx(table[name].value, abs=1e-9), name
        assert nulls[name].p == 0.05, name
        assert len(table[name].leave_out) == 25
    again = similarity_nulls(x, y, codes, permutations=19, spectral_permutations=19)
    assert dict(again) == dict(nulls)


def test_all_together_of_tiny_sets_says_why() -> None:
    x, y = pair(7, 8, 20, 20)
    table, nulls = similarity_replicates(x, y, np.arange(8), 8), similarity_nulls(x, y, permutations=3)
    assert set(table) == {"cka.debiased", "procrustes", "rsa", "linear.r2"}
    assert set(table.why) == {"svcca", "pwcca", "knn.jaccard", "knn.recall"} == set(nulls.why)
    assert "k = 10" in table.why["knn.recall"]


def test_rows_equally_far_apart_have_no_debiased_hsic() -> None:
    with pytest.raises(VectorError, match="equally far"):
        cka_debiased(np.eye(6), np.random.default_rng(0).standard_normal((6, 3)))
