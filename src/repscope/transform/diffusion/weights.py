"""How much each time step counts in the loss."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from repscope.errors import InputError, check_known
from repscope.transform.diffusion.schedules import Schedule, Table

Objective = Literal["pred_x0", "pred_noise", "pred_v"]
"""What the denoiser predicts: the data, the noise, or the velocity √ᾱ·ε − √(1−ᾱ)·x₀."""
Weighting = Literal["none", "snr", "min-snr", "truncated-snr", "snr+1"]
"""See :func:`loss_weights`."""

OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
GAMMA = 5.0
"""Where min-SNR clips, as its paper proposes."""


def loss_weights(schedule: Schedule, objective: str, weighting: str, gamma: float = GAMMA) -> Table:
    """[T] weights of the squared error of what the denoiser predicts.

    One error has three sizes: an error e of x̂₀ is an error √SNR·e of ε̂ and √(SNR+1)·e of v̂. A
    weighting says how an error of x̂₀ counts, w; that of ε̂ is then w / SNR and of v̂ w / (SNR + 1).

    - ``none``: 1 for whatever is predicted.
    - ``snr``: w = SNR, the equal weight of noise errors (Ho et al. 2020), which lucidrains' code uses.
      With pred_x0 and the cosine schedule 73 % of the sum then lies at t < 10, where nothing is to do.
    - ``min-snr``: w = min(SNR, γ) (Hang et al. 2023).
    - ``truncated-snr``: w = max(SNR, 1) (Salimans & Ho 2022).
    - ``snr+1``: w = SNR + 1, the equal weight of v errors (same paper).

    Raises:
        UnknownNameError: no such objective or weighting.
        InputError: γ is not positive.
    """
    check_objective(objective)
    check_known(weighting, WEIGHTINGS, "a loss weight")
    if not gamma > 0:
        raise InputError("a positive gamma", f"{gamma!r}", "give a number such as 5")
    if weighting == "none":
        return np.ones(schedule.timesteps)
    snr = schedule.snr
    of_x0 = {
        "snr": snr,
        "min-snr": np.minimum(snr, gamma),
        "truncated-snr": np.maximum(snr, 1),
        "snr+1": snr + 1,
    }[weighting]
    found: Table = of_x0 / {"pred_x0": np.ones_like(snr), "pred_noise": snr, "pred_v": snr + 1}[objective]
    return found


def check_objective(objective: str) -> None:
    """Raise unless ``objective`` is one of :data:`OBJECTIVES`."""
    check_known(objective, OBJECTIVES, "an objective")
