"""Stages beside the first, real rows and a reference: the plain measures, called the same way."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import LinkError, VectorError
from repscope.measure.alignment.gap import gap_l2, gap_rmg
from repscope.measure.distribution.frechet import frechet
from repscope.measure.distribution.kernels import median_bandwidth, mmd
from repscope.measure.distribution.manifold import manifold
from repscope.measure.drift import drift_arrays


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 6)) + 0.5
    stages = [x, x + 0.4, 0.6 * x]
    reference = x[:, ::-1] + 0.3 * rng.standard_normal((120, 6))
    real = rng.standard_normal((90, 6)) + 0.5
    keys = rng.permutation(120)
    found = drift_arrays(
        stages,
        reference=reference[np.argsort(keys)],
        item_keys=keys,
        real=real,
        measures=("frechet", "mmd", "manifold"),
    )
    return stages, reference, real, found


def test_gap_and_matched_cosine(made) -> None:
    stages, reference, _, found = made
    for s, stage in enumerate(stages):
        unit, targets = (y / np.linalg.norm(y, axis=1, keepdims=True) for y in (stage, reference))
        cosine = found.series["cosine.true"].values[s]
        assert cosine.value == pytest.approx((unit * targets).sum(axis=1).mean())
        assert cosine.low < cosine.value < cosine.high
        assert "bootstrap" in cosine.method
        gap, plain = found.series["gap.l2"].values[s], gap_l2(stage, reference)
        # Without its bias; the plain distance is said beside it.
        assert plain - 0.1 < gap.value < plain
        assert f"plain distance {plain:.6g}" in gap.method
        keys = np.arange(120)
        assert found.series["gap.rmg"].values[s].value == pytest.approx(gap_rmg(stage, reference, keys, keys))
    # Directions of stage 2 are those of stage 0.
    assert found.series["cosine.true"].pair(0, 2).change.value == pytest.approx(0, abs=1e-9)


def test_distances_to_the_first_stage_and_to_real_rows(made) -> None:
    stages, _, real, found = made
    width = median_bandwidth(stages[0], seed=0)
    for suffix, target in (("", stages[0]), ("@real", real)):
        for s in (1, 2):
            values = {n: found.series[n + suffix].values[s].value for n in ("frechet", "mmd", "recall")}
            assert values["frechet"] == pytest.approx(frechet(stages[s], target))
            assert values["mmd"] == pytest.approx(mmd(stages[s], target, bandwidth=width))
            assert values["recall"] == pytest.approx(manifold(stages[s], target).recall)
    first = found.series["frechet"].values[0]
    assert first.value is None
    assert "what the others are measured to" in first.why
    assert found.series["frechet@real"].values[0].value == pytest.approx(frechet(stages[0], real))
    assert found.series["frechet"].floor > 0
    assert 0 < found.series["recall"].floor <= 1


def test_without_a_link_matched_measures_say_why() -> None:
    x = np.random.default_rng(0).standard_normal((40, 4))
    found = drift_arrays([x, x + 1], reference=x[:7], measures=())
    assert "gap.l2" in found.series
    assert found.undefined["cosine.true"] == "the items are not linked with the reference"
    assert found.undefined["gap.rmg"] == "the items are not linked with the reference"


def test_items_without_truth_are_left_out() -> None:
    x = np.random.default_rng(0).standard_normal((40, 4))
    keys = np.arange(40)
    keys[:10] = -1
    found = drift_arrays([x, x], reference=x, item_keys=keys, measures=())
    assert found.series["cosine.true"].values[0].n == 30
    assert found.series["cosine.true"].values[0].value == pytest.approx(1.0)


def test_bad_references() -> None:
    x = np.random.default_rng(0).standard_normal((40, 4))
    with pytest.raises(VectorError, match="as wide as the stages"):
        drift_arrays([x, x], reference=x[:, :3])
    with pytest.raises(VectorError, match="real rows as wide"):
        drift_arrays([x, x], real=x[:, :3])
    with pytest.raises(LinkError, match="no key in both sets"):
        drift_arrays([x, x], reference=x, item_keys=np.arange(40) + 100)
    with pytest.raises(LinkError, match="keys of the items"):
        drift_arrays([x, x], reference=x, reference_keys=np.arange(40))


def test_too_few_rows_for_balls_is_a_why() -> None:
    x = np.random.default_rng(0).standard_normal((5, 3))
    found = drift_arrays([x, x + 1], measures=("manifold",), clusters=np.arange(5))
    assert "recall" not in found.series
    assert "rows" in found.undefined["recall"]
