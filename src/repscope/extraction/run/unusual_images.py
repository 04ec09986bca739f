"""Images that a model sees otherwise than people may think: 12 bits in a file of 16, and stacks.

Cameras and scanners write 12 bits into 16, and such an image is almost black. Of a stack (an animation, the
pages or slices of a TIFF) the first frame is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from repscope.errors import name_some
from repscope.extraction.capture.decode_ahead import Decoded

KEY = "sixteen_bit"
STACKS = "first_frames"
"""Of a set's provenance."""

TWELVE_BITS = 1 << 12
NAMED = 3
"""Images that are named."""


@dataclass(frozen=True)
class SixteenBit:
    """The images of 16 bits in a set.

    Attributes:
        images: how many.
        dark: how many of them have no value beyond 12 bits.
        largest: value in any.
        examples: ids of dark ones.
    """

    images: int = 0
    dark: int = 0
    largest: int = 0
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> SixteenBit:
        """What a set's provenance says; nothing of one that says nothing."""
        record = provenance.get(KEY)
        if not isinstance(record, Mapping):
            return cls()
        images, dark, largest = (record.get(name) for name in ("images", "dark", "largest"))
        examples = record.get("examples")
        if not (isinstance(images, int) and isinstance(dark, int) and isinstance(largest, int)):
            return cls()
        return cls(images, dark, largest, tuple(map(str, examples if isinstance(examples, list) else ())))

    def add(self, decoded: Iterable[Decoded]) -> SixteenBit:
        """With more images."""
        found = [(one.item.id, one.largest) for one in decoded if one.largest is not None]
        dark = [name for name, largest in found if largest < TWELVE_BITS]
        return SixteenBit(
            self.images + len(found),
            self.dark + len(dark),
            max([self.largest, *(largest for _, largest in found)]),
            (*self.examples, *dark)[:NAMED],
        )

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {**asdict(self), "examples": list(self.examples)}

    def note(self) -> str:
        """What a reader should know; "" where there is nothing."""
        if not self.dark:
            return ""
        return (
            f"{self.dark:,} of {self.images:,} images of 16 bits hold at most 12: no value beyond "
            f"{TWELVE_BITS - 1:,} ({name_some(self.examples, NAMED)}). White is taken to be 65,535, so the "
            "model saw them almost black; if their white is less, rescale them first"
        )


@dataclass(frozen=True)
class Stacks:
    """The images of several frames in a set, of which the first was taken.

    Attributes:
        images: how many.
        examples: ids of some.
    """

    images: int = 0
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Stacks:
        """What a set's provenance says; nothing of one that says nothing."""
        record = provenance.get(STACKS)
        if not isinstance(record, Mapping) or not isinstance(record.get("images"), int):
            return cls()
        examples = record.get("examples")
        return cls(record["images"], tuple(map(str, examples if isinstance(examples, list) else ())))

    def add(self, decoded: Iterable[Decoded]) -> Stacks:
        """With more images."""
        found = [one.item.id for one in decoded if one.stack]
        return Stacks(self.images + len(found), (*self.examples, *found)[:NAMED])

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {"images": self.images, "examples": list(self.examples)}

    def note(self) -> str:
        """What a reader should know; "" where there is nothing."""
        if not self.images:
            return ""
        many = f"{self.images:,} images have" if self.images > 1 else "1 image has"
        return (
            f"{many} several frames ({name_some(self.examples, NAMED)}), and the first was taken: "
            "save the frames as images of their own if each is an item"
        )


def record_unusual(provenance: Mapping[str, Any], decoded: Sequence[Decoded]) -> dict[str, Any]:
    """What the provenance of a set says anew of unusual images, with more of them; {} without."""
    record: dict[str, Any] = {}
    if any(one.largest is not None for one in decoded):
        record[KEY] = SixteenBit.of(provenance).add(decoded).to_json()
    if any(one.stack for one in decoded):
        record[STACKS] = Stacks.of(provenance).add(decoded).to_json()
    return record


def notes_on_unusual(provenance: Mapping[str, Any]) -> Iterator[str]:
    """What a reader should know of the unusual images of a set."""
    yield from filter(None, (SixteenBit.of(provenance).note(), Stacks.of(provenance).note()))
