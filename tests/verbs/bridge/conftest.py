"""A small study of pairs, ways to link and fit it, and a report built by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Verdict
from repscope.study import Study
from repscope.verbs.bridge.fit import FittedBridge, fit_bridge
from repscope.verbs.bridge.record import (
    BridgesRecord,
    Cost,
    EntryTime,
    Gallery,
    MethodResult,
    Part,
    TopChange,
)
from repscope.verbs.common.holdout import LinkedSets, link_sets

IMAGES, EACH, CLASSES, WIDTH = 60, 2, 6, 8


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """120 crops of 60 images in 6 classes; a text a class, and one without items; a caption a crop."""
    rng = np.random.default_rng(0)
    n = IMAGES * EACH
    label = np.repeat(rng.integers(0, CLASSES, IMAGES), EACH)
    texts = rng.normal(size=(CLASSES + 1, WIDTH)).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]
    visual = (texts[label] + rng.normal(0, 0.4, (n, WIDTH))) @ turn + 1.0
    study = Study(tmp_path_factory.mktemp("bridges") / "s")
    ids = [f"i{row}" for row in range(n)]
    items = {
        "id": ids,
        "label": [f"c{one}" for one in label],
        "image_id": [f"m{row // EACH}" for row in range(n)],
        "split": ["rare" if one == 5 else "common" for one in label],
    }
    study.add("visual", visual.astype(np.float32), items)
    names = [f"c{one}" for one in range(CLASSES + 1)]
    study.add("text", texts, {"id": names, "label": names, "kind": ["a", "a", "a", "b", "b", "b", "none"]})
    captions = visual @ turn.T + rng.normal(0, 0.3, (n, WIDTH))
    study.add("captions", captions.astype(np.float32), {"id": ids})
    study.add("wide", rng.normal(size=(n, WIDTH + 1)).astype(np.float32), {"id": ids})
    return study.path


@pytest.fixture
def study(made, tmp_path) -> Study:
    """A study of its own with the same sets."""
    copy, origin = Study(tmp_path / "own"), Study(made)
    for name in origin:
        copy.add(name, origin[name])
    return copy


def linked(
    path: Path, target: str = "text", on: str | None = "label", cluster: str | None = "image_id"
) -> LinkedSets:
    study = Study(path)
    return link_sets(study["visual"], study[target], on=on, cluster=cluster)


def fit(study: Study, name: str = "b", method: str = "ridge", **more: Any) -> FittedBridge:
    options = {"on": "label", "cluster": "image_id", **more}
    return fit_bridge(study, "visual", "text", method, name=name, **options)


WARNING = "18 rows of text for 64 dimensions: cannot be trusted without shrinkage; " + "and more " * 30


def measured(name: str, before: float, after: float) -> MeasureResult:
    """A row of the table."""
    gain = after - before
    return MeasureResult(
        measure_info(name),
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
