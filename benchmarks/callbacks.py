"""A watched training, against the same training unwatched.

A transformers ViT with 6 layers of width 192 and random weights, 16 pictures of 64 × 64 a step, AdamW. The
watch reads 256 pictures: sets, ranks, uniformity, kNN accuracy, the gradient of every module. Steps of both
trainings take turns in one process; a reading is counted whole, and then shared among the steps between two.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import charge

STEPS = 9
PROBE = 256
EVERY = (100, 500, 1000)


def rounds(steps: int, probe: int) -> Iterator[dict[str, Any]]:
    """CPU seconds of steps, of calls that are not due, of readings, and of the probe's bare forward pass."""
    import torch

    import repscope as rs

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, images = vit(), torch.randn(probe, 3, 64, 64)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-4)
    labels = np.arange(probe) % 10
    times: dict[str, list[float]] = {"step": [], "not due": [], "reading": [], "forward": []}
    yield {}
    with tempfile.TemporaryDirectory() as folder:
        watch = rs.Watch(
            Path(folder) / "run",
            model,
            {"pixel_values": images},
            layer={"features": "layernorm"},
            pool="cls",
            labels=labels,
            every=2,
        )
        for step in range(steps + 1):
            before = time.process_time()
            optimiser.zero_grad()
            loss = model(torch.randn(16, 3, 64, 64)).last_hidden_state.square().mean()
            loss.backward()
            between = time.process_time()
            watch(2 * step + 1)
            idle = time.process_time()
            watch(2 * step + 2, loss=loss)
            read = time.process_time()
            optimiser.step()
            stepped = time.process_time() - read + between - before
            with torch.no_grad():
                start = time.process_time()
                model(pixel_values=images)
                bare = time.process_time() - start
            if step:
                for name, taken in zip(times, (stepped, idle - between, read - idle, bare), strict=True):
                    times[name].append(taken)
    yield {name: statistics.median(taken) for name, taken in times.items()}


def vit() -> Any:
    """A small ViT with random weights."""
    from transformers import ViTConfig, ViTModel

    sizes = {"hidden_size": 192, "num_hidden_layers": 6, "num_attention_heads": 3, "intermediate_size": 768}
    return ViTModel(ViTConfig(image_size=64, patch_size=8, **sizes), add_pooling_layer=False)


def run(steps: int = STEPS, probe: int = PROBE) -> list[str]:
    """Lines of the benchmark's table."""
    taken = charge("benchmarks.callbacks:rounds", steps, probe).record
    step, reading = taken["step"], taken["reading"]
    idle = 1e6 * taken["not due"]
    lines = [
        f"median of {steps}: a step {step:.2f} CPU-s; a call that is not due {idle:.0f} µs; "
        f"a reading of {probe} pictures {reading:.2f} CPU-s, of which the bare forward pass of the probe is "
        f"{taken['forward']:.2f}",
        "",
        "| a reading every | ratio to the unwatched training |",
        "|---|---|",
    ]
    lines += [f"| {every:,} steps | {1 + reading / (every * step):.4f} |" for every in EVERY]
    return lines
