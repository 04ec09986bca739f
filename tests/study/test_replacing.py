"""Overwriting: the old set or the new one, whole, at every moment."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import CorruptError, ExistsError, MissingError, StorageError, StudyError, VectorError
from repscope.study import Manifest, SetWriter, Study
from repscope.study.manifest import NEXT_NAME, load_manifest
from repscope.study.reader import _settled, open_folder

PROGRAM = [sys.executable, "-m", "helpers.killed_writer"]


def rows(start: int, count: int = 2) -> tuple[np.ndarray[Any, Any], dict[str, list[str]]]:
    numbers = np.arange(start, start + count)
    return np.repeat(numbers[:, None], 3, axis=1).astype(np.float32), {"id": [f"i{k}" for k in numbers]}


def listing(study: Study) -> list[str]:
    return sorted(path.name for path in study.folder("s").iterdir())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with a complete set of four rows in two shards."""
    study = Study(tmp_path / "study")
    study.add("s", *rows(100, 4), shard_rows=2)
    return study


def test_the_old_set_stays_until_the_new_one_is_whole(study: Study) -> None:
    old, files = study["s"], listing(study)
    with study.writer("s", recipe="r", resume="the command", overwrite=True) as writer:
        assert study.replacement("s") is None
        for start in (0, 2, 4):
            writer.write_shard(*rows(start))
            assert study.verify("s").fingerprint == old.fingerprint
            assert study.manifest("s").complete
        waiting = study.replacement("s")
        assert waiting is not None
        assert (waiting.n, waiting.complete, waiting.resume) == (6, False, "the command")
        assert set(files) < set(listing(study))
        fingerprint = writer.finish()
    assert study.replacement("s") is None
    assert study.verify("s").fingerprint == fingerprint != old.fingerprint
    assert study["s"].vectors[:, 0].tolist() == list(range(6))
    assert listing(study) == ["manifest.json", *(f"shard-0000{k}.g1.arrow" for k in range(3))]
    # Memory maps outlive the files.
    assert old.vectors[:, 0].tolist() == [100, 101, 102, 103]


def test_an_interrupted_replacement_is_continued_by_the_same_recipe_only(study: Study) -> None:
    old = study["s"].fingerprint
    for recipe, expected in (("r", 0), ("r", 1), ("other", 0), ("other", 1), ("r", 0)):
        with study.writer("s", recipe=recipe, overwrite=True) as writer:
            assert writer.shards_committed == expected
            writer.write_shard(*rows(2 * expected))
        assert study.verify("s").fingerprint == old
    with pytest.raises(ExistsError, match="a complete set of 4 rows"):
        study.writer("s", recipe="r")
    # The writer that was refused has not harmed the replacement.
    with study.writer("s", recipe="r", overwrite=True) as writer:
        assert writer.rows_committed == 2


def test_a_replacement_that_nobody_could_continue_is_not_kept(study: Study) -> None:
    files = listing(study)
    with study.writer("s", overwrite=True) as writer:
        writer.write_shard(*rows(0))
        assert study.replacement("s") is not None
        with pytest.raises(VectorError):
            writer.write_shard([[np.nan]])
    assert listing(study) == files
    assert study.verify("s").n == 4


def test_a_replacement_is_given_up_on_request(study: Study) -> None:
    files = listing(study)
    with study.writer("s", recipe="r", overwrite=True) as writer:
        writer.write_shard(*rows(0))
    study.discard_replacement("s")
    assert (listing(study), study.replacement("s")) == (files, None)
    assert study.verify("s").n == 4
    with pytest.raises(MissingError, match="no such set"):
        study.discard_replacement("t")
    with pytest.raises(MissingError, match="no such set"):
        study.replacement("t")


def test_generations_go_on(study: Study) -> None:
    for generation in (1, 2, 3):
        study.add("s", *rows(generation), overwrite=True)
        assert listing(study) == ["manifest.json", f"shard-00000.g{generation}.arrow"]
        assert study.verify("s").vectors[0, 0] == generation


