"""Upstream's caption pickle and its means."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import FormatError, UnsafePickleError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets

D = 4


def read(path: Path, value: Any, said: list[str] | None = None) -> list[Incoming]:
    path.write_bytes(pickle.dumps(value))
    warnings = [] if said is None else said
    return list(read_sets(path, path.stem, ReadOptions(warn=warnings.append)).sets)


def held(**change: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    row = lambda: torch.tensor(rng.standard_normal((1, D)), dtype=torch.float32)  # noqa: E731
    images = {7: {"img_path": "7.jpg", "embed": row()}, 9: {"img_path": "9.jpg", "embed": row()}}
    captions = {
        100: {"caption": "a cat", "img_id": 7, "embed": row()},
        101: {"caption": "a dog", "img_id": "9", "embed": row()},
        102: {"caption": "a pug", "img_id": np.int64(9), "embed": row()},
    }
    return {"images": images, "captions": captions, **change}


def test_images_and_captions_linked_by_image(tmp_path: Path) -> None:
    value, said = held(), []
    images, captions = read(tmp_path / "oscar_split_ViT-B_32_val.pkl", value, said)
    assert captions.columns["image_id"].to_pylist() == ["7", "9", "9"]
    assert images.columns["image_id"].to_pylist() == images.columns["id"].to_pylist() == ["7", "9"]
    assert captions.provenance == {"metadata": {"model": "ViT-B_32", "split": "val"}, "cluster": "image_id"}
    np.testing.assert_array_equal(captions.vectors[2], value["captions"][102]["embed"][0].numpy())
    assert said == []


def test_captions_of_unknown_images_are_announced(tmp_path: Path) -> None:
    value, said = held(), []
    value["captions"][101]["img_id"] = 55
    _, captions = read(tmp_path / "a.pkl", value, said)
    assert captions.columns["image_id"].to_pylist()[1] == "55"
    assert len(said) == 1
    assert "1 images" in said[0]
    assert "55" in said[0]


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"img_path": "x"}, VectorError),
        ({"embed": np.ones((1, D + 1), "f4")}, VectorError),
        ({"embed": np.ones((2, 2, D), "f4")}, VectorError),
        ("not a dictionary", FormatError),
        ({"embed": "text"}, VectorError),
    ],
)
def test_an_odd_entry_is_refused(entry: Any, error: type[Exception], tmp_path: Path) -> None:
    value = held()
    value["images"][11] = entry
    with pytest.raises(error):
        read(tmp_path / "a.pkl", value)


@pytest.mark.parametrize("images", [{}, {7: {"img_path": "x"}}])
def test_images_without_vectors_are_refused(images: Any, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="embed"):
        read(tmp_path / "a.pkl", held(images=images))


def test_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return print, ("ran",)

    value = held()
    value["images"][7]["img_path"] = Evil()
    with pytest.raises(UnsafePickleError, match="print"):
        read(tmp_path / "a.pkl", value)


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("value", [np.ones((1, D), "f4"), np.ones(D, "f4"), torch.ones(1, D)])
def test_means_are_one_row_with_a_name(kind: str, value: Any, tmp_path: Path) -> None:
    (one,) = read(tmp_path / f"normalized_{kind}_embed_mean.pkl", value)
    assert one.vectors.shape == (1, D)
    assert one.columns["id"].to_pylist() == [f"{kind}_mean"]


def test_another_table_of_that_name_is_no_mean(tmp_path: Path) -> None:
    (one,) = read(tmp_path / "normalized_text_embed_mean.pkl", np.ones((3, D), "f4"))
    assert one.vectors.shape == (3, D)
    assert one.columns == {}
