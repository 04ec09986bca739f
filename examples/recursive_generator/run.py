"""A generator that learns from its own images, ten times over, and what repscope says of it.

    python examples/recursive_generator/run.py OUT [--data FILE.npz] [--seed 0] ...

Three groups start from one generator of real images (the digits that scikit-learn brings, or ``images`` and
``labels`` of an npz). In ``recursive`` each next one learns only what the last one drew. In ``accumulate`` it
learns the real images and all that were drawn so far. In ``baseline`` it learns the real images again. OUT
gets a folder of images a generation, the study, the report of ``repscope drift``, and its figures once more
as small files in ``pictures``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import repscope as rs
from repscope.extract import Preprocessing, SourceOptions, open_source
from repscope.workflow.drift import drift_study
from repscope.workflow.drift_result import Drift

sys.path.insert(0, str(Path(__file__).resolve().parent))
from generator import Features, Generator, noise, train_features, train_generator

GROUPS = ("recursive", "accumulate", "baseline")


@dataclass(frozen=True)
class Settings:
    """What a run is made of.

    Attributes:
        generations: trainings after the first one.
        prompts: latents that every generation draws: the items that are followed.
        latent: numbers behind an image.
        beta: weight of the prior; 1 is the usual autoencoder, whose images are more blurred.
        steps: of each training.
        seed: of everything random.
    """

    generations: int = 10
    prompts: int = 500
    latent: int = 8
    beta: float = 0.3
    steps: int = 700
    seed: int = 0


def real_images(data: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, H, W] as bytes, and their labels."""
    if data is not None:
        with np.load(data) as arrays:
            return arrays["images"], arrays["labels"]
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * 255 / 16).round().astype(np.uint8), digits.target


def generations(real: Tensor, settings: Settings) -> Iterator[tuple[str, int, Generator]]:
    """Group, number and generator of every generation; the first is the same one in every group."""

    def trained(images: Tensor, group: int, number: int) -> Generator:
        own = seed_of(settings.seed, group, number)
        return train_generator(
            images, latent=settings.latent, beta=settings.beta, steps=settings.steps, seed=own
        )

    first = trained(real, 0, 0)
    for group, name in enumerate(GROUPS):
        model, learnt = first, real
        yield name, 0, model
        for number in range(1, settings.generations + 1):
            # As many new images as there are real ones; other latents than those that are followed.
            drawn = model.draw(noise(len(real), settings.latent, seed_of(settings.seed, group, number, 1)))
            if name == "recursive":
                learnt = drawn
            elif name == "accumulate":
                learnt = torch.cat([learnt, drawn])
            model = trained(learnt, group, number)
            yield name, number, model


def seed_of(*parts: int) -> int:
    """A seed of its own for each use."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def save_images(folder: Path, images: np.ndarray) -> None:
    """[n, H, W] bytes as ``00000.png``, ``00001.png``, …."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:05d}.png")


def extract(images: Path, items: Path, net: Features, study: Path) -> None:
    """Features of a folder of generated images. Its images meet their prompts by key, never by position."""
    source = open_source(images, SourceOptions(id="number", items=items, id_column="index"))
    rs.extract(
        source,
        net,
        capture={images.name: "features"},
        preprocess=Preprocessing(),
        study=study,
        batch_size=256,
        device="cpu",
        overwrite=True,
    )


def main(
    out: Path,
    data: Path | None = None,
    settings: Settings | None = None,
    measures: Sequence[str] | None = None,
) -> Drift:
    """Train, draw, extract, and follow the same prompts through the generations of each group.

    Args:
        out: folder of everything that is made.
        data: npz with ``images`` [n, H, W] and ``labels`` [n]; None for scikit-learn's digits.
        settings: of the run.
        measures: see :func:`repscope.drift`.
    """
    chosen = settings or Settings()
    images, labels = real_images(data)
    side = images.shape[1:]
    out.mkdir(parents=True, exist_ok=True)
    study, items = out / "study", out / "prompts.csv"
    net = train_features(images / 255, labels, seed=chosen.seed)
    with items.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["index", "caption"])
        rows.writerows([number, f"latent {number}"] for number in range(chosen.prompts))
    np.savez(out / "real.npz", images=images, labels=labels)
    rs.extract(
        out / "real.npz",
        net,
        capture={"real": "features"},
        preprocess=Preprocessing(),
        study=study,
        batch_size=256,
        device="cpu",
        overwrite=True,
    )
    followed = noise(chosen.prompts, chosen.latent, seed_of(chosen.seed, len(GROUPS)))
    sets: dict[str, list[str]] = {name: [] for name in GROUPS}
    real = torch.from_numpy(images.reshape(len(images), -1)).float() / 255
    for group, number, model in generations(real, chosen):
        folder = out / f"{group}_gen_{number}"
        drawn = model.draw(followed).numpy().reshape(-1, *side)
        save_images(folder, (drawn * 255).round().astype(np.uint8))
        extract(folder, items, net, study)
        sets[group].append(folder.name)
    found = drift_study(study, (), groups=sets, real="real", seed=chosen.seed, measures=measures)
    found.save(out / "report", formats=("png",))
    shrink(out / "report" / "figures", out / "pictures")
    return found


def shrink(figures: Path, out: Path, width: int = 1100) -> None:
    """The figures as small files, of 48 colours, for a page."""
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(figures.glob("generation_*.png")):
        with Image.open(file) as figure:
            size = width, round(figure.height * width / figure.width)
            small = figure.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            name = file.name.replace("generation_", "recursive-")
            small.quantize(48, dither=Image.Dither.NONE).save(out / name, optimize=True)


def table(found: Drift) -> Iterator[str]:
    """The word of each group, and what the first and the last generation have of the real spread."""
    for name, one in found.groups.items():
        change = one.series["spread.total"].pair(0, len(one.labels) - 1).change
        lost = sum(mode.shape_lost is not None for mode in one.modes.modes)
        yield (
            f"{name:<11} {one.verdict.word:<13} spread × {change.value:.3f} ({change.low:.3f} to "
            f"{change.high:.3f}), {lost} of {len(one.modes.modes)} modes lost"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=None, help="npz with images [n, H, W] and labels [n]")
    for field in fields(Settings):
        parser.add_argument(
            f"--{field.name}", type=type(field.default), default=field.default, help=f"{field.default}"
        )
    given = vars(parser.parse_args())
    result = main(given.pop("out"), given.pop("data"), Settings(**given))
    print("\n".join(table(result)))
