"""Figures of ordered stages: what is drawn, where, and that nothing covers anything else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from repscope.errors import InputError, UnknownNameError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.drift.records import ChangePoint, Series
from repscope.plot.drift.clusters import Cloud, ClusterPanel, plot_drift_clusters
from repscope.plot.drift.examples import ExampleRow, plot_drift_examples
from repscope.plot.drift.metrics import PairRow, plot_drift_metrics
from repscope.plot.drift.style import GROUPS, stage_colours
from repscope.plot.drift.trajectories import plot_drift_trajectories
from repscope.plot.neighbour_grid import Tile


def cloud(name: str, centre: tuple[float, float], radius: float = 1.0, n: int = 60) -> Cloud:
    rng = np.random.default_rng(len(name))
    points = rng.normal(size=(n, 2)) * radius / 2
    points += np.array(centre) - points.mean(axis=0)
    return Cloud(name, points, radius, f"spread {radius:g} [0.9, 1.1]\nRMS radius {radius:g}", ellipse=True)


def panel(title: str = "", moved: float = 3.0) -> ClusterPanel:
    stages = [cloud(f"gen_{g}", (moved * at, 0.4 * at), 1.0 / (at + 1)) for at, g in enumerate((0, 4, 10))]
    return ClusterPanel(title, tuple(stages), ("moved 3.0 [2.9, 3.1]", "moved 3.0"))


def artists(ax, gid: str) -> list:
    return [one for one in ax.get_children() if one.get_gid() == gid]


def framed(ax, dpi: float = 100) -> list:
    """Boxes of all labels with their frames, as they are drawn."""
    figure = ax.get_figure(root=True)
    if figure.dpi != dpi:
        figure.set_dpi(dpi)
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    labels = artists(ax, "label")
    boxes = [one.get_bbox_patch().get_window_extent(renderer) for one in labels]
    inside = [one.get_window_extent(renderer) for one in labels]
    assert all(
        box.contains(*one.min) and box.contains(*one.max) for box, one in zip(boxes, inside, strict=True)
    )
    return boxes


@pytest.mark.parametrize(
    ("stages", "groups", "moved"),
    [(3, 1, 3.0), (3, 2, 0.0), (3, 3, 0.05), (6, 1, 0.0), (6, 2, 0.0), (6, 3, 0.0), (6, 3, 0.05)],
)
def test_no_label_covers_another_or_the_edge(whole, stages, groups, moved):
    rng = np.random.default_rng(0)
    captions = Cloud("captions", rng.normal(size=(80, 2)), 1.4, "spread 1.96 [1.78, 2.14]\nRMS radius 1.4")
    generations = [
        cloud(f"generation_{g}", (moved * g, 0.1 * moved * g), 1.234 / (g + 1)) for g in range(stages)
    ]
    arrows = tuple(f"moved {moved:.2f}" for _ in range(stages - 1))
    panels = [ClusterPanel(f"group {number}", tuple(generations), arrows) for number in range(groups)]
    figure = plot_drift_clusters(panels, reference=captions, notes=["a note"])
    whole(figure)
    assert len(figure.axes) == groups
    for dpi, ax in itertools.product((100, 300), figure.axes):
        boxes = framed(ax, dpi)
        assert len(boxes) == len(artists(ax, "leader")) == stages + stages - 1 + 1
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        assert all(ax.bbox.contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_a_panel_grows_with_its_labels_and_long_ones_are_broken(whole):
    names = [f"a rather long name of stage {g}" for g in range(6)]
    note = "spread 0.1234 [0.0123, 0.2345] of all the rows that there are\nRMS radius 0.1234"
    stages = tuple(Cloud(name, cloud(name, (0, 0)).points, 1.0, note) for name in names)
    narrow = [ClusterPanel(str(g), stages, ("moved 0.000 [0.000, 0.001]",) * 5) for g in range(3)]
    figure = plot_drift_clusters(narrow, width=4.5)
    whole(figure)
    for ax in figure.axes:
        boxes = framed(ax)
        assert len(boxes) == 11
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        assert all(ax.bbox.contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_discs_have_the_radius_that_was_given_at_equal_scales():
    figure = plot_drift_clusters([panel()])
    ax = figure.axes[0]
    discs = artists(ax, "disc")
    assert [one.radius for one in discs] == [1.0, 0.5, 1 / 3]
    assert discs[1].center == pytest.approx((3.0, 0.4))
    assert len(artists(ax, "ellipse")) == 3
    assert len(artists(ax, "arrow")) == 2
    figure.draw_without_rendering()
    per_unit = np.diff(ax.transData.transform([(0, 0), (1, 1)]), axis=0)[0]
    assert per_unit[0] == pytest.approx(per_unit[1], rel=1e-3)


def test_an_ellipse_holds_what_it_says():
    rng = np.random.default_rng(0)
    points = rng.multivariate_normal([1, 2], [[4, 1.5], [1.5, 1]], size=4000)
    stages = (Cloud("a", points, None, "", ellipse=True), Cloud("b", points + 1, None))
    ellipse = artists(plot_drift_clusters([ClusterPanel("", stages, ("",))]).axes[0], "ellipse")[0]
    inside = ellipse.get_patch_transform().inverted().transform(points)
    ax = ellipse.axes
    outline = ellipse.get_patch_transform().transform(ellipse.get_path().vertices)
    for axis, limits in enumerate((ax.get_xlim(), ax.get_ylim())):
        assert limits[0] < outline[:, axis].min()
        assert outline[:, axis].max() < limits[1]
    assert 0.94 < (np.linalg.norm(inside, axis=1) <= 1).mean() < 0.96


def test_palettes():
    classic = stage_colours(3, "classic")
    assert classic == ["#FF0000", "#008000", "#800080"]
    for count in (2, 3, 6, 11):
        colours = stage_colours(count, "default")
        light = [int(one[1:3], 16) + int(one[3:5], 16) + int(one[5:], 16) for one in colours]
        assert len(set(colours)) == count
        assert light == sorted(light, reverse=True)
    assert len(stage_colours(11, "classic")) == 11
    assert len({one.colour for one in GROUPS}) == len({one.marker for one in GROUPS}) == len(GROUPS)
    with pytest.raises(UnknownNameError, match="palette"):
        stage_colours(3, "gaudy")
    with pytest.raises(InputError, match="two or more stages"):
        plot_drift_clusters([])


def rows(count: int, shift: float = 0.0) -> list[PairRow]:
    return [
        PairRow(
            f"gen_{number} → gen_{number + 1}",
            Estimate(1.0 + shift, 0.9, 1.1),
            0.1,
            Difference(0.5 + shift, 0.4, 0.7),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 3, 11])
def test_metrics_have_a_row_for_each_pair_and_the_values_given(whole, count):
    figure = plot_drift_metrics({"a": rows(count), "b": rows(count, 0.2)}, last=int(count > 1))
    whole(figure)
    left, right = figure.axes
    drawn = [line.get_xdata()[0] for line in left.lines if line.get_marker() in ("o", "^")]
    assert sorted(drawn) == [1.0] * count + [1.2] * count
    assert [one.get_text() for one in left.get_yticklabels()] == [one.name for one in rows(count)]
    assert right.get_xscale() == "log"
    legend = [one.get_text() for one in figure.legends[0].get_texts()]
    assert legend == ["a", "b"]


def test_metrics_without_a_ratio_say_so(whole):
    missing = PairRow("a → b", Estimate(0.0, 0.0, 0.2), None, Difference(None, why="one point"))
    figure = plot_drift_metrics({"": [missing]})
    whole(figure)
    assert any(text.get_text() == "undefined" for text in figure.axes[1].texts)
    with pytest.raises(InputError, match="the same pairs"):
        plot_drift_metrics({"a": rows(2), "b": rows(3)})


def series(name: str, values: list[float | None], **more) -> Series:
    estimates = tuple(
        Estimate(None, why="first stage") if one is None else Estimate(one, one - 0.1, one + 0.1)
        for one in values
    )
    return Series(name, estimates, **more)


def test_trajectories_draw_what_is_defined(whole):
    groups = {
        "recursive": {
            "spread.total": series(
                "spread.total",
                [1.0, 1.0, 0.2],
                gaussian=(0.9, 1.1),
                floor=0.5,
                shuffled=(0.7, 0.7, None),
                change_point=ChangePoint(2, p=0.01, step=True),
            ),
            "frechet": series("frechet", [None, 0.5, 1.0], change_point=ChangePoint(2, p=0.4, step=True)),
            "recall": series("recall", [None, None, 1.0]),
            "rank.entropy": series(
                "rank.entropy", [3, 2, 1], change_point=ChangePoint(2, p=0.01, step=False)
            ),
        }
    }
    figure = plot_drift_trajectories(groups, (0, 4, 10))
    whole(figure)
    panels = {ax.get_title(loc="left"): ax for ax in figure.axes}
    assert list(panels) == ["spread.total", "rank.entropy", "frechet"]
    ax = panels["spread.total"]
    assert list(artists(ax, "values")[0].get_xdata()) == [0, 4, 10]
    assert [one.get_xdata()[0] for one in artists(ax, "change")] == [7.0]
    assert len(artists(ax, "gaussian")) == len(artists(ax, "floor")) == len(artists(ax, "shuffled")) == 1
    assert list(artists(panels["frechet"], "values")[0].get_ydata()) == [0.5, 1.0]
    assert not artists(panels["frechet"], "change")
    assert not artists(panels["rank.entropy"], "change")
    note = next(text.get_text() for text in figure.texts if text.get_gid() == "note")
    assert "change-point" in note
    with pytest.raises(InputError, match="two defined stages"):
        plot_drift_trajectories({"a": {"recall": groups["recursive"]["recall"]}}, (0, 4, 10))


def test_change_points_of_groups_at_one_place_stay_apart_and_between_their_stages():
    step = ChangePoint(20, p=0.01, step=True)
    one = {"spread.total": series("spread.total", [2.0] * 20 + [1.0] * 20, change_point=step)}
    figure = plot_drift_trajectories({"a": one, "b": one, "c": one}, tuple(range(40)))
    places = [line.get_xdata()[0] for line in artists(figure.axes[0], "change")]
    assert len(set(places)) == 3
    assert all(19 < at < 20 for at in places)


@pytest.mark.parametrize("groups", [1, 3])
def test_eleven_stages_have_tick_names_that_do_not_touch(whole, groups):
    many = {
        f"g{number}": {"spread.total": series("spread.total", [1.5 - 0.1 * one for one in range(11)])}
        for number in range(groups)
    }
    figure = plot_drift_trajectories(many, tuple(range(11)))
    whole(figure)
    ax = figure.axes[0]
    assert list(ax.get_xticks()) == list(range(11))
    names = [one for one in ax.get_xticklabels() if one.get_text()]
    boxes = [one.get_window_extent(FigureCanvasAgg(figure).get_renderer()) for one in names]
    assert names[0].get_text() == "0"
    assert names[-1].get_text() == "10"
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
    assert len(artists(ax, "values")) == groups


def test_examples_show_pictures_and_captions(whole):
    picture = np.zeros((20, 30, 3), np.uint8)
    strip = [
        ExampleRow("a very long caption of a picture " * 4, "moved 1.2", (Tile("", picture), Tile("")))
        for _ in range(3)
    ]
    figure = plot_drift_examples(strip, ["gen_0", "gen_4"], note="those that moved farthest")
    whole(figure)
    assert len(figure.axes) == 6
    assert [ax.get_title(loc="left") for ax in figure.axes[:2]] == ["gen_0", "gen_4"]
    assert sum(len(ax.images) for ax in figure.axes) == 3
    captions = [text.get_text() for text in figure.texts if text.get_gid() == "caption"]
    assert all(one.endswith("moved 1.2") for one in captions)
    with pytest.raises(InputError, match="items with pictures"):
        plot_drift_examples([ExampleRow("a", "", (Tile(""),))], ["gen_0"])
    with pytest.raises(InputError, match="a tile for each stage"):
        plot_drift_examples(strip, ["gen_0"])
