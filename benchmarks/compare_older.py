"""What the older scripts did, written afresh: largest cosines before and after, one t-SNE, two figures.

``python -m benchmarks.compare_older FOLDER`` reads before.npy, after.npy and texts.npy there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.manifold import TSNE


def largest_cosines(rows: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """[N] cosine of each row to its nearest text."""
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (rows, texts)]
    return (unit[0] @ unit[1].T).max(axis=1)


def main(folder: Path, mapped: bool) -> None:
    before, after, texts = (np.load(folder / f"{name}.npy") for name in ("before", "after", "texts"))
    cosines = [largest_cosines(rows, texts) for rows in (before, after)]

    figure, axes = plt.subplots(2, 2, figsize=(14, 10))
    axes[0, 0].hist(cosines, bins=40, label=["before", "after"])
    axes[0, 0].legend()
    axes[0, 1].boxplot(cosines)
    axes[1, 0].scatter(*cosines, s=3)
    axes[1, 1].hist(cosines[1] - cosines[0], bins=40)
    figure.savefig(folder / "effect.png", dpi=150)
    plt.close(figure)

    if mapped:
        points = TSNE(2, perplexity=30, random_state=0).fit_transform(np.concatenate([before, after, texts]))
        parts = np.split(points, np.cumsum([len(before), len(after)]))
        figure, axis = plt.subplots(figsize=(12, 10))
        for part, name, size in zip(parts, ("before", "after", "texts"), (5, 5, 25), strict=True):
            axis.scatter(*part.T, s=size, label=name)
        for number, point in enumerate(parts[2]):
            axis.annotate(str(number), point, fontsize=6)
        axis.legend()
        figure.savefig(folder / "map.png", dpi=300)
    means = {"before": float(cosines[0].mean()), "after": float(cosines[1].mean())}
    (folder / "results.json").write_text(json.dumps(means))


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--no-map" not in sys.argv)
