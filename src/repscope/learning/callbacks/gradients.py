"""The gradient of each layer at one moment of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

ROOT = "(model)"
"""What parameters of the model itself are logged under."""


def gradient_flow(model: nn.Module) -> dict[str, tuple[float, float]]:
    """Mean and largest |gradient| of each module with parameters of its own, in the model's order.

    Modules without a gradient at the moment are absent. The device is waited for once.

    Args:
        model: after ``backward()`` and before ``zero_grad()``.
    """
    import torch

    names, sums, tops, counts = [], [], [], []
    for name, module in model.named_modules():
        gradients = [one.grad for one in module.parameters(recurse=False) if one.grad is not None]
        if not gradients:
            continue
        sizes = [(one.coalesce().values() if one.is_sparse else one).detach().abs() for one in gradients]
        names.append(name or ROOT)
        counts.append(sum(one.numel() for one in gradients))
        sums.append(torch.stack([one.sum(dtype=torch.float64) for one in sizes]).sum())
        largest = [one.max().to(torch.float64) for one in sizes if one.numel()]
        tops.append(torch.stack(largest).max() if largest else sums[-1])
    if not names:
        return {}
    device = sums[0].device
    numbers = torch.stack([torch.stack([one.to(device) for one in each]) for each in (sums, tops)]).tolist()
    return {
        name: (total / max(count, 1), top)
        for name, total, top, count in zip(names, *numbers, counts, strict=True)
    }
