"""The limit of the Fréchet distance: bias removed on known Gaussians, units kept whole, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.resample import estimate_replicates
from repscope.measure.distribution.frechet import frechet, frechet_replicates
from repscope.measure.distribution.frechet_limit import (
    CELLS,
    _cells,
    frechet_bias,
    frechet_infinity,
    frechet_infinity_replicates,
)


def shifted(seed: int, n: int = 500, m: int = 700, d: int = 20) -> tuple[NDArray[np.float64], ...]:
    """Two Gaussians 0.25 apart: a shift of a half."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((m, d)) + np.eye(d)[0] * 0.5


def test_limit_removes_the_bias() -> None:
    pairs = [shifted(seed) for seed in range(6)]
    biased = np.array([frechet(x, y) - 0.25 for x, y in pairs])
    limits = np.array([frechet_infinity(x, y, seed=1) - 0.25 for x, y in pairs])
    assert biased.min() > 0.1
    assert abs(limits.mean()) < 0.25 * biased.mean()


def test_is_the_distance_less_the_bias_from_halves() -> None:
    """Against halves cut here, from the same cells: any cell-wise split is one of the ten."""
    x, y = shifted(1, 90, 120, 4)
    cells = _cells(x, y, (None, None), 3)
    assert [np.bincount(one, minlength=CELLS).tolist() for one in cells] == [[15] * 6, [20] * 6]
    halves = []
    for others in [(a, b) for a in range(1, 6) for b in range(a + 1, 6)]:
        inside = [np.isin(one, (0, *others)) for one in cells]
        halves += [frechet(x[inside[0]], y[inside[1]]), frechet(x[~inside[0]], y[~inside[1]])]
    bias = np.mean(halves) - frechet(x, y)
    assert frechet_bias(x, y, splits=10, seed=3) == pytest.approx(bias, rel=1e-9)
    assert frechet_infinity(x, y, splits=10, seed=3) == pytest.approx(frechet(x, y) - bias, rel=1e-9)
    assert frechet_bias(x, y, seed=3) == frechet_bias(x, y, seed=3) != frechet_bias(x, y, seed=4)


def test_rows_of_one_unit_stay_together_and_units_of_both_sets_too() -> None:
    x, y = shifted(2, 120, 60, 3)
    units, reference_units = np.arange(120) // 2, np.arange(60)
    of_items, of_reference = _cells(x, y, (units, reference_units), 0)
    assert np.array_equal(of_items, np.repeat(of_reference, 2))
    alone = _cells(x, y, (np.full(120, -1), None), 0)[0]
    assert np.array_equal(alone, _cells(x, y, (None, None), 0)[0])


def test_rows_that_are_copies_need_their_unit() -> None:
    """Each row four times is no larger a sample; only with its unit is the bias that of the rows."""
    rng = np.random.default_rng(5)
    biases = []
    for seed in range(4):
        x, y = rng.standard_normal((80, 8)), rng.standard_normal((4000, 8))
        copies, units = np.repeat(x, 4, axis=0), np.repeat(np.arange(80), 4)
        true = frechet(copies, y)
        biases.append(
            [
                frechet_bias(copies, y, seed=seed) / true,
                frechet_bias(copies, y, item_units=units, seed=seed) / true,
            ]
        )
    apart, together = np.mean(biases, axis=0)
    assert together == pytest.approx(1.0, abs=0.35)
    assert apart < 0.6


def test_intervals_cover_the_limit_and_those_of_the_plain_distance_do_not() -> None:
    covered, plain = 0, 0
    for seed in range(40):
        x, y = shifted(seed, 120, 150, 12)
        rng = np.random.default_rng(seed)
        groups = rng.permutation(120) % 20, rng.permutation(150) % 20
        whole = frechet_replicates(x, y, *groups, 20)
        limit = frechet_infinity_replicates(whole, frechet_bias(x, y, seed=seed))
        one, other = estimate_replicates(limit, 120), estimate_replicates(whole, 120)
        assert limit.value == pytest.approx(frechet_infinity(x, y, seed=seed), abs=1e-12)
        assert "held fixed" in one.method
        covered += one.low <= 0.25 <= one.high
        plain += other.low <= 0.25 <= other.high
    # 95 % nominal; 34 of 40 or fewer would come up once in a hundred.
    assert covered >= 35
    assert plain < 20


def test_refusals() -> None:
    x, y = shifted(3, 60, 50, 6)
    with pytest.raises(VectorError, match="more than 18 rows"):
        frechet_infinity(x[:18], y)
    with pytest.raises(VectorError, match="6 and 5"):
        frechet_infinity(x, y[:, :5])
    for splits in (0, 11):
        with pytest.raises(InputError, match="1 to 10 splits"):
            frechet_infinity(x, y, splits=splits)
    with pytest.raises(VectorError, match="at least 6 independent units"):
        frechet_infinity(x, y, item_units=np.arange(60) % 5)
    with pytest.raises(VectorError, match="one integer unit for each of 60 rows"):
        frechet_infinity(x, y, item_units=np.arange(59))
    with pytest.raises(VectorError, match="in every half"):
        frechet_infinity(x, y, item_units=np.maximum(np.arange(60) - 54, 0))
