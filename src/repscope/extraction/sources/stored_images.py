"""Images whose bytes are in a column of a Parquet or Arrow table, as Hugging Face data sets keep them.

The column is a structure of ``bytes`` and ``path``, or the bytes alone. They are read row group by row group
when an image is due, and never written anywhere.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from repscope.extraction.sources.base import Cell, Item
from repscope.extraction.sources.decode import UnreadableError, open_image
from repscope.extraction.sources.image_lists import ImageList
from repscope.formats.tables.arrow import TableParts, open_table, refuse_repeats

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

KEPT_GROUPS = 2
"""Row groups in memory: items come in order, and several threads may be on both sides of a border."""

LOOKED_AT = 10
"""Values of a column of bytes that are looked at, to tell images from text."""

SUFFIXES = (".parquet", ".arrow", ".feather")
"""Of tables that can hold bytes."""

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")


@dataclass(frozen=True)
class StoredCell:
    """What is in one row of a column of images.

    Attributes:
        size: bytes; None where there are none.
        digest: of the bytes.
        path: what the row says besides.
    """

    size: int | None
    digest: str
    path: Cell


class StoredColumn:
    """A column of images as bytes, read in parts.

    Args:
        path: a Parquet or Arrow file.
        name: of the column.

    Raises:
        FormatError: the file is damaged.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._table = open_table(path)
        self._starts = [0, *accumulate(self._table.counts)]
        self._kept: OrderedDict[int, pa.ChunkedArray] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    def cells(self) -> Iterator[StoredCell]:
        """Every row, in order, without its bytes."""
        for group in range(len(self._starts) - 1):
            for value in self._part(group):
                data, path = _parts(value.as_py())
                yield (
                    StoredCell(None, "", path) if data is None else StoredCell(len(data), digest(data), path)
                )

    def read(self, row: int) -> bytes | None:
        """Bytes of one row.

        Raises:
            FormatError: the file is damaged, or is another one by now.
        """
        group = bisect_right(self._starts, row) - 1
        with self._lock:
            if group in self._kept:
                self._kept.move_to_end(group)
            else:
                self._kept[group] = self._part(group)
                while len(self._kept) > KEPT_GROUPS:
                    self._kept.popitem(last=False)
            value = self._kept[group][row - self._starts[group]]
        return _parts(value.as_py())[0]

    def _part(self, group: int) -> pa.ChunkedArray:
        return self._table.read(group, [self.name]).column(0)


@dataclass(frozen=True)
class StoredImages(ImageList):
    """Images of a table that holds their bytes; of rows that hold a path alone, the files.

    ``place`` of an item is the row, from 0, or the file of a row without bytes.

    Attributes:
        stored: the column of images.
        rows: by item id, the row of bytes; none for a file.
    """

    stored: StoredColumn = field(repr=False, kw_only=True)
    rows: Mapping[str, int] = field(repr=False, kw_only=True)

    def open(self, item: Item) -> Image:
        """The image in RGB.

        Raises:
            UnreadableError: nothing there, or something that cannot be decoded.
        """
        if item.id in self.problems or item.id not in self.rows:
            return super().open(item)
        data = self.stored.read(self.rows[item.id])
        if data is None or not item.detail.startswith(digest(data)):
            raise UnreadableError(f"other bytes than when {self.path} was opened")
        return open_image(data)


def digest(data: bytes) -> str:
    """What an item's detail says of its bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def image_columns(path: Path, also: str | None = None) -> tuple[str, ...]:
    """Columns that hold images as bytes; none in a table that cannot hold bytes.

    Args:
        path: of the table.
        also: a column of bytes that counts without being looked at.

    Raises:
        FormatError: the file is damaged.
    """
    if path.suffix.lower() not in SUFFIXES:
        return ()
    table = open_table(path)
    refuse_repeats(table.schema.names, str(path))

    def holds_images(column: pa.Field) -> bool:
        if _is_structure(column.type) or (_is_bytes(column.type) and column.name == also):
            return True
        return _is_bytes(column.type) and _look_like_images(table, column.name)

    return tuple(column.name for column in table.schema if holds_images(column))


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_structure(kind: pa.DataType) -> bool:
    """A structure with ``bytes``, and ``path`` or not."""
    import pyarrow as pa

    if not pa.types.is_struct(kind):
        return False
    inner = {member.name: member.type for member in kind}
    return "bytes" in inner and inner.keys() <= {"bytes", "path"} and _is_bytes(inner["bytes"])


def _look_like_images(table: TableParts, name: str) -> bool:
    """One of the first values begins as an image file does. Text is stored as bytes, too."""
    first = table.read(0, [name]).column(0)[:LOOKED_AT] if table.counts else []
    values = [value.as_py() for value in first]
    return any(
        value is not None
        and (value.startswith(_BEGINNINGS) or (value[:4], value[8:12]) == (b"RIFF", b"WEBP"))
        for value in values
    )


def _parts(value: Any) -> tuple[bytes | None, str | None]:
    if isinstance(value, dict):
        path = value.get("path")
        return value["bytes"], path if isinstance(path, str) and path else None
    return value, None
