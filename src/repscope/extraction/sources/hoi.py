"""Human-object pairs: HICO-DET and V-COCO annotations, as crops of the human, the object, and both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell, Item, printable
from repscope.extraction.sources.coco import box_columns
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
from repscope.extraction.sources.texts import refuse_empty

REGIONS = ("human", "object", "union")

COLUMNS = (
    "path",
    "image_id",
    "pair_id",
    "region",
    "label",
    "verb",
    "object",
    "class",
    "left",
    "top",
    "right",
    "bottom",
    "clipped",
    "human_box",
    "object_box",
)


@dataclass(frozen=True)
class _Pair:
    """A human, an object and what connects them; boxes in pixels from the image's corner."""

    human: tuple[float, ...]
    object: tuple[float, ...]
    verb: str
    what: str
    label: str
    number: int


def read_hicodet(
    path: Path, images: str | Path | None = None, regions: Sequence[str] = REGIONS
) -> ImageFiles:
    """Pairs of HICO-DET, in the JSON of ``fredzzhang/hicodet`` (``instances_test2015.json``).

    Its boxes count pixels from 1 and include the last one, so left and top are lowered by 1. An item is
    one region of one pair, with the id ``IMAGE#PAIR:region``: IMAGE is the file's name, PAIR its position
    among the image's annotations, from 0. ``image_id`` is the cluster, ``pair_id`` (``IMAGE#PAIR``) links
    the regions of a pair, ``label`` is "verb object", ``class`` its number among the 600.

    Args:
        path: the annotations.
        images: folder; None to look near the file.
        regions: any of "human", "object", "union" (the smallest box around both), without repeats.

    Raises:
        FormatError: the file is something else, or its parts do not fit each other.
        InputError: no pairs, images that repeat, or other regions.
        MissingError: no image is to be found.
    """
    value = load_json(path)
    notes = records(value, "annotation", path)
    names = value.get("filenames")
    if not isinstance(names, list) or len(names) != len(notes):
        raise FormatError(
            f"{len(notes):,} filenames in {path}, one for each annotation",
            f"{len(names):,}" if isinstance(names, list) else "none",
            "give the whole file",
        )
    objects, verbs = _names(value, "objects", path), _names(value, "verbs", path)
    listed = []
    for row, (name, note) in enumerate(zip(names, notes, strict=True)):
        fields = ("boxes_h", "boxes_o", "hoi", "verb", "object")
        pairs = [
            _Pair(
                _from_one(human),
                _from_one(thing),
                _name(verbs, verb, "verb", name, path),
                _name(objects, kind, "object", name, path),
                f"{_name(verbs, verb, 'verb', name, path)} {_name(objects, kind, 'object', name, path)}",
                _number(hoi, str(name), path),
            )
            for human, thing, hoi, verb, kind in _aligned(note, fields, str(name), path)
        ]
        listed.append((str(name), _size(value.get("size"), row, len(notes)), pairs))
    return _source("hicodet", path, listed, images, regions)


def read_vcoco(path: Path, images: str | Path | None = None, regions: Sequence[str] = REGIONS) -> ImageFiles:
    """Pairs of V-COCO, in the JSON that HOI detectors use (``instances_vcoco_test.json``).

    Its boxes count from the image's corner. Items are as of :func:`read_hicodet`; ``verb`` is the action
    with its role ("hold obj"), ``class`` the action's number.

    Raises:
        FormatError, InputError, MissingError: as of :func:`read_hicodet`.
    """
    value = load_json(path)
    verbs, objects = _names(value, "classes", path), _names(value, "objects", path)
    listed = []
    for note in records(value, "annotations", path):
        name = str(note.get("file_name"))
        fields = ("boxes_h", "boxes_o", "actions", "objects")
        pairs = []
        for human, thing, action, kind in _aligned(note, fields, name, path):
            verb = _name(verbs, action, "action", name, path)
            what = _name(objects, kind, "object", name, path)
            label = f"{verb.partition(' ')[0]} {what}"
            pairs.append(_Pair(numbers(human), numbers(thing), verb, what, label, action))
        listed.append((name, dict[str, Any](), pairs))
    return _source("vcoco", path, listed, images, regions)


