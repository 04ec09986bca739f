"""The forward process, and the three ways to say what the denoiser found."""

from __future__ import annotations

import torch

from repscope.transform.diffusion.schedules import Schedule
from repscope.transform.diffusion.weights import check_objective


def coefficients(
    schedule: Schedule, t: torch.Tensor, like: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(√ᾱ, √(1−ᾱ)) at t [B] as [B, 1], in the dtype and on the device of ``like``."""
    # Roots in float64 on the CPU, as not every device has it.
    alpha = torch.as_tensor(schedule.alphas_cumprod)
    tables = (alpha.sqrt(), (1 - alpha).sqrt())
    signal, spread = (table.to(like.dtype).to(like.device)[t][:, None] for table in tables)
    return signal, spread


def q_sample(schedule: Schedule, x0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """[B, D] rows after t steps: √ᾱ·x₀ + √(1−ᾱ)·ε."""
    signal, spread = coefficients(schedule, t, x0)
    return signal * x0 + spread * noise


def target_of(
    schedule: Schedule, objective: str, x0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """[B, D] what the denoiser should say.

    Raises:
        UnknownNameError: no such objective.
    """
    check_objective(objective)
    if objective == "pred_x0":
        return x0
    if objective == "pred_noise":
        return noise
    signal, spread = coefficients(schedule, t, x0)
    return signal * noise - spread * x0


def to_x0_and_noise(
    objective: str, output: torch.Tensor, x: torch.Tensor, alpha: float, *, clip: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(x̂₀, ε̂), each [B, D], from what the denoiser said about x at one time step.

    Args:
        objective: what it predicts.
        output: [B, D] what it said.
        x: [B, D] noisy rows.
        alpha: ᾱ of the step, in (0, 1).
        clip: x̂₀ is clamped to ±clip before the noise is derived from it; a noise that was predicted
            stays as it is. None leaves x̂₀ alone.

    Raises:
        UnknownNameError: no such objective.
    """
    check_objective(objective)
    signal, spread = alpha**0.5, (1 - alpha) ** 0.5
    if objective == "pred_noise":
        x0 = x * (1 / signal) - output * (1 / alpha - 1) ** 0.5
        return _clipped(x0, clip), output
    x0 = _clipped(output if objective == "pred_x0" else signal * x - spread * output, clip)
    return x0, (x - signal * x0) / spread


def _clipped(x0: torch.Tensor, clip: float | None) -> torch.Tensor:
    return x0 if clip is None else x0.clamp(-clip, clip)
