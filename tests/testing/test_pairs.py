"""The generator of two modalities: its answers are the right ones."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.testing import PairedModalities, paired_modalities


def cosine_top1(world: PairedModalities, rows: np.ndarray) -> float:
    unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (rows, world.class_texts)]
    return float(((unit[0] @ unit[1].T).argmax(axis=1) == world.labels).mean())


def test_shapes_and_labels() -> None:
    world = paired_modalities(100, 12, d_text=9, classes=10, unseen=3, rows_per_cluster=4)
    assert (world.images.shape, world.texts.shape, world.class_texts.shape) == ((100, 12), (100, 9), (10, 9))
    assert world.unseen.tolist() == [False] * 7 + [True] * 3
    assert sorted([*world.seen_rows, *world.unseen_rows]) == list(range(100))
    assert set(world.labels[world.unseen_rows]) <= {7, 8, 9}
    assert world.clusters.tolist() == [row // 4 for row in range(100)]
    assert all(len(set(world.labels[world.clusters == one])) == 1 for one in range(25))


def test_the_seed_repeats() -> None:
    first, second, other = (paired_modalities(50, 16, seed=seed) for seed in (3, 3, 4))
    assert first.images.tobytes() == second.images.tobytes()
    assert first.images.tobytes() != other.images.tobytes()


def test_without_noise_the_map_is_exact() -> None:
    world = paired_modalities(200, 16, noise=0.0)
    np.testing.assert_allclose(world.predicted(world.images), world.texts, atol=1e-9)


def test_no_linear_map_predicts_better() -> None:
    world = paired_modalities(50_000, 16, noise=0.5)
    x, y = world.images - world.images.mean(0), world.texts - world.texts.mean(0)
    fitted = np.square(x @ np.linalg.lstsq(x, y, rcond=None)[0] - y).mean()
    assert np.square(world.predicted(world.images) - world.texts).mean() == pytest.approx(fitted, rel=2e-3)


def test_nobody_guesses_better_than_bayes() -> None:
    world = paired_modalities(5000, 16, classes=30, variety=0.8, noise=0.4)
    bayes = (world.bayes_labels(world.images) == world.labels).mean()
    centres = np.stack([world.images[world.labels == one].mean(0) for one in range(30)])
    nearest = np.square(world.images[:, None] - centres).sum(-1).argmin(1)
    assert 0.3 < bayes < 1
    assert bayes > (nearest == world.labels).mean()
    assert bayes > cosine_top1(world, world.predicted(world.images)) - 0.01


def test_two_classes_have_the_error_of_the_textbook() -> None:
    from scipy.stats import norm

    world = paired_modalities(40_000, 8, classes=2, shared=2, variety=1.0, noise=1.0)
    step = world.class_images[0] - world.class_images[1]
    distance = np.sqrt(step @ np.linalg.solve(world.within, step))
    right = (world.bayes_labels(world.images) == world.labels).mean()
    assert right == pytest.approx(norm.cdf(distance / 2), abs=0.01)


def test_the_gap_and_the_nuisance() -> None:
    near, far = (paired_modalities(4000, 16, gap=gap) for gap in (0.0, 6.0))
    gaps = [np.linalg.norm(w.texts.mean(0) - w.images.mean(0)) for w in (near, far)]
    assert gaps[1] - gaps[0] > 3
    plain = paired_modalities(4000, 16, nuisance=0.0)
    assert np.trace(np.cov(plain.images.T)) < 0.6 * np.trace(np.cov(near.images.T))


def test_turned_axes() -> None:
    same, apart = (paired_modalities(1000, 32, turned=turned) for turned in (0.0, 1.0))
    centred = [w.images - w.images.mean(0) + w.class_texts.mean(0) for w in (same, apart)]
    assert cosine_top1(same, centred[0]) > 0.8
    assert cosine_top1(apart, centred[1]) < 0.2


def test_bent_images_are_not_linear() -> None:
    def unexplained(bend: float) -> float:
        world = paired_modalities(4000, 16, noise=0.0, bend=bend)
        x, y = world.images - world.images.mean(0), world.texts - world.texts.mean(0)
        return float(np.square(x @ np.linalg.lstsq(x, y, rcond=None)[0] - y).mean())

    assert unexplained(3.0) > 0.01
    assert unexplained(0.0) < 1e-12


@pytest.mark.parametrize(
    "sizes",
    [
        {"shared": 40},
        {"unseen": 20},
        {"n": 0},
        {"rows_per_cluster": 0},
        {"turned": 2},
        {"turned": 0.5, "d_text": 9},
    ],
)
def test_sizes_that_do_not_fit(sizes: dict[str, float]) -> None:
    with pytest.raises(InputError):
        paired_modalities(**sizes)  # type: ignore[arg-type]
