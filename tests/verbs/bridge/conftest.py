"""A report of bridges built by hand, so that it is tested without fitting anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from repscope.measure.comparison.results import MeasureResult
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.verdict.rules import Verdict
from repscope.verbs.bridge.record import (
    BridgesRecord,
    Cost,
    EntryTime,
    Gallery,
    MethodResult,
    Part,
    TopChange,
)

WARNING = "18 rows of text for 64 dimensions: cannot be trusted without shrinkage; " + "and more " * 30


def measured(name: str, before: float, after: float) -> MeasureResult:
    """A row of the table."""
    gain = after - before
    return MeasureResult(
        name,
        Estimate(before, n=50),
        Estimate(after, n=50),
        Difference(gain, gain - 0.05, gain + 0.05, 0.95, 50, "bootstrap", 0.01, 0.02),
    )


def bridge(label: str, after: float, word: str) -> MethodResult:
    """A bridge that finds the truth of a share ``after`` of the items."""
    table = {
        name: measured(name, before, value)
        for name, before, value in (
            ("cosine.max", 0.2, 0.5), ("top1.true", 0.4, after), ("mrr.true", 0.5, after + 0.1),
            ("rank.entropy", 40.0, 30.0),
        )
    }  # fmt: skip
    return MethodResult(
        label=label,
        method="ridge",
        params={"penalty": 1.0},
        learns_from="paired",
        invertible=False,
        cost=Cost(4224, 8320, 0.25, 0.003),
        warnings=(),
        measures=table,
        undefined={},
        neighbours={"knn.recall": Estimate(0.625, 0.6, 0.65)},
        verdict=Verdict(word, ("rescaled",), (f"mrr.true rose, p = 0.01, for {word}",), {}),
        improved=(TopChange("img 1", "日本語", 12.0, 1.5, ("cat", "dog"), ("日本語", "cat")),),
    )


@pytest.fixture
def record() -> BridgesRecord:
    """Two bridges on seen and unseen classes."""
    good = bridge("日本語", 0.7, "aligned")
    gallery = Gallery(Estimate(0.4), Estimate(0.55), Difference(0.15, 0.1, 0.2, p=0.01), 20.0)
    bad = replace(bridge("coral", 0.3, "damaged"), warnings=(WARNING.strip(),), gallery=gallery)
    sweep = EntryTime(
        "日本語", "seen", 1000, (50, 600), (good.measures, bad.measures),
        (Estimate(0.8), Estimate(None, why="one item")), ("aligned", "damaged"),
    )  # fmt: skip
    return BridgesRecord(
        source="visual",
        target="text",
        on="label",
        cluster="image_id",
        folds=5,
        seed=3,
        fingerprints={"visual": "a1" * 16, "text": "b2" * 16, "transforms/r": "c3" * 16},
        replay="repscope bridge report s r",
        version="0.1.0",
        parts=(
            Part("seen", "5-fold cross-validation", 1200, 50, (good, bad)),
            Part("unseen", "classes held out", 1200, 50, (bad,)),
        ),
        failed={"ddpm": "expected torch; got none; do: install it"},
        entry=(sweep,),
        notes=("two fits share rows " * 20 + "end",),
    )
