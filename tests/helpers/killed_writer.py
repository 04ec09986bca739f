"""A program that writes a set and dies where it is told to.

points FOLDER     fork once for every point; print a JSON list of what happened
slowly FOLDER     write for a long time, a line for each committed shard
replace FOLDER N  overwrite sets and die N times at random; print what a reader then found
endlessly FOLDER  overwrite a set again and again
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from helpers.killing import fork
from repscope.study import Skipped, Study

SHARDS = 3
ROWS = 40


def shard(index: int) -> tuple[Any, dict[str, Any], list[Skipped]]:
    """The rows of one shard, always the same."""
    vectors = np.random.default_rng(index).normal(size=(ROWS, 8)).astype(np.float16)
    numbers = range(index * ROWS, (index + 1) * ROWS)
    items = {"id": [f"é{k}" for k in numbers], "label": [k % 3 for k in numbers]}
    return vectors, items, [Skipped(f"broken {index}", "truncated")]


def write(
    folder: Path,
    shards: int = SHARDS,
    pause: float = 0.0,
    say: Callable[[str], object] = lambda _: None,
    overwrite: bool = False,
) -> str:
    """The command: writes a set, or continues it. Says when a shard is committed."""
    writer = Study(folder).writer("s", recipe="the same", resume="killed_writer.py", overwrite=overwrite)
    for index in range(writer.shards_committed, shards):
        vectors, items, skipped = shard(index)
        writer.write_shard(vectors, items, skipped=skipped)
        say(f"committed {index + 1}")
        time.sleep(pause)
    return writer.finish()


def old(folder: Path) -> str:
    """A complete set that a replacement may not harm; its fingerprint."""
    vectors, items, _ = shard(1000)
    return Study(folder).add("s", vectors, items, shard_rows=ROWS // 2).fingerprint


def death(folder: Path, *, point: int = -1, size: int = 0, overwrite: bool = False) -> dict[str, Any]:
    """Run :func:`write` in a child that dies; how it ended, what it had committed, what it touched."""
    died = fork(lambda say: write(folder, say=say, overwrite=overwrite), folder, point=point, size=size)
    return {
        "folder": str(folder),
        "signal": died.signal,
        "committed": len(died.said),
        "touched": died.touched,
    }


def points(root: Path) -> list[dict[str, Any]]:
    """Die before a file of the set is touched, and in the middle of files of several sizes."""
    whole = death(root / "whole")
    # Every second touch: neighbours leave the same files behind as often as not.
    dead = [death(root / f"point {point}", point=point) for point in range(0, whole["touched"], 2)]
    return [whole, *dead, *(death(root / f"size {size}", size=size) for size in (1, 300, 1000, 2000))]


def replace(root: Path, kills: int) -> dict[str, Any]:
    """Overwrite a set and die at a random touch of a file, or inside one; the same command again, and so on.

    Returns:
        Both fingerprints, and after each death: the fingerprint of the set as re-hashed from disk, the rows
        of the replacement that waits (-1 without one), and whether the command was done.
    """
    draw = random.Random(0)
    before = old(root / "probe")
    touches = death(root / "probe", overwrite=True)["touched"]
    after = Study(root / "probe").verify("s").fingerprint
    found: list[dict[str, Any]] = []
    studies = 0
    while sum(one["signal"] > 0 for one in found) < kills:
        folder = root / str(studies)
        studies += 1
        old(folder)
        done = False
        while not done:
            inside = draw.random() < 0.2
            size = draw.choice((1, 300, 1000, 2000)) if inside else 0
            one = death(folder, point=draw.randrange(touches), size=size, overwrite=True)
            study = Study(folder)
            waiting = study.replacement("s")
            done = one["signal"] == 0 or study.verify("s").fingerprint == after
            seen = {"set": study.verify("s").fingerprint, "rows": waiting.n if waiting else -1, "done": done}
            found.append({**seen, "signal": one["signal"]})
        if study.verify("s").fingerprint == after and one["signal"]:
            # Killed in or after the last step: the next writer leaves nothing behind either.
            write(folder, overwrite=True)
        files = sorted(path.name for path in study.folder("s").iterdir())
        found[-1]["files"] = [name for name in files if not name.startswith(".writer.")]
    return {"old": before, "new": after, "found": found}


if __name__ == "__main__":
    if sys.argv[1] == "points":
        print(json.dumps(points(Path(sys.argv[2]))))
    elif sys.argv[1] == "replace":
        print(json.dumps(replace(Path(sys.argv[2]), int(sys.argv[3]))))
    elif sys.argv[1] == "endlessly":
        while True:
            write(Path(sys.argv[2]), shards=2, overwrite=True)
            print("replaced", flush=True)
    else:
        write(Path(sys.argv[2]), shards=200, pause=0.005, say=partial(print, flush=True))
