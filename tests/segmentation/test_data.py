"""Layouts of pictures with masks, and what is wrong with them, all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repscope.errors import FormatError, InputError, MissingError
from repscope.segmentation.data import IGNORED, open_data, open_picture
from repscope.testing.scenes import CLASSES, digit_scene, write_scenes


def save(path: Path, values, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8), mode).save(path)


def test_scenes_repeat_and_their_masks_are_exact():
    picture, mask = digit_scene(3)
    again, _ = digit_scene(3)
    assert np.array_equal(picture, again)
    assert picture.shape == (64, 64, 3)
    assert set(np.unique(mask)) <= set(range(len(CLASSES)))
    # Ink is brighter than the ground.
    assert picture[mask > 0].mean() > picture[mask == 0].mean() + 40


def test_a_folder_with_splits_and_classes(tmp_path):
    data = open_data(write_scenes(tmp_path / "d", 10))
    assert {name: len(pairs) for name, pairs in data.splits.items()} == {"train": 6, "val": 2, "test": 2}
    assert data.classes == CLASSES
    pair = data.splits["val"][0]
    assert np.array_equal(data.mask(pair), digit_scene(3)[1])
    assert np.array_equal(open_picture(pair), digit_scene(3)[0])
    print_one = data.fingerprint()
    assert open_data(tmp_path / "d").fingerprint() == print_one
    assert open_data(tmp_path / "d", limit=1).fingerprint() != print_one


def test_without_splits_they_are_drawn_and_said(tmp_path):
    write_scenes(tmp_path, 20)
    for name in ("splits.csv", "classes.txt"):
        (tmp_path / name).unlink()
    data = open_data(tmp_path)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [14, 3, 3]
    assert "no splits" in data.notes[0]
    assert data.classes == tuple(f"class {k}" for k in range(5))
    assert open_data(tmp_path, seed=1).splits != data.splits


def test_a_table(tmp_path):
    write_scenes(tmp_path, 5)
    (tmp_path / "t.csv").write_text(
        "image,mask,split\nimages/0000.png,masks/0000.png,train\nimages/0001.png,masks/0001.png,test\n"
    )
    data = open_data(tmp_path / "t.csv", classes=["a", "b", "c", "d", "e"])
    assert [pair.id for pair in data.splits["train"]] == ["0000"]
    assert data.classes == ("a", "b", "c", "d", "e")


def test_oxford_pets(tmp_path):
    for stem in ("cat_1", "dog_2", "dog_3"):
        save(tmp_path / "images" / f"{stem}.jpg", np.zeros((4, 6, 3)))
        save(tmp_path / "annotations" / "trimaps" / f"{stem}.png", [[1, 2, 3, 1, 2, 3]] * 4)
    (tmp_path / "annotations" / "trainval.txt").write_text("# list\ncat_1 1 1 1\ndog_2 2 2 1\n")
    (tmp_path / "annotations" / "test.txt").write_text("dog_3 2 2 1\n")
    data = open_data(tmp_path)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [2, 0, 1]
    assert data.mask(data.splits["test"][0])[0].tolist() == [0, 1, 2, 0, 1, 2]


def test_voc_and_ade(tmp_path):
    voc = tmp_path / "voc"
    save(voc / "JPEGImages" / "a.jpg", np.zeros((2, 3, 3)))
    mask = Image.fromarray(np.array([[0, 15, 255]] * 2, np.uint8), "L").convert("P")
    (voc / "SegmentationClass").mkdir()
    mask.putpalette([0, 0, 0] * 256)
    mask.save(voc / "SegmentationClass" / "a.png")
    (voc / "ImageSets" / "Segmentation").mkdir(parents=True)
    (voc / "ImageSets" / "Segmentation" / "train.txt").write_text("a\n")
    data = open_data(voc)
    assert data.classes[15] == "person"
    assert data.mask(data.splits["train"][0])[0].tolist() == [0, 15, IGNORED]
    assert "--split val" in data.notes[0]
    ade = tmp_path / "ade"
    save(ade / "images" / "training" / "x.jpg", np.zeros((2, 3, 3)))
    save(ade / "annotations" / "training" / "x.png", [[0, 1, 2]] * 2)
    data = open_data(ade)
    assert data.classes == ("class 1", "class 2")
    assert data.mask(data.splits["train"][0])[0].tolist() == [IGNORED, 0, 1]


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    write_scenes(tmp_path, 5)
    (tmp_path / "masks" / "0000.png").unlink()
    (tmp_path / "images" / "0001.png").write_bytes(b"no picture")
    save(tmp_path / "masks" / "0002.png", np.full((64, 64), 9))
    save(tmp_path / "masks" / "0003.png", np.zeros((64, 32)))
    save(tmp_path / "masks" / "0004.png", np.full((64, 64), 255))
    with pytest.raises(InputError) as caught:
        open_data(tmp_path)
    said = str(caught.value)
    for part in (
        "0000: no mask",
        "0001: a picture that cannot",
        "0002: 9",
        "64×64, a mask of 32×64",
        "every pixel",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda path: None, FormatError, "none of these"),
        (lambda path: (path / "t.csv").write_text("a,b\n1,2\n"), FormatError, "columns image and mask"),
        (
            lambda path: (write_scenes(path, 5) / "splits.csv").write_text("id,split\n0000,dev\n"),
            InputError,
            "dev",
        ),
        (
            lambda path: save(write_scenes(path, 5) / "masks" / "0000.png", np.zeros((64, 64, 3))),
            InputError,
            "RGB",
        ),
    ],
)
def test_what_is_no_data_is_an_error(tmp_path, make, error, says):
    make(tmp_path)
    with pytest.raises(error, match=says):
        open_data(tmp_path / "t.csv" if (tmp_path / "t.csv").exists() else tmp_path)
    with pytest.raises(MissingError):
        open_data(tmp_path / "none")
