"""Images that a list names one by one: paths, boxes to cut out, and columns that describe them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from repscope.extraction.sources.base import Cell, Item, ItemList, printable, size_of
from repscope.extraction.sources.decode import DECODING, UnreadableError, open_image
from repscope.extraction.sources.listing import (
    absolute,
    check_unique,
    describe,
    refuse_empty,
)
from repscope.extraction.sources.regions import Region, listed_size, region_of
from repscope.extraction.sources.texts import TextItems

if TYPE_CHECKING:
    from PIL.Image import Image

KEPT_IMAGES = 4
KEPT_PIXELS = 4_000_000


@dataclass(frozen=True)
class ImageList(ItemList):
    """Images that a list names.

    A file that is missing is an item all the same: it is recorded as skipped with its reason, or stops
    the run when that is strict.

    Attributes:
        problems: by item id, why it cannot be opened.
        texts: text items of the same list, linked by their columns.
    """

    problems: Mapping[str, str] = field(default_factory=dict, repr=False)
    texts: TextItems | None = field(default=None, repr=False)

    def open(self, item: Item) -> Image:
        """The image in RGB.

        Raises:
            UnreadableError: no such file, or one that cannot be decoded.
        """
        if problem := self.problems.get(item.id):
            raise UnreadableError(problem)
        return open_image(Path(item.place))

    def counts(self) -> dict[str, Any]:
        """Items without a file, or without bytes."""
        return {"missing_files": sum(item.size == 0 for item in self.items)}

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {**super().to_json(), "decoding": DECODING}


@dataclass(frozen=True)
class ImageFiles(ImageList):
    """Image files, or parts of them, that a list names; ``place`` of an item is the file.

    Attributes:
        regions: by item id, what is cut out of the image.
        sizes: by place, width and height that the boxes were drawn on.
    """

    regions: Mapping[str, Region] = field(default_factory=dict, repr=False)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _kept: OrderedDict[str, Image] = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def open(self, item: Item) -> Image:
        """The image or its part in RGB.

        Raises:
            UnreadableError: no such file, or one that cannot be decoded; an empty box; an image of another
                size than its boxes were drawn on.
        """
        region = self.regions.get(item.id)
        if region is None:
            return super().open(item)
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

    def counts(self) -> dict[str, Any]:
        """Also the boxes that went beyond their images."""
        return {
            **super().counts(),
            "clipped_boxes": sum(region.clipped for region in self.regions.values()),
        }


class CutOuts:
    """Collects parts of images as items, image by image."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._regions: dict[str, Region] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def begin(self, file: Path, stated: Mapping[str, Any]) -> None:
        """The parts that follow are of this image, whose width and height an annotation may state."""
        self._place = absolute(file)
        self._bytes = size_of(file)
        self._size = listed_size(stated, file)
        if self._size is not None:
            self._sizes[self._place] = self._size

    def add(self, own: str, box: Sequence[float], columns: Mapping[str, Cell], what: str = "the box") -> None:
        """One part: its id, its box (left, top, right, bottom) and columns besides those of the box."""
        region = self._regions[own] = region_of(box, self._size, what)
        described: dict[str, Cell] = {"path": printable(self._place), **columns, **region.columns()}
        self._items.append(Item(own, self._bytes, described, self._place, detail=describe(described)))

    def source(
        self, kind: str, path: Path, columns: Sequence[str], record: Mapping[str, Any], what: str
    ) -> ImageFiles:
        """The source of all parts, which are called ``what``.

        Raises:
            InputError: none, or ids that repeat.
        """
        refuse_empty(self._items, path, f"0 {what}")
        check_unique((item.id for item in self._items), path, f"give the {what} ids of their own")
        return ImageFiles(
            kind, path, tuple(self._items), columns, record, regions=self._regions, sizes=self._sizes
        )
