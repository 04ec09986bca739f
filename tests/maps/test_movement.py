"""Who moved in the space and who on the map, each held against its own neighbourhood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.maps.movement import BOTH, MAP_ONLY, NEITHER, SPACE_ONLY, movement


def moves(space: list[float], screen: list[float], radius: float = 1.0, map_radius: float = 2.0):
    n = len(space)
    before, on_map = np.zeros((n, 3)), np.zeros((n, 2))
    after, map_after = before.copy(), on_map.copy()
    after[:, 1], map_after[:, 0] = space, screen
    return movement(
        before, after, on_map, map_after, radius=np.full(n, radius), map_radius=np.full(n, map_radius)
    )


def test_the_four_kinds() -> None:
    found = moves([0.5, 1.5, 0.5, 1.5], [1.5, 2.5, 2.5, 1.5])
    assert found.moved.tolist() == [NEITHER, BOTH, MAP_ONLY, SPACE_ONLY]
    np.testing.assert_allclose(found.space, [0.5, 1.5, 0.5, 1.5])
    np.testing.assert_allclose(found.screen, [1.5, 2.5, 2.5, 1.5])


def test_what_stays_did_not_move_even_beside_a_copy() -> None:
    assert moves([0.0, 1e-12], [0.0, 1e-12], radius=0.0, map_radius=0.0).moved.tolist() == [NEITHER, NEITHER]


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_unit_of_neither_side_matters(unit: float, map_unit: float) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 4))
    p, q = rng.normal(size=(2, 50, 2))
    r, s = rng.uniform(1, 4, size=(2, 50))
    plain = movement(a, b, p, q, radius=r, map_radius=s)
    scaled = movement(
        a * unit, b * unit, p * map_unit, q * map_unit, radius=r * unit, map_radius=s * map_unit
    )
    np.testing.assert_array_equal(plain.moved, scaled.moved)


def test_other_items_are_refused() -> None:
    with pytest.raises(VectorError, match="one row an item"):
        movement(
            np.zeros((3, 2)),
            np.zeros((3, 2)),
            np.zeros((2, 2)),
            np.zeros((3, 2)),
            radius=np.ones(3),
            map_radius=np.ones(3),
        )
