"""Simulated drifts: what is true of them is true, intervals hold it, verdicts say it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from repscope.testing.drifts import (
    DRIFTS,
    KNOWN_MOVES,
    KNOWN_RATIO,
    coverage_markdown,
    drift_confusion,
    main,
    simulate_drift,
    verdict_markdown,
)


@pytest.mark.parametrize("condition", DRIFTS)
def test_a_study_is_finite_and_repeats(condition: str) -> None:
    one, again, other = (simulate_drift(condition, items=40, rows_per_item=2, seed=s) for s in (1, 1, 2))
    assert len({stage.shape for stage in one.stages}) == 1
    assert all(np.isfinite(stage).all() for stage in one.stages)
    assert np.array_equal(one.stages[-1], again.stages[-1])
    assert not np.array_equal(one.stages[-1], other.stages[-1])
    assert len(one.positions) == len(one.stages)
    assert one.right


def test_the_known_study_has_the_moves_and_ratio_that_it_says() -> None:
    """The mean over many rows, so that noise is small beside the third digit."""
    study = simulate_drift("known", items=200_000, d=8, seed=0)
    centres = [stage.mean(axis=0) for stage in study.stages]
    for (first, second), true in zip(((0, 1), (1, 2), (0, 2)), KNOWN_MOVES, strict=True):
        assert np.linalg.norm(centres[second] - centres[first]) == pytest.approx(true, abs=0.01)
    spreads = [stage.var(axis=0).sum() for stage in study.stages]
    assert spreads[2] / spreads[0] == pytest.approx(KNOWN_RATIO, rel=0.01)
    assert spreads[0] == pytest.approx(1.0, rel=0.01)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """The full table is the documentation's; a few studies show that nothing is far off."""
    row = drift_confusion("known", "400 items", 15, seed=1000)
    assert row.words == {"collapsing": 15}
    assert set(row.coverage) >= {"move:0:1", "move:1:2", "move:0:2", "ratio:0:2", "turn:1"}
    assert np.mean(list(row.coverage.values())) > 0.88
    assert min(row.coverage.values()) >= 0.76
    assert all(abs(error) < 0.02 for error in row.bias.values())


def test_where_nothing_happens_it_is_stable_and_few_items_decide_nothing() -> None:
    assert drift_confusion("nothing", "400 items", 8, seed=50).words == {"stable": 8}
    assert drift_confusion("nothing", "20 items", 4, seed=50).words == {"inconclusive": 4}
    assert drift_confusion("translation", "20 items", 4, seed=50).words == {"inconclusive": 4}


def test_the_command_prints_both_tables(capsys) -> None:
    main(["--studies", "1", "--conditions", "translation", "--designs", "400 items"])
    printed = capsys.readouterr()
    assert "| translation | 400 items | 0 | 0 | 0 | **1** | 0 | 0 |" in printed.out
    assert "| translation | 400 items | move:0:3 | 1 |" in printed.out
    main(["--studies", "1", "--conditions", "copies", "--designs", "20 items", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert record[0]["words"] == {"stable": 1}


def test_tables_mark_what_is_right() -> None:
    row = drift_confusion("copies", "20 items", 1)
    assert "**1**" in verdict_markdown([row])
    assert coverage_markdown([row]).count("\n") == 1
