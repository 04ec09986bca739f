"""Bridges of a study: who is held out, what is kept, and whose numbers the report shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import (
    ExistsError,
    InputError,
    LinkError,
    MissingError,
    StudyError,
    UnknownNameError,
    VectorError,
)
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.measure.verdict.rules import TOUCHSTONES
from repscope.study import Study
from repscope.transform import files as persist
from repscope.transform.base import Bridge
from repscope.transform.catalogue import method
from repscope.transform.store import describe_transforms, stored, transforms
from repscope.verbs.bridge import judge as bridge_report
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.bridge.holdout import HoldOut, fold_splits, lay_ground, split_at, split_rows
from repscope.verbs.bridge.judge import report_bridges
from repscope.verbs.bridge.options import parse_method_params, parse_params, parse_unseen
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.bridge.record import BridgesRecord

IMAGES, EACH, CLASSES, WIDTH = 60, 2, 6, 8


@pytest.fixture(scope="module")
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


def ground_of(path: Path, target: str = "text", on: str | None = "label", cluster: str | None = "image_id"):
    study = Study(path)
    return lay_ground(study["visual"], study[target], on=on, cluster=cluster)


class TestRows:
    def test_a_cluster_is_never_parted_and_its_texts_leave_with_it(self, made):
        ground = ground_of(made, "captions", "id")
        split = split_rows(ground, HoldOut(share=0.25, seed=3))
        assert len(split.held) == IMAGES * EACH // 4
        assert not set(ground.clusters[split.source]) & set(ground.clusters[split.held])
        assert set(split.source) | set(split.held) == set(range(IMAGES * EACH))
        # A caption of a held-out crop is an answer that nobody may see.
        np.testing.assert_array_equal(split.target, split.source)
        left, right = split.pairs
        np.testing.assert_array_equal(split.source[left], split.target[right])
        assert not split.unseen.any()

    def test_a_seen_class_keeps_its_text_and_an_unseen_one_loses_it(self, made):
        ground = ground_of(made)
        split = split_rows(ground, HoldOut("none", unseen=(("split", "rare"),)))
        labels = Study(made)["visual"].column("label")
        assert set(labels[split.held]) == {"c5"}
        assert split.unseen.all()
        assert sorted(split.target) == [0, 1, 2, 3, 4, 6]
        common = split_rows(ground, HoldOut(share=0.1))
        assert len(common.target) == CLASSES + 1
        assert not common.unseen.any()

    def test_a_column_of_the_target_names_unseen_rows_through_the_link(self, made):
        split = split_rows(ground_of(made), HoldOut("none", unseen=(("kind", "b"),)))
        assert set(Study(made)["visual"].column("label")[split.held]) == {"c3", "c4", "c5"}

    def test_classes_are_held_out_whole(self, made):
        ground = ground_of(made)
        split = split_rows(ground, HoldOut("classes", 0.34, seed=1))
        held = set(ground.classes[split.held])
        assert len(held) == 2
        assert not held & set(ground.classes[split.source])
        assert split.unseen.all()

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 1000), by=st.sampled_from(["clusters", "classes"]), folds=st.integers(2, 5))
    def test_folds_hold_out_every_row_once_and_share_nothing_with_their_fit(self, made, seed, by, folds):
        ground = ground_of(made)
        splits = list(fold_splits(ground, by, folds, seed))
        units = ground.clusters if by == "clusters" else ground.classes
        assert sorted(np.concatenate([split.held for split in splits])) == list(range(IMAGES * EACH))
        for split in splits:
            assert not set(units[split.source]) & set(units[split.held])
            assert not set(ground.clusters[split.source]) & set(ground.clusters[split.held])

    def test_the_rest_of_a_cluster_is_neither_fitted_nor_judged(self, made):
        ground = ground_of(made)
        held = np.zeros(IMAGES * EACH, bool)
        held[0] = True
        split = split_at(ground, held)
        assert split.held.tolist() == [0]
        assert 1 not in split.source
        assert len(split.source) == IMAGES * EACH - EACH

    def test_what_cannot_be_split_is_refused(self, made):
        with pytest.raises(InputError, match="between 0 and 1"):
            HoldOut(share=1.0)
        with pytest.raises(InputError, match="hold out clusters instead"):
            split_rows(ground_of(made, "captions", "id"), HoldOut("classes"))
        with pytest.raises(InputError, match="'purple'"):
            split_rows(ground_of(made), HoldOut("none", unseen=(("split", "purple"),)))
        with pytest.raises(UnknownNameError, match="'colour'"):
            split_rows(ground_of(made), HoldOut("none", unseen=(("colour", "red"),)))
        with pytest.raises(LinkError, match="--on"):
            split_rows(ground_of(made, "text", None), HoldOut("none", unseen=(("kind", "b"),)))
        with pytest.raises(InputError, match="COL=VALUE"):
            parse_unseen(["split"])


class Memory(Bridge):
    """Sends a row that it saw in the fit to its own target, and any other to nowhere in particular."""

    name: ClassVar[str] = "ridge"  # saved under a name that the registry has
    learns_from: ClassVar[Any] = "paired"

    @property
    def flops_per_row(self) -> int:
        return 0

    def _fit(self, data):
        left, right = data.pairs
        self.known = {
            row.tobytes(): answer
            for row, answer in zip(data.source.take(left), data.target.take(right), strict=True)
        }
        self.texts = {row.tobytes() for block in data.target.blocks() for row in block}

    def _apply(self, rows):
        elsewhere = np.random.default_rng(7).normal(size=rows.shape).astype(rows.dtype)
        return np.stack(
            [self.known.get(row.tobytes(), other) for row, other in zip(rows, elsewhere, strict=True)]
        )

    def _state(self):
        return {}

    def _restore(self, state):
        pass

    def _module(self):
        raise NotImplementedError


class TestHeldOut:
    """A bridge that memorises finds every truth it was told, and none of the held-out ones."""

    def test_no_held_out_row_reaches_a_fit(self, made, monkeypatch):
        fitted = []

        def memory(method, params=None, *, seed=0):
            fitted.append(Memory())
            return fitted[-1]

        monkeypatch.setattr(bridge_report, "make_bridge", memory)
        record = report_bridges(made, methods=["ridge"], source="visual", target="captions", on="id", seed=0)
        (part,) = record.parts
        assert len(fitted) == 5
        assert part.n == IMAGES * EACH
        # Chance is 1/120, and what was seen is found for certain.
        assert part["ridge"].measures["top1.true"].after.value < 0.05
        ((row, answer), *others) = fitted[0].known.items()
        assert len(others) < IMAGES * EACH - 1
        given = np.frombuffer(row, np.float32)[None]
        np.testing.assert_array_equal(fitted[0].transform(given)[0], answer)
        seen_by = np.zeros(IMAGES * EACH, int)
        for row, vector in enumerate(Study(made)["visual"].vectors):
            seen_by[row] = sum(vector.tobytes() in one.known for one in fitted)
        assert set(seen_by) == {4}

    def test_nor_does_the_text_of_an_unseen_class(self, made, monkeypatch):
        fitted = []
        monkeypatch.setattr(
            bridge_report,
            "make_bridge",
            lambda method, params=None, *, seed=0: fitted.append(Memory()) or fitted[-1],
        )
        report_bridges(
            made, methods=["ridge"], source="visual", target="text", on="label", cluster="image_id"
        )
        texts = Study(made)["text"].vectors
        by_class = fitted[5:]
        assert len(by_class) == 5
        for row in range(CLASSES):
            assert sum(texts[row].tobytes() in one.texts for one in by_class) == 4
        # The class without items tells nothing about any item.
        assert all(texts[CLASSES].tobytes() in one.texts for one in by_class)


@pytest.fixture
def study(made, tmp_path) -> Study:
    """A study of its own with the same sets."""
    copy, origin = Study(tmp_path / "own"), Study(made)
    for name in origin:
        copy.add(name, origin[name])
    return copy


def fit(study: Study, name: str = "b", method: str = "ridge", **more: Any):
    options = {"on": "label", "cluster": "image_id", **more}
    return fit_bridge(study, "visual", "text", method, name=name, **options)


class TestFit:
    def test_what_is_kept_is_what_was_fitted_on_the_fit_rows(self, study):
        done = fit(study, params={"penalty": 1.0})
        assert (done.rows, done.held_out) == (96, 24)
        kept = stored(study, "b")
        ground = lay_ground(study["visual"], study["text"], on="label", cluster="image_id")
        split = split_rows(ground, HoldOut())
        pairs = split.pairs
        alone = make_bridge("ridge", {"penalty": 1.0}).fit(
            study["visual"].vectors[split.source], study["text"].vectors[split.target], pairs=pairs
        )
        np.testing.assert_allclose(
            kept.load().transform(study["visual"]), alone.transform(study["visual"]), rtol=1e-5, atol=1e-5
        )
        files = sorted(path.name for path in kept.folder.iterdir())
        assert files == [persist.CONFIG, persist.WEIGHTS]
        assert kept.params["penalty"] == 1.0
        assert kept.fit["source"]["fingerprint"] == study["visual"].fingerprint
        assert kept.fit["hold_out"]["rows"] == 24
        assert kept.fit["cost"]["parameters"] == kept.load().n_parameters
        assert transforms(study) == ["b"]
        json.dumps(done.to_json(), allow_nan=False)

    def test_the_same_fit_has_the_same_fingerprint_and_another_has_not(self, study):
        first = fit(study).stored.fingerprint
        assert fit(study, "again").stored.fingerprint == first
        assert fit(study, "other", seed=1).stored.fingerprint != first

    def test_a_taken_name_is_refused_before_any_work_and_replaced_on_demand(self, study):
        first = fit(study).stored
        with pytest.raises(ExistsError, match="--overwrite"):
            fit(study, method="procrustes")
        assert stored(study, "b").fingerprint == first.fingerprint
        assert fit(study, method="procrustes", overwrite=True).stored.method == "procrustes"
        assert stored(study, "b").load().name == "procrustes"

    @pytest.mark.parametrize(
        ("more", "error", "message"),
        [
            ({"method": "rigde"}, UnknownNameError, "ridge"),
            ({"params": {"penalti": 1}}, UnknownNameError, "penalty"),
            ({"on": None}, LinkError, "belong together"),
            ({"on": None, "method": "coral"}, LinkError, "--unpaired"),
            ({"unpaired": True}, InputError, "leave one out"),
            ({"on": "colour"}, UnknownNameError, "colour"),
            ({"cluster": "colour"}, UnknownNameError, "colour"),
        ],
    )
    def test_what_cannot_be_fitted(self, study, more, error, message):
        with pytest.raises(error, match=message):
            fit(study, **more)
        assert transforms(study) == []

    def test_sets_that_are_not_there_or_of_another_width(self, study):
        with pytest.raises(MissingError, match="visual"):
            fit_bridge(study, "visuel", "text", "ridge", name="b", on="label")
        with pytest.raises(VectorError, match="width"):
            fit_bridge(study, "visual", "wide", "procrustes", name="b", on="id")
        assert fit_bridge(study, "visual", "wide", "ridge", name="b", on="id").stored.width_out == WIDTH + 1

    def test_an_unpaired_method_needs_no_link_but_wants_to_be_told(self, study):
        done = fit(study, method="coral", on=None, unpaired=True)
        assert done.pairs is None
        assert done.held_out == 24

    def test_a_missing_bridge_names_those_that_there_are(self, study):
        fit(study)
        with pytest.raises(MissingError, match="choose one of b"):
            stored(study, "c")

    def test_a_damaged_bridge_is_listed_with_its_problem(self, study):
        folder = fit(study).stored.folder
        (folder / persist.CONFIG).write_text("{")
        (one,) = describe_transforms(study)
        assert "not whole JSON" in one["problem"]["got"]


class TestApply:
    def test_applying_is_transforming_and_the_items_stay(self, study):
        fit(study)
        after = apply_bridge(study, "b", "visual", "after", shard_rows=50)
        np.testing.assert_array_equal(after.vectors, stored(study, "b").load().transform(study["visual"]))
        assert after.items.equals(study["visual"].items)
        assert study.manifest("after").shards[0].rows == 50
        assert after.provenance["transform"]["fingerprint"] == stored(study, "b").fingerprint
        (parent,) = after.provenance["parents"]
        assert parent == {"name": "visual", "fingerprint": study["visual"].fingerprint}

    def test_a_killed_apply_continues_where_it_stopped(self, study):
        fit(study)

        class StopError(Exception):
            pass

        def stop(state):
            if state.done >= 80:
                raise StopError

        with pytest.raises(StopError):
            apply_bridge(study, "b", "visual", "after", shard_rows=40, progress=stop)
        assert "repscope bridge apply" in study.manifest("after").resume
        seen = []
        apply_bridge(
            study, "b", "visual", "after", shard_rows=40, progress=lambda state: seen.append(state.done)
        )
        assert seen == [120]
        whole = apply_bridge(study, "b", "visual", "whole")
        assert study["after"].fingerprint == whole.fingerprint

    def test_refusals(self, study):
        fit(study)
        with pytest.raises(VectorError, match="width 8"):
            apply_bridge(study, "b", "wide", "after")
        with pytest.raises(ExistsError, match="--overwrite"):
            apply_bridge(study, "b", "visual", "captions")
        with pytest.raises(MissingError, match="bridge"):
            apply_bridge(study, "c", "visual", "after")


class TestReport:
    @pytest.fixture(scope="class")
    @staticmethod
    def record(made) -> BridgesRecord:
        return report_bridges(
            made, methods=["identity", "mean-shift", "ridge"], source="visual", target="text", on="label",
            cluster="image_id", resamples=200,
        )  # fmt: skip

    def test_numbers_are_those_of_compare_arrays_on_pooled_predictions(self, made, record):
        ground = ground_of(made)
        for part, by in ((record["seen"], "clusters"), (record["unseen"], "classes")):
            moved = np.empty((IMAGES * EACH, WIDTH), np.float32)
            for split in fold_splits(ground, by, 5, 0):
                bridge = make_bridge("ridge").fit(
                    ground.source.vectors[split.source],
                    ground.target.vectors[split.target],
                    pairs=split.pairs,
                    clusters=ground.clusters[split.source],
                )
                moved[split.held] = bridge.transform(ground.source.vectors[split.held])
            expected = compare_arrays(
                ground.source.vectors, moved, ground.target.vectors, item_keys=ground.link.left,
                reference_keys=ground.link.right, clusters=ground.clusters, measures=TOUCHSTONES,
                resamples=200, reference_name="text",
            )  # fmt: skip
            found = part["ridge"]
            assert found.verdict.word == expected.verdict.word
            for name, row in expected.table.items():
                assert found.measures[name].to_json() == row.to_json(), name

    def test_seen_and_unseen_classes_stand_apart(self, record):
        assert [part.name for part in record.parts] == ["seen", "unseen"]
        assert all(part.n == IMAGES * EACH and part.clusters == IMAGES for part in record.parts)
        gain = [part["ridge"].measures["top1.true"].difference.value for part in record.parts]
        assert gain[0] > gain[1] + 0.2

    def test_identity_changes_nothing_and_keeps_everything(self, record):
        one = record["seen"]["identity"]
        assert one.verdict.word == "unchanged"
        assert one.ratio("rank.entropy") == 1.0
        assert one.neighbours["knn.recall"].value == 1.0
        assert (one.improved, one.worsened) == ((), ())

    def test_the_largest_changes_name_the_five_nearest(self, made, record):
        one = record["seen"]["ridge"]
        first = one.improved[0]
        assert first.rank_after < first.rank_before
        assert len(first.top_before) == 5
        row = list(Study(made)["visual"].ids).index(first.id)
        assert first.truth == Study(made)["visual"].column("label")[row]
        assert first.top_after[int(first.rank_after) - 1] == first.truth

    def test_the_record_is_json_and_says_how_it_was_made(self, made, record):
        plain = json.loads(json.dumps(record.to_json(), allow_nan=False))
        assert plain["schema"] == "repscope.bridges/1"
        assert plain["folds"] == 5
        assert any("share most of their rows" in note for note in plain["notes"])
        assert record.replay == (
            f"repscope bridge report {made} --methods identity,mean-shift,ridge --source visual "
            "--target text --on label --cluster image_id --resamples 200 --seed 0"
        )

    def test_among_unseen_texts_each_row_chooses_from_its_own_fold(self, made, record):
        assert record["seen"]["ridge"].gallery is None
        report = report_bridges(
            made, methods=["ridge"], source="visual", target="captions", on="id", cluster="image_id",
            resamples=200,
        )  # fmt: skip
        ground, right = ground_of(made, "captions", "id"), []
        for split in fold_splits(ground, "clusters", 5, 0):
            bridge = make_bridge("ridge").fit(
                ground.source.vectors[split.source], ground.target.vectors[split.target], pairs=split.pairs,
                clusters=ground.clusters[split.source],
            )  # fmt: skip
            moved = bridge.transform(ground.source.vectors[split.held])
            texts = ground.target.vectors[split.held]
            cosines = moved @ texts.T / np.linalg.norm(texts, axis=1)
            right.append(cosines.argmax(axis=1) == np.arange(len(split.held)))
        found = report["held-out"]["ridge"].gallery
        assert found.after.value == pytest.approx(np.concatenate(right).mean())
        assert found.rows == 24
        assert found.difference.low < found.difference.value < found.difference.high

    def test_bridges_of_the_study_are_judged_on_the_rows_that_all_held_out(self, study):
        fit(study, "one")
        fit(study, "two", seed=5)
        record = report_bridges(study, ["one", "two"], methods=["mean-shift"], resamples=200)
        ground = lay_ground(study["visual"], study["text"], on="label", cluster="image_id")
        held = [set(split_rows(ground, HoldOut(seed=seed)).held) for seed in (0, 5)]
        (part,) = record.parts
        assert 0 < part.n == len(held[0] & held[1]) < 24
        assert [one.label for one in part.methods] == ["one", "two", "mean-shift"]
        rows = np.array(sorted(held[0] & held[1]))
        expected = compare_arrays(
            ground.source.vectors[rows], stored(study, "one").load().transform(ground.source.vectors[rows]),
            ground.target.vectors, item_keys=ground.link.left[rows], reference_keys=ground.link.right,
            clusters=ground.clusters[rows], measures=TOUCHSTONES, resamples=200,
        )  # fmt: skip
        assert part["one"].measures["mrr.true"].to_json() == expected.table["mrr.true"].to_json()

    def test_unseen_values_make_a_part_of_their_own(self, study):
        fit(study, "one", unseen=(("split", "rare"),))
        record = report_bridges(study, ["one"], resamples=200)
        assert [part.name for part in record.parts] == ["seen", "unseen"]
        assert record["unseen"].n == int((study["visual"].column("split") == "rare").sum())

    def test_a_method_that_cannot_be_fitted_is_listed_or_stops_the_report(self, made, monkeypatch):
        asked = {"source": "visual", "target": "text", "on": "label", "resamples": 200}
        bad = {"ridge": {"penalty": -1.0}}
        with pytest.raises(InputError):
            report_bridges(made, methods=["ridge"], params=bad, **asked)
        monkeypatch.setattr(bridge_report, "all_methods", lambda: [method("identity"), method("ridge")])
        record = report_bridges(made, methods="all", params=bad, **asked)
        assert list(record.failed) == ["ridge"]
        assert [one.label for one in record["seen"].methods] == ["identity"]

    def test_what_cannot_be_reported(self, study):
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


def test_parameters_as_they_are_typed():
    assert parse_params(["a=1", "b=.5", "c=none", "d=[1,2]", "e-f=word", "g=true", "options.patience=5"]) == {
        "a": 1, "b": 0.5, "c": None, "d": [1, 2], "e_f": "word", "g": True, "options": {"patience": 5},
    }  # fmt: skip
    assert parse_method_params(["ridge.penalty=2"]) == {"ridge": {"penalty": 2}}
    for text in ("penalty", "=1", "a.=1"):
        with pytest.raises(InputError, match="NAME=VALUE"):
            parse_params([text])
    with pytest.raises(InputError, match="twice"):
        parse_params(["a=1", "a=2"])
    with pytest.raises(InputError, match=r"METHOD\.NAME"):
        parse_method_params(["penalty=2"])


def test_the_sentence_of_the_library(study):
    import repscope as rs

    before, text = study["visual"], study["text"]
    bridge = rs.bridges.GaussianTransport().fit(before, text)
    after = study.add("visual_after", bridge.transform(before), before.items, parents=[before])
    result = rs.compare(
        before, after, reference=text, on="label", cluster="image_id", seed=0, method="none",
        measures=["top1.true"], resamples=100,
    )  # fmt: skip
    assert result.n == IMAGES * EACH
    # Without items the ids would be row numbers, and nothing would pair before with after.
    bare = study.add("bare", bridge.transform(before))
    with pytest.raises(LinkError, match="same id"):
        rs.compare(before, bare, reference=text, on="label", method="none")
