"""Capturing 12 layers in one pass, against the bare forward pass.

A transformers ViT-B/32 with random weights, 32 pictures a batch, the output of every layer. All ways run
in one process, a batch of each in turn, so that a busy machine slows them alike: what counts is the
median of the ratio to the bare pass of the same round, and beside it the ratio of the fastest batches.
"the whole engine" is what `extract` runs for a batch: it checks that rows are finite, sets the seed, and
copies the rows to numpy; the bare pass does none of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import numpy as np

from benchmarks.harness import charge

BATCH = 32
LAYERS = 12
ROUNDS = 11


def rounds(rounds: int, batch: int) -> Iterator[dict[str, Any]]:
    """CPU seconds of each way in each round."""
    import torch

    from repscope.extraction.capture.decode_ahead import Decoded
    from repscope.extraction.capture.engine import Engine
    from repscope.extraction.capture.points import as_points, resolve_points
    from repscope.extraction.models.load import load_model
    from repscope.extraction.sources.base import Item

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = vit()
    pixels = np.random.default_rng(0).standard_normal((batch, 3, 224, 224), dtype=np.float32)
    items = [Decoded(Item(str(row), 0, {}, ""), one) for row, one in enumerate(pixels)]
    loaded = load_model(model)
    names = [path for path, _ in model.named_modules()]

    def engine(pool: str) -> Engine:
        points = as_points([f"{LAYER}.*:{pool}"])
        return Engine(loaded, resolve_points(points, names, default="out"), None, 0)

    ways: dict[str, Callable[[], AbstractContextManager[Any]]] = {
        "bare": nullcontext,
        "hooks by hand, mean of tokens": lambda: hooks(model, lambda tokens: tokens.mean(dim=1)),
        "the whole engine, class token": lambda: engine("cls"),
        "the whole engine, mean of tokens": lambda: engine("mean"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    rows: dict[str, int] = {}
    yield {}
    with torch.inference_mode():
        tensor = torch.from_numpy(pixels)
        for number in range(rounds + 1):
            # Each in turn first, so that none is always the one after a pause.
            order = list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]
            for name in order:
                with ways[name]() as recording:
                    if isinstance(recording, Engine):
                        # The trial run of two items happens once a run, not once a batch.
                        recording.rows(items[:2])
                    start = time.process_time()
                    if isinstance(recording, Engine):
                        rows[name] = len(recording.rows(items, number))
                    else:
                        model(tensor)
                    taken = time.process_time() - start
                if number:
                    times[name].append(taken)
    yield {"times": times, "sets": rows}


LAYER = "layers"


def vit() -> Any:
    """ViT-B/32 with random weights."""
    from transformers import ViTConfig, ViTModel

    return ViTModel(ViTConfig(patch_size=32, num_hidden_layers=LAYERS), add_pooling_layer=False).eval()


def hooks(model: Any, pool: Callable[[Any], Any]) -> ExitStack:
    """What a user writes by hand: a hook a layer that keeps the pooled output."""
    kept: dict[int, Any] = {}
    stack = ExitStack()
    for number, layer in enumerate(model.get_submodule(LAYER)):

        def keep(_: Any, __: Any, output: Any, number: int = number) -> None:
            kept[number] = pool(output[0] if isinstance(output, tuple) else output)

        stack.callback(layer.register_forward_hook(keep).remove)
    return stack


def run(repeats: int = ROUNDS, batch: int = BATCH) -> list[str]:
    """Lines of the benchmark's table."""
    record = charge("benchmarks.capture:rounds", repeats, batch).record
    times = record["times"]
    assert set(record["sets"].values()) == {LAYERS}
    lines = [
        f"{repeats} batches of {batch}, in turn",
        "",
        "| | CPU-s a batch, median | ratio to the bare pass, median | quartiles | of the fastest batches |",
        "|---|---|---|---|---|",
    ]
    for name, taken in times.items():
        ratios = [one / bare for one, bare in zip(taken, times["bare"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        lines.append(
            f"| {name} | {statistics.median(taken):.2f} | {middle:.3f} | {low:.3f} to {high:.3f} "
            f"| {min(taken) / min(times['bare']):.3f} |"
        )
    return lines
