"""``regression-mlp``: the partner's own numbers predicted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from repscope.errors import InputError
from repscope.transform.catalogue import LearnsFrom
from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch
from repscope.transform.inputs import FitData
from repscope.transform.trained.base import BridgeModule, TrainedBridge
from repscope.transform.trained.frame import Frame
from repscope.transform.trained.mapping import MappingModule, start_skip
from repscope.transform.trained.networks import matmul_flops

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


class RegressionMLP(TrainedBridge):
    """A residual network trained to predict each row's partner.

    With ``"mse"`` it learns the mean of a row's possible partners, so rows come out shorter and closer
    together than targets are, the more so the less a row tells. Starts as the mean shift of unit rows
    (Procrustes where widths differ).

    Args:
        hidden: width inside the network's blocks. Larger for many pairs.
        depth: blocks.
        loss: ``"mse"``, or ``"cosine"`` when only directions count.
        steps: of training.
        batch_size: pairs of a batch.
        learning_rate: of Adam, after a short warm-up and along a cosine.
        validation: share of the clusters held out, whose loss chooses the weights; 0 for none.
        options: other options of the training by name, see :class:`repscope.transform.fitting.TrainOptions`.
        random_state: seed of everything drawn.
    """

    name: ClassVar[str] = "regression-mlp"
    learns_from: ClassVar[LearnsFrom] = "paired"
    same_width: ClassVar[bool] = False

    def __init__(
        self,
        *,
        hidden: int = 256,
        depth: int = 2,
        loss: Loss = "mse",
        steps: int = 500,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        validation: float = 0.1,
        options: Mapping[str, Any] | None = None,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.depth = depth
        self.loss = loss
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.options = options
        self.random_state = random_state

    @property
    def flops_per_row(self) -> int:
        """Matrix products of the network and, between widths, of the skip."""
        self._check_fitted()
        return matmul_flops(self._trained)

    def _build(self, frame: Frame) -> BridgeModule:
        if self.loss not in ("mse", "cosine"):
            raise InputError("loss: mse or cosine", repr(self.loss), "correct loss")
        return MappingModule(frame, self.hidden, self.depth)

    def _start(self, module: BridgeModule, data: FitData) -> None:
        assert isinstance(module, MappingModule)
        start_skip(module, data)

    def _objective(self, data: FitData) -> Nearness:
        return Nearness(self.loss)
