"""Sources of items. An item has an id, columns that describe it, and an image that may be unreadable."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from repscope.errors import InputError, MissingError, StorageError, name_some
from repscope.extraction.sources.decode import DECODING, open_image

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm",
    ".pbm", ".avif", ".jp2", ".j2k", ".jpx", ".jpf", ".j2c",
})  # fmt: skip
"""What counts as an image in a folder; fixed, so that the list does not change with Pillow's plugins."""

UNREAD_SUFFIXES = frozenset({
    ".heic", ".heif", ".jxl", ".ico", ".icns", ".tga", ".psd", ".svg", ".eps", ".dds", ".exr", ".hdr",
    ".pcx", ".sgi", ".pfm", ".jls", ".mpo", ".apng", ".dib", ".qoi", ".raw", ".dng", ".cr2", ".cr3",
    ".nef", ".arw", ".orf", ".rw2", ".raf", ".dcm", ".nii", ".fits", ".fit", ".mrc", ".czi", ".nd2",
    ".lif", ".svs", ".ndpi",
})  # fmt: skip
"""Of images in formats that are not read; a folder says how many of them it passed over."""

Cell = str | int | float | bool | None
"""A value of a column."""


@dataclass(frozen=True)
class Item:
    """One thing to extract.

    Attributes:
        id: unique in its source.
        size: bytes, so that a source that changed is noticed.
        columns: values of the source's columns.
        place: what the source needs to open it.
        text: of a text item, which is not opened; None for an image. A source has one kind only.
        detail: what else decides the row, such as a box or a hash of pixels that are in no file.
    """

    id: str
    size: int
    columns: Mapping[str, Cell]
    place: str
    text: str | None = None
    detail: str = ""


class Source(Protocol):
    """Anything that lists items and opens their images. Further kinds need only these four."""

    @property
    def items(self) -> Sequence[Item]:
        """All items, in a fixed order."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns that every item has, besides ``id``."""

    def open(self, item: Item) -> Image:
        """The item's image in RGB; raises :class:`~repscope.extraction.sources.decode.UnreadableError`."""

    def to_json(self) -> dict[str, Any]:
        """What a set's provenance says about its source."""


@dataclass(frozen=True)
class ItemList:
    """Items that a file lists: what its kinds of source have in common.

    Attributes:
        kind: "table", "coco-captions", ….
        path: the file that lists them.
        items: in the order of the list.
        columns: see :class:`repscope.extraction.sources.base.Source`.
        record: what the provenance says besides.
    """

    kind: str
    path: Path
    items: Sequence[Item] = field(repr=False)
    columns: Sequence[str]
    record: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {
            "kind": self.kind,
            "path": printable(self.path.resolve().as_posix()),
            "items": len(self.items),
            **self.counts(),
            **self.record,
        }

    def counts(self) -> dict[str, Any]:
        """What the provenance counts of this kind."""
        return {}


