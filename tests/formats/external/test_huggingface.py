"""Hugging Face datasets in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from repscope.errors import DependencyError, FormatError, InputError, MissingError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.external.huggingface import write_dataset
from repscope.study import EmbeddingSet, Study
from repscope.verbs.export.export import export
from repscope.verbs.import_.import_ import import_files

datasets = pytest.importorskip("datasets", reason="the extra datasets is not installed")

X = np.random.default_rng(0).standard_normal((4, 3)).astype("f4")


def read(path: Path, **options: Any) -> list[Incoming]:
    return list(read_sets(path, path.stem, ReadOptions(**options)).sets)


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_every_plain_type_comes_back(dtype: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    items = {
        "id": list("dbca"),
        "label": ["x", None, "y", "x"],
        "count": pa.array([1, None, 2, 3], pa.int8()),
        "odd": pa.array([True, None, False, True]),
        "score": pa.array([0.5, None, float("nan"), 2.5], pa.float32()),
    }
    one = EmbeddingSet("a", X.astype(dtype), items)
    write_dataset(one, tmp_path / "hf")
    (found,) = read(tmp_path / "hf")
    again = EmbeddingSet("a", found.vectors, pa.table(dict(found.columns)))
    assert again.fingerprint == one.fingerprint
    assert again.items.schema == one.items.schema
    assert str(again.items.to_pydict()) == str(one.items.to_pydict())
    assert datasets.load_from_disk(str(tmp_path / "hf")).with_format("numpy")["vector"][:].shape == (4, 3)
    assert capfd.readouterr().err == ""


def test_splits_class_labels_pictures_and_selected_rows(tmp_path: Path) -> None:
    features = datasets.Features(
        {
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "embedding": datasets.List(datasets.Value("float32"), length=3),
            "picture": datasets.Image(),
        }
    )
    rows = {"label": [0, 1, None, 0], "embedding": X.tolist(), "picture": [None] * 4}
    whole = datasets.Dataset.from_dict(rows, features=features)
    splits = {"train": whole.select([3, 0]), "test": whole.select([1, 2])}
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "pets"))
    train, test = read(tmp_path / "pets")
    assert (train.name, test.name) == ("pets_train", "pets_test")
    np.testing.assert_array_equal(train.vectors, X[[3, 0]])
    assert train.columns["label"].to_pylist() == ["cat", "cat"]
    assert test.columns["label"].to_pylist() == ["dog", None]
    assert test.columns["split"].to_pylist() == ["test", "test"]
    assert train.left_out == {"picture": "a column of Image"}


def test_export_over_an_earlier_export_but_never_over_other_things(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    study.add("a", X)
    study.add("b", X + 1)
    target = tmp_path / "out"
    made = export(study.path, "a", target, as_format="hf")
    assert made.bytes == sum(path.stat().st_size for path in target.iterdir())
    made = export(study.path, "b", target, as_format="hf", overwrite=True)
    (again,) = import_files([target], study.path, names="again")
    assert again.fingerprint == made.fingerprint
    (target / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="other things"):
        export(study.path, "a", target, as_format="hf", overwrite=True)
    assert (target / "thesis.tex").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "s"]


def test_a_folder_behind_a_url(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    study.add("a", X)
    made = export(study.path, "a", f"memory://{tmp_path.name}/hf", as_format="hf")
    (again,) = import_files([f"memory://{tmp_path.name}/hf"], study.path, names="again")
    assert again.fingerprint == made.fingerprint


def test_hostile_folders(tmp_path: Path) -> None:
    def folder(name: str, vectors: Any, ids: list[str]) -> Path:
        whole = datasets.Dataset.from_dict({"id": ids, "vector": vectors})
        whole.save_to_disk(str(tmp_path / name))
        return tmp_path / name

    good = folder("good", X.tolist(), list("abcd"))
    for name in ("data-00000-of-00001.arrow", "state.json"):
        damaged = folder(f"damaged {name}", X.tolist(), list("abcd"))
        (damaged / name).write_bytes((good / name).read_bytes()[:30])
        with pytest.raises(FormatError, match="whole dataset"):
            read(damaged)
    with pytest.raises(VectorError, match="lengths"):
        read(folder("ragged", [[1.0], [1.0, 2.0]], ["a", "b"]))
    with pytest.raises(FormatError, match="vectors in"):
        read(folder("text", ["x", "y"], ["a", "b"]))
    with pytest.raises(VectorError, match="rows 1"):
        import_files([folder("nan", [[1.0], [float("nan")]], ["a", "b"])], tmp_path / "s")
    with pytest.raises(InputError, match="unique ids"):
        import_files([folder("twice", [[1.0], [2.0]], ["a", "a"])], tmp_path / "s")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="folder"):
        read(tmp_path / "empty")
    with pytest.raises(MissingError):
        read(tmp_path / "none")


def test_without_datasets_the_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(EmbeddingSet("a", X), tmp_path / "hf")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DependencyError, match=r"pip install 'repscope\[datasets\]'"):
        read(tmp_path / "hf")
    with pytest.raises(DependencyError, match=r"pip install 'repscope\[datasets\]'"):
        write_dataset(EmbeddingSet("a", X), tmp_path / "b")
