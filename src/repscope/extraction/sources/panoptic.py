"""COCO panoptic annotations: images with the classes of their segments, or the boxes around the segments.

Everything is read from the JSON; the PNG files of segments beside it are not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extraction.sources.base import Cell
from repscope.extraction.sources.coco import Annotated, Record, key_of, refuse_regions
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.listing import records, refuse_empty
from repscope.extraction.sources.regions import BOX_COLUMNS


def read_panoptic(path: Path, images: str | Path | None = None, regions: Sequence[str] = ()) -> ImageFiles:
    """Images of a COCO panoptic file, or with ``regions=("segments",)`` the boxes around their segments.

    An image's columns are ``path``, ``image_id``, ``classes`` (a JSON list, sorted), ``segments`` (how many)
    and ``things`` (how many of these are of a countable category). A segment's id is
    ``IMAGE#SEGMENT:segment``; its columns are ``path``, ``image_id`` (the cluster that it belongs to),
    ``label``, ``isthing``, ``area``, ``left``, ``top``, ``right``, ``bottom``, ``clipped`` and ``iscrowd``. A
    segment without a box is recorded as skipped.

    Args:
        path: such as ``panoptic_val2017.json``.
        images: folder of the photos; None to look near the file (see
            :func:`repscope.extraction.sources.listing.find_images`).
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
