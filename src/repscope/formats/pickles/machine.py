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
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from repscope.errors import FormatError, UnsafePickleError
from repscope.formats.pickles.cursor import Buffer, Cursor

_SCALARS = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Constructor:
    """What a pickle gets when it names an allowed global. Inert unless the machine calls it."""

    module: str
    name: str
    call: Callable[..., object] | None = None


class Pending(ABC):
    """A value that is finished by the BUILD opcode which follows it."""

    __slots__ = ()

    @abstractmethod
    def build(self, state: object) -> object:
        """The finished value."""


class ForeignClass:
    """A class or function that is not known here, by its name: inert, and nothing of it is imported."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Foreign:
    """An object of a class that is not known here. Its content is left out."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Names = Mapping[tuple[str, str], object]

_INERT_OF_PYTHON = (
    "argparse.",
    "types.SimpleNamespace",
    "pathlib.",
    "datetime.",
    "decimal.Decimal",
    "uuid.UUID",
)
"""Beginnings of names in Python's own library whose objects only hold values. All others are refused."""
_INERT_CALLS = ("pathlib.", "datetime.", "decimal.Decimal", "uuid.UUID", "numpy.random.")
"""Beginnings of names that may be called, which gives an inert object: their pickles are calls."""


def checked_key(value: object) -> Any:
    """A dictionary key or set member: a scalar, or a flat tuple of scalars (hashing stays bounded)."""
    if type(value) in _SCALARS or isinstance(value, np.generic):
        return value
    if type(value) is tuple and all(type(part) in _SCALARS for part in value):
        return value
    raise TypeError(f"a key of type {type(value).__name__}")


