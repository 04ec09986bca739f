"""Noise schedules, in float64: how much of a row is left after t steps of noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, check_known

Table = NDArray[np.float64]

COSINE_OFFSET = 0.008
"""s of the cosine schedule, which keeps the first betas from being vanishingly small."""
LARGEST_BETA = 0.999
SMALLEST_VARIANCE = 1e-20

BUFFERS = (
    "betas",
    "alphas_cumprod",
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
    "loss_weight",
)
"""Names of the tables that lucidrains' ``GaussianDiffusion1D`` keeps in a checkpoint."""


def linear_betas(timesteps: int) -> Table:
    """[T] evenly spaced betas (Ho et al. 2020), stretched so that any T ends equally noisy."""
    scale = 1000 / timesteps
    return np.linspace(scale * 1e-4, scale * 0.02, timesteps)


def cosine_betas(timesteps: int) -> Table:
    """[T] betas whose ᾱ is a squared cosine (Nichol & Dhariwal 2021)."""
    fraction = np.linspace(0, 1, timesteps + 1)
    return _betas_of(np.cos((fraction + COSINE_OFFSET) / (1 + COSINE_OFFSET) * np.pi / 2) ** 2)


def sigmoid_betas(timesteps: int) -> Table:
    """[T] betas whose ᾱ is a logistic curve from −3 to 3 (Jabri et al. 2022)."""
    curve = 1 / (1 + np.exp(-np.linspace(-3, 3, timesteps + 1)))
    return _betas_of((curve[-1] - curve) / (curve[-1] - curve[0]))


SCHEDULES: dict[str, Callable[[int], Table]] = {
    "linear": linear_betas,
    "cosine": cosine_betas,
    "sigmoid": sigmoid_betas,
}


@dataclass(frozen=True)
class Schedule:
    """T steps from data (t = 0) to noise (t = T − 1).

    Attributes:
        name: linear, cosine or sigmoid.
        timesteps: T.
    """

    name: str
    timesteps: int

    def __post_init__(self) -> None:
        check_known(self.name, SCHEDULES, "a schedule")
        if isinstance(self.timesteps, bool) or self.timesteps != int(self.timesteps) or self.timesteps < 2:
            raise InputError(
                "at least 2 time steps", f"timesteps={self.timesteps!r}", "give a whole number such as 1000"
            )
        if self.name == "linear" and self.timesteps <= 20:
            raise InputError(
                "more than 20 time steps for the linear schedule",
                f"timesteps={self.timesteps}, for which a beta reaches 1",
                "give more time steps, or choose the cosine schedule",
            )

    @cached_property
    def betas(self) -> Table:
        """[T] variance that each step adds, in (0, 1)."""
        return SCHEDULES[self.name](self.timesteps)

    @cached_property
    def alphas_cumprod(self) -> Table:
        """[T] ᾱ: share of the variance that is still data."""
        found: Table = np.cumprod(1 - self.betas, dtype=np.float64)
        return found

    @property
    def snr(self) -> Table:
        """[T] signal-to-noise ratio ᾱ / (1 − ᾱ)."""
        return self.alphas_cumprod / (1 - self.alphas_cumprod)

    def alpha(self, t: int) -> float:
        """ᾱ at step t; 1 at −1, which is data without noise."""
        return 1.0 if t < 0 else float(self.alphas_cumprod[t])

    def tables(self) -> dict[str, Table]:
        """All tables of :data:`BUFFERS` except ``loss_weight``, each [T]."""
        beta, alpha = self.betas, self.alphas_cumprod
        before = np.concatenate([[1.0], alpha[:-1]])
        variance = beta * (1 - before) / (1 - alpha)
        return {
            "betas": beta,
            "alphas_cumprod": alpha,
            "alphas_cumprod_prev": before,
            "sqrt_alphas_cumprod": np.sqrt(alpha),
            "sqrt_one_minus_alphas_cumprod": np.sqrt(1 - alpha),
            "log_one_minus_alphas_cumprod": np.log(1 - alpha),
            "sqrt_recip_alphas_cumprod": np.sqrt(1 / alpha),
            "sqrt_recipm1_alphas_cumprod": np.sqrt(1 / alpha - 1),
            "posterior_variance": variance,
            # The first is 0, whose logarithm is none.
            "posterior_log_variance_clipped": np.log(np.maximum(variance, SMALLEST_VARIANCE)),
            "posterior_mean_coef1": beta * np.sqrt(before) / (1 - alpha),
            "posterior_mean_coef2": (1 - before) * np.sqrt(1 - beta) / (1 - alpha),
        }


def _betas_of(cumulative: Table) -> Table:
    """Betas of a curve of ᾱ at 0, 1, …, T."""
    found: Table = np.clip(1 - cumulative[1:] / cumulative[:-1], 0, LARGEST_BETA)
    return found
