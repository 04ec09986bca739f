"""Denoisers: shapes, batches, classes, cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from repscope.errors import InputError
from repscope.transform.diffusion.denoisers.dit import DiTDenoiser
from repscope.transform.diffusion.denoisers.mlp import MLPDenoiser
from repscope.transform.diffusion.denoisers.parts import Denoiser, SinusoidalCode, flops
from repscope.transform.diffusion.denoisers.unet1d import Unet1D, UnetShape


def made(name: str, classes: int = 0) -> Denoiser:
    torch.manual_seed(0)
    network: Denoiser = {
        "mlp": lambda: MLPDenoiser(24, hidden=16, blocks=2, classes=classes),
        "dit": lambda: DiTDenoiser(24, chunk=5, hidden=16, blocks=2, classes=classes),
        "unet1d": lambda: Unet1D(24, UnetShape.of(8, (1, 2))),
    }[name]()
    # Blocks that start as the identity would hide what they are told.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network.double().eval()


@pytest.mark.parametrize("name", ["mlp", "dit", "unet1d"])
def test_rows_and_times_do_not_influence_each_other(name: str) -> None:
    network, x, t = made(name), torch.randn(5, 24, dtype=torch.float64), torch.tensor([0, 1, 50, 400, 999])
    with torch.no_grad():
        whole = network(x, t)
        apart = torch.cat([network(x[i : i + 1], t[i : i + 1]) for i in range(5)])
        later = network(x, t + 7)
    assert whole.shape == (5, 24)
    np.testing.assert_allclose(whole, apart, atol=1e-10)
    assert (whole - later).abs().amax(dim=1).min() > 1e-6


@pytest.mark.parametrize("name", ["mlp", "dit"])
def test_a_class_is_heard_and_not_telling_is_a_class_of_its_own(name: str) -> None:
    network, x, t = made(name, classes=3), torch.randn(4, 24, dtype=torch.float64), torch.full((4,), 10)
    with torch.no_grad():
        untold = network(x, t)
        first = network(x, t, torch.zeros(4, dtype=torch.long))
        silent = network(x, t, torch.full((4,), 3))
    np.testing.assert_array_equal(untold, silent)
    assert (untold - first).abs().max() > 1e-4


@pytest.mark.parametrize("name", ["mlp", "dit", "unet1d"])
def test_half_precision(name: str) -> None:
    network = made(name).to(torch.bfloat16)
    found = network(torch.randn(2, 24, dtype=torch.bfloat16), torch.tensor([3, 900]))
    assert found.dtype == torch.bfloat16
    assert torch.isfinite(found).all()


def test_flops_of_the_mlp() -> None:
    network = MLPDenoiser(24, hidden=16, blocks=2)
    time = 64 * 16 + 16 * 16
    blocks = 2 * (16 * 32 + 2 * 16 * 16)
    assert flops(network, 24) == 2 * (time + 24 * 16 + blocks + 16 * 24 + 16 * 24)


def test_the_default_costs_a_small_share_of_the_older_one() -> None:
    older = Unet1D(512, UnetShape.of(32, (1, 2, 4, 8), dim=512))
    assert flops(MLPDenoiser(512), 512) * 100 < flops(older, 512)


def test_time_code() -> None:
    found = SinusoidalCode(8)(torch.tensor([0, 5]))
    np.testing.assert_allclose(found[0], [0] * 4 + [1] * 4)
    frequency = 10_000.0 ** -(np.arange(4) / 3)
    np.testing.assert_allclose(found[1], [*np.sin(5 * frequency), *np.cos(5 * frequency)], rtol=1e-5)
    with pytest.raises(InputError, match="even width"):
        SinusoidalCode(3)


def test_heads_that_do_not_divide() -> None:
    with pytest.raises(InputError, match="heads divide"):
        DiTDenoiser(24, hidden=18, heads=4)
