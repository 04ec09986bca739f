"""One mask: the tokens that a model sees, and those that it has to predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError

Cells = NDArray[np.bool_]
Grid = tuple[int, ...]


@dataclass(frozen=True)
class Mask:
    """What is seen and what is predicted of a grid of tokens.

    Attributes:
        context: bool of the grid's shape, the tokens that the context encoder sees.
        targets: the same for each target; they may overlap.
    """

    context: Cells
    targets: tuple[Cells, ...]

    @property
    def masked(self) -> Cells:
        """Tokens of at least one target."""
        hidden: Cells = np.logical_or.reduce(self.targets)
        return hidden

    @property
    def depth(self) -> NDArray[np.int64]:
        """In how many targets each token is."""
        depth: NDArray[np.int64] = np.sum(self.targets, axis=0, dtype=np.int64)
        return depth


def check_grid(grid: Sequence[int]) -> Grid:
    """Rows and columns of tokens, with frames before them where there are any.

    Raises:
        InputError: not two or three positive numbers.
    """
    shape = tuple(int(size) for size in grid)
    if len(shape) not in (2, 3) or min(shape) < 1 or tuple(grid) != shape:
        raise InputError(
            "a grid of rows and columns, or of frames, rows and columns",
            ",".join(map(str, grid)) or "nothing",
            "write --grid 14,14, or --grid 8,14,14",
        )
    return shape


def check_mask(mask: Mask, grid: Grid, where: str, *, overlap: bool = False) -> Mask:
    """A mask that has something to see and something to predict, each token one of both.

    Args:
        mask: of a sampler.
        grid: its shape.
        where: which sample, for messages.
        overlap: allow targets within the context.

    Raises:
        InputError: another shape, an empty context or target, or targets that the context shows.
    """
    for what, cells in (("context", mask.context), *((f"target {i}", t) for i, t in enumerate(mask.targets))):
        if cells.shape != grid:
            raise InputError(
                f"a {what} of shape {_times(grid)} in {where}",
                _times(cells.shape),
                "give --grid as the sampler makes it",
            )
        if not cells.any():
            raise InputError(f"tokens in the {what} of {where}", "none", "correct the sampler")
    if not mask.targets:
        raise InputError(f"at least one target in {where}", "none", "correct the sampler")
    shown = int((mask.context & mask.masked).sum())
    if shown and not overlap:
        raise InputError(
            f"targets that the context does not show in {where}",
            f"{shown:,} of {int(mask.masked.sum()):,} target tokens are in the context",
            "take the targets from the context, or pass --allow-overlap where that is meant",
        )
    return mask


def _times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "no shape"
