"""Opening and verifying sets whose files were harmed."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from repscope.errors import CorruptError, IncompleteSetError, MissingError, StorageError
from repscope.study import Study
from repscope.study.reader import open_complete, open_folder
from repscope.study.storage import file_hash

FINGERPRINT = "5d3b55074c19cbdde50a33c87666381d"
ARCHIVE = Path(__file__).parent / "archive" / "study-1"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Set ``s``: 10 rows in shards of 4. Set ``t``: intact."""
    study = Study(tmp_path / "study")
    vectors = np.arange(30, dtype=np.float32).reshape(10, 3)
    study.add("s", vectors, {"id": [f"i{k}" for k in range(10)], "text": ["é"] * 10}, shard_rows=4)
    study.add("t", vectors[:2])
    return study


def test_a_set_of_the_first_version_opens_as_it_was() -> None:
    """Written by repscope 0.1.0; what is kept must stay readable."""
    study = Study.open(ARCHIVE)
    found = study.verify("visual é")
    assert found.fingerprint == FINGERPRINT
    assert (found.n, found.d, found.dtype) == (5, 3, np.float16)
    assert found.vectors.tolist() == [[k, k / 2, -k] for k in range(5)]
    assert found.items.to_pydict() == {
        "id": ["a", "b", "日本", "d", "e"],
        "label": ["x", None, "y", "x", None],
        "box": [[1, 2], [], [3], [], [4]],
    }
    assert [one.id for one in study.manifest("visual é").skipped] == ["broken.png"]
    assert study.stages == {"main": ["visual é", "after"]}


def test_opening_and_verifying(study: Study) -> None:
    assert study["s"].n == study.verify("s").n == study.verify_committed("s").n == 10
    assert open_folder(study.folder("s")).fingerprint == study["s"].fingerprint


def _flip(offset_from_end: int) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        path = folder / "shard-00001.arrow"
        content = bytearray(path.read_bytes())
        content[-offset_from_end] ^= 0x40
        path.write_bytes(content)

    return harm


def _flip_vector(folder: Path) -> None:
    path = folder / "shard-00001.arrow"
    content = path.read_bytes()
    number = struct.pack("<f", 17.0)
    assert content.count(number) == 1
    path.write_bytes(content.replace(number, struct.pack("<f", 18.0)))


def _shorten(folder: Path) -> None:
    os.truncate(folder / "shard-00001.arrow", 500)


def _remove(folder: Path) -> None:
    (folder / "shard-00001.arrow").unlink()


def _swap(folder: Path) -> None:
    shutil.copy(folder / "shard-00000.arrow", folder / "shard-00001.arrow")


HARM = {"vector": _flip_vector, "footer": _flip(20), "short": _shorten, "missing": _remove, "swapped": _swap}


@pytest.mark.parametrize("harm", HARM)
def test_verify_finds_all_harm_and_names_the_file(study: Study, harm: str) -> None:
    HARM[harm](study.folder("s"))
    with pytest.raises(CorruptError, match=r"shard-00001\.arrow"):
        study.verify("s")
    assert study.verify("t").n == 2


@pytest.mark.parametrize("harm", ["short", "missing"])
def test_opening_finds_what_needs_no_reading(study: Study, harm: str) -> None:
    HARM[harm](study.folder("s"))
    with pytest.raises(CorruptError, match=r"shard-00001\.arrow"):
        study["s"]


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    raw = json.loads((folder / "manifest.json").read_text())
    change(raw)
    (folder / "manifest.json").write_text(json.dumps(raw))


def _forge(folder: Path, table: pa.Table) -> None:
    """Put another shard in place, and its true size and checksum in the manifest."""
    path = folder / "shard-00001.arrow"
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    entry = {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    _rewrite(folder, lambda raw: raw["shards"][1].update(entry))


def _forged(ids: list[Any], vectors: Any = None, **columns: Any) -> pa.Table:
    kind = pa.list_(pa.float32(), 3)
    return pa.table(
        {"id": ids, "text": ["é"] * 4, **columns, "vector": pa.array(vectors or [[0.0] * 3] * 4, kind)}
    )


def test_a_forged_shard_with_a_true_checksum_has_another_fingerprint(study: Study) -> None:
    _forge(study.folder("s"), _forged(["w", "x", "y", "z"]))
    with pytest.raises(CorruptError, match="fingerprint"):
        study.verify("s")


@pytest.mark.parametrize("ids", [["w", "x", "y", "y"], ["i0", "x", "y", "z"], ["", "x", "y", "z"]])
def test_forged_ids(study: Study, ids: list[str]) -> None:
    _forge(study.folder("s"), _forged(ids))
    with pytest.raises(CorruptError, match="id"):
        study.verify("s")


@pytest.mark.parametrize(
    "table",
    [
        _forged([None, "x", "y", "z"]),
        _forged([1, 2, 3, 4]),
        _forged(["w", "x", "y", "z"], more=[1, 2, 3, 4]),
        _forged(["w", "x", "y", "z"]).drop_columns(["text"]),
        _forged(["w", "x", "y", "z"]).set_column(1, "text", pa.array([1, 2, 3, 4])),
    ],
    ids=["missing id", "ids of numbers", "one column more", "one column less", "another type"],
)
def test_columns_other_than_the_manifest_says(study: Study, table: pa.Table) -> None:
    _forge(study.folder("s"), table)
    with pytest.raises(CorruptError, match="item columns"):
        study["s"]


def test_a_manifest_with_another_fingerprint(study: Study) -> None:
    _rewrite(study.folder("s"), lambda raw: raw.update(fingerprint="0" * 32))
    with pytest.raises(CorruptError, match=f"fingerprint {'0' * 32}"):
        study.verify("s")


def test_a_manifest_that_would_read_another_set(study: Study) -> None:
    """A shard's path may not leave the folder, even where the file is whole."""
    other = json.loads((study.folder("t") / "manifest.json").read_text())["shards"][0]
    _rewrite(
        study.folder("s"),
        lambda raw: raw["shards"].__setitem__(0, {**other, "file": "../t/shard-00000.arrow"}),
    )
    for act in (study.__getitem__, study.verify, study.manifest):
        with pytest.raises(CorruptError, match=r"can only be 'shard-00000\.arrow'"):
            act("s")


def test_incomplete_sets_are_refused_and_can_be_verified(study: Study) -> None:
    with study.writer("u", recipe="r") as writer:
        writer.write_shard([[1.0]], {"id": ["a"]})
    for act in (study.__getitem__, study.verify, lambda name: open_complete(study.folder(name))):
        with pytest.raises(IncompleteSetError, match="one that stopped after 1 rows"):
            act("u")
    assert study.verify_committed("u").n == 1
    path = study.folder("u") / "shard-00000.arrow"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(CorruptError, match="SHA-256"):
        study.verify_committed("u")


def test_a_set_without_rows(study: Study) -> None:
    with study.writer("u", recipe="r") as writer:
        writer.write_shard(None)
    assert study.verify_committed("u").n == 0
    with pytest.raises(IncompleteSetError, match="none yet"):
        open_folder(study.folder("u"))


def test_verify_of_nothing(study: Study) -> None:
    with pytest.raises(MissingError, match="choose one of: s, t"):
        study.verify("nope")


def test_a_folder_that_is_a_file(study: Study) -> None:
    shutil.rmtree(study.folder("s"))
    study.folder("s").write_text("")
    assert study.sets == ["t"]
    with pytest.raises(StorageError):
        study.add("s", [[1.0]])
