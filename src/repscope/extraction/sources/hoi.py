"""Human-object pairs: HICO-DET and V-COCO annotations, as crops of the human, the object, and both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell, printable
from repscope.extraction.sources.image_lists import CutOuts, ImageFiles
from repscope.extraction.sources.listing import (
    absolute,
    check_unique,
    find_file,
    find_images,
    records,
    refuse_empty,
)
from repscope.extraction.sources.regions import BOX_COLUMNS, numbers, region_of
from repscope.formats.text_files import read_json

REGIONS = ("human", "object", "union")

COLUMNS = (
    *("path", "image_id", "pair_id", "region", "label", "verb", "object", "class"),
    *(*BOX_COLUMNS, "human_box", "object_box"),
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
    value = read_json(path)
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
        pairs = []
        for human, thing, hoi, verb_number, object_number in _aligned(note, fields, str(name), path):
            verb = _name(verbs, verb_number, "verb", name, path)
            what = _name(objects, object_number, "object", name, path)
            number = _number(hoi, str(name), path)
            pairs.append(_Pair(_from_one(human), _from_one(thing), verb, what, f"{verb} {what}", number))
        listed.append((str(name), _size(value.get("size"), row, len(notes)), pairs))
    return _source("hicodet", path, listed, images, regions)


def read_vcoco(path: Path, images: str | Path | None = None, regions: Sequence[str] = REGIONS) -> ImageFiles:
    """Pairs of V-COCO, in the JSON that HOI detectors use (``instances_vcoco_test.json``).

    Its boxes count from the image's corner. Items are as of :func:`read_hicodet`; ``verb`` is the action
    with its role ("hold obj"), ``class`` the action's number.

    Raises:
        FormatError, InputError, MissingError: as of :func:`read_hicodet`.
    """
    value = read_json(path)
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
    wrong = [region for region in regions if region not in REGIONS]
    if wrong or not regions or len(set(regions)) != len(regions):
        raise InputError(
            f"--regions among {', '.join(REGIONS)}, each once",
            name_some(wrong or regions) or "none",
            "give for example --regions human,object,union",
        )
    check_unique((name for name, _, _ in listed), path, "list each image once")
    with_pairs = [image for image in listed if image[2]]
    refuse_empty(with_pairs, path, f"{len(listed):,} images, all without a pair")
    folder = find_images(path, [name for name, _, _ in with_pairs], images)
    parts = CutOuts()
    for name, stated, pairs in with_pairs:
        parts.begin(find_file(folder, name), stated)
        image = printable(name)
        for index, pair in enumerate(pairs):
            described: dict[str, Cell] = {
                "image_id": image,
                "pair_id": f"{image}#{index}",
                "label": pair.label,
                "verb": pair.verb,
                "object": pair.what,
                "class": pair.number,
                "human_box": json.dumps(pair.human),
                "object_box": json.dumps(pair.object),
            }
            for region in regions:
                columns = {**described, "region": region}
                parts.add(f"{image}#{index}:{region}", _box(pair, region), columns, f"the {region} box")
    record = {
        "images": printable(absolute(folder)),
        "regions": list(regions),
        "pairs": sum(len(pairs) for _, _, pairs in with_pairs),
        "images_without_pairs": len(listed) - len(with_pairs),
    }
    return parts.source(kind, path, COLUMNS, record, "regions")


def _box(pair: _Pair, which: str) -> Sequence[float]:
    if which == "human":
        return pair.human
    if which == "object":
        return pair.object
    human, thing = pair.human, pair.object
    # An empty box has no place, so a union with it would be a box around nothing.
    for box in (human, thing):
        if region_of(box, None, "").problem:
            return box
    return (
        min(human[0], thing[0]),
        min(human[1], thing[1]),
        max(human[2], thing[2]),
        max(human[3], thing[3]),
    )


def _from_one(box: Any) -> tuple[float, ...]:
    """Pixels counted from 1, the last one included, as edges counted from 0."""
    sides = numbers(box)
    return (sides[0] - 1, sides[1] - 1, sides[2], sides[3]) if len(sides) == 4 else ()


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
    counts = [len(values) if isinstance(values, list) else -1 for values in lists]
    if min(counts) < 0 or len(set(counts)) > 1:
        told = ", ".join(f"{field} {count}" for field, count in zip(fields, counts, strict=True))
        raise FormatError(
            f"lists of one length for {name!r} in {path}",
            told.replace("-1", "none"),
            "give the whole file",
        )
    return zip(*(values or [] for values in lists), strict=True)


def _names(value: Any, key: str, path: Path) -> list[str]:
    names = value.get(key) if isinstance(value, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
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
