"""Cells of a loss landscape a second, against the loop that people write.

A transformers ViT with 6 layers of width 192 and 8 pictures in a cell, and a perceptron whose forward pass
costs nothing. The loop copies the model with `copy.deepcopy` for every cell, as published scripts do, and
moves the copy; it keeps no cell on disk and checks nothing. Both give the same losses.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.callbacks import vit
from benchmarks.harness import charge

GRID = 7


def cells(name: str, grid: int) -> Iterator[dict[str, Any]]:
    """CPU seconds a cell of both ways, and the largest difference of their losses."""
    import torch

    import repscope as rs
    from repscope.learning.landscape.directions import random_plane

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, loss = OBJECTIVES[name]()
    model.eval()
    plane = random_plane(model, 0)
    # Imports are no cells.
    rs.landscape((model, loss), grid=3)
    yield {}
    start = time.process_time()
    found = rs.landscape((model, loss), grid=grid)
    ours = time.process_time() - start
    start = time.process_time()
    naive = np.empty((grid, grid))
    for row, b in enumerate(found.ys.tolist()):
        for column, a in enumerate(found.xs.tolist()):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                for key, weight in moved.named_parameters():
                    if key in plane.first:
                        weight.add_(a * plane.first[key] + b * plane.second[key])
                naive[row, column] = float(loss(moved))
    theirs = time.process_time() - start
    apart = float(np.abs(naive - found.losses).max() / np.abs(naive).max())
    yield {"ours": grid**2 / ours, "naive": grid**2 / theirs, "apart": apart}


def transformer() -> tuple[Any, Callable[[Any], Any]]:
    """A ViT and the mean square of its features."""
    import torch

    images = torch.randn(8, 3, 64, 64)
    return vit(), lambda model: model(pixel_values=images).last_hidden_state.square().mean()


def perceptron() -> tuple[Any, Callable[[Any], Any]]:
    """Two layers and a cross entropy."""
    import torch
    from torch import nn

    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    return model, lambda model: nn.functional.cross_entropy(model(x), y)


OBJECTIVES = {"ViT, 8 pictures": transformer, "perceptron, 64 rows": perceptron}


def run(grid: int = GRID) -> list[str]:
    """Lines of the benchmark's table."""
    lines = [
        f"{grid} × {grid} cells, with three evaluations more that check the middle",
        "",
        "| | cells a CPU-s | of the loop | ratio | largest difference |",
        "|---|---|---|---|---|",
    ]
    for name in OBJECTIVES:
        taken = charge("benchmarks.landscape:cells", name, grid).record
        ratio = taken["ours"] / taken["naive"]
        lines.append(
            f"| {name} | {taken['ours']:,.1f} | {taken['naive']:,.1f} | {ratio:.2f} | {taken['apart']:.1g} |"
        )
    return lines
