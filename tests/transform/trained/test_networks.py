"""The residual network, its cost, and the frame it is trained in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from repscope.errors import VectorError
from repscope.transform.inputs import gather
from repscope.transform.trained.frame import Frame, sides, unit
from repscope.transform.trained.networks import ResidualMLP, matmul_flops, time_features


def counted(network: nn.Module, *inputs: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        network(*inputs)
    return int(counter.get_total_flops())


@pytest.mark.parametrize("context", [0, 5])
def test_flops_against_torch(context: int) -> None:
    network = ResidualMLP(7, 11, 3, context)
    inputs = [torch.zeros(4, 7), *([torch.zeros(4, context)] if context else [])]
    assert counted(network, *inputs) == 4 * matmul_flops(network)


def test_an_untrained_network_changes_nothing_and_can_learn() -> None:
    network = ResidualMLP(6, 8, 2, 3)
    rows, context = torch.randn(5, 6), torch.randn(5, 3)
    assert torch.equal(network(rows, context), torch.zeros(5, 6))
    (network(rows, context) - 1).square().sum().backward()
    assert network.straight.weight.grad is not None
    assert float(network.straight.weight.grad.norm()) > 0
    for weight in network.parameters():
        with torch.no_grad():
            weight.add_(0.1 * torch.randn_like(weight))
    together = network(rows, context)
    apart = torch.cat([network(rows[i : i + 1], context[i : i + 1]) for i in range(5)])
    assert torch.allclose(together, apart, atol=1e-5)
    assert float((network(rows, context) - network(rows, context + 1)).detach().norm()) > 0.01


def test_times_are_told_apart() -> None:
    features = time_features(torch.linspace(0, 1, 101))
    assert features.shape == (101, 64)
    assert torch.allclose(features[0], torch.cat([torch.ones(32), torch.zeros(32)]))
    assert float(torch.cdist(features, features).fill_diagonal_(9.0).min()) > 0.1
    assert time_features(torch.zeros(2, dtype=torch.float64)).dtype == torch.float64


def framed(n: int = 50, d: int = 6, e: int = 4) -> tuple[np.ndarray, np.ndarray, Frame]:
    rng = np.random.default_rng(0)
    source, target = 3 * rng.normal(size=(n, d)) + 1, 5 * rng.normal(size=(n, e)) - 2
    return source, target, Frame(*sides(gather(source, target, on="row")))


def test_the_frame_centres_and_scales_unit_rows() -> None:
    source, target, frame = framed()
    inside = frame.enter_target(torch.from_numpy(target))
    assert torch.allclose(inside.mean(dim=0), torch.zeros(4, dtype=torch.float64), atol=1e-6)
    assert float(inside.square().mean()) == pytest.approx(1.0, rel=1e-6)
    moved = frame.enter(torch.from_numpy(source))
    assert torch.allclose(moved.mean(dim=0), torch.zeros(6, dtype=torch.float64), atol=1e-6)
    lengths = np.linalg.norm(target, axis=1)
    raw = frame.leave(inside).numpy()
    assert raw == pytest.approx(unit(target, "t") * lengths.mean(), abs=1e-5)
    assert frame.back(torch.from_numpy(raw)).numpy() == pytest.approx(inside.numpy(), abs=1e-9)
    back = frame.leave_source(moved).numpy()
    assert back == pytest.approx(unit(source, "s") * np.linalg.norm(source, axis=1).mean(), abs=1e-5)


def test_means_are_those_of_the_pairs() -> None:
    """One class text with many images counts as often as it has images."""
    texts = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    images = np.asarray([[1.0, 1.0], [2.0, 1.0], [1.0, 3.0], [1.0, 2.0]])
    _, target = sides(gather(images, texts, pairs=([0, 1, 2, 3], [0, 0, 0, 1])))
    assert target.mean.tolist() == [0.75, 0.25]


def test_rows_without_a_direction() -> None:
    rows = np.ones((3, 2)) + np.arange(6).reshape(3, 2)
    with pytest.raises(VectorError, match=r"only zeros in 1 rows \(1\)"):
        unit(np.asarray([[1.0, 0.0], [0.0, 0.0]]), "s")
    with pytest.raises(VectorError, match="rows of target in more than one direction"):
        sides(gather(rows, np.ones((3, 2)), on="row"))
    with pytest.raises(VectorError, match="at least 2 rows of source; got 1"):
        sides(gather(rows[:1], rows[:1], on="row"))
