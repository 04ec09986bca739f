"""Images in arrays: npz archives and IDX files (MNIST's format), with their labels."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, InputError, UnknownNameError, first_line, name_some
from repscope.extraction.sources.base import Cell, Item, ItemList, printable
from repscope.extraction.sources.decode import MAX_PIXELS, UnreadableError
from repscope.extraction.sources.listing import check_unique, describe
from repscope.formats.arrays.npy import read_header, read_members, read_values, refuse_truncated

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 16 << 30
"""An array that claims more is not unpacked."""

LABEL_NAMES = ("labels", "label", "y", "targets", "target")
CLASS_NAMES = ("class_names", "classes", "label_names", "names")


@dataclass(frozen=True)
class ImageArray(ItemList):
    """Images of one array in memory; ``place`` of an item is its position.

    Attributes:
        pixels: uint8 [N, H, W, 1 or 3].
    """

    pixels: NDArray[np.uint8] = field(repr=False, kw_only=True)

    def open(self, item: Item) -> Image:
        """The image in RGB; grey is repeated.

        Raises:
            UnreadableError: more pixels than the limit.
        """
        from PIL import Image

        pixels = self.pixels[int(item.place)]
        if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
            raise UnreadableError(f"{pixels.shape[1]}×{pixels.shape[0]} pixels, above {MAX_PIXELS:,}")
        if pixels.shape[2] == 1:
            return Image.fromarray(pixels[:, :, 0]).convert("RGB")
        return Image.fromarray(pixels)

    def counts(self) -> dict[str, Any]:
        """The shape of the array."""
        return {"shape": list(self.pixels.shape)}


def read_npz(path: Path, *, array: str | None = None, id_column: str | None = None) -> ImageArray:
    """Images of an npz archive: uint8 [N, H, W], [N, H, W, 3] or [N, 3, H, W].

    Every 1-D array of length N becomes a column. Of whole numbers in ``labels`` and names in
    ``class_names`` the column ``label`` is made.

    Args:
        path: the archive; arrays of Python objects in it are not read.
        array: which array holds the images; None for the only one that can.
        id_column: an array of N ids; None for ``id`` or ``ids`` if there, or else positions from 0.

    Raises:
        FormatError: the archive is damaged, or no array or several could be the images.
        UnknownNameError: no such array.
        InputError: no images, or ids that repeat.
    """
    members = read_members(path, _member)
    arrays = {name: array for name, array in members.items() if array is not None}
    able = [
        name for name, candidate in arrays.items() if candidate.dtype == np.uint8 and candidate.ndim in (3, 4)
    ]
    if array is not None and array not in arrays:
        raise UnknownNameError(
            f"an array of {path}", repr(array), f"choose one of {name_some(able or arrays, 12)}"
        )
    name = array if array is not None else able[0] if len(able) == 1 else None
    if name is None:
        shown = [f"{key} {other.dtype}{list(other.shape)}" for key, other in arrays.items()]
        raise FormatError(
            f"one array of images, uint8 [N, H, W] or [N, H, W, 3], in {path}",
            f"{len(able)} of them among {name_some(shown, 12)}" if shown else "no array",
            "name it with --array" if able else "save the images as uint8, 0 to 255",
        )
    pixels, layout = _as_pixels(arrays[name], f"{name!r} of {path}")
    columns = {
        key: values
        for key, values in arrays.items()
        if key != name and values.shape == (len(pixels),) and values.dtype.kind in "biufUS"
    }
    id_key = next((key for key in (id_column, "id", "ids") if key in columns), None)
    if id_column is not None and id_key != id_column:
        raise UnknownNameError(
            f"an array of {len(pixels):,} ids named {id_column!r} in {path}",
            f"arrays {name_some(columns, 12)}",
            "choose one of them with --id-column",
        )
    ids = None if id_key is None else [str(cell) for cell in _cells(columns.pop(id_key))]
    names = next((arrays[key] for key in CLASS_NAMES if key in arrays and arrays[key].ndim == 1), None)
    if names is not None and len(names) == len(pixels):
        names = None
    return _source(
        "npz",
        path,
        pixels,
        arrays=columns,
        record={"array": name, "layout": layout},
        ids=ids,
        names=names,
    )


def read_idx(path: Path, labels: Path | None = None) -> ImageArray:
    """Images of an IDX file, plain or gzipped; labels from the file beside it.

    Args:
        path: uint8 [N, H, W] or [N, H, W, 3].
        labels: None for ``…labels-idx1…`` beside ``…images-idx3…``, if it is there.

    Raises:
        FormatError: the file is damaged or too short, or the labels are of another number.
        InputError: no images.
    """
    pixels, layout = _as_pixels(_load_idx(path), str(path))
    beside = labels or _labels_beside(path)
    columns: dict[str, NDArray[Any]] = {}
    if beside is not None:
        columns["labels"] = _load_idx(beside)
        if columns["labels"].shape != (len(pixels),):
            raise FormatError(
                f"{len(pixels):,} labels in {beside}, one for each image of {path}",
                f"shape {list(columns['labels'].shape)}",
                "give the files of one set",
            )
    record = {"layout": layout, "labels": None if beside is None else printable(beside.name)}
    return _source("idx", path, pixels, arrays=columns, record=record)


def _source(
    kind: str,
    path: Path,
    pixels: NDArray[np.uint8],
    *,
    arrays: Mapping[str, NDArray[Any]],
    record: Mapping[str, Any],
    ids: Sequence[str] | None = None,
    names: NDArray[Any] | None = None,
) -> ImageArray:
    if not len(pixels):
        raise InputError(f"images in {path}", "an array of none", "give a file that holds some")
    own = list(ids) if ids is not None else [str(number) for number in range(len(pixels))]
    check_unique(own, path, "name unique ids with --id-column")
    columns: dict[str, list[Cell]] = {
        f"array_{key}" if key in ("id", "path", "parent", "token", "row", "col") else key: _cells(values)
        for key, values in arrays.items()
    }
    labels = next((key for key in LABEL_NAMES if key in columns), None)
    if labels is not None and labels != "label":
        columns["label"] = _named(columns[labels], names)
    items = []
    for row, name in enumerate(own):
        described = {key: values[row] for key, values in columns.items()}
        detail = hashlib.sha256(pixels[row].tobytes()).hexdigest()[:32] + describe(described)
        items.append(Item(name, pixels[row].nbytes, described, place=str(row), detail=detail))
    return ImageArray(kind, path, tuple(items), tuple(columns), record, pixels=pixels)


def _named(labels: Sequence[Cell], names: NDArray[Any] | None) -> list[Cell]:
    """Labels as text: the class names where every label is the number of one."""
    if names is not None and all(type(label) is int and 0 <= label < len(names) for label in labels):
        listed = [str(name) for name in _cells(names)]
        return [listed[int(label or 0)] for label in labels]
    return [None if label is None else str(label) for label in labels]


def _cells(values: NDArray[Any]) -> list[Cell]:
    if values.dtype.kind == "S":
        return [text.decode("utf-8", "backslashreplace") for text in values.tolist()]
    return [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in values.tolist()]


def _as_pixels(array: NDArray[Any], what: str) -> tuple[NDArray[np.uint8], str]:
    """[N, H, W, 1 or 3] and the layout that was found."""
    shape = array.shape
    if array.dtype == np.uint8 and array.ndim in (3, 4) and 0 not in shape[1:]:
        if array.ndim == 3:
            return array[..., None], "NHW"
        if shape[3] in (1, 3):
            return array, "NHWC"
        if shape[1] in (1, 3):
            return np.ascontiguousarray(array.transpose(0, 2, 3, 1)), "NCHW"
    raise FormatError(
        f"images as uint8 [N, H, W], [N, H, W, 3] or [N, 3, H, W] in {what}",
        f"{array.dtype} {list(shape)}",
        "scale to 0…255 and save as uint8, so that everybody reads the same pixels",
    )


def _member(file: IO[bytes], size: int, source: str) -> NDArray[Any] | None:
    """One array of an npz; None for one of Python objects, since reading those runs code, or of records."""
    header = read_header(file, source)
    if header.dtype.hasobject or header.dtype.names is not None:
        return None
    refuse_truncated(header, size, source)
    if size > MOST_BYTES:
        raise _too_large(source, size)
    array = read_values(file, header, size, source)
    return np.ascontiguousarray(array.astype(header.dtype.newbyteorder("="), copy=False)).reshape(
        header.shape
    )


def _load_idx(path: Path) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] != 8 or not 1 <= head[3] <= 4:
                raise FormatError(
                    f"an IDX file of bytes in {path}", f"a header of {head.hex() or 'nothing'}", "give one"
                )
            dimensions = head[3]
            sides = file.read(4 * dimensions)
            if len(sides) < 4 * dimensions:
                raise FormatError(f"a whole IDX file in {path}", "a header cut short", "copy it again")
            shape = tuple(int(side) for side in np.frombuffer(sides, ">u4"))
            count = math.prod(shape)
            if count > MOST_BYTES:
                raise _too_large(path, count)
            values = file.read(count)
            more = bool(file.read(1))
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FormatError(f"a whole gzip file in {path}", first_line(error), "copy it again") from error
    if len(values) < count or more:
        raise FormatError(
            f"{count:,} bytes after the header of {path}, for shape {list(shape)}",
            "more" if more else f"{len(values):,}",
            "copy the file again",
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _labels_beside(path: Path) -> Path | None:
    name = path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    if name == path.name:
        return None
    beside = (path.parent / written for written in (name, name.removesuffix(".gz"), f"{name}.gz"))
    return next((file for file in beside if file.is_file()), None)


def _too_large(path: Path | str, count: int) -> FormatError:
    return FormatError(f"at most {MOST_BYTES:,} bytes in {path}", f"{count:,}", "split the file")
