"""COCO annotations: captions (images and their texts) and instances (images, or the boxes in them)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell, Item, printable
from repscope.extraction.sources.image_lists import (
    ImageFiles,
    Region,
    absolute,
    check_unique,
    describe,
    find_images,
    listed_size,
    load_json,
    numbers,
    records,
    region_of,
    size_of,
)
from repscope.extraction.sources.texts import TextItems, refuse_empty, text_item


def read_captions(path: Path, images: str | Path | None = None) -> ImageFiles:
    """Images of a COCO captions file; ``texts`` holds the captions.

    An image's id is its number in COCO as text; columns ``path``, ``image_id`` (the same, to link by),
    ``caption`` (that with the lowest id), ``captions`` (all, as a JSON list).

    Args:
        path: such as ``captions_val2017.json``.
        images: folder; None to look near the file (see :func:`find_images`).

    Raises:
        FormatError: not COCO captions.
        InputError: image ids repeat, or there are none.
        MissingError: no image is to be found.
    """
    value = load_json(path)
    listed = listed_images(value, path)
    of_image: dict[str, list[str]] = {}
    for one in _captions(value, path):
        of_image.setdefault(key_of(one, "image_id", path), []).append(one["caption"])
    folder = find_images(path, [str(one["file_name"]) for one in listed], images)
    items = []
    for one in listed:
        own = key_of(one, "id", path)
        captions = of_image.get(own, [])
        described: dict[str, Cell] = {
            "image_id": own,
            "caption": captions[0] if captions else None,
            "captions": json.dumps(captions, ensure_ascii=False),
        }
        items.append(image_item(own, folder / str(one["file_name"]), described))
    return ImageFiles(
        "coco-captions",
        path,
        tuple(items),
        ("path", "image_id", "caption", "captions"),
        record={"images": printable(absolute(folder))},
        texts=_texts(value, path),
    )


def read_caption_texts(path: Path) -> TextItems:
    """Captions of a COCO file, in the order of their ids; no image is looked for.

    The id is the caption's number; columns ``text``, ``image_id`` (to link with images by),
    ``caption_id`` (the id, to link with images of that caption by), and ``caption_index`` among the captions
    of its image.

    Raises:
        FormatError: not COCO captions.
        InputError: caption ids repeat, or there are none.
    """
    return _texts(load_json(path), path)


def _texts(value: Any, path: Path) -> TextItems:
    items: list[Item] = []
    seen: dict[str, int] = {}
    for one in _captions(value, path):
        image = key_of(one, "image_id", path)
        index = seen[image] = seen.get(image, -1) + 1
        own = key_of(one, "id", path)
        columns: dict[str, Cell] = {"image_id": image, "caption_id": own, "caption_index": index}
        items.append(text_item(own, one["caption"].strip(), columns))
    refuse_empty(items, path, "0 captions")
    check_unique((item.id for item in items), path, "give each caption an id of its own")
    columns_of = ("text", "image_id", "caption_id", "caption_index")
    return TextItems("coco-captions-text", path, tuple(items), columns_of)


def read_instances(path: Path, images: str | Path | None = None, regions: Sequence[str] = ()) -> ImageFiles:
    """Images of a COCO instances file, or with ``regions=("object",)`` the boxes in them.

    An image's columns are ``path``, ``image_id``, ``classes`` (a JSON list, sorted) and ``objects`` (how
    many). A box's id is ``IMAGE#ANNOTATION:object``; its columns are ``path``, ``image_id`` (the cluster
    that it belongs to), ``label``, ``left``, ``top``, ``right``, ``bottom``, ``clipped`` and ``iscrowd``.

    Raises:
        FormatError: not COCO instances.
        InputError: ids repeat, there are none, or other regions.
        MissingError: no image is to be found.
    """
    if any(region != "object" for region in regions):
        raise InputError("--regions object, or none, for COCO instances", ",".join(regions), "give that")
    value = load_json(path)
    listed = listed_images(value, path)
    names = {
        key_of(one, "id", path): str(one.get("name", one["id"])) for one in records(value, "categories", path)
    }
    boxes = records(value, "annotations", path)
    of_image: dict[str, list[dict[str, Any]]] = {}
    for one in boxes:
        of_image.setdefault(key_of(one, "image_id", path), []).append(one)
    folder = find_images(path, [str(one["file_name"]) for one in listed], images)
    record = {"images": printable(absolute(folder)), "regions": list(regions)}
    if not regions:
        whole = []
        for one in listed:
            own = key_of(one, "id", path)
            inside = of_image.get(own, [])
            found = sorted({class_name(box, names) for box in inside})
            columns: dict[str, Cell] = {
                "image_id": own,
                "classes": json.dumps(found, ensure_ascii=False),
                "objects": len(inside),
            }
            whole.append(image_item(own, folder / str(one["file_name"]), columns))
        return ImageFiles(
            "coco-instances",
            path,
            tuple(whole),
            ("path", "image_id", "classes", "objects"),
            record=record,
        )
    items, cut, sizes = [], {}, {}
    for one in listed:
        image = key_of(one, "id", path)
        file = folder / str(one["file_name"])
        inside = of_image.get(image, [])
        size = listed_size(one, file) if inside else None
        if size is not None:
            sizes[absolute(file)] = size
        for box in inside:
            own = f"{image}#{key_of(box, 'id', path)}:object"
            cut[own] = region_of(corners(box.get("bbox")), size, "the box")
            described = {
                "image_id": image,
                "label": class_name(box, names),
                **box_columns(cut[own]),
                "iscrowd": int(bool(box.get("iscrowd"))),
            }
            items.append(image_item(own, file, described))
    refuse_empty(items, path, "0 boxes")
    check_unique((item.id for item in items), path, "give each box an id of its own")
    columns_of = (
        "path",
        "image_id",
        "label",
        "left",
        "top",
        "right",
        "bottom",
        "clipped",
        "iscrowd",
    )
    return ImageFiles("coco-instances", path, tuple(items), columns_of, cut, sizes, record=record)


def box_columns(region: Region) -> dict[str, Cell]:
    """``left``, ``top``, ``right``, ``bottom`` of what is cut out, and whether it was clipped."""
    left, top, right, bottom = region.box
    return {"left": left, "top": top, "right": right, "bottom": bottom, "clipped": region.clipped}


def corners(box: Any) -> tuple[float, ...]:
    """COCO's left, top, width, height as left, top, right, bottom; none of what is no box."""
    found = numbers(box)
    if len(found) != 4:
        return ()
    left, top, width, height = found
    return left, top, left + width, top + height


