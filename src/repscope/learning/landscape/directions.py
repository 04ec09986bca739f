"""Two directions in the space of weights: random and normalised by filter, or those of a trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights = dict[str, "Tensor"]


@dataclass(frozen=True)
class Plane:
    """Two directions from the trained weights.

    Attributes:
        first, second: by parameter; those that stay are missing.
        kind: "random" or "pca".
        cosine: between the two, over all weights.
        explained: of a trajectory, the share of its squared length in each direction.
        path: [K, 2] of a trajectory, its weights in units of the directions, the trained ones at (0, 0).
    """

    first: Weights
    second: Weights
    kind: str
    cosine: float
    explained: tuple[float, float] | None = None
    path: NDArray[np.float64] | None = None


def random_plane(module: nn.Module, seed: int, *, biases: bool = False) -> Plane:
    """Two Gaussian directions, each filter as long as the trained one (Li et al., NeurIPS 2018).

    A filter is what leads to one output: a row of a matrix, a kernel of a convolution. Biases and weights of
    normalisations (one axis) stay as they are, as in the paper, unless ``biases``; then each is scaled as a
    whole.

    Args:
        module: trained; untouched.
        seed: of the directions.
        biases: move parameters with one axis as well.

    Raises:
        ModelError: no parameter that moves.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    directions: tuple[Weights, Weights] = ({}, {})
    for direction in directions:
        for name, weight in moving(module):
            drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
            if weight.ndim > 1:
                axes = tuple(range(1, weight.ndim))
                own = weight.detach().float().cpu().square().sum(axes, keepdim=True).sqrt()
                scale = own / drawn.square().sum(axes, keepdim=True).sqrt().clamp_min(1e-30)
            elif biases:
                scale = weight.detach().float().cpu().norm() / drawn.norm().clamp_min(1e-30)
            else:
                continue
            direction[name] = (drawn * scale).to(weight.device, weight.dtype)
    if not directions[0]:
        raise ModelError(
            "parameters with two axes or more, to move", "none", "pass --biases to move those with one"
        )
    return Plane(*directions, "random", _cosine(*directions))


def trajectory_plane(module: nn.Module, checkpoints: Sequence[Weights]) -> Plane:
    """The two main directions of a training: principal components of its checkpoints minus the last.

    The directions have length 1, so that coordinates are distances (Li et al., NeurIPS 2018, section 7).

    Args:
        module: with the trained weights.
        checkpoints: weights by parameter, in the order of the training.

    Raises:
        InputError: fewer than two that differ from the trained weights.
    """
    import torch

    names = [name for name, _ in moving(module)]
    last = {name: weight.detach() for name, weight in moving(module)}
    rows = torch.stack(
        [
            torch.cat([(one[name].to(last[name]) - last[name]).float().flatten().cpu() for name in names])
            for one in checkpoints
        ]
    )
    moved = int((rows.norm(dim=1) > 0).sum())
    if moved < 2:
        raise InputError(
            "at least two checkpoints that differ from the trained weights",
            f"{moved}",
            "give more with --checkpoints, or take random directions",
        )
    # The Gram matrix is small: K × K, however many weights there are.
    gram = (rows @ rows.T).double().numpy()
    values, vectors = np.linalg.eigh(gram)
    order = values.argsort()[::-1][:2]
    if values[order[1]] <= 1e-12 * values[order[0]]:
        raise InputError(
            "checkpoints that span a plane", "all on one line", "give more, or take random directions"
        )
    units = torch.from_numpy((vectors[:, order] / np.sqrt(values[order])).T).float() @ rows
    path = (rows @ units.T).double().numpy()
    directions: tuple[Weights, Weights] = ({}, {})
    for direction, flat in zip(directions, units, strict=True):
        start = 0
        for name in names:
            size = last[name].numel()
            direction[name] = flat[start : start + size].reshape(last[name].shape).to(last[name])
            start += size
    share = values[order] / values[values > 0].sum()
    return Plane(*directions, "pca", 0.0, (float(share[0]), float(share[1])), path)


def moving(module: nn.Module) -> list[tuple[str, Tensor]]:
    """Names and weights that move: those that are trained. What is frozen beside them, such as the target
    encoder of a JEPA, is part of the loss and stays; where nothing is trained, all move."""
    floating: list[tuple[str, Tensor]] = [
        (name, one) for name, one in module.named_parameters() if one.is_floating_point()
    ]
    return [(name, one) for name, one in floating if one.requires_grad] or floating


def _cosine(first: Weights, second: Weights) -> float:
    dot = sum(float((first[name].double() * second[name].double()).sum()) for name in first)
    lengths = [sum(float(one.double().square().sum()) for one in each.values()) for each in (first, second)]
    return dot / float(np.sqrt(lengths[0] * lengths[1])) if min(lengths) > 0 else 0.0
