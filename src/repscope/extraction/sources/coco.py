"""COCO annotations: captions, instances and panoptic segments; images, their texts, or the boxes in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell, Item, printable
from repscope.extraction.sources.image_lists import CutOuts, ImageFiles
from repscope.extraction.sources.listing import (
    absolute,
    check_unique,
    file_item,
    find_file,
    find_images,
    records,
    refuse_empty,
)
from repscope.extraction.sources.regions import BOX_COLUMNS, corners
from repscope.extraction.sources.texts import TextItems, text_item
from repscope.formats.text_files import read_json

Record = dict[str, Any]


def read_captions(
    path: Path, images: str | Path | None = None, text_column: str | Sequence[str] = "caption"
) -> ImageFiles:
    """Images of a COCO captions file; ``texts`` holds the captions.

    An image's id is its number in COCO as text; columns ``path``, ``image_id`` (the same, to link by),
    ``caption`` (that with the lowest id), ``captions`` (all, as a JSON list).

    Args:
        path: such as ``captions_val2017.json``.
        images: folder; None to look near the file (see :func:`find_images`).
        text_column: "caption", the only one that there is.

    Raises:
        FormatError: not COCO captions.
        InputError: image ids repeat, or there are none; or another column of texts.
        MissingError: no image is to be found.
    """
    if text_column not in ("caption", ("caption",)):
        raise InputError(
            "--text-column caption for COCO captions", repr(text_column), "give that, or leave it out"
        )
    value = read_json(path)
    listed = listed_images(value, path)
    of_image: dict[str, list[str]] = {}
    for note in _captions(value, path):
        of_image.setdefault(key_of(note, "image_id", path), []).append(note["caption"])
    folder = find_images(path, [record["file_name"] for record in listed], images)
    items = []
    for record in listed:
        own = key_of(record, "id", path)
        captions = of_image.get(own, [])
        described: dict[str, Cell] = {
            "image_id": own,
            "caption": captions[0] if captions else None,
            "captions": json.dumps(captions, ensure_ascii=False),
        }
        items.append(file_item(own, find_file(folder, record["file_name"]), described))
    columns = ("path", "image_id", "caption", "captions")
    about = {"images": printable(absolute(folder))}
    return ImageFiles("coco-captions", path, tuple(items), columns, about, texts=_texts(value, path))


def read_caption_texts(path: Path) -> TextItems:
    """Captions of a COCO file, in the order of their ids; no image is looked for.

    The id is the caption's number; columns ``text``, ``image_id`` (to link with images by),
    ``caption_id`` (the id, to link with images of that caption by), and ``caption_index`` among the captions
    of its image.

    Raises:
        FormatError: not COCO captions.
        InputError: caption ids repeat, or there are none.
    """
    return _texts(read_json(path), path)


def _texts(value: Any, path: Path) -> TextItems:
    items: list[Item] = []
    seen: dict[str, int] = {}
    for note in _captions(value, path):
        image = key_of(note, "image_id", path)
        index = seen[image] = seen.get(image, -1) + 1
        own = key_of(note, "id", path)
        columns: dict[str, Cell] = {"image_id": image, "caption_id": own, "caption_index": index}
        items.append(text_item(own, note["caption"].strip(), columns))
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

    def boxes(value: Any) -> Iterator[tuple[str, list[Record]]]:
        for box in records(value, "annotations", path):
            yield key_of(box, "image_id", path), [box]

    refuse_regions(regions, "object", "COCO instances")
    annotated = Annotated.load("coco-instances", path, images, boxes)
    if regions:
        return annotated.cut("object", "boxes", ("label", *BOX_COLUMNS, "iscrowd"), lambda _: {}, regions)
    return annotated.whole("objects", lambda _: {})


def read_panoptic(path: Path, images: str | Path | None = None, regions: Sequence[str] = ()) -> ImageFiles:
    """Images of a COCO panoptic file, or with ``regions=("segments",)`` the boxes around their segments.

    An image's columns are ``path``, ``image_id``, ``classes`` (a JSON list, sorted), ``segments`` (how many)
    and ``things`` (how many of these are of a countable category). A segment's id is
    ``IMAGE#SEGMENT:segment``; its columns are ``path``, ``image_id`` (the cluster that it belongs to),
    ``label``, ``isthing``, ``area``, ``left``, ``top``, ``right``, ``bottom``, ``clipped`` and ``iscrowd``. A
    segment without a box is recorded as skipped. The PNG files of segments beside the JSON are not read.

    Args:
        path: such as ``panoptic_val2017.json``.
        images: folder of the photos; None to look near the file (see :func:`find_images`).
        regions: see above.

    Raises:
        FormatError: not COCO panoptic annotations.
        InputError: ids repeat, there are none, other regions, or no segment has a box.
        MissingError: no image is to be found.
    """

    def segments(value: Any) -> Iterator[tuple[str, list[Record]]]:
        for row, note in enumerate(records(value, "annotations", path)):
            inside = note.get("segments_info")
            if not isinstance(inside, list) or not all(isinstance(segment, dict) for segment in inside):
                raise FormatError(
                    f"a list of dictionaries under 'segments_info' in every annotation of {path}",
                    f"something else in entry {row:,} (keys {name_some(note, 8)})",
                    "check that this is the panoptic file",
                )
            yield key_of(note, "image_id", path), inside

    def is_thing(segment: Mapping[str, Any]) -> bool:
        return str(segment.get("category_id")) in annotated.things

    def extra(segment: Record) -> dict[str, Cell]:
        area = segment.get("area")
        known = area if type(area) in (int, float) else None
        return {"isthing": int(is_thing(segment)), "area": known}

    refuse_regions(regions, "segments", "COCO panoptic annotations")
    annotated = Annotated.load("coco-panoptic", path, images, segments)
    if not regions:
        return annotated.whole("segments", lambda inside: {"things": sum(map(is_thing, inside))})
    every = [segment for inside in annotated.inside.values() for segment in inside]
    refuse_empty(every, path, "0 segments")
    if not any("bbox" in segment for segment in every):
        raise InputError(
            f"boxes of the segments of {path} (bbox in segments_info), for --regions segments",
            f"none among {len(every):,} segments",
            "leave out --regions for whole images, or add the boxes",
        )
    columns = ("label", "isthing", "area", *BOX_COLUMNS, "iscrowd")
    return annotated.cut("segment", "segments", columns, extra, regions)


@dataclass(frozen=True)
class Annotated:
    """The images of an annotation file in COCO's form, and what is in each.

    Attributes:
        kind: of the source.
        path: of the file.
        images: in the order of the file.
        inside: objects or segments, by the id of their image.
        names: of the categories.
        things: categories that are countable.
        folder: of the images.
    """

    kind: str
    path: Path
    images: Sequence[Record]
    inside: Mapping[str, Sequence[Record]]
    names: Mapping[str, str]
    things: frozenset[str]
    folder: Path

    @classmethod
    def load(
        cls,
        kind: str,
        path: Path,
        images: str | Path | None,
        parts: Callable[[Any], Iterator[tuple[str, list[Record]]]],
    ) -> Annotated:
        """Read a file; ``parts`` gives the id of an image, and things that are in it, out of its content.

        Raises:
            FormatError, InputError, MissingError: see :func:`read_instances`.
        """
        value = read_json(path)
        listed = listed_images(value, path)
        categories = {key_of(entry, "id", path): entry for entry in records(value, "categories", path)}
        inside: dict[str, list[Record]] = {}
        for image, listed_parts in parts(value):
            inside.setdefault(image, []).extend(listed_parts)
        return cls(
            kind,
            path,
            listed,
            inside,
            {key: str(entry.get("name", entry["id"])) for key, entry in categories.items()},
            frozenset(key for key, entry in categories.items() if entry.get("isthing")),
            find_images(path, [record["file_name"] for record in listed], images),
        )

    def whole(self, counted: str, extra: Callable[[Sequence[Record]], dict[str, Cell]]) -> ImageFiles:
        """An image an item: its classes, the number of parts under ``counted``, and ``extra`` columns."""
        items = []
        for own, record, inside in self._each():
            classes = sorted({self.class_name(part) for part in inside})
            columns: dict[str, Cell] = {
                "image_id": own,
                "classes": json.dumps(classes, ensure_ascii=False),
                counted: len(inside),
                **extra(inside),
            }
            items.append(file_item(own, find_file(self.folder, record["file_name"]), columns))
        return ImageFiles(self.kind, self.path, tuple(items), ("path", *columns), self._record(()))

    def cut(
        self,
        name: str,
        what: str,
        columns: Sequence[str],
        extra: Callable[[Record], dict[str, Cell]],
        regions: Sequence[str],
    ) -> ImageFiles:
        """The box of a part an item, with the id ``IMAGE#PART:name``.

        Args:
            name: of the kind of part, in the id.
            what: the parts are called.
            columns: their order, behind ``path`` and ``image_id``.
            extra: columns of a part besides its class, its box and whether it is a crowd.
            regions: as asked for.
        """
        parts = CutOuts()
        for image, record, inside in self._each():
            if inside:
                parts.begin(find_file(self.folder, record["file_name"]), record)
            for part in inside:
                own = f"{image}#{key_of(part, 'id', self.path)}:{name}"
                described = {"image_id": image, "label": self.class_name(part), **extra(part)}
                described["iscrowd"] = int(bool(part.get("iscrowd")))
                parts.add(own, corners(part.get("bbox")), described)
        return parts.source(self.kind, self.path, ("path", "image_id", *columns), self._record(regions), what)

    def class_name(self, part: Mapping[str, Any]) -> str:
        """The name of a part's category, or its number where that has none."""
        number = str(part.get("category_id"))
        return self.names.get(number, number)

    def _each(self) -> Iterator[tuple[str, Record, Sequence[Record]]]:
        for record in self.images:
            own = key_of(record, "id", self.path)
            yield own, record, self.inside.get(own, [])

    def _record(self, regions: Sequence[str]) -> dict[str, Any]:
        return {"images": printable(absolute(self.folder)), "regions": list(regions)}


