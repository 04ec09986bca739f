"""Everything that a training draws at random, as a function of the seed and the step alone."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BATCHES, NOISE, VALIDATION, LAYERS, PROCESS = range(5)
"""Purposes of a seed, so that no two of them share their numbers."""


def derived_seed(seed: int, *numbers: int) -> int:
    """A 63-bit seed from a seed and what it is for."""
    return int(np.random.SeedSequence([seed, *numbers]).generate_state(1, np.uint64)[0] >> np.uint64(1))


class Draws:
    """Random numbers for the rows of one batch.

    They are drawn for the rows of all processes and each process keeps its own, so that two processes
    of batch b see what one of batch 2b sees. They are drawn on the CPU, so that each device sees the same.

    Args:
        seed: see :func:`derived_seed`.
        rows: in the batch of this process.
        device: where the numbers go.
        rank: of this process.
        processes: how many there are.
    """

    def __init__(
        self, seed: int, rows: int, *, device: str | torch.device = "cpu", rank: int = 0, processes: int = 1
    ) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._rows, self._device, self._rank, self._processes = rows, device, rank, processes

    def normal(self, *shape: int) -> Tensor:
        """[rows, *shape] standard normal."""
        return self._mine(torch.randn(self._all, *shape, generator=self._generator))

    def uniform(self, *shape: int) -> Tensor:
        """[rows, *shape] uniform from 0 to below 1."""
        return self._mine(torch.rand(self._all, *shape, generator=self._generator))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """[rows, *shape] whole numbers from ``low`` to below ``high``."""
        return self._mine(torch.randint(low, high, (self._all, *shape), generator=self._generator))

    @property
    def _all(self) -> int:
        return self._rows * self._processes

    def _mine(self, drawn: Tensor) -> Tensor:
        first = self._rank * self._rows
        return drawn[first : first + self._rows].to(self._device)


class Order:
    """An endless order of rows: each pass over them is a permutation of its own.

    Args:
        rows: [n] row numbers.
        seed: of the permutations.
        side: which of several orders with one seed this is.
    """

    def __init__(self, rows: NDArray[np.int64], seed: int, side: int = 0) -> None:
        self._rows, self._seed, self._side = rows, seed, side
        self._passes: dict[int, NDArray[np.int64]] = {}

    def at(self, start: int, count: int) -> NDArray[np.int64]:
        """[count] the rows at places ``start`` … of the endless order."""
        n = len(self._rows)
        places = np.arange(start, start + count)
        passes = places // n
        found = np.empty(count, np.int64)
        for number in np.unique(passes).tolist():
            here = passes == number
            found[here] = self._pass(number)[places[here] % n]
        return found

    def _pass(self, number: int) -> NDArray[np.int64]:
        if number not in self._passes:
            if len(self._passes) > 1:
                del self._passes[min(self._passes)]
            drawn = np.random.default_rng([self._seed, BATCHES, self._side, number])
            self._passes[number] = drawn.permutation(self._rows)
        return self._passes[number]
