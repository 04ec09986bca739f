"""FiftyOne-style JSON in and out, and parquet for Embedding Atlas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError, InputError, UnknownNameError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.external.atlas import leading_plane, write_atlas
from repscope.formats.external.fiftyone import write_samples
from repscope.study import EmbeddingSet
from repscope.verbs.import_.import_ import import_files

X = np.random.default_rng(0).standard_normal((4, 3)).astype("f4")
ITEMS: dict[str, Any] = {
    "id": list("dbca"),
    "label": ["x", None, "y", "x"],
    "path": ["1.jpg", "2.jpg", "3.jpg", "4.jpg"],
    "count": [1, None, 2, 3],
    "odd": [True, None, False, True],
    "score": [0.5, None, 1.0, 2.5],
}


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, path.stem, ReadOptions(**options)).sets
    return one


def test_samples_come_back_with_their_columns(tmp_path: Path) -> None:
    one = EmbeddingSet("a", X, ITEMS)
    assert write_samples(one, tmp_path / "a.json") == ()
    found = read(tmp_path / "a.json")
    again = EmbeddingSet("a", found.vectors, pa.table(dict(found.columns)))
    assert again.fingerprint == one.fingerprint
    assert again.items.equals(one.items)
    sample = json.loads((tmp_path / "a.json").read_text())["samples"][0]
    assert sample["filepath"] == "1.jpg"
    assert sample["ground_truth"] == {"_cls": "Classification", "label": "x"}
    assert sample["embedding"] == [float(str(value)) for value in X[0]]


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None)
def test_every_float32_survives_the_text(
    tmp_path_factory: pytest.TempPathFactory, vectors: list[list[float]]
) -> None:
    path = tmp_path_factory.mktemp("samples") / "a.json"
    one = EmbeddingSet("a", np.array(vectors, "f4"))
    assert "filepath is the id" in write_samples(one, path)[0]
    np.testing.assert_array_equal(read(path).vectors.astype("f4"), one.vectors)
    assert list(read(path).columns) == ["id"]


def test_undefined_numbers_become_null_and_are_counted(tmp_path: Path) -> None:
    one = EmbeddingSet("a", X, {**ITEMS, "score": [float("nan"), float("inf"), 1.0, 2.0]})
    assert "2 NaN" in write_samples(one, tmp_path / "a.json")[0]
    assert read(tmp_path / "a.json").columns["score"].to_pylist() == [None, None, 1.0, 2.0]


@pytest.mark.parametrize("name", ["embedding", "tags", "filepath"])
def test_fields_that_samples_use_themselves_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="parquet"):
        write_samples(EmbeddingSet("a", X, {**ITEMS, name: [1, 2, 3, 4]}), tmp_path / "a.json")


def saved(tmp_path: Path, samples: Any) -> Path:
    (tmp_path / "a.json").write_text(json.dumps({"samples": samples}))
    return tmp_path / "a.json"


def test_samples_of_another_hand(tmp_path: Path) -> None:
    samples = [
        {
            "_id": {"$oid": f"{row}"},
            "_rand": 0.5,
            "filepath": f"{row}.jpg",
            "tags": ["val"],
            "clip": [1, 0.5, 2],
            "guess": {"_cls": "Classification", "label": "cat"},
            "boxes": {"detections": [1]},
        }
        for row in range(2)
    ]
    samples[0]["clip"] = [0.5, 1, 2]
    found = read(saved(tmp_path, samples))
    assert found.key == "clip"
    assert {name: column.to_pylist() for name, column in found.columns.items()} == {
        "id": ["0", "1"],
        "path": ["0.jpg", "1.jpg"],
        "tags": ['["val"]'] * 2,
        "guess": ["cat", "cat"],
        "boxes": ['{"detections": [1]}'] * 2,
    }
    with pytest.raises(UnknownNameError, match="clip"):
        read(tmp_path / "a.json", vectors="clop")


@pytest.mark.parametrize(
    ("samples", "error", "says"),
    [
        ([], FormatError, "none"),
        ("text", FormatError, "none"),
        ([1, 2], FormatError, "dictionary"),
        ([{"filepath": "a"}], FormatError, "--vectors"),
        ([{"a": [0.5], "b": [0.5]}], FormatError, "--vectors"),
        ([{"embedding": [0.5, 1.0]}, {"embedding": [0.5]}], VectorError, "one width"),
        ([{"embedding": [0.5]}, {"embedding": None}], VectorError, "rows 1"),
        ([{"embedding": [0.5, "x"]}], VectorError, "numbers"),
        ([{"embedding": {"$binary": "x"}}], VectorError, "list"),
    ],
)
def test_hostile_samples(samples: Any, error: type[Exception], says: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=says):
        read(saved(tmp_path, samples))


def test_damage_nan_and_repeated_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_samples(EmbeddingSet("a", X, ITEMS), path)
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="JSON in"):
        read(path)
    path.write_text('{"samples": ' + "[" * 100_000)
    with pytest.raises(FormatError, match="JSON in"):
        read(path)
    with pytest.raises(VectorError, match="rows 1"):
        import_files([saved(tmp_path, [{"embedding": [0.5]}, {"embedding": [float("nan")]}])], tmp_path / "s")
    twice = [{"id": "a", "embedding": [0.5]}, {"id": "a", "embedding": [1.5]}]
    with pytest.raises(InputError, match="unique ids"):
        import_files([saved(tmp_path, twice)], tmp_path / "s")


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_an_atlas_has_a_plane_and_comes_back(dtype: str, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).standard_normal((50, 4)) * [9, 5, 1, 0.1]
    one = EmbeddingSet("a", rows.astype(dtype), {"id": [f"i{row}" for row in range(50)]})
    (note,) = write_atlas(one, tmp_path / "a.parquet")
    assert "--x projection_x" in note
    table = pq.read_table(tmp_path / "a.parquet")
    assert str(table.schema.field("vector").type).startswith("list<")
    centred = one.vectors.astype("f8") - one.vectors.astype("f8").mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    for axis, name in enumerate(("projection_x", "projection_y")):
        np.testing.assert_allclose(
            np.abs(table[name].to_numpy()), np.abs(u[:, axis] * s[axis]), rtol=1e-4, atol=1e-4
        )
    assert f"{(s[:2] ** 2).sum() / (s**2).sum():.0%}" in note
    found = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.vectors, one.vectors)
    assert list(found.columns) == ["id", "projection_x", "projection_y"]


def test_a_plane_of_its_own_is_kept(tmp_path: Path) -> None:
    plane = {"projection_x": [1.0, 2.0, 3.0, 4.0], "projection_y": [0.0] * 4}
    write_atlas(EmbeddingSet("a", X, {"id": list("abcd"), **plane}), tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet")["projection_x"].to_pylist() == plane["projection_x"]
    with pytest.raises(InputError, match="projection_x"):
        write_atlas(EmbeddingSet("a", X, {"projection_x": plane["projection_x"]}), tmp_path / "b.parquet")


@pytest.mark.parametrize("vectors", [np.ones((3, 1)), np.ones((1, 5)), np.arange(3.0)[:, None]])
def test_a_plane_of_degenerate_vectors(vectors: Any) -> None:
    plane, share = leading_plane(EmbeddingSet("a", vectors.astype("f4")))
    assert plane.shape == (len(vectors), 2)
    assert np.isfinite(plane).all()
    assert share == pytest.approx(1.0 if vectors.std() else 0.0)
