"""Class prototypes: a naive loop as oracle, classes without items, one fit with the texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, VectorError
from repscope.maps import class_prototypes, project_classes


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 1000))
def test_equals_a_naive_loop(n: int, n_classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.standard_normal((n, 5)).astype(np.float32)
    keys = rng.integers(-1, n_classes, n)
    keys[0] = 0
    found = class_prototypes(items, keys, n_classes)
    missing = []
    for c in range(n_classes):
        rows = [row / np.linalg.norm(row) for row in items[keys == c].astype(np.float64)]
        assert found.counts[c] == len(rows)
        if not rows:
            missing.append(c)
            continue
        mean = np.mean(rows, axis=0)
        at = int(np.flatnonzero(found.classes == c)[0])
        assert found.vectors[at] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert found.missing == tuple(missing)
    assert found.cancelled == ()
    assert len(found.vectors) == n_classes - len(missing)
    order = rng.permutation(n)
    shuffled = class_prototypes(items[order], keys[order], n_classes)
    assert shuffled.vectors == pytest.approx(found.vectors, abs=1e-9)


def test_no_class_is_ever_a_zero_vector() -> None:
    items = np.array([[1.0, 0.0], [-3.0, 0.0], [0.0, 2.0]])
    found = class_prototypes(items, np.array([1, 1, 3]), 5)
    assert found.classes.tolist() == [3]
    assert found.missing == (0, 2, 4)
    assert found.cancelled == (1,)
    assert found.vectors.tolist() == [[0.0, 1.0]]


def test_texts_and_prototypes_share_one_map() -> None:
    rng = np.random.default_rng(0)
    texts = rng.standard_normal((12, 10))
    keys = np.repeat(np.arange(9), 5)
    shown = project_classes(texts, texts[keys] + 0.1 * rng.standard_normal((45, 10)), keys, method="pca")
    assert shown.projection.coordinates["text"].shape == (12, 2)
    assert shown.projection.coordinates["prototype"].shape == (9, 2)
    assert shown.prototypes.missing == (9, 10, 11)
    apart = np.linalg.norm(
        shown.projection.coordinates["text"][:9] - shown.projection.coordinates["prototype"], axis=1
    )
    assert apart.max() < 0.1
    assert project_classes(texts, texts[keys], keys, perplexity=5).projection.method == "tsne"


def test_bad_input() -> None:
    items = np.eye(4)
    with pytest.raises(InputError, match="items of at least one class"):
        class_prototypes(items, np.full(4, -1), 3)
    with pytest.raises(VectorError, match="class codes from -1 to 2"):
        class_prototypes(items, np.array([0, 1, 2, 3]), 3)
    with pytest.raises(VectorError, match="one integer class"):
        class_prototypes(items, np.array([0.0, 1, 2, 3]), 4)
    with pytest.raises(VectorError, match="zero vectors in row 2"):
        class_prototypes(np.diag([1.0, 1, 0, 1]), np.arange(4), 4)
