"""``contrastive``: pairs pulled together, everything else in the batch pushed away."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from repscope.errors import InputError
from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch
from repscope.transform.inputs import FitData, Rows
from repscope.transform.trained.base import BridgeModule
from repscope.transform.trained.frame import Frame
from repscope.transform.trained.mapping import MappingBridge, MappingModule

COLDEST = 0.01
"""Lowest temperature: CLIP's own bound, below which single pairs dominate."""


class ContrastiveModule(MappingModule):
    """The mapping, and the temperature that is learnt with it."""

    def __init__(self, frame: Frame, hidden: int, depth: int, temperature: float) -> None:
        super().__init__(frame, hidden, depth)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))


class InfoNCE:
    """Symmetric cross-entropy of the right partner among those of a batch (van den Oord et al. 2018).

    Cosines are those of raw rows, as a reader will compute them; they are divided by the temperature times
    the variance of the target's unit rows, so that one temperature serves narrow and wide cones. Partners
    that share the source row or the target vector are no negatives.

    Args:
        pull: weight of the mean square error of the coordinates, in units of the target's variance.
    """

    def __init__(self, pull: float) -> None:
        self._pull = pull

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """The mean over the rows of a batch."""
        assert isinstance(network, ContrastiveModule)
        assert batch.source is not None
        assert batch.target is not None
        frame = network.frame
        moved = network.moved(batch.source, batch.source)
        cosines = _unit(frame.leave(moved)) @ _unit(frame.leave(batch.target)).T
        variance = frame.scale**2 * batch.target.shape[1]
        temperature = network.log_temperature.clamp(min=math.log(COLDEST)).exp()
        # float32: in half precision a cold softmax loses its small differences.
        logits = cosines.float() / (temperature * variance)
        same = torch.zeros_like(logits, dtype=torch.bool)
        for codes in (batch.extra["source"], batch.extra["target"]):
            same |= codes[:, None] == codes[None, :]
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -math.inf)
        right = torch.arange(len(logits), device=logits.device)
        both = functional.cross_entropy(logits, right) + functional.cross_entropy(logits.T, right)
        return both / 2 + self._pull * (moved - batch.target).float().square().mean()


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows, dim=1)


@dataclass(kw_only=True, eq=False, repr=False)
class Contrastive(MappingBridge):
    """A residual network trained to tell each row's partner from those of other rows.

    The aim is the ranking: which target is nearest. A pull towards the partner keeps rows where targets
    are, and keeps few pairs from being learnt by heart. Starts as the mean shift of unit rows (Procrustes
    where widths differ).

    Paper:
        van den Oord, Li & Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018;
        the symmetric form is that of Radford et al. (CLIP), ICML 2021.

    Args:
        temperature: at the start; it is learnt, down to 0.01.
        pull: weight of the pull; 0 for InfoNCE alone, when only the ranking counts and pairs are many.
        batch_size: pairs of a batch, and so how many negatives there are. Larger is better while it fits.
    """

    name: ClassVar[str] = "contrastive"

    temperature: float = 0.07
    pull: float = 1.0

    def _build(self, frame: Frame) -> BridgeModule:
        if not COLDEST <= self.temperature < math.inf:
            raise InputError(
                f"temperature: a number of at least {COLDEST}", repr(self.temperature), "correct temperature"
            )
        if not 0 <= self.pull < math.inf:
            raise InputError("pull: a number of at least 0", repr(self.pull), "correct pull")
        return ContrastiveModule(frame, self.hidden, self.depth, self.temperature)

    def _objective(self, data: FitData) -> InfoNCE:
        return InfoNCE(self.pull)

    def _columns(self, data: FitData) -> dict[str, NDArray[Any]]:
        assert data.pairs is not None
        assert data.target is not None
        return {"source": data.pairs[0], "target": _vector_codes(data.target)[data.pairs[1]]}


def _vector_codes(rows: Rows) -> NDArray[np.int64]:
    """[N] codes that equal vectors share: a class text that stands in many rows is one target."""
    codes = np.empty(rows.n, np.int64)
    seen: dict[bytes, int] = {}
    start = 0
    for block in rows.blocks():
        for number, row in enumerate(np.ascontiguousarray(block), start):
            codes[number] = seen.setdefault(hashlib.blake2b(row.tobytes(), digest_size=16).digest(), number)
        start += len(block)
    return codes
