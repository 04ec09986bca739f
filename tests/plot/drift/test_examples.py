"""Items as rows of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.plot.drift.examples import ExampleRow, plot_drift_examples
from repscope.plot.neighbour_grid import Tile


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
