"""The whole analysis: the known study, properties, controls, bad input, memory maps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.drift import DriftMargins, drift_arrays
from repscope.testing.drifts import KNOWN_MOVES, KNOWN_RATIO, simulate_drift


def rows(n: int = 60, d: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def cheap(stages, **options):
    return drift_arrays(stages, measures=options.pop("measures", ()), resamples=200, **options)


@pytest.fixture(scope="module")
def known():
    study = simulate_drift("known", items=400, seed=1)
    found = drift_arrays(
        study.stages,
        reference=study.reference,
        item_keys=np.arange(400),
        positions=study.positions,
        labels=("gen 0", "gen 4", "gen 10"),
    )
    return study, found


def test_known_moves_and_ratio_are_recovered_within_their_intervals(known) -> None:
    _, found = known
    for (first, second), true in zip(((0, 1), (1, 2), (0, 2)), KNOWN_MOVES, strict=True):
        distance = found.move(first, second).distance
        assert distance.low <= true <= distance.high
        assert distance.high - distance.low < 0.25
    change = found.series["spread.total"].pair(0, 2).change
    assert change.low <= KNOWN_RATIO <= change.high
    assert change.high / change.low < 1.3
    assert found.verdict.word == "collapsing"
    assert "gen 0 → gen 10" in found.verdict.because[0]


def test_the_record_is_complete_json(known) -> None:
    _, found = known
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [one["label"] for one in record["stages"]] == ["gen 0", "gen 4", "gen 10"]
    assert [one["position"] for one in record["stages"]] == [0, 4, 10]
    names = [one["name"] for one in record["measures"]]
    assert set(names) | set(record["undefined"]) >= {
        "drift.centre", "drift.persistence", "norm.mean", "spread.total", "spread.cosine", "spread.along",
        "spread.across", "spread.axes", "rank.entropy", "rank.participation", "gap.rmg", "gap.l2",
        "cosine.true", "frechet", "mmd", "precision", "recall", "density", "coverage", "tail.share",
        "tail.ratio",
    }  # fmt: skip
    assert all(name.partition("@")[0] in MEASURES for name in names)
    for one in record["measures"]:
        assert len(one["stages"]) == 3
        for value in (*one["stages"], *one["pairs"]):
            assert value["value"] is not None or value["why"]
    assert {(one["first"], one["second"]) for one in record["moves"]} == {(0, 1), (1, 2), (0, 2)}
    assert record["verdict"]["margins"]["clusters"] == 30


def test_values_lie_within_the_bounds_of_their_cards(known) -> None:
    for name, series in known[1].series.items():
        low, high = MEASURES[name].bounds
        for one in series.values:
            if one.value is not None:
                assert low - 1e-9 <= one.value <= high + 1e-9, name
            if one.low is not None:
                assert low - 1e-9 <= one.low <= one.value + 1e-9, name
                assert one.value - 1e-9 <= one.high <= high + 1e-9, name


def test_q_values_are_over_the_whole_table(known) -> None:
    from repscope.measure.core.resample import benjamini_hochberg

    changes = [pair.change for one in known[1].series.values() for pair in one.pairs]
    tested = [one for one in changes if one.p is not None]
    q = benjamini_hochberg(np.array([one.p for one in tested]))
    assert [one.q for one in tested] == pytest.approx(q.tolist())


def test_the_same_seed_repeats_exactly() -> None:
    study = simulate_drift("nothing", items=100, seed=4)
    first, again, other = (drift_arrays(study.stages, seed=seed, resamples=200) for seed in (1, 1, 2))
    assert first.to_json() == again.to_json()
    assert first.to_json() != other.to_json()


def test_memory_maps_of_half_precision_read_as_their_rows(tmp_path) -> None:
    stages = [rows(seed=seed).astype(np.float16) for seed in range(3)]
    maps = []
    for number, stage in enumerate(stages):
        np.save(tmp_path / f"{number}.npy", stage)
        maps.append(np.load(tmp_path / f"{number}.npy", mmap_mode="r"))
    mapped, held = (cheap(one, block_rows=7) for one in (maps, [x.astype(np.float64) for x in stages]))
    assert mapped.to_json() == held.to_json()


def values_of(found) -> dict[str, list[float | None]]:
    return {
        name: [one.value for one in series.values] + [pair.change.value for pair in series.pairs]
        for name, series in found.series.items()
        if not name.startswith(("spread.axes", "tail"))
    } | {"moves": [value for one in found.moves for value in (one.distance.value, one.plain, one.noise)]}


def assert_equal(one, other, tolerance: float = 1e-7) -> None:
    first, second = values_of(one), values_of(other)
    assert first.keys() == second.keys()
    for name in first:
        for a, b in zip(first[name], second[name], strict=True):
            assert (a is None) == (b is None), name
            if a is not None:
                assert a == pytest.approx(b, rel=tolerance, abs=tolerance), name


@given(seed=st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_a_rotation_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stages = [rng.standard_normal((40, 4)) + g for g in range(3)]
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    measures = ("rank", "frechet")
    assert_equal(
        cheap(stages, measures=measures, controls=False),
        cheap([stage @ turn for stage in stages], measures=measures, controls=False),
        1e-6,
    )


@given(seed=st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_changes_no_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stages = [rng.standard_normal((40, 4)) + g for g in range(3)]
    order = rng.permutation(40)
    measures = ("rank", "frechet")
    assert_equal(
        cheap(stages, measures=measures, controls=False),
        cheap([stage[order] for stage in stages], measures=measures, controls=False),
    )


@given(seed=st.integers(0, 10**6), block=st.integers(1, 50))
@settings(max_examples=8, deadline=None)
def test_the_block_size_changes_nothing(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    stages = [rng.standard_normal((40, 4)) for g in range(3)]
    clusters = rng.integers(0, 4, 40) + 10 * np.arange(40) // 10
    whole, blocks = (cheap(stages, clusters=clusters, block_rows=b) for b in (None, block))
    assert_equal(whole, blocks)
    for one, other in zip(whole.moves, blocks.moves, strict=True):
        assert one.distance.high == pytest.approx(other.distance.high, rel=1e-6)


@given(seed=st.integers(0, 10**6), n=st.integers(30, 60))
@settings(max_examples=8, deadline=None)
def test_identical_copies_are_stable_and_do_not_move(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32) * 100
    found = cheap([x, x.copy(), x], measures=("rank",))
    assert found.verdict.word == "stable"
    assert all(move.distance.value == 0 == move.plain for move in found.moves)
    assert found.series["spread.total"].pair(0, 2).change.value == 1.0
    assert found.series["spread.total"].pair(0, 2).change.p == 1.0


def test_copies_read_one_and_nothing_else() -> None:
    x = rows(90)
    found = drift_arrays([x, x], reference=x, item_keys=np.arange(90), real=x, resamples=200)
    assert found.series["recall"].values[1].value == 1.0
    assert found.series["frechet"].values[1].value == pytest.approx(0, abs=1e-9)
    assert found.series["cosine.true"].pair(0, 1).change.p == 1.0
    assert found.modes.lost_share() == 0
    assert found.paths.net.max() == 0


def test_extra_pairs_are_measured() -> None:
    found = cheap([rows(seed=s) for s in range(4)], pairs=[(1, 3)])
    assert found.move(1, 3) is not None
    assert found.series["spread.total"].pair(1, 3) is not None
    assert [(one.first, one.second) for one in found.moves] == [
        (0, 1), (1, 2), (2, 3), (0, 2), (0, 3), (1, 3),
    ]  # fmt: skip


def test_margins_can_be_tuned_and_are_printed() -> None:
    x = rows(200)
    stages = [x, x + 0.2]
    assert cheap(stages, measures=("rank",)).verdict.word == "drifting"
    loose = cheap(stages, measures=("rank",), margins=DriftMargins(move=0.5))
    assert loose.verdict.margins.move == 0.5
    assert loose.verdict.word != "drifting"


def bad(stages, **options):
    with pytest.raises(InputError) as error:
        drift_arrays(stages, **options)
    return str(error.value), type(error.value)


def test_bad_input_is_named() -> None:
    x = rows()
    message, kind = bad([x])
    assert kind is InputError
    assert "at least two stages" in message
    message, kind = bad([x, x[:, :4]], labels=["gen 0", "gen 4"])
    assert kind is VectorError
    assert "(60, 5)" in message
    assert "'gen 4'" in message
    assert "(60, 4)" in message
    message, kind = bad([x, x[:50]])
    assert "(50, 5) in 'stage 1'" in message
    hole = x.copy()
    hole[17, 2] = np.nan
    message, kind = bad([x, hole], labels=["gen 0", "gen 4"])
    assert kind is VectorError
    assert "stage 'gen 4'" in message
    assert "row 17" in message
    assert "positions that rise" in bad([x, x, x], positions=[0, 10, 4])[0]
    assert "one finite position" in bad([x, x], positions=[0])[0]
    assert "one label for each" in bad([x, x], labels=["a"])[0]
    assert "pairs of stages" in bad([x, x], pairs=[(1, 0)])[0]
    assert "one integer cluster" in bad([x, x], clusters=np.arange(5))[0]
    assert "a cluster for every item" in bad([x, x], clusters=np.full(60, -1))[0]
    assert "at least 4 independent clusters" in bad([x, x], clusters=np.zeros(60, int))[0]
    assert "at least 4 rows" in bad([x[:3], x[:3]])[0]
    assert bad([x, x], measures=("ranks",))[1] is UnknownNameError
    assert "rows of vectors" in bad([x, x[0]])[0]


def test_fewer_than_thirty_clusters_decide_nothing() -> None:
    x = rows(20)
    found = cheap([x, x + 5], measures=("rank",))
    assert found.verdict.word == "inconclusive"
    assert "few-clusters" in found.verdict.flags
    assert "20 independent clusters are too few" in found.verdict.because[0]
    assert found.verdict.needed >= 30
    many = np.repeat(np.arange(20), 10)
    clustered = cheap([rows(200), rows(200) + 5], clusters=many)
    assert clustered.verdict.word == "inconclusive"