def _source(
    kind: str,
    path: Path,
    listed: Sequence[tuple[str, Mapping[str, Any], Sequence[_Pair]]],
    images: str | Path | None,
    regions: Sequence[str],
) -> ImageFiles:
    wrong = [one for one in regions if one not in REGIONS]
    if wrong or not regions or len(set(regions)) != len(regions):
        raise InputError(
            f"--regions among {', '.join(REGIONS)}, each once",
            name_some(wrong or regions) or "none",
            "give for example --regions human,object,union",
        )
    check_unique((name for name, _, _ in listed), path, "list each image once")
    with_pairs = [one for one in listed if one[2]]
    refuse_empty(with_pairs, path, f"{len(listed):,} images, all without a pair")
    folder = find_images(path, [name for name, _, _ in with_pairs], images)
    items: list[Item] = []
    cut: dict[str, Region] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for name, stated, pairs in with_pairs:
        place = absolute(folder / name)
        size = listed_size(stated, Path(place))
        if size is not None:
            sizes[place] = size
        length = size_of(Path(place))
        for own, region, columns in _regions(name, pairs, regions, size):
            cut[own] = region
            described: dict[str, Cell] = {"path": printable(place), **columns}
            items.append(Item(own, length, described, place, detail=describe(described)))
    record = {
        "images": printable(absolute(folder)),
        "regions": list(regions),
        "pairs": sum(len(pairs) for _, _, pairs in with_pairs),
        "images_without_pairs": len(listed) - len(with_pairs),
    }
    return ImageFiles(kind, path, tuple(items), COLUMNS, cut, sizes, record=record)


def _regions(
    name: str, pairs: Sequence[_Pair], regions: Sequence[str], size: tuple[int, int] | None
) -> Iterator[tuple[str, Region, dict[str, Cell]]]:
    """Id, place and columns of each region of each pair of one image."""
    image = printable(name)
    for index, pair in enumerate(pairs):
        for which in regions:
            region = region_of(_box(pair, which), size, f"the {which} box")
            yield (
                f"{image}#{index}:{which}",
                region,
                {
                    "image_id": image,
                    "pair_id": f"{image}#{index}",
                    "region": which,
                    "label": pair.label,
                    "verb": pair.verb,
                    "object": pair.what,
                    "class": pair.number,
                    **box_columns(region),
                    "human_box": json.dumps(pair.human),
                    "object_box": json.dumps(pair.object),
                },
            )


def _box(pair: _Pair, which: str) -> Sequence[float]:
    if which == "human":
        return pair.human
    if which == "object":
        return pair.object
    human, thing = pair.human, pair.object
    # An empty box has no place, so a union with it would be a box around nothing.
    for one in (human, thing):
        if region_of(one, None, "").problem:
            return one
    return (
        min(human[0], thing[0]),
        min(human[1], thing[1]),
        max(human[2], thing[2]),
        max(human[3], thing[3]),
    )


def _from_one(box: Any) -> tuple[float, ...]:
    """Pixels counted from 1, the last one included, as edges counted from 0."""
    found = numbers(box)
    if len(found) != 4:
        return ()
    return found[0] - 1, found[1] - 1, found[2], found[3]


def _size(sizes: Any, row: int, count: int) -> dict[str, Any]:
    """Width and height that the file states of an image; nothing where it does not."""
    if isinstance(sizes, list) and len(sizes) == count and len(numbers(sizes[row])) == 2:
        return {"width": sizes[row][0], "height": sizes[row][1]}
    return {}


def _aligned(
    note: Mapping[str, Any], fields: Sequence[str], name: str, path: Path
) -> Iterator[tuple[Any, ...]]:
    """The pairs of one image, whose fields are lists of one length."""
    lists = [note.get(field) for field in fields]
    counts = [len(one) if isinstance(one, list) else -1 for one in lists]
    if min(counts) < 0 or len(set(counts)) > 1:
        told = ", ".join(f"{field} {count}" for field, count in zip(fields, counts, strict=True))
        raise FormatError(
            f"lists of one length for {name!r} in {path}",
            told.replace("-1", "none"),
            "give the whole file",
        )
    return zip(*(one or [] for one in lists), strict=True)


def _names(value: Any, key: str, path: Path) -> list[str]:
    names = value.get(key) if isinstance(value, dict) else None
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise FormatError(f"a list of names under {key!r} in {path}", "none", "give the whole file")
    return names


def _name(names: Sequence[str], number: Any, what: str, image: str, path: Path) -> str:
    if type(number) is not int or not 0 <= number < len(names):
        raise FormatError(
            f"a {what} among the {len(names)} of {path}", f"{number!r} for {image!r}", "correct the file"
        )
    return names[number]


def _number(value: Any, image: str, path: Path) -> int:
    if type(value) is not int or abs(value) >= 2**63:
        raise FormatError(
            f"whole numbers under 'hoi' in {path}", f"{value!r:.80} for {image!r}", "correct the file"
        )
    return value
