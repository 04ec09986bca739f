"""Samplers of masks, as they were published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from repscope.errors import InputError
from repscope.internals.masking.mask import Cells, Grid, Mask

Sampler = Callable[[Grid, np.random.Generator], tuple[Mask, ...]]
"""From a grid and a source of randomness to a mask, or one for each level of a hierarchy."""

TRIES = 20
"""Draws until a context is left beside the targets."""


@dataclass(frozen=True)
class MultiBlock:
    """Several target blocks, and a large context block without them (I-JEPA, Assran et al., CVPR 2023).

    All targets of a sample have one size; they may overlap, as published. With frames, blocks go through all
    of them (V-JEPA, Bardes et al., 2024).

    Attributes:
        targets: blocks.
        scale: least and largest share of the tokens in a target.
        aspect: least and largest height over width of a target.
        context: least and largest share of the tokens in the context, before the targets are taken away.
        least: tokens that the context must keep.
    """

    targets: int = 4
    scale: tuple[float, float] = (0.15, 0.2)
    aspect: tuple[float, float] = (0.75, 1.5)
    context: tuple[float, float] = (0.85, 1.0)
    least: int = 1

    def __call__(self, grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """One mask."""
        return (self.sample(grid, rng),)

    def sample(self, grid: Grid, rng: np.random.Generator) -> Mask:
        """One mask of ``grid``.

        Raises:
            InputError: the targets leave no context in :data:`TRIES` draws.
        """
        plane = grid[-2:]
        for _ in range(TRIES):
            size = block_size(plane, rng.uniform(*self.scale), rng.uniform(*self.aspect))
            targets = [place_block(plane, size, rng) for _ in range(self.targets)]
            context = place_block(plane, block_size(plane, rng.uniform(*self.context), 1.0), rng)
            context &= ~np.logical_or.reduce(targets)
            if context.sum() >= self.least:
                return through_frames(Mask(context, tuple(targets)), grid)
        raise InputError(
            f"a context of at least {self.least} tokens beside the targets of a {plane[0]}×{plane[1]} grid",
            f"less in {TRIES} draws",
            "give a larger grid, or smaller or fewer targets",
        )


@dataclass(frozen=True)
class Hierarchical:
    """A multi-block mask a level, coarser levels with larger targets (H-JEPA).

    At level l of L targets hold (.05, .15) · 2^l of the tokens (at most .95), the context .6 + .3 l / (L − 1)
    to .15 more (at most 1).

    Attributes:
        levels: L.
        targets: blocks a level.
    """

    levels: int = 3
    targets: int = 4

    def at(self, level: int) -> MultiBlock:
        """The sampler of a level."""
        low, high = (min(share * 2**level, 0.95) for share in (0.05, 0.15))
        context = 0.6 + (0.3 * level / (self.levels - 1) if self.levels > 1 else 0.0)
        return MultiBlock(self.targets, (low, high), context=(context, min(context + 0.15, 1.0)))

    def __call__(self, grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """One mask a level, the finest first."""
        return tuple(self.at(level).sample(grid, rng) for level in range(self.levels))


@dataclass(frozen=True)
class Random:
    """Tokens drawn without replacement, the rest is seen (MAE, He et al., CVPR 2022).

    Attributes:
        ratio: share of tokens that are hidden.
    """

    ratio: float = 0.75

    def __call__(self, grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """One mask."""
        hidden = hide_at_random(grid, self.ratio, rng)
        return (Mask(~hidden, (hidden,)),)


@dataclass(frozen=True)
class Blockwise:
    """Blocks are added until a share of the tokens is hidden (BEiT, Bao et al., ICLR 2022, algorithm 1).

    Attributes:
        ratio: share of tokens that are hidden, at most.
        least: tokens of the smallest block.
        aspect: least and largest height over width, drawn on a logarithmic scale.
    """

    ratio: float = 0.4
    least: int = 16
    aspect: tuple[float, float] = (0.3, 1 / 0.3)

    def __call__(self, grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """One mask."""
        plane = grid[-2:]
        wanted = max(1, min(round(self.ratio * plane[0] * plane[1]), plane[0] * plane[1] - 1))
        hidden = np.zeros(plane, bool)
        idle = 0
        while (left := wanted - int(hidden.sum())) > 0 and idle < TRIES:
            least = min(self.least, left)
            share = rng.uniform(least, max(left, least)) / hidden.size
            size = block_size(plane, share, float(np.exp(rng.uniform(*np.log(self.aspect)))))
            block = place_block(plane, size, rng)
            new = int((block & ~hidden).sum())
            idle = 0 if 0 < new <= left else idle + 1
            if 0 < new <= left:
                hidden |= block
        if not hidden.any():
            hidden = hide_at_random(plane, self.ratio, rng)
        return (through_frames(Mask(~hidden, (hidden,)), grid),)


@dataclass(frozen=True)
class Tube:
    """One random mask for all frames: nothing can be copied from the next (VideoMAE, Tong et al., 2022).

    Attributes:
        ratio: share of tokens that are hidden.
    """

    ratio: float = 0.9

    def __call__(self, grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """One mask.

        Raises:
            InputError: a grid without frames.
        """
        if len(grid) != 3:
            raise InputError("frames, rows and columns for a tube", "no frames", "write --grid 8,14,14")
        hidden = hide_at_random(grid[1:], self.ratio, rng)
        return (through_frames(Mask(~hidden, (hidden,)), grid),)


SAMPLERS: dict[str, Callable[..., Sampler]] = {
    "multiblock": MultiBlock,
    "hierarchical": Hierarchical,
    "random": Random,
    "blockwise": Blockwise,
    "tube": Tube,
}


def block_size(plane: Grid, share: float, aspect: float) -> tuple[int, int]:
    """Height and width of a block of a share of the tokens, at least 1 and at most the grid's own."""
    area = share * plane[0] * plane[1]
    height, width = round(float(np.sqrt(area * aspect))), round(float(np.sqrt(area / aspect)))
    return min(max(height, 1), plane[0]), min(max(width, 1), plane[1])


def place_block(plane: Grid, size: tuple[int, int], rng: np.random.Generator) -> Cells:
    """A block at a place drawn evenly from all where it fits."""
    cells = np.zeros(plane, bool)
    top, left = (int(rng.integers(0, plane[axis] - size[axis] + 1)) for axis in range(2))
    cells[top : top + size[0], left : left + size[1]] = True
    return cells


def hide_at_random(grid: Grid, ratio: float, rng: np.random.Generator) -> Cells:
    """A share of the tokens, at least one and never all.

    Raises:
        InputError: a share outside (0, 1), or a grid of one token.
    """
    count = int(np.prod(grid))
    if not 0 < ratio < 1 or count < 2:
        raise InputError(
            "a share of tokens between 0 and 1, of at least two", f"{ratio:g} of {count}", "change one"
        )
    hidden = np.zeros(count, bool)
    hidden[rng.permutation(count)[: min(max(round(ratio * count), 1), count - 1)]] = True
    return hidden.reshape(grid)


def through_frames(mask: Mask, grid: Grid) -> Mask:
    """A mask of one frame for all frames of ``grid``."""
    if len(grid) == 2:
        return mask
    context, *targets = (np.broadcast_to(cells, grid).copy() for cells in (mask.context, *mask.targets))
    return Mask(context, tuple(targets))
