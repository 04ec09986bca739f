"""Items and their independent units, aligned over stages and groups."""

from __future__ import annotations

import numpy as np

from repscope.study import EmbeddingSet
from repscope.verbs.drift.rows import PairingOptions, align_stages


def test_an_item_is_in_one_unit_whatever_its_group() -> None:
    """Copies in the first stage of one group, and items in another order in the other."""
    rng = np.random.default_rng(0)
    ids = [f"item {i}" for i in range(12)]
    one = rng.normal(size=(12, 4))
    one[1] = one[0]
    order = rng.permutation(12)
    groups = {
        name: [
            EmbeddingSet(f"{name}_{stage}", rows[places] + stage, {"id": [ids[i] for i in places]})
            for stage in range(2)
        ]
        for name, rows, places in (("a", one, np.arange(12)), ("b", rng.normal(size=(12, 4)), order))
    }
    aligned, paired, _ = align_stages(groups, None, PairingOptions())
    assert paired
    codes = [dict(zip(one.stages[0].ids, one.clusters.tolist(), strict=True)) for one in aligned.values()]
    assert codes[0] == codes[1]
    assert len(set(codes[0].values())) == 11
