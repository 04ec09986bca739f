"""Whose numbers the report of bridges shows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.verbs.bridge.conftest import EACH, IMAGES, WIDTH, fit, linked

from repscope.errors import (
    InputError,
    LinkError,
    StudyError,
    VectorError,
)
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.measure.verdict.rules import VERDICT_MEASURES
from repscope.study import Study
from repscope.transform.catalogue import method
from repscope.transform.store import stored
from repscope.verbs.bridge import judge
from repscope.verbs.bridge.judge import report_bridges
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.bridge.record import BridgesRecord
from repscope.verbs.common.holdout import HoldOut, fold_splits, link_sets, split_rows


@pytest.fixture(scope="module")
def record(made) -> BridgesRecord:
    return report_bridges(
        made, methods=["identity", "mean-shift", "ridge"], source="visual", target="text", on="label",
        cluster="image_id", resamples=200,
    )  # fmt: skip


def test_numbers_are_those_of_compare_arrays_on_pooled_predictions(made, record):
    sets = linked(made)
    for part, by in ((record["seen"], "clusters"), (record["unseen"], "classes")):
        moved = np.empty((IMAGES * EACH, WIDTH), np.float32)
        for split in fold_splits(sets, by, 5, 0):
            bridge = make_bridge("ridge").fit(
                sets.source.vectors[split.source],
                sets.target.vectors[split.target],
                pairs=split.pairs,
                clusters=sets.clusters[split.source],
            )
            moved[split.held] = bridge.transform(sets.source.vectors[split.held])
        expected = compare_arrays(
            sets.source.vectors, moved, sets.target.vectors, item_keys=sets.link.left,
            reference_keys=sets.link.right, clusters=sets.clusters, measures=VERDICT_MEASURES,
            resamples=200, reference_name="text",
        )  # fmt: skip
        found = part["ridge"]
        assert found.verdict.word == expected.verdict.word
        for name, row in expected.table.items():
            assert found.measures[name].to_json() == row.to_json(), name


def test_seen_and_unseen_classes_stand_apart(record):
    assert [part.name for part in record.parts] == ["seen", "unseen"]
    assert all(part.n == IMAGES * EACH and part.clusters == IMAGES for part in record.parts)
    gain = [part["ridge"].measures["top1.true"].difference.value for part in record.parts]
    assert gain[0] > gain[1] + 0.2


def test_identity_changes_nothing_and_keeps_everything(record):
    one = record["seen"]["identity"]
    assert one.verdict.word == "unchanged"
    assert one.ratio("rank.entropy") == 1.0
    assert one.neighbours["knn.recall"].value == 1.0
    assert (one.improved, one.worsened) == ((), ())


def test_the_largest_changes_name_the_five_nearest(made, record):
    one = record["seen"]["ridge"]
    first = one.improved[0]
    assert first.rank_after < first.rank_before
    assert len(first.top_before) == 5
    row = list(Study(made)["visual"].ids).index(first.id)
    assert first.truth == Study(made)["visual"].column("label")[row]
    assert first.top_after[int(first.rank_after) - 1] == first.truth


def test_the_record_is_json_and_says_how_it_was_made(made, record):
    plain = json.loads(json.dumps(record.to_json(), allow_nan=False))
    assert plain["schema"] == "repscope.bridges/1"
    assert plain["folds"] == 5
    assert any("share most of their rows" in note for note in plain["notes"])
    assert record.replay == (
        f"repscope bridge report {made} --methods identity,mean-shift,ridge --source visual "
        "--target text --on label --cluster image_id --resamples 200 --seed 0"
    )


def test_among_unseen_texts_each_row_chooses_from_its_own_fold(made, record):
    assert record["seen"]["ridge"].gallery is None
    report = report_bridges(
        made, methods=["ridge"], source="visual", target="captions", on="id", cluster="image_id",
        resamples=200,
    )  # fmt: skip
    sets, right = linked(made, "captions", "id"), []
    for split in fold_splits(sets, "clusters", 5, 0):
        bridge = make_bridge("ridge").fit(
            sets.source.vectors[split.source], sets.target.vectors[split.target], pairs=split.pairs,
            clusters=sets.clusters[split.source],
        )  # fmt: skip
        moved = bridge.transform(sets.source.vectors[split.held])
        texts = sets.target.vectors[split.held]
        cosines = moved @ texts.T / np.linalg.norm(texts, axis=1)
        right.append(cosines.argmax(axis=1) == np.arange(len(split.held)))
    found = report["held-out"]["ridge"].gallery
    assert found.after.value == pytest.approx(np.concatenate(right).mean())
    assert found.rows == 24
    assert found.difference.low < found.difference.value < found.difference.high


def test_bridges_of_the_study_are_judged_on_the_rows_that_all_held_out(study):
    fit(study, "one")
    fit(study, "two", seed=5)
    record = report_bridges(study, ["one", "two"], methods=["mean-shift"], resamples=200)
    sets = link_sets(study["visual"], study["text"], on="label", cluster="image_id")
    held = [set(split_rows(sets, HoldOut(seed=seed)).held) for seed in (0, 5)]
    (part,) = record.parts
    assert 0 < part.n == len(held[0] & held[1]) < 24
    assert [one.label for one in part.methods] == ["one", "two", "mean-shift"]
    rows = np.array(sorted(held[0] & held[1]))
    expected = compare_arrays(
        sets.source.vectors[rows], stored(study, "one").load().transform(sets.source.vectors[rows]),
        sets.target.vectors, item_keys=sets.link.left[rows], reference_keys=sets.link.right,
        clusters=sets.clusters[rows], measures=VERDICT_MEASURES, resamples=200,
    )  # fmt: skip
    assert part["one"].measures["mrr.true"].to_json() == expected.table["mrr.true"].to_json()


def test_unseen_values_make_a_part_of_their_own(study):
    fit(study, "one", unseen=(("split", "rare"),))
    record = report_bridges(study, ["one"], resamples=200)
    assert [part.name for part in record.parts] == ["seen", "unseen"]
    assert record["unseen"].n == int((study["visual"].column("split") == "rare").sum())


def test_a_method_that_cannot_be_fitted_is_listed_or_stops_the_report(made, monkeypatch):
    asked = {"source": "visual", "target": "text", "on": "label", "resamples": 200}
    bad = {"ridge": {"penalty": -1.0}}
    with pytest.raises(InputError):
        report_bridges(made, methods=["ridge"], params=bad, **asked)
    monkeypatch.setattr(judge, "all_methods", lambda: [method("identity"), method("ridge")])
    record = report_bridges(made, methods="all", params=bad, **asked)
    assert list(record.failed) == ["ridge"]
    assert [one.label for one in record["seen"].methods] == ["identity"]


def test_what_cannot_be_reported(study):
    with pytest.raises(InputError, match="--methods all"):
        report_bridges(study)
    with pytest.raises(InputError, match="of a method in --methods"):
        report_bridges(study, methods=["ridge"], params={"cca": {"penalty": 2}})
    with pytest.raises(LinkError, match="--on"):
        report_bridges(study, methods=["ridge"], source="visual", target="text")
    with pytest.raises(InputError, match="--source"):
        report_bridges(study, methods=["ridge"], target="text", on="label")
    with pytest.raises(VectorError, match="one width"):
        report_bridges(study, methods=["ridge"], source="visual", target="wide", on="id")
    fit(study, "all", hold_out="none")
    with pytest.raises(StudyError, match="none: each row was in the fit"):
        report_bridges(study, ["all"])
    fit(study, "some")
    with pytest.raises(StudyError, match="same on"):
        report_bridges(study, ["some"], on="id")
    study.add("visual", study["visual"].vectors * 2, study["visual"].items, overwrite=True)
    with pytest.raises(StudyError, match="changed since"):
        report_bridges(study, ["some"])
