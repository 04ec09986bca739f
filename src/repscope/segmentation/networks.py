"""What is trained on frozen features: a quantiser between projections, and a head."""

from __future__ import annotations

from math import ceil, log2, prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from repscope.errors import InputError

QUANTISERS = ("none", "identity", "vq", "fsq", "lfq", "rvq")
"""``identity`` goes through the code of the quantisers and changes nothing, for tests of fairness."""

HEADS = ("linear", "conv")
LOSSES = ("ce", "dice", "focal", "combined")

GRIDS = {
    8: (8,),
    15: (5, 3),
    64: (8, 8),
    256: (8, 6, 5),
    512: (8, 8, 8),
    1024: (8, 5, 5, 5),
    4096: (7, 5, 5, 5, 5),
}
"""Levels of FSQ for so many codes, after Mentzer et al., ICLR 2024; the nearest is taken."""

SAMPLE = 20_000
"""Vectors that a codebook is initialised from."""


class Quantised(nn.Module):
    """Features [B, C, h, w] to features, each vector replaced by what its codes say.

    Args:
        kind: one of vq, fsq, lfq, rvq.
        width: C.
        codebook: codes of one stage.
        bottleneck: width between the projections; of fsq and lfq their axes decide.
        quantizers: stages of rvq.
    """

    def __init__(self, kind: str, width: int, codebook: int, bottleneck: int, quantizers: int) -> None:
        super().__init__()
        from repscope.transform.quantise.base import library

        library()
        from vector_quantize_pytorch import FSQ, LFQ, ResidualVQ, VectorQuantize

        made: Any
        if kind == "vq":
            made = VectorQuantize(dim=bottleneck, codebook_size=codebook, kmeans_init=True)
        elif kind == "rvq":
            made = ResidualVQ(
                dim=bottleneck, num_quantizers=quantizers, codebook_size=codebook, kmeans_init=True
            )
        elif kind == "fsq":
            levels = GRIDS[min(GRIDS, key=lambda size: abs(log2(size / codebook)))]
            bottleneck, codebook = len(levels), prod(levels)
            made = FSQ(levels=list(levels))
        else:
            bottleneck = ceil(log2(codebook))
            codebook = 2**bottleneck
            made = LFQ(codebook_size=codebook, dim=bottleneck)
        self.kind, self.codebook, self.stages = kind, codebook, quantizers if kind == "rvq" else 1
        self.project_in = nn.Conv2d(width, bottleneck, 1)
        self.quantizer = made
        self.project_out = nn.Conv2d(bottleneck, width, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of the same shape, codes [B, h, w, Q], and the quantiser's own loss."""
        narrow = self.project_in(features)
        batch, width, rows, columns = narrow.shape
        moved, codes, *losses = self.quantizer(narrow.flatten(2).transpose(1, 2))
        back = moved.transpose(1, 2).reshape(batch, width, rows, columns)
        loss = losses[0].sum() if losses else features.new_zeros(())
        return self.project_out(back), codes.reshape(batch, rows, columns, -1), loss

    @torch.no_grad()
    def initialise(self, features: Tensor) -> None:
        """Take the codebooks from data: k-means over these features [B, C, h, w], whose counts are kept too.

        One step of the running means over the same data leaves the codebook where it is, so that training
        begins from it.
        """
        if self.kind in ("vq", "rvq"):
            self.train()
            self.quantizer(self.project_in(features).flatten(2).transpose(1, 2))

    def counts(self) -> dict[str, int]:
        """Numbers that the way back takes: codebooks and the projection."""
        books = 0
        if self.kind in ("vq", "rvq"):
            books = sum(
                int(one.numel()) for name, one in self.named_buffers() if name.endswith("_codebook.embed")
            )
        return {
            "codebook": books,
            "projection": sum(int(one.numel()) for one in self.project_out.parameters()),
        }


class Head(nn.Module):
    """From features to logits: one linear layer a place, or one convolution before it."""

    def __init__(self, kind: str, width: int, classes: int) -> None:
        super().__init__()
        self.layers = (
            nn.Conv2d(width, classes, 1)
            if kind == "linear"
            else nn.Sequential(nn.Conv2d(width, 128, 3, padding=1), nn.ReLU(), nn.Conv2d(128, classes, 1))
        )

    def forward(self, features: Tensor) -> Tensor:
        """[B, K, h, w] of [B, C, h, w]."""
        logits: Tensor = self.layers(features)
        return logits


class Segmenter(nn.Module):
    """Features in units of their spread, a quantiser where there is one, and the head.

    Args:
        quantizer: one of :data:`QUANTISERS`.
        head: one of :data:`HEADS`.
        width: C of the features.
        classes: K.
        codebook, bottleneck, quantizers: of the quantiser.
        seed: of the initial weights. The head is drawn first, so that it is the same whatever the quantiser.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        quantizer: str,
        head: str,
        width: int,
        classes: int,
        *,
        codebook: int = 512,
        bottleneck: int = 64,
        quantizers: int = 4,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if quantizer not in QUANTISERS or head not in HEADS:
            raise InputError(
                f"--quantizer among {', '.join(QUANTISERS)} and --head among {', '.join(HEADS)}",
                f"{quantizer} and {head}",
                "choose one of each",
            )
        self.register_buffer("mean", torch.zeros(1, width, 1, 1))
        self.register_buffer("spread", torch.ones(1, width, 1, 1))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = Head(head, width, classes)
            torch.manual_seed(seed + 1)
            self.quantised = (
                Quantised(quantizer, width, codebook, bottleneck, quantizers)
                if quantizer not in ("none", "identity")
                else None
            )

    def begin(self, features: Tensor) -> None:
        """Take means and spreads of the channels from training features [N, C, h, w], then the codebooks."""
        self.mean.copy_(features.mean((0, 2, 3), keepdim=True))
        # A channel that never moves stays at 0.
        self.spread.copy_(features.std((0, 2, 3), keepdim=True).clamp_min(1e-6))
        if self.quantised is not None:
            self.quantised.initialise((features - self.mean) / self.spread)

    def taken(self, features: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """What the head takes [B, C, h, w], codes or None, and the quantiser's loss."""
        scaled = (features - self.mean) / self.spread
        if self.quantised is None:
            return scaled, None, features.new_zeros(())
        moved, codes, loss = self.quantised(scaled)
        return moved, codes, loss

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """Logits [B, K, h, w], codes or None, and the quantiser's loss."""
        moved, codes, loss = self.taken(features)
        return self.head(moved), codes, loss


def segmentation_loss(kind: str, logits: Tensor, truth: Tensor) -> Tensor:
    """Mean loss of logits [B, K, H, W] against classes [B, H, W]; negative ones do not count.

    ``dice`` is 1 − the mean soft Dice of the classes that occur in the batch, ``focal`` has γ = 2 (Lin et
    al., ICCV 2017), ``combined`` is ce + dice.
    """
    if kind == "combined":
        return segmentation_loss("ce", logits, truth) + segmentation_loss("dice", logits, truth)
    if kind == "dice":
        counted = truth >= 0
        chances = logits.softmax(1) * counted[:, None]
        hot = functional.one_hot(truth.clamp(min=0), logits.shape[1]).movedim(-1, 1) * counted[:, None]
        axes = (0, 2, 3)
        overlap, total = (chances * hot).sum(axes), chances.sum(axes) + hot.sum(axes)
        there = hot.sum(axes) > 0
        return 1 - (2 * overlap[there] / total[there].clamp_min(1e-8)).mean()
    plain = functional.cross_entropy(logits, truth, ignore_index=-1, reduction="none")
    count = (truth >= 0).sum().clamp(min=1)
    if kind == "focal":
        plain = (1 - (-plain).exp()) ** 2 * plain
    return plain.sum() / count
