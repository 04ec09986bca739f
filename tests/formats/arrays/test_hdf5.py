"""HDF5: data sets beside each other, an item a data set or group, and files that want more than they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.arrays import hdf5

h5py = pytest.importorskip("h5py", reason="an optional package")

ROWS = np.random.default_rng(0).standard_normal((12, 6)).astype("f4")
IDS = [f"ü-{at:02d}" for at in range(12)]


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, "a", ReadOptions(**options)).sets
    return one


@pytest.mark.parametrize("more", [{}, {"chunks": (4, 3)}, {"compression": "gzip"}], ids=str)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_ids_and_labels_beside_the_vectors(tmp_path: Path, more: dict[str, Any], dtype: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("features", data=ROWS.astype(dtype), **more)
        file["ids"] = np.array([own.encode() for own in IDS])
        file["labels"] = np.arange(12)
        file.attrs["model"] = "clip"
    one = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(one.vectors, ROWS.astype(dtype))
    assert one.columns["ids"].to_pylist() == IDS
    assert one.columns["labels"].to_pylist() == list(range(12))
    assert one.provenance["metadata"]["model"] == "clip"
    assert isinstance(one.vectors, np.memmap) == (not more)


def test_a_group_an_item(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for own, row in zip(IDS, ROWS, strict=True):
            file[f"{own}/embedding"] = row[None]
            file[own].attrs["label"] = own[-1]
    one = read(tmp_path / "a.h5")
    np.testing.assert_allclose(one.vectors, ROWS)
    assert one.columns["id"].to_pylist() == IDS
    assert one.columns["label"].to_pylist() == [own[-1] for own in IDS]


def test_sets_in_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train/x"], file["test/x"], file["test/y"] = ROWS, -ROWS, 2 * ROWS
    with pytest.raises(FormatError, match="choose with --vectors"):
        read_sets(tmp_path / "a.h5", "a")
    np.testing.assert_array_equal(read(tmp_path / "a.h5", vectors="test/y").vectors, 2 * ROWS)


def test_nothing_outside_the_file_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = ROWS
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["linked"] = h5py.ExternalLink("secret.h5", "/x")
        file["v"] = -ROWS
    np.testing.assert_array_equal(read(tmp_path / "a.h5").vectors, -ROWS)
    layout = h5py.VirtualLayout(ROWS.shape, "f4")
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "x", ROWS.shape)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    with pytest.raises(FormatError, match="values in other files"):
        read(tmp_path / "b.h5")


def test_a_small_file_of_a_huge_array(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", (1 << 40, 512), "f4", chunks=(1024, 512))
    with pytest.raises(FormatError, match="are stored"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_file(tmp_path: Path, share: float) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v"] = ROWS
        file["id"] = IDS
    raw = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(FormatError, match="a whole HDF5 file"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("walk", "says"),
    [
        ("import os, time; os.write(1, b'.'); time.sleep(60)", "hangs"),
        ("import os; os.kill(os.getpid(), 11)", r"crashes \(signal 11\)"),
    ],
)
def test_a_file_in_which_the_library_hangs_or_crashes(
    walk: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = ROWS
    monkeypatch.setattr(hdf5, "_WALK", walk)
    monkeypatch.setattr(hdf5, "PATIENCE", 0.5)
    with pytest.raises(FormatError, match=says):
        read_sets(tmp_path / "a.h5", "a")


def test_a_walk_that_is_slow_but_alive_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = ROWS
    alive = "import os, time\nfor _ in range(25): os.write(1, b'.'); time.sleep(.1)"
    monkeypatch.setattr(hdf5, "_WALK", alive)
    monkeypatch.setattr(hdf5, "PATIENCE", 1.0)
    np.testing.assert_array_equal(read(tmp_path / "a.h5").vectors, ROWS)


@pytest.mark.parametrize("shape", [(12, 6), (2, 12, 6)])
def test_many_rows_are_read_in_blocks(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(1).standard_normal(shape).astype("f4")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("features", data=rows, compression="gzip")
    monkeypatch.setattr(hdf5, "LARGE", 0)
    monkeypatch.setattr(hdf5, "BLOCK_BYTES", 100)
    one = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(one.vectors, rows)
