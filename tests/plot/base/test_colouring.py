"""Colours by a column: kinds have hues, fractions a scale, missing values neither."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from repscope.plot.base.colouring import HUES, colouring
from repscope.plot.base.style import GREY, PALE


def test_kinds_have_one_hue_in_every_set():
    found = colouring("label", {"before": ["cat", "dog", None], "after": ["dog", "cat", "cat"]})
    assert found.colours["before"].tolist() == [HUES[0], HUES[1], PALE]
    assert found.colours["after"].tolist() == [HUES[1], HUES[0], HUES[0]]
    assert [words for words, _ in found.legend] == ["cat", "dog", "no value"]


def test_what_is_rare_is_grey_and_counted():
    values = [str(value) for value in range(20) for _ in range(20 - value)]
    found = colouring("label", {"items": values})
    assert found.colours["items"][-1] == GREY
    assert found.legend[-1] == ("13 more", GREY)
    assert "7 most frequent of 20" in found.rule


def test_fractions_grow_lighter():
    values = np.linspace(0, 1, 50).tolist()
    found = colouring("conf", {"items": [*values, float("nan")]})
    light = [sum(to_rgb(colour)) for colour in found.colours["items"][:-1]]
    assert light[-1] > light[25] > light[0]
    assert found.colours["items"][-1] == PALE


def test_whole_numbers_are_kinds_however_they_are_stored():
    found = colouring("label", {"items": [1.0, 2.0], "text": [1, 2]})
    assert found.colours["items"].tolist() == found.colours["text"].tolist()
