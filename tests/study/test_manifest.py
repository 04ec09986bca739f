"""The manifest is checked before it is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import CorruptError, InputError, MissingError, NameNotAllowedError, StorageError
from repscope.study import Manifest, Shard, Skipped, Study
from repscope.study.manifest import FILE_NAME, load_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete set of 5 rows in shards of 2."""
    study = Study(tmp_path / "study")
    study.add("s", np.ones((5, 3), np.float16), {"id": list("abcde"), "k": [1] * 5}, shard_rows=2)
    return study.folder("s")


def test_round_trip(folder: Path, tmp_path: Path) -> None:
    found = load_manifest(folder)
    assert (found.name, found.n, found.d, found.dtype, found.complete) == ("s", 5, 3, "float16", True)
    assert found.columns == {"id": "string", "k": "int64"}
    assert [shard.file for shard in found.shards] == [f"shard-0000{k}.arrow" for k in range(3)]
    (tmp_path / "s").mkdir()
    found.save(tmp_path / "s")
    assert load_manifest(tmp_path / "s") == found


def test_it_is_text_that_a_person_can_read(folder: Path) -> None:
    text = (folder / FILE_NAME).read_text(encoding="utf-8")
    assert '"schema": "repscope.set/1"' in text
    assert '"fingerprint": ' in text


def test_skipped_items_of_any_name_survive(tmp_path: Path) -> None:
    folder = tmp_path / "ü"
    folder.mkdir()
    skipped = (Skipped("bad\udcff.png", "not an image"), Skipped("日本", "empty"))
    Manifest("ü", 0, 0, "", {}).with_shard(Shard("", 0, 0, ""), skipped, {}).save(folder)
    found = load_manifest(folder)
    assert [one.id for one in found.skipped] == ["bad\\udcff.png", "日本"]
    assert found.shards[0].skipped == 2
    assert found.name == "ü"


def test_provenance_that_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="manifest of set 's', provenance, model"):
        Manifest("s", 0, 0, "", {}, provenance={"model": object()}).save(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_up_to_goes_back(folder: Path) -> None:
    skipped = tuple(Skipped(str(k), "") for k in range(3))
    start = Manifest("s", 0, 2, "float32", {"id": "string"})
    one = start.with_shard(Shard("shard-00000.arrow", 2, 100, "0" * 64), skipped[:1], start.columns)
    two = one.with_shard(Shard("shard-00001.arrow", 3, 100, "0" * 64), skipped[1:], start.columns)
    assert (two.n, two.skipped) == (5, skipped)
    assert two.up_to(1) == one
    assert two.up_to(0) == start
    whole = load_manifest(folder)
    assert (whole.up_to(2).n, whole.up_to(2).complete, whole.up_to(2).fingerprint) == (4, False, "")


def test_the_folder_gives_the_name(folder: Path) -> None:
    """A folder that a person renamed is the set of its new name."""
    moved = folder.rename(folder.with_name("renamed"))
    assert load_manifest(moved).name == "renamed"
    assert Study.open(folder.parents[1])["renamed"].name == "renamed"


def test_none(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        load_manifest(tmp_path)
    with pytest.raises(MissingError):
        load_manifest(tmp_path / "absent")


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageError, match="to read"):
        load_manifest(tmp_path)


def test_a_link_that_leads_out(folder: Path, tmp_path: Path) -> None:
    (folder / FILE_NAME).rename(tmp_path / "elsewhere.json")
    (folder / FILE_NAME).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(NameNotAllowedError, match="symbolic link"):
        load_manifest(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe\x00",
        b"[1]",
        b"null",
        b"3",
        b"{}",
        b"[" * 200_000,
        b'{"schema": "x/1"}',
    ],
    ids=lambda content: repr(content[:20]),
)
def test_not_a_manifest(folder: Path, content: bytes) -> None:
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(CorruptError, match=r"manifest\.json"):
        load_manifest(folder)


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda raw: raw.__setitem__(key, value)


def _shard(key: str, value: Any, index: int = 0) -> Callable[[dict[str, Any]], Any]:
    return lambda raw: raw["shards"][index].__setitem__(key, value)


LIES = {
    "schema of the future": _set("schema", "repscope.set/2"),
    "n too large": _set("n", 6),
    "n negative": _set("n", -5),
    "n a float": _set("n", 5.0),
    "n true": _set("n", True),
    "n text": _set("n", "5"),
    "n missing": lambda raw: raw.pop("n"),
    "an unknown key": _set("surprise", 1),
    "d zero": _set("d", 0),
    "d negative": _set("d", -3),
    "d huge": _set("d", 10**12),
    "d larger than the file": _set("d", 10_000),
    "dtype of objects": _set("dtype", "object"),
    "dtype of code": _set("dtype", "float64"),
    "columns a list": _set("columns", ["id"]),
    "columns without id": _set("columns", {"k": "int64"}),
    "columns of numbers": _set("columns", {"id": 3}),
    "complete text": _set("complete", "yes"),
    "no fingerprint": _set("fingerprint", ""),
    "fingerprint short": _set("fingerprint", "abc"),
    "provenance a list": _set("provenance", []),
    "shards null": _set("shards", None),
    "shards of numbers": _set("shards", [1]),
    "no shards": _set("shards", []),
    "one shard less": lambda raw: raw["shards"].pop(),
    "shards swapped": lambda raw: raw["shards"].reverse(),
    "the same shard twice": _shard("file", "shard-00000.arrow", 1),
    "file climbs": _shard("file", "../../../../etc/passwd"),
    "file absolute": _shard("file", "/etc/passwd"),
    "file in another set": _shard("file", "../t/shard-00000.arrow"),
    "file empty": _shard("file", ""),
    "file with NUL": _shard("file", "shard-00000.arrow\0"),
    "rows negative": _shard("rows", -1),
    "rows lie": _shard("rows", 3),
    "rows zero": _shard("rows", 0),
    "bytes negative": _shard("bytes", -1),
    "bytes too few": _shard("bytes", 3),
    "sha256 short": _shard("sha256", "00"),
    "sha256 null": _shard("sha256", None),
    "shard with extra": _shard("extra", 1),
    "skipped of text": _set("skipped", ["a"]),
    "skipped null": _set("skipped", None),
    "skipped without count": _set("skipped", [{"id": "a", "reason": "b"}]),
    "skipped of numbers": _set("skipped", [{"id": 1, "reason": 2}]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_lies(folder: Path, lie: str) -> None:
    path = folder / FILE_NAME
    raw = json.loads(path.read_text())
    LIES[lie](raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(CorruptError, match=r"manifest\.json") as caught:
        load_manifest(folder)
    assert "--overwrite" in caught.value.do
