"""Shares of a change, and spectra."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repscope.errors import InputError
from repscope.plot import plot_change_shares, plot_spectrum
from repscope.plot.compare.geometry import PARTS

Whole = Callable[[Figure], None]


def shares(*values: float) -> dict[str, float]:
    return dict(zip(PARTS, values, strict=True))


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def test_bars_are_the_shares(whole: Whole) -> None:
    given = {"mean-shift": shares(0.9, 0.04, 0.01, 0.02, 0.03), "flow": shares(0.1, 0.3, 0.05, 0.15, 0.4)}
    ax = plot_change_shares(given)
    for y, parts in enumerate(given.values()):
        bars = {bar.get_gid(): bar for bar in ax.patches if round(bar.get_y() + bar.get_height() / 2) == y}
        start = 0.0
        for part in PARTS:
            assert bars[part].get_x() == pytest.approx(start)
            assert bars[part].get_width() == pytest.approx(parts[part])
            start += parts[part]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["mean-shift", "flow"]
    assert [text.get_text() for text in ax.texts] == ["90", "10", "30", "5", "15", "40"]
    whole(figure_of(ax))


def test_long_names_of_transforms(whole: Whole) -> None:
    ax = plot_change_shares(
        {"ein sehr langer $Name$ des Übergangs " * 2: shares(1, 0, 0, 0, 0), "b": shares(0, 0, 0, 0, 1)}
    )
    assert [text.get_text() for text in ax.texts] == ["100", "100"]
    whole(figure_of(ax))


def test_spectra_are_shares_in_descending_order(whole: Whole) -> None:
    ax = plot_spectrum(
        np.array([1.0, 3.0, 0.0, 4.0]), np.array([1.0, 1.0]), np.ones(20), gaussian=np.array([2.0, 1.0, 1.0])
    )
    before, after, reference, gaussian = ax.lines
    assert before.get_ydata() == pytest.approx([0.5, 0.375, 0.125])
    assert before.get_xdata().tolist() == [1, 2, 3]
    assert after.get_ydata() == pytest.approx([0.5, 0.5])
    assert reference.get_ydata() == pytest.approx(np.full(20, 0.05))
    assert gaussian.get_ydata() == pytest.approx([0.5, 0.25, 0.25])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    whole(figure_of(ax))


def test_sets_without_variance_are_named(whole: Whole) -> None:
    ax = plot_spectrum(np.zeros(4), np.array([1.0]))
    assert [text.get_text() for text in ax.texts] == ["no variance: before"]
    assert len(ax.lines) == 1
    whole(figure_of(ax))
    ax = plot_spectrum(np.zeros(4), np.empty(0), names=("a", "b", "c"))
    assert [text.get_text() for text in ax.texts] == ["no variance: a, b"]
    whole(figure_of(ax))


def test_rounding_below_zero_is_no_variance() -> None:
    ax = plot_spectrum(np.array([1.0, -1e-12, 1e-15]))
    assert ax.lines[0].get_ydata().tolist() == [1.0]


def test_drawing_on_the_readers_axes() -> None:
    one, other = Figure().subplots(1, 2)
    assert plot_spectrum(np.array([2.0, 1.0]), ax=one) is one
    assert plot_change_shares({"a": shares(0.2, 0.2, 0.2, 0.2, 0.2)}, ax=other) is other


def test_bad_input() -> None:
    with pytest.raises(InputError, match="at least one change"):
        plot_change_shares({})
    with pytest.raises(InputError, match="sum to 1"):
        plot_change_shares({"a": shares(0.5, 0, 0, 0, 0)})
    with pytest.raises(InputError, match="shift, rotation, scale, linear, residual"):
        plot_change_shares({"a": {"shift": 1.0}})
    with pytest.raises(InputError, match="sum to 1"):
        plot_change_shares({"a": shares(1.5, -0.5, 0, 0, 0)})
    with pytest.raises(InputError, match="not negative"):
        plot_spectrum(np.array([1.0, -0.5]))
    with pytest.raises(InputError, match="finite"):
        plot_spectrum(np.array([1.0, np.nan]))
