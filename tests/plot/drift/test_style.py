"""Colours of stages and marks of groups."""

from __future__ import annotations

import pytest

from repscope.errors import UnknownNameError
from repscope.plot.drift.style import GROUPS, stage_colours


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
