import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import special_ortho_group
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from repscope.errors import InputError
from repscope.measure.alignment import separability
from repscope.measure.alignment.separability import gap_auc, gap_auc_replicates
from repscope.measure.core.resample import estimate_replicates

Array = NDArray[np.floating]
Keys = NDArray[np.int64]


def two_sets(shift: float, n: int = 150, m: int = 120, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    items, reference = rng.standard_normal((n, 12)), rng.standard_normal((m, 12))
    items[:, 0] += shift
    return items, reference


def test_sets_far_apart_are_told_apart_and_one_set_is_not() -> None:
    assert gap_auc(*two_sets(20.0)) == 1.0
    assert gap_auc(*two_sets(0.0)) == pytest.approx(0.5, abs=0.08)


def test_value_is_the_mean_area_over_folds() -> None:
    items, reference = two_sets(1.0, m=150)
    alone = np.full(150, -1), np.full(150, -1), 0
    scores = separability._score(items, reference, None, None, separability._Plan(5, 2000, 0), alone)
    truth = np.arange(300) < 150
    areas = [
        roc_auc_score(truth[scores.fold == fold], scores.value[scores.fold == fold]) for fold in range(5)
    ]
    # Equal folds have equally many pairs, so the share of pairs won is the mean over folds.
    assert gap_auc(items, reference) == pytest.approx(np.mean(areas), abs=1e-12)
    assert 0.6 < gap_auc(items, reference) < 0.95


def test_units_never_straddle_folds_and_both_sets_are_in_each() -> None:
    units = np.random.default_rng(0).integers(0, 40, 300)
    is_item = np.arange(300) < 180
    fold = separability._folds(is_item, units, 5, 0)
    for unit in np.unique(units):
        assert len(np.unique(fold[units == unit])) == 1
    for one in range(5):
        assert 20 < is_item[fold == one].sum() < 60


def test_linked_copies_in_other_folds_do_not_read_as_a_gap() -> None:
    items, _ = two_sets(0.0)
    copies = items + 1e-3 * np.random.default_rng(1).standard_normal(items.shape)
    keys = np.arange(150)
    together = gap_auc_replicates(
        items, copies, keys % 15, keys % 15, 15, item_units=keys, reference_units=keys
    )
    apart = gap_auc_replicates(items, copies, keys % 15, keys % 15, 15)
    assert together.value == pytest.approx(0.5, abs=0.05)
    assert apart.value == 0.5
    assert "read as chance" in apart.method


def test_means_made_equal_on_these_rows_read_as_chance() -> None:
    items, reference = two_sets(3.0)
    units, unit_reference = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (items, reference))
    shifted = units - units.mean(axis=0) + unit_reference.mean(axis=0)
    assert gap_auc(items, reference) > 0.85
    assert gap_auc(shifted, unit_reference) < 0.6


def naive_areas(items: Array, reference: Array, own: Keys, n_groups: int) -> list[float]:
    """The area without each group, every classifier fitted again by scikit-learn."""
    rows = np.concatenate([x / np.linalg.norm(x, axis=1, keepdims=True) for x in (items, reference)])
    truth = np.arange(len(rows)) < len(items)
    alone = np.full(len(rows), -1)
    fold = separability._folds(truth, alone, 5, 0)
    areas = []
    for group in range(n_groups):
        won = pairs = 0.0
        for one in range(5):
            train, test = fold != one, (fold == one) & (own != group)
            centre = rows[train].mean(axis=0)
            scaled = (rows - centre) / np.sqrt(((rows[train] - centre) ** 2).sum(axis=1).mean())
            fitted = LogisticRegression(C=10.0, max_iter=5000, tol=1e-9, class_weight="balanced")
            fitted.fit(scaled[train & (own != group)], truth[train & (own != group)])
            score = fitted.decision_function(scaled)
            low, high = score[test & ~truth], score[test & truth]
            won += (high[:, None] > low).sum()
            pairs += len(low) * len(high)
        areas.append(won / pairs)
    return areas


def test_leaving_out_fits_again() -> None:
    items, reference = two_sets(1.0)
    groups, reference_groups = np.arange(150) % 8, np.arange(120) % 8
    reference_groups[:20] = -1
    found = gap_auc_replicates(items, reference, groups, reference_groups, 8)
    assert found.value == gap_auc(items, reference)
    naive = naive_areas(items, reference, np.concatenate((groups, reference_groups)), 8)
    np.testing.assert_allclose(found.leave_out, naive, atol=2e-4)
    assert found.leave_out.std() > 0


def test_below_chance_the_value_is_cut_off_and_the_spread_is_kept() -> None:
    items, reference = two_sets(0.0)
    units, unit_reference = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (items, reference))
    shifted = units - units.mean(axis=0) + unit_reference.mean(axis=0)
    found = gap_auc_replicates(shifted, unit_reference, np.arange(150) % 10, np.arange(120) % 10, 10)
    assert found.value == 0.5
    assert "read as chance" in found.method
    low, high = estimate_replicates(found, 150).within((0.5, 1.0)).low, estimate_replicates(found, 150).high
    assert low == 0.5
    assert high is not None
    assert high > 0.5


def test_a_sample_is_stated_and_repeats() -> None:
    items, reference = two_sets(1.0, n=300)
    groups = np.arange(300) % 10, np.arange(120) % 10
    found = gap_auc_replicates(items, reference, *groups, 10, max_rows=100, seed=3)
    assert "100 of 300 items drawn with seed 3" in found.method
    assert found.value == gap_auc(items, reference, max_rows=100, seed=3)
    assert found.value != gap_auc(items, reference, max_rows=100, seed=4)


def test_rotation_changes_nothing() -> None:
    items, reference = two_sets(1.0)
    rotation = special_ortho_group.rvs(12, random_state=0)
    turned = gap_auc(items @ rotation, reference @ rotation)
    assert turned == pytest.approx(gap_auc(items, reference), abs=1e-3)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-3), (np.float16, 5e-3)])
def test_narrow_floats(dtype: type, atol: float) -> None:
    items, reference = two_sets(1.0)
    narrow = gap_auc(items.astype(dtype), reference.astype(dtype))
    assert narrow == pytest.approx(gap_auc(items, reference), abs=atol)


def test_refusals() -> None:
    items, reference = two_sets(1.0)
    with pytest.raises(InputError, match="at least two folds"):
        gap_auc(items, reference[:1])
    with pytest.raises(InputError, match="at least two folds"):
        gap_auc(items, reference, item_units=np.zeros(150, int))
    with pytest.raises(InputError, match="one integer unit"):
        gap_auc(items, reference, item_units=np.zeros(3, int))
