"""COCO panoptic annotations: images with the classes of their segments, or the boxes around the segments.

Everything is read from the JSON; the PNG files of segments beside it are not needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell, printable
from repscope.extraction.sources.coco import (
    box_columns,
    class_name,
    corners,
    image_item,
    key_of,
    listed_images,
)
from repscope.extraction.sources.image_lists import (
    ImageFiles,
    absolute,
    check_unique,
    find_images,
    listed_size,
    load_json,
    records,
    region_of,
)
from repscope.extraction.sources.texts import refuse_empty

REGIONS = ("segments",)
KIND = "coco-panoptic"


@dataclass(frozen=True)
class _Annotations:
    """What a panoptic file holds.

    Attributes:
        images: in the order of the file.
        segments: of each image, by its id.
        names: of the categories.
        things: categories that are countable.
        folder: of the images.
    """

    images: Sequence[dict[str, Any]]
    segments: Mapping[str, Sequence[dict[str, Any]]]
    names: Mapping[str, str]
    things: frozenset[str]
    folder: Path


def read_panoptic(path: Path, images: str | Path | None = None, regions: Sequence[str] = ()) -> ImageFiles:
    """Images of a COCO panoptic file, or with ``regions=("segments",)`` the boxes around their segments.

    An image's columns are ``path``, ``image_id``, ``classes`` (a JSON list, sorted), ``segments`` (how many)
    and ``things`` (how many of these are of a countable category). A segment's id is
    ``IMAGE#SEGMENT:segment``; its columns are ``path``, ``image_id`` (the cluster that it belongs to),
    ``label``, ``isthing``, ``area``, ``left``, ``top``, ``right``, ``bottom``, ``clipped`` and ``iscrowd``. A
    segment without a box is recorded as skipped.

    Args:
        path: such as ``panoptic_val2017.json``.
        images: folder of the photos; None to look near the file (see :func:`find_images`).
        regions: see above.

    Raises:
        FormatError: not COCO panoptic annotations.
        InputError: ids repeat, there are none, other regions, or no segment has a box.
        MissingError: no image is to be found.
    """
    if any(region not in REGIONS for region in regions):
        raise InputError(
            "--regions segments, or none, for COCO panoptic annotations", ",".join(regions), "give that"
        )
    found = _load(path, images)
    record = {"images": printable(absolute(found.folder)), "regions": list(regions)}
    if regions:
        return _boxes(path, found, record)
    items = []
    for one in found.images:
        own = key_of(one, "id", path)
        inside = found.segments.get(own, [])
        described: dict[str, Cell] = {
            "image_id": own,
            "classes": json.dumps(
                sorted({class_name(each, found.names) for each in inside}), ensure_ascii=False
            ),
            "segments": len(inside),
            "things": sum(str(each.get("category_id")) in found.things for each in inside),
        }
        items.append(image_item(own, found.folder / str(one["file_name"]), described))
    columns = ("path", "image_id", "classes", "segments", "things")
    return ImageFiles(KIND, path, tuple(items), columns, record=record)


def _boxes(path: Path, found: _Annotations, record: Mapping[str, Any]) -> ImageFiles:
    """A segment an item."""
    every = [each for inside in found.segments.values() for each in inside]
    refuse_empty(every, path, "0 segments")
    if not any("bbox" in each for each in every):
        raise InputError(
            f"boxes of the segments of {path} (bbox in segments_info), for --regions segments",
            f"none among {len(every):,} segments",
            "leave out --regions for whole images, or add the boxes",
        )
    items, cut, sizes = [], {}, {}
    for one in found.images:
        image = key_of(one, "id", path)
        file = found.folder / str(one["file_name"])
        inside = found.segments.get(image, [])
        size = listed_size(one, file) if inside else None
        if size is not None:
            sizes[absolute(file)] = size
        for each in inside:
            own = f"{image}#{key_of(each, 'id', path)}:segment"
            cut[own] = region_of(corners(each.get("bbox")), size, "the box")
            area = each.get("area")
            described: dict[str, Cell] = {
                "image_id": image,
                "label": class_name(each, found.names),
                "isthing": int(str(each.get("category_id")) in found.things),
                "area": area if type(area) in (int, float) else None,
                **box_columns(cut[own]),
                "iscrowd": int(bool(each.get("iscrowd"))),
            }
            items.append(image_item(own, file, described))
    refuse_empty(items, path, "0 segments of the listed images")
    check_unique((item.id for item in items), path, "give each segment of an image an id of its own")
    return ImageFiles(KIND, path, tuple(items), ("path", *described), cut, sizes, record=record)


def _load(path: Path, images: str | Path | None) -> _Annotations:
    value = load_json(path)
    listed = listed_images(value, path)
    categories = records(value, "categories", path)
    names = {key_of(one, "id", path): str(one.get("name", one["id"])) for one in categories}
    things = frozenset(key_of(one, "id", path) for one in categories if one.get("isthing"))
    segments: dict[str, list[dict[str, Any]]] = {}
    for row, one in enumerate(records(value, "annotations", path)):
        inside = one.get("segments_info")
        if not isinstance(inside, list) or not all(isinstance(each, dict) for each in inside):
            raise FormatError(
                f"a list of dictionaries under 'segments_info' in every annotation of {path}",
                f"something else in entry {row:,} (keys {name_some(one, 8)})",
                "check that this is the panoptic file",
            )
        segments.setdefault(key_of(one, "image_id", path), []).extend(inside)
    folder = find_images(path, [str(one["file_name"]) for one in listed], images)
    return _Annotations(listed, segments, names, things, folder)
