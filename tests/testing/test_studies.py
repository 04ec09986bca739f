"""Verdicts on simulated studies whose truth is known. The published table is docs/confusion.md."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from helpers.sequential import RateTest
from repscope.testing import CONDITIONS, simulate
from repscope.testing.confusion import (
    EVERY_DESIGN,
    HARD_DESIGNS,
    ConfusionRow,
    as_markdown,
    confusion,
    judged,
    verdict_of,
)
from repscope.testing.nulls import null_markdown, null_study

NESTED = "150 images, 4 rows each"
SINGLE = "150 images, 1 row each"
OFTEN = ("exchangeable", "mean-shift", "hub", "collapse-text", "shuffled", "improved")
CLEAR = ("identity", "noisier", "mean-shift", "collapse-text", "hub", "improved", "bridged")


class Verdicts:
    """Verdicts on studies of one condition, seed after seed, each made when it is first asked for."""

    def __init__(self, condition, design, *, clustered=True, most=1000):
        self.condition, self.clustered, self.most = condition, clustered, most
        self.design = EVERY_DESIGN[design]
        self.words, self.right = [], frozenset()

    @property
    def counts(self):
        return Counter(self.words)

    def __iter__(self):
        for seed in range(self.most):
            if seed == len(self.words):
                study = simulate(self.condition, **self.design, seed=seed)
                self.words.append(verdict_of(study, clustered=self.clustered))
                self.right = study.right
            yield self.words[seed]


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


@pytest.mark.parametrize(
    ("condition", "design"),
    [
        pytest.param(one, design, marks=() if one in OFTEN and design == NESTED else pytest.mark.long)
        for one in CONDITIONS
        for design in (SINGLE, NESTED)
    ],
)
def test_a_condition_gets_its_word_and_aligned_only_if_it_is(condition, design):
    """A rate of false ``aligned`` of 10 % passes once in 200 times, one of 20 % wrong words once in 100."""
    given = Verdicts(condition, design)
    if condition not in ("improved", "bridged"):
        assert not RateTest(low=0.03, high=0.1).says_high(word == "aligned" for word in given), given.counts
    if condition in CLEAR:
        wrong = RateTest(low=0.05, high=0.2, false_low=0.01)
        assert not wrong.says_high(word not in given.right for word in given), given.counts


@pytest.mark.parametrize("design", HARD_DESIGNS)
def test_aligned_is_false_no_more_often_where_intervals_are_hard(design):
    given = Verdicts("exchangeable", design)
    assert not RateTest(low=0.03, high=0.1).says_high(word == "aligned" for word in given), given.counts


@pytest.mark.parametrize("design", [SINGLE, "35 images of 1 to 40 rows"])
def test_rescaled_is_raised_by_chance_no_more_often_than_its_test(design):
    """It had none, and was raised in 54 to 75 % of studies in which nothing changed."""
    flags = (
        "rescaled" in judged(simulate("exchangeable", **EVERY_DESIGN[design], seed=seed)).flags
        for seed in range(1000)
    )
    assert not RateTest(low=0.05, high=0.15).says_high(flags)


def test_the_null_of_the_whole_table_counts_measures_and_flags():
    row = null_study("exchangeable-small", "40 images, 1 row each", 2)
    assert row.studies == 2
    assert {"mrr.true", "gap.auc", "mixed.recall@10", "hub.share"} <= set(row.tested)
    assert all(row.small.get(name, 0) <= count <= 2 for name, count in row.tested.items())
    text = null_markdown([row])
    assert "| mixed.recall@10 |" in text
    assert "any q ≤ .05" in text


@pytest.mark.parametrize("condition", ["noisier", "improved", "mean-shift", "exchangeable"])
def test_fifteen_rows_decide_nothing(condition):
    assert confusion(condition, "15 images, 1 row each", 30).words == {"inconclusive": 30}


@pytest.mark.long
def test_ignoring_clusters_calls_noise_an_improvement_too_often():
    unclustered = Verdicts("exchangeable", NESTED, clustered=False)
    assert RateTest(low=0.05, high=0.15).says_high(word == "aligned" for word in unclustered)


def test_the_published_table_marks_what_is_right():
    row = ConfusionRow("noisier", SINGLE, {"damaged": 9, "aligned": 1}, ("damaged",), 10)
    line = as_markdown([row]).splitlines()[-1]
    assert "**9**" in line
    assert "10.0%" in line
