"""Which items are not independent: given, declared, found in names, and copies."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import repscope as rs
from repscope.study.dependence import named_groups, names_class, stem_of
from repscope.verbs.common.clusters import find_clusters, join_groups

RNG = np.random.default_rng(0)


def rows_of(n: int, **columns: object) -> rs.EmbeddingSet:
    return rs.EmbeddingSet("rows", RNG.normal(size=(n, 8)), columns)


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (["a_crop1.jpg", "a_crop2.jpg", "b.jpg"], ["a.jpg", "a.jpg", "b.jpg"]),
        (["img_1_aug_3", "img_1_flip", "img_1"], ["img_1", "img_1", "img_1"]),
        (["x.png#1", "x.png#2"], ["x.png", "x.png"]),
        (["n0144_12.JPEG", "n0144_13.JPEG"], ["n0144_12.JPEG", "n0144_13.JPEG"]),
        (["crop1", "crop2"], ["crop1", "crop2"]),
        (["1", "2"], ["1", "2"]),
    ],
)
def test_a_stem_is_the_name_without_the_part(names: list[str], stems: list[str]) -> None:
    assert stem_of(pa.array(names)).to_pylist() == stems


@given(st.lists(st.text("ab_1.#", min_size=1, max_size=8), min_size=1, max_size=6))
def test_stems_are_never_empty_and_equal_names_have_one(names: list[str]) -> None:
    stems = stem_of(pa.array(names)).to_pylist()
    assert all(stems)
    assert len(set(stems)) <= len(set(names))


def test_a_column_that_names_a_thing_counts_and_a_class_never_does() -> None:
    labels = np.arange(12) % 3
    found = find_clusters(rows_of(12, label=labels), on="label")
    assert (found.how, found.n, found.notes) == ("none", 12, ())
    found = find_clusters(rows_of(12, label=labels, image_id=np.arange(12) // 3), on="label")
    assert (found.how, found.column, found.n) == ("column", "image_id", 4)
    assert "--cluster id takes every one as independent" in found.notes[0]
    assert names_class("label")
    assert names_class("gt_hoi")
    assert not names_class("caption_id")


def test_stems_of_ids_count() -> None:
    ids = [f"photo{i // 2}_crop{i % 2}" for i in range(10)]
    found = find_clusters(rows_of(10, id=ids))
    assert (found.how, found.name, found.column, found.n) == ("stems", "id stems", None, 5)


def test_a_key_that_may_be_a_class_or_a_thing_is_asked_about() -> None:
    found = find_clusters(rows_of(9, group=np.arange(9) // 3), on="group")
    assert found.how == "none"
    assert "give --cluster group" in found.notes[0]


def test_copies_are_one_item_unless_id_is_given() -> None:
    rows = rs.EmbeddingSet("rows", np.repeat(RNG.normal(size=(5, 8)), 3, axis=0))
    found = find_clusters(rows)
    assert (found.how, found.name, found.n, found.copies) == ("copies", "copies", 5, 10)
    insisted = find_clusters(rows, "id")
    assert (insisted.n, insisted.name) == (15, "")
    assert "10 are copies of an earlier one" in insisted.notes[0]


def test_copies_join_the_clusters_that_they_lie_in() -> None:
    vectors = RNG.normal(size=(6, 8))
    vectors[4] = vectors[0] * (1 + 1e-7)
    rows = rs.EmbeddingSet("rows", vectors.astype("f4"), {"image_id": [0, 0, 1, 1, 2, 2]})
    found = find_clusters(rows)
    assert found.name == "image_id and copies"
    assert found.codes[0] == found.codes[1] == found.codes[4] == found.codes[5]
    assert found.n == 2


def test_a_column_that_parts_what_another_keeps_together_is_warned_of() -> None:
    rows = rows_of(8, image_id=np.arange(8) // 4, half=np.arange(8) // 2)
    found = find_clusters(rows, "half")
    assert found.n == 4
    assert "warning: clusters of half part items that image_id keeps together" in found.notes[0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20))
def test_joined_groups_part_nothing_and_are_the_finest(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs).T
    joined = join_groups(one, other)
    # The oracle: labels run through the pairs until nothing changes.
    expected = np.arange(len(one))
    for _ in range(len(one)):
        for codes in (one, other):
            expected = np.array([expected[codes == code].min() for code in codes])
    assert len(np.unique(joined)) == len(np.unique(expected))
    assert all((joined == joined[i]).tolist() == (expected == expected[i]).tolist() for i in range(len(one)))


def test_thirty_items_three_times_under_their_own_ids_decide_nothing() -> None:
    """Copies under their own ids once made p = .035 and `aligned` of what is p = .25."""
    rng = np.random.default_rng(1)
    labels = np.arange(90) % 6
    text = rng.normal(size=(6, 24))
    after = text[labels] + rng.normal(size=(90, 24))
    before = text[labels] + 1.5 * rng.normal(size=(90, 24))
    before, after, labels = (np.repeat(one[:30], 3, axis=0) for one in (before, after, labels))
    sets = [rs.EmbeddingSet(name, rows, {"label": labels}) for name, rows in (("b", before), ("a", after))]
    reference = rs.EmbeddingSet("t", text, {"label": np.arange(6)})
    found = rs.compare(*sets, reference, on="label", method="none", seed=0)
    assert found.verdict.word == "inconclusive"
    assert found.clusters == 30
    assert found.to_json()["copies"] == 60
    assert found["mrr.true"].difference.p == pytest.approx(0.25, abs=0.03)
    assert any("60 of 90 items of 'b' are copies of an earlier one" in note for note in found.notes)
    insisted = rs.compare(*sets, reference, on="label", cluster="id", method="none", seed=0)
    assert insisted["mrr.true"].difference.p < 0.05
    assert any("as --cluster id asks" in note for note in insisted.notes)


def test_named_groups_need_names() -> None:
    table = pa.table({"id": ["a", "b", "c"], "image": [0.5, 0.25, 0.5], "video": [[1], [1], [2]]})
    assert named_groups(table) is None
