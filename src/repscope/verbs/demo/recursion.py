"""Generators that learn from images of earlier ones, in three groups, and what ``drift`` says of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from repscope.extraction import Preprocessing
from repscope.study.storage import make_folder, storage_errors, write_bytes
from repscope.verbs.demo.generator import Features, Generator, noise, train_features, train_generator
from repscope.verbs.drift.drift import drift_study
from repscope.verbs.drift.result import Drift
from repscope.verbs.extract.extract import extract

Bytes = NDArray[np.uint8]

GROUPS = ("recursive", "accumulate", "baseline")
"""What the next one learns: images of the last one; of all earlier ones and real ones; real ones."""


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


def digits() -> tuple[Bytes, NDArray[np.int64]]:
    """Scikit-learn's 1,797 handwritten digits: images [n, 8, 8] and labels [n]."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.images * 255 / 16).round().astype(np.uint8), found.target.astype(np.int64)


def generations(real: Tensor, settings: Settings) -> Iterator[tuple[str, int, Generator]]:
    """Group, number and generator of every generation; the first is the same one in every group.

    Args:
        real: [n, pixels] images in [0, 1].
        settings: of the run.
    """

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


def follow_generations(
    out: Path,
    images: Bytes,
    labels: NDArray[np.integer[Any]],
    settings: Settings,
    *,
    measures: Collection[str] | None = None,
    step: Callable[[int, int], None] | None = None,
) -> Drift:
    """Train, draw, extract, and follow the same prompts through the generations of each group.

    Args:
        out: gets a folder of images a generation, the prompts, and the study.
        images: [n, H, W] real ones.
        labels: [n] their classes.
        settings: of the run.
        measures: see :func:`repscope.verbs.drift.drift.drift`.
        step: called with (generations done, generations in all and one for following them).

    Raises:
        StorageError: the disk refuses.
    """
    make_folder(out)
    study, items = out / "study", out / "prompts.csv"
    net = train_features(images / 255, labels, seed=settings.seed)
    write_bytes(items, _prompts(settings.prompts))
    packed = io.BytesIO()
    np.savez(packed, images=images, labels=labels)
    write_bytes(out / "real.npz", packed.getvalue())
    _features(out / "real.npz", "real", net, study)

    followed = noise(settings.prompts, settings.latent, seed_of(settings.seed, len(GROUPS)))
    sets: dict[str, list[str]] = {name: [] for name in GROUPS}
    real = torch.from_numpy(images.reshape(len(images), -1)).float() / 255
    total = len(GROUPS) * (settings.generations + 1) + 1
    # Images meet their prompts by key, never by position: one that is missing shifts nothing.
    by_number = {"id_rule": "number", "items": items, "id_column": "index"}
    for done, (group, number, model) in enumerate(generations(real, settings), 1):
        name = f"{group}_gen_{number}"
        drawn = model.draw(followed).numpy().reshape(-1, *images.shape[1:])
        _save_images(out / name, (drawn * 255).round().astype(np.uint8))
        _features(out / name, name, net, study, **by_number)
        sets[group].append(name)
        if step:
            step(done, total)
    found = drift_study(study, (), groups=sets, real="real", seed=settings.seed, measures=measures)
    if step:
        step(total, total)
    return found


def lost_modes(found: Drift, group: str) -> tuple[int, int]:
    """Modes of the first generation that lost their items, beyond translation and scale; and all modes."""
    modes = found.groups[group].modes.modes
    return sum(one.shape_lost is not None for one in modes), len(modes)


def _prompts(count: int) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["index", "caption"])
    rows.writerows([number, f"latent {number}"] for number in range(count))
    return text.getvalue().encode()


def _save_images(folder: Path, images: Bytes) -> None:
    """[n, H, W] bytes as ``00000.png``, ``00001.png``, …."""
    from PIL import Image

    make_folder(folder)
    for number, image in enumerate(images):
        path = folder / f"{number:05d}.png"
        with storage_errors(path):
            Image.fromarray(image).save(path)


def _features(source: Path, name: str, net: Features, study: Path, **about: Any) -> None:
    extract(
        source,
        net,
        **about,
        capture={name: "features"},
        preprocess=Preprocessing(),
        study=study,
        batch_size=256,
        device="cpu",
        overwrite=True,
    )
