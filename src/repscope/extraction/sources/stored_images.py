"""Images whose bytes are in a column of a Parquet or Arrow table, as Hugging Face data sets keep them.

The column is a structure of ``bytes`` and ``path``, or the bytes alone. They are read row group by row group
when an image is due, and never written anywhere.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, name_some
from repscope.extraction.sources.base import Cell, Item, printable
from repscope.extraction.sources.decode import DECODING, UnreadableError, open_image
from repscope.formats.tables.read import load_arrow, open_arrow

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

    from repscope.extraction.sources.texts import TextItems

KEPT_GROUPS = 2
"""Row groups in memory: items come in order, and several threads may be on both sides of a border."""

LOOKED_AT = 10
"""Values of a column of bytes that are looked at, to tell images from text."""

_PARQUET = (".parquet",)
_ARROW = (".arrow", ".feather")
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
        self._starts = [0, *accumulate(_counts(path))]
        self._kept: OrderedDict[int, pa.ChunkedArray] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    def cells(self) -> Iterator[StoredCell]:
        """Every row, in order, without its bytes."""
        for group in range(len(self._starts) - 1):
            for value in _read(self.path, self.name, group):
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
                self._kept[group] = _read(self.path, self.name, group)
                while len(self._kept) > KEPT_GROUPS:
                    self._kept.popitem(last=False)
            value = self._kept[group][row - self._starts[group]]
        return _parts(value.as_py())[0]


@dataclass(frozen=True)
class StoredImages:
    """Images of a table that holds their bytes; of rows that hold a path alone, the files.

    Attributes:
        path: the table.
        items: ``place`` is the row, from 0, or the file of a row without bytes.
        columns: see :class:`repscope.extraction.sources.base.Source`.
        stored: the column of images.
        rows: by item id, the row of bytes; none for a file.
        problems: by item id, why there is nothing to open.
        record: what the provenance says besides.
        texts: text items of the same table.
    """

    path: Path
    items: Sequence[Item] = field(repr=False)
    columns: Sequence[str]
    stored: StoredColumn = field(repr=False)
    rows: Mapping[str, int] = field(repr=False)
    problems: Mapping[str, str] = field(default_factory=dict, repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    texts: TextItems | None = field(default=None, repr=False)

    def open(self, item: Item) -> Image:
        """The image in RGB.

        Raises:
            UnreadableError: nothing there, or something that cannot be decoded.
        """
        if problem := self.problems.get(item.id):
            raise UnreadableError(problem)
        if item.id not in self.rows:
            return open_image(Path(item.place))
        data = self.stored.read(self.rows[item.id])
        if data is None or not item.detail.startswith(digest(data)):
            raise UnreadableError(f"other bytes than when {self.path} was opened")
        return open_image(data)

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {
            "kind": "table",
            "path": printable(self.path.resolve().as_posix()),
            "items": len(self.items),
            "missing_files": sum(item.size == 0 for item in self.items),
            **self.record,
            "decoding": DECODING,
        }


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
    if path.suffix.lower() not in (*_PARQUET, *_ARROW):
        return ()
    schema = _schema(path)
    if repeated := sorted({name for name in schema.names if schema.names.count(name) > 1}):
        raise FormatError(f"unique column names in {path}", name_some(repeated), "rename those columns")
    structures = {one.name for one in schema if _is_structure(one.type)}
    alone = (one.name for one in schema if _is_bytes(one.type))
    found = structures | {name for name in alone if name == also or _look_like_images(path, name)}
    return tuple(name for name in schema.names if name in found)


def table_without(path: Path, but: Sequence[str]) -> pa.Table:
    """The other columns of a Parquet or Arrow file.

    Raises:
        FormatError: the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() in _PARQUET:
            with pq.ParquetFile(path, memory_map=True) as file:
                return file.read(columns=[one for one in file.schema_arrow.names if one not in but])
        return load_arrow(path).drop_columns(list(but))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise _damaged(path, error) from error


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_structure(kind: pa.DataType) -> bool:
    """A structure with ``bytes``, and ``path`` or not."""
    import pyarrow as pa

    if not pa.types.is_struct(kind):
        return False
    inner = {one.name: one.type for one in kind}
    return "bytes" in inner and inner.keys() <= {"bytes", "path"} and _is_bytes(inner["bytes"])


def _look_like_images(path: Path, name: str) -> bool:
    """One of the first values begins as an image file does. Text is stored as bytes, too."""
    values = [value.as_py() for value in _read(path, name, 0)[:LOOKED_AT]] if _counts(path) else []
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


def _schema(path: Path) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() in _PARQUET:
            return pq.read_schema(path)
        return open_arrow(path).schema
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _counts(path: Path) -> list[int]:
    """Rows of each part of a table that can be read on its own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() in _PARQUET:
            about = pq.read_metadata(path)
            return [about.row_group(group).num_rows for group in range(about.num_row_groups)]
        found = open_arrow(path)
        return [found.batch(group).num_rows for group in range(found.n_batches)]
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _read(path: Path, name: str, group: int) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() in _PARQUET:
            with pq.ParquetFile(path, memory_map=True) as file:
                return file.read_row_group(group, columns=[name]).column(name)
        return pa.chunked_array([open_arrow(path).batch(group).column(name)])
    except (pa.ArrowException, OSError, KeyError, IndexError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FormatError:
    kind = "Parquet" if path.suffix.lower() in _PARQUET else "Arrow"
    return FormatError(
        f"a whole {kind} file in {path}", (str(error).splitlines() or [""])[0][:200], "copy or write it again"
    )
