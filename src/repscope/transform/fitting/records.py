"""What a training is given to minimise, and what it gives when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch

Stopped = Literal["steps", "patience"]


class Objective(Protocol):
    """A loss: all that differs between methods."""

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """Mean loss of the rows of a batch, a scalar.

        Args:
            network: that is trained; ``network.training`` tells training from validation.
            batch: the rows.
            draws: the only source of random numbers, so that a resumed training repeats.
        """


@dataclass
class Trained:
    """What a training gives.

    Attributes:
        network: on its device, in evaluation mode, with the weights of ``best_step`` where rows were held
            out and the last weights elsewhere.
        ema: the moving average of the same step, or None.
        losses: [steps] loss of each update, the mean over processes.
        validation: validation loss by step; step 0 is the untrained network. The average is validated
            where there is one.
        best_step: step of the lowest validation loss, or the last step.
        steps: updates made.
        seconds: spent, those before a resumption included.
        stopped: why: all steps were made, or the patience ran out.
        checkpoint: newest one, or None.
        resumed_from: step that this run began at, 0 for a fresh start.
    """

    network: nn.Module
    ema: nn.Module | None
    losses: NDArray[np.float64]
    validation: dict[int, float]
    best_step: int
    steps: int
    seconds: float
    stopped: Stopped
    checkpoint: Path | None
    resumed_from: int

    @property
    def averaged(self) -> nn.Module:
        """The moving average where there is one, else the network."""
        return self.network if self.ema is None else self.ema
