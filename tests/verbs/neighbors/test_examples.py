"""The examples of nearest neighbours do what they say, by a criterion that could fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / name / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_neighbours_of_unseen_digits_are_the_same_digit(tmp_path: Path) -> None:
    share = load("digit_neighbours").main(tmp_path)
    # By chance it is 0.1.
    assert share > 0.85
    with Image.open(tmp_path / "digit-neighbours.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 30


def test_the_captions_of_neighbours_share_words(shared_data: Path, tmp_path: Path) -> None:
    photos = shared_data / "captions" / "coco_val_open"
    weights = shared_data / "weights" / "mobilenet" / "mobilenet_v2.torchvision.fp16.safetensors"
    made = load("mobilenet_neighbours")
    found = made.main(photos / "images", weights, photos / "manifest.csv", tmp_path)
    assert found["photos"] == 36
    assert found["caption_cosine"] > 1.5 * found["by_chance"]
    assert found["p"] < 0.01
    assert (tmp_path / "grid.png").stat().st_size > 100_000


@pytest.mark.parametrize("seed", range(5))
def test_the_criterion_does_not_see_what_is_not_there(seed: int) -> None:
    made, rng = load("mobilenet_neighbours"), np.random.default_rng(seed)
    captions = {str(row): [" ".join(rng.choice(list(WORDS), 6))] for row in range(40)}
    vectors = made.words(captions, list(captions))
    near = np.array([rng.choice(np.delete(np.arange(40), row), 3, replace=False) for row in range(40)])
    assert made.agreement(near, vectors)[2] > 0.01
    # Neighbours by the words themselves are found out.
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    assert made.agreement(np.argsort(-cosines, axis=1)[:, :3], vectors)[2] < 0.001


WORDS = ("cat", "dog", "sofa", "grass", "snow", "street", "kite", "beach", "bear", "horse", "train", "boat",
         "cup", "table", "night", "window", "tree", "ball", "bat", "bench", "clock", "sheep")  # fmt: skip
