"""Neighbours of a study: right, kept by fingerprint, computed again when what is kept cannot be trusted."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.knn import Approximation, exact
from repscope.knn import graph as searching
from repscope.study import Study
from repscope.verbs.neighbors import neighbors as neighbours
from repscope.verbs.neighbors.neighbors import neighbors


@pytest.fixture
def study(tmp_path: Path) -> Study:
    rng = np.random.default_rng(0)
    made = Study(tmp_path / "s")
    made.add(
        "a", rng.normal(size=(60, 6)), {"id": [f"a{i}" for i in range(60)], "label": ["x", "y", None] * 20}
    )
    made.add("b", rng.normal(size=(40, 6)), {"id": [f"b{i}" for i in range(40)], "label": ["x", "y"] * 20})
    made.add("wide", rng.normal(size=(40, 7)))
    return made


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the searches that were made, in order."""
    made: list[str] = []

    def counted(name, function):
        def call(*arguments, **settings):
            made.append(name)
            return function(*arguments, **settings)

        return call

    def nearly(x, y=None, *, k, metric, seed):
        return Approximation(
            exact(x, y, k=k, metric=metric), 0.97, 0.01, 50, "peer 1", {"width": 30, "seed": seed}
        )

    monkeypatch.setattr(searching, "exact", counted("exact", exact))
    monkeypatch.setattr(searching, "approximate", counted("approximate", nearly))
    monkeypatch.setattr(neighbours, "among", counted("among", neighbours.among))
    return made


def files(study: Study) -> list[str]:
    return sorted(path.name for path in (study.path / "cache" / "neighbors").glob("*"))


@pytest.mark.parametrize("metric", ["cosine", "inner", "l2"])
@pytest.mark.parametrize("query_set", [None, "b"])
def test_the_graph_is_that_of_the_search_and_is_kept(study, searches, metric, query_set):
    first = neighbors(study, "a", query_set=query_set, k=5, metric=metric)
    again = neighbors(study.path, "a", query_set=query_set, k=5, metric=metric)
    vectors = study["a"].vectors
    true = (
        exact(vectors, k=5, metric=metric)
        if query_set is None
        else exact(study["b"].vectors, vectors, k=5, metric=metric)
    )
    for result in (first, again):
        assert np.array_equal(result.found.indices, true.indices)
        assert np.array_equal(result.found.scores, true.scores)
    assert searches == ["exact"]
    assert (first.kept, again.kept) == (False, True)
    assert study["a"].fingerprint in files(study)[0]
    assert f"-{metric}-5.arrow" in files(study)[0]


def test_fewer_neighbours_come_from_more_and_not_the_other_way(study, searches):
    neighbors(study, "a", k=8)
    fewer = neighbors(study, "a", k=3)
    assert np.array_equal(fewer.found.indices, exact(study["a"].vectors, k=3).indices)
    assert searches == ["exact"]
    neighbors(study, "a", k=9)
    neighbors(study, "a", k=3, metric="l2")
    assert searches == ["exact"] * 3


def test_a_set_that_changed_is_searched_again_and_its_old_graph_goes(study, searches):
    neighbors(study, "a", k=3)
    neighbors(study, "b", k=3)
    before = files(study)
    study.add("a", np.random.default_rng(1).normal(size=(60, 6)), overwrite=True)
    found = neighbors(study, "a", k=3)
    assert not found.kept
    assert np.array_equal(found.found.indices, exact(study["a"].vectors, k=3).indices)
    assert len(searches) == 3
    assert len(files(study)) == len(before) == 2
    assert neighbors(study, "b", k=3).kept


def _flip(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        _flip,
        lambda content: content[:99],
        lambda _: b"",
        lambda content: content[:-40],
        lambda _: b"ARROW1\0\0" * 40,
    ],
)
def test_what_was_spoilt_is_noticed_and_computed_again(study, searches, spoil):
    true = neighbors(study, "a", k=4).found
    file = study.path / "cache" / "neighbors" / files(study)[0]
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.warns(UserWarning, match="computing them again"):
        again = neighbors(study, "a", k=4)
    assert np.array_equal(again.found.indices, true.indices)
    assert np.array_equal(again.found.scores, true.scores)
    assert len(searches) == 2
    assert neighbors(study, "a", k=4).kept


