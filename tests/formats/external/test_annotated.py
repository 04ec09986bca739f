"""AnnData in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import DependencyError, FormatError, InputError, UnknownNameError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.external import annotated
from repscope.formats.external.annotated import write_h5ad
from repscope.study import EmbeddingSet
from repscope.verbs.import_.import_ import import_files

anndata = pytest.importorskip("anndata", reason="the extra anndata is not installed")
pandas = pytest.importorskip("pandas", reason="the extra anndata is not installed")

X = np.random.default_rng(0).standard_normal((4, 3)).astype("f4")


def read(path: Path, **options: Any) -> list[Incoming]:
    return list(read_sets(path, path.stem, ReadOptions(**options)).sets)


def test_every_plain_type_comes_back_with_its_gaps(tmp_path: Path) -> None:
    items = {
        "id": ["d", "b", "c", "a"],
        "label": ["x", None, "y", "x"],
        "empty": pa.array([None] * 4, pa.string()),
        "all different": ["p", "q", "r", "s"],
        "count": pa.array([1, None, 2**40, -3], pa.int64()),
        "small": pa.array([1, None, 2, 3], pa.uint8()),
        "odd": pa.array([True, None, False, True]),
        "even": pa.array([True, False, False, True]),
        "score": pa.array([0.5, None, 1.5, 2.5], pa.float32()),
    }
    for dtype in ("f2", "f4"):
        one = EmbeddingSet("a", X.astype(dtype), items)
        notes = write_h5ad(one, tmp_path / f"{dtype}.h5ad")
        assert "NaN" in notes[0]
        (found,) = read(tmp_path / f"{dtype}.h5ad")
        again = EmbeddingSet("a", found.vectors, pa.table(dict(found.columns)))
        assert again.fingerprint == one.fingerprint
        assert again.items.to_pydict() == one.items.to_pydict()
        kept = [name for name in items if name != "empty"]
        assert again.items.select(kept).schema == one.items.select(kept).schema


@given(
    ids=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
        min_size=4,
        max_size=4,
        unique=True,
    )
)
@settings(max_examples=10, deadline=None)
def test_ids_of_any_text(ids: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("h5ad") / "a.h5ad"
    one = EmbeddingSet("a", X, {"id": ids})
    write_h5ad(one, path)
    (found,) = read(path)
    assert EmbeddingSet("a", found.vectors, pa.table(dict(found.columns))).fingerprint == one.fingerprint


@pytest.mark.parametrize("name", ["a/b", "_index", "a\nb"])
def test_names_that_hdf5_cannot_hold_are_refused(name: str, tmp_path: Path) -> None:
    one = EmbeddingSet("a", X, {"id": list("abcd"), name: [1, 2, 3, 4]})
    with pytest.raises(InputError, match="parquet"):
        write_h5ad(one, tmp_path / "a.h5ad")


def test_text_that_hdf5_cannot_hold_is_refused(tmp_path: Path) -> None:
    one = EmbeddingSet("a", X, {"id": list("abcd"), "text": ["a\0b", "c", "d", "e"]})
    with pytest.raises(InputError, match="parquet"):
        write_h5ad(one, tmp_path / "a.h5ad")


def written(tmp_path: Path, **parts: Any) -> Path:
    given = {"obs": pandas.DataFrame({"cell": list("xyxz")}, index=list("abcd")), **parts}
    anndata.AnnData(**given).write_h5ad(tmp_path / "a.h5ad")
    return tmp_path / "a.h5ad"


def test_x_obsm_and_layers(tmp_path: Path) -> None:
    path = written(tmp_path, X=X, obsm={"X_pca": X[:, :2] + 1}, layers={"raw": X + 2})
    (one,) = read(path)
    assert one.columns["cell"].to_pylist() == list("xyxz")
    assert one.columns["id"].to_pylist() == list("abcd")
    assert "X_pca" in one.notes[0]
    pca, raw = read(path, vectors="X_pca,raw")
    assert (pca.name, raw.name) == ("X_pca", "raw")
    np.testing.assert_array_equal(pca.vectors, X[:, :2] + 1)
    with pytest.raises(UnknownNameError, match="X_pca"):
        read(path, vectors="X_pc")


def test_without_x_the_only_matrix_or_a_choice(tmp_path: Path) -> None:
    (one,) = read(written(tmp_path, obsm={"X_pca": X}))
    assert one.key == "X_pca"
    with pytest.raises(FormatError, match="--vectors"):
        read(written(tmp_path, obsm={"X_pca": X, "X_umap": X[:, :2]}))
    with pytest.raises(FormatError, match="nothing"):
        read(written(tmp_path))


def test_a_sparse_matrix_is_written_out_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy import sparse

    path = written(tmp_path, X=sparse.csr_matrix(X))
    np.testing.assert_array_equal(read(path)[0].vectors, X)
    monkeypatch.setattr(annotated, "MOST_DENSE", 11)
    with pytest.raises(VectorError, match="obsm"):
        read(path)


def test_hostile_files(tmp_path: Path) -> None:
    path = written(tmp_path, X=X)
    whole = path.read_bytes()
    for cut in (len(whole) // 2, 64):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError, match="whole h5ad"):
            read(path)
    bad = X.copy()
    bad[1, 1] = np.inf
    with pytest.raises(VectorError, match="rows 1"):
        import_files([written(tmp_path, X=bad)], tmp_path / "s")
    with pytest.raises(VectorError, match="floating"):
        import_files([written(tmp_path, X=X.astype("i4"))], tmp_path / "s")
    twice = pandas.DataFrame({"cell": list("xyxz")}, index=list("abca"))
    with pytest.warns(UserWarning, match="not unique"):
        written(tmp_path, X=X, obs=twice)
    with pytest.raises(InputError, match="unique ids"):
        import_files([path], tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_without_anndata_the_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, X=X)
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(DependencyError, match=r"pip install 'repscope\[anndata\]'"):
        read(path)
    with pytest.raises(DependencyError, match=r"pip install 'repscope\[anndata\]'"):
        write_h5ad(EmbeddingSet("a", X), tmp_path / "b.h5ad")
