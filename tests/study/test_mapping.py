"""Opening a large set reads its items and none of its vectors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from repscope.study import Study

N, D = 60_000, 128


def mapped(folder: Path) -> tuple[int, int]:
    """Bytes of shards that are mapped into this process, and bytes of them that it has touched."""
    size = resident = 0
    here = False
    for line in Path("/proc/self/smaps").read_text(errors="replace").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            here = str(folder) in line and line.endswith(".arrow")
        elif here and line.startswith(("Size:", "Rss:")):
            count = int(line.split()[1]) * 1024
            size, resident = (size + count, resident) if line[0] == "S" else (size, resident + count)
    return size, resident


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs /proc/self/smaps")
def test_opening_touches_no_vectors(tmp_path: Path) -> None:
    study = Study(tmp_path / "study")
    study.add("s", np.ones((N, D), np.float16), shard_rows=10_000)
    assert mapped(study.path) == (0, 0)
    vectors = N * D * 2
    big = study["s"]
    size, touched = mapped(study.path)
    assert size >= vectors
    # The ids are read (about 0.5 MB), and what the kernel maps around the few pages that were asked for.
    assert touched < vectors / 8
    assert float(next(big.blocks(100)).sum()) == 100 * D
    assert big.take([5]).n == 1
    assert mapped(study.path)[1] < vectors / 6
    assert sum(float(block.sum()) for block in big.blocks()) == N * D
    assert mapped(study.path)[1] >= vectors


def test_the_fingerprint_of_a_stored_set_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(tmp_path / "study")
    study.add("s", [[1.0]])

    def refuse(_: object) -> str:
        raise AssertionError("read all vectors")

    monkeypatch.setattr("repscope.study.embeddings.fingerprint_of", refuse)
    assert len(study["s"].fingerprint) == 32
