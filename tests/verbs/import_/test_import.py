"""Imports as a library call: what is written, what is continued, what is never half done."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import (
    ExistsError,
    FormatError,
    InputError,
    MissingError,
    NameNotAllowedError,
    StorageError,
    UnknownNameError,
    VectorError,
)
from repscope.study import Study
from repscope.study.manifest import load_manifest
from repscope.verbs.import_ import import_ as importing
from repscope.verbs.import_.import_ import import_files

RNG = np.random.default_rng(0)
X = RNG.standard_normal((10, 4)).astype("f4")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return tmp_path / "study"


def npy(tmp_path: Path, name: str = "a.npy", array: Any = X) -> Path:
    np.save(tmp_path / name, array)
    return tmp_path / name


def npz(tmp_path: Path, name: str = "a.npz", **arrays: Any) -> Path:
    np.savez(tmp_path / name, **arrays)
    return tmp_path / name


def test_what_is_written_is_what_was_there(tmp_path: Path, study: Path) -> None:
    path = npz(tmp_path, vectors=X, ids=np.array([f"i{row}" for row in range(10)]), labels=np.arange(10) % 3)
    (one,) = import_files([path], study)
    opened = Study.open(study)["a"]
    np.testing.assert_array_equal(opened.vectors, X)
    assert opened.columns == ["id", "label"]
    assert opened.ids.tolist() == [f"i{row}" for row in range(10)]
    assert opened.column("label").tolist() == (np.arange(10) % 3).tolist()
    assert (one.name, one.n, one.d, one.dtype, one.fingerprint) == ("a", 10, 4, "float32", opened.fingerprint)
    assert one.columns == ("id", "label")


def test_provenance(tmp_path: Path, study: Path) -> None:
    import hashlib

    path = npz(tmp_path, emb=X)
    import_files([path], study)
    origin = load_manifest(study / "sets" / "a").provenance
    assert origin["source"] == str(path)
    assert origin["source_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (origin["format"], origin["key"], origin["trusted_pickle"]) == ("npz", "emb", False)
    assert origin["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("<f2", "float16"), (">f2", "float16"), ("<f4", "float32"), (">f4", "float32"), ("f8", "float32")],
)
def test_dtypes(tmp_path: Path, study: Path, dtype: str, stored: str) -> None:
    path = npy(tmp_path, array=X.astype(dtype))
    (one,) = import_files([path], study)
    assert one.dtype == stored
    np.testing.assert_array_equal(Study(study)["a"].vectors, X.astype(dtype).astype("f4"))


def test_ids_and_labels_by_key(tmp_path: Path, study: Path) -> None:
    path = npz(
        tmp_path,
        vectors=X,
        path=np.array([f"{row}.jpg" for row in range(10)]),
        y=np.arange(10),
        label=np.ones(10),
    )
    import_files([path], study, ids="path", labels="y")
    opened = Study(study)["a"]
    assert opened.ids[0] == "0.jpg"
    assert opened.column("label").tolist() == list(range(10))
    assert opened.column("label_original").tolist() == [1.0] * 10
    with pytest.raises(UnknownNameError, match="did you mean --ids path"):
        import_files([path], study, names="b", ids="paths")


def test_stacked_arrays_are_sets_of_the_same_items(tmp_path: Path, study: Path) -> None:
    path = npy(tmp_path, array=np.stack([X, 2 * X]))
    assert [one.name for one in import_files([path], study)] == ["a_0", "a_1"]
    assert [one.name for one in import_files([path], study, names="image, text")] == ["image", "text"]
    assert [one.name for one in import_files([path], study, names="clip")] == ["clip_0", "clip_1"]
    opened = Study(study)
    np.testing.assert_array_equal(opened["text"].vectors, 2 * X)
    assert opened["image"].ids.tolist() == opened["text"].ids.tolist()


def test_tokens_are_not_taken_for_sets(tmp_path: Path, study: Path) -> None:
    path = npy(tmp_path, array=np.ones((100, 5, 3), "f4"))
    with pytest.raises(VectorError, match="pool or reshape tokens"):
        import_files([path], study)
    assert not study.exists()


def test_several_files_and_their_names(tmp_path: Path, study: Path) -> None:
    files = [npy(tmp_path, "a.npy"), npy(tmp_path, "b c é.npy", 2 * X)]
    assert [one.name for one in import_files(files, study)] == ["a", "b c é"]
    assert [one.name for one in import_files(files, study, names="x,y")] == ["x", "y"]
    with pytest.raises(InputError, match="2 names"):
        import_files(files, study, names="x")
    (tmp_path / "sub").mkdir()
    with pytest.raises(InputError, match="'A' twice"):
        import_files([files[0], npy(tmp_path / "sub", "A.npy")], tmp_path / "other")


@pytest.mark.parametrize("names", ["../x", "a/b", ".hidden", "", "a,", "con", "x\n"])
def test_names_that_leave_the_study(tmp_path: Path, study: Path, names: str) -> None:
    path = npy(tmp_path, array=np.stack([X, X])) if "," in names else npy(tmp_path)
    with pytest.raises((NameNotAllowedError, InputError)):
        import_files([path], study, names=names if names != "x\n" else "x\n\ty")
    assert not study.exists()


def test_nothing_is_written_unless_everything_can_be(tmp_path: Path, study: Path) -> None:
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(VectorError, match=r"in 1 of 10 rows \(rows 3\)"):
        import_files([npy(tmp_path, "good.npy"), npy(tmp_path, "bad.npy", bad)], study)
    assert not study.exists()
    import_files([npy(tmp_path, "taken.npy")], study)
    with pytest.raises(ExistsError):
        import_files([npy(tmp_path, "new.npy"), npy(tmp_path, "taken.npy", 2 * X)], study)
    assert Study(study).sets == ["taken"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_dropping_rows_that_are_not_finite(tmp_path: Path, study: Path, value: float) -> None:
    bad = X.astype("f8")
    bad[3, 2] = bad[7, 0] = value
    path = npz(tmp_path, vectors=bad, ids=np.array([f"i{row}" for row in range(10)]), n=np.arange(10))
    (one,) = import_files([path], study, drop_invalid=True)
    assert (one.n, one.skipped) == (8, 2)
    opened = Study(study)["a"]
    kept = [0, 1, 2, 4, 5, 6, 8, 9]
    np.testing.assert_array_equal(opened.vectors, X[kept])
    assert opened.column("n").tolist() == kept
    skipped = load_manifest(study / "sets" / "a").skipped
    assert [(each.id, each.reason) for each in skipped] == [
        ("i3", importing.INVALID),
        ("i7", importing.INVALID),
    ]


def test_dropped_rows_keep_the_numbers_of_the_others(tmp_path: Path, study: Path) -> None:
    bad = X.copy()
    bad[0] = np.nan
    import_files([npy(tmp_path, array=bad)], study, drop_invalid=True)
    assert Study(study)["a"].ids.tolist() == [str(row) for row in range(1, 10)]


def test_dropping_every_row_is_refused(tmp_path: Path, study: Path) -> None:
    with pytest.raises(VectorError, match="10 of 10"):
        import_files([npy(tmp_path, array=np.full((10, 4), np.nan))], study, drop_invalid=True)


def test_zero_rows_are_dropped_with_the_invalid(tmp_path: Path, study: Path) -> None:
    bad = X.copy()
    bad[2], bad[5] = 0, np.nan
    (one,) = import_files([npy(tmp_path, array=bad)], study, drop_invalid=True)
    assert one.n == 8
    reasons = {each.id: each.reason for each in load_manifest(study / "sets" / one.name).skipped}
    assert reasons == {"2": importing.ZERO, "5": importing.INVALID}


def test_zero_rows_are_stored_and_said(tmp_path: Path, study: Path) -> None:
    zero = X.copy()
    zero[2] = 0
    with pytest.warns(UserWarning, match="1 zero vectors in 10 rows"):
        import_files([npy(tmp_path, array=zero)], study)
    assert Study(study)["a"].n == 10


def test_existing_sets(tmp_path: Path, study: Path) -> None:
    path = npy(tmp_path)
    (first,) = import_files([path], study)
    with pytest.raises(ExistsError, match="complete set"):
        import_files([path], study, drop_invalid=True)
    np.save(path, 2 * X)
    with pytest.raises(ExistsError):
        import_files([path], study)
    (second,) = import_files([path], study, overwrite=True)
    assert first.fingerprint != second.fingerprint
    np.testing.assert_array_equal(Study(study)["a"].vectors, 2 * X)


def test_a_finished_import_has_nothing_to_do(tmp_path: Path, study: Path) -> None:
    """As after a kill between the commit and the end of the process."""
    files = [npy(tmp_path, "a.npy"), npy(tmp_path, "b.npy", 2 * X)]
    first = import_files(files, study)
    files_before = {path: path.stat().st_mtime_ns for path in study.rglob("*") if path.is_file()}
    said: list[str] = []
    again = import_files(files, study, warn=said.append)
    assert said == ["already there, made by this same import; nothing to do"]
    assert [one.found_complete for one in (*first, *again)] == [False, False, True, True]
    assert [one.fingerprint for one in again] == [one.fingerprint for one in first]
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*") if path.is_file()} == files_before


def test_overwriting_on_a_full_disk_keeps_the_old_set(disk: Path, tmp_path: Path) -> None:
    large = npy(tmp_path, array=RNG.standard_normal((1500, 100)).astype("f4"))
    (old,) = import_files([large], disk / "s")
    np.save(large, RNG.standard_normal((1500, 100)).astype("f4"))
    with pytest.raises(StorageError, match="no space left on the device"):
        import_files([large], disk / "s", overwrite=True)
    assert Study.open(disk / "s").verify("a").fingerprint == old.fingerprint
    small = npy(tmp_path, array=X)
    (new,) = import_files([small], disk / "s", overwrite=True)
    assert Study.open(disk / "s").verify("a").fingerprint == new.fingerprint
    assert Study.open(disk / "s").replacement("a") is None


def test_an_interrupted_import_continues(
    tmp_path: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SHARD_ROWS", 3)
    bad = X.copy()
    bad[1] = np.inf
    files = [npy(tmp_path, "a.npy"), npy(tmp_path, "b.npy", bad), npy(tmp_path, "c.npy", 3 * X)]
    unbroken = import_files(files, tmp_path / "unbroken", drop_invalid=True)

    from repscope.study.writer import SetWriter

    write_shard, calls = SetWriter.write_shard, []

    def killed(self: SetWriter, *args: Any, **kwargs: Any) -> None:
        calls.append(self.name)
        if len(calls) == 6:
            raise KeyboardInterrupt
        write_shard(self, *args, **kwargs)

    monkeypatch.setattr(SetWriter, "write_shard", killed)
    with pytest.raises(KeyboardInterrupt):
        import_files(files, study, drop_invalid=True)
    monkeypatch.setattr(SetWriter, "write_shard", write_shard)
    assert Study(study).manifest("b").n == 3
    said: list[str] = []
    written = import_files(files, study, drop_invalid=True, warn=said.append)
    assert [(one.name, one.found_complete) for one in written] == [("a", True), ("b", False), ("c", False)]
    assert "'a' is there already" in said[0]
    opened = Study(study)
    assert [opened[name].fingerprint for name in "abc"] == [one.fingerprint for one in unbroken]
    assert [each.id for each in opened.manifest("b").skipped] == ["1"]


def test_an_interrupted_set_of_something_else_is_not_touched(tmp_path: Path, study: Path) -> None:
    with Study(study).writer("a", recipe="extraction") as writer:
        writer.write_shard(X)
    with pytest.raises(ExistsError, match="interrupted"):
        import_files([npy(tmp_path)], study)
    assert Study(study).manifest("a").recipe == "extraction"


def test_a_failure_in_the_middle_says_what_is_there(
    tmp_path: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from repscope.study.writer import SetWriter

    write_shard = SetWriter.write_shard

    def full(self: SetWriter, *args: Any, **kwargs: Any) -> None:
        if self.name == "b":
            raise StorageError("to write", "no space left on the device", "free space")
        write_shard(self, *args, **kwargs)

    monkeypatch.setattr(SetWriter, "write_shard", full)
    with pytest.raises(StorageError, match="written before that: a"):
        import_files([npy(tmp_path, "a.npy"), npy(tmp_path, "b.npy")], study)


def test_items_beside_a_stacked_array(tmp_path: Path, study: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("coco_id,caption\n" + "".join(f"{100 + row},caption {row}\n" for row in range(10)))
    import_files(
        [npy(tmp_path, array=np.stack([X, X]))], study, names="image,text", items=table, ids="coco_id"
    )
    opened = Study(study)
    for name in ("image", "text"):
        assert opened[name].ids.tolist() == [str(100 + row) for row in range(10)]
        assert opened[name].column("caption")[3] == "caption 3"
    assert load_manifest(study / "sets" / "image").provenance["items"] == str(table)


def test_items_for_one_of_several_sets(tmp_path: Path, study: Path) -> None:
    (tmp_path / "names.json").write_text('["cat", "dog", "fox"]')
    files = [npy(tmp_path, "a.npy"), npy(tmp_path, "b.npy", X[:3])]
    one, two = import_files(files, study, items=tmp_path / "names.json")
    assert (one.columns, two.columns) == (("id",), ("id", "label"))
    assert "does not fit" in one.notes[0]
    with pytest.raises(VectorError, match="10 rows in"):
        import_files([files[0]], tmp_path / "other", items=tmp_path / "names.json")


def test_an_unknown_key_of_the_items(tmp_path: Path, study: Path) -> None:
    (tmp_path / "rows.csv").write_text("name\n" + "x\n" * 10)
    with pytest.raises(UnknownNameError, match="did you mean --labels name"):
        import_files([npy(tmp_path)], study, items=tmp_path / "rows.csv", labels="nome")


def test_lengths_of_ids_that_differ(tmp_path: Path, study: Path) -> None:
    with pytest.raises(VectorError, match="one value of 'ids' for each of the 10 vectors"):
        import_files([npz(tmp_path, vectors=X, ids=np.arange(9))], study)


def test_the_visualisation_pickle(tmp_path: Path, study: Path) -> None:
    held = {
        "visual_before": X,
        "visual_after": 2 * X,
        "text_adapted": X[:3],
        "metadata": [
            {"image_id": f"{row // 2}.jpg", "batch_idx": 0, "pair_idx": row % 2, "gt_hoi": row % 3}
            for row in range(10)
        ],
        "config": {"num_samples": 10},
    }
    (tmp_path / "embeddings_for_viz.pkl").write_bytes(pickle.dumps(held))
    written = import_files([tmp_path / "embeddings_for_viz.pkl"], study)
    assert [one.name for one in written] == ["visual_before", "visual_after", "text_adapted"]
    opened = Study(study)
    assert opened["visual_before"].ids.tolist() == opened["visual_after"].ids.tolist()
    from repscope.study import link

    found = link(opened["visual_before"], opened["text_adapted"], "label")
    assert found.left.tolist() == [row % 3 for row in range(10)]
    assert len(set(opened["visual_before"].column("image_id"))) == 5


def test_a_url(study: Path) -> None:
    import io

    import fsspec

    buffer = io.BytesIO()
    np.save(buffer, X)
    with fsspec.open("memory://bucket/clip.npy", "wb") as file:
        file.write(buffer.getvalue())
    (one,) = import_files(["memory://bucket/clip.npy"], study)
    assert (one.name, one.n) == ("clip", 10)
    np.testing.assert_array_equal(Study(study)["clip"].vectors, X)
    assert load_manifest(study / "sets" / "clip").provenance["source"] == "memory://bucket/clip.npy"
    with pytest.raises(MissingError):
        import_files(["memory://bucket/none.npy"], study)
    with pytest.raises(InputError, match="a URL that fsspec knows"):
        import_files(["nosuchscheme://bucket/none.npy"], study)


def test_a_file_name_of_another_encoding(tmp_path: Path, study: Path) -> None:
    path = npy(tmp_path)
    odd = tmp_path / os.fsdecode(b"caf\xe9.npy")
    try:
        path.rename(odd)
    except OSError as error:
        pytest.skip(f"this file system takes UTF-8 only: {error}")
    (one,) = import_files([odd], study)
    assert Study(study).sets == ["caf_"]
    assert json.dumps(one.to_json(), ensure_ascii=False).encode()
    with pytest.raises(MissingError):
        import_files([str(odd) + "x"], study)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("filenames", True), ("path", True), ("image_path", True), ("arr_1", False), ("key", False)],
)
def test_texts_of_their_own_under_a_usual_name_are_the_ids(
    tmp_path: Path, study: Path, name: str, kept: bool
) -> None:
    own = [f"img-{row}" for row in range(10)]
    (one,) = import_files([npz(tmp_path, vectors=X, **{name: np.array(own)})], study)
    opened = Study(study)["a"]
    assert opened.ids.tolist() == own
    assert (name in opened.columns) == kept
    assert one.notes == (f"ids are those of {name!r}",)


@pytest.mark.parametrize("values", [["a"] * 10, list(range(10)), ["", *"bcdefghij"]])
def test_what_does_not_name_the_items_is_no_id(tmp_path: Path, study: Path, values: list[Any]) -> None:
    (one,) = import_files([npz(tmp_path, vectors=X, filenames=np.array(values))], study)
    assert Study(study)["a"].ids.tolist() == [str(row) for row in range(10)]
    assert not one.notes


def test_an_encoding_of_the_items_beside_vectors_that_are_no_text(tmp_path: Path, study: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(2, dtype="f4"))
    (tmp_path / "items.csv").write_bytes("name\nFüchse\nvé\n".encode("cp1252"))
    with pytest.raises(FormatError, match="--encoding cp1252"):
        import_files([tmp_path / "v.npy"], study, items=tmp_path / "items.csv")
    import_files([tmp_path / "v.npy"], study, items=tmp_path / "items.csv", encoding="cp1252")
    assert Study.open(study)["v"].column("name").tolist() == ["Füchse", "vé"]


def test_an_encoding_and_a_type_of_bytes(tmp_path: Path, study: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "a.csv").write_bytes("id,x0,x1\né,0.5,1.5\n".encode("cp1252"))
    import_files([tmp_path / "a.csv"], study, encoding="cp1252")
    assert Study(study)["a"].ids.tolist() == ["é"]
    assert load_manifest(study / "sets" / "a").provenance["encoding"] == "cp1252"
    pq.write_table(pa.table({"raw": [row.tobytes() for row in X]}), tmp_path / "b.parquet")
    import_files([tmp_path / "b.parquet"], study, vectors="raw", vectors_dtype="float32")
    np.testing.assert_array_equal(Study(study)["b"].vectors, X)
