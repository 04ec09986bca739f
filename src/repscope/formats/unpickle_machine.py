"""A pickle interpreter that can build containers and call a given list of constructors, nothing else.

Python's own ``pickle.Unpickler`` asks ``find_class`` for globals only. It still applies BUILD, APPEND
and REDUCE to whatever is on its stack, serves extension codes from a process-wide cache, and
allocates gigabytes for a ten-byte file (a memo index, a frame length). Here every opcode is ours:
each does one checked thing, sizes are compared with the bytes that are there, and the only
callables are the :class:`Constructor` objects handed in.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np

from repscope.errors import FormatError, UnsafePickleError
from repscope.formats.unpickle_cursor import Buffer, Cursor

_SCALARS = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Constructor:
    """What a pickle gets when it names an allowed global. Inert unless the machine calls it."""

    module: str
    name: str
    call: Callable[..., object] | None = None


class Pending(Protocol):
    """A value that is finished by the BUILD opcode which follows it."""

    def build(self, state: object) -> object:
        """The finished value."""


class PendingBase:
    """Base of all :class:`Pending` values, so that BUILD can recognise them."""

    __slots__ = ()

    def build(self, state: object) -> object:
        """The finished value."""
        raise NotImplementedError


Names = Mapping[tuple[str, str], object]


def checked_key(value: object) -> Any:
    """A dictionary key or set member: a scalar, or a flat tuple of scalars (hashing stays bounded)."""
    if type(value) in _SCALARS or isinstance(value, np.generic):
        return value
    if type(value) is tuple and all(type(one) in _SCALARS for one in value):
        return value
    raise TypeError(f"a key of type {type(value).__name__}")


class Machine(Cursor):
    """Runs one pickle.

    Args:
        data: the bytes; a memory map is read in place.
        names: allowed globals, by exact (module, name).
        source: what to call the file in messages.
        start: offset of the first opcode.
    """

    def __init__(self, data: Buffer, names: Names, source: str, start: int = 0) -> None:
        super().__init__(data, start)
        self.names, self.source = names, source
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.pending: dict[int, list[int]] = {}

    def run(self) -> Any:
        """The value that the pickle describes; afterwards ``at`` is the offset behind it.

        Raises:
            UnsafePickleError: it names a global that is not allowed.
            FormatError: it is truncated or malformed.
        """
        table = [
            getattr(self, f"_{_OPCODES[code]}", None) if code in _OPCODES else None for code in range(256)
        ]
        stop = ord(".")
        try:
            while True:
                code = self.data[self.skip(1)]
                if code == stop:
                    return self.stack.pop()
                action = table[code]
                if action is None:
                    raise ValueError(f"byte {code:#04x} is no opcode")
                action()
        except FormatError:
            raise
        except EOFError:
            raise FormatError(
                f"a whole pickle in {self.source}",
                f"one that breaks off after {self.size:,} bytes",
                "copy or write the file again",
            ) from None
        except MemoryError:
            raise FormatError(
                f"a pickle that fits into memory in {self.source}", "one that does not", "split the file"
            ) from None
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
            struct.error,
        ) as error:
            raise FormatError(
                f"a well-formed pickle in {self.source}",
                f"{_clip(str(error) or type(error).__name__)} (at byte {self.at:,})",
                "write the file again; arrays travel best as npz or safetensors",
            ) from error

    # values

    def _python2(self, raw: bytes) -> None:
        # Python 2 wrote text and bytes alike; only ASCII is text beyond doubt.
        self.stack.append(raw.decode("ascii") if raw.isascii() else raw)

    def _marked(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _none(self) -> None:
        self.stack.append(None)

    def _true(self) -> None:
        self.stack.append(True)

    def _false(self) -> None:
        self.stack.append(False)

    def _int(self) -> None:
        line = self.line()
        self.stack.append({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))

    def _long(self) -> None:
        self.stack.append(int(self.line().rstrip(b"L")))

    def _binint(self) -> None:
        self.stack.append(self.signed(4))

    def _binint1(self) -> None:
        self.stack.append(self.unsigned(1))

    def _binint2(self) -> None:
        self.stack.append(self.unsigned(2))

    def _long1(self) -> None:
        self.stack.append(self.signed(self.unsigned(1)))

    def _long4(self) -> None:
        self.stack.append(self.signed(self.unsigned(4)))

    def _float(self) -> None:
        self.stack.append(float(self.line()))

    def _binfloat(self) -> None:
        self.stack.append(struct.unpack(">d", self.take(8))[0])

    def _string(self) -> None:
        line = self.line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise ValueError("a string without quotes")
        self._python2(codecs.escape_decode(line[1:-1])[0])

    def _binstring(self) -> None:
        self._python2(self.take(self.unsigned(4)))

    def _short_binstring(self) -> None:
        self._python2(self.take(self.unsigned(1)))

    def _unicode(self) -> None:
        self.stack.append(str(self.line(), "raw-unicode-escape"))

    def _binunicode(self) -> None:
        self.stack.append(self.text(self.unsigned(4)))

    def _short_binunicode(self) -> None:
        self.stack.append(self.text(self.unsigned(1)))

    def _binunicode8(self) -> None:
        self.stack.append(self.text(self.unsigned(8)))

    def _binbytes(self) -> None:
        self.stack.append(self.payload(self.unsigned(4)))

    def _short_binbytes(self) -> None:
        self.stack.append(self.take(self.unsigned(1)))

    def _binbytes8(self) -> None:
        self.stack.append(self.payload(self.unsigned(8)))

    # containers

    def _empty_list(self) -> None:
        self.stack.append([])

    def _empty_dict(self) -> None:
        self.stack.append({})

    def _empty_set(self) -> None:
        self.stack.append(set())

    def _empty_tuple(self) -> None:
        self.stack.append(())

    def _list(self) -> None:
        self.stack.append(self._marked())

    def _tuple(self) -> None:
        self.stack.append(tuple(self._marked()))

    def _dict(self) -> None:
        items = self._marked()
        self.stack.append({checked_key(key): value for key, value in _pairs(items)})

    def _frozenset(self) -> None:
        self.stack.append(frozenset(checked_key(one) for one in self._marked()))

    def _tuple1(self) -> None:
        self.stack[-1:] = [(self.stack[-1],)]

    def _tuple2(self) -> None:
        self.stack[-2:] = [(self.stack[-2], self.stack[-1])]

    def _tuple3(self) -> None:
        self.stack[-3:] = [(self.stack[-3], self.stack[-2], self.stack[-1])]

    def _append(self) -> None:
        value = self.stack.pop()
        self._top(list).append(value)

    def _appends(self) -> None:
        items = self._marked()
        self._top(list).extend(items)

    def _setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict)[checked_key(key)] = value

    def _setitems(self) -> None:
        items = self._marked()
        target = self._top(dict)
        for key, value in _pairs(items):
            target[checked_key(key)] = value

    def _additems(self) -> None:
        items = self._marked()
        self._top(set).update(checked_key(one) for one in items)

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise TypeError(
                f"items added to a {type(self.stack[-1]).__name__}, which is no plain {kind.__name__}"
            )
        return self.stack[-1]

    # stack and memo

    def _mark(self) -> None:
        self.marks.append(len(self.stack))

    def _pop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.stack.pop()

    def _pop_mark(self) -> None:
        self._marked()

    def _dup(self) -> None:
        self.stack.append(self.stack[-1])

    def _remember(self, key: int) -> None:
        value = self.stack[-1]
        self.memo[key] = value
        if isinstance(value, PendingBase):
            self.pending.setdefault(id(value), []).append(key)

    def _put(self) -> None:
        self._remember(int(self.line()))

    def _binput(self) -> None:
        self._remember(self.unsigned(1))

    def _long_binput(self) -> None:
        self._remember(self.unsigned(4))

    def _memoize(self) -> None:
        self._remember(len(self.memo))

    def _get(self) -> None:
        self.stack.append(self.memo[int(self.line())])

    def _binget(self) -> None:
        self.stack.append(self.memo[self.unsigned(1)])

    def _long_binget(self) -> None:
        self.stack.append(self.memo[self.unsigned(4)])

    def _proto(self) -> None:
        if (version := self.unsigned(1)) > 5:
            raise ValueError(f"pickle protocol {version}, newer than this reader")

    def _frame(self) -> None:
        # Frames only group reads; the length must still be true.
        start = self.at + 8
        self.skip(self.unsigned(8))
        self.at = start

    # globals and calls

    def _find(self, module: object, name: object) -> object:
        found = self.names.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if found is None:
            self._refuse(f"{module}.{name}")
        return found

    def _refuse(self, wanted: str) -> NoReturn:
        raise UnsafePickleError(
            f"only arrays, tensors and plain containers in {self.source}",
            f"a request for {_clip(wanted)} (refused, nothing was executed)",
            "save the arrays as npz or safetensors where the file was made; or, only if you trust "
            "everyone who could have written it, pass --trust-pickle",
        )

    def _global(self) -> None:
        module, name = self.line().decode(), self.line().decode()
        self.stack.append(self._find(module, name))

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self._find(module, name))

    def _call(self, target: object, arguments: object) -> None:
        if not isinstance(target, Constructor) or target.call is None or not isinstance(arguments, tuple):
            what = (
                f"{target.module}.{target.name}" if isinstance(target, Constructor) else type(target).__name__
            )
            raise TypeError(f"a call of {what}")
        self.stack.append(target.call(*arguments))

    def _reduce(self) -> None:
        arguments, target = self.stack.pop(), self.stack.pop()
        self._call(target, arguments)

    def _newobj_ex(self) -> None:
        keywords = self.stack.pop()
        if keywords != {}:
            raise TypeError("a call with keywords")
        self._reduce()

    def _inst(self) -> None:
        module, name = self.line().decode(), self.line().decode()
        target = self._find(module, name)
        self._call(target, tuple(self._marked()))

    def _obj(self) -> None:
        target, *arguments = self._marked()
        self._call(target, tuple(arguments))

    def _build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, PendingBase):
            finished = target.build(state)
            self.stack[-1] = finished
            for key in self.pending.pop(id(target), ()):
                self.memo[key] = finished
        elif type(target) is not dict:
            # An OrderedDict's attributes (torch's _metadata) mean nothing here and are left out.
            raise TypeError(f"a state for a {type(target).__name__}")

    def _ext1(self) -> None:
        self._refuse(f"copyreg extension code {self.unsigned(1)}")

    def _ext2(self) -> None:
        self._refuse(f"copyreg extension code {self.unsigned(2)}")

    def _ext4(self) -> None:
        self._refuse(f"copyreg extension code {self.unsigned(4)}")

    def _persid(self) -> None:
        self._refuse("an object outside the file (a persistent id)")

    def _next_buffer(self) -> None:
        self._refuse("an object outside the file (an out-of-band buffer)")


def _pairs(items: list[Any]) -> zip[tuple[Any, Any]]:
    return zip(items[::2], items[1::2], strict=True)


def _clip(text: str) -> str:
    shown = text.encode("unicode_escape").decode()
    return shown if len(shown) <= 160 else shown[:160] + "…"


_OPCODES = {
    ord("("): "mark", ord("0"): "pop", ord("1"): "pop_mark", ord("2"): "dup",
    ord("F"): "float", ord("I"): "int", ord("J"): "binint", ord("K"): "binint1", ord("L"): "long",
    ord("M"): "binint2", ord("N"): "none", ord("P"): "persid", ord("Q"): "persid", ord("R"): "reduce",
    ord("S"): "string", ord("T"): "binstring", ord("U"): "short_binstring", ord("V"): "unicode",
    ord("X"): "binunicode", ord("a"): "append", ord("b"): "build", ord("c"): "global", ord("d"): "dict",
    ord("}"): "empty_dict", ord("e"): "appends", ord("g"): "get", ord("h"): "binget", ord("i"): "inst",
    ord("j"): "long_binget", ord("l"): "list", ord("]"): "empty_list", ord("o"): "obj", ord("p"): "put",
    ord("q"): "binput", ord("r"): "long_binput", ord("s"): "setitem", ord("t"): "tuple",
    ord(")"): "empty_tuple", ord("u"): "setitems", ord("G"): "binfloat",
    ord("B"): "binbytes", ord("C"): "short_binbytes",
    0x80: "proto", 0x81: "reduce", 0x82: "ext1", 0x83: "ext2", 0x84: "ext4",
    0x85: "tuple1", 0x86: "tuple2", 0x87: "tuple3", 0x88: "true", 0x89: "false", 0x8A: "long1", 0x8B: "long4",
    0x8C: "short_binunicode", 0x8D: "binunicode8", 0x8E: "binbytes8", 0x8F: "empty_set", 0x90: "additems",
    0x91: "frozenset", 0x92: "newobj_ex", 0x93: "stack_global", 0x94: "memoize", 0x95: "frame",
    0x96: "binbytes8", 0x97: "next_buffer", 0x98: "next_buffer",
}  # fmt: skip
