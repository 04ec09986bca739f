"""Palettes: told apart by every kind of colour vision, in grey print, and by shape."""

from __future__ import annotations

from itertools import combinations, pairwise

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

from repscope.errors import UnknownNameError
from repscope.plot.base.style import PALETTES, palette, styled
from repscope.plot.compare.geometry import _COLOURS, PARTS

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> NDArray[np.float64]:
    c = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def stages(name: str) -> list[str]:
    chosen = palette(name)
    return [chosen.before.colour, chosen.after.colour, chosen.reference.colour]


@pytest.mark.parametrize("vision", VISION)
def test_stages_differ_to_every_eye(vision: str) -> None:
    seen = [lab(VISION[vision] @ linear(colour)) for colour in stages("default")]
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(one - other) > 40


def test_stages_differ_in_grey() -> None:
    lightness = [lab(linear(colour))[0] for colour in stages("default")]
    assert min(abs(one - other) for one, other in combinations(lightness, 2)) > 15
    lines = PALETTES["default"]
    for mark in (lines.before, lines.after, lines.reference):
        luminance = linear(mark.line) @ [0.2126, 0.7152, 0.0722]
        assert 1.05 / (luminance + 0.05) > 3


def test_the_test_can_fail() -> None:
    """The older palette is not safe: its red and green are one colour to a deuteranope, in lightness too."""
    red, green = (lab(VISION["deuteranopia"] @ linear(colour)) for colour in stages("classic")[1:])
    assert np.linalg.norm(red - green) < 40


def test_stages_differ_in_shape() -> None:
    chosen = palette("default")
    assert len({mark.marker for mark in (chosen.before, chosen.after, chosen.reference, *chosen.others)}) == 7
    assert (chosen.before.marker, chosen.reference.marker) == ("o", "*")
    classic = palette("classic")
    assert [matplotlib.colors.to_rgb(c) for c in stages("classic")] == [
        (0, 0, 1),
        (1, 0, 0),
        (0, 128 / 255, 0),
    ]
    assert matplotlib.colors.to_rgb(classic.arrow) == (128 / 255,) * 3


def test_parts_of_a_change_differ_from_their_neighbours() -> None:
    for vision in VISION.values():
        for one, other in pairwise(PARTS):
            apart = lab(vision @ linear(_COLOURS[one])) - lab(vision @ linear(_COLOURS[other]))
            assert np.linalg.norm(apart) > 20


def test_unknown_palette() -> None:
    with pytest.raises(UnknownNameError, match="choose one of default, classic"):
        palette("jet")


def test_the_readers_settings_come_back() -> None:
    with matplotlib.rc_context({"font.size": 31.0, "axes.grid": True}):
        with styled():
            assert matplotlib.rcParams["font.size"] == 7.0
            assert matplotlib.rcParams["axes.grid"] is False
        assert matplotlib.rcParams["font.size"] == 31.0
        with pytest.raises(ZeroDivisionError), styled():
            _ = 1 / 0
        assert matplotlib.rcParams["axes.grid"] is True
