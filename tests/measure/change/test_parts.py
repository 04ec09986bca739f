"""The change split into parts: pure changes, nested fits written out, noise, held-out rows, groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from repscope.errors import VectorError
from repscope.measure.change.parts import (
    PARTS,
    Decomposition,
    decompose,
    decompose_held_out,
    decompose_replicates,
)

SEEDS = st.integers(0, 2**16)


def rows(seed: int, n: int = 80, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) * np.linspace(2, 0.5, d)
    return x - x.mean(axis=0) + 1


def turn(seed: int, d: int = 5) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def about_mean(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) @ matrix + x.mean(axis=0)


def only(found: Decomposition, part: str, tolerance: float = 1e-9) -> None:
    for name, share in found.shares.items():
        assert share == pytest.approx(float(name == part), abs=tolerance), name


CHANGES = {
    "shift": lambda x: x + np.arange(x.shape[1]),
    "rotation": lambda x: about_mean(x, turn(4, x.shape[1])),
    "scale": lambda x: about_mean(x, 0.4 * np.eye(x.shape[1])),
}


@pytest.mark.parametrize("part", list(CHANGES))
@pytest.mark.parametrize("shape", [(80, 5), (12, 30), (5, 40)])
def test_pure_changes(part: str, shape: tuple[int, int]) -> None:
    x = rows(0, *shape)
    found = decompose(x, CHANGES[part](x))
    only(found, part, 1e-7)
    assert bool(found.why) == (shape[0] <= shape[1] + 1)


@pytest.mark.parametrize("part", list(CHANGES))
def test_pure_changes_on_held_out_rows(part: str) -> None:
    x = rows(0)
    found = decompose_held_out(x, CHANGES[part](x))
    # A rotation about the mean of all rows is not quite one about the mean of some of them.
    only(found, part, 0.02)


def test_a_small_shift_is_seen_beside_long_vectors() -> None:
    x = rows(0) + 1000
    only(decompose(x, x + 1e-6), "shift", 1e-5)


def test_reflection_counts_as_rotation() -> None:
    x = rows(1)
    only(decompose(x, about_mean(x, np.diag([-1.0, 1, 1, 1, 1]))), "rotation")


def test_linear_change_leaves_no_residual() -> None:
    x = rows(2)
    found = decompose(x, about_mean(x, np.diag([3.0, 1, 1, 0.2, 1])))
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert found.linear > 0.2


def written_out(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    rotation, strength = orthogonal_procrustes(a, b)
    linear, *_ = np.linalg.lstsq(a, b, rcond=None)
    left = [
        np.square(y - x).sum(),
        np.square(b - a).sum(),
        np.square(b - a @ rotation).sum(),
        np.square(b - strength / np.square(a).sum() * a @ rotation).sum(),
        np.square(b - a @ linear).sum(),
        0.0,
    ]
    return dict(zip(PARTS, -np.diff(left) / left[0], strict=True))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4), (np.float16, 1e-2)])
def test_against_the_nested_fits_written_out(dtype: type, tolerance: float) -> None:
    x = rows(3)
    y = about_mean(x, turn(1) * 0.8 + 0.2) + 0.3 + 0.3 * np.random.default_rng(0).standard_normal((80, 5))
    found = decompose(x.astype(dtype), y.astype(dtype))
    assert found.shares == pytest.approx(written_out(x, y), abs=tolerance)
    assert found.total == pytest.approx(np.square(y - x).sum(), rel=max(tolerance, 1e-9))
    assert found.method == "in sample"
    assert not found.why


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.integers(2, 30), st.integers(1, 12))
def test_shares_are_shares_and_turn_with_the_space(seed: int, n: int, d: int) -> None:
    x, y = rows(seed, n, d), rows(seed + 1, n, d)
    rotation = turn(seed, d)
    for found in (decompose(x, y), decompose_held_out(x, y)):
        assert min(found.shares.values()) >= 0
        assert sum(found.shares.values()) == pytest.approx(1, abs=1e-12)
    turned = decompose(2 * x @ rotation, 2 * y @ rotation)
    assert turned.shares == pytest.approx(decompose(x, y).shares, abs=1e-6)
    order = np.random.default_rng(seed).permutation(n)
    assert decompose(x[order], y[order]).shares == pytest.approx(decompose(x, y).shares, abs=1e-6)


def test_noise_fools_the_sample_and_not_held_out_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 60))
    y = x + 0.1 * rng.standard_normal((200, 60))
    in_sample, held_out = decompose(x, y), decompose_held_out(x, y)
    # Least squares with D columns takes D/(N − 1) of noise.
    assert 1 - in_sample.residual - in_sample.shift == pytest.approx(60 / 199, abs=0.03)
    assert in_sample.rotation > 0.1
    assert held_out.residual == pytest.approx(1, abs=0.01)


def test_held_out_finds_the_part_under_the_noise() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 40))
    noise = 0.3 * rng.standard_normal((300, 40))
    share = 0.5**2 / (0.5**2 + 0.3**2)
    scaled = decompose_held_out(x, 0.5 * x + noise)
    assert scaled.scale == pytest.approx(share, abs=0.03)
    assert scaled.rotation == 0
    stretch = np.where(np.arange(40) < 20, 2.0, 0.0)
    stretched = decompose_held_out(x, x * stretch + noise)
    assert stretched.linear > 0.6
    rotated = decompose_held_out(x, x @ turn(0, 40) + noise)
    assert rotated.rotation > 0.85


def test_few_rows_do_not_hide_a_scale_behind_an_ill_fitted_rotation() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 50))
    found = decompose_held_out(x, 0.6 * x + 0.4 * rng.standard_normal((60, 50)))
    assert found.rotation == 0
    assert found.scale == pytest.approx(0.5, abs=0.05)


def test_few_rows_find_what_they_can_of_a_linear_map() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((70, 50))
    found = decompose_held_out(
        x, x * np.where(np.arange(50) < 25, 1.8, 0.2) + 0.5 * rng.standard_normal((70, 50))
    )
    # Least squares on 56 rows of 50 columns would predict worse than no map at all.
    assert found.linear > 0.1


def test_directions_that_no_row_has_shown_are_left_where_they_are() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((40, 60)) * np.where(np.arange(60) < 8, 1.0, 0.3)
    after = x.copy()
    after[:, :8] = x[:, :8] @ turn(0, 8)
    assert decompose_held_out(x, after).rotation > 0.9


def test_clusters_share_a_fold() -> None:
    """Steps shared within clusters look predictable only if a cluster is split."""
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(30), 10)
    x = np.repeat(rng.standard_normal((30, 40)), 10, axis=0) + 0.01 * rng.standard_normal((300, 40))
    y = x + np.repeat(rng.standard_normal((30, 40)), 10, axis=0)
    assert decompose_held_out(x, y).residual < 0.2
    assert decompose_held_out(x, y, clusters).residual > 0.8


def test_too_few_rows_for_a_linear_map() -> None:
    x, y = rows(0, 6), rows(1, 6)
    found = decompose(x, y)
    assert found.linear == 0
    assert "6 rows cannot tell a linear map of 5 dimensions" in found.why
    assert decompose(rows(0, 7), rows(1, 7)).linear > 0


def test_replicates_leave_rows_out_of_the_score_and_not_of_the_fits() -> None:
    rng = np.random.default_rng(0)
    x = rows(5)
    y = about_mean(x, 0.7 * np.eye(5)) + 0.5 + 0.2 * rng.standard_normal((80, 5))
    codes = np.arange(80) % 6 - 1
    table = decompose_replicates(x, y, codes, 5)
    plain = decompose_held_out(x, y, codes)
    for part in PARTS:
        assert table[f"change.{part}"].value == pytest.approx(plain.shares[part], abs=1e-12)
        assert len(table[f"change.{part}"].leave_out) == 5
        assert "held fixed" in table[f"change.{part}"].method
    total = sum(one.leave_out for one in table.values())
    np.testing.assert_allclose(total, 1)
    # Two groups of the same rows: leaving one out changes nothing.
    one_group = decompose_replicates(np.vstack([x, x]), np.vstack([y, y]), np.repeat([0, 1], 80), 2, folds=2)
    for one in one_group.values():
        np.testing.assert_allclose(one.leave_out, one.value, atol=1e-9)


def test_refusals() -> None:
    x = rows(0)
    for function in (decompose, decompose_held_out):
        with pytest.raises(VectorError, match="no change at all"):
            function(x, x.copy())
        with pytest.raises(VectorError, match="one space"):
            function(x, x[:, :2])
        with pytest.raises(VectorError, match="at least 2 rows"):
            function(x[:1], x[:1] + 1)
        bad = x.copy()
        bad[2] = np.inf
        with pytest.raises(VectorError, match="row 2"):
            function(x, bad)
    with pytest.raises(VectorError, match="clusters"):
        decompose_held_out(x, x + 1, np.zeros(80, int))


def test_everything_collapses_to_a_point() -> None:
    x = rows(0)
    found = decompose(x, np.tile(x.mean(axis=0), (80, 1)))
    # Scaling by zero about the mean, the rotation being free.
    assert found.scale + found.rotation == pytest.approx(1, abs=1e-9)
    assert found.residual == pytest.approx(0, abs=1e-9)
    from_a_point = decompose(np.ones((80, 5)), x + 1)
    assert from_a_point.shift + from_a_point.residual == pytest.approx(1, abs=1e-9)
