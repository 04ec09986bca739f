"""The flat data of tensors, and torch's file format of before 2020, in which it follows the pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError
from repscope.formats.pickles.cursor import Buffer
from repscope.formats.pickles.machine import Machine, Names

if TYPE_CHECKING:
    from torch import Tensor

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

_OF_STORAGES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64",
    "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
    "ComplexFloat": "complex64", "ComplexDouble": "complex128", "QUInt8": "uint8", "QInt8": "int8",
    "QInt32": "int32",
}  # fmt: skip
"""Class of a storage, and the dtype of its numbers; quantised ones hold plain integers."""


class StorageKind:
    """The class of a storage: the dtype of its numbers, bytes for an untyped one."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class Storage:
    """The flat data of a tensor [n]; None while only its place is looked for."""

    __slots__ = ("flat",)

    def __init__(self, flat: Tensor | None) -> None:
        self.flat = flat


def storage_names() -> dict[tuple[str, str], object]:
    """Allowed classes of storages, by exact (module, name)."""
    names: dict[tuple[str, str], object] = {
        (module, f"{name}Storage"): StorageKind(dtype)
        for name, dtype in _OF_STORAGES.items()
        for module in ("torch", "torch.cuda")
    }
    names["torch.storage", "UntypedStorage"] = StorageKind("uint8")
    return names


def storage_id(key: object, length: int) -> tuple[StorageKind, str, int, Any]:
    """Class, key, elements and view of ("storage", class, key, device, elements[, view]).

    Raises:
        TypeError: it is anything else.
    """
    if not isinstance(key, tuple) or len(key) != length or key[0] not in ("storage", b"storage"):
        raise TypeError("a persistent id that is no storage")
    kind, name, _, count = key[1:5]
    if not isinstance(kind, StorageKind) or not isinstance(name, str) or type(count) is not int or count < 0:
        raise TypeError("a storage without class, key and size")
    return kind, name, count, key[5] if length > 5 else None


def flat_tensor(data: Buffer, start: int, count: int, dtype: str) -> Tensor:
    """[count] numbers of a buffer, in place where they are aligned.

    Raises:
        EOFError: the buffer holds fewer.
    """
    import torch

    kind = getattr(torch, dtype)
    size = kind.itemsize
    if start < 0 or start + count * size > len(data):
        raise EOFError
    if not count:
        return torch.empty(0, dtype=kind)
    if isinstance(data, bytes) or start % size:
        return torch.frombuffer(bytearray(data[start : start + count * size]), dtype=kind)
    return torch.frombuffer(data, dtype=kind, count=count, offset=start)


def read_legacy(
    data: Buffer,
    source: str,
    names: Names,
    blank: Mapping[tuple[str, str], object],
    *,
    inert: bool = False,
) -> Any:
    """The object of a file of pickles: magic number, version, machine, object, keys; then the data.

    The object's pickle is run twice, since the data that its tensors need lies behind it: first with
    ``blank`` constructors, to find its end and its storages.

    Raises:
        UnsafePickleError: a pickle asks for code.
        FormatError: it is no such file, or damaged.
    """
    at = 0
    head: list[Any] = []
    for _ in range(3):
        machine = Machine(data, {}, source, at)
        head.append(machine.run())
        at = machine.at
    if (
        head[:2] != [MAGIC, PROTOCOL]
        or not isinstance(head[2], dict)
        or not head[2].get("little_endian", True)
    ):
        raise FormatError(f"a torch file in {source}", "another version", "write it again with torch.save")
    kinds: dict[str, tuple[str, int]] = {}

    def note(key: object) -> Storage:
        kind, name, count, _ = storage_id(key, 6)
        kinds.setdefault(name, (kind.dtype, count))
        return Storage(None)

    machine = Machine(data, {**names, **blank}, source, at, persistent=note, inert=inert)
    machine.run()
    keys = Machine(data, {}, source, machine.at)
    flats = _legacy_data(keys, kinds)
    machine = Machine(data, names, source, at, persistent=_legacy_storages(flats), inert=inert)
    return machine.run()


def _legacy_data(machine: Machine, kinds: Mapping[str, tuple[str, int]]) -> dict[str, Tensor]:
    """The flat data behind the list of keys that the machine is about to read."""
    import torch

    flats: dict[str, Tensor] = {}
    listed = machine.run()
    try:
        for name in listed:
            dtype, count = kinds[name]
            if machine.signed(8) != count:
                raise ValueError("a storage of another size than its tensor says")
            start = machine.skip(count * getattr(torch, dtype).itemsize)
            flats[name] = flat_tensor(machine.data, start, count, dtype)
    except (EOFError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the data of every tensor in {machine.source}",
            "a file that breaks off" if isinstance(error, EOFError) else f"a damaged one ({error})",
            "copy or write the file again",
        ) from error
    return flats


def _legacy_storages(flats: Mapping[str, Tensor]) -> Callable[[object], Storage]:
    def find(key: object) -> Storage:
        _, name, _, view = storage_id(key, 6)
        flat = flats[name]
        if view is None:
            return Storage(flat)
        match view:
            case (_, int(offset), int(count)) if 0 <= offset <= offset + count <= len(flat):
                return Storage(flat[offset : offset + count])
        raise ValueError("a view beyond its storage")

    return find
