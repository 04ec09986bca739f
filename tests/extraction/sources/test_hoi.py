from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from repscope.errors import FormatError, InputError
from repscope.extraction.sources.decode import UnreadableError
from repscope.extraction.sources.hoi import read_hicodet, read_vcoco
from repscope.study import Study
from repscope.verbs.extract.extract import extract

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def hicodet(annotations: list[dict[str, Any]], names: list[str], **more: Any) -> dict[str, Any]:
    return {
        "annotation": annotations,
        "filenames": names,
        "objects": ["airplane", "dog", "person"],
        "verbs": ["hold", "ride"],
        "size": [[30, 20]] * len(names),
        **more,
    }


def pairs(**fields: list[Any]) -> dict[str, list[Any]]:
    count = len(fields["boxes_h"])
    return {"hoi": [4] * count, "verb": [1] * count, "object": [1] * count, **fields}


def size_of(photo: Path) -> tuple[int, int]:
    with Image.open(photo) as image:
        return image.size


def write(folder: Path, value: object) -> Path:
    for name in ("a.png", "b.png"):
        Image.fromarray(PIXELS).save(folder / name)
    path = folder / "annotations.json"
    path.write_text(json.dumps(value))
    return path


def test_crops_of_the_human_the_object_and_both(tmp_path: Path) -> None:
    # Pixels are counted from 1 and the last one belongs to the box.
    first = pairs(boxes_h=[[1, 1, 4, 5]], boxes_o=[[3, 2, 10, 12]])
    source = read_hicodet(
        write(tmp_path, hicodet([first, pairs(boxes_h=[], boxes_o=[])], ["a.png", "b.png"]))
    )
    assert [item.id for item in source.items] == ["a.png#0:human", "a.png#0:object", "a.png#0:union"]
    for item, expected in zip(
        source.items, [PIXELS[0:5, 0:4], PIXELS[1:12, 2:10], PIXELS[0:12, 0:10]], strict=True
    ):
        assert (np.asarray(source.open(item)) == expected).all()
    columns = source.items[2].columns
    assert (columns["image_id"], columns["pair_id"], columns["region"]) == ("a.png", "a.png#0", "union")
    assert (columns["label"], columns["verb"], columns["object"], columns["class"]) == (
        "ride dog",
        "ride",
        "dog",
        4,
    )
    assert json.loads(str(columns["human_box"])) == [0, 0, 4, 5]
    record = source.to_json()
    assert (record["pairs"], record["images_without_pairs"]) == (1, 1)


def test_the_regions_that_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, hicodet([pairs(boxes_h=[[1, 1, 4, 5]], boxes_o=[[3, 2, 10, 12]])], ["a.png"]))
    assert [item.id for item in read_hicodet(path, regions=("union", "human")).items] == [
        "a.png#0:union",
        "a.png#0:human",
    ]
    for wrong in ((), ("union", "union"), ("person",)):
        with pytest.raises(InputError, match="--regions"):
            read_hicodet(path, regions=wrong)


def test_boxes_outside_or_empty(tmp_path: Path) -> None:
    note = pairs(
        boxes_h=[[25, 15, 40, 50], [8, 8, 7, 9], [1, 1, 5, 5]],
        boxes_o=[[1, 1, 4, 5], [2, 2, 4, 4], [1, 1, float("nan"), 5]],
    )
    source = read_hicodet(write(tmp_path, hicodet([note], ["a.png"])))
    found = {item.id: item for item in source.items}
    assert (np.asarray(source.open(found["a.png#0:human"])) == PIXELS[14:20, 24:30]).all()
    assert found["a.png#0:human"].columns["clipped"] is True
    assert (np.asarray(source.open(found["a.png#0:union"])) == PIXELS).all()
    for own in ("1:human", "1:union", "2:object", "2:union"):
        with pytest.raises(UnreadableError, match=r"empty|no box"):
            source.open(found[f"a.png#{own}"])
    assert (np.asarray(source.open(found["a.png#1:object"])) == PIXELS[1:4, 1:4]).all()


