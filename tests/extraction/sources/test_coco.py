from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.errors import FormatError, InputError, MissingError
from repscope.extraction.sources.coco import read_caption_texts, read_captions, read_instances
from repscope.extraction.sources.decode import UnreadableError

PIXELS = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for number in (5, 7):
        Image.fromarray(PIXELS).save(tmp_path / "images" / f"{number}.png")
    return tmp_path


def listed(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": n, "file_name": f"{n}.png", "width": 30, "height": 20} for n in numbers]


def write(folder: Path, value: object) -> Path:
    path = folder / "annotations.json"
    path.write_text(json.dumps(value))
    return path


CAPTIONS = {
    "images": listed(7, 5, 9),
    "annotations": [
        {"id": 20, "image_id": 5, "caption": " a dog "},
        {"id": 3, "image_id": 5, "caption": "one dog"},
        {"id": 4, "image_id": 7, "caption": "a cat"},
    ],
}


def test_images_and_their_captions_are_linked(folder: Path) -> None:
    source = read_captions(write(folder, CAPTIONS))
    assert [item.id for item in source.items] == ["7", "5", "9"]
    assert [item.columns["caption"] for item in source.items] == ["a cat", "one dog", None]
    assert source.items[1].columns["captions"] == '["one dog", " a dog "]'
    assert source.texts is not None
    assert [(item.id, item.text, item.columns["image_id"]) for item in source.texts.items] == [
        ("3", "one dog", "5"),
        ("4", "a cat", "7"),
        ("20", "a dog", "5"),
    ]
    assert [item.columns["caption_index"] for item in source.texts.items] == [0, 0, 1]
    assert source.open(source.items[0]).size == (30, 20)
    with pytest.raises(UnreadableError, match="No such file"):
        source.open(source.items[2])
    assert source.to_json()["missing_files"] == 1


BOXES = {
    "images": listed(5, 7),
    "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}],
    "annotations": [
        {"id": 11, "image_id": 7, "category_id": 3, "bbox": [2, 3, 4, 5]},
        {"id": 12, "image_id": 5, "category_id": 1, "bbox": [1.5, 2.25, 3, 3], "iscrowd": 1},
        {"id": 13, "image_id": 7, "category_id": 1, "bbox": [25, -4, 20, 10]},
        {"id": 14, "image_id": 7, "category_id": 8, "bbox": [5, 5, 0, 3]},
        {"id": 15, "image_id": 7, "category_id": 1, "bbox": [40, 5, 3, 3]},
        {"id": 16, "image_id": 7, "category_id": 1, "bbox": [1, 2]},
    ],
}


def test_whole_images_know_their_classes(folder: Path) -> None:
    source = read_instances(write(folder, BOXES))
    assert [item.id for item in source.items] == ["5", "7"]
    assert [item.columns["objects"] for item in source.items] == [1, 5]
    assert json.loads(str(source.items[1].columns["classes"])) == ["8", "cat", "dog"]
    assert source.open(source.items[0]).size == (30, 20)


def test_boxes_are_cut_out_clipped_or_skipped_with_a_reason(folder: Path) -> None:
    source = read_instances(write(folder, BOXES), regions=("object",))
    found = {item.id: item for item in source.items}
    assert list(found) == [
        f"{image}#{box}:object" for image, box in [(5, 12), (7, 11), (7, 13), (7, 14), (7, 15), (7, 16)]
    ]
    assert (np.asarray(source.open(found["7#11:object"])) == PIXELS[3:8, 2:6]).all()
    assert (np.asarray(source.open(found["5#12:object"])) == PIXELS[2:6, 1:5]).all()
    assert found["5#12:object"].columns["iscrowd"] == 1
    clipped = found["7#13:object"]
    assert (np.asarray(source.open(clipped)) == PIXELS[0:6, 25:30]).all()
    assert [clipped.columns[side] for side in ("left", "top", "right", "bottom", "clipped")] == [
        25,
        0,
        30,
        6,
        True,
    ]
    assert clipped.columns["image_id"] == "7"
    assert clipped.columns["label"] == "cat"
    for own, reason in [("14", "empty: 5, 5, 5, 8"), ("15", "outside the image"), ("16", "no box of 4")]:
        with pytest.raises(UnreadableError, match=reason):
            source.open(found[f"7#{own}:object"])
    assert source.to_json()["clipped_boxes"] == 2


def test_boxes_of_another_size_of_image_are_not_used(folder: Path) -> None:
    Image.fromarray(PIXELS).resize((15, 10)).save(folder / "images" / "7.png")
    source = read_instances(write(folder, BOXES), regions=("object",))
    with pytest.raises(UnreadableError, match="15×10 pixels, but its boxes are of 30×20"):
        source.open(source.items[1])


def test_where_images_are_looked_for(folder: Path) -> None:
    path = write(folder, CAPTIONS)
    (folder / "images").rename(folder / "elsewhere")
    with pytest.raises(MissingError, match="--images"):
        read_captions(path)
    with pytest.raises(MissingError, match="no such folder"):
        read_captions(path, folder / "images")
    assert read_captions(path, folder / "elsewhere").to_json()["missing_files"] == 1
    (folder / "elsewhere").rename(folder / "val2017")
    path = path.rename(folder / "captions_val2017.json")
    assert read_captions(path).to_json()["missing_files"] == 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"images": []}, InputError, "0 images"),
        ({"images": [*listed(5), *listed(5)]}, InputError, "'5' 2×"),
        ({"images": [{"id": 5}]}, FormatError, "file_name"),
        ({"images": [{"file_name": "5.png"}]}, FormatError, "'id'"),
        ({"images": "all"}, FormatError, "'images'"),
        ({"annotations": [{"id": 1, "image_id": 5, "caption": 3}]}, FormatError, "a caption"),
        ({"annotations": [{"id": 1, "caption": "x"}]}, FormatError, "'image_id'"),
        ({"annotations": [{"id": 1, "image_id": 5, "caption": "x"}] * 2}, InputError, "'1' 2×"),
        ({"annotations": []}, InputError, "0 captions"),
    ],
)
def test_bad_captions(folder: Path, change: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_captions(write(folder, {**CAPTIONS, **change}))


def test_bad_instances(folder: Path) -> None:
    with pytest.raises(InputError, match="--regions object"):
        read_instances(write(folder, BOXES), regions=("human",))
    with pytest.raises(FormatError, match="categories"):
        read_instances(write(folder, {**BOXES, "categories": None}))
    with pytest.raises(InputError, match="0 boxes"):
        read_instances(write(folder, {**BOXES, "annotations": []}), regions=("object",))


def test_the_captions_of_val2017(shared_data: Path) -> None:
    captions = shared_data / "captions/coco_annotations/captions_val2017.json"
    texts = read_caption_texts(captions)
    assert len(texts.items) == 25_014
    assert len({item.columns["image_id"] for item in texts.items}) == 5_000
    source = read_captions(captions, shared_data / "captions/coco_val_open/images")
    there = [item for item in source.items if item.size]
    assert len(source.items) == 5_000
    assert len(there) == 36
    bear = next(item for item in there if item.id == "285")
    assert "bear" in str(bear.columns["caption"])
    assert source.open(bear).size == (586, 640)
