"""Places of labels on a cluster map: none covers another, near where they belong, always the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.plot.base.style import SMALL
from repscope.plot.base.text import text_width
from repscope.plot.drift.labels import fitted, place_tags, room_for

NONE = np.empty((0, 2))


def overlap(centres: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether any two boxes share more than rounding."""
    pairs = itertools.combinations(range(len(centres)), 2)
    return any((np.abs(centres[a] - centres[b]) < (sizes[a] + sizes[b]) / 2 - 1e-6).all() for a, b in pairs)


def test_one_label_stands_beside_its_place_and_off_the_dots():
    size = np.array([[40.0, 10.0]])
    alone = place_tags(np.array([[100.0, 50.0]]), size, (0, 0, 200, 100), lines=NONE, dots=NONE)[0]
    assert np.maximum(np.abs(alone - (100, 50)) - size[0] / 2, 0).max() < 8
    dots = np.array([(x, y) for x in range(0, 130, 4) for y in range(0, 100, 4)], float)
    clear = place_tags(np.array([[100.0, 50.0]]), size, (0, 0, 200, 100), lines=NONE, dots=dots)[0]
    assert (np.abs(dots - clear) > size[0] / 2).any(axis=1).all()


def test_lines_of_labels_do_not_cross_where_there_is_room():
    anchors = np.array([[90.0, 50.0], [110.0, 50.0]])
    placed = place_tags(anchors, np.full((2, 2), (30.0, 10.0)), (0, 0, 200, 100), lines=anchors, dots=NONE)
    assert placed[0, 0] < placed[1, 0]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 8), st.integers(0, 10_000), st.booleans())
def test_boxes_never_overlap_where_they_fit_into_rows(count, seed, together):
    rng = np.random.default_rng(seed)
    sizes = rng.uniform((20, 8), (90, 30), size=(count, 2))
    # Twice the height of one column of the tallest, in two columns of the widest: rows fit.
    wide, high = 190.0, 2 + 30.0 * count
    anchors = np.full((count, 2), (95.0, high / 2)) if together else rng.uniform(0, (wide, high), (count, 2))
    found = place_tags(anchors, sizes, (0, 0, wide, high), lines=anchors, dots=NONE)
    assert not overlap(found, sizes)
    assert (found - sizes / 2 >= -1e-9).all()
    assert (found + sizes / 2 <= (wide + 1e-9, high + 1e-9)).all()
    again = place_tags(anchors, sizes, (0, 0, wide, high), lines=anchors, dots=NONE)
    np.testing.assert_array_equal(found, again)


def test_rows_are_the_last_resort():
    # Seven boxes fill seven rows to the point: only one arrangement is left.
    sizes = np.full((7, 2), (90.0, 10.0))
    anchors = np.full((7, 2), (50.0, 35.0))
    found = place_tags(anchors, sizes, (0, 0, 100, 70), lines=anchors, dots=NONE)
    assert not overlap(found, sizes)
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
