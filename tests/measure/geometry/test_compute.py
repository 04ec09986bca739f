"""The measures of geometry: names, and values that keep their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.conftest import check_bounds, two_stages

from repscope.measure.geometry.compute import MEASURES
from repscope.measure.geometry.one_set import NAMES, geometry_replicates


def test_names_are_those_of_the_design() -> None:
    assert {measure.name for measure in MEASURES} == {*NAMES, "norm.mean", "dimension.twonn", "lidar"}


@pytest.mark.parametrize("collapse", [False, True])
def test_values_lie_within_the_bounds(collapse: bool) -> None:
    check_bounds(geometry_replicates(two_stages(collapse)[0], np.arange(60) % 5, 5), MEASURES)
