"""A small study of pairs, and ways to link and fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.study import Study
from repscope.verbs.bridge.fit import FittedBridge, fit_bridge
from repscope.verbs.bridge.holdout import LinkedSets, link_sets

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
