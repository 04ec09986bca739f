"""Rows of small sets: what is kept, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.study import EmbeddingSet, Study
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.common.rows import (
    declared_cluster,
    keep_rows,
    one_width,
    paired_by_number,
    refuse_zero_rows,
    rows_with,
    spread,
    units_of,
)


def four(name: str = "items", width: int = 2, **columns: list[str | None]) -> EmbeddingSet:
    return EmbeddingSet(name, np.ones((4, width), np.float32), {"id": list("abcd"), **columns})


def test_widths_that_differ_are_named_with_their_sets():
    one_width([four("x"), four("y")], "capture them again")
    with pytest.raises(VectorError, match=r"'x' 2, 'y' 3.*capture them again"):
        one_width([four("x"), four("y", 3)], "capture them again")


def test_rows_of_zeros_are_named_by_id():
    vectors = np.ones((4, 2), np.float32)
    vectors[[1, 3]] = 0
    with pytest.raises(VectorError, match=r"2 zero vectors \(ids b, d\)"):
        refuse_zero_rows(EmbeddingSet("items", vectors, {"id": list("abcd")}))
    refuse_zero_rows(four())


def test_all_rows_as_they_stand_are_the_set_itself():
    rows = four()
    assert keep_rows(rows, np.arange(4)) is rows
    assert keep_rows(rows, np.array([2, 0])).ids.tolist() == ["c", "a"]
    assert keep_rows(rows, np.array([3, 2, 1, 0])).ids.tolist() == list("dcba")


def test_units_are_numbered_by_first_appearance_and_every_row_has_one():
    codes, names = units_of(four(image=["q", "p", "q", "r"]), "image")
    assert codes.tolist() == [0, 1, 0, 2]
    assert names == ["q", "p", "r"]
    assert units_of(four(), None)[0].tolist() == units_of(four(), "id")[0].tolist() == [0, 1, 2, 3]
    with pytest.raises(InputError, match=r"'image' for every row of 'items'.*1 rows without.*--groups"):
        units_of(four(image=["q", None, "q", "r"]), "image", option="--groups", what="row")


def test_rows_with_a_value():
    rows = four(split=["seen", "unseen", None, "seen"])
    assert rows_with(rows, "split", "seen").tolist() == [True, False, False, True]
    with pytest.raises(UnknownNameError, match="choose one of seen, unseen"):
        rows_with(rows, "split", "new")


def test_a_declared_cluster_counts_where_the_set_has_the_column():
    vectors, ids = np.ones((2, 2), np.float32), {"id": ["a", "b"]}
    assert declared_cluster(EmbeddingSet("x", vectors, ids, provenance={"cluster": "image"})) is None
    both = EmbeddingSet("x", vectors, {**ids, "image": ["p", "p"]}, provenance={"cluster": "image"})
    assert declared_cluster(both) == "image"


def test_spread_leaves_null_where_nothing_is_known():
    values = spread(4, np.array([1, 3]), np.array([0.5, np.nan]))
    assert values.to_pylist() == [None, 0.5, None, None]
    assert spread(2, np.array([], int), np.array([])).to_pylist() == [None, None]


def numbered(name: str, seed: int, **columns: Any) -> EmbeddingSet:
    return EmbeddingSet(name, np.random.default_rng(seed).normal(size=(6, 3)), columns)


def test_rows_that_only_their_numbers_pair_are_said():
    one, two = numbered("gen_0", 0), numbered("gen_1", 1)
    (note,) = paired_by_number([one, two])
    assert "'gen_0', 'gen_1' are paired by their numbers" in note
    # A class that repeats names no item.
    label = [0, 0, 0, 1, 1, 1]
    assert paired_by_number([numbered("a", 0, label=label), numbered("b", 1, label=label)])


def test_rows_whose_items_are_known_are_not():
    text = [f"a picture of {row}" for row in range(6)]
    assert not paired_by_number([numbered("a", 0, text=text), numbered("b", 1, text=text)])
    assert paired_by_number([numbered("a", 0, text=text), numbered("b", 1, text=text[::-1])])
    ids = [f"p{row}" for row in range(6)]
    assert not paired_by_number([numbered("a", 0, id=ids), numbered("b", 1, id=ids)])


def test_a_set_and_what_was_made_from_it_hold_the_same_items(tmp_path):
    study = Study(tmp_path / "s")
    study.add("v", np.random.default_rng(0).normal(size=(20, 4)))
    study.add("t", np.random.default_rng(1).normal(size=(20, 4)))
    fit_bridge(study, "v", "t", "ridge", name="b", on="id")
    apply_bridge(study, "b", "v", "moved")
    assert not paired_by_number([study["v"], study["moved"]])
    assert paired_by_number([study["v"], study["moved"], study["t"]])
