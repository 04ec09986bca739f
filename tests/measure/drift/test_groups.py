"""Conditions: groups of stages, and whether they drifted differently."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.measure.drift import drift_arrays, drift_groups, split_groups


def base(n: int = 200, d: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def contrast(contrasts, measure: str, stage: int):
    return next(one for one in contrasts if (one.measure, one.stage) == (measure, stage))


def test_paired_groups_differ_by_what_was_done_to_them() -> None:
    x = base()
    step = np.array([1.0, 0, 0, 0, 0])
    groups = {"baseline": [x, x, x], "recursive": [x, 0.8 * x + step, 0.5 * x + 2 * step]}
    found, contrasts = drift_groups(groups, paired=True, measures=(), controls=False)
    assert list(found) == ["baseline", "recursive"]
    spread = contrast(contrasts, "spread.total", 2)
    assert (spread.first, spread.second, spread.paired, spread.scale) == (
        "baseline",
        "recursive",
        True,
        "ratio",
    )
    assert spread.difference.value == pytest.approx(0.25)
    assert spread.difference.low <= 0.25 + 1e-9
    assert spread.difference.q <= 1e-5
    centre = contrast(contrasts, "drift.centre", 2)
    expected = np.linalg.norm(0.5 * x.mean(axis=0) + 2 * step - x.mean(axis=0))
    assert centre.difference.value == pytest.approx(expected, abs=0.01)
    record = spread.to_json()
    assert record["measure"] == "spread.total"
    assert record["q"] == spread.difference.q


def test_equal_groups_do_not_differ() -> None:
    x = base()
    stages = [x, x + 1, 0.7 * x]
    _, contrasts = drift_groups({"a": stages, "b": stages}, paired=True, measures=(), controls=False)
    assert all(one.difference.p in {None, 1.0} for one in contrasts)
    assert contrast(contrasts, "spread.total", 2).difference.value == pytest.approx(1.0)


def test_independent_groups_have_honest_intervals() -> None:
    """Two groups that shrink alike, of other items: the 95 % interval of their ratio holds 1."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(60):
        groups = {}
        for name in ("a", "b"):
            x = rng.standard_normal((60, 6))
            groups[name] = [x, 0.7 * x + 0.3 * rng.standard_normal((60, 6))]
        _, contrasts = drift_groups(groups, paired=False, measures=(), controls=False, resamples=50)
        one = contrast(contrasts, "spread.total", 1).difference
        assert "Welch" in one.method
        held.append(one.low <= 1 <= one.high)
    assert 0.86 <= np.mean(held) <= 1.0


def test_pairing_makes_the_interval_narrower() -> None:
    rng = np.random.default_rng(1)
    x, noise = base(), 0.5 * rng.standard_normal((200, 5))
    groups = {"a": [x, 0.7 * x + noise], "b": [x, 0.7 * x + noise + 0.01 * x]}
    widths = []
    for paired in (True, False):
        _, contrasts = drift_groups(groups, paired=paired, measures=(), controls=False)
        one = contrast(contrasts, "spread.total", 1).difference
        widths.append(one.high - one.low)
    assert widths[0] < 0.5 * widths[1]


def test_rows_are_split_by_a_column() -> None:
    x = base(10)
    codes = np.array(["b", "a"] * 5)
    found = split_groups([x, x + 1], codes)
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["a"][1], x[1::2] + 1)
    with pytest.raises(InputError, match="a condition for each of 10 rows"):
        split_groups([x], codes[:4])


def test_bad_groups_are_named() -> None:
    x = base(50)
    with pytest.raises(InputError, match="at least two groups"):
        drift_groups({"a": [x, x]}, paired=True)
    with pytest.raises(InputError, match="as many stages"):
        drift_groups({"a": [x, x], "b": [x, x, x]}, paired=True)
    with pytest.raises(InputError, match="the same items in every group"):
        drift_groups({"a": [x, x], "b": [x[:40], x[:40]]}, paired=True, measures=(), controls=False)


def test_each_group_is_its_own_drift() -> None:
    x = base(80)
    groups = {"a": [x, x + 1], "b": [x, 2 * x]}
    found, _ = drift_groups(groups, paired=True, measures=(), controls=False, seed=3)
    alone = drift_arrays(groups["b"], measures=(), controls=False, seed=3)
    assert found["b"].to_json() == alone.to_json()
