"""Arrays in files: the same numbers as in memory, none of the process's own memory, nothing left behind."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.study import stored as module
from repscope.study.stored import StoredRows, scratch
from repscope.testing import simulate

anonymous = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of Linux")


def held() -> int:
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in one)
    return int(line.split()[1]) * 1024


@anonymous
def test_a_large_array_is_no_memory_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = held()
    large = scratch((module.LARGE // 4, 1), np.float32)
    large[:] = 1
    assert held() - before < module.LARGE // 4
    assert type(large) is np.ndarray
    assert large.sum() == len(large)
    # The file has no name, so that nothing is left whatever ends the process.
    assert not list(tmp_path.iterdir())


def test_small_arrays_and_full_disks_lie_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    for bytes_ in (8, module.LARGE):
        made = scratch((bytes_ // 8,), np.float64)
        assert made.base is None
        assert made.nbytes == bytes_


def test_a_comparison_is_the_same_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    world = simulate("improved", images=300, d=8, classes=5, seed=0)
    rows = [one.astype(np.float32) for one in (world.before, world.after, world.reference)]
    in_shards = [StoredRows(np.array_split(one, 3)) for one in rows[:2]]

    def compared(before: object, after: object) -> dict[str, object]:
        found = compare_arrays(before, after, rows[2], item_keys=world.item_keys, resamples=50)
        return {
            name: (row.before, row.after, row.difference, row.controls) for name, row in found.table.items()
        }

    in_memory = compared(*rows[:2])
    monkeypatch.setattr(module, "LARGE", 0)
    assert compared(*in_shards) == in_memory
