"""What sizes mean for each method."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repscope.errors import InputError, UnknownNameError
from repscope.verbs.quantise.curve import curve_settings
from repscope.verbs.quantise.settings import grid_levels, settings


@given(st.integers(1, 6), st.integers(0, 5000))
def test_a_grid_is_the_largest_of_even_ones(axes: int, more: int) -> None:
    size = 3**axes + more
    levels = grid_levels(size, axes)
    assert len(levels) == axes
    assert min(levels) >= 3
    assert prod(levels) <= size
    assert list(levels) == sorted(levels, reverse=True)
    # No axis can have one more.
    assert all(prod(levels) // one * (one + 1) > size for one in levels)


def test_each_method_by_hand() -> None:
    assert settings("vq", 64, None, None).params == {"codebook_size": 64, "bottleneck": None}
    assert settings("rvq", 64, 8, None).params == {"codebook_size": 64, "bottleneck": 8, "stages": 4}
    found = settings("fsq", 512, None, None)
    assert (found.params, found.codes, found.bottleneck) == ({"levels": (5, 5, 5, 4)}, 500, 4)
    assert "500 codes" in found.notes[0]
    assert settings("lfq", 1024, None, None).params == {"bits": 10}
    assert settings("kmeans", 8, None, 1, {"iterations": 3}).params["iterations"] == 3


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (("pq", 8, None, None), UnknownNameError, "kmeans"),
        (("vq", 8, None, 2), InputError, "rvq"),
        (("vq", 1, None, None), InputError, "2 codes"),
        (("lfq", 100, None, None), InputError, "64 or 128"),
        (("lfq", 64, 8, None), InputError, "--codebook 256"),
        (("fsq", 8, 2, None), InputError, "at least 9 codes"),
        (("vq", 8, None, None, {"codebook_size": 4}), InputError, "one way"),
    ],
)
def test_sizes_that_do_not_fit(given, error, message) -> None:
    with pytest.raises(error, match=message):
        settings(*given)


def test_the_quantisers_of_a_curve() -> None:
    def sizes(method, codebook, bottleneck=None, **more):
        chosen = settings(method, codebook, bottleneck, None)
        given = {"codebooks": (), "bottlenecks": (), "params": None, **more}
        return [(one.codes, one.bottleneck) for one in curve_settings(chosen, codebook, None, **given)]

    assert sizes("vq", 100) == [(4, None), (16, None), (64, None), (100, None)]
    assert sizes("vq", 16, 4) == [(4, 4), (16, 4)]
    assert sizes("vq", 16, codebooks=(8,), bottlenecks=(2, 3)) == [(8, 2), (8, 3)]
    assert sizes("lfq", 64) == [(4, 2), (16, 4), (64, 6)]
    with pytest.raises(InputError, match="--bottlenecks"):
        sizes("lfq", 64, bottlenecks=(2,))
