"""Writing that never leaves half a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

import pytest

from repscope.errors import ExistsError, StorageError
from repscope.study.storage import (
    TEMPORARY,
    make_folder,
    read_bytes,
    remove_leftovers,
    storage_errors,
    sync_folder,
    write_atomically,
    write_bytes,
)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_and_replace(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"one")
    write_bytes(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert listing(tmp_path) == ["a"]


def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")

    def half(file: IO[bytes]) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", half)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert listing(tmp_path) == ["a"]


def test_content_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, (tmp_path / "a").exists()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see which file is synced")
    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(tmp_path / "a", b"x")
    assert seen == [(f".a.{os.getpid()}{TEMPORARY}", False), (tmp_path.name, True)]


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (f".a.1{TEMPORARY}", f".b.99{TEMPORARY}", "a", f"b{TEMPORARY}", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    remove_leftovers(tmp_path)
    assert listing(tmp_path) == [".hidden", "a", f"b{TEMPORARY}"]


@pytest.mark.parametrize(
    ("number", "got", "do"),
    [
        (errno.ENOSPC, "no space left", "free space"),
        (errno.EDQUOT, "no space left", "free space"),
        (errno.EROFS, "read-only", "may write to"),
        (errno.EACCES, "permission denied", "may write to"),
        (errno.EIO, "Input/output error", "check the disk"),
        (errno.ENOTDIR, "a file where a folder is needed", "another folder"),
        (errno.ENAMETOOLONG, "too long", "shorter"),
    ],
)
def test_refusals_say_what_to_do(tmp_path: Path, number: int, got: str, do: str) -> None:
    with pytest.raises(StorageError) as caught, storage_errors(tmp_path):
        raise OSError(number, os.strerror(number))
    assert got in caught.value.got
    assert do in caught.value.do
    assert str(tmp_path) in caught.value.expected
    assert caught.value.errno == number
    assert isinstance(caught.value.__cause__, OSError)


def test_errors_that_already_say_what_to_do_pass_through(tmp_path: Path) -> None:
    with pytest.raises(ExistsError), storage_errors(tmp_path):
        raise ExistsError("a", "b", "c")


def test_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for act in (make_folder, lambda path: write_bytes(path, b""), read_bytes):
        with pytest.raises(StorageError, match="a file where a folder is needed"):
            act(tmp_path / "file" / "below")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        make_folder(tmp_path / "file")


def test_make_folder_makes_parents_and_may_exist(tmp_path: Path) -> None:
    for _ in range(2):
        assert make_folder(tmp_path / "a" / "b c" / "é") == tmp_path / "a" / "b c" / "é"
    assert (tmp_path / "a" / "b c" / "é").is_dir()


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    assert read_bytes(tmp_path / "absent") is None
    with pytest.raises(StorageError, match="to read"):
        read_bytes(tmp_path)


def test_a_mount_without_folder_sync_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", lambda _: refuse(errno.EINVAL))
    sync_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        sync_folder(tmp_path)
