"""What is read off a block of cosines."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.measure.core.cosines import top_columns


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(12, 900))
@settings(deadline=None, max_examples=30)
def test_top_columns_are_those_of_a_stable_sort(seed: int, k: int, width: int) -> None:
    cosines = np.random.default_rng(seed).integers(0, 60, (9, width)) / 60
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_columns(cosines, k), expected)
