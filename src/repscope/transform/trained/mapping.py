"""Bridges that map a row in one pass: a skip, and a residual network on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from repscope.transform.catalogue import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.trained.base import BridgeModule, FramedModule, TrainedBridge
from repscope.transform.trained.frame import Frame, unit
from repscope.transform.trained.networks import ResidualMLP, matmul_flops


class MappingModule(FramedModule):
    """z + network(z), where z is the row itself, or a linear image of it where the widths differ.

    Args:
        frame: of the rows.
        hidden: width inside the network's blocks.
        depth: blocks.
    """

    def __init__(self, frame: Frame, hidden: int, depth: int) -> None:
        super().__init__()
        self.frame = frame
        d_in, d_out = len(frame.source_mean), len(frame.target_mean)
        self.skip = None if d_in == d_out else nn.Linear(d_in, d_out, bias=False)
        self.network = ResidualMLP(d_out, hidden, depth)

    def moved(self, rows: Tensor, given: Tensor) -> Tensor:
        """[B, D] → [B, E] inside the frame."""
        here: Tensor = rows if self.skip is None else self.skip(rows)
        changed: Tensor = here + self.network(here)
        return changed


@dataclass(kw_only=True, eq=False, repr=False)
class MappingBridge(TrainedBridge):
    """A mapping learnt from pairs; at first the mean shift of unit rows, Procrustes where widths differ."""

    learns_from: ClassVar[LearnsFrom] = "paired"
    same_width: ClassVar[bool] = False

    @property
    def flops_per_row(self) -> int:
        """Matrix products of the network and, between widths, of the skip."""
        self._check_fitted()
        return matmul_flops(self._trained)

    def _start(self, module: BridgeModule, data: FitData) -> None:
        """Start the skip between two widths at the orthogonal Procrustes solution of the pairs."""
        assert isinstance(module, MappingModule)
        if module.skip is None or data.target is None:
            return
        frame = module.frame
        source_mean, target_mean = frame.source_mean.double().numpy(), frame.target_mean.double().numpy()
        cross = np.zeros((len(source_mean), len(target_mean)))
        for left, right in data.pair_blocks():
            centred = unit(left.astype(np.float64), data.source.name) - source_mean
            cross += centred.T @ (unit(right.astype(np.float64), data.target.name) - target_mean)
        first, _, second = np.linalg.svd(cross, full_matrices=False)
        with torch.no_grad():
            module.skip.weight.copy_(torch.as_tensor((first @ second).T, dtype=torch.float32))
