"""Several processes that train one network: started by ``torchrun``, or one alone."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn

from repscope.errors import RepscopeError, StorageError


@dataclass(frozen=True)
class Processes:
    """The processes of a training.

    Attributes:
        rank: of this one, from 0. Rank 0 writes.
        size: how many there are.
        device: of this one.
    """

    rank: int
    size: int
    device: str

    def mean(self, value: float) -> float:
        """The mean over all processes; NaN if any has NaN."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64 if self.device != "mps" else torch.float32)
        shared = shared.to(self.device)
        distributed.all_reduce(shared)
        return float(shared) / self.size

    def from_first(self, value: int) -> int:
        """The value that rank 0 has."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.int64, device=self.device)
        distributed.broadcast(shared, 0)
        return int(shared)

    def share(self, network: nn.Module) -> None:
        """Give every process the weights that rank 0 has."""
        if self.size == 1:
            return
        for tensor in network.state_dict().values():
            distributed.broadcast(tensor, 0)

    def all_or_none(self, error: RepscopeError | None) -> None:
        """Raise everywhere what went wrong in rank 0, so that no process waits for one that is gone."""
        failed = self.from_first(error is not None)
        if error is not None:
            raise error
        if failed:
            raise StorageError("the first process to write", "its failure", "see the first process's message")


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """The processes that this one belongs to: those of ``torchrun``, or itself alone.

    A group that the caller has started is used and left open; one started here is closed. With
    several processes, ``"cuda"`` becomes the GPU of this one.
    """
    if not distributed.is_available():
        yield Processes(0, 1, device)
        return
    started = False
    if not distributed.is_initialized() and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        started = True
    try:
        if distributed.is_initialized() and distributed.get_world_size() > 1:
            if device == "cuda":
                device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
            yield Processes(distributed.get_rank(), distributed.get_world_size(), device)
        else:
            yield Processes(0, 1, device)
    finally:
        if started:
            # What still refers to the group goes with it, and not when Python ends.
            gc.collect()
            distributed.destroy_process_group()
