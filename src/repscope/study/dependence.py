"""Which items are parts of one thing, as far as their names tell: rows of one image, frames of one video.

A column of a known name says so, else the spelling of file names and ids. Classes are no things: rows of one
class are not rows of one image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.study.keys import as_keys

if TYPE_CHECKING:
    import pyarrow as pa

Codes = NDArray[np.int64]

THINGS = (
    "patient", "participant", "subject_id", "slide", "volume_id", "recording", "video", "clip_id",
    "image", "img", "photo", "photograph", "picture", "parent", "caption_id",
)  # fmt: skip
"""What columns are called that name a thing, coarse before fine; the first that groups rows counts."""

FILES = ("path", "file", "filename", "filepath", "url", "uri")
"""Columns that name a thing where every value ends as a picture or a video does."""

CLASSES = (
    "label", "class", "category", "target", "verb", "action", "object", "species", "concept", "synset",
    "wnid", "hoi", "y",
)  # fmt: skip
"""What key columns are called that name a class."""

PARTS = (
    "crop", "aug", "augmented", "augmentation", "view", "patch", "tile", "slice", "region", "roi", "box",
    "bbox", "obj", "object", "human", "person", "union", "pair", "hoi", "instance", "mask", "frame", "flip",
    "hflip", "vflip", "flipped", "rot", "rotated", "copy", "dup", "duplicate", "cap", "caption", "sentence",
)  # fmt: skip
"""Words at the end of an id or a file name that say which part or version of a thing it is."""

_MEDIA = "jpg|jpeg|jpe|png|webp|gif|bmp|tif|tiff|avif|jp2|heic|ppm|pgm|dcm|mp4|avi|mov|mkv|webm"
_ENDING = "id ids name key path file filename url uri uuid hash idx index no number code".replace(" ", "|")
_RANKED = [thing.replace("_", "") for thing in THINGS]
_THING = re.compile(rf"(?:source|original|orig|base|parent)?(?:{'|'.join(_RANKED)})(?:{_ENDING})?")
_CLASS = re.compile(rf"y|\w*?(?:{'|'.join(CLASSES[:-1])})(?:s|{_ENDING})?")
_IS_MEDIA = rf"(?i)\.(?:{_MEDIA})$"
_STEMS = (
    # image#3, as the error about repeated ids advises.
    (r"^(.*?[^\s#])\s*#.*$", r"\1"),
    (rf"(?i)^(.+?\.(?:{_MEDIA}))[:@|_\s/\-].*$", r"\1"),
    (rf"(?i)^(.*?[^\s_./:\-])(?:[_.:\-]+(?:{'|'.join(PARTS)})s?[_\-]?\d*)+(\.(?:{_MEDIA}))?$", r"\1\2"),
)


@dataclass(frozen=True)
class NamedGroups:
    """Items by the thing that they are parts of.

    Attributes:
        column: whose values say so.
        stems: it is the values without the word that says which part.
        codes: [N] group of each item; one without a value is a group of its own.
        example: a value and its stem, or "" of a column that is taken as it is.
    """

    column: str
    stems: bool
    codes: Codes
    example: str = ""

    @property
    def name(self) -> str:
        """What the groups are groups of."""
        return f"{self.column} stems" if self.stems else self.column

    @property
    def groups(self) -> int:
        """How many things."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0


def named_groups(items: pa.Table, on: str | None = None) -> NamedGroups | None:
    """The first column that groups items by the thing they are parts of, or None.

    In this order: columns named after a thing (:data:`THINGS`); file names of pictures, in columns named
    :data:`FILES` or in the key that links; ids. Each as it is where values repeat, else by stems. A column
    with one group only says nothing, nor does one of truth values, fractions, times or lists.

    Args:
        items: of a set.
        on: key column of the link.
    """
    for column in _candidates(items, on):
        values = _names(items.column(column))
        if values is None:
            continue
        stems = stem_of(values)
        for text, stemmed in ((values, False), (stems, True)):
            codes = _codes(text)
            if 1 < int(codes.max(initial=-1)) + 1 < len(codes):
                return NamedGroups(column, stemmed, codes, _example(values, stems) if stemmed else "")
    return None


def stem_of(values: Any) -> pa.Array:
    """What is left of names without the part: ``img_1.jpg`` of ``img_1_crop2.jpg`` and ``img_1.jpg#3``.

    Dropped are: ``#`` and what follows; what follows the ending of a picture; words of :data:`PARTS` at the
    end, with or without a number, of which there may be several. A number alone is never dropped, for
    ``n0144_12`` is the twelfth file of a class, nor is ever all of a name.

    Args:
        values: Arrow strings, or what :func:`repscope.study.keys.as_keys` takes.
    """
    import pyarrow.compute as pc

    stems = as_keys(values, "names")
    for pattern, rest in _STEMS:
        stems = pc.replace_substring_regex(stems, pattern, rest)
    return stems


def names_class(column: str) -> bool:
    """A key column's name says that its values are classes."""
    return _CLASS.fullmatch(_plain(column)) is not None


def _candidates(items: pa.Table, on: str | None) -> Iterator[str]:
    columns = [column for column in items.column_names if column != "id"]
    things = [column for column in columns if _THING.fullmatch(_plain(column))]
    # Stable: of two columns of one thing the first counts.
    yield from sorted(
        things, key=lambda column: next(n for n, one in enumerate(_RANKED) if one in _plain(column))
    )
    yield from (
        column
        for column in columns
        if column not in things
        and (column == on or _plain(column) in FILES)
        and _all_media(items.column(column))
    )
    yield "id"


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _names(column: Any) -> pa.Array | None:
    """Values as strings, where they can be names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or _is_text(kind)):
        return None
    values = as_keys(column, "a column")
    fractions = pa.types.is_floating(kind) and pc.any(pc.match_substring(values, ".")).as_py()
    return None if fractions else values


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _all_media(column: Any) -> bool:
    import pyarrow.compute as pc

    values = _names(column)
    return values is not None and bool(pc.all(pc.match_substring_regex(values, _IS_MEDIA)).as_py())


def _codes(values: pa.Array) -> Codes:
    """[N] codes in order of first appearance; each missing value has its own."""
    encoded = values.dictionary_encode()
    codes: Codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = codes < 0
    codes[missing] = len(encoded.dictionary) + np.arange(int(missing.sum()))
    return codes


def _example(values: pa.Array, stems: pa.Array) -> str:
    """``img_0001 of img_0001_crop2``, the first that differs."""
    import pyarrow.compute as pc

    row = pc.index(pc.not_equal(values, stems), True).as_py()
    return f"{stems[row].as_py()!r} of {values[row].as_py()!r}"
