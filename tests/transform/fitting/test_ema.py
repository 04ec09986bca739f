"""The moving average of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from repscope.transform.fitting.ema import MovingAverage


def test_the_average_against_a_loop() -> None:
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(0.0)
    average, expected = MovingAverage(network, 0.5), 0.0
    for update in range(12):
        value = float(update + 1)
        with torch.no_grad():
            network.weight.fill_(value)
        average.update(network)
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * value
    assert average.network.weight.item() == pytest.approx(expected, rel=1e-6)
    assert average.updates == 12


def test_buffers_are_copied() -> None:
    network = nn.BatchNorm1d(2)
    average = MovingAverage(network, 0.9)
    network(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    average.update(network)
    assert torch.equal(average.network.running_mean, network.running_mean)
    assert average.network.num_batches_tracked == 1
    assert not any(weight.requires_grad for weight in average.network.parameters())
