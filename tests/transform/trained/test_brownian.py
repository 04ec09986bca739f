"""The Brownian bridge: its process, its sampler with a known answer, and its noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from repscope.errors import InputError
from repscope.testing.pairs import paired_modalities
from repscope.transform.fitting import Batch, Draws
from repscope.transform.trained.brownian import Bridged, BrownianBridge, BrownianModule
from repscope.transform.trained.frame import Frame

SMALL: dict[str, Any] = {"hidden": 16, "depth": 1, "steps": 30, "batch_size": 32}


class Oracle(nn.Module):
    """Knows the target of every row, so the excess is exact."""

    def __init__(self, target: Tensor) -> None:
        super().__init__()
        self.target = target

    def forward(self, rows: Tensor, context: Tensor) -> Tensor:
        return rows - self.target


def module(**more: Any) -> BrownianModule:
    settings: dict[str, Any] = {"sampling_steps": 10, "variance": 1.0, "eta": 0.0, "seed": 0} | more
    return BrownianModule(Frame.empty(6, 6), 8, 1, **settings)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 10])
def test_who_knows_the_target_arrives_there(eta: float, steps: int) -> None:
    source, target = torch.randn(20, 6), torch.randn(20, 6)
    bridge = module(eta=eta, sampling_steps=steps)
    bridge.network = Oracle(target)  # type: ignore[assignment]
    assert torch.allclose(bridge.moved(source, source), target, atol=1e-5)


def test_on_the_way_rows_have_the_spread_of_the_bridge() -> None:
    """With all of the noise, and the target known, the sampler follows the process at every time."""
    n = 20_000
    source = torch.randn(n, 6, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(n, 6)
    seen: list[Tensor] = []

    class Watching(Oracle):
        def forward(self, rows: Tensor, context: Tensor) -> Tensor:
            seen.append(rows)
            return rows - self.target

    bridge = module(eta=1.0, sampling_steps=5, variance=0.7)
    bridge.network = Watching(target)  # type: ignore[assignment]
    bridge.moved(source, source)
    for rows, time in zip(seen, (1.0, 0.8, 0.6, 0.4, 0.2), strict=True):
        off = rows - time * source
        assert float(off.mean()) == pytest.approx(0.0, abs=0.01)
        assert float(off.var()) == pytest.approx(2 * 0.7 * (time - time**2), rel=0.03, abs=1e-9)


def test_the_loss_is_that_of_the_process() -> None:
    """An untrained network predicts no excess, so its loss is the excess's own mean square."""
    rng = torch.Generator().manual_seed(0)
    source, target = (torch.randn(4000, 6, generator=rng) for _ in range(2))
    loss = float(Bridged().loss(module(variance=0.7), Batch(source, target, {}), Draws(1, 4000)).detach())
    # E[m²]·E|source − target|² + E[2·0.7·(m − m²)] over uniform m.
    expected = float((source - target).square().mean()) / 3 + 2 * 0.7 / 6
    assert loss == pytest.approx(expected, rel=0.05)


def test_without_noise_a_row_has_one_image_and_with_it_one_for_each_seed() -> None:
    made = paired_modalities(200, 8, shared=5, gap=1.0, seed=1)

    def fitted(**more: Any) -> Any:
        return BrownianBridge(**SMALL, **more).fit(made.images, made.texts, on="row")

    noisy = fitted(eta=1.0)
    rows = made.images[:40]
    whole = noisy.transform(rows)
    assert noisy.transform(rows[::-1]) == pytest.approx(whole[::-1], abs=1e-9)
    assert noisy.transform(rows[5:6]) == pytest.approx(whole[5:6], abs=1e-9)
    assert np.array_equal(noisy.transform(rows), whole)
    quiet = noisy.as_module()
    quiet.eta = 0.0
    still = quiet.double()(torch.from_numpy(rows)).detach().numpy()
    assert np.abs(still - whole).max() > 0.05
    other = noisy.as_module()
    other.seed = 9
    again = other.double()(torch.from_numpy(rows)).detach().numpy()
    assert np.abs(again - whole).max() > 0.05
    assert fitted().transform(rows) == pytest.approx(still, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("eta", 1.5, "eta: from 0 to 1"),
        ("variance", -1.0, "variance: from 0 to"),
        ("sampling_steps", 0, "sampling_steps: a whole number of at least 1"),
    ],
)
def test_bad_parameters(name: str, value: Any, match: str) -> None:
    made = paired_modalities(30, 4, shared=2)
    with pytest.raises(InputError, match=match):
        BrownianBridge(**{name: value}).fit(made.images, made.texts, on="row")
