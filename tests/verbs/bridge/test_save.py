"""Saving a report of bridges: all files or none."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from repscope.errors import StorageError
from repscope.report.figures import Drawn
from repscope.verbs.bridge.record import BridgesRecord
from repscope.verbs.bridge.save import save_bridges

FILES = {"metrics.csv", "metrics.json", "report.html", "report.txt"}


def figure() -> Any:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(2, 1))
    drawn.add_subplot().plot([0, 1], [0, 1])
    return drawn


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_everything_is_written(record: BridgesRecord, tmp_path: Path) -> None:
    drawn = Drawn()
    drawn.add("bridge_methods", figure(), "Up is better.")
    page = save_bridges(record, drawn, tmp_path, formats=("png", "svg"))
    assert names(tmp_path) == FILES | {"figures"}
    assert names(tmp_path / "figures") == {"bridge_methods.png", "bridge_methods.svg", "figures.json"}
    saved = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert saved == json.loads(json.dumps(record.to_json()))
    assert saved["schema"] == "repscope.bridges/1"
    assert "Up is better. figures/bridge_methods.{png,svg}" in " ".join(
        page.read_text(encoding="utf-8").replace('<span class="why"><code>', "").split()
    )


def test_a_report_with_the_older_names_is_replaced(record: BridgesRecord, tmp_path: Path) -> None:
    for name in ("bridges.csv", "bridges.json", "report.html"):
        (tmp_path / name).write_text("older")
    save_bridges(record, None, tmp_path)
    assert names(tmp_path) == FILES


@pytest.mark.parametrize("failing", [1, 3, 5])
def test_a_full_disk_leaves_the_old_report_whole(
    failing: int, record: BridgesRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Drawn()
    drawn.add("bridge_methods", figure(), "Up is better.")
    save_bridges(record, drawn, tmp_path, formats=("png",))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    calls = 0
    real = os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        save_bridges(replace(record, seed=4), None, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
