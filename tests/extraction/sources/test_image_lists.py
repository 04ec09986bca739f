from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from repscope.errors import RepscopeError
from repscope.extraction.sources import decode, image_lists
from repscope.extraction.sources.base import Item
from repscope.extraction.sources.decode import UnreadableError, image_size
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.open import KINDS, SourceOptions, open_source
from repscope.extraction.sources.regions import Region


def test_a_turned_image_is_cut_as_it_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[decode.ORIENTATION] = 6
    Image.new("RGB", (30, 20)).save(file, exif=exif)
    assert image_size(file) == (20, 30)
    assert image_size(tmp_path / "none.jpg") is None
    item = Item("x", 1, {}, str(file))
    source = ImageFiles(
        "table", file, (item,), (), regions={"x": Region((0, 0, 5, 25), False)}, sizes={str(file): (20, 30)}
    )
    assert source.open(item).size == (5, 25)


def test_a_huge_image_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "huge.png"
    Image.new("RGB", (30, 20)).save(file)
    monkeypatch.setattr(decode, "MAX_PIXELS", 500)
    item = Item("x", 1, {}, str(file))
    source = ImageFiles("table", file, (item,), (), regions={"x": Region((0, 0, 5, 5), False)})
    with pytest.raises(UnreadableError, match="30×20 pixels, above"):
        source.open(item)


def test_only_a_few_small_images_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = []
    for number in range(9):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (4 if number < 8 else 40, 4), (number, 0, 0)).save(file)
        items += [Item(f"{number}:{part}", 1, {}, str(file)) for part in range(3)]
    monkeypatch.setattr(image_lists, "KEPT_PIXELS", 100)
    opened: list[str] = []
    whole = image_lists.open_image

    def counted(path: Path) -> Any:
        opened.append(path.name)
        return whole(path)

    monkeypatch.setattr(image_lists, "open_image", counted)
    region = Region((0, 0, 2, 2), False)
    source = ImageFiles("table", tmp_path, items, (), regions={item.id: region for item in items})
    for item in items:
        assert source.open(item).getpixel((1, 1)) == (int(item.id[0]), 0, 0)
    assert len(source._kept) == image_lists.KEPT_IMAGES
    assert opened == [f"{number}.png" for number in range(8)] + ["8.png"] * 3


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
JSON = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one, max_size=3)
)
PAIR = {"boxes_h": [[1, 1, 4, 4]], "boxes_o": [[1, 1, 4, 4]], "hoi": [0], "verb": [0], "object": [0]}
VALID: dict[str, dict[str, Any]] = {
    "hicodet": {
        "annotation": [PAIR],
        "filenames": ["a.png"],
        "objects": ["dog"],
        "verbs": ["hold"],
        "size": [[8, 8]],
    },
    "vcoco": {
        "annotations": [{**PAIR, "file_name": "a.png", "actions": [0], "objects": [0]}],
        "classes": ["hold obj"],
        "objects": ["dog"],
    },
    "coco-instances": {
        "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 8}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}],
        "categories": [{"id": 1, "name": "dog"}],
    },
    "coco-captions": {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"id": 1, "image_id": 1, "caption": "a dog"}],
    },
}


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """An annotation file with one value replaced by another."""
    kind = draw(st.sampled_from(sorted(VALID)))
    value = json.loads(json.dumps(VALID[kind]))
    inside: Any = value
    while True:
        key = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        if isinstance(inside[key], dict | list) and inside[key] and draw(st.booleans()):
            inside = inside[key]
            continue
        inside[key] = draw(JSON)
        return kind, value


@settings(deadline=None, max_examples=30)
@given(case=spoilt())
def test_spoilt_annotations_are_errors_of_ours_or_skipped_items(
    case: tuple[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind, value = case
    folder = tmp_path_factory.mktemp("spoilt")
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    path = folder / "x.json"
    path.write_text(json.dumps(value))
    regions = {"coco-instances": ("object",), "coco-captions": None}.get(kind, ("human", "union"))
    try:
        source = open_source(path, SourceOptions(kind=kind, images=folder, regions=regions))
    except RepscopeError:
        return
    assert kind in KINDS
    assert len({item.id for item in source.items}) == len(source.items)
    for item in source.items:
        assert set(item.columns) == set(source.columns)
        with contextlib.suppress(UnreadableError):
            assert max(source.open(item).size) <= 8
