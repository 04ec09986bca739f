"""``brownian``: a diffusion that is pinned at both ends, to the row that goes in and to its partner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from repscope.errors import InputError
from repscope.transform.catalogue import LearnsFrom
from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch
from repscope.transform.inputs import FitData, require_counts
from repscope.transform.trained.base import BridgeModule, FramedModule, TrainedBridge
from repscope.transform.trained.frame import Frame
from repscope.transform.trained.networks import TIME_FEATURES, ResidualMLP, matmul_flops, time_features
from repscope.transform.trained.noise import row_noise


class BrownianModule(FramedModule):
    """Goes back along the bridge, from the source at time 1 to the target at time 0.

    At time m a row is distributed about (1 − m)·target + m·source with variance 2·variance·(m − m²).

    Args:
        frame: of the rows.
        sampling_steps: on the way back.
        variance: largest of the bridge times two, in units of the target's variance.
        eta: share of the noise that is put back: 0 for none.
        seed: of that noise.
    """

    def __init__(
        self,
        frame: Frame,
        hidden: int,
        depth: int,
        *,
        sampling_steps: int,
        variance: float,
        eta: float,
        seed: int,
    ) -> None:
        super().__init__()
        self.frame = frame
        width = len(frame.source_mean)
        self.network = ResidualMLP(width, hidden, depth, TIME_FEATURES + width)
        self.sampling_steps, self.variance, self.eta, self.seed = sampling_steps, variance, eta, seed

    def excess(self, rows: Tensor, time: Tensor, source: Tensor) -> Tensor:
        """[B, D] by how much rows [B, D] at times [B] lie off the target that they come from."""
        found: Tensor = self.network(rows, torch.cat([time_features(time), source], dim=1))
        return found

    def spread(self, time: Tensor) -> Tensor:
        """Variance of the bridge at a time."""
        return 2 * self.variance * (time - time.square())

    def moved(self, rows: Tensor, given: Tensor) -> Tensor:
        """[B, D] → [B, D] inside the frame; noise belongs to the raw rows ``given``."""
        source = rows
        times = torch.linspace(1, 0, self.sampling_steps + 1, dtype=rows.dtype, device=rows.device)
        spreads = self.spread(times)
        for number in range(self.sampling_steps):
            now, then = times[number], times[number + 1]
            here = now.expand(len(rows))
            target = rows - self.excess(rows, here, source)
            middle = (1 - then) * target + then * source
            if number == 0:
                # At time 1 the bridge has no spread: all that it will have is new noise.
                kept, fresh = torch.zeros_like(rows), spreads[1] * self.eta**2
            else:
                forgotten = (1 - now) / (1 - then)
                new = spreads[number + 1] - spreads[number + 1].square() / spreads[number] * forgotten**2
                fresh = self.eta**2 * new.clamp(min=0)
                off = rows - (1 - now) * target - now * source
                kept = ((spreads[number + 1] - fresh).clamp(min=0) / spreads[number]).sqrt() * off
            rows = middle + kept
            if self.eta and number + 1 < self.sampling_steps:
                rows = rows + fresh.sqrt() * row_noise(given, self.seed, number, rows.shape[1]).to(rows.dtype)
        return rows


class Bridged:
    """Mean square error of how far a noisy row of the bridge lies off its target."""

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """The mean over the rows of a batch."""
        assert isinstance(network, BrownianModule)
        assert batch.source is not None
        assert batch.target is not None
        # From above 0 to 1: at time 1 a row is the source, at 0 there is nothing to predict.
        time = 1 - draws.uniform()
        off = time[:, None] * (batch.source - batch.target)
        off = off + network.spread(time).sqrt()[:, None] * draws.normal(batch.target.shape[1])
        return (network.excess(batch.target + off, time, batch.source) - off).float().square().mean()


@dataclass(kw_only=True, eq=False, repr=False)
class BrownianBridge(TrainedBridge):
    """A Brownian bridge diffusion between partners.

    The network sees the row that goes in at every step. Without noise (``eta=0``) a row has one image; with
    it, one that could be, and another for another ``random_state``; the noise belongs to the row, so it
    does not depend on the batch, and equal rows have equal images.

    Paper:
        Li, Xue, Liu & Lai, "BBDM: Image-to-Image Translation with Brownian Bridge Diffusion Models",
        CVPR 2023. Here ``eta`` scales the noise and what makes room for it alike, as in DDIM.

    Args:
        sampling_steps: on the way back.
        variance: s of the paper: the bridge's variance is at most s/2 of the target's.
        eta: 0 for no noise in ``transform``, 1 for that of the process.
    """

    name: ClassVar[str] = "brownian"
    learns_from: ClassVar[LearnsFrom] = "paired"

    sampling_steps: int = 10
    variance: float = 1.0
    eta: float = 0.0

    @property
    def flops_per_row(self) -> int:
        """Matrix products of the network, once for each step."""
        self._check_fitted()
        return self.sampling_steps * matmul_flops(self._trained)

    def _build(self, frame: Frame) -> BridgeModule:
        require_counts(self, "sampling_steps")
        for name, value, most in (("variance", self.variance, 1e6), ("eta", self.eta, 1.0)):
            if not 0 <= value <= most:
                raise InputError(f"{name}: from 0 to {most:g}", repr(value), f"correct {name}")
        return BrownianModule(
            frame,
            self.hidden,
            self.depth,
            sampling_steps=self.sampling_steps,
            variance=self.variance,
            eta=self.eta,
            seed=self.random_state,
        )

    def _objective(self, data: FitData) -> Bridged:
        return Bridged()
