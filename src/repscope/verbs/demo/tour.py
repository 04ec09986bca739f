"""From images to verdicts: every step of the main job, and a chapter on drift, on real data, offline."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import StudyError
from repscope.study import Study
from repscope.study.storage import make_folder, storage_errors, write_bytes
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.compare.result import Comparison
from repscope.verbs.demo.options import DemoOptions
from repscope.verbs.drift.result import Drift

if TYPE_CHECKING:
    import torch

TRAIN = 900
MODEL_FILE = Path(__file__).with_name("dual_encoder.py")
MARKER = ".repscope-demo"
SIZE, GREY = "16", "0.5,0.5,0.5"
"""Preprocessing of every image: pixels of a side; mean and standard deviation of each colour."""

GENERATIONS, PROMPTS, STEPS = 10, 200, 300
"""Of the generators that learn from their own images; the example has more prompts, longer trainings."""

MEASURES = ("rank", "frechet", "modes")
"""What is measured on the generations besides centres, spreads and tails."""

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
        page: the images, flying from one stage to the next.
        losses: of the training.
        drift: generators that learn from their own images, in three groups; None where it was left out.
        drift_report: its page, or None.
    """

    folder: Path
    study: Path
    honest: Comparison
    collapsing: Comparison
    reports: tuple[Path, Path]
    page: Path
    losses: tuple[float, ...]
    drift: Drift | None = None
    drift_report: Path | None = None


def run_demo(
    folder: str | Path,
    *,
    method: str = DemoOptions.method,
    drift: bool = DemoOptions.drift,
    seed: int = DemoOptions.seed,
    progress: OnProgress | None = None,
) -> Tour:
    """The tour: images, a dual encoder with a modality gap, extraction, two transforms, two verdicts.

    A last chapter trains generators on images of earlier ones, and follows what becomes of them.

    Args:
        folder: created; an earlier demo there is replaced, anything else is refused.
        method: of the maps of both comparisons.
        drift: with the chapter on generators that learn from their own images.
        seed: of everything.
        progress: told about every step.

    Raises:
        StudyError: the folder holds something that is not a demo.
        StorageError: the disk refuses.
        DependencyError: the maps need a package that is not installed.
    """
    from repscope.verbs.compare.compare import compare
    from repscope.verbs.demo import training
    from repscope.verbs.demo.dual_encoder import DIGITS
    from repscope.verbs.extract.extract import extract
    from repscope.verbs.view.view import view

    tell = progress or (lambda now: None)

    def report(step: str, done: int, total: int) -> None:
        tell(Progress(step, done, total))

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
        extract(
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
    report("draw the page", 0, 1)
    page = root / "view.html"
    stages = ["visual_before", "visual_ridge", "visual_greedy"]
    drawn_by = "pca" if method == "none" else method
    view(study, stages, reference="text", on="label", method=drawn_by, seed=seed).save(page)
    report("draw the page", 1, 1)
    tour = Tour(root, study.path, found[0], found[1], (pages[0], pages[1]), page, trained.losses)
    return replace(tour, **_generations(root, seed, report)) if drift else tour


def _generations(root: Path, seed: int, report: Report) -> dict[str, Any]:
    """The chapter on drift: what became of generators that learn from their own images."""
    from repscope.verbs.demo.recursion import Settings, digits, follow_generations

    step = "generators of their own images"
    found = follow_generations(
        root / "generations",
        *digits(),
        Settings(generations=GENERATIONS, prompts=PROMPTS, steps=STEPS, seed=seed),
        measures=MEASURES,
        step=lambda done, total: report(step, done, total),
    )
    report("draw the generations", 0, 1)
    page = found.save(root / "reports" / "generations", formats=("png",))
    report("draw the generations", 1, 1)
    return {"drift": found, "drift_report": page}


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

    from repscope.verbs.demo.dual_encoder import DIGITS

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

    from repscope.extraction.models.preprocess import preprocessing

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