class Machine(Cursor):
    """Runs one pickle.

    Args:
        data: the bytes; a memory map is read in place.
        names: allowed globals, by exact (module, name).
        source: what to call the file in messages.
        start: offset of the first opcode.
        persistent: gives what a persistent id stands for; without it such ids are refused.
        inert: objects of unknown classes become :class:`Foreign` instead of a refusal. Calls of unknown
            functions are refused all the same.
    """

    def __init__(
        self,
        data: Buffer,
        names: Names,
        source: str,
        start: int = 0,
        *,
        persistent: Callable[[object], object] | None = None,
        inert: bool = False,
    ) -> None:
        super().__init__(data, start)
        self.names, self.source = names, source
        self.persistent, self.inert = persistent, inert
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
        table = [_ACTIONS.get(code) for code in range(256)]
        stop = ord(".")
        try:
            while True:
                code = self.data[self.skip(1)]
                if code == stop:
                    return self.stack.pop()
                action = table[code]
                if action is None:
                    raise ValueError(f"byte {code:#04x} is no opcode")
                action(self)
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
            RuntimeError,
            TypeError,
            ValueError,
            struct.error,
        ) as error:
            raise FormatError(
                f"a well-formed pickle in {self.source}",
                f"{_clip(str(error) or type(error).__name__)} (at byte {self.at:,})",
                "write the file again; arrays travel best as npz or safetensors",
            ) from error

    # pushing

    def _python2(self, raw: bytes) -> None:
        # Python 2 wrote text and bytes alike; only ASCII is text beyond doubt.
        self.stack.append(raw.decode("ascii") if raw.isascii() else raw)

    def _string(self) -> None:
        line = self.line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise ValueError("a string without quotes")
        self._python2(codecs.escape_decode(line[1:-1])[0])

    def _int(self) -> None:
        line = self.line()
        self.stack.append(line == b"01" if line in (b"00", b"01") else int(line))

    def _tuple(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError("too few values for a tuple")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _marked(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _pop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.stack.pop()

    def _remember(self, key: int) -> None:
        value = self.stack[-1]
        self.memo[key] = value
        if isinstance(value, Pending):
            self.pending.setdefault(id(value), []).append(key)

    # filling containers

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
        self._top(set).update(checked_key(member) for member in items)

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is Foreign:
            return kind()
        if type(self.stack[-1]) is not kind:
            raise TypeError(
                f"items added to a {type(self.stack[-1]).__name__}, which is no plain {kind.__name__}"
            )
        return self.stack[-1]

    # framing

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
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a global whose name is no text")
        if (module, name) in self.names:
            return self.names[module, name]
        if not self.inert:
            self._refuse(f"{module}.{name}")
        return ForeignClass(f"{module}.{name}")

    def _refuse(self, wanted: str) -> NoReturn:
        raise UnsafePickleError(
            f"only arrays, tensors and plain containers in {self.source}",
            f"a request for {_clip(wanted)} (refused, nothing was executed)",
            "save the arrays as npz or safetensors where the file was made",
        )

    def _global(self) -> None:
        module, name = self.line().decode(), self.line().decode()
        self.stack.append(self._find(module, name))

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self._find(module, name))

    def _call(self, target: object, arguments: object) -> None:
        if isinstance(target, ForeignClass):
            self.stack.append(self._called(target, arguments))
            return
        if not isinstance(target, Constructor):
            raise TypeError(f"a call of a {type(target).__name__}")
        if target.call is None or not isinstance(arguments, tuple):
            raise TypeError(f"a call of {target.module}.{target.name}")
        self.stack.append(target.call(*arguments))

    def _reduce(self) -> None:
        arguments, target = self.stack.pop(), self.stack.pop()
        self._call(target, arguments)

    def _called(self, target: ForeignClass, arguments: object) -> object:
        """What stands for the result of an unknown call, where that is an attribute or a plain value."""
        match target.name, arguments:
            case "builtins.getattr" | "__builtin__.getattr", (ForeignClass() as owner, str(name)):
                return ForeignClass(f"{owner.name}.{name}")
        if not target.name.startswith(_INERT_CALLS):
            self._refuse(target.name)
        return Foreign(target.name)

    def _newobj(self) -> None:
        """``cls.__new__(cls, ...)``: how the pickles of plain objects begin."""
        arguments, target = self.stack.pop(), self.stack.pop()
        if isinstance(target, ForeignClass):
            top = target.name.partition(".")[0]
            ours = top == "__builtin__" or top in sys.stdlib_module_names
            if ours and not target.name.startswith(_INERT_OF_PYTHON):
                self._refuse(target.name)
            self.stack.append(Foreign(target.name))
        else:
            self._call(target, arguments)

    def _newobj_ex(self) -> None:
        keywords = self.stack.pop()
        if keywords != {} and not isinstance(self.stack[-2], ForeignClass):
            raise TypeError("a call with keywords")
        self._newobj()

    def _inst(self) -> None:
        module, name = self.line().decode(), self.line().decode()
        target = self._find(module, name)
        self._call(target, tuple(self._marked()))

    def _obj(self) -> None:
        target, *arguments = self._marked()
        self._call(target, tuple(arguments))

    def _build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Pending):
            finished = target.build(state)
            self.stack[-1] = finished
            for key in self.pending.pop(id(target), ()):
                self.memo[key] = finished
        elif type(target) not in (dict, Foreign):
            # An OrderedDict's attributes (torch's _metadata) mean nothing here and are left out.
            raise TypeError(f"a state for a {type(target).__name__}")

    def _from_outside(self, key: object) -> None:
        if self.persistent is None:
            self._refuse("an object outside the file (a persistent id)")
        self.stack.append(self.persistent(key))


def _pairs(items: list[Any]) -> zip[tuple[Any, Any]]:
    return zip(items[::2], items[1::2], strict=True)


def _clip(text: str) -> str:
    shown = text.encode("unicode_escape").decode()
    return shown if len(shown) <= 160 else shown[:160] + "…"