def refuse_regions(regions: Sequence[str], only: str, what: str) -> None:
    """Refuse regions other than the one that there is; raises :class:`InputError`."""
    if any(region != only for region in regions):
        raise InputError(f"--regions {only}, or none, for {what}", ",".join(regions), "give that")


def listed_images(value: Any, path: Path) -> list[Record]:
    """Images in the order of the file.

    Raises:
        FormatError: one lacks its file name or id.
        InputError: ids repeat, or there are none.
    """
    listed = records(value, "images", path)
    _need_text(listed, "file_name", f"a file_name for every image of {path}", "add it")
    refuse_empty(listed, path, "0 images")
    check_unique((key_of(record, "id", path) for record in listed), path, "give each image an id of its own")
    return listed


def _captions(value: Any, path: Path) -> list[Record]:
    """Captions in the order of their ids."""
    notes = records(value, "annotations", path)
    _need_text(notes, "caption", f"a caption in every annotation of {path}", "give a captions file")
    return sorted(notes, key=lambda note: _order(note.get("id")))


def _need_text(entries: Sequence[Record], key: str, expected: str, do: str) -> None:
    lacking = [row for row, entry in enumerate(entries) if not isinstance(entry.get(key), str)]
    if lacking:
        raise FormatError(expected, f"none in entry {name_some(lacking)}", do)


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
