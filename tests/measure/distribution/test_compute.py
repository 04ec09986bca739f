"""The measures of distributions are what their descriptions say."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.measure.core.info import MeasureInfo
from repscope.measure.distribution.compute import MEASURES

NAMES = [
    "frechet",
    "frechet.infinity",
    "mmd",
    "kid",
    "energy",
    "wasserstein.sliced",
    "precision",
    "recall",
    "density",
    "coverage",
    "vendi",
]


def test_names() -> None:
    assert [info.name for info in MEASURES] == NAMES


@pytest.mark.parametrize("info", MEASURES, ids=lambda info: info.name)
def test_values_lie_within_the_bounds(info: MeasureInfo) -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal((40, 3))
    for x in (y, y + 50, rng.standard_normal((30, 3)), np.tile(y[:1], (20, 1))):
        value = info.function(x) if info.needs == "set" else info.function(x, y)
        assert info.bounds[0] - 1e-9 <= value <= info.bounds[1]
        assert isinstance(value, float)
    assert info.group == "distribution"
    assert info.paper


@pytest.mark.parametrize("info", MEASURES[:-1], ids=lambda info: info.name)
def test_nearer_is_better_in_the_direction_of_the_measure(info: MeasureInfo) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 3))
    near, far = info.function(x, y), info.function(x + 2, y)
    assert near > far if info.direction == "higher" else near < far
