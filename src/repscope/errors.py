"""The tree of errors.

    RepscopeError
    ├── InputError (ValueError)           what was given cannot be used
    │   ├── FormatError                   a file is not what its name or header says
    │   │   └── UnsafePickleError         a pickle asks for code
    │   ├── VectorError                   NaN, Inf, zero vectors, wrong dtype, widths that differ
    │   ├── LinkError                     rows that do not belong together
    │   ├── NameNotAllowedError           a name that would leave the study
    │   └── UnknownNameError (LookupError)  no such measure, method, column, capture point
    ├── MissingError (FileNotFoundError)  a file, study, set or result that is not there
    ├── StudyError (RuntimeError)         the state of a study forbids it
    │   ├── IncompleteSetError            a set whose writing has not finished
    │   ├── ExistsError (FileExistsError) a name already taken
    │   └── CorruptError                  bytes that do not match their checksum
    ├── StorageError (OSError)            the disk refused: full, read-only, gone
    ├── ModelError (RuntimeError)         the user's model, weights or capture point
    │   └── BatchTooLargeError            memory ran out; a smaller batch may fit
    └── DependencyError (ImportError)     an optional package that is missing or broken

Each message has the same three parts: what was expected, what was found, what to do.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from itertools import islice
from typing import Any

LONGEST_SHOWN = 100
"""Characters of one value that a message shows."""


class RepscopeError(Exception):
    """Base of every error that Repscope raises on purpose.

    Args:
        expected: what the operation needs, as a noun phrase.
        got: what was found instead; name the file, set, row.
        do: what the reader can do next, as an imperative; a command where there is one.
    """

    def __init__(self, expected: str, got: str, do: str) -> None:
        self.expected = expected
        self.got = got
        self.do = do
        # Not super(): OSError would read the three parts as errno, strerror and filename.
        BaseException.__init__(self, expected, got, do)

    def __str__(self) -> str:
        return f"expected {self.expected}; got {self.got}; do: {self.do}"


class InputError(RepscopeError, ValueError):
    """What was given cannot be used."""


class FormatError(InputError):
    """A file is not what its name or its header says."""


class UnsafePickleError(FormatError):
    """A pickle asks for something other than arrays, tensors and containers."""


class VectorError(InputError):
    """Vectors that cannot be measured: NaN, Inf, zero length, wrong dtype or width."""


class LinkError(InputError):
    """Rows of two sets do not belong together in the way that was asked for."""


class NameNotAllowedError(InputError):
    """A name that is not a plain file name, or would leave the study."""


class UnknownNameError(InputError, LookupError):
    """No measure, method, column or capture point has this name."""


class MissingError(RepscopeError, FileNotFoundError):
    """A file, study, set or result is not where it was said to be."""

    errno = errno.ENOENT


class StudyError(RepscopeError, RuntimeError):
    """The state of a study forbids the operation."""


class IncompleteSetError(StudyError):
    """A set was never finished, so nothing may be measured on it."""


class ExistsError(StudyError, FileExistsError):
    """The name is taken, and overwriting was not asked for."""

    errno = errno.EEXIST


class CorruptError(StudyError):
    """Bytes on disk do not match what the manifest recorded."""


class StorageError(RepscopeError, OSError):
    """The disk refused: full, read-only, or gone.

    Args:
        expected, got, do: see :class:`RepscopeError`.
        code: the operating system's number, kept as ``errno``.
    """

    def __init__(self, expected: str, got: str, do: str, code: int | None = None) -> None:
        super().__init__(expected, got, do)
        self.errno = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, {**self.__dict__, "errno": self.errno}


class ModelError(RepscopeError, RuntimeError):
    """A model, its weights, or a capture point cannot be used as given."""


class BatchTooLargeError(ModelError):
    """Memory ran out in a forward pass that might fit with fewer items.

    Args:
        expected, got, do: see :class:`RepscopeError`.
        items: how many the batch held.
    """

    def __init__(self, expected: str, got: str, do: str, items: int = 0) -> None:
        super().__init__(expected, got, do)
        self.items = items

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, dict(self.__dict__)


class DependencyError(RepscopeError, ImportError):
    """An optional package is missing, or installed but broken."""


def first_line(error: BaseException, longest: int = 200) -> str:
    """What somebody else's exception says, in one line of at most so many characters; never empty."""
    return str(error).strip().partition("\n")[0][:longest] or type(error).__name__


def check_known(name: object, known: Iterable[str], what: str, *, listing: str = "") -> None:
    """Refuse a name that is none of the known ones.

    Args:
        name: as it was given.
        known: all names that there are.
        what: was expected, such as "a palette".
        listing: command that lists them, where they are many: then only the nearest are offered.

    Raises:
        UnknownNameError: it is not among them.
    """
    names = list(known)
    if name in names:
        return
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.3) if listing else names
    do = f"choose one of {name_some(near, 20)}" if near else f"list them with: {listing}"
    raise UnknownNameError(what, repr(name), do)


def name_some(values: Iterable[object], limit: int = 5) -> str:
    """The first few of many values, for a message: ``a, b, c and 7 more``.

    Long values lose their middle; characters that do not print are escaped.
    """
    rest = iter(values)
    shown = ", ".join(_brief(value) for value in islice(rest, limit))
    more = sum(1 for _ in rest)
    return f"{shown} and {more:,} more" if more else shown


def _brief(value: object) -> str:
    text = str(value)
    if len(text) > LONGEST_SHOWN:
        text = f"{text[: LONGEST_SHOWN * 2 // 3]}…{text[-LONGEST_SHOWN // 4 :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
