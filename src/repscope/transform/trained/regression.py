"""``regression-mlp``: the partner's own numbers predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from repscope.errors import InputError
from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch
from repscope.transform.inputs import FitData
from repscope.transform.trained.base import BridgeModule
from repscope.transform.trained.frame import Frame
from repscope.transform.trained.mapping import MappingBridge, MappingModule

Loss = Literal["mse", "cosine"]


class Nearness:
    """How far a row lands from its partner.

    Args:
        kind: ``"mse"``: the mean square of the coordinates' errors, in units of the target's variance;
            ``"cosine"``: 1 − the cosine of the raw rows.
    """

    def __init__(self, kind: Loss) -> None:
        self._kind = kind

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """The mean over the rows of a batch."""
        assert isinstance(network, MappingModule)
        assert batch.source is not None
        assert batch.target is not None
        moved = network.moved(batch.source, batch.source)
        if self._kind == "mse":
            return (moved - batch.target).float().square().mean()
        leave = network.frame.leave
        return (1 - functional.cosine_similarity(leave(moved), leave(batch.target))).float().mean()


@dataclass(kw_only=True, eq=False, repr=False)
class RegressionMLP(MappingBridge):
    """A residual network trained to predict each row's partner.

    With ``"mse"`` it learns the mean of a row's possible partners, so rows come out shorter and closer
    together than targets are, the more so the less a row tells. Starts as the mean shift of unit rows
    (Procrustes where widths differ).

    Args:
        loss: ``"mse"``, or ``"cosine"`` when only directions count.
    """

    name: ClassVar[str] = "regression-mlp"

    loss: Loss = "mse"

    def _build(self, frame: Frame) -> BridgeModule:
        if self.loss not in ("mse", "cosine"):
            raise InputError("loss: mse or cosine", repr(self.loss), "correct loss")
        return MappingModule(frame, self.hidden, self.depth)

    def _objective(self, data: FitData) -> Nearness:
        return Nearness(self.loss)
