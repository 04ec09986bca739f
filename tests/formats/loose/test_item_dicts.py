"""Vectors item by item, in every nesting and container: the same rows, with their ids."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from repscope.errors import FormatError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.objects import sets_from

N, D = 12, 6
ROWS = np.random.default_rng(0).standard_normal((N, D)).astype("f4")
IDS = [f"img-{at}" for at in range(N)]
LABELS = ["cat", "dog"] * 6

CELLS: dict[str, Callable[[Any], Any]] = {
    "array": lambda row: row,
    "list": lambda row: row.tolist(),
    "tuple": lambda row: tuple(row.tolist()),
    "tensor": torch.tensor,
    "[1, D]": lambda row: row[None],
    "[1, D] tensor": lambda row: torch.tensor(row)[None],
    "[[…]]": lambda row: [row.tolist()],
}
SHAPES: dict[str, Callable[[list[Any]], Any]] = {
    "id → vector": lambda cells: dict(zip(IDS, cells, strict=True)),
    "id → fields": lambda cells: {
        own: {"emb": cell, "label": label} for own, cell, label in zip(IDS, cells, LABELS, strict=True)
    },
    "pairs": lambda cells: list(zip(IDS, cells, strict=True)),
    "pairs, vector first": lambda cells: [(cell, own) for own, cell in zip(IDS, cells, strict=True)],
    "triples": lambda cells: list(zip(IDS, cells, LABELS, strict=True)),
    "records": lambda cells: [
        {"id": own, "embedding": cell, "label": label}
        for own, cell, label in zip(IDS, cells, LABELS, strict=True)
    ],
    "records under a key": lambda cells: {
        "object": "list",
        "model": "m",
        "data": [{"id": own, "embedding": cell} for own, cell in zip(IDS, cells, strict=True)],
    },
    "with a word about all": lambda cells: {**dict(zip(IDS, cells, strict=True)), "model": "clip", "dim": D},
}


def one_of(value: Any, **options: Any) -> Incoming:
    (one,) = sets_from(value, "a", "a file", ReadOptions(**options))
    return one


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_nesting(cell: str, shape: str) -> None:
    one = one_of(SHAPES[shape]([CELLS[cell](row) for row in ROWS]))
    np.testing.assert_allclose(one.vectors, ROWS, rtol=1e-6)
    assert one.columns["id"].to_pylist() == IDS
    if "label" in one.columns:
        assert one.columns["label"].to_pylist() == LABELS


def test_a_dictionary_of_items_says_so() -> None:
    assert one_of(SHAPES["id → vector"](list(ROWS))).notes == ("each of 12 keys is an item",)


@pytest.mark.parametrize("name", ["a.pkl", "a.pt", "a.npz", "a.npy", "a.safetensors", "a.json", "a.h5"])
def test_every_container(tmp_path: Path, name: str) -> None:
    path, items = tmp_path / name, dict(zip(IDS, ROWS, strict=True))
    match path.suffix:
        case ".pkl":
            path.write_bytes(pickle.dumps(items))
        case ".pt":
            torch.save({own: torch.tensor(row) for own, row in items.items()}, path)
        case ".npz":
            np.savez(path, **items)  # type: ignore[arg-type]
        case ".npy":
            np.save(path, np.array(items, object))
        case ".safetensors":
            save_file(items, path)
        case ".json":
            path.write_text(json.dumps({own: row.tolist() for own, row in items.items()}))
        case ".h5":
            h5py = pytest.importorskip("h5py", reason="an optional package")
            with h5py.File(path, "w") as file:
                file.update(items)
    (one,) = read_sets(path, "a").sets
    found = dict(zip(one.columns["id"].to_pylist(), one.vectors, strict=True))
    assert set(found) == set(IDS)
    for own, row in items.items():
        np.testing.assert_allclose(found[own], row, rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=6),
    ones=st.sampled_from([(), (1,), (1, 1)]),
    as_tensor=st.booleans(),
    first=st.booleans(),
)
def test_batches_are_one_set(sizes: list[int], ones: tuple[int, ...], as_tensor: bool, first: bool) -> None:
    n = sum(sizes)
    rows = np.random.default_rng(n).standard_normal((n, 5)).astype("f4")
    cuts = np.cumsum(sizes)[:-1]
    batches: list[Any] = np.split(rows, cuts)
    labels = [part.tolist() for part in np.split(np.arange(n), cuts)]
    given_as = [torch.tensor(batch) for batch in batches] if as_tensor else batches
    np.testing.assert_array_equal(one_of(given_as).vectors, rows)
    one = one_of({"features": given_as, "label": labels})
    np.testing.assert_array_equal(one.vectors, rows)
    assert one.columns["label"].to_pylist() == list(range(n))
    # Axes of length one, before and behind the numbers.
    shape = (n, *ones, 5) if first else (n, 5, *ones)
    np.testing.assert_array_equal(one_of(rows.reshape(shape)).vectors, rows)
    np.testing.assert_array_equal(one_of({"x": rows.reshape(shape), "id": np.arange(n)}).vectors, rows)


def test_one_set_of_a_stack_of_one() -> None:
    assert one_of(ROWS[None]).vectors.shape == (N, D)
    assert one_of(np.zeros((1, 1, D), "f4")).vectors.shape == (1, D)


def test_vectors_with_ids_or_labels_in_a_tuple() -> None:
    assert one_of((IDS, ROWS)).columns["id"].to_pylist() == IDS
    one = one_of((torch.tensor(ROWS), torch.arange(N)))
    assert one.columns["label"].to_pylist() == list(range(N))
    assert "id" not in one.columns


def test_a_dictionary_of_sets() -> None:
    value = {"train": {"features": ROWS, "labels": LABELS}, "test": {"features": -ROWS, "labels": LABELS}}
    sets = sets_from(value, "a", "a file", ReadOptions())
    assert [one.name for one in sets] == ["a_train", "a_test"]
    np.testing.assert_array_equal(sets[1].vectors, -ROWS)


@pytest.mark.parametrize(
    "value",
    [
        {"mu": ROWS.mean(0), "sigma": np.cov(ROWS.T)},
        {"mean": ROWS.mean(0), "cov": np.cov(ROWS.T).astype("f4"), "n": 12},
        {"mu": torch.tensor(ROWS.mean(0)), "sigma": torch.tensor(np.cov(ROWS.T))},
        (ROWS.mean(0), np.cov(ROWS.T)),
    ],
)
def test_statistics_are_no_rows(value: Any) -> None:
    with pytest.raises(FormatError, match="covariance and a mean"):
        one_of(value)


def test_features_beside_statistics_are_rows() -> None:
    one = one_of({"mu": ROWS.mean(0), "sigma": np.cov(ROWS.T), "features": ROWS})
    np.testing.assert_array_equal(one.vectors, ROWS)
    assert one_of({"mu": ROWS.mean(0), "sigma": np.cov(ROWS.T)}, vectors="sigma").vectors.shape == (D, D)


@pytest.mark.parametrize(
    "value",
    [
        [ROWS[at][: 4 + at % 3] for at in range(N)],
        {own: row[: 4 + at % 3] for at, (own, row) in enumerate(zip(IDS, ROWS, strict=True))},
        [ROWS[:5], ROWS[5:, :4]],
    ],
)
def test_other_widths_are_refused_with_the_reason(value: Any) -> None:
    with pytest.raises((FormatError, VectorError), match="one width"):
        one_of(value)


def test_of_a_box_and_an_embedding_the_embedding() -> None:
    value = [
        {"id": own, "bbox": [0.1, 0.2, 0.3, 0.4], "emb": row} for own, row in zip(IDS, ROWS, strict=True)
    ]
    np.testing.assert_allclose(one_of(value).vectors, ROWS)
    np.testing.assert_allclose(one_of(value, vectors="bbox").vectors[0], [0.1, 0.2, 0.3, 0.4])


def test_whole_numbers_among_the_floats() -> None:
    np.testing.assert_array_equal(one_of([[1, 2], [0.5, 3]]).vectors, [[1, 2], [0.5, 3]])
    np.testing.assert_array_equal(one_of({"a": [1, 2], "b": [0.5, 3], "c": [0.5, 1]}).vectors[0], [1, 2])


@pytest.mark.parametrize("layout", ["coo", "csr", "csc", "quantised"])
def test_tensors_of_other_layouts(tmp_path: Path, layout: str) -> None:
    whole = torch.tensor(np.round(ROWS * 4) / 4)
    make: dict[str, Callable[[], Any]] = {
        "coo": whole.to_sparse,
        "csr": whole.to_sparse_csr,
        "csc": whole.to_sparse_csc,
        "quantised": lambda: torch.quantize_per_tensor(whole, 0.25, 0, torch.qint8),
    }
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(make[layout](), tmp_path / "a.pt")
        (one,) = read_sets(tmp_path / "a.pt", "a").sets
    np.testing.assert_array_equal(one.vectors, whole.numpy())


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
def test_sparse_matrices_of_scipy(tmp_path: Path, kind: str) -> None:
    from scipy import sparse

    whole = ROWS * (ROWS > 0)
    sparse.save_npz(tmp_path / "a.npz", sparse.coo_matrix(whole).asformat(kind))
    (one,) = read_sets(tmp_path / "a.npz", "a").sets
    np.testing.assert_array_equal(one.vectors, whole)


def test_records_of_numpy(tmp_path: Path) -> None:
    kind = [("id", "U10"), ("vec", ">f4", (D,)), ("n", "i4")]
    np.save(tmp_path / "a.npy", np.array([(own, row, 3) for own, row in zip(IDS, ROWS, strict=True)], kind))
    (one,) = read_sets(tmp_path / "a.npy", "a").sets
    np.testing.assert_array_equal(one.vectors, ROWS)
    assert (one.columns["id"].to_pylist(), one.columns["n"].to_pylist()) == (IDS, [3] * N)
