"""Who is held out: whole clusters or classes, with their texts; and no fit sees them."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verbs.bridge.conftest import CLASSES, EACH, IMAGES, linked

from repscope.errors import (
    InputError,
    LinkError,
    UnknownNameError,
)
from repscope.study import Study
from repscope.transform.base import Bridge
from repscope.verbs.bridge import judge
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.bridge.judge import report_bridges
from repscope.verbs.bridge.options import parse_unseen
from repscope.verbs.common.holdout import (
    CLUSTER_RULE,
    HoldOut,
    fold_splits,
    held_digest,
    link_sets,
    split_at,
    split_rows,
)
from repscope.verbs.compare.compare import compare


def test_a_cluster_is_never_parted_and_its_texts_leave_with_it(made):
    sets = linked(made, "captions", "id")
    split = split_rows(sets, HoldOut(share=0.25, seed=3))
    assert len(split.held) == IMAGES * EACH // 4
    assert not set(sets.clusters[split.source]) & set(sets.clusters[split.held])
    assert set(split.source) | set(split.held) == set(range(IMAGES * EACH))
    # A caption of a held-out crop is an answer that nobody may see.
    np.testing.assert_array_equal(split.target, split.source)
    left, right = split.pairs
    np.testing.assert_array_equal(split.source[left], split.target[right])
    assert not split.unseen.any()


def test_a_seen_class_keeps_its_text_and_an_unseen_one_loses_it(made):
    sets = linked(made)
    split = split_rows(sets, HoldOut("none", unseen=(("split", "rare"),)))
    labels = Study(made)["visual"].column("label")
    assert set(labels[split.held]) == {"c5"}
    assert split.unseen.all()
    assert sorted(split.target) == [0, 1, 2, 3, 4, 6]
    common = split_rows(sets, HoldOut(share=0.1))
    assert len(common.target) == CLASSES + 1
    assert not common.unseen.any()


def test_a_column_of_the_target_names_unseen_rows_through_the_link(made):
    split = split_rows(linked(made), HoldOut("none", unseen=(("kind", "b"),)))
    assert set(Study(made)["visual"].column("label")[split.held]) == {"c3", "c4", "c5"}


def test_classes_are_held_out_whole(made):
    sets = linked(made)
    split = split_rows(sets, HoldOut("classes", 0.34, seed=1))
    held = set(sets.classes[split.held])
    assert len(held) == 2
    assert not held & set(sets.classes[split.source])
    assert split.unseen.all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), by=st.sampled_from(["clusters", "classes"]), folds=st.integers(2, 5))
def test_folds_hold_out_every_row_once_and_share_nothing_with_their_fit(made, seed, by, folds):
    sets = linked(made)
    splits = list(fold_splits(sets, by, folds, seed))
    units = sets.clusters if by == "clusters" else sets.classes
    assert sorted(np.concatenate([split.held for split in splits])) == list(range(IMAGES * EACH))
    for split in splits:
        assert not set(units[split.source]) & set(units[split.held])
        assert not set(sets.clusters[split.source]) & set(sets.clusters[split.held])


def test_the_rest_of_a_cluster_is_neither_fitted_nor_judged(made):
    sets = linked(made)
    held = np.zeros(IMAGES * EACH, bool)
    held[0] = True
    split = split_at(sets, held)
    assert split.held.tolist() == [0]
    assert 1 not in split.source
    assert len(split.source) == IMAGES * EACH - EACH


def test_what_cannot_be_split_is_refused(made):
    with pytest.raises(InputError, match="between 0 and 1"):
        HoldOut(share=1.0)
    with pytest.raises(InputError, match="hold out clusters instead"):
        split_rows(linked(made, "captions", "id"), HoldOut("classes"))
    with pytest.raises(InputError, match="'purple'"):
        split_rows(linked(made), HoldOut("none", unseen=(("split", "purple"),)))
    with pytest.raises(UnknownNameError, match="'colour'"):
        split_rows(linked(made), HoldOut("none", unseen=(("colour", "red"),)))
    with pytest.raises(LinkError, match="--on"):
        split_rows(linked(made, "text", None), HoldOut("none", unseen=(("kind", "b"),)))
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


def test_no_held_out_row_reaches_a_fit(made, monkeypatch):
    fitted = []

    def memory(method, params=None, *, seed=0):
        fitted.append(Memory())
        return fitted[-1]

    monkeypatch.setattr(judge, "make_bridge", memory)
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


def test_nor_does_the_text_of_an_unseen_class(made, monkeypatch):
    fitted = []
    monkeypatch.setattr(
        judge,
        "make_bridge",
        lambda method, params=None, *, seed=0: fitted.append(Memory()) or fitted[-1],
    )
    report_bridges(made, methods=["ridge"], source="visual", target="text", on="label", cluster="image_id")
    texts = Study(made)["text"].vectors
    by_class = fitted[5:]
    assert len(by_class) == 5
    for row in range(CLASSES):
        assert sum(texts[row].tobytes() in one.texts for one in by_class) == 4
    # The class without items tells nothing about any item.
    assert all(texts[CLASSES].tobytes() in one.texts for one in by_class)


def copied_world(path: Any, images: int = 60) -> Study:
    """Three equal rows of each image, and no column that says so; noise, and random texts."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(images, 12)), 3, axis=0)
    order = rng.permutation(len(rows))
    study = Study(path / "copies")
    study.add("v", rows[order], {"label": np.repeat(np.arange(images) % 6, 3)[order].astype(str)})
    study.add("t", rng.normal(size=(6, 12)), {"label": np.arange(6).astype(str)})
    return study


