"""Diffusion: quality against cost, the default denoiser against the older systems' Unet1D.

Both are trained on the same texts with the same settings but the denoiser, for as many steps, and move the
same held-out images of a world where moving can help. The goal: the same true match or a better one at 1/50
of the FLOPs of a training step and 1/100 of those of moving a row. FLOPs are counted by torch, a multiply and
an add being two; a training step is forward, backward and update of 64 rows. Beside the loss of the last
tenth of the steps is that of the tenth before: where they are equal, more steps would not help.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.harness import charge

BATCH = 64
HELD = 300
ENTRIES = (400, 800)
WIDE = 512
"""Width of the older systems' rows, for which costs are counted too."""
FORMS: dict[str, dict[str, Any]] = {"mlp": {}, "unet1d": {"denoiser": "unet1d"}}


def data(n: int, d: int) -> Any:
    from repscope.testing.pairs import paired_modalities

    return paired_modalities(n, d, classes=100, shared=12, turned=0.0, noise=0.4, nuisance=4.0, seed=0)


def scores(moved: np.ndarray, references: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Share of rows whose best reference is their own, and the mean reciprocal rank of it."""
    cosines = (moved / np.linalg.norm(moved, axis=1, keepdims=True)) @ (
        references / np.linalg.norm(references, axis=1, keepdims=True)
    ).T
    own = cosines[np.arange(len(labels)), labels]
    rank = 1 + (cosines > own[:, None]).sum(axis=1)
    return {"top1": float((rank == 1).mean()), "mrr": float((1 / rank).mean())}


def step_flops(bridge: Any, rows: np.ndarray) -> int:
    """FLOPs of one training step, counted while it runs."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from repscope.transform.fitting import Batch, Draws

    module = bridge.as_module().train()
    loss = bridge._objective(None)
    batch = Batch(None, torch.from_numpy(rows[:BATCH]), {})
    with FlopCounterMode(display=False) as counter:
        loss.loss(module, batch, Draws(0, BATCH)).backward()
    return int(counter.get_total_flops())


def wide_ratio() -> float:
    """FLOPs of the older denoiser over those of the default, for one look at a row of width 512."""
    from repscope.transform.diffusion.denoisers.mlp import MLPDenoiser
    from repscope.transform.diffusion.denoisers.parts import flops
    from repscope.transform.diffusion.denoisers.unet1d import Unet1D, UnetShape

    older = Unet1D(WIDE, UnetShape.of(dim=WIDE))
    return flops(older, WIDE) / flops(MLPDenoiser(WIDE), WIDE)


def one(name: str, steps: int, n: int, d: int) -> Iterator[dict[str, Any]]:
    from repscope.transform.diffusion.bridge import DiffusionBridge

    pairs = data(n, d)
    fit, held = np.arange(n - HELD), np.arange(n - HELD, n)
    images, texts = pairs.images.astype(np.float32), pairs.texts.astype(np.float32)
    # The older systems' time code is as wide as a row.
    bridge = DiffusionBridge(steps=steps, batch_size=BATCH, dim=d, **FORMS[name])
    yield {}
    bridge.fit(images[fit], texts[fit])
    start = time.process_time()
    result: dict[str, Any] = {"flops_step": step_flops(bridge, texts), "flops_row": bridge.flops_per_row}
    for entry in ENTRIES:
        bridge.set_params(entry_time=entry)
        moved = bridge.transform(images[held])
        result[str(entry)] = scores(moved, pairs.class_texts, pairs.labels[held])
    seconds = time.process_time() - start
    tenth = max(1, steps // 10)
    losses = [float(bridge.losses_[-2 * tenth : -tenth].mean()), float(bridge.losses_[-tenth:].mean())]
    yield {**result, "losses": losses, "moving": seconds, "parameters": bridge.n_parameters}


def run(steps: int = 1500, n: int = 2300, d: int = 64) -> list[str]:
    """Lines of the benchmark's table."""
    pairs = data(n, d)
    held = np.arange(n - HELD, n)
    none = scores(pairs.images[held], pairs.class_texts, pairs.labels[held])
    best = float((pairs.bayes_labels(pairs.images[held]) == pairs.labels[held]).mean())
    entries = " | ".join(f"{'top-1 (MRR) at t* = ' if one == ENTRIES[0] else ''}{one}" for one in ENTRIES)
    lines = [
        f"{n - HELD:,} texts to learn, {HELD:,} held-out images to move, width {d}, 100 classes; {steps:,} "
        f"steps, S = 5. Not moved: top-1 {none['top1']:.3f}, MRR {none['mrr']:.3f}; the best guess there is, "
        f"from the truth of the simulation: top-1 {best:.3f}.",
        "",
        f"| denoiser | training CPU-s | FLOPs a step | FLOPs a row | loss, last tenth (before) | {entries} |",
        "|---" * (5 + len(ENTRIES)) + "|",
    ]
    records = {}
    for name, words in {"mlp": "mlp (default)", "unet1d": "unet1d, all else the same"}.items():
        cost = charge("benchmarks.diffusion:one", name, steps, n, d)
        found = records[name] = cost.record
        quality = [f"{found[t]['top1']:.3f} ({found[t]['mrr']:.3f})" for t in map(str, ENTRIES)]
        before, last = found["losses"]
        lines.append(
            f"| {words} | {cost.cpu - found['moving']:.0f} | {found['flops_step']:.3g} "
            f"| {found['flops_row']:.3g} | {last:.4f} ({before:.4f}) | {' | '.join(quality)} |"
        )
    cheap, dear = records["mlp"], records["unet1d"]
    lines += [
        "",
        f"The default takes 1/{dear['flops_step'] / cheap['flops_step']:.0f} of the older denoiser's FLOPs a "
        f"training step and 1/{dear['flops_row'] / cheap['flops_row']:.0f} of those a row. At width {WIDE}, "
        f"that of the older systems, one look at a row costs 1/{wide_ratio():.0f}.",
    ]
    return lines


if __name__ == "__main__":
    print("\n".join(run(*map(int, sys.argv[1:]))))
