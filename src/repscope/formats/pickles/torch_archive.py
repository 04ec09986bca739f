"""Files of ``torch.save``, read without torch's unpickler: the pickle by the machine, the data by its place.

torch's own ``weights_only`` reader calls the real BUILD of whatever class it is told to allow, and numpy's
dtype takes a file's bytes for object pointers there. Here nothing but our checked constructors is called.
"""

from __future__ import annotations

import mmap
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, UnsafePickleError, first_line
from repscope.formats.pickles.load import allowed_names
from repscope.formats.pickles.machine import Machine, Names
from repscope.formats.pickles.torch_storages import (
    Storage,
    flat_tensor,
    read_legacy,
    storage_id,
    storage_names,
)
from repscope.formats.pickles.torch_types import blank_names, torch_names

UNPACKED_RATIO, UNPACKED_BYTES = 200, 1 << 30
"""An archive that unpacks to more than this many times its size, and to more than this, is refused."""

_LEGACY = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def load_torch(path: Path, *, inert: bool = False) -> Any:
    """What a torch file holds, on the CPU: tensors, arrays and plain containers. Nothing is executed.

    Large tensors stay views of the mapped file.

    Args:
        path: of the file.
        inert: objects of unknown classes become :class:`repscope.formats.pickles.machine.Foreign`.

    Raises:
        UnsafePickleError: it asks for code.
        FormatError: it is damaged, a TorchScript program, or no torch file.
    """
    try:
        if _is_zip(path):
            return _load_zip(path, inert)
        with path.open("rb") as file:
            head = file.read(16)
            if head.startswith(b"PK"):
                raise _damaged(path, "an archive that is cut short")
            if _LEGACY not in head:
                raise FormatError(
                    f"a torch file of tensors in {path}",
                    "content that does not begin like one" if head else "an empty file",
                    "check what the file is, or write it again with torch.save",
                )
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        return read_legacy(data, str(path), _names(), blank_names(), inert=inert)
    except UnsafePickleError as error:
        wanted = error.got.replace("__builtin__.", "").replace("builtins.", "")
        raise UnsafePickleError(
            f"only tensors and plain containers in {path}",
            wanted,
            "in the code that made it, save the tensors alone (model.state_dict() of a model) with "
            "torch.save or safetensors",
        ) from None
    except FormatError as error:
        if "a torch file of tensors" in error.expected:
            raise
        raise _damaged(path, error.got) from None


@cache
def _names() -> Names:
    return {**allowed_names(), **torch_names(tensors=True), **storage_names()}


def _load_zip(path: Path, inert: bool) -> Any:
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = {info.filename: info for info in archive.infolist()}
            pickles = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise _damaged(path, f"a zip archive with {len(pickles)} files data.pkl")
            prefix = pickles[0].removesuffix("data.pkl")
            if f"{prefix}constants.pkl" in members:
                raise _damaged(path, "a TorchScript program, which is code")
            _refuse_bomb(path, members.values())
            order = f"{prefix}byteorder"
            if order in members and archive.read(order).strip() != b"little":
                raise _damaged(path, "numbers of another byte order")
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            raw = archive.read(pickles[0])
            find = _Records(archive, members, f"{prefix}data/", data)
            return Machine(raw, _names(), str(path), persistent=find, inert=inert).run()
    except FormatError:
        raise
    except _DAMAGED as error:
        raise _damaged(path, first_line(error)) from error


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile as error:
        raise _damaged(path, first_line(error)) from error


class _Records:
    """Finds the data of a storage in an archive, once for all tensors that share it."""

    def __init__(
        self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], folder: str, data: mmap.mmap
    ) -> None:
        self.archive, self.members, self.folder, self.data = archive, members, folder, data
        self.found: dict[str, Storage] = {}

    def __call__(self, key: object) -> Storage:
        kind, name, count, _ = storage_id(key, 5)
        if name not in self.found:
            info = self.members.get(self.folder + name)
            if info is None:
                raise ValueError(f"a tensor whose data {name[:40]!r} is not there")
            self.found[name] = Storage(self._flat(info, count, kind.dtype))
        return self.found[name]

    def _flat(self, info: zipfile.ZipInfo, count: int, dtype: str) -> Any:
        if info.compress_type != zipfile.ZIP_STORED:
            return flat_tensor(self.archive.read(info), 0, count, dtype)
        header = self.data[info.header_offset : info.header_offset + 30]
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise ValueError("a damaged record")
        start = (
            info.header_offset + 30 + sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        )
        flat = flat_tensor(self.data, start, count, dtype)
        if flat.nbytes > info.file_size:
            raise ValueError("a tensor with less data than its size needs")
        return flat


def _refuse_bomb(path: Path, members: Any) -> None:
    unpacked, packed = sum(info.file_size for info in members), path.stat().st_size
    if unpacked > UNPACKED_BYTES and unpacked > UNPACKED_RATIO * packed:
        raise _damaged(path, f"{packed:,} bytes that would unpack to {unpacked:,}")


def _damaged(path: Path, got: str) -> FormatError:
    return FormatError(
        f"a whole torch file of tensors in {path}", got, "check what the file is, or copy it again"
    )
