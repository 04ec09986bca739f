"""The tree of errors: what each is, what it says, and that it survives copying and pickling."""

from __future__ import annotations

import copy
import errno
import pickle
import re

import numpy as np
import pytest

from repscope import errors
from repscope.errors import (
    LONGEST_SHOWN,
    RepscopeError,
    StorageError,
    UnknownNameError,
    check_known,
    name_some,
)

REFINES = {
    "RepscopeError": Exception,
    "InputError": ValueError,
    "FormatError": ValueError,
    "UnsafePickleError": ValueError,
    "VectorError": ValueError,
    "LinkError": ValueError,
    "NameNotAllowedError": ValueError,
    "UnknownNameError": LookupError,
    "MissingError": FileNotFoundError,
    "StudyError": RuntimeError,
    "IncompleteSetError": RuntimeError,
    "ExistsError": FileExistsError,
    "CorruptError": RuntimeError,
    "StorageError": OSError,
    "ModelError": RuntimeError,
    "BatchTooLargeError": RuntimeError,
    "DependencyError": ImportError,
}

TREE = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, RepscopeError)]


def test_the_tree_is_the_one_in_the_docstring() -> None:
    assert {one.__name__ for one in TREE} == set(REFINES)
    assert set(re.findall(r"\w+Error", errors.__doc__ or "")) >= set(REFINES)


@pytest.mark.parametrize("kind", TREE)
def test_each_is_also_the_builtin_it_refines(kind: type[RepscopeError]) -> None:
    assert issubclass(kind, REFINES[kind.__name__])
    with pytest.raises(REFINES[kind.__name__]):
        raise kind("a", "b", "c")


@pytest.mark.parametrize("kind", TREE)
def test_the_message_has_three_parts(kind: type[RepscopeError]) -> None:
    error = kind("a file", "a folder", "give a file")
    assert str(error) == "expected a file; got a folder; do: give a file"
    assert (error.expected, error.got, error.do) == ("a file", "a folder", "give a file")


@pytest.mark.parametrize("kind", TREE)
@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deep", "pickle"],
)
def test_round_trip(kind: type[RepscopeError], again: object) -> None:
    error = kind("a", "b", "c")
    error.add_note("row 3")
    other = again(error)  # type: ignore[operator]
    assert type(other) is kind
    assert other.args == ("a", "b", "c")
    assert (other.expected, other.got, other.do) == ("a", "b", "c")
    assert other.__notes__ == ["row 3"]
    assert str(other) == str(error)


@pytest.mark.parametrize("kind", [one for one in TREE if issubclass(one, OSError)])
def test_the_parts_are_not_taken_for_errno_and_file_name(kind: type[OSError]) -> None:
    error = kind("a", "b", "c")
    assert error.strerror is None
    assert error.filename is None
    assert error.errno in (None, errno.ENOENT, errno.EEXIST)


def test_errno_says_what_the_system_said() -> None:
    error = StorageError("a", "b", "c", errno.ENOSPC)
    assert error.errno == errno.ENOSPC
    assert pickle.loads(pickle.dumps(error)).errno == errno.ENOSPC
    assert errors.MissingError("a", "b", "c").errno == errno.ENOENT
    assert errors.ExistsError("a", "b", "c").errno == errno.EEXIST


@pytest.mark.parametrize("kind", TREE)
def test_three_parts_are_required(kind: type[RepscopeError]) -> None:
    with pytest.raises(TypeError):
        kind("only one")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([1], "1"),
        (["a", "b"], "a, b"),
        (range(5), "0, 1, 2, 3, 4"),
        (range(6), "0, 1, 2, 3, 4 and 1 more"),
        (iter(range(10_005)), "0, 1, 2, 3, 4 and 10,000 more"),
        (np.arange(2), "0, 1"),
        (["a\nb\x1b[31m", "\udcff"], "a\\nb\\x1b[31m, \\udcff"),
        (["日本 é"], "日本 é"),
    ],
)
def test_name_some(values: object, text: str) -> None:
    assert name_some(values) == text  # type: ignore[arg-type]


def test_name_some_keeps_both_ends_of_a_long_value() -> None:
    shown = name_some(["/start/" + "x" * 500 + "/end.png"])
    assert shown.startswith("/start/")
    assert shown.endswith("/end.png")
    assert len(shown) <= LONGEST_SHOWN


def test_an_unknown_name_is_told_what_there_is() -> None:
    check_known("b", {"a": 1, "b": 2}, "a letter")
    with pytest.raises(UnknownNameError) as caught:
        check_known("c", ("a", "b"), "a letter")
    assert (caught.value.expected, caught.value.got, caught.value.do) == (
        "a letter",
        "'c'",
        "choose one of a, b",
    )
    many = [f"measure.{number}" for number in range(50)]
    with pytest.raises(UnknownNameError, match=r"choose one of measure\.1[0-9]?, "):
        check_known("mesure.1", many, "a measure", listing="repscope measures")
    with pytest.raises(UnknownNameError, match="list them with: repscope measures"):
        check_known("zzz", many, "a measure", listing="repscope measures")
