"""Every method of the registry, from a stored set through a saved bridge into a stored set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.study import Study
from repscope.testing import paired_modalities
from repscope.transform.catalogue import methods
from repscope.transform.store import stored
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge

QUICK: dict[str, dict[str, Any]] = {
    **{key: {"steps": 5, "hidden": 8} for key in ("contrastive", "regression-mlp", "flow", "brownian")},
    "ddpm": {"steps": 5, "hidden": 8, "timesteps": 20, "entry_time": 10, "sampling_steps": 2},
    "kmeans": {"codebook_size": 8},
    "vq": {"codebook_size": 8, "epochs": 2},
    "rvq": {"codebook_size": 8, "epochs": 2},
    "lfq": {"bits": 4},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pairs = paired_modalities(160, 8, seed=0)
    made = Study(tmp_path_factory.mktemp("methods") / "s")
    ids = [f"i{row}" for row in range(160)]
    # Two shards, float16: blocks are read-only views and conversions of a memory map.
    made.add("image", pairs.images.astype(np.float16), {"id": ids}, shard_rows=100)
    made.add("text", pairs.texts.astype(np.float32), {"id": ids})
    return made.path


@pytest.mark.parametrize("method", [one.name for one in methods()])
def test_applying_the_stored_bridge_is_transforming_with_it(study: Path, method: str) -> None:
    fit_bridge(study, "image", "text", method, name=method, on="id", params=QUICK.get(method))
    made = apply_bridge(study, method, "image", f"by {method}", shard_rows=60)
    before = Study(study)["image"]
    moved = stored(Study(study), method).load().transform(before)
    assert made.n == 160
    assert list(made.ids) == list(before.ids)
    assert np.abs(made.vectors - moved).max() < 1e-5 * np.abs(moved).max()
    assert made.provenance["transform"]["method"] == method
