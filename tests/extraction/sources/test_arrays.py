from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.extraction.sources.arrays import read_idx, read_npz
from repscope.extraction.sources.base import digest_items

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def idx(path: Path, array: np.ndarray[Any, Any], cut: int | None = None, more: bytes = b"") -> Path:
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    raw = (head + array.tobytes())[:cut] + more
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def test_grey_colour_and_channels_first(tmp_path: Path) -> None:
    colour = np.stack([PIXELS, PIXELS // 2, PIXELS // 3], axis=-1)
    grey = read_npz(save(tmp_path / "a.npz", images=PIXELS))
    last = read_npz(save(tmp_path / "b.npz", images=colour))
    first = read_npz(save(tmp_path / "c.npz", images=np.asfortranarray(colour.transpose(0, 3, 1, 2))))
    for row in range(4):
        assert (np.asarray(grey.open(grey.items[row])) == PIXELS[row][..., None]).all()
        assert (np.asarray(last.open(last.items[row])) == colour[row]).all()
        assert (np.asarray(first.open(first.items[row])) == colour[row]).all()
    assert [one.record["layout"] for one in (grey, last, first)] == ["NHW", "NHWC", "NCHW"]
    assert [item.id for item in grey.items] == ["0", "1", "2", "3"]


def test_arrays_beside_become_columns(tmp_path: Path) -> None:
    source = read_npz(
        save(
            tmp_path / "a.npz",
            images=PIXELS,
            labels=np.array([1, 0, 1, 1], np.int8),
            class_names=np.array(["cat", "dog"]),
            ids=np.array(["w", "x", "y", "z"]),
            weight=np.array([0.5, np.nan, 1, 2], np.float32),
            other=np.zeros((4, 2)),
        )
    )
    assert [item.id for item in source.items] == ["w", "x", "y", "z"]
    assert sorted(source.columns) == ["label", "labels", "weight"]
    assert [item.columns["label"] for item in source.items] == ["dog", "cat", "dog", "dog"]
    assert [item.columns["weight"] for item in source.items] == [0.5, None, 1.0, 2.0]
    # A label beyond the names is a number, not somebody else's name.
    beyond = read_npz(
        save(tmp_path / "b.npz", x=PIXELS, y=np.array([0, 1, 2, 0]), names=np.array(["a", "b"]))
    )
    assert [item.columns["label"] for item in beyond.items] == ["0", "1", "2", "0"]


def test_the_digest_follows_pixels_and_labels(tmp_path: Path) -> None:
    def digest(pixels: np.ndarray[Any, Any], labels: list[int]) -> str:
        return digest_items(read_npz(save(tmp_path / "a.npz", x=pixels, y=np.array(labels))).items)

    changed = PIXELS.copy()
    changed[2, 3, 4] ^= 1
    assert digest(PIXELS, [0, 1, 2, 3]) == digest(PIXELS, [0, 1, 2, 3])
    assert (
        len({digest(PIXELS, [0, 1, 2, 3]), digest(changed, [0, 1, 2, 3]), digest(PIXELS, [0, 1, 2, 4])}) == 3
    )


def test_which_array_holds_the_images(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", train=PIXELS, test=PIXELS[:2])
    with pytest.raises(FormatError, match="name it with --array"):
        read_npz(path)
    assert len(read_npz(path, array="test").items) == 2
    with pytest.raises(UnknownNameError, match="choose one of train, test"):
        read_npz(path, array="tset")
    with pytest.raises(UnknownNameError, match="--id-column"):
        read_npz(path, array="test", id_column="names")


@pytest.mark.parametrize(
    ("arrays", "error", "words"),
    [
        ({"x": PIXELS.astype(np.float32)}, FormatError, "save the images as uint8"),
        ({"x": np.zeros((2, 4, 4, 4), np.uint8)}, FormatError, r"uint8 \[2, 4, 4, 4\]"),
        ({"x": np.array([{}, []], dtype=object)}, FormatError, "no array"),
        ({"x": np.zeros((0, 4, 4), np.uint8)}, InputError, "an array of none"),
        ({"x": PIXELS, "id": np.array([1, 2, 2, 3])}, InputError, "'2' 2×"),
    ],
)
def test_bad_npz(tmp_path: Path, arrays: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_npz(save(tmp_path / "a.npz", **arrays))


def test_a_damaged_npz_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=PIXELS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match="whole npz"):
        read_npz(path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 28, 28)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", head.getvalue() + b"abc")
    with pytest.raises(FormatError, match="as its header says"):
        read_npz(path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_with_the_labels_beside_it(tmp_path: Path, suffix: str) -> None:
    path = idx(tmp_path / f"t-images-idx3-ubyte{suffix}", PIXELS)
    assert read_idx(path).columns == ()
    idx(tmp_path / f"t-labels-idx1-ubyte{suffix}", np.array([7, 2, 1, 0], np.uint8))
    source = read_idx(path)
    assert [item.columns for item in source.items] == [{"labels": n, "label": str(n)} for n in (7, 2, 1, 0)]
    assert (np.asarray(source.open(source.items[3]))[:, :, 1] == PIXELS[3]).all()


def test_bad_idx(tmp_path: Path) -> None:
    path = tmp_path / "x-images-idx3-ubyte.gz"
    for cut, more, words in [
        (30, b"", "after the header"),
        (None, b"x", "more"),
        (10, b"", "a header cut short"),
        (2, b"", "a header of 0000"),
    ]:
        with pytest.raises(FormatError, match=words):
            read_idx(idx(path, PIXELS, cut, more))
    path.write_bytes(idx(path, PIXELS).read_bytes()[:-9])
    with pytest.raises(FormatError, match="whole gzip"):
        read_idx(path)
    claims = struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 2**15, 2**15)
    path.write_bytes(gzip.compress(claims))
    with pytest.raises(FormatError, match="at most"):
        read_idx(path)
    idx(tmp_path / "x-labels-idx1-ubyte", np.zeros(3, np.uint8))
    with pytest.raises(FormatError, match="4 labels in"):
        read_idx(idx(path, PIXELS))


def test_real_digits_and_clothes(shared_data: Path) -> None:
    digits = read_idx(shared_data / "images/mnist_t10k/t10k-images-idx3-ubyte.gz")
    assert len(digits.items) == 10_000
    assert "".join(str(item.columns["label"]) for item in digits.items[:10]) == "7210414959"
    clothes = read_npz(shared_data / "images/fashion_mnist_900/fashion_mnist_900.npz")
    assert len(clothes.items) == 900
    assert clothes.open(clothes.items[0]).size == (28, 28)
    assert {str(item.columns["label"]) for item in clothes.items} >= {"Sneaker", "Bag"}
