"""The permutation null of the similarities when rows of one image are alike in both sets."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.measure.similarity.compute import similarity_nulls

NAMES = {"cka.debiased", "procrustes", "svcca", "pwcca", "rsa", "knn.jaccard", "knn.recall", "linear.r2"}
STUDIES = 40


def images(seed: int, shared: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two sets of 40 images of 1 to 6 rows; beside membership they share what ``shared`` says."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(40), rng.choice([1, 2, 4, 6], 40, p=[0.3, 0.3, 0.2, 0.2]))
    of_x, of_y = rng.standard_normal((2, 40, 5))
    of_y = shared * of_x + (1 - shared) * of_y
    noise = 0.4 * rng.standard_normal((2, len(codes), 5))
    return of_x[codes] + noise[0], of_y[codes] + noise[1], codes


@pytest.fixture(scope="module")
def ps() -> dict[str, np.ndarray]:
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for seed in range(STUDIES):
        x, y, codes = images(seed)
        for name, null in similarity_nulls(x, y, codes, seed=seed, permutations=19).items():
            found[name].append(null.p)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_p_is_uniform_where_only_membership_is_shared(name: str, ps: dict[str, np.ndarray]) -> None:
    """p takes 0.05, 0.10, … 1; of 40 studies, 7 or more at 0.05 would be 1 in 250, and 8 for any measure."""
    assert len(ps[name]) == STUDIES
    assert (ps[name] <= 0.05).sum() <= 7
    assert (ps[name] <= 0.5).sum() <= 31
    assert (ps[name] > 0.5).sum() <= 31


def test_single_rows_permuted_call_membership_similarity() -> None:
    """What this null is for: rows permuted one by one reject in every study."""
    rejected = [
        similarity_nulls(*images(seed)[:2], seed=seed, permutations=19)["cka.debiased"].p <= 0.05
        for seed in range(5)
    ]
    assert sum(rejected) >= 4


def test_images_that_share_content_are_found() -> None:
    x, y, codes = images(0, shared=0.7)
    nulls = similarity_nulls(x, y, codes, permutations=19)
    assert {name for name in nulls if nulls[name].p == 0.05} == NAMES
    assert all("whole clusters" in null.method for null in nulls.values())


def test_one_cluster_has_no_null() -> None:
    x, y, codes = images(0)
    nulls = similarity_nulls(x, y, np.zeros(len(codes), int), permutations=3)
    assert set(nulls.why) == NAMES
    assert "at least 2 clusters" in nulls.why["rsa"]