def test_a_set_that_cannot_be_understood_is_kept_until_the_new_one_is_whole(study: Study) -> None:
    """A person may still put its manifest right."""
    manifest = study.folder("s") / "manifest.json"
    good, old = manifest.read_bytes(), study["s"].fingerprint
    manifest.write_text("{")
    for _ in range(2):
        with study.writer("s", recipe="r", overwrite=True) as writer:
            writer.write_shard(*rows(2 * writer.shards_committed))
        assert study.replacement("s") is not None
        with pytest.raises(CorruptError):
            study["s"]
    manifest.write_bytes(good)
    assert study.verify("s").fingerprint == old
    manifest.write_text("{")
    with study.writer("s", recipe="r", overwrite=True) as writer:
        assert writer.shards_committed == 2
        writer.finish()
    assert study.verify("s").n == 4
    assert listing(study) == ["manifest.json", "shard-00000.g1.arrow", "shard-00001.g1.arrow"]


def test_a_refused_replacement_leaves_the_old_set(study: Study, tmp_path: Path) -> None:
    """A writer that fails before it has a generation of its own must not tidy up in that of the old set."""
    (study.folder("s") / ".x.part").mkdir()
    with pytest.raises(StorageError):
        study.writer("s", overwrite=True)
    assert study.verify("s").n == 4
    (study.folder("s") / ".x.part").rmdir()
    study.add("s", *rows(0), overwrite=True)


