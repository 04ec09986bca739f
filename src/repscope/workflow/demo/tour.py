"""From images to two verdicts: every step of the main job, on real data, offline."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import StudyError
from repscope.study import Study
from repscope.study.storage import make_folder, storage_errors, write_bytes
from repscope.workflow.comparison import Comparison

if TYPE_CHECKING:
    import torch

    from repscope.extract import Progress

TRAIN = 900
MODEL_FILE = Path(__file__).with_name("dual_encoder.py")
MARKER = ".repscope-demo"
SIZE, GREY = "16", "0.5,0.5,0.5"
"""Preprocessing of every image: pixels of a side; mean and standard deviation of each colour."""

Report = Callable[[str, int, int], None]
"""Called with the name of the step, what is done of it, and how much there is."""


@dataclass(frozen=True)
class Tour:
    """What the demo made.

    Attributes:
        folder: everything.
        study: the study in it.
        honest, collapsing: the two comparisons.
        reports: their pages.
        losses: of the training.
    """

    folder: Path
    study: Path
    honest: Comparison
    collapsing: Comparison
    reports: tuple[Path, Path]
    losses: tuple[float, ...]


def run_demo(
    folder: str | Path, *, method: str = "tsne", seed: int = 0, report: Report | None = None
) -> Tour:
    """The tour: images, a dual encoder with a modality gap, extraction, two transforms, two verdicts.

    Args:
        folder: created; an earlier demo there is replaced, anything else is refused.
        method: of the maps.
        seed: of everything.
        report: told about progress.

    Raises:
        StudyError: the folder holds something that is not a demo.
        StorageError: the disk refuses.
        DependencyError: the maps need a package that is not installed.
    """
    from repscope.workflow.compare import compare
    from repscope.workflow.demo import training
    from repscope.workflow.demo.dual_encoder import DIGITS
    from repscope.workflow.extraction import extract_images

    report = report or (lambda step, done, total: None)
    root = _fresh(Path(folder))
    labels = _write_images(root / "images", seed, report)
    model_file = root / "dual_encoder.py"
    write_bytes(model_file, MODEL_FILE.read_bytes())

    pixels = _pixels(root / "images" / "train")
    trained = training.train(
        pixels,
        labels["train"],
        seed=seed,
        step=lambda done, total: report("train the dual encoder", done, total),
    )
    weights = root / "image_encoder.safetensors"
    _save_weights(trained.images, weights)
    texts = training.class_texts(trained.texts)

    study = Study(root / "study")
    for split, name in (("train", "visual_train"), ("test", "visual_before")):
        extract_images(
            root / "images" / split,
            study=study.path,
            model=f"{model_file}:ImageEncoder",
            weights=weights,
            capture=[f"trunk={split}_trunk", f"projection={name}"],
            seed=seed,
            progress=partial(_extracted, report, split),
            resize=SIZE,
            crop=SIZE,
            mean=GREY,
            std=GREY,
        )
    words = list(DIGITS)
    study.add("text", texts, {"id": words, "label": words}, provenance={"source": "the demo's text encoder"})

    before, fitted_on = study["visual_before"], study["visual_train"]
    own = np.array([words.index(label) for label in fitted_on.column("label")])
    ridge = training.fit_ridge(fitted_on.vectors, own, texts)
    greedy = training.fit_max_cosine(
        fitted_on.vectors,
        texts,
        seed=seed,
        step=lambda done, total: report("train the max-cosine bridge", done, total),
    )
    pages, found = [], []
    for number, (name, transform, recipe) in enumerate(
        (
            ("visual_ridge", ridge, "ridge regression to the text of the own class, fitted on visual_train"),
            ("visual_greedy", greedy, "an MLP trained to raise the mean max-cosine on visual_train"),
        )
    ):
        after = study.add(
            name,
            transform(before.vectors),
            before.items,
            provenance={"transform": recipe},
            parents=[before, fitted_on],
        )
        report("compare", 2 * number, 4)
        comparison = compare(before, after, study["text"], on="label", method=method, seed=seed)
        report("compare", 2 * number + 1, 4)
        pages.append(comparison.save(root / "reports" / name))
        report("compare", 2 * number + 2, 4)
        found.append(comparison)
    return Tour(root, study.path, found[0], found[1], (pages[0], pages[1]), trained.losses)


def _extracted(report: Report, split: str, now: Progress) -> None:
    report(f"extract {split} images, two layers", now.done, now.total)


def _fresh(folder: Path) -> Path:
    """An empty folder; an earlier demo in it is removed, other things never."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise StudyError(
            f"a new folder, or one of an earlier demo, at {folder}",
            "a folder with other things",
            "choose another folder",
        )
    if folder.is_dir():
        with storage_errors(folder, "replace"):
            shutil.rmtree(folder)
    make_folder(folder)
    write_bytes(folder / MARKER, b"")
    return folder


def _write_images(folder: Path, seed: int, report: Report) -> dict[str, NDArray[np.int64]]:
    """Scikit-learn's handwritten digits as PNG files, split/digit/number.png.

    Returns:
        Labels of each split, in the order of the files' paths.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    from repscope.workflow.demo.dual_encoder import DIGITS

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    found: dict[str, list[tuple[str, int]]] = {"train": [], "test": []}
    for done, row in enumerate(order):
        split = "train" if done < TRAIN else "test"
        label = int(digits.target[row])
        path = folder / split / DIGITS[label] / f"{row:04d}.png"
        make_folder(path.parent)
        grey = np.uint8(np.rint(digits.images[row] * (255 / 16)))
        with storage_errors(path):
            Image.fromarray(grey).resize((32, 32), Image.Resampling.BICUBIC).save(path)
        found[split].append((path.relative_to(folder / split).as_posix(), label))
        report("write the images", done + 1, len(order))
    return {split: np.array([label for _, label in sorted(rows)]) for split, rows in found.items()}


def _pixels(folder: Path) -> torch.Tensor:
    """All images of a folder, in the order of their paths, as the extraction will see them."""
    import torch
    from PIL import Image

    from repscope.extract.preprocess import preprocessing

    transform = preprocessing(SIZE, SIZE, GREY, GREY)
    if transform is None:
        raise StudyError("preprocessing for the demo", "none", "report this as a bug")
    rows = []
    for path in sorted(folder.rglob("*.png"), key=lambda one: one.relative_to(folder).as_posix()):
        with Image.open(path) as image:
            rows.append(torch.as_tensor(transform(image.convert("RGB"))))
    return torch.stack(rows)


def _save_weights(model: torch.nn.Module, path: Path) -> None:
    from safetensors.torch import save

    write_bytes(path, save(model.state_dict()))
