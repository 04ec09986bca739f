"""The state of a training as tensors, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.records import Objective
from repscope.transform.fitting.rows import Batch


class LossModule(nn.Module):
    """(batch, draws) → loss, as one forward pass that data-parallel training can watch."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, batch: Batch, draws: Draws) -> Tensor:
        """The mean loss of a batch."""
        return self.objective.loss(self.network, batch, draws)


def describe(network: nn.Module) -> dict[str, Any]:
    """What two networks must share for one to take the other's weights."""
    shapes = {name: [str(t.dtype), list(t.shape)] for name, t in network.state_dict().items()}
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()
    return {"parameters": sum(p.numel() for p in network.parameters()), "tensors": digest[:16]}


def pack_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """State of an optimiser as tensors named ``NUMBER.FIELD``, by the number of the parameter."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": t for number, fields in state.items() for name, t in fields.items()}


def unpack_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser the state that :func:`pack_optimizer` took."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def finite(tensors: Iterable[Tensor]) -> bool:
    """Whether every number of every tensor is finite."""
    return all(bool(t.isfinite().all()) for t in tensors)
