"""The grid of neighbours: nothing cut off, right and wrong apart without colour, odd names and pictures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from repscope.errors import InputError, VectorError
from repscope.plot.base.save import save_figure
from repscope.plot.base.style import SMALL
from repscope.plot.base.text import text_width
from repscope.plot.neighbour_grid import RIGHT, WRONG, Tile, plot_neighbours


def picture(high: int, wide: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (high, wide, 3), dtype=np.uint8)


def grid(near: int, *, rows: int = 2, name: str = "item") -> Figure:
    tiles = [
        Tile(f"{name} {i}", picture(20 + i, 40 - i, i), score=0.9 - i / 20, right=i % 2 == 0)
        for i in range(near)
    ]
    return plot_neighbours([(Tile("asked", picture(30, 30)), tiles)] * rows)


@pytest.mark.parametrize("near", [1, 5, 12])
def test_nothing_is_cut_off_or_overlaps(near: int, whole: Callable[[Figure], None]) -> None:
    figure = grid(near, rows=3)
    whole(figure)
    assert len(figure.axes) == 3 * (near + 1)
    boxes = [ax.get_tightbbox() for ax in figure.axes[near + 1 : 2 * (near + 1)]]
    assert all(left.x1 <= right.x0 + 1 for left, right in pairwise(boxes))
    above = figure.axes[0].get_tightbbox()
    assert above.y0 >= boxes[0].y1 - 1
    box = figure.axes[0].get_window_extent()
    assert abs(box.width - box.height) < 1


def test_right_and_wrong_differ_in_sign_and_line_not_in_colour_alone() -> None:
    figure = grid(2)
    right, wrong = figure.axes[1], figure.axes[2]
    assert "✓" in {text.get_text() for text in right.texts}
    assert "✗" in {text.get_text() for text in wrong.texts}
    assert right.spines["left"].get_linestyle() != wrong.spines["left"].get_linestyle()
    note = figure.texts[0].get_text()
    assert "✓" in note
    assert "✗" in note
    assert "cosine" in note
    light = [
        0.2126 * r + 0.7152 * g + 0.0722 * b
        for r, g, b in ([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in (RIGHT, WRONG))
    ]
    assert max(light) < 0.5


def test_without_labels_there_is_no_mark() -> None:
    figure = plot_neighbours(
        [(Tile("a", picture(9, 9)), [Tile("b", picture(9, 9), score=0.5)])], score="distance"
    )
    assert not {"✓", "✗"} & {text.get_text() for ax in figure.axes for text in ax.texts}
    assert figure.texts[0].get_text() == "number: distance to the query"


def test_items_without_a_picture_show_their_text(whole: Callable[[Figure], None]) -> None:
    long = "a man riding a wave on top of a surfboard " * 9
    odd = [
        Tile("x" * 300, text=long, score=-0.25),
        Tile("$\\frac", text="$a_{", score=float("nan")),
        Tile("漢字\n"),
    ]
    figure = plot_neighbours([(Tile("", text=""), odd)])
    whole(figure)
    shown = figure.axes[1].texts[0].get_text()
    assert shown.endswith("…")
    assert "no picture" in figure.axes[0].texts[0].get_text()
    assert "−0.250" in figure.axes[1].texts[1].get_text()


def test_a_name_keeps_its_end_where_names_differ() -> None:
    names = [f"000000000000000000000000000{i}.jpg" for i in range(8)]
    near = [Tile(name, picture(9, 9), score=0.1) for name in names]
    figure = plot_neighbours([(Tile("q", picture(9, 9)), near)])
    under = [ax.texts[-1].get_text().splitlines()[1] for ax in figure.axes[2:]]
    assert len(set(under)) == len(under)
    assert all("…" in one and one.endswith(".jpg") for one in under)
    side = figure.axes[1].get_position().width * figure.get_size_inches()[0] * 72
    assert all(text_width(one, SMALL) <= side + 0.1 for one in under)


def test_the_same_grid_gives_the_same_bytes(tmp_path) -> None:
    first = save_figure(grid(3), tmp_path / "a", "grid")
    again = save_figure(grid(3), tmp_path / "b", "grid")
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in again]
    assert [one.suffix for one in first] == [".png", ".svg"]


def test_refusals() -> None:
    with pytest.raises(InputError):
        plot_neighbours([])
    with pytest.raises(InputError):
        plot_neighbours([(Tile("a"), [])])
    with pytest.raises(VectorError, match="'b'"):
        plot_neighbours([(Tile("a"), [Tile("b", np.zeros((4, 4), np.uint8))])])