def test_what_is_left_of_a_replacement_is_no_set(study: Study) -> None:
    with study.writer("s", recipe="r", overwrite=True) as writer:
        writer.write_shard(*rows(0))
    (study.folder("s") / "manifest.json").unlink()
    assert study.sets == []
    with pytest.raises(MissingError):
        study["s"]
    with study.writer("s", recipe="r") as writer:
        assert writer.shards_committed == 0
        assert listing(study) == [".writer.held", ".writer.lock"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_a_damaged_manifest_of_a_replacement_harms_nothing(study: Study, content: bytes) -> None:
    with study.writer("s", recipe="r", overwrite=True) as writer:
        writer.write_shard(*rows(0))
    (study.folder("s") / NEXT_NAME).write_bytes(content)
    assert study.replacement("s") is None
    assert study.verify("s").n == 4
    with study.writer("s", recipe="r", overwrite=True) as writer:
        assert writer.shards_committed == 0
        writer.write_shard(*rows(0))
        writer.finish()
    assert study.verify("s").n == 2


def test_a_damaged_shard_of_a_replacement_is_written_again(study: Study) -> None:
    with study.writer("s", recipe="r", overwrite=True) as writer:
        for start in (0, 2):
            writer.write_shard(*rows(start))
    os.truncate(study.folder("s") / "shard-00001.g1.arrow", 100)
    with pytest.warns(UserWarning, match="continues at row 2 of 4"):
        writer = study.writer("s", recipe="r", overwrite=True)
    writer.write_shard(*rows(2))
    writer.finish()
    assert study.verify("s").vectors[:, 0].tolist() == [0, 1, 2, 3]


def test_a_reader_between_manifest_and_shards(study: Study) -> None:
    """The set is replaced after its manifest was read: the reader takes the new one."""
    read: list[int] = []

    def act(folder: Path, manifest: Manifest) -> Any:
        read.append(manifest.generation)
        if len(read) == 1:
            study.add("s", *rows(0), overwrite=True)
        return open_folder(folder, manifest)

    assert _settled(study.folder("s"), act).n == 2
    assert read == [0, 1]


def test_a_writer_that_lost_the_set_keeps_its_hands_off(study: Study) -> None:
    first = study.writer("s", overwrite=True)
    first.write_shard(*rows(0))
    with study.writer("s", recipe="r", overwrite=True) as second:
        second.write_shard(*rows(4))
        first.close()
        second.write_shard(*rows(6))
        second.finish()
    with pytest.raises(StudyError, match="finished or closed"):
        first.finish()
    assert study.verify("s").vectors[:, 0].tolist() == [4, 5, 6, 7]


@pytest.fixture(scope="module", params=[40, pytest.param(200, marks=pytest.mark.long)])
def deaths(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What readers found after each death of a writer that overwrites; so many were killed."""
    if not hasattr(os, "fork"):
        pytest.skip("kills forked processes")
    ran = subprocess.run(
        [*PROGRAM, "replace", tmp_path_factory.mktemp("deaths"), str(request.param)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    record: dict[str, Any] = json.loads(ran.stdout)
    assert sum(one["signal"] > 0 for one in record["found"]) >= request.param
    return record


def test_killed_at_any_moment_one_of_the_two_is_whole(deaths: dict[str, Any]) -> None:
    old, new, found = deaths["old"], deaths["new"], deaths["found"]
    assert old != new
    for one in found:
        assert one["set"] == (new if one["done"] else old), one
        # A replacement waits only beside the old set.
        assert one["rows"] == -1 or not one["done"], one
    # Deaths fell before, between and after the shards of the replacement.
    assert set(Counter(one["rows"] for one in found if not one["done"])) >= {-1, 40, 80, 120}


def test_the_same_command_finishes_it_and_nothing_is_left_over(deaths: dict[str, Any]) -> None:
    finished = [one for one in deaths["found"] if one["done"]]
    assert finished
    for one in finished:
        generation = one["files"][1].partition(".")[2]
        assert one["files"] == ["manifest.json", *(f"shard-0000{k}.{generation}" for k in range(3))]


def test_readers_while_a_set_is_replaced_again_and_again(tmp_path: Path) -> None:
    study = Study(tmp_path / "study")
    fingerprints = {study.add("s", *rows(0)).fingerprint}
    with subprocess.Popen([*PROGRAM, "endlessly", study.path], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for _ in range(20):
                assert process.stdout.readline() == "replaced\n"
                for _ in range(5):
                    fingerprints.add(study.verify("s").fingerprint)
                    fingerprints.add(study["s"].fingerprint)
        finally:
            process.kill()
    assert len(fingerprints) == 2


def large(seed: int) -> tuple[Any, dict[str, Any]]:
    """Four hundred kilobytes of rows."""
    vectors = np.random.default_rng(seed).normal(size=(1000, 100)).astype(np.float32)
    return vectors, {"id": [f"{seed}-{row}" for row in range(1000)]}


def test_a_disk_with_room_for_the_old_set_only(disk: Path) -> None:
    study = Study(disk / "study")
    old = study.add("s", *large(0), shard_rows=500).fingerprint
    filler = disk / "filler"
    filler.write_bytes(b"\0" * 200_000)
    files = listing(study)
    with pytest.raises(StorageError, match="no space left on the device"):
        study.add("s", *large(1), overwrite=True, shard_rows=250)
    assert study.verify("s").fingerprint == old
    # An add has nothing to continue, so it gives the space back.
    assert listing(study) == files

    def fill(writer: SetWriter) -> None:
        for seed in range(1, 9):
            vectors, items = large(seed)
            writer.write_shard(vectors[:250], {"id": items["id"][:250]})

    with study.writer("s", recipe="r", overwrite=True) as writer, pytest.raises(StorageError) as caught:
        fill(writer)
    assert caught.value.do == "free space and run the same command again"
    assert study.verify("s").fingerprint == old
    waiting = study.replacement("s")
    assert waiting is not None
    assert waiting.n >= 250
    filler.unlink()
    with study.writer("s", recipe="r", overwrite=True) as writer:
        assert writer.rows_committed == waiting.n
        vectors, items = large(9)
        writer.write_shard(vectors[:250], {"id": items["id"][:250]})
        new = writer.finish()
    assert study.verify("s").fingerprint == new != old


@pytest.mark.parametrize("room", [0, 4096, 8192, 12_288, 16_384])
def test_a_disk_that_is_full_for_the_last_step(disk: Path, room: int) -> None:
    """Wherever it fails, the set is one of the two, and the same command brings the other."""
    study = Study(disk / "study")
    old = study.add("s", *rows(0)).fingerprint
    new = Study(disk / "elsewhere").add("s", *rows(2)).fingerprint
    shutil.rmtree(disk / "elsewhere")

    def replace() -> str:
        with study.writer("s", recipe="r", overwrite=True) as writer:
            if not writer.shards_committed:
                writer.write_shard(*rows(2))
            return writer.finish()

    filler = disk / "filler"
    filler.write_bytes(b"\0" * max(0, shutil.disk_usage(disk).free - room))
    failed = False
    with contextlib.suppress(StorageError):
        failed = True
        replace()
        failed = False
    assert failed or room > 8192
    assert study.verify("s").fingerprint == (old if failed else new)
    filler.unlink()
    assert replace() == new
    assert study.verify("s").fingerprint == new


def test_the_manifest_says_which_generation_its_shards_are_of(study: Study) -> None:
    study.add("s", *rows(0), overwrite=True)
    path = study.folder("s") / "manifest.json"
    raw = json.loads(path.read_text())
    assert raw["generation"] == 1
    for lie in (0, 2, -1, True, "1"):
        path.write_text(json.dumps({**raw, "generation": lie}))
        with pytest.raises(CorruptError, match=r"manifest\.json"):
            load_manifest(study.folder("s"))
