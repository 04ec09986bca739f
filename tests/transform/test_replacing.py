"""Saving over a bridge: the old one or the new one, whole, at every moment, and nothing left over."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import repscope as rs
from repscope.errors import ExistsError, FormatError, MissingError, StorageError, StudyError
from repscope.study import storage
from repscope.transform import files as persist
from repscope.transform.files import read_config
from repscope.transform.linear.ridge import Ridge
from repscope.transform.store import fingerprint_of

PROGRAM = [sys.executable, "-m", "helpers.killed_saver"]


def ridge(penalty: float, width: int = 6) -> Ridge:
    rng = np.random.default_rng(0)
    return Ridge(penalty).fit(rng.normal(size=(40, 5)), rng.normal(size=(40, width)), on="row")


def files(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def named(folder: Path) -> str:
    """The weights that go with the config, by the rule of their name."""
    return f"model-{read_config(folder)['weights_sha256'][:12]}.safetensors"


def holds(folder: Path, penalty: float) -> None:
    """The bridge of this penalty, with its own weights."""
    found = rs.bridges.load(folder)
    assert isinstance(found, Ridge)
    assert found.penalty == penalty
    np.testing.assert_array_equal(found.matrix_, ridge(penalty, found.n_features_out_).matrix_)


def test_weights_have_a_name_of_their_own_where_a_bridge_is_replaced(tmp_path: Path) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    assert files(folder) == ["config.json", "model.safetensors"]
    assert "weights_file" not in read_config(folder)
    seen = set()
    for penalty in (2.0, 3.0, 2.0):
        ridge(penalty).save_pretrained(folder)
        config = read_config(folder)
        assert config["weights_file"] == named(folder)
        assert files(folder) == ["config.json", named(folder)]
        sha = hashlib.sha256((folder / named(folder)).read_bytes()).hexdigest()
        assert sha == config["weights_sha256"]
        holds(folder, penalty)
        seen.add(named(folder))
    assert len(seen) == 2
    # What the bridge does has the same fingerprint, whatever its file is called.
    fresh = read_config(ridge(2.0).save_pretrained(tmp_path / "fresh"))
    assert fingerprint_of(read_config(folder)) == fingerprint_of(fresh)


def test_the_same_weights_keep_their_file(tmp_path: Path) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    for expected in ("model.safetensors", None):
        name = expected or named(folder)
        (folder / name).write_bytes(b"damaged")
        bridge = ridge(read_config(folder)["params"]["penalty"])
        bridge.save_pretrained(folder)
        assert files(folder) == ["config.json", name]
        holds(folder, bridge.penalty)
        ridge(2.0).save_pretrained(folder)


def test_other_files_stay(tmp_path: Path) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    others = ["README.md", "model-large.safetensors", "model-0123456789ab.safetensors.txt", ".x.1.part"]
    for name in others:
        (folder / name).write_text("mine")
    (folder / "model-00").mkdir()
    ridge(2.0).save_pretrained(folder)
    assert files(folder) == sorted([*others, "model-00", "config.json", named(folder)])


def test_a_folder_without_a_bridge_gets_the_plain_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    assert files(folder) == ["config.json", "model.safetensors"]
    holds(folder, 1.0)


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "config.json", "model-xyz.safetensors", 3, None, ["a"]]
)
def test_no_other_file_is_read_as_weights(tmp_path: Path, name: object) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    shutil.copy(folder / "model.safetensors", tmp_path / "model.safetensors")
    config = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps({**config, "weights_file": name}))
    with pytest.raises(FormatError, match="weights in a file"):
        rs.bridges.load(folder)
    # Such a config is another program's, and is not written over.
    with pytest.raises(ExistsError):
        ridge(2.0).save_pretrained(folder)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    ridge(2.0).save_pretrained(folder)
    name = named(folder)
    (folder / name).unlink()
    with pytest.raises(MissingError, match=f"no {name}"):
        rs.bridges.load(folder)


HOLD = """
import sys
from pathlib import Path
from repscope.study.locks import WriterLock
lock = WriterLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        env={**os.environ, "PYTHONPATH": str(Path(rs.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StudyError, match="one writer at a time"):
            ridge(2.0).save_pretrained(folder)
        holds(folder, 1.0)
        other.kill()
    ridge(2.0).save_pretrained(folder)
    assert files(folder) == ["config.json", named(folder)]


def test_a_reader_between_config_and_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge is replaced after its config was read: the reader takes the new one."""
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    real, read = persist._read_weights, []

    def interrupted(path: Path, config: dict[str, Any]) -> Any:
        read.append(config["params"]["penalty"])
        if len(read) < 3:
            ridge(len(read) + 1.0).save_pretrained(folder)
        return real(path, config)

    monkeypatch.setattr(persist, "_read_weights", interrupted)
    holds(folder, 3.0)
    assert read == [1.0, 2.0, 3.0]


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a reader found after each death of a program that saves."""
    if not hasattr(os, "fork"):
        pytest.skip("kills forked processes")
    ran = subprocess.run(
        [*PROGRAM, "replace", tmp_path_factory.mktemp("deaths")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    record: list[dict[str, Any]] = json.loads(ran.stdout)
    return record


@pytest.mark.parametrize(("start", "old"), [("new", None), ("once", 1.0), ("twice", 1.0), ("same", 2.0)])
def test_killed_at_any_moment_one_of_the_two_is_whole(
    deaths: list[dict[str, Any]], start: str, old: float | None
) -> None:
    mine = [one for one in deaths if one["start"] == start]
    killed = [one for one in mine if one["signal"]]
    assert len(killed) >= 8
    found = [one["penalty"] for one in killed if "point" in one]
    # Deaths in order of time: the old one up to some step, and from there on the new one.
    changed = found.index(2.0)
    assert found == [old] * changed + [2.0] * (len(found) - changed)
    assert start == "same" or changed >= 4
    assert {one["penalty"] for one in killed} == {old, 2.0}
    # Inside a file, which has its real name later.
    assert all(one["penalty"] == old for one in killed if "size" in one)
    assert any("size" in one for one in killed)


def test_after_a_death_two_saves_leave_nothing_over(deaths: list[dict[str, Any]]) -> None:
    for one in deaths:
        for listing in (one["after"], one["again"]):
            assert len(listing) == 2, one
            assert listing[0] == "config.json"
            assert persist._NAMES.fullmatch(listing[1]), one


def test_readers_while_a_bridge_is_replaced_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    found = set()
    with subprocess.Popen([*PROGRAM, "endlessly", folder], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for _ in range(20):
                assert process.stdout.readline() == "saved\n"
                for _ in range(5):
                    one = rs.bridges.load(folder)
                    assert isinstance(one, Ridge)
                    found.add((one.penalty, one.matrix_.tobytes()))
        finally:
            process.kill()
    assert {penalty for penalty, _ in found} == {1.0, 2.0}
    assert len(found) == 2


@pytest.mark.parametrize("full_for", ["lock", "weights", "their end", "config"])
def test_a_disk_that_is_full(disk: Path, full_for: str) -> None:
    """Wherever it fails, the old bridge is there and nothing else; with room, the same save succeeds."""
    folder = ridge(1.0, 2000).save_pretrained(disk / "b")
    before = files(folder)
    page, size = 4096, (folder / "model.safetensors").stat().st_size
    pages = -(-size // page)
    assert pages > 10
    # The lock and the config take a page each.
    room = page * {"lock": 0, "weights": 1, "their end": pages, "config": 1 + pages}[full_for]
    filler = disk / "filler"
    filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - room))
    with pytest.raises(StorageError, match="no space left on the device"):
        ridge(2.0, 2000).save_pretrained(folder)
    assert files(folder) == before
    holds(folder, 1.0)
    filler.unlink()
    ridge(2.0, 2000).save_pretrained(folder)
    assert files(folder) == ["config.json", named(folder)]
    holds(folder, 2.0)


@pytest.mark.parametrize("failing", ["config.json", "model-"])
@pytest.mark.parametrize("renamed", [False, True])
def test_a_disk_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, renamed: bool
) -> None:
    """An error before a file has its name, or after it: the config that then lies there says which bridge."""
    folder = ridge(1.0).save_pretrained(tmp_path / "b")
    real = storage.write_atomically

    def fails(path: Path, write: Any, **options: Any) -> None:
        if path.name.startswith(failing):
            if renamed:
                real(path, write, **options)
            raise StorageError("to write", "Input/output error", "check the disk", 5)
        real(path, write, **options)

    monkeypatch.setattr(storage, "write_atomically", fails)
    with pytest.raises(StorageError, match="Input/output error"):
        ridge(2.0).save_pretrained(folder)
    monkeypatch.undo()
    if renamed and failing == "config.json":
        holds(folder, 2.0)
        assert files(folder) == ["config.json", named(folder)]
    else:
        holds(folder, 1.0)
        assert files(folder) == ["config.json", "model.safetensors"]


def test_a_new_bridge_sweeps_what_a_killed_save_left_beside_it(tmp_path: Path) -> None:
    left = tmp_path / ".b.123.part"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    ridge(1.0).save_pretrained(tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    holds(tmp_path / "b", 1.0)
