"""Noise that belongs to a row."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from repscope.transform.trained.noise import row_noise


def rows(n: int = 400, d: int = 32) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0))


def test_the_batch_does_not_matter() -> None:
    given = rows()
    whole = row_noise(given, 3, 1)
    order = torch.randperm(len(given), generator=torch.Generator().manual_seed(1))
    assert torch.equal(row_noise(given[order], 3, 1), whole[order])
    assert torch.equal(row_noise(given[7:8], 3, 1), whole[7:8])
    # A view with gaps holds the same rows.
    assert torch.equal(row_noise(torch.cat([given, given], dim=1)[:, :32], 3, 1), whole)
    assert torch.equal(row_noise(given.double(), 3, 1).float(), whole)


def test_it_is_standard_normal_and_independent() -> None:
    noise = row_noise(rows(), 3, 1)
    assert stats.kstest(noise.flatten().numpy(), "norm").pvalue > 0.01
    size = noise.numel() ** -0.5
    others = [
        row_noise(rows(), 4, 1),
        row_noise(rows(), 3, 2),
        row_noise(rows() + 1e-6, 3, 1),
        noise.roll(1, dims=0),
        noise.roll(1, dims=1),
    ]
    for other in others:
        assert abs(float((noise * other).mean())) < 4 * size
    assert abs(float(noise.mean(dim=1).std()) * 32**0.5 - 1) < 0.15


def test_small_differences_and_order_count() -> None:
    one = torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 2.0000002], [0.0, 0.0], [-0.0, 0.0]])
    noise = row_noise(one, 0, 0, 8)
    assert noise.shape == (6, 8)
    assert torch.equal(noise[0], noise[2])
    assert torch.equal(noise[4], noise[5])
    for first, second in ((0, 1), (0, 3), (0, 4)):
        assert float((noise[first] - noise[second]).abs().max()) > 0.1


def test_numbers_that_seeds_may_be() -> None:
    assert torch.isfinite(row_noise(rows(2000), 2**62, 10**6)).all()
    assert float(row_noise(rows(2000), 0, 0).abs().max()) == pytest.approx(4.5, abs=1.5)
