"""Samplers hide what they say, where they say, and repeat."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError
from repscope.internals.masking.mask import Mask, check_grid, check_mask
from repscope.internals.masking.own import masks_of, own_sampler
from repscope.internals.masking.samplers import (
    SAMPLERS,
    Hierarchical,
    MultiBlock,
    Random,
    Tube,
    block_size,
    place_block,
)
from repscope.internals.masking.statistics import mask_statistics


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(SAMPLERS)),
    st.integers(4, 16),
    st.integers(4, 16),
    st.integers(0, 3),
    st.integers(0, 9),
)
def test_every_sample_shows_and_hides(name: str, rows: int, columns: int, frames: int, seed: int) -> None:
    grid = (frames, rows, columns) if frames or name == "tube" else (rows, columns)
    if 0 in grid:
        grid = (2, *grid[1:])
    drawn = SAMPLERS[name]()(grid, np.random.default_rng(seed))
    again = SAMPLERS[name]()(grid, np.random.default_rng(seed))
    assert len(drawn) == (3 if name == "hierarchical" else 1)
    for mask, other in zip(drawn, again, strict=True):
        assert check_mask(mask, grid, name) is mask
        assert np.array_equal(mask.context, other.context)
        if len(grid) == 3 and name != "random":
            assert all(np.array_equal(one, two) for one, two in pairwise(mask.masked))


def test_ratios_are_exact() -> None:
    rng = np.random.default_rng(0)
    for ratio in (0.1, 0.5, 0.75):
        assert Random(ratio)((14, 14), rng)[0].masked.sum() == round(ratio * 196)
        assert Tube(ratio)((4, 10, 10), rng)[0].masked.sum() == 4 * round(ratio * 100)
    assert 0.3 < np.mean([SAMPLERS["blockwise"]()((14, 14), rng)[0].masked.mean() for _ in range(50)]) <= 0.4


def test_blocks_have_the_size_that_is_drawn_and_lie_anywhere() -> None:
    rng = np.random.default_rng(0)
    assert block_size((14, 14), 0.16, 1.0) == (6, 6)
    assert block_size((10, 10), 0.5, 4.0) == (10, 4)
    assert block_size((4, 4), 0.001, 1.0) == (1, 1)
    places = np.mean([place_block((4, 6), (2, 3), rng) for _ in range(12_000)], axis=0)
    # 3 × 4 places, all alike: a corner is covered by one, the middle by as many as overlap it.
    rows, columns = np.array([1, 2, 2, 1]), np.array([1, 2, 3, 3, 2, 1])
    expected = np.outer(rows, columns) / 12
    np.testing.assert_allclose(places, expected, atol=4 * np.sqrt(0.25 / 12_000))


def test_multi_block_keeps_what_it_was_given() -> None:
    sampler = MultiBlock(targets=3, scale=(0.1, 0.2), aspect=(0.5, 2.0))
    for seed in range(40):
        mask = sampler.sample((16, 16), np.random.default_rng(seed))
        sizes = {int(target.sum()) for target in mask.targets}
        assert len(mask.targets) == 3
        # One size for all targets of a sample.
        assert len(sizes) == 1
        assert 0.08 <= sizes.pop() / 256 <= 0.22
        assert not (mask.context & mask.masked).any()
    with pytest.raises(InputError, match="larger grid"):
        MultiBlock(targets=9, scale=(1.0, 1.0), aspect=(1.0, 1.0)).sample((4, 4), np.random.default_rng(0))


def test_coarser_levels_hide_more() -> None:
    levels = Hierarchical(levels=3)
    assert [levels.at(level).scale for level in range(3)] == [(0.05, 0.15), (0.1, 0.3), (0.2, 0.6)]
    assert [levels.at(level).context[0] for level in range(3)] == pytest.approx([0.6, 0.75, 0.9])
    assert Hierarchical(levels=6).at(5).scale == (0.95, 0.95)


def test_statistics_of_masks_made_by_hand() -> None:
    def cells(*rows: str) -> np.ndarray:
        return np.array([[cell == "x" for cell in row] for row in rows])

    apart = Mask(cells("..xx", "...."), (cells("x...", "...."), cells(".x..", "....")))
    over = Mask(cells("...x", "...."), (cells("xx..", "...."), cells(".x..", ".x..")))
    stats = mask_statistics([apart, over])
    values = {name: one.value for name, one in stats.measures.items()}
    assert values["masked.ratio"] == pytest.approx((2 / 8 + 3 / 8) / 2)
    assert values["context.ratio"] == pytest.approx((2 / 8 + 1 / 8) / 2)
    assert values["unused.ratio"] == pytest.approx(0.5)
    assert values["target.size"] == pytest.approx((1 / 8 + 2 / 8) / 2)
    assert values["target.overlap"] == pytest.approx((0 + 1 / 3) / 2)
    assert values["target.overlapping"] == 0.5
    assert values["target.aspect"] == pytest.approx((1 + (0.5 + 2) / 2) / 2)
    assert values["leaked.ratio"] == 0
    assert stats.coverage == 3 / 8
    np.testing.assert_array_equal(stats.probability, [[1, 1, 0, 0], [0, 0.5, 0, 0]])
    np.testing.assert_array_equal(stats.sizes, [1, 1, 2, 2])


GRID = (2, 3)
HIDDEN = np.array([[True, False, False], [False, True, False]])


@pytest.mark.parametrize(
    "made",
    [
        HIDDEN,
        HIDDEN.astype(int),
        HIDDEN.ravel(),
        HIDDEN.ravel().astype(int),
        HIDDEN.ravel().astype(np.float32),
        {"targets": [0, 4]},
        {"targets": [[0], [4]]},
        {"context": ~HIDDEN, "targets": [HIDDEN]},
        {"visible": np.flatnonzero(~HIDDEN), "masked": np.flatnonzero(HIDDEN)},
        Mask(~HIDDEN, (HIDDEN,)),
        (None, [np.array([[1, 2, 3, 5]])], [np.array([[0]]), np.array([[4]])]),
    ],
)
def test_every_form_of_a_sample_is_read(made: object) -> None:
    (mask,) = masks_of(made, GRID, "own")
    np.testing.assert_array_equal(mask.masked, HIDDEN)
    np.testing.assert_array_equal(mask.context, ~HIDDEN)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (np.zeros((3, 3), bool), "shape \\[3, 3\\]"),
        ({"targets": [0, 6]}, "0 to 5"),
        ({"targets": [0, 0]}, "some twice"),
        ({"mask": HIDDEN}, "'context' and 'targets'"),
        ("words", "tokens"),
        (np.array([0.5, 0.2]), "float64"),
    ],
)
def test_other_forms_are_refused_with_what_can_be_given(made: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        masks_of(made, GRID, "own")


def test_masks_that_cannot_train_are_refused() -> None:
    for mask, says in (
        (Mask(HIDDEN, ()), "at least one target"),
        (Mask(np.zeros(GRID, bool), (HIDDEN,)), "tokens in the context"),
        (Mask(~HIDDEN, (np.zeros(GRID, bool),)), "tokens in the target 0"),
        (Mask(HIDDEN, (HIDDEN,)), "2 of 2 target tokens"),
    ):
        with pytest.raises(InputError, match=says):
            check_mask(mask, GRID, "sample 0")
    assert check_mask(Mask(HIDDEN, (HIDDEN,)), GRID, "x", overlap=True)
    for grid in ((3,), (0, 4), (1, 2, 3, 4)):
        with pytest.raises(InputError, match="--grid"):
            check_grid(grid)


def test_batches_of_a_collator_are_taken_one_by_one() -> None:
    batch = ("images", [np.array([[1], [2]])], [np.array([[0], [3]])])
    sample = own_sampler([batch], "loader")
    rng = np.random.default_rng(0)
    assert [int(np.flatnonzero(sample(GRID, rng)[0].masked)[0]) for _ in range(2)] == [0, 3]
    with pytest.raises(InputError, match="fewer --samples"):
        sample(GRID, rng)
    with pytest.raises(InputError, match="object of type int"):
        own_sampler(3, "three")
