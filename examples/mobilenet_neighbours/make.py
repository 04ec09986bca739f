"""Nearest neighbours of photos by MobileNetV2's features, drawn, and compared with what people wrote of
them.

    python examples/mobilenet_neighbours/make.py PHOTOS WEIGHTS CAPTIONS OUT

PHOTOS is a folder of images, WEIGHTS torchvision's ``mobilenet_v2`` as safetensors, CAPTIONS a CSV with
a column ``image`` (file name) and columns ``caption…``. OUT gets the study, ``grid.png`` and what is
printed.

Neighbours are sensible if the captions of a photo and of its neighbours share words. How many they would
share by chance is known from giving the captions to the photos at random, again and again, while the
neighbours stay.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np

import repscope as rs
from repscope.extraction import Preprocessing
from repscope.verbs.neighbors.grid import neighbour_grid

MODEL = Path(__file__).resolve().parents[1] / "models" / "mobilenet_v2.py"
STEPS = Preprocessing(resize=256, crop=(224, 224), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
PERMUTATIONS = 2000


def words(captions: dict[str, list[str]], ids: list[str]) -> np.ndarray:
    """[n, words] unit rows: how often each word is in a photo's captions, rare words counting more.

    Words in more than a third of the photos ("the", "with") say nothing of what is seen, nor do words of one
    photo alone.
    """
    texts = [re.findall(r"[a-z]{3,}", " ".join(captions[one]).lower()) for one in ids]
    known = sorted({word for text in texts for word in text})
    counts = np.array([[text.count(word) for word in known] for text in texts], dtype=float)
    photos = (counts > 0).sum(axis=0)
    kept = (photos >= 2) & (photos <= len(ids) / 3)
    weights = np.minimum(counts[:, kept], 5) * np.log(len(ids) / photos[kept])
    return weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-12)


def agreement(near: np.ndarray, vectors: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Mean cosine of the words of photos and their neighbours, its mean by chance, and the p-value."""
    cosines = vectors @ vectors.T
    rng = np.random.default_rng(seed)
    rows = np.arange(len(near))[:, None]
    seen = cosines[rows, near].mean()
    orders = (rng.permutation(len(near)) for _ in range(PERMUTATIONS))
    chance = np.array([cosines[order[rows], order[near]].mean() for order in orders])
    p = (1 + (chance >= seen).sum()) / (1 + PERMUTATIONS)
    return float(seen), float(chance.mean()), float(p)


def main(photos: Path, weights: Path, captions: Path, out: Path, k: int = 3) -> dict[str, float]:
    """Extract, search, draw, compare."""
    out.mkdir(parents=True, exist_ok=True)
    rs.extract(
        photos,
        f"{MODEL}:mobilenet_v2",
        weights=weights,
        capture={"features": "features"},
        preprocess=STEPS,
        study=out / "study",
        device="cpu",
    )
    found = rs.neighbors(out / "study", "features", k=k)
    neighbour_grid(found, rows=6).savefig(out / "grid.png", dpi=120)
    with captions.open(encoding="utf-8", newline="") as file:
        texts = {
            Path(row["image"]).name: [text for name, text in row.items() if name.startswith("caption")]
            for row in csv.DictReader(file)
        }
    seen, chance, p = agreement(found.found.indices, words(texts, [str(one) for one in found.base.ids]))
    record = {"photos": found.base.n, "k": k, "caption_cosine": seen, "by_chance": chance, "p": p}
    (out / "agreement.json").write_text(json.dumps(record, indent=1))
    return record


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    print(json.dumps(main(*map(Path, sys.argv[1:])), indent=1))
