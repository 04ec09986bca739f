"""Noise that belongs to a row: the same wherever the row stands, in whichever batch, on every device."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_STEP = -7046029254386353131
_MIX = (-4658895280553007687, -7723592293110705685)
"""Constants of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), as signed 64-bit numbers."""


def row_noise(rows: Tensor, seed: int, number: int, width: int | None = None) -> Tensor:
    """[B, width] standard normal noise, a function of each row, the seed and the number alone.

    Equal rows get equal noise. What counts is the row as float32, so a row rounded to fewer digits gets
    other noise.

    Args:
        rows: [B, D].
        seed: of all the noise.
        number: which of several draws for the same row: the sampling step.
        width: numbers a row; D by default.
    """
    count = rows.shape[1] if width is None else width
    # + 0.0: the two zeros are one number.
    bits = (rows.detach().float() + 0.0).contiguous().view(torch.int32).to(torch.int64)
    places = torch.arange(rows.shape[1], device=rows.device, dtype=torch.int64)
    # Sums of whole numbers are exact in any order, so the key cannot depend on how rows are summed.
    key = _mix(bits ^ _mix(places * _STEP)).sum(dim=1)
    key = _mix(key ^ _mix(_scalar(seed, rows) + _mix(_scalar(number, rows) * _STEP)))
    counters = torch.arange(2 * count, device=rows.device, dtype=torch.int64)
    mixed = _mix(key[:, None] + counters * _STEP)
    # 24 bits, so that a uniform number is exact in float32 on devices without float64.
    uniform = (_shifted(mixed, 40).to(torch.float32) + 0.5) / 2.0**24
    first, second = uniform[:, :count], uniform[:, count:]
    normal = torch.sqrt(-2.0 * torch.log(first)) * torch.cos(2.0 * math.pi * second)
    return normal.to(rows.dtype)


def _scalar(value: int, like: Tensor) -> Tensor:
    return torch.tensor(value, dtype=torch.int64, device=like.device)


def _shifted(numbers: Tensor, by: int) -> Tensor:
    """A shift to the right that fills with zeros."""
    return (numbers >> by) & ((1 << (64 - by)) - 1)


def _mix(numbers: Tensor) -> Tensor:
    numbers = (numbers ^ _shifted(numbers, 30)) * _MIX[0]
    numbers = (numbers ^ _shifted(numbers, 27)) * _MIX[1]
    return numbers ^ _shifted(numbers, 31)
