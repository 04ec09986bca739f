"""Writing shard by shard: what is committed, what is refused, how it continues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from repscope.errors import (
    CorruptError,
    ExistsError,
    IncompleteSetError,
    InputError,
    NameNotAllowedError,
    StudyError,
    VectorError,
)
from repscope.study import SetWriter, Skipped, Study


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "study")


def rows(start: int, stop: int, d: int = 3) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    number = np.arange(start, stop, dtype=np.float32)
    ids = [f"i{k}" for k in range(start, stop)]
    return np.repeat(number[:, None], d, axis=1), {"id": ids, "k": [int(k) % 2 for k in number]}


def fill(writer: SetWriter, shards: int = 3, size: int = 2) -> None:
    for index in range(writer.shards_committed, shards):
        writer.write_shard(*rows(index * size, (index + 1) * size))


def test_from_start_to_finish(study: Study) -> None:
    writer = study.writer("s", provenance={"model": "m"})
    fill(writer)
    assert (writer.shards_committed, writer.rows_committed) == (3, 6)
    with pytest.raises(IncompleteSetError, match="run the command that wrote it again"):
        study["s"]
    fingerprint = writer.finish({"seconds": 3})
    found = study["s"]
    assert found.fingerprint == fingerprint
    assert found.vectors[:, 0].tolist() == list(range(6))
    assert found.ids.tolist() == [f"i{k}" for k in range(6)]
    assert found.provenance == {"model": "m", "seconds": 3}
    assert listing(study.folder("s")) == [
        "manifest.json",
        *(f"shard-0000{k}.arrow" for k in range(3)),
    ]


def test_incomplete_sets_say_what_completes_them(study: Study) -> None:
    writer = study.writer("s", recipe="r", resume="repscope extract photos --as s")
    fill(writer, 1)
    with pytest.raises(IncompleteSetError) as caught:
        study["s"]
    assert caught.value.got == "one that stopped after 2 rows"
    assert caught.value.do == "complete it with: repscope extract photos --as s"


def test_the_same_recipe_continues(study: Study) -> None:
    whole = study.writer("whole")
    fill(whole)
    fingerprint = whole.finish()
    for name, overwrite in (("a", False), ("b", True)):
        with study.writer(name, recipe="r", resume="one") as first:
            fill(first, 1)
        second = study.writer(name, recipe="r", resume="two", overwrite=overwrite)
        assert second.shards_committed == 1
        assert study.manifest(name).resume == "one"
        fill(second, 2)
        assert study.manifest(name).resume == "two"
        fill(second)
        assert second.finish() == fingerprint


def test_what_changed_between_the_runs_is_recorded(study: Study) -> None:
    origin = {"model": "m", "time": "monday", "versions": {"torch": "1"}}
    with study.writer("s", recipe="r", provenance=origin) as writer:
        fill(writer, 1)
    writer = study.writer("s", recipe="r", provenance={**origin, "time": "tuesday"})
    fill(writer)
    writer.finish()
    assert study["s"].provenance == {**origin, "continued": [{"time": "tuesday"}]}


def test_what_a_shard_adds_to_the_provenance_is_committed_with_it(study: Study) -> None:
    with study.writer("s", recipe="r", provenance={"model": "m"}) as writer:
        writer.write_shard(*rows(0, 2), provenance={"sizes": [1]})
        assert study.manifest("s").provenance == {"model": "m", "sizes": [1]}
        writer.write_shard(None, provenance={"sizes": [1, 2]})
        with pytest.raises(InputError, match="manifest of set 's', provenance, sizes"):
            writer.write_shard(*rows(2, 4), provenance={"sizes": object()})
    with study.writer("s", recipe="r", provenance={"model": "m"}) as writer:
        assert writer.shards_committed == 2
        assert writer.provenance == {"model": "m", "sizes": [1, 2]}
        writer.write_shard(*rows(2, 4))
        writer.finish({"seconds": 3})
    assert study["s"].provenance == {"model": "m", "sizes": [1, 2], "seconds": 3}


@pytest.mark.parametrize("recipe", ["other", ""])
def test_another_recipe_is_refused(study: Study, recipe: str) -> None:
    with study.writer("s", recipe="r", resume="the command") as writer:
        fill(writer, 2)
    with pytest.raises(ExistsError) as caught:
        study.writer("s", recipe=recipe)
    assert "4 rows are committed" in caught.value.got
    assert "the command" in caught.value.do
    assert study.manifest("s").n == 4
    writer = study.writer("s", recipe=recipe, overwrite=True)
    assert writer.shards_committed == 0
    assert "s" not in study


def test_without_a_recipe_nothing_continues(study: Study) -> None:
    with study.writer("s") as writer:
        fill(writer, 1)
    with pytest.raises(ExistsError, match="its own command"):
        study.writer("s")


def test_a_complete_set_is_refused_or_replaced(study: Study) -> None:
    writer = study.writer("s", recipe="r")
    fill(writer)
    writer.finish()
    old = study["s"]
    with pytest.raises(ExistsError, match="a complete set of 6 rows"):
        study.writer("s", recipe="r")
    assert study["s"].n == 6
    again = study.writer("s", recipe="r", overwrite=True)
    again.write_shard([[7.0]], {"id": ["new"]})
    assert study.verify("s").fingerprint == old.fingerprint
    again.finish()
    assert study["s"].vectors.tolist() == [[7.0]]
    # Whoever opened the old set still has it.
    assert old.vectors[:, 0].tolist() == list(range(6))


def test_orphans_and_leftovers_are_cleared(study: Study) -> None:
    """A shard that was renamed but not yet recorded, and files that never got their name."""
    with study.writer("s", recipe="r") as writer:
        fill(writer, 2)
    folder = study.folder("s")
    for name in (
        "shard-00002.arrow",
        "shard-00007.arrow",
        ".shard-00003.arrow.1.part",
        ".manifest.json.1.part",
    ):
        (folder / name).write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    writer = study.writer("s", recipe="r")
    assert listing(folder) == [
        ".writer.held",
        ".writer.lock",
        "manifest.json",
        "notes.txt",
        "shard-00000.arrow",
        "shard-00001.arrow",
    ]
    fill(writer)
    writer.finish()
    assert study.verify("s").n == 6


@pytest.mark.parametrize("damage", ["missing", "short", "flipped"])
@pytest.mark.parametrize("index", [0, 1])
def test_an_interrupted_set_continues_before_its_damage(study: Study, damage: str, index: int) -> None:
    whole = study.writer("whole")
    fill(whole)
    fingerprint = whole.finish()
    with study.writer("s", recipe="r") as writer:
        for shard in range(2):
            writer.write_shard(*rows(2 * shard, 2 * shard + 2), skipped=[Skipped(f"bad {shard}", "why")])
    path = study.folder("s") / f"shard-0000{index}.arrow"
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content[: -8 if damage == "short" else None])
    with pytest.warns(UserWarning, match=f"continues at row {2 * index} of 4 committed.*shard-0000{index}"):
        writer = study.writer("s", recipe="r")
    assert (writer.shards_committed, writer.rows_committed) == (index, 2 * index)
    fill(writer)
    assert writer.finish() == fingerprint
    assert study.verify("s").n == 6
    assert [one.id for one in study.manifest("s").skipped] == [f"bad {k}" for k in range(index)]


def test_a_manifest_beyond_reading(study: Study) -> None:
    with study.writer("s", recipe="r") as writer:
        fill(writer, 2)
    (study.folder("s") / "manifest.json").write_text("{")
    with pytest.raises(CorruptError, match="--overwrite"):
        study.writer("s", recipe="r")
    writer = study.writer("s", recipe="r", overwrite=True)
    fill(writer)
    writer.finish()
    assert study.verify("s").n == 6


def test_shards_in_which_nothing_was_readable(study: Study) -> None:
    writer = study.writer("s", recipe="r")
    writer.write_shard(None, skipped=[Skipped("a.png", "empty file"), Skipped("b.png", "not an image")])
    writer.close()
    writer = study.writer("s", recipe="r")
    assert (writer.shards_committed, writer.rows_committed) == (1, 0)
    with pytest.raises(VectorError, match="none \\(2 items skipped\\)"):
        writer.finish()
    writer.write_shard(*rows(0, 2), skipped=[Skipped("c.png", "empty file")])
    writer.write_shard(None, skipped=[])
    writer.finish()
    found = study.manifest("s")
    assert [shard.rows for shard in found.shards] == [0, 2, 0]
    assert [shard.file for shard in found.shards] == ["", "shard-00001.arrow", ""]
    assert [one.id for one in found.skipped] == ["a.png", "b.png", "c.png"]
    assert study["s"].n == 2


def test_columns_that_are_empty_in_some_shards(study: Study) -> None:
    whole = [("label", [None, "x", None, None]), ("tags", [[], ["t"], None, []]), ("k", [None, None, 3, 4])]
    with study.writer("s", recipe="r") as writer:
        writer.write_shard([[0.0]], {"id": ["0"], **{key: values[:1] for key, values in whole}})
    for row in range(1, 4):
        with study.writer("s", recipe="r") as writer:
            columns = {key: values[row : row + 1] for key, values in whole}
            writer.write_shard([[float(row)]], {**columns, "id": [str(row)]})
            if row == 3:
                writer.finish()
    items = study.verify("s").items
    assert items.to_pydict() == {"id": ["0", "1", "2", "3"], **dict(whole)}
    assert study.manifest("s").columns == {
        "id": "string",
        "label": "string",
        "tags": "list<item: string>",
        "k": "int64",
    }


@pytest.mark.parametrize(
    "items",
    [
        {"id": ["x"]},
        {"id": ["x"], "k": ["text"]},
        {"id": ["x"], "k": [1.5]},
        {"id": ["x"], "k": [1], "more": [1]},
    ],
)
def test_other_columns_than_before(study: Study, items: dict[str, Any]) -> None:
    writer = study.writer("s")
    fill(writer, 1)
    with pytest.raises(InputError, match="give every shard the same columns"):
        writer.write_shard(np.ones((1, 3), np.float32), items)
    assert writer.shards_committed == 1
    fill(writer)
    writer.finish()


@pytest.mark.parametrize("vectors", [np.ones((1, 4), np.float32), np.ones((1, 3), np.float16)])
def test_other_widths_than_before(study: Study, vectors: Any) -> None:
    writer = study.writer("s")
    fill(writer, 1)
    with pytest.raises(VectorError, match="3-wide float32 vectors in set 's'"):
        writer.write_shard(vectors, {"id": ["x"], "k": [1]})
    assert study.manifest("s").n == 2


def test_bad_rows_commit_nothing(study: Study) -> None:
    writer = study.writer("s")
    for vectors, items in (
        ([[np.nan]], None),
        ([[1]], None),
        ([[1.0]], {"id": [None]}),
        ([[1.0]], {"id": [1, 2]}),
    ):
        with pytest.raises(InputError):
            writer.write_shard(vectors, items)
    assert "s" not in study
    assert listing(study.folder("s")) == [".writer.held", ".writer.lock"]


def test_an_id_in_two_shards(study: Study) -> None:
    writer = study.writer("s", recipe="r")
    for _ in range(2):
        writer.write_shard([[1.0]], {"id": ["twin"]})
    with pytest.raises(InputError, match=r"more than once \(twin\)"):
        writer.finish()
    assert not study.manifest("s").complete


def test_a_finished_writer_is_closed(study: Study) -> None:
    writer = study.writer("s")
    fill(writer)
    writer.finish()
    for act in (writer.finish, lambda: writer.write_shard([[1.0]]), lambda: writer.write_shard(None)):
        with pytest.raises(StudyError, match="finished or closed"):
            act()
    with study.writer("t") as closed:
        pass
    with pytest.raises(StudyError, match="finished or closed"):
        closed.write_shard([[1.0]])


def test_a_writer_that_was_replaced_commits_nothing(study: Study) -> None:
    """An interrupted notebook cell, run again: the first writer is still somewhere in memory."""
    first = study.writer("s", recipe="r")
    fill(first, 1)
    second = study.writer("s", recipe="r")
    assert second.shards_committed == 1
    for act in (lambda: fill(first, 2), first.finish):
        with pytest.raises(StudyError, match="a later writer that took over"):
            act()
    fill(second)
    second.finish()
    assert study.verify("s").n == 6


def test_a_refused_writer_disturbs_nobody(study: Study) -> None:
    writer = study.writer("s", recipe="r")
    fill(writer, 1)
    for act in (lambda: study.writer("s", recipe="other"), lambda: study.add("s", [[1.0]])):
        with pytest.raises(ExistsError):
            act()
    fill(writer)
    writer.finish()


def test_a_refused_writer_keeps_no_lock(study: Study) -> None:
    writer = study.writer("s")
    fill(writer)
    writer.finish()
    with pytest.raises(ExistsError):
        study.writer("s")
    assert not {".writer.held", ".writer.lock"} & {*listing(study.folder("s"))}


def test_provenance_must_be_json(study: Study) -> None:
    with pytest.raises(InputError, match="provenance of set 's', model"):
        study.writer("s", provenance={"model": object()})
    writer = study.writer("s", provenance={"mean": np.float32(0.5), "path": Path("a"), "loss": float("nan")})
    fill(writer)
    with pytest.raises(InputError, match="manifest of set 's', provenance, x"):
        writer.finish({"x": {1: object()}})
    writer.finish()
    text = (study.folder("s") / "manifest.json").read_text()
    assert json.loads(text)["provenance"] == {"mean": 0.5, "path": "a", "loss": None}


def test_the_folder_may_not_lead_out(study: Study, tmp_path: Path) -> None:
    study.create()
    (study.path / "sets").mkdir()
    (tmp_path / "other").mkdir()
    (study.path / "sets" / "s").symlink_to(tmp_path / "other")
    for act in (
        lambda: SetWriter(study.path / "sets" / "s", "s"),
        lambda: study.writer("s"),
        lambda: study["s"],
    ):
        with pytest.raises(NameNotAllowedError, match="symbolic link"):
            act()
    assert listing(tmp_path / "other") == []


def test_tables_and_slices(study: Study) -> None:
    table = pa.table({"id": [str(k) for k in range(9)], "t": [f"{k}" * k for k in range(9)]})
    writer = study.writer("s")
    for start in range(0, 9, 3):
        writer.write_shard(np.ones((3, 1)), table.slice(start, 3))
    writer.finish()
    assert study["s"].items.to_pydict() == table.to_pydict()
