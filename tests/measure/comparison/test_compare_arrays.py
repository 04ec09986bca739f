"""The whole table on arrays: pairing, controls, what depends on order and rotation and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group

from repscope.errors import LinkError, UnknownNameError, VectorError
from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.comparison.compare_arrays import UNLINKED_MEASURES, compare_arrays
from repscope.measure.comparison.rows import COPIES, build_rows
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.resample import q_values
from repscope.measure.distribution.frechet_limit import frechet_infinity
from repscope.measure.geometry.lidar import lidar
from repscope.measure.verdict.rules import VERDICT_MEASURES
from repscope.testing import simulate


@pytest.fixture(scope="module")
def study():
    return simulate("bridged", images=60, rows_per_image=2, classes=8, d=24, seed=3)


def compared(study, **changes):
    given = {
        "before": study.before, "after": study.after, "reference": study.reference,
        "item_keys": study.item_keys, "clusters": study.clusters,
    } | changes  # fmt: skip
    return compare_arrays(given.pop("before"), given.pop("after"), given.pop("reference"), **given)


@pytest.fixture(scope="module")
def whole(study):
    return compared(study, all_measures=True)


def test_every_measure_is_there_or_says_why_not(whole):
    stage_measures = {name for name, one in MEASURES.items() if one.needs not in {"pair", "stages"}}
    # LiDAR is of several views of each item, and absent where none are named.
    assert set(whole.table) | set(whole.undefined) | {"lidar"} >= stage_measures
    assert all(whole.undefined.values())


def test_what_is_costly_is_computed_on_request(study, whole):
    named = {"measures": ["vendi", "cluster.v"], "resamples": 100}
    usual, one_by_one = compared(study), compared(study, **named)
    costly = {name for name, one in MEASURES.items() if one.extra}
    assert costly == {"frechet.infinity", "vendi", "procrustes", "svcca", "pwcca"}
    assert not costly & (set(usual.table) | set(usual.undefined))
    assert one_by_one.table["vendi"].before.value == whole.table["vendi"].before.value
    # What a verdict reads has controls always; the rest where all, or by name, is asked for.
    assert usual.verdict.because == whole.verdict.because
    for name, row in usual.table.items():
        assert ("noise" in row.controls) == (name in {*VERDICT_MEASURES, *UNLINKED_MEASURES}), name
        assert "noise" in whole.table[name].controls, name
        assert row.difference.value == whole.table[name].difference.value
    assert "noise" in one_by_one.table["cluster.v"].controls


def test_values_lie_within_their_bounds_and_intervals(whole):
    for name, row in whole.table.items():
        low, high = MEASURES[name].bounds
        for one in (row.before, row.after):
            assert low - 1e-9 <= one.value <= high + 1e-9, name
            if one.low is None:
                assert "share" in one.why, (name, one.why)
                continue
            assert one.low - 1e-9 <= one.value <= one.high + 1e-9, name
        assert row.difference.value == pytest.approx(row.after.value - row.before.value, abs=1e-9)
        if row.difference.low is None:
            # Eight class texts are too few for an interval of the share of them.
            assert name.endswith(".reverse"), name
            continue
        assert row.difference.low <= row.difference.value <= row.difference.high, name
        assert 0 < row.difference.p <= row.difference.q <= 1, name
        assert row.difference.n == 60, name


def test_lidar_is_there_when_views_are_named(study):
    without = compared(study, measures=["lidar"], controls=False)
    assert "lidar" not in without.table
    assert "--views" in without.undefined["lidar"]
    # Two rows an image are two views of it; nothing but the views says which rows are not independent.
    viewed = compared(study, views=study.clusters, clusters=None, measures=["lidar"])
    row = viewed.table["lidar"]
    unit = study.after / np.linalg.norm(study.after, axis=1, keepdims=True)
    assert row.after.value == pytest.approx(lidar(unit, study.clusters), rel=1e-9)
    assert row.after.low < row.after.value < row.after.high
    assert row.difference.p is not None
    assert viewed.clusters == row.after.n == 60
    assert row.controls["identity"] == 0
    assert row.controls["noise"] is not None
    assert row.controls["collapse"] is None
    parted = compared(
        study, views=study.clusters, clusters=np.arange(120), measures=["lidar"], controls=False
    )
    assert parted.clusters == 120
    assert "views of one item in several" in parted.undefined["lidar"]


def test_rows_that_are_no_views_stand_alone(study):
    views = np.where(study.clusters < 40, study.clusters, -1)
    found = compared(study, views=views, clusters=None, measures=["lidar"], controls=False)
    assert found.clusters == 40 + 40
    unit = study.before / np.linalg.norm(study.before, axis=1, keepdims=True)
    assert found.table["lidar"].before.value == pytest.approx(lidar(unit, views), rel=1e-9)


def test_the_limit_of_frechet_is_there_when_rows_allow_it(whole):
    assert "more than 72 rows in both sets" in whole.undefined["frechet.infinity"]
    for linked in (True, False):
        many = simulate("bridged", images=60, rows_per_image=2, classes=40, d=8, seed=3)
        found = compared(
            many, item_keys=many.item_keys if linked else None, measures=["frechet", "frechet.infinity"]
        )
        plain, limit = found.table["frechet"], found.table["frechet.infinity"]
        unit = many.after / np.linalg.norm(many.after, axis=1, keepdims=True)
        reference = many.reference / np.linalg.norm(many.reference, axis=1, keepdims=True)
        expected = frechet_infinity(unit, reference, item_units=many.clusters)
        assert limit.after.value == pytest.approx(expected, rel=1e-9)
        assert limit.after.value < plain.after.value
        width = plain.after.high - plain.after.low
        assert limit.after.high - limit.after.low == pytest.approx(width, rel=0.3)
        assert limit.controls["snap"] is not None
        assert limit.controls["floor"] is None


def test_linked_pairs_are_halved_together():
    pairs = simulate("bridged", images=90, rows_per_image=1, classes=90, d=6, seed=0)
    keys = np.arange(90)
    found = compared(pairs, item_keys=keys, clusters=None, measures=["frechet.infinity"], controls=False)
    unit, reference = (
        one / np.linalg.norm(one, axis=1, keepdims=True) for one in (pairs.before, pairs.reference)
    )
    together = frechet_infinity(unit, reference, item_units=keys, reference_units=keys)
    assert found.table["frechet.infinity"].before.value == pytest.approx(together, rel=1e-9)
    assert together != frechet_infinity(unit, reference, item_units=keys)


def test_item_means_are_means(whole, study):
    unit = study.after / np.linalg.norm(study.after, axis=1, keepdims=True)
    cosines = unit @ study.reference.T
    own = cosines[np.arange(len(unit)), study.item_keys]
    assert whole.table["cosine.true"].after.value == pytest.approx(own.mean(), abs=1e-9)
    assert whole.table["cosine.max"].after.value == pytest.approx(cosines.max(axis=1).mean(), abs=1e-9)
    right = cosines.argmax(axis=1) == study.item_keys
    assert whole.table["top1.true"].after.value == pytest.approx(right.mean(), abs=1e-9)


def test_controls_read_what_they_must(whole):
    controls = whole.table["cosine.max"].controls
    assert controls["identity"] == 0
    before = whole.table["cosine.max"].before.value
    assert before + controls["snap"] == pytest.approx(1.0, abs=1e-6)
    assert whole.table["top1.true"].controls["snap"] == pytest.approx(0.0, abs=1e-12)
    spread = whole.table["spread.cosine"]
    assert spread.before.value + spread.controls["collapse"] == pytest.approx(0.0, abs=1e-9)
    assert whole.table["mrr.true"].controls["noise"] < 0
    rank = whole.table["rank.entropy"]
    assert rank.controls["collapse"] is None
    assert rank.controls_why.keys() == {"collapse"}
    assert rank.to_json()["controls_why"]["collapse"]
    assert "controls_why" not in whole.table["mrr.true"].to_json()
    for row in whole.table.values():
        assert row.controls_why.keys() == {name for name, one in row.controls.items() if one is None}, (
            row.name
        )
    assert whole.table["frechet"].controls["floor"] is not None
    assert "floor" not in whole.table["mrr.true"].controls


def test_a_rotation_of_everything_changes_no_number(whole, study):
    turn = ortho_group.rvs(24, random_state=1)
    turned = compared(
        study, before=study.before @ turn, after=study.after @ turn, reference=study.reference @ turn
    )
    # These depend on the axes, on random directions, or on the start of k-means.
    loose = {"std.min", "wasserstein.sliced", "cluster.v", "gap.auc"}
    for name, row in whole.table.items():
        if name not in loose and name in turned.table:
            assert turned.table[name].after.value == pytest.approx(row.after.value, rel=1e-6, abs=1e-7), name
    assert turned.verdict.word == whole.verdict.word


def test_the_order_of_rows_changes_no_value(whole, study):
    order = np.random.default_rng(5).permutation(len(study.before))
    shuffled = compared(
        study, before=study.before[order], after=study.after[order],
        item_keys=study.item_keys[order], clusters=study.clusters[order], all_measures=True,
    )  # fmt: skip
    loose = {"cluster.v", "gap.auc"}
    for name, row in whole.table.items():
        if name not in loose:
            assert shuffled.table[name].after.value == pytest.approx(row.after.value, rel=1e-7, abs=1e-9), (
                name
            )
    assert shuffled.verdict.word == whole.verdict.word


def test_the_same_seed_repeats_exactly(whole, study):
    again = compared(study, all_measures=True)
    assert again.table == whole.table
    assert again.verdict == whole.verdict


def test_float16_and_float32_agree_with_float64(whole, study):
    for dtype, tolerance in ((np.float32, 1e-4), (np.float16, 5e-3)):
        low = compared(
            study,
            before=study.before.astype(dtype),
            after=study.after.astype(dtype),
            reference=study.reference.astype(dtype),
        )
        for name in ("cosine.true", "gap.l2", "spread.cosine", "energy", "frechet", "norm.mean"):
            assert low.table[name].after.value == pytest.approx(
                whole.table[name].after.value, rel=tolerance
            ), name
        assert low.verdict.word == whole.verdict.word


def test_clusters_widen_the_interval(study):
    rows_alone = compared(study, clusters=None, measures=VERDICT_MEASURES, controls=False)
    together = compared(study, measures=VERDICT_MEASURES, controls=False)
    width = [
        one.table["mrr.true"].before.high - one.table["mrr.true"].before.low for one in (rows_alone, together)
    ]
    assert width[1] > 1.15 * width[0]
    assert rows_alone.table["mrr.true"].before.n == 120


def test_without_a_link_no_row_wise_measure_is_given(study):
    found = compared(study, item_keys=None)
    assert "mrr.true" not in found.table
    assert "cosine.true" not in found.table
    assert {"energy", "frechet", "spread.cosine"} <= set(found.table)
    assert found.verdict.word == "closer"


def test_items_without_truth_are_left_out_of_truth_alone(study):
    keys = study.item_keys.copy()
    keys[study.clusters < 20] = -1
    found = compared(study, item_keys=keys, measures=VERDICT_MEASURES, controls=False)
    assert found.table["mrr.true"].before.n == 40
    assert found.table["cosine.max"].before.n == 60


def test_an_identity_is_unchanged_to_the_last_bit(study):
    found = compared(study, after=study.before * 3.0)
    assert found.verdict.word == "unchanged"
    assert "rescaled" in found.verdict.flags
    for name in ("mrr.true", "cosine.true", "frechet", "rank.entropy", "knn.recall"):
        if name in found.table:
            assert found.table[name].difference.value == 0.0


def test_a_point_is_collapsed_and_its_rank_undefined(study):
    found = compared(study, after=np.repeat(study.reference[:1], len(study.before), axis=0))
    assert found.verdict.word == "collapsed"
    assert "max-cosine-misleads" in found.verdict.flags
    assert found.table["rank.entropy"].after.value is None
    assert found.table["rank.entropy"].after.why
    assert found.table["hub.share"].after.value == 1.0


def test_refusals(study):
    with pytest.raises(VectorError, match="same items"):
        compared(study, after=study.after[:-1])
    with pytest.raises(VectorError, match="as wide as"):
        compared(study, reference=study.reference[:, :5])
    with pytest.raises(VectorError, match="zero"):
        compared(study, after=np.where(np.arange(len(study.after))[:, None] == 7, 0.0, study.after))
    with pytest.raises(VectorError, match="finite"):
        compared(study, before=np.where(np.arange(len(study.after))[:, None] == 7, np.nan, study.before))
    with pytest.raises(UnknownNameError, match="cosine"):
        compared(study, measures=["cosine.tru"])
    with pytest.raises(LinkError):
        compared(study, item_keys=np.full(len(study.before), -1))


def test_a_reference_of_one_direction_decides_nothing_and_is_said(study):
    one = np.repeat(study.reference[:1], len(study.reference), axis=0)
    verdict = compared(study, reference=one, measures=["mrr.true"], controls=False).verdict
    assert verdict.word == "inconclusive"
    assert "one-reference" in verdict.flags
    assert "point the same way" in verdict.because[0]


def test_a_standardised_before_is_said(study):
    before = (study.before - study.before.mean(axis=0)) / study.before.std(axis=0)
    flags = {
        name: compared(study, before=one, measures=["mrr.true"], controls=False).verdict.flags
        for name, one in (("standard", before), ("raw", study.before))
    }
    assert "standardised-before" in flags["standard"]
    assert "standardised-before" not in flags["raw"]


def test_a_share_that_no_group_changes_is_tested_by_what_could_be_unseen():
    """With no error at all, a step of one item in forty read p = 1e-6."""
    fixed = np.full(20, 0.2)
    sides = [Replicates(value, fixed + value - 0.2, 40) for value in (0.2, 0.225, 0.9)]
    same, step, jump = (build_rows({"hub.share": sides[0]}, {"hub.share": one}, 40, 10, 0)["hub.share"][2]
                        for one in (Replicates(0.2, fixed, 40), *sides[1:]))  # fmt: skip
    assert same.low < same.value == 0 < same.high
    assert step.low < 0 < step.value < step.high
    assert (same.p, step.p) == (1.0, 1.0)
    assert jump.low > 0.5
    assert jump.p == 1e-6


def test_copies_count_once_in_the_family_of_q(whole):
    q = {name: row.difference.q for name, row in whole.table.items()}
    for name, of in COPIES.items():
        assert whole.table[name].difference.p == whole.table[of].difference.p, name
        assert q[name] == q[of]
    once = [name for name in whole.table if name not in COPIES]
    expected = q_values([whole.table[name].difference.p for name in once])
    assert [q[name] for name in once] == expected


def test_the_known_answers_of_clip(shared_data):
    image, text = np.load(shared_data / "embeddings" / "modality_gap" / "features_clip.npy")
    found = compare_arrays(
        image, image, text, item_keys=np.arange(500), measures=["gap.l2", "recall@1"], controls=False
    )
    assert found.table["gap.l2"].before.value == pytest.approx(0.851, abs=5e-4)
    assert found.table["recall@1"].before.value == pytest.approx(0.552, abs=1e-9)
    assert found.table["recall@1"].before.low == pytest.approx(0.508, abs=0.006)
    assert found.table["recall@1"].before.high == pytest.approx(0.596, abs=0.006)
    assert 0.84 < found.table["gap.l2"].before.low < 0.851 < found.table["gap.l2"].before.high < 0.86


def test_spread_of_items_percent_and_lengths_of_the_reference() -> None:
    rng = np.random.default_rng(0)
    before, after, reference = rng.normal(size=(40, 8)), rng.normal(size=(40, 8)), rng.normal(size=(6, 8))
    found = compare_arrays(before, after, reference, controls=False, resamples=200).table
    lengths = found["norm.mean"]
    sides = [np.linalg.norm(rows, axis=1) for rows in (before, after, reference)]
    assert lengths.sd == pytest.approx([sides[0].std(ddof=1), sides[1].std(ddof=1)])
    assert lengths.reference == pytest.approx(sides[2].mean())
    assert found["norm.sd"].reference == pytest.approx(sides[2].std())
    assert lengths.percent == pytest.approx(100 * (sides[1].mean() / sides[0].mean() - 1))
    # A log of a mean below 1 has no percent, and what is no mean over items has no SD of items.
    assert found["uniformity"].percent is None
    assert found["gap.l2"].sd is None
    assert {"percent", "sd", "reference"} <= set(lengths.to_json())
