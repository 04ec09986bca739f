"""From a row at time t* back to data: DDIM and DDPM, in S steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import torch

from repscope.errors import InputError, check_known
from repscope.transform.diffusion.process import to_x0_and_noise
from repscope.transform.diffusion.schedules import Schedule
from repscope.transform.diffusion.weights import check_objective

SamplerName = Literal["ddim", "ddpm"]
SAMPLERS: tuple[SamplerName, ...] = get_args(SamplerName)

Predict = Callable[[torch.Tensor, int], torch.Tensor]
"""(x [B, D], t) → what the denoiser says, [B, D]."""
Noise = Callable[[int], torch.Tensor]
"""Time step → [B, D] standard normal numbers."""


@dataclass(frozen=True)
class Sampling:
    """How rows come back from noise.

    Attributes:
        schedule: of the noise.
        objective: what the denoiser predicts.
        entry_time: t*: rows enter as if they had gone through this many steps of noise.
        steps: S, evaluations of the denoiser on the way back. Fewer are coarser; apart from t*.
        sampler: ``ddim`` (Song et al. 2021) or ``ddpm``, the posterior of Ho et al. 2020 over the steps
            taken.
        eta: noise that DDIM adds, 0 for none and 1 for as much as DDPM.
        clip: x̂₀ is clamped to ±clip in each step, or None.

    Raises:
        UnknownNameError: no such sampler or objective.
        InputError: t* beyond the schedule, S not in 1…t*, eta outside 0…1, clip not positive.
    """

    schedule: Schedule
    objective: str
    entry_time: int
    steps: int
    sampler: str = "ddim"
    eta: float = 0.0
    clip: float | None = None

    def __post_init__(self) -> None:
        check_objective(self.objective)
        check_known(self.sampler, SAMPLERS, "a sampler")
        last = self.schedule.timesteps
        if not (_whole(self.entry_time) and 1 <= self.entry_time <= last):
            raise InputError(
                f"an entry time from 1 to {last:,}, the steps of the schedule",
                f"entry_time={self.entry_time!r}",
                "choose an earlier entry, or train with more timesteps",
            )
        if not (_whole(self.steps) and 1 <= self.steps <= self.entry_time):
            raise InputError(
                f"1 to {self.entry_time:,} sampling steps for entry_time={self.entry_time:,}",
                f"sampling_steps={self.steps!r}",
                "give at most one step for each time step",
            )
        if not 0 <= self.eta <= 1:
            raise InputError("eta from 0 to 1", f"{self.eta!r}", "give 0 for DDIM without noise")
        if self.clip is not None and not self.clip > 0:
            raise InputError("a positive clip, or none", f"{self.clip!r}", "give None to leave x̂₀ alone")

    def times(self) -> list[tuple[int, int]]:
        """(t, next t) of each evaluation, from t* − 1 to −1, which is data.

        Evenly spaced and cut to whole numbers as the older systems do it (in float32, towards zero).
        """
        if self.steps == self.entry_time:
            # Every step; a float32 line would at times miss one by rounding.
            found = list(range(-1, self.entry_time))
        else:
            found = torch.linspace(-1, self.entry_time - 1, self.steps + 1).int().tolist()
        found.reverse()
        return list(pairwise(found))

    @property
    def random(self) -> bool:
        """The way back draws noise."""
        return self.sampler == "ddpm" or self.eta > 0

    def run(self, predict: Predict, x: torch.Tensor, noise: Noise | None = None) -> torch.Tensor:
        """[B, D] x̂₀ of rows that enter at t*.

        Args:
            predict: the denoiser.
            x: [B, D] rows at t*.
            noise: numbers for each time step; needed if :attr:`random`.

        Raises:
            InputError: noise is needed and there is none.
        """
        if self.random and noise is None:
            raise InputError(
                "noise for a sampler that draws some", "none", "give noise=…, or ddim with eta=0"
            )
        step = self._ddpm if self.sampler == "ddpm" else self._ddim
        for t, following in self.times():
            # The last step is data: x̂₀ itself, without noise.
            drawn = noise(t) if noise is not None and self.random and following >= 0 else None
            x = step(x, predict(x, t), t, following, drawn)
        return x

    def _ddim(
        self, x: torch.Tensor, said: torch.Tensor, t: int, following: int, noise: torch.Tensor | None
    ) -> torch.Tensor:
        now, then = self.schedule.alpha(t), self.schedule.alpha(following)
        x0, found = to_x0_and_noise(self.objective, said, x, now, clip=self.clip)
        if following < 0:
            return x0
        spread = self.eta * ((1 - now / then) * (1 - then) / (1 - now)) ** 0.5
        moved: torch.Tensor = x0 * then**0.5 + found * (1 - then - spread**2) ** 0.5
        return moved if noise is None else moved + spread * noise

    def _ddpm(
        self, x: torch.Tensor, said: torch.Tensor, t: int, following: int, noise: torch.Tensor | None
    ) -> torch.Tensor:
        now, then = self.schedule.alpha(t), self.schedule.alpha(following)
        x0, _ = to_x0_and_noise(self.objective, said, x, now, clip=self.clip)
        added = 1 - now / then
        mean: torch.Tensor = (
            then**0.5 * added / (1 - now) * x0 + (1 - then) * (1 - added) ** 0.5 / (1 - now) * x
        )
        return mean if noise is None else mean + (added * (1 - then) / (1 - now)) ** 0.5 * noise


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
