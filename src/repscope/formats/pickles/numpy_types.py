"""What a pickle may say about numpy: dtypes, arrays and scalars of plain types, checked, then built by us."""

from __future__ import annotations

import math
import re
from collections.abc import Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.formats.pickles.machine import Constructor, Pending

_PLAIN = re.compile(r"[<>=|]?(?:[biufcSUOMm]\d{0,9}|\?)")
_UNITS = frozenset(("generic", "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"))
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_SCALARS = (
    "bool_", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128", "str_", "bytes_", "object_",
)  # fmt: skip


class PendingDtype(Pending):
    """A dtype whose byte order arrives with BUILD."""

    __slots__ = ("spec",)

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def plain(self) -> np.dtype[Any]:
        """The dtype in the byte order that its name gives."""
        return np.dtype(self.spec)

    def build(self, state: object) -> np.dtype[Any]:
        """The dtype in the byte order of ``state``."""
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise TypeError(f"a dtype {self.spec} with fields or subarrays")
        dtype = self.plain()
        if dtype.kind in "Mm" and len(state) > 8:
            dtype = np.dtype(f"{dtype.kind}8[{_unit(state[8])}]")
        match _as_text(state[1]):
            case "|":
                return dtype
            case "<" | ">" | "=" as order:
                return dtype.newbyteorder(order)
        raise ValueError("a dtype of unknown byte order")


class PendingArray(Pending):
    """An array whose shape, dtype and bytes arrive with BUILD."""

    __slots__ = ()

    def build(self, state: object) -> NDArray[Any]:
        """The array of ([version,] shape, dtype, is Fortran, bytes or list)."""
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise TypeError("an array without shape, dtype and data")
        shape, dtype, fortran, raw = state[-4:]
        return _array(raw, dtype, shape, "F" if fortran else "C")


def _unit(metadata: object) -> str:
    match metadata:
        case (_, (unit, int(count), *_)) if _as_text(unit) in _UNITS and 0 < count < 10**6:
            return f"{count}{_as_text(unit)}" if _as_text(unit) != "generic" else "generic"
    raise ValueError("a date of unknown unit")


def _as_text(value: object) -> str:
    if not isinstance(value, str | bytes):
        raise TypeError(f"a name that is a {type(value).__name__}")
    return value.decode("ascii") if isinstance(value, bytes) else value


def _make_dtype(spec: object, *_: object) -> PendingDtype:
    text = _as_text(spec)
    if not _PLAIN.fullmatch(text):
        raise TypeError(f"a dtype of kind {text[:40]!r}")
    return PendingDtype(text)


def _dtype_of(value: object) -> np.dtype[Any]:
    if isinstance(value, PendingDtype):
        return value.plain()
    if isinstance(value, np.dtype):
        return value
    raise TypeError("an array without a dtype")


def _reconstruct(subtype: object, *_: object) -> PendingArray:
    if not isinstance(subtype, Constructor) or subtype.name != "ndarray":
        raise TypeError("an array of a class other than numpy.ndarray")
    return PendingArray()


def _array(raw: object, dtype_like: object, shape: object, order: object = "C") -> NDArray[Any]:
    dtype = _dtype_of(dtype_like)
    if isinstance(shape, int):
        shape = (shape,)
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("an array of impossible shape")
    count = math.prod(shape)
    if dtype.kind == "O":
        if type(raw) is not list or len(raw) != count:
            raise ValueError("an object array whose list does not fill its shape")
        objects = np.empty(count, object)
        for index, value in enumerate(raw):
            objects[index] = value
        return objects.reshape(shape, order="F" if order == "F" else "C")
    if isinstance(raw, str):
        raw = raw.encode("latin-1")
    if not isinstance(raw, bytes | bytearray | memoryview) or len(raw) != count * dtype.itemsize:
        raise ValueError("an array whose bytes do not fill its shape")
    if not len(raw):
        if count:
            raise ValueError("an array of elements without a size")
        return np.empty(shape, dtype)
    flat = np.frombuffer(raw, dtype)
    # A view of the file that begins at an odd byte is slow and undefined for some consumers.
    flat = flat if flat.flags.aligned else flat.copy()
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _scalar(dtype_like: object, raw: object = None) -> object:
    dtype = _dtype_of(dtype_like)
    if dtype.kind == "O":
        return raw
    if raw is None or (isinstance(raw, Sized) and not len(raw)):
        return dtype.type()
    return _array(raw, dtype, (1,))[0]


def numpy_names() -> dict[tuple[str, str], object]:
    """Allowed globals of numpy, by exact (module, name)."""
    names: dict[tuple[str, str], object] = {
        ("numpy", "dtype"): Constructor("numpy", "dtype", _make_dtype),
        ("numpy", "ndarray"): Constructor("numpy", "ndarray"),
    }
    for module in _MODULES:
        names[module, "_reconstruct"] = Constructor(module, "_reconstruct", _reconstruct)
        names[module, "scalar"] = Constructor(module, "scalar", _scalar)
    for module in _NUMERIC:
        names[module, "_frombuffer"] = Constructor(module, "_frombuffer", _array)
    # A scalar type named in a configuration is kept as its name: inert text.
    names.update({("numpy", name): f"numpy.{name}" for name in _SCALARS})
    return names
