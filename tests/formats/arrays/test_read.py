"""npy and npz, as numpy writes them and as accidents leave them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError, UnknownNameError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets


def read(path: Path, **options: Any) -> list[Incoming]:
    return list(read_sets(path, path.stem, ReadOptions(**options)).sets)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_every_float_and_order(tmp_path: Path, dtype: str, order: Any) -> None:
    array = np.asarray(np.arange(12).reshape(4, 3), dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    (one,) = read(tmp_path / "a.npy")
    np.testing.assert_array_equal(one.vectors, array)
    assert one.name == "a"


def test_npy_is_memory_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((4, 3), "f4"))
    (one,) = read(tmp_path / "a.npy")
    assert isinstance(one.vectors, np.memmap)


def test_content_decides_not_the_extension(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((4, 3), "f4"))
    (tmp_path / "a.npy").rename(tmp_path / "a.csv")
    assert read_sets(tmp_path / "a.csv", "a").format == "npy"


def test_object_arrays_of_vectors_and_of_a_dictionary(tmp_path: Path) -> None:
    rows = np.empty(3, object)
    for row in range(3):
        rows[row] = np.full(4, row, "f4")
    np.save(tmp_path / "rows.npy", rows, allow_pickle=True)
    (one,) = read(tmp_path / "rows.npy")
    np.testing.assert_array_equal(one.vectors, np.repeat(np.arange(3), 4).reshape(3, 4))

    held: Any = {"vectors": np.ones((2, 3), "f4"), "label": ["a", "b"]}
    np.save(tmp_path / "dict.npy", held, allow_pickle=True)
    (one,) = read(tmp_path / "dict.npy")
    assert one.columns["label"].to_pylist() == ["a", "b"]

    numbers = np.array([[1.5, 2], [3, 4]], object)
    np.save(tmp_path / "numbers.npy", numbers, allow_pickle=True)
    (one,) = read(tmp_path / "numbers.npy")
    np.testing.assert_array_equal(one.vectors, [[1.5, 2], [3, 4]])


def test_object_arrays_of_different_widths_name_the_row(tmp_path: Path) -> None:
    rows = np.empty(3, object)
    rows[0], rows[1], rows[2] = np.ones(4), np.ones(4), np.ones(5)
    np.save(tmp_path / "rows.npy", rows, allow_pickle=True)
    with pytest.raises(VectorError, match=r"shape \(5,\) in row 2"):
        read(tmp_path / "rows.npy")


@pytest.mark.parametrize("keep", [3, 60, 130, 200])
def test_truncated_npy(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((10, 3)))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError):
        read(path)


def test_a_header_that_claims_petabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((10, 3)))
    whole = path.read_bytes()
    for claim in (b"(99999999999999, 99999)", b"(-10, 3)", b"(10, 3", b"(10, x)", b"((10,), 3)"):
        path.write_bytes(whole.replace(b"(10, 3), }".ljust(len(claim) + 4), claim + b", }"))
        with pytest.raises(FormatError):
            read(path)


def test_records_with_fields_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3, [("x", "f4"), ("y", [("z", "f4")])]))
    with pytest.raises(FormatError, match="records with fields"):
        read(tmp_path / "a.npy")


def test_a_key_for_a_file_without_names(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((4, 3)))
    with pytest.raises(FormatError, match="leave out --vectors"):
        read(tmp_path / "a.npy", vectors="x")


def test_npz_vectors_wins_over_other_matrices(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "a.npz",
        vectors=np.ones((3, 4), "f4"),
        boxes=np.zeros((3, 5)),
        ids=np.array(["x", "y", "z"]),
        label=np.array([3, 1, 2]),
        other=np.arange(7),
        model=np.array("ViT"),
    )
    (one,) = read(tmp_path / "a.npz")
    assert one.vectors.shape == (3, 4)
    assert one.key == "vectors"
    assert {key: values.to_pylist() for key, values in one.columns.items()} == {
        "ids": ["x", "y", "z"],
        "label": [3, 1, 2],
    }
    assert set(one.left_out) == {"boxes", "other"}
    assert one.provenance == {"metadata": {"model": "ViT"}}


def test_npz_the_only_matrix(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "a.npz", emb=np.ones((3, 4), "f2"), boxes=np.zeros((3, 5), int), score=np.ones(3)
    )
    (one,) = read(tmp_path / "a.npz")
    assert (one.key, one.name, one.vectors.dtype) == ("emb", "a", np.float16)
    assert list(one.columns) == ["score"]


def test_npz_with_two_matrices_names_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image_embeddings=np.ones((3, 4)), text_embeddings=np.ones((3, 4)))
    with pytest.raises(FormatError, match="image_embeddings: float64 of shape") as caught:
        read(tmp_path / "a.npz")
    assert "--vectors image_embeddings" in caught.value.do
    (one,) = read(tmp_path / "a.npz", vectors="text_embeddings")
    assert one.name == "a"
    both = read(tmp_path / "a.npz", vectors="image_embeddings, text_embeddings")
    assert [one.name for one in both] == ["image_embeddings", "text_embeddings"]


def test_npz_unknown_key_offers_near_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image_embeddings=np.ones((3, 4)))
    with pytest.raises(UnknownNameError, match="did you mean --vectors image_embeddings"):
        read(tmp_path / "a.npz", vectors="image_embedding")


def test_npz_without_floats_says_what_is_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((5, 8, 8), "u1"), names=np.array(["x"]))
    with pytest.raises(FormatError, match=r"images: uint8 of shape \(5, 8, 8\)"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_npz(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, vectors=np.ones((100, 8)), ids=np.arange(100))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(FormatError, match="whole npz archive"):
        read(path)


def test_a_flipped_bit_in_npz_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, vectors=np.ones((100, 8)))
    raw = bytearray(path.read_bytes())
    raw[400] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(FormatError, match="CRC"):
        read(path)


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from repscope.formats.arrays import read as arrays

    path = tmp_path / "a.npz"
    np.savez_compressed(path, vectors=np.zeros((2000, 500)))
    monkeypatch.setattr(arrays, "BOMB_BYTES", 1 << 20)
    with pytest.raises(FormatError, match="unpacks to at most"):
        read(path)


def test_a_member_that_is_larger_than_its_entry_says(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "vectors.npy",
            b"\x93NUMPY\x01\x00\x76\x00"
            + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999), }".ljust(117)
            + b"\n",
        )
    with pytest.raises(FormatError, match="truncated"):
        read(path)


def test_other_zip_files_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FormatError, match="a zip archive of 1 other files"):
        read(tmp_path / "a.npz")


def test_three_dimensions_keep_their_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", vectors=np.ones((2, 3, 4)), ids=np.array(["x", "y", "z"]), two=np.ones(2))
    (one,) = read(tmp_path / "a.npz")
    assert one.n == 3
    assert list(one.columns) == ["ids"]


@pytest.mark.parametrize(
    ("file", "shape", "dtype"),
    [
        ("modality_gap/features_clip.npy", (2, 500, 512), "f4"),
        ("modality_gap/features_convirt.npy", (2, 500, 512), "f4"),
        ("modality_gap/features_videoclip.npy", (2, 100, 768), "f4"),
        ("clip_class_text/coco_clip_a+cname.npy", (80, 512), "f2"),
        ("clip_class_text/lvis_v1_clip_a+cname.npy", (1203, 512), "f2"),
        ("clip_class_text/o365_clip_a+cnamefix.npy", (365, 512), "f2"),
        ("clip_class_text/oid_clip_a+cname.npy", (500, 512), "f2"),
        ("clip_class_text/zegclip_coco_multi.npy", (171, 512), "f2"),
        ("clip_class_text/zegclip_voc12_single.npy", (20, 512), "f2"),
        ("clip_class_text/clip_vit-b-16_pos_emb_197x768.npy", (197, 768), "f4"),
        ("clip_retrieval_7img/image_embs.npz", (7, 512), "f2"),
        ("clip_retrieval_7img/legacy_pickle_0.pkl", (2, 512), "f2"),
    ],
)
def test_every_shared_array(shared_data: Path, file: str, shape: tuple[int, ...], dtype: str) -> None:
    (one,) = read(shared_data / "embeddings" / file)
    assert (one.vectors.shape, one.vectors.dtype) == (shape, np.dtype(dtype))


def test_the_legacy_pickle_becomes_a_set_with_columns(shared_data: Path) -> None:
    (one,) = read(shared_data / "embeddings" / "clip_retrieval_7img" / "legacy_pickle_0.pkl")
    assert one.key == "image_embs"
    assert one.columns["image_filename"].to_pylist() == ["123_456", "208_495"]
    whole = np.load(shared_data / "embeddings" / "clip_retrieval_7img" / "image_embs.npz")
    names = [Path(name).stem for name in whole["files"]]
    rows = [names.index(name) for name in one.columns["image_filename"].to_pylist()]
    np.testing.assert_allclose(one.vectors.astype("f4"), whole["image_embs"][rows].astype("f4"), atol=2e-3)