def test_vcoco_counts_from_the_corner(tmp_path: Path) -> None:
    value = {
        "classes": ["hold obj", "sit instr"],
        "objects": ["background", "person", "chair"],
        "images": [1],
        "annotations": [
            {
                "file_name": "a.png",
                "boxes_h": [[1.5, 2, 4, 5.2]],
                "boxes_o": [[0, 0, 30.2, 20]],
                "actions": [1],
                "objects": [2],
            }
        ],
    }
    source = read_vcoco(write(tmp_path, value))
    assert (np.asarray(source.open(source.items[0])) == PIXELS[2:6, 1:4]).all()
    assert source.items[1].columns["clipped"] is False
    assert (source.items[0].columns["label"], source.items[0].columns["verb"]) == ("sit chair", "sit instr")


def test_bad_annotations(tmp_path: Path) -> None:
    good = pairs(boxes_h=[[1, 1, 4, 5]], boxes_o=[[3, 2, 10, 12]])
    for value, error, words in [
        (hicodet([good], []), FormatError, "1 filenames"),
        (hicodet([{**good, "hoi": []}], ["a.png"]), FormatError, "hoi 0"),
        (hicodet([{**good, "verb": [9]}], ["a.png"]), FormatError, "a verb among the 2"),
        (hicodet([good, good], ["a.png", "a.png"]), InputError, "'a.png' 2×"),
        (hicodet([good], ["a.png"], verbs=None), FormatError, "'verbs'"),
        (hicodet([pairs(boxes_h=[], boxes_o=[])], ["a.png"]), InputError, "all without a pair"),
    ]:
        with pytest.raises(error, match=words):
            read_hicodet(write(tmp_path, value))


def test_extract_a_folder_of_pairs_made_of_coco_images(shared_data: Path, tmp_path: Path) -> None:
    class Colour(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.mean((2, 3))

    photos = sorted((shared_data / "captions/coco_val_open/images").glob("*.jpg"))[:6]
    rng = np.random.default_rng(0)
    notes = []
    for photo in photos:
        width, height = size_of(photo)
        boxes = []
        for _ in range(2):
            left, top = rng.integers(1, width // 2, 2), rng.integers(1, height // 2, 2)
            size = rng.integers(20, width // 2, 2), rng.integers(20, height // 2, 2)
            boxes.append(
                np.stack([left, top, left + size[0] - 1, top + size[1] - 1], axis=1).astype(float).tolist()
            )
        notes.append(pairs(boxes_h=boxes[0], boxes_o=boxes[1]))
    names = [photo.name for photo in photos]
    value = hicodet(notes, names, size=[list(size_of(photo)) for photo in photos])
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(value))
    source = read_hicodet(path, photos[0].parent)
    extract(source, Colour(), study=tmp_path / "s", name="crops", batch_size=1, shard_rows=5)
    rows = Study.open(tmp_path / "s")["crops"]
    assert len(rows) == 6 * 2 * 3
    assert list(dict.fromkeys(rows.column("image_id"))) == names
    assert set(rows.column("region")) == {"human", "object", "union"}
    for row, own in enumerate(rows.ids):
        name, _, rest = str(own).partition("#")
        pair, _, region = rest.partition(":")
        note = notes[names.index(name)]
        human, thing = np.array(note["boxes_h"][int(pair)]), np.array(note["boxes_o"][int(pair)])
        both = np.concatenate([np.minimum(human, thing)[:2], np.maximum(human, thing)[2:]])
        left, top, right, bottom = {"human": human, "object": thing, "union": both}[region].astype(int)
        with Image.open(photos[names.index(name)]) as opened:
            image = np.asarray(opened.convert("RGB"), dtype=float) / 255
        expected = image[top - 1 : bottom, left - 1 : right].mean((0, 1))
        assert np.allclose(rows.vectors[row], expected, atol=1e-5)


def test_the_real_annotations(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "HICO_test2015_00000001.jpg").write_bytes(b"x")
    path = shared_data / "hoi/hicodet_instances_test2015.json"
    source = read_hicodet(path, tmp_path, ("human",))
    assert len(source.items) == 33_405
    assert source.to_json()["images_without_pairs"] == 112
    assert source.items[0].columns["label"] == "sit_on bench"
    assert source.to_json()["clipped_boxes"] == 0
    vcoco = read_vcoco(shared_data / "hoi/instances_vcoco_test.json", tmp_path, ("union",))
    assert vcoco.items[0].id == "COCO_val2014_000000000328.jpg#0:union"
    assert vcoco.items[0].columns["verb"] == "hold obj"