@dataclass(frozen=True)
class ImageFolder(ItemList):
    """Images in a folder and its sub-folders; the first sub-folder is the label.

    The id is the path relative to the folder, with forward slashes; items are sorted by it. Symbolic
    links are followed, but not back into a folder they are in. Hidden files and files without an
    image's suffix are ignored and counted.

    ``path`` is the folder; columns are ``path`` and, where there are sub-folders, ``label``.

    Attributes:
        ignored: files that are passed over.
        unread: those of them that are images in formats that are not read, by suffix.
        loops: symbolic links that lead back into a folder they are in.
        ids: what the id is; see :func:`repscope.extraction.sources.folder_tables.name_items`.
    """

    ignored: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    loops: int = 0
    ids: str = "path"

    @classmethod
    def scan(cls, folder: str | Path) -> ImageFolder:
        """List the images of a folder.

        Raises:
            MissingError: there is no such folder.
            InputError: it is a file, or holds no image.
            StorageError: a sub-folder may not be read.
        """
        root = Path(folder).expanduser()
        if not root.exists():
            raise MissingError(f"a folder of images at {root}", "no such folder", "check the path")
        if not root.is_dir():
            raise InputError(f"a folder of images at {root}", "a file", f"give its folder: {root.parent}")
        files: list[tuple[str, int]] = []
        others: Counter[str] = Counter()
        loops = _walk(root, "", (_identity(root),), files, others)
        ignored = others.total()
        unread = {suffix: count for suffix, count in sorted(others.items()) if suffix in UNREAD_SUFFIXES}
        if not files:
            kinds = f" ({name_unread(unread)}: formats that are not read)" if unread else ""
            raise InputError(
                f"images in {root}",
                f"none among {ignored:,} files{kinds}" if ignored else "an empty folder",
                f"give a folder with {', '.join(sorted(IMAGE_SUFFIXES))} files",
            )
        base = printable(root.resolve().as_posix())
        names = ("path", "label") if any("/" in name for name, _ in files) else ("path",)
        items = []
        for name, size in sorted(files, key=lambda file: printable(file[0])):
            label = printable(name.partition("/")[0]) if "/" in name else None
            columns = dict(zip(names, (f"{base}/{printable(name)}", label), strict=False))
            items.append(Item(printable(name), size, columns, place=name))
        return cls("image folder", root, tuple(items), names, ignored=ignored, unread=unread, loops=loops)

    def open(self, item: Item) -> Image:
        """The image in RGB; see :func:`repscope.extraction.sources.decode.open_image`."""
        return open_image(self.path / item.place)

    def counts(self) -> dict[str, Any]:
        """What was passed over, and the rule of the ids where it is not the usual one."""
        return {
            "ignored_files": self.ignored,
            **({"unread_formats": dict(self.unread)} if self.unread else {}),
            "link_loops": self.loops,
            **({"ids": self.ids} if self.ids != "path" else {}),
        }

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {**super().to_json(), "decoding": DECODING}


def digest_items(items: Sequence[Item]) -> str:
    """Hash of the items' ids, sizes, texts and details in order; the same for a copy elsewhere."""
    hasher = hashlib.sha256()
    for item in items:
        hasher.update(f"{len(item.id)}:{item.id}:{item.size};".encode())
        if item.text is not None:
            text = item.text.encode("utf-8", "surrogatepass")
            hasher.update(b"%d:" % len(text) + text)
        if item.detail:
            hasher.update(f"{len(item.detail)}|{item.detail};".encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def name_unread(unread: Mapping[str, int]) -> str:
    """How many images have which suffix, in words: ``3 .heic, 1 .tga``."""
    return name_some([f"{count:,} {suffix}" for suffix, count in unread.items()], 8)


def printable(name: str) -> str:
    """A file name as text; bytes that are not UTF-8 become backslash escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def size_of(file: Path) -> int:
    """Bytes of a file; 0 for one that is not there, or that cannot be looked at."""
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _walk(
    folder: Path,
    prefix: str,
    above: tuple[tuple[int, int], ...],
    files: list[tuple[str, int]],
    others: Counter[str],
) -> int:
    """Add the images below ``folder``, and count other files by suffix; how many link loops there were."""
    loops = 0
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise StorageError(
            f"to read the folder {folder}", str(error), "give yourself read permission on it"
        ) from error
    for entry in entries:
        hidden = entry.name.startswith(".")
        if _is_folder(entry):
            if hidden:
                continue
            here = _identity(Path(entry.path))
            if here in above:
                loops += 1
                continue
            loops += _walk(Path(entry.path), f"{prefix}{entry.name}/", (*above, here), files, others)
            continue
        suffix = Path(entry.name).suffix.lower()
        if hidden or suffix not in IMAGE_SUFFIXES:
            others["" if hidden else suffix] += 1
        else:
            # A dangling link is listed, and skipped with its reason when it is opened.
            files.append((prefix + entry.name, size_of(Path(entry.path))))
    return loops


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
