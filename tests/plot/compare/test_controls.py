"""The forest plot: positions, directions, scales, decided or not, words that fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repscope.errors import InputError, UnknownNameError
from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.plot import plot_controls
from repscope.plot.compare.controls import half_range, is_decided

Whole = Callable[[Figure], None]
Make = Callable[..., MeasureResult]
Table = Callable[..., list[MeasureResult]]
Odd = dict[str, MeasureResult]


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def points(ax: Axes) -> dict[int, Line2D]:
    return {int(line.get_ydata()[0]): line for line in ax.lines if line.get_gid() == "difference"}


def test_every_row_is_there_under_its_group(whole: Whole, table: Table) -> None:
    ax = plot_controls(table())
    assert sorted(points(ax)) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14]
    said = words(ax)
    assert [group for group in said if group in ("Alignment", "Distribution", "Geometry")] == [
        "Alignment", "Distribution", "Geometry",
    ]  # fmt: skip
    assert all(one.name in said for one in table())
    assert figure_of(ax).get_figwidth() == pytest.approx(7.16)
    whole(figure_of(ax))


def test_positions_are_differences_on_the_scale_of_the_row(result: Make) -> None:
    one = result("top1.true", 0.4, 0.6, 0.05, noise=0.1, collapse=-0.9)
    ax = plot_controls([one])
    scale = half_range(one)
    assert scale == pytest.approx(1.1 * 3 * 0.25)
    assert points(ax)[1].get_xdata()[0] == pytest.approx(0.2 / scale)
    (interval,) = [line for line in ax.lines if line.get_gid() == "interval"]
    assert interval.get_xdata() == pytest.approx([0.15 / scale, 0.25 / scale])
    noise = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "x"]
    assert noise == pytest.approx([0.1 / scale])
    (collapse,) = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "v"]
    assert -1.16 < collapse < -1
    low, high = ax.get_xlim()
    assert low == -high


def test_a_control_beyond_the_scale_points_outwards(odd: Odd) -> None:
    ax = plot_controls([odd["huge"]])
    left = [line for line in ax.lines if line.get_marker() == 8]
    right = [line for line in ax.lines if line.get_marker() == 9]
    assert [line.get_xdata()[0] < -1 for line in left] == [True]
    assert [line.get_xdata()[0] > 1 for line in right] == [True]


def test_arrows_and_shade_show_the_better_side(result: Make) -> None:
    ax = plot_controls([result("top1.true"), result("gap.l2"), result("cosine.max")])
    said = words(ax)
    assert said.count("→") == 1
    assert said.count("←") == 1
    assert said.count("·") == 1
    higher, lower = (band.get_paths()[0].vertices for band in ax.collections)
    assert (higher[:, 0].min(), lower[:, 0].max()) == (0, 0)
    assert higher[:, 1].max() < lower[:, 1].max()


def test_filled_means_decided(odd: Odd) -> None:
    def one(**difference: float | None) -> MeasureResult:
        change = Difference(0.2, **difference)  # type: ignore[arg-type]
        return MeasureResult(measure_info("top1.true"), Estimate(0.4), Estimate(0.6), change)

    assert is_decided(one(q=0.01, p=0.2))
    assert not is_decided(one(q=0.2, p=0.01))
    assert is_decided(one(p=0.01))
    assert is_decided(one(low=0.1, high=0.3))
    assert not is_decided(one(low=-0.1, high=0.3))
    assert not is_decided(odd["bare"])
    assert is_decided(one(q=0.04), alpha=0.05)
    assert not is_decided(one(q=0.04), alpha=0.01)
    ax = plot_controls(
        [
            one(q=0.01),
            MeasureResult(measure_info("mrr.true"), Estimate(0.4), Estimate(0.6), Difference(0.2, q=0.9)),
        ]
    )
    assert points(ax)[1].get_markerfacecolor() != "white"
    assert points(ax)[2].get_markerfacecolor() == "white"


def test_numbers_stand_beside_the_rows(result: Make, odd: Odd) -> None:
    said = words(plot_controls([result("top1.true", 0.4, 0.6, 0.05)]))
    assert "0.400 → 0.600" in said
    assert "+0.200 [+0.150, +0.250]" in said
    assert ".002" in said
    assert "q" in said
    assert "q" not in words(plot_controls([odd["bare"]]))


def test_undefined_bare_still_and_huge(whole: Whole, odd: Odd) -> None:
    ax = plot_controls([odd["undefined"], odd["bare"], odd["still"], odd["huge"]])
    assert "undefined: no truth before" in words(ax)
    assert "– → 0.500" in words(ax)
    assert "+0.200" in words(ax)
    assert sorted(points(ax)) == [2, 3, 5]
    assert points(ax)[3].get_xdata()[0] == 0
    assert half_range(odd["bare"]) == pytest.approx(0.22)
    assert half_range(odd["still"]) == pytest.approx(0.22)
    assert half_range(odd["undefined"]) == 1.0
    whole(figure_of(ax))


def test_the_whole_registry_fits(whole: Whole, result: Make) -> None:
    from repscope.measure.catalogue.measures import MEASURES

    ax = plot_controls([result(name, noise=0.5) for name in MEASURES])
    figure = figure_of(ax)
    whole(figure)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    overlapping = [
        (i, j)
        for i, one in enumerate(boxes)
        for j, other in enumerate(boxes[:i])
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
    ]
    assert not overlapping


def test_drawing_on_the_readers_axes(table: Table) -> None:
    figure = Figure((10, 5))
    ax = figure.add_axes((0.3, 0.2, 0.3, 0.6))
    assert plot_controls(table(), ax=ax) is ax


def test_bad_input(result: Make) -> None:
    with pytest.raises(InputError, match="results to draw"):
        plot_controls([])
    with pytest.raises(UnknownNameError, match="the name of a measure"):
        plot_controls([result("nonsense")])