def test_copies_never_straddle_a_split(tmp_path):
    study = copied_world(tmp_path)
    sets = link_sets(study["v"], study["t"], on="label")
    assert (sets.units.how, sets.units.n, sets.units.copies) == ("copies", 60, 120)
    image = {row.tobytes(): None for row in study["v"].vectors}
    for split in fold_splits(sets, "clusters", 5, 0):
        seen, judged = (
            {row.tobytes() for row in study["v"].vectors[part]} for part in (split.source, split.held)
        )
        assert not seen & judged
        assert seen | judged == set(image)
    found = report_bridges(study, methods=["identity"], source="v", target="t", on="label", resamples=100)
    record = found.to_json()
    assert (record["clusters_from"], record["copies"], record["cluster"]) == ("copies", 120, "copies")
    assert found.parts[0].clusters == 60


def test_a_bridge_of_an_earlier_version_keeps_its_rows_and_is_judged_on_what_it_shares_nothing_with(
    tmp_path,
):
    study = copied_world(tmp_path)
    rule = HoldOut(share=0.5)
    older = link_sets(study["v"], study["t"], on="label", rule=1)
    assert older.units.n == study["v"].n
    fitted = fit_bridge(study, "v", "t", "mean-shift", name="new", on="label", share=0.5)
    config = study.path / "transforms" / "new" / "config.json"
    assert fitted.stored.fit["cluster_rule"] == CLUSTER_RULE
    split = split_rows(older, rule)
    # As the earlier version left it: no rule, and rows held out one by one.
    as_older(config, held_digest(older, split.held), len(split.held))
    apply_bridge(study, "new", "v", "moved")
    vectors = study["v"].vectors
    seen = {vectors[row].tobytes() for row in split.source}
    alone = [row for row in split.held if vectors[row].tobytes() not in seen]
    assert 2 <= len(alone) < len(split.held)
    found = report_bridges(study, ["new"], resamples=100)
    assert sum(part.n for part in found.parts) == len(alone)
    assert "more share a cluster with fitted ones" in found.parts[0].about
    judged = compare(study["v"], study["moved"], study["t"], on="label", method="none", resamples=100)
    assert judged.held_out.items == judged.n == len(alone)
    assert "more share a cluster" in judged.held_out.why
    # Who insists that rows are independent has all that were held out.
    insisted = compare(
        study["v"], study["moved"], study["t"], on="label", cluster="id", method="none", resamples=100
    )
    assert insisted.n == len(split.held)


def as_older(config: Any, digest: str, rows: int) -> None:
    """Rewrite the record of a bridge as versions without a cluster rule wrote it."""
    record = json.loads(config.read_text())
    fit = record["provenance"]["fit"]
    del fit["cluster_rule"]
    fit["cluster"] = None
    fit["hold_out"] |= {"digest": digest, "rows": rows}
    config.write_text(json.dumps(record))
