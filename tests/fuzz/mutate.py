"""One damaged file from a whole one; the same from the same number."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

PACKED: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    ".gz": (gzip.decompress, lambda content: gzip.compress(content, mtime=0)),
    ".bz2": (bz2.decompress, bz2.compress),
    ".xz": (lzma.decompress, lzma.compress),
}
_WORDS = (
    b"nan", b"inf", b"-1e999", b"1e-320", b"", b"null", b"[]", b"{}", b"[[", b'"', b"\xff\xfe", b"0x", b",,",
    b"\n", b"\0", b"99999999999999999999", b"-1", b"1", b"\xe2\x80\xa6", b"[" * 3000, b"id", b"vector",
)  # fmt: skip
_SIZES = (1, 2, 4, 8)


def mutate(seed: Path, others: list[Path], out: Path, rng: random.Random) -> None:
    """Write a damaged copy of ``seed`` to ``out``.

    Args:
        seed: a file, or a folder of which one file is damaged.
        others: files to splice from.
        out: that is not there.
        rng: of what is done.
    """
    if seed.is_dir():
        shutil.copytree(seed, out)
        file = rng.choice(sorted(path for path in out.rglob("*") if path.is_file()))
        if rng.random() < 0.1:
            file.unlink()
            return
    else:
        shutil.copy(seed, out)
        file = out
    content = file.read_bytes()
    unpack, pack = PACKED.get(seed.suffix, (None, None))
    # Damage below a container's own checksums reaches the reader behind it.
    if unpack and pack and rng.random() < 0.7:
        content = pack(damaged(unpack(content), others, rng))
    elif content[:2] == b"PK" and rng.random() < 0.7:
        content = _member(content, others, rng)
    else:
        content = damaged(content, others, rng)
    file.write_bytes(content)


def damaged(content: bytes, others: list[Path], rng: random.Random) -> bytes:
    """A few changes, most of them small."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        rng.choice(_CHANGES)(data, others, rng)
    return bytes(data)


def _at(data: bytearray, rng: random.Random) -> int:
    """A place; headers are short and decide most."""
    return rng.randrange(min(len(data), 256) if rng.random() < 0.5 else len(data)) if data else 0


def _cut(data: bytearray, _: list[Path], rng: random.Random) -> None:
    del data[_at(data, rng) :]


def _flip(data: bytearray, _: list[Path], rng: random.Random) -> None:
    if data:
        data[_at(data, rng)] ^= 1 << rng.randrange(8)


def _number(data: bytearray, _: list[Path], rng: random.Random) -> None:
    size = rng.choice(_SIZES)
    value = rng.choice((0, 1, -1, 1 << (8 * size - 1), (1 << (8 * size - 1)) - 1, rng.getrandbits(8 * size)))
    at = _at(data, rng)
    data[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, rng.choice(("little", "big")))


def _delete(data: bytearray, _: list[Path], rng: random.Random) -> None:
    at = _at(data, rng)
    del data[at : at + rng.choice((1, 2, 8, 64, 1000))]


def _repeat(data: bytearray, _: list[Path], rng: random.Random) -> None:
    at = _at(data, rng)
    data[at:at] = data[at : at + rng.choice((1, 8, 64, 1000))] * rng.choice((1, 2, 50))


def _word(data: bytearray, _: list[Path], rng: random.Random) -> None:
    at = _at(data, rng)
    data[at : at + rng.choice((0, 1, 4))] = rng.choice(_WORDS)


def _digits(data: bytearray, _: list[Path], rng: random.Random) -> None:
    """Another number where text has one."""
    found = list(re.finditer(rb"-?\d[\d.e+-]*", data[: 1 << 14]))
    if found:
        one = rng.choice(found)
        data[one.start() : one.end()] = rng.choice(
            (*_WORDS, str(rng.getrandbits(rng.choice((3, 20, 70)))).encode())
        )


def _splice(data: bytearray, others: list[Path], rng: random.Random) -> None:
    other = rng.choice(others)
    if other.is_file():
        theirs = other.read_bytes()
        at, start = _at(data, rng), _at(bytearray(theirs), rng)
        data[at : at + 100] = theirs[start : start + rng.choice((8, 100, 10_000))]


_CHANGES = (_cut, _flip, _flip, _number, _number, _delete, _repeat, _word, _digits, _digits, _splice)


def _member(content: bytes, others: list[Path], rng: random.Random) -> bytes:
    """Damage one member of a zip archive and pack it again, with the right checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = rng.choice(sorted(members))
    members[chosen] = damaged(members[chosen], others, rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in members.items():
            archive.writestr(name, part)
    return packed.getvalue()
