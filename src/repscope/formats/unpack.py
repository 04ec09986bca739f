"""Files as readers want them: decompressed, and text in UTF-8, as a temporary copy where that is needed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from repscope.errors import FormatError, InputError, RepscopeError, first_line
from repscope.formats.detect import is_binary
from repscope.formats.text_files import MARKS, check_encoding
from repscope.study.storage import storage_errors

BOMB_RATIO, BOMB_BYTES = 200, 1 << 30
"""A file that unpacks to more than this many times its size, and to more than this, is refused."""

DEEPEST = 3
"""Times that a file may be compressed."""

_STEP = 1 << 20


def _zstd(path: Path) -> IO[bytes]:
    import pyarrow as pa

    stream: IO[bytes] = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return stream


COMPRESSIONS: dict[str, tuple[bytes, tuple[str, ...], Callable[[Path], Any]]] = {
    "gzip": (b"\x1f\x8b", (".gz", ".gzip"), gzip.open),
    "bzip2": (b"BZh", (".bz2",), bz2.open),
    "xz": (b"\xfd7zXZ", (".xz",), lzma.open),
    "zstd": (b"\x28\xb5\x2f\xfd", (".zst", ".zstd"), _zstd),
}
"""By name: how its files begin, endings of their names, and what opens them."""

SUFFIXES = tuple(suffix for _, suffixes, _ in COMPRESSIONS.values() for suffix in suffixes)


@contextmanager
def unpacked(path: Path, encoding: str | None = None) -> Iterator[tuple[Path, dict[str, str]]]:
    """A file that is neither compressed nor text in another encoding than UTF-8, and what had to be done.

    The path itself where nothing had to be; a temporary copy otherwise, which is gone afterwards. Errors
    that are raised meanwhile name the file that was given.

    Args:
        path: a file, or a folder, which is left alone.
        encoding: of its text; by default UTF-8, and UTF-16 and UTF-32 where the text begins with their mark.

    Raises:
        FormatError: it is damaged, unpacks to absurd sizes, or is no text in that encoding.
        InputError: an encoding of a file that is no text.
        UnknownNameError: no such encoding.
        StorageError: the disk refuses the copy.
    """
    done: dict[str, str] = {}
    if path.is_dir():
        yield path, done
        return
    with tempfile.TemporaryDirectory(prefix="repscope-", ignore_cleanup_errors=True) as folder:
        plain = path
        try:
            for depth in range(DEEPEST):
                if not (kind := compression(plain)):
                    break
                done["compression"] = kind if not depth else f"{done['compression']}, {kind}"
                plain = _decompress(plain, kind, Path(folder) / str(depth), path)
            wanted = encoding or _marked(plain)
            if wanted:
                done["encoding"] = wanted
                plain = _in_utf8(plain, wanted, Path(folder) / "text", path)
            yield plain, done
        except RepscopeError as error:
            if plain != path:
                _rename(error, str(plain), str(path))
            raise


def compression(path: Path) -> str:
    """How a file is compressed, by its first bytes; "" where it is not."""
    with path.open("rb") as file:
        head = file.read(6)
    return next((name for name, (magic, _, _) in COMPRESSIONS.items() if head.startswith(magic)), "")


def _decompress(path: Path, kind: str, folder: Path, given: Path) -> Path:
    name = path.name[: -len(path.suffix)] if path.suffix.lower() in SUFFIXES else path.name
    folder.mkdir()
    target = folder / (name or "file")
    most = max(BOMB_BYTES, BOMB_RATIO * path.stat().st_size)
    size = 0
    with storage_errors(target, "unpack"), target.open("wb") as out:
        for piece in _pieces(path, kind, given):
            size += len(piece)
            if size > most:
                raise FormatError(
                    f"a file in {given} that unpacks to at most {BOMB_RATIO} times its size ({kind})",
                    f"more than {most:,} bytes",
                    "decompress it yourself if it is really so large",
                )
            out.write(piece)
    if not size:
        raise FormatError(f"embeddings in {given}", "an empty file, compressed", "write or copy it again")
    return target


def _pieces(path: Path, kind: str, given: Path) -> Iterator[bytes]:
    try:
        with COMPRESSIONS[kind][2](path) as file:
            while piece := file.read(_STEP):
                yield bytes(piece)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise FormatError(
            f"a whole {kind}-compressed file in {given}", first_line(error), "copy or write the file again"
        ) from error


def _marked(path: Path) -> str:
    """The encoding whose mark a file begins with, other than UTF-8."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for mark, name in MARKS if head.startswith(mark)), "")


def _in_utf8(path: Path, encoding: str, folder: Path, given: Path) -> Path:
    decoder = check_encoding(encoding)
    if is_binary(path):
        raise InputError(f"text in {given}, for --encoding", "a file that is no text", "leave --encoding out")
    folder.mkdir()
    target = folder / path.name
    done = 0
    with (
        storage_errors(target, "write"),
        path.open("rb") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while True:
            piece = file.read(_STEP)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeError as error:
                raise FormatError(
                    f"text in {encoding} in {given}", first_line(error), "name another --encoding"
                ) from error
            out.write(text.removeprefix("\ufeff") if not done else text)
            done += len(piece)
            if not piece:
                return target


def _rename(error: RepscopeError, copy: str, given: str) -> None:
    """Let an error name the file that the person knows."""
    error.expected, error.got, error.do = (
        part.replace(copy, given) for part in (error.expected, error.got, error.do)
    )
    error.args = (error.expected, error.got, error.do)
