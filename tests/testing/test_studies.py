"""Verdicts on simulated studies whose truth is known. The published table is docs/confusion.md."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.testing import CONDITIONS, simulate
from repscope.testing.confusion import ConfusionRow, as_markdown, confusion

STUDIES = 200
NESTED = "150 images, 4 rows each"
SINGLE = "150 images, 1 row each"
NOT_ALIGNED = [name for name in CONDITIONS if name not in ("improved", "bridged")]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_study_repeats_exactly_and_differs_by_seed(condition):
    one, again, other = (simulate(condition, images=20, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.after, again.after)
    assert not np.array_equal(one.before, other.before)
    assert len(one.before) == len(one.after) == len(one.item_keys) == len(one.clusters) == 20


def test_rows_of_an_image_share_its_class():
    study = simulate("improved", images=30, rows_per_image=4)
    for image in range(30):
        assert len(set(study.item_keys[study.clusters == image])) == 1


# Five in a hundred is what a two-sided 5 % test may give at worst; 21 of 200 would be beyond chance even so.
@pytest.mark.parametrize("design", [SINGLE, NESTED])
@pytest.mark.parametrize("condition", NOT_ALIGNED)
def test_what_is_not_aligned_is_called_aligned_in_at_most_5_percent(condition, design):
    row = confusion(condition, design, STUDIES)
    assert row.false_aligned <= 0.05, row.words


@pytest.mark.parametrize("design", [SINGLE, NESTED])
@pytest.mark.parametrize(
    "condition", ["identity", "noisier", "mean-shift", "collapse-text", "hub", "improved", "bridged"]
)
def test_clear_conditions_get_their_word(condition, design):
    row = confusion(condition, design, 40)
    assert row.correct >= 0.9, row.words


@pytest.mark.parametrize("condition", ["noisier", "improved", "mean-shift", "exchangeable"])
def test_fifteen_rows_decide_nothing(condition):
    assert confusion(condition, "15 images, 1 row each", 30).words == {"inconclusive": 30}


def test_ignoring_clusters_calls_noise_an_improvement_too_often():
    wrong = confusion("exchangeable", NESTED, STUDIES, clustered=False)
    assert wrong.false_aligned > 0.07, wrong.words


def test_the_published_table_marks_what_is_right():
    row = ConfusionRow("noisier", SINGLE, {"damaged": 9, "aligned": 1}, ("damaged",), 10)
    line = as_markdown([row]).splitlines()[-1]
    assert "**9**" in line
    assert "10.0%" in line
