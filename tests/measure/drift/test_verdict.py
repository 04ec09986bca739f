"""The rules of the verdict, one at a time, and what it says of simulated studies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from helpers.sequential import RateTest
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.drift import DriftMargins
from repscope.measure.drift.family import family_p
from repscope.measure.drift.margins import CENTRE, WORDS, DriftEvidence
from repscope.measure.drift.records import Mode, Modes, Move, PairChange, Series
from repscope.measure.drift.verdict import judge
from repscope.testing.drifts import DRIFTS, SimulatedDrift, measure_drift, simulate_drift


def ratio(name: str, *values: float, width: float = 1.02, p: float | None = None) -> Series:
    """A series that starts at 1 with these later values, known to within ``width``."""
    every = (1.0, *values)
    pairs = []
    for stage, value in enumerate(values, 1):
        found = p if p is not None else (1e-4 if abs(np.log(value)) > np.log(width) else 0.5)
        change = Difference(value, value / width, value * width, n=200, p=found, q=found)
        pairs.append(PairChange(0, stage, change))
    if len(values) > 1:
        last = values[1] / values[0]
        rise = Difference(last, last / width, last * width, n=200, p=p if p is not None else 1e-4)
        pairs.append(PairChange(1, 2, rise))
    return Series(name, tuple(Estimate(one, n=200) for one in every), tuple(pairs), "ratio")


def move(second: int, relative: float, width: float = 0.02) -> Move:
    """A move by so many RMS radii of 2."""
    low, high = max(relative - width, 0.0), relative + width
    p = 0.001 if relative > width else 0.6
    return Move(
        0, second, Estimate(2 * relative, 2 * low, 2 * high, n=200), 2 * relative, 0.05,
        Estimate(relative, low, high, n=200), p, p,
    )  # fmt: skip


def lost_modes(share: float) -> Modes:
    def mode(number: int, share: float, lost: int | None) -> Mode:
        none = (None, 0.001, 0.001)
        return Mode(number, (share, 0, 0), (share, 0, 0), none, none, none, lost, lost, (1,), (1,))

    return Modes((mode(0, 1 - share, None), mode(1, share, 1)))


def evidence(**changes) -> DriftEvidence:
    """Three stages of 200 clusters where nothing happens."""
    series = {
        name: ratio(name, 1.0, 1.0) for name in ("spread.total", "spread.cosine", "rank.entropy", "norm.mean")
    }
    series |= changes.pop("series", {})
    return DriftEvidence(
        clusters=changes.pop("clusters", 200),
        labels=("gen 0", "gen 4", "gen 10"),
        series=series,
        moves=changes.pop("moves", [move(1, 0.0), move(2, 0.0)]),
        modes=changes.pop("modes", Modes()),
        **changes,
    )


def spread(*values: float) -> dict[str, Series]:
    return {name: ratio(name, *values) for name in ("spread.total", "spread.cosine")}


def test_nothing_is_stable_and_says_within_what() -> None:
    found = judge(evidence())
    assert found.word == "stable"
    assert "within the margins" in found.because[0]
    assert found.needed is None
    assert found.flags == ()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"moves": [move(1, 0.3), move(2, 0.6)]}, "drifting"),
        ({"moves": [move(1, 0.6), move(2, 0.0)]}, "drifting"),
        ({"series": spread(0.8, 0.6)}, "contracting"),
        ({"series": spread(1.2, 1.6)}, "expanding"),
        ({"series": spread(0.5, 0.1)}, "collapsing"),
        ({"series": {"rank.entropy": ratio("rank.entropy", 0.7, 0.4)}}, "collapsing"),
        ({"series": {"rank.entropy": ratio("rank.entropy", 0.9, 0.8)}}, "drifting"),
        ({"modes": lost_modes(0.3)}, "collapsing"),
        ({"modes": lost_modes(0.1)}, "drifting"),
        ({"series": {"spread.total": ratio("spread.total", 0.5, 0.1)}}, "contracting"),
        ({"series": {"spread.cosine": ratio("spread.cosine", 0.5, 0.1)}}, "drifting"),
        ({"series": spread(0.1, 0.9)}, "drifting"),
        ({"series": spread(0.1, 0.2)}, "contracting"),
        ({"clusters": 29, "series": spread(0.5, 0.1)}, "inconclusive"),
        ({"clusters": 5, "identical": True}, "stable"),
        ({"clusters": 5, "point": True}, "collapsing"),
    ],
)
def test_rules(changes: dict, word: str) -> None:
    found = judge(evidence(**changes))
    assert found.word == word
    assert found.because
    assert word in WORDS


def test_shorter_rows_alone_are_flagged_as_rescaled() -> None:
    series = {
        "spread.total": ratio("spread.total", 0.5, 0.1),
        "norm.mean": ratio("norm.mean", 0.7, 0.3),
    }
    found = judge(evidence(series=series))
    assert (found.word, found.flags) == ("contracting", ("rescaled",))


def test_a_recovery_is_no_collapse_and_is_said() -> None:
    found = judge(evidence(series=spread(0.1, 0.2)))
    assert found.word == "contracting"
    assert "recovered" in found.flags
    assert "lowest in gen 4" in found.because[-1]


def test_a_rise_that_chance_explains_is_no_recovery() -> None:
    series = ratio("spread.total", 0.1, 0.2)
    pairs = tuple(
        replace(pair, change=replace(pair.change, p=0.3)) if pair.first == 1 else pair
        for pair in series.pairs
    )
    low = {"spread.total": replace(series, pairs=pairs), "spread.cosine": ratio("spread.cosine", 0.1, 0.2)}
    found = judge(evidence(series=low))
    assert found.word == "collapsing"
    assert "recovered" not in found.flags


def test_many_tests_share_one_error_rate() -> None:
    """One p of .03 among six measures is what chance gives; two stages of it are no better."""
    alone = {"rank.entropy": ratio("rank.entropy", 0.8, 0.8, p=0.03)}
    assert judge(evidence(series=alone)).word == "inconclusive"
    clear = {"rank.entropy": ratio("rank.entropy", 0.8, 0.8, p=0.004)}
    assert judge(evidence(series=clear)).word == "drifting"
    everywhere = {
        name: ratio(name, 0.8, 0.8, p=p)
        for name, p in (("spread.total", 0.012), ("spread.cosine", 0.016), ("rank.entropy", 0.024))
    }
    assert judge(evidence(series=everywhere)).word == "contracting"


def test_the_family_is_that_of_simes_and_holm() -> None:
    given = evidence(series={"spread.total": ratio("spread.total", 0.8, 0.8, p=0.01)})
    found = family_p(given, ("spread.total", "rank.entropy", "absent"))
    # Simes of two equal p is that p; then the smallest of three counts three times, and the next no less.
    assert found == pytest.approx({"spread.total": 0.03, "rank.entropy": 1.0, CENTRE: 1.0})


def test_a_null_study_of_few_unequal_clusters_gets_a_false_word_no_more_often_than_alpha() -> None:
    """Each rule at .05 gave a false word in 9.6 % of such studies."""

    def words() -> Iterator[bool]:
        for seed in range(1000):
            word = measure_drift(unequal_nothing(seed), seed=seed).verdict.word
            yield word not in {"stable", "inconclusive"}

    assert not RateTest(low=0.03, high=0.12).says_high(words())


def unequal_nothing(seed: int) -> SimulatedDrift:
    return simulate_drift("nothing", items=35, unequal=True, seed=seed)


def test_wide_intervals_are_inconclusive_with_the_n_that_decides() -> None:
    wide = {"spread.total": ratio("spread.total", 1.0, 1.0, width=1.5)}
    found = judge(evidence(series=wide))
    assert found.word == "inconclusive"
    # Half-width log 1.5 must come down to the margin log 1.15 at 80 % power.
    expected = 200 * (2.8016 * np.log(1.5) / 1.972 / np.log(1.15)) ** 2
    assert found.needed == pytest.approx(expected, rel=0.01)
    assert f"about {found.needed:,} clusters" in found.because[-1]
    assert found.detectable["spread.total"] > found.detectable["spread.cosine"]


def test_a_significant_change_within_its_margin_is_stable() -> None:
    small = {"spread.total": ratio("spread.total", 0.95, 0.95, p=1e-5)}
    assert judge(evidence(series=small)).word == "stable"
    tight = replace(DriftMargins(), equal_ratio={"spread.total": 0.01})
    assert judge(evidence(series=small), tight).word == "contracting"


@pytest.mark.parametrize("name", ["cosine.true", "gap.rmg"])
def test_what_leaves_its_reference_drifts(name: str) -> None:
    def series(change: float) -> dict[str, Series]:
        values = (Estimate(0.3, n=200), Estimate(0.3, n=200), Estimate(0.3 + change, n=200))
        pairs = [
            PairChange(0, stage, Difference(x, x - 0.005, x + 0.005, n=200, p=0.5 if x == 0 else 1e-4, q=0.5))
            for stage, x in ((1, 0.0), (2, change))
        ]
        return {name: Series(name, values, tuple(pairs))}

    assert judge(evidence(series=series(-0.1))).word == "drifting"
    assert judge(evidence(series=series(-0.02))).word == "stable"
    moved = judge(evidence(series=series(-0.1) | spread(0.8, 0.6)))
    assert (moved.word, "reference-moved" in moved.flags) == ("contracting", True)


def test_two_stages_say_that_persistence_cannot_be_seen() -> None:
    base = evidence(series=spread(0.1, 0.1))
    two = replace(
        base,
        labels=("a", "b"),
        moves=base.moves[:1],
        series={
            name: replace(one, values=one.values[:2], pairs=one.pairs[:1])
            for name, one in base.series.items()
        },
    )
    found = judge(two)
    assert found.word == "collapsing"
    assert "two stages" in found.because[-1]


@pytest.mark.parametrize("condition", [name for name in DRIFTS if name != "known"])
def test_simulated_studies(condition: str) -> None:
    study = simulate_drift(condition, items=400, seed=3)
    found = measure_drift(study).verdict
    assert found.word in study.right, str(found)


def test_flags_of_simulated_studies() -> None:
    def flags(condition: str) -> tuple[str, ...]:
        return measure_drift(simulate_drift(condition, items=400, seed=3)).verdict.flags

    assert "rescaled" in flags("rescaled")
    assert "tails-first" in flags("tails")
    assert "modes-lost" in flags("collapse-modes")
    assert "rescaled" not in flags("collapse-point")
