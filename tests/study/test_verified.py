"""Bytes are read once to verify them, and again only when they could have changed."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from repscope.errors import CorruptError, IncompleteSetError, MissingError, RepscopeError
from repscope.study import Study, reader, shards
from repscope.study.verified import FILE_NAME, GRACE_NS, is_verified

SHARDS = 2


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A set of two shards, written long ago."""
    study = Study(tmp_path / "study")
    rng = np.random.default_rng(0)
    study.add("s", rng.standard_normal((8, 512), dtype=np.float32), shard_rows=4)
    age(study)
    return study


def age(study: Study, name: str = "s", seconds: float = 10) -> None:
    """As if the shards of a set had been written earlier."""
    for path in study.folder(name).glob("*.arrow"):
        past = time.time_ns() - int(seconds * 1e9)
        os.utime(path, ns=(past, past))


def shard(study: Study, number: int = 0, name: str = "s") -> Path:
    return sorted(study.folder(name).glob("*.arrow"))[number]


def flip(path: Path) -> None:
    """Change one bit of a vector, in place."""
    with path.open("r+b") as file:
        content = bytearray(file.read())
        content[len(content) // 2] ^= 1
        file.seek(0)
        file.write(content)


def note(study: Study) -> Path:
    return study.folder("s") / FILE_NAME


def known(study: Study) -> bool:
    return is_verified(study.folder("s"), study.manifest("s"))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often bytes were hashed since it was last asked: a shard, or the vectors of a set."""
    calls: list[str] = []

    def counting(module: object, name: str) -> None:
        real = getattr(module, name)

        def counted(what: object) -> object:
            calls.append(name)
            return real(what)

        monkeypatch.setattr(module, name, counted)

    counting(shards, "file_hash")
    counting(reader, "fingerprint_of")

    def since() -> int:
        count = len(calls)
        calls.clear()
        return count

    return since


ALL = SHARDS + 1


def test_the_second_opening_hashes_nothing(study: Study, hashed: Callable[[], int]) -> None:
    first = study.open_sets(["s", "s"])["s"]
    assert hashed() == ALL
    second = Study.open(study.path).open_sets(["s"])["s"]
    assert hashed() == 0
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(second.vectors, first.vectors)
    assert second.home == study.path


def test_verify_always_reads_and_remembers(study: Study, hashed: Callable[[], int]) -> None:
    for act in (study.verify, study.verify_committed):
        note(study).unlink(missing_ok=True)
        for _ in range(2):
            act("s")
            assert hashed() == ALL
        study.open_sets(["s"])
        assert hashed() == 0


def test_what_was_just_written_is_not_remembered(study: Study, hashed: Callable[[], int]) -> None:
    """It could change within one tick of the file system's clock, and look the same."""
    study.add("s", [[1.0, 2.0]], overwrite=True)
    hashed()
    for _ in range(2):
        study.open_sets(["s"])
        assert hashed() == 2
        assert not note(study).exists()
    age(study, seconds=GRACE_NS / 1e9 - 1)
    study.open_sets(["s"])
    assert not known(study)
    age(study, seconds=GRACE_NS / 1e9 + 1)
    study.open_sets(["s"])
    assert known(study)


def test_a_time_of_change_in_the_future_is_not_believed(study: Study) -> None:
    age(study, seconds=-1000)
    study.open_sets(["s"])
    assert not note(study).exists()


def test_a_changed_byte(study: Study) -> None:
    study.open_sets(["s"])
    flip(shard(study, 1))
    for _ in range(2):
        with pytest.raises(CorruptError, match=r"SHA-256 .* of .*shard-00001"):
            study.open_sets(["s"])
    assert not note(study).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no time of change")
def test_a_changed_byte_whose_time_of_modification_is_put_back(study: Study) -> None:
    """Size, inode and time of modification are those of before; the time of change cannot be set."""
    study.open_sets(["s"])
    path = shard(study)
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    with pytest.raises(CorruptError, match="SHA-256"):
        study.open_sets(["s"])


def test_what_no_file_system_notices_is_found_by_reading(study: Study) -> None:
    """A disk that returns other bytes: only reading them tells, and then the memory is gone."""
    study.open_sets(["s"])
    flip(shard(study))
    seen = json.loads(note(study).read_bytes())
    of = shard(study).stat()
    entry = seen["shards"][shard(study).name]
    seen["shards"][shard(study).name] = [entry[0], of.st_size, of.st_mtime_ns, of.st_ctime_ns, of.st_ino]
    note(study).write_text(json.dumps(seen))
    # This is what such a disk looks like, and also a forged memory: the page on studies says so.
    study.open_sets(["s"])
    with pytest.raises(CorruptError, match="SHA-256"):
        study.verify_committed("s")
    with pytest.raises(CorruptError, match="SHA-256"):
        study.open_sets(["s"])


@pytest.mark.parametrize("copy", [shutil.copy, shutil.copy2])
def test_a_copied_study_is_read_again(
    study: Study, tmp_path: Path, copy: Callable[[str, str], object], hashed: Callable[[], int]
) -> None:
    study.open_sets(["s"])
    hashed()
    shutil.copytree(study.path, tmp_path / "copy", copy_function=copy)
    other = Study.open(tmp_path / "copy")
    other.open_sets(["s"])
    assert hashed() == ALL
    flip(shard(other))
    with pytest.raises(CorruptError):
        other.open_sets(["s"])


def test_a_file_put_in_the_place_of_another(study: Study) -> None:
    study.open_sets(["s"])
    path = shard(study)
    of, aside = path.stat(), path.with_name("aside")
    shutil.copy2(path, aside)
    flip(aside)
    os.utime(aside, ns=(of.st_atime_ns, of.st_mtime_ns))
    aside.replace(path)
    with pytest.raises(CorruptError):
        study.open_sets(["s"])


def test_a_replaced_set_is_another(study: Study, hashed: Callable[[], int]) -> None:
    old = study.open_sets(["s"])["s"].fingerprint
    study.add("s", [[1.0, 2.0]], overwrite=True)
    hashed()
    assert study.open_sets(["s"])["s"].fingerprint != old
    assert hashed() == 2


def test_an_edited_manifest(study: Study) -> None:
    """Other checksums or another fingerprint than those that were verified."""
    study.open_sets(["s"])
    path = study.folder("s") / "manifest.json"
    manifest = json.loads(path.read_bytes())
    for change in ({"fingerprint": "0" * 32}, {"shards": [{**manifest["shards"][0], "sha256": "0" * 64}]}):
        shards = [*change.get("shards", manifest["shards"])]
        record = {**manifest, **change, "shards": [*shards, *manifest["shards"][len(shards) :]]}
        path.write_text(json.dumps(record))
        with pytest.raises(CorruptError):
            study.open_sets(["s"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"3",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": "repscope.verified/2"}',
        b'{"schema": "repscope.verified/1", "fingerprint": 3, "shards": []}',
    ],
)
def test_a_memory_that_says_nothing_is_not_believed(
    study: Study, content: bytes, hashed: Callable[[], int]
) -> None:
    note(study).write_bytes(content)
    study.open_sets(["s"])
    assert hashed() == ALL
    study.open_sets(["s"])
    assert hashed() == 0


def test_a_memory_of_part_of_the_shards(study: Study, hashed: Callable[[], int]) -> None:
    study.open_sets(["s"])
    seen = json.loads(note(study).read_bytes())
    del seen["shards"]["shard-00001.arrow"]
    note(study).write_text(json.dumps(seen))
    hashed()
    study.open_sets(["s"])
    assert hashed() == ALL


def test_a_folder_in_its_place_is_no_error(study: Study, hashed: Callable[[], int]) -> None:
    note(study).mkdir()
    for _ in range(2):
        study.open_sets(["s"])
        assert hashed() == ALL


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_read_only_study(study: Study, hashed: Callable[[], int]) -> None:
    study.folder("s").chmod(0o555)
    try:
        for _ in range(2):
            study.open_sets(["s"])
            assert hashed() == ALL
    finally:
        study.folder("s").chmod(0o755)


def test_a_disk_that_keeps_nothing(
    study: Study, hashed: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("repscope.study.verified.tempfile.TemporaryFile", refused)
    for _ in range(2):
        study.open_sets(["s"])
        assert hashed() == ALL


def test_a_change_while_it_was_read_is_not_remembered(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    real = reader.fingerprint_of

    def meanwhile(embeddings: object) -> str:
        flip(shard(study))
        flip(shard(study))
        return real(embeddings)  # type: ignore[arg-type]

    monkeypatch.setattr(reader, "fingerprint_of", meanwhile)
    study.open_sets(["s"])
    assert not note(study).exists()


def test_unfinished_sets_are_not_remembered(study: Study) -> None:
    with study.writer("u", recipe="r") as writer:
        writer.write_shard([[1.0]], {"id": ["a"]})
    age(study, "u")
    study.verify_committed("u")
    assert not (study.folder("u") / FILE_NAME).exists()
    with pytest.raises(IncompleteSetError):
        study.open_sets(["u"])


def test_it_is_no_part_of_the_set(study: Study) -> None:
    manifest, fingerprint = study.manifest("s"), study["s"].fingerprint
    study.open_sets(["s"])
    assert note(study).exists()
    assert study.sets == ["s"]
    assert (study.manifest("s"), study.verify("s").fingerprint) == (manifest, fingerprint)
    study.remove("s")
    assert not study.folder("s").exists()


@pytest.mark.parametrize("bad", ["nope", "u"])
def test_what_cannot_be_opened_is_refused_before_anything_is_read(
    study: Study, bad: str, hashed: Callable[[], int]
) -> None:
    with study.writer("u", recipe="r") as writer:
        writer.write_shard([[1.0]], {"id": ["a"]})
    hashed()
    expected: type[RepscopeError] = MissingError if bad == "nope" else IncompleteSetError
    with pytest.raises(expected):
        study.open_sets(["s", bad])
    assert hashed() == 0
