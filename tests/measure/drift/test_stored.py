"""Drift of rows that lie in shards: the same numbers, and never more rows at once than a sample."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from repscope.maps import project
from repscope.measure.alignment import gap
from repscope.measure.core.controls import halves
from repscope.measure.core.cosines import working_dtype
from repscope.measure.distribution import kernels
from repscope.measure.distribution import manifold as manifolds
from repscope.measure.distribution.frechet import frechet
from repscope.measure.distribution.kernels import kernel_replicates, mmd
from repscope.measure.distribution.manifold import manifold, manifold_replicates
from repscope.measure.distribution.vendi import vendi
from repscope.measure.drift import drift_arrays, drift_groups, relations, split_groups
from repscope.measure.drift.frame import drift_frame
from repscope.measure.drift.modes import FIT_ROWS
from repscope.measure.geometry.one_set import geometry_replicates
from repscope.measure.similarity.cka import cka_debiased
from repscope.study.stored import StoredRows
from repscope.testing.drifts import simulate_drift


class Watched(StoredRows):
    """Rows of shards that note how many were asked for at once."""

    most = 0

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        found = super().__getitem__(rows)
        type(self).most = max(type(self).most, found.size // self.shape[1])
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        raise AssertionError("all rows were asked for at once")


def shards(rows: np.ndarray, kind: type[StoredRows] = StoredRows, size: int = 1000) -> StoredRows:
    half = np.asarray(rows, np.float16)
    return kind([half[start : start + size] for start in range(0, len(half), size)])


def world(items: int, dimension: int = 6) -> dict[str, Any]:
    """Stages, captions and real rows in float16, as whole arrays."""
    rng = np.random.default_rng(3)
    first = rng.normal(size=(items, dimension)) + 1.0
    stages = [first, 0.9 * first + 0.1, 0.7 * first + 0.2 * rng.normal(size=first.shape)]
    halves = [one.astype(np.float16) for one in stages]
    reference = (first + rng.normal(size=first.shape)).astype(np.float16)
    return {"stages": halves, "reference": reference, "real": (first[::2] * 1.1).astype(np.float16)}


def test_numbers_do_not_depend_on_shards_or_width() -> None:
    made = world(240)
    options = {"item_keys": np.arange(240), "clusters": np.arange(240) // 2, "resamples": 100}
    whole = {
        name: [part.astype(np.float32) for part in one] if name == "stages" else one.astype(np.float32)
        for name, one in made.items()
    }
    stored = {
        name: [shards(part, size=70) for part in one] if name == "stages" else shards(one, size=70)
        for name, one in made.items()
    }
    expected = drift_arrays(whole.pop("stages"), **whole, **options)
    found = drift_arrays(stored.pop("stages"), **stored, **options)
    assert {"frechet@real", "mmd", "recall", "gap.rmg", "cosine.true", "rank.entropy"} <= set(found.series)
    assert repr(found) == repr(expected)


def test_fewer_rows_than_dimensions() -> None:
    made = world(30, dimension=64)
    stages = made["stages"]
    found = drift_arrays([shards(one, size=7) for one in stages], real=shards(made["real"]), resamples=100)
    expected = drift_arrays([one.astype("f4") for one in stages], real=made["real"], resamples=100)
    assert {"frechet", "frechet@real", "rank.entropy"} <= set(found.series)
    assert repr(found) == repr(expected)


def test_no_measure_asks_for_all_rows() -> None:
    n = 24_000
    made = world(n)
    Watched.most = 0
    found = drift_arrays(
        [shards(one, Watched) for one in made["stages"]],
        reference=shards(made["reference"], Watched),
        real=shards(np.concatenate([made["real"], made["real"]]), Watched),
        item_keys=np.arange(n),
        measures=("rank", "frechet", "modes", "paths"),
        resamples=100,
    )
    assert {"frechet", "frechet@real", "gap.l2", "gap.rmg", "cosine.true", "rank.entropy"} <= set(
        found.series
    )
    assert found.series["frechet"].floor is not None
    assert found.modes.modes
    assert len(found.paths.partner) == 5000
    assert 5000 <= Watched.most <= FIT_ROWS < n / 2


def test_measures_on_pairs_of_rows_read_a_sample() -> None:
    n = 700
    made = world(n)
    stage, real = shards(made["stages"][2], Watched, 90), shards(made["real"], Watched, 90)
    groups, fixed = np.arange(n) % 4, np.full(n // 2, -1)
    for compute in (kernel_replicates, manifold_replicates):
        found = compute(stage, real, groups, fixed, 4, max_rows=300, seed=1)
        expected = compute(made["stages"][2], made["real"], groups, fixed, 4, max_rows=300, seed=1)
        assert repr(found) == repr(expected)
    Watched.most = 0
    kernel_replicates(stage, real, groups, fixed, 4, max_rows=300, bandwidth=1.0, seed=1)
    manifold_replicates(stage, real, groups, fixed, 4, max_rows=300, seed=1)
    assert Watched.most == 300


@pytest.mark.parametrize("n", [60, 61, 701])
@pytest.mark.parametrize("family", ["frechet", "mmd", "manifold"])
def test_the_floor_is_of_two_halves(family: str, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halves of which no copy is made read what copies of them read; the cap is lowered to be quick."""
    capped = {"mmd": partial(mmd, max_rows=200), "manifold": partial(manifold, max_rows=200)}
    monkeypatch.setattr(kernels, "mmd", capped["mmd"])
    monkeypatch.setattr(manifolds, "manifold", capped["manifold"])
    monkeypatch.setattr(relations, "MAX_ROWS", 200)
    stage = world(n, dimension=3)["stages"][0]
    watched = shards(stage, Watched, 50)
    made = drift_frame([watched, watched], seed=4)
    Watched.most = 0
    found = relations._floor(made, family)
    most = Watched.most
    one, other = (stage[np.sort(half)] for half in halves(n, seed=4))
    width = kernels.median_bandwidth(stage, seed=4)
    expected = {
        "frechet": lambda: {"frechet": frechet(one, other)},
        "mmd": lambda: {"mmd": capped["mmd"](one, other, bandwidth=width, seed=4)},
        "manifold": lambda: vars(capped["manifold"](one, other, seed=4)),
    }[family]()
    assert found == expected
    # Moments take up to 4,096 rows and the bandwidth 1,000: of a set so small, all.
    assert most == {"frechet": n // 2, "mmd": n, "manifold": min(n // 2, 200)}[family]


def test_groups_of_stored_rows() -> None:
    made = simulate_drift("known", items=80, seed=0)
    codes = ["a", "b"] * 40
    groups = split_groups([shards(one, size=9) for one in made.stages], codes)
    plain = split_groups([one.astype(np.float16) for one in made.stages], codes)
    options = {"paired": False, "measures": (), "resamples": 100}
    assert repr(drift_groups(groups, **options)) == repr(drift_groups(plain, **options))


def test_other_measures_read_stored_rows_too() -> None:
    made = world(90)
    x, y = made["stages"][0], made["reference"]
    one, other = shards(x, size=40), shards(y, size=40)
    assert cka_debiased(one, other) == cka_debiased(x, y)
    assert vendi(one) == vendi(x)
    assert gap.gap_l2(one, other) == gap.gap_l2(x, y)
    codes = np.arange(90) % 5
    assert repr(geometry_replicates(one, codes, 5)) == repr(geometry_replicates(x, codes, 5))
    maps = [project({"a": rows}, method="pca", max_rows=50) for rows in (one, x)]
    np.testing.assert_array_equal(maps[0].coordinates["a"], maps[1].coordinates["a"])


def test_the_working_width_is_read_off_one_row() -> None:
    Watched.most = 0
    narrow = shards(np.ones((9, 2)), Watched)
    assert working_dtype(narrow, np.ones((2, 2), np.float32)) == np.float32
    assert working_dtype(narrow, np.ones((2, 2))) == np.float64
    assert Watched.most == 1
