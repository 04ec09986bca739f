"""Which format a file has, by its content; the extension only decides where content cannot."""

from __future__ import annotations

import json
import re
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from repscope.errors import FormatError, InputError, MissingError
from repscope.formats.known import KNOWN
from repscope.formats.text_files import LINES, not_utf8

READABLE = tuple(name for name, one in KNOWN.items() if not one.folder)
HEAD_BYTES = 4096
_TEXTS = (".csv", ".tsv", ".txt", ".vec", ".dat", ".json", *LINES)
_WORD2VEC = re.compile(rb"\d{1,10} \d{1,6} ?\r?\n")

FOLDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hf": (
        ("state.json", "dataset_dict.json"),
        ("state.json", "dataset_info.json", "dataset_dict.json", "data-*.arrow"),
    ),
    "projector": (
        ("projector_config.pbtxt",),
        ("projector_config.pbtxt", "vectors.tsv", "metadata.tsv", "sprite.png"),
    ),
}
"""Formats that are folders: files that say so, and names of everything that our own export puts there."""

GROUP = "export"
"""Of files that change together in an exported folder; hidden names that begin so are of a killed save."""

_PICKLES = (".pkl", ".pickle", ".p", ".pk")
_TORCHES = (".pt", ".pth", ".ckpt", ".bin")
_TORCH_MAGIC = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_MAGICS = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",  # a stream: the mark before each message
    b"\x1f\x8b": "a gzip-compressed file",
    b"BZh": "a bzip2-compressed file",
    b"\xfd7zXZ": "an xz-compressed file",
    b"\x28\xb5\x2f\xfd": "a zstd-compressed file",
    b"\x89HDF": "hdf5",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF",
}


def check_file(path: Path) -> None:
    """Refuse what is no readable, non-empty file.

    Raises:
        MissingError: nothing is there.
        InputError: it is a folder, a device, or may not be read.
        FormatError: it is empty.
    """
    try:
        if folder_kind(path):
            return
        if path.is_dir():
            raise InputError(
                "a file with embeddings",
                f"the folder {path}",
                f"name its files, for example: repscope import {path}/*.npy …",
            )
        if not path.exists():
            raise MissingError(f"a file at {path}", "no such file", "check the path")
        if not path.is_file():
            raise InputError("a regular file", f"{path}, which is none", "copy it to a file first")
        if not path.stat().st_size:
            raise FormatError(f"embeddings in {path}", "an empty file", "write or copy it again")
        with path.open("rb"):
            pass
    except PermissionError as error:
        raise InputError(
            f"a file that may be read at {path}", "permission denied", "change its permissions"
        ) from error
    except OSError as error:
        if isinstance(error, MissingError):
            raise
        raise MissingError(f"a file at {path}", error.strerror or str(error), "check the path") from error


def folder_kind(path: Path) -> str:
    """The format of a folder, by the files that say so; "" for any other folder."""
    return next(
        (
            kind
            for kind, (signs, _) in FOLDERS.items()
            if path.is_dir() and any((path / sign).is_file() for sign in signs)
        ),
        "",
    )


def holds_export(folder: Path, kind: str) -> bool:
    """Whether a folder holds an export of this kind, and nothing else."""
    signs, patterns = FOLDERS[kind]
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(f".{GROUP}.")]
    return any(sign in names for sign in signs) and all(
        any(fnmatch(name, pattern) for pattern in patterns) for name in names
    )


def detect(path: Path) -> str:
    """One of :data:`READABLE`, or for a folder of :data:`FOLDERS`.

    Raises:
        FormatError: the content is none of them, or is damaged beyond recognition.
    """
    if folder := folder_kind(path):
        return folder
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = next((kind for magic, kind in _MAGICS.items() if head.startswith(magic)), "")
    kind = (
        kind or _binary_kind(head, size, path.suffix.lower()) or _text_kind(head, size, path.suffix.lower())
    )
    if kind == "hdf5" and (path.suffix.lower() == ".h5ad" or b"anndata" in head):
        return "h5ad"
    if kind == "zip":
        return _zip_kind(path)
    if kind in READABLE:
        return kind
    if not kind and path.suffix.lower() in _TEXTS:
        _refuse_encoding(path, head)
    claimed = path.suffix.lower()[1:]
    got = kind or (f"content that does not begin like {claimed}" if claimed else "content of no known format")
    raise FormatError(
        f"one of {', '.join(READABLE)} in {path}",
        got,
        "convert it, or copy or write the file again if it is damaged",
    )


