"""The bridge as one torch module: raw rows into the chain, back from t*, out of the chain."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from repscope.transform.diffusion.denoisers.parts import Denoiser
from repscope.transform.diffusion.process import q_sample
from repscope.transform.diffusion.samplers import Sampling
from repscope.transform.trained.base import BridgeModule
from repscope.transform.trained.frame import Frame, Side
from repscope.transform.trained.noise import row_noise

ENTRY = -1
"""Number of the noise with which rows enter; that of a step is its time."""


class ChainFrame(Frame):
    """The chain z = s·N(N(x) − μ) as a frame; see :mod:`repscope.transform.linear.normalise`.

    Rows that leave have the target's mean length, as raw target rows do.

    Args:
        source: [D] the modality of the rows that go in.
        target: [D] the modality of the rows that come out.
        scale: s.
    """

    def __init__(self, source: Side, target: Side, scale: float) -> None:
        super().__init__(source, target)
        self.scale.fill_(scale)

    def enter(self, rows: Tensor) -> Tensor:
        """[B, D] raw source rows → chain."""
        return self._entered(rows, self.source_mean)

    def enter_target(self, rows: Tensor) -> Tensor:
        """[B, D] raw target rows → chain."""
        return self._entered(rows, self.target_mean)

    def leave(self, rows: Tensor) -> Tensor:
        """[B, D] chain → raw target rows; the exact inverse but for the length."""
        return self._left(rows, self.target_mean) * self.lengths[1]

    def back(self, rows: Tensor) -> Tensor:
        """[B, D] the inverse of :meth:`leave`."""
        return self.enter_target(rows)

    def leave_source(self, rows: Tensor) -> Tensor:
        """[B, D] the inverse of :meth:`enter`, with the mean length in place of each row's own."""
        return self._left(rows, self.source_mean) * self.lengths[0]

    def _entered(self, rows: Tensor, mean: Tensor) -> Tensor:
        return self.scale * functional.normalize(functional.normalize(rows, dim=1) - mean, dim=1)

    @staticmethod
    def _left(rows: Tensor, mean: Tensor) -> Tensor:
        direction = functional.normalize(rows, dim=1)
        along = (direction * mean).sum(dim=1, keepdim=True)
        return mean + (torch.sqrt(along.square() + (1 - mean.square().sum())) - along) * direction


class DiffusionModule(BridgeModule):
    """Raw rows [B, D] → raw target rows [B, D] through a denoiser.

    Sums of the sampler are in float32 or better, whatever the dtype of the weights, because 1 − ᾱ is
    tiny at early steps.

    Args:
        frame: the chain.
        denoiser: the network.
        rescale: rows are brought back to the length s before the denoiser sees them, as upstream's
            ``GaussianDiffusion1D_norm`` does.
        seed: of the noise, if any.

    Attributes:
        sampling: how rows come back; may be exchanged after training.
        entry_noise: rows enter with the noise that belongs to t*, instead of as they are.
        guidance: w of classifier-free guidance, (1 + w)·told − w·not told.
    """

    denoiser: Denoiser
    sampling: Sampling
    entry_noise: bool = False
    guidance: float = 0.0

    def __init__(
        self, frame: ChainFrame, denoiser: Denoiser, *, rescale: bool = False, seed: int = 0
    ) -> None:
        super().__init__()
        self.frame = frame
        self.denoiser = denoiser
        self.rescale = rescale
        self.seed = seed

    def forward(self, rows: Tensor, classes: Tensor | None = None) -> Tensor:
        """[B, D] → [B, D]; ``classes`` [B] are codes that a denoiser with classes was trained with."""
        dtype = torch.promote_types(self.frame.source_mean.dtype, torch.float32)
        x = self.frame.enter(rows.to(dtype))
        if self.entry_noise:
            entry = torch.full((len(x),), self.sampling.entry_time - 1, device=x.device)
            x = q_sample(self.sampling.schedule, x, entry, row_noise(rows, self.seed, ENTRY).to(dtype))
        moved = self.sampling.run(
            lambda now, t: self._guided(now, t, classes),
            x,
            (lambda t: row_noise(rows, self.seed, t).to(dtype)) if self.sampling.random else None,
        )
        return self.frame.leave(moved).to(rows.dtype)

    def said(self, x: Tensor, t: Tensor, classes: Tensor | None = None) -> Tensor:
        """[B, D] what the denoiser says about noisy rows of the chain at times [B]."""
        seen = functional.normalize(x, dim=1) * self.frame.scale.to(x.dtype) if self.rescale else x
        found: Tensor = self.denoiser(seen.to(self.frame.source_mean.dtype), t, classes)
        return found.to(x.dtype)

    def _guided(self, x: Tensor, t: int, classes: Tensor | None) -> Tensor:
        times = torch.full((len(x),), t, device=x.device)
        told = self.said(x, times, classes)
        if classes is None or self.guidance == 0:
            return told
        return told + self.guidance * (told - self.said(x, times))
