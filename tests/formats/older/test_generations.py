"""Archives of recursive generation: pictures and captions linked where that is known, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.verbs.import_.import_ import import_files

RNG = np.random.default_rng(0)
TEXTS = RNG.standard_normal((4, 3)).astype("f4")
PICTURES = RNG.standard_normal((4, 3)).astype("f4")
CAPTIONS = np.array(["a cat", "a dog", "a pug", "a cat"])


def read(folder: Path, name: str, warnings: list[str] | None = None, **arrays: Any) -> list[Incoming]:
    np.savez(folder / name, **arrays)
    said = [] if warnings is None else warnings
    return list(read_sets(folder / name, Path(name).stem, ReadOptions(warn=said.append)).sets)


def lists(one: Incoming) -> dict[str, list[Any]]:
    return {name: column.to_pylist() for name, column in one.columns.items()}


def test_the_captions_alone(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "coco_caption_embeddings.npz", text_embeddings=TEXTS, captions=CAPTIONS)
    assert one.name == "coco_caption_text"
    assert lists(one) == {
        "id": ["0", "1", "2", "3"],
        "caption_id": ["0", "1", "2", "3"],
        "text": CAPTIONS.tolist(),
    }


@pytest.mark.parametrize(
    ("name", "base", "generation", "condition", "model"),
    [
        ("gen_4_embeddings.npz", "gen_4", 4, "recursive", None),
        ("CLIP_ViT-B_32_embeddings_gen_10.npz", "ViT-B_32_gen_10", 10, "recursive", "ViT-B_32"),
        ("CLIP_base_embeddings_gen_0_finetune.npz", "base_gen_0_finetune", 0, "finetune", "base"),
        ("CLIP_base_embeddings_gen_7_baseline.npz", "base_gen_7_baseline", 7, "baseline", "base"),
    ],
)
def test_the_name_says_generation_condition_and_model(
    name: str, base: str, *, generation: int, condition: str, model: str | None, tmp_path: Path
) -> None:
    said: list[str] = []
    arrays = {"text_embeddings": TEXTS, "image_embeddings": PICTURES, "captions": CAPTIONS}
    text, image = read(tmp_path, name, said, **arrays)
    assert (text.name, image.name) == (f"{base}_text", f"{base}_image")
    for one in (text, image):
        assert lists(one)["generation"] == [generation] * 4
        assert lists(one)["condition"] == [condition] * 4
        assert lists(one)["id"] == ["0", "1", "2", "3"]
        assert one.provenance == ({"metadata": {"model": model}} if model else {})
    np.testing.assert_array_equal(image.vectors, PICTURES)
    assert "paired to the captions by index" in image.notes[0]
    assert said == []


def test_pictures_with_files_are_named_by_them_and_linked_by_caption(tmp_path: Path) -> None:
    files = np.array(["gen_4/a.png", r"gen_4\b.png", "c.png", "other/a.png"], dtype=object)
    text, image = read(
        tmp_path,
        "CLIP_x_embeddings_gen_4.npz",
        text_embeddings=TEXTS[:, None],
        image_embeddings=PICTURES,
        captions=CAPTIONS.astype(object),
        image_files=files,
    )
    assert text.vectors.shape == (4, 3)
    assert lists(image)["id"] == ["a.png", "b.png", "c.png", "a.png~2"]
    assert lists(image)["path"] == files.tolist()
    assert lists(image)["caption_id"] == lists(text)["caption_id"]
    assert "1 names repeat" in image.notes[0]


@pytest.mark.parametrize("files", [False, True])
def test_failed_pictures_are_never_paired_by_index(files: bool, tmp_path: Path) -> None:
    said: list[str] = []
    more = {"image_files": np.array(["0.png", "2.png", "3.png"])} if files else {}
    text, image = read(
        tmp_path,
        "gen_4_embeddings.npz",
        said,
        text_embeddings=TEXTS,
        image_embeddings=PICTURES[1:],
        captions=CAPTIONS,
        **more,
    )
    assert "caption_id" not in image.columns
    assert not set(lists(image)["id"]) & set(lists(text)["id"])
    assert len(said) == 1
    assert "3 pictures for 4 captions" in said[0]
    # With names, those pictures can be paired that other generations have too; without, none.
    assert ("the same file names" in said[0]) == files
    assert ("cannot pair them" in said[0]) == (not files)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"captions": CAPTIONS[:3]}, VectorError),
        ({"captions": np.arange(4)}, FormatError),
        ({"captions": CAPTIONS.reshape(2, 2)}, FormatError),
        ({"text_embeddings": TEXTS[0]}, VectorError),
        ({"image_embeddings": PICTURES.reshape(2, 2, 3)}, VectorError),
        ({"image_files": np.array(["a.png"])}, VectorError),
        ({"image_files": np.array(4)}, FormatError),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    change: dict[str, Any], error: type[Exception], tmp_path: Path
) -> None:
    arrays = {"text_embeddings": TEXTS, "image_embeddings": PICTURES, "captions": CAPTIONS, **change}
    with pytest.raises(error, match=next(iter(change))):
        read(tmp_path, "gen_4_embeddings.npz", **arrays)


def test_nan_and_half_a_file_leave_the_study_alone(tmp_path: Path) -> None:
    bad = PICTURES.copy()
    bad[2, 1] = np.nan
    path = tmp_path / "gen_4_embeddings.npz"
    np.savez(path, text_embeddings=TEXTS, image_embeddings=bad, captions=CAPTIONS)
    with pytest.raises(VectorError, match="rows 2"):
        import_files([path], tmp_path / "s")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match="truncated"):
        import_files([path], tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_generations_of_one_folder_are_one_study(tmp_path: Path) -> None:
    for generation in (0, 4):
        np.savez(
            tmp_path / f"gen_{generation}_embeddings.npz",
            text_embeddings=TEXTS,
            image_embeddings=PICTURES + generation,
            captions=CAPTIONS,
        )
    written = import_files([tmp_path / f"gen_{g}_embeddings.npz" for g in (0, 4)], tmp_path / "s")
    assert [one.name for one in written] == ["gen_0_text", "gen_0_image", "gen_4_text", "gen_4_image"]
    assert written[0].columns == ("id", "caption_id", "text", "generation", "condition")


def test_the_vectors_that_are_asked_for_win(tmp_path: Path) -> None:
    np.savez(tmp_path / "gen_1_embeddings.npz", text_embeddings=TEXTS, captions=CAPTIONS)
    options = ReadOptions(vectors="text_embeddings")
    (one,) = read_sets(tmp_path / "gen_1_embeddings.npz", "gen_1_embeddings", options).sets
    assert (one.name, list(one.columns)) == ("gen_1_embeddings", ["captions"])
