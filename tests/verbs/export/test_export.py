"""Exports of a study: whole or not at all, and the same set after the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import (
    DependencyError,
    ExistsError,
    IncompleteSetError,
    InputError,
    MissingError,
    StorageError,
)
from repscope.formats import write as formats
from repscope.study import EmbeddingSet, Study
from repscope.verbs.export.export import export
from repscope.verbs.import_.import_ import import_files

X = np.random.default_rng(0).standard_normal((7, 3)).astype("f4")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    opened = Study(tmp_path / "s")
    opened.add("full", X, {"id": [f"007-{i}" for i in range(7)], "label": [*"abcdef", None]})
    opened.add("half", X.astype("f2"))
    return opened.path


@pytest.mark.parametrize("name", ["full", "half"])
@pytest.mark.parametrize("ending", ["parquet", "arrow", "npz", "safetensors", "npy"])
def test_the_way_out_and_in_is_the_same_set(name: str, ending: str, study: Path, tmp_path: Path) -> None:
    made = export(study, name, tmp_path / f"out.{ending}")
    items = tmp_path / "out.items.parquet" if ending == "npy" else None
    (again,) = import_files([tmp_path / f"out.{ending}"], study, names="again", items=items)
    assert again.fingerprint == made.fingerprint == Study(study)[name].fingerprint
    assert Study(study)["again"].items.equals(Study(study)[name].items)
    assert made.files == tuple(str(tmp_path / one) for one in made.files)
    assert made.bytes == sum(Path(one).stat().st_size for one in made.files)


def test_nothing_is_replaced_unless_asked_for(study: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.npz"
    export(study, "full", target)
    before = target.read_bytes()
    with pytest.raises(ExistsError, match="--overwrite"):
        export(study, "half", target)
    assert target.read_bytes() == before
    export(study, "half", target, overwrite=True)
    assert target.read_bytes() != before
    assert list(target.parent.iterdir()) == [target]


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.npz").write_bytes(b"old")

    def write(_: EmbeddingSet, path: Path) -> tuple[str, ...]:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    broken = formats.Target("npz", (".npz",), write, "")
    monkeypatch.setitem(formats.TARGETS, "npz", broken)
    with pytest.raises(StorageError, match="no space left"):
        export(study, "full", tmp_path / "a.npz", overwrite=True)
    assert (tmp_path / "a.npz").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "s"]


@pytest.mark.parametrize("where", ["folder.npz", "s/sets/a.npz", "s/sets/full/a.npz"])
def test_places_that_are_refused(where: str, study: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match=r"--to|another folder"):
        export(study, "full", tmp_path / where, overwrite=True)


def test_what_is_not_there_or_not_complete_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        export(tmp_path / "none", "full", tmp_path / "a.npz")
    with pytest.raises(MissingError):
        export(study, "none", tmp_path / "a.npz")
    with Study(study).writer("part", recipe="x") as writer:
        writer.write_shard(X, {"id": [str(i) for i in range(7)]})
    with pytest.raises(IncompleteSetError):
        export(study, "part", tmp_path / "a.npz")
    assert not (tmp_path / "a.npz").exists()


def test_urls(study: Path, tmp_path: Path) -> None:
    import fsspec

    url = f"memory://{tmp_path.name}/deep/a.parquet"
    made = export(study, "full", url)
    assert made.bytes is None
    (again,) = import_files([url], study, names="again")
    assert again.fingerprint == made.fingerprint
    with pytest.raises(ExistsError):
        export(study, "full", url)
    export(study, "half", url, overwrite=True)
    system = fsspec.filesystem("memory")
    assert [one.rsplit("/", 1)[-1] for one in system.ls(f"/{tmp_path.name}/deep", detail=False)] == [
        "a.parquet"
    ]


@pytest.mark.parametrize(
    ("url", "error"), [("nosuch://a/b.npz", InputError), ("s3://a/b.npz", DependencyError)]
)
def test_urls_that_cannot_be_written(url: str, error: type[Exception], study: Path, monkeypatch: Any) -> None:
    # As where the package behind the scheme is not installed.
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(error):
        export(study, "full", url)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_formulas_in_texts_are_told_of_and_escaped_on_request(tmp_path: Path, ending: str) -> None:
    opened = Study(tmp_path / "f")
    texts = ["=1+1", "@SUM(A1)", "+a", "-b", "-1.5", "+3e2", "plain", "a=b"]
    opened.add("x", np.ones((8, 2), np.float32), {"label": texts, "score": np.arange(-4.0, 4.0)})
    made = export(opened, "x", tmp_path / f"a.{ending}")
    assert made.notes == (
        "4 texts that begin with =, +, - or @ (label) are formulas to a spreadsheet: --safe-csv puts an "
        "apostrophe before them",
    )
    import_files([tmp_path / f"a.{ending}"], opened, names="back")
    assert opened["back"].column("label").tolist() == texts
    made = export(opened, "x", tmp_path / f"b.{ending}", safe_csv=True)
    assert "which stays when the file is read again" in made.notes[0]
    import_files([tmp_path / f"b.{ending}"], opened, names="safe")
    assert opened["safe"].column("label").tolist() == [*(f"'{text}" for text in texts[:4]), *texts[4:]]
    np.testing.assert_array_equal(opened["safe"].column("score"), opened["x"].column("score"))
    with pytest.raises(InputError, match="--safe-csv with csv or tsv"):
        export(opened, "x", tmp_path / "a.npz", safe_csv=True)