_ACTIONS: dict[int, Callable[[Machine], Any]] = {
    # constants and numbers
    ord("N"): lambda m: m.stack.append(None),
    0x88: lambda m: m.stack.append(True),
    0x89: lambda m: m.stack.append(False),
    ord("I"): Machine._int,
    ord("L"): lambda m: m.stack.append(int(m.line().rstrip(b"L"))),
    ord("J"): lambda m: m.stack.append(m.signed(4)),
    ord("K"): lambda m: m.stack.append(m.unsigned(1)),
    ord("M"): lambda m: m.stack.append(m.unsigned(2)),
    0x8A: lambda m: m.stack.append(m.signed(m.unsigned(1))),
    0x8B: lambda m: m.stack.append(m.signed(m.unsigned(4))),
    ord("F"): lambda m: m.stack.append(float(m.line())),
    ord("G"): lambda m: m.stack.append(struct.unpack(">d", m.take(8))[0]),
    # text and bytes
    ord("S"): Machine._string,
    ord("T"): lambda m: m._python2(m.take(m.unsigned(4))),
    ord("U"): lambda m: m._python2(m.take(m.unsigned(1))),
    ord("V"): lambda m: m.stack.append(str(m.line(), "raw-unicode-escape")),
    ord("X"): lambda m: m.stack.append(m.text(m.unsigned(4))),
    0x8C: lambda m: m.stack.append(m.text(m.unsigned(1))),
    0x8D: lambda m: m.stack.append(m.text(m.unsigned(8))),
    ord("B"): lambda m: m.stack.append(m.payload(m.unsigned(4))),
    ord("C"): lambda m: m.stack.append(m.take(m.unsigned(1))),
    0x8E: lambda m: m.stack.append(m.payload(m.unsigned(8))),
    0x96: lambda m: m.stack.append(m.payload(m.unsigned(8))),
    # containers
    ord("]"): lambda m: m.stack.append([]),
    ord("}"): lambda m: m.stack.append({}),
    ord(")"): lambda m: m.stack.append(()),
    0x8F: lambda m: m.stack.append(set()),
    ord("l"): lambda m: m.stack.append(m._marked()),
    ord("t"): lambda m: m.stack.append(tuple(m._marked())),
    ord("d"): lambda m: m.stack.append({checked_key(key): value for key, value in _pairs(m._marked())}),
    0x91: lambda m: m.stack.append(frozenset(checked_key(member) for member in m._marked())),
    0x85: lambda m: m._tuple(1),
    0x86: lambda m: m._tuple(2),
    0x87: lambda m: m._tuple(3),
    ord("a"): Machine._append,
    ord("e"): Machine._appends,
    ord("s"): Machine._setitem,
    ord("u"): Machine._setitems,
    0x90: Machine._additems,
    # stack and memo
    ord("("): lambda m: m.marks.append(len(m.stack)),
    ord("0"): Machine._pop,
    ord("1"): Machine._marked,
    ord("2"): lambda m: m.stack.append(m.stack[-1]),
    ord("p"): lambda m: m._remember(int(m.line())),
    ord("q"): lambda m: m._remember(m.unsigned(1)),
    ord("r"): lambda m: m._remember(m.unsigned(4)),
    0x94: lambda m: m._remember(len(m.memo)),
    ord("g"): lambda m: m.stack.append(m.memo[int(m.line())]),
    ord("h"): lambda m: m.stack.append(m.memo[m.unsigned(1)]),
    ord("j"): lambda m: m.stack.append(m.memo[m.unsigned(4)]),
    0x80: Machine._proto,
    0x95: Machine._frame,
    # globals and calls
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    ord("R"): Machine._reduce,
    0x81: Machine._newobj,
    0x92: Machine._newobj_ex,
    ord("i"): Machine._inst,
    ord("o"): Machine._obj,
    ord("b"): Machine._build,
    # what would come from outside the file
    0x82: lambda m: m._refuse(f"copyreg extension code {m.unsigned(1)}"),
    0x83: lambda m: m._refuse(f"copyreg extension code {m.unsigned(2)}"),
    0x84: lambda m: m._refuse(f"copyreg extension code {m.unsigned(4)}"),
    ord("P"): lambda m: m._from_outside(m.line().decode()),
    ord("Q"): lambda m: m._from_outside(m.stack.pop()),
    0x97: lambda m: m._refuse("an object outside the file (an out-of-band buffer)"),
    0x98: lambda m: m._refuse("an object outside the file (an out-of-band buffer)"),
}
