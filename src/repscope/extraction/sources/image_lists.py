"""Images that a list names one by one: paths, boxes to cut out, and columns that describe them."""

from __future__ import annotations

import json
import math
import os
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, InputError, MissingError, name_some
from repscope.extraction.sources.base import Cell, Item, printable
from repscope.extraction.sources.decode import DECODING, UnreadableError, image_size, open_image
from repscope.study.storage import json_hash

if TYPE_CHECKING:
    from PIL.Image import Image

    from repscope.extraction.sources.texts import TextItems

KEPT_IMAGES = 4
KEPT_PIXELS = 4_000_000
LOOKED_FOR = 200
"""File names that are tried when the folder of images is searched."""

BEYOND = 1e15
"""Pixels; a coordinate further out is none."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Region:
    """A part of an image, or why there is none.

    Attributes:
        box: left, top, right, bottom in whole pixels inside the image; right and bottom are not part of it.
        clipped: the box went beyond the image.
        problem: why nothing can be cut out; empty where it can.
    """

    box: Box
    clipped: bool
    problem: str = ""


@dataclass(frozen=True)
class ImageFiles:
    """Image files, or parts of them, that a list names.

    A file that is missing is an item all the same: it is recorded as skipped with its reason, or stops
    the run when that is strict.

    Attributes:
        kind: "table", "coco-captions", ….
        path: the file that lists them.
        items: in the order of the list; ``place`` is the file.
        columns: see :class:`repscope.extraction.sources.base.Source`.
        regions: by item id, what is cut out of the image.
        sizes: by place, width and height that the boxes were drawn on.
        problems: by item id, why it cannot be opened.
        record: what the provenance says besides.
        texts: text items of the same list, linked by their columns.
    """

    kind: str
    path: Path
    items: Sequence[Item] = field(repr=False)
    columns: Sequence[str]
    regions: Mapping[str, Region] = field(default_factory=dict, repr=False)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    problems: Mapping[str, str] = field(default_factory=dict, repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    texts: TextItems | None = field(default=None, repr=False)
    _kept: OrderedDict[str, Image] = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def open(self, item: Item) -> Image:
        """The image or its part in RGB.

        Raises:
            UnreadableError: no such file, or one that cannot be decoded; an empty box; an image of another
                size than its boxes were drawn on.
        """
        if problem := self.problems.get(item.id):
            raise UnreadableError(problem)
        region = self.regions.get(item.id)
        if region is None:
            return open_image(Path(item.place))
        if region.problem:
            raise UnreadableError(region.problem)
        image = self._whole(item.place)
        drawn_on = self.sizes.get(item.place, image.size)
        if drawn_on != image.size:
            raise UnreadableError(
                f"{image.size[0]}×{image.size[1]} pixels, but its boxes are of {drawn_on[0]}×{drawn_on[1]}"
            )
        return image.crop(region.box)

    def _whole(self, place: str) -> Image:
        # Regions of one image follow each other: keep the last few images, if they are small.
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        image = open_image(Path(place))
        if image.width * image.height <= KEPT_PIXELS:
            with self._lock:
                self._kept[place] = image
                while len(self._kept) > KEPT_IMAGES:
                    self._kept.popitem(last=False)
        return image

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        missing = [item.id for item in self.items if item.size == 0]
        return {
            "kind": self.kind,
            "path": printable(self.path.resolve().as_posix()),
            "items": len(self.items),
            "missing_files": len(missing),
            "clipped_boxes": sum(region.clipped for region in self.regions.values()),
            **self.record,
            "decoding": DECODING,
        }


def check_unique(ids: Iterable[str], where: Path | str, do: str) -> None:
    """Refuse ids that repeat, by name.

    Raises:
        InputError: some do.
    """
    counts = Counter(ids)
    repeated = [f"{one!r} {count}×" for one, count in counts.items() if count > 1]
    if repeated:
        raise InputError(
            f"an id of its own for every item of {where}", f"repeats ({name_some(repeated)})", do
        )


def describe(columns: Mapping[str, Cell]) -> str:
    """Hash of an item's columns, so that a set with old labels is not taken for one with new ones.

    The path is left out: a copy of the images elsewhere is the same source.
    """
    told = {name: value for name, value in columns.items() if name != "path"}
    return json_hash(told)[:16]


def size_of(file: Path) -> int:
    """Bytes of a file; 0 for one that is not there, or that cannot be looked at."""
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0


def absolute(file: Path) -> str:
    """The absolute path of a file, links and all, whether or not it is there."""
    # Not resolve(): a loop of links must reach the place where it is reported.
    return Path(os.path.abspath(file)).as_posix()  # noqa: PTH100


def find_images(path: Path, names: Sequence[str], given: str | Path | None) -> Path:
    """The folder that holds the images of an annotation file.

    Without ``given`` these are tried: the file's own folder, ``images`` in it, ``images`` beside it, and
    in each of those a folder named like the split (``val2017`` of ``captions_val2017.json``).

    Raises:
        MissingError: none of them holds one of the first images.
    """
    if given is not None:
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise MissingError(
                f"a folder of images at {folder}", "no such folder", "check the path after --images"
            )
        return folder
    split = path.stem.rpartition("_")[2]
    near = [path.parent, path.parent / "images", path.parent.parent / "images", path.parent.parent]
    folders = [one for folder in near for one in (folder, folder / split)]
    # Names at even distances: of a partial copy the first ones may be absent.
    step = max(1, len(names) // LOOKED_FOR)
    for folder in folders:
        if folder.is_dir() and any(size_of(folder / name) for name in names[::step]):
            return folder
    for folder in folders:
        if folder.is_dir() and any(size_of(folder / name) for name in names):
            return folder
    raise MissingError(
        f"the images of {path}, such as {names[0]!r}" if names else f"images in {path}",
        f"none in {name_some(folders[:6], 6)}",
        "give their folder with --images",
    )


def numbers(box: Any) -> tuple[float, ...]:
    """The numbers of a box in an annotation; none of anything else."""
    if not isinstance(box, list | tuple) or not all(type(one) in (int, float) for one in box):
        return ()
    # Whole numbers of JSON have no limit, and those beyond a float have no place in an image.
    return tuple(math.inf if abs(one) > BEYOND else float(one) for one in box)


def region_of(box: Sequence[float], size: tuple[int, int] | None, what: str) -> Region:
    """Whole pixels that a box touches, inside an image of ``size`` (width, height).

    Args:
        box: left, top, right, bottom, in pixels from the image's corner.
        size: None where the image could not be looked at; the box is then kept as it is.
        what: names the box in its problem.
    """
    if len(box) != 4 or not all(math.isfinite(value) for value in box):
        return Region((0, 0, 0, 0), False, f"{what} is no box of 4 finite numbers")
    left, top, right, bottom = math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])
    shown = ", ".join(f"{value:g}" for value in box)
    if box[2] <= box[0] or box[3] <= box[1]:
        return Region((left, top, right, bottom), False, f"{what} is empty: {shown}")
    if size is None:
        return Region((left, top, right, bottom), False)
    inside = (max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1]))
    # Half a pixel beyond the edge is rounding, not a wrong box.
    clipped = box[0] < -0.5 or box[1] < -0.5 or box[2] > size[0] + 0.5 or box[3] > size[1] + 0.5
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return Region(inside, True, f"{what} is outside the image: {shown}")
    return Region(inside, clipped)


def listed_size(record: Mapping[str, Any], file: Path) -> tuple[int, int] | None:
    """Width and height that an annotation states, or else the file's own; None where neither is known."""
    width, height = record.get("width"), record.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return image_size(file)


def load_json(path: Path) -> Any:
    """Parse a JSON file.

    Raises:
        FormatError: it is not JSON in UTF-8.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"JSON in {path}", str(error)[:200] or type(error).__name__, "write the file again"
        ) from error


def records(value: Any, key: str, path: Path) -> list[dict[str, Any]]:
    """The list of dictionaries under ``key`` of an annotation file.

    Raises:
        FormatError: it is something else.
    """
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FormatError(
            f"a list of dictionaries under {key!r} in {path}",
            "nothing" if found is None else f"a {type(found).__name__} of something else",
            "check that this is the annotation file",
        )
    return found