def class_name(box: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of an annotation's category, or its number where that has none."""
    number = str(box.get("category_id"))
    return names.get(number, number)


def listed_images(value: Any, path: Path) -> list[dict[str, Any]]:
    """Images in the order of the file.

    Raises:
        FormatError: one lacks its file name or id.
        InputError: ids repeat, or there are none.
    """
    listed = records(value, "images", path)
    lacking = [row for row, one in enumerate(listed) if not isinstance(one.get("file_name"), str)]
    if lacking:
        raise FormatError(
            f"a file_name for every image of {path}", f"none in entry {name_some(lacking)}", "add it"
        )
    refuse_empty(listed, path, "0 images")
    check_unique((key_of(one, "id", path) for one in listed), path, "give each image an id of its own")
    return listed


def _captions(value: Any, path: Path) -> list[dict[str, Any]]:
    """Captions in the order of their ids."""
    found = records(value, "annotations", path)
    wrong = [row for row, one in enumerate(found) if not isinstance(one.get("caption"), str)]
    if wrong:
        raise FormatError(
            f"a caption in every annotation of {path}",
            f"none in entry {name_some(wrong)}",
            "give a captions file",
        )
    return sorted(found, key=lambda one: _order(one.get("id")))


def _order(value: Any) -> tuple[int, int, str]:
    """Numbers by value, then anything else as text."""
    return (0, value, "") if isinstance(value, int) else (1, 0, str(value))


def key_of(record: Mapping[str, Any], key: str, path: Path) -> str:
    """A number or text of an annotation, as text; raises :class:`FormatError` where there is none."""
    value = record.get(key)
    if not isinstance(value, int | str) or value == "":
        raise FormatError(
            f"{key!r} as a number or text in every entry of {path}",
            f"{value!r} among the keys {name_some(record, 8)}",
            "add it",
        )
    return printable(str(value))


def image_item(own: str, file: Path, described: Mapping[str, Cell]) -> Item:
    """The item of a file, or of a part of one."""
    place = absolute(file)
    columns: dict[str, Cell] = {"path": printable(place), **described}
    return Item(own, size_of(Path(place)), columns, place, detail=describe(columns))
