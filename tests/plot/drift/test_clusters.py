"""Cluster maps: what is drawn, where, and that nothing covers anything else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from repscope.errors import InputError
from repscope.plot.drift.clusters import Cloud, ClusterPanel, plot_drift_clusters


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


def test_no_panels_are_an_error():
    with pytest.raises(InputError, match="two or more stages"):
        plot_drift_clusters([])
