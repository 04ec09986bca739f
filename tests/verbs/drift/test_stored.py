"""Drift of stages that lie in float16 shards: the numbers of one float32 shard, without a copy of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import repscope as rs
from repscope.measure.drift import frame, readings
from repscope.study import EmbeddingSet, Study
from repscope.study.stored import StoredRows
from repscope.testing.drifts import simulate_drift
from repscope.verbs.drift.result import Drift
from repscope.verbs.drift.rows import PairingOptions, align_stages

NAMES = ("gen_0", "gen_4", "gen_10")


def stored(folder: Path, sets: dict[str, tuple[np.ndarray, dict]], *, dtype: str, shard_rows: int) -> Study:
    """A study of the sets, as they are after float16, in this dtype and in shards of this size."""
    study = Study(folder)
    for name, (rows, columns) in sets.items():
        study.add(name, rows.astype(np.float16).astype(dtype), columns, shard_rows=shard_rows)
    return study


def sets_of(items: int, scale: float = 1.0) -> dict[str, tuple[np.ndarray, dict]]:
    made = simulate_drift("known", items=items, seed=0)
    ids = {"id": [f"p{row}" for row in range(items)], "caption_id": np.arange(items)}
    sets = {name: (rows, ids) for name, rows in zip(NAMES, made.stages, strict=False)}
    sets["captions"] = (scale * made.reference, {"caption_id": np.arange(items)})
    sets["real"] = (1.1 * made.stages[0][: items // 2], None)
    return sets


def test_shards_and_dtype_change_no_number(tmp_path: Path) -> None:
    sets = sets_of(120, scale=4.0)
    options = {"on": "caption_id", "method": "pca", "resamples": 100}
    records, maps = [], []
    for dtype, shard_rows in (("f2", 23), ("f4", 10_000)):
        study = stored(tmp_path / dtype, sets, dtype=dtype, shard_rows=shard_rows)
        stages = [study[name] for name in NAMES]
        assert isinstance(stages[0].rows, StoredRows) == (dtype == "f2")
        found = rs.drift(stages, reference=study["captions"], real=study["real"], **options)
        record = found.to_json()
        maps.append(record.pop("map"))
        for left in ("fingerprints", "replay", "provenance"):
            record.pop(left, None)
        records.append(record)
        assert found.items["nearest_last"].null_count == 0
    assert {"mmd@real", "gap.rmg", "recall"} <= {one["name"] for one in records[0]["measures"]}
    assert records[0] == records[1]
    assert maps[0] == maps[1]
    assert maps[0]["rows"]["reference"] == 120


def test_few_missing_rows_stay_in_the_stored_dtype(tmp_path: Path) -> None:
    """Rows in order are read in place; where some are missing, a copy is as narrow as they are stored."""
    sets = sets_of(80)
    sets["gen_4"] = (sets["gen_4"][0][2:], {"id": sets["gen_0"][1]["id"][2:]})
    study = stored(tmp_path / "s", sets, dtype="f2", shard_rows=23)
    stages = [study[name] for name in NAMES]
    (aligned,) = align_stages({"": stages}, None, PairingOptions())[0].values()
    assert aligned.stages[1] is stages[1]
    assert [one.dtype for one in aligned.stages] == [np.float16] * 3
    np.testing.assert_array_equal(aligned.stages[0].rows, stages[0].rows[2:])


def test_no_float32_copy_of_a_stage_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held beside the mapped shards stays below one stage in float32."""
    # Both are the same for any number of rows; so few rows would hide behind them.
    monkeypatch.setattr(frame, "BLOCK_BYTES", 2**21)
    monkeypatch.setattr(readings, "AXES_ROWS", 1000)
    n, d = 16_000, 256
    first = np.random.default_rng(0).normal(size=(n, d)).astype(np.float16)
    study = Study(tmp_path / "study")
    for number, name in enumerate(NAMES):
        study.add(name, first * np.float16(1 - 0.1 * number), shard_rows=3000)

    def run(sets: list[EmbeddingSet]) -> Drift:
        return rs.drift(sets, measures=(), method="none", resamples=100)

    # The first call loads modules and fonts.
    run([EmbeddingSet(name, first[:200]) for name in NAMES])
    sets = [study[name] for name in NAMES]
    tracemalloc.start()
    try:
        found = run(sets)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.arrays.n == n
    assert peak < 4 * n * d, f"{peak / (4 * n * d):.2f} stages"


def test_no_set_is_loaded(tmp_path: Path) -> None:
    study = stored(tmp_path / "s", sets_of(80), dtype="f2", shard_rows=23)
    sets = {name: study[name] for name in study.sets}
    rs.drift(
        [sets[name] for name in NAMES],
        reference=sets["captions"],
        real=sets["real"],
        on="caption_id",
        measures=("frechet",),
        resamples=100,
    )
    assert [name for name, one in sets.items() if "vectors" in vars(one)] == []
