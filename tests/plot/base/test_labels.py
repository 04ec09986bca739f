"""Names on maps: clear of each other and of points wherever there is room."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from repscope.plot.base.labels import add_labels, place_boxes

BOUNDS = (0.0, 0.0, 245.0, 210.0)


def overlap(one: np.ndarray, other: np.ndarray, sizes: np.ndarray, others: np.ndarray) -> bool:
    return bool((np.abs(one - other) < (sizes + others) / 2).all())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 25), st.integers(0, 10_000))
def test_boxes_are_clear_of_each_other_of_points_and_inside(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = rng.uniform((5, 5), (240, 205), (n, 2))
    sizes = np.column_stack([rng.uniform(10, 50, n), np.full(n, 7.5)])
    centres = place_boxes(anchors, sizes, BOUNDS)
    for i, j in combinations(range(n), 2):
        assert not overlap(centres[i], centres[j], sizes[i], sizes[j])
    assert (centres - sizes / 2 >= 0).all()
    assert (centres + sizes / 2 <= BOUNDS[2:]).all()
    assert np.array_equal(centres, place_boxes(anchors, sizes, BOUNDS))
    covered = sum(overlap(centres[i], anchors[j], sizes[i], np.zeros(2)) for i in range(n) for j in range(n))
    assert covered == 0


def test_alone_a_name_stands_to_the_right() -> None:
    centre = place_boxes(np.array([[100.0, 100.0]]), np.array([[30.0, 7.0]]), BOUNDS)[0]
    assert centre[1] == 100
    assert 100 < centre[0] - 15 < 110
    at_the_edge = place_boxes(np.array([[240.0, 100.0]]), np.array([[30.0, 7.0]]), BOUNDS)[0]
    assert at_the_edge[0] + 15 < 240


def test_equal_points_and_points_to_avoid() -> None:
    anchors = np.full((8, 2), 100.0)
    sizes = np.tile([30.0, 7.0], (8, 1))
    centres = place_boxes(anchors, sizes, BOUNDS)
    assert not any(overlap(centres[i], centres[j], sizes[0], sizes[0]) for i, j in combinations(range(8), 2))
    beside = np.array([[112.0, 100.0]])
    centre = place_boxes(anchors[:1], sizes[:1], BOUNDS, beside)[0]
    assert not overlap(centre, beside[0], sizes[0], np.zeros(2))


def test_no_names() -> None:
    assert add_labels(Figure().add_subplot(), np.empty((0, 2)), []) == []
    assert place_boxes(np.empty((0, 2)), np.empty((0, 2)), BOUNDS).shape == (0, 2)


def test_a_name_that_moved_has_a_line_to_its_point() -> None:
    ax = Figure((3.5, 3)).add_subplot()
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 10)
    crowd = np.random.default_rng(0).uniform(4.5, 5.5, (12, 2))
    drawn = add_labels(ax, crowd, [f"name {i}" for i in range(12)])
    assert [one.get_text() for one in drawn] == [f"name {i}" for i in range(12)]
    assert any(one.arrow_patch is not None for one in drawn)
    assert np.array_equal([one.xy for one in drawn], crowd)