def test_every_flipped_bit_of_the_vectors_of_a_graph_is_noticed(study):
    true = neighbors(study, "a", k=2).found
    file = study.path / "cache" / "neighbors" / files(study)[0]
    content = file.read_bytes()
    for at in range(0, len(content), 97):
        file.write_bytes(content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = neighbors(study, "a", k=2).found
        assert np.array_equal(found.indices, true.indices)
        assert np.array_equal(found.scores, true.scores)


def test_a_graph_of_other_sets_under_this_name_is_refused(study, searches):
    neighbors(study, "a", k=4)
    neighbors(study, "b", k=4)
    folder = study.path / "cache" / "neighbors"
    a, b = (folder / f"{study[name].fingerprint}-cosine-4.arrow" for name in "ab")
    a.write_bytes(b.read_bytes())
    with pytest.warns(UserWarning, match="cannot be used"):
        neighbors(study, "a", k=4)


def test_without_the_cache_nothing_is_read_or_written(study, searches):
    neighbors(study, "a", k=4, cache=False)
    assert not (study.path / "cache").exists()
    neighbors(study, "a", k=4)
    neighbors(study, "a", k=4, cache=False)
    assert len(searches) == 3


def test_a_disk_that_refuses_is_a_warning_not_a_failure(study):
    (study.path / "cache").write_text("a file")
    with pytest.warns(UserWarning, match="not kept"):
        assert neighbors(study, "a", k=2).k == 2


def test_some_items_are_rows_of_the_graph_and_the_rest_is_not_computed(study, searches):
    some = neighbors(study, "a", query=["a7", "a3", "a7"], k=5)
    assert searches == ["among"]
    whole = neighbors(study, "a", k=5).found
    assert np.array_equal(some.found.indices, whole.indices[[7, 3]])
    assert np.allclose(some.found.scores, whole.scores[[7, 3]], atol=1e-12)
    assert neighbors(study, "a", query=["a7"], k=5).kept
    other = neighbors(study, "a", query=["b2"], query_set="b", k=5, cache=False)
    assert np.array_equal(
        other.found.indices, exact(study["b"].vectors[2:3], study["a"].vectors, k=5).indices
    )


def test_above_the_limit_the_search_is_approximate_and_says_its_recall(study, searches, monkeypatch):
    monkeypatch.setattr(searching, "LARGEST_EXACT", 50)
    large, small = neighbors(study, "a", k=3, seed=7), neighbors(study, "b", k=3)
    assert searches == ["approximate", "exact"]
    assert large.search["recall"] == 0.97
    assert "recall 0.970 ± 0.020 on 50 sampled items" in large.summary()
    assert "exact" in small.summary()
    assert neighbors(study, "a", k=3, seed=7).search == large.search
    assert not neighbors(study, "a", k=3, seed=8).kept
    assert not neighbors(study, "a", k=3, exact=True).kept
    assert searches == ["approximate", "exact", "approximate", "exact"]


def test_labels_are_compared_as_keys_and_missing_ones_never_agree(study):
    result = neighbors(study, "a", query_set="b", k=6)
    same = result.same_label()
    labels = (study["b"].column("label"), study["a"].column("label"))
    assert same is not None
    for row in range(40):
        for place in range(6):
            assert same[row, place] == (labels[0][row] == labels[1][result.found.indices[row, place]])
    own = neighbors(study, "a", k=6).same_label()
    assert own is not None
    assert not own[2::3].any()
    assert neighbors(study, "wide", k=2).same_label() is None


def test_the_record_and_the_table(study, tmp_path):
    result = neighbors(study, "a", k=4)
    folder = result.save(tmp_path / "out")
    table = pq.read_table(folder / "neighbors.parquet").to_pydict()
    assert len(table["query"]) == 240
    assert table["query"][4:8] == ["a1"] * 4
    assert table["rank"][4:8] == [1, 2, 3, 4]
    assert table["neighbor"][4:8] == [f"a{row}" for row in result.found.indices[1]]
    record = json.loads((folder / "neighbors.json").read_text())
    assert record["search"] == {"method": "exact"}
    assert record["fingerprints"] == {"a": study["a"].fingerprint}


def test_refusals(study):
    with pytest.raises(UnknownNameError, match="a7"):
        neighbors(study, "a", query=["a77"])
    for both in ({"approximate": True, "exact": True}, {"approximate": True, "device": "cpu"}):
        with pytest.raises(InputError, match="one way to search"):
            neighbors(study, "a", **both)
    with pytest.raises(InputError, match="--query and --device"):
        neighbors(study, "a", query="a7", device="cpu")
    with pytest.raises(VectorError, match="width"):
        neighbors(study, "a", query_set="wide")
    neighbors(study, "a", k=5)
    for k in (60, 0, -1):
        with pytest.raises(InputError, match="k between"):
            neighbors(study, "a", k=k)
