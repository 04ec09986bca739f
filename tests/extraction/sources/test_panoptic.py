from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.errors import FormatError, InputError, MissingError
from repscope.extraction.sources.coco import read_panoptic
from repscope.extraction.sources.decode import UnreadableError
from repscope.extraction.sources.open import SourceOptions, detect_kind, open_source

PIXELS = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)

SEGMENTS: dict[str, Any] = {
    "images": [{"id": n, "file_name": f"{n}.png", "width": 30, "height": 20} for n in (5, 7, 8)],
    "categories": [
        {"id": 1, "name": "cat", "isthing": 1, "supercategory": "animal"},
        {"id": 90, "name": "grass", "isthing": 0, "supercategory": "plant"},
    ],
    "annotations": [
        {
            "image_id": 7,
            "file_name": "7.png",
            "segments_info": [
                {"id": 900, "category_id": 90, "area": 300, "bbox": [0, 10, 30, 10], "iscrowd": 0},
                {"id": 901, "category_id": 1, "area": 12, "bbox": [2, 3, 4, 5], "iscrowd": 1},
                {"id": 902, "category_id": 4, "area": 6},
            ],
        },
        {
            "image_id": 5,
            "file_name": "5.png",
            "segments_info": [
                {"id": 900, "category_id": 1, "area": 9, "bbox": [25, -4, 20, 10]},
                {"id": 903, "category_id": 1, "area": 9, "bbox": [1, 1, 0, 3]},
            ],
        },
    ],
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    (tmp_path / "images").mkdir()
    for number in (5, 7):
        Image.fromarray(PIXELS).save(tmp_path / "images" / f"{number}.png")

    def written(value: dict[str, Any]) -> Path:
        path = tmp_path / "panoptic_val.json"
        path.write_text(json.dumps(value))
        return path

    return written


def test_whole_images_know_their_classes(write: Callable[..., Path]) -> None:
    path = write(SEGMENTS)
    assert detect_kind(path) == "coco-panoptic"
    source = read_panoptic(path)
    assert source.columns == ("path", "image_id", "classes", "segments", "things")
    told = [{key: value for key, value in item.columns.items() if key != "path"} for item in source.items]
    assert told == [
        {"image_id": "5", "classes": '["cat"]', "segments": 2, "things": 2},
        {"image_id": "7", "classes": '["4", "cat", "grass"]', "segments": 3, "things": 1},
        {"image_id": "8", "classes": "[]", "segments": 0, "things": 0},
    ]
    assert source.open(source.items[1]).size == (30, 20)
    with pytest.raises(UnreadableError, match="No such file"):
        source.open(source.items[2])
    record = source.to_json()
    assert (record["kind"], record["items"], record["missing_files"]) == ("coco-panoptic", 3, 1)


def test_segments_are_cut_out_clipped_or_skipped_with_a_reason(write: Callable[..., Path]) -> None:
    source = open_source(write(SEGMENTS), SourceOptions(regions=("segments",)))
    found = {item.id: item for item in source.items}
    # In the order of the images; an id of a segment is unique within its image only.
    own = [
        f"{image}#{segment}:segment" for image, segment in ((5, 900), (5, 903), (7, 900), (7, 901), (7, 902))
    ]
    assert list(found) == own
    assert (np.asarray(source.open(found["7#900:segment"])) == PIXELS[10:20]).all()
    assert (np.asarray(source.open(found["7#901:segment"])) == PIXELS[3:8, 2:6]).all()
    clipped = found["5#900:segment"]
    assert (np.asarray(source.open(clipped)) == PIXELS[0:6, 25:30]).all()
    cat = dict(found["7#901:segment"].columns)
    cat.pop("path")
    assert cat == {
        **{"image_id": "7", "label": "cat", "isthing": 1, "area": 12, "clipped": False, "iscrowd": 1},
        **{"left": 2, "top": 3, "right": 6, "bottom": 8},
    }
    assert found["7#900:segment"].columns["isthing"] == 0
    assert clipped.columns["clipped"] is True
    assert set(source.columns) == {"path", *cat}
    for one, reason in (("7#902:segment", "no box of 4"), ("5#903:segment", "empty: 1, 1, 1, 4")):
        with pytest.raises(UnreadableError, match=reason):
            source.open(found[one])


def test_another_area_is_another_source(write: Callable[..., Path]) -> None:
    def details() -> list[str]:
        return [item.detail for item in read_panoptic(path, regions=("segments",)).items]

    path = write(SEGMENTS)
    before = details()
    assert details() == before
    write(json.loads(json.dumps(SEGMENTS).replace('"area": 12', '"area": 13')))
    assert [one == other for one, other in zip(before, details(), strict=True)] == [True] * 3 + [False, True]


def _inside(*segments: object) -> dict[str, Any]:
    return {"annotations": [{"image_id": 7, "segments_info": list(segments)}]}


@pytest.mark.parametrize(
    ("change", "regions", "error", "words"),
    [
        ({}, ("object",), InputError, "--regions segments, or none"),
        ({"categories": None}, (), FormatError, "'categories'"),
        ({"images": []}, (), InputError, "0 images"),
        ({"annotations": [{"image_id": 7, "segments_info": {}}]}, (), FormatError, "entry 0 .keys image_id"),
        ({"annotations": [{"segments_info": []}]}, (), FormatError, "'image_id'"),
        (_inside(3), (), FormatError, "'segments_info'"),
        ({"annotations": []}, ("segments",), InputError, "0 segments"),
        (_inside({"id": 1, "category_id": 1}), ("segments",), InputError, "none among 1 segments"),
        (_inside({"category_id": 1, "bbox": [1, 1, 2, 2]}), ("segments",), FormatError, "'id'"),
        (_inside(*[{"id": 1, "bbox": [1, 1, 2, 2]}] * 2), ("segments",), InputError, "'7#1:segment' 2×"),
    ],
)
def test_bad_annotations(
    write: Callable[..., Path],
    change: dict[str, Any],
    regions: tuple[str, ...],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        read_panoptic(write({**SEGMENTS, **change}), regions=regions)


def test_images_that_are_not_there(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(SEGMENTS)
    with pytest.raises(MissingError, match="--images"):
        read_panoptic(path, tmp_path / "nowhere")
