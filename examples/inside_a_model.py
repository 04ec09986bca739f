"""Everything that looks inside a model, on a JEPA that is trained here: no download, no checkpoint.

    python examples/inside_a_model.py OUT

A small JEPA is trained on handwritten digits while its loss, ranks and gradients are logged, and once more
without what keeps it from collapsing. OUT/report.html then shows attention, masks, predictions, the training
and the loss landscape, 26 figures or more, with the commands that repeat them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import repscope as rs
from repscope.measure.geometry.spectrum import rank_entropy, spectrum_rows
from repscope.testing.jepa import SmallJepa, digit_images, take, train_jepa

STEPS = 200
IMAGES = 300


def logged(file: Path, *, collapsing: bool) -> SmallJepa:
    """Train, and log loss, spread and rank of the features, momentum, gradients of the layers."""
    images = digit_images()
    shown = torch.from_numpy(images[:256])
    lines = []

    def after_step(step: int, model: SmallJepa, loss: float) -> None:
        if step % 4:
            return
        with torch.no_grad():
            features = model.target_encoder(shown).mean(1).numpy()
        layers = dict(model.context_encoder.named_parameters())
        gradients = {name: layers[name].grad for name in list(layers)[:8]}
        line = {
            "step": step,
            "loss": loss,
            "feature_std": float(features.std(axis=0).mean()),
            "rank.entropy": rank_entropy(spectrum_rows(features)),
            "ema_momentum": 0.99,
            **{f"grad/{name}": float(one.abs().mean()) for name, one in gradients.items() if one is not None},
        }
        lines.append(line)

    model = train_jepa(images, steps=STEPS, collapsing=collapsing, after_step=after_step)
    names = list(lines[0])
    rows = [",".join(str(line[name]) for name in names) for line in lines]
    file.write_text("\n".join([",".join(names), *rows]) + "\n")
    return model


def loss_of(model: SmallJepa) -> tuple[SmallJepa, object]:
    """The model and its loss on one batch and one mask, for the landscape."""
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(digit_images()[:64])
    (mask,) = model.masks(model.grid, rng)
    kept, hidden = (
        torch.from_numpy(np.flatnonzero(one)).expand(len(pixels), -1)
        for one in (mask.context, mask.targets[0])
    )
    with torch.no_grad():
        targets = take(model.target_encoder(pixels), hidden)

    def loss(model: SmallJepa) -> torch.Tensor:
        predicted = model.predictor(model.context_encoder(pixels, kept), kept, hidden)
        return torch.nn.functional.mse_loss(predicted, targets)

    return model, loss


def main(out: Path) -> None:
    """Train, look inside, and write the report."""
    # More threads only spin on matrices this small.
    torch.set_num_threads(1)
    photos = out / "digits"
    photos.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(digit_images()[:IMAGES]):
        pixels = (255 * image.transpose(1, 2, 0)).round().astype(np.uint8)
        Image.fromarray(pixels).save(photos / f"{number:03d}.png")
    logs = [out / f"{name}.csv" for name in ("healthy", "collapsing")]
    model = logged(logs[0], collapsing=False)
    logged(logs[1], collapsing=True)
    found = rs.inside(
        photos,
        model=model.context_encoder,
        predictor=model,
        logs=logs,
        landscape=loss_of(model),
        sampler=("hierarchical", "multiblock", "random", "blockwise"),
        grid=model.grid,
        samples=100,
        cells=11,
    )
    page = found.save(out)
    print(*found.lines(), sep="\n")
    print(f"{sum(len(part.figures) for part in found.parts)} figures: {page}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python examples/inside_a_model.py OUT")
    main(Path(sys.argv[1]))
