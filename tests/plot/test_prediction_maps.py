"""Figures of predictions: one scale for all maps of a kind, and pale where nothing was predicted."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.plot.predictions.distribution import plot_distributions
from repscope.plot.predictions.levels import plot_levels
from repscope.plot.predictions.maps import Column, plot_prediction_maps, scale_of


def test_all_maps_of_a_kind_have_one_scale() -> None:
    maps = [np.array([[0.2, np.nan], [0.9, 0.4]]), np.array([[np.nan, -0.5], [0.1, 1.0]])]
    scale = scale_of("cosine", "viridis", maps, top=1.0)
    assert (scale.low, scale.high) == (-0.5, 1.0)
    assert scale_of("error", "magma", maps).high == 1.0
    pictures = [np.zeros((8, 8, 3), np.float32)] * 2
    figure = plot_prediction_maps([Column("image", pictures), Column("cosine", maps, scale)], note="Note.")
    images = [ax.images[0] for ax in figure.axes]
    assert [image.get_clim() for image in images[2:4]] == [(-0.5, 1.0)] * 2
    # Nothing is drawn where nothing was predicted.
    assert np.ma.getmaskarray(images[2].get_array()).tolist() == [[False, True], [False, False]]


def test_a_level_without_a_control_is_drawn_without_it() -> None:
    names = ("cosine", "cosine.trivial", "skill")
    known = {name: Estimate(0.5, 0.4, 0.6, n=9) for name in names}
    absent = {name: Estimate(None, why="no other") for name in ("cosine.shuffled", "skill.shuffled")}
    figure = plot_levels([("level 0", known | absent)])
    marks = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
    assert len(marks) == 2


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one level"):
        plot_levels([])
    with pytest.raises(InputError, match="at least one image"):
        plot_prediction_maps([], note="")
    with pytest.raises(InputError, match="one or two kinds"):
        plot_distributions([])
