"""The older systems' U-Net, against the numbers of the library that it comes from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from repscope.errors import InputError, VectorError
from repscope.transform.diffusion.denoisers.unet1d import Unet1D, UnetShape

Fill = Callable[[torch.nn.Module], torch.nn.Module]
SHAPES = {
    "tiny": UnetShape.of(8, (1, 2)),
    "deep": UnetShape(8, (8, 16, 16), 8, 32, middle_heads=(2, 8)),
    "two_channels": UnetShape.of(8, (1, 2), channels=2),
}


@pytest.mark.parametrize("name", SHAPES)
def test_same_output_as_the_library(name: str, filled: Fill, numbers: dict[str, np.ndarray]) -> None:
    network = filled(Unet1D(16, SHAPES[name]))
    with torch.no_grad():
        found = network(torch.from_numpy(numbers["x"]), torch.from_numpy(numbers["t"]))
    expected = numbers[f"network/{name}"]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5, rtol=1e-5)


def test_parameters_of_the_older_checkpoints() -> None:
    with torch.device("meta"):
        older = Unet1D(512, UnetShape.of(32, (1, 2, 4, 8), dim=512))
        library = Unet1D(512, UnetShape.of(32, (1, 2, 4, 8)))
    assert sum(p.numel() for p in older.parameters()) == 4_037_313
    assert sum(p.numel() for p in library.parameters()) == 3_975_873


def test_rows_that_the_levels_cannot_halve() -> None:
    with pytest.raises(VectorError, match="multiple of 8"):
        Unet1D(20, UnetShape())


def test_impossible_shape() -> None:
    with pytest.raises(InputError, match="dim_mults"):
        UnetShape.of(32, ())
