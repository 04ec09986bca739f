"""What a denoiser is trained on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from repscope.transform.diffusion.module import DiffusionModule
from repscope.transform.diffusion.process import q_sample, target_of
from repscope.transform.diffusion.schedules import Schedule
from repscope.transform.diffusion.weights import loss_weights
from repscope.transform.fitting import Batch, Draws

CLASS = "class"
"""Column of the class codes among a batch's extras."""


class DenoisingLoss:
    """Weighted squared error of what the denoiser says about rows at random time steps.

    Weights are divided by their mean, so that a learning rate and a gradient's longest length mean the
    same for each weighting.

    Args:
        schedule: of the noise.
        objective: what is predicted.
        weighting: see :func:`repscope.transform.diffusion.weights.loss_weights`.
        gamma: of min-SNR.
        drop: share of training rows whose class is not told, for classifier-free guidance.
    """

    def __init__(
        self, schedule: Schedule, objective: str, weighting: str, gamma: float, *, drop: float = 0.0
    ) -> None:
        weights = loss_weights(schedule, objective, weighting, gamma)
        self.schedule, self.objective, self.drop = schedule, objective, drop
        self.weights = torch.as_tensor(weights / weights.mean(), dtype=torch.float32)

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """Mean over the rows of a batch; of the target if there is one, else of the source."""
        assert isinstance(network, DiffusionModule)
        x0 = batch.target if batch.target is not None else batch.source
        assert x0 is not None
        t = draws.integers(0, self.schedule.timesteps)
        noise = draws.normal(x0.shape[1])
        classes = batch.extra.get(CLASS)
        if classes is not None and network.training:
            classes = torch.where(draws.uniform() < self.drop, network.denoiser.classes, classes)
        said = network.said(q_sample(self.schedule, x0, t, noise), t, classes)
        wanted = target_of(self.schedule, self.objective, x0, t, noise)
        each = (said - wanted).square().mean(dim=1)
        return (self.weights.to(each.device)[t] * each).mean()
