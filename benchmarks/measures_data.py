"""Two stages and class texts of the measures benchmark: a gap before; less noise and no gap after."""

from __future__ import annotations

import numpy as np

CLASSES = 1000


def data(n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Before, after, class texts, class of each row, image of each row."""
    rng = np.random.default_rng(0)
    texts = rng.standard_normal((CLASSES, d), dtype=np.float32)
    labels = rng.integers(0, CLASSES, n)
    noise = rng.standard_normal((n, d), dtype=np.float32)
    gap = rng.standard_normal(d, dtype=np.float32)
    before = texts[labels] + 2 * noise + gap
    after = texts[labels] + 1.6 * noise
    return before, after, texts, labels, np.arange(n) // 4
