"""Labels: clear of each other and of points wherever there is room, near where they belong."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from repscope.plot.base.labels import add_labels, fitted, place_labels, room_for
from repscope.plot.base.style import SMALL
from repscope.plot.base.text import text_width

NONE = np.empty((0, 2))
BOUNDS = (0.0, 0.0, 245.0, 210.0)


def overlap(one: np.ndarray, other: np.ndarray, sizes: np.ndarray, others: np.ndarray) -> bool:
    return bool((np.abs(one - other) < (sizes + others) / 2).all())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 25), st.integers(0, 10_000))
def test_boxes_are_clear_of_each_other_of_points_and_inside(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = rng.uniform((5, 5), (240, 205), (n, 2))
    sizes = np.column_stack([rng.uniform(10, 50, n), np.full(n, 7.5)])
    centres = place_labels(anchors, sizes, BOUNDS, clear=anchors, dots=NONE)
    for i, j in combinations(range(n), 2):
        assert not overlap(centres[i], centres[j], sizes[i], sizes[j])
    assert (centres - sizes / 2 >= 0).all()
    assert (centres + sizes / 2 <= BOUNDS[2:]).all()
    assert np.array_equal(centres, place_labels(anchors, sizes, BOUNDS, clear=anchors, dots=NONE))
    covered = sum(overlap(centres[i], anchors[j], sizes[i], np.zeros(2)) for i in range(n) for j in range(n))
    assert covered == 0


def placed(anchors: list[tuple[float, float]], *others: tuple[float, float]) -> np.ndarray:
    """Boxes of one size beside their anchors, with other points to keep clear."""
    points = np.array(anchors, float)
    sizes = np.tile([30.0, 7.0], (len(points), 1))
    return place_labels(points, sizes, BOUNDS, clear=np.array([*anchors, *others], float), dots=NONE)


def test_alone_a_name_stands_to_the_right() -> None:
    ((x, y),) = placed([(100, 100)])
    assert y == 100
    assert 100 < x - 15 < 110
    assert placed([(240, 100)])[0, 0] + 15 < 240


def test_equal_points_and_points_to_avoid() -> None:
    size = np.array([30.0, 7.0])
    centres = placed([(100, 100)] * 8)
    assert not any(overlap(centres[i], centres[j], size, size) for i, j in combinations(range(8), 2))
    beside = (112, 100)
    assert not overlap(placed([(100, 100)], beside)[0], np.array(beside), size, np.zeros(2))


def test_boxes_that_cannot_fit_are_placed_all_the_same() -> None:
    sizes = np.full((5, 2), (40.0, 30.0))
    centres = place_labels(np.full((5, 2), 25.0), sizes, (0, 0, 50, 50), clear=NONE, dots=NONE)
    assert (centres >= sizes / 2).all()
    assert (centres <= 50 - sizes / 2).all()
    wide = place_labels(
        np.full((1, 2), 25.0), np.array([[80.0, 10.0]]), (0, 0, 50, 50), clear=NONE, dots=NONE
    )
    assert wide[0, 0] == 25


def test_no_names() -> None:
    assert add_labels(Figure().add_subplot(), np.empty((0, 2)), []) == []
    assert place_labels(NONE, NONE, BOUNDS, clear=NONE, dots=NONE).shape == (0, 2)


def test_a_name_that_moved_has_a_line_to_its_point() -> None:
    ax = Figure((3.5, 3)).add_subplot()
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 10)
    crowd = np.random.default_rng(0).uniform(4.5, 5.5, (12, 2))
    drawn = add_labels(ax, crowd, [f"name {i}" for i in range(12)])
    assert [one.get_text() for one in drawn] == [f"name {i}" for i in range(12)]
    assert any(one.arrow_patch is not None for one in drawn)
    assert np.array_equal([one.xy for one in drawn], crowd)


def any_overlap(centres: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether any two boxes share more than rounding."""
    pairs = combinations(range(len(centres)), 2)
    return any((np.abs(centres[a] - centres[b]) < (sizes[a] + sizes[b]) / 2 - 1e-6).all() for a, b in pairs)


def test_one_label_stands_beside_its_place_and_off_the_dots():
    size = np.array([[40.0, 10.0]])
    alone = place_labels(np.array([[100.0, 50.0]]), size, (0, 0, 200, 100), clear=NONE, dots=NONE)[0]
    assert np.maximum(np.abs(alone - (100, 50)) - size[0] / 2, 0).max() < 8
    dots = np.array([(x, y) for x in range(0, 130, 4) for y in range(0, 100, 4)], float)
    clear = place_labels(np.array([[100.0, 50.0]]), size, (0, 0, 200, 100), clear=NONE, dots=dots)[0]
    assert (np.abs(dots - clear) > size[0] / 2).any(axis=1).all()


def test_lines_of_labels_do_not_cross_where_there_is_room():
    anchors = np.array([[90.0, 50.0], [110.0, 50.0]])
    placed = place_labels(anchors, np.full((2, 2), (30.0, 10.0)), (0, 0, 200, 100), clear=anchors, dots=NONE)
    assert placed[0, 0] < placed[1, 0]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 8), st.integers(0, 10_000), st.booleans())
def test_boxes_never_overlap_where_they_fit_into_rows(count, seed, together):
    rng = np.random.default_rng(seed)
    sizes = rng.uniform((20, 8), (90, 30), size=(count, 2))
    # Twice the height of one column of the tallest, in two columns of the widest: rows fit.
    wide, high = 190.0, 2 + 30.0 * count
    anchors = np.full((count, 2), (95.0, high / 2)) if together else rng.uniform(0, (wide, high), (count, 2))
    found = place_labels(anchors, sizes, (0, 0, wide, high), clear=anchors, dots=NONE)
    assert not any_overlap(found, sizes)
    assert (found - sizes / 2 >= -1e-9).all()
    assert (found + sizes / 2 <= (wide + 1e-9, high + 1e-9)).all()
    again = place_labels(anchors, sizes, (0, 0, wide, high), clear=anchors, dots=NONE)
    np.testing.assert_array_equal(found, again)


def test_rows_are_the_last_resort():
    # Seven boxes fill seven rows to the point: only one arrangement is left.
    sizes = np.full((7, 2), (90.0, 10.0))
    anchors = np.full((7, 2), (50.0, 35.0))
    found = place_labels(anchors, sizes, (0, 0, 100, 70), clear=anchors, dots=NONE)
    assert not any_overlap(found, sizes)
    assert sorted(found[:, 1]) == pytest.approx([5, 15, 25, 35, 45, 55, 65])


def test_room_grows_with_texts_and_shrinks_with_width():
    one = room_for(["spread 1.0"], 100)
    assert room_for(["spread 1.0"] * 6, 60) > 3 * one
    assert room_for(["spread 1.0"] * 2, 400) == one
    assert room_for(["two\nlines"], 100) > one
    assert room_for([], 100) < one


def test_a_text_is_broken_to_the_width():
    lines = fitted("spread 0.1234 [0.0123, 0.2345]\nRMS radius 1", 70).split("\n")
    assert len(lines) == 3
    assert all(text_width(line, SMALL) <= 70 for line in lines)
