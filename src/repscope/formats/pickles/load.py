"""Pickles that hold arrays, tensors and containers, read without running any of their code.

Allowed globals are exact (module, name) pairs that map to constructors of our own. Anything else is
refused by name before it could act. Results are plain: tensors become numpy arrays, ordered and
default dictionaries become dictionaries, frames of pandas a record of their columns.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from repscope.errors import FormatError
from repscope.formats.pickles.cursor import Buffer
from repscope.formats.pickles.machine import Constructor, Machine, checked_key
from repscope.formats.pickles.numpy_types import numpy_names
from repscope.formats.pickles.pandas_types import pandas_names
from repscope.formats.pickles.torch_types import torch_names


def load_pickle(path: Path) -> Any:
    """The value of the one pickle in a file; large arrays stay views of the memory-mapped file.

    Raises:
        UnsafePickleError: the pickle names a global that is not allowed; nothing was executed.
        FormatError: it is truncated, malformed, or followed by something else.
    """
    with path.open("rb") as file:
        return loads(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), str(path))


def loads(data: Buffer, source: str, start: int = 0) -> Any:
    """The value of the one pickle in ``data`` from offset ``start`` to the end. See :func:`load_pickle`."""
    machine = Machine(data, allowed_names(), source, start)
    value = machine.run()
    if machine.at != machine.size:
        raise FormatError(
            f"one pickle in {source}",
            f"{machine.size - machine.at:,} more bytes behind it (several pickle.dump calls?)",
            "write everything with one pickle.dump, or save npz",
        )
    return value


@cache
def allowed_names() -> dict[tuple[str, str], object]:
    """Every global that a pickle may name."""
    calls: dict[str, Callable[..., object]] = {
        "set": _set,
        "frozenset": _frozenset,
        "bytearray": _bytes,
        "bytes": _bytes,
        "complex": _complex,
        "slice": _slice,
        "range": _range,
        "xrange": _range,
    }
    names: dict[tuple[str, str], object] = {}
    for module in ("builtins", "__builtin__"):
        names.update({(module, name): Constructor(module, name, call) for name, call in calls.items()})
        # Only as the factory of a defaultdict, which is left out.
        names.update(
            {(module, name): Constructor(module, name) for name in ("list", "dict", "int", "float", "str")}
        )
    mappings: dict[str, Callable[..., object]] = {
        "OrderedDict": _dict,
        "Counter": _dict,
        "defaultdict": _defaultdict,
    }
    for name, call in mappings.items():
        names["collections", name] = Constructor("collections", name, call)
    names["_codecs", "encode"] = Constructor("_codecs", "encode", encode_latin1)
    return names | numpy_names() | torch_names() | pandas_names()


def _members(values: object) -> list[Any]:
    if not isinstance(values, list | tuple | set | frozenset):
        raise TypeError("a set of something other than a list")
    return [checked_key(member) for member in values]


def _set(values: object = ()) -> set[Any]:
    return set(_members(values))


def _frozenset(values: object = ()) -> frozenset[Any]:
    return frozenset(_members(values))


def _bytes(value: object = b"", encoding: object = "latin-1") -> bytes:
    if isinstance(value, str):
        return encode_latin1(value, encoding)
    if not isinstance(value, bytes | memoryview):
        raise TypeError("bytes made of something other than bytes")
    return bytes(value)


def encode_latin1(text: object, encoding: object = "latin-1") -> bytes:
    """``codecs.encode`` as protocols up to 2 use it for bytes, in that one encoding.

    Raises:
        TypeError: anything else.
    """
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise TypeError("text in an encoding other than latin-1")
    return text.encode("latin-1")


def _complex(real: object, imaginary: object = 0.0) -> complex:
    if not isinstance(real, int | float) or not isinstance(imaginary, int | float):
        raise TypeError("a complex number of something other than numbers")
    return complex(real, imaginary)


def _integers(values: tuple[object, ...]) -> list[Any]:
    if not 1 <= len(values) <= 3 or not all(value is None or type(value) is int for value in values):
        raise TypeError("a slice or range of something other than integers")
    return list(values)


def _slice(*values: object) -> slice:
    return slice(*_integers(values))


def _range(*values: object) -> range:
    return range(*_integers(values))


def _dict(pairs: object = ()) -> dict[Any, Any]:
    items = pairs.items() if isinstance(pairs, dict) else pairs
    if not isinstance(items, list | tuple | type({}.items())):
        raise TypeError("a dictionary of something other than pairs")
    return {checked_key(key): value for key, value in items}


def _defaultdict(factory: object = None, pairs: object = ()) -> dict[Any, Any]:
    if factory is not None and not isinstance(factory, Constructor):
        raise TypeError("a defaultdict without a factory")
    return _dict(pairs)
