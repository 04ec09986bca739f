"""Links: by key, never by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, LinkError, UnknownNameError
from repscope.study import EmbeddingSet, link, pair_rows
from repscope.study.links import key_codes


def embed(name: str, **columns: Any) -> EmbeddingSet:
    n = len(next(iter(columns.values())))
    return EmbeddingSet(name, np.ones((n, 2)), columns)


def pairs_by_loop(left: list[Any], right: list[Any]) -> set[tuple[int, int]]:
    return {
        (i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if a is not None and a != "" and a == b
    }


def test_codes_in_order_of_first_appearance() -> None:
    codes, names = key_codes(np.array(["b", "a", "b", None, "", "c"], object))
    assert codes.tolist() == [0, 1, 0, -1, -1, 2]
    assert codes.dtype == np.int64
    assert names == ["b", "a", "c"]
    codes, names = key_codes(np.array([2.0, np.nan, 2.5]))
    assert codes.tolist() == [0, -1, 1]
    assert names == ["2", "2.5"]
    codes, names = key_codes(pa.chunked_array([["x", None], ["y", "x"]]))
    assert codes.tolist() == [0, -1, 1, 0]
    assert names == ["x", "y"]
    assert [part.size if isinstance(part, np.ndarray) else part for part in key_codes([])] == [0, []]


def test_keys_that_are_lists() -> None:
    with pytest.raises(InputError, match="strings or numbers"):
        link(embed("a", k=[[1]]), embed("b", k=[[1]]), "k")


keys = st.sampled_from(["a", "b", "c", "é", "", None])


@settings(max_examples=40, deadline=None)
@given(st.lists(keys, min_size=1, max_size=8), st.lists(keys, min_size=1, max_size=8))
def test_link_is_the_naive_join(left: list[str | None], right: list[str | None]) -> None:
    expected = pairs_by_loop(left, right)
    a, b = embed("a", k=pa.array(left, pa.string())), embed("b", k=pa.array(right, pa.string()))
    if not expected:
        with pytest.raises(LinkError, match="got none"):
            link(a, b, "k", drop_unlinked=True)
        return
    found = link(a, b, "k", drop_unlinked=True)
    assert {
        (i, j) for i, x in enumerate(found.left) for j, y in enumerate(found.right) if x == y and x >= 0
    } == expected
    assert [found.names[code] if code >= 0 else None for code in found.right] == [
        one or None for one in right
    ]
    unknown = {one for one in left if one and one not in right}
    if unknown:
        with pytest.raises(LinkError, match=f"got {len(unknown)} that are not there"):
            link(a, b, "k")
    else:
        assert np.array_equal(link(a, b, "k").left, found.left)


@pytest.mark.parametrize("left", [[3, 1, None], [3.0, 1.0, None], ["3", "1", None], ["3", "1", ""]])
@pytest.mark.parametrize("right", [[1, 2, 3], [1.0, 2.0, 3.0], ["1", "2", "3"]])
def test_three_ways_to_write_three(left: list[Any], right: list[Any]) -> None:
    found = link(embed("a", k=left), embed("b", k=right), "k")
    assert found.left.tolist() == [2, 0, -1]
    assert found.right.tolist() == [0, 1, 2]
    assert found.names == ["1", "2", "3"]
    assert found.one_to_one


def test_large_integers_with_gaps_stay_apart() -> None:
    big = 2**60
    left, right = embed("a", k=[big + 1, None]), embed("b", k=[big, big + 1, None])
    assert link(left, right, "k").left.tolist() == [1, -1]


def test_duplicates_on_both_sides() -> None:
    found = link(embed("a", k=["x", "x", "y"]), embed("b", k=["y", "x", "x"]), "k")
    assert found.left.tolist() == [1, 1, 0]
    assert found.right.tolist() == [0, 1, 1]
    assert not found.one_to_one
    assert link(embed("a", k=["x", "y"]), embed("b", k=["y", "x"]), "k").one_to_one


def test_on_id_by_default() -> None:
    found = link(embed("a", id=["p", "q"]), embed("b", id=["q", "r", "p"]))
    assert (found.on, found.left.tolist()) == ("id", [2, 0])


def test_keys_that_the_reference_lacks() -> None:
    left, right = embed("items", k=["a", "b", "b", None, "c"]), embed("texts", k=["a"])
    with pytest.raises(LinkError) as caught:
        link(left, right, "k")
    assert caught.value.got == "2 that are not there, in 3 of 5 rows (b, c)"
    assert "'texts'" in caught.value.do
    assert link(left, right, "k", drop_unlinked=True).left.tolist() == [0, -1, -1, -1, -1]


def test_nothing_links() -> None:
    with pytest.raises(LinkError, match=r"none \(for example 'a' against 'b'\)"):
        link(embed("x", k=["a"]), embed("y", k=["b"]), "k", drop_unlinked=True)
    with pytest.raises(LinkError, match=r"only missing values against 'b'"):
        link(embed("x", k=[None]), embed("y", k=["b"]), "k")


def test_a_column_that_one_lacks() -> None:
    with pytest.raises(UnknownNameError, match=r"a column 'k' in set 'texts' to link on; got columns id, l"):
        link(embed("items", k=["a"]), embed("texts", l=["a"]), "k")


def test_many_unknown_keys_are_counted_at_once() -> None:
    n = 200_000
    left = embed("a", k=np.arange(n))
    with pytest.raises(LinkError, match="199,999 that are not there, in 199,999 of 200,000 rows"):
        link(left, embed("b", k=[0]), "k")


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_pairs_are_items_of_the_same_id(data: st.DataObject) -> None:
    ids = [f"i{k}" for k in range(6)]
    before = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
    after = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
    a, b = embed("a", id=before), embed("b", id=after)
    expected = [(i, after.index(one)) for i, one in enumerate(before) if one in after]
    if not expected:
        with pytest.raises(LinkError, match="items with the same id in 'a' and 'b'"):
            pair_rows(a, b)
        return
    rows, others = pair_rows(a, b)
    assert list(zip(rows.tolist(), others.tolist(), strict=True)) == expected
    assert rows.dtype == others.dtype == np.int64


def test_numbers_of_another_list_are_not_linked_by_advice():
    """HICO ids beside 212 selected rows: leaving out what is beyond would link id k to row k."""
    items = EmbeddingSet("items", np.eye(3), {"id": list("abc"), "label": ["3", "211", "599"]})
    texts = EmbeddingSet("texts", np.ones((212, 3)), {"label": [str(row) for row in range(212)]})
    with pytest.raises(LinkError) as caught:
        link(items, texts, "label")
    assert "select_HOI_index" in caught.value.do
    assert caught.value.do.index("if it is a selection") < caught.value.do.index("--drop-unlinked")
    named = EmbeddingSet("named", np.ones((2, 3)), {"label": ["3", "211"]})
    with pytest.raises(LinkError) as caught:
        link(items, named, "label")
    assert caught.value.do == "add them to 'named', or leave those rows out with --drop-unlinked"