def _binary_kind(head: bytes, size: int, suffix: str) -> str:
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and 2 <= length <= size - 8:
        return "safetensors"
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "torch" if head[2:14] == _TORCH_MAGIC else "pickle"
    if _WORD2VEC.match(head) and not _are_words(head, whole=size <= len(head)):
        return "word2vec"
    # Protocols 0 and 1 begin like text, and a damaged file may begin with anything.
    return "pickle" if suffix in _PICKLES else "safetensors" if suffix == ".safetensors" else ""


def _text_kind(head: bytes, size: int, suffix: str) -> str:
    if not _is_text(head, whole=size <= len(head)):
        return ""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and b'"samples"' in head:
        return "fiftyone"
    if suffix in (".csv", ".tsv"):
        return suffix[1:]
    if suffix in (".json", *LINES) or start.startswith((b"{", b"[")):
        return _json_kind(start, suffix)
    return "words" if _are_words(start, whole=size <= len(head)) else _delimited_kind(head)


def _delimited_kind(head: bytes) -> str:
    first = head.split(b"\n", 1)[0]
    if any(delimiter in first for delimiter in (b",", b"\t", b";")) and not first.lstrip().startswith(
        (b"{", b"[")
    ):
        return "tsv" if first.count(b"\t") > first.count(b",") else "csv"
    return ""


def _json_kind(start: bytes, suffix: str) -> str:
    if suffix in LINES:
        return "jsonl"
    first, _, rest = start.partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "json"
    return "jsonl" if rest.strip() else "json"


def _are_words(start: bytes, whole: bool) -> bool:
    """Whether lines are numbers between spaces, behind a word or not: word2vec, GloVe, savetxt."""
    lines = [line for line in start.split(b"\n") if line.strip() and not line.startswith(b"#")]
    if not lines or b"\t" in lines[0]:
        return False
    header = bool(_WORD2VEC.fullmatch(lines[0] + b"\n")) and len(lines) > 1
    line = lines[1] if header else lines[0]
    tokens = line.split()
    if not whole and line is lines[-1]:
        tokens = tokens[:-1]  # it may be cut
    tail = tokens[1:]
    if not header and len(tokens) == 2 and b"." in line:
        return all(map(_is_number, tokens))
    return len(tail) > (0 if header else 1) and all(map(_is_number, tail))


def _is_number(token: bytes) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def is_binary(path: Path) -> bool:
    """Whether a file begins like one of the formats that are no text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return any(head.startswith(magic) for magic in _MAGICS) or bool(
        _binary_kind(head, path.stat().st_size, path.suffix.lower())
    )


def _refuse_encoding(path: Path, head: bytes) -> None:
    """Refuse text in another encoding than UTF-8, with what it may be."""
    if b"\0" in head:
        ends = {"utf-16-le": head[1::2], "utf-16-be": head[::2]}
        likely = next((name for name, part in ends.items() if part.count(0) * 2 > len(part)), "")
        if likely:
            raise FormatError(
                f"UTF-8 text in {path}, or UTF-16 with its mark",
                f"every other byte is zero, as in {likely}",
                f"pass --encoding {likely}",
            )
        return
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        kind = "torch" if path.suffix.lower() in _TORCHES else "npz"
        raise FormatError(
            f"a whole {kind} archive in {path}",
            f"a truncated or damaged one ({error})",
            "copy or write the file again",
        ) from error
    if any(name.rsplit("/", 1)[-1] == "data.pkl" for name in names):
        return "torch"
    if any(name.endswith(".npy") for name in names):
        return "npz"
    raise FormatError(
        f"an npz archive or a torch file in {path}",
        f"a zip archive of {len(names)} other files",
        "unpack it and import what is inside",
    )


def _is_text(head: bytes, whole: bool) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The sample may end within a character.
        return not whole and error.start >= len(head) - 3
    return True
